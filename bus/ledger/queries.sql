-- Named queries shared by both databases. `:name` is a parameter, `= any_of(:ids)` a list of them; `/*lock*/` locks the rows on
-- PostgreSQL and is nothing on SQLite, where one process writes. `/*rows*/(...)` is repeated for each of many rows, so that a group is
-- a handful of statements; `/*::type*/` is a cast that only PostgreSQL needs, in such lists.

-- name: lock_thread
-- Take the thread's row (made when new); its next number and how many events wait behind a gap. Locks out every other accept of it.
INSERT INTO thread (source, dossier, next, early) VALUES /*rows*/(:source, :dossier, :first, 0)
ON CONFLICT (source, dossier) DO UPDATE SET next = thread.next RETURNING source, dossier, next, early;

-- name: move_thread
WITH v (source, dossier, next, early, early_at) AS (VALUES
    /*rows*/(:source/*::text*/, :dossier/*::text*/, :next/*::bigint*/, :early/*::bigint*/, :early_at/*::float8*/))
UPDATE thread SET next = v.next, early = v.early, early_at = v.early_at FROM v
WHERE thread.source = v.source AND thread.dossier = v.dossier;

-- name: known_events
-- Which of these events are in the book already; by event id first, as the unique index is.
SELECT source, event_id, id, digest FROM event WHERE event_id = any_of(:ids);

-- name: thread_of
-- The thread a dossier's first event began; what a partner tells of it by itself joins it.
SELECT correlation_id FROM event WHERE dossier = :dossier ORDER BY id LIMIT 1;

-- name: trace_of
-- The trace in which this partner was last heard about a dossier; what it tells by itself goes on there.
SELECT traceparent FROM event WHERE dossier = :dossier AND source = :source AND traceparent <> '' ORDER BY id DESC LIMIT 1;

-- name: event_at
-- Who already has this number of the sequence (a dossier has few events).
SELECT event_id FROM event WHERE dossier = :dossier AND source = :source AND sequence = :sequence;

-- name: insert_event
INSERT INTO event (id, source, event_id, type, dossier, sequence, entered, occurred_at, accepted_at, client, flags,
                   correlation_id, causation_id, traceparent, digest, body)
VALUES /*rows*/(:id, :source, :event_id, :type, :dossier, :sequence, :entered, :occurred_at, :accepted_at, :client, :flags,
        :correlation_id, :causation_id, :traceparent, :digest, :body);

-- name: early_events
-- Events of a thread that came early, in the order in which they will enter.
SELECT id, sequence FROM event WHERE dossier = :dossier AND source = :source AND entered = 0 ORDER BY sequence;

-- name: enter_events
UPDATE event SET entered = 1 WHERE id = any_of(:ids);

-- name: early_deliveries
-- What the entering events owe, to be numbered now.
SELECT id, event, partner, dossier, operation, full_state, priority, lane FROM delivery
WHERE dossier = :dossier AND event = any_of(:ids) AND state = 'waiting' AND cause = 'gap' ORDER BY id;

-- name: upsert_lane
-- The lane's new numbers, under its row lock: numbers follow commits. A lane without a head gets this one.
-- A lane is called by its dossier's code, one that stands aside by a name of its own.
INSERT INTO lane (id, partner, dossier, last_number, head, priority, ready_at)
VALUES /*rows*/(:id, :partner, :lane, :k, :head, :priority, :now)
ON CONFLICT (partner, dossier) DO UPDATE SET
    last_number = lane.last_number + excluded.last_number,
    head = COALESCE(lane.head, excluded.head),
    priority = CASE WHEN lane.head IS NULL THEN excluded.priority ELSE lane.priority END,
    ready_at = CASE WHEN lane.head IS NULL AND lane.held = 0 THEN excluded.ready_at ELSE lane.ready_at END
RETURNING partner, dossier, id, last_number, head, has_full;

-- name: holding
-- The deliveries that still hold a lane, in order.
SELECT id, number, operation, full_state, state, cause FROM delivery WHERE lane = :lane AND holds = 1 ORDER BY number;

-- name: insert_delivery
INSERT INTO delivery (id, lane, number, event, partner, dossier, operation, full_state, priority, key, state, cause, holds,
                      due_at, accepted_at, changed_at)
VALUES /*rows*/(:id, :lane, :number, :event, :partner, :dossier, :operation, :full_state, :priority, :key, :state, :cause, :holds,
        :due_at, :now, :now);

-- name: number_delivery
-- An early delivery takes its place in the lane.
WITH v (id, lane, number, state, cause, holds, now) AS (VALUES /*rows*/(:id/*::bigint*/, :lane/*::bigint*/, :number/*::bigint*/,
    :state/*::text*/, :cause/*::text*/, :holds/*::smallint*/, :now/*::float8*/))
UPDATE delivery SET lane = v.lane, number = v.number, state = v.state, cause = v.cause, holds = v.holds, due_at = v.now,
    changed_at = v.now FROM v WHERE delivery.id = v.id;

-- name: supersede
UPDATE delivery SET state = 'superseded', cause = '', holds = 0, due_at = NULL, changed_at = :now WHERE id = :id;

-- name: stand
-- The newest event of a matter says how it stands; opened it was by the first since it was closed.
INSERT INTO matter (watch, key, dossier, at, place, state, still, since)
VALUES (:watch, :key, :dossier, :at, :place, :state, :still, :at)
ON CONFLICT (watch, key) DO UPDATE SET
    since = CASE WHEN (excluded.at, excluded.place) < (matter.at, matter.place)
                 THEN CASE WHEN excluded.still = 1 AND excluded.at < matter.since THEN excluded.at ELSE matter.since END
                 ELSE CASE WHEN matter.still = 1 THEN matter.since ELSE excluded.at END END,
    state = CASE WHEN (excluded.at, excluded.place) < (matter.at, matter.place) THEN matter.state ELSE excluded.state END,
    still = CASE WHEN (excluded.at, excluded.place) < (matter.at, matter.place) THEN matter.still ELSE excluded.still END,
    place = CASE WHEN (excluded.at, excluded.place) < (matter.at, matter.place) THEN matter.place ELSE excluded.place END,
    at = CASE WHEN (excluded.at, excluded.place) < (matter.at, matter.place) THEN matter.at ELSE excluded.at END;

-- name: forget_matters
DELETE FROM matter WHERE (watch, key) IN (SELECT watch, key FROM matter WHERE still = 0 AND at < :before LIMIT 500);

-- name: insert_finder
INSERT INTO finder (digest, dossier) VALUES /*rows*/(:digest, :dossier) ON CONFLICT (digest, dossier) DO NOTHING;

-- name: insert_search_key
INSERT INTO search_key (value, dossier, kind) VALUES /*rows*/(:value, :dossier, :kind) ON CONFLICT (value, dossier, kind) DO NOTHING;

-- name: add_tally
INSERT INTO tally (partner, state, cause, process, n) VALUES /*rows*/(:partner, :state, :cause, :process, :n)
ON CONFLICT (partner, state, cause, process) DO UPDATE SET n = tally.n + excluded.n;

-- name: write_journal
INSERT INTO journal (at, process, entry) VALUES (:at, :process, :entry);

-- name: lock_lanes
SELECT id, memo, partner, dossier FROM lane WHERE id = any_of(:ids) ORDER BY id /*lock*/;

-- name: set_heads
-- Each lane's head, the lowest number that still holds it, by the partial index; due when that is, unless the lane is held.
UPDATE lane SET (head, priority, ready_at) = (
    SELECT d.id, COALESCE(d.priority, 1), CASE WHEN lane.held = 0 AND d.state IN ('pending', 'waiting', 'in_doubt') THEN d.due_at END
    FROM (SELECT 1) AS one LEFT JOIN delivery d ON d.id = (
        SELECT x.id FROM delivery x WHERE x.lane = lane.id AND x.holds = 1 ORDER BY x.number LIMIT 1))
WHERE id = any_of(:ids);

-- name: set_memo
UPDATE lane SET memo = :memo WHERE id = :id;

-- name: set_full
UPDATE lane SET has_full = 1 WHERE id = any_of(:ids);

-- name: touch_partner
INSERT INTO partner (name, tokens, refilled_at) VALUES (:name, :tokens, :now) ON CONFLICT (name) DO NOTHING;

-- name: lock_partner
SELECT tokens, refilled_at, open_until, not_before, paused FROM partner WHERE name = :name /*lock*/;

-- name: spend_tokens
UPDATE partner SET tokens = :tokens, refilled_at = :now WHERE name = :name;

-- name: move_probe
UPDATE partner SET open_until = :until WHERE name = :name;

-- name: ready_lanes
-- Lane heads that are due, by level, longest due first, by three steps into one index; a lane another worker is claiming is passed by.
SELECT * FROM (
    SELECT priority, head, has_full, memo, dossier FROM lane WHERE partner = :partner AND priority = 0 AND ready_at <= :now
    ORDER BY ready_at LIMIT :rows /*skip*/) AS level_0
UNION ALL SELECT * FROM (
    SELECT priority, head, has_full, memo, dossier FROM lane WHERE partner = :partner AND priority = 1 AND ready_at <= :now
    ORDER BY ready_at LIMIT :rows /*skip*/) AS level_1
UNION ALL SELECT * FROM (
    SELECT priority, head, has_full, memo, dossier FROM lane WHERE partner = :partner AND priority = 2 AND ready_at <= :now
    ORDER BY ready_at LIMIT :rows /*skip*/) AS level_2;

-- name: next_ready
-- When this partner's next lane falls due, by three steps into one index.
SELECT MIN(ready_at) FROM (
    SELECT (SELECT ready_at FROM lane WHERE partner = :partner AND priority = 0 AND ready_at > :now ORDER BY ready_at LIMIT 1) AS ready_at
    UNION ALL SELECT (SELECT ready_at FROM lane WHERE partner = :partner AND priority = 1 AND ready_at > :now ORDER BY ready_at LIMIT 1)
    UNION ALL SELECT (SELECT ready_at FROM lane WHERE partner = :partner AND priority = 2 AND ready_at > :now ORDER BY ready_at LIMIT 1)
) AS soonest;

-- name: claimable
-- Everything a job needs of its delivery and event, but for the event's body.
SELECT d.id, d.lane, d.number, d.operation, d.step, d.dossier, d.key, d.attempt, d.tries, d.crashes, d.doubt, d.group_size, d.mapped,
       d.accepted_at, d.state, d.cause, d.event, e.traceparent, e.correlation_id
FROM delivery d JOIN event e ON e.id = d.event WHERE d.id = any_of(:ids);

-- name: bodies
-- Events that are not at hand, to be opened.
SELECT id, source, event_id, body FROM event WHERE id = any_of(:ids);

-- name: sealed_requests
-- The attempts whose request may be sent again.
SELECT delivery, number, secret FROM attempt WHERE delivery = any_of(:ids) AND secret IS NOT NULL ORDER BY delivery, number;

-- name: begin_deliveries
UPDATE delivery SET state = 'sending', cause = '', attempt = attempt + 1, owner = :worker, lease_at = :lease_at, changed_at = :now
WHERE id = any_of(:ids);

-- name: unready_lanes
UPDATE lane SET ready_at = NULL WHERE id = any_of(:ids);

-- name: standing
-- How deliveries stand, their lanes being locked.
SELECT /*at once*/ id, lane, state, attempt, doubt, cause, partner, full_state FROM delivery WHERE id = any_of(:ids);

-- name: confirm_delivery
-- The partner has it: nothing of its trouble stays.
WITH v (id, code, mapped, receipt, now) AS (VALUES
    /*rows*/(:id/*::bigint*/, :code/*::text*/, :mapped/*::smallint*/, :receipt/*::text*/, :now/*::float8*/))
UPDATE delivery SET state = 'delivered', cause = '', code = v.code, hold_key = '', step = 'send', due_at = NULL, holds = 0,
    tries = delivery.tries + 1, crashes = 0, doubt = 0, group_size = NULL, mapped = v.mapped, owner = '', lease_at = NULL,
    receipt = v.receipt, changed_at = v.now
FROM v WHERE delivery.id = v.id;

-- name: move_delivery
WITH v (id, state, cause, code, hold_key, step, due_at, holds, counted, crashes, doubt, group_size, mapped, now) AS (VALUES
    /*rows*/(:id/*::bigint*/, :state/*::text*/, :cause/*::text*/, :code/*::text*/, :hold_key/*::text*/, :step/*::text*/,
    :due_at/*::float8*/, :holds/*::smallint*/, :counted/*::bigint*/, :crashes/*::bigint*/, :doubt/*::bigint*/,
    :group_size/*::bigint*/, :mapped/*::smallint*/, :now/*::float8*/))
UPDATE delivery SET state = v.state, cause = v.cause, code = v.code, hold_key = v.hold_key, step = v.step, due_at = v.due_at,
    holds = v.holds, tries = delivery.tries + v.counted, crashes = v.crashes, doubt = COALESCE(v.doubt, delivery.doubt),
    group_size = v.group_size, mapped = v.mapped, owner = '', lease_at = NULL, receipt = '', changed_at = v.now
FROM v WHERE delivery.id = v.id;

-- name: close_attempt
-- An attempt is open while its delivery is sending under its number, and is written when it closes: once, and never changed, but that
-- what the sweep closed as crashed tells the whole of it when its worker comes back late.
INSERT INTO attempt (delivery, number, step, worker, opened_at, started_at, closed_at, outcome, cause, code, call_id, late, secret)
VALUES /*rows*/(:delivery, :number, :step, :worker, :opened_at, :started_at, :closed_at, :outcome, :cause, :code, :call_id, :late,
        :secret)
ON CONFLICT (delivery, number) DO UPDATE SET started_at = excluded.started_at, closed_at = excluded.closed_at,
    outcome = excluded.outcome, cause = excluded.cause, code = excluded.code, call_id = excluded.call_id, late = excluded.late,
    secret = excluded.secret WHERE attempt.cause = 'crashed' AND excluded.cause <> 'crashed';

-- name: give_back
UPDATE delivery SET state = :state, cause = :cause, due_at = :now, owner = '', lease_at = NULL, changed_at = :now
WHERE id = :id AND attempt = :attempt AND state = 'sending' RETURNING id;

-- name: partner_standing
SELECT name, open_until, not_before, paused FROM partner WHERE name = :name /*lock*/;

-- name: set_waits
UPDATE partner SET open_until = :open_until, not_before = :not_before, tokens = tokens - :spent WHERE name = :name;

-- name: pause_by_bus
UPDATE partner SET paused = 1, pause_cause = :cause, paused_by = 'bus', pause_reason = '' WHERE name = :name;

-- name: partner_succeeded
UPDATE partner SET last_success_at = :now WHERE name = :name AND (last_success_at IS NULL OR last_success_at < :now - 1);

-- name: stale
-- Attempts whose lease ran out or whose worker is gone.
SELECT d.id, d.lane, d.partner, d.operation, d.step, d.attempt, d.tries, d.crashes, d.doubt, d.accepted_at, d.owner, d.changed_at
FROM delivery d LEFT JOIN worker w ON w.name = d.owner
WHERE d.state = 'sending' AND (d.lease_at <= :now OR w.seen_at IS NULL OR w.seen_at < :dead_before)
ORDER BY d.lane LIMIT :page;

-- name: forget_workers
DELETE FROM worker WHERE seen_at < :before;

-- name: forget_duties
-- Whoever held them is gone.
UPDATE duty SET until_at = 0;

-- name: forget_refreshes
UPDATE token SET refresh_until = 0;

-- name: old_gaps
SELECT dossier FROM thread WHERE source = :source AND early > 0 AND early_at IS NOT NULL AND early_at <= :before LIMIT :page;

-- name: far_lanes
-- No due time lies further ahead than its cap, whatever a clock said when it was written; by one step into the index.
UPDATE lane SET ready_at = :cap WHERE partner = :partner AND priority = :level AND ready_at > :cap;

-- name: latest_instant
-- The last moment the ledger knows of; a clock that stands before it was set back.
SELECT MAX(at) FROM (SELECT MAX(seen_at) AS at FROM worker
                     UNION ALL SELECT (SELECT at FROM journal ORDER BY id DESC LIMIT 1) AS at) AS latest;

-- name: turn_back_lanes
UPDATE lane SET ready_at = ready_at - :back WHERE ready_at IS NOT NULL;

-- name: turn_back_deliveries
UPDATE delivery SET due_at = due_at - :back, lease_at = lease_at - :back WHERE due_at IS NOT NULL OR lease_at IS NOT NULL;

-- name: turn_back_partners
UPDATE partner SET refilled_at = refilled_at - :back, open_until = open_until - :back, not_before = not_before - :back,
    last_success_at = last_success_at - :back;

-- name: turn_back_tokens
UPDATE token SET expires_at = expires_at - :back WHERE expires_at IS NOT NULL;

-- name: turn_back_gaps
UPDATE thread SET early_at = early_at - :back WHERE early_at IS NOT NULL;

-- name: partners_waiting
-- The partners with a lane that may be claimed, now or later, and whether one is due now: by steps into the index from one partner to the
-- next, because a million lanes may wait.
WITH RECURSIVE waiting (partner) AS (
    SELECT (SELECT partner FROM lane WHERE ready_at IS NOT NULL ORDER BY partner LIMIT 1)
    UNION ALL
    SELECT (SELECT l.partner FROM lane l WHERE l.ready_at IS NOT NULL AND l.partner > waiting.partner ORDER BY l.partner LIMIT 1)
    FROM waiting WHERE waiting.partner IS NOT NULL)
SELECT partner, EXISTS (SELECT 1 FROM lane l WHERE l.partner = waiting.partner AND l.priority = 0 AND l.ready_at <= :now)
    OR EXISTS (SELECT 1 FROM lane l WHERE l.partner = waiting.partner AND l.priority = 1 AND l.ready_at <= :now)
    OR EXISTS (SELECT 1 FROM lane l WHERE l.partner = waiting.partner AND l.priority = 2 AND l.ready_at <= :now)
FROM waiting WHERE partner IS NOT NULL;

-- name: beat
INSERT INTO worker (name, partners, seen_at) VALUES (:name, :partners, :now)
ON CONFLICT (name) DO UPDATE SET partners = excluded.partners, seen_at = excluded.seen_at;

-- name: live_workers
SELECT COUNT(*) FROM worker WHERE seen_at >= :since;

-- name: leave
DELETE FROM worker WHERE name = :name;

-- name: take_duty
-- Mine already, or nobody's: kept under its fence, or taken under the next.
INSERT INTO duty (name, holder, fence, until_at) VALUES (:name, :holder, 1, :until)
ON CONFLICT (name) DO UPDATE SET
    fence = CASE WHEN duty.holder = excluded.holder AND duty.until_at > :now THEN duty.fence ELSE duty.fence + 1 END,
    holder = excluded.holder, until_at = excluded.until_at
WHERE duty.holder = excluded.holder OR duty.until_at <= :now
RETURNING fence;

-- name: duty_standing
SELECT fence, holder, until_at, position FROM duty WHERE name = :name /*lock*/;

-- name: set_position
UPDATE duty SET position = :position WHERE name = :name AND fence = :fence;

-- name: keep_raw
-- One that comes again with the next poll is counted.
INSERT INTO raw_row (duty, at, last_at, digest, body) VALUES (:duty, :at, :at, :digest, :body)
ON CONFLICT (duty, digest) DO UPDATE SET last_at = excluded.last_at, times = raw_row.times + 1;

-- name: deal_with_raw
UPDATE raw_row SET dealt_at = :now, dealt_by = :who, dealt_reason = :reason WHERE id = any_of(:ids) AND dealt_at IS NULL RETURNING id;

-- name: kept_last
SELECT COALESCE(MAX(number), 0) FROM kept WHERE duty = :duty;

-- name: keep
INSERT INTO kept (duty, kind, key, number, at, body) VALUES /*rows*/(:duty, :kind, :key, :number, :at, :body)
ON CONFLICT (duty, kind, key) DO UPDATE SET number = excluded.number, at = excluded.at, body = excluded.body;

-- name: fill_stock
INSERT INTO stock (partner, item, place) VALUES /*rows*/(:partner, :item, :place) ON CONFLICT (partner, item) DO NOTHING;

-- name: stock_taken
SELECT item FROM stock WHERE partner = :partner AND taken_by = :key;

-- name: stock_next
-- The next free one; on PostgreSQL one that nobody else is just taking.
SELECT item FROM stock WHERE partner = :partner AND taken_by = '' ORDER BY place, item LIMIT 1 /*skip*/;

-- name: take_stock
UPDATE stock SET taken_by = :key, taken_at = :now WHERE partner = :partner AND item = :item;

-- name: touch_token
INSERT INTO token (partner, name, generation) VALUES (:partner, :name, 0) ON CONFLICT (partner, name) DO NOTHING;

-- name: token_standing
SELECT generation, value, expires_at, refresher, refresh_until FROM token WHERE partner = :partner AND name = :name /*lock*/;

-- name: begin_refresh
UPDATE token SET refresher = :refresher, refresh_until = :until WHERE partner = :partner AND name = :name;

-- name: store_token
UPDATE token SET generation = generation + 1, value = :value, expires_at = :expires_at, refresher = '', refresh_until = 0
WHERE partner = :partner AND name = :name AND refresher = :refresher;

-- name: chosen
-- Deliveries for an action, their lanes to be locked next.
SELECT id, lane FROM delivery WHERE id = any_of(:ids) ORDER BY lane, number;

-- name: acted_on
SELECT d.id, d.lane, d.number, d.partner, d.dossier, d.operation, d.full_state, d.state, d.cause, d.step, d.revision, d.holds,
       d.hold_key, d.code, d.changed_at, e.source, e.event_id, e.erased_at, l.held, l.head, h.number
FROM delivery d JOIN event e ON e.id = d.event LEFT JOIN lane l ON l.id = d.lane LEFT JOIN delivery h ON h.id = l.head
WHERE d.id = any_of(:ids) ORDER BY d.lane, d.number;

-- name: later_begun
-- Later ones of the lane that the partner has, may have, or is just being given: what goes out after them would overtake them; how many of
-- them are newer full states of the same operation, and how many are not settled yet. By the dossier's index: the lane's holds only
-- what still holds it.
SELECT COUNT(*), COALESCE(SUM(CASE WHEN full_state = 1 AND operation = :operation THEN 1 ELSE 0 END), 0),
    COALESCE(SUM(CASE WHEN state = 'delivered' THEN 0 ELSE 1 END), 0) FROM delivery
WHERE dossier = :dossier AND lane = :lane AND number > :number
    AND (state IN ('delivered', 'sending', 'in_doubt') OR (state = 'waiting' AND cause = 'taken'));

-- name: act_delivery
UPDATE delivery SET state = :state, cause = :cause, hold_key = '', step = :step, due_at = :due_at, holds = :holds, key = :key,
    revision = :revision, tries = 0, doubt = COALESCE(:doubt, doubt), mapped = :mapped, receipt = :receipt, changed_at = :now, crashes = 0
WHERE id = :id;

-- name: hold_lane
UPDATE lane SET held = :held WHERE id = :id;

-- name: write_note
INSERT INTO note (at, who, verb, reason, dossier, delivery, before, after)
VALUES (:at, :who, :verb, :reason, :dossier, :delivery, :before, :after);

-- name: pause_partner
UPDATE partner SET paused = 1, pause_cause = '', paused_by = :who, pause_reason = :reason WHERE name = :name;

-- name: resume_partner
UPDATE partner SET paused = 0, pause_cause = '', paused_by = '', pause_reason = '', open_until = NULL, not_before = NULL
WHERE name = :name;

-- name: unchained
-- Journal rows behind the chain's end that no running transaction can still precede, in the order of their transactions.
SELECT id, xid, at, process, entry FROM journal WHERE (xid, id) > (:xid, :id) AND {{settled}} ORDER BY xid, id LIMIT :page;

-- name: chain_end
SELECT number, journal, xid, link FROM chain ORDER BY number DESC LIMIT 1;

-- name: add_link
INSERT INTO chain (number, journal, xid, link) VALUES /*rows*/(:number, :journal, :xid, :link);

-- name: keep_brief
-- Nothing is changed where it is there already: that is how a second use is told from the first.
INSERT INTO brief (digest, body, until_at) VALUES (:digest, :body, :until) ON CONFLICT (digest) DO NOTHING
RETURNING digest;

-- name: take_brief
DELETE FROM brief WHERE digest = :digest AND until_at > :now RETURNING body;

-- name: forget_briefs
DELETE FROM brief WHERE until_at <= :now;

-- name: turn_back_briefs
UPDATE brief SET until_at = until_at - :back;

-- name: keep_account_key
INSERT INTO account_key (digest, account, sealed, linked_at) VALUES (:digest, :account, :sealed, :now)
ON CONFLICT (digest, account) DO NOTHING;

-- name: accounts_by_key
SELECT account, sealed FROM account_key WHERE digest = :digest ORDER BY linked_at, account;

-- name: let_key_go
-- One who signs in is linked to one account of a client.
DELETE FROM account_key WHERE digest = :digest AND account <> :account;

-- name: forget_account
DELETE FROM account_key WHERE account = :account RETURNING digest;

-- name: write_sign_in
INSERT INTO sign_in (at, client, provider, outcome, link, who) VALUES (:at, :client, :provider, :outcome, :link, :who);

-- name: settle_sign_ins
UPDATE sign_in SET linked_at = :now WHERE who = :who AND linked_at IS NULL AND link IN ('mapping', 'create');

-- name: forget_sign_ins
DELETE FROM sign_in WHERE at < :before;

-- name: record_lookup
INSERT INTO lookup (at, who, partner, name, purpose, dossier, fields, outcome, cause, code, matches, cached, took_s, trace_id, secret)
VALUES (:at, :who, :partner, :name, :purpose, :dossier, :fields, :outcome, :cause, :code, :matches, :cached, :took_s, :trace_id, :secret)
RETURNING id;

-- name: lookup_about
INSERT INTO lookup_about (digest, lookup) VALUES /*rows*/(:digest, :lookup) ON CONFLICT (digest, lookup) DO NOTHING;

-- name: add_person
INSERT INTO person (name, roles, partner, disabled, must_change, until_at, code_step, created_at, secret)
VALUES (:name, :roles, :partner, :disabled, :must_change, :until_at, :code_step, :created_at, :secret) ON CONFLICT (name) DO NOTHING
RETURNING name;

-- name: some_person
SELECT name FROM person LIMIT 1;

-- name: lock_people
-- All of them, locked: whether an administrator is left is asked of all, and they are few.
SELECT name, roles, partner, disabled, must_change, until_at, code_step, created_at, secret FROM person ORDER BY name /*lock*/;

-- name: set_person
UPDATE person SET roles = :roles, partner = :partner, disabled = :disabled, must_change = :must_change, until_at = :until_at,
       code_step = :code_step, secret = :secret WHERE name = :name;

-- name: spend_code
-- A code is good once: its step must lie behind the last one used.
UPDATE person SET code_step = :step WHERE name = :name AND code_step < :step RETURNING name;

-- name: begin_session
INSERT INTO session (digest, person, proven, began_at, seen_at) VALUES (:digest, :person, :proven, :began_at, :now);

-- name: touch_session
UPDATE session SET seen_at = :now WHERE digest = :digest;

-- name: end_session
DELETE FROM session WHERE digest = :digest RETURNING person;

-- name: end_sessions
DELETE FROM session WHERE person = :person;

-- name: forget_sessions
DELETE FROM session WHERE seen_at < :seen_before OR began_at < :began_before;

-- name: sign_in_tries
SELECT tries, last_at, until_at FROM sign_in_try WHERE digest = :digest /*lock*/;

-- name: count_try
INSERT INTO sign_in_try (digest, tries, last_at, until_at) VALUES (:digest, :tries, :now, :until)
ON CONFLICT (digest) DO UPDATE SET tries = :tries, last_at = :now, until_at = :until;

-- name: forget_tries
DELETE FROM sign_in_try WHERE last_at < :before;

-- name: forgive_try
UPDATE sign_in_try SET tries = tries - 1, until_at = :now WHERE digest = :digest;

-- name: forgive_tries
DELETE FROM sign_in_try WHERE digest = :digest;

-- name: reveal
INSERT INTO reveal (person, dossier, field, until_at) VALUES (:person, :dossier, :field, :until)
ON CONFLICT (person, dossier, field) DO UPDATE SET until_at = :until;

-- name: forget_reveals
DELETE FROM reveal WHERE until_at <= :now;

-- name: turn_back_sessions
UPDATE session SET began_at = began_at - :back, seen_at = seen_at - :back;

-- name: turn_back_tries
UPDATE sign_in_try SET last_at = last_at - :back, until_at = until_at - :back;

-- name: turn_back_reveals
UPDATE reveal SET until_at = until_at - :back;

-- name: look_at
-- Something came for these dossiers: look at them by then, sooner where that was meant.
INSERT INTO expected (dossier, look_at, events) VALUES /*rows*/(:dossier, :look_at, 1)
ON CONFLICT (dossier) DO UPDATE SET events = expected.events + 1,
    look_at = CASE WHEN excluded.look_at < expected.look_at THEN excluded.look_at ELSE expected.look_at END;

-- name: look_again
-- Looked at; unless something came meanwhile, the next time is then.
UPDATE expected SET look_at = :look_at WHERE dossier = :dossier AND events = :events;

-- name: look_no_more
DELETE FROM expected WHERE dossier = :dossier AND events = :events;

-- name: raised_of
SELECT step, partner, state, since, due_at FROM overdue WHERE dossier = :dossier;

-- name: raise_step
INSERT INTO overdue (dossier, step, partner, state, since, due_at, raised_at)
VALUES (:dossier, :step, :partner, :state, :since, :due_at, :now)
ON CONFLICT (dossier, step) DO UPDATE SET partner = excluded.partner, state = excluded.state, since = excluded.since,
    due_at = excluded.due_at, raised_at = excluded.raised_at;

-- name: lower_step
DELETE FROM overdue WHERE dossier = :dossier AND step = :step;

-- name: turn_back_looks
UPDATE expected SET look_at = look_at - :back;

-- name: lock_lanes_of
SELECT id FROM lane WHERE id IN (SELECT lane FROM delivery WHERE dossier = :dossier) ORDER BY id /*lock*/;

-- name: erase_events
-- What came of a dossier at rest; where something has come meanwhile that is owed to somebody, nothing is touched.
UPDATE event SET body = :nothing, erased_at = :now WHERE dossier = :dossier AND erased_at IS NULL AND NOT EXISTS (
    SELECT 1 FROM delivery d WHERE d.dossier = event.dossier AND (d.holds = 1 OR d.state IN ('pending', 'sending', 'waiting', 'in_doubt')))
RETURNING id;

-- name: erase_messages
-- What was sent and answered, of what is at rest.
UPDATE attempt SET secret = NULL WHERE secret IS NOT NULL AND delivery IN (SELECT id FROM delivery
    WHERE dossier = :dossier AND holds = 0 AND state NOT IN ('pending', 'sending', 'waiting', 'in_doubt')) RETURNING delivery;

-- name: forget_finders
DELETE FROM finder WHERE (digest, dossier) IN (VALUES /*rows*/(:digest/*::bytea*/, :dossier/*::text*/));

-- name: forget_raw
DELETE FROM raw_row WHERE id IN (SELECT id FROM raw_row WHERE dealt_at < :before LIMIT 500) RETURNING id;

-- name: old_lookups
SELECT id, at FROM lookup ORDER BY id LIMIT 500;

-- name: old_notes
SELECT id, at FROM note ORDER BY id LIMIT 500;

-- name: forget_lookups
DELETE FROM lookup WHERE id = any_of(:ids);

-- name: forget_lookups_about
DELETE FROM lookup_about WHERE lookup = any_of(:ids);

-- name: forget_notes
DELETE FROM note WHERE id = any_of(:ids);

-- name: chain_head
-- The chain's oldest links with what they cover, but for its end, which the next link needs.
SELECT c.number, c.link, j.id, j.at, j.process, j.entry FROM chain c LEFT JOIN journal j ON j.id = c.journal
WHERE c.number < (SELECT MAX(number) FROM chain) ORDER BY c.number LIMIT 500;

-- name: chain_start
SELECT number, link, at, seal FROM chain_start;

-- name: forget_links
DELETE FROM chain WHERE number <= :number;

-- name: forget_journal
DELETE FROM journal WHERE id = any_of(:ids);

-- name: begin_chain
INSERT INTO chain_start (one, number, link, at, seal) VALUES (1, :number, :link, :at, :seal)
ON CONFLICT (one) DO UPDATE SET number = excluded.number, link = excluded.link, at = excluded.at, seal = excluded.seal;

-- name: counted_before
-- What these dossiers add now.
SELECT dossier, month, agency, field, counters FROM counted WHERE dossier = any_of(:dossiers);

-- name: count_dossier
INSERT INTO counted (dossier, month, agency, field, counters, later_at, later)
VALUES /*rows*/(:dossier, :month, :agency, :field, :counters, :later_at, :later)
ON CONFLICT (dossier) DO UPDATE SET month = excluded.month, agency = excluded.agency, field = excluded.field,
    counters = excluded.counters, later_at = excluded.later_at, later = excluded.later;

-- name: add_figure
INSERT INTO figure (month, agency, field, counter, n) VALUES /*rows*/(:month, :agency, :field, :counter, :n)
ON CONFLICT (month, agency, field, counter) DO UPDATE SET n = figure.n + excluded.n;

-- name: name_figure
INSERT INTO figure_name (kind, code, name) VALUES /*rows*/(:kind, :code, :name)
ON CONFLICT (kind, code) DO UPDATE SET name = excluded.name;

-- name: keep_edition
-- The first process to use an edition notes it.
INSERT INTO edition (kind, partner, digest, says, first_at) VALUES (:kind, :partner, :digest, :says, :now)
ON CONFLICT (kind, partner, digest) DO NOTHING;

-- name: save_view
INSERT INTO saved_view (person, title, address, at) VALUES (:person, :title, :address, :now)
ON CONFLICT (person, address) DO UPDATE SET title = excluded.title;

-- name: drop_view
DELETE FROM saved_view WHERE person = :person AND id = :id;

-- name: add_task
INSERT INTO task (verb, settle_as, reference, past, who, reason, chosen, partner, canary, rate_per_s, needs_approval, state, since,
                  approved_by, created_at, changed_at, next_at)
VALUES (:verb, :settle_as, :reference, :past, :who, :reason, :chosen, :partner, :canary, :rate_per_s, :needs_approval, 'making', 0,
        '', :now, :now, :now) RETURNING id;

-- name: seal_task
UPDATE task SET body = :body WHERE id = :id;

-- name: add_items
INSERT INTO task_item (task, place, delivery, dossier, partner, seen_at, state, before, after, rule, says, ended_at)
VALUES /*rows*/(:task, :place, :delivery, :dossier, :partner, :seen_at, :state, :before, '', :rule, :says, :ended_at);

-- name: locked_task
SELECT id, verb, settle_as, reference, past, who, reason, chosen, partner, canary, rate_per_s, needs_approval, state, tried_at, since,
       approved_by, approved_at, created_at, changed_at, next_at FROM task WHERE id = :id /*lock*/;

-- name: tasks_at_work
-- What a turn has to look at: tasks that go on by themselves, those whose making was broken off, and those with something under way.
SELECT id FROM task WHERE state IN ('canary', 'running', 'making')
UNION SELECT task FROM task_item WHERE state = 'acted' ORDER BY 1;

-- name: move_task
UPDATE task SET state = :state, tried_at = :tried_at, since = :since, approved_by = :approved_by, approved_at = :approved_at,
       next_at = :next_at, changed_at = :now WHERE id = :id;

-- name: count_items
SELECT state, COUNT(*) FROM task_item WHERE task = :task AND place >= :since GROUP BY state;

-- name: items_to_do
SELECT place, delivery, seen_at FROM task_item WHERE task = :task AND state = 'waiting' ORDER BY place LIMIT :limit;

-- name: items_ended
-- Whose delivery has come to an end of any kind since it was acted on, or stands still until a person or a code frees it; with the step
-- of its last attempt, because what was asked for and found was not sent twice.
SELECT i.place, d.state, d.cause, d.code, COALESCE(a.step, 'send') FROM task_item i JOIN delivery d ON d.id = i.delivery
LEFT JOIN attempt a ON a.delivery = d.id AND a.number = d.attempt
WHERE i.task = :task AND i.state = 'acted' AND (d.state IN ('delivered', 'dead', 'cancelled', 'superseded')
    OR (d.state = 'in_doubt' AND d.due_at IS NULL) OR (d.state = 'waiting' AND d.hold_key <> ''));

-- name: move_items
WITH v (task, place, state, before, after, rule, says, acted_at, ended_at) AS (VALUES /*rows*/(:task/*::bigint*/, :place/*::bigint*/,
    :state/*::text*/, :before/*::text*/, :after/*::text*/, :rule/*::text*/, :says/*::text*/, :acted_at/*::float8*/, :ended_at/*::float8*/))
UPDATE task_item SET state = v.state, before = CASE WHEN v.before = '' THEN task_item.before ELSE v.before END, after = v.after,
    rule = v.rule, says = v.says, acted_at = COALESCE(v.acted_at, task_item.acted_at), ended_at = v.ended_at
FROM v WHERE task_item.task = v.task AND task_item.place = v.place;

-- name: drop_items
UPDATE task_item SET state = 'dropped', ended_at = :now WHERE task = :task AND state = 'waiting';

-- name: turn_back_tasks
UPDATE task SET next_at = next_at - :back WHERE state NOT IN ('done', 'cancelled');

-- name: later_full
-- How many newer full states of the same operation stand in its lane.
SELECT COUNT(*) FROM delivery d JOIN delivery o ON o.id = :id WHERE d.dossier = o.dossier AND d.lane = o.lane AND d.number > o.number
    AND d.full_state = 1 AND d.operation = o.operation AND d.state NOT IN ('cancelled', 'superseded');

-- name: owed_together
SELECT d.id, d.partner, d.operation, d.full_state, d.state, d.cause, d.lane, d.number FROM delivery d JOIN delivery o ON o.id = :id
WHERE d.dossier = o.dossier AND d.event = o.event ORDER BY d.id;

-- name: owed_of
SELECT d.id, d.partner, d.operation, d.lane FROM event e JOIN delivery d ON d.dossier = e.dossier AND d.event = e.id
WHERE e.event_id = :event AND e.source = :source ORDER BY d.id;

-- name: take_place
UPDATE delivery SET number = :number WHERE id = :id;

-- name: lock_incidents
-- What is open or suspected; a handful.
SELECT id, kind, about, partner, began_at, opened_at, clear_at, told FROM incident WHERE closed_at IS NULL ORDER BY id /*lock*/;

-- name: suspect_incident
INSERT INTO incident (kind, about, partner, facts, began_at, dossiers, deliveries, most_dossiers, most_deliveries)
VALUES (:kind, :about, :partner, :facts, :began_at, :dossiers, :deliveries, :dossiers, :deliveries)
ON CONFLICT (kind, about, partner) WHERE closed_at IS NULL DO NOTHING RETURNING id;

-- name: see_incident
UPDATE incident SET facts = :facts, clear_at = NULL, dossiers = :dossiers, deliveries = :deliveries,
       most_dossiers = CASE WHEN :dossiers > most_dossiers THEN :dossiers ELSE most_dossiers END,
       most_deliveries = CASE WHEN :deliveries > most_deliveries THEN :deliveries ELSE most_deliveries END WHERE id = :id;

-- name: open_incident
UPDATE incident SET opened_at = :now, told = :told, first_dossiers = dossiers, first_deliveries = deliveries WHERE id = :id;

-- name: grow_incident
UPDATE incident SET told = :told WHERE id = :id;

-- name: clear_incident
UPDATE incident SET clear_at = :now WHERE id = :id;

-- name: close_incident
UPDATE incident SET closed_at = :now WHERE id = :id;

-- name: drop_incident
DELETE FROM incident WHERE id = :id;

-- name: lock_incident
SELECT opened_at, closed_at, owner, note, kind, partner FROM incident WHERE id = :id /*lock*/;

-- name: acknowledge_incident
UPDATE incident SET owner = :owner, note = :note, acknowledged_at = COALESCE(acknowledged_at, :now),
       acknowledged_by = CASE WHEN acknowledged_at IS NULL THEN :who ELSE acknowledged_by END WHERE id = :id;

-- name: add_notice
INSERT INTO notice (incident, event, recipient, escalated, due_at)
VALUES /*rows*/(:incident, :event, :recipient, :escalated, :due_at);

-- name: end_notice
UPDATE notice SET ended_at = :now, ending = :ending WHERE id = :id AND ended_at IS NULL;

-- name: delay_notice
UPDATE notice SET due_at = :due_at, tries = tries + :failed WHERE id = :id AND ended_at IS NULL;

-- name: put_reading
INSERT INTO reading (subject, what, slot, value, at) VALUES (:subject, :what, :slot, :value, :now)
ON CONFLICT (subject, what, slot) DO UPDATE SET value = excluded.value, at = excluded.at;

-- name: forget_readings
DELETE FROM reading WHERE what = :what AND slot < :before;

-- name: turn_back_incidents
UPDATE incident SET began_at = began_at - :back, opened_at = opened_at - :back, clear_at = clear_at - :back WHERE closed_at IS NULL;

-- name: turn_back_notices
UPDATE notice SET due_at = due_at - :back WHERE ended_at IS NULL;

-- name: turn_back_readings
UPDATE reading SET at = at - :back;

-- Questions, read only. Lists never load payloads; every one is bounded.

-- name: totals
SELECT partner, state, cause, SUM(n) FROM tally GROUP BY partner, state, cause;

-- name: full_count
SELECT partner, state, cause, COUNT(*) FROM delivery GROUP BY partner, state, cause;

-- name: trouble_told
SELECT partner, operation, state, cause, code, hold_key, SUM(n), SUM(dossiers) FROM trouble_tally
GROUP BY partner, operation, state, cause, code, hold_key HAVING SUM(n) <> 0 OR SUM(dossiers) <> 0;

-- name: trouble_counted
SELECT partner, operation, state, cause, code, hold_key, COUNT(*), COUNT(DISTINCT dossier) FROM delivery
WHERE (state = 'waiting' OR state = 'in_doubt' OR state = 'dead') GROUP BY partner, operation, state, cause, code, hold_key;

-- name: count_events
SELECT COUNT(*) FROM event;

-- name: story_events
SELECT id, source, event_id, type, sequence, occurred_at, accepted_at, client, erased_at, entered, flags, correlation_id, causation_id,
       traceparent, body
FROM event WHERE dossier = :dossier ORDER BY accepted_at, id LIMIT 1000;

-- name: story_attempts
-- Closed ones, and the open one of what is being sent, which is the delivery itself.
SELECT a.delivery, a.number, a.step, a.opened_at, a.started_at, a.closed_at, a.outcome, a.cause, a.code, a.call_id, a.worker,
       a.late, a.secret
FROM attempt a JOIN delivery d ON d.id = a.delivery WHERE d.dossier = :dossier
UNION ALL SELECT id, attempt, step, changed_at, NULL, NULL, '', '', '', '', owner, 0, NULL
FROM delivery WHERE dossier = :dossier AND state = 'sending' ORDER BY 4, 1, 2 LIMIT 5000;

-- name: story_notes
SELECT at, who, verb, reason, delivery, before, after FROM note WHERE dossier = :dossier ORDER BY at, id LIMIT 1000;

-- name: story_lanes
SELECT l.partner, l.held, l.has_full, l.head, l.ready_at,
       (SELECT COUNT(*) FROM delivery d WHERE d.lane = l.id AND d.holds = 1) AS holding
FROM lane l WHERE l.id IN (SELECT lane FROM delivery WHERE dossier = :dossier) AND l.dossier = :dossier ORDER BY l.partner;

-- name: causes
-- Trouble by cause, oldest first: how many and how many dossiers by the counters, the oldest of each by a step into its index.
SELECT g.partner, g.operation, g.state, g.cause, g.code, g.hold_key, g.n, g.dossiers,
       (SELECT x.changed_at FROM delivery x WHERE (x.state = 'waiting' OR x.state = 'in_doubt' OR x.state = 'dead') AND x.partner = g.partner AND x.state = g.state
         AND x.operation = g.operation AND x.cause = g.cause AND x.code = g.code AND x.hold_key = g.hold_key ORDER BY x.changed_at LIMIT 1) AS oldest_at,
       (SELECT x.id FROM delivery x WHERE (x.state = 'waiting' OR x.state = 'in_doubt' OR x.state = 'dead') AND x.partner = g.partner AND x.state = g.state
         AND x.operation = g.operation AND x.cause = g.cause AND x.code = g.code AND x.hold_key = g.hold_key ORDER BY x.changed_at LIMIT 1) AS example
FROM (SELECT partner, operation, state, cause, code, hold_key, CAST(SUM(n) AS BIGINT) AS n, CAST(SUM(dossiers) AS BIGINT) AS dossiers
      FROM trouble_tally GROUP BY partner, operation, state, cause, code, hold_key HAVING SUM(n) <> 0) AS g
ORDER BY oldest_at LIMIT 500;

-- name: code_gaps
-- What waits for a code, by what it waits for and who is to get it.
SELECT hold_key, partner, CAST(SUM(n) AS BIGINT), MIN(oldest_at), MIN(example)
FROM (SELECT g.hold_key, g.partner, g.n,
       (SELECT x.changed_at FROM delivery x WHERE (x.state = 'waiting' OR x.state = 'in_doubt' OR x.state = 'dead') AND x.partner = g.partner AND x.state = 'waiting'
         AND x.operation = g.operation AND x.cause = 'code_gap' AND x.code = g.code AND x.hold_key = g.hold_key
         ORDER BY x.changed_at LIMIT 1) AS oldest_at,
       (SELECT x.id FROM delivery x WHERE (x.state = 'waiting' OR x.state = 'in_doubt' OR x.state = 'dead') AND x.partner = g.partner AND x.state = 'waiting'
         AND x.operation = g.operation AND x.cause = 'code_gap' AND x.code = g.code AND x.hold_key = g.hold_key
         ORDER BY x.changed_at LIMIT 1) AS example
      FROM (SELECT partner, operation, code, hold_key, SUM(n) AS n FROM trouble_tally
            WHERE state = 'waiting' AND cause = 'code_gap' AND hold_key <> '' GROUP BY partner, operation, code, hold_key
            HAVING SUM(n) <> 0) AS g) AS gaps
GROUP BY hold_key, partner ORDER BY MIN(oldest_at) LIMIT 20000;

-- name: partners
SELECT name, paused, pause_cause, paused_by, pause_reason, open_until, not_before, last_success_at FROM partner ORDER BY name;

-- name: find
SELECT dossier FROM finder WHERE digest = :digest ORDER BY dossier LIMIT 500;

-- name: known
SELECT 1 FROM event WHERE dossier = :dossier LIMIT 1;

-- name: owed_to
SELECT 1 FROM delivery WHERE dossier = :dossier AND partner = :partner LIMIT 1;

-- name: search_key
SELECT kind, dossier FROM search_key WHERE value = :value ORDER BY dossier, kind LIMIT :limit;

-- name: dossier_of_code
SELECT dossier FROM event WHERE dossier = :dossier LIMIT 1;

-- name: dossier_of_event
SELECT dossier FROM event WHERE event_id = :event LIMIT 20;

-- name: dossier_of_trace
-- All of a trace at once, which are few: asked for the first ones alone, PostgreSQL walks through the dossiers until it meets them.
WITH found AS MATERIALIZED (SELECT dossier FROM event WHERE substr(traceparent, 4, 32) = :trace AND traceparent <> '')
SELECT DISTINCT dossier FROM found LIMIT 20;

-- name: dossier_of_delivery
SELECT dossier FROM delivery WHERE id = :id;

-- name: suggested
-- Dossiers whose code begins so, from the first so many keys; of one partner those that something of it is owed to.
SELECT DISTINCT k.dossier FROM (
    SELECT dossier FROM search_key WHERE value >= :first AND value < :last AND kind = 'code' ORDER BY value LIMIT :probed) AS k
WHERE :partner = '' OR EXISTS (SELECT 1 FROM delivery d WHERE d.dossier = k.dossier AND d.partner = :partner)
ORDER BY k.dossier LIMIT :limit;

-- name: dossiers_standing
SELECT dossier, state, COUNT(*), MAX(changed_at) FROM delivery WHERE dossier = any_of(:dossiers) GROUP BY dossier, state;

-- name: older_events
-- Events from before there were search keys, the newest first.
SELECT id, source, event_id, dossier, erased_at, body FROM event WHERE id < :before ORDER BY id DESC LIMIT 200;

-- name: receipts_of
SELECT dossier, receipt FROM delivery WHERE dossier = any_of(:dossiers) AND receipt <> '';

-- name: journal
SELECT c.number, c.link, j.id, j.at, j.process, j.entry FROM chain c LEFT JOIN journal j ON j.id = c.journal
WHERE c.number > :after ORDER BY c.number LIMIT 2000;

-- name: unlinked
-- Journal rows that stand before the chain's end and are not in it: somebody put them there.
SELECT MIN(j.id) FROM journal j LEFT JOIN chain c ON c.journal = j.id
WHERE c.journal IS NULL AND (j.xid, j.id) < (SELECT xid, journal FROM chain ORDER BY number DESC LIMIT 1);

-- name: kept
SELECT kind, key, body, number FROM kept WHERE duty = :duty AND number > :after ORDER BY number LIMIT 2000;

-- name: stocks
SELECT partner, SUM(CASE WHEN taken_by = '' THEN 1 ELSE 0 END), COUNT(*) FROM stock GROUP BY partner;

-- name: newest
-- What was accepted last, backwards from an id, without its sealed body.
SELECT id, event_id, type, occurred_at, accepted_at FROM event WHERE id < :before ORDER BY id DESC LIMIT 2000;

-- name: raw_rows
-- The newest rows that could not be read; those that somebody has dealt with when they are asked for.
SELECT id, duty, at, last_at, times, body, dealt_at, dealt_by, dealt_reason FROM raw_row
WHERE duty LIKE :duty AND (:dealt = 1 OR dealt_at IS NULL) ORDER BY id DESC LIMIT :limit;

-- name: raw_counts
SELECT duty, COUNT(*) FROM raw_row WHERE dealt_at IS NULL GROUP BY duty;

-- name: position
SELECT position FROM duty WHERE name = :name;

-- name: brief
SELECT body FROM brief WHERE digest = :digest AND until_at > :now;

-- name: sign_ins
SELECT provider, outcome, link, COUNT(*) FROM sign_in WHERE at >= :since GROUP BY provider, outcome, link;

-- name: sign_ins_unlinked
-- People, not tries: one who signs in again before the link is made still waits once.
SELECT client, provider, link, COUNT(DISTINCT who), MIN(at) FROM sign_in
WHERE linked_at IS NULL AND link IN ('mapping', 'create') GROUP BY client, provider, link ORDER BY MIN(at);

-- name: lookups
-- The record of look-ups, newest first.
SELECT id, at, who, partner, name, purpose, dossier, fields, outcome, cause, code, matches, cached, took_s, trace_id, secret FROM lookup
WHERE id < :before AND (:who = '' OR who = :who) AND (:partner = '' OR partner = :partner) ORDER BY id DESC LIMIT :limit;

-- name: lookups_about
-- The same of what one person or firm was asked about.
SELECT id, at, who, partner, name, purpose, dossier, fields, outcome, cause, code, matches, cached, took_s, trace_id, secret FROM lookup
WHERE id IN (SELECT lookup FROM lookup_about WHERE digest = :digest) AND id < :before
AND (:who = '' OR who = :who) AND (:partner = '' OR partner = :partner) ORDER BY id DESC LIMIT :limit;

-- name: about
SELECT source, event_id, body FROM event WHERE dossier = :dossier AND type = :type AND erased_at IS NULL ORDER BY accepted_at, id LIMIT 1000;

-- name: owed_since
-- Ids alone do not tell which came later: each process takes its own from a block.
SELECT 1 FROM delivery WHERE dossier = :dossier AND partner = :partner AND operation = :operation AND state <> 'cancelled'
AND (accepted_at, id) > (:accepted_at, :delivery) LIMIT 1;

-- name: memo
SELECT memo FROM lane WHERE partner = :partner AND dossier = :dossier;

-- name: matters
-- What has been open of a watch since before then, the oldest first, by the index of open ones.
SELECT key, dossier, since, state FROM matter WHERE watch = :watch AND still = 1 AND since < :before ORDER BY since, key LIMIT :limit;

-- name: count_matters
SELECT COUNT(*), COALESCE(SUM(CASE WHEN since < :before THEN 1 ELSE 0 END), 0) FROM matter WHERE watch = :watch AND still = 1;

-- name: happened
-- A page of the events of a type that came from partners (those have no sequence), by the partial index.
SELECT occurred_at, id, source, event_id, body FROM event
WHERE type = :type AND sequence IS NULL AND (occurred_at, id) > (:at, :number) AND occurred_at < :until AND erased_at IS NULL
ORDER BY occurred_at, id LIMIT 500;

-- name: people
SELECT name, roles, partner, disabled, must_change, until_at, code_step, created_at, secret FROM person ORDER BY name;

-- name: person
SELECT name, roles, partner, disabled, must_change, until_at, code_step, created_at, secret FROM person WHERE name = :name;

-- name: session
SELECT s.proven, s.began_at, s.seen_at, p.name, p.roles, p.partner, p.disabled, p.must_change, p.until_at, p.code_step, p.created_at, p.secret
FROM session s JOIN person p ON p.name = s.person WHERE s.digest = :digest;

-- name: revealed
SELECT field, until_at FROM reveal WHERE person = :person AND dossier = :dossier AND until_at > :now;

-- name: notes
-- What people did and looked at, newest first.
SELECT id, at, who, verb, reason, dossier, delivery, before, after FROM note
WHERE id < :id AND (:who = '' OR who = :who) AND (:verb = '' OR verb = :verb) ORDER BY id DESC LIMIT :limit;

-- name: looks_due
-- Which dossiers to look at now, by the index on that time alone.
SELECT dossier, events FROM expected WHERE look_at <= :now ORDER BY look_at LIMIT :limit;

-- name: outlook_events
SELECT id, type, occurred_at, accepted_at, source, event_id FROM event WHERE dossier = :dossier ORDER BY accepted_at, id LIMIT 1000;

-- name: outlook_deliveries
SELECT event, partner, state, cause, changed_at FROM delivery WHERE dossier = :dossier ORDER BY id LIMIT 5000;

-- name: outlook_body
SELECT body FROM event WHERE id = :id;

-- name: group_notes
-- What people kept of groups of failures, the last word last.
SELECT dossier, after, reason, who, at FROM note WHERE dossier = any_of(:names) AND verb = 'note cause' ORDER BY id LIMIT 5000;

-- name: raised
-- A page of raised steps, the next due first; without a step, of all.
SELECT dossier, step, partner, state, since, due_at, raised_at FROM overdue
WHERE (due_at, dossier, step) > (:due_at, :dossier, :step) AND (:partner = '' OR partner = :partner)
ORDER BY due_at, dossier, step LIMIT :limit;

-- name: raised_of_step
SELECT dossier, step, partner, state, since, due_at, raised_at FROM overdue
WHERE step = :of AND (due_at, dossier) > (:due_at, :dossier) AND (:partner = '' OR partner = :partner)
ORDER BY due_at, dossier LIMIT :limit;

-- name: full_count_raised
SELECT partner, step, state, COUNT(*) FROM overdue GROUP BY partner, step, state;

-- name: walk_events
-- A page of the walk over all events that retention takes.
SELECT id, dossier, accepted_at, erased_at FROM event WHERE id > :after ORDER BY id LIMIT 500;

-- name: walk_finders
SELECT digest, dossier FROM finder WHERE (digest, dossier) > (:digest, :dossier) ORDER BY digest, dossier LIMIT 500;

-- name: at_rest
-- Dossiers about which nothing is left to be done, and when something last happened to them.
SELECT e.dossier, MAX(e.accepted_at), (SELECT MAX(d.changed_at) FROM delivery d WHERE d.dossier = e.dossier) FROM event e
WHERE e.dossier = any_of(:dossiers) AND NOT EXISTS (
    SELECT 1 FROM delivery d WHERE d.dossier = e.dossier AND (d.holds = 1 OR d.state IN ('pending', 'sending', 'waiting', 'in_doubt')))
GROUP BY e.dossier HAVING MIN(e.entered) = 1;

-- name: with_messages
-- Those of the dossiers of which anything that was sent or answered is still kept.
SELECT DISTINCT d.dossier FROM delivery d JOIN attempt a ON a.delivery = d.id
WHERE d.dossier = any_of(:dossiers) AND a.secret IS NOT NULL ORDER BY d.dossier;

-- name: due_raw
SELECT COUNT(*) FROM raw_row WHERE dealt_at < :before;

-- name: due_lookups
SELECT COUNT(*) FROM lookup WHERE at < :before;

-- name: due_audit
-- But for the chain's end, which stays.
SELECT (SELECT COUNT(*) FROM note WHERE at < :before)
     + (SELECT COUNT(*) FROM journal WHERE at < :before AND id < (SELECT MAX(id) FROM journal));

-- name: chain_start
SELECT number, link, at, seal FROM chain_start;

-- name: entries
-- Journal rows in the order of the chain, where nothing comes between any more.
SELECT c.number, j.entry FROM chain c JOIN journal j ON j.id = c.journal WHERE c.number > :after ORDER BY c.number LIMIT :limit;

-- name: dossiers_owed
SELECT DISTINCT dossier FROM delivery WHERE id = any_of(:ids);

-- name: dossiers_told
SELECT DISTINCT dossier FROM event WHERE id = any_of(:ids);

-- name: newest_of
-- Of each dossier the event of these types that says how it stands now: the last of its source's sequence that is not erased.
SELECT dossier, source, event_id, body FROM (
    SELECT dossier, source, event_id, body, ROW_NUMBER() OVER (
        PARTITION BY dossier ORDER BY COALESCE(sequence, 0) DESC, occurred_at DESC, id DESC) AS place
    FROM event WHERE dossier = any_of(:dossiers) AND type = any_of(:types) AND erased_at IS NULL) AS newest WHERE place = 1;

-- name: heard_of
SELECT DISTINCT dossier, type FROM event WHERE dossier = any_of(:dossiers) AND type = any_of(:types);

-- name: counted_later
-- What is to be counted otherwise by now, the longest due first.
SELECT dossier, month, agency, field, later FROM counted WHERE later_at <= :now ORDER BY later_at LIMIT :limit;

-- name: figures_by_month
SELECT month, counter, SUM(n) FROM figure WHERE month >= :first AND month <= :last
    AND (:agency = '' OR agency = :agency) AND (:field = '' OR field = :field) GROUP BY month, counter;

-- name: figures_by_agency
SELECT agency, counter, SUM(n) FROM figure WHERE month = :month AND (:field = '' OR field = :field) GROUP BY agency, counter;

-- name: figures_by_field
SELECT field, counter, SUM(n) FROM figure WHERE month = :month AND (:agency = '' OR agency = :agency) GROUP BY field, counter;

-- name: figure_names
SELECT kind, code, name FROM figure_name;

-- name: figure_months
-- The first and the last month of all, from the two ends of the index.
SELECT MIN(month), MAX(month) FROM figure;

-- name: notes_between
-- What people did of these kinds in a time, oldest first.
SELECT id, at, who, verb, reason, dossier, delivery, before, after FROM note
WHERE at >= :since AND at < :until AND verb = any_of(:verbs) ORDER BY at, id LIMIT :limit;

-- name: editions
SELECT kind, partner, digest, says, first_at FROM edition WHERE kind = :kind AND partner = :partner
ORDER BY first_at, digest LIMIT 1000;

-- name: saved_views
SELECT id, title, address, at FROM saved_view WHERE person = :person ORDER BY title, id LIMIT 100;

-- name: lane_memo
-- What a lane remembers, for showing what would be sent today.
SELECT l.id, l.dossier, l.memo, l.has_full, d.key FROM delivery d JOIN lane l ON l.id = d.lane WHERE d.id = :delivery;

-- name: task
SELECT id, verb, settle_as, reference, past, who, reason, chosen, partner, canary, rate_per_s, needs_approval, state, tried_at, since,
       approved_by, approved_at, created_at, changed_at, next_at FROM task WHERE id = :id;

-- name: tasks
-- Bulk actions, the newest first; of one partner alone where it is given.
SELECT id, verb, settle_as, reference, past, who, reason, chosen, partner, canary, rate_per_s, needs_approval, state, tried_at, since,
       approved_by, approved_at, created_at, changed_at, next_at FROM task
WHERE id < :before AND (:partner = '' OR partner = :partner) ORDER BY id DESC LIMIT :limit;

-- name: tasks_to_approve
-- By the index of tasks that have not ended.
SELECT id, verb, settle_as, reference, past, who, reason, chosen, partner, canary, rate_per_s, needs_approval, state,
       tried_at, since, approved_by, approved_at, created_at, changed_at, next_at FROM task
WHERE state NOT IN ('done', 'cancelled') AND state = 'approval' AND (:partner = '' OR partner = :partner) ORDER BY id LIMIT 100;

-- name: task_at_work
SELECT 1 FROM task WHERE state IN ('canary', 'running', 'making') UNION SELECT 1 FROM task_item WHERE state = 'acted' LIMIT 1;

-- name: open_tasks
SELECT COUNT(*) FROM task WHERE state NOT IN ('done', 'cancelled') AND (:partner = '' OR partner = :partner);

-- name: task_counts
SELECT task, state, COUNT(*) FROM task_item WHERE task = any_of(:ids) GROUP BY task, state;

-- name: task_reach
SELECT COUNT(DISTINCT dossier), COUNT(DISTINCT partner) FROM task_item WHERE task = :id;

-- name: task_items
SELECT place, delivery, dossier, partner, state, before, after, rule, says, acted_at, ended_at FROM task_item
WHERE task = :task AND place > :after AND (:state = '' OR state = :state) ORDER BY place LIMIT :limit;

-- name: task_body
SELECT body FROM task WHERE id = :id;

-- name: notes_about
SELECT id, at, who, verb, reason, dossier, delivery, before, after FROM note WHERE dossier = :dossier ORDER BY id LIMIT 200;

-- name: incidents
-- Opened ones, newest first, from below a number; those still open alone where that is asked.
SELECT id, kind, about, partner, facts, began_at, opened_at, clear_at, closed_at, dossiers, deliveries, first_dossiers, first_deliveries,
       most_dossiers, most_deliveries, owner, acknowledged_at, acknowledged_by, note
FROM incident WHERE opened_at IS NOT NULL AND id < :before AND (:partner = '' OR partner = :partner) ORDER BY id DESC LIMIT :limit;

-- name: incidents_open
SELECT id, kind, about, partner, facts, began_at, opened_at, clear_at, closed_at, dossiers, deliveries, first_dossiers, first_deliveries,
       most_dossiers, most_deliveries, owner, acknowledged_at, acknowledged_by, note
FROM incident WHERE closed_at IS NULL AND opened_at IS NOT NULL AND (:partner = '' OR partner = :partner) ORDER BY opened_at, id;

-- name: incident
SELECT id, kind, about, partner, facts, began_at, opened_at, clear_at, closed_at, dossiers, deliveries, first_dossiers, first_deliveries,
       most_dossiers, most_deliveries, owner, acknowledged_at, acknowledged_by, note FROM incident WHERE id = :id AND opened_at IS NOT NULL;

-- name: good_since
-- When each partner's last incident was closed.
SELECT partner, MAX(clear_at) FROM incident WHERE closed_at IS NOT NULL AND partner <> '' GROUP BY partner;

-- name: notices_open
SELECT id, incident, event, recipient, escalated, due_at, tries, ended_at, ending FROM notice
WHERE ended_at IS NULL AND due_at <= :until ORDER BY id LIMIT 2000;

-- name: notices_of
SELECT id, incident, event, recipient, escalated, due_at, tries, ended_at, ending FROM notice WHERE incident = :incident ORDER BY id LIMIT 200;

-- name: notices_sent
-- Messages that left, by recipient; those that went together left as one.
SELECT recipient, COUNT(*) FROM notice WHERE ending = 'sent' AND ended_at > :since GROUP BY recipient;

-- name: readings
SELECT subject, slot, value, at FROM reading WHERE what = :what AND slot >= :since ORDER BY subject, slot LIMIT 5000;

-- name: duties
SELECT name, until_at FROM duty;

-- name: heard
-- How many events each source has brought, from the tally.
SELECT partner, SUM(n) FROM tally WHERE state = 'event' AND partner <> '' GROUP BY partner;

-- name: lanes_waiting
-- How many dossiers wait for each partner, and since when the first of them could have gone; the partial index holds only those that wait.
SELECT partner, COUNT(*), MIN(ready_at) FROM lane WHERE ready_at IS NOT NULL GROUP BY partner;

-- name: dossiers_waiting
-- Those that something waits for at a partner, by the index of lanes that have something to go.
SELECT dossier FROM lane WHERE partner = :partner AND ready_at IS NOT NULL ORDER BY priority, ready_at LIMIT :limit;

-- name: dated
-- Dossiers that wait for a partner and must have reached it by a day, a page of the longest waiting.
SELECT DISTINCT l.dossier, e.flags FROM (SELECT id, dossier FROM lane WHERE partner = :partner AND ready_at IS NOT NULL LIMIT 5000) AS l
JOIN delivery d ON d.lane = l.id AND d.holds = 1 JOIN event e ON e.id = d.event WHERE e.flags LIKE :flag;

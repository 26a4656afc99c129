-- The ledger's tables, the same text for SQLite and PostgreSQL but for the words in double braces. Times are seconds since the
-- epoch; truth values are 0 and 1; what is sealed is binary. docs/states.md draws the states.

CREATE TABLE event (
    id {{id}} PRIMARY KEY,
    source TEXT NOT NULL,
    event_id TEXT NOT NULL,
    type TEXT NOT NULL,
    dossier TEXT NOT NULL,
    sequence BIGINT,
    entered SMALLINT NOT NULL,
    occurred_at {{time}} NOT NULL,
    accepted_at {{time}} NOT NULL,
    client TEXT NOT NULL,
    flags TEXT NOT NULL,
    correlation_id TEXT NOT NULL,
    causation_id TEXT NOT NULL,
    traceparent TEXT NOT NULL,
    digest {{bytes}} NOT NULL,
    body {{bytes}} NOT NULL,
    UNIQUE (event_id, source)
);
CREATE INDEX event_by_dossier ON event (dossier);

CREATE TABLE thread (
    source TEXT NOT NULL,
    dossier TEXT NOT NULL,
    next BIGINT NOT NULL,
    early BIGINT NOT NULL,
    early_at {{time}},
    PRIMARY KEY (source, dossier)
){{clustered}};
CREATE INDEX thread_with_gap ON thread (early_at) WHERE early > 0;

CREATE TABLE lane (
    id {{id}} PRIMARY KEY,
    partner TEXT NOT NULL,
    dossier TEXT NOT NULL,
    last_number BIGINT NOT NULL,
    head BIGINT,
    priority SMALLINT NOT NULL,
    ready_at {{time}},
    held SMALLINT NOT NULL DEFAULT 0,
    has_full SMALLINT NOT NULL DEFAULT 0,
    memo {{bytes}},
    UNIQUE (partner, dossier)
);
CREATE INDEX lane_ready ON lane (partner, priority, ready_at) WHERE ready_at IS NOT NULL;

CREATE TABLE delivery (
    id {{id}} PRIMARY KEY,
    lane BIGINT NOT NULL,
    number BIGINT,
    event BIGINT NOT NULL,
    partner TEXT NOT NULL,
    dossier TEXT NOT NULL,
    operation TEXT NOT NULL,
    full_state SMALLINT NOT NULL,
    priority SMALLINT NOT NULL,
    key TEXT NOT NULL,
    revision SMALLINT NOT NULL DEFAULT 0,
    state TEXT NOT NULL,
    cause TEXT NOT NULL,
    code TEXT NOT NULL DEFAULT '',
    hold_key TEXT NOT NULL DEFAULT '',
    step TEXT NOT NULL DEFAULT 'send',
    due_at {{time}},
    holds SMALLINT NOT NULL,
    attempt BIGINT NOT NULL DEFAULT 0,
    tries BIGINT NOT NULL DEFAULT 0,
    crashes BIGINT NOT NULL DEFAULT 0,
    doubt BIGINT NOT NULL DEFAULT 0,
    mapped SMALLINT NOT NULL DEFAULT 0,
    group_size BIGINT,
    owner TEXT NOT NULL DEFAULT '',
    lease_at {{time}},
    receipt TEXT NOT NULL DEFAULT '',
    accepted_at {{time}} NOT NULL,
    changed_at {{time}} NOT NULL
);
CREATE INDEX delivery_holding ON delivery (lane, number) WHERE holds = 1;
CREATE INDEX delivery_by_dossier ON delivery (dossier);
CREATE INDEX delivery_sending ON delivery (lease_at) WHERE state = 'sending';
CREATE INDEX delivery_troubled ON delivery (partner, state) WHERE state IN ('waiting', 'in_doubt', 'dead');

CREATE TABLE attempt (
    delivery BIGINT NOT NULL,
    number BIGINT NOT NULL,
    step TEXT NOT NULL,
    worker TEXT NOT NULL,
    opened_at {{time}} NOT NULL,
    started_at {{time}},
    closed_at {{time}},
    outcome TEXT NOT NULL DEFAULT '',
    cause TEXT NOT NULL DEFAULT '',
    code TEXT NOT NULL DEFAULT '',
    call_id TEXT NOT NULL DEFAULT '',
    late SMALLINT NOT NULL DEFAULT 0,
    secret {{bytes}},
    PRIMARY KEY (delivery, number)
);

CREATE TABLE partner (
    name TEXT PRIMARY KEY,
    tokens {{time}} NOT NULL,
    refilled_at {{time}} NOT NULL,
    open_until {{time}},
    not_before {{time}},
    paused SMALLINT NOT NULL DEFAULT 0,
    pause_cause TEXT NOT NULL DEFAULT '',
    paused_by TEXT NOT NULL DEFAULT '',
    pause_reason TEXT NOT NULL DEFAULT '',
    last_success_at {{time}}
);

CREATE TABLE worker (name TEXT PRIMARY KEY, partners TEXT NOT NULL, seen_at {{time}} NOT NULL);

CREATE TABLE duty (
    name TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    fence BIGINT NOT NULL,
    until_at {{time}} NOT NULL,
    position TEXT NOT NULL DEFAULT ''
);

CREATE TABLE token (
    partner TEXT NOT NULL,
    name TEXT NOT NULL,
    generation BIGINT NOT NULL,
    value {{bytes}},
    expires_at {{time}},
    refresher TEXT NOT NULL DEFAULT '',
    refresh_until {{time}} NOT NULL DEFAULT 0,
    PRIMARY KEY (partner, name)
);

CREATE TABLE journal (id {{serial}}, at {{time}} NOT NULL, process TEXT NOT NULL, xid BIGINT NOT NULL DEFAULT {{xid}}, entry TEXT NOT NULL);
CREATE INDEX journal_in_order ON journal (xid, id);
CREATE TABLE chain (number BIGINT PRIMARY KEY, journal BIGINT NOT NULL UNIQUE, xid BIGINT NOT NULL, link {{bytes}} NOT NULL);

CREATE TABLE tally (
    partner TEXT NOT NULL,
    state TEXT NOT NULL,
    cause TEXT NOT NULL,
    process TEXT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (partner, state, cause, process)
){{clustered}};

CREATE TABLE note (
    id {{serial}},
    at {{time}} NOT NULL,
    who TEXT NOT NULL,
    verb TEXT NOT NULL,
    reason TEXT NOT NULL,
    dossier TEXT NOT NULL,
    delivery BIGINT,
    before TEXT NOT NULL,
    after TEXT NOT NULL
);
CREATE INDEX note_by_dossier ON note (dossier);

CREATE TABLE finder (digest {{bytes}} NOT NULL, dossier TEXT NOT NULL, PRIMARY KEY (digest, dossier)){{clustered}};
CREATE TABLE raw_row (id {{serial}}, duty TEXT NOT NULL, at {{time}} NOT NULL, body {{bytes}} NOT NULL);

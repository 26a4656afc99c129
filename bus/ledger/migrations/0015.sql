-- Incidents: open once and closed once, whoever sees them; who is told of each, and figures kept by subject and time.

CREATE TABLE incident (
    id {{serial}},
    kind TEXT NOT NULL,
    about TEXT NOT NULL,
    partner TEXT NOT NULL,
    facts TEXT NOT NULL,
    began_at {{time}} NOT NULL,
    opened_at {{time}},
    clear_at {{time}},
    closed_at {{time}},
    dossiers BIGINT NOT NULL,
    deliveries BIGINT NOT NULL,
    first_dossiers BIGINT NOT NULL DEFAULT 0,
    first_deliveries BIGINT NOT NULL DEFAULT 0,
    most_dossiers BIGINT NOT NULL,
    most_deliveries BIGINT NOT NULL,
    told BIGINT NOT NULL DEFAULT 0,
    owner TEXT NOT NULL DEFAULT '',
    acknowledged_at {{time}},
    acknowledged_by TEXT NOT NULL DEFAULT '',
    note TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX incident_once ON incident (kind, about, partner) WHERE closed_at IS NULL;
CREATE INDEX incident_by_partner ON incident (partner, closed_at);

CREATE TABLE notice (
    id {{serial}},
    incident BIGINT NOT NULL,
    event TEXT NOT NULL,
    recipient TEXT NOT NULL,
    escalated SMALLINT NOT NULL,
    due_at {{time}} NOT NULL,
    tries BIGINT NOT NULL DEFAULT 0,
    ended_at {{time}},
    ending TEXT NOT NULL DEFAULT ''
);
CREATE INDEX notice_open ON notice (due_at) WHERE ended_at IS NULL;
CREATE INDEX notice_by_incident ON notice (incident);
CREATE INDEX notice_sent ON notice (recipient, ended_at) WHERE ending = 'sent';

CREATE TABLE reading (
    subject TEXT NOT NULL,
    what TEXT NOT NULL,
    slot BIGINT NOT NULL,
    value {{time}} NOT NULL,
    at {{time}} NOT NULL,
    PRIMARY KEY (subject, what, slot)
){{clustered}};

-- Who asked a partner about whom, and for what purpose. Reason and officer may name people and are sealed together; what a look-up was
-- about stands here as keyed digests only, those of its question and of the people and firms it found.

CREATE TABLE lookup (
    id {{serial}},
    at {{time}} NOT NULL,
    who TEXT NOT NULL,
    partner TEXT NOT NULL,
    name TEXT NOT NULL,
    purpose TEXT NOT NULL,
    dossier TEXT NOT NULL,
    fields TEXT NOT NULL,
    outcome TEXT NOT NULL,
    cause TEXT NOT NULL,
    code TEXT NOT NULL,
    matches BIGINT NOT NULL,
    cached SMALLINT NOT NULL,
    took_s {{time}} NOT NULL,
    trace_id TEXT NOT NULL,
    secret {{bytes}}
);
CREATE TABLE lookup_about (digest {{bytes}} NOT NULL, lookup BIGINT NOT NULL, PRIMARY KEY (digest, lookup)){{clustered}};

-- What pollers keep of their partners beyond the events: public facts, the latest of each kind and key. `number` grows with every
-- change under the duty's lock, so that readers in other processes see each change once.

CREATE TABLE kept (
    duty TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    number BIGINT NOT NULL,
    at {{time}} NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (duty, kind, key)
);
CREATE UNIQUE INDEX kept_in_order ON kept (duty, number);

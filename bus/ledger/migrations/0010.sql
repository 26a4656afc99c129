-- What time takes away. When an event's contents were removed; rows that could not be read and that somebody has dealt with, when, who
-- and why; and where the journal's chain begins now that its oldest entries are gone, under a seal of its own.

ALTER TABLE event ADD COLUMN erased_at {{time}};

ALTER TABLE raw_row ADD COLUMN dealt_at {{time}};
ALTER TABLE raw_row ADD COLUMN dealt_by TEXT NOT NULL DEFAULT '';
ALTER TABLE raw_row ADD COLUMN dealt_reason TEXT NOT NULL DEFAULT '';

CREATE TABLE chain_start (
    one SMALLINT PRIMARY KEY,
    number BIGINT NOT NULL,
    link {{bytes}} NOT NULL,
    at {{time}} NOT NULL,
    seal {{bytes}} NOT NULL
);

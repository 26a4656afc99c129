-- A row that could not be read is kept once: what a poll brings again is counted and not stored again.

ALTER TABLE raw_row ADD COLUMN digest {{bytes}};
ALTER TABLE raw_row ADD COLUMN last_at {{time}};
ALTER TABLE raw_row ADD COLUMN times BIGINT NOT NULL DEFAULT 1;
CREATE UNIQUE INDEX raw_row_once ON raw_row (duty, digest);

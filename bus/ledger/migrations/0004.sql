-- Numbers a partner gave us beforehand (item codes of the post), each taken once over all processes. `taken_by` is the key of the
-- delivery that took it, empty while it is free.

CREATE TABLE stock (
    partner TEXT NOT NULL,
    item TEXT NOT NULL,
    place BIGINT NOT NULL,
    taken_by TEXT NOT NULL DEFAULT '',
    taken_at {{time}},
    PRIMARY KEY (partner, item)
){{clustered}};
CREATE INDEX stock_free ON stock (partner, place) WHERE taken_by = '';
CREATE UNIQUE INDEX stock_taken ON stock (partner, taken_by) WHERE taken_by <> '';

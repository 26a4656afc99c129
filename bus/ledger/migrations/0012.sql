-- How the matters stand that rooms watch (an item at the post, an order nobody has paid yet), kept as their events come: what is overdue
-- is then a short look into an index. `at` and `place` tell the newest event of a matter, `since` when it was opened.

CREATE TABLE matter (
    watch TEXT NOT NULL,
    key TEXT NOT NULL,
    dossier TEXT NOT NULL,
    since {{time}} NOT NULL,
    at {{time}} NOT NULL,
    place SMALLINT NOT NULL,
    state TEXT NOT NULL,
    still SMALLINT NOT NULL,
    PRIMARY KEY (watch, key)
){{clustered}};
CREATE INDEX matter_open ON matter (watch, since, key) WHERE still = 1;
CREATE INDEX matter_closed ON matter (at) WHERE still = 0;

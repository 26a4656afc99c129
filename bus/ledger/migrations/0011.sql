-- Counters of what dossiers add up to, by month, agency and field: moved when a dossier is counted anew. `counted` remembers what each
-- dossier adds now, and what it will add from `later_at` on if nothing is heard of it.

CREATE TABLE counted (
    dossier TEXT PRIMARY KEY,
    month TEXT NOT NULL,
    agency TEXT NOT NULL,
    field TEXT NOT NULL,
    counters TEXT NOT NULL,
    later_at {{time}},
    later TEXT NOT NULL
);
CREATE INDEX counted_later ON counted (later_at) WHERE later_at IS NOT NULL;

CREATE TABLE figure (
    month TEXT NOT NULL,
    agency TEXT NOT NULL,
    field TEXT NOT NULL,
    counter TEXT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (month, agency, field, counter)
){{clustered}};

CREATE TABLE figure_name (
    kind TEXT NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (kind, code)
){{clustered}};

CREATE INDEX note_by_time ON note (at);

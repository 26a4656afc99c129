-- Trouble (what waits, is in doubt or dead) counted by its causes, in the commit that moves a delivery: `trouble` has a row a cause and
-- dossier, `trouble_tally` the sums, a row a writing connection, so that writers never wait for each other. Triggers keep both, whoever moves
-- a delivery (`0016.<database>.sql`). Then the keys a dossier is searched by, and the indices of the lists.

CREATE TABLE trouble (
    partner TEXT NOT NULL,
    operation TEXT NOT NULL,
    state TEXT NOT NULL,
    cause TEXT NOT NULL,
    code TEXT NOT NULL,
    hold_key TEXT NOT NULL,
    dossier TEXT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (partner, operation, state, cause, code, hold_key, dossier)
){{clustered}};

CREATE TABLE trouble_tally (
    partner TEXT NOT NULL,
    operation TEXT NOT NULL,
    state TEXT NOT NULL,
    cause TEXT NOT NULL,
    code TEXT NOT NULL,
    hold_key TEXT NOT NULL,
    writer BIGINT NOT NULL,
    n BIGINT NOT NULL,
    dossiers BIGINT NOT NULL,
    PRIMARY KEY (partner, operation, state, cause, code, hold_key, writer)
){{clustered}};

DROP INDEX IF EXISTS delivery_troubled;
CREATE INDEX delivery_trouble ON delivery (partner, state, operation, cause, code, hold_key, changed_at)
    WHERE state IN ('waiting', 'in_doubt', 'dead');
CREATE INDEX delivery_trouble_newest ON delivery (state, id) WHERE state IN ('waiting', 'in_doubt', 'dead');

CREATE TABLE search_key (
    value {{exact}} NOT NULL,
    dossier TEXT NOT NULL,
    kind TEXT NOT NULL,
    PRIMARY KEY (value, dossier, kind)
){{clustered}};
CREATE INDEX event_by_trace ON event (substr(traceparent, 4, 32)) WHERE traceparent <> '';

INSERT INTO duty (name, holder, fence, until_at, position)
SELECT 'search_keys', '', 0, 0, CAST(MAX(id) + 1 AS TEXT) FROM event HAVING MAX(id) IS NOT NULL;

INSERT INTO trouble
SELECT partner, operation, state, cause, code, hold_key, dossier, COUNT(*) FROM delivery WHERE state IN ('waiting', 'in_doubt', 'dead')
GROUP BY partner, operation, state, cause, code, hold_key, dossier;
INSERT INTO trouble_tally
SELECT partner, operation, state, cause, code, hold_key, 0, SUM(n), COUNT(*) FROM trouble
GROUP BY partner, operation, state, cause, code, hold_key;

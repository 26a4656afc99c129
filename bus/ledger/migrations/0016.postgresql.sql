CREATE FUNCTION count_trouble() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    left_over BIGINT;
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.state IN ('waiting', 'in_doubt', 'dead') THEN
        UPDATE trouble SET n = n - 1
        WHERE partner = OLD.partner AND operation = OLD.operation AND state = OLD.state AND cause = OLD.cause AND code = OLD.code
            AND hold_key = OLD.hold_key AND dossier = OLD.dossier
        RETURNING n INTO left_over;
        INSERT INTO trouble_tally AS t VALUES (OLD.partner, OLD.operation, OLD.state, OLD.cause, OLD.code, OLD.hold_key,
            pg_backend_pid(), -1, CASE WHEN left_over = 0 THEN -1 ELSE 0 END)
        ON CONFLICT (partner, operation, state, cause, code, hold_key, writer)
        DO UPDATE SET n = t.n - 1, dossiers = t.dossiers + excluded.dossiers;
        DELETE FROM trouble
        WHERE partner = OLD.partner AND operation = OLD.operation AND state = OLD.state AND cause = OLD.cause AND code = OLD.code
            AND hold_key = OLD.hold_key AND dossier = OLD.dossier AND n = 0;
    END IF;
    IF NEW.state IN ('waiting', 'in_doubt', 'dead') THEN
        INSERT INTO trouble AS t VALUES (NEW.partner, NEW.operation, NEW.state, NEW.cause, NEW.code, NEW.hold_key, NEW.dossier, 1)
        ON CONFLICT (partner, operation, state, cause, code, hold_key, dossier) DO UPDATE SET n = t.n + 1
        RETURNING t.n INTO left_over;
        INSERT INTO trouble_tally AS t VALUES (NEW.partner, NEW.operation, NEW.state, NEW.cause, NEW.code, NEW.hold_key,
            pg_backend_pid(), 1, CASE WHEN left_over = 1 THEN 1 ELSE 0 END)
        ON CONFLICT (partner, operation, state, cause, code, hold_key, writer)
        DO UPDATE SET n = t.n + 1, dossiers = t.dossiers + excluded.dossiers;
    END IF;
    RETURN NULL;
END
$$

CREATE TRIGGER trouble_begins AFTER INSERT ON delivery FOR EACH ROW
WHEN (NEW.state IN ('waiting', 'in_doubt', 'dead')) EXECUTE FUNCTION count_trouble()

CREATE TRIGGER trouble_changes AFTER UPDATE OF state, cause, code, hold_key ON delivery FOR EACH ROW
WHEN ((OLD.state IN ('waiting', 'in_doubt', 'dead') OR NEW.state IN ('waiting', 'in_doubt', 'dead'))
    AND (OLD.state, OLD.cause, OLD.code, OLD.hold_key) IS DISTINCT FROM (NEW.state, NEW.cause, NEW.code, NEW.hold_key))
EXECUTE FUNCTION count_trouble()

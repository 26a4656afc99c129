DROP TRIGGER trouble_begins

DROP TRIGGER trouble_ends

DROP TRIGGER trouble_changes

DROP INDEX delivery_trouble

CREATE INDEX delivery_trouble ON delivery (partner, state, operation, cause, code, hold_key, changed_at)
    WHERE (state = 'waiting' OR state = 'in_doubt' OR state = 'dead')

DROP INDEX delivery_trouble_newest

CREATE INDEX delivery_trouble_newest ON delivery (state, id)
    WHERE (state = 'waiting' OR state = 'in_doubt' OR state = 'dead')

DROP INDEX delivery_trouble_by_cause

CREATE INDEX delivery_trouble_by_cause ON delivery (cause, id)
    WHERE (state = 'waiting' OR state = 'in_doubt' OR state = 'dead')

DROP INDEX delivery_trouble_of_partner

CREATE INDEX delivery_trouble_of_partner ON delivery (partner, state, id)
    WHERE (state = 'waiting' OR state = 'in_doubt' OR state = 'dead')

DROP INDEX delivery_trouble_of_group

CREATE INDEX delivery_trouble_of_group ON delivery (partner, operation, state, cause, code, id)
    WHERE (state = 'waiting' OR state = 'in_doubt' OR state = 'dead')

CREATE TRIGGER trouble_begins AFTER INSERT ON delivery WHEN (NEW.state = 'waiting' OR NEW.state = 'in_doubt' OR NEW.state = 'dead')
BEGIN
    INSERT INTO trouble VALUES (NEW.partner, NEW.operation, NEW.state, NEW.cause, NEW.code, NEW.hold_key, NEW.dossier, 1)
    ON CONFLICT DO UPDATE SET n = n + 1;
    INSERT INTO trouble_tally
    SELECT partner, operation, state, cause, code, hold_key, 0, 1, n = 1 FROM trouble
    WHERE (partner, operation, state, cause, code, hold_key, dossier)
        = (NEW.partner, NEW.operation, NEW.state, NEW.cause, NEW.code, NEW.hold_key, NEW.dossier)
    ON CONFLICT DO UPDATE SET n = n + 1, dossiers = dossiers + excluded.dossiers;
END

CREATE TRIGGER trouble_ends AFTER UPDATE OF state, cause, code, hold_key ON delivery
WHEN (OLD.state = 'waiting' OR OLD.state = 'in_doubt' OR OLD.state = 'dead')
    AND (OLD.state, OLD.cause, OLD.code, OLD.hold_key) <> (NEW.state, NEW.cause, NEW.code, NEW.hold_key)
BEGIN
    UPDATE trouble SET n = n - 1
    WHERE (partner, operation, state, cause, code, hold_key, dossier)
        = (OLD.partner, OLD.operation, OLD.state, OLD.cause, OLD.code, OLD.hold_key, OLD.dossier);
    INSERT INTO trouble_tally
    SELECT partner, operation, state, cause, code, hold_key, 0, -1, -(n = 0) FROM trouble
    WHERE (partner, operation, state, cause, code, hold_key, dossier)
        = (OLD.partner, OLD.operation, OLD.state, OLD.cause, OLD.code, OLD.hold_key, OLD.dossier)
    ON CONFLICT DO UPDATE SET n = n - 1, dossiers = dossiers + excluded.dossiers;
    DELETE FROM trouble
    WHERE (partner, operation, state, cause, code, hold_key, dossier)
        = (OLD.partner, OLD.operation, OLD.state, OLD.cause, OLD.code, OLD.hold_key, OLD.dossier) AND n = 0;
END

CREATE TRIGGER trouble_changes AFTER UPDATE OF state, cause, code, hold_key ON delivery
WHEN (NEW.state = 'waiting' OR NEW.state = 'in_doubt' OR NEW.state = 'dead')
    AND (OLD.state, OLD.cause, OLD.code, OLD.hold_key) <> (NEW.state, NEW.cause, NEW.code, NEW.hold_key)
BEGIN
    INSERT INTO trouble VALUES (NEW.partner, NEW.operation, NEW.state, NEW.cause, NEW.code, NEW.hold_key, NEW.dossier, 1)
    ON CONFLICT DO UPDATE SET n = n + 1;
    INSERT INTO trouble_tally
    SELECT partner, operation, state, cause, code, hold_key, 0, 1, n = 1 FROM trouble
    WHERE (partner, operation, state, cause, code, hold_key, dossier)
        = (NEW.partner, NEW.operation, NEW.state, NEW.cause, NEW.code, NEW.hold_key, NEW.dossier)
    ON CONFLICT DO UPDATE SET n = n + 1, dossiers = dossiers + excluded.dossiers;
END

-- Trouble as the lists show it, the newest first: by cause, by partner and state, by the group a reader opens.

CREATE INDEX delivery_trouble_by_cause ON delivery (cause, id) WHERE state IN ('waiting', 'in_doubt', 'dead');
CREATE INDEX delivery_trouble_of_partner ON delivery (partner, state, id) WHERE state IN ('waiting', 'in_doubt', 'dead');
CREATE INDEX delivery_trouble_of_group ON delivery (partner, operation, state, cause, code, id) WHERE state IN ('waiting', 'in_doubt', 'dead');

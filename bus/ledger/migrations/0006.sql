-- Events that came from partners, by type and time, for comparing what we hold with what they hold. Those of the dossier system are
-- numbered and stay out of it, so that intake pays nothing.

CREATE INDEX event_of_partner ON event (type, occurred_at, id) WHERE sequence IS NULL;

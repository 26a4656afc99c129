-- When to look at a dossier next for steps that are expected of it (`events` counts what came, so that nothing is missed while it is
-- looked at), and the steps that are raised: at risk, late, missing, or not to be counted for want of a calendar.

CREATE TABLE expected (dossier TEXT PRIMARY KEY, look_at {{time}} NOT NULL, events BIGINT NOT NULL){{clustered}};
CREATE INDEX expected_next ON expected (look_at);
CREATE TABLE overdue (
    dossier TEXT NOT NULL,
    step TEXT NOT NULL,
    partner TEXT NOT NULL,
    state TEXT NOT NULL,
    since {{time}} NOT NULL,
    due_at {{time}} NOT NULL,
    raised_at {{time}} NOT NULL,
    PRIMARY KEY (dossier, step)
){{clustered}};
CREATE INDEX overdue_by_due ON overdue (due_at, dossier, step);
CREATE INDEX overdue_by_step ON overdue (step, due_at, dossier);
INSERT INTO expected (dossier, look_at, events) SELECT DISTINCT dossier, 0.0, 1 FROM delivery WHERE holds = 1;

-- Bulk actions as objects: who, why, on what, how far; and a row per delivery with what became of it. `body` is an edited event, sealed.

CREATE TABLE task (
    id {{serial}},
    verb TEXT NOT NULL,
    settle_as TEXT NOT NULL,
    reference TEXT NOT NULL,
    past SMALLINT NOT NULL,
    who TEXT NOT NULL,
    reason TEXT NOT NULL,
    chosen TEXT NOT NULL,
    partner TEXT NOT NULL,
    canary BIGINT NOT NULL,
    rate_per_s {{time}} NOT NULL,
    needs_approval SMALLINT NOT NULL,
    state TEXT NOT NULL,
    tried_at {{time}},
    since BIGINT NOT NULL,
    approved_by TEXT NOT NULL,
    approved_at {{time}},
    created_at {{time}} NOT NULL,
    changed_at {{time}} NOT NULL,
    next_at {{time}} NOT NULL,
    body {{bytes}}
);
CREATE INDEX task_open ON task (id) WHERE state NOT IN ('done', 'cancelled');

CREATE TABLE task_item (
    task BIGINT NOT NULL,
    place BIGINT NOT NULL,
    delivery BIGINT NOT NULL,
    dossier TEXT NOT NULL,
    partner TEXT NOT NULL,
    seen_at {{time}} NOT NULL,
    state TEXT NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    rule TEXT NOT NULL,
    says TEXT NOT NULL,
    acted_at {{time}},
    ended_at {{time}},
    PRIMARY KEY (task, place)
){{clustered}};
CREATE INDEX task_item_by_state ON task_item (task, state, place);
CREATE INDEX task_item_under_way ON task_item (task) WHERE state = 'acted';

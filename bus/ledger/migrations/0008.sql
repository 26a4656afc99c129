-- People who use the console: what they may, how they prove who they are (sealed), and their sessions, known by digests alone.

CREATE TABLE person (
    name TEXT PRIMARY KEY,
    roles TEXT NOT NULL,
    partner TEXT NOT NULL,
    disabled SMALLINT NOT NULL,
    must_change SMALLINT NOT NULL,
    until_at {{time}},
    code_step BIGINT NOT NULL,
    created_at {{time}} NOT NULL,
    secret {{bytes}} NOT NULL
);

CREATE TABLE session (
    digest {{bytes}} PRIMARY KEY,
    person TEXT NOT NULL,
    proven SMALLINT NOT NULL,
    began_at {{time}} NOT NULL,
    seen_at {{time}} NOT NULL
);
CREATE INDEX session_by_person ON session (person);

CREATE TABLE sign_in_try (
    digest {{bytes}} PRIMARY KEY,
    tries BIGINT NOT NULL,
    last_at {{time}} NOT NULL,
    until_at {{time}} NOT NULL
);

CREATE TABLE reveal (
    person TEXT NOT NULL,
    dossier TEXT NOT NULL,
    field TEXT NOT NULL,
    until_at {{time}} NOT NULL,
    PRIMARY KEY (person, dossier, field)
){{clustered}};

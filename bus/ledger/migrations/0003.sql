-- Sign-in: what may be used once and not for long, a client's accounts by who may sign in to them, and a line for each sign-in.
-- Identifiers are keyed digests, accounts and bodies are sealed.

CREATE TABLE brief (digest {{bytes}} PRIMARY KEY, body {{bytes}} NOT NULL, until_at {{time}} NOT NULL);
CREATE INDEX brief_by_end ON brief (until_at);

CREATE TABLE account_key (
    digest {{bytes}} NOT NULL,
    account {{bytes}} NOT NULL,
    sealed {{bytes}} NOT NULL,
    linked_at {{time}} NOT NULL,
    PRIMARY KEY (digest, account)
);
CREATE INDEX account_key_by_account ON account_key (account);

CREATE TABLE sign_in (
    id {{serial}},
    at {{time}} NOT NULL,
    client TEXT NOT NULL,
    provider TEXT NOT NULL,
    outcome TEXT NOT NULL,
    link TEXT NOT NULL,
    who {{bytes}},
    linked_at {{time}}
);
CREATE INDEX sign_in_by_time ON sign_in (at);
CREATE INDEX sign_in_unlinked ON sign_in (who) WHERE linked_at IS NULL AND link IN ('mapping', 'create');

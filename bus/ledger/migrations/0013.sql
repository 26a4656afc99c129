-- What requests were ever mapped with: each edition of a partner's mapping and contract and of the code lists, by its digest. And
-- the views people saved for themselves.

CREATE TABLE edition (
    kind TEXT NOT NULL,
    partner TEXT NOT NULL,
    digest TEXT NOT NULL,
    says TEXT NOT NULL,
    first_at {{time}} NOT NULL,
    PRIMARY KEY (kind, partner, digest)
){{clustered}};

CREATE TABLE saved_view (
    id {{serial}},
    person TEXT NOT NULL,
    title TEXT NOT NULL,
    address TEXT NOT NULL,
    at {{time}} NOT NULL,
    UNIQUE (person, address)
);

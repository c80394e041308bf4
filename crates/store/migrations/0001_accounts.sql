-- Who pays. The ledger's own tables are made by each engine; this row comes with an account's first transaction.
CREATE TABLE accounts (
    id              TEXT   NOT NULL PRIMARY KEY,
    no              BIGINT NOT NULL UNIQUE,
    unit            TEXT   NOT NULL,
    site            TEXT   NOT NULL,
    name            TEXT   NOT NULL,
    email           TEXT,
    metadata        TEXT   NOT NULL,
    stripe_customer TEXT,
    created_at_us   BIGINT NOT NULL
);
CREATE INDEX accounts_by_age ON accounts (created_at_us, id);

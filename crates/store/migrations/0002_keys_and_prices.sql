-- API keys, found by the public part of their text. The secret itself is nowhere.
CREATE TABLE api_keys (
    public_id       TEXT   NOT NULL PRIMARY KEY,
    key_sha256      TEXT   NOT NULL,
    account_id      TEXT,
    name            TEXT   NOT NULL,
    scopes          TEXT   NOT NULL,
    created_at_us   BIGINT NOT NULL,
    expires_at_us   BIGINT,
    revoked_at_us   BIGINT,
    last_used_at_us BIGINT
);
CREATE INDEX api_keys_by_account ON api_keys (account_id, created_at_us);

-- Versions of price books. A row never changes; the newest of a unit is in force.
CREATE TABLE price_books (
    version       BIGINT NOT NULL PRIMARY KEY,
    unit          TEXT   NOT NULL,
    services      BIGINT NOT NULL,
    document      TEXT   NOT NULL,
    source        TEXT   NOT NULL,
    actor         TEXT   NOT NULL,
    created_at_us BIGINT NOT NULL
);
CREATE INDEX price_books_by_unit ON price_books (unit, version);

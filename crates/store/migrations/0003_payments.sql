-- Buying credits: one row per purchase, what an account may do next, and what gateways told us.
-- Rows of an account begin with account_id. Unique over all accounts are only gateway_events and gateway_effects.

-- state: created, awaiting_customer, confirming, succeeded, failed, expired, under_review, unknown.
-- answer: what the caller of the purchase was told for good; NULL while nobody knows.
CREATE TABLE payments (
    account_id       TEXT   NOT NULL,
    id               TEXT   NOT NULL,
    gateway          TEXT   NOT NULL,
    method           TEXT   NOT NULL,
    state            TEXT   NOT NULL,
    reason           TEXT,
    answer           TEXT,
    credit_units     BIGINT NOT NULL CHECK (credit_units >= 0),
    amount_minor     BIGINT NOT NULL CHECK (amount_minor > 0),
    currency         TEXT   NOT NULL,
    live             BIGINT NOT NULL,
    customer_id      TEXT   NOT NULL,
    object_id        TEXT,
    idempotency_key  TEXT,
    created_at_us    BIGINT NOT NULL,
    updated_at_us    BIGINT NOT NULL,
    next_check_at_us BIGINT,
    PRIMARY KEY (account_id, id),
    UNIQUE (account_id, idempotency_key)
);
CREATE INDEX payments_by_id ON payments (id);
CREATE INDEX payments_by_object ON payments (gateway, object_id) WHERE object_id IS NOT NULL;
CREATE INDEX payments_by_check ON payments (next_check_at_us) WHERE next_check_at_us IS NOT NULL;

-- When an account last began to buy. The upsert of this row decides between purchases at the same time.
CREATE TABLE topup_cooldowns (
    account_id    TEXT   NOT NULL PRIMARY KEY,
    claimed_at_us BIGINT NOT NULL,
    payment_id    TEXT   NOT NULL
);

-- Every verified notice once, as it came. outcome: NULL until it was acted upon.
CREATE TABLE gateway_events (
    gateway        TEXT   NOT NULL,
    event_id       TEXT   NOT NULL,
    kind           TEXT   NOT NULL,
    body           BLOB   NOT NULL,
    received_at_us BIGINT NOT NULL,
    outcome        TEXT,
    PRIMARY KEY (gateway, event_id)
);
CREATE INDEX gateway_events_by_age ON gateway_events (received_at_us);

-- What was done because of a gateway's object: one effect of a kind, whatever the number of notices.
CREATE TABLE gateway_effects (
    gateway    TEXT   NOT NULL,
    object_id  TEXT   NOT NULL,
    effect     TEXT   NOT NULL,
    account_id TEXT   NOT NULL,
    payment_id TEXT   NOT NULL,
    at_us      BIGINT NOT NULL,
    PRIMARY KEY (gateway, object_id, effect)
);

-- What others must be told; written with the change it tells of.
CREATE TABLE outbox (
    account_id    TEXT   NOT NULL,
    id            TEXT   NOT NULL,
    topic         TEXT   NOT NULL,
    body          TEXT   NOT NULL,
    created_at_us BIGINT NOT NULL,
    PRIMARY KEY (account_id, id)
);

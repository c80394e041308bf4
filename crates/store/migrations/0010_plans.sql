-- Plans and subscriptions. Rows of an account begin with account_id.

-- What is sold by the period. version: the one in force. state: active, retired.
CREATE TABLE plans (
    id            TEXT   NOT NULL PRIMARY KEY,
    site          TEXT   NOT NULL,
    unit          TEXT   NOT NULL,
    version       BIGINT NOT NULL,
    state         TEXT   NOT NULL,
    created_at_us BIGINT NOT NULL,
    updated_at_us BIGINT NOT NULL
);

-- What a plan is, as JSON. A row never changes; a subscription keeps its version until it is renewed.
CREATE TABLE plan_versions (
    plan_id       TEXT   NOT NULL,
    version       BIGINT NOT NULL,
    document      TEXT   NOT NULL,
    actor         TEXT   NOT NULL,
    created_at_us BIGINT NOT NULL,
    PRIMARY KEY (plan_id, version)
);

-- state: incomplete (its first payment is awaited), active, pending_renewal (what is due was not paid yet), suspended (it was
-- not paid in time), expired. paying: JSON, how its terms are paid. anchor_date: the day from which the ends of periods are
-- counted, that of the period anchor_period. period: the one that began last, from 1; 0 before the first. term_period: the
-- first one of its term. upgrades: those within the period. cancel_at_end, next_plan_id, next_paying: what happens at the end
-- of the term. tariff: 1 once it had a plan with prices of its own, and for ever. revision: counts every change of the row.
CREATE TABLE subscriptions (
    account_id        TEXT   NOT NULL,
    id                TEXT   NOT NULL,
    state             TEXT   NOT NULL,
    plan_id           TEXT   NOT NULL,
    plan_version      BIGINT NOT NULL,
    paying            TEXT   NOT NULL,
    currency          TEXT   NOT NULL,
    method            TEXT   NOT NULL,
    language          TEXT   NOT NULL,
    anchor_date       TEXT   NOT NULL,
    anchor_period     BIGINT NOT NULL,
    period            BIGINT NOT NULL,
    starts_at_us      BIGINT,
    ends_at_us        BIGINT,
    term_period       BIGINT NOT NULL,
    upgrades          BIGINT NOT NULL,
    cancel_at_end     BIGINT NOT NULL,
    next_plan_id      TEXT,
    next_paying       TEXT,
    grace_ends_at_us  BIGINT,
    next_action_at_us BIGINT,
    ended_at_us       BIGINT,
    ended_reason      TEXT,
    tariff            BIGINT NOT NULL,
    idempotency_key   TEXT   NOT NULL,
    input             TEXT   NOT NULL,
    revision          BIGINT NOT NULL,
    created_at_us     BIGINT NOT NULL,
    updated_at_us     BIGINT NOT NULL,
    PRIMARY KEY (account_id, id),
    UNIQUE (account_id, idempotency_key)
);
-- An account has one plan at a time.
CREATE UNIQUE INDEX subscriptions_live ON subscriptions (account_id) WHERE state <> 'expired';
CREATE INDEX subscriptions_by_action ON subscriptions (next_action_at_us) WHERE next_action_at_us IS NOT NULL;
CREATE INDEX subscriptions_by_tariff ON subscriptions (updated_at_us) WHERE tariff = 1;
CREATE INDEX subscriptions_by_plan ON subscriptions (plan_id) WHERE state <> 'expired';

-- What is to be paid, and when. id: subscription:period:kind, where the period cannot begin without it. kind: advance,
-- arrears, upgrade-1 … state: unpaid, paid, void. payment_id: what paid it.
CREATE TABLE instalments (
    account_id      TEXT   NOT NULL,
    id              TEXT   NOT NULL,
    subscription_id TEXT   NOT NULL,
    period          BIGINT NOT NULL,
    plan_id         TEXT   NOT NULL,
    plan_version    BIGINT NOT NULL,
    credit_units    BIGINT NOT NULL CHECK (credit_units >= 0),
    amount_minor    BIGINT NOT NULL CHECK (amount_minor > 0),
    currency        TEXT   NOT NULL,
    state           TEXT   NOT NULL,
    payment_id      TEXT,
    due_at_us       BIGINT NOT NULL,
    updated_at_us   BIGINT NOT NULL,
    PRIMARY KEY (account_id, id)
);

-- Lots that were granted: one row each, written with its grant. part: 0 for the period's own, then those of upgrades.
CREATE TABLE plan_periods (
    account_id      TEXT   NOT NULL,
    subscription_id TEXT   NOT NULL,
    period          BIGINT NOT NULL,
    part            BIGINT NOT NULL,
    plan_id         TEXT   NOT NULL,
    plan_version    BIGINT NOT NULL,
    credit_units    BIGINT NOT NULL CHECK (credit_units > 0),
    starts_at_us    BIGINT NOT NULL,
    ends_at_us      BIGINT NOT NULL,
    payment_id      TEXT,
    PRIMARY KEY (account_id, subscription_id, period, part)
);

-- Until when an account without a plan has the month's free credits.
CREATE TABLE plan_bases (
    account_id TEXT   NOT NULL PRIMARY KEY,
    ends_at_us BIGINT NOT NULL
);

-- Where the days of an account begin and end, when that is not its site's zone.
CREATE TABLE account_zones (
    account_id    TEXT   NOT NULL PRIMARY KEY,
    time_zone     TEXT   NOT NULL,
    updated_at_us BIGINT NOT NULL
);

-- purpose: topup, plan. instalment_id: what a payment of a plan pays.
ALTER TABLE payments ADD COLUMN purpose TEXT NOT NULL DEFAULT 'topup';
ALTER TABLE payments ADD COLUMN instalment_id TEXT;
CREATE INDEX payments_by_instalment ON payments (account_id, instalment_id) WHERE instalment_id IS NOT NULL;

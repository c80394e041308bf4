-- Vouchers: campaigns, their codes, and what accounts made of them. Rows of an account begin with account_id.

-- What a code is worth and who may redeem it; never changes but for state (active, paused, revoked) and the counts: codes
-- that were issued, how often they were redeemed, what that gave.
-- parts: JSON, the lots that one redemption grants. valid_days or valid_until: how long its credits count.
CREATE TABLE campaigns (
    id                TEXT   NOT NULL PRIMARY KEY,
    name              TEXT   NOT NULL,
    description       TEXT   NOT NULL,
    site              TEXT   NOT NULL,
    unit              TEXT   NOT NULL,
    parts             TEXT   NOT NULL,
    value_units       BIGINT NOT NULL CHECK (value_units > 0),
    redeem_from_us    BIGINT,
    redeem_until_us   BIGINT,
    valid_days        BIGINT,
    valid_until       TEXT,
    per_account_limit BIGINT NOT NULL CHECK (per_account_limit > 0),
    total_limit       BIGINT,
    budget_units      BIGINT,
    countries         TEXT   NOT NULL,
    profile_required  BIGINT NOT NULL,
    state             TEXT   NOT NULL,
    issued            BIGINT NOT NULL,
    used              BIGINT NOT NULL CHECK (total_limit IS NULL OR used <= total_limit),
    spent_units       BIGINT NOT NULL CHECK (budget_units IS NULL OR spent_units <= budget_units),
    actor             TEXT   NOT NULL,
    created_at_us     BIGINT NOT NULL,
    updated_by        TEXT   NOT NULL,
    updated_at_us     BIGINT NOT NULL
);
CREATE INDEX campaigns_by_time ON campaigns (created_at_us, id);

-- Codes, not by their text: id is an HMAC of it, hint its last three characters.
CREATE TABLE voucher_codes (
    id            TEXT   NOT NULL PRIMARY KEY,
    campaign_id   TEXT   NOT NULL,
    batch         TEXT   NOT NULL,
    hint          TEXT   NOT NULL,
    max_uses      BIGINT NOT NULL CHECK (max_uses > 0),
    used          BIGINT NOT NULL CHECK (used <= max_uses),
    revoked_at_us BIGINT,
    actor         TEXT   NOT NULL,
    created_at_us BIGINT NOT NULL
);
CREATE INDEX voucher_codes_by_campaign ON voucher_codes (campaign_id, created_at_us, id);
CREATE INDEX voucher_codes_by_batch ON voucher_codes (campaign_id, batch);

-- The key of the HMAC when none is configured.
CREATE TABLE voucher_keys (
    name          TEXT   NOT NULL PRIMARY KEY,
    secret        TEXT   NOT NULL,
    created_at_us BIGINT NOT NULL
);

-- How often an account redeemed codes of a campaign.
CREATE TABLE voucher_uses (
    account_id  TEXT   NOT NULL,
    campaign_id TEXT   NOT NULL,
    used        BIGINT NOT NULL,
    PRIMARY KEY (account_id, campaign_id)
);

-- A code in an account. next_check_at_us: when lots that are still to be granted or voided are looked at; NULL: none are.
CREATE TABLE redemptions (
    account_id       TEXT   NOT NULL,
    id               TEXT   NOT NULL,
    campaign_id      TEXT   NOT NULL,
    code_id          TEXT   NOT NULL,
    hint             TEXT   NOT NULL,
    value_units      BIGINT NOT NULL CHECK (value_units > 0),
    actor            TEXT   NOT NULL,
    idempotency_key  TEXT   NOT NULL,
    redeemed_at_us   BIGINT NOT NULL,
    expires_at_us    BIGINT NOT NULL,
    revoked_at_us    BIGINT,
    revoked_by       TEXT,
    revoke_reason    TEXT,
    next_check_at_us BIGINT,
    PRIMARY KEY (account_id, id),
    UNIQUE (account_id, code_id),
    UNIQUE (account_id, idempotency_key)
);
CREATE INDEX redemptions_by_time ON redemptions (account_id, redeemed_at_us, id);
CREATE INDEX redemptions_by_campaign ON redemptions (campaign_id, redeemed_at_us);
CREATE INDEX redemptions_by_code ON redemptions (code_id);
CREATE INDEX redemptions_by_check ON redemptions (next_check_at_us) WHERE next_check_at_us IS NOT NULL;

-- The lots of a redemption. scope: JSON. lot_no: NULL until it is known to be granted, 0 when it never will be.
CREATE TABLE redemption_lots (
    account_id    TEXT   NOT NULL,
    redemption_id TEXT   NOT NULL,
    part          BIGINT NOT NULL,
    amount_units  BIGINT NOT NULL CHECK (amount_units > 0),
    scope         TEXT   NOT NULL,
    priority      BIGINT,
    lot_no        BIGINT,
    voided_at_us  BIGINT,
    PRIMARY KEY (account_id, redemption_id, part)
);

-- Tries to redeem that failed or are under way, for limits by account and address (hashed). Kept for two days.
CREATE TABLE voucher_tries (
    account_id TEXT   NOT NULL,
    id         TEXT   NOT NULL,
    address    TEXT,
    at_us      BIGINT NOT NULL,
    PRIMARY KEY (account_id, id)
);
CREATE INDEX voucher_tries_by_time ON voucher_tries (account_id, at_us);
CREATE INDEX voucher_tries_by_address ON voucher_tries (address, at_us) WHERE address IS NOT NULL;
CREATE INDEX voucher_tries_by_age ON voucher_tries (at_us);

-- Who begins a try holds the rows of its account and its address first, so that tries are counted one by one.
CREATE TABLE voucher_gates (
    subject TEXT   NOT NULL PRIMARY KEY,
    at_us   BIGINT NOT NULL
);
CREATE INDEX voucher_gates_by_age ON voucher_gates (at_us);

-- What an account wants to be told about its balance, and what it was told last. An account without a row has the shipped
-- values: nothing about a low balance, letters about expiries.
-- emails: JSON, a list of addresses. threshold_units: NULL until one is set. version: counts every change of the row.
-- level: ok, low, depleted, negative, as it was seen last. told: letters since the balance was last above the threshold.
-- told_at_us: the last of them; depleted_at_us: the last one that said that nothing is left.
-- below_zero_since_us: since when the balance has been seen below zero.
CREATE TABLE alerts (
    account_id          TEXT   NOT NULL PRIMARY KEY,
    version             BIGINT NOT NULL,
    low_enabled         BIGINT NOT NULL,
    threshold_units     BIGINT,
    emails              TEXT   NOT NULL,
    expiry_enabled      BIGINT NOT NULL,
    language            TEXT,
    level               TEXT   NOT NULL,
    told                BIGINT NOT NULL,
    told_at_us          BIGINT,
    depleted_at_us      BIGINT,
    below_zero_since_us BIGINT,
    updated_at_us       BIGINT NOT NULL
);
CREATE INDEX alerts_by_low ON alerts (account_id) WHERE low_enabled = 1;

-- Which expiries an account was told of: each lot at each step once, counted anew when its expiry changes. told_on: the day
-- in the account's time zone; one letter a day.
CREATE TABLE expiry_notices (
    account_id    TEXT   NOT NULL,
    lot_no        BIGINT NOT NULL,
    expires_at_us BIGINT NOT NULL,
    days          BIGINT NOT NULL,
    told_on       TEXT   NOT NULL,
    PRIMARY KEY (account_id, lot_no, expires_at_us, days)
);
CREATE INDEX expiry_notices_by_age ON expiry_notices (expires_at_us);

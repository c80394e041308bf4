-- What has to be known before money is asked for. Rows of an account begin with account_id.

-- Who is billed, as JSON: personal data. A change makes the next version; payments keep what they were made with.
CREATE TABLE billing_profiles (
    account_id    TEXT   NOT NULL PRIMARY KEY,
    version       BIGINT NOT NULL CHECK (version > 0),
    profile       TEXT   NOT NULL,
    actor         TEXT   NOT NULL,
    updated_at_us BIGINT NOT NULL
);

-- 1 base = rate quote, a decimal, as of dated_at_us. A row never changes; the latest date that has come is in force.
CREATE TABLE exchange_rates (
    base          TEXT   NOT NULL,
    quote         TEXT   NOT NULL,
    dated_at_us   BIGINT NOT NULL,
    rate          TEXT   NOT NULL,
    source        TEXT   NOT NULL,
    id            TEXT   NOT NULL,
    actor         TEXT   NOT NULL,
    created_at_us BIGINT NOT NULL,
    PRIMARY KEY (base, quote, dated_at_us, rate, source)
);
CREATE INDEX exchange_rates_by_date ON exchange_rates (dated_at_us, id);

-- What a purchase would charge. rate: the exchange rate as JSON; NULL when there is none. A row never changes.
CREATE TABLE quotes (
    account_id    TEXT   NOT NULL,
    id            TEXT   NOT NULL,
    method        TEXT   NOT NULL,
    credit_units  BIGINT NOT NULL CHECK (credit_units > 0),
    unit          TEXT   NOT NULL,
    charge_minor  BIGINT NOT NULL CHECK (charge_minor > 0),
    currency      TEXT   NOT NULL,
    rate          TEXT,
    created_at_us BIGINT NOT NULL,
    expires_at_us BIGINT NOT NULL,
    PRIMARY KEY (account_id, id)
);

-- Every text that somebody agreed to, once: the proof outlives the settings.
CREATE TABLE consent_texts (
    text_sha256      TEXT   NOT NULL PRIMARY KEY,
    text             TEXT   NOT NULL,
    first_used_at_us BIGINT NOT NULL
);

-- Who agreed to what, with which payment, when and where from.
CREATE TABLE consents (
    account_id  TEXT   NOT NULL,
    payment_id  TEXT   NOT NULL,
    text_sha256 TEXT   NOT NULL,
    language    TEXT   NOT NULL,
    version     TEXT   NOT NULL,
    ip          TEXT   NOT NULL,
    user_agent  TEXT   NOT NULL,
    at_us       BIGINT NOT NULL,
    PRIMARY KEY (account_id, payment_id)
);

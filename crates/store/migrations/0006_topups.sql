-- Top-ups by every gateway. Rows of an account begin with account_id.

-- money_id: what moved the money, as refunds and disputes name it. expires_at_us: until when the customer may pay.
-- refunded_minor, disputed_minor: of the charge, what went back for good, what is taken by open or lost disputes.
-- details: JSON, everything that documents and pages show of it: language, quote, payer, instrument.
ALTER TABLE payments ADD COLUMN money_id TEXT;
ALTER TABLE payments ADD COLUMN paid_at_us BIGINT;
ALTER TABLE payments ADD COLUMN expires_at_us BIGINT;
ALTER TABLE payments ADD COLUMN refunded_minor BIGINT NOT NULL DEFAULT 0;
ALTER TABLE payments ADD COLUMN disputed_minor BIGINT NOT NULL DEFAULT 0;
ALTER TABLE payments ADD COLUMN details TEXT;
-- For comparing days with a gateway's list.
CREATE INDEX payments_by_day ON payments (gateway, created_at_us);
CREATE INDEX payments_by_money ON payments (gateway, money_id) WHERE money_id IS NOT NULL;

-- Everything that happened to a payment, one row each, never changed.
CREATE TABLE payment_events (
    account_id TEXT   NOT NULL,
    payment_id TEXT   NOT NULL,
    id         TEXT   NOT NULL,
    at_us      BIGINT NOT NULL,
    state      TEXT   NOT NULL,
    reason     TEXT,
    source     TEXT   NOT NULL,
    PRIMARY KEY (account_id, payment_id, id)
);

-- Which payment a notice was about, once that is known.
ALTER TABLE gateway_events ADD COLUMN payment_id TEXT;
CREATE INDEX gateway_events_by_payment ON gateway_events (payment_id) WHERE payment_id IS NOT NULL;

-- Money given back. state: requested, pending, succeeded, failed, unknown.
-- forced: the gateway took it back by itself.
CREATE TABLE refunds (
    account_id       TEXT   NOT NULL,
    id               TEXT   NOT NULL,
    payment_id       TEXT   NOT NULL,
    gateway          TEXT   NOT NULL,
    object_id        TEXT,
    state            TEXT   NOT NULL,
    reason           TEXT   NOT NULL,
    failure          TEXT,
    operator         TEXT   NOT NULL,
    forced           BIGINT NOT NULL,
    amount_minor     BIGINT NOT NULL CHECK (amount_minor > 0),
    currency         TEXT   NOT NULL,
    credit_units     BIGINT NOT NULL CHECK (credit_units >= 0),
    idempotency_key  TEXT,
    created_at_us    BIGINT NOT NULL,
    updated_at_us    BIGINT NOT NULL,
    next_check_at_us BIGINT,
    PRIMARY KEY (account_id, id),
    UNIQUE (account_id, idempotency_key)
);
CREATE INDEX refunds_by_payment ON refunds (account_id, payment_id);
CREATE INDEX refunds_by_object ON refunds (gateway, object_id) WHERE object_id IS NOT NULL;
CREATE INDEX refunds_by_check ON refunds (next_check_at_us) WHERE next_check_at_us IS NOT NULL;

-- Disputes by the gateway's own name. state: inquiry, open, won, lost.
CREATE TABLE disputes (
    account_id    TEXT   NOT NULL,
    gateway       TEXT   NOT NULL,
    object_id     TEXT   NOT NULL,
    payment_id    TEXT   NOT NULL,
    state         TEXT   NOT NULL,
    reason        TEXT,
    amount_minor  BIGINT NOT NULL CHECK (amount_minor > 0),
    currency      TEXT   NOT NULL,
    credit_units  BIGINT NOT NULL CHECK (credit_units >= 0),
    due_at_us     BIGINT,
    created_at_us BIGINT NOT NULL,
    updated_at_us BIGINT NOT NULL,
    PRIMARY KEY (account_id, gateway, object_id)
);
CREATE INDEX disputes_by_object ON disputes (gateway, object_id);
CREATE INDEX disputes_by_payment ON disputes (account_id, payment_id);

-- What one side has and the other has not, found by comparing with a gateway's list. side: ours, theirs. resolved_by: who,
-- or `comparison` when it was found right later.
CREATE TABLE unmatched (
    gateway        TEXT   NOT NULL,
    side           TEXT   NOT NULL,
    object_id      TEXT   NOT NULL,
    day            TEXT   NOT NULL,
    account_id     TEXT,
    payment_id     TEXT,
    what           TEXT   NOT NULL,
    amount_minor   BIGINT,
    currency       TEXT,
    found_at_us    BIGINT NOT NULL,
    resolved_at_us BIGINT,
    resolved_by    TEXT,
    resolution     TEXT,
    PRIMARY KEY (gateway, side, object_id)
);
CREATE INDEX unmatched_by_time ON unmatched (found_at_us);

-- Which days were compared with a gateway's list, and what came of it.
CREATE TABLE comparisons (
    gateway     TEXT   NOT NULL,
    day         TEXT   NOT NULL,
    done_at_us  BIGINT NOT NULL,
    theirs      BIGINT NOT NULL,
    ours        BIGINT NOT NULL,
    healed      BIGINT NOT NULL,
    unmatched   BIGINT NOT NULL,
    PRIMARY KEY (gateway, day)
);

-- Tries to pay, one row each, for limits by account, card and address (cards and addresses hashed). outcome: open,
-- declined, paid. Kept for two days.
CREATE TABLE payment_attempts (
    account_id TEXT   NOT NULL,
    id         TEXT   NOT NULL,
    payment_id TEXT   NOT NULL,
    outcome    TEXT   NOT NULL,
    card       TEXT,
    address    TEXT,
    at_us      BIGINT NOT NULL,
    PRIMARY KEY (account_id, id)
);
CREATE INDEX payment_attempts_by_time ON payment_attempts (account_id, at_us);
CREATE INDEX payment_attempts_by_address ON payment_attempts (address, at_us) WHERE address IS NOT NULL;
CREATE INDEX payment_attempts_by_age ON payment_attempts (at_us);

-- Who begins an attempt holds the rows of its account and its address first, so that attempts are counted one by one.
CREATE TABLE payment_gates (
    subject TEXT   NOT NULL PRIMARY KEY,
    at_us   BIGINT NOT NULL
);
CREATE INDEX payment_gates_by_age ON payment_gates (at_us);

-- Receipts: numbers without gaps per series; a number is taken in the transaction that writes its receipt and names it in
-- its payment. snapshot: JSON, everything that the receipt says: personal data. copies: how often it was issued again.
ALTER TABLE payments ADD COLUMN receipt_id TEXT;
CREATE INDEX payments_by_receipt_due ON payments (paid_at_us, id) WHERE receipt_id IS NULL AND paid_at_us IS NOT NULL;
CREATE TABLE receipt_series (
    series      TEXT   NOT NULL PRIMARY KEY,
    last_number BIGINT NOT NULL
);
CREATE TABLE receipts (
    account_id   TEXT   NOT NULL,
    id           TEXT   NOT NULL,
    payment_id   TEXT   NOT NULL,
    series       TEXT   NOT NULL,
    number       BIGINT NOT NULL,
    snapshot     TEXT   NOT NULL,
    issued_at_us BIGINT NOT NULL,
    copies       BIGINT NOT NULL,
    PRIMARY KEY (account_id, id),
    CHECK (number > 0),
    UNIQUE (series, number),
    UNIQUE (account_id, payment_id)
);

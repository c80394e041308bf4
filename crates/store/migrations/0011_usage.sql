-- Usage in quarters of an hour, summed from entries: the days of every time zone consist of whole quarters. Can be
-- emptied at any time; the job fills it again.

-- Entries of the account up to seq are in the sums.
CREATE TABLE usage_progress (
    account_no BIGINT NOT NULL PRIMARY KEY,
    seq        BIGINT NOT NULL CHECK (seq >= 0)
);

-- spent_units: debits and captures less reversals, at the instants at which they were booked. entries: how many of the
-- three. service: empty for entries that name none. charged_to_us: the latest instant that was charged for, 0 when none
-- was. The bounds keep a sum of two from wrapping.
CREATE TABLE usage_quarters (
    account_no    BIGINT NOT NULL,
    starts_at_us  BIGINT NOT NULL,
    service       TEXT   NOT NULL,
    spent_units   BIGINT NOT NULL CHECK (spent_units BETWEEN -4611686018427387904 AND 4611686018427387904),
    entries       BIGINT NOT NULL CHECK (entries > 0),
    charged_to_us BIGINT NOT NULL,
    PRIMARY KEY (account_no, starts_at_us, service)
);

-- What priced debits charged for, by meter; a reversal takes credits back, not quantities.
CREATE TABLE usage_meters (
    account_no   BIGINT NOT NULL,
    starts_at_us BIGINT NOT NULL,
    service      TEXT   NOT NULL,
    meter        TEXT   NOT NULL,
    quantity     BIGINT NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (account_no, starts_at_us, service, meter)
);

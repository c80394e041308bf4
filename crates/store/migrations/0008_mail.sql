-- Letters to people. A row is written with what it tells of, and sent afterwards; `once` keeps it from being told twice.
-- letter: JSON, what it says, without words; emptied when it was sent, because some hold links that sign in.
-- state: waiting, sent, given_up. next_try_at_us: only while it waits. failure: of the last try.
CREATE TABLE mails (
    once           TEXT   NOT NULL PRIMARY KEY,
    id             TEXT   NOT NULL UNIQUE,
    account_id     TEXT,
    recipient      TEXT   NOT NULL,
    language       TEXT   NOT NULL,
    kind           TEXT   NOT NULL,
    letter         TEXT   NOT NULL,
    state          TEXT   NOT NULL,
    tries          BIGINT NOT NULL,
    failure        TEXT,
    created_at_us  BIGINT NOT NULL,
    next_try_at_us BIGINT,
    sent_at_us     BIGINT
);
CREATE INDEX mails_by_next_try ON mails (next_try_at_us) WHERE next_try_at_us IS NOT NULL;
CREATE INDEX mails_by_account ON mails (account_id, created_at_us, id);
CREATE INDEX mails_by_age ON mails (created_at_us, id);

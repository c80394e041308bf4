-- Long histories once more, in columns: what filters and sums look at, 4,096 entries of an account a row. Written once by
-- a job and made of the ledger's entries alone; what is missing is written again.
-- kinds, lot_kinds, services: bits that say what cannot be in the block. entries, amounts: the columns.
-- taken_back: numbers of the entries that entries of the block take back.
CREATE TABLE history_blocks (
    account_no BIGINT NOT NULL,
    block      BIGINT NOT NULL,
    kinds      BIGINT NOT NULL,
    lot_kinds  BIGINT NOT NULL,
    services   BIGINT NOT NULL,
    entries    BLOB   NOT NULL,
    amounts    BLOB   NOT NULL,
    taken_back BLOB   NOT NULL,
    PRIMARY KEY (account_no, block)
);

//! The ledger's own tables on SQLite, and how a database file is opened.
//!
//! `journal` is the truth: one row per transaction, appended. Everything else is its projection and can be rebuilt:
//! `ledger_accounts`, `lots` and `holds` are states, `entries` is history by account, `entry_keys` finds idempotency
//! keys. An account's projection stands at `ledger_accounts.seq`; `ledger_meta.projected` says up to which journal row
//! all of them stand.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::StoreError;
use crate::migrations::MIGRATIONS;

const LEDGER: &str = "
CREATE TABLE IF NOT EXISTS journal (
    gseq       INTEGER PRIMARY KEY,
    account_no INTEGER NOT NULL,
    body       BLOB    NOT NULL
);
CREATE TABLE IF NOT EXISTS ledger_accounts (
    account_no      INTEGER PRIMARY KEY,
    unit            TEXT    NOT NULL,
    seq             INTEGER NOT NULL,
    head            BLOB    NOT NULL,
    last_at_us      INTEGER NOT NULL,
    balance         INTEGER NOT NULL,
    overdraft       INTEGER NOT NULL CHECK (overdraft >= 0),
    overdraft_limit INTEGER NOT NULL CHECK (overdraft_limit >= 0),
    closed          INTEGER NOT NULL,
    next_due_at_us  INTEGER
);
CREATE INDEX IF NOT EXISTS ledger_accounts_due ON ledger_accounts (next_due_at_us) WHERE next_due_at_us IS NOT NULL;
CREATE TABLE IF NOT EXISTS lots (
    account_no      INTEGER NOT NULL,
    lot_no          INTEGER NOT NULL,
    kind            INTEGER NOT NULL,
    priority        INTEGER,
    allocated       INTEGER NOT NULL,
    remaining       INTEGER NOT NULL CHECK (remaining >= 0 AND remaining <= allocated),
    held            INTEGER NOT NULL CHECK (held >= 0 AND held <= remaining),
    effective_at_us INTEGER NOT NULL,
    expires_at_us   INTEGER,
    scope           TEXT    NOT NULL,
    PRIMARY KEY (account_no, lot_no)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS holds (
    account_no    INTEGER NOT NULL,
    hold_no       INTEGER NOT NULL,
    expires_at_us INTEGER NOT NULL,
    service       TEXT,
    parts         TEXT    NOT NULL,
    PRIMARY KEY (account_no, hold_no)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entries (
    account_no    INTEGER NOT NULL,
    seq           INTEGER NOT NULL,
    gseq          INTEGER NOT NULL,
    at_us         INTEGER NOT NULL,
    kind          INTEGER NOT NULL,
    lot_kinds     INTEGER NOT NULL,
    service       TEXT,
    amount        INTEGER NOT NULL,
    reversed      INTEGER NOT NULL,
    PRIMARY KEY (account_no, seq)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entry_keys (
    account_no INTEGER NOT NULL,
    key_hash   INTEGER NOT NULL,
    gseq       INTEGER NOT NULL,
    PRIMARY KEY (account_no, key_hash, gseq)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counter_totals (
    unit    TEXT    NOT NULL,
    counter INTEGER NOT NULL,
    total   TEXT    NOT NULL,
    PRIMARY KEY (unit, counter)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ledger_meta (
    name  TEXT    PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS migrations (
    number        INTEGER PRIMARY KEY,
    name          TEXT    NOT NULL,
    applied_at_us INTEGER NOT NULL
);
";

/// Version of [`LEDGER`], kept in `user_version`.
const LEDGER_VERSION: i64 = 1;

/// Opens the one connection that writes, with durability that survives power loss.
pub(super) fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    let conn = Connection::open(path).map_err(|error| cannot_open(path, &error))?;
    let mode: String = conn.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0)).map_err(from)?;
    if mode != "wal" {
        return Err(StoreError(format!(
            "{}: SQLite cannot use write-ahead logging here; put the database on a local disk",
            path.display()
        )));
    }
    conn.pragma_update(None, "synchronous", "FULL").map_err(from)?;
    conn.pragma_update(None, "foreign_keys", "ON").map_err(from)?;
    conn.pragma_update(None, "wal_autocheckpoint", 0).map_err(from)?;
    conn.pragma_update(None, "cache_size", -32_768).map_err(from)?;
    conn.busy_timeout(Duration::from_secs(5)).map_err(from)?;
    conn.set_prepared_statement_cache_capacity(128);
    Ok(conn)
}

/// Opens a connection that only reads.
pub(super) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags).map_err(|error| cannot_open(path, &error))?;
    conn.busy_timeout(Duration::from_secs(5)).map_err(from)?;
    conn.pragma_update(None, "query_only", "ON").map_err(from)?;
    conn.set_prepared_statement_cache_capacity(64);
    Ok(conn)
}

/// Makes what is missing; says which migrations were applied. `now_us` is recorded with them.
pub(super) fn migrate(conn: &mut Connection, now_us: i64) -> Result<Vec<&'static str>, StoreError> {
    migrate_to(conn, now_us, MIGRATIONS.len())
}

/// The same up to the migration with the number `last`.
pub(super) fn migrate_to(conn: &mut Connection, now_us: i64, last: usize) -> Result<Vec<&'static str>, StoreError> {
    let tx = conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(from)?;
    let version: i64 = tx.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(from)?;
    if version > LEDGER_VERSION {
        return Err(StoreError(format!(
            "the database was made by a newer scrip (ledger schema {version}, this one knows {LEDGER_VERSION}); use that one"
        )));
    }
    tx.execute_batch(LEDGER).map_err(from)?;
    tx.pragma_update(None, "user_version", LEDGER_VERSION).map_err(from)?;
    let applied: i64 =
        tx.query_row("SELECT coalesce(max(number), 0) FROM migrations", [], |row| row.get(0)).map_err(from)?;
    let applied = usize::try_from(applied).unwrap_or(usize::MAX);
    if applied > MIGRATIONS.len() {
        return Err(StoreError(format!(
            "the database was made by a newer scrip (migration {applied}, this one knows {}); use that one",
            MIGRATIONS.len()
        )));
    }
    let mut names = Vec::new();
    for (number, (name, sql)) in (1_i64..).zip(MIGRATIONS).take(last).skip(applied) {
        tx.execute_batch(sql).map_err(from)?;
        tx.execute("INSERT INTO migrations (number, name, applied_at_us) VALUES (?1, ?2, ?3)", (number, name, now_us))
            .map_err(from)?;
        names.push(*name);
    }
    tx.commit().map_err(from)?;
    Ok(names)
}

/// Names of the migrations that this program knows and the database does not have.
pub(super) fn missing_migrations(conn: &Connection) -> Result<Vec<&'static str>, StoreError> {
    let has_any: bool = conn
        .query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'migrations'", [], |row| row.get(0))
        .map_err(from)?;
    let applied: i64 = match has_any {
        true => conn.query_row("SELECT count(*) FROM migrations", [], |row| row.get(0)).map_err(from)?,
        false => 0,
    };
    Ok(migrations_after(usize::try_from(applied).unwrap_or(usize::MAX)))
}

/// Names of the migrations after the first `applied`.
pub(super) fn migrations_after(applied: usize) -> Vec<&'static str> {
    MIGRATIONS.iter().skip(applied).map(|(name, _)| *name).collect()
}

fn cannot_open(path: &Path, error: &rusqlite::Error) -> StoreError {
    StoreError(format!("cannot open {}: {error}; check that the folder exists and is writable", path.display()))
}

/// An engine's error as ours.
pub(super) fn from(error: rusqlite::Error) -> StoreError {
    StoreError(format!("SQLite: {error}"))
}

//! The ledger's own tables on PostgreSQL.
//!
//! `entries` is the truth and its own history: one row per transaction with its canonical bytes, unique by account and
//! number, and by account and idempotency key. `ledger_accounts` is the state of each account, written in the same
//! transaction; `state` lists its open lots and holds as JSON, so that a debit reads one row and writes one row beside
//! its entry, however many lots there are. Lots with nothing left are kept in `spent_lots`: a lot is in one of the two.
//! `counter_totals` are sums per unit and counter-account, spread over shards that nodes add to without waiting for
//! each other. Everything but `entries` can be recomputed from it, which is what `scrip verify` does.

use ledger::Timestamp;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, GenericClient};

use crate::StoreError;
use crate::migrations::MIGRATIONS;
use crate::postgres::access::chain;

const LEDGER: &str = r#"
CREATE TABLE IF NOT EXISTS migrations (
    number        BIGINT PRIMARY KEY,
    name          TEXT   COLLATE "C" NOT NULL,
    applied_at_us BIGINT NOT NULL
);
LOCK TABLE migrations IN EXCLUSIVE MODE;
CREATE TABLE IF NOT EXISTS entries (
    account_no BIGINT  NOT NULL,
    seq        BIGINT  NOT NULL,
    at_us      BIGINT  NOT NULL,
    kind       INTEGER NOT NULL,
    lot_kinds  INTEGER NOT NULL,
    service    TEXT    COLLATE "C",
    amount     BIGINT  NOT NULL,
    reversed   BIGINT  NOT NULL,
    key_hash   BYTEA,
    body       BYTEA   NOT NULL,
    PRIMARY KEY (account_no, seq),
    UNIQUE (account_no, key_hash)
);
CREATE TABLE IF NOT EXISTS ledger_accounts (
    account_no      BIGINT  PRIMARY KEY,
    unit            TEXT    COLLATE "C" NOT NULL,
    seq             BIGINT  NOT NULL,
    head            BYTEA   NOT NULL,
    last_at_us      BIGINT  NOT NULL,
    balance         BIGINT  NOT NULL,
    overdraft       BIGINT  NOT NULL CHECK (overdraft >= 0),
    overdraft_limit BIGINT  NOT NULL CHECK (overdraft_limit >= 0),
    closed          BOOLEAN NOT NULL,
    next_due_at_us  BIGINT,
    state           TEXT    COLLATE "C" NOT NULL
) WITH (fillfactor = 50);
CREATE INDEX IF NOT EXISTS ledger_accounts_due ON ledger_accounts (next_due_at_us) WHERE next_due_at_us IS NOT NULL;
CREATE TABLE IF NOT EXISTS spent_lots (
    account_no BIGINT NOT NULL,
    lot_no     BIGINT NOT NULL,
    lot        TEXT   COLLATE "C" NOT NULL,
    PRIMARY KEY (account_no, lot_no)
);
CREATE TABLE IF NOT EXISTS counter_totals (
    unit    TEXT    COLLATE "C" NOT NULL,
    counter INTEGER NOT NULL,
    shard   INTEGER NOT NULL,
    total   NUMERIC NOT NULL,
    PRIMARY KEY (unit, counter, shard)
) WITH (fillfactor = 20);
CREATE TABLE IF NOT EXISTS ledger_meta (
    name  TEXT   COLLATE "C" PRIMARY KEY,
    value BIGINT NOT NULL
);
"#;

/// Version of [`LEDGER`], kept in `ledger_meta`.
const LEDGER_VERSION: i64 = 1;
/// Nodes that start at once may meet while they make the first table.
const TRIES: usize = 5;

/// Makes what is missing in one transaction; says which migrations were applied. `now` is recorded with them. Nodes that
/// migrate at once wait for each other.
pub(super) async fn migrate(client: &mut Client, now: Timestamp) -> Result<Vec<&'static str>, StoreError> {
    // Asked first, because the lock of a migration waits for every transaction that writes.
    if is_current(client).await? {
        return Ok(Vec::new());
    }
    migrate_to(client, now, MIGRATIONS.len()).await
}

/// The same up to the migration with the number `last`.
pub(super) async fn migrate_to(
    client: &mut Client,
    now: Timestamp,
    last: usize,
) -> Result<Vec<&'static str>, StoreError> {
    for attempt in 1.. {
        match migrate_once(client, now, last).await {
            Err(Failed::Database(error)) if attempt < TRIES && has_met_another(&error) => {}
            Err(Failed::Database(error)) => return Err(from(error)),
            Err(Failed::Refused(error)) => return Err(error),
            Ok(names) => return Ok(names),
        }
    }
    Ok(Vec::new())
}

enum Failed {
    Database(tokio_postgres::Error),
    Refused(StoreError),
}

impl From<tokio_postgres::Error> for Failed {
    fn from(error: tokio_postgres::Error) -> Self {
        Failed::Database(error)
    }
}

fn has_met_another(error: &tokio_postgres::Error) -> bool {
    let codes = [SqlState::UNIQUE_VIOLATION, SqlState::DUPLICATE_TABLE, SqlState::T_R_DEADLOCK_DETECTED];
    error.code().is_some_and(|code| codes.contains(code))
}

async fn migrate_once(client: &mut Client, now: Timestamp, last: usize) -> Result<Vec<&'static str>, Failed> {
    let tx = client.transaction().await?;
    tx.batch_execute(LEDGER).await?;
    let version = ledger_version(&tx).await?;
    if version.is_some_and(|version| version > LEDGER_VERSION) {
        return Err(Failed::Refused(newer(&format!("ledger schema {}", version.unwrap_or_default()))));
    }
    if version.is_none() {
        tx.execute("INSERT INTO ledger_meta (name, value) VALUES ('schema', $1)", &[&LEDGER_VERSION]).await?;
    }
    let applied: i64 = tx.query_one("SELECT coalesce(max(number), 0) FROM migrations", &[]).await?.try_get(0)?;
    let applied = usize::try_from(applied).unwrap_or(usize::MAX);
    if applied > MIGRATIONS.len() {
        return Err(Failed::Refused(newer(&format!("migration {applied}"))));
    }
    let mut names = Vec::new();
    for (number, (name, sql)) in (1_i64..).zip(MIGRATIONS).take(last).skip(applied) {
        tx.batch_execute(&translate(sql)).await?;
        let done = "INSERT INTO migrations (number, name, applied_at_us) VALUES ($1, $2, $3)";
        tx.execute(done, &[&number, name, &now.micros()]).await?;
        names.push(*name);
    }
    tx.commit().await?;
    Ok(names)
}

/// The portable types of a migration as PostgreSQL has them. Texts are ordered by their bytes, as SQLite orders them.
fn translate(sql: &str) -> String {
    sql.replace(" BLOB ", " BYTEA ")
        .replace(" TEXT ", " TEXT COLLATE \"C\" ")
        .replace(" TEXT,", " TEXT COLLATE \"C\",")
        .replace(" TEXT;", " TEXT COLLATE \"C\";")
}

async fn ledger_version(client: &impl GenericClient) -> Result<Option<i64>, tokio_postgres::Error> {
    let found = client.query_opt("SELECT value FROM ledger_meta WHERE name = 'schema'", &[]).await?;
    found.map(|row| row.try_get(0)).transpose()
}

async fn is_current(client: &Client) -> Result<bool, StoreError> {
    if !missing_migrations(client).await?.is_empty() {
        return Ok(false);
    }
    Ok(ledger_version(client).await.map_err(from)? == Some(LEDGER_VERSION))
}

/// Names of the migrations that this program knows and the database does not have.
pub(super) async fn missing_migrations(client: &Client) -> Result<Vec<&'static str>, StoreError> {
    let applied: i64 = match client.query_one("SELECT coalesce(max(number), 0) FROM migrations", &[]).await {
        Ok(row) => row.try_get(0).map_err(from)?,
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => 0,
        Err(error) => return Err(from(error)),
    };
    let applied = usize::try_from(applied).unwrap_or(usize::MAX);
    if applied > MIGRATIONS.len() {
        return Err(newer(&format!("migration {applied}")));
    }
    Ok(MIGRATIONS.iter().skip(applied).map(|(name, _)| *name).collect())
}

fn newer(what: &str) -> StoreError {
    let known = MIGRATIONS.len();
    StoreError(format!(
        "the database was made by a newer scrip ({what}, this one knows ledger schema {LEDGER_VERSION} and migration \
         {known}); use that one"
    ))
}

/// The engine's error as ours.
pub(super) fn from(error: tokio_postgres::Error) -> StoreError {
    StoreError(format!("PostgreSQL: {}", chain(&error)))
}

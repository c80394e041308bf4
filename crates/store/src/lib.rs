//! Where the ledger is kept: SQLite now, PostgreSQL beside it.
//!
//! A [`Store`] takes whole transactions ([`Order`]s: a command of the pure core and the rows of its use case) and gives
//! durable answers; it never shows begin, execute or commit. Two seams only: the ledger's hot path, made by hand for
//! each engine, and [`Statement`], one SQL text for both. Nothing acknowledged is ever lost; what may be lost or stored
//! is answered [`Failure::Unknown`] and told by repeating the same key.

mod executor;
mod migrations;
mod order;
mod sql;
mod sqlite;

pub use order::{
    AccountRef, AccountView, EntryFilter, EntryStatus, EntryView, Failure, Order, Receipt, Target, TrialLine,
};
pub use sql::{ColumnError, Row, Statement, Value};
pub use sqlite::verify::{Difference, Proof};

use std::path::PathBuf;
use std::sync::Arc;

use ledger::{AccountNo, Kind, Timestamp};
use sqlite::SqliteStore;

/// Gives the time; tests and the demo may move it.
pub trait Clock: Send + Sync + 'static {
    /// What time it is.
    fn now(&self) -> Timestamp;
}

/// The clock of the machine.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

/// How a store is opened.
#[derive(Clone)]
pub struct Options {
    /// Orders that may wait; more are answered [`Failure::Busy`].
    pub queue_length: usize,
    /// Accounts kept in memory.
    pub cached_accounts: usize,
    /// Transactions the projection may lag behind.
    pub tail_length: usize,
    /// The clock that stamps transactions.
    pub clock: Arc<dyn Clock>,
}

impl Default for Options {
    fn default() -> Self {
        Options { queue_length: 100_000, cached_accounts: 200_000, tail_length: 500_000, clock: Arc::new(SystemClock) }
    }
}

/// The database cannot be read or opened.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(pub String);

/// The ledger and the rows around it, on an embedded SQLite file (PostgreSQL follows). Cheap to clone.
#[derive(Clone)]
pub struct Store {
    sqlite: Arc<SqliteStore>,
}

impl Store {
    /// Opens `sqlite:PATH`; makes it or brings it up to date first.
    pub async fn open(url: &str, options: Options) -> Result<Store, StoreError> {
        let path = sqlite_path(url)?;
        let opened = blocking(move || SqliteStore::open(path, options)).await?;
        Ok(Store { sqlite: Arc::new(opened) })
    }

    /// Makes or updates the tables only; says which migrations were applied.
    pub async fn migrate(url: &str, now: Timestamp) -> Result<Vec<&'static str>, StoreError> {
        let path = sqlite_path(url)?;
        blocking(move || sqlite::migrate(&path, now)).await
    }

    /// Does one order: durable when it answers `Ok`.
    pub async fn submit(&self, order: Order) -> Result<Receipt, Failure> {
        self.sqlite.executor.order(order).await
    }

    /// Does many, each on its own; answers stand in the order of the questions.
    pub async fn submit_all(&self, orders: Vec<Order>) -> Vec<Result<Receipt, Failure>> {
        self.sqlite.executor.orders(orders).await
    }

    /// Writes rows in one transaction; says how many rows each statement changed.
    pub async fn write(&self, rows: Vec<Statement>) -> Result<Vec<u64>, Failure> {
        self.sqlite.executor.rows(rows).await
    }

    /// Reads rows as they are now.
    pub async fn query(&self, sql: &'static str, params: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        self.sqlite.query(sql, params).await
    }

    /// The state of an account now, `None` when there is none.
    pub async fn account(&self, account: AccountRef) -> Result<Option<AccountView>, Failure> {
        self.sqlite.account(account).await
    }

    /// The state of an account as it was at `at`. Cost grows with its number of transactions.
    pub async fn account_at(&self, account: AccountRef, at: Timestamp) -> Result<Option<AccountView>, Failure> {
        self.sqlite.account_at(account, at).await
    }

    /// Entries with `seq` below `before`, newest first, at most `limit`.
    pub async fn entries(
        &self,
        account: AccountNo,
        filter: EntryFilter,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<EntryView>, Failure> {
        self.sqlite.entries(account, filter, before, limit).await
    }

    /// One entry, whatever its kind.
    pub async fn entry(&self, account: AccountNo, seq: u64) -> Result<Option<EntryView>, Failure> {
        let filter = EntryFilter { kinds: Kind::ALL.to_vec(), ..EntryFilter::default() };
        let found = self.entries(account, filter, Some(seq.saturating_add(1)), 1).await?;
        Ok(found.into_iter().find(|entry| entry.transaction.seq == seq))
    }

    /// Sums per counter-account and unit, and what accounts hold; each unit sums to zero.
    pub async fn trial_balance(&self) -> Result<Vec<TrialLine>, StoreError> {
        self.sqlite.trial_balance().await
    }

    /// Short numbers of accounts where something has fallen due, at most `limit`.
    pub async fn due_accounts(&self, limit: usize) -> Result<Vec<AccountNo>, StoreError> {
        self.sqlite.due_accounts(limit).await
    }

    /// Whether the database answers, takes writes and has a current schema.
    pub async fn check_ready(&self) -> Result<(), StoreError> {
        self.sqlite.check_ready().await
    }

    /// The time on the store's clock.
    pub fn now(&self) -> Timestamp {
        self.sqlite.now()
    }

    /// Answers what waits, refuses what comes, closes the database.
    pub async fn shutdown(&self) {
        self.sqlite.executor.stop().await;
    }
}

/// Migrations that this program knows and the database does not have; all of them when there is no database yet.
pub fn missing_migrations(url: &str) -> Result<Vec<&'static str>, StoreError> {
    sqlite::missing_migrations(&sqlite_path(url)?)
}

/// Proves a database without changing it; see [`Proof`] and [`Difference`]. `progress` is told transactions done and in
/// all. Runs for as long as it takes on the calling thread.
pub fn verify(url: &str, progress: &mut dyn FnMut(u64, u64)) -> Result<Proof, Difference> {
    let path = sqlite_path(url).map_err(|error| Difference { place: "database".to_owned(), what: error.0 })?;
    sqlite::verify::verify(&path, progress)
}

fn sqlite_path(url: &str) -> Result<PathBuf, StoreError> {
    match url.strip_prefix("sqlite:") {
        Some(path) if !path.is_empty() => Ok(path.strip_prefix("//").unwrap_or(path).into()),
        _ => Err(StoreError(format!("{url:?} is no database of this build: write sqlite:PATH"))),
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| StoreError(format!("the work failed: {error}")))?
}

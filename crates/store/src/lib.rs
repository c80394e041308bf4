//! Where the ledger is kept: an embedded SQLite file, or PostgreSQL.
//!
//! A [`Store`] takes whole transactions ([`Order`]s: a command of the pure core and the rows of its use case) and gives
//! durable answers; it never shows begin, execute or commit. Two seams only: the ledger's hot path, made by hand for
//! each engine, and [`Statement`], one SQL text for both. Nothing acknowledged is ever lost; what may be lost or stored
//! is answered [`Failure::Unknown`] and told by repeating the same key.

mod audit;
mod copy;
mod executor;
mod history;
mod index;
mod migrations;
mod order;
mod postgres;
mod sql;
mod sqlite;
mod verify;

pub use audit::audit_hash;
pub use copy::{CopyError, CopyStep};
pub use order::{
    AccountRef, AccountView, EntryFilter, EntryStatus, EntrySum, EntryView, Failure, Order, Receipt, Target, TrialLine,
};
pub use postgres::inspect::PostgresServer;
pub use sql::{ColumnError, Row, Statement, Value};
pub use verify::{Difference, Proof};

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ledger::{AccountNo, Kind, Timestamp};
use postgres::PostgresStore;
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
    /// Accounts kept in memory (SQLite).
    pub cached_accounts: usize,
    /// Transactions the projection may lag behind (SQLite).
    pub tail_length: usize,
    /// The clock that stamps transactions; `None`: the machine's for SQLite, the database's for PostgreSQL.
    pub clock: Option<Arc<dyn Clock>>,
    /// How PostgreSQL is used.
    pub postgres: PostgresOptions,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            queue_length: 100_000,
            cached_accounts: 200_000,
            tail_length: 500_000,
            clock: None,
            postgres: PostgresOptions::default(),
        }
    }
}

/// How PostgreSQL is used.
#[derive(Clone, Debug)]
pub struct PostgresOptions {
    /// Writers side by side, a connection each.
    pub executors: usize,
    /// Connections for reading, at most.
    pub connections: usize,
    /// Whether statements are prepared once a connection; a transaction pooler in between needs `false`.
    pub prepared_statements: bool,
    /// How long a row that another holds is waited for, at a time.
    pub lock_timeout: Duration,
    /// How long one statement may take.
    pub statement_timeout: Duration,
    /// How long a commit may take, a standby's answer included, before its outcome is called unknown.
    pub commit_timeout: Duration,
    /// After this long the server ends a transaction whose node is silent, and gives its locks free.
    pub idle_in_transaction_timeout: Duration,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        PostgresOptions {
            executors: 2,
            connections: 16,
            prepared_statements: true,
            lock_timeout: Duration::from_secs(2),
            statement_timeout: Duration::from_secs(5),
            commit_timeout: Duration::from_secs(10),
            idle_in_transaction_timeout: Duration::from_secs(10),
        }
    }
}

/// The database cannot be read or opened.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(pub String);

/// The ledger and the rows around it, on either engine. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    engine: Engine,
}

#[derive(Clone)]
enum Engine {
    Sqlite(Arc<SqliteStore>),
    Postgres(Arc<PostgresStore>),
}

/// Where a database is.
enum Place {
    Sqlite(PathBuf),
    Postgres(String),
}

impl Place {
    fn parse(url: &str) -> Result<Place, StoreError> {
        match (url.strip_prefix("sqlite:"), url.split_once("://")) {
            (Some(path), _) if !path.is_empty() => Ok(Place::Sqlite(path.strip_prefix("//").unwrap_or(path).into())),
            (_, Some(("postgres" | "postgresql", _))) => Ok(Place::Postgres(url.to_owned())),
            _ => Err(StoreError(
                "this is no database URL: write sqlite:PATH or postgres://USER@HOST/DATABASE".to_owned(),
            )),
        }
    }

    async fn missing_migrations(&self) -> Result<Vec<&'static str>, StoreError> {
        match self {
            Place::Sqlite(path) => sqlite::missing_migrations(path),
            Place::Postgres(url) => postgres::missing_migrations(url).await,
        }
    }
}

impl Store {
    /// Opens `sqlite:PATH` or `postgres://…`; makes its tables or brings them up to date first.
    pub async fn open(url: &str, options: Options) -> Result<Store, StoreError> {
        let engine = match Place::parse(url)? {
            Place::Sqlite(path) => Engine::Sqlite(Arc::new(blocking(move || SqliteStore::open(path, options)).await?)),
            Place::Postgres(url) => Engine::Postgres(Arc::new(PostgresStore::open(&url, options).await?)),
        };
        Ok(Store { engine })
    }

    /// Makes or updates the tables only; says which migrations were applied.
    pub async fn migrate(url: &str, now: Timestamp) -> Result<Vec<&'static str>, StoreError> {
        match Place::parse(url)? {
            Place::Sqlite(path) => blocking(move || sqlite::migrate(&path, now)).await,
            Place::Postgres(url) => postgres::migrate(&url, now).await,
        }
    }

    /// Does one order: durable when it answers `Ok`.
    pub async fn submit(&self, order: Order) -> Result<Receipt, Failure> {
        match &self.engine {
            Engine::Sqlite(store) => store.executor.order(order).await,
            Engine::Postgres(store) => store.submit(order).await,
        }
    }

    /// Does many, each on its own; answers stand in the order of the questions.
    pub async fn submit_all(&self, orders: Vec<Order>) -> Vec<Result<Receipt, Failure>> {
        match &self.engine {
            Engine::Sqlite(store) => store.executor.orders(orders).await,
            Engine::Postgres(store) => store.submit_all(orders).await,
        }
    }

    /// Writes rows in one transaction; says how many rows each statement changed.
    pub async fn write(&self, rows: Vec<Statement>) -> Result<Vec<u64>, Failure> {
        match &self.engine {
            Engine::Sqlite(store) => store.executor.rows(rows).await,
            Engine::Postgres(store) => store.write(rows).await,
        }
    }

    /// Reads rows as they are now.
    pub async fn query(&self, sql: &'static str, params: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        match &self.engine {
            Engine::Sqlite(store) => store.query(sql, params).await,
            Engine::Postgres(store) => store.query(sql, params).await,
        }
    }

    /// The state of an account now, `None` when there is none.
    pub async fn account(&self, account: AccountRef) -> Result<Option<AccountView>, Failure> {
        match &self.engine {
            Engine::Sqlite(store) => store.account(account).await,
            Engine::Postgres(store) => store.account(account).await,
        }
    }

    /// The state of an account as it was at `at`. Cost grows with its number of transactions.
    pub async fn account_at(&self, account: AccountRef, at: Timestamp) -> Result<Option<AccountView>, Failure> {
        match &self.engine {
            Engine::Sqlite(store) => store.account_at(account, at).await,
            Engine::Postgres(store) => store.account_at(account, at).await,
        }
    }

    /// Entries with `seq` below `before`, newest first, at most `limit`.
    pub async fn entries(
        &self,
        account: AccountNo,
        filter: EntryFilter,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<EntryView>, Failure> {
        history::page(self, account, &filter, before, limit).await
    }

    /// What entries add up to, by kind; kinds without an entry are left out.
    pub async fn entry_sums(
        &self,
        account: AccountNo,
        filter: EntryFilter,
    ) -> Result<BTreeMap<Kind, EntrySum>, Failure> {
        history::sums(self, account, &filter).await
    }

    /// One entry, whatever its kind.
    pub async fn entry(&self, account: AccountNo, seq: u64) -> Result<Option<EntryView>, Failure> {
        let filter = EntryFilter { kinds: Kind::ALL.to_vec(), ..EntryFilter::default() };
        Ok(self.entries_between(account, filter, seq..seq.saturating_add(1), 1).await?.pop())
    }

    /// Accounts whose history is longer than [`Store::index_history`] has come yet, at most `limit`. Cost: a pass over the
    /// states of all accounts.
    pub async fn unindexed_accounts(&self, limit: usize) -> Result<Vec<AccountNo>, Failure> {
        history::unindexed(self, limit).await
    }

    /// Makes the next part of a long history quick to filter; `false`: none is missing. Any number of nodes may do it at
    /// once.
    pub async fn index_history(&self, account: AccountNo) -> Result<bool, Failure> {
        history::index(self, account).await
    }

    /// Entries with a `seq` in `range`, newest first, at most `limit`, read one after the other.
    async fn entries_between(
        &self,
        account: AccountNo,
        filter: EntryFilter,
        range: Range<u64>,
        limit: usize,
    ) -> Result<Vec<EntryView>, Failure> {
        match &self.engine {
            Engine::Sqlite(store) => store.entries_between(account, filter, range, limit).await,
            Engine::Postgres(store) => store.entries_between(account, filter, range, limit).await,
        }
    }

    /// Those of the entries `seqs` that pass the filter, newest first. On SQLite they must be projected.
    async fn entries_of(
        &self,
        account: AccountNo,
        filter: EntryFilter,
        seqs: Vec<u64>,
    ) -> Result<Vec<EntryView>, Failure> {
        match &self.engine {
            Engine::Sqlite(store) => store.entries_of(account, filter, seqs).await,
            Engine::Postgres(store) => store.entries_of(account, filter, seqs).await,
        }
    }

    /// Sums per counter-account and unit, and what accounts hold; each unit sums to zero.
    pub async fn trial_balance(&self) -> Result<Vec<TrialLine>, StoreError> {
        match &self.engine {
            Engine::Sqlite(store) => store.trial_balance().await,
            Engine::Postgres(store) => store.trial_balance().await,
        }
    }

    /// Short numbers of accounts where something has fallen due, at most `limit`.
    pub async fn due_accounts(&self, limit: usize) -> Result<Vec<AccountNo>, StoreError> {
        let sql = "SELECT account_no FROM ledger_accounts WHERE next_due_at_us <= $1 ORDER BY next_due_at_us LIMIT $2";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let found = self.query(sql, params![self.now().micros(), limit]).await?;
        let number = |row: &Row| row.int(0).map(|no| no as AccountNo).map_err(|error| StoreError(error.to_string()));
        found.iter().map(number).collect()
    }

    /// Whether the database answers, takes writes and has a current schema.
    pub async fn check_ready(&self) -> Result<(), StoreError> {
        match &self.engine {
            Engine::Sqlite(store) => store.check_ready().await,
            Engine::Postgres(store) => store.check_ready().await,
        }
    }

    /// The time on the store's clock.
    pub fn now(&self) -> Timestamp {
        match &self.engine {
            Engine::Sqlite(store) => store.now(),
            Engine::Postgres(store) => store.now(),
        }
    }

    /// Answers what waits, refuses what comes, closes the database.
    pub async fn shutdown(&self) {
        match &self.engine {
            Engine::Sqlite(store) => store.executor.stop().await,
            Engine::Postgres(store) => store.shutdown().await,
        }
    }
}

/// Makes a database as it was when there were only the first `last` migrations: for tests of upgrades.
#[doc(hidden)]
pub async fn migrate_to(url: &str, now: Timestamp, last: usize) -> Result<(), StoreError> {
    match Place::parse(url)? {
        Place::Sqlite(path) => blocking(move || sqlite::migrate_to(&path, now, last)).await,
        Place::Postgres(url) => postgres::migrate_to(&url, now, last).await,
    }
}

/// Migrations that this program knows and the database does not have; all of them when there is no database yet.
pub fn missing_migrations(url: &str) -> Result<Vec<&'static str>, StoreError> {
    let place = Place::parse(url)?;
    on_own_thread(|| place.missing_migrations())
}

/// Proves a database without changing it; see [`Proof`] and [`Difference`]. `progress` is told transactions done and in
/// all. Runs for as long as it takes on the calling thread.
pub fn verify(url: &str, progress: &mut (dyn FnMut(u64, u64) + Send)) -> Result<Proof, Difference> {
    match Place::parse(url) {
        Ok(Place::Sqlite(path)) => sqlite::verify::verify(&path, progress),
        Ok(Place::Postgres(url)) => on_own_thread(|| postgres::verify::verify(&url, progress)),
        Err(error) => Err(error.into()),
    }
}

/// Asks the PostgreSQL server of a URL how it is set up. Errors: it cannot be reached, or the URL names none.
pub fn inspect(url: &str) -> Result<PostgresServer, StoreError> {
    match Place::parse(url)? {
        Place::Sqlite(_) => Err(StoreError("this is no PostgreSQL database".to_owned())),
        Place::Postgres(url) => on_own_thread(|| postgres::inspect::inspect(&url)),
    }
}

/// Copies a whole ledger into an empty database, on the same engine or the other one, and proves both; see [`CopyStep`].
///
/// Stop every node on `from` first: what is booked after the copy has begun is not in it. `to` must hold no rows; its
/// tables are made. All of it is written in one transaction: an interrupted copy leaves an empty database, where it can
/// be started again. `progress` is told the step, and transactions done and in all. Runs for as long as it takes on the
/// calling thread.
pub fn copy(from: &str, to: &str, progress: &mut (dyn FnMut(CopyStep, u64, u64) + Send)) -> Result<Proof, CopyError> {
    let (from, to) = (Place::parse(from)?, Place::parse(to)?);
    on_own_thread(|| copy::copy(&from, &to, progress))
}

/// Runs a future to its end, also for a caller inside a runtime.
fn on_own_thread<T: Send, E: From<StoreError> + Send, F: Future<Output = Result<T, E>>>(
    work: impl FnOnce() -> F + Send,
) -> Result<T, E> {
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| StoreError(format!("cannot start a runtime: {error}")))?;
        runtime.block_on(work())
    };
    let ended = std::thread::scope(|scope| scope.spawn(run).join());
    ended.unwrap_or_else(|_| Err(StoreError("the work panicked".to_owned()).into()))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| StoreError(format!("the work failed: {error}")))?
}

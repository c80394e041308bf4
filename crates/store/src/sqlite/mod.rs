//! The ledger on one SQLite file.
//!
//! One thread writes ([`writer`]); readers have connections of their own and see the projection of their snapshot plus
//! the tail that the writer tells them about, which together are exact. Cost of a read: one question to the writer's
//! thread, then point and range reads.

mod checkpoint;
pub(crate) mod copy;
mod filter;
mod memory;
mod past;
mod projector;
mod question;
mod reader;
mod rows;
mod schema;
mod state;
mod tail;
pub(crate) mod verify;
mod writer;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ledger::{AccountNo, Timestamp};
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::executor::Executor;
use crate::{
    AccountRef, AccountView, Clock, EntryFilter, EntryView, Failure, Options, Row, StoreError, SystemClock, TrialLine,
    Value,
};
use checkpoint::{Checkpointer, Halt};
use filter::KeyFilter;
use question::{Question, TailQuestion};
use reader::Readers;
use writer::SqliteWriter;

/// An open SQLite ledger.
pub(crate) struct SqliteStore {
    pub(crate) executor: Executor<Question>,
    readers: Readers,
    halt: Halt,
    clock: Arc<dyn Clock>,
}

/// Makes or updates the tables of a database file; says which migrations were applied.
pub(crate) fn migrate(path: &Path, now: Timestamp) -> Result<Vec<&'static str>, StoreError> {
    let mut conn = schema::open_writer(path)?;
    schema::migrate(&mut conn, now.micros())
}

/// Makes the tables that there were with the first `last` migrations.
pub(crate) fn migrate_to(path: &Path, now: Timestamp, last: usize) -> Result<(), StoreError> {
    let mut conn = schema::open_writer(path)?;
    schema::migrate_to(&mut conn, now.micros(), last).map(drop)
}

/// Migrations that a database file does not have.
pub(crate) fn missing_migrations(path: &Path) -> Result<Vec<&'static str>, StoreError> {
    if !path.exists() {
        return Ok(schema::migrations_after(0));
    }
    schema::missing_migrations(&schema::open_reader(path)?)
}

impl SqliteStore {
    /// Opens a file, makes or updates its tables, replays the tail of its journal.
    pub(crate) fn open(path: PathBuf, options: Options) -> Result<Self, StoreError> {
        let mut conn = schema::open_writer(&path)?;
        let clock = options.clock.clone().unwrap_or_else(|| Arc::new(SystemClock));
        schema::migrate(&mut conn, clock.now().micros())?;
        let halt = Halt::default();
        let checkpointer = Checkpointer::start(path.clone(), halt.clone())?;
        let filter = KeyFilter::start(&path);
        let writer = SqliteWriter::start(conn, options.clone(), clock.clone(), checkpointer, filter, halt.clone())?;
        let executor = Executor::start(writer, options.queue_length)
            .map_err(|error| StoreError(format!("cannot start the ledger's thread: {error}")))?;
        Ok(SqliteStore { executor, readers: Readers::new(path), halt, clock })
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) async fn query(&self, sql: &'static str, params: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        self.readers.run(move |conn| rows::query(conn, sql, &params)).await
    }

    pub(crate) async fn account(&self, account: AccountRef) -> Result<Option<AccountView>, Failure> {
        let account = self.ask(|answer| Question::Account(account, answer)).await?;
        let as_of = self.now();
        Ok(account.map(|account| AccountView { account, as_of }))
    }

    pub(crate) async fn account_at(&self, account: AccountRef, at: Timestamp) -> Result<Option<AccountView>, Failure> {
        let Some(present) = self.ask(|answer| Question::Account(account, answer)).await? else { return Ok(None) };
        let to = Timestamp::from_micros(at.micros().saturating_add(1));
        let filter = EntryFilter { kinds: ledger::Kind::ALL.to_vec(), to: Some(to), ..EntryFilter::default() };
        let question = TailQuestion { account: present.no, filter, range: 0..u64::MAX, limit: usize::MAX };
        let tail = self.ask(|answer| Question::Tail(question, answer)).await?;
        let account = self.readers.run_any(move |conn| reader::account_at(conn, &present, at, tail)).await;
        account.map(|account| Some(AccountView { account, as_of: at })).map_err(not_read)
    }

    pub(crate) async fn entries_between(
        &self,
        account: AccountNo,
        filter: EntryFilter,
        range: Range<u64>,
        limit: usize,
    ) -> Result<Vec<EntryView>, Failure> {
        let question = TailQuestion { account, filter: filter.clone(), range: range.clone(), limit };
        let tail = self.ask(|answer| Question::Tail(question, answer)).await?;
        let page = reader::Page { account, filter, range, limit };
        self.readers.run(move |conn| reader::entries_between(conn, &page, tail)).await.map_err(not_read)
    }

    /// Of projected entries.
    pub(crate) async fn entries_of(
        &self,
        account: AccountNo,
        filter: EntryFilter,
        seqs: Vec<u64>,
    ) -> Result<Vec<EntryView>, Failure> {
        let question = TailQuestion { account, filter: filter.clone(), range: 0..0, limit: 0 };
        let tail = self.ask(|answer| Question::Tail(question, answer)).await?;
        let read = move |conn: &Connection| reader::entries_of(conn, account, &filter, &seqs, tail);
        self.readers.run(read).await.map_err(not_read)
    }

    pub(crate) async fn trial_balance(&self) -> Result<Vec<TrialLine>, StoreError> {
        let totals = self.ask(Question::Totals).await.map_err(|failure| StoreError(failure.to_string()))?;
        let named = |name: &str, (unit, sum_units)| TrialLine { name: name.to_owned(), unit, sum_units };
        let accounts = totals.accounts.into_iter().map(|((unit, _), sum)| named("accounts", (unit, sum)));
        let counters = totals.counters.into_iter().filter_map(|((unit, counter), sum)| {
            ledger::Counter::ALL.get(usize::from(counter)).map(|counter| named(counter.name(), (unit, sum)))
        });
        Ok(accounts.chain(counters).collect())
    }

    pub(crate) async fn check_ready(&self) -> Result<(), StoreError> {
        if let Some(reason) = self.halt.get() {
            return Err(StoreError(reason.to_string()));
        }
        let missing = self.readers.run_any(|conn| schema::missing_migrations(conn).map_err(|error| error.0)).await?;
        if missing.is_empty() {
            return Ok(());
        }
        Err(StoreError(format!("migrations are missing: {}; run scrip migrate", missing.join(", "))))
    }

    async fn ask<T>(
        &self,
        question: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Question,
    ) -> Result<T, Failure> {
        let (answer, answered) = oneshot::channel();
        self.executor.question(question(answer))?;
        match answered.await {
            Ok(answer) => answer.map_err(not_read),
            Err(_) => Err(Failure::Stopping),
        }
    }
}

fn not_read(error: StoreError) -> Failure {
    Failure::NotStored(Arc::from(error.0))
}

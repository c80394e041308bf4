//! One writer of a PostgreSQL ledger: locks, reads, decides in memory, writes arrays. Several run side by side, on this
//! node and on others.
//!
//! Invariants: the accounts of a batch are locked in order of their numbers before anything of them is read; what is
//! read after the lock is the truth, nothing is remembered between batches; keys are looked up by a statement that
//! began after the lock was held, so it sees what the holder before committed; the clock is the database's, read after
//! the lock, too. An answer is given only after COMMIT returned without a warning. A connection lost at COMMIT is
//! resolved by doing the batch again: what was stored is found by its keys, and the commit of that look-up covers what
//! it saw. Cost of a batch: two round trips and one commit; a debit adds a row to `entries` and, once per account and
//! batch, a row version to `ledger_accounts`.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;
use tracing::{error, warn};

use crate::executor::{CommitError, Done, Task, Writer};
use crate::postgres::access::{Access, Link, chain};
use crate::postgres::batch::Batch;
use crate::postgres::clock::DbClock;
use crate::postgres::directory::Directory;
use crate::postgres::session::Session;
use crate::{Failure, PostgresOptions, StoreError};

/// A batch is tried this often when others are in its way or the connection is lost.
const TRIES: u32 = 5;
/// Longest pause between two tries; they grow, and are random so that nodes do not meet again.
const PAUSE: Duration = Duration::from_millis(200);
/// Locking, reading and the rows of use cases take no longer than this, or the connection is given up.
const WORK_TIMEOUT: Duration = Duration::from_secs(20);

/// What the writers of a node share.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) access: Access,
    pub(super) directory: Arc<Directory>,
    pub(super) clock: Arc<DbClock>,
    pub(super) options: PostgresOptions,
}

pub(super) struct PostgresWriter {
    runtime: Runtime,
    worker: Worker,
}

/// What runs inside the writer's own runtime.
struct Worker {
    shared: Shared,
    /// Its part of the sums over counter-accounts.
    shard: i32,
    session: Option<Session>,
}

/// Why a try came to nothing.
pub(super) enum Fault {
    /// Nothing is stored; the same may work in a moment.
    Retry(Arc<str>),
    /// The database is not there.
    Unreachable(Arc<str>),
    /// Nothing is stored, and trying the same again would not help.
    NotStored(Arc<str>),
    /// The connection was lost around COMMIT.
    Lost(Arc<str>),
}

impl PostgresWriter {
    /// A writer; it connects with its first batch.
    pub(super) fn new(shared: Shared, shard: i32) -> Result<Self, StoreError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| StoreError(format!("cannot start a writer: {error}")))?;
        Ok(PostgresWriter { runtime, worker: Worker { shared, shard, session: None } })
    }
}

impl Writer for PostgresWriter {
    /// Readers ask the database themselves.
    type Question = std::convert::Infallible;

    fn execute(&mut self, tasks: &[Task]) -> Result<Vec<Done>, CommitError> {
        let PostgresWriter { runtime, worker } = self;
        runtime.block_on(worker.execute(tasks))
    }

    fn answer(&mut self, question: Self::Question) {
        match question {}
    }

    fn tidy(&mut self) -> bool {
        false
    }
}

impl Worker {
    async fn execute(&mut self, tasks: &[Task]) -> Result<Vec<Done>, CommitError> {
        // Set when a commit may have happened: then only a look-up of keys can tell.
        let mut in_doubt = false;
        let mut last: Arc<str> = "it was tried too often".into();
        for attempt in 0..TRIES {
            let fault = match self.attempt(tasks, in_doubt).await {
                Ok(done) => return Ok(done),
                Err(fault) => fault,
            };
            last = match fault {
                Fault::NotStored(reason) if !in_doubt => return Err(CommitError::NotStored(reason)),
                Fault::Lost(reason) => {
                    in_doubt = true;
                    reason
                }
                Fault::Retry(reason) | Fault::Unreachable(reason) | Fault::NotStored(reason) => reason,
            };
            warn!(%last, attempt, in_doubt, "a batch is tried again");
            let pause = PAUSE * (attempt + 1) / TRIES;
            tokio::time::sleep(pause.mul_f32(rand::random_range(0.5..1.0))).await;
        }
        error!(%last, in_doubt, "a batch is given up");
        if in_doubt { Err(CommitError::Unknown) } else { Err(CommitError::Unavailable(last)) }
    }

    /// One transaction. With `in_doubt`, rows that no key protects are not written again.
    async fn attempt(&mut self, tasks: &[Task], in_doubt: bool) -> Result<Vec<Done>, Fault> {
        let mut session = match self.session.take() {
            Some(session) => session,
            None => self.connect().await?,
        };
        let outcome = self.transaction(&mut session, tasks, in_doubt).await;
        let usable = match &outcome {
            Ok(_) => true,
            Err(Fault::Lost(_) | Fault::Unreachable(_)) => false,
            // The next one begins on a clean connection, or on another.
            Err(_) => session.rollback().await,
        };
        if usable {
            self.session = Some(session);
        }
        outcome
    }

    async fn connect(&self) -> Result<Session, Fault> {
        let Shared { access, options, .. } = &self.shared;
        let connected = async {
            let link: Link = access.connect().await?;
            Session::prepare(link, options).await
        };
        match tokio::time::timeout(WORK_TIMEOUT, connected).await {
            Ok(Ok(session)) => Ok(session),
            Ok(Err(error)) => Err(Fault::Unreachable(format!("PostgreSQL: {}", chain(&error)).into())),
            Err(_) => Err(Fault::Unreachable("PostgreSQL does not answer".into())),
        }
    }

    async fn transaction(&mut self, session: &mut Session, tasks: &[Task], in_doubt: bool) -> Result<Vec<Done>, Fault> {
        let work = async {
            let mut batch = Batch::begin(session, &self.shared, tasks).await?;
            let mut done = Vec::with_capacity(tasks.len());
            for task in tasks {
                done.push(match task {
                    Task::Order(order) => Done::Order(batch.order(order).await?),
                    Task::Rows(_) if in_doubt => Done::Rows(Err(Failure::Unknown)),
                    Task::Rows(rows) => Done::Rows(batch.rows(rows).await?),
                });
            }
            Ok((done, batch.finish()))
        };
        let (done, writes) = match tokio::time::timeout(WORK_TIMEOUT, work).await {
            Ok(worked) => worked?,
            Err(_) => return Err(Fault::Unreachable("PostgreSQL does not answer".into())),
        };
        let commit = writes.commit(session, self.shard);
        match tokio::time::timeout(self.shared.options.commit_timeout, commit).await {
            Ok(committed) => committed.map(|()| done),
            Err(_) => Err(Fault::Lost("PostgreSQL does not answer a commit".into())),
        }
    }
}

/// What an error before COMMIT was sent means.
pub(super) fn before_commit(error: Error) -> Fault {
    let reason: Arc<str> = format!("PostgreSQL: {}", chain(&error)).into();
    match error.code() {
        None => Fault::Unreachable(reason),
        Some(code) if is_gone(code) => Fault::Unreachable(reason),
        Some(code) if is_passing(code) => Fault::Retry(reason),
        Some(_) => Fault::NotStored(reason),
    }
}

/// The server ends the connection, or is not ready for one.
pub(super) fn is_gone(code: &SqlState) -> bool {
    let code = code.code();
    code.starts_with("08") || code.starts_with("57P") || code == "25P03" || code == "53300"
}

/// Others were in the way: a serialization failure, a deadlock, a lock or a statement that took too long.
fn is_passing(code: &SqlState) -> bool {
    [
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::LOCK_NOT_AVAILABLE,
        SqlState::QUERY_CANCELED,
        // Another node opened the same account, or booked the same key, between our look and our write.
        SqlState::UNIQUE_VIOLATION,
        SqlState::READ_ONLY_SQL_TRANSACTION,
    ]
    .contains(code)
}

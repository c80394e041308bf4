//! One writer of a PostgreSQL ledger: locks, reads, decides in memory, writes arrays. Several run side by side, on this
//! node and on others.
//!
//! A batch is done in one of two ways. *Under lock*: the accounts are locked in order of their numbers before anything of
//! them is read; what is read after the lock is the truth; keys are looked up by a statement that began after the lock
//! was held, so it sees what the holder before committed; the clock is the database's, read after the lock, too.
//! *On memory*: debits and holds that nothing refuses are decided on the states that this writer stored last, and one
//! statement stores them if the chain of every account still ends where it was remembered to, no key was used before
//! and the clock is right; otherwise it stores nothing, and the batch is done under lock. A refusal writes nothing that
//! could prove it, so it is never given on memory.
//!
//! Invariants: An answer is given only after COMMIT returned without a warning. A connection lost at COMMIT is
//! resolved by doing the batch again under lock: what was stored is found by its keys, and the commit of that look-up
//! covers what it saw. Cost of a batch: one round trip on memory, two under lock, and one commit; a debit adds a row to `entries` and, once per account and
//! batch, a row version to `ledger_accounts`.

use std::ops::Range;
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
use crate::postgres::memory::Memory;
use crate::postgres::session::Session;
use crate::{Failure, PostgresOptions, StoreError};

/// A batch is tried this often when others are in its way or the connection is lost.
const TRIES: u32 = 5;
/// Longest pause between two tries; they grow, and are random so that nodes do not meet again.
const PAUSE: Duration = Duration::from_millis(200);
/// Locking, reading and the rows of use cases take no longer than this, or the connection is given up.
const WORK_TIMEOUT: Duration = Duration::from_secs(20);

/// How far the database's clock may be from what this node takes it to be when a batch is decided on memory.
const CLOCK_SLACK: Duration = Duration::from_secs(1);
/// After a batch that was decided on memory in vain, this many are done under lock; twice as many after each in a row.
const CAREFUL_BATCHES: Range<u32> = 4..1_024;

/// What the writers of a node share.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) access: Access,
    pub(super) directory: Arc<Directory>,
    pub(super) clock: Arc<DbClock>,
    pub(super) options: PostgresOptions,
    /// Accounts that each writer remembers at most.
    pub(super) cached_accounts: usize,
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
    memory: Memory,
    /// Batches still to be done under lock before memory is trusted again.
    careful: u32,
    /// What `careful` becomes next.
    careful_next: u32,
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
        let memory = Memory::new(shared.cached_accounts);
        let worker = Worker { shared, shard, session: None, memory, careful: 0, careful_next: CAREFUL_BATCHES.start };
        Ok(PostgresWriter { runtime, worker })
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
        let session = match self.session.take() {
            Some(session) => session,
            None => self.connect().await?,
        };
        let outcome = match self.on_memory(&session, tasks, in_doubt).await {
            Ok(None) => self.under_lock(&session, tasks, in_doubt).await,
            Ok(Some(done)) => Ok(done),
            Err(fault) => Err(fault),
        };
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

    /// One statement that proves what it rests on. `None`: nothing is stored, and the batch is to be done under lock.
    async fn on_memory(
        &mut self,
        session: &Session,
        tasks: &[Task],
        in_doubt: bool,
    ) -> Result<Option<Vec<Done>>, Fault> {
        if self.careful > 0 || in_doubt {
            self.careful = self.careful.saturating_sub(1);
            return Ok(None);
        }
        let Some(mut batch) = Batch::on_memory(session, &self.shared, &mut self.memory, tasks) else {
            return Ok(None);
        };
        let mut done = Vec::with_capacity(tasks.len());
        for task in tasks {
            let Task::Order(order) = task else { return Ok(None) };
            let outcome = batch.order(order).await?;
            if outcome.is_err() {
                return Ok(None);
            }
            done.push(Done::Order(outcome));
        }
        let slack_us = self.shared.clock.slack_us(CLOCK_SLACK);
        let (writes, accounts) = batch.finish();
        let commit = writes.commit_if_unchanged(session, self.shard, slack_us);
        match self.committed(commit).await {
            Ok(()) => {
                self.memory.keep(accounts);
                self.careful_next = CAREFUL_BATCHES.start;
                Ok(Some(done))
            }
            Err(Fault::NotStored(_) | Fault::Retry(_)) => {
                self.careful = self.careful_next;
                self.careful_next = (self.careful_next * 2).min(CAREFUL_BATCHES.end);
                // A transaction that began for it is still to be ended.
                if session.rollback().await { Ok(None) } else { Err(Fault::Unreachable("PostgreSQL is gone".into())) }
            }
            Err(fault) => Err(fault),
        }
    }

    async fn committed(&self, commit: impl Future<Output = Result<(), Fault>>) -> Result<(), Fault> {
        match tokio::time::timeout(self.shared.options.commit_timeout, commit).await {
            Ok(committed) => committed,
            Err(_) => Err(Fault::Lost("PostgreSQL does not answer a commit".into())),
        }
    }

    /// Locks, reads, decides, writes.
    async fn under_lock(&mut self, session: &Session, tasks: &[Task], in_doubt: bool) -> Result<Vec<Done>, Fault> {
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
        let (done, (writes, accounts)) = match tokio::time::timeout(WORK_TIMEOUT, work).await {
            Ok(worked) => worked?,
            Err(_) => return Err(Fault::Unreachable("PostgreSQL does not answer".into())),
        };
        self.committed(writes.commit(session, self.shard)).await?;
        self.memory.keep(accounts);
        Ok(done)
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

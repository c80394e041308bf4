//! Moves pages from the write-ahead log into the database file, away from the writer's thread.
//!
//! A checkpoint never makes the ledger less durable: commits are on disk in the log. One that fails at the disk halts
//! the writer, because pages the kernel has dropped would be lost with the next reset of the log.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};

use rusqlite::{Connection, ErrorCode};
use tracing::{error, warn};

use crate::StoreError;
use crate::sqlite::schema;

/// Set once when the disk failed: why nothing is written any more.
pub(super) type Halt = Arc<OnceLock<Arc<str>>>;
/// Pages in the log after the last commit.
pub(super) type WalPages = Arc<AtomicUsize>;

/// Pages in the log that wake the checkpointer: 4 MiB.
const WAKE_PAGES: usize = 1_000;
/// Pages in the log at which the writer itself finishes the job, so that the log starts over: 128 MiB.
const LIMIT_PAGES: usize = 32_000;

/// The writer's end.
pub(super) struct Checkpointer {
    wake: SyncSender<()>,
    wal_pages: WalPages,
}

impl Checkpointer {
    /// Starts the thread. It ends when the writer is gone.
    pub(super) fn start(path: PathBuf, halt: Halt) -> Result<Self, StoreError> {
        let conn = schema::open_writer(&path)?;
        let (wake, woken) = sync_channel(1);
        let work = move || {
            while woken.recv().is_ok() {
                run(&conn, &halt);
            }
        };
        std::thread::Builder::new()
            .name("scrip-checkpoint".to_owned())
            .spawn(work)
            .map_err(|error| StoreError(format!("cannot start a thread: {error}")))?;
        Ok(Checkpointer { wake, wal_pages: Arc::default() })
    }

    pub(super) fn wal_pages(&self) -> WalPages {
        self.wal_pages.clone()
    }

    /// Called after each commit on the writer's connection.
    pub(super) fn after_commit(&self, conn: &Connection, halt: &Halt) {
        let pages = self.wal_pages.load(Ordering::Relaxed);
        if pages > LIMIT_PAGES {
            run(conn, halt);
        } else if pages > WAKE_PAGES {
            // Full means it is awake already.
            let _ = self.wake.try_send(());
        }
    }
}

fn run(conn: &Connection, halt: &Halt) {
    if let Err(error) = conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
        if error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure) {
            error!(%error, "a checkpoint failed at the disk: nothing is written until a restart");
            let _ = halt.set("the disk failed during a checkpoint; check it, then restart scrip".into());
        } else {
            warn!(%error, "a checkpoint did not finish; it will be tried again");
        }
    }
}

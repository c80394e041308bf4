//! The database's clock, as this node knows it.
//!
//! Decisions about expiry ask the database itself, inside their transaction. For everything else (what a reader is
//! shown, what a payment is stamped with) the last answer and the machine's monotonic clock are exact enough: the wall
//! clock of a node is never asked, so nodes whose clocks differ agree.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use ledger::Timestamp;

use crate::Clock;

/// Asks for it, in microseconds.
pub(super) const NOW: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

/// See the module.
pub(super) struct DbClock {
    started: Instant,
    /// The database's time at `started`.
    offset_us: AtomicI64,
    /// Another clock instead, for tests and the demo.
    instead: Option<Arc<dyn Clock>>,
}

impl DbClock {
    /// A clock that [`told`](DbClock::told) sets, or another one in its place.
    pub(super) fn new(instead: Option<Arc<dyn Clock>>) -> Self {
        DbClock { started: Instant::now(), offset_us: AtomicI64::new(0), instead }
    }

    /// What the database said just now; gives what counts.
    pub(super) fn told(&self, now_us: i64) -> Timestamp {
        if let Some(clock) = &self.instead {
            return clock.now();
        }
        self.offset_us.store(now_us - self.elapsed_us(), Ordering::Relaxed);
        Timestamp::from_micros(now_us)
    }

    /// What time it is.
    pub(super) fn now(&self) -> Timestamp {
        match &self.instead {
            Some(clock) => clock.now(),
            None => Timestamp::from_micros(self.offset_us.load(Ordering::Relaxed) + self.elapsed_us()),
        }
    }

    /// How far the database's clock may be from [`now`](DbClock::now) where it must be right; another clock in its place
    /// always is.
    pub(super) fn slack_us(&self, slack: std::time::Duration) -> i64 {
        match &self.instead {
            Some(_) => i64::MAX,
            None => i64::try_from(slack.as_micros()).unwrap_or(i64::MAX),
        }
    }

    fn elapsed_us(&self) -> i64 {
        i64::try_from(self.started.elapsed().as_micros()).unwrap_or(i64::MAX)
    }
}

//! A clock that stands still until it is moved.

use std::sync::atomic::{AtomicI64, Ordering};

use ledger::Timestamp;
use store::{Clock, SystemClock};

/// Noon of 2026-01-01 UTC, in microseconds.
const START_US: i64 = 1_767_268_800_000_000;

/// Stands still until it is moved, apart from one microsecond per look, so that no two things happen at once.
#[derive(Debug)]
pub struct TestClock(AtomicI64);

impl Default for TestClock {
    fn default() -> Self {
        TestClock(AtomicI64::new(START_US))
    }
}

impl TestClock {
    /// Stands at the machine's time, for whoever talks to those who go by it.
    pub fn of_the_machine() -> TestClock {
        TestClock(AtomicI64::new(SystemClock.now().micros()))
    }

    /// Moves it ahead.
    pub fn advance_seconds(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.fetch_add(1, Ordering::SeqCst))
    }
}

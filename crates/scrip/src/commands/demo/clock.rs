//! The demo's clock: stands where the history is being made, then runs with the machine's.

use std::sync::atomic::{AtomicI64, Ordering};

use ledger::Timestamp;
use store::{Clock, SystemClock};

/// A clock that can be put at an instant of the past.
#[derive(Debug, Default)]
pub struct DemoClock {
    /// Microseconds since the epoch; 0 lets it run.
    stands_at_us: AtomicI64,
}

impl DemoClock {
    /// Stands still at an instant until told otherwise.
    pub fn stand_at(&self, at: Timestamp) {
        self.stands_at_us.store(at.micros(), Ordering::Release);
    }

    /// Runs with the machine's clock from now on.
    pub fn run(&self) {
        self.stands_at_us.store(0, Ordering::Release);
    }
}

impl Clock for DemoClock {
    fn now(&self) -> Timestamp {
        match self.stands_at_us.load(Ordering::Acquire) {
            0 => SystemClock.now(),
            at_us => Timestamp::from_micros(at_us),
        }
    }
}

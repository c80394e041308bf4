//! What other nodes changed: keys they revoked, price books they published, plans that accounts changed.
//!
//! What is remembered here of things that can change is used only while it is fresh: checked against the database less
//! than [`FRESH`] ago, counted from the *beginning* of the check, by this machine's monotonic clock and by the store's
//! clock. So a change takes effect on every node within a second of its commit, also after SIGSTOP and while the database
//! hangs: then the answer waits for the database, or is an error. [`run`] checks often enough that requests find their
//! memory fresh. Cost: one indexed read per round for keys, one
//! for plans with prices of their own and one per unit with prices, none for what nobody asked for.

use std::time::{Duration, Instant};

use ledger::Timestamp;
use store::Store;

use crate::{Engine, Error, Result};

/// How long a check against the database counts. The rest of the second is for the clocks and the request itself.
pub(crate) const FRESH: Duration = Duration::from_millis(900);
/// Pause between two rounds.
const PAUSE: Duration = Duration::from_millis(250);
/// A round that takes longer is given up, and its connection with it.
const PATIENCE: Duration = Duration::from_secs(5);

/// An instant, on both clocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    /// The machine's monotonic clock.
    pub(crate) at: Instant,
    /// The store's clock.
    pub(crate) time: Timestamp,
}

impl Moment {
    pub(crate) fn now(store: &Store) -> Moment {
        Moment { at: Instant::now(), time: store.now() }
    }

    /// Whether what was checked at this moment still counts at `now`.
    pub(crate) fn is_fresh(self, now: Moment) -> bool {
        let fresh_us = i64::try_from(FRESH.as_micros()).unwrap_or(i64::MAX);
        now.at.saturating_duration_since(self.at) < FRESH && now.time.micros() - self.time.micros() < fresh_us
    }

    /// The later one, by the machine's clock.
    pub(crate) fn later(self, other: Moment) -> Moment {
        if other.at > self.at { other } else { self }
    }
}

/// Checks everything once.
///
/// # Errors
/// [`Error::Unavailable`]; what could not be checked is read from the database by those who need it.
pub async fn poll(engine: &Engine) -> Result<()> {
    engine.keys().poll().await?;
    engine.prices().poll().await?;
    engine.tariffs().poll().await
}

/// Checks again and again, until the task is aborted. Keys never wait for a large price book.
pub async fn run(engine: Engine) {
    let keys = repeat("keys", || engine.keys().poll());
    let prices = repeat("price books", || engine.prices().poll());
    let tariffs = repeat("prices of plans", || engine.tariffs().poll());
    tokio::join!(keys, prices, tariffs);
}

async fn repeat<F: Future<Output = Result<()>>>(what: &str, check: impl Fn() -> F) {
    let mut failing = false;
    loop {
        tokio::time::sleep(PAUSE).await;
        let late = || Error::Unavailable(format!("no answer within {} s", PATIENCE.as_secs()));
        let outcome = tokio::time::timeout(PATIENCE, check()).await.unwrap_or_else(|_| Err(late()));
        match &outcome {
            Err(error) if !failing => {
                tracing::warn!(%error, "{what} cannot be checked; each request reads them itself")
            }
            Ok(()) if failing => tracing::info!("{what} can be checked again"),
            _ => {}
        }
        failing = outcome.is_err();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_counts_for_less_than_a_second_on_both_clocks() {
        let checked = Moment { at: Instant::now(), time: Timestamp::from_micros(0) };
        // milliseconds on the machine's clock, on the store's clock, whether it is fresh
        let table = [
            (0, 0, true),
            (899, 899, true),
            (900, 0, false),
            (60_000, 0, false),
            (0, 900, false),
            (0, 60_000, false),
            // The store's clock was put back.
            (100, -60_000, true),
            (900, -60_000, false),
        ];
        for (machine_ms, store_ms, fresh) in table {
            let now = Moment {
                at: checked.at + Duration::from_millis(machine_ms),
                time: Timestamp::from_micros(store_ms * 1_000),
            };
            assert_eq!(checked.is_fresh(now), fresh, "{machine_ms} {store_ms}");
        }
    }
}

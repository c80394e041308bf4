//! Books what has fallen due, in the background.
//!
//! Readers and commands never depend on it: what is due counts as booked for them. It only sees to it that expiries,
//! ends of holds and repayments stand in the books soon after their time, also in accounts that nobody touches.
//! Bounded: one round at a time, [`SWEEP_ACCOUNTS`] accounts per round. One node at a time does it, and several would do
//! no harm: an order to settle names no due thing, the ledger finds what is due when it books. Cost: one read when
//! nothing is due; per round one more write for the lease.

use std::time::Duration;

use store::{AccountRef, Order, Target};

use crate::lease::{self, Lease};
use crate::ledger_calls::settle_command;
use crate::{Engine, Result};

/// Accounts settled at a time.
const SWEEP_ACCOUNTS: usize = 1_000;
/// Rounds in a row before it rests again.
const SWEEP_ROUNDS: usize = 100;
/// Pause between rounds: the list of due accounts follows the books a moment later, and others want to write, too.
const ROUND_PAUSE: Duration = Duration::from_millis(50);

/// Sweeps, and writes when keys were last used, until the task is aborted.
pub async fn run(engine: Engine) {
    let pause = Duration::from_secs(engine.settings().executor.sweep_seconds.clamp(1, 60));
    loop {
        tokio::time::sleep(pause).await;
        if let Err(error) = sweep(&engine).await {
            tracing::warn!(%error, "the sweep could not finish; it tries again");
        }
        if let Err(error) = engine.keys().write_last_used().await {
            tracing::warn!(%error, "the last use of keys could not be written; it is tried again");
        }
    }
}

/// Books what is due now, unless another node does; says how many accounts were looked at.
///
/// # Errors
/// What the store answers. What was booked before stays booked.
pub async fn sweep(engine: &Engine) -> Result<usize> {
    let mut settled = 0;
    for _ in 0..SWEEP_ROUNDS {
        let due = engine.store().due_accounts(SWEEP_ACCOUNTS).await?;
        let round = due.len();
        if round == 0 || !lease::hold(engine, Lease::Sweep).await? {
            break;
        }
        let orders = due.into_iter().map(|no| Order {
            target: Target::Existing(AccountRef::No(no)),
            command: settle_command(),
            rows: Vec::new(),
        });
        for outcome in engine.store().submit_all(orders.collect()).await {
            outcome?;
            settled += 1;
        }
        if round < SWEEP_ACCOUNTS {
            break;
        }
        tokio::time::sleep(ROUND_PAUSE).await;
    }
    Ok(settled)
}

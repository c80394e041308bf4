//! Telling people that credits run low or expire soon, and everybody else by events.
//!
//! What an account wants is a [`Preferences`]; without any it is told of expiries and not of its balance. A job looks at
//! balances ([`look`]) and at expiries ([`announce`]); nothing happens on the way of a debit. Balances are told by level
//! ([`Level`]): each change writes an event to the outbox (`balance.ok`, `balance.low`, `balance.depleted`,
//! `balance.negative`), and letters follow the rules of [`level`]. Invariants:
//! * An event and its letters are one transaction with the level that they tell of, guarded by the row's version, so of
//!   many nodes that see the same thing one tells it.
//! * A lot is told of at each step before its expiry once, and an account on a day once.
//! * What counts is `available` as a balance shows it: free credits of every lot, scoped ones included, less the overdraft.
//!
//! Deliberately absent: stopping anything (that is the caller's), and what happened between two looks. Cost: a look reads
//! the state of each account that wants to be told, some at a time, and writes only what changed.

mod balance;
mod expiry;
pub mod level;
mod preferences;
mod recipients;

use std::time::Duration;

use tracing::warn;

pub use balance::look;
pub use expiry::{announce, forget};
pub use level::Level;
pub use preferences::{Alerts, Draft, LowBalance, Preferences, alerts, set_alerts};

use crate::Engine;

/// Pause between two looks at expiries, in seconds: their steps are days.
const EXPIRY_SECONDS: i64 = 1_800;
/// Accounts of one page.
const PAGE: i64 = 200;
/// States read side by side.
const AT_ONCE: usize = 16;

/// Looks at balances every `alerts.check_seconds`, and now and then at expiries, until the task is aborted.
pub async fn run(engine: Engine) {
    let pause = Duration::from_secs(engine.settings().alerts.check_seconds.max(1));
    let mut expiries_due = engine.now();
    loop {
        tokio::time::sleep(pause).await;
        if let Err(error) = look(&engine).await {
            warn!(%error, "balances could not be looked at; it is tried again");
        }
        if engine.now() < expiries_due {
            continue;
        }
        expiries_due = engine.now().plus_seconds(EXPIRY_SECONDS);
        if let Err(error) = announce(&engine).await {
            warn!(%error, "expiries could not be announced; it is tried again");
        }
        if let Err(error) = forget(&engine).await {
            warn!(%error, "old notices of expiries could not be dropped; it is tried again");
        }
    }
}

//! Keeps long histories quick to filter, in the background.
//!
//! A history that is behind is slower to read and never wrong. One node at a time does it, and several would do no harm:
//! see [`store::Store::index_history`]. Cost: each look is a pass over the states of all accounts, so it rests fifty times
//! as long as a look took; a write for the lease and one for every 4,096 entries that are new.

use std::time::{Duration, Instant};

use ledger::AccountNo;

use crate::lease::{self, Lease};
use crate::{Engine, Result};

/// Accounts of one round.
const ACCOUNTS: usize = 1_000;
/// How many times as long as a look it rests.
const REST: u32 = 50;

/// Goes on until the task is aborted; rests for `pause` at least.
pub async fn run(engine: Engine, pause: Duration) {
    let mut rest = pause;
    loop {
        tokio::time::sleep(rest).await;
        let started = Instant::now();
        let behind = engine.store().unindexed_accounts(ACCOUNTS).await;
        rest = pause.max(started.elapsed() * REST);
        let done = match behind {
            Ok(accounts) => index(&engine, &accounts).await,
            Err(error) => Err(error.into()),
        };
        if let Err(error) = done {
            tracing::warn!(%error, "long histories are behind; it is tried again");
        }
    }
}

/// Brings histories up to date, unless another node does.
async fn index(engine: &Engine, accounts: &[AccountNo]) -> Result<()> {
    for account in accounts {
        while lease::hold(engine, Lease::History).await? && engine.store().index_history(*account).await? {}
    }
    Ok(())
}

//! Rounds of `kill -9` under load.
//!
//! Several clients debit one credit at a time and note a debit only after its 2xx has come whole. Then the process is
//! killed at a random moment and started again: it is ready within five seconds, every noted debit is there with the
//! same answer, every debit of unknown outcome can be settled with its key, the balances agree to the credit.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::load::{Load, Purse};
use super::{Plan, block_on, settle};
use crate::report::Outcome;
use crate::server::Installation;

const ACCOUNTS: usize = 4;
const CLIENTS: usize = 16;
const GRANTED: u64 = 100_000_000;
/// Promised in the documentation (`docs/assurance.md`).
const READY_WITHIN: Duration = Duration::from_secs(5);

pub(super) fn run(plan: Plan) -> Result<Outcome> {
    block_on(rounds(plan))
}

async fn rounds(plan: Plan) -> Result<Outcome> {
    let folder = tempfile::tempdir()?;
    let installation = Installation::new(folder.path())?;
    let api = installation.api()?;
    let mut server = installation.start(READY_WITHIN * 2).await?;
    let mut purse = Purse::open(&api, "kill9", ACCOUNTS, GRANTED).await?;
    let rounds = plan.of(5, 200);
    let (mut acknowledged, mut in_doubt, mut slowest) = (0, 0, Duration::ZERO);
    for round in 0..rounds {
        plan.tell(round, rounds);
        let load = Load::start(&[installation.api()?], CLIENTS, Duration::ZERO, purse.accounts(), &round.to_string());
        tokio::time::sleep(Duration::from_millis(rand::random_range(100..700))).await;
        server.kill()?;
        let sent = load.stop().await?.sent;
        let started = Instant::now();
        server = installation.start(READY_WITHIN).await?;
        slowest = slowest.max(started.elapsed());
        let settled = settle(&api, &sent).await?;
        ensure!(settled.0 > 0, "round {round}: no debit was acknowledged before the kill, nothing was tried");
        acknowledged += settled.0;
        in_doubt += settled.1;
        purse.spend(sent.iter().map(|debit| debit.account.as_str()))?;
        purse.check(&api).await?;
        // The database grows; verifying it in every one of many rounds would be most of the work.
        if round < 20 || round % 10 == 0 || round + 1 == rounds {
            installation.verify()?;
        }
    }
    Ok(Outcome::Passed(format!(
        "{rounds} kills, {acknowledged} acknowledged, 0 lost, {in_doubt} in doubt and settled, slowest start {slowest:.1?}"
    )))
}

//! Rounds of `kill -9` under load.
//!
//! Several clients debit one credit at a time and note a debit only after its 2xx has come whole. Then the process is
//! killed at a random moment and started again: it is ready within five seconds, every noted debit is there with the
//! same answer, every debit of unknown outcome can be settled with its key, the balances agree to the credit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::{Plan, Sent, block_on, settle};
use crate::client::{Api, ONE, format_amount};
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
    for account in 0..ACCOUNTS {
        api.open(&name(account), GRANTED).await?;
    }
    let rounds = plan.of(5, 200);
    let mut spent = [0_u64; ACCOUNTS];
    let (mut acknowledged, mut in_doubt, mut slowest) = (0, 0, Duration::ZERO);
    for round in 0..rounds {
        plan.tell(round, rounds);
        let load = Load::start(&installation, round)?;
        tokio::time::sleep(Duration::from_millis(rand::random_range(100..700))).await;
        server.kill()?;
        let sent = load.stop().await?;
        let started = Instant::now();
        server = installation.start(READY_WITHIN).await?;
        slowest = slowest.max(started.elapsed());
        let settled = settle(&api, &sent).await?;
        ensure!(settled.0 > 0, "round {round}: no debit was acknowledged before the kill, nothing was tried");
        acknowledged += settled.0;
        in_doubt += settled.1;
        for debit in &sent {
            spent[account_of(&debit.account)] += 1;
        }
        for (account, spent) in spent.iter().enumerate() {
            let expected = i128::from(GRANTED - spent) * ONE;
            let balance = api.balance(&name(account)).await?;
            ensure!(balance == expected, "{}: {} ≠ {}", name(account), format_amount(balance), format_amount(expected));
        }
        // The database grows; verifying it in every one of many rounds would be most of the work.
        if round < 20 || round % 10 == 0 || round + 1 == rounds {
            installation.verify()?;
        }
    }
    Ok(Outcome::Passed(format!(
        "{rounds} kills, {acknowledged} acknowledged, 0 lost, {in_doubt} in doubt and settled, slowest start {slowest:.1?}"
    )))
}

fn name(account: usize) -> String {
    format!("kill9-{account}")
}

fn account_of(name: &str) -> usize {
    name.trim_start_matches("kill9-").parse().unwrap_or_default()
}

/// Clients that debit until they are stopped or the server is gone.
struct Load {
    stop: Arc<AtomicBool>,
    clients: Vec<tokio::task::JoinHandle<Vec<Sent>>>,
}

impl Load {
    fn start(installation: &Installation, round: usize) -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let clients = (0..CLIENTS)
            .map(|client| {
                let api = installation.api()?;
                Ok(tokio::spawn(debit_until(api, round, client, Arc::clone(&stop))))
            })
            .collect::<Result<_>>()?;
        Ok(Load { stop, clients })
    }

    async fn stop(self) -> Result<Vec<Sent>> {
        self.stop.store(true, Ordering::Relaxed);
        let mut sent = Vec::new();
        for client in self.clients {
            sent.extend(client.await?);
        }
        Ok(sent)
    }
}

async fn debit_until(api: Api, round: usize, client: usize, stop: Arc<AtomicBool>) -> Vec<Sent> {
    let mut sent = Vec::new();
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let (account, key) = (name((client + number) % ACCOUNTS), format!("{round}-{client}-{number}"));
        let answer = api.debit(&account, "1", &key).await.ok();
        let gone = answer.is_none();
        sent.push(Sent { account, key, answer });
        if gone {
            break;
        }
    }
    sent
}

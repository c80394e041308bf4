//! Clients that debit one credit at a time, and a few accounts whose credits are counted along.
//!
//! A client does what the documentation tells it to: after a 503, or without an answer, it repeats the same key, on the
//! next node when there are several. Any other refusal is an error. So every debit that was begun is to be had once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tokio::task::{JoinHandle, JoinSet};

use super::{Sent, settle};
use crate::client::{Answer, Api, ONE, format_amount};

/// Before a key is repeated.
const PAUSE: Duration = Duration::from_millis(20);
/// Long after every timeout of a server and its database has ended.
const PATIENCE: Duration = Duration::from_secs(120);
/// Callers that ask again side by side.
const SETTLERS: usize = 16;

/// Accounts of which only debits of one credit are known to take.
pub(super) struct Purse {
    accounts: Arc<[String]>,
    left: Vec<u64>,
}

impl Purse {
    /// Opens `count` accounts `NAME-0`, `NAME-1`, … with `credits` each.
    pub(super) async fn open(api: &Api, name: &str, count: usize, credits: u64) -> Result<Self> {
        let accounts: Arc<[String]> = (0..count).map(|number| format!("{name}-{number}")).collect();
        for account in accounts.iter() {
            api.open(account, credits).await?;
        }
        Ok(Purse { accounts, left: vec![credits; count] })
    }

    /// Their names.
    pub(super) fn accounts(&self) -> &Arc<[String]> {
        &self.accounts
    }

    /// All that must be left.
    pub(super) fn left(&self) -> u64 {
        self.left.iter().sum()
    }

    /// Counts debits that are settled.
    pub(super) fn spend<'a>(&mut self, accounts: impl IntoIterator<Item = &'a str>) -> Result<()> {
        for account in accounts {
            let at = self.accounts.iter().position(|own| own == account);
            self.left[at.with_context(|| format!("{account} is not of this purse"))?] -= 1;
        }
        Ok(())
    }

    /// Every balance is what must be left, to the credit.
    pub(super) async fn check(&self, api: &Api) -> Result<()> {
        for (account, left) in self.accounts.iter().zip(&self.left) {
            let (balance, expected) = (api.balance(account).await?, i128::from(*left) * ONE);
            ensure!(balance == expected, "{account}: {} ≠ {}", format_amount(balance), format_amount(expected));
        }
        Ok(())
    }
}

/// Clients that debit until they are told to stop.
pub(super) struct Load {
    stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<Result<Debits>>>,
}

/// What clients did.
#[derive(Default)]
pub(super) struct Debits {
    /// Each debit with its last answer. Of unknown outcome is at most the last one of each client.
    pub(super) sent: Vec<Sent>,
    /// How many of them had to be repeated.
    pub(super) repeated: usize,
    /// How many of those had been done before they were repeated.
    pub(super) already_done: usize,
}

impl Load {
    /// Starts `clients`, evenly on the nodes, with a rest of `pause` after each debit. `label` tells their keys from
    /// those of other loads.
    pub(super) fn start(nodes: &[Api], clients: usize, pause: Duration, accounts: &Arc<[String]>, label: &str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let clients = (0..clients).map(|number| {
            let (nodes, accounts, stop) = (nodes.to_vec(), Arc::clone(accounts), Arc::clone(&stop));
            tokio::spawn(debit_until(nodes, number, pause, accounts, format!("{label}-{number}"), stop))
        });
        Load { clients: clients.collect(), stop }
    }

    /// Waits for the answers that are under way.
    pub(super) async fn stop(self) -> Result<Debits> {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Debits::default();
        for client in self.clients {
            let done = client.await??;
            all.sent.extend(done.sent);
            all.repeated += done.repeated;
            all.already_done += done.already_done;
        }
        Ok(all)
    }
}

async fn debit_until(
    nodes: Vec<Api>,
    number: usize,
    pause: Duration,
    accounts: Arc<[String]>,
    label: String,
    stop: Arc<AtomicBool>,
) -> Result<Debits> {
    let mut done = Debits::default();
    for turn in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let account = accounts[(number + turn) % accounts.len()].clone();
        let key = format!("{label}-{turn}");
        let (mut answer, mut repeats) = (None, 0);
        loop {
            let node = &nodes[(number + repeats) % nodes.len()];
            answer = attempt(node, &account, &key).await?.or(answer);
            if answer.as_ref().is_some_and(Answer::is_success) || stop.load(Ordering::Relaxed) {
                break;
            }
            repeats += 1;
            tokio::time::sleep(PAUSE).await;
        }
        done.repeated += usize::from(repeats > 0);
        done.already_done += usize::from(answer.as_ref().is_some_and(|answer| answer.is_success() && answer.replayed));
        done.sent.push(Sent { account, key, answer });
        tokio::time::sleep(pause).await;
    }
    Ok(done)
}

/// One try: accepted, 503, or no answer. Anything else is an error.
pub(super) async fn attempt(node: &Api, account: &str, key: &str) -> Result<Option<Answer>> {
    let answer = node.debit(account, "1", key).await.ok();
    if let Some(answer) = answer.as_ref().filter(|answer| !answer.is_success()) {
        ensure!(answer.status == 503, "{key} was neither accepted nor answered 503: {answer:?}");
    }
    Ok(answer)
}

/// Repeats a debit of one credit on one node until it is accepted; says how often it had to.
pub(super) async fn insist(node: &Api, account: &str, key: &str) -> Result<(Answer, usize)> {
    let started = Instant::now();
    for repeats in 0.. {
        if let Some(answer) = attempt(node, account, key).await?.filter(Answer::is_success) {
            return Ok((answer, repeats));
        }
        ensure!(started.elapsed() < PATIENCE, "{key} is not accepted after {PATIENCE:?}");
        tokio::time::sleep(PAUSE).await;
    }
    bail!("{key} was never sent")
}

/// [`settle`] by several callers at once on all nodes: most ask another node than the one that answered first.
pub(super) async fn settle_on(nodes: &[Api], sent: &[Sent]) -> Result<(u64, u64)> {
    let mut callers = JoinSet::new();
    for (number, part) in sent.chunks(sent.len().div_ceil(SETTLERS).max(1)).enumerate() {
        let (api, part) = (nodes[number % nodes.len()].clone(), part.to_vec());
        callers.spawn(async move { settle(&api, &part).await });
    }
    let (mut acknowledged, mut in_doubt) = (0, 0);
    while let Some(settled) = callers.join_next().await {
        let settled = settled??;
        acknowledged += settled.0;
        in_doubt += settled.1;
    }
    Ok((acknowledged, in_doubt))
}

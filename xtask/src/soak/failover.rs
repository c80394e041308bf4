//! A primary dies under load of two nodes, and its synchronous standby takes over.
//!
//! In every other round the process that sends to the standby is stopped before: then commits hang, both nodes answer
//! 503, and nothing is acknowledged that only the primary has. The nodes know both servers and go on by themselves when
//! one of them takes writes. Afterwards every debit that was ever acknowledged is there with the same answer, everything
//! else is settled with its key, and the balances agree to the credit. Every round has a new pair.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tokio::task::JoinSet;

use super::cluster::{DATABASE, Figures, NAMES, Nodes};
use super::load::{Load, Purse, attempt};
use super::{Plan, Sent, block_on};
use crate::client::Api;
use crate::postgres::{MISSING, Server, Settings};
use crate::report::Outcome;
use crate::server::verified;

const ACCOUNTS: usize = 4;
const CLIENTS: usize = 16;
const GRANTED: u64 = 100_000_000;
/// Debits per node that are begun while nothing can come back from the standby.
const PROBES: usize = 4;
/// Long after every timeout has ended.
const PATIENCE: Duration = Duration::from_secs(120);
/// Shorter than shipped, so that a round does not last half a minute.
const TIMEOUTS: [(&str, &str); 2] =
    [("SCRIP_POSTGRES__COMMIT_TIMEOUT_MS", "2000"), ("SCRIP_POSTGRES__LOCK_TIMEOUT_MS", "500")];

pub(super) fn run(plan: Plan) -> Result<Outcome> {
    let rounds = plan.of(2, 20);
    let mut figures = Figures::default();
    for round in 0..rounds {
        plan.tell(round, rounds);
        let Some(primary) = Server::start(&Settings::durable(), plan.until)? else {
            return Ok(Outcome::Skipped(MISSING.to_owned()));
        };
        primary.create_database(DATABASE)?;
        let standby = primary.synchronous_standby(plan.until)?;
        let mut nodes = Nodes::new(&primary.url_of_either(&standby, DATABASE), &TIMEOUTS)?;
        let done = block_on(one_round(round % 2 == 0, primary, &standby, &mut nodes, &mut figures));
        nodes.explain(done).with_context(|| format!("round {round}"))?;
        verified(&standby.url_of(DATABASE))?;
    }
    Ok(Outcome::Passed(format!("{rounds} standbys promoted, {figures}")))
}

async fn one_round(
    freeze: bool,
    mut primary: Server,
    standby: &Server,
    nodes: &mut Nodes,
    figures: &mut Figures,
) -> Result<()> {
    nodes.start_both().await?;
    let apis = nodes.apis()?;
    let mut purse = Purse::open(&apis[0], "failover", ACCOUNTS, GRANTED).await?;
    let load = Load::start(&apis, CLIENTS, Duration::ZERO, purse.accounts(), "load");
    under_load().await;
    let (mut refused, mut frozen) = (Vec::new(), None);
    if freeze {
        frozen = Some(primary.freeze_wal_sender()?);
        refused = refused_without_a_standby(&apis, purse.accounts()).await?;
    }
    let killed = Instant::now();
    primary.kill9()?;
    drop(frozen);
    standby.promote()?;
    nodes.serve_again(&mut purse, "again").await?;
    let back = killed.elapsed();
    under_load().await;
    figures.settle(&apis, &mut purse, load, &refused, back).await
}

async fn under_load() {
    tokio::time::sleep(Duration::from_millis(rand::random_range(300..1200))).await;
}

/// What is begun now is on the primary at most: it is answered 503, all of it.
async fn refused_without_a_standby(apis: &[Api; 2], accounts: &[String]) -> Result<Vec<Sent>> {
    let mut probes = JoinSet::new();
    for (api, name) in apis.iter().zip(NAMES) {
        for number in 0..PROBES {
            let (api, key) = (api.with_patience(PATIENCE)?, format!("probe-{name}-{number}"));
            let account = accounts[number % accounts.len()].clone();
            probes.spawn(async move {
                let Some(answer) = attempt(&api, &account, &key).await? else { bail!("{key} got no answer") };
                ensure!(answer.status == 503, "{key} was acknowledged, and only the primary can have it: {answer:?}");
                Ok(Sent { account, key, answer: Some(answer) })
            });
        }
    }
    let mut sent = Vec::new();
    while let Some(probe) = probes.join_next().await {
        sent.push(probe??);
    }
    Ok(sent)
}

//! Rounds of `kill -9` under load of two nodes: of PostgreSQL, of a node, and a clean end of PostgreSQL.
//!
//! Clients debit one credit at a time and repeat a key until it is accepted. While the database is away both nodes
//! answer 503 and nothing else; when it is back they go on by themselves. While a node is away the other one goes on.
//! Afterwards every acknowledged debit is there with the same answer, and the balances agree to the credit.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

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

/// What happens in a round.
#[derive(Clone, Copy, Debug)]
enum Misfortune {
    DatabaseKilled,
    NodeKilled(usize),
    DatabaseStopped,
}

/// One after the other, again and again.
const MISFORTUNES: [Misfortune; 4] =
    [Misfortune::DatabaseKilled, Misfortune::NodeKilled(0), Misfortune::DatabaseStopped, Misfortune::NodeKilled(1)];

pub(super) fn run(plan: Plan) -> Result<Outcome> {
    let Some(mut postgres) = Server::start(&Settings::durable(), plan.until)? else {
        return Ok(Outcome::Skipped(MISSING.to_owned()));
    };
    postgres.create_database(DATABASE)?;
    let mut nodes = Nodes::new(&postgres.url_of(DATABASE), &[])?;
    block_on(async {
        let done = rounds(plan, &mut postgres, &mut nodes).await;
        Ok(Outcome::Passed(format!("{} rounds, {}", plan.of(3, 50), nodes.explain(done)?)))
    })
}

async fn rounds(plan: Plan, postgres: &mut Server, nodes: &mut Nodes) -> Result<Figures> {
    nodes.start_both().await?;
    let apis = nodes.apis()?;
    let mut purse = Purse::open(&apis[0], "pg-kill9", ACCOUNTS, GRANTED).await?;
    let rounds = plan.of(3, 50);
    let mut figures = Figures::default();
    for (round, misfortune) in MISFORTUNES.into_iter().cycle().take(rounds).enumerate() {
        plan.tell(round, rounds);
        let done = one_round(round, misfortune, postgres, nodes, &mut purse, &mut figures).await;
        done.with_context(|| format!("round {round}, {misfortune:?}"))?;
        if plan.short || round % 10 == 0 || round + 1 == rounds {
            verified(&postgres.url_of(DATABASE))?;
        }
    }
    Ok(figures)
}

async fn one_round(
    round: usize,
    misfortune: Misfortune,
    postgres: &mut Server,
    nodes: &mut Nodes,
    purse: &mut Purse,
    figures: &mut Figures,
) -> Result<()> {
    let apis = nodes.apis()?;
    let load = Load::start(&apis, CLIENTS, Duration::ZERO, purse.accounts(), &round.to_string());
    under_load().await;
    let mut refused = Vec::new();
    match misfortune {
        Misfortune::NodeKilled(node) => {
            nodes.server(node)?.kill()?;
            under_load().await;
        }
        Misfortune::DatabaseKilled => postgres.kill9()?,
        Misfortune::DatabaseStopped => postgres.stop()?,
    }
    if !matches!(misfortune, Misfortune::NodeKilled(_)) {
        refused = refused_without_a_database(&apis, &purse.accounts()[0], round).await?;
    }
    let started = Instant::now();
    match misfortune {
        Misfortune::NodeKilled(node) => nodes.start(node).await?,
        _ => postgres.restart()?,
    }
    nodes.serve_again(purse, &format!("again-{round}")).await?;
    let back = started.elapsed();
    under_load().await;
    figures.settle(&apis, purse, load, &refused, back).await
}

async fn under_load() {
    tokio::time::sleep(Duration::from_millis(rand::random_range(200..800))).await;
}

/// While nothing can be stored, a debit is answered 503, and so are a read and the question whether the node is ready.
async fn refused_without_a_database(apis: &[Api; 2], account: &str, round: usize) -> Result<Vec<Sent>> {
    let mut sent = Vec::new();
    for (api, name) in apis.iter().zip(NAMES) {
        for number in 0..3 {
            let key = format!("refused-{round}-{name}-{number}");
            let answer = attempt(api, account, &key).await?.with_context(|| format!("{name} does not answer"))?;
            ensure!(answer.status == 503, "{name} acknowledged {key} without a database: {answer:?}");
            sent.push(Sent { account: account.to_owned(), key, answer: Some(answer) });
        }
        for path in ["/readyz".to_owned(), format!("/v1/accounts/{account}/balance")] {
            let answer = api.get(&path).await?;
            ensure!(answer.status == 503, "{name} answers {path} without a database: {answer:?}");
        }
        let alive = api.get("/healthz").await?;
        ensure!(alive.status == 200, "{name} says that it does not live: {alive:?}");
    }
    Ok(sent)
}

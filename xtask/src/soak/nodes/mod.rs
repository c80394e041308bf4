//! Two nodes on one PostgreSQL database: whatever they do at once is done once.
//!
//! The same keys are sent to both at the same moment; both spend one balance; what one changes (a key revoked, prices
//! published) holds on the other; one is stopped in the middle of its transactions for a while ([`stopped`]). At the
//! end all balances agree to the credit, and `scrip verify` finds nothing.

mod stopped;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tokio::task::JoinSet;

use super::cluster::{DATABASE, Nodes};
use super::load::{Purse, insist};
use super::{Plan, block_on};
use crate::client::{Api, ONE, format_amount, parse_amount};
use crate::postgres::{MISSING, Server, Settings};
use crate::report::Outcome;
use crate::server::verified;

const CLIENTS: usize = 64;
const CREDITS: u64 = 300;
/// What was changed on one node holds on the other within a second: so many polls, 50 ms apart, are generous.
const POLLS: usize = 30;
const POLL: Duration = Duration::from_millis(50);

pub(super) fn run(plan: Plan) -> Result<Outcome> {
    let Some(postgres) = Server::start(&Settings::durable(), plan.until)? else {
        return Ok(Outcome::Skipped(MISSING.to_owned()));
    };
    postgres.create_database(DATABASE)?;
    let url = postgres.url_of(DATABASE);
    // What falls due is booked within a second instead of half a minute.
    let mut nodes = Nodes::new(&url, &[("SCRIP_EXECUTOR__SWEEP_SECONDS", "1")])?;
    block_on(async {
        let figures = all(plan, &postgres, &mut nodes).await;
        let figures = nodes.explain(figures)?;
        verified(&url)?;
        Ok(Outcome::Passed(figures))
    })
}

async fn all(plan: Plan, postgres: &Server, nodes: &mut Nodes) -> Result<String> {
    let mut figures = Vec::new();
    let apis = nodes.apis()?;
    nodes.start(0).await?;
    let first = stopped::refresh_lease(postgres, &apis[0], "lease-alone").await?;
    nodes.start(1).await?;
    let mut left = stopped::LEASE_KEPT;

    let pairs = plan.of(600, 10_000);
    let (purse, asked_again) = same_key_on_both(&apis, pairs).await.context("the same key on both nodes")?;
    left += purse.left();
    figures.push(format!("{pairs} same-key pairs, one effect each, {asked_again} asked again"));

    let balances = plan.of(2, 20);
    for number in 0..balances {
        spend_to_the_end(&apis, &format!("race-{number}")).await.context("one balance spent by both nodes")?;
    }
    figures.push(format!("{balances} × {CLIENTS} clients on {CREDITS} credits: {CREDITS} accepted each time"));

    let changes = plan.of(5, 50);
    let (slowest, unspent) = changes_hold_on_the_other(&apis, changes).await.context("a change on one node")?;
    left += unspent;
    figures.push(format!("{changes} keys revoked and {changes} price books published, in force after {slowest} polls"));

    let (purse, figure) = stopped::run(plan, postgres, nodes, &first).await.context("a node that was stopped")?;
    left += purse;
    figures.push(figure);

    agrees(&apis[0], left).await?;
    Ok(figures.join("; "))
}

/// Sends each key to both nodes at the same moment. Also says how many had to be asked again after a 503.
async fn same_key_on_both(apis: &[Api; 2], pairs: usize) -> Result<(Purse, usize)> {
    let mut purse = Purse::open(&apis[0], "pairs", 8, 100_000).await?;
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let (apis, accounts) = (apis.clone(), Arc::clone(purse.accounts()));
        clients.spawn(async move {
            let mut asked_again = 0;
            for pair in (client..pairs).step_by(CLIENTS) {
                let (account, key) = (&accounts[pair % accounts.len()], format!("pair-{pair}"));
                let [one, two] = apis.each_ref().map(|api| insist(api, account, &key));
                let ((one, refused), (two, refused_too)) = tokio::try_join!(one, two)?;
                asked_again += refused + refused_too;
                let both = || format!("{key}: {one:?} and {two:?}");
                ensure!(one.status == two.status && one.body == two.body, "two answers for {}", both());
                // After a 503 both may be replays of what was done in spite of it.
                let once = one.replayed != two.replayed || (one.replayed && refused + refused_too > 0);
                ensure!(once, "not one effect: {}", both());
            }
            Ok(asked_again)
        });
    }
    let mut asked_again = 0;
    while let Some(client) = clients.join_next().await {
        asked_again += client??;
    }
    let accounts = Arc::clone(purse.accounts());
    purse.spend((0..pairs).map(|pair| accounts[pair % accounts.len()].as_str()))?;
    for api in apis {
        purse.check(api).await?;
    }
    Ok((purse, asked_again))
}

/// Exactly as many debits are accepted as there are credits, whichever node is asked.
async fn spend_to_the_end(apis: &[Api; 2], account: &str) -> Result<()> {
    apis[0].open(account, CREDITS).await?;
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let (apis, account) = (apis.clone(), account.to_owned());
        clients.spawn(async move {
            let (mut accepted, mut turn) = (0_u64, client);
            loop {
                let answer = apis[turn % apis.len()].debit(&account, "1", &format!("{client}-{accepted}")).await?;
                turn += 1;
                match answer.status {
                    201 => accepted += 1,
                    402 => return Ok(accepted),
                    503 => {}
                    _ => anyhow::bail!("neither accepted nor refused: {answer:?}"),
                }
            }
        });
    }
    let mut accepted = 0;
    while let Some(client) = clients.join_next().await {
        accepted += client??;
    }
    ensure!(accepted == CREDITS, "{account}: {accepted} debits of 1 were accepted on a balance of {CREDITS}");
    for api in apis {
        let balance = api.balance(account).await?;
        ensure!(balance == 0, "{account}: {} is left", format_amount(balance));
    }
    Ok(())
}

/// Revokes keys and publishes prices on one node, and polls the other one. Says how many polls the slowest one took,
/// and how many credits are left.
async fn changes_hold_on_the_other(apis: &[Api; 2], changes: u64) -> Result<(usize, u64)> {
    const ACCOUNT: &str = "changes";
    const GRANTED: u64 = 10_000_000;
    apis[0].open(ACCOUNT, GRANTED).await?;
    let (mut slowest, mut left) = (0, GRANTED);
    for number in 1..=changes {
        let (here, there) = if number % 2 == 0 { (&apis[0], &apis[1]) } else { (&apis[1], &apis[0]) };
        slowest = slowest.max(revoked_on_the_other(here, there, ACCOUNT).await?);

        let meters = json!({ "requests": { "price": number.to_string(), "per": 1 } });
        let book = json!({ "unit": "CREDIT", "services": { "soak": { "meters": meters } } });
        let version = here.post("/v1/prices", "", &book).await?.json()?["version"].clone();
        let usage = json!({ "account": ACCOUNT, "service": "soak", "meters": { "requests": 1 } });
        let polls = polls_until(async |poll| {
            let charged = there.post("/v1/usage", &format!("usage-{number}-{poll}"), &usage).await?.json()?;
            let is_new = charged["price_version"] == version;
            let credits = if is_new { number } else { number - 1 };
            let amount = parse_amount(charged["amount"].as_str().context("no amount")?)?;
            ensure!(amount == i128::from(credits) * ONE, "{credits} was to be charged: {charged}");
            left -= credits;
            Ok(is_new)
        });
        slowest = slowest.max(polls.await?.context("new prices are not in force on the other node")?);
    }
    Ok((slowest, left))
}

/// Makes a key that both nodes know, and revokes it on one. Says how many polls of the other one it outlived.
async fn revoked_on_the_other(here: &Api, there: &Api, account: &str) -> Result<usize> {
    let (balance, keys) = (format!("/v1/accounts/{account}/balance"), format!("/v1/accounts/{account}/keys"));
    let key = here.post(&keys, "", &json!({})).await?.json()?;
    let (id, text) = (key["id"].as_str().context("no id")?, key["key"].as_str().context("no key")?);
    let (here_with_key, there_with_key) = (here.with_key(text), there.with_key(text));
    here_with_key.get(&balance).await?.json()?;
    there_with_key.get(&balance).await?.json()?;
    let revoked = here.delete(&format!("{keys}/{id}")).await?;
    ensure!(revoked.status == 204, "a key cannot be revoked: {revoked:?}");
    let refused = here_with_key.get(&balance).await?;
    ensure!(refused.status == 401, "a revoked key is still valid where it was revoked: {refused:?}");
    let polls = polls_until(async |_| Ok(there_with_key.get(&balance).await?.status == 401)).await?;
    polls.context("a revoked key is still valid on the other node")
}

/// Asks until the answer is yes; how often it was no, or `None` after [`POLLS`].
async fn polls_until(mut ask: impl AsyncFnMut(usize) -> Result<bool>) -> Result<Option<usize>> {
    for poll in 0..=POLLS {
        if ask(poll).await? {
            return Ok(Some(poll));
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(None)
}

/// All accounts together have `left` credits, and the books are in balance.
async fn agrees(api: &Api, left: u64) -> Result<()> {
    let books = api.get("/v1/ledger/trial-balance").await?.json()?;
    let unit = books["units"].as_array().and_then(|units| units.iter().find(|unit| unit["unit"] == "CREDIT"));
    let unit = unit.with_context(|| format!("no credits in {books}"))?;
    let lines = unit["lines"].as_array().context("no lines")?;
    let accounts = lines.iter().find(|line| line["name"] == "accounts").context("no line of the accounts")?;
    let sum = parse_amount(accounts["sum"].as_str().context("no sum")?)?;
    ensure!(sum == i128::from(left) * ONE, "all accounts have {}, not {left}", format_amount(sum));
    ensure!(unit["total"] == "0", "the books are not in balance: {unit}");
    Ok(())
}

//! A node is stopped (`SIGSTOP`) with transactions open, for longer than the database waits for it, and goes on later.
//!
//! It is the node that booked last what fell due, so it holds that job's lease, too. While it stands still the other one
//! serves every account, as soon as the database has taken the locks back, and books what falls due. When it goes on,
//! what it had begun is done once or not at all: its clients have long repeated their keys on the other node.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;
use tokio::task::JoinSet;

use super::CLIENTS;
use crate::client::{Api, ONE, format_amount, parse_amount};
use crate::postgres::Server;
use crate::soak::Plan;
use crate::soak::cluster::{DATABASE, NAMES, Nodes};
use crate::soak::load::{Load, Purse, insist, settle_on};

const ACCOUNTS: usize = 8;
/// Of each kind of thing that falls due.
const DUE: usize = 12;
/// In credits.
const GRANTED: u64 = 10;
const LOT: u64 = 5;
const HOLD: u64 = 3;
/// In each account of [`refresh_lease`].
pub(super) const LEASE_KEPT: u64 = GRANTED;
/// Time to make it all and to stop a node; doubled when it was not enough.
const DUE_AFTER_SECONDS: u64 = 15;
/// A client waits this long before it asks the other node.
const CLIENT_PATIENCE: Duration = Duration::from_secs(4);
/// Between two debits of a client: what is sent has to be settled afterwards.
const CLIENT_PAUSE: Duration = Duration::from_millis(100);
/// Long after the lease and every timeout has ended.
const PATIENCE: Duration = Duration::from_secs(120);
/// Time for a few sweeps, which would show that something is booked again.
const AFTERWARDS: Duration = Duration::from_secs(3);

/// How many credits are left in all accounts of this part, and what was seen. `first` is how the first node calls itself
/// in the database.
pub(super) async fn run(plan: Plan, postgres: &Server, nodes: &mut Nodes, first: &str) -> Result<(u64, String)> {
    let apis = nodes.apis()?;
    let mut purse = Purse::open(&apis[0], "stopped", ACCOUNTS, 1_000_000).await?;
    let callers = [apis[0].with_patience(CLIENT_PATIENCE)?, apis[1].with_patience(CLIENT_PATIENCE)?];
    let holder = refresh_lease(postgres, &apis[0], "lease-last").await?;
    let stopped = usize::from(holder != first);
    let (still, other) = (&apis[stopped], &apis[1 - stopped]);
    let mut due = Due::place(postgres, other, DUE_AFTER_SECONDS).await?;
    let load = Load::start(&callers, CLIENTS, CLIENT_PAUSE, purse.accounts(), "stopped");
    let mut open = stop_with_open_transactions(postgres, nodes, stopped).await?;
    let mut left = LEASE_KEPT + due.left();
    while !due.is_yet_to_come(postgres)? {
        nodes.server(stopped)?.resume()?;
        due = Due::place(postgres, other, due.after_seconds * 2).await?;
        left += due.left();
        open = stop_with_open_transactions(postgres, nodes, stopped).await?;
    }

    let began = Instant::now();
    for account in purse.accounts().iter() {
        insist(other, account, &format!("while-stopped-{account}")).await?;
    }
    let served = began.elapsed();
    due.wait_until_booked(other).await?;
    ensure!(lease_holder(postgres)? != holder, "what fell due was booked by the node that stands still");
    tokio::time::sleep(plan.of(Duration::from_secs(12), Duration::from_secs(60)).saturating_sub(began.elapsed())).await;
    nodes.server(stopped)?.resume()?;
    let stood = began.elapsed();

    // When new debits of all accounts are done, everything that had waited before them is.
    for account in purse.accounts().iter() {
        insist(still, account, &format!("after-stopped-{account}")).await?;
    }
    let debits = load.stop().await?;
    tokio::time::sleep(AFTERWARDS).await;
    settle_on(&apis, &debits.sent).await?;
    let accounts = Arc::clone(purse.accounts());
    for _ in ["while-stopped", "after-stopped"] {
        purse.spend(accounts.iter().map(String::as_str))?;
    }
    purse.spend(debits.sent.iter().map(|debit| debit.account.as_str()))?;
    for api in &apis {
        purse.check(api).await?;
        due.check(api).await?;
    }
    left += purse.left();
    let figure = format!(
        "a node stopped for {stood:.0?} in {open} open transactions, all accounts served by the other one after \
         {served:.1?}, {} debits, {} repeated there ({} had been done), {} expiries and {} ends of holds booked once",
        debits.sent.len(),
        debits.repeated,
        debits.already_done,
        due.lots.len(),
        due.holds.len()
    );
    Ok((left, figure))
}

/// Lets something fall due and waits until it is booked; says who holds the lease then.
pub(super) async fn refresh_lease(postgres: &Server, api: &Api, account: &str) -> Result<String> {
    api.open(account, GRANTED).await?;
    place_hold(api, account, 1).await?;
    let started = Instant::now();
    while booked(api, account).await?.is_empty() {
        ensure!(started.elapsed() < PATIENCE, "a hold that has run out is not booked after {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    lease_holder(postgres)
}

fn lease_holder(postgres: &Server) -> Result<String> {
    postgres.sql(DATABASE, "SELECT holder FROM leases WHERE name = 'sweep'")
}

/// Stops a node at a moment at which the database waits for it inside of transactions; says how many there are.
async fn stop_with_open_transactions(postgres: &Server, nodes: &mut Nodes, node: usize) -> Result<String> {
    let open = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = '{}' AND state LIKE 'idle in transaction%' AND \
         state_change < clock_timestamp() - interval '300 ms'",
        NAMES[node]
    );
    for _ in 0..50 {
        nodes.server(node)?.freeze()?;
        tokio::time::sleep(Duration::from_millis(500)).await;
        let count = postgres.sql(DATABASE, &open)?;
        if count != "0" {
            return Ok(count);
        }
        nodes.server(node)?.resume()?;
        tokio::time::sleep(Duration::from_millis(rand::random_range(50..250))).await;
    }
    bail!("{} never stood still inside of a transaction: is there any load?", NAMES[node])
}

/// Accounts in which something falls due soon.
struct Due {
    lots: Vec<String>,
    holds: Vec<String>,
    after_seconds: u64,
    /// On the database's clock, as RFC 3339.
    at: String,
}

impl Due {
    /// All at once: it takes a few round trips, also when others keep the node busy.
    async fn place(postgres: &Server, api: &Api, after_seconds: u64) -> Result<Self> {
        let at = format!(
            "SELECT to_char((now() + interval '{after_seconds} s') AT TIME ZONE 'UTC', \
             'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
        );
        let at = postgres.sql(DATABASE, &at)?;
        let names = |kind: &str| (0..DUE).map(|number| format!("{kind}-{number}@{at}")).collect::<Vec<_>>();
        let due = Due { lots: names("lot"), holds: names("hold"), after_seconds, at };
        let mut placed = JoinSet::new();
        for account in due.holds.clone() {
            let api = api.clone();
            placed.spawn(async move {
                api.open(&account, GRANTED).await?;
                place_hold(&api, &account, after_seconds).await
            });
        }
        for account in due.lots.clone() {
            let (api, at) = (api.clone(), due.at.clone());
            placed.spawn(async move {
                api.open(&account, GRANTED).await?;
                let lot = json!({ "account": account, "amount": LOT.to_string(), "kind": "voucher", "expires_at": at });
                api.post("/v1/grants", &format!("lot:{account}"), &lot).await?.json().map(drop)
            });
        }
        while let Some(one) = placed.join_next().await {
            one??;
        }
        Ok(due)
    }

    fn is_yet_to_come(&self, postgres: &Server) -> Result<bool> {
        Ok(postgres.sql(DATABASE, &format!("SELECT now() < '{}'", self.at))? == "t")
    }

    fn accounts(&self) -> impl Iterator<Item = &String> {
        self.lots.iter().chain(&self.holds)
    }

    async fn wait_until_booked(&self, api: &Api) -> Result<()> {
        let started = Instant::now();
        for account in self.accounts() {
            while booked(api, account).await?.is_empty() {
                ensure!(started.elapsed() < PATIENCE, "what fell due in {account} is not booked after {PATIENCE:?}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        self.check(api).await
    }

    /// Each was booked once, and what is left is what was there before.
    async fn check(&self, api: &Api) -> Result<()> {
        let gone = [("expiry", i128::from(LOT)), ("hold_expiry", 0)];
        for (accounts, (kind, credits)) in [&self.lots, &self.holds].into_iter().zip(gone) {
            for account in accounts {
                let entries = booked(api, account).await?;
                ensure!(entries == [(kind.to_owned(), -credits * ONE)], "{account}: not one {kind}, but {entries:?}");
                let balance = api.balance(account).await?;
                ensure!(balance == i128::from(GRANTED) * ONE, "{account}: {} is left", format_amount(balance));
            }
        }
        Ok(())
    }

    fn left(&self) -> u64 {
        self.accounts().count() as u64 * GRANTED
    }
}

async fn place_hold(api: &Api, account: &str, ttl_seconds: u64) -> Result<()> {
    let hold = json!({ "account": account, "amount": HOLD.to_string(), "service": "soak", "ttl_seconds": ttl_seconds });
    api.post("/v1/holds", &format!("hold:{account}"), &hold).await?.json()?;
    Ok(())
}

/// Kinds and amounts of what was booked because it fell due.
async fn booked(api: &Api, account: &str) -> Result<Vec<(String, i128)>> {
    let entries =
        api.get(&format!("/v1/accounts/{account}/entries?kind=expiry,hold_expiry&limit=100")).await?.json()?;
    let entry = |entry: &serde_json::Value| {
        let kind = entry["kind"].as_str().context("an entry without a kind")?.to_owned();
        Ok((kind, parse_amount(entry["amount"].as_str().context("an entry without an amount")?)?))
    };
    entries["data"].as_array().context("no entries")?.iter().map(entry).collect()
}

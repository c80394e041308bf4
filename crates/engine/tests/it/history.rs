//! Long histories become quick to filter by themselves, whichever nodes do it.

use std::time::Duration;

use engine::history;
use ledger::{Amount, Command, Memo, OnInsufficient, Op};
use store::{AccountRef, EntryFilter, Order, Target, params};

use super::{Nodes, eventually};

/// Entries of a part.
const PART: u64 = 4_096;

fn debit(number: u64) -> Order {
    let op = Op::Debit { amount: Amount::from_units(1), on_insufficient: OnInsufficient::Overdraw };
    let memo = Memo { service: Some(if number == 7 { "rare" } else { "llm" }.into()), ..Memo::default() };
    let key = Some(format!("d{number}").into());
    let command = Command { key, input: [0; 16], actor: "test".into(), memo, op };
    Order { target: Target::Existing(AccountRef::Id("busy".into())), command, rows: Vec::new() }
}

#[tokio::test]
async fn long_histories_are_indexed_once_while_they_grow() {
    let nodes = Nodes::start().await;
    nodes.account("busy", "global", "USD").await;
    nodes.account("quiet", "global", "USD").await;
    let limit = Op::Configure { overdraft_limit: Some(Amount::from_units(1_000_000)), closed: None };
    nodes.a.store().submit(Order { command: Command { op: limit, ..debit(0).command }, ..debit(0) }).await.unwrap();
    let jobs = nodes.each().map(|node| tokio::spawn(history::run(node.clone(), Duration::from_millis(1))));
    for part in 0..10 {
        let orders = (1..=PART / 4).map(|number| debit(part * PART / 4 + number)).collect();
        for outcome in nodes.b.store().submit_all(orders).await {
            outcome.unwrap();
        }
    }
    let count = "SELECT count(*), min(block), max(block) FROM history_blocks";
    eventually("two parts are indexed", async || {
        let rows = nodes.a.store().query(count, params![]).await.unwrap();
        rows[0].int(0).unwrap() == 2 && (rows[0].int(1).unwrap(), rows[0].int(2).unwrap()) == (0, 1)
    })
    .await;
    jobs.iter().for_each(|job| job.abort());
    let account = nodes.a.accounts().locate("busy").await.unwrap();
    let rare = EntryFilter { services: vec!["rare".into()], ..EntryFilter::default() };
    let found = nodes.b.store().entries(account.no, rare, None, 10).await.unwrap();
    assert_eq!(found.iter().map(|entry| entry.transaction.key.as_deref()).collect::<Vec<_>>(), [Some("d7")]);
    nodes.close().await;
}

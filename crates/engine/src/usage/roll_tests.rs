//! A block is added once, however late a node comes with it.

use ledger::OnInsufficient;
use store::{Options, Store};
use testbed::Database;

use super::*;
use crate::Call;
use crate::accounts::NewAccount;
use crate::ledger_calls::Note;
use crate::settings::Settings;

async fn sums(engine: &Engine) -> Vec<(i64, i64)> {
    let rows = engine.store().query("SELECT spent_units, entries FROM usage_quarters ORDER BY service", vec![]).await;
    rows.unwrap().iter().map(|row| (row.int(0).unwrap(), row.int(1).unwrap())).collect()
}

#[tokio::test]
async fn a_late_block_changes_nothing() {
    let database = Database::new();
    let store = Store::open(&database.url(), Options::default()).await.unwrap();
    let engine = Engine::new(store, Settings::default()).await.unwrap();
    let call = Call { actor: "test".into(), ..Call::default() };
    let new = NewAccount {
        id: Some("team".to_owned()),
        name: "team".to_owned(),
        site: "api".to_owned(),
        overdraft_limit: Some("100".to_owned()),
        ..NewAccount::default()
    };
    engine.accounts().open(&call, new).await.unwrap();
    for (amount, service) in [("1", "a"), ("2", "b"), ("3", "a"), ("4", "b")] {
        let note = Note { service: Some(service.to_owned()), ..Note::default() };
        let debit = engine.order_debit(&call, "team", amount, OnInsufficient::Overdraw, note).await.unwrap();
        engine.submit(debit).await.unwrap();
    }
    let no = engine.accounts().locate("team").await.unwrap().no;
    let entries = page(&engine, no, 0, 5).await.unwrap();
    let numbers: Vec<u64> = entries.iter().map(|entry| entry.transaction.seq).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5], "oldest first, and all");
    // What a node adds that believes the sums to reach this number: whether it works, and what they are then. The
    // quarter of an hour may end in between, so only their total is certain.
    let table = [
        (3, 3..5, false, (0, 0)),
        (0, 0..3, true, (3, 2)),
        (0, 0..5, true, (3, 2)),
        (1, 1..5, true, (3, 2)),
        (4, 4..5, false, (3, 2)),
        (3, 3..5, true, (10, 4)),
        (3, 3..5, true, (10, 4)),
        (0, 0..5, true, (10, 4)),
    ];
    for (row, (seq, range, works, (credits, counted))) in table.into_iter().enumerate() {
        let outcome = roll(&engine, no, seq, &entries[range]).await;
        assert_eq!(outcome.is_ok(), works, "row {row}: {outcome:?}");
        let sums = sums(&engine).await.into_iter().fold((0, 0), |sum, next| (sum.0 + next.0, sum.1 + next.1));
        assert_eq!(sums, (credits * 1_000_000, counted), "row {row}");
    }
    assert_eq!(progress(&engine, no).await.unwrap(), 5);
    engine.store().shutdown().await;
}

//! Clawbacks and reinstatements know what became of a lot, wherever its history is kept.

use ledger::{Counter, CounterPosting, Event, LotKind, Op, Rejection};
use store::{AccountRef, EntryFilter, EntryStatus, Failure};

use crate::ground::{Ground, credits, debit, grant_of};

async fn idle() {
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
}

fn claw_back(lot: u64, count: Option<i64>) -> Op {
    Op::ClawBack { lot, amount: count.map(credits) }
}

fn reinstate(entry: u64, count: Option<i64>) -> Op {
    Op::Reinstate { entry, amount: count.map(credits) }
}

/// What a transaction moved: lots, overdraft, breakage, in credits.
async fn moved(ground: &Ground, key: &str, op: Op) -> [i64; 3] {
    let tx = ground.submit("a", key, op).await.unwrap().transaction.unwrap();
    let breakage = |posting: &CounterPosting| {
        assert_eq!(posting.counter, Counter::Breakage);
        posting.amount
    };
    let lapsed = match &tx.event {
        Event::ClawedBack { lapsed, .. } | Event::Reinstated { lapsed, .. } => lapsed.iter().map(breakage).sum(),
        _ => credits(0),
    };
    [tx.amount() - tx.overdraft, tx.overdraft, lapsed].map(|amount| amount.units() / credits(1).units())
}

async fn statuses(ground: &Ground, status: EntryStatus) -> Vec<u64> {
    let filter = EntryFilter { statuses: vec![status], ..EntryFilter::default() };
    let found = ground.store.entries(1, filter, None, 100).await.unwrap();
    found.iter().map(|entry| entry.transaction.seq).collect()
}

#[tokio::test]
async fn a_lot_that_expired_is_clawed_back_as_its_history_says() {
    // All in the tail; folded as it comes; folded by idling; read again after a crash.
    for (tail_length, rests, crashes) in
        [(10_000, false, false), (2, false, false), (10_000, true, false), (10, true, true)]
    {
        let mut ground = Ground::new(tail_length).await;
        ground.open_account("a", 1).await;
        let expires_at = Some(ground.store.now().plus_seconds(50));
        ground.submit("a", "pay", grant_of(LotKind::TopUp, 100, expires_at)).await.unwrap();
        ground.submit("a", "spend", debit(60)).await.unwrap();
        ground.advance_seconds(60);
        // The lot's end and what follows are booked before, so that nothing of it is in the clawback's own batch.
        ground.submit("a", "later", grant_of(LotKind::Voucher, 7, None)).await.unwrap();
        ground.submit("a", "spend that", debit(7)).await.unwrap();
        if rests {
            idle().await;
        }
        if crashes {
            ground = ground.crashed().await;
        }
        assert_eq!(moved(&ground, "c1", claw_back(2, Some(30))).await, [0, 0, -30]);
        assert_eq!(moved(&ground, "c2", claw_back(2, Some(30))).await, [0, -20, -10]);
        if rests {
            idle().await;
        }
        let refused = ground.submit("a", "too much", claw_back(2, Some(41))).await.unwrap_err();
        let Failure::Refused { rejection, .. } = refused else { panic!("{refused}") };
        assert_eq!(rejection, Rejection::ReversalTooLarge { reversible: credits(40) });
        assert_eq!(statuses(&ground, EntryStatus::PartlyReversed).await, [2]);
        // Entries: 4 the expiry, 7 and 8 the clawbacks.
        assert_eq!(moved(&ground, "r1", reinstate(8, Some(25))).await, [0, 20, 5]);
        assert_eq!(statuses(&ground, EntryStatus::Reversed).await, [8]);
        assert_eq!(moved(&ground, "r2", reinstate(8, None)).await, [0, 0, 5]);
        assert_eq!(moved(&ground, "c3", claw_back(2, None)).await, [0, -60, -10]);
        assert_eq!(statuses(&ground, EntryStatus::Reversed).await, [8, 2]);
        assert_eq!(ground.store.entry(1, 2).await.unwrap().unwrap().reversed, credits(-100));
        let lots = EntryFilter { lot_kinds: vec![LotKind::TopUp], ..EntryFilter::default() };
        let found = ground.store.entries(1, lots, None, 3).await.unwrap();
        assert_eq!(found.iter().map(|entry| entry.transaction.seq).collect::<Vec<_>>(), [11, 10, 9]);
        assert_eq!(moved(&ground, "r3", reinstate(7, None)).await, [0, 0, 30]);
        assert_eq!(moved(&ground, "r4", reinstate(11, None)).await, [0, 60, 10]);
        assert!(ground.submit("a", "c3", claw_back(2, None)).await.unwrap().replayed);
        assert_eq!(statuses(&ground, EntryStatus::Reversed).await, [11, 8, 7]);
        assert_eq!(ground.store.entry(1, 2).await.unwrap().unwrap().reversed, credits(0));
        let account = ground.store.account(AccountRef::No(1)).await.unwrap().unwrap().account;
        assert_eq!(account.balance(ground.store.now()), credits(0));
        ground.verify();
        ground.store.shutdown().await;
        ground.verify();
    }
}

#[tokio::test]
async fn one_batch_claws_back_and_reinstates() {
    let ground = Ground::new(10_000).await;
    ground.open_account("a", 1).await;
    ground.submit("a", "pay", grant_of(LotKind::TopUp, 100, None)).await.unwrap();
    ground.submit("a", "spend", debit(100)).await.unwrap();
    idle().await;
    let ops = [
        ("c1", claw_back(2, Some(40))),
        ("r1", reinstate(4, None)),
        ("c2", claw_back(2, Some(101))),
        ("c3", claw_back(2, Some(100))),
        ("r2", reinstate(6, Some(1))),
        ("c4", claw_back(2, Some(2))),
        ("c5", claw_back(2, None)),
    ];
    let orders = ops.into_iter().map(|(key, op)| crate::ground::order("a", key, op)).collect();
    let outcomes = ground.store.submit_all(orders).await;
    let done: Vec<bool> = outcomes.iter().map(Result::is_ok).collect();
    assert_eq!(done, [true, true, false, true, true, false, true]);
    assert_eq!(ground.store.entry(1, 2).await.unwrap().unwrap().reversed, credits(-100));
    let account = ground.store.account(AccountRef::No(1)).await.unwrap().unwrap().account;
    assert_eq!(account.overdraft, credits(100));
    ground.verify();
    ground.store.shutdown().await;
    ground.verify();
}

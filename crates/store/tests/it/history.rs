//! Pages of history are the same whether entries are projected or not.

use ledger::{Kind, LotKind, Op};
use store::{EntryFilter, EntryStatus};

use crate::ground::{Ground, credits, debit, grant_of};

async fn filled(tail_length: usize) -> Ground {
    let ground = Ground::new(tail_length).await;
    ground.open_account("a", 1).await;
    ground.submit("a", "v", grant_of(LotKind::Voucher, 100, None)).await.unwrap();
    ground.submit("a", "t", grant_of(LotKind::TopUp, 100, None)).await.unwrap();
    for number in 0..30 {
        ground.advance_seconds(1);
        ground.submit("a", &format!("d{number}"), debit(5)).await.unwrap();
    }
    for (key, entry, amount) in [("r1", 4, None), ("r2", 5, Some(credits(2)))] {
        ground.submit("a", key, Op::Reverse { entry, amount }).await.unwrap();
    }
    ground
}

async fn seqs(ground: &Ground, filter: EntryFilter, before: Option<u64>, limit: usize) -> Vec<u64> {
    let found = ground.store.entries(1, filter, before, limit).await.unwrap();
    found.iter().map(|entry| entry.transaction.seq).collect()
}

#[tokio::test]
async fn filters_and_pages() {
    // All in the tail; folded as it comes; folded by idling.
    for (tail_length, idle) in [(10_000, false), (4, false), (10_000, true)] {
        let ground = filled(tail_length).await;
        if idle {
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        }
        let all = seqs(&ground, EntryFilter::default(), None, 100).await;
        assert_eq!(all, (2..=35).rev().collect::<Vec<_>>(), "the opening moves no credits");
        let mut paged = Vec::new();
        let mut before = None;
        loop {
            let page = seqs(&ground, EntryFilter::default(), before, 7).await;
            before = page.last().copied();
            if page.is_empty() {
                break;
            }
            paged.extend(page);
        }
        assert_eq!(paged, all);
        let by_status = |status| EntryFilter { statuses: vec![status], ..EntryFilter::default() };
        assert_eq!(seqs(&ground, by_status(EntryStatus::Reversed), None, 9).await, [4]);
        assert_eq!(seqs(&ground, by_status(EntryStatus::PartlyReversed), None, 9).await, [5]);
        assert_eq!(seqs(&ground, by_status(EntryStatus::Posted), Some(8), 9).await, [7, 6, 3, 2]);
        let kinds = EntryFilter { kinds: vec![Kind::Grant, Kind::Open], ..EntryFilter::default() };
        assert_eq!(seqs(&ground, kinds, None, 9).await, [3, 2, 1]);
        let lots = EntryFilter { lot_kinds: vec![LotKind::TopUp], ..EntryFilter::default() };
        assert_eq!(seqs(&ground, lots, Some(30), 9).await, [29, 28, 27, 26, 25, 24, 3]);
        let services = EntryFilter { services: vec!["gpu".into()], ..EntryFilter::default() };
        assert!(seqs(&ground, services, None, 9).await.is_empty());
        let from = ledger::Timestamp::from_micros(1_000_000_000);
        let window =
            EntryFilter { from: Some(from.plus_seconds(2)), to: Some(from.plus_seconds(4)), ..EntryFilter::default() };
        assert_eq!(seqs(&ground, window, None, 9).await, [6, 5]);
        let entry = ground.store.entry(1, 5).await.unwrap().unwrap();
        assert_eq!(entry.reversed, credits(2));
        assert!(ground.store.entry(1, 99).await.unwrap().is_none());
        for second in 0..=30 {
            let at = from.plus_seconds(second);
            let then = ground.store.account_at(store::AccountRef::No(1), at).await.unwrap().unwrap();
            let back = if second == 30 { 7 } else { 0 };
            assert_eq!(then.account.balance(at), credits(200 - 5 * second + back), "at {second}");
        }
        ground.verify();
    }
}

#[tokio::test]
async fn what_falls_due_is_found_while_readers_never_rest() {
    let ground = Ground::new(10_000).await;
    ground.open_account("a", 1).await;
    let expires_at = ground.store.now().plus_seconds(5);
    ground.submit("a", "g", grant_of(LotKind::Voucher, 10, Some(expires_at))).await.unwrap();
    ground.advance_seconds(6);
    // Failed before: every read put the folding off.
    for _ in 0..2_000 {
        ground.store.account(store::AccountRef::No(1)).await.unwrap();
        if ground.store.due_accounts(10).await.unwrap() == [1] {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("the account with an expired lot was never found");
}

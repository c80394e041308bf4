//! Long histories: pages and sums with any filter are what a plain look at all entries says, with blocks and without.

use std::collections::BTreeMap;

use ledger::{Amount, Kind, LotKind, Op, Timestamp, Transaction};
use store::{EntryFilter, EntryStatus, EntrySum, EntryView, Order};

use crate::ground::{Ground, credits, debit, grant_of, order};

/// Entries of a block. Known here on purpose: it is what stands in databases.
const BLOCK: u64 = 4_096;

fn spent_on(service: &str, mut order: Order) -> Order {
    order.command.memo.service = (!service.is_empty()).then(|| service.into());
    order
}

async fn book(ground: &Ground, orders: Vec<Order>) {
    let receipts = ground.store.submit_all(orders).await;
    receipts.into_iter().for_each(|receipt| drop(receipt.unwrap()));
}

/// Two blocks and a half: common and rare services, vouchers, holds, entries that went back near and far from their debit.
async fn filled() -> Ground {
    let ground = Ground::new(20_000).await;
    ground.open_account("a", 1).await;
    let mut next = 2;
    let mut batch = Vec::new();
    while next <= BLOCK * 5 / 2 {
        let key = format!("k{next}");
        let of = |op| order("a", &key, op);
        batch.push(match next {
            2 => of(grant_of(LotKind::TopUp, 1_000_000, None)),
            _ if next % 3_000 == 500 => of(grant_of(LotKind::Voucher, 3, None)),
            _ if next % 1_500 == 700 => spent_on("gpu", of(Op::Hold { amount: credits(2), ttl_seconds: 600_000 })),
            _ if next % 1_500 == 710 => of(Op::Release { hold: next - 10 }),
            _ if next % 400 == 399 => of(Op::Reverse { entry: next - 1, amount: None }),
            _ if next % 400 == 199 => of(Op::Reverse { entry: next - 1, amount: Some(Amount::from_units(1)) }),
            // Far back: the last quarter takes entries of the first block back.
            _ if next > BLOCK * 9 / 4 && next % 200 == 50 => of(Op::Reverse { entry: next - BLOCK * 2, amount: None }),
            _ => spent_on(service(next), of(debit(1))),
        });
        next += 1;
        if next % 512 == 0 {
            book(&ground, std::mem::take(&mut batch)).await;
            ground.advance_seconds(1);
        }
    }
    book(&ground, batch).await;
    ground
}

fn service(number: u64) -> &'static str {
    match number {
        _ if number % 2_000 == 123 => "rare",
        _ if number % 7 == 3 => "disk",
        _ if number.is_multiple_of(5) => "",
        _ => "llm",
    }
}

/// What the filter means, said once more.
fn passes(filter: &EntryFilter, entry: &EntryView, lots: &BTreeMap<u64, LotKind>) -> bool {
    let tx = &entry.transaction;
    let kind = if filter.kinds.is_empty() { tx.kind().moves_credits() } else { filter.kinds.contains(&tx.kind()) };
    let service = tx.memo.service.as_deref();
    let moves = |tx: &Transaction| tx.postings.iter().any(|posting| filter.lot_kinds.contains(&lots[&posting.lot]));
    kind && (filter.services.is_empty() || filter.services.iter().any(|wanted| Some(&**wanted) == service))
        && (filter.statuses.is_empty() || filter.statuses.contains(&entry.status()))
        && (filter.lot_kinds.is_empty() || moves(tx))
        && filter.from.is_none_or(|from| tx.at >= from)
        && filter.to.is_none_or(|to| tx.at < to)
}

/// What may be asked of services, kinds, lots and times, alone and with another, with every status.
fn filters() -> Vec<EntryFilter> {
    let any = EntryFilter::default;
    let services =
        |names: &[&str]| EntryFilter { services: names.iter().map(|name| (*name).into()).collect(), ..any() };
    let kinds = |kinds: &[Kind]| EntryFilter { kinds: kinds.to_vec(), ..any() };
    let lots = |kind| EntryFilter { lot_kinds: vec![kind], ..any() };
    let second = |second: i64| Timestamp::from_micros(1_000_000_000).plus_seconds(second);
    let (since, until) = (|from| EntryFilter { from: Some(second(from)), ..any() }, |to| Some(second(to)));
    let rare = || services(&["rare"]);
    let wanted = [
        any(),
        rare(),
        services(&["llm", "rare"]),
        services(&["none"]),
        kinds(&[Kind::Grant, Kind::Hold]),
        kinds(&Kind::ALL),
        lots(LotKind::Voucher),
        lots(LotKind::Setup),
        EntryFilter { to: until(9), ..any() },
        since(17),
        EntryFilter { to: until(5), ..since(3) },
        EntryFilter { to: until(3), ..since(5) },
        EntryFilter { kinds: vec![Kind::Grant], ..rare() },
        EntryFilter { lot_kinds: vec![LotKind::TopUp], ..rare() },
        EntryFilter { to: until(9), ..rare() },
        EntryFilter { lot_kinds: vec![LotKind::Voucher], to: until(12), ..since(4) },
        EntryFilter { kinds: vec![Kind::Reversal], ..since(18) },
    ];
    let statuses = [
        vec![],
        vec![EntryStatus::Posted],
        vec![EntryStatus::Reversed],
        vec![EntryStatus::Reversed, EntryStatus::PartlyReversed],
        vec![EntryStatus::Posted, EntryStatus::PartlyReversed],
    ];
    let with = |filter: &EntryFilter| statuses.clone().map(|statuses| EntryFilter { statuses, ..filter.clone() });
    wanted.iter().flat_map(with).collect()
}

async fn agrees(ground: &Ground, all: &[EntryView], lots: &BTreeMap<u64, LotKind>) {
    for filter in filters() {
        let wanted: Vec<&EntryView> = all.iter().filter(|entry| passes(&filter, entry, lots)).collect();
        for (before, limit) in [(None, 3), (None, 700), (Some(9_000), 40), (Some(4_097), 5), (Some(300), 1_000)] {
            let found = ground.store.entries(1, filter.clone(), before, limit).await.unwrap();
            let found: Vec<(u64, Amount)> = found.iter().map(|entry| (entry.transaction.seq, entry.reversed)).collect();
            let below = |entry: &&&EntryView| before.is_none_or(|before| entry.transaction.seq < before);
            let expected = wanted.iter().filter(below).take(limit);
            let expected: Vec<(u64, Amount)> = expected.map(|entry| (entry.transaction.seq, entry.reversed)).collect();
            assert_eq!(found, expected, "{filter:?} before {before:?}, {limit}");
        }
        let mut sums = BTreeMap::<Kind, EntrySum>::new();
        for tx in wanted.iter().map(|entry| &entry.transaction) {
            let sum = sums.entry(tx.kind()).or_default();
            let units = i128::from(tx.amount().units());
            sum.count += 1;
            if units > 0 { sum.in_units += units } else { sum.out_units += units }
        }
        assert_eq!(ground.store.entry_sums(1, filter.clone()).await.unwrap(), sums, "{filter:?}");
    }
}

/// All entries, and the kinds of the lots.
async fn everything(ground: &Ground) -> (Vec<EntryView>, BTreeMap<u64, LotKind>) {
    let filter = EntryFilter { kinds: Kind::ALL.to_vec(), ..EntryFilter::default() };
    let all = ground.store.entries(1, filter, None, usize::MAX).await.unwrap();
    let seqs: Vec<u64> = all.iter().map(|entry| entry.transaction.seq).collect();
    assert_eq!(seqs, (1..=BLOCK * 5 / 2).rev().collect::<Vec<_>>());
    let lots = all.iter().filter_map(|entry| Some((entry.transaction.seq, entry.transaction.event.new_lot()?.kind)));
    let lots = lots.collect();
    (all, lots)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_is_the_same_with_blocks_and_without() {
    let mut ground = filled().await;
    let (all, lots) = everything(&ground).await;
    for status in EntryStatus::ALL {
        assert!(all.iter().any(|entry| entry.status() == status), "{status:?} is missing");
    }
    agrees(&ground, &all, &lots).await;
    // On SQLite nothing is folded while requests come, so a restart does it.
    ground.restart().await;
    let mut blocks = 0;
    while ground.store.index_history(1).await.unwrap() {
        blocks += 1;
    }
    assert_eq!(blocks, 2, "half a block is left");
    assert!(ground.store.unindexed_accounts(10).await.unwrap().is_empty());
    agrees(&ground, &all, &lots).await;
    ground.verify();
}

/// What went back of an old entry a moment ago shows at once.
#[tokio::test]
async fn an_old_entry_that_goes_back_shows_at_once() {
    let mut ground = Ground::new(20_000).await;
    ground.open_account("a", 1).await;
    book(&ground, vec![order("a", "g", grant_of(LotKind::TopUp, 1_000_000, None))]).await;
    for batch in 0..9 {
        let of = |number: u64| order("a", &format!("{batch}-{number}"), debit(1));
        book(&ground, (0..500).map(of).collect()).await;
    }
    ground.restart().await;
    assert_eq!(ground.store.unindexed_accounts(10).await.unwrap(), [1]);
    assert!(ground.store.index_history(1).await.unwrap());
    let of = |status| EntryFilter { statuses: vec![status], ..EntryFilter::default() };
    let seqs = async |status, before| {
        let found = ground.store.entries(1, of(status), before, 3).await.unwrap();
        found.iter().map(|entry| entry.transaction.seq).collect::<Vec<_>>()
    };
    assert!(seqs(EntryStatus::Reversed, None).await.is_empty());
    for (key, entry, amount) in [("r1", 900, None), ("r2", 800, Some(Amount::from_units(1))), ("r3", 10, None)] {
        ground.submit("a", key, Op::Reverse { entry, amount }).await.unwrap();
    }
    assert_eq!(seqs(EntryStatus::Reversed, None).await, [900, 10]);
    assert_eq!(seqs(EntryStatus::Reversed, Some(900)).await, [10]);
    assert_eq!(seqs(EntryStatus::PartlyReversed, None).await, [800]);
    assert_eq!(seqs(EntryStatus::Posted, Some(902)).await, [901, 899, 898]);
    let sums = ground.store.entry_sums(1, of(EntryStatus::Posted)).await.unwrap();
    assert_eq!(sums[&Kind::Debit].count, 4_500 - 3);
}

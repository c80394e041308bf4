//! How fast pages of a long history are: no HTTP, one account. `cargo bench -p store --bench history [-- entries runs]`.
//!
//! Books a million movements of one account, most of them debits of common services, a few of rare ones; then reads pages
//! with each filter and with several, and says the median and the slowest of the runs. `SCRIP_BENCH_URL` names a database
//! to keep: one that has the entries already is only read. Figures belong to `docs/performance.md`.

#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used, clippy::float_arithmetic)]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use ledger::{Amount, Command, Kind, LotKind, LotSpec, Memo, OnInsufficient, Op, Timestamp, Unit};
use store::{AccountRef, Clock, EntryFilter, EntryStatus, Options, Order, Statement, Store, Target, params};

const ACCOUNT: u64 = 1;
const ID: &str = "busy";
/// Entries of one batch; the clock goes on by a second after each.
const BATCH: u64 = 500;
/// When the account was opened.
const START: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

/// A clock that goes on with the entries.
struct Steps(AtomicI64);

impl Clock for Steps {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

fn main() {
    let numbers: Vec<u64> = std::env::args().filter_map(|arg| arg.parse().ok()).collect();
    let setting = |at: usize, default| numbers.get(at).copied().unwrap_or(default);
    let (entries, runs) = (setting(0, 1_000_000), setting(1, 9));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(run(entries, runs));
}

async fn run(entries: u64, runs: u64) {
    let dir = tempfile::tempdir_in(".").unwrap();
    let url = std::env::var("SCRIP_BENCH_URL")
        .unwrap_or_else(|_| format!("sqlite:{}", dir.path().join("bench.db").display()));
    let clock = Arc::new(Steps(AtomicI64::new(START.micros())));
    let options = Options { clock: Some(clock.clone()), ..Options::default() };
    let store = Store::open(&url, options).await.unwrap();
    let started = Instant::now();
    let last = fill(&store, &clock, entries).await;
    println!("{last} entries, filled in {:.1?}", started.elapsed());
    // An idle writer folds what is not folded yet.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (started, mut blocks) = (Instant::now(), 0);
    while store.index_history(ACCOUNT).await.unwrap() {
        blocks += 1;
    }
    println!("{blocks} blocks written in {:.1?}", started.elapsed());
    println!("{:42} {:>5} {:>10} {:>10} {:>9} {:>10}", "page of 100", "rows", "median", "slowest", "entries", "summed");
    for (name, filter, before) in questions(last) {
        let mut times = Vec::new();
        let mut rows = 0;
        for _ in 0..runs {
            let started = Instant::now();
            rows = store.entries(ACCOUNT, filter.clone(), before, 101).await.unwrap().len();
            times.push(started.elapsed());
        }
        times.sort_unstable();
        let ms = |time: &Duration| time.as_secs_f64() * 1e3;
        let middle = times[times.len() / 2];
        let started = Instant::now();
        let sums = store.entry_sums(ACCOUNT, filter).await.unwrap();
        let (summed, count) = (started.elapsed(), sums.values().map(|sum| sum.count).sum::<u64>());
        println!(
            "{name:42} {rows:>5} {:>7.1} ms {:>7.1} ms {count:>9} {:>7.1} ms",
            ms(&middle),
            ms(times.last().unwrap()),
            ms(&summed)
        );
    }
    store.shutdown().await;
}

/// What is asked: a name, the filter, where the page begins.
fn questions(last: u64) -> Vec<(&'static str, EntryFilter, Option<u64>)> {
    let all = EntryFilter::default;
    let services =
        |names: &[&str]| EntryFilter { services: names.iter().map(|name| (*name).into()).collect(), ..all() };
    let statuses = |statuses: &[EntryStatus]| EntryFilter { statuses: statuses.to_vec(), ..all() };
    let lot_kinds = |kind| EntryFilter { lot_kinds: vec![kind], ..all() };
    let kinds = |kinds: &[Kind]| EntryFilter { kinds: kinds.to_vec(), ..all() };
    let between = |from: i64, to: i64| EntryFilter {
        from: Some(START.plus_seconds(from)),
        to: Some(START.plus_seconds(to)),
        ..all()
    };
    let gone = [EntryStatus::Reversed, EntryStatus::PartlyReversed];
    vec![
        ("no filter, first page", all(), None),
        ("no filter, last page", all(), Some(90)),
        ("a common service", services(&["llm"]), None),
        ("a service of one in ten", services(&["disk"]), None),
        ("a service of five", services(&["audit"]), None),
        ("a service of one in ten thousand", services(&["mail"]), None),
        ("a service that never was", services(&["none"]), None),
        ("a hundred services that never were", services(&["none"; 100]), None),
        ("status reversed or partly", statuses(&gone), None),
        ("status posted", statuses(&[EntryStatus::Posted]), None),
        ("balance type voucher (3)", lot_kinds(LotKind::Voucher), None),
        ("balance type subscription (none)", lot_kinds(LotKind::Subscription), None),
        ("balance type top-up", lot_kinds(LotKind::TopUp), None),
        ("kind grant", kinds(&[Kind::Grant]), None),
        ("kind hold (none)", kinds(&[Kind::Hold]), None),
        ("every kind", kinds(&Kind::ALL), None),
        ("two seconds at the beginning", between(5, 7), None),
        (
            "two seconds in the middle",
            between(i64::try_from(last / BATCH / 2).unwrap(), i64::try_from(last / BATCH / 2).unwrap() + 2),
            None,
        ),
        ("before the beginning", between(-9, 0), None),
        ("rare service, reversed", EntryFilter { statuses: gone.to_vec(), ..services(&["mail"]) }, None),
        (
            "rare service, first half",
            EntryFilter {
                to: Some(START.plus_seconds(i64::try_from(last / BATCH / 2).unwrap())),
                ..services(&["audit"])
            },
            None,
        ),
        (
            "common service of vouchers (none)",
            EntryFilter { lot_kinds: vec![LotKind::Voucher], ..services(&["llm"]) },
            None,
        ),
        ("rare service, grants (none)", EntryFilter { kinds: vec![Kind::Grant], ..services(&["audit"]) }, None),
    ]
}

/// Books until the account has so many entries; gives the number of the last one.
async fn fill(store: &Store, clock: &Steps, entries: u64) -> u64 {
    let open = Statement::new(
        "INSERT INTO accounts (id, no, unit, site, name, metadata, created_at_us) VALUES ($1, $2, 'CREDIT', 'api', '', '{}', 0)",
        params![ID, ACCOUNT as i64],
    );
    let target = Target::New { id: ID.into(), no: ACCOUNT, unit: Unit::CREDIT };
    let op = Op::Open { overdraft_limit: Amount::ZERO };
    store.submit(Order { target, command: command("open", "api", op), rows: vec![open] }).await.unwrap();
    let present = store.account(AccountRef::No(ACCOUNT)).await.unwrap().unwrap().account.seq;
    if present >= entries {
        return present;
    }
    let mut last = present;
    for kind in [LotKind::TopUp, LotKind::Manual] {
        last = booked(store, vec![order(kind.name(), "api", grant(kind, 1_000_000_000))]).await;
    }
    while last < entries {
        clock.0.fetch_add(1_000_000, Ordering::SeqCst);
        let mut orders: Vec<Order> = (last..last + BATCH).map(|number| debit(number, entries)).collect();
        // Three vouchers, and one debit in five thousand goes back.
        if last < 3 * BATCH {
            orders.push(order(&format!("v{last}"), "api", grant(LotKind::Voucher, 1)));
        }
        if last / BATCH % 10 == 9 {
            let amount = (last / BATCH % 20 == 9).then(|| Amount::from_units(400));
            orders.push(order(&format!("r{last}"), "llm", Op::Reverse { entry: last - 50, amount }));
        }
        last = booked(store, orders).await;
    }
    last
}

async fn booked(store: &Store, orders: Vec<Order>) -> u64 {
    let receipts = store.submit_all(orders).await;
    receipts.into_iter().map(|receipt| receipt.unwrap().transaction.unwrap().seq).max().unwrap()
}

fn debit(number: u64, entries: u64) -> Order {
    let service = match number {
        _ if number % (entries / 5) == 1_111 => "audit",
        _ if number % 10_000 == 777 => "mail",
        _ => ["llm", "llm", "gpu", "llm", "llm", "gpu", "llm", "gpu", "llm", "disk"][(number % 10) as usize],
    };
    let op = Op::Debit { amount: Amount::from_units(1_000), on_insufficient: OnInsufficient::Reject };
    order(&format!("d{number}"), service, op)
}

/// Vouchers are for a service that nobody uses, so that they are never spent.
fn grant(kind: LotKind, credits: i64) -> Op {
    let scope: Box<[Box<str>]> = if kind == LotKind::Voucher { ["nothing".into()].into() } else { Box::default() };
    let lot = LotSpec {
        kind,
        priority: None,
        allocated: Unit::CREDIT.from_minor(credits).unwrap(),
        effective_at: None,
        expires_at: None,
        scope,
    };
    Op::Grant { counter: lot.giver(), lot }
}

fn command(key: &str, service: &str, op: Op) -> Command {
    let memo = Memo {
        service: Some(service.into()),
        description: Some("1,284 tokens in, 322 tokens out".into()),
        reference: Some(format!("request-{key}").into()),
        ..Memo::default()
    };
    Command { key: Some(key.into()), input: [7; 16], actor: "bench".into(), memo, op }
}

fn order(key: &str, service: &str, op: Op) -> Order {
    Order { target: Target::Existing(AccountRef::Id(ID.into())), command: command(key, service, op), rows: Vec::new() }
}

//! How fast the ledger itself is: no HTTP, one process. `cargo bench -p store [-- seconds accounts batch tasks]`.
//!
//! Opens accounts with three lots each, then debits them at random in batches from several tasks for a while, and says
//! how many were stored per second of wall time and of the process's CPU time. `SCRIP_BENCH_URL` names another database.
//! Figures belong to `docs/performance.md`.

#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used, clippy::float_arithmetic)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ledger::{Command, LotKind, LotSpec, Memo, OnInsufficient, Op, Unit};
use store::{AccountRef, Options, Order, Statement, Store, Target, params};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let numbers: Vec<u64> = std::env::args().filter_map(|arg| arg.parse().ok()).collect();
    let setting = |at: usize, default| numbers.get(at).copied().unwrap_or(default);
    let (seconds, accounts, batch, tasks) = (setting(0, 10), setting(1, 100_000), setting(2, 1_000), setting(3, 8));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(run(seconds, accounts, batch, tasks));
}

async fn run(seconds: u64, accounts: u64, batch: u64, tasks: u64) {
    let dir = tempfile::tempdir_in(".").unwrap();
    // An empty database of its own, such as postgres://USER@HOST/DATABASE.
    let url = std::env::var("SCRIP_BENCH_URL")
        .unwrap_or_else(|_| format!("sqlite:{}", dir.path().join("bench.db").display()));
    let store = Store::open(&url, Options::default()).await.unwrap();
    let ids: Arc<Vec<Arc<str>>> = Arc::new((0..accounts).map(|no| format!("bench-{no:06}").into()).collect());
    let started = Instant::now();
    fill(&store, &ids).await;
    println!("filled {accounts} accounts in {:?}", started.elapsed());

    let before = ledger_thread_seconds();
    let stored = Arc::new(AtomicU64::new(0));
    let until = Instant::now() + Duration::from_secs(seconds);
    let started = Instant::now();
    let work = (0..tasks).map(|task| {
        let (store, ids, stored) = (store.clone(), ids.clone(), stored.clone());
        tokio::spawn(async move {
            let mut random = 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(task + 1);
            let mut number = 0_u64;
            while Instant::now() < until {
                let orders = (0..batch).map(|_| {
                    random ^= random << 13;
                    random ^= random >> 7;
                    random ^= random << 17;
                    number += 1;
                    let key = format!("{task}-{number}");
                    debit(&ids[usize::try_from(random % ids.len() as u64).unwrap()], &key)
                });
                let outcomes = store.submit_all(orders.collect()).await;
                stored.fetch_add(outcomes.iter().filter(|outcome| outcome.is_ok()).count() as u64, Ordering::Relaxed);
            }
        })
    });
    for task in work.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let rate = stored.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64();
    println!("{rate:.0} debits/s in batches of {batch} from {tasks} tasks, {} in all", stored.load(Ordering::Relaxed));
    let (user, system) = ledger_thread_seconds();
    let each = |seconds: f64| seconds * 1e6 / stored.load(Ordering::Relaxed) as f64;
    println!("ledger thread: {:.2} µs user + {:.2} µs system each", each(user - before.0), each(system - before.1));
    println!(
        "{}",
        std::fs::read_to_string("/proc/self/status").unwrap().lines().find(|line| line.starts_with("VmHWM")).unwrap()
    );
    let started = Instant::now();
    store.shutdown().await;
    println!("shutdown took {:?}", started.elapsed());
    let started = Instant::now();
    store::verify(&url, &mut |_, _| {}).unwrap();
    println!("verify took {:?}", started.elapsed());
}

/// User and system time of the thread that writes the ledger.
fn ledger_thread_seconds() -> (f64, f64) {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let stats = tasks.map(|task| std::fs::read_to_string(task.path().join("stat")).unwrap());
    let line = stats.filter(|line| line.contains("(scrip-ledger)")).last().unwrap();
    let fields: Vec<f64> = line.rsplit(')').next().unwrap().split_whitespace().flat_map(str::parse).collect();
    // After the state come 10 numbers before utime and stime; the state itself does not parse.
    (fields[10] / 100.0, fields[11] / 100.0)
}

async fn fill(store: &Store, ids: &[Arc<str>]) {
    for (no, id) in (1_i64..).zip(ids) {
        let row = Statement::new(
            "INSERT INTO accounts (id, no, unit, site, name, metadata, created_at_us) VALUES ($1, $2, 'CREDIT', 'api', '', '{}', 0)",
            params![&**id, no],
        );
        let target = Target::New { id: id.clone(), no: no as u64, unit: Unit::CREDIT };
        let open = Order {
            target,
            command: command("open", Op::Open { overdraft_limit: ledger::Amount::ZERO }),
            rows: vec![row],
        };
        let mut orders = vec![open];
        orders.extend((0..3).map(|lot| {
            let lot_spec = LotSpec {
                kind: [LotKind::Voucher, LotKind::Manual, LotKind::TopUp][lot],
                priority: None,
                allocated: Unit::CREDIT.from_minor(1_000_000).unwrap(),
                effective_at: None,
                expires_at: None,
                scope: Box::default(),
            };
            order(id, &format!("lot{lot}"), Op::Grant { counter: lot_spec.giver(), lot: lot_spec })
        }));
        let store = store.clone();
        // A few hundred accounts wait at a time: the queue is bounded.
        if no % 500 == 0 {
            assert!(store.submit_all(orders).await.iter().all(Result::is_ok));
        } else {
            tokio::spawn(async move { assert!(store.submit_all(orders).await.iter().all(Result::is_ok)) });
        }
    }
}

fn command(key: &str, op: Op) -> Command {
    let memo = Memo { service: Some("bench".into()), ..Memo::default() };
    Command { key: Some(key.into()), input: [7; 16], actor: "bench".into(), memo, op }
}

fn order(id: &Arc<str>, key: &str, op: Op) -> Order {
    Order { target: Target::Existing(AccountRef::Id(id.clone())), command: command(key, op), rows: Vec::new() }
}

fn debit(id: &Arc<str>, key: &str) -> Order {
    order(id, key, Op::Debit { amount: ledger::Amount::from_units(1_000), on_insufficient: OnInsufficient::Reject })
}

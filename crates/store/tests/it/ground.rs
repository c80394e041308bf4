//! What the tests stand on: a store on a temporary file, a clock that can be moved, short ways to say a command.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use ledger::{Amount, Command, LotKind, LotSpec, Memo, OnInsufficient, Op, Timestamp, Unit};
use store::{AccountRef, Clock, Failure, Options, Order, Receipt, Statement, Store, Target, params};

/// A clock that only tests move.
#[derive(Default)]
pub struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

pub struct Ground {
    pub store: Store,
    pub clock: Arc<TestClock>,
    pub path: PathBuf,
    tail_length: usize,
    dir: tempfile::TempDir,
}

impl Ground {
    pub async fn new(tail_length: usize) -> Ground {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(TestClock::default());
        clock.0.store(1_000_000_000, Ordering::SeqCst);
        let path = dir.path().join("ledger.db");
        let store = open(&path, &clock, tail_length).await;
        Ground { store, clock, path, tail_length, dir }
    }

    pub fn advance_seconds(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    pub fn url(&self) -> String {
        format!("sqlite:{}", self.path.display())
    }

    pub async fn restart(&mut self) {
        self.store.shutdown().await;
        self.store = open(&self.path, &self.clock, self.tail_length).await;
    }

    /// A second store on a copy of the files as they are now: what a crash would leave.
    pub async fn crashed(&self) -> Ground {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ledger.db");
        for suffix in ["", "-wal"] {
            let from = format!("{}{suffix}", self.path.display());
            if std::fs::exists(&from).unwrap() {
                std::fs::copy(from, format!("{}{suffix}", path.display())).unwrap();
            }
        }
        let store = open(&path, &self.clock, self.tail_length).await;
        Ground { store, clock: self.clock.clone(), path, tail_length: self.tail_length, dir }
    }

    pub async fn open_account(&self, id: &str, no: u64) -> Receipt {
        self.store.submit(open_order(id, no)).await.unwrap()
    }

    pub async fn submit(&self, id: &str, key: &str, op: Op) -> Result<Receipt, Failure> {
        self.store.submit(order(id, key, op)).await
    }

    pub fn verify(&self) -> store::Proof {
        store::verify(&self.url(), &mut |_, _| {}).unwrap()
    }

    pub fn folder(&self) -> &std::path::Path {
        self.dir.path()
    }
}

async fn open(path: &std::path::Path, clock: &Arc<TestClock>, tail_length: usize) -> Store {
    let options = Options { tail_length, clock: clock.clone(), ..Options::default() };
    Store::open(&format!("sqlite:{}", path.display()), options).await.unwrap()
}

pub fn credits(count: i64) -> Amount {
    Unit::CREDIT.from_minor(count).unwrap()
}

pub fn open_order(id: &str, no: u64) -> Order {
    let row = Statement::new(
        "INSERT INTO accounts (id, no, unit, site, name, metadata, created_at_us) VALUES ($1, $2, 'CREDIT', 'api', '', '{}', 0)",
        params![id, no as i64],
    );
    let target = Target::New { id: id.into(), no, unit: Unit::CREDIT };
    let op = Op::Open { overdraft_limit: credits(50) };
    Order { target, command: command("open", op), rows: vec![row.expect_one()] }
}

pub fn command(key: &str, op: Op) -> Command {
    let mut input = [0; 16];
    let text = format!("{op:?}");
    for (at, byte) in text.bytes().enumerate() {
        input[at % 16] ^= byte.rotate_left((at / 16 % 8) as u32);
    }
    let memo = Memo { service: Some("llm".into()), ..Memo::default() };
    Command { key: Some(key.into()), input, actor: "test".into(), memo, op }
}

pub fn order(id: &str, key: &str, op: Op) -> Order {
    Order { target: Target::Existing(AccountRef::Id(id.into())), command: command(key, op), rows: Vec::new() }
}

pub fn grant(count: i64) -> Op {
    grant_of(LotKind::Manual, count, None)
}

pub fn grant_of(kind: LotKind, count: i64, expires_at: Option<Timestamp>) -> Op {
    let lot = LotSpec {
        kind,
        priority: None,
        allocated: credits(count),
        effective_at: None,
        expires_at,
        scope: Box::default(),
    };
    Op::Grant { counter: lot.giver(), lot }
}

pub fn debit(count: i64) -> Op {
    Op::Debit { amount: credits(count), on_insufficient: OnInsufficient::Reject }
}

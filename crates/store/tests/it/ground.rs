//! What the tests stand on: a store on a temporary file, a clock that can be moved, short ways to say a command.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use ledger::{Amount, Command, LotKind, LotSpec, Memo, OnInsufficient, Op, Timestamp, Unit};
use store::{AccountRef, Clock, Failure, Options, Order, Receipt, Statement, Store, Target, params};
use testbed::Database;

/// A clock that only tests move.
pub struct TestClock(AtomicI64);

impl TestClock {
    /// The instant that tests begin at.
    pub fn at_start() -> Self {
        TestClock(AtomicI64::new(1_000_000_000))
    }

    pub fn advance_seconds(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

pub struct Ground {
    pub store: Store,
    pub clock: Arc<TestClock>,
    pub database: Arc<Database>,
    tail_length: usize,
}

impl Ground {
    pub async fn new(tail_length: usize) -> Ground {
        Ground::on(Arc::new(Database::new()), Arc::new(TestClock::at_start()), tail_length).await
    }

    async fn on(database: Arc<Database>, clock: Arc<TestClock>, tail_length: usize) -> Ground {
        let store = open(&database.url(), &clock, tail_length).await;
        Ground { store, clock, database, tail_length }
    }

    pub fn advance_seconds(&self, seconds: i64) {
        self.clock.advance_seconds(seconds);
    }

    pub fn url(&self) -> String {
        self.database.url()
    }

    pub async fn restart(&mut self) {
        self.store.shutdown().await;
        self.store = open(&self.url(), &self.clock, self.tail_length).await;
    }

    /// A second store on what a crash would leave: on SQLite a copy of the files as they are now, on PostgreSQL the same
    /// database, the first store being a node that nobody hears of again.
    pub async fn crashed(&self) -> Ground {
        let database = match self.database.path() {
            Some(path) => Arc::new(copied(path)),
            None => self.database.clone(),
        };
        Ground::on(database, self.clock.clone(), self.tail_length).await
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
}

fn copied(path: &Path) -> Database {
    let copy = Database::new();
    for suffix in ["", "-wal"] {
        let from = format!("{}{suffix}", path.display());
        if std::fs::exists(&from).unwrap() {
            std::fs::copy(from, format!("{}{suffix}", copy.path().unwrap().display())).unwrap();
        }
    }
    copy
}

pub async fn open(url: &str, clock: &Arc<TestClock>, tail_length: usize) -> Store {
    let options = Options { tail_length, clock: Some(clock.clone()), ..Options::default() };
    Store::open(url, options).await.unwrap()
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

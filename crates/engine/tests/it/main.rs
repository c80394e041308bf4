//! Several nodes on one database: each an [`Engine`] with caches and a name of its own, and on PostgreSQL with
//! connections of its own.
//!
//! Nothing runs in the background and the clock stands still, so nothing happens that a test did not ask for. Every test
//! ends with [`Nodes::close`], which proves the books.
#![allow(clippy::unwrap_used, reason = "a test that finds nothing has failed")]

mod alerts;
mod billing;
mod brakes;
mod compare;
mod history;
mod keys;
mod leases;
mod mail;
mod members;
mod payments;
mod plans;
mod prices;
mod purchases;
mod receipts;
mod usage;
mod vouchers;
mod year;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use engine::accounts::NewAccount;
use engine::settings::Settings;
use engine::{Call, Engine};
use ledger::Timestamp;
use store::{Clock, Options, Store};
use testbed::Database;

/// Noon of 2026-11-20 UTC, in microseconds.
const START_US: i64 = 1_795_176_000_000_000;

/// Stands still until it is moved, apart from a microsecond per look.
struct StillClock(AtomicI64);

impl StillClock {
    /// Moves it ahead.
    fn advance_ms(&self, ms: i64) {
        self.0.fetch_add(ms * 1_000, Ordering::SeqCst);
    }

    fn advance_seconds(&self, seconds: i64) {
        self.advance_ms(seconds * 1_000);
    }
}

impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.fetch_add(1, Ordering::SeqCst))
    }
}

/// Two nodes.
struct Nodes {
    a: Engine,
    b: Engine,
    clock: Arc<StillClock>,
    /// Goes last: dropping it cuts whoever is connected.
    database: Database,
}

impl Nodes {
    async fn start() -> Nodes {
        Nodes::start_with(|_| {}).await
    }

    async fn start_with(change: impl FnOnce(&mut Settings)) -> Nodes {
        let database = Database::new();
        let clock = Arc::new(StillClock(AtomicI64::new(START_US)));
        let options = Options { clock: Some(clock.clone()), ..Options::default() };
        let first = Store::open(&database.url(), options.clone()).await.unwrap();
        // A SQLite file belongs to one process.
        let second = match database.is_postgres() {
            true => Store::open(&database.url(), options).await.unwrap(),
            false => first.clone(),
        };
        let mut settings = Settings::default();
        change(&mut settings);
        let settings = Arc::new(settings);
        let a = Engine::new(first, Arc::clone(&settings)).await.unwrap();
        let b = Engine::new(second, settings).await.unwrap();
        Nodes { a, b, clock, database }
    }

    /// Both.
    fn each(&self) -> [&Engine; 2] {
        [&self.a, &self.b]
    }

    /// Lets time pass on both.
    fn wait_ms(&self, ms: i64) {
        self.clock.advance_ms(ms);
    }

    /// Opens an account, on the first node.
    async fn account(&self, id: &str, site: &str, unit: &str) {
        let new = NewAccount {
            id: Some(id.to_owned()),
            name: id.to_owned(),
            site: site.to_owned(),
            unit: Some(unit.to_owned()),
            ..NewAccount::default()
        };
        self.a.accounts().open(&call(None), new).await.unwrap();
    }

    /// Proves the books and stops.
    async fn close(self) {
        for node in self.each() {
            node.store().shutdown().await;
        }
        let url = self.database.url();
        let proof = tokio::task::spawn_blocking(move || store::verify(&url, &mut |_, _| {})).await.unwrap();
        assert!(proof.is_ok(), "{proof:?}");
    }
}

fn call(key: Option<&str>) -> Call {
    Call { actor: "test".into(), key: key.map(Into::into), ..Call::default() }
}

/// Waits for something that comes; a minute is for slow machines.
async fn eventually(what: &str, mut look: impl AsyncFnMut() -> bool) {
    for _ in 0..6_000 {
        if look().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("in vain: {what}");
}

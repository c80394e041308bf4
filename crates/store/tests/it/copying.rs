//! A ledger that is moved, from engine to engine, stays what it was and goes on.

use std::sync::Arc;

use ledger::{Kind, Op, Transaction};
use proptest::prelude::*;
use store::{AccountRef, CopyError, CopyStep, EntryFilter, Row, Statement, Store, Value, params};
use tempfile::TempDir;
use testbed::Database;

use crate::ground::{TestClock, credits, debit, grant, open, open_order, order};
use crate::truth::ops;

const ACCOUNTS: u64 = 3;

/// Where a ledger is: on the engine under test, or in a file whatever that is.
enum Home {
    Database(Database),
    File(TempDir),
}

impl Home {
    fn database() -> Home {
        Home::Database(Database::empty())
    }

    fn file() -> Home {
        Home::File(tempfile::tempdir().unwrap())
    }

    fn url(&self) -> String {
        match self {
            Home::Database(database) => database.url(),
            Home::File(folder) => format!("sqlite:{}", folder.path().join("scrip.db").display()),
        }
    }

    /// What a crash at this moment would leave; PostgreSQL is left as it is.
    fn crashed(&self) -> Option<Home> {
        let path = self.url().strip_prefix("sqlite:").map(str::to_owned)?;
        let copy = Home::file();
        for suffix in ["", "-wal"] {
            if std::fs::exists(format!("{path}{suffix}")).unwrap() {
                let to = format!("{}{suffix}", copy.url().strip_prefix("sqlite:").unwrap());
                std::fs::copy(format!("{path}{suffix}"), to).unwrap();
            }
        }
        Some(copy)
    }
}

fn copy(from: &Home, to: &Home) -> Result<store::Proof, CopyError> {
    store::copy(&from.url(), &to.url(), &mut |_, _, _| {})
}

/// Rows of every kind of value in tables that a copy knows nothing about.
async fn cold_rows(store: &Store) {
    let rows = vec![
        Statement::new(
            "INSERT INTO api_keys (public_id, key_sha256, account_id, name, scopes, created_at_us, revoked_at_us) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            params!["pub", "ab", None::<&str>, "ключ '\"", "[\"read\"]", i64::MAX, None::<i64>],
        ),
        Statement::new(
            "INSERT INTO gateway_events (gateway, event_id, kind, body, received_at_us) VALUES ($1, $2, $3, $4, $5)",
            params!["stripe", "evt", "paid", (0..=255).collect::<Vec<u8>>(), -1],
        ),
        Statement::new(
            "INSERT INTO leases (name, holder, expires_at_us) VALUES ($1, $2, $3)",
            params!["sweep", "node", 1],
        ),
    ];
    let many = (0..250).map(|number| {
        Statement::new(
            "INSERT INTO outbox (account_id, id, topic, body, created_at_us) VALUES ($1, $2, 't', $3, $4)",
            params!["a0", format!("id{number}"), "", number],
        )
    });
    store.write(rows.into_iter().chain(many).collect()).await.unwrap();
}

/// Everything that can be read of a ledger but its leases, a line for each.
async fn everything(store: &Store) -> Vec<String> {
    let tables = [
        "SELECT * FROM accounts ORDER BY no",
        "SELECT * FROM api_keys ORDER BY public_id",
        "SELECT * FROM gateway_events ORDER BY event_id",
        "SELECT * FROM outbox ORDER BY id",
    ];
    let mut lines = Vec::new();
    for sql in tables {
        lines.extend(store.query(sql, vec![]).await.unwrap().iter().map(|row| format!("{row:?}")));
    }
    let mut totals = store.trial_balance().await.unwrap();
    totals.retain(|line| line.sum_units != 0);
    totals.sort_by_key(|line| line.name.clone());
    lines.push(format!("{totals:?}"));
    for no in 1..=ACCOUNTS {
        let account = store.account(AccountRef::No(no)).await.unwrap().unwrap().account;
        let open = |lot: &&ledger::Lot| lot.remaining.is_positive();
        lines.push(format!("{:?}", account.lots.iter().filter(open).collect::<Vec<_>>()));
        lines.push(format!("{:?} {:?} {:?}", account.holds, account.head, account.overdraft));
        let (all, mut before) = (EntryFilter { kinds: Kind::ALL.to_vec(), ..EntryFilter::default() }, None);
        loop {
            let page = store.entries(no, all.clone(), before, 7).await.unwrap();
            let Some(last) = page.last() else { break };
            before = Some(last.transaction.seq);
            lines.extend(page.iter().map(|entry| format!("{entry:?}")));
        }
    }
    lines
}

/// What was answered before, by account, key and command.
type Answered = Vec<(u64, String, Op, Option<Arc<Transaction>>)>;

async fn book(store: &Store, clock: &TestClock, ops: &[(u64, Op, i64)], name: &str, answered: &mut Answered) {
    for (number, (account, op, seconds)) in ops.iter().enumerate() {
        clock.advance_seconds(*seconds);
        let key = format!("{name}{number}");
        if let Ok(receipt) = store.submit(order(&format!("a{account}"), &key, op.clone())).await {
            assert!(!receipt.replayed);
            answered.push((*account, key, op.clone(), receipt.transaction));
        }
    }
}

async fn moved(ops: Vec<(u64, Op, i64)>) {
    let (clock, mut answered) = (Arc::new(TestClock::at_start()), Vec::new());
    let mut home = Home::file();
    let mut store = open(&home.url(), &clock, 5).await;
    for no in 0..ACCOUNTS {
        store.submit(open_order(&format!("a{no}"), no + 1)).await.unwrap();
    }
    cold_rows(&store).await;
    let parts = ops.chunks(ops.len().div_ceil(4)).map(<[_]>::to_vec).chain(std::iter::repeat(Vec::new()));
    // From a file to the engine under test, on to the same engine, and back.
    for (to, part) in [Home::database(), Home::database(), Home::file(), Home::database()].into_iter().zip(parts) {
        book(&store, &clock, &part, &to.url(), &mut answered).await;
        let before = everything(&store).await;
        let left = home.crashed();
        store.shutdown().await;
        let proof = copy(left.as_ref().unwrap_or(&home), &to).unwrap();
        assert_eq!(store::verify(&home.url(), &mut |_, _| {}), Ok(proof));
        store = open(&to.url(), &clock, 5).await;
        let after = everything(&store).await;
        let different = before.iter().zip(&after).find(|(before, after)| before != after);
        assert_eq!((different, after.len()), (None, before.len()));
        assert_eq!(store.query("SELECT * FROM leases", vec![]).await.unwrap(), []);
        for (account, key, op, transaction) in answered.iter().filter(|(_, _, op, _)| !matches!(op, Op::Settle)) {
            let repeat = store.submit(order(&format!("a{account}"), key, op.clone())).await.unwrap();
            assert!(repeat.replayed);
            assert_eq!(&repeat.transaction, transaction);
        }
        home = to;
    }
    store.shutdown().await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_stays_what_it_was(ops in proptest::collection::vec((0..ACCOUNTS, ops(), 0..300_i64), 4..160)) {
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap().block_on(moved(ops));
    }
}

async fn filled(home: &Home) {
    let clock = Arc::new(TestClock::at_start());
    let store = open(&home.url(), &clock, 5).await;
    store.submit(open_order("a", 1)).await.unwrap();
    store.submit(order("a", "g", grant(9))).await.unwrap();
    store.submit(order("a", "d", debit(4))).await.unwrap();
    store.submit(order("a", "r", Op::Reverse { entry: 3, amount: Some(credits(1)) })).await.unwrap();
    store.shutdown().await;
}

#[tokio::test]
async fn an_interrupted_copy_leaves_the_target_empty() {
    for (from, to) in [(Home::file(), Home::database()), (Home::database(), Home::file())] {
        filled(&from).await;
        let stop = &mut |step, _, _| assert_ne!(step, CopyStep::Write, "stopped in the middle");
        let error = store::copy(&from.url(), &to.url(), stop).unwrap_err();
        assert!(matches!(error, CopyError::Store(_)), "{error}");
        let store = open(&to.url(), &Arc::new(TestClock::at_start()), 5).await;
        assert_eq!(store.query("SELECT count(*) FROM accounts", vec![]).await.unwrap(), [Row(vec![Value::Int(0)])]);
        store.shutdown().await;
        drop(store);
        let proof = copy(&from, &to).unwrap();
        assert_eq!((proof.accounts, proof.transactions), (1, 4));
    }
}

#[tokio::test]
async fn what_cannot_be_copied_is_refused() {
    let (from, full) = (Home::database(), Home::file());
    assert!(matches!(copy(&Home::file(), &full), Err(CopyError::NoLedger)));
    assert!(matches!(copy(&from, &full), Err(CopyError::NoLedger)));
    filled(&from).await;
    filled(&full).await;
    assert!(matches!(copy(&from, &full), Err(CopyError::NotEmpty("accounts"))));
    assert!(matches!(copy(&full, &from), Err(CopyError::NotEmpty("accounts"))));
    assert!(matches!(copy(&full, &full), Err(CopyError::NotEmpty("accounts"))));
    // A key alone is enough: somebody has begun to use it.
    let used = Home::database();
    let store = open(&used.url(), &Arc::new(TestClock::at_start()), 5).await;
    cold_rows(&store).await;
    store.shutdown().await;
    assert!(matches!(copy(&full, &used), Err(CopyError::NotEmpty("api_keys"))));
    let conn = rusqlite::Connection::open(full.url().strip_prefix("sqlite:").unwrap()).unwrap();
    conn.execute("UPDATE lots SET remaining = remaining - 1", []).unwrap();
    let error = copy(&full, &Home::database()).unwrap_err();
    assert!(matches!(&error, CopyError::Damaged(place) if place.place.starts_with("lots")), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_goes_on_is_noticed() {
    let (from, to) = (Home::database(), Home::file());
    filled(&from).await;
    let clock = Arc::new(TestClock::at_start());
    let store = open(&from.url(), &clock, 5).await;
    let handle = tokio::runtime::Handle::current();
    let mut booked = false;
    let mut meanwhile = |step, _, _| {
        if step == CopyStep::ProveSource && !std::mem::replace(&mut booked, true) {
            let store = store.clone();
            let done = handle.spawn(async move { store.submit(order("a", "late", debit(1))).await });
            while !done.is_finished() {
                std::thread::yield_now();
            }
        }
    };
    let error = tokio::task::block_in_place(|| store::copy(&from.url(), &to.url(), &mut meanwhile)).unwrap_err();
    assert!(matches!(error, CopyError::Changed(_)), "{error}");
}

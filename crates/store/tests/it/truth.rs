//! Random commands through the store and through the core alone end in the same states and answers, also after a
//! restart and after a crash at any moment.

use std::sync::Arc;

use ledger::{Account, LotKind, OnInsufficient, Op, Overrun, Reversible, Transaction, Unit, execute};
use proptest::prelude::*;
use store::{AccountRef, Failure, Target};

use crate::ground::{Ground, command, credits, debit, grant, grant_of, open_order, order};

#[derive(Clone, Debug)]
enum Step {
    /// Account, command.
    Command(u64, Op),
    Advance(i64),
    Restart,
    Crash,
    /// Everything that was ever answered is asked again.
    RepeatAll,
}

const ACCOUNTS: u64 = 4;

pub fn ops() -> impl Strategy<Value = Op> {
    let amount = 1..200_i64;
    prop_oneof![
        3 => (amount.clone(), 0..5_usize, proptest::option::of(1..5000_i64)).prop_map(|(count, kind, ttl)| {
            let expires_at = ttl.map(|ttl| ledger::Timestamp::from_micros(1_000_000_000).plus_seconds(ttl));
            grant_of(LotKind::ALL[kind], count, expires_at)
        }),
        10 => (amount.clone(), 0..3_u8).prop_map(|(count, policy)| Op::Debit {
            amount: credits(count),
            on_insufficient: [OnInsufficient::Reject, OnInsufficient::Partial, OnInsufficient::Overdraw][policy as usize],
        }),
        3 => (amount.clone(), 1..600_i64).prop_map(|(count, ttl_seconds)| Op::Hold { amount: credits(count), ttl_seconds }),
        2 => (1..60_u64, amount.clone()).prop_map(|(hold, count)| Op::Capture { hold, amount: credits(count), overrun: Overrun::Overdraw }),
        1 => (1..60_u64).prop_map(|hold| Op::Release { hold }),
        3 => (1..60_u64, proptest::option::of(amount.clone())).prop_map(|(entry, amount)| Op::Reverse { entry, amount: amount.map(credits) }),
        3 => (1..20_u64, proptest::option::of(amount.clone())).prop_map(|(lot, amount)| Op::ClawBack { lot, amount: amount.map(credits) }),
        3 => (1..60_u64, proptest::option::of(amount.clone())).prop_map(|(entry, amount)| Op::Reinstate { entry, amount: amount.map(credits) }),
        1 => (1..60_u64).prop_map(|lot| Op::Void { lot }),
        1 => (1..60_u64, proptest::option::of(1..5000_i64)).prop_map(|(lot, ttl)| Op::ChangeExpiry {
            lot,
            expires_at: ttl.map(|ttl| ledger::Timestamp::from_micros(1_000_000_000).plus_seconds(ttl)),
        }),
        1 => (-100..100_i64).prop_map(|count| Op::Adjust { amount: credits(count) }),
        1 => Just(Op::Settle),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        40 => (0..ACCOUNTS, ops()).prop_map(|(account, op)| Step::Command(account, op)),
        4 => (0..400_i64).prop_map(Step::Advance),
        1 => Just(Step::Restart),
        1 => Just(Step::Crash),
        1 => Just(Step::RepeatAll),
    ];
    proptest::collection::vec(step, 1..120)
}

/// The core alone, with the history it needs for reversals.
struct Model {
    account: Account,
    booked: Vec<Transaction>,
}

impl Model {
    fn run(&mut self, key: &str, op: &Op, now: ledger::Timestamp) -> Result<Option<Transaction>, ledger::Rejection> {
        let reversible = self.reversible(op);
        let executed = execute(&mut self.account, &command(key, op.clone()), reversible.as_ref(), now);
        self.booked.extend(executed.settled.into_iter().map(|booked| booked.transaction));
        let outcome = executed.outcome?.map(|booked| booked.transaction);
        self.booked.extend(outcome.clone());
        Ok(outcome)
    }

    fn reversible(&self, op: &Op) -> Option<Reversible> {
        let entry = op.takes_back()?;
        let tx = self.booked.iter().find(|tx| tx.seq == entry)?;
        let taken_back = self.booked.iter().flat_map(Transaction::takes_back).filter(|(known, _)| *known == entry);
        let mut reversible = Reversible::new(Arc::new(tx.clone()), taken_back.map(|(_, amount)| amount).sum());
        self.booked.iter().skip_while(|tx| tx.seq <= entry).for_each(|later| reversible.learn(later));
        Some(reversible)
    }
}

async fn check(steps: Vec<Step>, tail_length: usize) {
    let mut ground = Ground::new(tail_length).await;
    let mut models = Vec::new();
    for no in 0..ACCOUNTS {
        let id = format!("a{no}");
        ground.open_account(&id, no + 1).await;
        let mut model = Model { account: Account::new(no + 1, id.as_str().into(), Unit::CREDIT), booked: Vec::new() };
        model.run("open", &Op::Open { overdraft_limit: credits(50) }, ground.store.now()).unwrap();
        models.push(model);
    }
    let mut answered: Vec<(u64, String, Op, Option<Transaction>)> = Vec::new();
    for (number, step) in steps.into_iter().enumerate() {
        match step {
            Step::Advance(seconds) => ground.advance_seconds(seconds),
            Step::Restart => ground.restart().await,
            Step::Crash => ground = ground.crashed().await,
            Step::RepeatAll => {
                for (no, key, op, expected) in &answered {
                    if matches!(op, Op::Settle) {
                        continue;
                    }
                    let repeat = ground.submit(&format!("a{no}"), key, op.clone()).await.unwrap();
                    assert!(repeat.replayed);
                    assert_eq!(repeat.transaction.as_deref(), expected.as_ref());
                }
            }
            Step::Command(no, op) => {
                let key = format!("k{number}");
                let expected = models[no as usize].run(&key, &op, ground.store.now());
                let outcome = ground.submit(&format!("a{no}"), &key, op.clone()).await;
                match (expected, outcome) {
                    (Ok(expected), Ok(receipt)) => {
                        assert!(!receipt.replayed);
                        assert_eq!(receipt.transaction.as_deref(), expected.as_ref());
                        answered.push((no, key, op, expected));
                    }
                    (Err(expected), Err(Failure::Refused { rejection, .. })) => assert_eq!(rejection, expected),
                    (expected, outcome) => panic!("{op:?}: expected {expected:?}, got {outcome:?}"),
                }
            }
        }
    }
    for model in &models {
        let view = ground.store.account(AccountRef::Id(model.account.id.clone())).await.unwrap().unwrap();
        let now = ground.store.now();
        assert_eq!(view.account.balance(now), model.account.balance(now));
        assert_eq!(view.account.available(now), model.account.available(now));
        assert_eq!((view.account.seq, view.account.head), (model.account.seq, model.account.head));
        assert_eq!(view.account.holds, model.account.holds);
        let open = |account: &Account| {
            account.lots.iter().filter(|lot| lot.remaining.is_positive()).cloned().collect::<Vec<_>>()
        };
        assert_eq!(open(&view.account), open(&model.account));
    }
    let totals = ground.store.trial_balance().await.unwrap();
    assert_eq!(totals.iter().map(|line| line.sum_units).sum::<i128>(), 0, "{totals:?}");
    ground.verify();
    ground.store.shutdown().await;
    let proof = ground.verify();
    assert_eq!(proof.transactions, models.iter().map(|model| model.account.seq).sum::<u64>());
}

/// A case on PostgreSQL begins with a database of its own and costs ten times as much.
fn cases() -> u32 {
    if std::env::var_os(testbed::POSTGRES_VARIABLE).is_some() { 24 } else { 96 }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn store_and_core_agree(steps in steps(), tail_length in prop_oneof![Just(2_usize), Just(20), Just(10_000)]) {
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap().block_on(check(steps, tail_length));
    }
}

#[tokio::test]
async fn a_batch_isolates_refusals_and_repeats() {
    let ground = Ground::new(100).await;
    ground.open_account("a", 1).await;
    ground.submit("a", "grant", grant(100)).await.unwrap();
    let orders = vec![
        order("a", "one", debit(60)),
        order("nobody", "one", debit(1)),
        order("a", "two", debit(60)),
        order("a", "one", debit(60)),
        order("a", "one", debit(61)),
        order("a", "three", debit(40)),
    ];
    let outcomes = ground.store.submit_all(orders).await;
    assert!(matches!(&outcomes[0], Ok(receipt) if !receipt.replayed));
    assert!(matches!(&outcomes[1], Err(Failure::UnknownAccount)));
    assert!(matches!(&outcomes[2], Err(Failure::Refused { .. })));
    assert!(matches!(&outcomes[3], Ok(receipt) if receipt.replayed));
    assert!(matches!(&outcomes[4], Err(Failure::KeyReuse)));
    assert!(matches!(&outcomes[5], Ok(receipt) if !receipt.replayed));
    ground.verify();
}

#[tokio::test]
async fn a_change_of_a_spent_lot_survives_a_crash() {
    let ground = Ground::new(10_000).await;
    ground.open_account("a", 1).await;
    for key in ["first", "second"] {
        ground.submit("a", key, grant(10)).await.unwrap();
    }
    ground.submit("a", "spend", debit(20)).await.unwrap();
    // Projected, and dropped from memory because nothing is left in them.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let expires_at = Some(ground.store.now().plus_seconds(100));
    ground.submit("a", "move", Op::ChangeExpiry { lot: 2, expires_at }).await.unwrap();
    ground.submit("a", "void", Op::Void { lot: 3 }).await.unwrap();
    let restarted = ground.crashed().await;
    restarted.submit("a", "back", Op::Reverse { entry: 4, amount: None }).await.unwrap();
    restarted.store.shutdown().await;
    restarted.verify();
}

#[tokio::test]
async fn rows_and_command_happen_together_or_not_at_all() {
    let ground = Ground::new(100).await;
    ground.open_account("a", 1).await;
    let mut marked = order("a", "pay", grant(5));
    let mark =
        || store::Statement::new("UPDATE accounts SET name = 'paid' WHERE id = $1 AND name = ''", store::params!["a"]);
    marked.rows.push(mark().expect_one());
    ground.store.submit(marked.clone()).await.unwrap();
    // The same key again: nothing is written twice.
    assert!(ground.store.submit(marked.clone()).await.unwrap().replayed);
    // Another key finds the row marked: neither rows nor credits.
    marked.command.key = Some("pay again".into());
    assert!(matches!(ground.store.submit(marked.clone()).await, Err(Failure::Conflict)));
    // A refused command writes no rows.
    let mut refused = order("a", "too much", debit(1_000));
    refused.rows.push(store::Statement::new("UPDATE accounts SET name = 'spent'", vec![]));
    assert!(matches!(ground.store.submit(refused).await, Err(Failure::Refused { .. })));
    // A broken constraint is a conflict too.
    marked.command.key = Some("third".into());
    marked.rows = vec![store::Statement::new("INSERT INTO accounts SELECT * FROM accounts", vec![])];
    assert!(matches!(ground.store.submit(marked).await, Err(Failure::Conflict)));
    let rows = ground.store.query("SELECT name FROM accounts", vec![]).await.unwrap();
    assert_eq!(rows[0].text(0).unwrap(), "paid");
    let view = ground.store.account(AccountRef::No(1)).await.unwrap().unwrap();
    assert_eq!(view.account.balance(ground.store.now()), credits(5));
    ground.verify();
}

#[tokio::test]
async fn an_account_is_opened_once() {
    let ground = Ground::new(100).await;
    ground.open_account("a", 1).await;
    assert!(ground.store.submit(open_order("a", 9)).await.unwrap().replayed);
    let mut other = open_order("a", 9);
    other.command.key = Some("other".into());
    assert!(matches!(ground.store.submit(other.clone()).await, Err(Failure::Refused { .. })));
    // Another id with a taken number.
    other.target = Target::New { id: "b".into(), no: 1, unit: Unit::CREDIT };
    assert!(matches!(ground.store.submit(other).await, Err(Failure::Conflict)));
    assert!(ground.store.account(AccountRef::Id("b".into())).await.unwrap().is_none());
    ground.verify();
}

#[tokio::test]
async fn after_shutdown_nothing_is_accepted() {
    let ground = Ground::new(100).await;
    ground.open_account("a", 1).await;
    ground.store.shutdown().await;
    assert!(matches!(ground.submit("a", "late", grant(1)).await, Err(Failure::Stopping)));
}

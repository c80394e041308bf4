//! The core against the reference model: random lives of accounts, command by command, without a difference.
//!
//! `SCRIP_MODEL_SEQUENCES` says how many lives of 100 commands (default 2,000); the seed is fixed.

#![allow(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

mod commands;
#[path = "../common/mod.rs"]
mod common;
mod reference;

use std::cell::RefCell;
use std::collections::BTreeMap;

use ledger::{Account, Command, Kind, Memo, Op, Rejection, Timestamp};
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

use commands::{SERVICES, Step};
use common::Bench;
use reference::{Model, Refusal};

const COMMANDS: usize = 100;
const OPS: [&str; 15] = [
    "open",
    "configure",
    "grant",
    "debit",
    "adjust",
    "hold",
    "capture",
    "release",
    "extend",
    "reverse",
    "void",
    "change_expiry",
    "settle",
    "claw_back",
    "reinstate",
];
const REFUSALS: [&str; 15] = [
    "insufficient_credits",
    "account_closed",
    "account_exists",
    "amount_not_positive",
    "amount_too_large",
    "overdraft_limit_negative",
    "expiry_too_early",
    "ttl_out_of_range",
    "hold_not_open",
    "capture_exceeds_hold",
    "lot_not_found",
    "lot_ended",
    "entry_not_found",
    "not_reversible",
    "reversal_too_large",
];

/// How often what happened: commands asked, refusals, bookings.
type Hits = BTreeMap<(&'static str, &'static str), u64>;

#[test]
fn the_core_does_what_the_model_does() {
    let sequences = std::env::var("SCRIP_MODEL_SEQUENCES").map_or(2_000, |count| count.parse().unwrap());
    let config = Config { cases: sequences, failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[42; 32]);
    let hits = RefCell::new(Hits::new());
    let outcome = TestRunner::new_with_rng(config, rng).run(&commands::life(COMMANDS), |life| {
        live(&life, &mut hits.borrow_mut());
        Ok(())
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(why, life)) => {
            let steps: Vec<String> = life.iter().map(|step| format!("{step:?}")).collect();
            panic!("{why}\nin the life\n{}", steps.join("\n"));
        }
        Err(TestError::Abort(why)) => panic!("{why}"),
    }

    let hits = hits.into_inner();
    println!("{sequences} sequences of {COMMANDS} commands");
    let asked = OPS.map(|name| ("asked", name, 2));
    let refused = REFUSALS.map(|name| ("refused", name, 2));
    let booked = Kind::ALL.map(|kind| ("booked", kind.name(), 8));
    for (what, name, share) in asked.iter().chain(&refused).chain(&booked) {
        let count = hits.get(&(*what, *name)).copied().unwrap_or_default();
        println!("{count:>7} {what} {name}");
        // 1,000 in 2,000 sequences (250 bookings of a kind), and as many in proportion.
        assert!(count * share >= sequences.into(), "too few {what} {name}");
    }
}

fn live(life: &[Step], hits: &mut Hits) {
    let mut bench = Bench::new();
    let mut model = Model::default();
    let mut clock = Timestamp::default();
    for step in life {
        clock = clock.plus_seconds(step.seconds);
        let service = SERVICES[step.service];
        let op = step.op(&model, clock);
        let pricing = step.priced.then(|| Box::from("{}"));
        let memo = Memo { service: service.map(Box::from), pricing, ..Memo::default() };
        let command = Command { key: None, input: [0; 16], actor: "test".into(), memo, op };
        let wanted = model.run(&command.op, service, step.priced, clock.micros());
        let executed = bench.execute(&command, clock);
        let seen = executed.outcome.as_ref().map(|_| ()).map_err(refusal);
        assert_eq!(seen, wanted, "{command:?}");
        compare(&bench, &model, clock.max(bench.account.last_at));

        let mut count = |what, name| *hits.entry((what, name)).or_default() += 1;
        count("asked", OPS[name(&command.op)]);
        if let Err(rejection) = &executed.outcome {
            count("refused", rejection.code());
        }
        for booked in executed.settled.iter().chain(executed.outcome.iter().flatten()) {
            count("booked", booked.transaction.kind().name());
        }
    }
}

/// Every number that an account tells, now and, now and then, to a reader some time later who books nothing.
fn compare(bench: &Bench, model: &Model, now: Timestamp) {
    let account = &bench.account;
    assert_eq!(account.seq, model.seq, "other bookings");
    assert_eq!(account.lots.len(), model.lots.len());
    for (no, lot) in &model.lots {
        let known = account.lot(*no).unwrap();
        let held = model.held(|other| other == *no);
        assert_eq!((known.remaining.units().into(), known.held.units().into()), (lot.free + held, held), "lot {no}");
    }
    assert!(account.holds.iter().map(|hold| hold.no).eq(model.holds.keys().copied()));
    compare_amounts(account, model, now);
    if model.seq.is_multiple_of(4) {
        let (mut model, later) = (model.clone(), now.plus_seconds(40));
        model.pass_time(later.micros());
        compare_amounts(&account.as_of(later), &model, later);
    }
}

fn compare_amounts(account: &Account, model: &Model, at: Timestamp) {
    let (held, available) = (model.held(|_| true), model.available(at.micros()));
    let told = [account.balance(at), account.held(at), account.available(at), account.overdraft];
    let wanted = [available + held, held, available, model.overdraft];
    assert_eq!(told.map(|amount| i128::from(amount.units())), wanted, "balance, held, available, overdraft");
}

fn refusal(rejection: &Rejection) -> Refusal {
    let amounts = match rejection {
        Rejection::InsufficientCredits { available, required } => vec![*available, *required],
        Rejection::CaptureExceedsHold { held: amount } | Rejection::ReversalTooLarge { reversible: amount } => {
            vec![*amount]
        }
        _ => vec![],
    };
    (rejection.code(), amounts.into_iter().map(|amount| amount.units().into()).collect())
}

/// The place of a command's name in [`OPS`].
fn name(op: &Op) -> usize {
    match op {
        Op::Open { .. } => 0,
        Op::Configure { .. } => 1,
        Op::Grant { .. } => 2,
        Op::Debit { .. } => 3,
        Op::Adjust { .. } => 4,
        Op::Hold { .. } => 5,
        Op::Capture { .. } => 6,
        Op::Release { .. } => 7,
        Op::Extend { .. } => 8,
        Op::Reverse { .. } => 9,
        Op::Void { .. } => 10,
        Op::ChangeExpiry { .. } => 11,
        Op::Settle => 12,
        Op::ClawBack { .. } => 13,
        Op::Reinstate { .. } => 14,
    }
}

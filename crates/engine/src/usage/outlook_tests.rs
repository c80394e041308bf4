//! The rule's cases, and many accounts on which the ledger itself says when the credits end.

use std::sync::Arc;

use ledger::{Amount, Command, Counter, LotKind, LotSpec, Memo, OnInsufficient, Op, Timestamp, Unit, execute};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::*;

const NOW: Timestamp = Timestamp::from_micros(1_795_176_000_000_000);

fn in_hours(hours: i64) -> Timestamp {
    NOW.plus_seconds(hours * HOUR_SECONDS)
}

/// A lot of `units` that burns in the order in which the lots are given.
fn lot(place: u64, units: i64) -> Lot {
    Lot {
        no: place,
        kind: LotKind::Manual,
        priority: Some(i32::try_from(place).unwrap()),
        allocated: Amount::from_units(units),
        remaining: Amount::from_units(units),
        held: Amount::ZERO,
        effective_at: NOW,
        expires_at: None,
        scope: Box::default(),
    }
}

fn account(lots: Vec<Lot>) -> Account {
    let mut account = Account::new(1, Arc::from("a"), Unit::CREDIT);
    lots.into_iter().for_each(|lot| account.insert_lot(lot));
    account
}

fn scope(services: &[&str]) -> Box<[Box<str>]> {
    services.iter().map(|service| Box::from(*service)).collect()
}

/// So much a day of one service.
fn daily(units: i128) -> Burn {
    Burn::new(24, [("gpu".into(), units)])
}

#[test]
fn an_outlook_is_a_range_or_says_why_not() {
    let days = |low: u32, high: u32| Outlook::Days { low, high: Some(high) };
    let learning = |days_with_usage: u32| Outlook::Learning { days_with_usage };
    // credits, a day's mean of 7 and of 28 days, days with usage, what is said
    let table = [
        (1_000, 100, 50, 28, days(10, 20)),
        (1_000, 50, 100, 28, days(10, 20)),
        (1_000, 100, 100, 3, days(10, 10)),
        (1_000, 100, 100, 2, learning(2)),
        (1_000, 0, 100, 1, learning(1)),
        (1_000, 0, 0, 0, Outlook::NoRecentUsage),
        // What was spent was given back.
        (1_000, 0, -5, 9, Outlook::NoRecentUsage),
        (1_000, 0, 100, 9, Outlook::Days { low: 10, high: None }),
        (1_000, 11, 12, 9, Outlook::Days { low: 83, high: None }),
        (1_000, 100, 11, 9, Outlook::Days { low: 10, high: None }),
        (9_000, 100, 100, 9, days(90, 90)),
        (9_100, 100, 100, 9, Outlook::BeyondHorizon),
        (1_000, 1, 1, 9, Outlook::BeyondHorizon),
        (1_000, 0, 1, 9, Outlook::BeyondHorizon),
        (999, 1_000, 1_001, 28, days(0, 0)),
        (0, 100, 100, 28, days(0, 0)),
        (1_049, 100, 100, 28, days(10, 10)),
    ];
    for (row, (units, week, month, days_with_usage, said)) in table.into_iter().enumerate() {
        let account = account(vec![lot(1, units)]);
        let told = outlook(&account, &daily(week), &daily(month), days_with_usage, NOW);
        assert_eq!(told, said, "row {row}");
    }
}

#[test]
fn lots_burn_in_their_order_until_they_expire() {
    let expiring = |place, units, hours| Lot { expires_at: Some(in_hours(hours)), ..lot(place, units) };
    let later = |place, units, hours| Lot { effective_at: in_hours(hours), ..lot(place, units) };
    let scoped = |place, units, services: &[&str]| Lot { scope: scope(services), ..lot(place, units) };
    let held = |place, units, held| Lot { held: Amount::from_units(held), ..lot(place, units) };
    // what is there, overdraft, full hours at 10 an hour of gpu and 5 an hour of llm
    let table = [
        ("one lot", vec![lot(1, 150)], 0, 10),
        ("not a whole hour", vec![lot(1, 149)], 0, 9),
        ("nothing", vec![], 0, 0),
        ("expires first", vec![expiring(1, 1_000, 4), lot(2, 30)], 0, 5),
        ("expires last", vec![lot(1, 30), expiring(2, 1_000, 4)], 0, 3),
        ("expires at the end of an hour", vec![expiring(1, 1_000, 1)], 0, 0),
        ("held", vec![held(1, 150, 120)], 0, 2),
        ("comes in time", vec![lot(1, 60), later(2, 60, 4)], 0, 8),
        ("comes at the end of the hour", vec![lot(1, 60), later(2, 60, 5)], 0, 8),
        ("comes too late", vec![lot(1, 60), later(2, 60, 6)], 0, 4),
        ("repays first", vec![lot(1, 0), later(2, 100, 0)], 40, 4),
        ("scoped ones repay nothing", vec![scoped(1, 150, &["gpu", "llm"])], 40, 10),
        ("scoped", vec![scoped(1, 100, &["gpu"]), scoped(2, 50, &["llm"])], 0, 10),
        ("one service is out", vec![scoped(1, 1_000, &["gpu"]), lot(2, 20)], 0, 4),
        ("scoped for others", vec![scoped(1, 1_000, &["disk"])], 0, 0),
        ("saved by the rest", vec![scoped(1, 20, &["gpu"]), lot(2, 100)], 0, 8),
    ];
    for (name, lots, overdraft_units, hours) in table {
        let mut account = account(lots);
        account.overdraft = Amount::from_units(overdraft_units);
        let burn = Burn::new(2, [("gpu".into(), 20), ("llm".into(), 10)]);
        assert_eq!(hours_paid(&account, &burn, NOW), Some(hours), "{name}");
    }
}

#[test]
fn means_lose_nothing_to_rounding() {
    let third = Burn::new(3 * 24, [("gpu".into(), 100), ("back".into(), -70)]);
    assert_eq!(third.per_day_units(), 33);
    let hours = 1..=HORIZON_DAYS * DAY_HOURS;
    assert_eq!(hours.map(|hour| third.in_hour(100, hour)).sum::<i128>(), 3_000);
    let huge = Burn::new(24, [("gpu".into(), i128::from(i64::MAX))]);
    assert_eq!(hours_paid(&account(vec![lot(1, Amount::MAX.units())]), &huge, NOW), Some(6));
}

/// Debits hour by hour, as an account's future might be: the ledger refuses the first that is not covered.
fn hours_by_the_ledger(account: &mut Account, services: &[(Box<str>, i128)]) -> Option<u32> {
    (1..=HORIZON_DAYS * DAY_HOURS + 1)
        .find(|hour| {
            services.iter().any(|(service, units)| {
                let amount = Amount::from_units(i64::try_from(*units).unwrap());
                let memo = Memo { service: Some(service.clone()), ..Memo::default() };
                let op = Op::Debit { amount, on_insufficient: OnInsufficient::Reject };
                asked(account, op, memo, in_hours(i64::from(*hour))).is_err()
            })
        })
        .map(|hour| hour - 1)
}

fn asked(account: &mut Account, op: Op, memo: Memo, at: Timestamp) -> Result<(), ledger::Rejection> {
    let command = Command { key: None, input: [0; 16], actor: "test".into(), memo, op };
    execute(account, &command, None, at).outcome.map(|_| ())
}

/// An account that the ledger made: lots for some services, lots that expire, lots that are still to come, now and then
/// below zero.
fn any_account(dice: &mut StdRng, services: &[(Box<str>, i128)]) -> Account {
    let mut account = Account::new(1, Arc::from("a"), Unit::CREDIT);
    let below = Amount::from_units(dice.random_range(0..500));
    if below.is_positive() && dice.random_bool(0.3) {
        asked(&mut account, Op::Open { overdraft_limit: below }, Memo::default(), NOW).unwrap();
        let overdraw = Op::Debit { amount: below, on_insufficient: OnInsufficient::Overdraw };
        asked(&mut account, overdraw, Memo::default(), NOW).unwrap();
    }
    for _ in 0..dice.random_range(0..8) {
        let hour = |dice: &mut StdRng| in_hours(dice.random_range(1..1_000));
        let effective_at = dice.random_bool(0.3).then(|| hour(dice));
        let expires_at =
            dice.random_bool(0.5).then(|| hour(dice)).filter(|end| effective_at.is_none_or(|at| at < *end));
        let scope = services.iter().filter(|_| dice.random_bool(0.3)).map(|(name, _)| name.clone()).collect();
        let kind = LotKind::ALL[dice.random_range(0..LotKind::ALL.len())];
        let allocated = Amount::from_units(dice.random_range(1..5_000));
        let lot = LotSpec { kind, priority: None, allocated, effective_at, expires_at, scope };
        asked(&mut account, Op::Grant { lot, counter: Counter::Promotion }, Memo::default(), NOW).unwrap();
    }
    account
}

#[test]
fn credits_last_as_long_as_the_ledger_lets_them() {
    let mut dice = StdRng::seed_from_u64(7);
    let mut ends = Vec::new();
    for number in 0..300 {
        let services: Vec<(Box<str>, i128)> =
            ["disk", "gpu", "llm"].iter().map(|name| (Box::from(*name), dice.random_range(1..20))).collect();
        let mut account = any_account(&mut dice, &services);
        let told = hours_paid(&account, &Burn::new(1, services.clone()), NOW);
        let lots = account.lots.clone();
        assert_eq!(told, hours_by_the_ledger(&mut account, &services), "account {number}: {services:?} {lots:?}");
        ends.extend(told);
    }
    let (early, late) =
        (ends.iter().filter(|hours| **hours == 0).count(), ends.iter().filter(|hours| **hours > 99).count());
    assert!(early > 20 && late > 50, "the accounts say something: {early}, {late} of {}", ends.len());
}

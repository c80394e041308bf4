//! What a term costs and when, and what an upgrade costs: tables of cases, and what holds for any numbers.
#![allow(clippy::unwrap_used, reason = "a test that finds nothing has failed")]

use ledger::plan::{Instalment, MAX_TERM_PERIODS, Paying, Rest, Step, Upgrade, instalments, upgrade};
use ledger::{Amount, Timestamp, Unit};
use proptest::prelude::*;

use Paying::{AllUpfront, Postpaid};

const fn partial(percent: u8) -> Paying {
    Paying::PartialUpfront { percent }
}

#[test]
fn terms_are_cut_into_instalments() {
    type Due = &'static [(u32, i64)];
    // how, periods, price of a period, what is due when
    let table: [(Paying, u32, i64, Due); 17] = [
        (AllUpfront, 1, 2_000, &[(1, 2_000)]),
        (AllUpfront, 12, 2_000, &[(1, 24_000)]),
        (AllUpfront, 12, 0, &[]),
        (Postpaid, 1, 2_000, &[(2, 2_000)]),
        (Postpaid, 3, 2_000, &[(2, 2_000), (3, 2_000), (4, 2_000)]),
        (Postpaid, 3, 0, &[]),
        (partial(30), 4, 1_000, &[(1, 1_200), (2, 933), (3, 933), (4, 934)]),
        (partial(50), 2, 1_001, &[(1, 1_001), (2, 1_001)]),
        (partial(50), 3, 1_001, &[(1, 1_501), (2, 751), (3, 751)]),
        (partial(33), 2, 1_000, &[(1, 660), (2, 1_340)]),
        (partial(1), 3, 10, &[(2, 15), (3, 15)]),
        (partial(1), 4, 1, &[(2, 1), (3, 1), (4, 2)]),
        (partial(99), 12, 1, &[(1, 11), (12, 1)]),
        (partial(99), 4, 100, &[(1, 396), (2, 1), (3, 1), (4, 2)]),
        (
            partial(20),
            12,
            500_000,
            &[
                (1, 1_200_000),
                (2, 436_363),
                (3, 436_363),
                (4, 436_363),
                (5, 436_363),
                (6, 436_363),
                (7, 436_363),
                (8, 436_363),
                (9, 436_363),
                (10, 436_363),
                (11, 436_363),
                (12, 436_370),
            ],
        ),
        (partial(30), 4, 0, &[]),
        (AllUpfront, 2, i64::MAX / 2, &[(1, i64::MAX - 1)]),
    ];
    for (paying, periods, price_minor, expected) in table {
        let due: Vec<(u32, i64)> = instalments(paying, periods, price_minor)
            .unwrap()
            .iter()
            .map(|part| {
                assert_eq!(part.in_arrears, paying == Postpaid);
                (part.due_period, part.amount_minor)
            })
            .collect();
        assert_eq!(due, expected, "{paying:?} {periods} × {price_minor}");
    }
}

#[test]
fn terms_out_of_bounds_are_refused() {
    let table = [
        (AllUpfront, 0, 1),
        (AllUpfront, MAX_TERM_PERIODS + 1, 1),
        (AllUpfront, 1, -1),
        (AllUpfront, 2, i64::MAX),
        (Postpaid, 12, i64::MAX / 6),
        (partial(0), 2, 1),
        (partial(100), 2, 1),
        (partial(50), 1, 1),
    ];
    for (paying, periods, price_minor) in table {
        assert_eq!(instalments(paying, periods, price_minor), None, "{paying:?} {periods} × {price_minor}");
    }
}

#[test]
fn ways_of_paying_have_names() {
    for (paying, name, json) in [
        (AllUpfront, "all_upfront", r#"{"option":"all_upfront"}"#),
        (partial(30), "partial_upfront", r#"{"option":"partial_upfront","percent":30}"#),
        (Postpaid, "postpaid", r#"{"option":"postpaid"}"#),
    ] {
        assert_eq!(paying.name(), name);
        assert_eq!(serde_json::to_string(&paying).unwrap(), json);
        assert_eq!(serde_json::from_str::<Paying>(json).unwrap(), paying);
    }
}

fn credits(text: &str) -> Amount {
    Unit::CREDIT.parse_amount(text).unwrap()
}

fn rest(left_days: i64, days: i64) -> Rest {
    let at = |day: i64| Timestamp::from_micros(day * 86_400_000_000);
    Rest::of(at(0), at(days), at(days - left_days))
}

#[test]
fn an_upgrade_costs_the_difference_for_what_is_left() {
    // prices of a period, credits of a period, days left and in all, periods paid ahead, due now, granted now
    let table = [
        ((2_000, 5_000), ("10000", "30000"), (30, 30), 0, 3_000, "20000"),
        ((2_000, 5_000), ("10000", "30000"), (15, 30), 0, 1_500, "10000"),
        ((2_000, 5_000), ("10000", "30000"), (10, 30), 0, 1_000, "6666"),
        ((2_000, 5_000), ("10000", "30000"), (1, 31), 0, 96, "645"),
        ((2_000, 5_000), ("10000", "30000"), (0, 30), 0, 0, "0"),
        ((2_000, 5_000), ("10000", "30000"), (-3, 30), 0, 0, "0"),
        ((2_000, 5_000), ("10000", "30000"), (40, 30), 0, 3_000, "20000"),
        ((2_000, 5_000), ("10000", "30000"), (15, 30), 11, 34_500, "10000"),
        ((2_000, 2_000), ("10000", "30000"), (15, 30), 11, 0, "10000"),
        ((2_000, 5_000), ("10000", "10000"), (15, 30), 0, 1_500, "0"),
        ((2_000, 5_000), ("10000", "9000"), (15, 30), 0, 1_500, "0"),
        ((2_000, 2_001), ("0.5", "1.4"), (30, 30), 0, 1, "0"),
        ((0, 1), ("1", "2"), (29, 30), 0, 0, "0"),
    ];
    for ((from_minor, to_minor), (from, to), (left, days), paid_periods, amount_minor, granted) in table {
        let step = Step { from_minor, to_minor, from_credits: credits(from), to_credits: credits(to) };
        let expected = Upgrade { amount_minor, credits: credits(granted) };
        let got = upgrade(step, rest(left, days), paid_periods);
        assert_eq!(got, Some(expected), "{step:?}, {left} of {days} days, {paid_periods} periods");
    }
}

#[test]
fn what_costs_less_is_no_upgrade() {
    let step = Step { from_minor: 2, to_minor: 1, from_credits: credits("1"), to_credits: credits("2") };
    assert_eq!(upgrade(step, rest(1, 2), 0), None);
    let huge = Step { from_minor: 0, to_minor: i64::MAX, ..step };
    assert_eq!(upgrade(huge, rest(1, 2), 2), None);
    assert!(upgrade(huge, rest(2, 2), 0).is_some_and(|upgrade| upgrade.amount_minor == i64::MAX));
    let worse = Step { from_minor: i64::MIN, to_minor: i64::MAX, ..step };
    assert_eq!(upgrade(worse, rest(2, 2), 0), None);
}

fn any_paying() -> impl Strategy<Value = Paying> {
    prop_oneof![Just(AllUpfront), Just(Postpaid), (1_u8..=99).prop_map(partial)]
}

proptest! {
    #[test]
    fn instalments_add_up_and_fall_due_in_order(
        paying in any_paying(), periods in 2..=MAX_TERM_PERIODS, price_minor in 0..=i64::MAX / 200
    ) {
        let parts = instalments(paying, periods, price_minor).unwrap();
        prop_assert_eq!(parts.iter().map(|part| part.amount_minor).sum::<i64>(), price_minor * i64::from(periods));
        prop_assert!(parts.windows(2).all(|pair| pair[0].due_period < pair[1].due_period));
        let last = periods + u32::from(paying == Postpaid);
        prop_assert!(parts.iter().all(|part| (1..=last).contains(&part.due_period) && part.amount_minor > 0));
        // Between the first and the last all are the same, and rounding moves less than a coin per part.
        let middle: Vec<&Instalment> = parts.iter().filter(|part| part.due_period > 1 && part.due_period < last).collect();
        prop_assert!(middle.windows(2).all(|pair| pair[0].amount_minor == pair[1].amount_minor));
        if let (Paying::PartialUpfront { .. }, [.., before, last]) = (paying, &parts[..]) && before.due_period > 1 {
            let more = last.amount_minor - before.amount_minor;
            prop_assert!((0..i64::from(periods)).contains(&more));
        }
    }

    #[test]
    fn an_upgrade_never_costs_more_later(
        from_minor in 0..1_000_000_000_i64, more_minor in 0..1_000_000_000_i64, more_credits in 0..1_000_000_i64,
        whole_us in 1..10_000_000_000_000_i64, first in 0..=100_i64, second in 0..=100_i64, paid_periods in 0..12_u32
    ) {
        let coin = |count: i64| Unit::CREDIT.from_minor(count).unwrap();
        let to_minor = from_minor + more_minor;
        let step = Step { from_minor, to_minor, from_credits: coin(7), to_credits: coin(7 + more_credits) };
        let ends_at = Timestamp::from_micros(whole_us);
        let at = |percent: i64| {
            let now = Timestamp::from_micros(whole_us / 100 * percent);
            upgrade(step, Rest::of(Timestamp::from_micros(0), ends_at, now), paid_periods).unwrap()
        };
        let (early, late) = (at(first.min(second)), at(first.max(second)));
        prop_assert!(late.amount_minor <= early.amount_minor && late.credits <= early.credits);
        prop_assert!(early.amount_minor <= more_minor * (1 + i64::from(paid_periods)));
        prop_assert!(early.credits <= coin(more_credits) && !early.credits.is_negative());
        prop_assert_eq!(at(0), Upgrade { amount_minor: more_minor * (1 + i64::from(paid_periods)), credits: coin(more_credits) });
    }
}

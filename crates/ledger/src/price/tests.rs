//! Rating: worked values, refusals, and agreement with independent arithmetic on random books.

use std::collections::BTreeMap;
use std::str::FromStr;

use bigdecimal::{BigDecimal, num_bigint::BigInt};
use proptest::prelude::*;

use super::*;
use crate::{Amount, Unit};

fn meter(price: &str, per: u64, step: u64, free: u64) -> MeterPrice {
    let given = |value: u64| (value > 0).then_some(value);
    MeterPrice { price: price.into(), per, step: given(step), free: given(free), description: None }
}

fn book(unit: &str, meters: BTreeMap<String, MeterPrice>) -> PriceBook {
    let services = BTreeMap::from([("service".to_owned(), ServicePrice { meters })]);
    PriceBook { unit: Unit::parse(unit).unwrap(), services }
}

fn quantities(meters: &[(&str, u64)]) -> BTreeMap<String, u64> {
    meters.iter().map(|&(meter, quantity)| (meter.to_owned(), quantity)).collect()
}

#[test]
fn worked_values() {
    const MILLION: u64 = 1_000_000;
    // unit, price, per, step, free, quantity, exact, posted
    let cases = [
        ("USD", "2.31", 3_600, 0, 0, 900, "0.5775", "0.5775"),
        ("USD", "2.31", 3_600, 0, 0, 60, "0.0385", "0.0385"),
        ("USD", "2.31", 3_600, 0, 0, 1, "77/120000", "0.00064167"),
        ("USD", "5.50", 3_600, 900, 0, 480, "1.375", "1.375"),
        ("USD", "5.50", 3_600, 900, 0, 900, "1.375", "1.375"),
        ("USD", "5.50", 3_600, 900, 0, 901, "2.75", "2.75"),
        ("USD", "5.50", 3_600, 900, 0, 0, "0", "0"),
        ("USD", "0.15", MILLION, 0, 0, 1, "0.00000015", "0.00000015"),
        ("USD", "0.015", MILLION, 0, 0, 1, "0.000000015", "0.00000002"),
        ("USD", "0.0149", MILLION, 0, 0, 1, "0.0000000149", "0.00000001"),
        ("USD", "0.005", MILLION, 0, 0, 1, "0.000000005", "0.00000001"),
        ("USD", "1.65e-1", MILLION, 0, 0, 13_394, "0.00221001", "0.00221001"),
        ("USD", "0", MILLION, 0, 0, u64::MAX, "0", "0"),
        ("USD", "1e-9", MILLION, 0, 0, u64::MAX, "18446.744073709551615", "18446.74407371"),
        ("USD", "1", 3, 0, 0, 2, "2/3", "0.66666667"),
        ("USD", "1", 1, 0, 0, 23_058_430_092, "23058430092", "23058430092"),
        // The allowance comes off first, the rest is rounded up.
        ("USD", "1", 1_000, 0, 1_000, 999, "0", "0"),
        ("USD", "1", 1_000, 0, 1_000, 1_000, "0", "0"),
        ("USD", "1", 1_000, 0, 1_000, 1_001, "0.001", "0.001"),
        ("USD", "1", 900, 900, 60, 900, "1", "1"),
        ("USD", "1", 900, 900, 60, 961, "2", "2"),
        // Other scales, and a mark-up that no currency can write.
        ("KWD", "0.125", 1_000, 0, 0, 7, "0.000875", "0.000875"),
        ("KWD", "0.0000000005", 1, 0, 0, 1, "0.0000000005", "0.000000001"),
        ("JPY", "350", 3_600, 0, 0, 60, "35/6", "5.833333"),
        ("VND", "76201.5", MILLION, 0, 0, 13_394, "1020.642891", "1020.642891"),
        ("VND", "9144.789611999998780776", MILLION, 0, 0, 1, "0.009144789611999998780776", "0.009145"),
        ("CREDIT", "3", 2, 0, 0, 1, "1.5", "1.5"),
        // More decimals than 128 bits take.
        ("USD", "1e-40", 1, 0, 0, 1, "1/10000000000000000000000000000000000000000", "0"),
        ("USD", "0.0000000000000000000000000000000000000005", 1, 0, 0, u64::MAX, "", "0"),
        ("USD", "0.000000015000000000000000000000000001", 1, 0, 0, 1, "", "0.00000002"),
        ("USD", "0.0000000149999999999999999999999999999999", 1, 0, 0, 1, "", "0.00000001"),
        ("KWD", "999999999999999", 1_000_000_000_000, 0, 0, 1_000_000, "999999999.999999", "999999999.999999"),
    ];
    for (unit, price, per, step, free, quantity, exact, posted) in cases {
        let case = format!("{quantity} at {unit} {price} per {per}, step {step}, free {free}");
        let book = book(unit, BTreeMap::from([("meter".to_owned(), meter(price, per, step, free))]));
        let charge = rate(&book.compile().unwrap(), "service", &quantities(&[("meter", quantity)])).unwrap();
        assert_eq!(charge.unit().format_amount(charge.amount()), posted, "{case}");
        if !exact.is_empty() {
            assert_eq!(charge.exact().to_string(), exact, "{case}");
        }
    }
}

fn tokens() -> CompiledBook {
    let meters = [
        ("input_tokens".to_owned(), meter("0.165", 1_000_000, 0, 0)),
        ("output_tokens".to_owned(), meter("0.1870", 1_000_000, 0, 0)),
        ("tuning_seconds".to_owned(), meter("5.5", 3_600, 900, 30)),
    ];
    book("USD", meters.into()).compile().unwrap()
}

#[test]
fn a_sum_is_rounded_once_and_shows_its_arithmetic() {
    let tokens = tokens();
    let charge = rate(&tokens, "service", &quantities(&[("input_tokens", 13_394), ("output_tokens", 127)])).unwrap();
    assert_eq!(charge.unit().format_amount(charge.amount()), "0.00223376");
    assert_eq!(
        charge.to_string(),
        "13394 input_tokens × 0.165 / 1000000 + 127 output_tokens × 0.187 / 1000000 = 0.002233759"
    );
    assert_eq!(
        serde_json::to_string(&charge).unwrap(),
        concat!(
            r#"{"amount":"0.00223376","exact":"0.002233759","lines":["#,
            r#"{"meter":"input_tokens","quantity":13394,"billed_quantity":13394,"price":"0.165","per":1000000,"#,
            r#""amount_exact":"0.00221001"},"#,
            r#"{"meter":"output_tokens","quantity":127,"billed_quantity":127,"price":"0.187","per":1000000,"#,
            r#""amount_exact":"0.000023749"}]}"#
        )
    );
    let charge = rate(&tokens, "service", &quantities(&[("tuning_seconds", 480)])).unwrap();
    assert_eq!(charge.to_string(), "480 tuning_seconds (billed as 900) × 5.5 / 3600 = 1.375");
    let line = serde_json::to_value(charge.lines().next().unwrap()).unwrap();
    assert_eq!((line["step"].as_u64(), line["free"].as_u64()), (Some(900), Some(30)));

    // 0.000000004 + 0.000000004 rounds to 0.00000001, though each part alone rounds to nothing.
    let halves = ["a", "b"].map(|name| (name.to_owned(), meter("0.004", 1_000_000, 0, 0)));
    let halves = book("USD", halves.into()).compile().unwrap();
    let units = |meters| rate(&halves, "service", &quantities(meters)).unwrap().amount().units();
    assert_eq!((units(&[("a", 1)]), units(&[("a", 1), ("b", 1)]), units(&[])), (0, 1, 0));
}

#[test]
fn what_has_no_price_is_named() {
    let error = |service: &str, meters: &[(&str, u64)]| rate(&tokens(), service, &quantities(meters)).unwrap_err();
    let unknown = error("gpt-9", &[("input_tokens", 1)]);
    assert_eq!(unknown, RateError::UnknownService { service: "gpt-9".into() });
    let unknown = error("service", &[("gpu_seconds", 0), ("input_tokens", 1)]);
    assert_eq!(
        unknown.to_string(),
        r#"service "service" has no meter "gpu_seconds": it is priced by input_tokens, output_tokens, tuning_seconds"#
    );
}

#[test]
fn what_no_account_can_hold_is_refused() {
    // unit, price, per, step, quantity
    let cases = [
        ("USD", "0.15", 1_000_000, 0, u64::MAX),
        ("USD", "23058430093", 1, 0, 1),
        ("USD", "999999999999999", 1, 0, u64::MAX),
        ("KWD", "999999999999999.9999999999999999", 1_000_000_000_000, 0, u64::MAX),
        ("USD", "1e-9", 1_000_000, 7, u64::MAX),
        ("USD", "999999999999999.0000000000000000000000000000000000000001", 1, 0, u64::MAX),
    ];
    for (unit, price, per, step, quantity) in cases {
        let book = book(unit, BTreeMap::from([("meter".to_owned(), meter(price, per, step, 0))]));
        let charge = rate(&book.compile().unwrap(), "service", &quantities(&[("meter", quantity)]));
        let error = charge.map(|charge| charge.to_string()).unwrap_err();
        assert_eq!(error, RateError::TooLarge { service: "service".into() }, "{unit} {price} per {per}");
    }
}

#[test]
fn a_book_that_is_not_valid_does_not_compile() {
    let error = book("USD", BTreeMap::from([("m".to_owned(), meter("1", 0, 0, 0))])).compile().unwrap_err();
    assert_eq!(error.path, "services.service.meters.m.per");
    let compiled = book("USD", BTreeMap::from([("m".to_owned(), meter("1.50", 1, 0, 0))])).compile().unwrap();
    assert_eq!(compiled.unit(), Unit::parse("USD").unwrap());
    let charge = rate(&compiled, "service", &quantities(&[("m", 1)])).unwrap();
    assert_eq!(charge.lines().next().unwrap().price, "1.5", "prices are normalised without parse, too");
}

/// A fraction of integers that is never reduced: slow, and nothing like the code under test.
struct Fraction(BigInt, BigInt);

impl Fraction {
    fn of(price: &str, per: u64, quantity: u128) -> Fraction {
        let (digits, scale) = BigDecimal::from_str(price).unwrap().into_bigint_and_exponent();
        let power = |exponent: i64| BigInt::from(10).pow(u32::try_from(exponent.max(0)).unwrap());
        Fraction(digits * power(-scale) * quantity, power(scale) * per)
    }

    fn plus(self, other: Fraction) -> Fraction {
        Fraction(&self.0 * &other.1 + &other.0 * &self.1, self.1 * other.1)
    }

    fn equals_text(&self, text: &str) -> bool {
        let Some((numerator, denominator)) = text.split_once('/') else {
            return BigDecimal::from_str(text).unwrap() * BigDecimal::from(self.1.clone())
                == BigDecimal::from(self.0.clone());
        };
        let [numerator, denominator] = [numerator, denominator].map(|part| BigInt::from_str(part).unwrap());
        numerator * &self.1 == denominator * &self.0
    }

    /// In ledger units, half away from zero.
    fn rounded(&self, unit: Unit) -> BigInt {
        let units = &self.0 * BigInt::from(10).pow(unit.ledger_scale());
        (units * 2 + &self.1) / (&self.1 * 2)
    }
}

/// The quantity that counts, by repeated whole steps rather than by a remainder.
fn billed(price: &MeterPrice, quantity: u64) -> u128 {
    let chargeable = u128::from(quantity).saturating_sub(u128::from(price.free.unwrap_or(0)));
    let step = u128::from(price.step.unwrap_or(1));
    chargeable.div_ceil(step) * step
}

fn any_quantity() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0..100_000_u64, 1 => any::<u64>(), 1 => Just(0), 1 => Just(u64::MAX)]
}

fn any_size() -> impl Strategy<Value = u64> {
    prop_oneof![Just(1), Just(60), Just(900), Just(3_600), Just(1_000_000), 1..=10_000_u64, 1..=MAX_QUANTITY]
}

fn any_price() -> impl Strategy<Value = String> {
    let plain = (0..10_000_u64, 0..1_000_000_u64).prop_map(|(whole, fraction)| format!("{whole}.{fraction:06}"));
    let scientific = (0..10_000_000_000_u64, -30_i32..=4).prop_map(|(digits, exponent)| format!("{digits}e{exponent}"));
    let halves = (0..1_000_u64, 7_u32..12).prop_map(|(digits, exponent)| format!("{digits}5e-{exponent}"));
    prop_oneof![plain, scientific, halves]
}

fn any_meter() -> impl Strategy<Value = MeterPrice> {
    let allowance = proptest::option::weighted(0.3, 0..10_000_u64);
    (any_price(), any_size(), proptest::option::weighted(0.3, any_size()), allowance)
        .prop_map(|(price, per, step, free)| MeterPrice { price, per, step, free, description: None })
}

fn any_event() -> impl Strategy<Value = (&'static str, Vec<(MeterPrice, u64)>)> {
    let unit = prop_oneof![Just("USD"), Just("JPY"), Just("VND"), Just("KWD"), Just("CREDIT")];
    (unit, proptest::collection::vec((any_meter(), any_quantity()), 1..6))
}

type Rated = (CompiledBook, BTreeMap<String, u64>);

fn compiled(unit: &str, event: &[(MeterPrice, u64)]) -> Rated {
    let named = |place: usize| format!("meter_{place}");
    let prices = event.iter().enumerate().map(|(place, (price, _))| (named(place), price.clone())).collect();
    let meters = event.iter().enumerate().map(|(place, (_, quantity))| (named(place), *quantity)).collect();
    (book(unit, prices).compile().unwrap(), meters)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn rating_agrees_with_independent_arithmetic((unit, event) in any_event()) {
        let (book, meters) = compiled(unit, &event);
        let cost = |(price, quantity): &(MeterPrice, u64)| {
            Fraction::of(&price.price, price.per, billed(price, *quantity))
        };
        let sum = event.iter().map(cost).fold(Fraction(0.into(), 1.into()), Fraction::plus);
        let expected = sum.rounded(book.unit());
        let rateable = event.iter().all(|(price, quantity)| u64::try_from(billed(price, *quantity)).is_ok());
        match rate(&book, "service", &meters) {
            Ok(charge) => {
                prop_assert_eq!(BigInt::from(charge.amount().units()), expected);
                let exact = charge.exact().to_string();
                prop_assert!(sum.equals_text(&exact), "{}", exact);
                for (line, priced) in charge.lines().zip(&event) {
                    let exact = line.amount_exact.to_string();
                    prop_assert!(cost(priced).equals_text(&exact), "{}", exact);
                }
            }
            Err(error) => {
                prop_assert_eq!(error, RateError::TooLarge { service: "service".into() });
                prop_assert!(!rateable || expected > BigInt::from(Amount::MAX.units()));
            }
        }
    }

    #[test]
    fn more_use_never_costs_less((unit, event) in any_event(), more in any_quantity()) {
        let (book, mut meters) = compiled(unit, &event);
        let units = |meters: &BTreeMap<String, u64>| {
            rate(&book, "service", meters).map_or(i64::MAX, |charge| charge.amount().units())
        };
        let all = units(&meters);
        prop_assert!(all >= 0);
        let first = meters.pop_first();
        prop_assert!(units(&meters) <= all);
        let (name, quantity) = first.unwrap();
        meters.insert(name, quantity.saturating_add(more));
        prop_assert!(units(&meters) >= all);
    }
}

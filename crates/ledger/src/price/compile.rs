//! A book turned into whole numbers, once, so that rating an event needs no fractions.
//!
//! All meters of a service share one denominator: an event costs `Σ weight × billed quantity / denominator` ledger
//! units. Up to a denominator of 10^20 everything is `u128`, and a sum that overflows is also beyond [`Amount::MAX`]
//! (2^128 / 10^20 > 2^61), so the narrow form never refuses a charge that an account could hold. Prices with more
//! decimals than that (or coprime `per`s) use the same code on `BigUint`.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use bigdecimal::num_traits::One;
use bigdecimal::{BigDecimal, ToPrimitive};
use num_bigint::BigUint;

use super::book::{BookError, MeterPrice, PriceBook, ServicePrice};
use super::decimal::{DecimalError, parse_decimal};
use super::factor::Factor;
use super::ratio::{Whole, gcd, round_half_up, write_ratio};
use crate::{Amount, Unit};

const MAX_NARROW_DENOMINATOR: u128 = 10_u128.pow(20);

/// A checked book, ready for [`rate`](super::rate). Cheap to share behind an `Arc`.
#[derive(Debug)]
pub struct CompiledBook {
    unit: Unit,
    pub(super) services: HashMap<String, Arc<CompiledService>>,
}

impl CompiledBook {
    /// The unit of every charge of this book.
    pub fn unit(&self) -> Unit {
        self.unit
    }

    /// Whether the book names the service.
    pub fn has(&self, service: &str) -> bool {
        self.services.contains_key(service)
    }
}

impl PriceBook {
    /// Prepares the book for rating. Takes microseconds per service: do it once per version.
    ///
    /// # Errors
    /// What [`PriceBook::validate`] refuses.
    pub fn compile(&self) -> Result<CompiledBook, BookError> {
        self.validate()?;
        let compile = |(name, prices): (&String, &ServicePrice)| {
            let service = CompiledService::new(self.unit, prices)
                .map_err(|error| BookError { path: format!("services.{name}"), message: error.to_string() })?;
            Ok((name.clone(), Arc::new(service)))
        };
        let services = self.services.iter().map(compile).collect::<Result<_, _>>()?;
        Ok(CompiledBook { unit: self.unit, services })
    }
}

/// One service of a compiled book.
#[derive(Debug)]
pub(super) struct CompiledService {
    pub(super) unit: Unit,
    /// Sorted by name.
    pub(super) meters: Vec<CompiledMeter>,
    weights: Weights,
}

/// One meter, for its quantities and for printing.
#[derive(Debug, Clone)]
pub(super) struct CompiledMeter {
    pub(super) name: String,
    pub(super) price: String,
    pub(super) per: u64,
    pub(super) step: Option<u64>,
    pub(super) free: Option<u64>,
}

/// A quantity of the meter at this place in [`CompiledService::meters`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    pub(super) meter: usize,
    pub(super) quantity: u64,
    pub(super) billed_quantity: u64,
}

#[derive(Debug)]
enum Weights {
    Narrow(Common<u128>),
    Wide(Common<BigUint>),
}

#[derive(Debug)]
struct Common<T> {
    /// What one of each meter costs, in ledger units / `denominator`.
    weights: Vec<T>,
    denominator: T,
    /// `denominator × 10^ledger scale`: the same in whole units of the currency.
    major_denominator: T,
}

impl CompiledService {
    fn new(unit: Unit, prices: &ServicePrice) -> Result<Self, DecimalError> {
        let priced = |(name, meter): (&String, &MeterPrice)| {
            let MeterPrice { per, step, free, .. } = *meter;
            let price = parse_decimal(&meter.price)?;
            let meter = CompiledMeter { name: name.clone(), price: price.to_plain_string(), per, step, free };
            Ok((meter, price))
        };
        Ok(Self::of(unit, prices.meters.iter().map(priced).collect::<Result<_, _>>()?))
    }

    /// The same service with every price times a factor.
    pub(super) fn times(&self, factor: &Factor) -> CompiledService {
        let scaled = |meter: &CompiledMeter| {
            // What was written by `to_plain_string` can be read.
            let price = factor.of(&BigDecimal::from_str(&meter.price).unwrap_or_default());
            (CompiledMeter { price: price.to_plain_string(), ..meter.clone() }, price)
        };
        Self::of(self.unit, self.meters.iter().map(scaled).collect())
    }

    /// Meters sorted by name, each with its price.
    fn of(unit: Unit, priced: Vec<(CompiledMeter, BigDecimal)>) -> CompiledService {
        let ratio = |(meter, price): &(CompiledMeter, BigDecimal)| ledger_units_per_one(unit, price, meter.per);
        let ratios: Vec<_> = priced.iter().map(ratio).collect();
        let denominator = ratios.iter().fold(BigUint::one(), |common, (_, denominator)| {
            let shared = gcd(common.clone(), denominator.clone());
            common * denominator / shared
        });
        let weights = ratios.into_iter().map(|(numerator, own)| numerator * (&denominator / own)).collect();
        let major_denominator = &denominator * BigUint::from(10_u32).pow(unit.ledger_scale());
        let wide = Common { weights, denominator, major_denominator };
        let weights = wide.narrow().map_or(Weights::Wide(wide), Weights::Narrow);
        CompiledService { unit, meters: priced.into_iter().map(|(meter, _)| meter).collect(), weights }
    }

    /// The sum of the lines, rounded once; `None` beyond [`Amount::MAX`].
    pub(super) fn amount(&self, lines: &[Line]) -> Option<Amount> {
        match &self.weights {
            Weights::Narrow(common) => common.amount(lines),
            Weights::Wide(common) => common.amount(lines),
        }
    }

    /// Writes the exact sum of lines that [`CompiledService::amount`] accepted, in the unit.
    pub(super) fn write_exact(&self, out: &mut impl fmt::Write, lines: &[Line]) -> fmt::Result {
        match &self.weights {
            Weights::Narrow(common) => common.write_exact(out, lines),
            Weights::Wide(common) => common.write_exact(out, lines),
        }
    }
}

impl CompiledMeter {
    /// What is left after the free allowance of the event, rounded up to the step; `None` beyond `u64`.
    pub(super) fn billed_quantity(&self, quantity: u64) -> Option<u64> {
        let chargeable = quantity.saturating_sub(self.free.unwrap_or(0));
        chargeable.checked_next_multiple_of(self.step.unwrap_or(1))
    }
}

impl<T: Whole> Common<T> {
    fn amount(&self, lines: &[Line]) -> Option<Amount> {
        let mut sum = T::zero();
        for line in lines {
            let cost = self.weights[line.meter].checked_mul(&T::from(line.billed_quantity))?;
            sum = sum.checked_add(&cost)?;
        }
        let units = round_half_up(sum, &self.denominator).to_i64()?;
        Some(Amount::from_units(units)).filter(|amount| *amount <= Amount::MAX)
    }

    fn write_exact(&self, out: &mut impl fmt::Write, lines: &[Line]) -> fmt::Result {
        let cost = |line: &Line| self.weights[line.meter].clone() * T::from(line.billed_quantity);
        let sum = lines.iter().map(cost).fold(T::zero(), |sum, cost| sum + cost);
        write_ratio(out, sum, self.major_denominator.clone())
    }
}

impl Common<BigUint> {
    fn narrow(&self) -> Option<Common<u128>> {
        let denominator = self.denominator.to_u128().filter(|denominator| *denominator <= MAX_NARROW_DENOMINATOR)?;
        let weights = self.weights.iter().map(BigUint::to_u128).collect::<Option<_>>()?;
        Some(Common { weights, denominator, major_denominator: self.major_denominator.to_u128()? })
    }
}

/// What one of the meter costs in ledger units, as a fraction in lowest terms.
fn ledger_units_per_one(unit: Unit, price: &BigDecimal, per: u64) -> (BigUint, BigUint) {
    let (mantissa, scale) = price.as_bigint_and_exponent();
    let power = |exponent: i64| BigUint::from(10_u32).pow(u32::try_from(exponent.max(0)).unwrap_or(0));
    let numerator = mantissa.magnitude() * power(-scale) * power(i64::from(unit.ledger_scale()));
    let denominator = power(scale) * per;
    let shared = gcd(numerator.clone(), denominator.clone());
    (numerator / &shared, denominator / shared)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn usual_prices_fit_128_bits() {
        type Prices = &'static [(&'static str, u64)];
        // unit, prices and what they are per, whether 128 bits are enough
        let cases: [(&str, Prices, bool); 8] = [
            ("USD", &[("0.165", 1_000_000), ("0.187", 1_000_000)], true),
            ("USD", &[("2.31", 3_600), ("0.023", 2_592_000), ("1", 7)], true),
            ("VND", &[("76201.5", 1_000_000), ("9144.789611999998780776", 1_000_000)], true),
            ("KWD", &[("999999999999999", 1)], true),
            ("CREDIT", &[("1e-26", 1)], true),
            ("CREDIT", &[("1e-27", 1)], false),
            ("USD", &[("1", 999_999_999_989), ("1", 999_999_999_961)], false),
            ("KWD", &[("999999999999999", 1), ("1e-29", 1)], false),
        ];
        for (unit, prices, narrow) in cases {
            let meter = |(place, &(price, per)): (usize, &(&str, u64))| {
                let price = MeterPrice { price: price.to_owned(), per, step: None, free: None, description: None };
                (format!("meter_{place}"), price)
            };
            let meters: BTreeMap<_, _> = prices.iter().enumerate().map(meter).collect();
            let service = CompiledService::new(Unit::parse(unit).unwrap(), &ServicePrice { meters }).unwrap();
            assert_eq!(matches!(service.weights, Weights::Narrow(_)), narrow, "{unit} {prices:?}");
        }
    }
}

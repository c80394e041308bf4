//! Prices of a book times a factor, such as what a plan charges once its credits are used up.

use std::collections::BTreeMap;
use std::sync::Arc;

use bigdecimal::BigDecimal;

use super::charge::{Charge, RateError, service_of};
use super::compile::CompiledBook;
use super::decimal::{DecimalError, parse_decimal};

/// Largest factor, in percent.
const MAX_PERCENT: u32 = 10_000;

/// A factor on every price of a book, kept in percent: 120 makes everything a fifth dearer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Factor {
    percent: BigDecimal,
}

impl Factor {
    /// Reads a decimal number of percent, from 0 to 10,000.
    ///
    /// # Errors
    /// [`DecimalError`]; [`DecimalError::TooLarge`] beyond 10,000.
    pub fn from_percent(text: &str) -> Result<Factor, DecimalError> {
        let percent = parse_decimal(text)?;
        if percent > MAX_PERCENT {
            return Err(DecimalError::TooLarge);
        }
        Ok(Factor { percent })
    }

    /// A price times the factor, exactly.
    pub(super) fn of(&self, price: &BigDecimal) -> BigDecimal {
        let hundredth = BigDecimal::new(1.into(), 2);
        (price * &self.percent * hundredth).normalized()
    }
}

/// Prices an event as [`rate`](super::rate) does, with every price of the service times the factor: the lines of the
/// charge show the prices as they are then. Costs some microseconds more than `rate`.
///
/// # Errors
/// As [`rate`](super::rate).
pub fn rate_at(
    book: &CompiledBook,
    factor: &Factor,
    service: &str,
    meters: &BTreeMap<String, u64>,
) -> Result<Charge, RateError> {
    let prices = service_of(book, service)?;
    Charge::new(Arc::new(prices.times(factor)), service, meters)
}

#[cfg(test)]
mod tests {
    use super::super::{PriceBook, rate};
    use super::*;

    fn book() -> CompiledBook {
        let json = br#"{"unit":"USD","services":{
            "llm":{"meters":{"input":{"price":"0.15","per":1000000},"output":{"price":"0.6","per":1000000}}},
            "gpu":{"meters":{"seconds":{"price":"2.31","per":3600,"step":900}}},
            "tiny":{"meters":{"n":{"price":"1e-40","per":1}}}}}"#;
        PriceBook::parse(json).unwrap().compile().unwrap()
    }

    #[test]
    fn prices_are_multiplied_exactly() {
        // percent, service, meter and quantity, amount, arithmetic
        let table = [
            ("100", "gpu", ("seconds", 900), "0.5775", "900 seconds × 2.31 / 3600 = 0.5775"),
            ("120", "gpu", ("seconds", 900), "0.693", "900 seconds × 2.772 / 3600 = 0.693"),
            ("120", "gpu", ("seconds", 1), "0.693", "1 seconds (billed as 900) × 2.772 / 3600 = 0.693"),
            ("87.5", "llm", ("input", 1_000_000), "0.13125", "1000000 input × 0.13125 / 1000000 = 0.13125"),
            ("150", "llm", ("output", 1), "0.0000009", "1 output × 0.9 / 1000000 = 0.0000009"),
            ("0", "llm", ("output", 5), "0", "5 output × 0 / 1000000 = 0"),
            ("10000", "gpu", ("seconds", 900), "57.75", "900 seconds × 231 / 3600 = 57.75"),
        ];
        for (percent, service, (meter, quantity), amount, arithmetic) in table {
            let factor = Factor::from_percent(percent).unwrap();
            let meters = BTreeMap::from([(meter.to_owned(), quantity)]);
            let charge = rate_at(&book(), &factor, service, &meters).unwrap();
            assert_eq!(charge.unit().format_amount(charge.amount()), amount, "{percent} {service}");
            assert_eq!(charge.to_string(), arithmetic, "{percent} {service}");
        }
    }

    #[test]
    fn a_factor_of_one_changes_nothing_and_errors_are_the_same() {
        let (book, one) = (book(), Factor::from_percent("100").unwrap());
        let meters = BTreeMap::from([("input".to_owned(), 13_394), ("output".to_owned(), 127)]);
        let [plain, scaled] = [rate(&book, "llm", &meters), rate_at(&book, &one, "llm", &meters)];
        assert_eq!(plain.unwrap().to_string(), scaled.unwrap().to_string());
        for (service, meter) in [("nothing", "input"), ("llm", "seconds")] {
            let meters = BTreeMap::from([(meter.to_owned(), 1)]);
            assert_eq!(rate_at(&book, &one, service, &meters).unwrap_err(), rate(&book, service, &meters).unwrap_err());
        }
        // More decimals than a price may be written with are still exact.
        let many = BTreeMap::from([("n".to_owned(), u64::MAX)]);
        let half = Factor::from_percent("0.5").unwrap();
        assert!(rate_at(&book, &half, "tiny", &many).unwrap().amount().is_zero());
    }

    #[test]
    fn factors_are_bounded() {
        for bad in ["-1", "", "x", "10000.01", "1e9"] {
            assert!(Factor::from_percent(bad).is_err(), "{bad}");
        }
    }
}

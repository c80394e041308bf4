//! Exact money across currencies. Pure whole-number arithmetic; what is rounded is rounded once, upwards.
//!
//! A [`Rate`] says how many of one unit another one is worth, as somebody wrote it down; [`Ratio`] is the same as a
//! fraction, in either direction, so that 500,000 ₫ at 25,400 ₫ a dollar loses nothing on its way.

use std::fmt;

use ledger::{Amount, Unit};
use num_bigint::BigUint;
use providers::{AmountError, Money};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::settings::Method;

/// Most digits before the point of a rate.
const MAX_WHOLE_DIGITS: usize = 12;
/// Most digits after the point of a rate.
const MAX_DECIMALS: usize = 12;

/// A positive decimal, exactly as written but for zeros that say nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal {
    digits: u128,
    scale: u32,
}

impl Decimal {
    /// Reads a plain decimal: no signs, separators or exponents; at most 12 digits before and after the point.
    ///
    /// # Errors
    /// What it must be.
    pub fn parse(text: &str) -> Result<Decimal, String> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if text.len() > 64 || !plain(whole) || !plain(fraction) {
            return Err("must be a decimal number in plain digits, such as \"25400.5\"".to_owned());
        }
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        if whole.len() > MAX_WHOLE_DIGITS || fraction.len() > MAX_DECIMALS {
            return Err(format!("has more than {MAX_WHOLE_DIGITS} digits before or {MAX_DECIMALS} after the point"));
        }
        let digits = whole.bytes().chain(fraction.bytes()).fold(0, |sum, digit| sum * 10 + u128::from(digit - b'0'));
        if digits == 0 {
            return Err("must be more than 0".to_owned());
        }
        Ok(Decimal { digits, scale: u32::try_from(fraction.len()).unwrap_or_default() })
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = self.scale as usize;
        let digits = format!("{:0>width$}", self.digits, width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let point = if fraction.is_empty() { "" } else { "." };
        write!(f, "{whole}{point}{fraction}")
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Decimal::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// How much one unit is worth in another: 1 `base` = `rate` `quote`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// One of this …
    pub base: Unit,
    /// … is so many of this.
    pub quote: Unit,
    /// How many.
    pub rate: Decimal,
}

/// A rate as a fraction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ratio {
    numerator: BigUint,
    denominator: BigUint,
}

impl Rate {
    /// How many `to` one `from` is; `None` when the rate is about other units.
    pub fn ratio(&self, from: Unit, to: Unit) -> Option<Ratio> {
        let (digits, one) = (BigUint::from(self.rate.digits), ten_to(self.rate.scale));
        match (self.base, self.quote) {
            (base, quote) if (base, quote) == (from, to) => Some(Ratio { numerator: digits, denominator: one }),
            (base, quote) if (base, quote) == (to, from) => Some(Ratio { numerator: one, denominator: digits }),
            _ => None,
        }
    }

    /// Whether it differs by more than so many percent from another rate of the same two units. Rates of other units
    /// cannot be compared and do not differ.
    pub fn differs(&self, before: &Rate, percent: u64) -> bool {
        let ratios = (self.ratio(self.base, self.quote), before.ratio(self.base, self.quote));
        let (Some(new), Some(old)) = ratios else { return false };
        // On the common denominator.
        let (new, old) = (new.numerator * old.denominator, old.numerator * new.denominator);
        let apart = if new > old { new - &old } else { &old - new };
        apart * 100_u32 > old * percent
    }
}

fn ten_to(power: u32) -> BigUint {
    BigUint::from(10_u32).pow(power)
}

/// The smallest coins of `to` that are worth at least `amount` of `from`, a multiple of `coin_minor`. `None` beyond the
/// range of money.
pub fn convert_up(amount: Amount, from: Unit, to: Unit, ratio: &Ratio, coin_minor: i64) -> Option<Money> {
    let units = BigUint::from(u64::try_from(amount.units()).ok()?);
    let coin = BigUint::from(u64::try_from(coin_minor).ok().filter(|coin| *coin > 0)?);
    let numerator = units * &ratio.numerator * ten_to(to.exponent());
    let denominator = ten_to(from.ledger_scale()) * &ratio.denominator * &coin;
    let coins = (numerator + &denominator - 1_u32) / denominator;
    let amount_minor = i64::try_from(coins * coin).ok()?;
    Some(Money { amount_minor, currency: to })
}

/// What a method charges in smallest steps of, in ISO minor units: PayPal takes whole forints, so 100 there. `None` when
/// its gateway does not take the currency.
pub fn coin_minor(method: Method, currency: Unit) -> Option<i64> {
    [1, 10, 100, 1_000].into_iter().find(|&amount_minor| can_charge(method, Money { amount_minor, currency }))
}

/// Whether a method's gateway can express this sum.
pub fn can_charge(method: Method, money: Money) -> bool {
    let wire: Result<(), AmountError> = match method {
        Method::VnPay => providers::vnpay::amount::to_wire(money).map(drop),
        Method::PayPal => providers::paypal::amount::to_wire(money).map(drop),
        Method::Stripe | Method::SavedCard => providers::stripe::amount::to_wire(money).map(drop),
    };
    wire.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(code: &str) -> Unit {
        Unit::parse(code).unwrap()
    }

    fn rate(base: &str, quote: &str, rate: &str) -> Rate {
        Rate { base: unit(base), quote: unit(quote), rate: Decimal::parse(rate).unwrap() }
    }

    #[test]
    fn decimals_are_exact() {
        for (text, written) in [
            ("25400", "25400"),
            ("25400.50", "25400.5"),
            ("0.0000393700", "0.00003937"),
            ("007", "7"),
            ("0.000000000001", "0.000000000001"),
            ("999999999999.999999999999", "999999999999.999999999999"),
        ] {
            assert_eq!(Decimal::parse(text).map(|decimal| decimal.to_string()).as_deref(), Ok(written), "{text}");
        }
        let long = "0".repeat(65);
        for bad in [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "+1",
            "1e3",
            "1,5",
            " 1",
            "NaN",
            "0",
            "0.0",
            "1.2.3",
            "５",
            &long,
            "1234567890123",
            "0.1234567890123",
        ] {
            assert!(Decimal::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_charge_is_rounded_up_to_the_smallest_coin_of_its_currency() {
        use Method::{PayPal, Stripe};
        // method, amount and unit, charged currency, rate, minor units charged
        let table = [
            // 19.685039… $
            (PayPal, "500000", "VND", "USD", rate("USD", "VND", "25400"), Some(1_969)),
            // Exactly 20 $: nothing to round.
            (PayPal, "508000", "VND", "USD", rate("USD", "VND", "25400"), Some(2_000)),
            (PayPal, "508001", "VND", "USD", rate("USD", "VND", "25400"), Some(2_001)),
            // The same two units the other way round: 500,000 × 0.00003937 = 19.685.
            (PayPal, "500000", "VND", "USD", rate("VND", "USD", "0.00003937"), Some(1_969)),
            (PayPal, "3000", "JPY", "USD", rate("USD", "JPY", "152.4"), Some(1_969)),
            (PayPal, "25", "USD", "JPY", rate("USD", "JPY", "152.41"), Some(3_811)),
            // PayPal takes whole forints and dollars of Taiwan, Stripe their hundredths.
            (PayPal, "25", "USD", "HUF", rate("USD", "HUF", "365.123"), Some(912_900)),
            (Stripe, "25", "USD", "HUF", rate("USD", "HUF", "365.123"), Some(912_808)),
            (PayPal, "25", "USD", "TWD", rate("USD", "TWD", "32.001"), Some(80_100)),
            // The last decimal of a dinar is 0 at Stripe.
            (Stripe, "25", "USD", "KWD", rate("KWD", "USD", "3.25"), Some(7_700)),
            (Stripe, "0.00000001", "USD", "EUR", rate("USD", "EUR", "0.000000000001"), Some(1)),
            (Stripe, "10000", "CREDIT", "USD", rate("CREDIT", "USD", "0.001"), Some(1_000)),
            (Stripe, "23058430092", "USD", "VND", rate("USD", "VND", "999999999999"), None),
        ];
        for (method, amount, from, to, rate, minor) in table {
            let (from, to) = (unit(from), unit(to));
            let coin = coin_minor(method, to).unwrap();
            let charge = convert_up(from.parse_amount(amount).unwrap(), from, to, &rate.ratio(from, to).unwrap(), coin);
            assert_eq!(charge.map(|money| money.amount_minor), minor, "{method:?} {amount} {from} → {to} at {rate:?}");
            assert!(charge.is_none_or(|money| can_charge(method, money)), "{method:?} {charge:?}");
        }
        assert_eq!(rate("USD", "VND", "1").ratio(unit("USD"), unit("JPY")), None);
    }

    #[test]
    fn a_charge_is_never_worth_less_than_its_credits_nor_a_coin_more() {
        let (vnd, usd) = (unit("VND"), unit("USD"));
        let rate = rate("USD", "VND", "25437.89");
        let ratio = rate.ratio(vnd, usd).unwrap();
        for dong in (500_000..2_000_000_i64).step_by(7_919) {
            let cents = convert_up(vnd.from_minor(dong).unwrap(), vnd, usd, &ratio, 1).unwrap().amount_minor;
            // In hundredths of a cent of the rate: dong × 100 × 100 ≤ cents × 2543789 < the same and a cent more.
            let (worth, wanted) = (i128::from(cents) * 2_543_789, i128::from(dong) * 10_000);
            assert!(worth >= wanted && worth - 2_543_789 < wanted, "{dong} ₫ for {cents} ¢");
        }
    }

    #[test]
    fn a_rate_that_jumps_is_noticed() {
        // new rate, rate before, more than 20 % apart
        let table = [
            (rate("USD", "VND", "25400"), rate("USD", "VND", "25000"), false),
            (rate("USD", "VND", "30000"), rate("USD", "VND", "25000"), false),
            (rate("USD", "VND", "30000.01"), rate("USD", "VND", "25000"), true),
            (rate("USD", "VND", "20000"), rate("USD", "VND", "25000"), false),
            (rate("USD", "VND", "19999.99"), rate("USD", "VND", "25000"), true),
            (rate("USD", "VND", "254"), rate("USD", "VND", "25400"), true),
            (rate("USD", "VND", "0.00003937"), rate("USD", "VND", "25400"), true),
            // Written the other way round.
            (rate("VND", "USD", "0.00003937"), rate("USD", "VND", "25400"), false),
            (rate("VND", "USD", "25400"), rate("USD", "VND", "25400"), true),
            (rate("USD", "JPY", "1"), rate("USD", "VND", "25400"), false),
        ];
        for (new, before, differs) in table {
            assert_eq!(new.differs(&before, 20), differs, "{new:?} {before:?}");
        }
    }

    #[test]
    fn the_smallest_coin_is_the_gateways() {
        use Method::{PayPal, SavedCard, Stripe, VnPay};
        // method, currency, smallest step in minor units
        let table = [
            (VnPay, "VND", Some(1)),
            (VnPay, "USD", None),
            (PayPal, "USD", Some(1)),
            (PayPal, "JPY", Some(1)),
            (PayPal, "HUF", Some(100)),
            (PayPal, "TWD", Some(100)),
            (PayPal, "VND", None),
            (PayPal, "CREDIT", None),
            (Stripe, "VND", Some(1)),
            (Stripe, "HUF", Some(1)),
            (Stripe, "KWD", Some(10)),
            (SavedCard, "MGA", Some(100)),
            (Stripe, "CREDIT", None),
        ];
        for (method, currency, coin) in table {
            assert_eq!(coin_minor(method, unit(currency)), coin, "{method:?} {currency}");
        }
    }
}

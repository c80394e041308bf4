//! What an account counts in: a currency of ISO 4217 or whole credits.
//!
//! A unit fixes two scales. Its *exponent* is the number of decimals of its smallest coin (JPY 0, USD 2, CREDIT 0); its
//! *ledger scale* is the exponent + 6, the precision of every [`Amount`] of that unit. Deliberately absent: symbols,
//! names and formats for people (see the documents crate), and what a gateway can express (see providers).

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use crate::Amount;

/// Decimals that the ledger keeps beyond the smallest coin.
pub const EXTRA_DECIMALS: u32 = 6;

/// A currency, or `CREDIT`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Unit {
    code: &'static str,
    exponent: u8,
}

/// ISO 4217 active codes by number of decimals. Source: ISO 4217 list one.
const BY_EXPONENT: &[(u8, &str)] = &[
    (
        2,
        "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP \
         CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR \
         JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN \
         NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP \
         SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG",
    ),
    (0, "CREDIT BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"),
    (3, "BHD IQD JOD KWD LYD OMR TND"),
];

/// Why a text is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AmountError {
    /// Not digits with at most one point.
    #[error("must be a decimal number in plain digits, such as \"500000\" or \"0.002233\"")]
    Malformed,
    /// More decimals than the unit's ledger scale.
    #[error("has more decimals than this unit keeps")]
    TooPrecise,
    /// Beyond [`Amount::MAX`].
    #[error("is larger than an account can hold")]
    TooLarge,
}

impl Unit {
    /// Whole credits, the unit of accounts that buy packs.
    pub const CREDIT: Unit = Unit { code: "CREDIT", exponent: 0 };

    /// The unit of an upper-case code, `None` when it is unknown.
    pub fn parse(code: &str) -> Option<Unit> {
        BY_EXPONENT.iter().find_map(|&(exponent, codes)| {
            codes.split_ascii_whitespace().find(|known| *known == code).map(|code| Unit { code, exponent })
        })
    }

    /// The upper-case code.
    pub const fn code(self) -> &'static str {
        self.code
    }

    /// Decimals of the smallest coin.
    pub const fn exponent(self) -> u32 {
        self.exponent as u32
    }

    /// Decimals of the ledger: exponent + 6.
    pub const fn ledger_scale(self) -> u32 {
        self.exponent() + EXTRA_DECIMALS
    }

    /// Reads a plain decimal (`-12.5`, `500000`): no exponent, no plus sign, no spaces, no separators. Never rounds.
    pub fn parse_amount(self, text: &str) -> Result<Amount, AmountError> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = match digits.split_once('.') {
            Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
            Some(_) => return Err(AmountError::Malformed),
            None => (digits, ""),
        };
        let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !plain(whole) || !plain(fraction) {
            return Err(AmountError::Malformed);
        }
        let kept = fraction.trim_end_matches('0');
        let scale = self.ledger_scale() as usize;
        if kept.len() > scale {
            return Err(AmountError::TooPrecise);
        }
        let mut units: i64 = 0;
        for digit in whole.bytes().chain(kept.bytes()).chain(std::iter::repeat_n(b'0', scale - kept.len())) {
            let next = units.checked_mul(10).and_then(|units| units.checked_add(i64::from(digit - b'0')));
            units = next.ok_or(AmountError::TooLarge)?;
        }
        if units > Amount::MAX.units() {
            return Err(AmountError::TooLarge);
        }
        Ok(Amount::from_units(if negative { -units } else { units }))
    }

    /// Writes an amount as the shortest plain decimal, without trailing zeros: `0.002233`, `500000`, `-12.5`.
    pub fn format_amount(self, amount: Amount) -> String {
        let scale = self.ledger_scale() as usize;
        let digits = format!("{:0>width$}", amount.units().unsigned_abs(), width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let fraction = fraction.trim_end_matches('0');
        let sign = if amount.is_negative() { "-" } else { "" };
        let point = if fraction.is_empty() { "" } else { "." };
        format!("{sign}{whole}{point}{fraction}")
    }

    /// `count` smallest coins (cents, yen, credits) as an amount; `None` when too large.
    pub fn from_minor(self, count: i64) -> Option<Amount> {
        let units = count.checked_mul(10_i64.pow(EXTRA_DECIMALS))?;
        (units.unsigned_abs() <= Amount::MAX.units().unsigned_abs()).then_some(Amount::from_units(units))
    }

    /// The amount in smallest coins, rounded down (towards minus infinity).
    pub fn floor_minor(self, amount: Amount) -> i64 {
        amount.units().div_euclid(10_i64.pow(EXTRA_DECIMALS))
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)
    }
}

impl fmt::Debug for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)
    }
}

impl Serialize for Unit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code)
    }
}

impl<'de> Deserialize<'de> for Unit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        Unit::parse(&code).ok_or_else(|| {
            serde::de::Error::custom(format!("unknown unit {code:?}: use CREDIT or an ISO 4217 code such as USD"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_and_written_exactly() {
        // unit, text, ledger units, written again
        let good = [
            ("USD", "0.002233", 223_300, "0.002233"),
            ("USD", "0.00000001", 1, "0.00000001"),
            ("USD", "25.00", 2_500_000_000, "25"),
            ("VND", "500000", 500_000_000_000, "500000"),
            ("VND", "0.42", 420_000, "0.42"),
            ("JPY", "3000.50", 3_000_500_000, "3000.5"),
            ("CREDIT", "10000", 10_000_000_000, "10000"),
            ("CREDIT", "-1.5", -1_500_000, "-1.5"),
            ("CREDIT", "007", 7_000_000, "7"),
            ("KWD", "0.000000001", 1, "0.000000001"),
        ];
        for (unit, text, units, written) in good {
            let unit = Unit::parse(unit).unwrap();
            let amount = unit.parse_amount(text).unwrap();
            assert_eq!(amount.units(), units, "{unit} {text}");
            assert_eq!(unit.format_amount(amount), written, "{unit} {text}");
        }
    }

    #[test]
    fn what_is_not_an_amount_is_refused() {
        use AmountError::*;
        let bad = [
            ("", Malformed),
            ("-", Malformed),
            (".5", Malformed),
            ("5.", Malformed),
            ("+5", Malformed),
            ("1e3", Malformed),
            ("NaN", Malformed),
            ("1,000", Malformed),
            (" 1", Malformed),
            ("1.2.3", Malformed),
            ("--1", Malformed),
            ("５", Malformed),
            ("0.000000001", TooPrecise),
            ("99999999999999999999", TooLarge),
            ("23058430093", TooLarge),
        ];
        for (text, error) in bad {
            assert_eq!(Unit::parse("USD").unwrap().parse_amount(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn unknown_codes_have_no_unit() {
        for code in ["usd", "XXX", "", "CREDITS", "US"] {
            assert_eq!(Unit::parse(code), None, "{code:?}");
        }
    }

    #[test]
    fn minor_units_are_whole_coins() {
        let usd = Unit::parse("USD").unwrap();
        assert_eq!(usd.from_minor(2_500), usd.parse_amount("25").ok());
        assert_eq!(usd.floor_minor(usd.parse_amount("0.019").unwrap()), 1);
        assert_eq!(usd.floor_minor(usd.parse_amount("-0.001").unwrap()), -1);
        assert_eq!(usd.from_minor(i64::MAX), None);
    }
}

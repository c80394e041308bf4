//! Prices and factors as text: `2.31`, `165e-9`, `25400.5`. Never negative, never a float.
//!
//! Reading is stricter than the library's: no signs, separators, spaces or special values, and bounded in size, so that
//! a hostile exponent cannot make a short text expand to gigabytes of digits.

use std::str::FromStr;

use bigdecimal::BigDecimal;
use thiserror::Error;

/// Most digits after the point of a price.
pub const MAX_PRICE_DECIMALS: u32 = 40;
/// Most digits before the point of a price.
pub const MAX_PRICE_WHOLE_DIGITS: u32 = 15;
const MAX_TEXT_CHARS: usize = 80;

/// Why a text is not a price or a factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DecimalError {
    /// Not a decimal number.
    #[error("must be a decimal number, such as \"0.15\" or \"2.5e-06\"")]
    Malformed,
    /// Below zero.
    #[error("must not be negative")]
    Negative,
    /// More than [`MAX_PRICE_DECIMALS`].
    #[error("has more than {MAX_PRICE_DECIMALS} decimals")]
    TooPrecise,
    /// More than [`MAX_PRICE_WHOLE_DIGITS`].
    #[error("has more than {MAX_PRICE_WHOLE_DIGITS} digits before the point")]
    TooLarge,
}

/// Reads `digits[.digits][e[+-]digits]` exactly, without trailing zeros.
pub(super) fn parse_decimal(text: &str) -> Result<BigDecimal, DecimalError> {
    if text.starts_with('-') {
        return Err(DecimalError::Negative);
    }
    if text.len() > MAX_TEXT_CHARS || !is_decimal(text) {
        return Err(DecimalError::Malformed);
    }
    in_range(BigDecimal::from_str(text).map_err(|_| DecimalError::Malformed)?)
}

/// Without trailing zeros, when it fits the limits of a price.
pub(super) fn in_range(value: BigDecimal) -> Result<BigDecimal, DecimalError> {
    let value = value.normalized();
    let scale = value.fractional_digit_count();
    let digits = i64::try_from(value.digits()).unwrap_or(i64::MAX);
    if scale > i64::from(MAX_PRICE_DECIMALS) {
        return Err(DecimalError::TooPrecise);
    }
    if digits.saturating_sub(scale) > i64::from(MAX_PRICE_WHOLE_DIGITS) {
        return Err(DecimalError::TooLarge);
    }
    Ok(value)
}

fn is_decimal(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    digits(whole) && digits(fraction) && digits(exponent) && exponent.len() <= 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_exactly_and_written_plainly() {
        let good = [
            ("0", "0"),
            ("0.0", "0"),
            ("0e-9999", "0"),
            ("2.310", "2.31"),
            ("2.5e-06", "0.0000025"),
            ("2.5E-06", "0.0000025"),
            ("1e+3", "1000"),
            ("1E3", "1000"),
            ("007", "7"),
            ("25400.5", "25400.5"),
            ("999999999999999", "999999999999999"),
            ("1e-40", "0.0000000000000000000000000000000000000001"),
            ("1.0416666666666667e-05", "0.000010416666666666667"),
        ];
        for (text, plain) in good {
            assert_eq!(parse_decimal(text).unwrap().to_plain_string(), plain, "{text:?}");
        }
    }

    #[test]
    fn what_is_not_a_price_is_refused() {
        use DecimalError::*;
        let long = "0".repeat(MAX_TEXT_CHARS + 1);
        let bad = [
            ("", Malformed),
            (".5", Malformed),
            ("5.", Malformed),
            ("+5", Malformed),
            (" 5", Malformed),
            ("1_000", Malformed),
            ("1,5", Malformed),
            ("1.2.3", Malformed),
            ("1e", Malformed),
            ("1e5e5", Malformed),
            ("1e1.5", Malformed),
            ("1e99999", Malformed),
            ("NaN", Malformed),
            ("inf", Malformed),
            ("0x10", Malformed),
            ("５", Malformed),
            (long.as_str(), Malformed),
            ("-1", Negative),
            ("-0", Negative),
            ("1e-41", TooPrecise),
            ("1e-9999", TooPrecise),
            ("1e15", TooLarge),
            ("1e9999", TooLarge),
            ("1000000000000000", TooLarge),
        ];
        for (text, error) in bad {
            assert_eq!(parse_decimal(text), Err(error), "{text:?}");
        }
    }
}

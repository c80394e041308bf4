//! Amounts at Stripe: an integer in *Stripe's* smallest unit and a lower-case currency code.
//!
//! Stripe's smallest unit is the ISO minor unit with the exceptions of `Scale`. Source: Stripe's page on supported
//! currencies. Deliberately absent: minimums (checked by Stripe in the settlement currency), caps (settings), and which of
//! the two-decimal currencies an account may use (Stripe answers that).

use ledger::Unit;

use crate::{AmountError, Money};

/// How an ISO minor unit maps to the wire.
#[derive(Clone, Copy)]
enum Scale {
    /// Equal.
    Same,
    /// No ISO decimals, yet sent × 100.
    TimesHundred,
    /// Two ISO decimals, yet sent in whole units.
    WholeUnits,
    /// Three ISO decimals, the last one always 0.
    LastDigitZero,
}

/// Money as `(amount, currency)` parameters, such as `(2500, "usd")`, `(3000, "jpy")`, `(500, "ugx")` for USh 5.
pub fn to_wire(money: Money) -> Result<(i64, String), AmountError> {
    let minor = money.amount_minor;
    if minor <= 0 {
        return Err(AmountError::NotPositive);
    }
    let amount = match scale(money.currency)? {
        Scale::Same => minor,
        Scale::TimesHundred => minor.checked_mul(100).ok_or(AmountError::TooLarge)?,
        Scale::WholeUnits => exact_quotient(minor, 100)?,
        Scale::LastDigitZero => exact_quotient(minor, 10)? * 10,
    };
    Ok((amount, money.currency.code().to_ascii_lowercase()))
}

/// Money from an answer's integer amount (0 allowed, as in `amount_received`) and currency, in either case.
pub fn from_wire(amount: i64, currency: &str) -> Result<Money, AmountError> {
    let currency = Unit::parse(&currency.to_ascii_uppercase()).ok_or(AmountError::UnsupportedCurrency)?;
    if amount < 0 {
        return Err(AmountError::NotPositive);
    }
    let amount_minor = match scale(currency)? {
        Scale::Same => amount,
        Scale::TimesHundred => exact_quotient(amount, 100)?,
        Scale::WholeUnits => amount.checked_mul(100).ok_or(AmountError::TooLarge)?,
        Scale::LastDigitZero => exact_quotient(amount, 10)? * 10,
    };
    Ok(Money { amount_minor, currency })
}

fn scale(currency: Unit) -> Result<Scale, AmountError> {
    match currency.code() {
        "CREDIT" => Err(AmountError::UnsupportedCurrency),
        "UGX" | "ISK" => Ok(Scale::TimesHundred),
        "MGA" => Ok(Scale::WholeUnits),
        "BHD" | "JOD" | "KWD" | "OMR" | "TND" => Ok(Scale::LastDigitZero),
        _ if currency.exponent() > 2 => Err(AmountError::UnsupportedCurrency),
        _ => Ok(Scale::Same),
    }
}

fn exact_quotient(amount: i64, divisor: i64) -> Result<i64, AmountError> {
    if amount % divisor == 0 { Ok(amount / divisor) } else { Err(AmountError::TooPrecise) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_wire_cannot_express_is_refused() {
        // minor units, unit, error
        let cases = [
            (0, "USD", AmountError::NotPositive),
            (-1, "USD", AmountError::NotPositive),
            (i64::MAX, "UGX", AmountError::TooLarge),
            (150, "MGA", AmountError::TooPrecise),
            (5_123, "KWD", AmountError::TooPrecise),
            (100, "CREDIT", AmountError::UnsupportedCurrency),
            (1_000, "IQD", AmountError::UnsupportedCurrency),
        ];
        for (amount_minor, unit, error) in cases {
            let money = Money { amount_minor, currency: Unit::parse(unit).unwrap() };
            assert_eq!(to_wire(money), Err(error), "{money:?}");
        }
    }

    #[test]
    fn answers_are_read_exactly_or_refused() {
        // wire amount, wire currency, minor units
        let cases = [
            (500_000, "vnd", Ok(500_000)),
            (500_000, "VND", Ok(500_000)),
            (0, "usd", Ok(0)),
            (500, "ugx", Ok(5)),
            (550, "ugx", Err(AmountError::TooPrecise)),
            (100, "mga", Ok(10_000)),
            (i64::MAX, "mga", Err(AmountError::TooLarge)),
            (5_121, "kwd", Err(AmountError::TooPrecise)),
            (-1, "usd", Err(AmountError::NotPositive)),
            (1, "xxx", Err(AmountError::UnsupportedCurrency)),
            (1, "", Err(AmountError::UnsupportedCurrency)),
        ];
        for (amount, currency, minor) in cases {
            assert_eq!(from_wire(amount, currency).map(|money| money.amount_minor), minor, "{amount} {currency}");
        }
    }
}

//! Amounts at VNPay: Vietnamese đồng × 100 as plain digits in `vnp_Amount`, no other currency.

use ledger::Unit;

use crate::{AmountError, Money};

/// VNPay sends hundredths of a đồng although ISO 4217 knows none.
const WIRE_PER_DONG: i64 = 100;
/// `vnp_Amount` has at most 12 digits.
const WIRE_MAX: i64 = 999_999_999_999;

/// Money as `vnp_Amount`: 500 000 ₫ is `50000000`; [`AmountError::TooLarge`] from 10 000 000 000 ₫.
pub fn to_wire(money: Money) -> Result<String, AmountError> {
    if money.currency.code() != "VND" {
        return Err(AmountError::UnsupportedCurrency);
    }
    if money.amount_minor <= 0 {
        return Err(AmountError::NotPositive);
    }
    let wire = money.amount_minor.checked_mul(WIRE_PER_DONG).filter(|wire| *wire <= WIRE_MAX);
    Ok(wire.ok_or(AmountError::TooLarge)?.to_string())
}

/// Money from `vnp_Amount`; [`AmountError::TooPrecise`] when it is not whole đồng.
pub fn from_wire(vnp_amount: &str) -> Result<Money, AmountError> {
    if vnp_amount.is_empty() || !vnp_amount.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(AmountError::Malformed);
    }
    let wire: i64 = vnp_amount.parse().map_err(|_| AmountError::TooLarge)?;
    let currency = Unit::parse("VND").ok_or(AmountError::UnsupportedCurrency)?;
    match wire % WIRE_PER_DONG {
        0 => Ok(Money { amount_minor: wire / WIRE_PER_DONG, currency }),
        _ => Err(AmountError::TooPrecise),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_fits_the_field_is_sent() {
        let vnd = Unit::parse("VND").unwrap();
        let cases = [
            (1, Ok("100".to_owned())),
            (9_999_999_999, Ok("999999999900".to_owned())),
            (10_000_000_000, Err(AmountError::TooLarge)),
            (i64::MAX, Err(AmountError::TooLarge)),
            (0, Err(AmountError::NotPositive)),
            (-1, Err(AmountError::NotPositive)),
        ];
        for (amount_minor, wire) in cases {
            assert_eq!(to_wire(Money { amount_minor, currency: vnd }), wire, "{amount_minor}");
        }
    }

    #[test]
    fn only_whole_dong_are_read() {
        let cases = [
            ("50000000", Ok(500_000)),
            ("0", Ok(0)),
            ("50000050", Err(AmountError::TooPrecise)),
            ("", Err(AmountError::Malformed)),
            ("-100", Err(AmountError::Malformed)),
            ("+100", Err(AmountError::Malformed)),
            ("1e2", Err(AmountError::Malformed)),
            ("99999999999999999999", Err(AmountError::TooLarge)),
        ];
        for (wire, minor) in cases {
            assert_eq!(from_wire(wire).map(|money| money.amount_minor), minor, "{wire:?}");
        }
    }
}

//! Amounts at PayPal: decimal texts with a fixed number of decimals per currency.
//!
//! Source: PayPal's currency code reference. Deliberately absent: minimums, and whether the account may use the
//! currencies that are for domestic accounts only (PayPal answers that).

use ledger::Unit;

use crate::{AmountError, Money};

/// Currencies that PayPal takes, with the decimals it wants. BRL, CNY and MYR are for accounts of that country only.
const DECIMALS: &[(u32, &str)] =
    &[(2, "AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD ILS MXN MYR NOK NZD PHP PLN SEK SGD THB USD"), (0, "HUF JPY TWD")];

/// Money as PayPal's `(value, currency_code)`, such as `("25.00", "USD")` and `("3000", "JPY")`.
pub fn to_wire(money: Money) -> Result<(String, &'static str), AmountError> {
    let decimals = decimals(money.currency)?;
    if money.amount_minor <= 0 {
        return Err(AmountError::NotPositive);
    }
    let coins = 10_i64.pow(money.currency.exponent());
    let (whole, fraction) = (money.amount_minor / coins, money.amount_minor % coins);
    let value = match (decimals, fraction) {
        (0, 0) => whole.to_string(),
        (0, _) => return Err(AmountError::TooPrecise),
        _ => format!("{whole}.{fraction:02}"),
    };
    Ok((value, money.currency.code()))
}

/// Money from PayPal's value and currency code, compared by value: `25.0` is `25.00`; the code in either case.
pub fn from_wire(value: &str, currency_code: &str) -> Result<Money, AmountError> {
    let currency = Unit::parse(&currency_code.to_ascii_uppercase()).ok_or(AmountError::UnsupportedCurrency)?;
    let decimals = decimals(currency)?;
    let amount = currency.parse_amount(value).map_err(|error| match error {
        ledger::AmountError::TooPrecise => AmountError::TooPrecise,
        ledger::AmountError::TooLarge => AmountError::TooLarge,
        ledger::AmountError::Malformed => AmountError::Malformed,
    })?;
    let money = Money::from_amount(amount, currency)?;
    if money.amount_minor < 0 {
        Err(AmountError::NotPositive)
    } else if decimals == 0 && money.amount_minor % 10_i64.pow(currency.exponent()) != 0 {
        Err(AmountError::TooPrecise)
    } else {
        Ok(money)
    }
}

fn decimals(currency: Unit) -> Result<u32, AmountError> {
    let known = |codes: &str| codes.split(' ').any(|code| code == currency.code());
    DECIMALS
        .iter()
        .find_map(|&(decimals, codes)| known(codes).then_some(decimals))
        .ok_or(AmountError::UnsupportedCurrency)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_compared_not_texts() {
        // value, code, minor units
        let cases = [
            ("25.0", "USD", Ok(2_500)),
            ("25", "usd", Ok(2_500)),
            ("3000.00", "JPY", Ok(3_000)),
            ("9999", "HUF", Ok(999_900)),
            ("0", "USD", Ok(0)),
            ("9999.50", "HUF", Err(AmountError::TooPrecise)),
            ("25.005", "USD", Err(AmountError::TooPrecise)),
            ("-1.00", "USD", Err(AmountError::NotPositive)),
            ("1e3", "USD", Err(AmountError::Malformed)),
            ("99999999999999999999", "USD", Err(AmountError::TooLarge)),
            ("500000", "VND", Err(AmountError::UnsupportedCurrency)),
            ("1", "XXX", Err(AmountError::UnsupportedCurrency)),
        ];
        for (value, code, minor) in cases {
            assert_eq!(from_wire(value, code).map(|money| money.amount_minor), minor, "{value} {code}");
        }
    }
}

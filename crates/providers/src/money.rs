//! Money as gateways take it: whole smallest coins of a currency.
//!
//! [`Money`] is coarser than the ledger's `Amount`; the way between them, and from here to each gateway's wire form, is
//! exact or an error. Deliberately absent: arithmetic (the ledger's), exchange rates, minimums and caps (settings).

use ledger::{Amount, EXTRA_DECIMALS, Unit};
use thiserror::Error;

/// A sum of money in ISO 4217 minor units: ¥3000 is 3000 JPY, $25 is 2500 USD.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    /// Smallest coins, `10^-exponent` of the currency.
    pub amount_minor: i64,
    /// The currency; never `CREDIT` at a gateway.
    pub currency: Unit,
}

/// Why an amount has no exact form on the other side. Nothing is ever rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AmountError {
    /// The gateway does not take this currency.
    #[error("this gateway does not take the currency: choose another gateway or currency")]
    UnsupportedCurrency,
    /// Finer than the gateway, or our minor unit, can express.
    #[error("the amount is finer than can be expressed here: use a coarser amount")]
    TooPrecise,
    /// Zero or less where money must move, or less than zero in an answer.
    #[error("the amount must be more than zero")]
    NotPositive,
    /// Beyond the range of 64 bits.
    #[error("the amount is too large")]
    TooLarge,
    /// The gateway sent a text that is not a decimal number.
    #[error("the amount is not a decimal number")]
    Malformed,
}

impl Money {
    /// A ledger amount as whole smallest coins; [`AmountError::TooPrecise`] when a fraction of a coin is left.
    pub fn from_amount(amount: Amount, currency: Unit) -> Result<Money, AmountError> {
        let coin_units = 10_i64.pow(EXTRA_DECIMALS);
        match amount.units() % coin_units {
            0 => Ok(Money { amount_minor: amount.units() / coin_units, currency }),
            _ => Err(AmountError::TooPrecise),
        }
    }

    /// The same money at the precision of the ledger; [`AmountError::TooLarge`] beyond what an account can hold.
    pub fn to_amount(self) -> Result<Amount, AmountError> {
        self.currency.from_minor(self.amount_minor).ok_or(AmountError::TooLarge)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_coins_become_money() {
        // unit, decimal, minor units
        let cases = [
            ("USD", "25", Ok(2_500)),
            ("USD", "25.01", Ok(2_501)),
            ("USD", "25.001", Err(AmountError::TooPrecise)),
            ("JPY", "3000", Ok(3_000)),
            ("JPY", "3000.5", Err(AmountError::TooPrecise)),
            ("VND", "-500000", Ok(-500_000)),
            ("KWD", "5.123", Ok(5_123)),
        ];
        for (unit, decimal, minor) in cases {
            let unit = Unit::parse(unit).unwrap();
            let amount = unit.parse_amount(decimal).unwrap();
            let money = Money::from_amount(amount, unit);
            assert_eq!(money.map(|money| money.amount_minor), minor, "{decimal} {unit}");
            if let Ok(money) = money {
                assert_eq!(money.to_amount(), Ok(amount), "{decimal} {unit}");
            }
        }
        let usd = Unit::parse("USD").unwrap();
        assert_eq!(Money { amount_minor: i64::MAX, currency: usd }.to_amount(), Err(AmountError::TooLarge));
    }
}

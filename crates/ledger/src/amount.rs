//! Exact amounts of a unit.
//!
//! An [`Amount`] counts *ledger units*: 10^-(exponent + 6) of its unit, so that one token at $0.15 per million is a
//! whole number. It does not know its unit; [`Unit`](crate::Unit) parses and prints it. Arithmetic is checked:
//! nothing wraps, nothing rounds, there are no floats.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A signed number of ledger units (`10^-(exponent + 6)` of the unit).
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Amount(i64);

impl Amount {
    /// Nothing.
    pub const ZERO: Amount = Amount(0);
    /// The largest amount and the largest balance an account may hold: a quarter of the range of `i64`, so that sums
    /// of a few amounts cannot overflow before they are checked.
    pub const MAX: Amount = Amount(i64::MAX / 4);

    /// From a number of ledger units.
    pub const fn from_units(units: i64) -> Self {
        Amount(units)
    }

    /// The number of ledger units.
    pub const fn units(self) -> i64 {
        self.0
    }

    /// Whether this is nothing.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whether this is more than nothing.
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// Whether this is less than nothing.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// The sum, or `None` beyond ±[`Amount::MAX`].
    pub fn checked_add(self, other: Amount) -> Option<Amount> {
        self.0.checked_add(other.0).map(Amount).filter(|sum| sum.0.unsigned_abs() <= Self::MAX.0.unsigned_abs())
    }

    /// The difference, or `None` beyond ±[`Amount::MAX`].
    pub fn checked_sub(self, other: Amount) -> Option<Amount> {
        self.checked_add(Amount(other.0.checked_neg()?))
    }
}

impl Amount {
    /// How much of it belongs to `part` of `whole`, of which `before` were shared out before: each share ends where the
    /// next begins, rounded down, so that shares add up. `None`: the part reaches the end, and all that is left is its.
    /// `before`, `part` and `whole` count the same thing, such as minor units of a charge.
    pub fn share(self, before: i64, part: i64, whole: i64) -> Option<Amount> {
        let after = i128::from(before) + i128::from(part);
        if after >= i128::from(whole) || whole <= 0 {
            return None;
        }
        let up_to = |count: i128| i128::from(self.0) * count / i128::from(whole);
        i64::try_from(up_to(after) - up_to(before.into())).ok().map(Amount)
    }
}

/// Plain arithmetic panics instead of wrapping: states are bounded by [`Amount::MAX`], so a panic is a broken invariant.
impl std::ops::Add for Amount {
    type Output = Amount;
    fn add(self, other: Amount) -> Amount {
        Amount(self.0.checked_add(other.0).expect("amounts stay within Amount::MAX"))
    }
}

impl std::ops::Sub for Amount {
    type Output = Amount;
    fn sub(self, other: Amount) -> Amount {
        Amount(self.0.checked_sub(other.0).expect("amounts stay within Amount::MAX"))
    }
}

impl std::ops::Neg for Amount {
    type Output = Amount;
    fn neg(self) -> Amount {
        Amount(self.0.checked_neg().expect("amounts stay within Amount::MAX"))
    }
}

impl std::ops::AddAssign for Amount {
    fn add_assign(&mut self, other: Amount) {
        *self = *self + other;
    }
}

impl std::ops::SubAssign for Amount {
    fn sub_assign(&mut self, other: Amount) {
        *self = *self - other;
    }
}

impl std::iter::Sum for Amount {
    fn sum<I: Iterator<Item = Amount>>(amounts: I) -> Amount {
        amounts.fold(Amount::ZERO, |sum, amount| sum + amount)
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}u", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up() {
        // whole amount, parts of a charge of 10 in order, shares (None: the rest)
        type Row = (i64, &'static [i64], &'static [Option<i64>]);
        let table: [Row; 5] = [
            (1_000, &[10], &[None]),
            (1_000, &[3, 7], &[Some(300), None]),
            (7, &[1, 1, 1, 7], &[Some(0), Some(1), Some(1), None]),
            (7, &[5, 4, 1], &[Some(3), Some(3), None]),
            (Amount::MAX.0, &[9, 2], &[Some(Amount::MAX.0 / 10 * 9 + Amount::MAX.0 % 10 * 9 / 10), None]),
        ];
        for (units, parts, expected) in table {
            let mut before = 0;
            for (part, share) in parts.iter().zip(expected) {
                let got = Amount(units).share(before, *part, 10);
                assert_eq!(got, share.map(Amount), "{units}: {part} after {before}");
                before += part;
            }
        }
        assert_eq!(Amount(5).share(0, 1, 0), None, "of nothing");
    }
}

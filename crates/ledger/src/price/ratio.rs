//! Whole-number arithmetic written once for `u128` (the usual case) and `BigUint` (any price).

use std::fmt;

use bigdecimal::ToPrimitive;
use bigdecimal::num_traits::{CheckedAdd, CheckedMul, Num};
use num_bigint::BigUint;

/// Most digits after the point before a number is written as a fraction.
pub(super) const MAX_EXACT_DECIMALS: usize = 30;

/// What `u128` and `BigUint` have in common.
pub(super) trait Whole:
    Num + Clone + Ord + CheckedAdd + CheckedMul + ToPrimitive + From<u64> + fmt::Display
{
}
impl Whole for u128 {}
impl Whole for BigUint {}

/// The greatest common divisor; of zero and `b` it is `b`.
pub(super) fn gcd<T: Whole>(mut a: T, mut b: T) -> T {
    while !b.is_zero() {
        (a, b) = (b.clone(), a % b);
    }
    a
}

/// `numerator / denominator` as a whole number, a half upwards (which is away from zero: nothing here is negative).
pub(super) fn round_half_up<T: Whole>(numerator: T, denominator: &T) -> T {
    let quotient = numerator.clone() / denominator.clone();
    let remainder = numerator - quotient.clone() * denominator.clone();
    // Not `2 * remainder`, which could overflow.
    if remainder.clone() >= denominator.clone() - remainder { quotient + T::one() } else { quotient }
}

/// Writes `numerator / denominator` as the shortest plain decimal when it ends within [`MAX_EXACT_DECIMALS`], otherwise
/// as a fraction in lowest terms: `0.5775`, `77/120000`. `10 × denominator` must fit `T`.
pub(super) fn write_ratio<T: Whole>(out: &mut impl fmt::Write, numerator: T, denominator: T) -> fmt::Result {
    let ten = T::from(10);
    let whole = numerator.clone() / denominator.clone();
    let mut rest = numerator.clone() - whole.clone() * denominator.clone();
    let mut decimals = String::new();
    while !rest.is_zero() && decimals.len() < MAX_EXACT_DECIMALS {
        rest = rest * ten.clone();
        let digit = rest.clone() / denominator.clone();
        rest = rest - digit.clone() * denominator.clone();
        decimals.push(digit.to_u8().map_or('?', |digit| char::from(b'0' + digit)));
    }
    if !rest.is_zero() {
        let common = gcd(numerator.clone(), denominator.clone());
        return write!(out, "{}/{}", numerator / common.clone(), denominator / common);
    }
    let point = if decimals.is_empty() { "" } else { "." };
    write!(out, "{whole}{point}{decimals}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_round_half_away_from_zero() {
        // numerator, denominator, rounded
        let cases = [
            (0, 7, 0),
            (1, 2, 1),
            (3, 2, 2),
            (5, 2, 3),
            (1, 3, 0),
            (2, 3, 1),
            (4, 9, 0),
            (5, 9, 1),
            (7, 1, 7),
            (u128::MAX, 1, u128::MAX),
            (u128::MAX, 2, u128::MAX / 2 + 1),
        ];
        for (numerator, denominator, rounded) in cases {
            assert_eq!(round_half_up(numerator, &denominator), rounded, "{numerator}/{denominator}");
            let wide = round_half_up(BigUint::from(numerator), &BigUint::from(denominator));
            assert_eq!(wide, BigUint::from(rounded), "{numerator}/{denominator}");
        }
    }

    #[test]
    fn ratios_are_written_exactly() {
        let cases = [
            (0, 9, "0"),
            (6, 3, "2"),
            (1, 8, "0.125"),
            (2_079, 3_600, "0.5775"),
            (231, 360_000, "77/120000"),
            (1_000_001, 1_000_000, "1.000001"),
            (1, 10_u128.pow(30), "0.000000000000000000000000000001"),
            (10, 10_u128.pow(31) * 3, "1/3000000000000000000000000000000"),
            (1, 10_u128.pow(31), "1/10000000000000000000000000000000"),
        ];
        for (numerator, denominator, text) in cases {
            let (mut narrow, mut wide) = (String::new(), String::new());
            write_ratio(&mut narrow, numerator, denominator).unwrap();
            write_ratio(&mut wide, BigUint::from(numerator), BigUint::from(denominator)).unwrap();
            assert_eq!((narrow.as_str(), wide.as_str()), (text, text), "{numerator}/{denominator}");
        }
    }
}

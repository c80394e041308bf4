//! The pure rules of credits: amounts, lots, holds, burn-down, the hash chain.
//!
//! No I/O, no clock, no randomness, no floats.

mod amount;
pub mod price;
mod unit;

pub use amount::Amount;
pub use unit::{AmountError, EXTRA_DECIMALS, Unit};

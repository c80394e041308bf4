//! PayPal: amounts so far.

pub mod amount;

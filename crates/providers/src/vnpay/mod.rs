//! VNPay: amounts so far.

pub mod amount;

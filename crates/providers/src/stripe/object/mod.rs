//! Stripe's objects as far as we read them.
//!
//! Parsed leniently: only `id` and, where a decision hangs on it, `status` must be there; unknown fields and values are
//! fine, because an endpoint's notices keep the shape of the day they were made. Deliberately absent: everything about
//! cards beyond what a person needs to tell them apart.

mod charge;
mod customer;
mod dispute;
mod fields;
mod intent;
mod refund;

use serde::Deserialize;

pub use charge::Charge;
pub use customer::{Card, Customer, SetupIntent};
pub use dispute::Dispute;
pub use intent::{Intent, IntentStatus, PaymentError};
pub use refund::Refund;

/// One page of a list, newest first.
#[derive(Debug, Deserialize)]
pub(crate) struct Page<T> {
    pub data: Vec<T>,
    #[serde(default)]
    pub has_more: bool,
}

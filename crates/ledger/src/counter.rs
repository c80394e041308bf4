//! Counter-accounts: the other side of what an account gains and loses.

use serde::{Deserialize, Serialize};

use crate::Amount;

/// The other side of a movement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counter {
    /// Nothing moves across the account's border.
    None,
    /// Money that Stripe took, less what it gave back.
    #[serde(rename = "clearing:stripe")]
    ClearingStripe,
    /// Money that PayPal took, less what it gave back.
    #[serde(rename = "clearing:paypal")]
    ClearingPaypal,
    /// Money that VNPay took, less what it gave back.
    #[serde(rename = "clearing:vnpay")]
    ClearingVnpay,
    /// Given away: manual grants, vouchers, plans, adjustments, voids of these.
    Promotion,
    /// Spent on services.
    Usage,
    /// Expired unused; a clawback takes it from here.
    Breakage,
    /// For money given back by another way than it came.
    Refund,
    /// Owed to us: top-ups that an operator books without a gateway.
    Receivable,
    /// Balances brought in when an account is set up.
    Opening,
}

impl Counter {
    /// Every counter-account, in the order of their tags.
    pub const ALL: [Counter; 10] = [
        Counter::None,
        Counter::ClearingStripe,
        Counter::ClearingPaypal,
        Counter::ClearingVnpay,
        Counter::Promotion,
        Counter::Usage,
        Counter::Breakage,
        Counter::Refund,
        Counter::Receivable,
        Counter::Opening,
    ];

    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Counter::None => "none",
            Counter::ClearingStripe => "clearing:stripe",
            Counter::ClearingPaypal => "clearing:paypal",
            Counter::ClearingVnpay => "clearing:vnpay",
            Counter::Promotion => "promotion",
            Counter::Usage => "usage",
            Counter::Breakage => "breakage",
            Counter::Refund => "refund",
            Counter::Receivable => "receivable",
            Counter::Opening => "opening",
        }
    }
}

/// A signed movement of a counter-account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CounterPosting {
    /// Which one.
    pub counter: Counter,
    /// What it gains; negative when it gives.
    pub amount: Amount,
}

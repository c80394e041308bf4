//! Why a command is refused. A refusal changes nothing and is not stored.

use thiserror::Error;

use crate::Amount;

/// Why a command is refused; the code is what callers match on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Rejection {
    /// The credits that may pay for this do not suffice.
    #[error("not enough credits")]
    InsufficientCredits {
        /// What may be spent on it: free credits, and room below zero where the policy allows it.
        available: Amount,
        /// What was asked for.
        required: Amount,
    },
    /// The account is closed.
    #[error("the account is closed; reopen it first")]
    AccountClosed,
    /// The account had its first transaction already.
    #[error("the account exists already")]
    AlreadyOpen,
    /// An amount that must be more than nothing is not.
    #[error("amount must be more than zero")]
    AmountNotPositive,
    /// The balance would go beyond [`Amount::MAX`].
    #[error("amount is too large for this account")]
    AmountTooLarge,
    /// A limit that must not be negative is.
    #[error("overdraft_limit must not be negative")]
    LimitNegative,
    /// A lot would expire before it counts, or before now.
    #[error("expires_at must be later than now and later than effective_at")]
    ExpiryTooEarly,
    /// A hold's life is out of range.
    #[error("ttl_seconds must be between 1 and 604800")]
    TtlOutOfRange,
    /// No open hold has this number.
    #[error("the hold is not open: it was captured, released or ran out")]
    HoldNotOpen,
    /// A capture asks for more than the hold.
    #[error("amount is more than the hold; choose overrun \"cap\" or \"overdraw\" to allow it")]
    CaptureExceedsHold {
        /// What is held.
        held: Amount,
    },
    /// No lot has this number.
    #[error("the account has no such lot")]
    LotNotFound,
    /// The lot has expired or was voided.
    #[error("the lot has expired or was voided")]
    LotEnded,
    /// No transaction has this number.
    #[error("the account has no such entry")]
    EntryNotFound,
    /// The entry is of another kind than those that can be taken back so.
    #[error("only a debit or a capture can be reversed, a grant clawed back, a clawback reinstated")]
    NotReversible,
    /// More than what is left of the entry.
    #[error("amount is more than what is not taken back yet")]
    ReversalTooLarge {
        /// What is not taken back yet.
        reversible: Amount,
    },
}

impl Rejection {
    /// The stable code callers match on.
    pub const fn code(&self) -> &'static str {
        match self {
            Rejection::InsufficientCredits { .. } => "insufficient_credits",
            Rejection::AccountClosed => "account_closed",
            Rejection::AlreadyOpen => "account_exists",
            Rejection::AmountNotPositive => "amount_not_positive",
            Rejection::AmountTooLarge => "amount_too_large",
            Rejection::LimitNegative => "overdraft_limit_negative",
            Rejection::ExpiryTooEarly => "expiry_too_early",
            Rejection::TtlOutOfRange => "ttl_out_of_range",
            Rejection::HoldNotOpen => "hold_not_open",
            Rejection::CaptureExceedsHold { .. } => "capture_exceeds_hold",
            Rejection::LotNotFound => "lot_not_found",
            Rejection::LotEnded => "lot_ended",
            Rejection::EntryNotFound => "entry_not_found",
            Rejection::NotReversible => "not_reversible",
            Rejection::ReversalTooLarge { .. } => "reversal_too_large",
        }
    }
}

//! Buying credits.
//!
//! [`begin`] opens a payment that a person makes at a gateway, [`purchase`] charges saved cards, [`take_notice`] takes
//! what gateways tell, [`reconcile`] asks what they did not tell. All of them meet in one judgement of what was seen at the
//! gateway and one settlement. Invariants:
//! * Credits come only with a verified notice or our own question to the gateway, never with a browser's return.
//! * Grant and payment are one transaction, once per payment, whoever comes first and however often.
//! * A payment only moves forward ([`State`]); while an outcome is unknown nothing else is charged.
//! * Money that is not exactly what was asked is never credited by itself.
//! * Every decision is a guarded write: no process remembers anything about a payment, so any number of nodes may take
//!   part, and one that was stopped in the middle finds the door closed.

mod begin;
mod brakes;
mod cards;
mod charge;
mod clearing;
mod compare;
mod dispute;
mod gateways;
pub(crate) mod instalments;
mod judge;
mod notice;
mod payment;
mod purchase;
mod reconcile;
mod refund;
mod settle;
mod state;
mod story;
mod take_back;
mod unmatched;

pub use begin::{Beginning, Begun, Consented, begin};
pub(crate) use cards::customer;
pub use cards::{SavedCard, Saving, begin_saving, cards, remove_card, set_default_card};
pub use clearing::{Cleared, Clearing, check_clearing};
pub use compare::{Comparison, Unmatched, compare, compare_due, run_comparisons};
pub use dispute::{Dispute, disputes};
pub use gateways::Topups;
pub use notice::{NoticeError, Taken, take_notice};
pub use payment::{Details, METHODS, Payment, PaymentFilter, Purpose};
pub use providers::Money;
pub use providers::gateway::{Instrument, Next};
pub use providers::vnpay::{IpnAnswer, message_group};
pub use purchase::{Purchase, Purchased, Refused, buyer, purchase};
pub use reconcile::{Round, check_now, reconcile, run};
pub use refund::{MAX_REFUND_REASON_CHARS, Refund, RefundRequest, reconcile_refunds, refund, refunds};
pub(crate) use settle::clearing;
pub use state::{Answer, State};
pub use story::{NoticeSummary, Step, notices, raw_notice, steps};
pub use unmatched::{After, MAX_RESOLUTION_CHARS, comparisons, resolve, unmatched};

use crate::{Engine, Error, Result};

/// A payment by its id, whosever it is.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn payment(engine: &Engine, id: &str) -> Result<Payment> {
    Payment::find_by_id(engine.store(), id).await?.ok_or(Error::NotFound("payment"))
}

/// Payments of an account, newest first: those after the one with id `after`, at most `limit`.
pub async fn payments(engine: &Engine, account_id: &str, after: Option<&str>, limit: usize) -> Result<Vec<Payment>> {
    payments_that(engine, account_id, &PaymentFilter::default(), after, limit).await
}

/// Those of them that pass a filter.
pub async fn payments_that(
    engine: &Engine,
    account_id: &str,
    filter: &PaymentFilter,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<Payment>> {
    // "pay_g" is greater than every id, in any collation: ids are `pay_` and hexadecimal digits.
    Payment::page(engine.store(), account_id, filter, after.unwrap_or("pay_g"), limit).await
}

/// Payments of an account that may still bring credits, oldest first.
pub async fn unsettled(engine: &Engine, account_id: &str) -> Result<Vec<Payment>> {
    Payment::unsettled(engine.store(), account_id).await
}

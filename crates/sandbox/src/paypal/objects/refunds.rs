//! Refunds by the API and from outside, and reversals, which are refunds that PayPal or a bank forces.
//!
//! Invariant: what is taken back of a capture, pending refunds included, never exceeds it.

use serde::Serialize;
use serde_json::{Value, json};

use super::captures::{self, Capture, CaptureStatus};
use super::order_request::check_text;
use crate::paypal::currency::Money;
use crate::paypal::error::ApiError;
use crate::paypal::fate::Fate;
use crate::paypal::request::{Call, Done};
use crate::paypal::store::{Store, link, time_text};

/// After so long a capture cannot be refunded by the API, in seconds.
const TIME_LIMIT_S: i64 = 180 * 86_400;

/// Where a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum RefundStatus {
    Cancelled,
    Completed,
    Failed,
    Pending,
}

/// A refund, or a reversal.
#[derive(Debug, Clone)]
pub(crate) struct Refund {
    pub id: String,
    pub capture_id: String,
    pub money: Money,
    pub status: RefundStatus,
    /// Why it is pending.
    pub reason: Option<String>,
    /// Forced by PayPal or a bank.
    pub reversal: bool,
    pub custom_id: Option<String>,
    pub invoice_id: Option<String>,
    pub note: Option<String>,
    pub created_s: i64,
    pub updated_s: i64,
    /// What was taken back of the capture, this included, in the smallest unit.
    pub total_minor: i64,
}

impl Refund {
    /// Money moved, or still may.
    pub fn is_alive(&self) -> bool {
        matches!(self.status, RefundStatus::Completed | RefundStatus::Pending)
    }
}

/// `POST /v2/payments/captures/{id}/refund`.
pub(crate) fn create(store: &mut Store, call: &Call) -> Result<Done, ApiError> {
    let capture = captures::named(store, &call.id)?;
    for (name, longest) in [("note_to_payer", 255), ("custom_id", 127), ("invoice_id", 127)] {
        check_text(&call.body[name], &format!("/{name}"), longest)?;
    }
    refundable(store, &capture)?;
    let amount = &call.body["amount"];
    let money = if amount.is_null() { None } else { Some(Money::read(amount, "/amount")?) };
    if money.is_some_and(|money| money.currency != capture.money.currency) {
        let error = ApiError::issue("REFUND_CAPTURE_CURRENCY_MISMATCH", "A refund has the currency of its capture.");
        return Err(error.at("/amount/currency_code", &amount["currency_code"]));
    }
    let text = |name: &str| call.body[name].as_str().map(str::to_owned);
    let invoice_id = text("invoice_id");
    if invoice_id.is_some() && store.refunds.iter().any(|other| other.invoice_id == invoice_id && other.is_alive()) {
        return Err(ApiError::issue("DUPLICATE_INVOICE_ID", "Another refund has this invoice_id."));
    }
    let words = Words { custom_id: text("custom_id"), invoice_id, note: text("note_to_payer") };
    let refund = refund(store, capture, money.map(|money| money.minor), words)?;
    Ok(Done::created(refund.show(store)).preferred(call, &["id", "status", "links"]))
}

/// `GET /v2/payments/refunds/{id}`.
pub(crate) fn retrieve(store: &mut Store, call: &Call) -> Result<Done, ApiError> {
    let refund = store.refunds.get(&call.id).ok_or_else(|| ApiError::no_such("refund"))?;
    Ok(Done::ok(refund.show(store)))
}

/// What a refund says, besides its amount.
#[derive(Debug, Default)]
pub(crate) struct Words {
    pub custom_id: Option<String>,
    pub invoice_id: Option<String>,
    pub note: Option<String>,
}

/// Refunds a capture in part or, with `None`, in what is left, as the script has it: `PAYMENT.CAPTURE.REFUNDED`,
/// `PAYMENT.REFUND.PENDING` or `PAYMENT.REFUND.FAILED`.
///
/// # Errors
/// 422 beyond what is left, and for a scripted refusal.
pub(crate) fn refund(
    store: &mut Store,
    capture: Capture,
    amount_minor: Option<i64>,
    words: Words,
) -> Result<Refund, ApiError> {
    check_amount(&capture, amount_minor)?;
    let (status, reason) = match store.next_refunds.pop_front().unwrap_or(Fate::Complete) {
        Fate::Complete => (RefundStatus::Completed, None),
        Fate::Pending { reason } => (RefundStatus::Pending, Some(reason)),
        Fate::Declined => (RefundStatus::Cancelled, None),
        Fate::Failed => (RefundStatus::Failed, None),
        Fate::Refused { issue } => return Err(ApiError::issue(&issue, "The refund was refused; no money moved.")),
    };
    let refund = take_back(store, capture, amount_minor, words, (status, reason), false);
    let shown = refund.show(store);
    match refund.status {
        RefundStatus::Completed => store.emit("PAYMENT.CAPTURE.REFUNDED", &refund.id, shown),
        RefundStatus::Pending => store.emit("PAYMENT.REFUND.PENDING", &refund.id, shown),
        RefundStatus::Failed => store.emit("PAYMENT.REFUND.FAILED", &refund.id, shown),
        RefundStatus::Cancelled => {}
    }
    Ok(refund)
}

/// PayPal or a bank takes money back: `PAYMENT.CAPTURE.REVERSED`.
///
/// # Errors
/// 404; 422 when nothing was taken or beyond what is left.
pub(crate) fn reverse(store: &mut Store, capture_id: &str, amount_minor: Option<i64>) -> Result<Value, ApiError> {
    let capture = captures::named(store, capture_id)?;
    paid(&capture)?;
    check_amount(&capture, amount_minor)?;
    let done = (RefundStatus::Completed, None);
    let refund = take_back(store, capture, amount_minor, Words::default(), done, true);
    let shown = refund.show(store);
    store.emit("PAYMENT.CAPTURE.REVERSED", &refund.id, shown.clone());
    Ok(shown)
}

/// A refund that the shop's owner makes on PayPal's own site.
///
/// # Errors
/// As by the API.
pub(crate) fn refund_outside(
    store: &mut Store,
    capture_id: &str,
    amount_minor: Option<i64>,
) -> Result<Value, ApiError> {
    let capture = captures::named(store, capture_id)?;
    refundable(store, &capture)?;
    Ok(refund(store, capture, amount_minor, Words::default())?.show(store))
}

/// Ends a pending refund, or fails one: a refund can fail after it had succeeded, and the money is the shop's again.
///
/// # Errors
/// 404; 422 when nothing is left to settle.
pub(crate) fn settle(store: &mut Store, id: &str, succeeded: bool) -> Result<Value, ApiError> {
    let mut refund = store.refunds.get(id).cloned().ok_or_else(|| ApiError::no_such("refund"))?;
    if !refund.is_alive() || (succeeded && refund.status != RefundStatus::Pending) {
        return Err(ApiError::issue("NOT_PENDING", "Nothing is left to settle about this refund."));
    }
    refund.status = if succeeded { RefundStatus::Completed } else { RefundStatus::Failed };
    refund.reason = None;
    refund.updated_s = store.now();
    if let Some(capture) = store.captures.get_mut(&refund.capture_id).filter(|_| !succeeded) {
        capture.take(-refund.money.minor, refund.updated_s);
    }
    store.refunds.put(id, refund.clone());
    let shown = refund.show(store);
    store.emit(if succeeded { "PAYMENT.CAPTURE.REFUNDED" } else { "PAYMENT.REFUND.FAILED" }, id, shown.clone());
    Ok(shown)
}

fn refundable(store: &Store, capture: &Capture) -> Result<(), ApiError> {
    paid(capture)?;
    let disputes = || store.disputes.iter().filter(|dispute| dispute.capture_id == capture.id);
    if disputes().any(|dispute| dispute.has_taken_money()) {
        let text = "The money was charged back; it cannot be refunded, too.";
        return Err(ApiError::issue("REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK", text));
    }
    if disputes().any(|dispute| dispute.is_open()) {
        return Err(ApiError::issue("TRANSACTION_DISPUTED", "There is an open case; settle it there."));
    }
    if store.now() - capture.created_s > TIME_LIMIT_S {
        return Err(ApiError::issue("REFUND_TIME_LIMIT_EXCEEDED", "The capture is older than 180 days."));
    }
    Ok(())
}

fn paid(capture: &Capture) -> Result<(), ApiError> {
    match capture.status {
        CaptureStatus::Pending => Err(ApiError::issue("PENDING_CAPTURE", "The capture is still pending.")),
        CaptureStatus::Declined | CaptureStatus::Failed => {
            Err(ApiError::issue("REFUND_NOT_ALLOWED", "The capture took no money."))
        }
        CaptureStatus::Refunded => {
            Err(ApiError::issue("CAPTURE_FULLY_REFUNDED", "The capture has been refunded already."))
        }
        CaptureStatus::Completed | CaptureStatus::PartiallyRefunded => Ok(()),
    }
}

fn check_amount(capture: &Capture, amount_minor: Option<i64>) -> Result<(), ApiError> {
    match amount_minor {
        Some(minor) if minor < 1 => Err(ApiError::issue("CANNOT_BE_ZERO_OR_NEGATIVE", "The amount must be positive.")),
        Some(minor) if minor > capture.left_minor() => {
            let left = capture.money.with(capture.left_minor()).value();
            let error = ApiError::issue("REFUND_AMOUNT_EXCEEDED", &format!("Only {left} is left of the capture."));
            Err(error.at("/amount/value", &capture.money.with(minor).value().into()))
        }
        _ => Ok(()),
    }
}

fn take_back(
    store: &mut Store,
    mut capture: Capture,
    amount_minor: Option<i64>,
    words: Words,
    (status, reason): (RefundStatus, Option<String>),
    reversal: bool,
) -> Refund {
    let now_s = store.now();
    let minor = amount_minor.unwrap_or(capture.left_minor());
    if matches!(status, RefundStatus::Completed | RefundStatus::Pending) {
        capture.take(minor, now_s);
        store.captures.put(&capture.id, capture.clone());
    }
    let refund = Refund {
        id: store.id(),
        capture_id: capture.id,
        money: capture.money.with(minor),
        status,
        reason,
        reversal,
        custom_id: words.custom_id.or(capture.custom_id),
        invoice_id: words.invoice_id,
        note: words.note,
        created_s: now_s,
        updated_s: now_s,
        total_minor: capture.taken_minor,
    };
    store.refunds.put(&refund.id, refund.clone());
    refund
}

impl Refund {
    /// The refund as the API answers it.
    pub fn show(&self, store: &Store) -> Value {
        let url = &store.url;
        let (zero, total) = (self.money.with(0), self.money.with(self.total_minor));
        let mut shown = json!({
            "id": self.id, "status": self.status, "amount": self.money.show(),
            "seller_payable_breakdown": {
                "gross_amount": self.money.show(), "paypal_fee": zero.show(), "net_amount": self.money.show(),
                "total_refunded_amount": total.show(),
            },
            "create_time": time_text(self.created_s), "update_time": time_text(self.updated_s),
            "links": [
                link(format!("{url}/v2/payments/refunds/{}", self.id), "self", "GET"),
                link(format!("{url}/v2/payments/captures/{}", self.capture_id), "up", "GET"),
            ],
        });
        let capture = store.captures.get(&self.capture_id);
        let invoice_id = self.invoice_id.as_ref().or(capture.and_then(|capture| capture.invoice_id.as_ref()));
        let texts =
            [("custom_id", self.custom_id.as_ref()), ("invoice_id", invoice_id), ("note_to_payer", self.note.as_ref())];
        for (name, text) in texts {
            if let Some(text) = text {
                shown[name] = text.as_str().into();
            }
        }
        if let Some(reason) = &self.reason {
            shown["status_details"] = json!({ "reason": reason });
        }
        shown
    }
}

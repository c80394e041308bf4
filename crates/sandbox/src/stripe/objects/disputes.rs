//! Disputes: opened by a card or a control call, never by the API.

use serde_json::Value;

use super::{charges, lists};
use crate::stripe::error::ApiError;
use crate::stripe::http::Call;
use crate::stripe::store::{Store, text};

/// What the bank takes for a dispute, in the smallest unit, whatever the currency.
const DISPUTE_FEE_MINOR: i64 = 1500;

/// `GET /v1/disputes`, with `charge`, `payment_intent` and `created`.
pub(crate) fn list(store: &mut Store, call: &Call) -> Result<Value, ApiError> {
    lists::page(store, call, "dispute", "/v1/disputes", &["charge", "payment_intent"], |_| true)
}

/// `GET /v1/disputes/{id}`.
pub(crate) fn retrieve(store: &mut Store, call: &Call) -> Result<Value, ApiError> {
    store.named_by_path("dispute", &call.id)
}

/// Opens a dispute of `amount_minor`, or of what the charge took; an inquiry moves no money.
pub(crate) fn open(
    store: &mut Store,
    mut charge: Value,
    amount_minor: Option<i64>,
    reason: &str,
    inquiry: bool,
) -> Value {
    let mut dispute = store.draft("dispute", "dp");
    dispute["amount"] = amount_minor.map_or_else(|| charge["amount"].clone(), Value::from);
    dispute["charge"] = charge["id"].clone();
    for field in ["currency", "payment_intent"] {
        dispute[field] = charge[field].clone();
    }
    dispute["reason"] = reason.into();
    dispute["status"] = if inquiry { "warning_needs_response" } else { "needs_response" }.into();
    dispute["is_charge_refundable"] = inquiry.into();
    dispute["evidence_details"]["due_by"] = (store.now() + 7 * 86_400).into();
    let card = &mut dispute["payment_method_details"]["card"];
    card["case_type"] = if inquiry { "inquiry" } else { "chargeback" }.into();
    charge["disputed"] = true.into();
    store.put(&charge);
    store.put(&dispute);
    store.emit("charge.dispute.created", &dispute);
    dispute
}

/// The money leaves.
pub(crate) fn withdraw(store: &mut Store, dispute: Value) -> Value {
    let amount_minor = dispute["amount"].as_i64().unwrap_or(0);
    let mut dispute = book(store, dispute, -amount_minor, DISPUTE_FEE_MINOR);
    dispute["is_charge_refundable"] = false.into();
    store.put(&dispute);
    store.emit("charge.dispute.funds_withdrawn", &dispute);
    dispute
}

/// Evidence went to the bank.
pub(crate) fn submit(store: &mut Store, mut dispute: Value) -> Value {
    let inquiry = text(&dispute, "status").starts_with("warning_");
    dispute["status"] = if inquiry { "warning_under_review" } else { "under_review" }.into();
    dispute["evidence_details"]["has_evidence"] = true.into();
    store.put(&dispute);
    store.emit("charge.dispute.updated", &dispute);
    dispute
}

/// Ends a dispute; won after a withdrawal, the money comes back.
pub(crate) fn close(store: &mut Store, mut dispute: Value, won: bool) -> Value {
    let inquiry = text(&dispute, "status").starts_with("warning_");
    let withdrawn = dispute["balance_transactions"].as_array().is_some_and(|moved| moved.len() == 1);
    dispute["status"] = match (inquiry && !withdrawn, won) {
        (true, _) => "warning_closed",
        (false, true) => "won",
        (false, false) => "lost",
    }
    .into();
    if won && withdrawn {
        let amount_minor = dispute["amount"].as_i64().unwrap_or(0);
        dispute = book(store, dispute, amount_minor, 0);
        store.put(&dispute);
        store.emit("charge.dispute.funds_reinstated", &dispute);
    }
    store.put(&dispute);
    store.emit("charge.dispute.closed", &dispute);
    dispute
}

/// Whether the dispute can still change.
pub(crate) fn is_open(dispute: &Value) -> bool {
    !matches!(text(dispute, "status").as_str(), "won" | "lost" | "warning_closed" | "prevented")
}

fn book(store: &mut Store, mut dispute: Value, amount_minor: i64, fee_minor: i64) -> Value {
    let id = charges::book(store, &dispute, "adjustment", amount_minor, fee_minor);
    let transaction = id.as_str().and_then(|id| store.get(id)).cloned().unwrap_or_default();
    if let Some(moved) = dispute["balance_transactions"].as_array_mut() {
        moved.push(transaction);
    }
    dispute
}

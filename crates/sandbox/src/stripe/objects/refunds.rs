//! Refunds.

use serde_json::Value;

use super::{charges, lists};
use crate::stripe::cards::{Aftermath, Behaviour};
use crate::stripe::error::ApiError;
use crate::stripe::http::Call;
use crate::stripe::store::{Store, assign, merge_metadata, text};

/// `POST /v1/refunds` of a charge or of an intent's charge; without `amount` all that is left.
pub(crate) fn create(store: &mut Store, call: &Call) -> Result<Value, ApiError> {
    let params = &call.params;
    let charge = charge_to_refund(store, params)?;
    let left_minor = int(&charge, "amount") - int(&charge, "amount_refunded");
    if charge["refunded"] == true || left_minor <= 0 {
        let message = format!("Charge {} has already been refunded.", text(&charge, "id"));
        return Err(ApiError::invalid(message).code("charge_already_refunded"));
    }
    if charge["disputed"] == true && !refundable(store, &charge) {
        let message = format!("Charge {} has been charged back; cannot issue a refund.", text(&charge, "id"));
        return Err(ApiError::invalid(message).code("charge_disputed"));
    }
    let amount_minor = params["amount"].as_i64().unwrap_or(left_minor);
    if amount_minor < 1 {
        let message = "Invalid positive integer";
        return Err(ApiError::invalid(message).code("parameter_invalid_integer").param("amount"));
    }
    if amount_minor > left_minor {
        let message =
            format!("Refund amount ({amount_minor}) is greater than unrefunded amount on charge ({left_minor}).");
        return Err(ApiError::invalid(message).param("amount"));
    }
    let mut refund = store.draft("refund", "re");
    for field in ["currency", "payment_intent", "customer", "payment_method"] {
        refund[field] = charge[field].clone();
    }
    refund["charge"] = charge["id"].clone();
    refund["amount"] = amount_minor.into();
    assign(&mut refund, params, &["reason"]);
    merge_metadata(&mut refund, params)?;
    let saved = store.card_of(&text(&charge, "payment_method"));
    let slow = saved.is_some_and(|saved| saved.card.behaviour == Behaviour::PaysThen(Aftermath::SlowRefund));
    refund["status"] = if slow { "pending" } else { "succeeded" }.into();
    refund["balance_transaction"] = charges::book(store, &refund, "refund", -amount_minor, 0);
    store.put(&refund);
    let charge = add_refunded(store, charge, amount_minor);
    store.emit("refund.created", &refund);
    store.emit("charge.refunded", &charge);
    Ok(refund)
}

/// `GET /v1/refunds`, with `charge`, `payment_intent` and `created`.
pub(crate) fn list(store: &mut Store, call: &Call) -> Result<Value, ApiError> {
    lists::page(store, call, "refund", "/v1/refunds", &["charge", "payment_intent"], |_| true)
}

/// `GET /v1/refunds/{id}`.
pub(crate) fn retrieve(store: &mut Store, call: &Call) -> Result<Value, ApiError> {
    store.named_by_path("refund", &call.id)
}

/// Ends a pending refund well, or fails one: a refund can fail after it had succeeded, and the money
/// is then the merchant's again.
///
/// # Errors
/// 404 for an unknown refund, 400 for one that has failed or has nothing to settle.
pub(crate) fn settle(store: &mut Store, id: &str, succeeded: bool) -> Result<Value, ApiError> {
    let mut refund = store.named_by_path("refund", id)?;
    let status = text(&refund, "status");
    if status == "failed" || (succeeded && status != "pending") {
        return Err(ApiError::invalid(format!("This refund is {status}: nothing is left to settle.")));
    }
    if succeeded {
        refund["status"] = "succeeded".into();
        store.put(&refund);
        tell_updated(store, &refund);
        return Ok(refund);
    }
    let amount_minor = int(&refund, "amount");
    refund["status"] = "failed".into();
    refund["failure_reason"] = "lost_or_stolen_card".into();
    refund["failure_balance_transaction"] = charges::book(store, &refund, "refund_failure", amount_minor, 0);
    store.put(&refund);
    if let Some(charge) = store.get(&text(&refund, "charge")).cloned() {
        add_refunded(store, charge, -amount_minor);
    }
    tell_updated(store, &refund);
    store.emit("refund.failed", &refund);
    Ok(refund)
}

/// Under its present and its former name: two notices, one fact.
fn tell_updated(store: &mut Store, refund: &Value) {
    store.emit("refund.updated", refund);
    store.emit("charge.refund.updated", refund);
}

fn charge_to_refund(store: &Store, params: &Value) -> Result<Value, ApiError> {
    let charge = match (params["charge"].as_str(), params["payment_intent"].as_str()) {
        (Some(id), None) => store.named_by_param("charge", id, "charge")?,
        (None, Some(id)) => {
            let intent = store.named_by_param("payment_intent", id, "payment_intent")?;
            let charge = store.get(&text(&intent, "latest_charge")).cloned();
            charge.ok_or_else(|| ApiError::invalid("This PaymentIntent has no successful charge to refund."))?
        }
        _ => return Err(ApiError::invalid("Send either `charge` or `payment_intent`.")),
    };
    if charge["status"] == "succeeded" {
        return Ok(charge);
    }
    Err(ApiError::invalid("This charge did not succeed: there is nothing to refund."))
}

fn refundable(store: &Store, charge: &Value) -> bool {
    store
        .newest_first("dispute")
        .any(|dispute| dispute["charge"] == charge["id"] && dispute["is_charge_refundable"] == true)
}

fn add_refunded(store: &mut Store, mut charge: Value, amount_minor: i64) -> Value {
    let total_minor = int(&charge, "amount_refunded") + amount_minor;
    charge["amount_refunded"] = total_minor.into();
    charge["refunded"] = (total_minor == int(&charge, "amount")).into();
    store.put(&charge);
    charge
}

fn int(object: &Value, field: &str) -> i64 {
    object[field].as_i64().unwrap_or(0)
}

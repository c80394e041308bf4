//! Charges and their balance transactions.

use serde_json::{Value, json};

use super::lists;
use crate::stripe::cards::Decline;
use crate::stripe::error::ApiError;
use crate::stripe::http::Call;
use crate::stripe::store::{Store, text};

/// The fee that balance transactions show, in thousandths of the amount, rounded down.
const FEE_PER_MILLE: i64 = 36;

/// `GET /v1/charges`, with `customer`, `payment_intent` and `created`.
pub(crate) fn list(store: &mut Store, call: &Call) -> Result<Value, ApiError> {
    let fields = ["customer", "payment_intent", "transfer_group"];
    lists::page(store, call, "charge", "/v1/charges", &fields, |_| true)
}

/// `GET /v1/charges/{id}`.
pub(crate) fn retrieve(store: &mut Store, call: &Call) -> Result<Value, ApiError> {
    store.named_by_path("charge", &call.id)
}

/// `GET /v1/balance_transactions/{id}`.
pub(crate) fn retrieve_balance_transaction(store: &mut Store, call: &Call) -> Result<Value, ApiError> {
    store.named_by_path("balance_transaction", &call.id)
}

/// A pending charge of an intent by its payment method.
pub(crate) fn open(store: &mut Store, intent: &Value) -> Value {
    let mut charge = store.draft("charge", "ch");
    for field in [
        "amount",
        "currency",
        "customer",
        "description",
        "metadata",
        "payment_method",
        "receipt_email",
        "statement_descriptor_suffix",
    ] {
        charge[field] = intent[field].clone();
    }
    charge["payment_intent"] = intent["id"].clone();
    if let Some(method) = store.get(&text(intent, "payment_method")).cloned() {
        charge["billing_details"] = method["billing_details"].clone();
        let details = &mut charge["payment_method_details"]["card"];
        for field in ["brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4"] {
            details[field] = method["card"][field].clone();
        }
        details["network"] = method["card"]["brand"].clone();
        details["overcapture"]["maximum_amount_capturable"] = intent["amount"].clone();
    }
    store.put(&charge);
    charge
}

/// The bank paid.
pub(crate) fn succeed(store: &mut Store, mut charge: Value) -> Value {
    charge["status"] = "succeeded".into();
    charge["paid"] = true.into();
    charge["captured"] = true.into();
    charge["amount_captured"] = charge["amount"].clone();
    charge["outcome"] = outcome("approved_by_network", "authorized", "Payment complete.");
    let amount_minor = charge["amount"].as_i64().unwrap_or(0);
    let fee_minor = amount_minor.saturating_mul(FEE_PER_MILLE) / 1000;
    charge["balance_transaction"] = book(store, &charge, "charge", amount_minor, fee_minor);
    store.put(&charge);
    charge
}

/// The bank, or Stripe's screening, refused.
pub(crate) fn fail(store: &mut Store, mut charge: Value, decline: &Decline) -> Value {
    charge["status"] = "failed".into();
    charge["failure_code"] = decline.code.into();
    charge["failure_message"] = decline.message.into();
    charge["outcome"] = match decline.blocked {
        true => outcome("not_sent_to_network", "blocked", "Stripe blocked this payment."),
        false => outcome("declined_by_network", "issuer_declined", "The bank refused this payment."),
    };
    charge["outcome"]["reason"] = decline.decline_code.unwrap_or(decline.code).into();
    charge["outcome"]["advice_code"] = json!(decline.advice_code);
    store.put(&charge);
    charge
}

fn outcome(network_status: &str, kind: &str, seller_message: &str) -> Value {
    json!({
        "advice_code": null, "network_advice_code": null, "network_decline_code": null,
        "network_status": network_status, "reason": null, "risk_level": "normal",
        "seller_message": seller_message, "type": kind,
    })
}

/// Books a movement of money and gives back the id of its balance transaction.
/// `amount_minor` is negative for money that leaves.
pub(crate) fn book(store: &mut Store, source: &Value, kind: &str, amount_minor: i64, fee_minor: i64) -> Value {
    let mut transaction = store.draft("balance_transaction", "txn");
    transaction["amount"] = amount_minor.into();
    transaction["fee"] = fee_minor.into();
    transaction["net"] = amount_minor.saturating_sub(fee_minor).into();
    transaction["currency"] = source["currency"].clone();
    transaction["description"] = source["description"].clone();
    transaction["source"] = source["id"].clone();
    transaction["type"] = kind.into();
    transaction["reporting_category"] = if kind == "adjustment" { "dispute".into() } else { kind.into() };
    transaction["available_on"] = store.now().into();
    if fee_minor > 0 {
        transaction["fee_details"] = json!([{
            "amount": fee_minor, "application": null, "currency": source["currency"],
            "description": "Stripe processing fees", "type": "stripe_fee",
        }]);
    }
    store.put(&transaction);
    transaction["id"].clone()
}

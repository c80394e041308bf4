//! Payment intents: the calls. What a confirmation does is in [`charging`].

use serde_json::{Value, json};

use super::charging::{self, Presence, unexpected_state};
use super::{lists, payment_methods};
use crate::stripe::currency;
use crate::stripe::error::ApiError;
use crate::stripe::http::Call;
use crate::stripe::store::{Store, assign, merge_metadata, text};

const PLAIN: &[&str] = &[
    "allowed_payment_method_types",
    "description",
    "receipt_email",
    "setup_future_usage",
    "shipping",
    "statement_descriptor_suffix",
    "transfer_group",
];

/// States in which an intent can still be changed, confirmed or cancelled.
const OPEN: &[&str] = &["requires_payment_method", "requires_confirmation", "requires_action"];

/// `POST /v1/payment_intents`.
pub(crate) fn create(store: &mut Store, call: &Call) -> Result<Value, ApiError> {
    let params = &call.params;
    let confirm = params["confirm"] == true;
    check_confirm_parameters(params, confirm)?;
    check_texts(params)?;
    let amount_minor = params["amount"].as_i64().unwrap_or(0);
    let currency = currency::check_charge(amount_minor, &text(params, "currency"))?;
    let mut intent = store.draft("payment_intent", "pi");
    let secret = store.letters(25);
    intent["client_secret"] = format!("{}_secret_{secret}", text(&intent, "id")).into();
    intent["amount"] = amount_minor.into();
    intent["currency"] = currency.into();
    intent["automatic_payment_methods"] = automatic_payment_methods(params);
    assign(&mut intent, params, PLAIN);
    merge_metadata(&mut intent, params)?;
    if let Some(customer) = params["customer"].as_str() {
        intent["customer"] = store.live_customer(customer)?["id"].clone();
    }
    check_saving(&intent)?;
    choose_method(store, &mut intent, params)?;
    if confirm {
        check_confirmable(&intent, params)?;
    }
    store.put(&intent);
    store.emit("payment_intent.created", &intent);
    if confirm { charging::attempt(store, intent, presence(params)) } else { Ok(intent) }
}

/// `GET /v1/payment_intents`, with `customer` and `created`.
pub(crate) fn list(store: &mut Store, call: &Call) -> Result<Value, ApiError> {
    lists::page(store, call, "payment_intent", "/v1/payment_intents", &["customer"], |_| true)
}

/// `GET /v1/payment_intents/{id}`.
pub(crate) fn retrieve(store: &mut Store, call: &Call) -> Result<Value, ApiError> {
    store.named_by_path("payment_intent", &call.id)
}

/// `POST /v1/payment_intents/{id}`.
pub(crate) fn update(store: &mut Store, call: &Call) -> Result<Value, ApiError> {
    let params = &call.params;
    check_texts(params)?;
    let mut intent = store.named_by_path("payment_intent", &call.id)?;
    let deep = ["amount", "currency", "customer", "payment_method", "setup_future_usage"];
    if deep.iter().any(|field| !params[*field].is_null()) && !OPEN.contains(&text(&intent, "status").as_str()) {
        return Err(unexpected_state(&intent, "updated"));
    }
    let amount_minor = params["amount"].as_i64().or(intent["amount"].as_i64()).unwrap_or(0);
    let currency = params["currency"].as_str().map_or_else(|| text(&intent, "currency"), str::to_owned);
    intent["currency"] = currency::check_charge(amount_minor, &currency)?.into();
    intent["amount"] = amount_minor.into();
    assign(&mut intent, params, PLAIN);
    merge_metadata(&mut intent, params)?;
    if let Some(customer) = params["customer"].as_str() {
        intent["customer"] = store.live_customer(customer)?["id"].clone();
    }
    check_saving(&intent)?;
    choose_method(store, &mut intent, params)?;
    store.put(&intent);
    Ok(intent)
}

/// `POST /v1/payment_intents/{id}/confirm`, also with another payment method after a refusal.
pub(crate) fn confirm(store: &mut Store, call: &Call) -> Result<Value, ApiError> {
    let params = &call.params;
    let mut intent = store.named_by_path("payment_intent", &call.id)?;
    if !OPEN.contains(&text(&intent, "status").as_str()) {
        return Err(unexpected_state(&intent, "confirmed"));
    }
    assign(&mut intent, params, &["receipt_email", "setup_future_usage", "shipping"]);
    check_saving(&intent)?;
    choose_method(store, &mut intent, params)?;
    check_confirmable(&intent, params)?;
    charging::attempt(store, intent, presence(params))
}

/// `POST /v1/payment_intents/{id}/cancel`.
pub(crate) fn cancel(store: &mut Store, call: &Call) -> Result<Value, ApiError> {
    let mut intent = store.named_by_path("payment_intent", &call.id)?;
    if !OPEN.contains(&text(&intent, "status").as_str()) {
        return Err(unexpected_state(&intent, "canceled"));
    }
    intent["status"] = "canceled".into();
    intent["canceled_at"] = store.now().into();
    intent["next_action"] = Value::Null;
    assign(&mut intent, &call.params, &["cancellation_reason"]);
    store.put(&intent);
    store.emit("payment_intent.canceled", &intent);
    Ok(intent)
}

fn check_confirm_parameters(params: &Value, confirm: bool) -> Result<(), ApiError> {
    for name in ["off_session", "return_url", "error_on_requires_action", "mandate_data"] {
        if !confirm && !params[name].is_null() {
            let message = format!("The parameter `{name}` can only be passed when `confirm=true`.");
            return Err(ApiError::invalid(message).param(name));
        }
    }
    Ok(())
}

fn check_texts(params: &Value) -> Result<(), ApiError> {
    if params["statement_descriptor"].is_string() {
        let message = "`statement_descriptor` is not for card charges. Use `statement_descriptor_suffix`.";
        return Err(ApiError::invalid(message).param("statement_descriptor"));
    }
    let suffix = text(params, "statement_descriptor_suffix");
    let letters = suffix.chars().any(|c| c.is_ascii_alphabetic());
    if !suffix.is_empty() && (suffix.len() > 20 || !letters || suffix.contains(['<', '>', '\\', '\'', '"', '*'])) {
        let message = "The suffix needs a Latin letter, at most 20 characters and none of < > \\ ' \" *.";
        return Err(ApiError::invalid(message).param("statement_descriptor_suffix"));
    }
    if text(params, "description").chars().count() > 1000 {
        return Err(ApiError::invalid("The description can be at most 1000 characters long.").param("description"));
    }
    Ok(())
}

/// Saving a card needs somebody to save it for.
fn check_saving(intent: &Value) -> Result<(), ApiError> {
    if !intent["setup_future_usage"].is_null() && intent["customer"].is_null() {
        return Err(ApiError::invalid("`setup_future_usage` needs a `customer`.").param("setup_future_usage"));
    }
    Ok(())
}

/// The default of the current versions is "on"; naming the allowed types switches it off.
pub(crate) fn automatic_payment_methods(params: &Value) -> Value {
    let sent = &params["automatic_payment_methods"];
    if sent.is_object() {
        let redirects = sent["allow_redirects"].as_str().unwrap_or("always");
        return json!({ "enabled": sent["enabled"], "allow_redirects": redirects });
    }
    if params["allowed_payment_method_types"].is_array() {
        return Value::Null;
    }
    json!({ "enabled": true, "allow_redirects": "always" })
}

/// Takes over `payment_method`, checked against the intent's customer.
pub(crate) fn choose_method(store: &mut Store, intent: &mut Value, params: &Value) -> Result<(), ApiError> {
    let Some(chosen) = params["payment_method"].as_str() else {
        return Ok(());
    };
    let method = payment_methods::resolve(store, chosen, "payment_method")?;
    payment_methods::check_usable(store, &method)?;
    if !method["customer"].is_null() && intent["customer"].is_null() {
        let owner = text(&method, "customer");
        let message = format!("The payment method belongs to the Customer {owner}. Send that customer too.");
        return Err(ApiError::invalid(message).param("payment_method"));
    }
    if !method["customer"].is_null() && method["customer"] != intent["customer"] {
        let message = format!("The customer does not have a payment method with the ID {chosen}.");
        return Err(ApiError::invalid(message).code("resource_missing").param("payment_method"));
    }
    intent["payment_method"] = method["id"].clone();
    intent["status"] = "requires_confirmation".into();
    Ok(())
}

fn check_confirmable(intent: &Value, params: &Value) -> Result<(), ApiError> {
    if intent["payment_method"].is_null() {
        return Err(ApiError::invalid("You cannot confirm this PaymentIntent because it's missing a payment method.")
            .code("payment_intent_unexpected_state")
            .with("payment_intent", intent.clone()));
    }
    let redirects = intent["automatic_payment_methods"]["enabled"] == true
        && intent["automatic_payment_methods"]["allow_redirects"] == "always";
    if redirects && params["return_url"].is_null() && !presence(params).off_session {
        let message = "This PaymentIntent may redirect the payer: send a `return_url`, or create it with \
            `automatic_payment_methods[allow_redirects]=never`.";
        return Err(ApiError::invalid(message).param("return_url"));
    }
    Ok(())
}

fn presence(params: &Value) -> Presence {
    let off_session = &params["off_session"];
    Presence {
        off_session: *off_session == true || off_session.is_string(),
        refuse_challenge: params["error_on_requires_action"] == true,
    }
}

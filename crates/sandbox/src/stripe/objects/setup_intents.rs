//! Setup intents: saving a card to a customer with the bank's agreement.

use serde_json::Value;

use super::payment_intents::{automatic_payment_methods, choose_method};
use super::{charging, payment_methods};
use crate::stripe::cards::{Decline, Verdict};
use crate::stripe::error::ApiError;
use crate::stripe::http::Call;
use crate::stripe::store::{Store, assign, merge_metadata, text};

const OPEN: &[&str] = &["requires_payment_method", "requires_confirmation", "requires_action"];

/// `POST /v1/setup_intents`.
pub(crate) fn create(store: &mut Store, call: &Call) -> Result<Value, ApiError> {
    let params = &call.params;
    let mut setup = store.draft("setup_intent", "seti");
    let secret = store.letters(25);
    setup["client_secret"] = format!("{}_secret_{secret}", text(&setup, "id")).into();
    setup["automatic_payment_methods"] = automatic_payment_methods(params);
    assign(&mut setup, params, &["allowed_payment_method_types", "description", "usage"]);
    merge_metadata(&mut setup, params)?;
    if let Some(customer) = params["customer"].as_str() {
        setup["customer"] = store.live_customer(customer)?["id"].clone();
    }
    choose_method(store, &mut setup, params)?;
    let confirm = params["confirm"] == true;
    if confirm {
        check_confirmable(&setup)?;
    }
    store.put(&setup);
    store.emit("setup_intent.created", &setup);
    if confirm { attempt(store, setup) } else { Ok(setup) }
}

/// `GET /v1/setup_intents/{id}`.
pub(crate) fn retrieve(store: &mut Store, call: &Call) -> Result<Value, ApiError> {
    store.named_by_path("setup_intent", &call.id)
}

/// `POST /v1/setup_intents/{id}/confirm`.
pub(crate) fn confirm(store: &mut Store, call: &Call) -> Result<Value, ApiError> {
    let mut setup = open(store, &call.id, "confirmed")?;
    choose_method(store, &mut setup, &call.params)?;
    check_confirmable(&setup)?;
    attempt(store, setup)
}

/// `POST /v1/setup_intents/{id}/cancel`.
pub(crate) fn cancel(store: &mut Store, call: &Call) -> Result<Value, ApiError> {
    let mut setup = open(store, &call.id, "canceled")?;
    setup["status"] = "canceled".into();
    setup["next_action"] = Value::Null;
    assign(&mut setup, &call.params, &["cancellation_reason"]);
    store.put(&setup);
    store.emit("setup_intent.canceled", &setup);
    Ok(setup)
}

/// The payer's answer to a challenge.
///
/// # Errors
/// 400 `setup_intent_unexpected_state` when nothing is being asked.
pub(crate) fn authenticate(store: &mut Store, id: &str, success: bool) -> Result<Value, ApiError> {
    let mut setup = store.named_by_path("setup_intent", id)?;
    if setup["status"] != "requires_action" {
        return Err(unexpected_state(&setup, "authenticated"));
    }
    setup["next_action"] = Value::Null;
    if success {
        return succeed(store, setup);
    }
    static FAILED: Decline = Decline::setup_authentication_failed();
    Ok(refuse(store, setup, &FAILED).error["setup_intent"].clone())
}

fn open(store: &Store, id: &str, wish: &str) -> Result<Value, ApiError> {
    let setup = store.named_by_path("setup_intent", id)?;
    if OPEN.contains(&text(&setup, "status").as_str()) { Ok(setup) } else { Err(unexpected_state(&setup, wish)) }
}

fn unexpected_state(setup: &Value, wish: &str) -> ApiError {
    let status = text(setup, "status");
    ApiError::invalid(format!("This SetupIntent could not be {wish} because it has a status of {status}."))
        .code("setup_intent_unexpected_state")
        .with("setup_intent", setup.clone())
}

fn check_confirmable(setup: &Value) -> Result<(), ApiError> {
    if setup["payment_method"].is_null() {
        return Err(ApiError::invalid("You cannot confirm this SetupIntent because it's missing a payment method.")
            .code("setup_intent_unexpected_state")
            .with("setup_intent", setup.clone()));
    }
    Ok(())
}

fn attempt(store: &mut Store, mut setup: Value) -> Result<Value, ApiError> {
    setup["last_setup_error"] = Value::Null;
    let verdict = store.card_of(&text(&setup, "payment_method")).map(|saved| saved.card.save());
    match verdict {
        Some(Verdict::Decline(decline)) => Err(refuse(store, setup, decline)),
        Some(Verdict::Authenticate) => {
            setup["status"] = "requires_action".into();
            setup["next_action"] = charging::challenge(store);
            store.put(&setup);
            store.emit("setup_intent.requires_action", &setup);
            Ok(setup)
        }
        _ => succeed(store, setup),
    }
}

fn succeed(store: &mut Store, mut setup: Value) -> Result<Value, ApiError> {
    let id = text(&setup, "payment_method");
    let method = store.named_by_param("payment_method", &id, "payment_method")?;
    if let Some(customer) = setup["customer"].as_str() {
        payment_methods::put_on_customer(store, method, customer)?;
    }
    if let Some(saved) = store.cards.get_mut(&id) {
        saved.set_up |= setup["usage"] == "off_session";
    }
    setup["status"] = "succeeded".into();
    store.put(&setup);
    store.emit("setup_intent.succeeded", &setup);
    Ok(setup)
}

fn refuse(store: &mut Store, mut setup: Value, decline: &Decline) -> ApiError {
    let mut fields = decline.fields();
    let method = store.get(&text(&setup, "payment_method")).cloned().unwrap_or_default();
    fields.insert("payment_method".into(), method);
    setup["status"] = "requires_payment_method".into();
    setup["payment_method"] = Value::Null;
    setup["last_setup_error"] = fields.clone().into();
    store.put(&setup);
    store.emit("setup_intent.setup_failed", &setup);
    ApiError::card(fields).with("setup_intent", setup)
}

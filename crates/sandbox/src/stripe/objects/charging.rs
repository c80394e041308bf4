//! What happens when a payment intent is confirmed: the card's verdict, the charge, the intent's next
//! state, and the events that tell of it.
//!
//! Invariants: a charge exists for every time a bank was asked; an intent is paid at most once; a
//! refused attempt leaves the intent at `requires_payment_method` without a payment method.

use serde_json::{Value, json};

use super::{charges, disputes, payment_methods};
use crate::stripe::cards::{AUTHENTICATION_FAILED, AUTHENTICATION_REQUIRED, Aftermath, Behaviour, Decline, Verdict};
use crate::stripe::error::ApiError;
use crate::stripe::faults::WebhookFaultRule;
use crate::stripe::store::{Store, text};

/// How the payer takes part in a confirmation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Presence {
    /// The payer is away (`off_session`).
    pub off_session: bool,
    /// `error_on_requires_action`: a challenge is a refusal.
    pub refuse_challenge: bool,
}

/// Tries to pay `intent` with its payment method and gives it back in its new state.
///
/// # Errors
/// 402 with the intent inside when the card refuses.
pub(crate) fn attempt(store: &mut Store, mut intent: Value, presence: Presence) -> Result<Value, ApiError> {
    let method = text(&intent, "payment_method");
    let Some(saved) = store.card_of(&method) else {
        return Err(ApiError::invalid("The payment method may not be used again.").param("payment_method"));
    };
    intent["last_payment_error"] = Value::Null;
    intent["next_action"] = Value::Null;
    match saved.card.charge(saved.set_up, presence.off_session) {
        Verdict::Pay => Ok(pay(store, intent)),
        Verdict::Decline(decline) => Err(refuse(store, intent, decline)),
        Verdict::Authenticate if presence.off_session || presence.refuse_challenge => {
            Err(refuse(store, intent, &AUTHENTICATION_REQUIRED))
        }
        Verdict::Authenticate => {
            intent["status"] = "requires_action".into();
            intent["next_action"] = challenge(store);
            store.put(&intent);
            store.emit("payment_intent.requires_action", &intent);
            Ok(intent)
        }
        Verdict::Process => {
            intent["status"] = "processing".into();
            let charge = charges::open(store, &intent);
            intent["latest_charge"] = charge["id"].clone();
            store.put(&intent);
            store.emit("charge.pending", &charge);
            store.emit("payment_intent.processing", &intent);
            Ok(intent)
        }
    }
}

/// The `next_action` that the browser library would act on.
pub(crate) fn challenge(store: &mut Store) -> Value {
    let source = store.id("src");
    json!({ "type": "use_stripe_sdk", "use_stripe_sdk": { "type": "three_d_secure_redirect", "source": source } })
}

/// The payer's answer to a challenge.
///
/// # Errors
/// 400 `payment_intent_unexpected_state` when nothing is being asked.
pub(crate) fn authenticate(store: &mut Store, id: &str, success: bool) -> Result<Value, ApiError> {
    let mut intent = store.named_by_path("payment_intent", id)?;
    if intent["status"] != "requires_action" {
        return Err(unexpected_state(&intent, "authenticated"));
    }
    intent["next_action"] = Value::Null;
    let verdict = store.card_of(&text(&intent, "payment_method")).map(|saved| saved.card.after_challenge());
    let refused = match verdict {
        _ if !success => refuse(store, intent, &AUTHENTICATION_FAILED),
        Some(Verdict::Decline(decline)) => refuse(store, intent, decline),
        _ => return Ok(pay(store, intent)),
    };
    Ok(refused.error["payment_intent"].clone())
}

/// Ends a `processing` intent.
///
/// # Errors
/// 400 `payment_intent_unexpected_state` in any other state.
pub(crate) fn settle(store: &mut Store, id: &str, refusal: Option<&Decline>) -> Result<Value, ApiError> {
    let intent = store.named_by_path("payment_intent", id)?;
    if intent["status"] != "processing" {
        return Err(unexpected_state(&intent, "settled"));
    }
    Ok(match refusal {
        None => pay(store, intent),
        Some(decline) => refuse(store, intent, decline).error["payment_intent"].clone(),
    })
}

/// 400 `payment_intent_unexpected_state` with the intent inside.
pub(crate) fn unexpected_state(intent: &Value, wish: &str) -> ApiError {
    let status = text(intent, "status");
    ApiError::invalid(format!("This PaymentIntent could not be {wish} because it has a status of {status}."))
        .code("payment_intent_unexpected_state")
        .with("payment_intent", intent.clone())
}

/// The pending charge of a processing intent, else a new one.
fn charge_of(store: &mut Store, intent: &Value) -> Value {
    let pending = store.get(&text(intent, "latest_charge")).filter(|charge| charge["status"] == "pending");
    match pending.cloned() {
        Some(charge) => charge,
        None => charges::open(store, intent),
    }
}

fn pay(store: &mut Store, mut intent: Value) -> Value {
    let charge = charge_of(store, &intent);
    let charge = charges::succeed(store, charge);
    intent["status"] = "succeeded".into();
    intent["amount_received"] = intent["amount"].clone();
    intent["latest_charge"] = charge["id"].clone();
    intent["processing"] = Value::Null;
    store.put(&intent);
    save_for_later(store, &intent);
    let method = text(&intent, "payment_method");
    let behaviour = store.card_of(&method).map(|saved| saved.card.behaviour.clone());
    if let Some(Behaviour::Misreports(misreport)) = behaviour {
        let fault = misreport.fault(intent["amount"].as_i64().unwrap_or(0), &text(&intent, "currency"));
        let mut rule = WebhookFaultRule::once(fault, "payment_intent.succeeded");
        rule.object = Some(text(&intent, "id"));
        store.faults.webhook.push(rule);
    }
    store.emit("charge.succeeded", &charge);
    store.emit("payment_intent.succeeded", &intent);
    match behaviour {
        Some(Behaviour::PaysThen(Aftermath::Dispute(reason))) => {
            let dispute = disputes::open(store, charge, None, reason, false);
            disputes::withdraw(store, dispute);
        }
        Some(Behaviour::PaysThen(Aftermath::Inquiry)) => {
            disputes::open(store, charge, None, "general", true);
        }
        Some(Behaviour::PaysThen(Aftermath::FraudWarning)) => {
            let mut warning = store.draft("radar.early_fraud_warning", "issfr");
            warning["charge"] = charge["id"].clone();
            store.put(&warning);
            store.emit("radar.early_fraud_warning.created", &warning);
        }
        _ => {}
    }
    intent
}

/// `setup_future_usage`: the card goes to the customer, for off-session use too.
fn save_for_later(store: &mut Store, intent: &Value) {
    let (Some(customer), Some(method)) = (intent["customer"].as_str(), intent["payment_method"].as_str()) else {
        return;
    };
    if intent["setup_future_usage"].is_null() {
        return;
    }
    if let Some(saved) = store.cards.get_mut(method) {
        saved.set_up |= intent["setup_future_usage"] == "off_session";
    }
    if let Some(method) = store.get(method).filter(|method| method["customer"].is_null()).cloned() {
        // Cannot fail: the card is usable and belongs to nobody.
        let _ = payment_methods::put_on_customer(store, method, customer);
    }
}

fn refuse(store: &mut Store, mut intent: Value, decline: &Decline) -> ApiError {
    let charge = charge_of(store, &intent);
    let charge = charges::fail(store, charge, decline);
    let mut fields = decline.fields();
    fields.insert("charge".into(), charge["id"].clone());
    let method = store.get(&text(&intent, "payment_method")).cloned().unwrap_or_default();
    fields.insert("payment_method".into(), method);
    intent["status"] = "requires_payment_method".into();
    intent["payment_method"] = Value::Null;
    intent["latest_charge"] = charge["id"].clone();
    intent["processing"] = Value::Null;
    intent["last_payment_error"] = fields.clone().into();
    store.put(&intent);
    store.emit("charge.failed", &charge);
    store.emit("payment_intent.payment_failed", &intent);
    ApiError::card(fields).with("payment_intent", intent)
}

//! Payment methods: cards, and their way onto and off a customer.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::customers::former_values;
use super::lists;
use crate::stripe::cards::{self, Card, NOT_A_TEST_CARD, Verdict};
use crate::stripe::error::ApiError;
use crate::stripe::http::Call;
use crate::stripe::store::{SavedCard, Store, assign, merge_metadata, text};

/// `POST /v1/payment_methods` with `type=card` and `card[number]` or `card[token]`.
pub(crate) fn create(store: &mut Store, call: &Call) -> Result<Value, ApiError> {
    let params = &call.params;
    match params["type"].as_str() {
        None => return Err(ApiError::invalid("Missing required param: type.").code("parameter_missing").param("type")),
        Some("card") => {}
        Some(other) => {
            return Err(ApiError::invalid(format!("The sandbox plays cards only, not {other}.")).param("type"));
        }
    }
    let (card, month, year) = card_data(store, &params["card"])?;
    let mut method = draft(store, card, month, year);
    assign(&mut method, params, &["allow_redisplay"]);
    merge_billing(&mut method, params);
    merge_metadata(&mut method, params)?;
    keep(store, &method, card);
    Ok(method)
}

/// The card and its expiry, checked as Stripe checks them.
fn card_data(store: &Store, data: &Value) -> Result<(&'static Card, i64, i64), ApiError> {
    let missing = |name: &str| {
        let param = format!("card[{name}]");
        ApiError::invalid(format!("Missing required param: {param}.")).code("parameter_missing").param(&param)
    };
    let incorrect = |name: &str, code: &str, message: &str| {
        let mut fields = NOT_A_TEST_CARD.fields();
        fields.remove("decline_code");
        fields.insert("message".into(), message.into());
        ApiError::card(fields).code(code).param(name)
    };
    let now = jiff::Timestamp::from_second(store.now()).unwrap_or_default().to_zoned(jiff::tz::TimeZone::UTC);
    let (this_year, this_month) = (i64::from(now.year()), i64::from(now.month()));
    if let Some(token) = data["token"].as_str() {
        let card = cards::find(token).filter(|_| token.starts_with("tok_"));
        let card = card.ok_or_else(|| {
            ApiError::invalid(format!("No such token: '{token}'")).code("resource_missing").param("card[token]")
        })?;
        return Ok((card, this_month, this_year + 1));
    }
    let number = data["number"].as_str().ok_or_else(|| missing("number"))?;
    let month = data["exp_month"].as_i64().ok_or_else(|| missing("exp_month"))?;
    let year = data["exp_year"].as_i64().ok_or_else(|| missing("exp_year"))?;
    let year = if (0..100).contains(&year) { year + 2000 } else { year };
    let digits: String = number.chars().filter(|c| !c.is_whitespace()).collect();
    if !cards::passes_luhn(&digits) {
        return Err(incorrect("number", "incorrect_number", "Your card number is incorrect."));
    }
    if !(1..=12).contains(&month) {
        return Err(incorrect("exp_month", "invalid_expiry_month", "Your card's expiration month is invalid."));
    }
    if (year, month) < (this_year, this_month) || year > this_year + 50 {
        return Err(incorrect("exp_year", "invalid_expiry_year", "Your card's expiration year is invalid."));
    }
    let card = cards::find(&digits).ok_or_else(|| ApiError::card(NOT_A_TEST_CARD.fields()))?;
    Ok((card, month, year))
}

fn draft(store: &mut Store, card: &'static Card, month: i64, year: i64) -> Value {
    let mut method = store.draft("payment_method", "pm");
    let fingerprint = hex::encode(Sha256::digest(card.number));
    let details = &mut method["card"];
    details["brand"] = card.brand().into();
    details["display_brand"] = card.brand().into();
    details["networks"]["available"] = json!([card.brand()]);
    details["country"] = card.country().into();
    details["last4"] = card.last4().into();
    details["exp_month"] = month.into();
    details["exp_year"] = year.into();
    details["fingerprint"] = fingerprint[..16].into();
    method
}

fn keep(store: &mut Store, method: &Value, card: &'static Card) {
    store.put(method);
    store.cards.insert(text(method, "id"), SavedCard { card, set_up: false, fault_spent: false });
}

/// The payment method that a parameter names; a test token such as `pm_card_visa` makes a new one.
///
/// # Errors
/// 400 `resource_missing`.
pub(crate) fn resolve(store: &mut Store, id: &str, param: &str) -> Result<Value, ApiError> {
    match cards::find(id).filter(|_| id.starts_with("pm_card_")) {
        None => store.named_by_param("payment_method", id, param),
        Some(card) => {
            let year =
                jiff::Timestamp::from_second(store.now()).unwrap_or_default().to_zoned(jiff::tz::TimeZone::UTC).year();
            let method = draft(store, card, 12, i64::from(year) + 1);
            keep(store, &method, card);
            Ok(method)
        }
    }
}

/// `GET /v1/payment_methods`, with `customer` and `type`.
pub(crate) fn list(store: &mut Store, call: &Call) -> Result<Value, ApiError> {
    let fields = ["customer", "type", "allow_redisplay"];
    lists::page(store, call, "payment_method", "/v1/payment_methods", &fields, |method| !method["customer"].is_null())
}

/// `GET /v1/customers/{id}/payment_methods`, with `type`.
pub(crate) fn list_of_customer(store: &mut Store, call: &Call) -> Result<Value, ApiError> {
    let customer = store.named_by_path("customer", &call.id)?;
    let url = format!("/v1/customers/{}/payment_methods", call.id);
    lists::page(store, call, "payment_method", &url, &["type", "allow_redisplay"], |method| {
        method["customer"] == customer["id"]
    })
}

/// `GET /v1/payment_methods/{id}`.
pub(crate) fn retrieve(store: &mut Store, call: &Call) -> Result<Value, ApiError> {
    store.named_by_path("payment_method", &call.id)
}

/// `POST /v1/payment_methods/{id}`: billing details, expiry and metadata of a saved card.
pub(crate) fn update(store: &mut Store, call: &Call) -> Result<Value, ApiError> {
    let before = store.named_by_path("payment_method", &call.id)?;
    if before["customer"].is_null() {
        return Err(ApiError::invalid("You must save this PaymentMethod to a customer before you can update it."));
    }
    let mut method = before.clone();
    assign(&mut method, &call.params, &["allow_redisplay"]);
    for field in ["exp_month", "exp_year"] {
        if call.params["card"][field].is_number() {
            method["card"][field] = call.params["card"][field].clone();
        }
    }
    merge_billing(&mut method, &call.params);
    merge_metadata(&mut method, &call.params)?;
    store.put(&method);
    store.emit_change("payment_method.updated", &method, Some(former_values(&before, &method)));
    Ok(method)
}

fn merge_billing(method: &mut Value, params: &Value) {
    assign(&mut method["billing_details"], &params["billing_details"], &["email", "name", "phone", "tax_id"]);
    let address = &params["billing_details"]["address"];
    let fields = ["city", "country", "line1", "line2", "postal_code", "state"];
    assign(&mut method["billing_details"]["address"], address, &fields);
}

/// `POST /v1/payment_methods/{id}/attach`.
pub(crate) fn attach(store: &mut Store, call: &Call) -> Result<Value, ApiError> {
    let customer = call.params["customer"].as_str().ok_or_else(|| {
        ApiError::invalid("Missing required param: customer.").code("parameter_missing").param("customer")
    })?;
    store.live_customer(customer)?;
    let method = match cards::find(&call.id) {
        Some(_) => resolve(store, &call.id, "payment_method")?,
        None => store.named_by_path("payment_method", &call.id)?,
    };
    check_savable(store, &method)?;
    put_on_customer(store, method, customer)
}

/// Whether the card's bank lets it be saved without the payer.
///
/// # Errors
/// 402 `card_error`.
pub(crate) fn check_savable(store: &Store, method: &Value) -> Result<(), ApiError> {
    match store.card_of(&text(method, "id")).map(|saved| saved.card.save()) {
        Some(Verdict::Decline(decline)) => Err(ApiError::card(decline.fields())),
        _ => Ok(()),
    }
}

/// Saves a payment method to a customer.
///
/// # Errors
/// 400 when it was detached before or belongs to another customer.
pub(crate) fn put_on_customer(store: &mut Store, mut method: Value, customer: &str) -> Result<Value, ApiError> {
    if method["customer"] == customer {
        return Ok(method);
    }
    check_usable(store, &method)?;
    if !method["customer"].is_null() {
        return Err(ApiError::invalid(
            "The payment method you provided has already been attached to another customer.",
        ));
    }
    method["customer"] = customer.into();
    store.put(&method);
    store.emit("payment_method.attached", &method);
    Ok(method)
}

/// `POST /v1/payment_methods/{id}/detach`: final, a detached card is never used again.
pub(crate) fn detach(store: &mut Store, call: &Call) -> Result<Value, ApiError> {
    let method = store.named_by_path("payment_method", &call.id)?;
    if method["customer"].is_null() {
        return Err(ApiError::invalid(
            "The payment method you provided is not attached to a customer so detachment is impossible.",
        ));
    }
    Ok(take_off_customer(store, method))
}

/// Detaches a card; the event names the customer only in `previous_attributes`.
pub(crate) fn take_off_customer(store: &mut Store, mut method: Value) -> Value {
    let before = method.clone();
    method["customer"] = Value::Null;
    store.put(&method);
    store.cards.remove(&text(&method, "id"));
    store.emit_change("payment_method.detached", &method, Some(former_values(&before, &method)));
    let owner = before["customer"].as_str().and_then(|id| store.get(id)).cloned();
    if let Some(mut owner) = owner.filter(|owner| owner["invoice_settings"]["default_payment_method"] == method["id"]) {
        owner["invoice_settings"]["default_payment_method"] = Value::Null;
        store.put(&owner);
    }
    method
}

/// A detached card has no bank behind it any more.
///
/// # Errors
/// 400.
pub(crate) fn check_usable(store: &Store, method: &Value) -> Result<(), ApiError> {
    if store.card_of(&text(method, "id")).is_some() {
        return Ok(());
    }
    Err(ApiError::invalid(
        "This PaymentMethod was previously used without being attached to a Customer or was detached from a Customer, \
         and may not be used again.",
    )
    .param("payment_method"))
}

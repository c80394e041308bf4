//! What an order may ask for: the checks of `POST /v2/checkout/orders`.
//!
//! Checked is what PayPal's schema and business rules say about the fields that this project sends; other fields are
//! echoed as they came. Absent: items are not added up; only the PayPal wallet is played, without the vault.

use serde_json::{Value, json};

use crate::paypal::currency::Money;
use crate::paypal::error::ApiError;

/// One purchase unit: as it was sent, with its defaults, and its amount.
#[derive(Debug, Clone)]
pub(crate) struct Unit {
    pub sent: Value,
    pub money: Money,
}

impl Unit {
    /// A text field; `None` when it was not sent.
    pub fn text(&self, name: &str) -> Option<String> {
        self.sent[name].as_str().map(str::to_owned)
    }
}

/// How the payer is received, from `experience_context` or the older `application_context`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Context {
    /// The shop's name on the page.
    pub brand: Option<String>,
    /// BCP 47.
    pub locale: Option<String>,
    pub return_url: Option<String>,
    pub cancel_url: Option<String>,
    /// The button pays; otherwise the shop asks once more.
    pub pays_at_once: bool,
    /// Sources that would leave the capture pending are not offered.
    pub immediate_only: bool,
}

/// Text fields of a purchase unit and their longest lengths.
pub(crate) const TEXTS: &[(&str, usize)] =
    &[("reference_id", 256), ("description", 127), ("custom_id", 127), ("invoice_id", 127), ("soft_descriptor", 22)];

/// Fields of a context and the values they may have.
const CHOICES: &[(&str, &str)] = &[
    ("shipping_preference", "GET_FROM_FILE NO_SHIPPING SET_PROVIDED_ADDRESS"),
    ("landing_page", "LOGIN GUEST_CHECKOUT NO_PREFERENCE BILLING"),
    ("user_action", "CONTINUE PAY_NOW"),
    ("payment_method_preference", "UNRESTRICTED IMMEDIATE_PAYMENT_REQUIRED"),
];

/// The purchase units of a request.
///
/// # Errors
/// 400 and 422 as PayPal's schema and rules have them.
pub(crate) fn units(body: &Value) -> Result<Vec<Unit>, ApiError> {
    match body["intent"].as_str() {
        None => return Err(ApiError::missing("/intent")),
        Some("CAPTURE") => {}
        Some("AUTHORIZE") => return Err(ApiError::issue("UNSUPPORTED_INTENT", "The sandbox plays CAPTURE only.")),
        Some(_) => return Err(choice("/intent", &body["intent"], "CAPTURE AUTHORIZE")),
    }
    if body["processing_instruction"].as_str().is_some_and(|wanted| wanted != "NO_INSTRUCTION") {
        let text = "The sandbox completes an order only when it is captured.";
        return Err(ApiError::issue("UNSUPPORTED_PROCESSING_INSTRUCTION", text));
    }
    let sent = body["purchase_units"].as_array().ok_or_else(|| ApiError::missing("/purchase_units"))?;
    let count = |issue: &str| {
        Err(ApiError::issue(issue, "An order has 1 to 10 purchase units.").at("/purchase_units", &Value::Null))
    };
    match sent.len() {
        0 => return count("INVALID_ARRAY_MIN_ITEMS"),
        1..=10 => {}
        _ => return count("INVALID_ARRAY_MAX_ITEMS"),
    }
    let units: Vec<Unit> =
        sent.iter().enumerate().map(|(position, unit)| read(unit, position, sent.len())).collect::<Result<_, _>>()?;
    let first = &units[0];
    if units.iter().any(|unit| unit.money.currency != first.money.currency) {
        return Err(ApiError::issue("MULTI_CURRENCY_ORDER", "All purchase units must have one currency."));
    }
    let named =
        |unit: &Unit| units.iter().filter(|other| other.sent["reference_id"] == unit.sent["reference_id"]).count();
    if units.iter().any(|unit| named(unit) > 1) {
        return Err(ApiError::issue("DUPLICATE_REFERENCE_ID", "Each purchase unit needs its own reference_id."));
    }
    Ok(units)
}

fn read(sent: &Value, position: usize, count: usize) -> Result<Unit, ApiError> {
    let place = format!("/purchase_units/{position}");
    for (name, longest) in TEXTS {
        check_text(&sent[*name], &format!("{place}/{name}"), *longest)?;
    }
    if count > 1 && sent["reference_id"].is_null() {
        return Err(ApiError::issue("REFERENCE_ID_REQUIRED", "With several purchase units each needs a reference_id."));
    }
    let money = amount(&sent["amount"], &format!("{place}/amount"))?;
    let mut sent = sent.clone();
    if sent["reference_id"].is_null() {
        sent["reference_id"] = "default".into();
    }
    sent["amount"]["value"] = money.value().into();
    Ok(Unit { sent, money })
}

/// An amount with its breakdown, if any, which must add up to it.
///
/// # Errors
/// As [`Money::read`], and 422 `AMOUNT_MISMATCH`.
pub(crate) fn amount(sent: &Value, place: &str) -> Result<Money, ApiError> {
    if sent.is_null() {
        return Err(ApiError::missing(place));
    }
    let money = Money::read(sent, place)?;
    let Some(parts) = sent["breakdown"].as_object() else { return Ok(money) };
    let mut sum_minor = 0;
    for (name, part) in parts {
        let field = format!("{place}/breakdown/{name}");
        let part = Money::read_unsigned(part, &field)?;
        if part.currency != money.currency {
            return Err(ApiError::issue("MULTI_CURRENCY_ORDER", "The breakdown has another currency."));
        }
        sum_minor += if name.ends_with("discount") { -part.minor } else { part.minor };
    }
    if sum_minor == money.minor {
        return Ok(money);
    }
    Err(ApiError::issue("AMOUNT_MISMATCH", "The amount is not the sum of its breakdown.").at(place, &Value::Null))
}

/// # Errors
/// 400 `INVALID_STRING_LENGTH` or `INVALID_PARAMETER_SYNTAX`.
pub(crate) fn check_text(sent: &Value, place: &str, longest: usize) -> Result<(), ApiError> {
    match sent {
        Value::Null => Ok(()),
        Value::String(text) if (1..=longest).contains(&text.chars().count()) => Ok(()),
        Value::String(_) => {
            let text = format!("The field has 1 to {longest} characters.");
            Err(ApiError::issue("INVALID_STRING_LENGTH", &text).at(place, sent))
        }
        _ => Err(ApiError::issue("INVALID_PARAMETER_SYNTAX", "The field is a text.").at(place, sent)),
    }
}

/// How the payer is to be received.
///
/// # Errors
/// 400 for bad values; 422 for both places at once, and for sources that are not played.
pub(crate) fn context(body: &Value, has_request_id: bool) -> Result<Context, ApiError> {
    let source = &body["payment_source"];
    if let Some(other) = source.as_object().and_then(|sources| sources.keys().find(|name| *name != "paypal")) {
        let error = ApiError::issue("PAYMENT_SOURCE_CANNOT_BE_USED", "The sandbox plays the PayPal wallet only.");
        return Err(error.at(&format!("/payment_source/{other}"), &Value::Null));
    }
    let wallet = &source["paypal"];
    if !wallet["vault_id"].is_null() && !has_request_id {
        return Err(ApiError::issue("PAYPAL_REQUEST_ID_REQUIRED", "Send PayPal-Request-Id when a saved source pays."));
    }
    if !wallet["vault_id"].is_null() || !wallet["attributes"]["vault"].is_null() {
        return Err(ApiError::issue("NOT_ENABLED_TO_VAULT_PAYMENT_SOURCE", "The sandbox does not play saved sources."));
    }
    let (place, sent) = match (&wallet["experience_context"], &body["application_context"]) {
        (Value::Null, old) => ("/application_context", old),
        (new, Value::Null) => ("/payment_source/paypal/experience_context", new),
        _ => {
            let text = "Send either experience_context or the older application_context.";
            return Err(ApiError::issue("INCOMPATIBLE_PARAMETER_VALUE", text));
        }
    };
    for (name, choices) in CHOICES {
        let value = &sent[*name];
        if value.as_str().is_some_and(|value| !choices.split(' ').any(|known| known == value)) {
            return Err(choice(&format!("{place}/{name}"), value, choices));
        }
    }
    check_text(&sent["brand_name"], &format!("{place}/brand_name"), 127)?;
    for name in ["return_url", "cancel_url"] {
        if sent[name].as_str().is_some_and(|url| !(url.starts_with("https://") || url.starts_with("http://"))) {
            let error = ApiError::issue("INVALID_PARAMETER_SYNTAX", "Send an absolute web address.");
            return Err(error.at(&format!("{place}/{name}"), &sent[name]));
        }
    }
    let text = |name: &str| sent[name].as_str().map(str::to_owned);
    let older = sent["payment_method"]["payee_preferred"] == "IMMEDIATE_PAYMENT_REQUIRED";
    Ok(Context {
        brand: text("brand_name"),
        locale: text("locale"),
        return_url: text("return_url"),
        cancel_url: text("cancel_url"),
        pays_at_once: sent["user_action"] == "PAY_NOW",
        immediate_only: older || sent["payment_method_preference"] == "IMMEDIATE_PAYMENT_REQUIRED",
    })
}

fn choice(place: &str, value: &Value, choices: &str) -> ApiError {
    ApiError::issue("INVALID_PARAMETER_VALUE", &format!("The field is one of: {choices}.")).at(place, value)
}

/// The shop, as purchase units and captures name it.
pub(crate) fn payee() -> Value {
    json!({ "email_address": "shop@sandbox.test", "merchant_id": "SANDBXSHP2345" })
}

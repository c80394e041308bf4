//! Webhooks as the API registers them, and the check of a signature by PayPal itself ("postback").
//!
//! Deviation: addresses are plain `http`, because the sandbox never leaves the machine; PayPal wants `https`.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::paypal::error::ApiError;
use crate::paypal::request::{Call, Done};
use crate::paypal::store::{Store, link};
use crate::paypal::webhooks::signature::{self, Transmission};
use crate::paypal::webhooks::{Webhook, WebhookTarget};

/// The event types that the sandbox tells of.
const EVENT_TYPES: &[&str] = &[
    "CHECKOUT.ORDER.APPROVED",
    "CHECKOUT.ORDER.COMPLETED",
    "CHECKOUT.PAYMENT-APPROVAL.REVERSED",
    "CUSTOMER.DISPUTE.CREATED",
    "CUSTOMER.DISPUTE.RESOLVED",
    "CUSTOMER.DISPUTE.UPDATED",
    "PAYMENT.CAPTURE.COMPLETED",
    "PAYMENT.CAPTURE.DECLINED",
    "PAYMENT.CAPTURE.DENIED",
    "PAYMENT.CAPTURE.PENDING",
    "PAYMENT.CAPTURE.REFUNDED",
    "PAYMENT.CAPTURE.REVERSED",
    "PAYMENT.REFUND.FAILED",
    "PAYMENT.REFUND.PENDING",
];

/// Most webhooks of one app.
const MOST: usize = 10;

/// `POST /v1/notifications/webhooks`.
pub(crate) fn create(store: &mut Store, call: &Call) -> Result<Done, ApiError> {
    let url = address(&call.body["url"])?;
    let event_types = names(&call.body["event_types"])?;
    if store.webhooks.iter().any(|webhook| webhook.target.url == url) {
        return Err(ApiError::issue("WEBHOOK_URL_ALREADY_EXISTS", "Another webhook has this address."));
    }
    if store.webhooks.len() >= MOST {
        return Err(ApiError::issue("WEBHOOK_NUMBER_LIMIT_EXCEEDED", "An app has at most 10 webhooks."));
    }
    let target = WebhookTarget { url, webhook_id: store.id() };
    store.webhooks.push(Webhook { target, event_types });
    let shown = store.webhooks.last().map(|webhook| webhook.show(&store.url)).unwrap_or_default();
    Ok(Done::created(shown))
}

/// `GET /v1/notifications/webhooks`.
pub(crate) fn list(store: &mut Store, _: &Call) -> Result<Done, ApiError> {
    let shown: Vec<Value> = store.webhooks.iter().map(|webhook| webhook.show(&store.url)).collect();
    Ok(Done::ok(json!({ "webhooks": shown })))
}

/// `GET /v1/notifications/webhooks/{id}`.
pub(crate) fn retrieve(store: &mut Store, call: &Call) -> Result<Done, ApiError> {
    let place = place(store, &call.id)?;
    Ok(Done::ok(store.webhooks[place].show(&store.url)))
}

/// `PATCH /v1/notifications/webhooks/{id}`: replaces `/url` or `/event_types`.
pub(crate) fn update(store: &mut Store, call: &Call) -> Result<Done, ApiError> {
    let place = place(store, &call.id)?;
    for step in call.body.as_array().map(Vec::as_slice).unwrap_or_default() {
        match (step["op"].as_str(), step["path"].as_str()) {
            (Some("replace"), Some("/url")) => store.webhooks[place].target.url = address(&step["value"])?,
            (Some("replace"), Some("/event_types")) => store.webhooks[place].event_types = names(&step["value"])?,
            _ => return Err(ApiError::issue("INVALID_PATCH_OPERATION", "Replace /url or /event_types.")),
        }
    }
    Ok(Done::ok(store.webhooks[place].show(&store.url)))
}

/// `DELETE /v1/notifications/webhooks/{id}`.
pub(crate) fn delete(store: &mut Store, call: &Call) -> Result<Done, ApiError> {
    let place = place(store, &call.id)?;
    store.webhooks.remove(place);
    Ok(Done::nothing())
}

/// `GET /v1/notifications/webhooks-event-types`.
pub(crate) fn list_types(_: &mut Store, _: &Call) -> Result<Done, ApiError> {
    let types: Vec<Value> = EVENT_TYPES.iter().map(|name| json!({ "name": name, "status": "ENABLED" })).collect();
    Ok(Done::ok(json!({ "event_types": types })))
}

/// A notice as its receiver got it.
#[derive(Deserialize)]
struct Postback<'a> {
    auth_algo: String,
    cert_url: String,
    transmission_id: String,
    transmission_sig: String,
    transmission_time: String,
    webhook_id: String,
    /// The bytes count, not what they mean.
    #[serde(borrow)]
    webhook_event: &'a RawValue,
}

/// `POST /v1/notifications/verify-webhook-signature`: always 200 when all fields are there.
pub(crate) fn verify(store: &mut Store, call: &Call) -> Result<Done, ApiError> {
    let sent: Postback<'_> = serde_json::from_slice(&call.raw).map_err(|error| {
        let text = format!("Send the headers of the notice, webhook_id and webhook_event: {error}.");
        ApiError::issue("MISSING_REQUIRED_PARAMETER", &text)
    })?;
    let known = store.webhooks.iter().any(|webhook| webhook.target.webhook_id == sent.webhook_id);
    let transmission =
        Transmission { webhook_id: sent.webhook_id, id: sent.transmission_id, time: sent.transmission_time };
    let genuine = known
        && sent.auth_algo == "SHA256withRSA"
        && signature::is_genuine_certificate(&store.url, &sent.cert_url)
        && signature::is_genuine(&transmission, sent.webhook_event.get().as_bytes(), &sent.transmission_sig);
    Ok(Done::ok(json!({ "verification_status": if genuine { "SUCCESS" } else { "FAILURE" } })))
}

fn place(store: &Store, id: &str) -> Result<usize, ApiError> {
    store
        .webhooks
        .iter()
        .position(|webhook| webhook.target.webhook_id == id)
        .ok_or_else(|| ApiError::no_such("webhook"))
}

fn address(sent: &Value) -> Result<String, ApiError> {
    let url = sent.as_str().ok_or_else(|| ApiError::missing("/url"))?;
    if url.starts_with("http://") {
        return Ok(url.to_owned());
    }
    let text = "The sandbox delivers to plain http:// addresses only: it never leaves the machine.";
    Err(ApiError::issue("INVALID_PARAMETER_SYNTAX", text).at("/url", sent))
}

fn names(sent: &Value) -> Result<Vec<String>, ApiError> {
    let types = sent.as_array().filter(|types| !types.is_empty()).ok_or_else(|| ApiError::missing("/event_types"))?;
    let name = |entry: &Value| {
        let name = entry["name"].as_str().unwrap_or_default();
        if name == "*" || EVENT_TYPES.contains(&name) {
            return Ok(name.to_owned());
        }
        let error = ApiError::issue("INVALID_PARAMETER_VALUE", "The sandbox does not tell of this event type.");
        Err(error.at("/event_types/name", &entry["name"]))
    };
    types.iter().map(name).collect()
}

impl Webhook {
    /// The webhook as the API answers it.
    fn show(&self, url: &str) -> Value {
        let id = &self.target.webhook_id;
        let types: Vec<Value> = self.event_types.iter().map(|name| json!({ "name": name })).collect();
        let api = format!("{url}/v1/notifications/webhooks/{id}");
        let links = [("self", "GET"), ("update", "PATCH"), ("delete", "DELETE")];
        json!({
            "id": id, "url": self.target.url, "event_types": types,
            "links": links.map(|(rel, method)| link(api.clone(), rel, method)),
        })
    }
}

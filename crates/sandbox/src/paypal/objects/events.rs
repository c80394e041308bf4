//! Events as the API lists them and as webhooks carry them.

use serde_json::{Value, json};

use crate::paypal::error::ApiError;
use crate::paypal::request::{Call, Done};
use crate::paypal::store::{Store, link, time_text};
use crate::paypal::webhooks::Job;
use axum::http::StatusCode;

/// Something that happened.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    /// `WH-…-…`.
    pub id: String,
    /// The event's type.
    pub kind: String,
    pub created_s: i64,
    /// Id of the resource.
    pub object: String,
    /// The object as it was at that moment.
    pub resource: Value,
}

/// `GET /v1/notifications/webhooks-events`, newest first, with `event_type`, `transaction_id`, `start_time`,
/// `end_time` and `page_size`; further pages are not played.
pub(crate) fn list(store: &mut Store, call: &Call) -> Result<Done, ApiError> {
    let same = |name: &str, value: &str| call.query.get(name).is_none_or(|wanted| wanted == value);
    let size = call.query.get("page_size").and_then(|size| size.parse().ok()).unwrap_or(10_usize);
    let timely = |event: &Event| {
        let at = time_text(event.created_s);
        call.query.get("start_time").is_none_or(|from| *from <= at)
            && call.query.get("end_time").is_none_or(|to| at <= *to)
    };
    let found: Vec<Value> = store
        .events
        .iter()
        .rev()
        .filter(|event| same("event_type", &event.kind) && same("transaction_id", &event.object) && timely(event))
        .take(size)
        .map(|event| event.show(&store.url))
        .collect();
    let own = link(format!("{}/v1/notifications/webhooks-events", store.url), "self", "GET");
    Ok(Done::ok(json!({ "count": found.len(), "events": found, "links": [own] })))
}

/// `GET /v1/notifications/webhooks-events/{id}`.
pub(crate) fn retrieve(store: &mut Store, call: &Call) -> Result<Done, ApiError> {
    Ok(Done::ok(named(store, &call.id)?.show(&store.url)))
}

/// `POST /v1/notifications/webhooks-events/{id}/resend`.
pub(crate) fn resend(store: &mut Store, call: &Call) -> Result<Done, ApiError> {
    let shown = named(store, &call.id)?.show(&store.url);
    store.job(Job::Redeliver(call.id.clone()));
    Ok(Done { status: StatusCode::ACCEPTED, body: shown })
}

/// The event with this id.
///
/// # Errors
/// 404.
pub(crate) fn named<'a>(store: &'a Store, id: &str) -> Result<&'a Event, ApiError> {
    store.events.get(id).ok_or_else(|| ApiError::no_such("event"))
}

impl Event {
    /// The envelope.
    pub fn show(&self, url: &str) -> Value {
        let api = format!("{url}/v1/notifications/webhooks-events/{}", self.id);
        let amount = &self.resource["amount"];
        let summary = match (amount["value"].as_str(), amount["currency_code"].as_str()) {
            (Some(value), Some(currency)) => format!("{} {value} {currency}", self.kind),
            _ => self.kind.clone(),
        };
        json!({
            "id": self.id, "event_version": "1.0", "create_time": time_text(self.created_s),
            "resource_type": self.resource_type(), "resource_version": "2.0", "event_type": self.kind,
            "summary": summary, "resource": self.resource,
            "links": [link(api.clone(), "self", "GET"), link(format!("{api}/resend"), "resend", "POST")],
        })
    }

    fn resource_type(&self) -> &'static str {
        match self.kind.as_str() {
            "PAYMENT.CAPTURE.REFUNDED" | "PAYMENT.CAPTURE.REVERSED" => "refund",
            kind if kind.starts_with("PAYMENT.REFUND.") => "refund",
            kind if kind.starts_with("PAYMENT.CAPTURE.") => "capture",
            kind if kind.starts_with("CUSTOMER.DISPUTE.") => "dispute",
            _ => "checkout-order",
        }
    }
}

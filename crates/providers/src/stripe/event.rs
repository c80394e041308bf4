//! Events: what a verified notice says.
//!
//! Delivered at least once and in any order, rendered in the version of the endpoint: parse leniently, act on the state of
//! the object, not on the order of events. Deliberately absent: objects that nobody reads yet come as [`Object::Other`],
//! without their content, because it may hold secrets.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use thiserror::Error;

use super::object::{Card, Charge, Customer, Dispute, Intent, Refund, SetupIntent};
use super::signature::VerifiedNotice;

/// One event.
#[derive(Debug, Clone)]
pub struct Event {
    /// `evt_…`: deliveries of the same event share it.
    pub id: String,
    /// Such as `payment_intent.succeeded`; an open list.
    pub kind: String,
    /// Unix seconds; too coarse to order by.
    pub created_at_s: i64,
    /// Real money. An event of the other world must have no effect.
    pub livemode: bool,
    /// The version that the object is rendered in.
    pub api_version: Option<String>,
    /// The object as it was when the event was made.
    pub object: Object,
}

/// The object of an event.
#[derive(Debug, Clone)]
pub enum Object {
    /// `payment_intent.*`.
    Intent(Box<Intent>),
    /// `setup_intent.*`.
    SetupIntent(Box<SetupIntent>),
    /// `payment_method.*`.
    PaymentMethod(Box<Card>),
    /// `customer.*`.
    Customer(Box<Customer>),
    /// `charge.succeeded`, `charge.refunded` and the like.
    Charge(Box<Charge>),
    /// `refund.*`, `charge.refund.updated`.
    Refund(Box<Refund>),
    /// `charge.dispute.*`.
    Dispute(Box<Dispute>),
    /// An object that this code does not read.
    Other {
        /// Its `object` name, such as `payout`.
        name: String,
        /// Its id, if it has one.
        id: Option<String>,
    },
}

/// Why a verified body is not an event. Answer 400: the signature was right, so it is Stripe's form that changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EventError {
    /// A thin event of API v2, which carries no object.
    #[error("this is a thin v2 event: subscribe this endpoint to snapshot events of API v1")]
    Thin,
    /// Not JSON, or without what an event must have.
    #[error("this is not a Stripe event: {0}")]
    Malformed(String),
}

#[derive(Deserialize)]
struct WireEvent {
    id: Option<String>,
    object: Option<String>,
    r#type: Option<String>,
    created: Option<i64>,
    livemode: Option<bool>,
    api_version: Option<String>,
    data: Option<WireData>,
}

#[derive(Deserialize)]
struct WireData {
    object: Value,
}

/// Reads an event. Only a verified notice can be read.
pub fn parse(notice: VerifiedNotice<'_>) -> Result<Event, EventError> {
    let wire: WireEvent = serde_json::from_slice(notice.body()).map_err(malformed)?;
    match wire.object.as_deref() {
        Some("event") => {}
        Some("v2.core.event") => return Err(EventError::Thin),
        _ => return Err(EventError::Malformed("`object` is not `event`".into())),
    }
    let missing = |field: &str| EventError::Malformed(format!("`{field}` is missing"));
    Ok(Event {
        id: wire.id.ok_or_else(|| missing("id"))?,
        kind: wire.r#type.ok_or_else(|| missing("type"))?,
        created_at_s: wire.created.unwrap_or_default(),
        livemode: wire.livemode.unwrap_or_default(),
        api_version: wire.api_version,
        object: object(wire.data.ok_or_else(|| missing("data.object"))?.object)?,
    })
}

fn object(value: Value) -> Result<Object, EventError> {
    let text = |field: &str| value.get(field).and_then(Value::as_str).map(str::to_owned);
    let name = text("object").unwrap_or_default();
    Ok(match name.as_str() {
        "payment_intent" => Object::Intent(read(value)?),
        "setup_intent" => Object::SetupIntent(read(value)?),
        "payment_method" => Object::PaymentMethod(read(value)?),
        "customer" => Object::Customer(read(value)?),
        "charge" => Object::Charge(read(value)?),
        "refund" => Object::Refund(read(value)?),
        "dispute" => Object::Dispute(read(value)?),
        _ => Object::Other { id: text("id"), name },
    })
}

fn read<T: DeserializeOwned>(value: Value) -> Result<Box<T>, EventError> {
    serde_json::from_value(value).map(Box::new).map_err(malformed)
}

/// Only where the text broke: serde's own message may quote the value it stumbled over.
fn malformed(error: serde_json::Error) -> EventError {
    EventError::Malformed(format!("{:?} error at line {}, column {}", error.classify(), error.line(), error.column()))
}

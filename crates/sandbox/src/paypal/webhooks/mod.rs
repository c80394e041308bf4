//! Webhooks: who is told, how a notice is signed ([`signature`]) and how it is delivered ([`courier`]).

pub(crate) mod courier;
pub(crate) mod signature;

use serde::{Deserialize, Serialize};

pub use signature::{Forgery, TEST_AUTHORITY_PEM, sign};

/// Where events go.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WebhookTarget {
    /// A plain `http://` address.
    pub url: String,
    /// The webhook's id at PayPal, which the signature covers: `1AB23456CD789012E`.
    pub webhook_id: String,
}

/// A registered webhook.
#[derive(Debug, Clone)]
pub(crate) struct Webhook {
    pub target: WebhookTarget,
    /// Names of event types; `*` for all.
    pub event_types: Vec<String>,
}

impl Webhook {
    /// Whether it is told of events of this type.
    pub fn wants(&self, kind: &str) -> bool {
        self.event_types.iter().any(|wanted| wanted == "*" || wanted == kind)
    }
}

/// One attempt to deliver an event.
#[derive(Debug, Clone, Serialize)]
pub struct Delivery {
    /// `WH-…`.
    pub event: String,
    /// The event's type.
    pub kind: String,
    /// 1 for the first attempt of this notice.
    pub attempt: u32,
    /// HTTP status of the target; `None` when it did not answer.
    pub status: Option<u16>,
    /// The headers `PAYPAL-…` that were sent, by name in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body that was sent.
    pub body: String,
}

/// Work for the delivery task.
#[derive(Debug)]
pub(crate) enum Job {
    /// A new event: scripted faults apply.
    Deliver(String),
    /// Deliver again, rightly, whatever was scripted.
    Redeliver(String),
    /// Deliver all that is held, late or waits to be overtaken.
    Release,
    /// The sandbox's clock was moved: what was late may be due.
    ClockMoved,
}

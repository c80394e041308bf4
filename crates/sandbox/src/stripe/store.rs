//! Everything the fake Stripe remembers, behind the one mutex of [`Stripe`](super::Stripe).
//!
//! Objects are kept as the complete JSON they are answered with; what a client never sees (which test
//! card a payment method is) stands beside them. Invariants: an id is never reused; an object stays on
//! its shelf in the order of creation; an event holds a copy of its object as it was at that moment.
//! Deliberately absent: persistence, and any lock finer than the whole store.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use axum::http::StatusCode;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Map, Value, json};
use tokio::sync::mpsc::UnboundedSender;

use super::cards::Card;
use super::error::ApiError;
use super::faults::Faults;
use super::idempotency::Keys;
use super::params::API_VERSION;
use super::webhooks::{Delivery, Job, WebhookTarget};

static TEMPLATES: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../data/stripe-objects.json")).expect("the object templates are valid JSON")
});

const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Which card a payment method is.
#[derive(Debug, Clone)]
pub(crate) struct SavedCard {
    pub card: &'static Card,
    /// The bank has agreed to off-session use.
    pub set_up: bool,
    /// A fault card misbehaves once.
    pub fault_spent: bool,
}

/// The request (or control call, then empty) that events are attributed to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cause {
    pub request_id: Option<String>,
    pub idempotency_key: Option<String>,
}

/// The state; see the module head.
pub(crate) struct Store {
    objects: HashMap<String, Value>,
    shelves: BTreeMap<String, Vec<String>>,
    pub cards: HashMap<String, SavedCard>,
    pub keys: Keys,
    pub faults: Faults,
    pub requests: Vec<super::RequestLog>,
    pub deliveries: Vec<Delivery>,
    pub target: Option<WebhookTarget>,
    pub cause: Cause,
    pub clock_offset_seconds: i64,
    rng: StdRng,
    jobs: UnboundedSender<Job>,
}

impl Store {
    pub fn new(seed: Option<u64>, jobs: UnboundedSender<Job>) -> Self {
        Self {
            objects: HashMap::new(),
            shelves: BTreeMap::new(),
            cards: HashMap::new(),
            keys: Keys::default(),
            faults: Faults::default(),
            requests: Vec::new(),
            deliveries: Vec::new(),
            target: None,
            cause: Cause::default(),
            clock_offset_seconds: 0,
            rng: StdRng::seed_from_u64(seed.unwrap_or_else(|| rand::rng().random())),
            jobs,
        }
    }

    /// Forgets every object, key, rule and log; keeps the webhook target, the clock and the ids' sequence.
    pub fn reset(&mut self) {
        self.objects.clear();
        self.shelves.clear();
        self.cards.clear();
        self.keys = Keys::default();
        self.faults = Faults::default();
        self.requests.clear();
        self.deliveries.clear();
    }

    /// Unix seconds of the sandbox's clock.
    pub fn now(&self) -> i64 {
        jiff::Timestamp::now().as_second() + self.clock_offset_seconds
    }

    /// `length` random letters and digits.
    pub fn letters(&mut self, length: usize) -> String {
        (0..length).map(|_| char::from(LETTERS[self.rng.random_range(0..LETTERS.len())])).collect()
    }

    /// An id like the real ones: `pi_3…` with 24 letters and digits behind the prefix.
    pub fn id(&mut self, prefix: &str) -> String {
        format!("{prefix}_{}", self.letters(24))
    }

    /// A new object with every field, an id and the present time; not yet on its shelf.
    pub fn draft(&mut self, kind: &str, prefix: &str) -> Value {
        let mut object = TEMPLATES["objects"][kind].clone();
        object["id"] = self.id(prefix).into();
        object["created"] = self.now().into();
        object
    }

    /// Puts an object on its shelf, or replaces the one with its id.
    pub fn put(&mut self, object: &Value) {
        let (id, kind) = (text(object, "id"), text(object, "object"));
        if self.objects.insert(id.clone(), object.clone()).is_none() {
            self.shelves.entry(kind).or_default().push(id);
        }
    }

    /// Any object by id.
    pub fn get(&self, id: &str) -> Option<&Value> {
        self.objects.get(id)
    }

    /// The objects of a kind, newest first.
    pub fn newest_first(&self, kind: &str) -> impl Iterator<Item = &Value> {
        let ids = self.shelves.get(kind).map_or(&[][..], Vec::as_slice);
        ids.iter().rev().filter_map(|id| self.objects.get(id))
    }

    /// The object that a path names.
    ///
    /// # Errors
    /// 404 `resource_missing`.
    pub fn named_by_path(&self, kind: &str, id: &str) -> Result<Value, ApiError> {
        self.named(kind, id, StatusCode::NOT_FOUND, if kind == "payment_intent" { "intent" } else { "id" })
    }

    /// The object that a parameter names.
    ///
    /// # Errors
    /// 400 `resource_missing` with `param`.
    pub fn named_by_param(&self, kind: &str, id: &str, param: &str) -> Result<Value, ApiError> {
        self.named(kind, id, StatusCode::BAD_REQUEST, param)
    }

    fn named(&self, kind: &str, id: &str, status: StatusCode, param: &str) -> Result<Value, ApiError> {
        let found = self.get(id).filter(|object| object["object"] == kind);
        found.cloned().ok_or_else(|| ApiError::missing(status, kind, id, param))
    }

    /// The customer that a parameter names; a deleted one counts as missing.
    ///
    /// # Errors
    /// 400 `resource_missing` with `param=customer`.
    pub fn live_customer(&self, id: &str) -> Result<Value, ApiError> {
        let customer = self.named_by_param("customer", id, "customer")?;
        if customer["deleted"] == true {
            return Err(ApiError::missing(StatusCode::BAD_REQUEST, "customer", id, "customer"));
        }
        Ok(customer)
    }

    /// The card behind a payment method.
    pub fn card_of(&self, payment_method: &str) -> Option<&SavedCard> {
        self.cards.get(payment_method)
    }

    /// Records an event about `object` and hands it to the delivery task.
    pub fn emit(&mut self, kind: &str, object: &Value) {
        self.emit_change(kind, object, None);
    }

    /// The same for a change: `before` holds the former values of the fields that changed.
    pub fn emit_change(&mut self, kind: &str, object: &Value, before: Option<Map<String, Value>>) {
        let mut event = self.draft("event", "evt");
        event["api_version"] = API_VERSION.into();
        event["type"] = kind.into();
        event["data"] = json!({ "object": object });
        if let Some(before) = before {
            event["data"]["previous_attributes"] = before.into();
        }
        event["pending_webhooks"] = i32::from(self.target.is_some()).into();
        event["request"] = json!({
            "id": self.cause.request_id, "idempotency_key": self.cause.idempotency_key,
        });
        self.put(&event);
        // Sending fails only when the delivery task has ended, that is at shutdown.
        let _ = self.jobs.send(Job::Deliver(text(&event, "id")));
    }

    /// A job for the delivery task.
    pub fn job(&self, job: Job) {
        let _ = self.jobs.send(job);
    }
}

/// A text field; empty when absent or of another type.
pub(crate) fn text(object: &Value, field: &str) -> String {
    object[field].as_str().unwrap_or_default().to_owned()
}

/// Copies the named parameters that were sent onto the object; the empty text becomes null.
pub(crate) fn assign(object: &mut Value, params: &Value, fields: &[&str]) {
    for field in fields {
        match &params[*field] {
            Value::Null => {}
            Value::String(text) if text.is_empty() => object[*field] = Value::Null,
            sent => object[*field] = sent.clone(),
        }
    }
}

/// Merges `metadata` as Stripe does: an empty value removes its key, an empty text removes all.
///
/// # Errors
/// 400 beyond 50 keys, 40 characters of key or 500 of value.
pub(crate) fn merge_metadata(object: &mut Value, params: &Value) -> Result<(), ApiError> {
    let Some(sent) = params["metadata"].as_object() else {
        if params["metadata"] == "" {
            object["metadata"] = json!({});
        }
        return Ok(());
    };
    let mut merged = object["metadata"].as_object().cloned().unwrap_or_default();
    for (key, value) in sent {
        let length = value.as_str().map_or(0, |value| value.chars().count());
        let param = format!("metadata[{key}]");
        if key.chars().count() > 40 {
            return Err(ApiError::invalid("Metadata keys can be at most 40 characters long.").param(&param));
        }
        if length > 500 {
            return Err(ApiError::invalid("Metadata values can be at most 500 characters long.").param(&param));
        }
        if length == 0 {
            merged.remove(key);
        } else {
            merged.insert(key.clone(), value.clone());
        }
    }
    if merged.len() > 50 {
        return Err(ApiError::invalid("You may only specify up to 50 metadata keys.").param("metadata"));
    }
    object["metadata"] = merged.into();
    Ok(())
}

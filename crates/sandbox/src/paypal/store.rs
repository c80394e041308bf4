//! Everything the fake PayPal remembers, behind the one mutex of [`PayPal`](super::PayPal).
//!
//! Objects are structs; what the API answers is rendered from them each time. Invariants: an id is never reused; an
//! event holds its resource as it was at that moment. Absent: persistence, and any lock finer than the whole store.

use std::collections::{HashMap, VecDeque};

use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;

use super::auth::Tokens;
use super::fate::Fate;
use super::faults::{Faults, WebhookFault};
use super::idempotency::RequestIds;
use super::objects::captures::Capture;
use super::objects::disputes::Dispute;
use super::objects::events::Event;
use super::objects::orders::Order;
use super::objects::refunds::Refund;
use super::shelf::Shelf;
use super::webhooks::{Delivery, Job, Webhook, WebhookTarget};
use super::{PayPalOptions, RequestLog};

const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
/// What the ids of accounts are made of: nothing that reads like something else.
const ACCOUNT_LETTERS: &[u8] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// The state; see the module head.
pub(crate) struct Store {
    pub options: PayPalOptions,
    /// The base address in every link.
    pub url: String,
    pub orders: Shelf<Order>,
    pub captures: Shelf<Capture>,
    pub refunds: Shelf<Refund>,
    pub disputes: Shelf<Dispute>,
    pub events: Shelf<Event>,
    pub webhooks: Vec<Webhook>,
    /// The `PayerID` of each e-mail address.
    pub payers: HashMap<String, String>,
    pub tokens: Tokens,
    pub request_ids: RequestIds,
    pub faults: Faults,
    /// Scripted for the next captures, and refunds.
    pub next_payments: VecDeque<Fate>,
    pub next_refunds: VecDeque<Fate>,
    pub requests: Vec<RequestLog>,
    pub deliveries: Vec<Delivery>,
    ids: StdRng,
    /// Names requests and transmissions; apart from the ids, which must not depend on when a notice is sent.
    traces: StdRng,
    /// Decides whether rules with a percentage strike.
    dice: StdRng,
    jobs: UnboundedSender<Job>,
}

impl Store {
    pub fn new(options: PayPalOptions, jobs: UnboundedSender<Job>) -> Self {
        let seed = options.seed.unwrap_or_else(|| rand::rng().random());
        let mut store = Self {
            url: options.url.clone().unwrap_or_default(),
            orders: Shelf::default(),
            captures: Shelf::default(),
            refunds: Shelf::default(),
            disputes: Shelf::default(),
            events: Shelf::default(),
            webhooks: Vec::new(),
            payers: HashMap::new(),
            tokens: Tokens::default(),
            request_ids: RequestIds::default(),
            faults: Faults::default(),
            next_payments: VecDeque::new(),
            next_refunds: VecDeque::new(),
            requests: Vec::new(),
            deliveries: Vec::new(),
            ids: StdRng::seed_from_u64(seed),
            traces: StdRng::seed_from_u64(seed.wrapping_add(1)),
            dice: StdRng::seed_from_u64(seed.wrapping_add(2)),
            jobs,
            options,
        };
        store.set_target(store.options.webhook.clone());
        store
    }

    /// Forgets every object, request id, rule and log; keeps the webhooks, the clock, the tokens and the ids' sequence.
    pub fn reset(&mut self) {
        self.orders = Shelf::default();
        self.captures = Shelf::default();
        self.refunds = Shelf::default();
        self.disputes = Shelf::default();
        self.events = Shelf::default();
        self.request_ids = RequestIds::default();
        self.faults = Faults::default();
        self.next_payments.clear();
        self.next_refunds.clear();
        self.requests.clear();
        self.deliveries.clear();
    }

    /// Makes `target` the only webhook, for every event; `None` removes all.
    pub fn set_target(&mut self, target: Option<WebhookTarget>) {
        self.webhooks =
            target.map(|target| Webhook { target, event_types: vec!["*".to_owned()] }).into_iter().collect();
    }

    /// Milliseconds since 1970 on the sandbox's clock.
    pub fn now_ms(&self) -> i64 {
        Timestamp::now().as_millisecond() + self.options.clock_offset_seconds * 1000
    }

    /// Unix seconds of the sandbox's clock.
    pub fn now(&self) -> i64 {
        self.now_ms().div_euclid(1000)
    }

    /// The same as RFC 3339.
    pub fn now_text(&self) -> String {
        time_text(self.now())
    }

    /// `length` random letters and digits.
    pub fn letters(&mut self, length: usize) -> String {
        random(&mut self.ids, LETTERS, length)
    }

    /// An id like the real ones of orders, captures and refunds: 17 letters and digits.
    pub fn id(&mut self) -> String {
        self.letters(17)
    }

    /// `length` random hexadecimal digits, as in a debug id.
    pub fn hex(&mut self, length: usize) -> String {
        random(&mut self.traces, b"0123456789abcdef", length)
    }

    /// A random UUID.
    pub fn uuid(&mut self) -> String {
        [8, 4, 4, 4, 12].map(|length| self.hex(length)).join("-")
    }

    /// The `PayerID` of an e-mail address: the same each time.
    pub fn payer_id(&mut self, email: &str) -> String {
        if let Some(known) = self.payers.get(email) {
            return known.clone();
        }
        let id = random(&mut self.ids, ACCOUNT_LETTERS, 13);
        self.payers.insert(email.to_owned(), id.clone());
        id
    }

    /// The fault scripted for an event of this type about this object, used up by one.
    pub fn webhook_fault(&mut self, kind: &str, object: &str) -> Option<WebhookFault> {
        self.faults.take_webhook(kind, object, &mut self.dice)
    }

    /// The fault scripted for a request, used up by one.
    pub fn api_fault(&mut self, method: &str, path: &str) -> Option<super::faults::FaultRule> {
        self.faults.take_api(method, path, &mut self.dice)
    }

    /// Records an event about the object with this id and hands it to the delivery task.
    pub fn emit(&mut self, kind: &str, object: &str, resource: Value) {
        let id = format!("WH-{}-{}", self.letters(17), self.letters(17));
        let event =
            Event { id: id.clone(), kind: kind.to_owned(), created_s: self.now(), object: object.to_owned(), resource };
        self.events.put(&id, event);
        self.job(Job::Deliver(id));
    }

    /// A job for the delivery task.
    pub fn job(&self, job: Job) {
        // Fails only when the task has ended, that is at shutdown.
        let _ = self.jobs.send(job);
    }
}

fn random(rng: &mut StdRng, letters: &[u8], length: usize) -> String {
    (0..length).map(|_| char::from(letters[rng.random_range(0..letters.len())])).collect()
}

/// Unix seconds as RFC 3339: `2026-11-20T09:15:02Z`.
pub(crate) fn time_text(unix_s: i64) -> String {
    Timestamp::from_second(unix_s).unwrap_or_default().to_string()
}

/// `{"href","rel","method"}`.
pub(crate) fn link(href: String, rel: &str, method: &str) -> Value {
    serde_json::json!({ "href": href, "rel": rel, "method": method })
}

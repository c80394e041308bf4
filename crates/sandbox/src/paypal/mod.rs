//! A fake PayPal over real HTTP: Orders v2, Payments v2, disputes, transaction search, webhooks, and the page where
//! the payer decides.
//!
//! It plays the REST sandbox closely enough that the official client packages and our own client cannot tell it from
//! the real one, signs its notices with a certificate ([`TEST_AUTHORITY_PEM`] issued it), and misbehaves on request
//! ([`faults`]). Sources: PayPal's OpenAPI files (Orders 2.13, Payments 2.5, Webhooks 1.11, Disputes 1.10,
//! Transaction Search 1.9; Apache-2.0) and its guides.
//!
//! A client is pointed at the address of the [`PayPalSandbox`] for the API and the certificates, with
//! [`TEST_AUTHORITY_PEM`] as its only root. What a payment comes to is chosen by the payer (the hosted page offers a
//! balance, cards that pay, ask for a code or are declined, a slow bank account and a review), by
//! [`PayPal::approve_as`], by [`PayPal::next_payment`], or by the header `PayPal-Mock-Response`.
//!
//! Invariants: what the API would refuse is refused; no money moves twice for one `PayPal-Request-Id`, and an order
//! is captured at most once; no request needs the network. Deliberately absent: authorizations, cards without PayPal,
//! saved sources (vault), currency conversion, the browser library. Cost: one mutex around all state; memory grows with
//! every request until [`PayPal::reset`].

mod auth;
mod control;
mod control_routes;
mod currency;
mod error;
mod fate;
pub mod faults;
mod http;
mod idempotency;
mod objects;
mod pages;
mod request;
mod routes;
mod server;
mod shelf;
mod store;
mod webhooks;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::futures::Notified;
use tokio::sync::{Notify, mpsc};

pub use auth::Credentials;
pub use error::ApiError;
pub use fate::Fate;
pub use http::RequestLog;
pub use objects::disputes::NewDispute;
pub use server::{PayPalSandbox, router, serve};
pub use webhooks::{Delivery, Forgery, TEST_AUTHORITY_PEM, WebhookTarget, sign};

use store::Store;

/// How a fake PayPal is set up.
#[derive(Debug, Clone)]
pub struct PayPalOptions {
    /// Where events go; can be set later by [`PayPal::set_webhook_target`] or registered through the API.
    pub webhook: Option<WebhookTarget>,
    /// The only client id and secret accepted; any that are not empty when `None`.
    pub credentials: Option<Credentials>,
    /// Makes ids, and the throws of rules with a percentage, repeatable.
    pub seed: Option<u64>,
    /// How far the sandbox's clock is ahead of the machine's, in seconds.
    pub clock_offset_seconds: i64,
    /// The base address in links, without a slash at the end; the listener's own when `None`.
    pub url: Option<String>,
    /// How long an access token lives, in seconds.
    pub token_ttl_seconds: i64,
    /// How long an order waits for its payer, and then for its capture, in seconds.
    pub approval_ttl_seconds: i64,
    /// Captures in other currencies stay pending until they are accepted; all are held when empty.
    pub held_currencies: Vec<String>,
    /// The account's setting that an invoice number is paid once.
    pub unique_invoice_ids: bool,
    /// The app has the permission for the transaction search.
    pub transaction_search: bool,
    /// How late the transaction search is, in seconds; up to three hours at PayPal.
    pub reporting_delay_seconds: i64,
    /// Pauses before the repeats of an undelivered event; their number bounds the repeats.
    pub webhook_retry_gaps: Vec<Duration>,
    /// How long a target may take to answer.
    pub webhook_timeout: Duration,
}

impl Default for PayPalOptions {
    fn default() -> Self {
        Self {
            webhook: None,
            credentials: None,
            seed: None,
            clock_offset_seconds: 0,
            url: None,
            token_ttl_seconds: 32_400,
            approval_ttl_seconds: 3 * 3600,
            held_currencies: Vec::new(),
            unique_invoice_ids: true,
            transaction_search: true,
            reporting_delay_seconds: 0,
            webhook_retry_gaps: [100, 300, 900, 2700, 8100].map(Duration::from_millis).to_vec(),
            webhook_timeout: Duration::from_secs(10),
        }
    }
}

/// A handle to one fake PayPal: its state and its [control methods](Self#implementations). Cheap to clone.
#[derive(Clone)]
pub struct PayPal(Arc<Shared>);

pub(crate) struct Shared {
    store: Mutex<Store>,
    released: Notify,
}

impl PayPal {
    /// Starts a fake PayPal without a listener, for [`router`]; [`PayPalOptions::url`] must be set then. Must be
    /// called inside a tokio runtime, for it spawns the delivery task; that task ends with the last handle.
    pub fn start(options: PayPalOptions) -> Self {
        let (sender, jobs) = mpsc::unbounded_channel();
        let store = Mutex::new(Store::new(options, sender));
        let paypal = Self(Arc::new(Shared { store, released: Notify::new() }));
        tokio::spawn(webhooks::courier::deliver(Arc::downgrade(&paypal.0), jobs));
        paypal
    }

    /// The state. A panic elsewhere leaves it usable: it is a test double.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Store> {
        self.0.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn from_weak(shared: &Weak<Shared>) -> Option<Self> {
        shared.upgrade().map(Self)
    }

    /// Done at the next release.
    pub(crate) fn released(&self) -> Notified<'_> {
        self.0.released.notified()
    }

    pub(crate) fn release_slow(&self) {
        self.0.released.notify_waiters();
    }
}

impl std::fmt::Debug for PayPal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PayPal").finish_non_exhaustive()
    }
}

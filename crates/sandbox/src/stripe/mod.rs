//! A fake Stripe over real HTTP: API version 2026-10-28.endive, test mode, cards only.
//!
//! It plays customers, payment methods, payment and setup intents, charges, refunds, disputes, events and
//! signed webhooks closely enough that the official client packages and our own client cannot tell it
//! from the test mode of the real service, and it misbehaves on request ([`faults`]). In place of the
//! browser library there is a page at `/pay/{client_secret}` for people without one.
//!
//! Invariants: whatever the API would refuse (unknown parameters, removed ones, bad amounts, reused
//! keys) is refused; no money moves twice for one idempotency key; no request needs the network.
//! Deliberately absent: capture by hand, Checkout, subscriptions, search, Connect, the browser library.
//! Cost: one mutex around all state; memory grows with every request until [`Stripe::reset`].

mod cards;
mod control;
mod control_routes;
mod currency;
mod error;
mod expand;
pub mod faults;
mod http;
mod idempotency;
mod objects;
mod page;
mod params;
mod routes;
mod server;
mod store;
mod webhooks;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::futures::Notified;
use tokio::sync::{Notify, mpsc};

pub use control::{CreatedCustomer, NewCustomer};
pub use error::ApiError;
pub use http::RequestLog;
pub use params::API_VERSION;
pub use server::{StripeSandbox, router, serve};
pub use webhooks::{Delivery, WebhookTarget, sign};

use store::Store;

/// How a fake Stripe is set up.
#[derive(Debug, Clone)]
pub struct StripeOptions {
    /// Where events go; can be set later by [`Stripe::set_webhook_target`].
    pub webhook: Option<WebhookTarget>,
    /// The only secret key accepted; any `sk_test_…` or `rk_test_…` when `None`.
    pub api_key: Option<String>,
    /// Makes ids repeatable.
    pub seed: Option<u64>,
    /// How far the sandbox's clock is ahead of the machine's, in seconds.
    pub clock_offset_seconds: i64,
    /// Pauses before the repeats of an undelivered event; their number bounds the repeats.
    pub webhook_retry_gaps: Vec<Duration>,
    /// How long a target may take to answer.
    pub webhook_timeout: Duration,
}

impl Default for StripeOptions {
    fn default() -> Self {
        Self {
            webhook: None,
            api_key: None,
            seed: None,
            clock_offset_seconds: 0,
            webhook_retry_gaps: [100, 300, 900, 2700, 8100].map(Duration::from_millis).to_vec(),
            webhook_timeout: Duration::from_secs(10),
        }
    }
}

/// A handle to one fake Stripe: its state and its [control methods](Self#implementations). Cheap to clone.
#[derive(Clone)]
pub struct Stripe(Arc<Shared>);

pub(crate) struct Shared {
    store: Mutex<Store>,
    options: StripeOptions,
    released: Notify,
}

impl Stripe {
    /// Starts a fake Stripe without a listener, for [`router`]. Must be called inside a tokio runtime,
    /// for it spawns the delivery task; that task ends with the last handle.
    pub fn start(options: StripeOptions) -> Self {
        let (sender, jobs) = mpsc::unbounded_channel();
        let mut store = Store::new(options.seed, sender);
        store.target = options.webhook.clone();
        store.clock_offset_seconds = options.clock_offset_seconds;
        let stripe = Self(Arc::new(Shared { store: Mutex::new(store), options, released: Notify::new() }));
        tokio::spawn(webhooks::deliver(Arc::downgrade(&stripe.0), jobs));
        stripe
    }

    /// The options it was started with.
    pub fn options(&self) -> &StripeOptions {
        &self.0.options
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

impl std::fmt::Debug for Stripe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stripe").finish_non_exhaustive()
    }
}

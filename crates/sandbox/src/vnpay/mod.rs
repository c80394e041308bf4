//! A fake VNPay over real HTTP: payment gateway 2.1.0, one terminal, đồng only.
//!
//! It plays the signed payment address and the pages behind it, the way back, the server-to-server notice (IPN) and the
//! API calls `querydr` and `refund`, closely enough that a merchant's code cannot tell it from VNPay's own sandbox, and
//! it misbehaves on request ([`faults`]).
//!
//! Invariants: nothing is believed without its checksum, and everything it says carries one; a `vnp_TxnRef` is one
//! payment for ever; a payment ends once, unless a control call changes its result; no request needs the network.
//! Everything that takes time (expiry, repeats and delays of notices, refunds) goes by the sandbox's own clock, so that
//! days pass by moving it.
//! Deliberately absent: tokens, instalments, the bank list, versions before 2.1.0. Where VNPay's pages are silent, the
//! place says "own choice".
//! Cost: one mutex around all state; memory grows with every request until [`Vnpay::reset`].

mod api;
mod cards;
mod codes;
mod control;
mod control_routes;
mod entry;
pub mod faults;
mod http;
mod pages;
mod payment;
mod refunds;
mod server;
mod sign;
mod store;
mod time;
mod webhooks;

use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::futures::Notified;
use tokio::sync::{Notify, mpsc};

pub use control::ControlError;
pub use entry::PageError;
pub use http::RequestLog;
pub use payment::{Payment, Refund};
pub use server::{VnpaySandbox, router, serve};
pub use sign::{Params, sign, signed_query};
pub use webhooks::Delivery;

use store::Store;

/// How a fake VNPay is set up.
#[derive(Clone)]
pub struct VnpayOptions {
    /// The only terminal, `vnp_TmnCode`: 8 letters and digits.
    pub tmn_code: String,
    /// Its secret, `vnp_HashSecret`.
    pub hash_secret: String,
    /// Where notices go, a plain `http://` address; can be set later by [`Vnpay::set_webhook_url`].
    pub webhook_url: Option<String>,
    /// Makes numbers and tokens repeatable.
    pub seed: Option<u64>,
    /// How far the sandbox's clock is ahead of the machine's, in seconds.
    pub clock_offset_seconds: i64,
    /// Pauses before the repeats of a notice that was not taken, by the sandbox's clock; their number bounds the
    /// repeats. VNPay calls up to ten times, five minutes apart: the default keeps the ten and shortens the pause.
    pub webhook_retry_gaps: Vec<Duration>,
    /// How long a target may take to answer.
    pub webhook_timeout: Duration,
    /// How long a refund is in work (status 05) before it is sent to the bank (06), by the sandbox's clock; only by a
    /// control call when `None`.
    pub refund_seconds: Option<i64>,
    /// Which amounts the terminal takes, in whole đồng. VNPay fixes this in the contract; these are the usual ones.
    pub amounts_minor: RangeInclusive<i64>,
}

impl Default for VnpayOptions {
    fn default() -> Self {
        Self {
            tmn_code: "SANDBOX1".to_owned(),
            hash_secret: "SANDBOXSECRETSANDBOXSECRETSANDBO".to_owned(),
            webhook_url: None,
            seed: None,
            clock_offset_seconds: 0,
            webhook_retry_gaps: vec![Duration::from_secs(1); 9],
            webhook_timeout: Duration::from_secs(10),
            refund_seconds: Some(2),
            amounts_minor: 5_000..=999_999_999,
        }
    }
}

impl std::fmt::Debug for VnpayOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VnpayOptions").field("tmn_code", &self.tmn_code).finish_non_exhaustive()
    }
}

/// A handle to one fake VNPay: its state and its [control methods](Self#implementations). Cheap to clone.
#[derive(Clone)]
pub struct Vnpay(Arc<Shared>);

pub(crate) struct Shared {
    store: Mutex<Store>,
    options: Arc<VnpayOptions>,
    released: Notify,
}

impl Vnpay {
    /// Starts a fake VNPay without a listener, for [`router`]. Must be called inside a tokio runtime, for it spawns the
    /// delivery task; that task ends with the last handle.
    pub fn start(options: VnpayOptions) -> Self {
        let (sender, jobs) = mpsc::unbounded_channel();
        let options = Arc::new(options);
        let store = Mutex::new(Store::new(Arc::clone(&options), sender));
        let vnpay = Self(Arc::new(Shared { store, options, released: Notify::new() }));
        tokio::spawn(webhooks::deliver(Arc::downgrade(&vnpay.0), jobs));
        vnpay
    }

    /// The options it was started with.
    pub fn options(&self) -> &VnpayOptions {
        &self.0.options
    }

    /// The state, with everything booked that is due by now. A panic elsewhere leaves it usable: it is a test double.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Store> {
        let mut store = self.0.store.lock().unwrap_or_else(PoisonError::into_inner);
        store.book_due();
        store
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

impl std::fmt::Debug for Vnpay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vnpay").finish_non_exhaustive()
    }
}

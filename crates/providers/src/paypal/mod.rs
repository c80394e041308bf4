//! PayPal: orders that a payer approves on PayPal's page and that we capture; refunds, disputes, signed notices.
//!
//! One concept per file. Without I/O: `amount` (decimal texts), `transform` (request bodies, request ids, our
//! references), `object` (answers), `sighting` (answers as the gateway vocabulary), `error` (every answer is done,
//! definitely not done, or unknown), `retry` (when to repeat), `attempts` (which request id is next), `signature` and
//! `event` (notices). With I/O: `exchange` (one request), `client` (one method per call), `token` (the access token),
//! `certificate` (who signed a notice), `gateway` (what [`crate::gateway`] asks for).
//!
//! Invariants:
//! * Money moves only at capture. An order is captured at most once, whoever asks and however often; an order of which
//!   nobody knows costs nobody anything.
//! * An order that is `COMPLETED` is not money; a capture that is `COMPLETED` is, in its own amount and currency.
//! * A notice is read only after its signature, and the signature counts only under a certificate from PayPal's own
//!   hosts of our mode, that chains to a trusted root and is issued to PayPal.
//!
//! Source of every rule: PayPal's API descriptions (Orders v2, Payments v2, Webhooks v1, Disputes v1, Transaction
//! Search v1). Deliberately absent: saved PayPal accounts (the vault), authorise-then-capture, several purchase units.

pub mod amount;
mod attempts;
pub mod certificate;
mod client;
mod config;
mod error;
mod event;
mod exchange;
mod gateway;
mod object;
mod retry;
mod sighting;
pub mod signature;
mod token;
mod transform;

pub use client::Client;
pub use config::{Config, ConfigError, LIVE_URL, SANDBOX_URL, Verify};
pub use retry::RetryPolicy;

/// The gateway's name in rows, paths and metrics.
pub const NAME: &str = "paypal";

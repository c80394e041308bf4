//! Stripe: cards on the page, saved cards with the payer absent, signed notices.
//!
//! One concept per file. Pure: `amount` (wire integers), `transform` (request parameters), `object` (answers), `error`
//! (every answer is done, definitely not done, or unknown), `retry` (when to repeat), `signature` and `event` (notices),
//! `sighting` (all of it in the words of every gateway). With I/O: `client` (repeats of the *same* request under the *same*
//! key), `calls` (one method per call), `charge` (a top-up from saved cards), `resolve` (what became of one, and its end),
//! `gateway` (the trait).
//!
//! Invariants: one top-up is one intent; an intent is created unconfirmed, so that its id is known before anything can be
//! charged; after an unknown answer no other card is tried; an intent found `succeeded` here never issues credits by
//! itself, only a verified notice or the reconciler's own query does. Source of every rule: Stripe's API reference,
//! version [`API_VERSION`]. Deliberately absent: Checkout, subscriptions, manual capture, Connect, API v2.

pub mod amount;
mod calls;
mod charge;
mod client;
mod config;
pub mod error;
pub mod event;
mod gateway;
mod object;
mod resolve;
mod retry;
mod sighting;
pub mod signature;
mod transform;

pub use calls::IntentFilter;
pub use charge::{
    CardRefusal, ChargeRequest, MAX_CARDS, NoCards, SavedCardsOutcome, charge_prepared, charge_saved_cards,
    payable_cards, prepare_charge,
};
pub use client::Client;
pub use config::{API_VERSION, BASE_URL, Config, ConfigError};
pub use error::{Doubt, Error, Invalid, InvalidKind, Outcome, Refusal, Unknown, classify};
pub use gateway::Stripe;
pub use object::{Card, Charge, Customer, Dispute, Intent, IntentStatus, PaymentError, Refund, SetupIntent};
pub use resolve::{Pending, Resolution, close_intent, resolve};
pub use retry::RetryPolicy;
pub use sighting::NAME;
pub use transform::NewCustomer;

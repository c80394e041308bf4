//! Stripe: cards on the page, saved cards with the payer absent, signed notices.
//!
//! One concept per file. Pure: `amount` (wire integers), `transform` (request parameters), `object` (answers), `error`
//! (every answer is done, definitely not done, or unknown), `retry` (when to repeat), `signature` and `event` (notices).
//! With I/O: `client` (one method per call, repeats of the *same* request under the *same* key), `charge` (a top-up from
//! saved cards), `resolve` (what became of an unknown one).
//!
//! Invariants: one top-up is at most one paid intent; after an unknown answer no other card is tried; an intent found
//! `succeeded` here never issues credits by itself, only a verified notice or the reconciler's own query does.
//! Source of every rule: Stripe's API reference, version [`API_VERSION`]. Deliberately absent: Checkout, subscriptions,
//! manual capture, Connect, API v2.

pub mod amount;
mod charge;
mod client;
mod config;
pub mod error;
pub mod event;
mod object;
mod resolve;
mod retry;
pub mod signature;
mod transform;

pub use charge::{
    CardRefusal, ChargeRequest, MAX_CARDS, NoCards, SavedCardsOutcome, charge_saved_cards, payable_cards,
};
pub use client::{Client, IntentFilter};
pub use config::{API_VERSION, BASE_URL, Config, ConfigError};
pub use error::{Doubt, Error, Invalid, InvalidKind, Outcome, Refusal, Unknown, classify};
pub use object::{Card, Customer, Intent, IntentStatus, PaymentError, SetupIntent};
pub use resolve::{Pending, Resolution, resolve};
pub use retry::RetryPolicy;
pub use transform::NewCustomer;

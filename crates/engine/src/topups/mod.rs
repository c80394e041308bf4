//! Buying credits.
//!
//! [`purchase`] charges saved cards, [`stripe_notice`] takes what Stripe tells, [`reconcile`] asks what it did not tell.
//! All three meet in one judgement of the gateway's object and one settlement. Invariants:
//! * Credits come only with a verified notice or our own question to the gateway, never with the answer to a charge.
//! * Grant and payment are one transaction, once per payment, whoever comes first and however often.
//! * A payment only moves forward ([`State`]); while an outcome is unknown nothing else is charged.
//! * Money that is not exactly what was asked is never credited by itself.
//! * Every decision is a guarded write: no process remembers anything about a payment, so any number of nodes may take
//!   part, and one that was stopped in the middle finds the door closed.
//!
//! Deliberately absent: pages on which somebody pays, other gateways, refunds and disputes.

mod judge;
mod notice;
mod payment;
mod purchase;
mod reconcile;
mod settle;
mod state;

use std::sync::Arc;
use std::time::Duration;

use providers::stripe::{Client, Config};
use store::Store;

pub use notice::{NoticeError, stripe_notice};
pub use payment::Payment;
pub use providers::stripe::signature::HEADER as STRIPE_SIGNATURE;
pub use purchase::{Purchase, Purchased, Refused, buyer, purchase};
pub use reconcile::{Round, reconcile, run};
pub use state::{Answer, State};

use crate::settings::{self, Environment, Settings};
use crate::{Engine, Error, Result};

/// What buying credits needs at run time: gateway clients. Use cases take the whole [`Engine`].
pub struct Topups {
    stripe: Option<Stripe>,
}

/// The Stripe gateway as it is configured.
struct Stripe {
    client: Client,
    webhook_secrets: Vec<providers::Secret>,
    live: bool,
}

impl Topups {
    /// Makes the clients of the gateways that are configured.
    pub(crate) fn new(_store: &Store, settings: &Arc<Settings>) -> Result<Topups> {
        let configured = settings.stripe.secret_key.is_set();
        let stripe = configured.then(|| Stripe::new(&settings.stripe, settings.environment)).transpose()?;
        Ok(Topups { stripe })
    }

    fn stripe(&self) -> Option<&Stripe> {
        self.stripe.as_ref()
    }
}

impl Stripe {
    fn new(settings: &settings::Stripe, environment: Environment) -> Result<Stripe> {
        let secret = |secret: &settings::Secret| {
            providers::Secret::new(secret.expose()).map_err(|error| Error::Misconfigured(format!("stripe: {error}")))
        };
        let live = environment == Environment::Live;
        let config = Config {
            base_url: settings.base_url.clone(),
            api_version: settings.api_version.clone(),
            timeout: Duration::from_millis(settings.timeout_ms),
            ..Config::new(secret(&settings.secret_key)?, live)
        };
        Ok(Stripe {
            client: Client::new(config).map_err(|error| Error::Misconfigured(error.to_string()))?,
            webhook_secrets: settings.webhook_secrets.iter().map(secret).collect::<Result<_>>()?,
            live,
        })
    }
}

/// A payment by its id, whosever it is.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn payment(engine: &Engine, id: &str) -> Result<Payment> {
    Payment::find_by_id(engine.store(), id).await?.ok_or(Error::NotFound("payment"))
}

/// Payments of an account, newest first: those after the one with id `after`, at most `limit`.
pub async fn payments(engine: &Engine, account_id: &str, after: Option<&str>, limit: usize) -> Result<Vec<Payment>> {
    // "pay_g" is greater than every id, in any collation: ids are `pay_` and hexadecimal digits.
    Payment::page(engine.store(), account_id, after.unwrap_or("pay_g"), limit).await
}

/// Payments of an account that may still bring credits, oldest first.
pub async fn unsettled(engine: &Engine, account_id: &str) -> Result<Vec<Payment>> {
    Payment::unsettled(engine.store(), account_id).await
}

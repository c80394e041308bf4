//! Stripe as a [`Gateway`]: Stripe's own fields on our page, and everything that becomes of a payment.
//!
//! An intent is made unconfirmed and the payer's browser confirms it with the client secret, so nothing here charges.
//! Saved cards are charged through [`Stripe::client`]. Invariants: one top-up is one intent, whichever way it is paid
//! (both ways share the idempotency key); a notice of the other of live and test is refused; an object that carries
//! another top-up's reference is not found. Deliberately absent: hosted Checkout.
//! Cost: one round trip per call; two to look something up or close it, and one per 100 objects of a list.

use std::future::Future;

use super::calls::IntentFilter;
use super::client::Client;
use super::config::{Config, ConfigError};
use super::error::{Doubt, Error, Unknown};
use super::object::{Intent, IntentStatus, Refund};
use super::resolve::{Sought, close_intent, find};
use super::sighting::{NAME, news};
use super::{event, signature};
use crate::Secret;
use crate::gateway::{
    Ask, Gateway, Next, Notice, Opened, Pending, RawNotice, RefundAsk, RefundSighting, Reply, Sighting, Trouble,
    Unverified, Verified,
};

/// One Stripe account.
#[derive(Debug, Clone)]
pub struct Stripe {
    client: Client,
    webhook_secrets: Vec<Secret>,
    live: bool,
}

impl Stripe {
    /// Checks the configuration; sends nothing. `webhook_secrets` are all that may have signed a notice now (a rolled
    /// one stays valid for a day); without any, every notice is refused.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn new(config: Config, webhook_secrets: Vec<Secret>) -> Result<Stripe, ConfigError> {
        let live = config.live;
        Ok(Stripe { client: Client::new(config)?, webhook_secrets, live })
    }

    /// For what only Stripe has: customers, saved cards, charges with the payer absent.
    pub fn client(&self) -> &Client {
        &self.client
    }

    async fn opened(&self, ask: &Ask) -> Result<Opened, Error> {
        let intent = self.client.open_intent(ask).await?;
        match intent.client_secret {
            Some(secret) => Ok(Opened { object_id: intent.id, next: Next::StripeFields(secret) }),
            None => Err(Unknown::new(Doubt::Unreadable).into()),
        }
    }

    async fn found(&self, pending: &Pending) -> Result<Option<Intent>, Error> {
        let sought = Sought {
            topup_id: &pending.topup_id,
            intent_id: pending.object_id.as_deref(),
            customer_id: pending.customer_id.as_deref(),
            created_at_s: pending.created_at_s,
        };
        find(&self.client, &sought).await
    }

    async fn seen(&self, pending: &Pending) -> Result<Option<Sighting>, Error> {
        Ok(self.found(pending).await?.as_ref().map(Sighting::from))
    }

    async fn closed(&self, pending: &Pending) -> Result<Option<Sighting>, Error> {
        let Some(intent) = self.found(pending).await? else { return Ok(None) };
        let ended = matches!(intent.status, IntentStatus::Succeeded | IntentStatus::Canceled);
        let intent = if ended { intent } else { close_intent(&self.client, &intent.id).await? };
        Ok(Some(Sighting::from(&intent)))
    }

    async fn refund_seen(&self, ask: &RefundAsk) -> Result<Option<RefundSighting>, Error> {
        if let Some(id) = &ask.object_id
            && let Some(refund) = self.client.refund(id).await?
        {
            return told(&refund).map(Some);
        }
        let payment = (ask.payment.object_id.as_deref(), ask.money_id.as_deref());
        let refunds = self.client.refunds_of(payment.0, payment.1).await?;
        let found = refunds.iter().find(|refund| refund.refund_id() == Some(&ask.refund_id));
        found.map(told).transpose()
    }

    async fn listed(&self, from_s: i64, to_s: i64) -> Result<Vec<Sighting>, Error> {
        let filter = IntentFilter { customer_id: None, created_from_s: Some(from_s), created_before_s: Some(to_s) };
        Ok(self.client.intents(&filter).await?.iter().map(Sighting::from).collect())
    }

    fn verified(&self, raw: &RawNotice<'_>) -> Result<Notice, Unverified> {
        let forged = |reason: &dyn std::fmt::Display| Unverified::Forged(reason.to_string());
        let header = raw.headers.get(signature::HEADER).and_then(|value| value.to_str().ok());
        let header = header.ok_or_else(|| forged(&"the header Stripe-Signature is missing or not text"))?;
        let notice =
            signature::verify(raw.bytes, header, &self.webhook_secrets, raw.now_s).map_err(|error| forged(&error))?;
        let event = event::parse(notice).map_err(|error| forged(&error))?;
        if event.livemode != self.live {
            let mode = |live| if live { "live" } else { "test" };
            return Err(Unverified::Forged(format!(
                "the notice is of {} mode and this server runs in {} mode: check which endpoint points here",
                mode(event.livemode),
                mode(self.live)
            )));
        }
        let news = news(&event);
        let created_at_s = (event.created_at_s > 0).then_some(event.created_at_s);
        Ok(Notice { event_id: event.id, kind: event.kind, created_at_s, news })
    }
}

/// An answer about a refund; one whose money cannot be read leaves open how much it is.
fn told(refund: &Refund) -> Result<RefundSighting, Error> {
    RefundSighting::try_from(refund).map_err(|_| Unknown::new(Doubt::Unreadable).into())
}

fn reply<'a, T>(answer: impl Future<Output = Result<T, Error>> + Send + 'a) -> Reply<'a, T> {
    Box::pin(async move { answer.await.map_err(Trouble::from) })
}

impl Gateway for Stripe {
    fn name(&self) -> &'static str {
        NAME
    }

    fn live(&self) -> bool {
        self.live
    }

    fn open<'a>(&'a self, ask: &'a Ask) -> Reply<'a, Opened> {
        reply(self.opened(ask))
    }

    fn look_up<'a>(&'a self, pending: &'a Pending) -> Reply<'a, Option<Sighting>> {
        reply(self.seen(pending))
    }

    fn complete<'a>(&'a self, pending: &'a Pending) -> Reply<'a, Option<Sighting>> {
        reply(self.seen(pending))
    }

    fn close<'a>(&'a self, pending: &'a Pending) -> Reply<'a, Option<Sighting>> {
        reply(self.closed(pending))
    }

    fn refund<'a>(&'a self, ask: &'a RefundAsk) -> Reply<'a, RefundSighting> {
        reply(async move { told(&self.client.create_refund(ask).await?) })
    }

    fn look_up_refund<'a>(&'a self, ask: &'a RefundAsk) -> Reply<'a, Option<RefundSighting>> {
        reply(self.refund_seen(ask))
    }

    fn can_list(&self) -> bool {
        true
    }

    fn list<'a>(&'a self, from_s: i64, to_s: i64) -> Reply<'a, Vec<Sighting>> {
        reply(self.listed(from_s, to_s))
    }

    fn verify<'a>(&'a self, raw: &'a RawNotice<'a>) -> Verified<'a> {
        Box::pin(std::future::ready(self.verified(raw)))
    }
}

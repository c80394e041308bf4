//! What others are told of subscriptions: outbox rows and letters, as statements for the transaction of what they tell.
//!
//! Letters go where mail about the account goes: the billing profile's address in its language, else the account's.
//! Without either there is none. Cost: two reads by key per letter.

use ledger::{Timestamp, Unit};
use providers::Money;
use serde_json::{Value, json};
use store::{Statement, params};
use uuid::Uuid;

use super::plan::Plan;
use super::subscription::Subscription;
use crate::mail::{Envelope, Letter, Sum, enqueue};
use crate::settings::Language;
use crate::{Engine, Error, Result, billing};

/// Who gets letters about a subscription.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    recipient: Option<String>,
    language: Language,
    unit: Unit,
}

impl Reader {
    /// Of the subscription's account.
    pub(super) async fn of(engine: &Engine, subscription: &Subscription) -> Result<Reader> {
        let account = engine.accounts().get(&subscription.account_id).await?;
        let profile = billing::profile(engine, &account.id).await?.map(|stored| stored.profile);
        let (recipient, language) = match profile {
            Some(profile) => (Some(profile.email), profile.language),
            None => (account.email.clone(), subscription.language),
        };
        Ok(Reader { recipient, language, unit: account.unit })
    }

    /// A letter; `once` tells it from others of the same kind about the subscription.
    fn letter(&self, subscription: &Subscription, once: &str, letter: Letter, now: Timestamp) -> Option<Statement> {
        let envelope = Envelope {
            once: format!("{}:{}:{once}", letter.kind(), subscription.id),
            account_id: Some(subscription.account_id.clone()),
            recipient: self.recipient.clone()?,
            language: self.language,
            letter,
        };
        Some(enqueue(&envelope, now))
    }
}

/// The subscription once a thing happened to it, and of which plan.
#[derive(Clone, Copy, Debug)]
pub(super) struct News<'a> {
    pub(super) subscription: &'a Subscription,
    pub(super) plan: &'a Plan,
    pub(super) reader: &'a Reader,
    pub(super) now: Timestamp,
}

impl News<'_> {
    /// The outbox row of a topic, with `more` about it.
    fn told(&self, topic: &'static str, more: Value) -> Statement {
        const SQL: &str = "INSERT INTO outbox (account_id, id, topic, body, created_at_us) VALUES ($1, $2, $3, $4, $5)";
        let Subscription { account_id, id, state, period, .. } = self.subscription;
        let mut body = json!({
            "subscription": id,
            "account": account_id,
            "plan": self.plan.id,
            "plan_version": self.plan.version,
            "state": state.name(),
            "period": period,
        });
        if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
            body.extend(more);
        }
        let row_id = format!("msg_{}", Uuid::now_v7().simple());
        let values = params![account_id.as_str(), row_id, topic, body.to_string(), self.now.micros()];
        Statement::new(SQL, values)
    }

    fn with(&self, told: Statement, once: &str, letter: Letter) -> Vec<Statement> {
        let mut rows = vec![told];
        rows.extend(self.reader.letter(self.subscription, once, letter, self.now));
        rows
    }

    /// A period began.
    pub(super) fn period_started(&self, charged: Option<Money>) -> Result<Vec<Statement>> {
        let none = || Error::Unavailable(format!("the subscription {} has no period", self.subscription.id));
        let ends_at = self.subscription.ends_at.ok_or_else(none)?;
        let letter = Letter::PeriodStarted {
            plan: self.plan.terms.name.clone(),
            credited: Sum::new(self.reader.unit, self.plan.credits()?),
            charged: charged.map(sum),
            ends_at,
            renews: self.goes_on(),
        };
        let told = self.told("subscription.period_started", json!({"ends_at_us": ends_at.micros()}));
        Ok(self.with(told, &self.subscription.period.to_string(), letter))
    }

    /// Whether another period follows this one.
    fn goes_on(&self) -> bool {
        let last = self.subscription.period + 1 >= self.subscription.term_end(self.plan.terms.term_periods);
        !(self.subscription.cancel_at_end && last)
    }

    /// Something that is due could not be charged. `attempt`: names the try.
    pub(super) fn renewal_failed(
        &self,
        due: Money,
        next_try_at: Option<Timestamp>,
        reason: &str,
        attempt: &str,
    ) -> Vec<Statement> {
        let grace_ends_at = self.subscription.grace_ends_at.unwrap_or(self.now);
        let letter =
            Letter::RenewalFailed { plan: self.plan.terms.name.clone(), charge: sum(due), next_try_at, grace_ends_at };
        let more = json!({
            "reason": reason,
            "next_try_at_us": next_try_at.map(Timestamp::micros),
            "grace_ends_at_us": grace_ends_at.micros(),
        });
        self.with(self.told("subscription.renewal_failed", more), attempt, letter)
    }

    /// It will be another plan, or none, at `at`; or, again, the same.
    pub(super) fn change_scheduled(&self, to: Option<&str>, at: Timestamp) -> Vec<Statement> {
        let letter = Letter::PlanChangeScheduled { from: self.plan.terms.name.clone(), to: to.map(str::to_owned), at };
        let told = self.told("subscription.change_scheduled", json!({"to": to, "at_us": at.micros()}));
        self.with(told, &self.subscription.revision.to_string(), letter)
    }

    /// Whatever was to happen at the end does not.
    pub(super) fn undone(&self) -> Statement {
        self.told("subscription.change_undone", json!({}))
    }

    /// It is another plan from now on.
    pub(super) fn changed(&self, from: &str) -> Statement {
        self.told("subscription.changed", json!({"from": from}))
    }

    /// It has ended, or was suspended. `reason`: `cancelled`, `unpaid` or `closed`.
    pub(super) fn ended(&self, reason: &str) -> Vec<Statement> {
        // Letters know no closed accounts.
        let told_reason = if reason == "unpaid" { reason } else { "cancelled" };
        let letter = Letter::SubscriptionEnded { plan: self.plan.terms.name.clone(), reason: told_reason.to_owned() };
        let topic = match self.subscription.state {
            super::SubscriptionState::Suspended => "subscription.suspended",
            _ => "subscription.ended",
        };
        let told = self.told(topic, json!({"reason": reason}));
        self.with(told, &self.subscription.revision.to_string(), letter)
    }
}

fn sum(money: Money) -> Sum {
    Sum::new(money.currency, money.currency.from_minor(money.amount_minor).unwrap_or_default())
}

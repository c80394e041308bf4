//! Subscriptions as rows: reading them, and the statements that write them.
//!
//! A subscription is read, changed as a value and written as a whole, provided that nobody wrote it in between: every
//! write names the revision that was read and makes the next one. So of two writers one is told to look again, whatever
//! they wanted. Cost: one round trip per read.

use jiff::civil::Date;
use ledger::plan::Paying;
use ledger::{Timestamp, Unit};
use store::{Row, Statement, Store, Value, params};
use uuid::Uuid;

use super::plan::Plan;
use crate::settings::{Language, Method};
use crate::{Error, Result};

/// Where a subscription stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SubscriptionState {
    /// Its first payment is awaited; nothing was granted.
    Incomplete,
    /// A period is running.
    Active,
    /// A period has ended, and what is due for the next one was not paid yet.
    PendingRenewal,
    /// What is owed was not paid in time: nothing is granted until it is.
    Suspended,
    /// It has ended.
    Expired,
}

use SubscriptionState::{Active, Expired, Incomplete, PendingRenewal, Suspended};

impl SubscriptionState {
    /// Every state.
    pub const ALL: [SubscriptionState; 5] = [Incomplete, Active, PendingRenewal, Suspended, Expired];

    /// The name in the database and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Incomplete => "incomplete",
            Active => "active",
            PendingRenewal => "pending_renewal",
            Suspended => "suspended",
            Expired => "expired",
        }
    }

    /// The state of a name.
    pub fn parse(name: &str) -> Option<SubscriptionState> {
        SubscriptionState::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether the account has the plan: its name is shown and its prices hold.
    pub const fn has_plan(self) -> bool {
        matches!(self, Active | PendingRenewal)
    }
}

/// What follows when the term ends, instead of the same plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextPlan {
    /// Which plan, in the version of that day.
    pub plan_id: String,
    /// How it is paid.
    pub paying: Paying,
}

/// A subscription of an account to a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Whose.
    pub account_id: String,
    /// `sub_…`
    pub id: String,
    /// Where it stands.
    pub state: SubscriptionState,
    /// Which plan.
    pub plan_id: String,
    /// Which version of it.
    pub plan_version: i64,
    /// How its terms are paid.
    pub paying: Paying,
    /// What it is paid in.
    pub currency: Unit,
    /// How it was paid first.
    pub method: Method,
    /// The language of letters and documents.
    pub language: Language,
    /// The day from which ends of periods are counted.
    pub anchor_date: Date,
    /// The period that begins on that day.
    pub anchor_period: i64,
    /// The period that began last, from 1; 0 before the first.
    pub period: i64,
    /// When that period began.
    pub starts_at: Option<Timestamp>,
    /// When it ends.
    pub ends_at: Option<Timestamp>,
    /// The first period of the term.
    pub term_period: i64,
    /// Upgrades within the period.
    pub upgrades: i64,
    /// Nothing follows when the term ends.
    pub cancel_at_end: bool,
    /// What follows when the term ends; `None`: the same again.
    pub next: Option<NextPlan>,
    /// Until when what is due may be paid without losing anything; only while it is due.
    pub grace_ends_at: Option<Timestamp>,
    /// When it is looked after next; `None` while nothing is to be done.
    pub next_action_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Why: `cancelled`, `unpaid`, `never_paid` or `closed`.
    pub ended_reason: Option<String>,
    /// Whether it ever had a plan with prices of its own.
    pub tariff: bool,
    /// The caller's key.
    pub idempotency_key: String,
    /// What the key stands for.
    pub input: String,
    /// Grows by one with each change.
    pub revision: i64,
    /// When it began.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT account_id, id, state, plan_id, plan_version, paying, currency, method, language, anchor_date, \
             anchor_period, period, starts_at_us, ends_at_us, term_period, upgrades, cancel_at_end, next_plan_id, \
             next_paying, grace_ends_at_us, next_action_at_us, ended_at_us, ended_reason, tariff, idempotency_key, input, \
             revision, created_at_us, updated_at_us FROM subscriptions ",
            $rest
        )
    };
}

impl Subscription {
    /// A new id, in order of time.
    pub(super) fn new_id() -> String {
        format!("sub_{}", Uuid::now_v7().simple())
    }

    /// One that waits for its first period, without a key.
    pub(super) fn blank(
        account_id: &str,
        plan: &Plan,
        paying: Paying,
        currency: Unit,
        anchor_date: Date,
        now: Timestamp,
    ) -> Subscription {
        Subscription {
            account_id: account_id.to_owned(),
            id: Subscription::new_id(),
            state: Incomplete,
            plan_id: plan.id.clone(),
            plan_version: plan.version,
            paying,
            currency,
            method: Method::SavedCard,
            language: Language::default(),
            anchor_date,
            anchor_period: 1,
            period: 0,
            starts_at: None,
            ends_at: None,
            term_period: 1,
            upgrades: 0,
            cancel_at_end: false,
            next: None,
            grace_ends_at: None,
            next_action_at: None,
            ended_at: None,
            ended_reason: None,
            tariff: plan.terms.on_demand.is_some(),
            idempotency_key: String::new(),
            input: String::new(),
            revision: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// Its term has so many periods: the number of the first period after it.
    pub(super) const fn term_end(&self, term_periods: u32) -> i64 {
        self.term_period + term_periods as i64
    }

    fn read(row: &Row) -> Result<Subscription> {
        let broken = |what: &str| Error::Unavailable(format!("subscriptions: a row has a broken {what}"));
        let json = |text: &str| serde_json::from_str::<Paying>(text).map_err(|_| broken("paying"));
        let time = |column| row.optional_int(column).map(|micros| micros.map(Timestamp::from_micros));
        let next = match (row.optional_text(17)?, row.optional_text(18)?) {
            (Some(plan_id), Some(paying)) => Some(NextPlan { plan_id: plan_id.to_owned(), paying: json(paying)? }),
            _ => None,
        };
        Ok(Subscription {
            account_id: row.text(0)?.to_owned(),
            id: row.text(1)?.to_owned(),
            state: SubscriptionState::parse(row.text(2)?).ok_or_else(|| broken("state"))?,
            plan_id: row.text(3)?.to_owned(),
            plan_version: row.int(4)?,
            paying: json(row.text(5)?)?,
            currency: Unit::parse(row.text(6)?).ok_or_else(|| broken("currency"))?,
            method: Method::parse(row.text(7)?).ok_or_else(|| broken("method"))?,
            language: Language::parse(row.text(8)?).ok_or_else(|| broken("language"))?,
            anchor_date: row.text(9)?.parse().map_err(|_| broken("anchor_date"))?,
            anchor_period: row.int(10)?,
            period: row.int(11)?,
            starts_at: time(12)?,
            ends_at: time(13)?,
            term_period: row.int(14)?,
            upgrades: row.int(15)?,
            cancel_at_end: row.int(16)? != 0,
            next,
            grace_ends_at: time(19)?,
            next_action_at: time(20)?,
            ended_at: time(21)?,
            ended_reason: row.optional_text(22)?.map(str::to_owned),
            tariff: row.int(23)? != 0,
            idempotency_key: row.text(24)?.to_owned(),
            input: row.text(25)?.to_owned(),
            revision: row.int(26)?,
            created_at: Timestamp::from_micros(row.int(27)?),
            updated_at: Timestamp::from_micros(row.int(28)?),
        })
    }

    async fn one(store: &Store, sql: &'static str, params: Vec<Value>) -> Result<Option<Subscription>> {
        store.query(sql, params).await?.first().map(Subscription::read).transpose()
    }

    /// A subscription of an account.
    pub(super) async fn find(store: &Store, account_id: &str, id: &str) -> Result<Option<Subscription>> {
        Self::one(store, select!("WHERE account_id = $1 AND id = $2"), params![account_id, id]).await
    }

    /// The one of an account that has not expired.
    pub(super) async fn live(store: &Store, account_id: &str) -> Result<Option<Subscription>> {
        Self::one(store, select!("WHERE account_id = $1 AND state <> 'expired'"), params![account_id]).await
    }

    /// The one that began last.
    pub(super) async fn last(store: &Store, account_id: &str) -> Result<Option<Subscription>> {
        Self::one(store, select!("WHERE account_id = $1 ORDER BY id DESC LIMIT 1"), params![account_id]).await
    }

    /// The one that a caller's key began.
    pub(super) async fn find_by_key(store: &Store, account_id: &str, key: &str) -> Result<Option<Subscription>> {
        let sql = select!("WHERE account_id = $1 AND idempotency_key = $2");
        Self::one(store, sql, params![account_id, key]).await
    }

    /// Those that are to be looked after by `now`, the longest due first.
    pub(super) async fn due(store: &Store, now: Timestamp, limit: i64) -> Result<Vec<Subscription>> {
        let sql = select!("WHERE next_action_at_us <= $1 ORDER BY next_action_at_us LIMIT $2");
        store.query(sql, params![now.micros(), limit]).await?.iter().map(Subscription::read).collect()
    }

    fn values(&self, revision: i64, updated_at: Timestamp) -> Vec<Value> {
        // Plain data always serialises.
        let json = |paying: &Paying| serde_json::to_string(paying).unwrap_or_default();
        let micros = |at: Option<Timestamp>| at.map(Timestamp::micros);
        params![
            self.account_id.as_str(),
            self.id.as_str(),
            self.state.name(),
            self.plan_id.as_str(),
            self.plan_version,
            json(&self.paying),
            self.currency.code(),
            self.method.name(),
            self.language.code(),
            self.anchor_date.to_string(),
            self.anchor_period,
            self.period,
            micros(self.starts_at),
            micros(self.ends_at),
            self.term_period,
            self.upgrades,
            self.cancel_at_end,
            self.next.as_ref().map(|next| next.plan_id.clone()),
            self.next.as_ref().map(|next| json(&next.paying)),
            micros(self.grace_ends_at),
            micros(self.next_action_at),
            micros(self.ended_at),
            self.ended_reason.clone(),
            self.tariff,
            self.idempotency_key.as_str(),
            self.input.as_str(),
            revision,
            self.created_at.micros(),
            updated_at.micros(),
        ]
    }

    /// Writes a new one, unless the account has one or the key is taken.
    pub(super) fn insert(&self) -> Statement {
        const SQL: &str = "INSERT INTO subscriptions (account_id, id, state, plan_id, plan_version, paying, currency, \
                           method, language, anchor_date, anchor_period, period, starts_at_us, ends_at_us, term_period, \
                           upgrades, cancel_at_end, next_plan_id, next_paying, grace_ends_at_us, next_action_at_us, \
                           ended_at_us, ended_reason, tariff, idempotency_key, input, revision, created_at_us, \
                           updated_at_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, \
                           $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29)";
        Statement::new(SQL, self.values(self.revision, self.updated_at)).expect_one()
    }

    /// Writes it as it is now, if it still stands as it was read.
    pub(super) fn save(&self, now: Timestamp) -> Statement {
        const SQL: &str = "UPDATE subscriptions SET state = $3, plan_id = $4, plan_version = $5, paying = $6, \
                           currency = $7, method = $8, language = $9, anchor_date = $10, anchor_period = $11, \
                           period = $12, starts_at_us = $13, ends_at_us = $14, term_period = $15, upgrades = $16, \
                           cancel_at_end = $17, next_plan_id = $18, next_paying = $19, grace_ends_at_us = $20, \
                           next_action_at_us = $21, ended_at_us = $22, ended_reason = $23, tariff = $24, \
                           idempotency_key = $25, input = $26, revision = $27, created_at_us = $28, updated_at_us = $29 \
                           WHERE account_id = $1 AND id = $2 AND revision = $27 - 1";
        Statement::new(SQL, self.values(self.revision + 1, now)).expect_one()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for state in SubscriptionState::ALL {
            assert_eq!(SubscriptionState::parse(state.name()), Some(state));
        }
        assert_eq!(SubscriptionState::parse("paused"), None);
    }
}

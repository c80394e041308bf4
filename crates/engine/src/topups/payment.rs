//! Payments as rows: reading them, and the statements that write them.
//!
//! A statement that changes a payment names the state it was read in and must change exactly one row, so that of two
//! writers one is told to look again. Every change of state brings its outbox row along. Cost: one round trip per read.

use ledger::{Amount, Timestamp, Unit};
use providers::Money;
use providers::gateway::{Instrument, Pending};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Row, Statement, Store, Value, params};
use uuid::Uuid;

use super::state::{Answer, State};
use crate::billing::{BillingSnapshot, DatedRate};
use crate::settings::Language;
use crate::{Error, Result};

/// A saved card, charged without the customer present, as rows name it.
pub(super) const SAVED_CARD: &str = "saved_card";

/// Every [`Payment::method`].
pub const METHODS: [&str; 4] = [SAVED_CARD, providers::stripe::NAME, providers::paypal::NAME, providers::vnpay::NAME];

/// What a payment is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// Its credits become a top-up lot.
    #[default]
    Topup,
    /// It pays for a plan: its credits, if it brings any, become the lot of a period.
    Plan {
        /// What it pays.
        instalment_id: String,
    },
}

impl Purpose {
    /// The name in the database and in JSON.
    pub const fn name(&self) -> &'static str {
        match self {
            Purpose::Topup => "topup",
            Purpose::Plan { .. } => "plan",
        }
    }

    /// What it pays of a plan.
    pub fn instalment_id(&self) -> Option<&str> {
        match self {
            Purpose::Topup => None,
            Purpose::Plan { instalment_id } => Some(instalment_id),
        }
    }
}

/// What documents and pages show of a payment; it decides nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    /// The language of the payer.
    pub language: Language,
    /// The quote that it was made from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quote_id: Option<String>,
    /// The exchange rate of the quote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<DatedRate>,
    /// Who is billed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing: Option<BillingSnapshot>,
    /// Where the payer's browser goes in the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_url: Option<String>,
    /// What it was paid with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instrument: Option<Instrument>,
    /// The name of the plan that it pays for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// Nobody asked for it just now: a renewal.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub automatic: bool,
}

/// One purchase of credits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Whose.
    pub account_id: String,
    /// `pay_…`; the gateway's objects carry it as `topup_id`.
    pub id: String,
    /// `stripe`, `paypal` or `vnpay`.
    pub gateway: String,
    /// `saved_card`, `stripe`, `paypal` or `vnpay`.
    pub method: String,
    /// Where it stands.
    pub state: State,
    /// Why it stands there, a stable code; `late_success` on a payment that had failed before.
    pub reason: Option<String>,
    /// What the caller was told for good.
    pub answer: Option<Answer>,
    /// What is credited, in the account's unit.
    pub credit: Amount,
    /// What is charged.
    pub price: Money,
    /// Real money.
    pub live: bool,
    /// Who pays, at the gateway; empty where it has no customers.
    pub customer_id: String,
    /// What pays, at the gateway (`pi_…`, an order, a `vnp_TxnRef`), once known.
    pub object_id: Option<String>,
    /// What moved the money, at the gateway, once known.
    pub money_id: Option<String>,
    /// The caller's key.
    pub idempotency_key: Option<String>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
    /// When the gateway is asked next; `None` when nothing is open.
    pub next_check_at: Option<Timestamp>,
    /// When the credits were granted.
    pub paid_at: Option<Timestamp>,
    /// Until when the customer may pay, where somebody has to act.
    pub expires_at: Option<Timestamp>,
    /// What went back, in the charge's minor units.
    pub refunded_minor: i64,
    /// What open and lost disputes took, in the charge's minor units.
    pub disputed_minor: i64,
    /// What is shown of it.
    pub details: Details,
    /// What it is for.
    pub purpose: Purpose,
}

/// Which payments of an account. Empty lists do not restrict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PaymentFilter {
    /// States.
    pub states: Vec<State>,
    /// Methods, as [`Payment::method`] names them.
    pub methods: Vec<String>,
    /// Begun at or after.
    pub from: Option<Timestamp>,
    /// Begun before.
    pub to: Option<Timestamp>,
}

/// Names between commas, as `LIKE '%,' || name || ',%'` finds them; nothing for none.
fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: String = names.flat_map(|name| [name, ","]).collect();
    if names.is_empty() { names } else { format!(",{names}") }
}

/// What changes about a payment.
#[derive(Clone, Debug)]
pub(super) struct Change {
    /// The state from now on; may be the present one.
    pub(super) state: State,
    /// Replaces the reason.
    pub(super) reason: Option<String>,
    /// Kept when there was none yet.
    pub(super) answer: Option<Answer>,
    /// Kept when there was none yet.
    pub(super) object_id: Option<String>,
    /// Kept when there was none yet.
    pub(super) money_id: Option<String>,
    /// Becomes part of the details.
    pub(super) instrument: Option<Instrument>,
    /// Replaces the next check.
    pub(super) next_check_at: Option<Timestamp>,
}

impl Change {
    /// To a state in which nothing is open any more.
    pub(super) fn closing(state: State, reason: impl Into<Option<String>>) -> Change {
        Change::to(state, reason, None)
    }

    /// To a state that is asked about at `next_check_at`.
    pub(super) fn to(state: State, reason: impl Into<Option<String>>, next_check_at: Option<Timestamp>) -> Change {
        let reason = reason.into();
        Change { state, reason, answer: None, object_id: None, money_id: None, instrument: None, next_check_at }
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT account_id, id, gateway, method, state, reason, answer, credit_units, amount_minor, currency, live, \
             customer_id, object_id, idempotency_key, created_at_us, updated_at_us, next_check_at_us, money_id, \
             paid_at_us, expires_at_us, refunded_minor, disputed_minor, details, purpose, instalment_id FROM payments ",
            $rest
        )
    };
}

impl Payment {
    /// A new id, in order of time.
    pub(super) fn new_id() -> String {
        format!("pay_{}", Uuid::now_v7().simple())
    }

    fn read(row: &Row) -> Result<Payment> {
        let broken = |what: &str, text: &str| Error::Unavailable(format!("a payment has the {what} {text:?}"));
        let state = row.text(4)?;
        let answer = row.optional_text(6)?;
        let currency = row.text(9)?;
        let text = |column| row.optional_text(column).map(|text| text.map(str::to_owned));
        let time = |column| row.optional_int(column).map(|micros| micros.map(Timestamp::from_micros));
        let details = row.optional_text(22)?;
        Ok(Payment {
            account_id: row.text(0)?.to_owned(),
            id: row.text(1)?.to_owned(),
            gateway: row.text(2)?.to_owned(),
            method: row.text(3)?.to_owned(),
            state: State::parse(state).ok_or_else(|| broken("state", state))?,
            reason: text(5)?,
            answer: answer.map(|name| Answer::parse(name).ok_or_else(|| broken("answer", name))).transpose()?,
            credit: Amount::from_units(row.int(7)?),
            price: Money {
                amount_minor: row.int(8)?,
                currency: Unit::parse(currency).ok_or_else(|| broken("currency", currency))?,
            },
            live: row.int(10)? != 0,
            customer_id: row.text(11)?.to_owned(),
            object_id: text(12)?,
            idempotency_key: text(13)?,
            created_at: Timestamp::from_micros(row.int(14)?),
            updated_at: Timestamp::from_micros(row.int(15)?),
            next_check_at: time(16)?,
            money_id: text(17)?,
            paid_at: time(18)?,
            expires_at: time(19)?,
            refunded_minor: row.int(20)?,
            disputed_minor: row.int(21)?,
            details: match details {
                Some(json) => serde_json::from_str(json).map_err(|_| broken("details", json))?,
                None => Details::default(),
            },
            purpose: match (row.text(23)?, text(24)?) {
                ("topup", None) => Purpose::Topup,
                ("plan", Some(instalment_id)) => Purpose::Plan { instalment_id },
                (purpose, _) => return Err(broken("purpose", purpose)),
            },
        })
    }

    async fn many(store: &Store, sql: &'static str, params: Vec<Value>) -> Result<Vec<Payment>> {
        store.query(sql, params).await?.iter().map(Payment::read).collect()
    }

    async fn one(store: &Store, sql: &'static str, params: Vec<Value>) -> Result<Option<Payment>> {
        Ok(Self::many(store, sql, params).await?.pop())
    }

    /// A payment of an account.
    pub(super) async fn find(store: &Store, account_id: &str, id: &str) -> Result<Option<Payment>> {
        Self::one(store, select!("WHERE account_id = $1 AND id = $2"), params![account_id, id]).await
    }

    /// A payment of whatever account.
    pub(super) async fn find_by_id(store: &Store, id: &str) -> Result<Option<Payment>> {
        Self::one(store, select!("WHERE id = $1"), params![id]).await
    }

    /// The payment that an object of the gateway pays for.
    pub(super) async fn find_by_object(store: &Store, gateway: &str, object_id: &str) -> Result<Option<Payment>> {
        Self::one(store, select!("WHERE gateway = $1 AND object_id = $2"), params![gateway, object_id]).await
    }

    /// The payment whose money an object of the gateway moved.
    pub(super) async fn find_by_money(store: &Store, gateway: &str, money_id: &str) -> Result<Option<Payment>> {
        Self::one(store, select!("WHERE gateway = $1 AND money_id = $2"), params![gateway, money_id]).await
    }

    /// The payment that a caller's key began.
    pub(super) async fn find_by_key(store: &Store, account_id: &str, key: &str) -> Result<Option<Payment>> {
        Self::one(store, select!("WHERE account_id = $1 AND idempotency_key = $2"), params![account_id, key]).await
    }

    /// The payments of an instalment, newest first.
    pub(super) async fn of_instalment(store: &Store, account_id: &str, instalment_id: &str) -> Result<Vec<Payment>> {
        let sql = select!("WHERE account_id = $1 AND instalment_id = $2 ORDER BY id DESC");
        Self::many(store, sql, params![account_id, instalment_id]).await
    }

    /// Payments of an account that are not settled, oldest first.
    pub(super) async fn unsettled(store: &Store, account_id: &str) -> Result<Vec<Payment>> {
        let sql = select!(
            "WHERE account_id = $1 AND state IN ('created', 'awaiting_customer', 'confirming', 'under_review', 'unknown') \
             ORDER BY id"
        );
        Self::many(store, sql, params![account_id]).await
    }

    /// Payments of an account that pass a filter and whose id is below `before`, newest first.
    pub(super) async fn page(
        store: &Store,
        account_id: &str,
        filter: &PaymentFilter,
        before: &str,
        limit: usize,
    ) -> Result<Vec<Payment>> {
        let sql = select!(
            "WHERE account_id = $1 AND id < $2 AND created_at_us >= $3 AND created_at_us < $4 \
             AND ($5 = '' OR $5 LIKE '%,' || state || ',%') AND ($6 = '' OR $6 LIKE '%,' || method || ',%') \
             ORDER BY id DESC LIMIT $7"
        );
        let states = listed(filter.states.iter().map(|state| state.name()));
        let methods = listed(filter.methods.iter().map(String::as_str));
        let values = params![
            account_id,
            before,
            filter.from.map_or(i64::MIN, Timestamp::micros),
            filter.to.map_or(i64::MAX, Timestamp::micros),
            states,
            methods,
            i64::try_from(limit).unwrap_or(i64::MAX),
        ];
        Self::many(store, sql, values).await
    }

    /// Payments about which the gateway is to be asked by `now`, the longest due first.
    pub(super) async fn due(store: &Store, now: Timestamp, limit: i64) -> Result<Vec<Payment>> {
        let sql = select!("WHERE next_check_at_us <= $1 ORDER BY next_check_at_us LIMIT $2");
        Self::many(store, sql, params![now.micros(), limit]).await
    }

    /// What the gateway is asked about.
    pub(super) fn pending(&self) -> Pending {
        Pending {
            account_id: self.account_id.clone(),
            topup_id: self.id.clone(),
            object_id: self.object_id.clone(),
            customer_id: Some(self.customer_id.clone()).filter(|id| !id.is_empty()),
            money: self.price,
            created_at_s: self.created_at.seconds(),
        }
    }

    /// Writes a new payment, unless its key is taken or another one may still take money.
    pub(super) fn insert(&self) -> Statement {
        Statement::new(
            "INSERT INTO payments (account_id, id, gateway, method, state, credit_units, amount_minor, currency, live, \
             customer_id, idempotency_key, created_at_us, updated_at_us, next_check_at_us, expires_at_us, details, \
             purpose, instalment_id) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, \
             CAST($15 AS BIGINT), $16, $17, $18 WHERE NOT EXISTS \
             (SELECT 1 FROM payments WHERE account_id = $1 AND state IN ('created', 'unknown'))",
            params![
                self.account_id.as_str(),
                self.id.as_str(),
                self.gateway.as_str(),
                self.method.as_str(),
                self.state.name(),
                self.credit.units(),
                self.price.amount_minor,
                self.price.currency.code(),
                self.live,
                self.customer_id.as_str(),
                self.idempotency_key.clone(),
                self.created_at.micros(),
                self.updated_at.micros(),
                self.next_check_at.map(Timestamp::micros),
                self.expires_at.map(Timestamp::micros),
                self.details.json(),
                self.purpose.name(),
                self.purpose.instalment_id(),
            ],
        )
        .expect_one()
    }

    /// Writes a change, if the payment still stands where it was read.
    pub(super) fn change(&self, change: &Change, source: &str, now: Timestamp) -> Vec<Statement> {
        let details = change
            .instrument
            .clone()
            .map(|instrument| Details { instrument: Some(instrument), ..self.details.clone() }.json());
        let paid_at = (change.state == State::Succeeded && self.paid_at.is_none()).then_some(now);
        let update = Statement::new(
            "UPDATE payments SET state = $1, reason = $2, answer = coalesce(answer, $3), \
             object_id = coalesce(object_id, $4), next_check_at_us = $5, updated_at_us = $6, \
             money_id = coalesce(money_id, $10), details = coalesce($11, details), paid_at_us = coalesce(paid_at_us, $12) \
             WHERE account_id = $7 AND id = $8 AND state = $9",
            params![
                change.state.name(),
                change.reason.clone(),
                change.answer.map(Answer::name),
                change.object_id.clone(),
                change.next_check_at.map(Timestamp::micros),
                now.micros(),
                self.account_id.as_str(),
                self.id.as_str(),
                self.state.name(),
                change.money_id.clone(),
                details,
                paid_at.map(Timestamp::micros),
            ],
        );
        let mut rows = vec![update.expect_one()];
        if change.state != self.state {
            rows.push(self.told(change, now));
            rows.push(self.noted(change.state, change.reason.as_deref(), source, now));
        }
        rows
    }

    /// The row that remembers a step of the payment. `source`: who or what made it.
    pub(super) fn noted(&self, state: State, reason: Option<&str>, source: &str, now: Timestamp) -> Statement {
        Statement::new(
            "INSERT INTO payment_events (account_id, payment_id, id, at_us, state, reason, source) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            params![
                self.account_id.as_str(),
                self.id.as_str(),
                format!("pev_{}", Uuid::now_v7().simple()),
                now.micros(),
                state.name(),
                reason,
                source,
            ],
        )
    }

    /// The outbox row of a change of state.
    fn told(&self, change: &Change, now: Timestamp) -> Statement {
        let body = json!({
            "payment": self.id,
            "account": self.account_id,
            "state": change.state.name(),
            "reason": change.reason,
            "gateway_object": change.object_id.as_ref().or(self.object_id.as_ref()),
        });
        Statement::new(
            "INSERT INTO outbox (account_id, id, topic, body, created_at_us) VALUES ($1, $2, $3, $4, $5)",
            params![
                self.account_id.as_str(),
                format!("msg_{}", Uuid::now_v7().simple()),
                format!("payment.{}", change.state.name()),
                body.to_string(),
                now.micros(),
            ],
        )
    }

    /// Asks about the payment at the next round, if it is asked about at all.
    pub(super) fn hasten(&self, now: Timestamp) -> Statement {
        Statement::new(
            "UPDATE payments SET next_check_at_us = $1 WHERE account_id = $2 AND id = $3 AND next_check_at_us > $1",
            params![now.micros(), self.account_id.as_str(), self.id.as_str()],
        )
    }

    /// Moves or ends the next check, if nobody else did: who changes the row may ask.
    pub(super) fn take_check(&self, next: Option<Timestamp>) -> Statement {
        Statement::new(
            "UPDATE payments SET next_check_at_us = $1 WHERE account_id = $2 AND id = $3 AND next_check_at_us = $4",
            params![
                next.map(Timestamp::micros),
                self.account_id.as_str(),
                self.id.as_str(),
                self.next_check_at.map(Timestamp::micros)
            ],
        )
        .expect_one()
    }
}

impl Details {
    fn json(&self) -> String {
        // Texts, numbers and maps with text keys: this cannot fail.
        serde_json::to_string(self).unwrap_or_else(|_| "{}".to_owned())
    }
}

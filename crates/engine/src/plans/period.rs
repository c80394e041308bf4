//! Periods: which one is next, and the grant of its lot.
//!
//! A period's lot is granted under a key that names the subscription, the period and the part of it, in the transaction
//! that writes the period down and moves the subscription on, so that nothing is granted twice, whoever comes first.
//! Counter-accounts: what a payment brings comes from its gateway's money; what was granted before it is paid for is owed
//! to us; the rest (later periods of a term paid upfront, plans that cost nothing) is given.

use std::sync::Arc;

use jiff::tz::TimeZone;
use ledger::plan::Paying;
use ledger::{Amount, Command, Counter, LotKind, LotSpec, Memo, Op, Timestamp};
use store::{AccountRef, Order, Statement, Target, params};

use super::calendar::{Grid, day_of};
use super::instalment::InstalmentId;
use super::plan::Plan;
use super::subscription::{Subscription, SubscriptionState};
use crate::ledger_calls::fingerprint;
use crate::topups::{Payment, clearing};
use crate::{Error, Result};

/// The subscription once its next period has begun. A period begins where the one before it ended, unless nothing was paid
/// in time, or so late that it would be over: then it begins now, and days are counted from today.
pub(super) fn next_period(
    subscription: &Subscription,
    plan: &Plan,
    zone: &TimeZone,
    now: Timestamp,
) -> Result<Subscription> {
    let period = subscription.period + 1;
    let ends_at =
        |anchor, anchor_period| Grid { anchor, period: plan.terms.period, zone }.ends_at(period - anchor_period + 1);
    let goes_on = matches!(subscription.state, SubscriptionState::Active | SubscriptionState::PendingRenewal);
    let kept = ends_at(subscription.anchor_date, subscription.anchor_period).filter(|end| goes_on && *end > now);
    let (anchor_date, anchor_period, starts_at, ends_at) = match (subscription.ends_at, kept) {
        (Some(before), Some(end)) => (subscription.anchor_date, subscription.anchor_period, before, end),
        _ => {
            let today = day_of(now, zone);
            let beyond = || Error::Unavailable("the next period is beyond the calendar".to_owned());
            (today, period, now, ends_at(today, period).ok_or_else(beyond)?)
        }
    };
    Ok(Subscription {
        state: SubscriptionState::Active,
        anchor_date,
        anchor_period,
        period,
        starts_at: Some(starts_at),
        ends_at: Some(ends_at),
        upgrades: 0,
        grace_ends_at: None,
        next_action_at: Some(ends_at),
        ended_at: None,
        ended_reason: None,
        tariff: subscription.tariff || plan.terms.on_demand.is_some(),
        ..subscription.clone()
    })
}

/// When a period of the subscription is to begin that has not begun yet, as the calendar has it now.
pub(super) fn planned_start(
    subscription: &Subscription,
    plan: &Plan,
    zone: &TimeZone,
    period: i64,
    now: Timestamp,
) -> Timestamp {
    let grid = Grid { anchor: subscription.anchor_date, period: plan.terms.period, zone };
    match period - subscription.anchor_period {
        before if before <= 0 => now,
        number => grid.ends_at(number).unwrap_or(Timestamp::MAX),
    }
}

/// What is granted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lot<'a> {
    /// To which subscription, in the period that runs once this is done.
    pub(super) subscription: &'a Subscription,
    /// What the services and the name are of.
    pub(super) plan: &'a Plan,
    /// 0 for the period's own lot, then those of upgrades.
    pub(super) part: i64,
    /// How much, more than nothing.
    pub(super) credits: Amount,
    /// What brought it, when a payment did.
    pub(super) payment: Option<&'a Payment>,
}

impl Lot<'_> {
    /// The grant with the row of the period, and `rows`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] for a subscription whose period has not begun.
    pub(super) fn order(&self, now: Timestamp, mut rows: Vec<Statement>) -> Result<(Order, Timestamp)> {
        const PERIOD: &str = "INSERT INTO plan_periods (account_id, subscription_id, period, part, plan_id, plan_version, \
                              credit_units, starts_at_us, ends_at_us, payment_id) \
                              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        let Lot { subscription, plan, part, credits, payment } = *self;
        let none = || Error::Unavailable(format!("the subscription {} has no period", subscription.id));
        let ends_at = subscription.ends_at.ok_or_else(none)?;
        let starts_at = if part == 0 { subscription.starts_at.ok_or_else(none)? } else { now };
        let row = params![
            subscription.account_id.as_str(),
            subscription.id.as_str(),
            subscription.period,
            part,
            plan.id.as_str(),
            plan.version,
            credits.units(),
            starts_at.micros(),
            ends_at.micros(),
            payment.map(|payment| payment.id.clone()),
        ];
        rows.push(Statement::new(PERIOD, row).expect_one());
        let scope = plan.terms.scope.iter().map(|service| service.as_str().into()).collect();
        let lot = LotSpec { scope, ..spec(credits, Some(ends_at)) };
        let counter = match (payment, subscription.paying) {
            (Some(payment), _) => clearing(&payment.gateway),
            (None, Paying::Postpaid) => Counter::Receivable,
            (None, _) => lot.giver(),
        };
        let memo = Memo {
            resource: Some(plan.id.as_str().into()),
            reference: Some(payment.map_or(subscription.id.as_str(), |payment| payment.id.as_str()).into()),
            description: Some(plan.terms.name.as_str().into()),
            ..Memo::default()
        };
        let key = key(&subscription.id, subscription.period, part);
        let order = order(&subscription.account_id, key, payment, memo, Op::Grant { lot, counter });
        Ok((Order { rows, ..order }, ends_at))
    }
}

fn spec(allocated: Amount, expires_at: Option<Timestamp>) -> LotSpec {
    let (kind, scope) = (LotKind::Subscription, Box::default());
    LotSpec { kind, priority: None, allocated, effective_at: None, expires_at, scope }
}

fn key(subscription_id: &str, period: i64, part: i64) -> String {
    // A caller's key is visible ASCII, so none can be this one.
    format!("§plan:{subscription_id}:{period}:{part}")
}

fn order(account_id: &str, key: String, payment: Option<&Payment>, memo: Memo, op: Op) -> Order {
    let actor = payment.map_or_else(|| "job:plans".to_owned(), |payment| format!("gateway:{}", payment.gateway));
    let input = fingerprint("plan_period", &(&key, payment.map(|payment| &payment.id)));
    let command = Command { key: Some(key.into()), input, actor: Arc::from(actor), memo, op };
    let account = AccountRef::Id(Arc::from(account_id));
    Order { target: Target::Existing(account), command, rows: Vec::new() }
}

/// The grant that a payment brought, as far as a repeat of it is known by: only to ask what it did. `None` for an
/// instalment that names nothing.
pub(crate) fn granted(payment: &Payment, instalment_id: &str) -> Option<Order> {
    let id = InstalmentId::parse(instalment_id)?;
    let key = key(&id.subscription_id, id.period, id.part());
    let op = Op::Grant { lot: spec(payment.credit, None), counter: clearing(&payment.gateway) };
    Some(order(&payment.account_id, key, Some(payment), Memo::default(), op))
}

/// A grant of the month's free credits to an account without a plan.
pub(super) fn base_grant(
    account_id: &str,
    name: &str,
    month: i64,
    credits: Amount,
    ends_at: Timestamp,
    rows: Vec<Statement>,
) -> Order {
    let lot = spec(credits, Some(ends_at));
    let counter = lot.giver();
    let base = super::plan::BASE_PLAN;
    let memo = Memo { resource: Some(base.into()), description: Some(name.into()), ..Memo::default() };
    let order = order(account_id, key(base, month, 0), None, memo, Op::Grant { lot, counter });
    Order { rows, ..order }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::super::testing::{at, plan, subscription};
    use super::*;
    use SubscriptionState::{Active, Expired, Incomplete, PendingRenewal, Suspended};

    #[test]
    fn the_next_period_begins_where_the_last_ended_or_today() {
        // state, ends of the period before (if any), now, zone, start and end of the next, whether days are counted anew
        type Row =
            (SubscriptionState, Option<&'static str>, &'static str, &'static str, &'static str, &'static str, bool);
        let table: [Row; 12] = [
            (Incomplete, None, "2026-01-31T12:00Z", "UTC", "2026-01-31T12:00Z", "2026-02-28T00:00Z", true),
            (Incomplete, None, "2026-01-31T16:00Z", "Asia/Tokyo", "2026-01-31T16:00Z", "2026-02-28T15:00Z", true),
            (
                Active,
                Some("2026-02-28T00:00Z"),
                "2026-02-28T00:00:01Z",
                "UTC",
                "2026-02-28T00:00Z",
                "2026-03-31T00:00Z",
                false,
            ),
            (
                PendingRenewal,
                Some("2026-02-28T00:00Z"),
                "2026-03-06T09:00Z",
                "UTC",
                "2026-02-28T00:00Z",
                "2026-03-31T00:00Z",
                false,
            ),
            // In New York it ends when the day begins there, in summer time by then.
            (
                Active,
                Some("2026-02-28T05:00Z"),
                "2026-02-28T05:00Z",
                "America/New_York",
                "2026-02-28T05:00Z",
                "2026-03-31T04:00Z",
                false,
            ),
            // So late that it would be over: the server was down.
            (
                Active,
                Some("2026-02-28T00:00Z"),
                "2026-03-31T00:00Z",
                "UTC",
                "2026-03-31T00:00Z",
                "2026-04-30T00:00Z",
                true,
            ),
            (
                Active,
                Some("2026-02-28T00:00Z"),
                "2026-05-05T05:00Z",
                "UTC",
                "2026-05-05T05:00Z",
                "2026-06-05T00:00Z",
                true,
            ),
            (
                PendingRenewal,
                Some("2026-02-28T00:00Z"),
                "2026-05-05T05:00Z",
                "UTC",
                "2026-05-05T05:00Z",
                "2026-06-05T00:00Z",
                true,
            ),
            (
                Suspended,
                Some("2026-02-28T00:00Z"),
                "2026-03-10T05:00Z",
                "UTC",
                "2026-03-10T05:00Z",
                "2026-04-10T00:00Z",
                true,
            ),
            (
                Expired,
                Some("2026-02-28T00:00Z"),
                "2026-03-10T05:00Z",
                "UTC",
                "2026-03-10T05:00Z",
                "2026-04-10T00:00Z",
                true,
            ),
            (Expired, None, "2026-02-01T05:00Z", "UTC", "2026-02-01T05:00Z", "2026-03-01T00:00Z", true),
            (Incomplete, None, "2028-02-29T05:00Z", "UTC", "2028-02-29T05:00Z", "2028-03-29T00:00Z", true),
        ];
        for (state, before, now, zone, starts, ends, anew) in table {
            let period = i64::from(before.is_some());
            let old = Subscription { state, period, ends_at: before.map(at), ..subscription() };
            let next = next_period(&old, &plan(), &TimeZone::get(zone).unwrap(), at(now)).unwrap();
            assert_eq!(
                (next.starts_at, next.ends_at),
                (Some(at(starts)), Some(at(ends))),
                "{state:?} {before:?} {now}"
            );
            assert_eq!((next.state, next.period, next.next_action_at), (Active, period + 1, next.ends_at));
            assert_eq!(next.anchor_period == next.period && next.starts_at == Some(at(now)), anew, "{state:?} {now}");
        }
    }

    #[test]
    fn periods_to_come_are_where_they_will_be() {
        let zone = TimeZone::UTC;
        let now = at("2026-01-31T12:00Z");
        let mut running = next_period(&subscription(), &plan(), &zone, now).unwrap();
        let planned: Vec<Timestamp> =
            (1..=6).map(|period| planned_start(&running, &plan(), &zone, period, now)).collect();
        for start in planned {
            assert_eq!(running.starts_at, Some(start));
            running = next_period(&running, &plan(), &zone, running.ends_at.unwrap()).unwrap();
        }
    }

    #[test]
    fn a_lot_has_one_name_whatever_pays_for_it() {
        // what is paid, the part of the period, the grant's key
        let table = [
            ("sub_1:1:advance", "§plan:sub_1:1:0"),
            ("sub_1:2:arrears", "§plan:sub_1:2:0"),
            ("sub_1:2:upgrade-3", "§plan:sub_1:2:3"),
        ];
        for (id, expected) in table {
            let id = InstalmentId::parse(id).unwrap();
            assert_eq!(key(&id.subscription_id, id.period, id.part()), expected, "{id}");
        }
    }
}

//! What a payment of a plan means for its subscription: its success begins a period, upgrades the plan or pays what is
//! owed; its end without money is told and tried again.
//!
//! Everything here is rows for the payment's own transaction, and all of them are guarded: if somebody moved the
//! subscription in between, nothing of it happens and the payment is weighed anew. Money that comes late is honoured: a
//! subscription that had expired goes on from that day. Money for something that cannot be any more (another payment was
//! faster, the account has another plan by now) waits for a person. Cost: four reads for a success, one for the rest.

use ledger::Timestamp;
use store::{Order, Statement, params};

use super::catalogue::version_of;
use super::instalment::{Instalment, InstalmentId, InstalmentKind, InstalmentState};
use super::news::{News, Reader};
use super::period::{Lot, next_period};
use super::plan::Plan;
use super::retry::{is_payers, next_try};
use super::subscription::{Subscription, SubscriptionState};
use super::zone::zone_of;
use crate::topups::{Payment, State};
use crate::{Engine, Error, Result};

/// What the success of a payment does.
pub(crate) enum Success {
    /// It grants credits, which end then.
    Grants(Box<Order>, Timestamp),
    /// It pays for what was granted before, or for a plan without more credits.
    Pays(Vec<Statement>),
    /// A person has to look at it, for this reason.
    Unexpected(&'static str),
}

/// What a payment is about, as it stands now.
struct About {
    subscription: Subscription,
    /// All of the subscription, with the payment's own.
    instalments: Vec<Instalment>,
    place: usize,
    /// What the instalment pays for.
    plan: Plan,
}

impl About {
    async fn of(engine: &Engine, payment: &Payment, instalment_id: &str) -> Result<About> {
        let broken = || Error::Unavailable(format!("the payment {} names no instalment", payment.id));
        let id = InstalmentId::parse(instalment_id).ok_or_else(broken)?;
        let found = Subscription::find(engine.store(), &payment.account_id, &id.subscription_id).await?;
        let subscription = found.ok_or_else(broken)?;
        let instalments = Instalment::all(engine.store(), &payment.account_id, &id.subscription_id).await?;
        let place = instalments.iter().position(|instalment| instalment.id == id).ok_or_else(broken)?;
        let Instalment { plan_id, plan_version, .. } = &instalments[place];
        let plan = version_of(engine, plan_id, *plan_version).await?;
        Ok(About { subscription, instalments, place, plan })
    }

    fn instalment(&self) -> &Instalment {
        &self.instalments[self.place]
    }

    fn paid(&self, payment: &Payment, now: Timestamp) -> Statement {
        let (state, payment_id) = (InstalmentState::Paid, Some(payment.id.clone()));
        Instalment { state, payment_id, ..self.instalment().clone() }.save(now)
    }
}

/// What follows when a payment of an instalment has succeeded.
///
/// # Errors
/// [`store::Failure::Conflict`] when that was done in between: look at the payment again.
pub(crate) async fn payment_succeeded(engine: &Engine, payment: &Payment, instalment_id: &str) -> Result<Success> {
    let about = About::of(engine, payment, instalment_id).await?;
    let instalment = about.instalment();
    if instalment.state == InstalmentState::Paid {
        return match instalment.payment_id.as_deref() == Some(&*payment.id) {
            true => Err(store::Failure::Conflict.into()),
            false => Ok(Success::Unexpected("instalment_paid")),
        };
    }
    let now = engine.now();
    let state = about.subscription.state;
    match instalment.id.kind {
        InstalmentKind::Upgrade(number) => upgraded(engine, payment, &about, number, now).await,
        InstalmentKind::Arrears if state == SubscriptionState::Expired => {
            Ok(Success::Pays(vec![about.paid(payment, now)]))
        }
        _ if instalment.id.period != about.subscription.period + 1 => Ok(Success::Unexpected("period_not_due")),
        _ if state == SubscriptionState::Active && about.subscription.ends_at.is_some_and(|end| now < end) => {
            Ok(Success::Unexpected("period_not_due"))
        }
        _ if state == SubscriptionState::Expired && has_another(engine, &about.subscription).await? => {
            Ok(Success::Unexpected("other_subscription"))
        }
        _ => due_paid(engine, payment, about, now).await,
    }
}

async fn has_another(engine: &Engine, subscription: &Subscription) -> Result<bool> {
    Ok(Subscription::live(engine.store(), &subscription.account_id).await?.is_some())
}

/// Something is paid without which the next period could not begin.
async fn due_paid(engine: &Engine, payment: &Payment, about: About, now: Timestamp) -> Result<Success> {
    let About { subscription, plan, .. } = &about;
    let period = subscription.period + 1;
    let mut rows = vec![about.paid(payment, now)];
    let others = about.instalments.iter().enumerate().filter(|(place, _)| *place != about.place);
    let is_last = !others.into_iter().any(|(_, other)| other.is_due_for(period));
    if !is_last && payment.credit.is_zero() {
        // Something else is still due: it is asked for at once.
        rows.push(Subscription { next_action_at: Some(now), ..subscription.clone() }.save(now));
        return Ok(Success::Pays(rows));
    }
    let reader = Reader::of(engine, subscription).await?;
    let current = version_of(engine, &subscription.plan_id, subscription.plan_version).await?;
    if subscription.cancel_at_end && period >= subscription.term_end(current.terms.term_periods) {
        let ended = ended(subscription, "cancelled", now);
        rows.push(ended.save(now));
        rows.extend(News { subscription: &ended, plan: &current, reader: &reader, now }.ended("cancelled"));
        return Ok(Success::Pays(rows));
    }
    // Arrears are of the period before, which may have been another plan's.
    let plan = if about.instalment().id.kind == InstalmentKind::Advance { plan } else { &current };
    let account = engine.accounts().get(&subscription.account_id).await?;
    let zone = zone_of(engine, &account).await?.zone;
    let of_plan = Subscription { plan_id: plan.id.clone(), plan_version: plan.version, ..subscription.clone() };
    let next = next_period(&of_plan, plan, &zone, now)?;
    rows.push(next.save(now));
    if subscription.state == SubscriptionState::Expired {
        rows.extend(revived(&about.instalments, period, now));
    }
    rows.extend(News { subscription: &next, plan, reader: &reader, now }.period_started(Some(payment.price))?);
    let brings = Some(payment).filter(|payment| payment.credit.is_positive());
    let credits = plan.credits()?;
    let (order, ends_at) = Lot { subscription: &next, plan, part: 0, credits, payment: brings }.order(now, rows)?;
    Ok(Success::Grants(Box::new(order), ends_at))
}

/// Later instalments of a subscription that goes on after it had expired.
fn revived(instalments: &[Instalment], period: i64, now: Timestamp) -> Vec<Statement> {
    let again = |instalment: &Instalment| Instalment { state: InstalmentState::Unpaid, ..instalment.clone() }.save(now);
    let later = |instalment: &&Instalment| {
        instalment.state == InstalmentState::Void
            && instalment.id.period > period
            && !matches!(instalment.id.kind, InstalmentKind::Upgrade(_))
    };
    instalments.iter().filter(later).map(again).collect()
}

async fn upgraded(engine: &Engine, payment: &Payment, about: &About, number: i64, now: Timestamp) -> Result<Success> {
    let About { subscription, plan, instalments, .. } = about;
    let in_time = subscription.state == SubscriptionState::Active
        && subscription.period == about.instalment().id.period
        && subscription.upgrades + 1 == number
        && subscription.ends_at.is_some_and(|end| now < end);
    if !in_time {
        return Ok(Success::Unexpected("upgrade_too_late"));
    }
    let mut rows = vec![about.paid(payment, now)];
    let next = upgrade_rows(engine, subscription, instalments, plan, now, &mut rows).await?;
    if payment.credit.is_zero() {
        return Ok(Success::Pays(rows));
    }
    let lot = Lot { subscription: &next, plan, part: number, credits: payment.credit, payment: Some(payment) };
    let (order, ends_at) = lot.order(now, rows)?;
    Ok(Success::Grants(Box::new(order), ends_at))
}

/// The rows that make a subscription one of a larger plan from now on; gives it as it is then. What is due later is that
/// of the new plan, except for what ran before: the running period's arrears.
pub(super) async fn upgrade_rows(
    engine: &Engine,
    subscription: &Subscription,
    instalments: &[Instalment],
    plan: &Plan,
    now: Timestamp,
    rows: &mut Vec<Statement>,
) -> Result<Subscription> {
    let next = Subscription {
        plan_id: plan.id.clone(),
        plan_version: plan.version,
        upgrades: subscription.upgrades + 1,
        tariff: subscription.tariff || plan.terms.on_demand.is_some(),
        ..subscription.clone()
    };
    rows.push(next.save(now));
    let unpriced = || Error::Unavailable(format!("the plan {} has no price in {}", plan.id, subscription.currency));
    let price = plan.price(subscription.currency).ok_or_else(unpriced)?;
    let credits = plan.credits()?;
    let later = instalments
        .iter()
        .filter(|instalment| instalment.is_due_for(i64::MAX) && instalment.id.period > subscription.period);
    for instalment in later {
        let ran_before = instalment.id.period == subscription.period + 1;
        let changed = match instalment.id.kind {
            InstalmentKind::Arrears if ran_before => continue,
            InstalmentKind::Arrears => Instalment { amount: price, ..instalment.clone() },
            _ => Instalment { credit: credits, ..instalment.clone() },
        };
        let (plan_id, plan_version) = (plan.id.clone(), plan.version);
        rows.push(Instalment { plan_id, plan_version, ..changed }.save(now));
    }
    let reader = Reader::of(engine, subscription).await?;
    rows.push(News { subscription: &next, plan, reader: &reader, now }.changed(&subscription.plan_id));
    Ok(next)
}

/// A subscription that has ended.
pub(super) fn ended(subscription: &Subscription, reason: &str, now: Timestamp) -> Subscription {
    Subscription {
        state: SubscriptionState::Expired,
        next_action_at: None,
        grace_ends_at: None,
        ended_at: Some(now),
        ended_reason: Some(reason.to_owned()),
        ..subscription.clone()
    }
}

/// What follows when a payment of an instalment goes to `state`. Only its end without money means something; the rows
/// change nothing where that is told by somebody else.
pub(crate) async fn payment_ended(
    engine: &Engine,
    payment: &Payment,
    instalment_id: &str,
    state: State,
    reason: Option<&str>,
) -> Result<Vec<Statement>> {
    if !matches!(state, State::Failed | State::Expired) {
        return Ok(Vec::new());
    }
    let About { subscription, instalments, place, plan } = About::of(engine, payment, instalment_id).await?;
    let instalment = &instalments[place];
    let now = engine.now();
    if matches!(instalment.id.kind, InstalmentKind::Upgrade(_)) {
        const VOID: &str = "UPDATE instalments SET state = 'void', updated_at_us = $3 WHERE account_id = $1 AND id = $2 \
                            AND state = 'unpaid'";
        return Ok(vec![Statement::new(VOID, params![payment.account_id.as_str(), instalment_id, now.micros()])]);
    }
    match subscription.state {
        SubscriptionState::Incomplete => Ok(never_paid(&subscription, now)),
        SubscriptionState::PendingRenewal => {
            const LATER: &str = "UPDATE subscriptions SET next_action_at_us = $3, revision = revision + 1, \
                                 updated_at_us = $4 WHERE account_id = $1 AND id = $2 AND state = 'pending_renewal'";
            let reason = reason.unwrap_or("failed");
            let next = next_try(engine.settings(), &subscription, reason, now);
            let id = subscription.id.as_str();
            let values = params![payment.account_id.as_str(), id, next.at.micros(), now.micros()];
            let mut rows = vec![Statement::new(LATER, values)];
            if payment.details.automatic && is_payers(reason) {
                let reader = Reader::of(engine, &subscription).await?;
                let news = News { subscription: &subscription, plan: &plan, reader: &reader, now };
                rows.extend(news.renewal_failed(payment.price, next.is_try.then_some(next.at), reason, &payment.id));
            }
            Ok(rows)
        }
        _ => Ok(Vec::new()),
    }
}

/// The rows that end a subscription whose first payment brought nothing.
fn never_paid(subscription: &Subscription, now: Timestamp) -> Vec<Statement> {
    const ENDED: &str = "UPDATE subscriptions SET state = 'expired', ended_at_us = $3, ended_reason = 'never_paid', \
                         next_action_at_us = NULL, revision = revision + 1, updated_at_us = $3 \
                         WHERE account_id = $1 AND id = $2 AND state = 'incomplete'";
    let (account_id, id, at_us) = (subscription.account_id.as_str(), subscription.id.as_str(), now.micros());
    vec![Statement::new(ENDED, params![account_id, id, at_us]), void_all(subscription, now)]
}

/// The row that makes void whatever of a subscription is not paid, except for what is owed for periods that ran.
pub(super) fn void_all(subscription: &Subscription, now: Timestamp) -> Statement {
    const VOID: &str = "UPDATE instalments SET state = 'void', updated_at_us = $3 WHERE account_id = $1 \
                        AND subscription_id = $2 AND state = 'unpaid' AND (period > $4 OR id NOT LIKE '%:arrears')";
    // Arrears of the period that ran last fall due with the one after it.
    let owed = subscription.period + 1;
    let values = params![subscription.account_id.as_str(), subscription.id.as_str(), now.micros(), owed];
    Statement::new(VOID, values)
}

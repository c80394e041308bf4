//! Another plan, or none: an upgrade at once, everything else when the term ends.
//!
//! An upgrade costs the difference for what is left ([`ledger::plan::upgrade`] has the rule) and happens with its money;
//! until then, and when it fails, nothing has changed. A smaller plan, another way of paying and the end of it all are
//! written down and happen when the term ends; until then they can be undone. Deliberately absent: ending a plan in the
//! middle of a term, and giving a part of its price back (refund the payment instead). Cost: about six reads and one write.

use ledger::plan::{Paying, Rest, Step, Upgrade, upgrade};
use ledger::{Amount, Timestamp};
use store::{Failure, Statement};

use super::catalogue::version_of;
use super::instalment::{Instalment, InstalmentId, InstalmentKind, InstalmentState};
use super::news::{News, Reader};
use super::pay::check_alone;
use super::payer::{Paid, Payer};
use super::period::{Lot, planned_start};
use super::plan::Plan;
use super::settle::{ended, upgrade_rows, void_all};
use super::subscribe::{offered, paying_of, unsettled};
use super::subscription::{NextPlan, Subscription, SubscriptionState};
use super::zone::zone_of;
use crate::accounts::AccountRecord;
use crate::topups::instalments;
use crate::{Call, Engine, Error, Result};

/// An upgrade that begins later than this before the end of its period could not be paid in time, in seconds.
const LAST_HOUR_SECONDS: i64 = 3_600;

/// When a change happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// At once, for the difference.
    Now,
    /// When the term ends.
    TermEnd,
}

/// What somebody wants to change to.
#[derive(Clone, Copy, Debug)]
pub struct Changing<'a> {
    /// Whose subscription.
    pub account_id: &'a str,
    /// To which plan.
    pub plan_id: &'a str,
    /// How it is paid from then on; as before when left out.
    pub option: Option<&'a str>,
    /// When; at once when left out and that is possible.
    pub when: Option<When>,
    /// How what is due now is paid; needed when something is.
    pub payer: Option<Payer<'a>>,
}

/// A change.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The subscription as it stands.
    pub subscription: Subscription,
    /// When the change happens, or happened.
    pub when: When,
    /// What is due for it now.
    pub paid: Option<Paid>,
}

/// What a change would cost now.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    pub(super) plan: Plan,
    pub(super) paying: Paying,
    pub(super) when: When,
    /// Only of a change at once.
    pub(super) upgrade: Upgrade,
}

/// Changes the plan of an account's subscription.
///
/// # Errors
/// Codes `no_change`, `payment_due`, `downgrade_at_term_end`, `plan_not_comparable`, `period_ends_soon`,
/// `consent_missing`, `payment_in_progress`, those of [`subscribe`](super::subscribe()); [`Error::NotFound`].
pub async fn change(engine: &Engine, call: &Call, wanted: Changing<'_>) -> Result<Changed> {
    let account = engine.accounts().get(wanted.account_id).await?;
    if let Some(key) = call.key.as_deref()
        && let Some(earlier) = instalments::by_key(engine, &account.id, key).await?
        && let Some(payer) = &wanted.payer
    {
        let subscription = live(engine, &account.id).await?;
        let paid = payer.pay_again(engine, earlier).await?;
        return Ok(Changed { subscription, when: When::Now, paid: Some(paid) });
    }
    let subscription = live(engine, &account.id).await?;
    let offer = offer(engine, &account, &subscription, &wanted).await?;
    match offer.when {
        When::TermEnd => schedule(engine, &account, subscription, offer).await,
        When::Now => at_once(engine, call, account, subscription, offer, &wanted).await,
    }
}

async fn live(engine: &Engine, account_id: &str) -> Result<Subscription> {
    Subscription::live(engine.store(), account_id).await?.ok_or(Error::NotFound("subscription"))
}

/// What a change would be, when it is possible.
pub(super) async fn offer(
    engine: &Engine,
    account: &AccountRecord,
    subscription: &Subscription,
    wanted: &Changing<'_>,
) -> Result<Offer> {
    if subscription.state != SubscriptionState::Active {
        let state = subscription.state.name();
        let detail = format!("the subscription is {state}: pay what is due first, or cancel it");
        return Err(Error::conflict("payment_due", detail));
    }
    let current = version_of(engine, &subscription.plan_id, subscription.plan_version).await?;
    let plan = offered(engine, account, wanted.plan_id).await?;
    let same_way = plan.paying(Some(subscription.paying.name()));
    let paying = match (wanted.option, same_way) {
        (None, Some(same)) => same,
        (option, _) => paying_of(&plan, option)?,
    };
    if plan.id == current.id && paying.name() == subscription.paying.name() {
        return Err(Error::conflict(
            "no_change",
            "the account has this plan already; its newest version comes with the renewal",
        ));
    }
    if plan.price(subscription.currency).is_none() {
        let detail = format!("has no price in {}", subscription.currency);
        return Err(Error::Invalid { param: "plan".into(), code: "currency_not_offered", detail });
    }
    let now = engine.now();
    let possible = upgrade_of(subscription, &current, &plan, paying, now);
    let when = wanted.when.unwrap_or(if possible.is_ok() { When::Now } else { When::TermEnd });
    let upgrade = match when {
        When::Now => possible?,
        When::TermEnd => Upgrade { amount_minor: 0, credits: Amount::ZERO },
    };
    Ok(Offer { plan, paying, when, upgrade })
}

/// What an upgrade costs and gives now; why it cannot be one.
fn upgrade_of(
    subscription: &Subscription,
    current: &Plan,
    plan: &Plan,
    paying: Paying,
    now: Timestamp,
) -> Result<Upgrade> {
    let price = |plan: &Plan| plan.price(subscription.currency).map(|price| price.amount_minor);
    let (Some(from_minor), Some(to_minor)) = (price(current), price(plan)) else {
        return Err(Error::Unavailable(format!("the plan {} has lost a price", current.id)));
    };
    let same = plan.terms.period == current.terms.period
        && plan.terms.term_periods == current.terms.term_periods
        && paying == subscription.paying
        && plan.id != current.id;
    if !same {
        let detail = "plans with other periods or ways of paying follow when the term ends; ask for when: term_end";
        return Err(Error::conflict("plan_not_comparable", detail));
    }
    let (Some(starts_at), Some(ends_at)) = (subscription.starts_at, subscription.ends_at) else {
        return Err(Error::Unavailable(format!("the subscription {} has no period", subscription.id)));
    };
    if now.plus_seconds(LAST_HOUR_SECONDS) >= ends_at {
        let detail = "the period ends within the hour; change when it has ended, or ask for when: term_end";
        return Err(Error::conflict("period_ends_soon", detail));
    }
    let step = Step { from_minor, to_minor, from_credits: current.credits()?, to_credits: plan.credits()? };
    // Periods to come of this term whose price was, or will be, paid by the plan that it began with.
    let to_come = subscription.term_end(current.terms.term_periods) - subscription.period - 1;
    let paid_periods = match subscription.paying {
        Paying::Postpaid => 0,
        _ => u32::try_from(to_come.max(0)).unwrap_or(u32::MAX),
    };
    upgrade(step, Rest::of(starts_at, ends_at, now), paid_periods).ok_or_else(|| {
        let detail = "a plan that costs less follows when the term ends; ask for when: term_end";
        Error::conflict("downgrade_at_term_end", detail)
    })
}

/// Writes down what follows when the term ends.
async fn schedule(
    engine: &Engine,
    account: &AccountRecord,
    subscription: Subscription,
    offer: Offer,
) -> Result<Changed> {
    let next = NextPlan { plan_id: offer.plan.id.clone(), paying: offer.paying };
    let changed = Subscription { cancel_at_end: false, next: Some(next), ..subscription.clone() };
    write_scheduled(engine, account, &subscription, changed, Some(&offer.plan.terms.name)).await
}

async fn write_scheduled(
    engine: &Engine,
    account: &AccountRecord,
    subscription: &Subscription,
    changed: Subscription,
    to: Option<&str>,
) -> Result<Changed> {
    let current = version_of(engine, &subscription.plan_id, subscription.plan_version).await?;
    let now = engine.now();
    if changed != *subscription {
        let zone = zone_of(engine, account).await?.zone;
        let last = subscription.term_end(current.terms.term_periods);
        let at = planned_start(subscription, &current, &zone, last, now);
        let reader = Reader::of(engine, subscription).await?;
        let news = News { subscription: &changed, plan: &current, reader: &reader, now };
        let mut rows = vec![changed.save(now)];
        rows.extend(news.change_scheduled(to, at));
        engine.store().write(rows).await?;
    }
    let subscription = find(engine, subscription).await?;
    Ok(Changed { subscription, when: When::TermEnd, paid: None })
}

async fn find(engine: &Engine, subscription: &Subscription) -> Result<Subscription> {
    let found = Subscription::find(engine.store(), &subscription.account_id, &subscription.id).await?;
    found.ok_or(Error::NotFound("subscription"))
}

async fn at_once(
    engine: &Engine,
    call: &Call,
    account: AccountRecord,
    subscription: Subscription,
    offer: Offer,
    wanted: &Changing<'_>,
) -> Result<Changed> {
    let Offer { plan, upgrade, .. } = &offer;
    let now = engine.now();
    let all = Instalment::all(engine.store(), &account.id, &subscription.id).await?;
    if upgrade.amount_minor == 0 {
        let mut rows = Vec::new();
        let next = upgrade_rows(engine, &subscription, &all, plan, now, &mut rows).await?;
        let next = write_free(engine, &next, plan, upgrade.credits, rows, now).await?;
        return Ok(Changed { subscription: next, when: When::Now, paid: None });
    }
    let key = call.key.as_deref().ok_or_else(|| Error::Unavailable("a payment needs a key".to_owned()))?;
    let needed = || Error::Invalid {
        param: "consent".into(),
        code: "consent_missing",
        detail: "must be given, with a method: something is due now; the preview says how much".to_owned(),
    };
    let payer = wanted.payer.as_ref().ok_or_else(needed)?;
    let kind = InstalmentKind::Upgrade(subscription.upgrades + 1);
    let id = InstalmentId { subscription_id: subscription.id.clone(), period: subscription.period, kind };
    let before = all.iter().find(|instalment| instalment.id == id);
    if let Some(before) = before {
        check_alone(engine, before).await?;
    }
    let price = plan.price(subscription.currency).ok_or(Error::NotFound("price"))?;
    let instalment = Instalment {
        account_id: account.id.to_string(),
        id,
        plan_id: plan.id.clone(),
        plan_version: plan.version,
        credit: upgrade.credits,
        amount: providers::Money { amount_minor: upgrade.amount_minor, ..price },
        state: InstalmentState::Unpaid,
        payment_id: None,
        due_at: now,
    };
    let ready = payer.ready(engine, call, account, true).await?;
    let (payment, more) = payer.payment(engine, &ready, &instalment, plan, key).await?;
    // One that was tried before and failed is written anew: the difference is another one by now.
    let written = if before.is_some() { instalment.save(now) } else { instalment.insert(now) };
    // The subscription itself does not change, but of two upgrades at once one must fail.
    let mut rows: Vec<Statement> = vec![subscription.save(now), written];
    rows.extend(more);
    match engine.store().write(rows).await {
        Ok(_) => {
            let paid = payer.pay(engine, ready, payment).await?;
            Ok(Changed { subscription: find(engine, &subscription).await?, when: When::Now, paid: Some(paid) })
        }
        Err(Failure::Conflict) => Err(unsettled()),
        Err(failure) => Err(failure.into()),
    }
}

/// An upgrade that costs nothing.
async fn write_free(
    engine: &Engine,
    next: &Subscription,
    plan: &Plan,
    credits: Amount,
    rows: Vec<Statement>,
    now: Timestamp,
) -> Result<Subscription> {
    if credits.is_zero() {
        engine.store().write(rows).await?;
    } else {
        let lot = Lot { subscription: next, plan, part: next.upgrades, credits, payment: None };
        engine.store().submit(lot.order(now, rows)?.0).await?;
    }
    find(engine, next).await
}

/// Ends the subscription when its term does; one that waits for money ends at once. Again changes nothing.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn cancel(engine: &Engine, account_id: &str) -> Result<Changed> {
    let account = engine.accounts().get(account_id).await?;
    let subscription = live(engine, &account.id).await?;
    let cancelled = Subscription { cancel_at_end: true, next: None, ..subscription.clone() };
    if subscription.state == SubscriptionState::Active {
        return write_scheduled(engine, &account, &subscription, cancelled, None).await;
    }
    let now = engine.now();
    let ended = ended(&cancelled, "cancelled", now);
    let plan = version_of(engine, &subscription.plan_id, subscription.plan_version).await?;
    let reader = Reader::of(engine, &subscription).await?;
    let mut rows = vec![ended.save(now), void_all(&subscription, now)];
    rows.extend(News { subscription: &ended, plan: &plan, reader: &reader, now }.ended("cancelled"));
    engine.store().write(rows).await?;
    for instalment in Instalment::all(engine.store(), &account.id, &subscription.id).await? {
        let id = instalment.id.to_string();
        let payments = instalments::of_instalment(engine, &account.id, &id).await?;
        payments.iter().filter(|payment| payment.state.is_open()).for_each(|open| instalments::close(engine, open));
    }
    Ok(Changed { subscription: find(engine, &subscription).await?, when: When::Now, paid: None })
}

/// Undoes whatever was to happen at the end of the term. Again changes nothing.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn undo(engine: &Engine, account_id: &str) -> Result<Changed> {
    let account = engine.accounts().get(account_id).await?;
    let subscription = live(engine, &account.id).await?;
    let undone = Subscription { cancel_at_end: false, next: None, ..subscription.clone() };
    if undone != subscription {
        let plan = version_of(engine, &subscription.plan_id, subscription.plan_version).await?;
        let reader = Reader::of(engine, &subscription).await?;
        let now = engine.now();
        let told = News { subscription: &undone, plan: &plan, reader: &reader, now }.undone();
        engine.store().write(vec![undone.save(now), told]).await?;
    }
    Ok(Changed { subscription: find(engine, &subscription).await?, when: When::TermEnd, paid: None })
}

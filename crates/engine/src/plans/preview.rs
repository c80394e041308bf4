//! What somebody would pay for a plan, when, and until when: shown before anything is agreed to.
//!
//! The same rules answer as when it is done, so what is shown is what is charged, apart from the time in between: an
//! upgrade costs less a minute later. Nothing is written. Cost: about seven reads.

use ledger::{Amount, Timestamp, Unit};
use providers::Money;

use super::calendar::day_of;
use super::catalogue::version_of;
use super::change::{Changing, When, offer};
use super::instalment::{Instalment, InstalmentState};
use super::payer::{currency_of, terms};
use super::period::{next_period, planned_start};
use super::plan::Plan;
use super::subscribe::{offered, paying_of};
use super::subscription::{Subscription, SubscriptionState};
use super::zone::zone_of;
use crate::billing::Terms;
use crate::settings::{Language, Method};
use crate::topups::instalments;
use crate::{Engine, Error, Result};

/// What somebody thinks of.
#[derive(Clone, Copy, Debug)]
pub struct Thought<'a> {
    /// Whose.
    pub account_id: &'a str,
    /// Which plan; the present one when left out.
    pub plan_id: Option<&'a str>,
    /// How it is paid.
    pub option: Option<&'a str>,
    /// In which currency; the first that the method charges when left out.
    pub currency: Option<Unit>,
    /// By what; a saved card when left out.
    pub method: Method,
    /// When a change is to happen.
    pub when: Option<When>,
    /// The language of the text to agree to.
    pub language: Language,
}

/// A payment to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coming {
    /// When it falls due.
    pub due_at: Timestamp,
    /// How much.
    pub amount: Money,
}

/// What it would mean.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The plan.
    pub plan: Plan,
    /// How it is paid.
    pub option: &'static str,
    /// When it begins: now, or when the term ends.
    pub starts_at: Timestamp,
    /// Due at once.
    pub due_now: Money,
    /// Granted at once, or with the money.
    pub credits_now: Amount,
    /// When those end.
    pub credits_end_at: Timestamp,
    /// What falls due later, as the calendar has it now: of the term, and the first of the next one.
    pub coming: Vec<Coming>,
    /// What has to be agreed to.
    pub terms: Terms,
}

/// What subscribing, changing, or just going on would mean.
///
/// # Errors
/// As [`subscribe`](super::subscribe()) and [`change`](super::change()) refuse what cannot be done; [`Error::NotFound`]
/// without a subscription and without a plan to think of.
pub async fn preview(engine: &Engine, thought: Thought<'_>) -> Result<Preview> {
    let live = Subscription::live(engine.store(), thought.account_id).await?;
    let live = live.filter(|live| live.state != SubscriptionState::Incomplete);
    match (live, thought.plan_id) {
        (None, None) => Err(Error::NotFound("subscription")),
        (None, Some(plan_id)) => begins(engine, &thought, plan_id).await,
        (Some(live), None) => goes_on(engine, &thought, live).await,
        (Some(live), Some(plan_id)) => changes(engine, &thought, live, plan_id).await,
    }
}

async fn begins(engine: &Engine, thought: &Thought<'_>, plan_id: &str) -> Result<Preview> {
    let account = engine.accounts().get(thought.account_id).await?;
    let plan = offered(engine, &account, plan_id).await?;
    let paying = paying_of(&plan, thought.option)?;
    let currency = currency_of(engine, &account, &plan, thought.method, thought.currency)?;
    let zone = zone_of(engine, &account).await?.zone;
    let now = engine.now();
    let anchor_date = day_of(now, &zone);
    let blank = Subscription::blank(&account.id, &plan, paying, currency, anchor_date, now);
    let planned = |period| planned_start(&blank, &plan, &zone, period, now);
    let term = Instalment::of_term(&blank, &plan, 1, planned)?;
    let next = next_period(&blank, &plan, &zone, now)?;
    let due: i64 = term.iter().filter(|part| part.is_due_for(1)).map(|part| part.amount.amount_minor).sum();
    let mut coming = coming(term.iter().filter(|part| !part.is_due_for(1)));
    coming.extend(renewal(&blank, &plan, planned(blank.term_end(plan.terms.term_periods)))?);
    Ok(Preview {
        option: paying.name(),
        starts_at: now,
        due_now: Money { amount_minor: due, currency },
        credits_now: plan.credits()?,
        credits_end_at: next.ends_at.unwrap_or(now),
        coming,
        terms: terms(engine, &account.id, thought.language).await?,
        plan,
    })
}

/// What the next term costs at its beginning.
fn renewal(subscription: &Subscription, plan: &Plan, due_at: Timestamp) -> Result<Option<Coming>> {
    let first = subscription.term_end(plan.terms.term_periods);
    let term = Instalment::of_term(subscription, plan, first, |_| due_at)?;
    Ok(term.iter().find(|part| part.is_due_for(first)).map(|part| Coming { due_at, amount: part.amount }))
}

fn coming<'a>(instalments: impl Iterator<Item = &'a Instalment>) -> Vec<Coming> {
    instalments.map(|part| Coming { due_at: part.due_at, amount: part.amount }).collect()
}

async fn goes_on(engine: &Engine, thought: &Thought<'_>, live: Subscription) -> Result<Preview> {
    let account = engine.accounts().get(thought.account_id).await?;
    let current = version_of(engine, &live.plan_id, live.plan_version).await?;
    let zone = zone_of(engine, &account).await?.zone;
    let now = engine.now();
    let all = Instalment::all(engine.store(), &live.account_id, &live.id).await?;
    let due = all.iter().filter(|part| part.is_due_for(live.period + 1) && part.due_at <= now);
    let due_minor: i64 = due.map(|part| part.amount.amount_minor).sum();
    let mut coming = coming(all.iter().filter(|part| part.is_due_for(i64::MAX) && part.due_at > now));
    if !live.cancel_at_end {
        let after = match &live.next {
            Some(next) => super::catalogue::plan(engine, &next.plan_id).await?,
            None => super::catalogue::plan(engine, &live.plan_id).await?,
        };
        let paying = live.next.as_ref().map_or(live.paying, |next| next.paying);
        let at = planned_start(&live, &current, &zone, live.term_end(current.terms.term_periods), now);
        let renewed = Subscription { paying, term_period: live.term_end(current.terms.term_periods), ..live.clone() };
        let first = Instalment::of_term(&renewed, &after, renewed.term_period, |_| at)?;
        coming.extend(self::coming(first.iter().filter(|part| part.is_due_for(renewed.term_period))));
    }
    Ok(Preview {
        option: live.paying.name(),
        starts_at: live.starts_at.unwrap_or(now),
        due_now: Money { amount_minor: due_minor, currency: live.currency },
        credits_now: Amount::ZERO,
        credits_end_at: live.ends_at.unwrap_or(now),
        coming,
        terms: terms(engine, &account.id, thought.language).await?,
        plan: current,
    })
}

async fn changes(engine: &Engine, thought: &Thought<'_>, live: Subscription, plan_id: &str) -> Result<Preview> {
    let account = engine.accounts().get(thought.account_id).await?;
    let Thought { account_id, option, when, .. } = *thought;
    let wanted = Changing { account_id, plan_id, option, when, payer: None };
    let offer = offer(engine, &account, &live, &wanted).await?;
    let current = version_of(engine, &live.plan_id, live.plan_version).await?;
    let zone = zone_of(engine, &account).await?.zone;
    let now = engine.now();
    let ends_at = live.ends_at.unwrap_or(now);
    let term_ends_at = planned_start(&live, &current, &zone, live.term_end(current.terms.term_periods), now);
    let starts_at = if offer.when == When::Now { now } else { term_ends_at };
    let follows = Subscription { paying: offer.paying, ..live.clone() };
    let coming = renewal(&follows, &offer.plan, term_ends_at)?.into_iter().collect();
    Ok(Preview {
        option: offer.paying.name(),
        starts_at,
        due_now: Money { amount_minor: offer.upgrade.amount_minor, currency: live.currency },
        credits_now: offer.upgrade.credits,
        credits_end_at: ends_at,
        coming,
        terms: terms(engine, &account.id, thought.language).await?,
        plan: offer.plan,
    })
}

/// How much of an instalment is paid: of one that was, what did not go back.
#[derive(Clone, Debug)]
pub struct InstalmentView {
    /// The instalment.
    pub instalment: Instalment,
    /// In the smallest coin.
    pub paid_minor: i64,
    /// `paid`, `partly_paid`, `unpaid` or `void`.
    pub standing: &'static str,
}

/// Instalments of the account's last subscription, in the order in which they fall due.
///
/// # Errors
/// [`Error::NotFound`] without a subscription.
pub async fn list_instalments(engine: &Engine, account_id: &str) -> Result<Vec<InstalmentView>> {
    let account = engine.accounts().locate(account_id).await?;
    let found = Subscription::last(engine.store(), &account.id).await?;
    let subscription = found.ok_or(Error::NotFound("subscription"))?;
    let all = Instalment::all(engine.store(), &account.id, &subscription.id).await?;
    let mut views = Vec::with_capacity(all.len());
    for instalment in all {
        let mut paid_minor = 0;
        if instalment.state == InstalmentState::Paid {
            let payments = instalments::of_instalment(engine, &account.id, &instalment.id.to_string()).await?;
            let by = payments.iter().find(|payment| Some(&payment.id) == instalment.payment_id.as_ref());
            paid_minor = by.map_or(instalment.amount.amount_minor, |payment| {
                payment.price.amount_minor - payment.refunded_minor - payment.disputed_minor
            });
        }
        let standing = match instalment.state {
            InstalmentState::Void => "void",
            _ if paid_minor >= instalment.amount.amount_minor => "paid",
            _ if paid_minor > 0 => "partly_paid",
            _ => "unpaid",
        };
        views.push(InstalmentView { instalment, paid_minor, standing });
    }
    Ok(views)
}

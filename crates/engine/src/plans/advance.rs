//! What falls due: periods that end, cards that are tried again, grace that is over.
//!
//! When a period ends, whatever has to be paid for the next one is due. Nothing due: the next period begins. Otherwise the
//! saved cards are charged at once and on the configured days, each time by a payment of its own and never while an earlier
//! one may still bring money; the period begins with the money ([`super::settle`]). What is not paid in time ends the
//! subscription, or suspends it when it was agreed to be paid (a later part of a term, a period that ran).
//! One node at a time does it, and several would do no harm: every step names the revision that it was decided on. Days
//! are counted from when the end was noticed, so a server that was down tries as often as any. Cost: one read when nothing
//! is due; per subscription about eight reads and one write, and those of a charge.

use std::time::Duration;

use ledger::Timestamp;
use store::{Failure, Statement};
use tracing::{info, warn};

use super::base::grant_bases;
use super::calendar::day_of;
use super::catalogue::{self, version_of};
use super::instalment::{Instalment, InstalmentKind};
use super::news::{News, Reader};
use super::period::{Lot, next_period, planned_start};
use super::plan::Plan;
use super::retry::{grace_seconds, is_payers, next_try};
use super::settle::{ended, void_all};
use super::subscription::{Subscription, SubscriptionState};
use super::zone::zone_of;
use crate::accounts::AccountRecord;
use crate::lease::{self, Lease};
use crate::settings::Method;
use crate::topups::instalments::{self, Draft};
use crate::topups::{Details, Payment};
use crate::{Engine, Error, Result, billing};

/// Subscriptions looked after in one round.
const ROUND: i64 = 100;
/// Something that failed here, or waits for a payment to end, is looked at again after this, in seconds.
const AGAIN_SECONDS: i64 = 3_600;
const DAY_SECONDS: i64 = 86_400;

/// Does what is due every `pause`, until the task is aborted.
pub async fn run(engine: Engine, pause: Duration) {
    let mut bases = String::new();
    loop {
        if let Err(error) = advance_due(&engine).await {
            warn!(%error, "subscriptions could not be looked after; it is tried again");
        }
        match grant_bases(&engine, &bases).await {
            Ok(next) => bases = next,
            Err(error) => warn!(%error, "free credits could not be granted; it is tried again"),
        }
        tokio::time::sleep(pause).await;
    }
}

/// Looks after subscriptions that are due, unless another node does; says how many.
///
/// # Errors
/// When the database cannot be read; a subscription that fails does not disturb the others.
pub async fn advance_due(engine: &Engine) -> Result<usize> {
    let mut done = 0;
    for subscription in Subscription::due(engine.store(), engine.now(), ROUND).await? {
        if !lease::hold(engine, Lease::Plans).await? {
            break;
        }
        match advance(engine, subscription.clone()).await {
            Ok(()) => done += 1,
            // Somebody else moved it, and did what was to be done.
            Err(Error::Ledger(Failure::Conflict)) => {}
            Err(error) => {
                warn!(subscription = subscription.id, %error, "a subscription could not be looked after");
                postpone(engine, subscription, AGAIN_SECONDS).await?;
            }
        }
    }
    Ok(done)
}

async fn postpone(engine: &Engine, subscription: Subscription, seconds: i64) -> Result<()> {
    let now = engine.now();
    let later = Subscription { next_action_at: Some(now.plus_seconds(seconds)), ..subscription };
    match engine.store().write(vec![later.save(now)]).await {
        Ok(_) | Err(Failure::Conflict) => Ok(()),
        Err(failure) => Err(failure.into()),
    }
}

async fn advance(engine: &Engine, subscription: Subscription) -> Result<()> {
    let account = engine.accounts().get(&subscription.account_id).await?;
    match subscription.state {
        SubscriptionState::Active => match at_end(engine, &account, subscription).await? {
            Some(due) => dun(engine, &account, due).await,
            None => Ok(()),
        },
        SubscriptionState::PendingRenewal => dun(engine, &account, subscription).await,
        _ => {
            let now = engine.now();
            let idle = Subscription { next_action_at: None, ..subscription };
            Ok(engine.store().write(vec![idle.save(now)]).await.map(drop)?)
        }
    }
}

/// A period has ended: begins the next one, or ends the subscription; gives it when something has to be paid first.
async fn at_end(engine: &Engine, account: &AccountRecord, old: Subscription) -> Result<Option<Subscription>> {
    let now = engine.now();
    let current = version_of(engine, &old.plan_id, old.plan_version).await?;
    if account.closed {
        return finish(engine, &old, &current, "closed", now).await.map(|()| None);
    }
    let mut all = Instalment::all(engine.store(), &old.account_id, &old.id).await?;
    let period = old.period + 1;
    let is_term_over = period >= old.term_end(current.terms.term_periods);
    let mut rows = Vec::new();
    let (next, plan) = match is_term_over && !old.cancel_at_end {
        true => renewed(engine, account, &old, &current, &mut all, &mut rows).await?,
        false => (old.clone(), current),
    };
    let is_due = all.iter().any(|instalment| instalment.is_due_for(period));
    if is_due {
        let due = Subscription {
            state: SubscriptionState::PendingRenewal,
            grace_ends_at: Some(now.plus_seconds(grace_seconds(engine.settings()))),
            next_action_at: Some(now),
            ..next
        };
        let as_it_is = |instalment: &&Instalment| instalment.is_due_for(period) && instalment.due_at != now;
        let dated = |instalment: &Instalment| Instalment { due_at: now, ..instalment.clone() }.save(now);
        rows.extend(all.iter().filter(as_it_is).map(dated));
        rows.push(due.save(now));
        engine.store().write(rows).await?;
        return Subscription::find(engine.store(), &old.account_id, &old.id).await;
    }
    if is_term_over && old.cancel_at_end {
        return finish(engine, &old, &plan, "cancelled", now).await.map(|()| None);
    }
    begin(engine, account, &next, &plan, rows, now).await.map(|()| None)
}

/// The subscription with its next term: the newest version of its plan, or the plan that was chosen to follow. What the
/// term costs is among `all` and `rows` then.
async fn renewed(
    engine: &Engine,
    account: &AccountRecord,
    old: &Subscription,
    current: &Plan,
    all: &mut Vec<Instalment>,
    rows: &mut Vec<Statement>,
) -> Result<(Subscription, Plan)> {
    let now = engine.now();
    let chosen = old.next.as_ref().map_or(&*old.plan_id, |next| &*next.plan_id);
    let plan = catalogue::plan(engine, chosen).await?;
    let wanted = old.next.as_ref().map_or(old.paying, |next| next.paying);
    // A version may offer other percentages, or no longer this way of paying.
    let paying = plan.paying(Some(wanted.name())).or_else(|| plan.paying(None)).unwrap_or(wanted);
    let zone = zone_of(engine, account).await?.zone;
    let period = old.period + 1;
    let (anchor_date, anchor_period) = match old.ends_at {
        // Another length of periods is counted from the day on which it begins.
        Some(ends_at) if plan.terms.period != current.terms.period => (day_of(ends_at, &zone), period),
        _ => (old.anchor_date, old.anchor_period),
    };
    let next = Subscription {
        plan_id: plan.id.clone(),
        plan_version: plan.version,
        paying,
        anchor_date,
        anchor_period,
        term_period: period,
        next: None,
        tariff: old.tariff || plan.terms.on_demand.is_some(),
        ..old.clone()
    };
    let due_at = |period| planned_start(&next, &plan, &zone, period, now);
    let term = Instalment::of_term(&next, &plan, period, due_at)?;
    rows.extend(term.iter().map(|instalment| instalment.insert(now)));
    all.extend(term);
    all.sort_by_key(|instalment| (instalment.id.period, instalment.id.kind));
    Ok((next, plan))
}

/// Begins the next period, for which nothing has to be paid.
async fn begin(
    engine: &Engine,
    account: &AccountRecord,
    subscription: &Subscription,
    plan: &Plan,
    mut rows: Vec<Statement>,
    now: Timestamp,
) -> Result<()> {
    let zone = zone_of(engine, account).await?.zone;
    let next = next_period(subscription, plan, &zone, now)?;
    rows.push(next.save(now));
    let reader = Reader::of(engine, &next).await?;
    rows.extend(News { subscription: &next, plan, reader: &reader, now }.period_started(None)?);
    let credits = plan.credits()?;
    let (order, _) = Lot { subscription: &next, plan, part: 0, credits, payment: None }.order(now, rows)?;
    engine.store().submit(order).await?;
    info!(subscription = next.id, period = next.period, "a period began");
    Ok(())
}

/// Ends a subscription; whatever is not owed is void.
async fn finish(engine: &Engine, old: &Subscription, plan: &Plan, reason: &str, now: Timestamp) -> Result<()> {
    let ended = ended(old, reason, now);
    let reader = Reader::of(engine, old).await?;
    let mut rows = vec![ended.save(now), void_all(old, now)];
    rows.extend(News { subscription: &ended, plan, reader: &reader, now }.ended(reason));
    engine.store().write(rows).await?;
    info!(subscription = old.id, reason, "a subscription ended");
    Ok(())
}

/// Something is due: charges the saved cards, or gives up when the time to pay is over.
async fn dun(engine: &Engine, account: &AccountRecord, old: Subscription) -> Result<()> {
    let now = engine.now();
    let all = Instalment::all(engine.store(), &old.account_id, &old.id).await?;
    let plan = version_of(engine, &old.plan_id, old.plan_version).await?;
    let Some(due) = all.iter().find(|instalment| instalment.is_due_for(old.period + 1)) else {
        // What was due is paid, and the process that was to begin the period ended before.
        return match old.cancel_at_end && old.period + 1 >= old.term_end(plan.terms.term_periods) {
            true => finish(engine, &old, &plan, "cancelled", now).await,
            false => begin(engine, account, &old, &plan, Vec::new(), now).await,
        };
    };
    let grace_ends_at = old.grace_ends_at.unwrap_or(now);
    let payments = instalments::of_instalment(engine, &old.account_id, &due.id.to_string()).await?;
    if payments.iter().any(|payment| payment.may_bring_money() && !payment.waits_for_a_person()) {
        // Its end is told to the subscription; this is for what is told to nobody.
        return postpone(engine, old, AGAIN_SECONDS).await;
    }
    if now >= grace_ends_at || account.closed {
        return give_up(engine, &old, &plan, due, now).await;
    }
    if payments.iter().any(Payment::waits_for_a_person) {
        // It may have been paid in a way that a person has to look at: nothing else is charged.
        let later = Subscription { next_action_at: Some(grace_ends_at), ..old };
        return Ok(engine.store().write(vec![later.save(now)]).await.map(drop)?);
    }
    attempt(engine, account, old, &plan, due).await
}

/// The time to pay is over.
async fn give_up(engine: &Engine, old: &Subscription, plan: &Plan, due: &Instalment, now: Timestamp) -> Result<()> {
    let is_owed = due.id.kind == InstalmentKind::Arrears || due.id.period > old.term_period;
    if old.cancel_at_end && due.id.kind == InstalmentKind::Arrears {
        return finish(engine, old, plan, "cancelled", now).await;
    }
    if !is_owed {
        return finish(engine, old, plan, "unpaid", now).await;
    }
    let suspended =
        Subscription { state: SubscriptionState::Suspended, next_action_at: None, grace_ends_at: None, ..old.clone() };
    let reader = Reader::of(engine, old).await?;
    let mut rows = vec![suspended.save(now)];
    rows.extend(News { subscription: &suspended, plan, reader: &reader, now }.ended("unpaid"));
    engine.store().write(rows).await?;
    info!(subscription = old.id, "a subscription is suspended");
    Ok(())
}

/// Charges the saved cards for what is due.
async fn attempt(
    engine: &Engine,
    account: &AccountRecord,
    old: Subscription,
    plan: &Plan,
    due: &Instalment,
) -> Result<()> {
    let checked = match instalments::check_brakes(engine, account, ledger::Amount::ZERO, None).await {
        Err(Error::Conflict { code, detail }) => Err(Error::Conflict { code, detail }),
        // Limits of purchases are no limits of what was agreed to.
        Err(Error::TooMany { .. }) | Ok(()) => instalments::saved_cards(engine, account).await,
        Err(error) => Err(error),
    };
    let cards = match checked {
        Ok(cards) => cards,
        Err(Error::Conflict { code, .. }) => return not_charged(engine, old, plan, due, code).await,
        Err(error) => return Err(error),
    };
    let draft = Draft {
        account,
        method: Method::SavedCard,
        credit: due.credit,
        price: due.amount,
        instalment_id: due.id.to_string(),
        idempotency_key: None,
        details: Details {
            language: old.language,
            billing: billing::profile(engine, &account.id).await?.map(billing::StoredProfile::snapshot),
            plan: Some(plan.terms.name.clone()),
            automatic: true,
            ..Details::default()
        },
    };
    let payment = draft.payment(engine)?;
    let now = engine.now();
    let held = Subscription { next_action_at: Some(now.plus_seconds(AGAIN_SECONDS)), ..old };
    let mut rows = vec![held.save(now)];
    rows.extend(instalments::rows(engine, account, &payment, None, now));
    engine.store().write(rows).await?;
    info!(subscription = held.id, payment = payment.id, "what is due is charged");
    // Whatever comes of it is told by its payment.
    if let Err(error) = instalments::charge(engine, payment, cards).await {
        warn!(subscription = held.id, %error, "the outcome of a charge is not recorded; its payment is reconciled");
    }
    Ok(())
}

/// There is nothing to charge, or nothing may be: the same as a card that was declined, unless it is not the payer's
/// fault, who has another day then.
async fn not_charged(engine: &Engine, old: Subscription, plan: &Plan, due: &Instalment, code: &str) -> Result<()> {
    let now = engine.now();
    let next = next_try(engine.settings(), &old, code, now);
    if !is_payers(code) {
        let grace_ends_at = old.grace_ends_at.max(Some(now.plus_seconds(DAY_SECONDS)));
        return postpone(engine, Subscription { grace_ends_at, ..old }, AGAIN_SECONDS).await;
    }
    let later = Subscription { next_action_at: Some(next.at), ..old.clone() };
    let mut rows = vec![later.save(now)];
    let reader = Reader::of(engine, &old).await?;
    let news = News { subscription: &later, plan, reader: &reader, now };
    let attempt = format!("{}:{}", due.id, now.seconds());
    rows.extend(news.renewal_failed(due.amount, next.is_try.then_some(next.at), code, &attempt));
    engine.store().write(rows).await?;
    Ok(())
}

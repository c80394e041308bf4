//! Subscribing to a plan.
//!
//! Everything that can be refused is refused before anything is written down, as for a top-up. Then the subscription, what
//! is to be paid for its term and, where something is due at once, the payment are one transaction. The first period begins
//! with the money; where nothing is due (postpaid, plans that cost nothing) it begins in that transaction. Invariant: an
//! account has one subscription that has not expired, whatever runs at the same time. Cost: about ten reads, one write,
//! and those of the payment.

use ledger::Unit;
use ledger::plan::Paying;
use store::{Failure, Statement};

use super::calendar::day_of;
use super::catalogue;
use super::instalment::Instalment;
use super::news::{News, Reader};
use super::payer::{Paid, Payer, Ready, currency_of};
use super::period::{Lot, next_period, planned_start};
use super::plan::Plan;
use super::subscription::Subscription;
use super::zone::zone_of;
use crate::accounts::AccountRecord;
use crate::ledger_calls::fingerprint;
use crate::settings::Method;
use crate::topups::instalments;
use crate::{Call, Engine, Error, Result};

/// What somebody wants to subscribe to.
#[derive(Clone, Copy, Debug)]
pub struct Subscribing<'a> {
    /// Who subscribes.
    pub account_id: &'a str,
    /// To which plan.
    pub plan_id: &'a str,
    /// How its terms are paid; the usual way when left out.
    pub option: Option<&'a str>,
    /// In which currency; the first that the method charges when left out.
    pub currency: Option<Unit>,
    /// How what is due now is paid.
    pub payer: Payer<'a>,
}

/// A subscription, and what is paid for it now.
#[derive(Clone, Debug)]
pub struct Subscribed {
    /// As it stands.
    pub subscription: Subscription,
    /// What is due now; `None` when nothing is.
    pub paid: Option<Paid>,
    /// The same key did it before.
    pub replayed: bool,
}

/// Subscribes an account to a plan. The call must have a key; the same key subscribes once.
///
/// # Errors
/// Codes `subscription_exists`, `plan_retired`, `option_not_offered`, `method_not_offered`, `no_saved_card`,
/// `payment_failed`, `payment_status_unknown`, `profile_missing`, `terms_changed`, those of the brakes and of
/// [`Unavailable`](crate::billing::Unavailable); [`Error::NotFound`]; a reused key with another request.
pub async fn subscribe(engine: &Engine, call: &Call, wanted: Subscribing<'_>) -> Result<Subscribed> {
    let key = call.key.as_deref().ok_or_else(|| Error::Unavailable("a subscription needs a key".to_owned()))?;
    let account = engine.accounts().get(wanted.account_id).await?;
    if let Some(earlier) = Subscription::find_by_key(engine.store(), &account.id, key).await? {
        return repeated(engine, earlier, &wanted).await;
    }
    if account.closed {
        return Err(Error::conflict("account_closed", "the account is closed; reopen it first"));
    }
    let plan = offered(engine, &account, wanted.plan_id).await?;
    let paying = paying_of(&plan, wanted.option)?;
    let currency = currency_of(engine, &account, &plan, wanted.payer.method, wanted.currency)?;
    if Subscription::live(engine.store(), &account.id).await?.is_some() {
        return Err(exists());
    }
    let zone = zone_of(engine, &account).await?.zone;
    let now = engine.now();
    let anchor_date = day_of(now, &zone);
    let subscription = Subscription {
        method: wanted.payer.method,
        language: wanted.payer.language,
        idempotency_key: key.to_owned(),
        input: input_of(&wanted),
        ..Subscription::blank(&account.id, &plan, paying, currency, anchor_date, now)
    };
    let due_at = |period| planned_start(&subscription, &plan, &zone, period, now);
    let term = Instalment::of_term(&subscription, &plan, 1, due_at)?;
    let first = term.iter().find(|instalment| instalment.is_due_for(1)).cloned();
    if first.is_none() && wanted.payer.method != Method::SavedCard && !term.is_empty() {
        let detail = "what is paid afterwards is charged to a saved card: save one, and choose saved_card";
        return Err(Error::conflict("no_saved_card", detail));
    }
    let ready = wanted.payer.ready(engine, call, account, first.is_some()).await?;
    let mut rows: Vec<Statement> = term.iter().map(|instalment| instalment.insert(now)).collect();
    match first {
        Some(due) => {
            rows.insert(0, subscription.insert());
            let (payment, more) = wanted.payer.payment(engine, &ready, &due, &plan, key).await?;
            rows.extend(more);
            match engine.store().write(rows).await {
                Ok(_) => {
                    let paid = wanted.payer.pay(engine, ready, payment).await?;
                    finished(engine, subscription, Some(paid)).await
                }
                Err(Failure::Conflict) => contested(engine, key, &wanted).await,
                Err(failure) => Err(failure.into()),
            }
        }
        None => at_once(engine, subscription, &plan, &ready, &wanted, rows).await,
    }
}

/// A plan that an account may have now.
pub(super) async fn offered(engine: &Engine, account: &AccountRecord, plan_id: &str) -> Result<Plan> {
    let plan = catalogue::plan(engine, plan_id).await?;
    if plan.site != account.site || plan.unit != account.unit {
        return Err(Error::NotFound("plan"));
    }
    match plan.is_retired {
        true => Err(Error::conflict("plan_retired", "the plan is not sold any more; choose another one")),
        false => Ok(plan),
    }
}

/// A way of paying that a plan offers.
pub(super) fn paying_of(plan: &Plan, option: Option<&str>) -> Result<Paying> {
    plan.paying(option).ok_or_else(|| {
        let names: Vec<&str> = plan.terms.options.iter().map(|option| option.name()).collect();
        Error::Invalid {
            param: "option".into(),
            code: "option_not_offered",
            detail: format!("is not offered; this plan is paid {}", names.join(", ")),
        }
    })
}

fn exists() -> Error {
    Error::conflict("subscription_exists", "the account has a plan already; change that one, or cancel it first")
}

fn input_of(wanted: &Subscribing<'_>) -> String {
    let Subscribing { account_id, plan_id, option, currency, payer } = *wanted;
    let request = (account_id, plan_id, option, currency, payer.method, payer.language, payer.return_url);
    hex::encode(fingerprint("subscribe", &request))
}

/// Nothing is due: the first period begins.
async fn at_once(
    engine: &Engine,
    subscription: Subscription,
    plan: &Plan,
    ready: &Ready,
    wanted: &Subscribing<'_>,
    mut rows: Vec<Statement>,
) -> Result<Subscribed> {
    instalments::check_brakes(engine, &ready.account, ledger::Amount::ZERO, None).await?;
    let zone = zone_of(engine, &ready.account).await?.zone;
    let now = engine.now();
    let next = next_period(&subscription, plan, &zone, now)?;
    rows.insert(0, next.insert());
    rows.extend(wanted.payer.agreed(engine, ready, &subscription.id));
    let reader = Reader::of(engine, &next).await?;
    rows.extend(News { subscription: &next, plan, reader: &reader, now }.period_started(None)?);
    let credits = plan.credits()?;
    let (order, _) = Lot { subscription: &next, plan, part: 0, credits, payment: None }.order(now, rows)?;
    match engine.store().submit(order).await {
        Ok(_) => finished(engine, next, None).await,
        Err(Failure::Conflict) => contested(engine, &subscription.idempotency_key, wanted).await,
        Err(failure) => Err(failure.into()),
    }
}

async fn finished(engine: &Engine, subscription: Subscription, paid: Option<Paid>) -> Result<Subscribed> {
    let found = Subscription::find(engine.store(), &subscription.account_id, &subscription.id).await?;
    let subscription = found.ok_or(Error::NotFound("subscription"))?;
    Ok(Subscribed { subscription, paid, replayed: false })
}

/// Somebody else was faster: with the same key, with a plan, or with a payment of which nobody knows yet whether it took
/// money.
async fn contested(engine: &Engine, key: &str, wanted: &Subscribing<'_>) -> Result<Subscribed> {
    if let Some(earlier) = Subscription::find_by_key(engine.store(), wanted.account_id, key).await? {
        return repeated(engine, earlier, wanted).await;
    }
    if Subscription::live(engine.store(), wanted.account_id).await?.is_some() {
        return Err(exists());
    }
    Err(unsettled())
}

pub(super) fn unsettled() -> Error {
    Error::conflict(
        "payment_status_unknown",
        "it is not known yet whether an earlier payment took money, or too much is tried at once; wait and try again",
    )
}

async fn repeated(engine: &Engine, earlier: Subscription, wanted: &Subscribing<'_>) -> Result<Subscribed> {
    if earlier.input != input_of(wanted) {
        return Err(Failure::KeyReuse.into());
    }
    let payment = instalments::by_key(engine, &earlier.account_id, &earlier.idempotency_key).await?;
    let paid = match payment {
        Some(payment) => Some(wanted.payer.pay_again(engine, payment).await?),
        None => None,
    };
    Ok(Subscribed { replayed: true, ..finished(engine, earlier, paid).await? })
}

//! Paying what is due by hand: after a decline, with another card, on a gateway's page, or what is still owed.
//!
//! Invariant: while a payment of an instalment may still bring money, no other one of it is begun. Cost: about eight
//! reads, one write, and those of the payment.

use store::{Failure, Statement};

use super::catalogue::version_of;
use super::instalment::{Instalment, InstalmentKind};
use super::payer::{Paid, Payer};
use super::subscribe::unsettled;
use super::subscription::{Subscription, SubscriptionState};
use crate::topups::Payment;
use crate::topups::instalments;
use crate::{Call, Engine, Error, Result};

/// How long a payment that somebody makes keeps the job from trying a card, in seconds; its end is told before.
const PATIENCE_SECONDS: i64 = 3_600;

/// Pays the first thing that is due of an account's subscription, or owed from the one before. The call must have a key.
///
/// # Errors
/// Code `nothing_due`, `payment_in_progress`; those of [`subscribe`](super::subscribe()); [`Error::NotFound`].
pub async fn pay(engine: &Engine, call: &Call, account_id: &str, payer: Payer<'_>) -> Result<Paid> {
    let key = call.key.as_deref().ok_or_else(|| Error::Unavailable("a payment needs a key".to_owned()))?;
    let account = engine.accounts().get(account_id).await?;
    if let Some(earlier) = instalments::by_key(engine, &account.id, key).await? {
        return repeated(engine, earlier, &payer).await;
    }
    if account.closed {
        return Err(Error::conflict("account_closed", "the account is closed; reopen it first"));
    }
    let found = Subscription::last(engine.store(), &account.id).await?;
    let subscription = found.ok_or(Error::NotFound("subscription"))?;
    let due = due(engine, &subscription).await?;
    check_alone(engine, &due).await?;
    let plan = version_of(engine, &due.plan_id, due.plan_version).await?;
    let ready = payer.ready(engine, call, account, true).await?;
    let (payment, more) = payer.payment(engine, &ready, &due, &plan, key).await?;
    let now = engine.now();
    let waiting = match subscription.state {
        SubscriptionState::PendingRenewal => Some(now.plus_seconds(PATIENCE_SECONDS)),
        _ => subscription.next_action_at,
    };
    let held = Subscription { next_action_at: waiting, ..subscription };
    let mut rows: Vec<Statement> = vec![held.save(now)];
    rows.extend(more);
    match engine.store().write(rows).await {
        Ok(_) => payer.pay(engine, ready, payment).await,
        Err(Failure::Conflict) => match instalments::by_key(engine, account_id, key).await? {
            Some(earlier) => repeated(engine, earlier, &payer).await,
            None => Err(unsettled()),
        },
        Err(failure) => Err(failure.into()),
    }
}

/// What has to be paid first.
async fn due(engine: &Engine, subscription: &Subscription) -> Result<Instalment> {
    let all = Instalment::all(engine.store(), &subscription.account_id, &subscription.id).await?;
    let period = subscription.period + 1;
    let is_due = |instalment: &&Instalment| match subscription.state {
        SubscriptionState::PendingRenewal | SubscriptionState::Suspended => instalment.is_due_for(period),
        // Only what ran and was not paid.
        SubscriptionState::Expired => instalment.id.kind == InstalmentKind::Arrears && instalment.is_due_for(period),
        SubscriptionState::Active | SubscriptionState::Incomplete => false,
    };
    let nothing = || Error::conflict("nothing_due", "nothing of the subscription is due now");
    all.iter().find(is_due).cloned().ok_or_else(nothing)
}

/// Refuses while a payment of the instalment may bring money.
pub(super) async fn check_alone(engine: &Engine, instalment: &Instalment) -> Result<()> {
    let payments = instalments::of_instalment(engine, &instalment.account_id, &instalment.id.to_string()).await?;
    match payments.iter().find(|payment| payment.may_bring_money()) {
        None => Ok(()),
        Some(payment) => {
            let detail =
                format!("the payment {} may still go through; finish it, or wait until it has ended", payment.id);
            Err(Error::conflict("payment_in_progress", detail))
        }
    }
}

async fn repeated(engine: &Engine, earlier: Payment, payer: &Payer<'_>) -> Result<Paid> {
    if earlier.purpose.instalment_id().is_none() || earlier.method != payer.method.name() {
        return Err(Failure::KeyReuse.into());
    }
    payer.pay_again(engine, earlier).await
}

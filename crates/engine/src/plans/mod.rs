//! Plans and subscriptions: what is bought by the period.
//!
//! A plan grants credits for each period ([`Period`]) of a term and says how the term may be paid. An account has one
//! [`Subscription`] that has not expired. Invariants:
//! * Each period grants one lot, under a key that names it, in the transaction that moves the subscription on; the lot ends
//!   with the period. An upgrade grants one more.
//! * A period begins only when everything that is due for it is paid; money alone begins it, whoever tells of the money.
//! * A payment of a plan is one of [`topups`](crate::topups): it moves by the same machine and only forward, and while one
//!   of an instalment may bring money no other one is made.
//! * Every change of a subscription names the revision that it was decided on, and brings its outbox row and letter along.
//! * All dates are midnights of the account's time zone, counted from the day on which the subscription began.
//!
//! Deliberately absent: trials, ending a plan within its term, several plans at a time.

mod advance;
mod base;
mod calendar;
mod catalogue;
mod change;
mod instalment;
mod news;
mod pay;
mod payer;
mod period;
mod plan;
mod preview;
mod retry;
mod settle;
mod subscribe;
mod subscription;
mod tariff;
#[cfg(test)]
mod testing;
mod zone;

pub use advance::{advance_due, run};
pub use base::{ActivePlan, active, grant_bases};
pub use calendar::{Grid, Period, PeriodUnit, day_of, midnight};
pub use catalogue::{NewPlan, list, plan, publish, retire, subscribers};
pub use change::{Changed, Changing, When, cancel, change, undo};
pub use instalment::{Instalment, InstalmentId, InstalmentKind, InstalmentState};
pub use pay::pay;
pub use payer::{Paid, Payer, terms};
pub(crate) use period::granted;
pub use plan::{BASE_PLAN, OnDemand, Plan, PlanTerms};
pub use preview::{Coming, InstalmentView, Preview, Thought, list_instalments, preview};
pub(crate) use settle::{Success, payment_ended, payment_succeeded};
pub use subscribe::{Subscribed, Subscribing, subscribe};
pub use subscription::{NextPlan, Subscription, SubscriptionState};
pub(crate) use tariff::is_covered;
pub use tariff::{AppliedTariff, Tariff, Tariffs};
pub use zone::{AccountZone, set_zone, zone_of};

use crate::{Engine, Error, Result};

/// The subscription of an account that has not expired, or else the one that began last, with the version of its plan.
///
/// # Errors
/// [`Error::NotFound`] for an account that never had one.
pub async fn subscription(engine: &Engine, account_id: &str) -> Result<(Subscription, Plan)> {
    let account = engine.accounts().locate(account_id).await?;
    let found = match Subscription::live(engine.store(), &account.id).await? {
        None => Subscription::last(engine.store(), &account.id).await?,
        live => live,
    };
    let subscription = found.ok_or(Error::NotFound("subscription"))?;
    let plan = catalogue::version_of(engine, &subscription.plan_id, subscription.plan_version).await?;
    Ok((subscription, plan))
}

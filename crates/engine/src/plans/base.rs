//! The plan of an account without a plan, and its free credits of a month.

use jiff::civil::Date;
use ledger::{Timestamp, Unit};
use store::{Failure, Statement, params};

use super::calendar::{Grid, Period, day_of};
use super::catalogue::version_of;
use super::period::base_grant;
use super::plan::BASE_PLAN;
use super::subscription::Subscription;
use super::zone::zone_of;
use crate::accounts::AccountRecord;
use crate::lease::{self, Lease};
use crate::{Engine, Result};

/// Accounts looked at in one round.
const ROUND: i64 = 200;

/// The plan that an account has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivePlan {
    /// `SUB_PRO`; `SUB_BASE` for an account without one.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Credits of a period, in the account's unit.
    pub credits: ledger::Amount,
    /// When the account got it; when it was opened for one without a plan.
    pub since: Timestamp,
}

/// The plan that an account has now. Cost: one read, two for an account with a plan.
///
/// # Errors
/// [`crate::Error::Unavailable`].
pub async fn active(engine: &Engine, account: &AccountRecord) -> Result<ActivePlan> {
    let live = Subscription::live(engine.store(), &account.id).await?;
    if let Some(subscription) = live.filter(|live| live.state.has_plan()) {
        let plan = version_of(engine, &subscription.plan_id, subscription.plan_version).await?;
        let credits = plan.credits()?;
        return Ok(ActivePlan { id: plan.id, name: plan.terms.name, credits, since: subscription.created_at });
    }
    let settings = &engine.settings().plans;
    let credits = base_credits(engine, account.unit);
    Ok(ActivePlan { id: BASE_PLAN.to_owned(), name: settings.base_name.clone(), credits, since: account.created_at })
}

/// The free credits of a month, in accounts that count in credits.
fn base_credits(engine: &Engine, unit: Unit) -> ledger::Amount {
    let count = i64::from(engine.settings().plans.base_credits);
    Unit::CREDIT.from_minor(count).filter(|_| unit == Unit::CREDIT).unwrap_or_default()
}

/// Grants the month's free credits to some accounts without a plan: those after the id `after`, unless another node does.
/// Gives where to go on, from the beginning again after the last one.
///
/// # Errors
/// [`crate::Error::Unavailable`].
pub async fn grant_bases(engine: &Engine, after: &str) -> Result<String> {
    const SQL: &str = "SELECT a.id FROM accounts a LEFT JOIN plan_bases b ON b.account_id = a.id \
                       WHERE a.id > $1 AND a.unit = 'CREDIT' AND coalesce(b.ends_at_us, 0) <= $2 \
                       AND NOT EXISTS (SELECT 1 FROM subscriptions s WHERE s.account_id = a.id AND s.state <> 'expired') \
                       ORDER BY a.id LIMIT $3";
    if engine.settings().plans.base_credits == 0 {
        return Ok(String::new());
    }
    let rows = engine.store().query(SQL, params![after, engine.now().micros(), ROUND]).await?;
    let mut last = String::new();
    for row in &rows {
        if !lease::hold(engine, Lease::Plans).await? {
            return Ok(after.to_owned());
        }
        row.text(0)?.clone_into(&mut last);
        let account = engine.accounts().get(&last).await?;
        if !account.closed {
            grant(engine, &account).await?;
        }
    }
    Ok(if i64::try_from(rows.len()).is_ok_and(|count| count == ROUND) { last } else { String::new() })
}

async fn grant(engine: &Engine, account: &AccountRecord) -> Result<()> {
    const SQL: &str = "INSERT INTO plan_bases (account_id, ends_at_us) VALUES ($1, $2) \
                       ON CONFLICT (account_id) DO UPDATE SET ends_at_us = $2 WHERE plan_bases.ends_at_us < $2";
    const PERIOD: &str = "INSERT INTO plan_periods (account_id, subscription_id, period, part, plan_id, plan_version, \
                          credit_units, starts_at_us, ends_at_us) VALUES ($1, $2, $3, 0, $2, 0, $4, $5, $6)";
    let zone = zone_of(engine, account).await?.zone;
    let now = engine.now();
    let today = day_of(now, &zone);
    let anchor = Date::new(today.year(), today.month(), 1).unwrap_or(today);
    let grid = Grid { anchor, period: Period::MONTHLY, zone: &zone };
    let (Some(starts_at), Some(ends_at)) = (grid.ends_at(0), grid.ends_at(1)) else { return Ok(()) };
    let month = i64::from(today.year()) * 12 + i64::from(today.month());
    let credits = base_credits(engine, account.unit);
    let id = &*account.id;
    let period = params![id, BASE_PLAN, month, credits.units(), starts_at.micros(), ends_at.micros()];
    let rows = vec![
        Statement::new(SQL, params![id, ends_at.micros()]).expect_one(),
        Statement::new(PERIOD, period).expect_one(),
    ];
    let name = &engine.settings().plans.base_name;
    match engine.store().submit(base_grant(id, name, month, credits, ends_at, rows)).await {
        Ok(_) | Err(Failure::Conflict) => Ok(()),
        Err(failure) => Err(failure.into()),
    }
}

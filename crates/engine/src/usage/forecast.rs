//! The forecast of an account: its usage of four weeks, read for [`outlook`](super::outlook()).

use std::collections::BTreeMap;

use jiff::civil::Date;
use ledger::Timestamp;

use super::outlook::{Burn, Outlook, outlook};
use super::period::{known_zone, today};
use super::reading::{self, Sums};
use super::tally::QUARTER_US;
use crate::accounts::Located;
use crate::{Engine, Result};

/// How a forecast is made, in one line.
pub const METHOD: &str = "Mean daily usage of the last 7 and of the last 28 days, without top-ups, grants, expiries \
    and refunds, is taken from the lots in burn-down order until they are spent or expire.";

const WEEK_DAYS: usize = 7;
const MONTH_DAYS: usize = 28;
const DAY_US: i64 = 86_400_000_000;
const DAY_SECONDS: i64 = 86_400;
const HOUR_US: i64 = 3_600_000_000;

/// How long an account's credits last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// What can be said.
    pub outlook: Outlook,
    /// The day on which the credits end at the earliest, in the zone that was asked for.
    pub first_day: Option<Date>,
    /// The day on which they end at the latest; `None` beyond the horizon.
    pub last_day: Option<Date>,
    /// Mean daily usage of the last 7 days, in ledger units.
    pub week_units: i128,
    /// Mean daily usage of the last 28 days, in ledger units.
    pub month_units: i128,
    /// On how many of the last 28 days there was any usage.
    pub days_with_usage: u32,
    /// Whether every entry was counted; else the newest are missing, because the account is far behind: ask again.
    pub is_complete: bool,
    /// When it was made.
    pub as_of: Timestamp,
}

/// How long the credits of an account last. Days are the last times 24 hours; the means of an account that is younger
/// than its window are those of the hours since its first usage, so that missing days do not make it look thrifty.
///
/// # Errors
/// [`crate::Error::Invalid`] for an unknown zone, what the store answers.
pub async fn forecast(engine: &Engine, account: &Located, zone_name: &str) -> Result<Forecast> {
    let zone = known_zone(zone_name)?;
    let now = engine.now();
    // The current quarter ends the last day, so that it is counted, too.
    let end_us = (now.micros().div_euclid(QUARTER_US) + 1) * QUARTER_US;
    let back = |days: usize| Timestamp::from_micros(end_us - DAY_US * i64::try_from(days).unwrap_or(0));
    let starts: Vec<Timestamp> = (0..=MONTH_DAYS).rev().map(back).collect();
    let sums = reading::sums(engine, account.no, &starts, 0..0).await?;
    let view = engine.view(account, None).await?;
    let [week, month] = [WEEK_DAYS, MONTH_DAYS].map(|days| burn(&sums, days, now));
    let days_with_usage = days_with_usage(&sums);
    let outlook = outlook(&view.account, &week, &month, days_with_usage, view.as_of);
    let date = |days: u32| today(&zone, view.as_of.plus_seconds(i64::from(days) * DAY_SECONDS));
    let (low, high) = match outlook {
        Outlook::Days { low, high } => (Some(low), high),
        Outlook::Learning { .. } | Outlook::NoRecentUsage | Outlook::BeyondHorizon => (None, None),
    };
    Ok(Forecast {
        outlook,
        first_day: low.map(date),
        last_day: high.map(date),
        week_units: week.per_day_units(),
        month_units: month.per_day_units(),
        days_with_usage,
        is_complete: sums.is_complete,
        as_of: view.as_of,
    })
}

/// What was spent in the last `days` days.
fn burn(sums: &Sums, days: usize, now: Timestamp) -> Burn {
    let mut services: BTreeMap<Box<str>, i128> = BTreeMap::new();
    for ((_, service), counted) in sums.days.iter().filter(|((day, _), _)| *day >= MONTH_DAYS - days) {
        *services.entry(service.clone()).or_default() += counted.spent_units;
    }
    let window_hours = 24 * i64::try_from(days).unwrap_or(0);
    let known_hours = sums.first_at.map_or(window_hours, |first| (now.micros() - first.micros()) / HOUR_US + 1);
    Burn::new(known_hours.min(window_hours), services)
}

fn days_with_usage(sums: &Sums) -> u32 {
    let mut days: Vec<usize> = sums.days.keys().map(|(day, _)| *day).collect();
    days.dedup();
    u32::try_from(days.len()).unwrap_or(u32::MAX)
}

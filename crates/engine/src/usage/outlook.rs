//! How long credits last when they are spent as they were: pure, in whole numbers.
//!
//! Two simulations, with the mean of a week and with that of four: hour by hour, what each service uses is taken at the
//! end of the hour from the lots that cover it and count then, in burn-down order, as a debit would be. The credits
//! last as many hours as are paid in full, also when they end because only lots are left that do not cover a service.
//! What open holds earmark counts as spent; room for an overdraft does not count; a lot that begins to count later
//! repays the overdraft first. Source: the forecast rule of the portal's specification.
//!
//! Deliberately absent: trends, seasons, credits that may be bought meanwhile. Cost: at most 2,160 steps over services
//! and lots, twice.

use ledger::{Account, Lot, Timestamp};

/// Nothing is said about times beyond so many days.
pub const HORIZON_DAYS: u32 = 90;
/// Fewer days with usage are too few for a forecast.
const LEARNING_DAYS: u32 = 3;

const HOUR_SECONDS: i64 = 3_600;
const DAY_HOURS: u32 = 24;

/// What was spent in the last hours, by service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Burn {
    hours: i64,
    services: Vec<(Box<str>, i128)>,
}

/// What can be said about how long credits last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlook {
    /// There was usage on too few of the last 28 days to tell.
    Learning {
        /// On how many.
        days_with_usage: u32,
    },
    /// Nothing was spent in the last 28 days.
    NoRecentUsage,
    /// Longer than [`HORIZON_DAYS`].
    BeyondHorizon,
    /// About so many days.
    Days {
        /// At least, in whole days: 0 is less than one.
        low: u32,
        /// At most; `None`: longer than [`HORIZON_DAYS`].
        high: Option<u32>,
    },
}

impl Burn {
    /// What `services` spent in `hours` (at least one), in ledger units. A service to which more was given back than it
    /// spent has spent nothing, and an empty name stands for entries that name none.
    pub fn new(hours: i64, services: impl IntoIterator<Item = (Box<str>, i128)>) -> Burn {
        let services = services.into_iter().filter(|(_, units)| *units > 0).collect();
        Burn { hours: hours.max(1), services }
    }

    /// The mean of a day, in ledger units, rounded down.
    pub fn per_day_units(&self) -> i128 {
        let total: i128 = self.services.iter().map(|(_, units)| units).sum();
        total * i128::from(DAY_HOURS) / i128::from(self.hours)
    }

    fn is_nothing(&self) -> bool {
        self.services.is_empty()
    }

    /// What a service that spent `units` in all uses in the `hour`-th hour from now, from 1: over many hours nothing is
    /// lost to rounding.
    fn in_hour(&self, units: i128, hour: u32) -> i128 {
        let until = |hour: u32| units * i128::from(hour) / i128::from(self.hours);
        until(hour) - until(hour - 1)
    }
}

/// How long the credits of an account last from `now` on, by what was spent in the last 7 and in the last 28 days.
/// `days_with_usage`: on how many of the last 28 days there was any.
pub fn outlook(account: &Account, week: &Burn, month: &Burn, days_with_usage: u32, now: Timestamp) -> Outlook {
    if month.is_nothing() {
        return Outlook::NoRecentUsage;
    }
    if days_with_usage < LEARNING_DAYS {
        return Outlook::Learning { days_with_usage };
    }
    let days = [week, month].map(|burn| hours_paid(account, burn, now).map(|hours| hours / DAY_HOURS));
    match days {
        [None, None] => Outlook::BeyondHorizon,
        [Some(only), None] | [None, Some(only)] => Outlook::Days { low: only, high: None },
        [Some(one), Some(other)] => Outlook::Days { low: one.min(other), high: Some(one.max(other)) },
    }
}

/// A lot with what is left of it in the simulation.
struct Left<'a> {
    lot: &'a Lot,
    units: i128,
}

/// How many hours from `now` on are paid in full; `None`: all until the horizon and the one after it.
fn hours_paid(account: &Account, burn: &Burn, now: Timestamp) -> Option<u32> {
    let left = |lot: &'_ Lot| lot.free().is_positive();
    let units = |lot| Left { lot, units: i128::from(lot.free().units()) };
    let mut lots: Vec<Left<'_>> = account.lots.iter().filter(|lot| left(lot)).map(units).collect();
    let mut overdraft_units = i128::from(account.overdraft.units());
    (1..=HORIZON_DAYS * DAY_HOURS + 1)
        .find(|hour| {
            let at = now.plus_seconds(i64::from(*hour) * HOUR_SECONDS);
            take(&mut lots, &mut overdraft_units, |lot| lot.effective_at <= at && lot.scope.is_empty());
            lots.retain(|left| left.units > 0 && !left.lot.is_expired(at));
            burn.services.iter().any(|(service, units)| {
                let service = Some(&**service).filter(|service| !service.is_empty());
                let mut wanted_units = burn.in_hour(*units, *hour);
                take(&mut lots, &mut wanted_units, |lot| lot.counts(at) && lot.covers(service));
                wanted_units > 0
            })
        })
        .map(|hour| hour - 1)
}

/// Takes what is wanted from the lots that may pay, in their order; what is missing stays wanted.
fn take(lots: &mut [Left<'_>], wanted_units: &mut i128, may_pay: impl Fn(&Lot) -> bool) {
    for left in lots.iter_mut().filter(|left| may_pay(left.lot)) {
        let part = left.units.min(*wanted_units);
        left.units -= part;
        *wanted_units -= part;
    }
}

#[cfg(test)]
#[path = "outlook_tests.rs"]
mod tests;

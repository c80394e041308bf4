//! A larger plan from now on: the difference for what is left.

use super::instalments::share;
use crate::{Amount, EXTRA_DECIMALS, Timestamp};

/// How much of a period is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rest {
    left_us: i64,
    whole_us: i64,
}

impl Rest {
    /// What is left at `now` of a period from `starts_at` to `ends_at`, by the clock: an hour that a time zone skips is no
    /// part of either.
    pub fn of(starts_at: Timestamp, ends_at: Timestamp, now: Timestamp) -> Rest {
        let whole_us = ends_at.micros().saturating_sub(starts_at.micros()).max(1);
        let left_us = ends_at.micros().saturating_sub(now.micros()).clamp(0, whole_us);
        Rest { left_us, whole_us }
    }

    /// Its part of an amount, rounded down.
    fn share(self, amount: i64) -> i64 {
        share(amount, self.left_us, self.whole_us)
    }
}

/// From one plan to a larger one: price and credits of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// What a period of the present plan costs, in the smallest coin.
    pub from_minor: i64,
    /// What a period of the new plan costs, in the same currency.
    pub to_minor: i64,
    /// What a period of the present plan grants.
    pub from_credits: Amount,
    /// What a period of the new plan grants, in the same unit.
    pub to_credits: Amount,
}

/// What an upgrade costs and gives at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upgrade {
    /// Due now, in the smallest coin.
    pub amount_minor: i64,
    /// Granted for the rest of the period, in whole coins (or credits) of the account's unit; may be nothing.
    pub credits: Amount,
}

/// The price and the credits of an upgrade: the difference of both plans for the rest of the period, each rounded down
/// to a whole coin, and the full difference of the prices for each of the `paid_periods` of the term that are paid but
/// have not begun. `None`: the new plan costs less, or the sum is beyond `i64`.
pub fn upgrade(step: Step, rest: Rest, paid_periods: u32) -> Option<Upgrade> {
    let more_minor = step.to_minor.checked_sub(step.from_minor).filter(|more| *more >= 0)?;
    let later_minor = more_minor.checked_mul(i64::from(paid_periods))?;
    let more_credits = step.to_credits.units().saturating_sub(step.from_credits.units()).max(0);
    let coin = 10_i64.pow(EXTRA_DECIMALS);
    Some(Upgrade {
        amount_minor: rest.share(more_minor).checked_add(later_minor)?,
        credits: Amount::from_units(rest.share(more_credits) / coin * coin),
    })
}

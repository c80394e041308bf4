//! Brakes against fraud: how often, with how many cards and for how much an account may buy.
//!
//! What an account may do grows with its age, in steps ([`Level`]). Money is told in multiples of the smallest top-up
//! that its site sells in its unit (the smallest pack where it sells packs), so one table serves every currency. A 0
//! means no limit. Source of the shipped figures: the product's threat model; the amounts are chosen so that a new
//! account can spend a hundred times the least, and the site's own maximum alone binds an old one.
//! Cost: none; [`crate::topups`] counts rows.

use ledger::{Amount, Unit};
use serde::Deserialize;

use super::validate::Check;
use super::{Method, Settings, Site};

/// Limits of buying. A saved card was verified when it was saved, so purchases with it are limited by `declines_per_day`,
/// `daily_minimums` and the cool-down alone.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Brakes {
    /// Unpaid tries from one address in an hour (of IPv6, from one network of 64 bits). Private addresses are not
    /// counted: everybody behind a proxy shares them.
    pub address_tries_per_hour: u32,
    /// Unpaid tries of one account in an hour.
    pub account_tries_per_hour: u32,
    /// What an account may do in 24 hours, by its age; the first one is for new accounts.
    pub levels: Vec<Level>,
}

/// What an account of an age may do in 24 hours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Level {
    /// The age from which it holds, in days.
    pub from_days: u32,
    /// Cards that may be declined.
    pub declines_per_day: u32,
    /// Different cards.
    pub cards_per_day: u32,
    /// How many times the smallest top-up may be bought.
    pub daily_minimums: u32,
}

impl Default for Brakes {
    fn default() -> Self {
        let level = |from_days, cards, daily_minimums| Level {
            from_days,
            declines_per_day: cards,
            cards_per_day: cards,
            daily_minimums,
        };
        Brakes {
            address_tries_per_hour: 5,
            account_tries_per_hour: 10,
            levels: vec![level(0, 3, 100), level(7, 5, 1_000), level(30, 10, 10_000), level(180, 10, 0)],
        }
    }
}

impl Brakes {
    /// No limits at all.
    pub const fn off() -> Brakes {
        Brakes { address_tries_per_hour: 0, account_tries_per_hour: 0, levels: Vec::new() }
    }

    /// What an account of this age may do; nothing is limited where no level is given.
    pub fn level(&self, age_days: i64) -> Level {
        let reached = |level: &&Level| i64::from(level.from_days) <= age_days;
        self.levels.iter().rev().find(reached).or(self.levels.first()).copied().unwrap_or_default()
    }

    pub(super) fn validate(&self, check: &mut Check) {
        let key = "purchase.brakes.levels";
        if self.levels.first().is_some_and(|first| first.from_days != 0) {
            check.push(key, "must begin with from_days = 0, which is for new accounts");
        }
        if self.levels.windows(2).any(|pair| pair[0].from_days >= pair[1].from_days) {
            check.push(key, "must be in the order of from_days, each once");
        }
    }
}

impl Site {
    /// The smallest amount that is sold in a unit: the least top-up, or the smallest pack.
    pub fn smallest(&self, unit: Unit) -> Option<Amount> {
        let topup = self.amounts.get(&unit).and_then(|amounts| amounts.bounds(unit)).map(|bounds| bounds.minimum);
        let packs = self.packs.iter().filter(|_| unit == Unit::CREDIT).filter_map(|pack| pack.amount());
        packs.chain(topup).min()
    }
}

impl Settings {
    /// Whether an operator switched a method off, alone or with all buying.
    pub fn is_switched_off(&self, method: Method) -> bool {
        !self.purchase.enabled || self.billing.methods_off.contains(&method)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_account_may_do_more() {
        let brakes = Brakes::default();
        // age in days, declines, times the smallest top-up
        for (age_days, declines, minimums) in
            [(-1, 3, 100), (0, 3, 100), (6, 3, 100), (7, 5, 1_000), (30, 10, 10_000), (179, 10, 10_000), (999, 10, 0)]
        {
            let level = brakes.level(age_days);
            assert_eq!((level.declines_per_day, level.daily_minimums), (declines, minimums), "{age_days} days");
        }
        let none = Brakes { levels: Vec::new(), ..brakes };
        assert_eq!(none.level(0), Level::default());
    }

    #[test]
    fn the_smallest_sale_is_a_top_up_or_a_pack() {
        let settings = Settings::default();
        for (site, code, minor) in [("vn", "VND", 500_000), ("jp", "JPY", 3_000), ("global", "EUR", 2_500)] {
            let unit = Unit::parse(code).unwrap();
            assert_eq!(settings.sites[site].smallest(unit), unit.from_minor(minor), "{site}");
        }
        assert_eq!(settings.sites["api"].smallest(Unit::CREDIT), Unit::CREDIT.from_minor(10_000));
        assert_eq!(settings.sites["vn"].smallest(Unit::CREDIT), None);
    }

    #[test]
    fn one_switch_stops_all_buying() {
        let mut settings = Settings::default();
        settings.billing.methods_off = vec![Method::PayPal];
        let off = |settings: &Settings| Method::ALL.map(|method| settings.is_switched_off(method));
        assert_eq!(off(&settings), [false, true, false, false]);
        settings.purchase.enabled = false;
        assert_eq!(off(&settings), [true; 4]);
    }

    #[test]
    fn levels_begin_with_new_accounts_and_are_in_order() {
        // from_days of the levels, whether that may be
        let table: [(&[u32], bool); 5] =
            [(&[], true), (&[0, 7], true), (&[1, 7], false), (&[0, 7, 7], false), (&[0, 9, 7], false)];
        for (days, valid) in table {
            let mut settings = Settings::default();
            settings.purchase.brakes.levels =
                days.iter().map(|from_days| Level { from_days: *from_days, ..Level::default() }).collect();
            assert_eq!(settings.validate().is_empty(), valid, "{days:?}");
        }
    }
}

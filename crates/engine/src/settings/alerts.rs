//! When people are told that credits run low or expire soon.

use serde::Deserialize;

use super::validate::Check;

/// Most days at which an expiry may be announced.
const MAX_EXPIRY_STEPS: usize = 10;

/// When people are told about their balance. Source of the figures: product rules, sections 3 and 6.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Alerts {
    /// How often balances are looked at, in seconds.
    pub check_seconds: u64,
    /// Most addresses of one account.
    pub max_emails: usize,
    /// The least time between two letters about a low balance, in hours.
    pub repeat_hours: u64,
    /// Most letters about a low balance until it is above the threshold again.
    pub max_letters: u32,
    /// After so many days below zero without a break it is told once more.
    pub negative_days: u64,
    /// So many days before credits expire it is told; most days first.
    pub expiry_days: Vec<u32>,
}

impl Default for Alerts {
    fn default() -> Self {
        Alerts {
            check_seconds: 60,
            max_emails: 5,
            repeat_hours: 24,
            max_letters: 3,
            negative_days: 7,
            expiry_days: vec![30, 14, 7, 1],
        }
    }
}

impl Alerts {
    pub(super) fn validate(&self, check: &mut Check) {
        check.range("alerts.check_seconds", self.check_seconds, 1, 3_600);
        check.range("alerts.max_emails", self.max_emails, 1, 50);
        check.range("alerts.repeat_hours", self.repeat_hours, 1, 720);
        check.range("alerts.max_letters", self.max_letters, 1, 100);
        check.range("alerts.negative_days", self.negative_days, 1, 365);
        let steps = &self.expiry_days;
        let falling = steps.windows(2).all(|pair| matches!(pair, [more, less] if more > less));
        let bounded = steps.len() <= MAX_EXPIRY_STEPS && steps.iter().all(|days| (1..=365).contains(days));
        if !falling || !bounded {
            let rule = format!("must be at most {MAX_EXPIRY_STEPS} days from 365 to 1, each less than the one before");
            check.push("alerts.expiry_days", rule);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Settings;
    use super::*;

    #[test]
    fn days_before_an_expiry_fall() {
        // days, whether they may be set
        let table: &[(&[u32], bool)] = &[
            (&[30, 14, 7, 1], true),
            (&[], true),
            (&[1], true),
            (&[7, 7], false),
            (&[1, 7], false),
            (&[366], false),
            (&[0], false),
            (&[11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1], false),
        ];
        for (days, good) in table {
            let mut settings = Settings::default();
            settings.alerts.expiry_days = days.to_vec();
            assert_eq!(settings.validate().is_empty(), *good, "{days:?}");
        }
        let alerts = Alerts {
            check_seconds: 0,
            max_emails: 0,
            repeat_hours: 0,
            max_letters: 0,
            negative_days: 0,
            ..Alerts::default()
        };
        let settings = Settings { alerts, ..Settings::default() };
        assert_eq!(settings.validate().len(), 5);
    }
}

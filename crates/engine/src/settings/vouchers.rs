//! Vouchers: the key that hides their codes, and the limits against guessing.
//!
//! Source of the figures: the product's threat model (5 failures in 15 minutes by account, 20 in an hour by address).

use serde::Deserialize;

use super::Secret;
use super::validate::Check;

/// Shortest key of the codes, in bytes.
const MIN_KEY_BYTES: usize = 32;

/// How voucher codes are kept and guessed at.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Vouchers {
    /// The key under which codes are stored as HMAC. Empty: one is made at first use and kept in the database, where
    /// whoever reads the codes' table reads it, too. Codes of that one stay valid when a key is set later.
    pub code_key: Secret,
    /// Failed tries of an account within the window, until it has to wait.
    pub account_failures: u32,
    /// The window of `account_failures`, in seconds.
    pub account_window_seconds: u64,
    /// Failed tries from an address within the window, until it has to wait. Private addresses are not counted.
    pub address_failures: u32,
    /// The window of `address_failures`, in seconds.
    pub address_window_seconds: u64,
    /// Failed tries of everybody in an hour from which on `scrip_voucher_alarms_total` counts.
    pub alarm_failures_per_hour: u32,
    /// Most codes of one batch.
    pub batch_codes: u32,
}

impl Default for Vouchers {
    fn default() -> Self {
        Vouchers {
            code_key: Secret::default(),
            account_failures: 5,
            account_window_seconds: 900,
            address_failures: 20,
            address_window_seconds: 3_600,
            alarm_failures_per_hour: 100,
            batch_codes: 100_000,
        }
    }
}

impl Vouchers {
    pub(super) fn validate(&self, check: &mut Check) {
        if self.code_key.is_set() && self.code_key.expose().len() < MIN_KEY_BYTES {
            check.push("vouchers.code_key", "is too short: use at least 32 random characters");
        }
        check.range("vouchers.account_failures", self.account_failures, 1, 1_000);
        check.range("vouchers.account_window_seconds", self.account_window_seconds, 1, 86_400);
        check.range("vouchers.address_failures", self.address_failures, 1, 10_000);
        check.range("vouchers.address_window_seconds", self.address_window_seconds, 1, 86_400);
        check.range("vouchers.alarm_failures_per_hour", self.alarm_failures_per_hour, 1, 1_000_000);
        check.range("vouchers.batch_codes", self.batch_codes, 1, 100_000);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Settings;
    use super::*;

    #[test]
    fn a_short_key_and_no_limits_are_refused() {
        type Spoil = fn(&mut Vouchers);
        let table: &[(&str, Spoil)] = &[
            ("vouchers.code_key", |v| v.code_key = Secret::new("0123456789abcdef0123456789abcde")),
            ("vouchers.account_failures", |v| v.account_failures = 0),
            ("vouchers.account_window_seconds", |v| v.account_window_seconds = 86_401),
            ("vouchers.address_failures", |v| v.address_failures = 0),
            ("vouchers.address_window_seconds", |v| v.address_window_seconds = 0),
            ("vouchers.alarm_failures_per_hour", |v| v.alarm_failures_per_hour = 0),
            ("vouchers.batch_codes", |v| v.batch_codes = 100_001),
        ];
        for (key, spoil) in table {
            let mut settings = Settings::default();
            assert_eq!(settings.validate(), []);
            spoil(&mut settings.vouchers);
            let keys: Vec<String> = settings.validate().into_iter().map(|problem| problem.key).collect();
            assert_eq!(keys, [*key]);
        }
    }
}

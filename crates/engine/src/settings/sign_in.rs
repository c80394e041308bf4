//! How people sign in: sessions, links, passwords, the second factor of operators.
//!
//! Source of the figures: OWASP ASVS 5.0 (sessions, passwords) and OWASP's least parameters of Argon2id.

use serde::Deserialize;

use super::validate::Check;
use super::{Environment, Secret};

/// Least memory of Argon2id, in KiB, with two passes. Source: OWASP's cheat sheet on storing passwords.
const MIN_MEMORY_KIB: u32 = 19_456;
/// Shortest key of the second factor, in bytes.
const MIN_KEY_BYTES: usize = 32;

/// Whether operators with the role `admin` need a second factor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecondFactor {
    /// Always.
    Always,
    /// Where `environment` is live.
    #[default]
    Live,
    /// Only whoever set one up.
    Never,
}

/// How people sign in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SignIn {
    /// A session that is not used ends after this, in seconds.
    pub idle_seconds: u64,
    /// A session ends after this, used or not, in seconds.
    pub session_seconds: u64,
    /// What is sensitive asks to sign in again when that was longer ago, in seconds.
    pub fresh_seconds: u64,
    /// How long a link sent by mail works, in seconds.
    pub link_seconds: u64,
    /// How long an invitation works, in seconds.
    pub invitation_seconds: u64,
    /// Memory of one hash of a password (Argon2id), in KiB.
    pub hash_memory_kib: u32,
    /// Passes of one hash of a password.
    pub hash_passes: u32,
    /// Hashes of passwords computed at a time; more callers wait.
    pub parallel_hashes: u32,
    /// Whether operators with the role `admin` need a second factor.
    pub operator_second_factor: SecondFactor,
    /// The key from which second factors are derived together with what the database holds. Empty: the database alone
    /// suffices. Another key makes every second factor invalid.
    pub second_factor_key: Secret,
}

impl Default for SignIn {
    fn default() -> Self {
        SignIn {
            idle_seconds: 1_800,
            session_seconds: 43_200,
            fresh_seconds: 600,
            link_seconds: 900,
            invitation_seconds: 604_800,
            hash_memory_kib: MIN_MEMORY_KIB,
            hash_passes: 2,
            parallel_hashes: 2,
            operator_second_factor: SecondFactor::default(),
            second_factor_key: Secret::default(),
        }
    }
}

impl SignIn {
    /// Whether operators with the role `admin` need a second factor.
    pub fn needs_second_factor(&self, environment: Environment) -> bool {
        match self.operator_second_factor {
            SecondFactor::Always => true,
            SecondFactor::Live => environment == Environment::Live,
            SecondFactor::Never => false,
        }
    }

    pub(super) fn validate(&self, check: &mut Check) {
        check.range("sign_in.idle_seconds", self.idle_seconds, 60, 86_400);
        check.range("sign_in.session_seconds", self.session_seconds, 300, 2_592_000);
        check.range("sign_in.fresh_seconds", self.fresh_seconds, 60, 86_400);
        check.range("sign_in.link_seconds", self.link_seconds, 60, 86_400);
        check.range("sign_in.invitation_seconds", self.invitation_seconds, 3_600, 2_592_000);
        check.range("sign_in.hash_memory_kib", self.hash_memory_kib, MIN_MEMORY_KIB, 1 << 20);
        check.range("sign_in.hash_passes", self.hash_passes, 2, 32);
        check.range("sign_in.parallel_hashes", self.parallel_hashes, 1, 64);
        if self.second_factor_key.is_set() && self.second_factor_key.expose().len() < MIN_KEY_BYTES {
            check.push("sign_in.second_factor_key", "is too short: use at least 32 random characters");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Settings;
    use super::*;

    #[test]
    fn weak_settings_are_refused() {
        type Spoil = fn(&mut SignIn);
        let table: &[(&str, Spoil)] = &[
            ("sign_in.idle_seconds", |s| s.idle_seconds = 86_401),
            ("sign_in.session_seconds", |s| s.session_seconds = 299),
            ("sign_in.fresh_seconds", |s| s.fresh_seconds = 0),
            ("sign_in.link_seconds", |s| s.link_seconds = 86_401),
            ("sign_in.invitation_seconds", |s| s.invitation_seconds = 0),
            ("sign_in.hash_memory_kib", |s| s.hash_memory_kib = 19_455),
            ("sign_in.hash_passes", |s| s.hash_passes = 1),
            ("sign_in.parallel_hashes", |s| s.parallel_hashes = 0),
            ("sign_in.second_factor_key", |s| s.second_factor_key = Secret::new("0123456789abcdef0123456789abcde")),
        ];
        for (key, spoil) in table {
            let mut settings = Settings::default();
            assert_eq!(settings.validate(), []);
            spoil(&mut settings.sign_in);
            let keys: Vec<String> = settings.validate().into_iter().map(|problem| problem.key).collect();
            assert_eq!(keys, [*key]);
        }
    }

    #[test]
    fn a_live_console_needs_a_second_factor() {
        use Environment::{Live, Test};
        use SecondFactor::{Always, Never};
        let table = [
            (SecondFactor::Live, Live, true),
            (SecondFactor::Live, Test, false),
            (Always, Test, true),
            (Never, Live, false),
        ];
        for (operator_second_factor, environment, needed) in table {
            let settings = SignIn { operator_second_factor, ..SignIn::default() };
            assert_eq!(settings.needs_second_factor(environment), needed, "{operator_second_factor:?} {environment:?}");
        }
    }
}

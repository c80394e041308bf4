//! Settings of the Stripe client, checked before the first call.
//!
//! Refused: a key that cannot charge, a key of the other world (live or test), an address that would show the key to the
//! network. Deliberately absent: webhook secrets (they belong to the endpoint, see `signature`).

use std::time::Duration;

use reqwest::Url;
use thiserror::Error;

use super::retry::RetryPolicy;
use crate::Secret;

/// The version that every call is pinned to.
pub const API_VERSION: &str = "2026-10-28.endive";
/// Stripe's own address.
pub const BASE_URL: &str = "https://api.stripe.com";

/// Settings of a [`Client`](super::Client).
#[derive(Debug, Clone)]
pub struct Config {
    /// `sk_…`, or better a restricted `rk_…`.
    pub secret_key: Secret,
    /// Whether real money is meant; must fit the key.
    pub live: bool,
    /// Scheme and host, without path. Plain http for loopback only.
    pub base_url: String,
    /// Sent as `Stripe-Version`.
    pub api_version: String,
    /// For one attempt, connection and body included.
    pub timeout: Duration,
    /// Repeats of one call.
    pub retry: RetryPolicy,
}

/// Why a configuration is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// A `pk_…` key is for browsers.
    #[error("stripe.secret_key is a publishable key (pk_…): use a secret (sk_…) or restricted (rk_…) key")]
    PublishableKey,
    /// Neither `sk_live_`, `sk_test_`, `rk_live_` nor `rk_test_`.
    #[error("stripe.secret_key does not look like a key: it starts with sk_live_, sk_test_, rk_live_ or rk_test_")]
    UnknownKey,
    /// Real money by accident.
    #[error("stripe.secret_key is a live key, but stripe.live is off: use a test key, or switch live on")]
    LiveKeyInTestMode,
    /// Play money by accident.
    #[error("stripe.secret_key is a test key, but stripe.live is on: use a live key, or switch live off")]
    TestKeyInLiveMode,
    /// Not an origin.
    #[error("stripe.base_url must be like https://api.stripe.com, without path, user name or query")]
    BadBaseUrl,
    /// The key would travel in the clear.
    #[error("stripe.base_url must be https; plain http is allowed for loopback addresses only")]
    InsecureBaseUrl,
    /// A character that no header takes.
    #[error("stripe.{0} has characters that cannot be sent: check for line breaks and quotes")]
    Unsendable(&'static str),
    /// The TLS set-up of this machine.
    #[error("the HTTPS client cannot be built: {0}")]
    Tls(String),
}

impl Config {
    /// Stripe's own address, the pinned version, 30 s per attempt, two repeats.
    pub fn new(secret_key: Secret, live: bool) -> Config {
        Config {
            secret_key,
            live,
            base_url: BASE_URL.into(),
            api_version: API_VERSION.into(),
            timeout: Duration::from_secs(30),
            retry: RetryPolicy::default(),
        }
    }

    /// Checks key and address; returns the origin.
    pub(crate) fn check(&self) -> Result<Url, ConfigError> {
        let key = self.secret_key.expose();
        let live_key = match key {
            _ if key.starts_with("pk_") => return Err(ConfigError::PublishableKey),
            _ if key.starts_with("sk_live_") || key.starts_with("rk_live_") => true,
            _ if key.starts_with("sk_test_") || key.starts_with("rk_test_") => false,
            _ => return Err(ConfigError::UnknownKey),
        };
        match (live_key, self.live) {
            (true, false) => return Err(ConfigError::LiveKeyInTestMode),
            (false, true) => return Err(ConfigError::TestKeyInLiveMode),
            _ => {}
        }
        let url = Url::parse(&self.base_url).map_err(|_| ConfigError::BadBaseUrl)?;
        let origin_only = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let anonymous = url.username().is_empty() && url.password().is_none();
        if !origin_only || !anonymous || !url.has_host() {
            return Err(ConfigError::BadBaseUrl);
        }
        match url.scheme() {
            "https" => Ok(url),
            "http" if is_loopback(&url) => Ok(url),
            "http" => Err(ConfigError::InsecureBaseUrl),
            _ => Err(ConfigError::BadBaseUrl),
        }
    }
}

/// Whether an address cannot leave this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(key: &str, live: bool, base_url: &str) -> Result<(), ConfigError> {
        let config = Config { base_url: base_url.into(), ..Config::new(Secret::new(key).unwrap(), live) };
        config.check().map(|_| ())
    }

    #[test]
    fn keys_must_fit_the_mode() {
        use ConfigError::*;
        let cases = [
            ("sk_test_1", false, Ok(())),
            ("rk_test_1", false, Ok(())),
            ("sk_live_1", true, Ok(())),
            ("rk_live_1", true, Ok(())),
            ("sk_live_1", false, Err(LiveKeyInTestMode)),
            ("rk_live_1", false, Err(LiveKeyInTestMode)),
            ("sk_test_1", true, Err(TestKeyInLiveMode)),
            ("pk_test_1", false, Err(PublishableKey)),
            ("pk_live_1", true, Err(PublishableKey)),
            ("whsec_1", false, Err(UnknownKey)),
            (" sk_test_1", false, Err(UnknownKey)),
        ];
        for (key, live, expected) in cases {
            assert_eq!(verdict(key, live, BASE_URL), expected, "{key} live={live}");
        }
    }

    #[test]
    fn the_address_must_not_show_the_key() {
        use ConfigError::*;
        let cases = [
            ("https://api.stripe.com", Ok(())),
            ("https://api.stripe.com/", Ok(())),
            ("http://127.0.0.1:4242", Ok(())),
            ("http://127.1.2.3", Ok(())),
            ("http://[::1]:4242", Ok(())),
            ("http://localhost:4242", Ok(())),
            ("http://api.stripe.com", Err(InsecureBaseUrl)),
            ("http://192.168.0.1", Err(InsecureBaseUrl)),
            ("http://0.0.0.0", Err(InsecureBaseUrl)),
            ("http://localhost.example.com", Err(InsecureBaseUrl)),
            ("http://127.0.0.1.example.com", Err(InsecureBaseUrl)),
            ("http://127.0.0.1@example.com", Err(BadBaseUrl)),
            ("https://user:pass@api.stripe.com", Err(BadBaseUrl)),
            ("https://api.stripe.com/v1", Err(BadBaseUrl)),
            ("https://api.stripe.com/?a=b", Err(BadBaseUrl)),
            ("ftp://127.0.0.1", Err(BadBaseUrl)),
            ("api.stripe.com", Err(BadBaseUrl)),
            ("", Err(BadBaseUrl)),
        ];
        for (base_url, expected) in cases {
            assert_eq!(verdict("sk_test_1", false, base_url), expected, "{base_url}");
        }
    }
}

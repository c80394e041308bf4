//! Settings of the PayPal client, checked before the first call.
//!
//! Refused: the hosts of the other mode (live or sandbox), an address that would show the secret to the network, and a
//! place for certificates other than PayPal's own, except on this machine for tests. PayPal's ids do not tell their
//! mode, so it is the host that must fit. Cost: reads the system's root certificates once, when notices are verified
//! offline.

use std::time::Duration;

use reqwest::Url;
use thiserror::Error;

use super::certificate::{self, Source};
use super::retry::RetryPolicy;
use crate::Secret;

/// PayPal's address for real money.
pub const LIVE_URL: &str = "https://api-m.paypal.com";
/// PayPal's address for play money.
pub const SANDBOX_URL: &str = "https://api-m.sandbox.paypal.com";

const LIVE_HOSTS: [&str; 2] = ["api-m.paypal.com", "api.paypal.com"];
const SANDBOX_HOSTS: [&str; 2] = ["api-m.sandbox.paypal.com", "api.sandbox.paypal.com"];
/// PayPal's limits.
const BRAND_NAME_MAX_CHARS: usize = 127;
const SOFT_DESCRIPTOR_MAX_CHARS: usize = 22;

/// How a notice is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verify {
    /// Here, with PayPal's certificate: no round trip but for a certificate that is not known yet.
    Offline,
    /// By asking PayPal each time; it is down when PayPal's API is.
    Postback,
}

/// Settings of a [`Client`](super::Client).
#[derive(Debug, Clone)]
pub struct Config {
    /// The REST app.
    pub client_id: String,
    /// Its secret.
    pub client_secret: Secret,
    /// PayPal's id of our endpoint, from the app's settings: every notice is signed with it.
    pub webhook_id: String,
    /// Whether real money is meant; must fit the host.
    pub live: bool,
    /// Scheme and host, without path. Plain http for loopback only.
    pub base_url: String,
    /// For one attempt, connection and body included.
    pub timeout: Duration,
    /// Repeats of one call.
    pub retry: RetryPolicy,
    /// How notices are verified.
    pub verify: Verify,
    /// Where certificates come from in place of PayPal's hosts: loopback only, never live.
    pub cert_base_url: Option<String>,
    /// The roots that certificates must chain to, as PEM; `None` for those of the system.
    pub roots_pem: Option<String>,
    /// The name that the payer sees on PayPal's page; at most 127 characters.
    pub brand_name: Option<String>,
    /// What stands on the payer's card statement after `PAYPAL *`; at most 22 characters.
    pub soft_descriptor: Option<String>,
}

/// Why a configuration is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// Not from PayPal's settings page.
    #[error("paypal.client_id must be the id of your REST app: visible characters without a colon")]
    BadClientId,
    /// Not from PayPal's settings page.
    #[error("paypal.webhook_id must be the id that PayPal shows for this endpoint: letters, digits, _ and -")]
    BadWebhookId,
    /// Play money by accident.
    #[error("paypal.base_url is PayPal's sandbox, but paypal.live is on: use {LIVE_URL}, or switch live off")]
    SandboxHostInLiveMode,
    /// Real money by accident.
    #[error("paypal.base_url is the live PayPal, but paypal.live is off: use {SANDBOX_URL}, or switch live on")]
    LiveHostInTestMode,
    /// Not an origin.
    #[error("paypal.base_url must be like {LIVE_URL}, without path, user name or query")]
    BadBaseUrl,
    /// The secret would travel in the clear.
    #[error("paypal.base_url must be https; plain http is allowed for loopback addresses only")]
    InsecureBaseUrl,
    /// Whoever serves the certificates can sign notices.
    #[error("paypal.cert_base_url is for tests only: leave it out, or use a loopback address with live off")]
    BadCertBaseUrl,
    /// PayPal would refuse every order.
    #[error("paypal.{0} is too long: use at most {1} characters")]
    TooLong(&'static str, usize),
    /// No notice could be verified.
    #[error("no root certificates ({0}): install the system's, set paypal.roots_pem, or verify by postback")]
    NoRoots(String),
    /// The TLS set-up of this machine.
    #[error("the HTTPS client cannot be built: {0}")]
    Tls(String),
}

/// A configuration that was found usable.
pub(crate) struct Checked {
    pub origin: Url,
    pub source: Source,
}

impl Config {
    /// PayPal's own address, 30 s per attempt, two repeats, offline verification under the system's roots.
    pub fn new(client_id: &str, client_secret: Secret, webhook_id: &str, live: bool) -> Config {
        Config {
            client_id: client_id.into(),
            client_secret,
            webhook_id: webhook_id.into(),
            live,
            base_url: if live { LIVE_URL } else { SANDBOX_URL }.into(),
            timeout: Duration::from_secs(30),
            retry: RetryPolicy::default(),
            verify: Verify::Offline,
            cert_base_url: None,
            roots_pem: None,
            brand_name: None,
            soft_descriptor: None,
        }
    }

    /// Checks everything that can be checked without a call.
    pub(crate) fn check(&self) -> Result<Checked, ConfigError> {
        let visible = |byte: u8| byte.is_ascii_graphic() && byte != b':';
        if self.client_id.is_empty() || !self.client_id.bytes().all(visible) {
            return Err(ConfigError::BadClientId);
        }
        // The id stands between bars in what is signed.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if self.webhook_id.is_empty() || !self.webhook_id.bytes().all(plain) {
            return Err(ConfigError::BadWebhookId);
        }
        for (name, text, max_chars) in [
            ("brand_name", &self.brand_name, BRAND_NAME_MAX_CHARS),
            ("soft_descriptor", &self.soft_descriptor, SOFT_DESCRIPTOR_MAX_CHARS),
        ] {
            if text.as_ref().is_some_and(|text| text.chars().count() > max_chars) {
                return Err(ConfigError::TooLong(name, max_chars));
            }
        }
        Ok(Checked { origin: self.origin()?, source: self.source()? })
    }

    fn origin(&self) -> Result<Url, ConfigError> {
        let url = bare_origin(&self.base_url).ok_or(ConfigError::BadBaseUrl)?;
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => return Err(ConfigError::InsecureBaseUrl),
            _ => return Err(ConfigError::BadBaseUrl),
        }
        let host = url.host_str().unwrap_or_default();
        match self.live {
            true if SANDBOX_HOSTS.contains(&host) => Err(ConfigError::SandboxHostInLiveMode),
            false if LIVE_HOSTS.contains(&host) => Err(ConfigError::LiveHostInTestMode),
            _ => Ok(url),
        }
    }

    fn source(&self) -> Result<Source, ConfigError> {
        let Some(text) = &self.cert_base_url else {
            return Ok(if self.live { Source::Live } else { Source::Sandbox });
        };
        match bare_origin(text) {
            Some(url) if !self.live && is_loopback(&url) => Ok(Source::Loopback(url.origin().ascii_serialization())),
            _ => Err(ConfigError::BadCertBaseUrl),
        }
    }

    /// The roots that certificates must chain to.
    pub(crate) fn roots(&self) -> Result<certificate::Roots, ConfigError> {
        match &self.roots_pem {
            Some(pem) => certificate::Roots::from_pem(pem.as_bytes()),
            None => certificate::Roots::of_system(),
        }
        .map_err(ConfigError::NoRoots)
    }
}

/// An address that is scheme and host only.
fn bare_origin(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let origin_only = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let anonymous = url.username().is_empty() && url.password().is_none();
    (origin_only && anonymous && url.has_host()).then_some(url)
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

    fn config(live: bool) -> Config {
        Config::new("app", Secret::new("hidden").unwrap(), "1AB", live)
    }

    fn verdict(config: &Config) -> Result<(), ConfigError> {
        config.check().map(|_| ())
    }

    #[test]
    fn live_and_sandbox_cannot_be_mixed() {
        use ConfigError::*;
        let cases = [
            (LIVE_URL, true, Ok(())),
            (SANDBOX_URL, false, Ok(())),
            (LIVE_URL, false, Err(LiveHostInTestMode)),
            (SANDBOX_URL, true, Err(SandboxHostInLiveMode)),
            ("https://API-M.PAYPAL.COM", false, Err(LiveHostInTestMode)),
            ("https://api.paypal.com", false, Err(LiveHostInTestMode)),
            ("https://api.sandbox.paypal.com", true, Err(SandboxHostInLiveMode)),
            ("http://127.0.0.1:4242", false, Ok(())),
            ("http://[::1]:4242", false, Ok(())),
            ("http://localhost:4242", false, Ok(())),
            ("http://api-m.paypal.com", true, Err(InsecureBaseUrl)),
            ("http://192.168.0.1", false, Err(InsecureBaseUrl)),
            ("http://127.0.0.1.example.com", false, Err(InsecureBaseUrl)),
            ("https://user:pass@api-m.paypal.com", true, Err(BadBaseUrl)),
            ("https://api-m.paypal.com/v2", true, Err(BadBaseUrl)),
            ("https://api-m.paypal.com/?a=b", true, Err(BadBaseUrl)),
            ("ftp://127.0.0.1", false, Err(BadBaseUrl)),
            ("", false, Err(BadBaseUrl)),
        ];
        for (base_url, live, expected) in cases {
            let verdict = verdict(&Config { base_url: base_url.into(), ..config(live) });
            assert_eq!(verdict, expected, "{base_url} live={live}");
        }
    }

    #[test]
    fn certificates_come_from_paypal_or_from_this_machine_in_tests() {
        let bad = || Err(ConfigError::BadCertBaseUrl);
        let cases = [
            (None, true, Ok(Source::Live)),
            (None, false, Ok(Source::Sandbox)),
            (Some("http://127.0.0.1:4242"), false, Ok(Source::Loopback("http://127.0.0.1:4242".into()))),
            (Some("http://127.0.0.1:4242"), true, bad()),
            (Some("https://example.net"), false, bad()),
            (Some("https://127.0.0.1.example.net"), false, bad()),
            (Some("http://127.0.0.1:4242/certs"), false, bad()),
            (Some(""), false, bad()),
        ];
        for (cert_base_url, live, expected) in cases {
            let config = Config { cert_base_url: cert_base_url.map(str::to_owned), ..config(live) };
            assert_eq!(config.check().map(|checked| checked.source), expected, "{cert_base_url:?} live={live}");
        }
    }

    #[test]
    fn what_paypal_would_refuse_is_refused_here() {
        let changed = |change: fn(&mut Config)| {
            let mut config = config(false);
            change(&mut config);
            verdict(&config)
        };
        assert_eq!(changed(|config| config.client_id = "a:b".into()), Err(ConfigError::BadClientId));
        assert_eq!(changed(|config| config.client_id.clear()), Err(ConfigError::BadClientId));
        assert_eq!(changed(|config| config.webhook_id.clear()), Err(ConfigError::BadWebhookId));
        assert_eq!(changed(|config| config.webhook_id = "1AB|2".into()), Err(ConfigError::BadWebhookId));
        assert_eq!(changed(|config| config.soft_descriptor = Some("é".repeat(22))), Ok(()));
        let error = changed(|config| config.soft_descriptor = Some("x".repeat(23)));
        assert_eq!(error, Err(ConfigError::TooLong("soft_descriptor", 22)));
        assert!(matches!(config(false).roots_with("no certificate"), Err(ConfigError::NoRoots(_))));
    }

    #[test]
    fn the_secret_does_not_show() {
        let shown = format!("{:?}", Config::new("app", Secret::new("very_hidden").unwrap(), "1AB", false));
        assert!(!shown.contains("very_hidden"), "{shown}");
    }

    impl Config {
        fn roots_with(mut self, pem: &str) -> Result<certificate::Roots, ConfigError> {
            self.roots_pem = Some(pem.into());
            self.roots()
        }
    }
}

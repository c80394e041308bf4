//! Settings of the VNPay client, checked before the first call.
//!
//! Refused: a terminal code that is none, VNPay's addresses of the other world (live or sandbox), an address that would
//! show payers or requests to the network. Deliberately absent: the IPN address, which VNPay keeps (sandbox: its
//! merchant portal, live: its staff), and the source addresses of its notices, which nobody confirms.

use std::net::{IpAddr, Ipv4Addr};

use reqwest::Url;
use thiserror::Error;

use crate::Secret;

/// VNPay's live page.
pub const PAY_URL: &str = "https://pay.vnpay.vn/vpcpay.html";
/// VNPay's sandbox page.
pub const PAY_URL_SANDBOX: &str = "https://sandbox.vnpayment.vn/paymentv2/vpcpay.html";
/// VNPay's live API.
pub const API_URL: &str = "https://merchant.vnpay.vn/merchant_webapi/api/transaction";
/// VNPay's sandbox API.
pub const API_URL_SANDBOX: &str = "https://sandbox.vnpayment.vn/merchant_webapi/api/transaction";

/// The host of the sandbox, and the domain that its live hosts share.
const SANDBOX_HOST: &str = "sandbox.vnpayment.vn";
const LIVE_DOMAIN: &str = "vnpay.vn";
const TMN_CODE_CHARS: usize = 8;
const PAGE_TTL_MAX_SECONDS: u32 = 86_400;

/// Settings of a [`Client`](super::Client).
#[derive(Debug, Clone)]
pub struct Config {
    /// The terminal, `vnp_TmnCode`: 8 letters or digits.
    pub tmn_code: String,
    /// The terminal's `vnp_HashSecret`; it signs both ways.
    pub hash_secret: Secret,
    /// Whether real money is meant; must fit the addresses, as far as they are VNPay's own.
    pub live: bool,
    /// The page that payers are sent to. Plain http for loopback only.
    pub pay_url: String,
    /// Where questions and refunds are posted. Plain http for loopback only.
    pub api_url: String,
    /// This server's address as VNPay's books show it (`vnp_IpAddr` of the API).
    pub server_address: IpAddr,
    /// For one call, connection and body included, in milliseconds.
    pub timeout_ms: u64,
    /// How long a page may be used at most, in seconds; an [`Ask`](crate::gateway::Ask) may ask for less.
    pub page_ttl_seconds: u32,
}

/// Why a configuration is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// Not a terminal code.
    #[error("vnpay.tmn_code must be the 8 letters or digits that VNPay gave")]
    BadTmnCode,
    /// Not an address to send a payer or a request to.
    #[error("vnpay.{0} must be like https://pay.vnpay.vn/vpcpay.html, without user name, query or fragment")]
    BadUrl(&'static str),
    /// It would travel in the clear.
    #[error("vnpay.{0} must be https; plain http is allowed for loopback addresses only")]
    InsecureUrl(&'static str),
    /// Play money by accident.
    #[error("vnpay.{0} is VNPay's sandbox, but vnpay.live is on: use the live address, or switch live off")]
    SandboxUrlInLiveMode(&'static str),
    /// Real money by accident.
    #[error("vnpay.{0} is VNPay's live address, but vnpay.live is off: use the sandbox, or switch live on")]
    LiveUrlInTestMode(&'static str),
    /// No time, or more than a day.
    #[error("vnpay.page_ttl_seconds must be 1 to 86400")]
    BadPageTtl,
    /// No time to answer.
    #[error("vnpay.timeout_ms must be more than 0")]
    NoTimeout,
    /// The TLS set-up of this machine.
    #[error("the HTTPS client cannot be built: {0}")]
    Tls(String),
}

impl Config {
    /// VNPay's own addresses of the mode, 30 s per call, pages for 15 minutes.
    pub fn new(tmn_code: impl Into<String>, hash_secret: Secret, live: bool) -> Config {
        let (pay_url, api_url) = if live { (PAY_URL, API_URL) } else { (PAY_URL_SANDBOX, API_URL_SANDBOX) };
        Config {
            tmn_code: tmn_code.into(),
            hash_secret,
            live,
            pay_url: pay_url.into(),
            api_url: api_url.into(),
            server_address: Ipv4Addr::LOCALHOST.into(),
            timeout_ms: 30_000,
            page_ttl_seconds: 900,
        }
    }

    /// Checks everything; returns the API's address.
    pub(crate) fn check(&self) -> Result<Url, ConfigError> {
        if self.tmn_code.len() != TMN_CODE_CHARS || !self.tmn_code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(ConfigError::BadTmnCode);
        }
        if !(1..=PAGE_TTL_MAX_SECONDS).contains(&self.page_ttl_seconds) {
            return Err(ConfigError::BadPageTtl);
        }
        if self.timeout_ms == 0 {
            return Err(ConfigError::NoTimeout);
        }
        checked(&self.pay_url, "pay_url", self.live)?;
        checked(&self.api_url, "api_url", self.live)
    }
}

/// An address that may be used in this world.
fn checked(text: &str, name: &'static str, live: bool) -> Result<Url, ConfigError> {
    let url = Url::parse(text).map_err(|_| ConfigError::BadUrl(name))?;
    let anonymous = url.username().is_empty() && url.password().is_none();
    if !anonymous || !url.has_host() || url.query().is_some() || url.fragment().is_some() {
        return Err(ConfigError::BadUrl(name));
    }
    let host = url.host_str().unwrap_or_default();
    let is_live = host == LIVE_DOMAIN || host.strip_suffix(LIVE_DOMAIN).is_some_and(|sub| sub.ends_with('.'));
    match url.scheme() {
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err(ConfigError::InsecureUrl(name)),
        "https" if live && host == SANDBOX_HOST => Err(ConfigError::SandboxUrlInLiveMode(name)),
        "https" if !live && is_live => Err(ConfigError::LiveUrlInTestMode(name)),
        "https" => Ok(url),
        _ => Err(ConfigError::BadUrl(name)),
    }
}

/// Whether an address cannot leave this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(live: bool) -> Config {
        Config::new("TESTTMN1", Secret::new("hidden").unwrap(), live)
    }

    #[test]
    fn the_defaults_of_both_worlds_pass() {
        for live in [false, true] {
            assert_eq!(config(live).check().map(|_| ()), Ok(()), "live={live}");
        }
        assert!(!format!("{:?}", config(false)).contains("hidden"));
    }

    #[test]
    fn addresses_fit_the_world_and_stay_private() {
        use ConfigError::*;
        let cases = [
            ("https://gateway.example.com/pay", false, Ok(())),
            ("https://gateway.example.com/pay", true, Ok(())),
            ("http://127.0.0.1:4242/paymentv2/vpcpay.html", false, Ok(())),
            ("http://[::1]:4242/x", false, Ok(())),
            ("http://localhost:4242/x", false, Ok(())),
            ("https://notvnpay.vn/x", false, Ok(())),
            (PAY_URL_SANDBOX, true, Err(SandboxUrlInLiveMode("pay_url"))),
            (PAY_URL, false, Err(LiveUrlInTestMode("pay_url"))),
            ("https://vnpay.vn/x", false, Err(LiveUrlInTestMode("pay_url"))),
            ("http://pay.vnpay.vn/vpcpay.html", true, Err(InsecureUrl("pay_url"))),
            ("http://192.168.0.1/x", false, Err(InsecureUrl("pay_url"))),
            ("http://127.0.0.1.example.com/x", false, Err(InsecureUrl("pay_url"))),
            ("https://user@pay.vnpay.vn/x", true, Err(BadUrl("pay_url"))),
            ("https://pay.vnpay.vn/x?a=b", true, Err(BadUrl("pay_url"))),
            ("https://pay.vnpay.vn/x#a", true, Err(BadUrl("pay_url"))),
            ("ftp://127.0.0.1/x", false, Err(BadUrl("pay_url"))),
            ("pay.vnpay.vn", true, Err(BadUrl("pay_url"))),
            ("", true, Err(BadUrl("pay_url"))),
        ];
        for (pay_url, live, expected) in cases {
            let config = Config { pay_url: pay_url.into(), ..config(live) };
            assert_eq!(config.check().map(|_| ()), expected, "{pay_url} live={live}");
        }
        let config = Config { api_url: "http://example.com/x".into(), ..config(false) };
        assert_eq!(config.check().map(|_| ()), Err(InsecureUrl("api_url")));
    }

    #[test]
    fn numbers_and_codes_are_in_range() {
        let with = |change: fn(&mut Config)| {
            let mut config = config(false);
            change(&mut config);
            config.check().map(|_| ())
        };
        for code in ["", "TESTTMN", "TESTTMN12", "TEST TMN", "TEST|TMN", "TÉSTTMN"] {
            let config = Config { tmn_code: code.into(), ..config(false) };
            assert_eq!(config.check().map(|_| ()), Err(ConfigError::BadTmnCode), "{code}");
        }
        assert_eq!(with(|config| config.page_ttl_seconds = 0), Err(ConfigError::BadPageTtl));
        assert_eq!(with(|config| config.page_ttl_seconds = 86_401), Err(ConfigError::BadPageTtl));
        assert_eq!(with(|config| config.page_ttl_seconds = 86_400), Ok(()));
        assert_eq!(with(|config| config.timeout_ms = 0), Err(ConfigError::NoTimeout));
    }
}

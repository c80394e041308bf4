//! PayPal and VNPay: keys, places, times. Empty places are the gateway's own for the environment.

use serde::Deserialize;

use super::validate::Check;
use super::{Environment, Secret};

/// The PayPal gateway; without a client secret it is off.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Paypal {
    /// The app's client id.
    pub client_id: String,
    /// The app's secret; empty = PayPal is off.
    pub client_secret: Secret,
    /// The webhook's id, part of every notice's signature.
    pub webhook_id: String,
    /// Where the API is; empty = PayPal's own. A sandbox may stand in.
    pub base_url: String,
    /// Where the certificates of notices are; empty = PayPal's own hosts. Only a sandbox on this machine may stand in.
    pub cert_base_url: String,
    /// Roots that a sandbox's certificates chain to, as PEM; empty = the usual ones.
    pub cert_roots_pem: String,
    /// Ask PayPal whether a notice is genuine instead of checking its signature here.
    pub verify_by_postback: bool,
    /// The name on PayPal's page; empty = the one of the PayPal account.
    pub brand_name: String,
    /// How long one call may take, in milliseconds.
    pub timeout_ms: u64,
}

/// The VNPay gateway; without a hash secret it is off.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Vnpay {
    /// The terminal's code.
    pub tmn_code: String,
    /// The secret of all checksums; empty = VNPay is off.
    pub hash_secret: Secret,
    /// The payment page; empty = VNPay's own.
    pub pay_url: String,
    /// Where questions and refunds go; empty = VNPay's own.
    pub api_url: String,
    /// How long one call may take, in milliseconds.
    pub timeout_ms: u64,
}

impl Default for Paypal {
    fn default() -> Self {
        Paypal {
            client_id: String::new(),
            client_secret: Secret::default(),
            webhook_id: String::new(),
            base_url: String::new(),
            cert_base_url: String::new(),
            cert_roots_pem: String::new(),
            verify_by_postback: false,
            brand_name: String::new(),
            timeout_ms: 30_000,
        }
    }
}

impl Default for Vnpay {
    fn default() -> Self {
        Vnpay {
            tmn_code: String::new(),
            hash_secret: Secret::default(),
            pay_url: String::new(),
            api_url: String::new(),
            timeout_ms: 30_000,
        }
    }
}

impl Paypal {
    pub(super) fn validate(&self, environment: Environment, check: &mut Check) {
        check.range("paypal.timeout_ms", self.timeout_ms, 1_000, 120_000);
        for (key, url) in [("paypal.base_url", &self.base_url), ("paypal.cert_base_url", &self.cert_base_url)] {
            if !url.is_empty() {
                check.url(key, url);
            }
        }
        if environment == Environment::Live && !(self.cert_base_url.is_empty() && self.cert_roots_pem.is_empty()) {
            let rule =
                "must be empty when environment is live: notices are believed under PayPal's own certificates only";
            check.push("paypal.cert_base_url", rule);
        }
        if !self.client_secret.is_set() {
            return;
        }
        if self.client_id.is_empty() {
            check.push("paypal.client_id", "is empty: set the client id that belongs to the secret");
        }
        if self.webhook_id.is_empty() {
            let rule = "is empty: credits arrive only with verified notices, so register a webhook and set its id";
            check.push("paypal.webhook_id", rule);
        }
    }
}

impl Vnpay {
    pub(super) fn validate(&self, check: &mut Check) {
        check.range("vnpay.timeout_ms", self.timeout_ms, 1_000, 120_000);
        for (key, url) in [("vnpay.pay_url", &self.pay_url), ("vnpay.api_url", &self.api_url)] {
            if !url.is_empty() {
                check.url(key, url);
            }
        }
        if self.hash_secret.is_set() && self.tmn_code.is_empty() {
            check.push("vnpay.tmn_code", "is empty: set the terminal's code that belongs to the secret");
        }
    }
}

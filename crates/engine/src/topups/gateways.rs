//! The gateways that are configured, each under its name.

use std::sync::Arc;
use std::time::Duration;

use providers::gateway::Gateway;
use providers::{paypal, stripe, vnpay};

use crate::settings::{self, Environment, Method, Settings};
use crate::{Error, Result};

/// What buying credits needs at run time: gateway clients. Use cases take the whole [`Engine`](crate::Engine).
pub struct Topups {
    /// Stripe once more, for what only it has: saved cards.
    stripe: Option<Arc<stripe::Stripe>>,
    all: Vec<Arc<dyn Gateway>>,
}

impl Topups {
    /// Makes the clients of the gateways that are configured; sends nothing.
    pub(crate) fn new(settings: &Settings) -> Result<Topups> {
        let live = settings.environment == Environment::Live;
        let stripe = settings.stripe.secret_key.is_set().then(|| stripe_client(&settings.stripe, live)).transpose()?;
        let mut all: Vec<Arc<dyn Gateway>> = Vec::new();
        all.extend(stripe.clone().map(|stripe| stripe as Arc<dyn Gateway>));
        if settings.paypal.client_secret.is_set() {
            all.push(Arc::new(paypal_client(&settings.paypal, live)?));
        }
        if settings.vnpay.hash_secret.is_set() {
            all.push(Arc::new(vnpay_client(&settings.vnpay, live)?));
        }
        Ok(Topups { stripe, all })
    }

    /// These gateways, and no saved cards.
    pub(crate) fn of(all: Vec<Arc<dyn Gateway>>) -> Topups {
        Topups { stripe: None, all }
    }

    /// Stripe, when it is configured.
    pub(super) fn stripe(&self) -> Option<&stripe::Stripe> {
        self.stripe.as_deref()
    }

    /// A gateway by its name, when it is configured.
    pub(super) fn gateway(&self, name: &str) -> Option<&dyn Gateway> {
        self.all.iter().map(|gateway| &**gateway).find(|gateway| gateway.name() == name)
    }

    /// Every gateway that is configured.
    pub(super) fn gateways(&self) -> impl Iterator<Item = &dyn Gateway> {
        self.all.iter().map(|gateway| &**gateway)
    }
}

/// The name of the gateway that a method pays by.
pub(super) const fn name_of(method: Method) -> &'static str {
    match method {
        Method::VnPay => vnpay::NAME,
        Method::PayPal => paypal::NAME,
        Method::Stripe | Method::SavedCard => stripe::NAME,
    }
}

fn secret(of: &str, secret: &settings::Secret) -> Result<providers::Secret> {
    providers::Secret::new(secret.expose()).map_err(|error| Error::Misconfigured(format!("{of}: {error}")))
}

fn misconfigured(error: impl std::fmt::Display) -> Error {
    Error::Misconfigured(error.to_string())
}

fn stripe_client(settings: &settings::Stripe, live: bool) -> Result<Arc<stripe::Stripe>> {
    let config = stripe::Config {
        base_url: settings.base_url.clone(),
        api_version: settings.api_version.clone(),
        timeout: Duration::from_millis(settings.timeout_ms),
        ..stripe::Config::new(secret("stripe.secret_key", &settings.secret_key)?, live)
    };
    let secrets = settings.webhook_secrets.iter().map(|text| secret("stripe.webhook_secrets", text));
    let secrets = secrets.collect::<Result<Vec<_>>>()?;
    stripe::Stripe::new(config, secrets).map(Arc::new).map_err(misconfigured)
}

fn paypal_client(settings: &settings::Paypal, live: bool) -> Result<paypal::Client> {
    let client_secret = secret("paypal.client_secret", &settings.client_secret)?;
    let mut config = paypal::Config::new(&settings.client_id, client_secret, &settings.webhook_id, live);
    if !settings.base_url.is_empty() {
        config.base_url = settings.base_url.clone();
    }
    config.timeout = Duration::from_millis(settings.timeout_ms);
    config.cert_base_url = Some(settings.cert_base_url.clone()).filter(|url| !url.is_empty());
    config.roots_pem = Some(settings.cert_roots_pem.clone()).filter(|pem| !pem.is_empty());
    config.brand_name = Some(settings.brand_name.clone()).filter(|name| !name.is_empty());
    config.verify = if settings.verify_by_postback { paypal::Verify::Postback } else { paypal::Verify::Offline };
    paypal::Client::new(config).map_err(misconfigured)
}

fn vnpay_client(settings: &settings::Vnpay, live: bool) -> Result<vnpay::Client> {
    let hash_secret = secret("vnpay.hash_secret", &settings.hash_secret)?;
    let mut config = vnpay::Config::new(settings.tmn_code.clone(), hash_secret, live);
    if !settings.pay_url.is_empty() {
        config.pay_url = settings.pay_url.clone();
    }
    if !settings.api_url.is_empty() {
        config.api_url = settings.api_url.clone();
    }
    config.timeout_ms = settings.timeout_ms;
    vnpay::Client::new(config).map_err(misconfigured)
}

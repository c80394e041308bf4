//! The demo's three gateways: sandboxes on ports of their own, their settings, their clocks.
//!
//! Invariant: their clocks show what the demo's clock shows, because a notice that is minutes off is refused.

use std::net::SocketAddr;

use engine::settings::{Secret, Settings};
use ledger::Timestamp;
use sandbox::paypal::{self, PayPalOptions, PayPalSandbox, TEST_AUTHORITY_PEM};
use sandbox::stripe::{self, StripeOptions, StripeSandbox};
use sandbox::vnpay::{self, VnpayOptions, VnpaySandbox};
use serde_json::{Value, json};
use store::{Clock, SystemClock};
use tokio::net::TcpListener;

use super::cannot_start;
use crate::exit::Exit;
use crate::server;

/// Signs Stripe's notices.
const STRIPE_WEBHOOK_SECRET: &str = "whsec_demo_0123456789abcdef";
/// Part of what PayPal's notices sign.
const PAYPAL_WEBHOOK_ID: &str = "1DE45678MO901234A";

/// Three gateways; they end when this is dropped.
pub struct Sandboxes {
    pub stripe: StripeSandbox,
    pub paypal: PayPalSandbox,
    pub vnpay: VnpaySandbox,
}

impl Sandboxes {
    /// Starts them; without a seed no id of theirs comes again. They tell nobody anything before [`Sandboxes::tell`].
    pub async fn start(seed: Option<u64>) -> Result<Sandboxes, Exit> {
        let options = StripeOptions { seed, ..StripeOptions::default() };
        let stripe = stripe::serve(free_port().await?, options).await.map_err(cannot_start)?;
        let options = PayPalOptions { seed, ..PayPalOptions::default() };
        let paypal = paypal::serve(free_port().await?, options).await.map_err(cannot_start)?;
        let options = VnpayOptions { seed, ..VnpayOptions::default() };
        let vnpay = vnpay::serve(free_port().await?, options).await.map_err(cannot_start)?;
        Ok(Sandboxes { stripe, paypal, vnpay })
    }

    /// Sends notices to the server at `url` from now on.
    pub fn tell(&self, url: &str) {
        let secret = STRIPE_WEBHOOK_SECRET.to_owned();
        self.stripe.set_webhook_target(Some(stripe::WebhookTarget { url: format!("{url}/webhooks/stripe"), secret }));
        let webhook_id = PAYPAL_WEBHOOK_ID.to_owned();
        let target = paypal::WebhookTarget { url: format!("{url}/webhooks/paypal"), webhook_id };
        self.paypal.set_webhook_target(Some(target));
        self.vnpay.set_webhook_url(Some(format!("{url}/webhooks/vnpay")));
    }

    /// Makes their clocks show `now`.
    pub fn set_clock(&self, now: Timestamp) {
        let ahead_seconds = now.seconds() - SystemClock.now().seconds();
        self.stripe.set_clock_offset(ahead_seconds);
        self.paypal.set_clock_offset(ahead_seconds);
        self.vnpay.set_clock_offset(ahead_seconds);
    }

    /// Has a server use them.
    pub fn configure(&self, settings: &mut Settings) {
        settings.stripe.secret_key = Secret::new("sk_test_demo");
        settings.stripe.webhook_secrets = vec![Secret::new(STRIPE_WEBHOOK_SECRET)];
        settings.stripe.base_url = self.stripe.url().to_owned();
        settings.paypal.client_id = "demo".to_owned();
        settings.paypal.client_secret = Secret::new("demo-client-secret");
        settings.paypal.webhook_id = PAYPAL_WEBHOOK_ID.to_owned();
        settings.paypal.base_url = self.paypal.url().to_owned();
        settings.paypal.cert_base_url = self.paypal.url().to_owned();
        settings.paypal.cert_roots_pem = TEST_AUTHORITY_PEM.to_owned();
        settings.paypal.brand_name = "Scrip demo".to_owned();
        let terminal = VnpayOptions::default();
        settings.vnpay.tmn_code = terminal.tmn_code;
        settings.vnpay.hash_secret = Secret::new(terminal.hash_secret);
        settings.vnpay.pay_url = self.vnpay.pay_url();
        settings.vnpay.api_url = self.vnpay.api_url();
    }

    /// Their addresses by gateway.
    pub fn urls(&self) -> Value {
        json!({"stripe": self.stripe.url(), "paypal": self.paypal.url(), "vnpay": self.vnpay.url()})
    }

    /// The address of one of them.
    pub fn url(&self, gateway: &str) -> &str {
        match gateway {
            "paypal" => self.paypal.url(),
            "vnpay" => self.vnpay.url(),
            _ => self.stripe.url(),
        }
    }
}

async fn free_port() -> Result<TcpListener, Exit> {
    server::listen(SocketAddr::from(([127, 0, 0, 1], 0))).await
}

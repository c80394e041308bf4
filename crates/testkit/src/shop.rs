//! An installation that sells credits by all three gateways, each played by its sandbox over real HTTP.
//!
//! Server and sandboxes go by the machine's clock at the start, and by [`Shop::wait`] from then on. Notices come by
//! themselves; reconciliation runs only when a test asks for it. Every test ends with [`Shop::close`], which proves the
//! journal.

use std::time::Duration;

use engine::settings::{Method, Secret, Settings};
use sandbox::paypal::{PayPalOptions, PayPalSandbox, TEST_AUTHORITY_PEM};
use sandbox::stripe::{StripeOptions, StripeSandbox};
use sandbox::vnpay::{VnpayOptions, VnpaySandbox};
use sandbox::{paypal, stripe, vnpay};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{Answer, TestApp, TestClock};

/// The signing secret of Stripe's notices.
pub const STRIPE_WEBHOOK_SECRET: &str = "whsec_0123456789abcdef0123456789abcdef";
/// The id of PayPal's webhook.
pub const PAYPAL_WEBHOOK_ID: &str = "1AB23456CD789012E";
/// Port 1 is reserved, nothing listens there: a notice is made, sent, and lost.
const NOWHERE: &str = "http://127.0.0.1:1";

/// A server and three gateways.
pub struct Shop {
    /// The server.
    pub app: TestApp,
    /// Plays Stripe.
    pub stripe: StripeSandbox,
    /// Plays PayPal.
    pub paypal: PayPalSandbox,
    /// Plays VNPay.
    pub vnpay: VnpaySandbox,
    waited_seconds: std::sync::atomic::AtomicI64,
}

impl Shop {
    /// Opens the shop.
    pub async fn open() -> Shop {
        Shop::open_with(|_| {}).await
    }

    /// Opens the shop with other settings. Dong and yen accounts pay PayPal in dollars.
    ///
    /// # Panics
    /// When something cannot start.
    pub async fn open_with(change: impl FnOnce(&mut Settings)) -> Shop {
        // Another test may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let gaps = vec![Duration::from_millis(20); 2];
        let options = StripeOptions { webhook_retry_gaps: gaps.clone(), ..StripeOptions::default() };
        let stripe = stripe::serve(port().await, options).await.expect("Stripe is played");
        let options = PayPalOptions { webhook_retry_gaps: gaps.clone(), ..PayPalOptions::default() };
        let paypal = paypal::serve(port().await, options).await.expect("PayPal is played");
        let vnpay = vnpay::serve(port().await, VnpayOptions::default()).await.expect("VNPay is played");
        let app = TestApp::start_at(TestClock::of_the_machine(), |settings| {
            settings.stripe.secret_key = Secret::new("sk_test_of_the_tests");
            settings.stripe.webhook_secrets = vec![Secret::new(STRIPE_WEBHOOK_SECRET)];
            settings.stripe.base_url = stripe.url().to_owned();
            settings.paypal.client_id = "client".to_owned();
            settings.paypal.client_secret = Secret::new("of the tests");
            settings.paypal.webhook_id = PAYPAL_WEBHOOK_ID.to_owned();
            settings.paypal.base_url = paypal.url().to_owned();
            settings.paypal.cert_base_url = paypal.url().to_owned();
            settings.paypal.cert_roots_pem = TEST_AUTHORITY_PEM.to_owned();
            settings.vnpay.tmn_code = vnpay.options().tmn_code.clone();
            settings.vnpay.hash_secret = Secret::new(vnpay.options().hash_secret.clone());
            settings.vnpay.pay_url = vnpay.pay_url();
            settings.vnpay.api_url = vnpay.api_url();
            change(settings);
        })
        .await;
        let shop = Shop { app, stripe, paypal, vnpay, waited_seconds: 0.into() };
        let url = shop.app.url().to_owned();
        shop.send_notices_to(&url);
        shop
    }

    /// From now on notices are made and get lost on their way.
    pub fn lose_notices(&self) {
        self.send_notices_to(NOWHERE);
    }

    /// From now on notices arrive.
    pub fn send_notices(&self) {
        let url = self.app.url().to_owned();
        self.send_notices_to(&url);
    }

    fn send_notices_to(&self, url: &str) {
        let secret = STRIPE_WEBHOOK_SECRET.to_owned();
        let target = stripe::WebhookTarget { url: format!("{url}/webhooks/stripe"), secret };
        self.stripe.set_webhook_target(Some(target));
        let webhook_id = PAYPAL_WEBHOOK_ID.to_owned();
        let target = paypal::WebhookTarget { url: format!("{url}/webhooks/paypal"), webhook_id };
        self.paypal.set_webhook_target(Some(target));
        self.vnpay.set_webhook_url(Some(format!("{url}/webhooks/vnpay")));
    }

    /// Lets time pass, here and at the gateways.
    pub fn wait(&self, seconds: i64) {
        use std::sync::atomic::Ordering;
        self.app.clock.advance_seconds(seconds);
        let waited_seconds = self.waited_seconds.fetch_add(seconds, Ordering::SeqCst) + seconds;
        self.stripe.set_clock_offset(waited_seconds);
        self.paypal.set_clock_offset(waited_seconds);
        self.vnpay.set_clock_offset(waited_seconds);
    }

    /// Opens an account with a billing profile: of Vietnam, Japan or the United States.
    pub async fn payer(&self, id: &str, unit: &str) {
        let (site, country, address) = match unit {
            "VND" => ("vn", "VN", json!({"street": "1 Tràng Tiền", "ward": "Cửa Nam", "province": "Hà Nội"})),
            "JPY" => {
                let street = "千代田1-1";
                let address =
                    json!({"postal_code": "100-0001", "prefecture": "東京都", "city": "千代田区", "street": street});
                ("jp", "JP", address)
            }
            _ => {
                let address =
                    json!({"line1": "1 Main St", "city": "Springfield", "region": "IL", "postal_code": "62701"});
                ("global", "US", address)
            }
        };
        let operator = &self.app.operator;
        operator.post("/v1/accounts", json!({"id": id, "name": id, "site": site, "unit": unit})).await.expect(201);
        let profile = json!({"version": 0, "kind": "personal", "name": "Payer", "email": "payer@example.com",
            "language": "en", "country": country, "address": address});
        let path = format!("/v1/accounts/{id}/billing-profile");
        operator.send(operator.request(reqwest::Method::PUT, &path).json(&profile)).await.expect(200);
    }

    /// Sets what a dollar costs.
    pub async fn rate(&self, unit: &str, rate: &str) {
        let body = json!({"base": "USD", "quote": unit, "rate": rate, "source": "test"});
        self.app.operator.post("/v1/rates", body).await.expect(201);
    }

    /// A body for `POST /v1/topups`: a new quote, and agreement to it.
    pub async fn order(&self, account: &str, method: Method, amount: &str) -> Value {
        let operator = &self.app.operator;
        let wanted = json!({"amount": amount, "method": method.name()});
        let quote = operator.post(&format!("/v1/accounts/{account}/quotes"), wanted).await.expect(201);
        let terms = operator.get(&format!("/v1/accounts/{account}/consent?language=en")).await.expect(200);
        json!({"account": account, "quote": quote.str("/id"), "language": "en",
            "consent": {"text_sha256": terms.str("/text_sha256"), "ip": "127.0.0.1", "user_agent": "test"}})
    }

    /// Begins a top-up under a key.
    pub async fn begin(&self, key: &str, order: &Value) -> Answer {
        self.app.operator.keyed("/v1/topups", key, order.clone()).await
    }

    /// Quotes, agrees and begins; gives the top-up as it was answered.
    pub async fn topup(&self, account: &str, method: Method, amount: &str) -> Answer {
        let order = self.order(account, method, amount).await;
        let key = format!("topup-{}", self.app.engine.now().micros());
        self.begin(&key, &order).await.expect(201)
    }

    /// A top-up as it stands.
    pub async fn standing(&self, topup: &str) -> Value {
        self.app.operator.get(&format!("/v1/topups/{topup}")).await.expect(200).json
    }

    /// A payment with its steps, notices, refunds and disputes.
    pub async fn payment(&self, topup: &str) -> Value {
        self.app.operator.get(&format!("/v1/payments/{topup}")).await.expect(200).json
    }

    /// Waits until a top-up stands there; a minute is for slow machines.
    ///
    /// # Panics
    /// When it never does.
    pub async fn until(&self, topup: &str, state: &str) -> Value {
        let mut seen = Value::Null;
        for _ in 0..3_000 {
            seen = self.standing(topup).await;
            if seen["state"] == state {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{topup} never was {state}: {seen}");
    }

    /// Asks the gateways about payments and refunds that are due.
    ///
    /// # Panics
    /// When the database does not answer.
    pub async fn reconcile(&self) {
        engine::topups::reconcile(&self.app.engine).await.expect("payments are asked about");
        engine::topups::reconcile_refunds(&self.app.engine).await.expect("refunds are asked about");
    }

    /// What an account may spend.
    pub async fn balance(&self, account: &str) -> String {
        self.app.balance(account).await["balance"].as_str().unwrap_or_default().to_owned()
    }

    /// The gateway's name for a payment.
    pub async fn object(&self, topup: &str) -> String {
        self.payment(topup).await["gateway_object"].as_str().unwrap_or_default().to_owned()
    }

    /// The payer types this card into Stripe's own fields.
    pub async fn pay_with_card(&self, topup: &str, card: &str) -> Answer {
        let intent = self.object(topup).await;
        let stripe = self.app.operator.at(self.stripe.url()).with_key(Some("sk_test_of_the_tests"));
        let path = format!("/v1/payment_intents/{intent}/confirm");
        let form = [("payment_method", card), ("return_url", "https://shop.example/back")];
        stripe.send(stripe.request(reqwest::Method::POST, &path).form(&form)).await
    }

    /// Proves the books and stops.
    pub async fn close(self) {
        self.app.finish().await;
    }
}

async fn port() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.expect("a port")
}

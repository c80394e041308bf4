//! A running sandbox, a client that sends forms as Stripe's clients do, and a webhook target.

use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use sandbox::stripe::{NewCustomer, StripeOptions, StripeSandbox, WebhookTarget, serve};
use serde_json::Value;
use tokio::net::TcpListener;

pub const SECRET: &str = "whsec_test_0123456789abcdef";

/// An answer, read whole.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub fn error(&self, field: &str) -> Option<&str> {
        self.body["error"][field].as_str()
    }

    /// The body of an answer that must be a success.
    pub fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body
    }

    pub fn id(self) -> String {
        self.ok()["id"].as_str().unwrap().to_owned()
    }
}

pub struct Play {
    pub sandbox: StripeSandbox,
    pub client: reqwest::Client,
}

impl Play {
    pub async fn start() -> Self {
        Self::with(StripeOptions { seed: Some(1), ..StripeOptions::default() }).await
    }

    pub async fn with(options: StripeOptions) -> Self {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| rustls::crypto::ring::default_provider().install_default().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { sandbox: serve(listener, options).await.unwrap(), client: reqwest::Client::new() }
    }

    /// A POST with a form; `None` when the connection ended without an answer.
    pub async fn try_post(&self, path: &str, form: &[(&str, &str)], key: Option<&str>) -> Option<Reply> {
        let mut request = self.client.post(format!("{}{path}", self.sandbox.url())).bearer_auth("sk_test_1").form(form);
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        read(request.send().await.ok()?).await
    }

    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Reply {
        self.try_post(path, form, None).await.unwrap()
    }

    pub async fn post_with_key(&self, path: &str, form: &[(&str, &str)], key: &str) -> Reply {
        self.try_post(path, form, Some(key)).await.unwrap()
    }

    pub async fn get(&self, path: &str) -> Reply {
        let request = self.client.get(format!("{}{path}", self.sandbox.url())).bearer_auth("sk_test_1");
        read(request.send().await.unwrap()).await.unwrap()
    }

    pub async fn delete(&self, path: &str) -> Reply {
        let request = self.client.delete(format!("{}{path}", self.sandbox.url())).bearer_auth("sk_test_1");
        read(request.send().await.unwrap()).await.unwrap()
    }

    /// A control call over HTTP.
    pub async fn control(&self, method: reqwest::Method, path: &str, body: Value) -> Reply {
        let request = self.client.request(method, format!("{}/_sandbox{path}", self.sandbox.url())).json(&body);
        read(request.send().await.unwrap()).await.unwrap()
    }

    /// A customer with these cards saved; the first is the default.
    pub fn customer(&self, cards: &[&str]) -> (String, Vec<String>) {
        let cards = cards.iter().map(|card| (*card).to_owned()).collect();
        let new = NewCustomer { cards, default: Some(0), ..NewCustomer::default() };
        let made = self.sandbox.create_customer(&new).unwrap();
        (made.customer, made.payment_methods)
    }

    /// The number of charges that were paid.
    pub fn paid_charges(&self) -> usize {
        self.sandbox.objects("charge").iter().filter(|charge| charge["paid"] == true).count()
    }
}

async fn read(response: reqwest::Response) -> Option<Reply> {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.ok()?;
    Some(Reply { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) })
}

/// The form of an off-session charge of ¥3,000.
pub fn off_session<'a>(customer: &'a str, card: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("amount", "3000"),
        ("currency", "jpy"),
        ("customer", customer),
        ("payment_method", card),
        ("confirm", "true"),
        ("off_session", "true"),
        ("automatic_payment_methods[enabled]", "true"),
        ("automatic_payment_methods[allow_redirects]", "never"),
        ("metadata[topup_id]", "tu_1"),
    ]
}

/// What a webhook target received.
#[derive(Debug, Clone)]
pub struct Received {
    pub body: String,
    pub signature: String,
}

impl Received {
    pub fn event(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub fn kind(&self) -> String {
        self.event()["type"].as_str().unwrap().to_owned()
    }

    /// Whether the signature is the one of this secret, by the rule of the official libraries.
    pub fn signed_with(&self, secret: &str) -> bool {
        let timestamp = self.signature.strip_prefix("t=").unwrap().split(',').next().unwrap().parse().unwrap();
        self.signature == sandbox::stripe::sign(secret, timestamp, self.body.as_bytes())
    }
}

/// A webhook target that refuses the first `refusals` notices with a 500.
#[derive(Clone, Default)]
pub struct Target {
    received: Arc<Mutex<Vec<Received>>>,
    refusals: Arc<Mutex<u32>>,
}

impl Target {
    pub async fn start(play: &Play, refusals: u32) -> Self {
        let target = Self { refusals: Arc::new(Mutex::new(refusals)), ..Self::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/webhooks/stripe", listener.local_addr().unwrap());
        let app = axum::Router::new().route("/webhooks/stripe", axum::routing::post(take)).with_state(target.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        play.sandbox.set_webhook_target(Some(WebhookTarget { url, secret: SECRET.to_owned() }));
        target
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    pub fn kinds(&self) -> Vec<String> {
        self.received().iter().map(Received::kind).collect()
    }

    pub fn count(&self, kind: &str) -> usize {
        self.kinds().iter().filter(|each| *each == kind).count()
    }

    /// Waits until `kind` has come so often.
    pub async fn until(&self, kind: &str, times: usize) {
        eventually(kind, || self.count(kind) >= times).await;
    }
}

async fn take(State(target): State<Target>, headers: HeaderMap, body: String) -> StatusCode {
    let signature = headers["stripe-signature"].to_str().unwrap().to_owned();
    target.received.lock().unwrap().push(Received { body, signature });
    let mut refusals = target.refusals.lock().unwrap();
    if *refusals == 0 {
        return StatusCode::OK;
    }
    *refusals -= 1;
    StatusCode::INTERNAL_SERVER_ERROR
}

/// Waits for a condition; gives up only after a time that no slow machine reaches.
pub async fn eventually(what: &str, condition: impl Fn() -> bool) {
    for _ in 0..6000 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never happened: {what}");
}

//! A running sandbox, a client that speaks as PayPal's clients do, and a webhook target.

use std::sync::{Arc, Mutex, Once};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use reqwest::Method;
use sandbox::paypal::{PayPalOptions, PayPalSandbox, WebhookTarget, serve};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::eventually;

pub const ORDERS: &str = "/v2/checkout/orders";
pub const WEBHOOK_ID: &str = "1AB23456CD789012E";

/// An answer, read whole.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Reply {
    pub fn issue(&self) -> &str {
        self.body["details"][0]["issue"].as_str().unwrap_or_default()
    }

    pub fn id(&self) -> String {
        assert!(self.status < 300, "{}", self.body);
        self.body["id"].as_str().unwrap().to_owned()
    }

    /// The address of a link.
    pub fn link(&self, rel: &str) -> Option<&str> {
        self.body["links"].as_array()?.iter().find(|link| link["rel"] == rel)?["href"].as_str()
    }
}

pub struct Play {
    pub sandbox: PayPalSandbox,
    pub client: reqwest::Client,
    token: String,
}

impl Play {
    pub async fn start() -> Self {
        Self::with(PayPalOptions { seed: Some(1), ..PayPalOptions::default() }).await
    }

    pub async fn with(options: PayPalOptions) -> Self {
        static PROVIDER: Once = Once::new();
        // Another gateway's tests may have installed it first.
        PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sandbox = serve(listener, options).await.unwrap();
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let mut play = Self { sandbox, client, token: String::new() };
        play.renew_token().await;
        play
    }

    pub fn token(&self) -> &str {
        &self.token
    }

    pub async fn renew_token(&mut self) {
        let reply = self.ask_token("app", "secret", "client_credentials").await;
        self.token = reply.body["access_token"].as_str().unwrap_or_default().to_owned();
    }

    pub async fn ask_token(&self, id: &str, secret: &str, grant_type: &str) -> Reply {
        let url = format!("{}/v1/oauth2/token", self.sandbox.url());
        let request = self.client.post(url).basic_auth(id, Some(secret)).form(&[("grant_type", grant_type)]);
        read(request.send().await.unwrap()).await.unwrap()
    }

    /// A call with its headers; `None` when the connection ended without an answer.
    pub async fn try_call(&self, method: Method, path: &str, body: &Value, headers: &[(&str, &str)]) -> Option<Reply> {
        let mut request = self.client.request(method.clone(), format!("{}{path}", self.sandbox.url()));
        request = request.bearer_auth(&self.token);
        if method != Method::GET {
            request = request.json(body);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        read(request.send().await.ok()?).await
    }

    pub async fn call(&self, method: Method, path: &str, body: &Value) -> Reply {
        self.try_call(method, path, body, &[("Prefer", "return=representation")]).await.unwrap()
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.call(Method::POST, path, body).await
    }

    pub async fn post_as(&self, path: &str, body: &Value, request_id: &str) -> Reply {
        let headers = [("Prefer", "return=representation"), ("PayPal-Request-Id", request_id)];
        self.try_call(Method::POST, path, body, &headers).await.unwrap()
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.call(Method::GET, path, &Value::Null).await
    }

    /// A control call over HTTP that must succeed.
    pub async fn control(&self, method: Method, path: &str, body: Value) -> Value {
        let reply = self.try_control(method, path, body).await;
        assert_eq!(reply.status, 200, "{path} {}", reply.body);
        reply.body
    }

    pub async fn try_control(&self, method: Method, path: &str, body: Value) -> Reply {
        let request = self.client.request(method, format!("{}/_sandbox{path}", self.sandbox.url())).json(&body);
        read(request.send().await.unwrap()).await.unwrap()
    }

    /// An order of ¥3,000, not approved yet.
    pub async fn order(&self) -> String {
        self.post(ORDERS, &order("JPY", "3000")).await.id()
    }

    pub async fn capture(&self, order: &str) -> Reply {
        self.post(&format!("{ORDERS}/{order}/capture"), &json!({})).await
    }

    /// An approved and captured order of ¥3,000: the order and its capture.
    pub async fn pay(&self) -> (String, String) {
        let order = self.order().await;
        self.sandbox.approve(&order).unwrap();
        let captured = self.capture(&order).await;
        (order, capture_of(&captured.body)["id"].as_str().unwrap().to_owned())
    }

    /// The statuses of all captures, oldest first.
    pub fn capture_statuses(&self) -> Vec<String> {
        self.sandbox.captures().iter().map(|capture| capture["status"].as_str().unwrap().to_owned()).collect()
    }
}

async fn read(response: reqwest::Response) -> Option<Reply> {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.ok()?;
    Some(Reply { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) })
}

/// The only capture of an order.
pub fn capture_of(order: &Value) -> &Value {
    &order["purchase_units"][0]["payments"]["captures"][0]
}

/// The body of an order paid by the PayPal wallet.
pub fn order(currency: &str, value: &str) -> Value {
    json!({
        "intent": "CAPTURE",
        "purchase_units": [{
            "custom_id": "tu_1", "description": "Credits",
            "amount": { "currency_code": currency, "value": value },
        }],
        "payment_source": { "paypal": { "experience_context": {
            "brand_name": "Acme", "locale": "en-US", "shipping_preference": "NO_SHIPPING", "user_action": "PAY_NOW",
            "return_url": "http://shop.test/paypal/return?topup=1", "cancel_url": "http://shop.test/paypal/cancel",
        } } },
    })
}

/// What a webhook target received.
#[derive(Debug, Clone)]
pub struct Received {
    pub body: String,
    pub headers: HeaderMap,
}

impl Received {
    pub fn event(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub fn kind(&self) -> String {
        self.event()["event_type"].as_str().unwrap().to_owned()
    }

    pub fn header(&self, name: &str) -> String {
        self.headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
    }

    /// What PayPal itself says of the signature: the body's bytes are put in as they came.
    pub async fn is_genuine(&self, play: &Play) -> bool {
        let fields = [
            ("auth_algo", "paypal-auth-algo"),
            ("cert_url", "paypal-cert-url"),
            ("transmission_id", "paypal-transmission-id"),
            ("transmission_sig", "paypal-transmission-sig"),
            ("transmission_time", "paypal-transmission-time"),
        ];
        let fields: String =
            fields.iter().map(|(field, header)| format!("\"{field}\":\"{}\",", self.header(header))).collect();
        let raw = format!("{{{fields}\"webhook_id\":\"{WEBHOOK_ID}\",\"webhook_event\":{}}}", self.body.trim_end());
        let url = format!("{}/v1/notifications/verify-webhook-signature", play.sandbox.url());
        let request = play.client.post(url).bearer_auth(&play.token).header("Content-Type", "application/json");
        let reply = read(request.body(raw).send().await.unwrap()).await.unwrap();
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.body["verification_status"] == "SUCCESS"
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
        let url = target.listen().await;
        play.sandbox.set_webhook_target(Some(WebhookTarget { url, webhook_id: WEBHOOK_ID.to_owned() }));
        target
    }

    /// Listens without being registered; gives back the address.
    pub async fn listen(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/webhooks/paypal", listener.local_addr().unwrap());
        let app = axum::Router::new().route("/webhooks/paypal", axum::routing::post(take)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        url
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
    target.received.lock().unwrap().push(Received { body, headers });
    let mut refusals = target.refusals.lock().unwrap();
    if *refusals == 0 {
        return StatusCode::OK;
    }
    *refusals -= 1;
    StatusCode::INTERNAL_SERVER_ERROR
}

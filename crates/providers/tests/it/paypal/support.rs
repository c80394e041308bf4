//! A client with hardly a pause between attempts, payments to ask it for, and a PayPal that signs notices.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use ledger::Unit;
use providers::gateway::{
    Ask, Gateway, Notice, Pending, RawNotice, RefundAsk, RefundSighting, RefundStanding, Sighting, Standing, Trouble,
    Unverified,
};
use providers::paypal::{Client, Config, RetryPolicy, signature};
use providers::{Money, Secret};
use rustls::SignatureScheme;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};

use crate::support::Reply::{self, Json};
use crate::support::{PATIENT, Script};

pub const TOKEN: &str = r#"{"access_token":"A21.hidden","token_type":"Bearer","expires_in":32400}"#;
pub const ROOT: &str = include_str!("../../fixtures/paypal/root.pem");
pub const WEBHOOK_ID: &str = "1AB23456CD789012E";
/// When the notices of the tests are sent, Unix seconds.
pub const SENT_AT_S: i64 = 1_795_166_102;
pub const SENT_AT: &str = "2026-11-20T09:15:02Z";

/// A token, then these answers.
pub async fn script(replies: impl IntoIterator<Item = Reply>) -> Script {
    Script::start(std::iter::once(Json(200, TOKEN.into())).chain(replies)).await
}

/// A client that repeats nothing.
pub fn client(url: &str) -> Client {
    client_with(url, |_| {})
}

/// A client that repeats `max_retries` times.
pub fn repeating(url: &str, max_retries: u32) -> Client {
    client_with(url, |config| config.retry.max_retries = max_retries)
}

/// A client with other settings than the usual.
pub fn client_with(url: &str, change: impl FnOnce(&mut Config)) -> Client {
    rustls::crypto::ring::default_provider().install_default().ok();
    let mut config = Config {
        base_url: url.into(),
        timeout: PATIENT,
        retry: RetryPolicy { max_retries: 0, base_delay: std::time::Duration::from_millis(1) },
        roots_pem: Some(ROOT.into()),
        ..Config::new("app", Secret::new("hidden_secret").unwrap(), WEBHOOK_ID, false)
    };
    change(&mut config);
    Client::new(config).unwrap()
}

pub fn usd(amount_minor: i64) -> Money {
    Money { amount_minor, currency: Unit::parse("USD").unwrap() }
}

/// 25 USD for `pay_1` of `team:7`.
pub fn ask() -> Ask {
    Ask {
        account_id: "team:7".into(),
        topup_id: "pay_1".into(),
        money: usd(2_500),
        description: "Credits".into(),
        customer_id: None,
        language: "en".into(),
        return_url: "https://example.com/back".into(),
        cancel_url: "https://example.com/cancel".into(),
        payer_address: [127, 0, 0, 1].into(),
        created_at_s: SENT_AT_S,
        expires_at_s: SENT_AT_S + 900,
        save_card: false,
    }
}

/// The same, opened as order `5O1`.
pub fn pending() -> Pending {
    Pending {
        account_id: "team:7".into(),
        topup_id: "pay_1".into(),
        object_id: Some("5O1".into()),
        customer_id: None,
        money: usd(2_500),
        created_at_s: SENT_AT_S,
    }
}

/// 10 USD of its capture `3C6`.
pub fn refund_ask() -> RefundAsk {
    RefundAsk {
        refund_id: "rf_1".into(),
        payment: pending(),
        money_id: Some("3C6".into()),
        paid_at_s: SENT_AT_S,
        money: usd(1_000),
        whole: false,
        operator: "op".into(),
        reason: "asked for".into(),
        object_id: None,
        may_have_run: false,
        created_at_s: SENT_AT_S,
    }
}

pub fn money(value: &str) -> Value {
    json!({"currency_code": "USD", "value": value})
}

/// The order `5O1` with this status and these captures.
pub fn order(status: &str, captures: Value) -> Value {
    json!({
        "id": "5O1", "status": status, "create_time": "2026-11-20T09:15:00Z",
        "purchase_units": [{
            "reference_id": "default", "custom_id": "pay_1:team:7", "invoice_id": "pay_1", "amount": money("25.00"),
            "payments": {"captures": captures}
        }],
        "payment_source": {"paypal": {"account_id": "QYR5Z8XDVJNXQ", "email_address": "payer@example.com"}},
        "links": [{"href": "https://www.sandbox.paypal.com/checkoutnow?token=5O1", "rel": "payer-action"}]
    })
}

/// The capture `3C6` of 25 USD with this status.
pub fn capture(status: &str) -> Value {
    json!({
        "id": "3C6", "status": status, "amount": money("25.00"), "custom_id": "pay_1:team:7", "invoice_id": "pay_1",
        "create_time": "2026-11-20T09:15:00Z", "supplementary_data": {"related_ids": {"order_id": "5O1"}}
    })
}

/// PayPal's error body with one issue.
pub fn issue(name: &str) -> String {
    json!({"name": "UNPROCESSABLE_ENTITY", "message": "…", "debug_id": "f1a2", "details": [{"issue": name}]})
        .to_string()
}

fn minor(money: Option<Money>) -> String {
    money.map_or("-".into(), |money| format!("{} {}", money.amount_minor, money.currency.code()))
}

/// A standing, short enough for a table.
pub fn told(standing: &Standing) -> String {
    match standing {
        Standing::Payable(code) => format!("payable {}", code.as_deref().unwrap_or("-")),
        Standing::Approved => "approved".into(),
        Standing::Processing(why) => format!("processing {}", why.as_deref().unwrap_or("-")),
        Standing::Paid => "paid".into(),
        Standing::Failed(code) => format!("failed {code}"),
        Standing::UnderReview(code) => format!("under review {code}"),
    }
}

/// `standing order/capture top-up of account asked received`.
pub fn told_payment(seen: &Sighting) -> String {
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
    format!(
        "{}: {}/{} {} of {} asked {} received {}",
        told(&seen.standing),
        seen.object_id,
        or_dash(&seen.money_id),
        or_dash(&seen.topup_id),
        or_dash(&seen.account_id),
        minor(seen.asked),
        minor(seen.received)
    )
}

/// `standing refund(ours) of order/capture amount`.
pub fn told_refund(seen: &RefundSighting) -> String {
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
    let standing = match &seen.standing {
        RefundStanding::Pending => "pending".into(),
        RefundStanding::Succeeded => "succeeded".into(),
        RefundStanding::Failed(code) => format!("failed {code}"),
    };
    format!(
        "{standing}: {}({}) of {}/{} {}{}",
        seen.object_id,
        or_dash(&seen.refund_id),
        or_dash(&seen.payment_object_id),
        or_dash(&seen.money_id),
        minor(Some(seen.money)),
        if seen.forced { " forced" } else { "" }
    )
}

/// A trouble, short enough for a table.
pub fn told_trouble(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Refused { code, ours, reference, .. } => {
            let whose = if *ours { "operator" } else { "payer" };
            format!("refused {code}: for the {whose} ({})", reference.as_deref().unwrap_or("-"))
        }
        Trouble::Unknown { reason, may_have_run, .. } => {
            format!("unknown {reason}: {}", if *may_have_run { "may have run" } else { "did not run" })
        }
    }
}

/// What a server holds at a path, and how often it was asked for.
type Files = Arc<Mutex<HashMap<String, (u16, Vec<u8>, usize)>>>;

/// A place for certificates, on this machine; stops with the runtime of the test.
pub struct CertificateServer {
    /// Its origin.
    pub url: String,
    files: Files,
}

impl CertificateServer {
    /// Serves every certificate of the fixtures as `CERT-{name}`.
    pub async fn start() -> CertificateServer {
        let files = Files::default();
        let app = Router::new().fallback(serve).with_state(Arc::clone(&files));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        let server = CertificateServer { url, files };
        for (name, pem) in [
            ("genuine", &include_bytes!("../../fixtures/paypal/genuine.pem")[..]),
            ("without-intermediate", include_bytes!("../../fixtures/paypal/without-intermediate.pem")),
            ("expired", include_bytes!("../../fixtures/paypal/expired.pem")),
            ("of-tomorrow", include_bytes!("../../fixtures/paypal/of-tomorrow.pem")),
            ("other-owner", include_bytes!("../../fixtures/paypal/other-owner.pem")),
            ("near-owner", include_bytes!("../../fixtures/paypal/near-owner.pem")),
            ("self-signed", include_bytes!("../../fixtures/paypal/self-signed.pem")),
        ] {
            server.serve(name, 200, pem);
        }
        server
    }

    /// Serves this as `CERT-{name}` from now on.
    pub fn serve(&self, name: &str, status: u16, body: &[u8]) {
        self.files.lock().unwrap().insert(path(name), (status, body.to_vec(), 0));
    }

    /// How often `CERT-{name}` was asked for.
    pub fn asked(&self, name: &str) -> usize {
        self.files.lock().unwrap()[&path(name)].2
    }

    /// The address of `CERT-{name}`.
    pub fn cert_url(&self, name: &str) -> String {
        format!("{}{}", self.url, path(name))
    }

    /// A client that takes certificates from here, and asks `api_url` for the rest.
    pub fn client(&self, api_url: &str) -> Client {
        client_with(api_url, |config| config.cert_base_url = Some(self.url.clone()))
    }
}

fn path(name: &str) -> String {
    format!("/v1/notifications/certs/CERT-{name}")
}

async fn serve(State(files): State<Files>, uri: Uri) -> Response {
    match files.lock().unwrap().get_mut(uri.path()) {
        Some((status, body, asked)) => {
            *asked += 1;
            // A redirect that would lead to a good certificate, were it followed.
            let location = [("location", path("genuine"))];
            (StatusCode::from_u16(*status).unwrap(), location, body.clone()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Who signs a notice, and with which padding.
pub struct Signer<'a> {
    pub key_pem: &'a str,
    pub scheme: SignatureScheme,
}

/// PayPal.
pub const PAYPAL: Signer<'static> =
    Signer { key_pem: include_str!("../../fixtures/paypal/signer-key.pem"), scheme: SignatureScheme::RSA_PKCS1_SHA256 };
/// Somebody with a key of his own.
pub const ATTACKER: Signer<'static> =
    Signer { key_pem: include_str!("../../fixtures/paypal/attacker-key.pem"), ..PAYPAL };

impl Signer<'_> {
    /// The signature in base64.
    pub fn sign(&self, message: &str) -> String {
        let key = PrivateKeyDer::from_pem_slice(self.key_pem.as_bytes()).unwrap();
        let key = rustls::crypto::ring::sign::any_supported_type(&key).unwrap();
        let signer = key.choose_scheme(&[self.scheme]).unwrap();
        STANDARD.encode(signer.sign(message.as_bytes()).unwrap())
    }
}

/// A notice on its way: headers and body, to be altered.
#[derive(Clone)]
pub struct Sent {
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Sent {
    /// A notice as PayPal would send it, signed with the key of `CERT-genuine`.
    pub fn genuine(server: &CertificateServer, body: &str) -> Sent {
        Sent::at(server, body, SENT_AT)
    }

    /// The same at another time.
    pub fn at(server: &CertificateServer, body: &str, time: &str) -> Sent {
        let id = "b1c2d3e4-0000-4000-8000-000000000001";
        let signature = PAYPAL.sign(&signature::message(id, time, WEBHOOK_ID, body.as_bytes()));
        let headers = vec![
            ("paypal-transmission-id", id.to_owned()),
            ("paypal-transmission-time", time.to_owned()),
            ("paypal-transmission-sig", signature),
            ("paypal-cert-url", server.cert_url("genuine")),
            ("paypal-auth-algo", "SHA256withRSA".to_owned()),
            ("paypal-auth-version", "v1".to_owned()),
        ];
        Sent { headers, body: body.as_bytes().to_vec() }
    }

    pub fn header(&self, name: &str) -> &str {
        &self.headers.iter().find(|(header, _)| *header == name).unwrap().1
    }

    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.headers.iter_mut().find(|(header, _)| *header == name).unwrap().1 = value.into();
    }

    pub fn remove(&mut self, name: &str) {
        self.headers.retain(|(header, _)| *header != name);
    }

    /// Signs what is there now, for an endpoint.
    pub fn sign(&mut self, signer: &Signer<'_>, webhook_id: &str) {
        let (id, time) = (self.header("paypal-transmission-id"), self.header("paypal-transmission-time"));
        let signature = signer.sign(&signature::message(id, time, webhook_id, &self.body));
        self.set("paypal-transmission-sig", signature);
    }

    /// Hands it to the client shortly after it was sent.
    pub async fn reach(&self, client: &Client) -> Result<Notice, Unverified> {
        self.reach_at(client, SENT_AT_S + 3).await
    }

    /// Hands it to the client at this Unix second.
    pub async fn reach_at(&self, client: &Client, now_s: i64) -> Result<Notice, Unverified> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            headers.append(*name, value.parse().unwrap());
        }
        client.verify(&RawNotice { bytes: &self.body, headers: &headers, now_s }).await
    }
}

/// An event around a resource.
pub fn event(kind: &str, resource_type: &str, resource: Value) -> String {
    json!({
        "id": "WH-1", "event_version": "1.0", "create_time": "2026-11-20T09:15:00.000Z", "resource_type": resource_type,
        "resource_version": "2.0", "event_type": kind, "summary": "…", "resource": resource
    })
    .to_string()
}

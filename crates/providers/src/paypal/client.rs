//! One method per call to PayPal.
//!
//! A call repeats the *same* request under the *same* request id when the answer settles nothing (`retry`), and then
//! says what is known (`error`). A token that is refused is dropped, fetched anew once, and the call repeated once.
//! Redirects are not followed. Traced at debug level: call, attempts, PayPal's debug id, outcome; failures at info
//! level; never bodies or headers. Cost: one round trip per call and attempt, and the token's.

use std::fmt;

use http::Method;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Url, redirect};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tracing::Instrument;
use tracing::field::Empty;

use super::attempts::Attempts;
use super::certificate::Certificates;
use super::config::{self, Config, ConfigError, Verify};
use super::error::{self, Failure, Unknown};
use super::exchange::{Answer, exchange};
use super::object::{Capture, Dispute, Order, Refund, Transactions, Verification};
use super::retry::{self, RetryPolicy};
use super::token::{Token, Tokens};
use super::transform::Merchant;

/// Beyond this an answer is cut off and counts as unreadable. A page of 500 transactions has about 1 MiB.
const ANSWER_MAX_BYTES: usize = 16 << 20;
/// PayPal's limit for a page of the transaction search.
const PAGE_SIZE: &str = "500";

/// A client of one PayPal app. Connections, token and certificates are kept in it: make one and share it.
pub struct Client {
    http: reqwest::Client,
    origin: String,
    loopback: bool,
    retry: RetryPolicy,
    tokens: Tokens,
    pub(super) live: bool,
    pub(super) webhook_id: String,
    pub(super) merchant: Merchant,
    /// `None`: notices are verified by postback.
    certificates: Option<Certificates>,
    pub(super) attempts: Attempts,
}

/// One call; sent unchanged at each attempt.
struct Call {
    name: &'static str,
    method: Method,
    /// From the origin on.
    path: String,
    query: Vec<(&'static str, String)>,
    /// JSON.
    body: Option<Vec<u8>>,
    /// What makes a repeat harmless; every call with an effect has one.
    request_id: Option<String>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({})", self.origin)
    }
}

impl Client {
    /// Checks the configuration; sends nothing. The process must have installed a rustls crypto provider.
    pub fn new(config: Config) -> Result<Client, ConfigError> {
        let checked = config.check()?;
        let certificates = match config.verify {
            Verify::Offline => Some(Certificates::new(checked.source, config.roots()?)),
            Verify::Postback => None,
        };
        let loopback = config::is_loopback(&checked.origin);
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("scrip/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            // The HTTP library must not repeat on its own: repeats are counted here.
            .retry(reqwest::retry::never())
            .timeout(config.timeout);
        if loopback {
            builder = builder.no_proxy();
        }
        Ok(Client {
            http: builder.build().map_err(|error| ConfigError::Tls(error.without_url().to_string()))?,
            origin: checked.origin.origin().ascii_serialization(),
            loopback,
            retry: config.retry,
            tokens: Tokens::new(config.client_id, config.client_secret),
            live: config.live,
            webhook_id: config.webhook_id,
            merchant: Merchant { brand_name: config.brand_name, soft_descriptor: config.soft_descriptor },
            certificates,
            attempts: Attempts::default(),
        })
    }

    /// Makes an order.
    pub(super) async fn create_order(&self, order: &Value, request_id: String) -> Result<Order, Failure> {
        self.post("create_order", "/v2/checkout/orders".into(), order, request_id).await
    }

    /// The order as it is now; `None` when PayPal does not know it, or no longer.
    pub(super) async fn order(&self, order_id: &str) -> Result<Option<Order>, Failure> {
        let path = format!("/v2/checkout/orders/{}", checked(order_id)?);
        found(self.get("get_order", path, Vec::new()).await)
    }

    /// Takes the money of an approved order.
    pub(super) async fn capture_order(&self, order_id: &str, request_id: String) -> Result<Order, Failure> {
        let path = format!("/v2/checkout/orders/{}/capture", checked(order_id)?);
        self.post("capture_order", path, &Value::Object(Default::default()), request_id).await
    }

    /// The capture as it is now; captures are remembered longer than their orders.
    pub(super) async fn capture(&self, capture_id: &str) -> Result<Option<Capture>, Failure> {
        let path = format!("/v2/payments/captures/{}", checked(capture_id)?);
        found(self.get("get_capture", path, Vec::new()).await)
    }

    /// Gives back a part of a capture, or all of it.
    pub(super) async fn refund_capture(
        &self,
        capture_id: &str,
        refund: &Value,
        request_id: String,
    ) -> Result<Refund, Failure> {
        let path = format!("/v2/payments/captures/{}/refund", checked(capture_id)?);
        self.post("refund_capture", path, refund, request_id).await
    }

    /// The refund as it is now.
    pub(super) async fn get_refund(&self, refund_id: &str) -> Result<Option<Refund>, Failure> {
        let path = format!("/v2/payments/refunds/{}", checked(refund_id)?);
        found(self.get("get_refund", path, Vec::new()).await)
    }

    /// The dispute as it is now.
    pub(super) async fn dispute(&self, dispute_id: &str) -> Result<Option<Dispute>, Failure> {
        let path = format!("/v1/customer/disputes/{}", checked(dispute_id)?);
        found(self.get("get_dispute", path, Vec::new()).await)
    }

    /// A page, from 1, of all movements between two RFC 3339 times at most 31 days apart.
    pub(super) async fn transactions(&self, from: &str, to: &str, page: u32) -> Result<Transactions, Failure> {
        let query = vec![
            ("start_date", from.to_owned()),
            ("end_date", to.to_owned()),
            ("fields", "transaction_info".to_owned()),
            ("page_size", PAGE_SIZE.to_owned()),
            ("page", page.to_string()),
        ];
        self.get("list_transactions", "/v1/reporting/transactions".into(), query).await
    }

    /// Asks PayPal whether a notice is its own. Changes nothing there.
    pub(super) async fn verify_notice(&self, question: Vec<u8>) -> Result<Verification, Failure> {
        let path = "/v1/notifications/verify-webhook-signature".into();
        let (name, method, query) = ("verify_notice", Method::POST, Vec::new());
        self.send(Call { name, method, path, query, body: Some(question), request_id: None }).await
    }

    /// The certificates that notices are verified with, and how to fetch them; `None` when that is PayPal's task.
    pub(super) fn certificates(&self) -> Option<(&Certificates, &reqwest::Client)> {
        self.certificates.as_ref().map(|certificates| (certificates, &self.http))
    }

    /// Whether a payer may be sent there.
    pub(super) fn may_send_to(&self, link: &str) -> bool {
        Url::parse(link).is_ok_and(|url| match url.scheme() {
            "https" => true,
            "http" => self.loopback && config::is_loopback(&url),
            _ => false,
        })
    }

    async fn get<T: DeserializeOwned>(
        &self,
        name: &'static str,
        path: String,
        query: Vec<(&'static str, String)>,
    ) -> Result<T, Failure> {
        self.send(Call { name, method: Method::GET, path, query, body: None, request_id: None }).await
    }

    async fn post<T: DeserializeOwned>(
        &self,
        name: &'static str,
        path: String,
        body: &Value,
        request_id: String,
    ) -> Result<T, Failure> {
        let body = Some(body.to_string().into_bytes());
        self.send(Call { name, method: Method::POST, path, query: Vec::new(), body, request_id: Some(request_id) })
            .await
    }

    /// Sends a call until its answer settles it or the repeats are used up.
    async fn send<T: DeserializeOwned>(&self, call: Call) -> Result<T, Failure> {
        let span =
            tracing::debug_span!("paypal", call = call.name, debug_id = Empty, attempts = Empty, outcome = Empty);
        async {
            let result = self.send_and_repeat(&call).await;
            let outcome = match &result {
                Ok(_) => "done",
                Err(Failure::Refused(_)) => "refused",
                Err(Failure::Unknown(_)) => "unknown",
            };
            tracing::Span::current().record("outcome", outcome);
            result
        }
        .instrument(span)
        .await
    }

    async fn send_and_repeat<T: DeserializeOwned>(&self, call: &Call) -> Result<T, Failure> {
        let mut attempt = 0;
        let mut in_doubt = false;
        loop {
            tracing::Span::current().record("attempts", attempt + 1);
            let failure = match self.attempt(call).await {
                Ok(value) => return Ok(value),
                Err(failure) => in_light_of(in_doubt, failure),
            };
            let Failure::Unknown(unknown) = &failure else { return Err(failure) };
            in_doubt = unknown.may_have_run && call.request_id.is_some();
            let jitter_permille = rand::random_range(0..=1_000);
            let pause = retry::pause(self.retry, attempt, unknown.retry_after_seconds, jitter_permille);
            match pause.filter(|_| unknown.reason.is_repeatable()) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(failure),
            }
            attempt += 1;
        }
    }

    /// One attempt; two when PayPal no longer takes the token.
    async fn attempt<T: DeserializeOwned>(&self, call: &Call) -> Result<T, Failure> {
        let token = self.tokens.get(&self.http, &self.origin).await?;
        let answer = self.ask(call, &token).await?;
        if answer.status != http::StatusCode::UNAUTHORIZED {
            return answer.read();
        }
        self.tokens.forget(&token).await;
        let token = self.tokens.get(&self.http, &self.origin).await?;
        self.ask(call, &token).await?.read()
    }

    async fn ask(&self, call: &Call, token: &Token) -> Result<Answer, Failure> {
        let mut request = self
            .http
            .request(call.method.clone(), format!("{}{}", self.origin, call.path))
            .query(&call.query)
            .header(AUTHORIZATION, token.authorization.clone());
        if let Some(body) = &call.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.clone());
        }
        if let Some(id) = &call.request_id {
            request = request.header("paypal-request-id", id).header("prefer", "return=representation");
        }
        let answer = exchange(request, ANSWER_MAX_BYTES).await.inspect_err(|doubt| {
            tracing::info!(call = call.name, "PayPal did not answer: {doubt}");
        })?;
        let debug_id = error::debug_id(&answer.headers);
        tracing::Span::current().record("debug_id", debug_id.as_deref());
        if !answer.status.is_success() {
            tracing::info!(call = call.name, status = answer.status.as_u16(), debug_id, "PayPal did not do it");
        }
        Ok(answer)
    }
}

/// A failure, weighed with the attempts before it. An attempt that may have run stays in doubt when a later one did
/// not; so it does after a refusal that PayPal may speak before it looks the request id up. A 422 is the verdict on the
/// id itself.
fn in_light_of(in_doubt: bool, failure: Failure) -> Failure {
    match failure {
        Failure::Unknown(unknown) => {
            Failure::Unknown(Unknown { may_have_run: unknown.may_have_run || in_doubt, ..unknown })
        }
        Failure::Refused(refusal) if in_doubt && refusal.status != 422 => error::Doubt::Status(refusal.status).into(),
        refused => refused,
    }
}

/// An id as a part of a path: nothing that would lead to another path.
fn checked(id: &str) -> Result<&str, Failure> {
    let plain = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if plain { Ok(id) } else { Err(Failure::not_sent("malformed_id")) }
}

/// Not found is an answer, not a failure.
fn found<T>(result: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(failure) if failure.is_missing() => Ok(None),
        Err(failure) => Err(failure),
    }
}

//! A server of ours, called over HTTP by the commands of operators.
//!
//! One call is one round trip. Errors of the API (`application/problem+json`) become [`Exit`]s with the code of the
//! contract and show title, detail and code. [`Server::send_patiently`] repeats a call with the *same* idempotency key
//! while the server is away, which is safe because the key is part of the ledger write. Deliberately absent: any retry
//! without a key.

use std::net::IpAddr;
use std::time::Duration;

use reqwest::{Method, Url};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::exit::{Exit, Reason};

/// How long one call may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);
/// How often a call is repeated while the server is away: about 20 s in all.
const REPEATS: u32 = 8;
/// The longest pause between two tries.
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// Installs the TLS provider of this process, which must happen before any HTTP client is made.
pub fn install_tls() {
    // Fails only when a provider is installed already, which is as good.
    let _installed = rustls::crypto::ring::default_provider().install_default();
}

/// Which server, and who calls.
#[derive(Debug, Clone, clap::Args)]
pub struct ServerArgs {
    /// Address of the server
    #[arg(long, env = "SCRIP_URL", hide_env_values = true, default_value = "http://127.0.0.1:8080")]
    pub url: String,
    /// Operator key (sk_…)
    #[arg(long, env = "SCRIP_KEY", hide_env_values = true)]
    pub key: String,
}

/// A server that can be called.
#[derive(Debug, Clone)]
pub struct Server {
    http: reqwest::Client,
    url: String,
    key: String,
}

/// A 2xx answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The body; null when there is none.
    pub body: Value,
    /// Whether the server had answered this key before.
    pub replayed: bool,
}

impl Server {
    /// A client for the server. Errors: exit 2 for an address that cannot work, exit 3 for a key that cannot be sent.
    pub fn new(args: &ServerArgs) -> Result<Self, Exit> {
        let bad = |why: &str| Exit::usage(format!("--url {}: {why}; write http(s)://HOST:PORT", args.url));
        let url = Url::parse(&args.url).map_err(|error| bad(&error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(bad("is no web address"));
        }
        if args.key.is_empty() || !args.key.bytes().all(|byte| byte.is_ascii_graphic()) {
            let message = "--key is not a key: give an operator key (sk_…), or set SCRIP_KEY";
            return Err(Exit::new(Reason::Authentication, message));
        }
        let mut builder = reqwest::Client::builder().timeout(CALL_TIMEOUT).tcp_nodelay(true);
        if url.host_str().is_some_and(is_loopback) {
            builder = builder.no_proxy();
        }
        if url.scheme() == "http" {
            // Plain HTTP needs no certificates, which a bare machine may not have.
            builder = builder.tls_certs_only([]);
        }
        let http =
            builder.build().map_err(|error| Exit::unavailable(format!("cannot make an HTTP client: {error}")))?;
        Ok(Server { http, url: args.url.trim_end_matches('/').to_owned(), key: args.key.clone() })
    }

    /// Reads. `path` begins with `/`; `query` is a list of names and values.
    pub async fn get(&self, path: &str, query: &[(&str, String)]) -> Result<Value, Exit> {
        let request = self.http.get(self.at(path)).bearer_auth(&self.key).query(query);
        Ok(self.answer(request).await.map_err(|failure| failure.exit)?.body)
    }

    /// Reads something that is not JSON.
    pub async fn text(&self, path: &str) -> Result<String, Exit> {
        let away = |error: reqwest::Error| Exit::unavailable(format!("no answer from {}: {}", self.url, root(&error)));
        let response = self.http.get(self.at(path)).send().await.map_err(away)?;
        response.text().await.map_err(away)
    }

    /// Changes something, once.
    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer, Exit> {
        self.attempt(method, path, body.map(Value::to_string), None).await.map_err(|failure| failure.exit)
    }

    /// Changes something with an idempotency key, once: for whoever wants to know at once that it was refused.
    pub async fn send_once(&self, path: &str, body: &Value, key: &str) -> Result<Answer, Exit> {
        let sent = self.attempt(Method::POST, path, Some(body.to_string()), Some(key)).await;
        sent.map_err(|failure| failure.exit)
    }

    /// Changes something with an idempotency key, again and again while the server is away. A batch has no key of its
    /// own: each of its items carries one.
    pub async fn send_patiently(&self, path: &str, body: &impl Serialize, key: Option<&str>) -> Result<Answer, Exit> {
        let body = serde_json::to_string(body).map_err(|error| Exit::usage(format!("cannot write JSON: {error}")))?;
        let mut pause = Duration::from_millis(100);
        let mut repeats = 0;
        loop {
            match self.attempt(Method::POST, path, Some(body.clone()), key).await {
                Ok(answer) => return Ok(answer),
                Err(failure) if failure.exit.reason == Reason::Unavailable && repeats < REPEATS => {
                    tokio::time::sleep(failure.retry_after.unwrap_or(pause).min(PAUSE_MAX)).await;
                    pause = pause.saturating_mul(2);
                    repeats += 1;
                }
                Err(failure) => return Err(failure.exit),
            }
        }
    }

    async fn attempt(
        &self,
        to: Method,
        path: &str,
        body: Option<String>,
        key: Option<&str>,
    ) -> Result<Answer, Failure> {
        let mut request = self.http.request(to, self.at(path)).bearer_auth(&self.key);
        if let Some(body) = body {
            request = request.header("Content-Type", "application/json").body(body);
        }
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        self.answer(request).await
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Result<Answer, Failure> {
        let away = |error: reqwest::Error| Failure {
            exit: Exit::unavailable(format!("no answer from {}: {}", self.url, root(&error))),
            retry_after: None,
        };
        let response = request.send().await.map_err(away)?;
        let status = response.status().as_u16();
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let replayed = header("Idempotent-Replayed") == Some("true");
        let retry_after = header("Retry-After").and_then(|text| text.parse().ok()).map(Duration::from_secs);
        let text = response.text().await.map_err(away)?;
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        match Exit::reason_of_status(status) {
            None => Ok(Answer { body, replayed }),
            Some(reason) => Err(Failure { exit: Exit::new(reason, problem(status, &body, &text)), retry_after }),
        }
    }
}

/// The body of `POST /v1/prices/import`. The price map stays text, so that no price passes through a float.
#[derive(Debug, Serialize)]
pub struct PriceImport<'a> {
    /// The unit of the prices.
    pub unit: &'a str,
    /// Always `litellm`.
    pub format: &'static str,
    /// The price map.
    pub document: &'a RawValue,
    /// Which models; all when empty.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub models: &'a [String],
    /// Factor on list prices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mark_up: Option<&'a str>,
    /// How much of the unit one US dollar is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exchange_rate: Option<&'a str>,
}

struct Failure {
    exit: Exit,
    retry_after: Option<Duration>,
}

/// The cause at the bottom of a chain of errors, which names what happened ("connection refused").
fn root(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// Whether a host is this machine.
pub fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Makes one part of a path of a text that a person typed.
pub fn segment(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let encode = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(encode).collect()
}

/// An error answer for people: title, detail, code, and what else a problem may carry.
pub fn problem(status: u16, body: &Value, text: &str) -> String {
    let field = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let mut message = match (field("title"), field("detail").or(field("message"))) {
        (Some(title), Some(detail)) => format!("{title}: {detail}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) if body.is_null() => text.chars().take(200).collect(),
        (None, None) => "refused".to_owned(),
    };
    let code = field("code").or(field("error")).map(|code| format!("{code}, ")).unwrap_or_default();
    message.push_str(&format!(" ({code}HTTP {status})"));
    for name in ["param", "available", "required", "retry_after", "request_id"] {
        match body.get(name) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) => message.push_str(&format!("\n  {name}: {text}")),
            Some(value) => message.push_str(&format!("\n  {name}: {value}")),
        }
    }
    for error in body.get("errors").and_then(Value::as_array).into_iter().flatten() {
        let text = |name| error.get(name).and_then(Value::as_str).unwrap_or_default();
        let detail = if text("detail").is_empty() { text("message") } else { text("detail") };
        message.push_str(&format!("\n  {}: {detail}", text("param")));
    }
    message
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn problems_show_what_a_person_needs() {
        let table = [
            (
                402,
                json!({"title": "Not enough credits", "detail": "add some", "code": "insufficient_credits",
                    "available": "1", "required": "2", "param": null}),
                "Not enough credits: add some (insufficient_credits, HTTP 402)\n  available: 1\n  required: 2",
            ),
            (
                422,
                json!({"title": "Invalid", "code": "invalid", "errors": [{"param": "amount", "detail": "too small"}]}),
                "Invalid (invalid, HTTP 422)\n  amount: too small",
            ),
            (
                429,
                json!({"error": "purchase_topup_cooldown", "retry_after": 42}),
                "refused (purchase_topup_cooldown, HTTP 429)\n  retry_after: 42",
            ),
            (502, Value::Null, "Bad gateway page (HTTP 502)"),
        ];
        for (status, body, message) in table {
            assert_eq!(problem(status, &body, "Bad gateway page"), message);
        }
    }

    #[test]
    fn addresses_and_keys_that_cannot_work_are_refused() {
        let table = [
            ("ftp://x", "sk_test_1", Reason::Usage),
            ("127.0.0.1:8080", "sk_test_1", Reason::Usage),
            ("http://127.0.0.1:8080", "", Reason::Authentication),
            ("http://127.0.0.1:8080", "a b", Reason::Authentication),
        ];
        for (url, key, reason) in table {
            let args = ServerArgs { url: url.to_owned(), key: key.to_owned() };
            assert_eq!(Server::new(&args).map(drop).map_err(|exit| exit.reason), Err(reason), "{url} {key:?}");
        }
    }

    #[test]
    fn loopback_is_this_machine() {
        for (host, own) in [
            ("127.0.0.1", true),
            ("[::1]", true),
            ("localhost", true),
            ("127.evil.example", false),
            ("10.0.0.1", false),
        ] {
            assert_eq!(is_loopback(host), own, "{host}");
        }
    }
}

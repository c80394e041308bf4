//! The way of a call to Stripe and back.
//!
//! A call repeats the *same* request under the *same* idempotency key when the answer settles nothing (`retry`), and then
//! says what is known (`error`). Redirects are not followed. Traced at debug level: call, attempts, request id, outcome;
//! never bodies or headers. Cost: one round trip per call and attempt, one per 100 items of a list. The calls themselves
//! are in `calls`.

use std::fmt;

use http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use http::{Method, StatusCode};
use reqwest::redirect;
use serde::de::DeserializeOwned;
use tracing::Instrument;
use tracing::field::Empty;

use super::config::{self, Config, ConfigError};
use super::error::{self, Doubt, Error, Invalid, InvalidKind, Unknown};
use super::object::Page;
use super::retry::{self, RetryPolicy};
use super::transform::Params;

/// Beyond this an answer is cut off and counts as unreadable.
const ANSWER_MAX_BYTES: usize = 8 << 20;
/// Stripe's limit.
const IDEMPOTENCY_KEY_MAX_CHARS: usize = 255;
const PAGE_SIZE: &str = "100";

/// A client of one Stripe account. Cheap to clone; connections are shared.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    origin: String,
    retry: RetryPolicy,
}

/// One call; sent unchanged at each attempt.
struct Call<'a> {
    name: &'static str,
    method: Method,
    path: String,
    params: Params,
    idempotency_key: Option<&'a str>,
}

/// A complete answer.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({})", self.origin)
    }
}

impl Client {
    /// Checks the configuration; sends nothing. The process must have installed a rustls crypto provider.
    pub fn new(config: Config) -> Result<Client, ConfigError> {
        let url = config.check()?;
        let mut authorization = HeaderValue::try_from(format!("Bearer {}", config.secret_key.expose()))
            .map_err(|_| ConfigError::Unsendable("secret_key"))?;
        authorization.set_sensitive(true);
        let version = HeaderValue::try_from(&config.api_version).map_err(|_| ConfigError::Unsendable("api_version"))?;
        let headers = HeaderMap::from_iter([
            (AUTHORIZATION, authorization),
            (http::HeaderName::from_static("stripe-version"), version),
        ]);
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("scrip/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .redirect(redirect::Policy::none())
            // The HTTP library must not repeat on its own: repeats are counted here.
            .retry(reqwest::retry::never())
            .timeout(config.timeout);
        if config::is_loopback(&url) {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| ConfigError::Tls(error.without_url().to_string()))?;
        Ok(Client { http, origin: url.origin().ascii_serialization(), retry: config.retry })
    }

    /// All items of a list, newest first; [`Doubt::Endless`] beyond `pages_max` pages of 100.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        name: &'static str,
        path: String,
        mut params: Params,
        pages_max: usize,
        id: impl Fn(&T) -> &String,
    ) -> Result<Vec<T>, Error> {
        params.push(("limit".into(), PAGE_SIZE.into()));
        let mut items = Vec::new();
        for _ in 0..pages_max {
            let mut page_params = params.clone();
            page_params.extend(items.last().map(|last| ("starting_after".to_owned(), id(last).clone())));
            let page: Page<T> = self.get(name, path.clone(), page_params).await?;
            let last = !page.has_more || page.data.is_empty();
            items.extend(page.data);
            if last {
                return Ok(items);
            }
        }
        Err(Unknown::new(Doubt::Endless).into())
    }

    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        name: &'static str,
        path: String,
        params: Params,
    ) -> Result<T, Error> {
        self.send(Call { name, method: Method::GET, path, params, idempotency_key: None }).await
    }

    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        name: &'static str,
        path: String,
        params: Params,
        idempotency_key: Option<&str>,
    ) -> Result<T, Error> {
        let sendable =
            |key: &str| key.len() <= IDEMPOTENCY_KEY_MAX_CHARS && key.bytes().all(|byte| byte.is_ascii_graphic());
        if !idempotency_key.is_none_or(sendable) {
            let message = format!("the key must be at most {IDEMPOTENCY_KEY_MAX_CHARS} visible ASCII characters");
            return Err(Invalid::not_sent("Idempotency-Key", message).into());
        }
        self.send(Call { name, method: Method::POST, path, params, idempotency_key }).await
    }

    /// Sends a call until its answer settles it or the repeats are used up.
    async fn send<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T, Error> {
        let span =
            tracing::debug_span!("stripe", call = call.name, request_id = Empty, attempts = Empty, outcome = Empty);
        let result = self.send_and_repeat(&call).instrument(span.clone()).await;
        span.record(
            "outcome",
            match &result {
                Ok(_) => "done",
                Err(Error::Refused(_)) => "refused",
                Err(Error::Invalid(_)) => "invalid",
                Err(Error::Unknown(_)) => "unknown",
            },
        );
        result
    }

    async fn send_and_repeat<T: DeserializeOwned>(&self, call: &Call<'_>) -> Result<T, Error> {
        let mut attempt = 0;
        let mut doubt: Option<Unknown> = None;
        loop {
            let (result, headers) = match self.attempt(call).await {
                Ok(answer) => (error::read(answer.status, &answer.headers, &answer.body), answer.headers),
                Err(doubt) => (Err(Unknown::new(doubt).into()), HeaderMap::new()),
            };
            let span = tracing::Span::current();
            span.record("attempts", attempt + 1);
            span.record("request_id", error::request_id(&headers));
            let failure = match result {
                Ok(value) => return Ok(value),
                Err(failure) => failure,
            };
            let repeatable = matches!(&failure, Error::Unknown(unknown) if unknown.reason.is_repeatable());
            let failure = in_light_of(doubt.as_ref(), failure);
            match retry::pause(self.retry, attempt, repeatable, &headers, rand::random_range(0..=1_000)) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(failure),
            }
            if let Error::Unknown(unknown) = failure {
                doubt = Some(*unknown);
            }
            attempt += 1;
        }
    }

    async fn attempt(&self, call: &Call<'_>) -> Result<Answer, Doubt> {
        let url = format!("{}/v1/{}", self.origin, call.path);
        let mut request = self.http.request(call.method.clone(), url);
        request = if call.method == Method::GET { request.query(&call.params) } else { request.form(&call.params) };
        if let Some(key) = call.idempotency_key {
            request = request.header("idempotency-key", key);
        }
        let mut response = request.send().await.map_err(|error| doubt(&error))?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| doubt(&error))? {
            body.extend_from_slice(&chunk);
            if body.len() > ANSWER_MAX_BYTES {
                return Err(Doubt::Unreadable);
            }
        }
        Ok(Answer { status: response.status(), headers: std::mem::take(response.headers_mut()), body })
    }
}

/// What broke, without the library's own text, which may quote the address.
fn doubt(error: &reqwest::Error) -> Doubt {
    if error.is_connect() || error.is_builder() {
        Doubt::NotConnected
    } else if error.is_timeout() {
        Doubt::Timeout
    } else {
        Doubt::Interrupted
    }
}

/// A failure, weighed with the attempts before it. An attempt that may have charged stays in doubt when a later one did not
/// run; so it does when the key is refused meanwhile, because keys are checked before idempotency keys are looked up.
fn in_light_of(earlier: Option<&Unknown>, failure: Error) -> Error {
    match (earlier.filter(|unknown| unknown.may_have_run), failure) {
        (Some(_), Error::Unknown(mut unknown)) => {
            unknown.may_have_run = true;
            Error::Unknown(unknown)
        }
        (Some(doubt), Error::Invalid(invalid)) if invalid.kind == InvalidKind::Credentials => doubt.clone().into(),
        (_, failure) => failure,
    }
}

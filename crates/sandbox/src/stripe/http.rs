//! The way of one API request: log, authenticate, check, idempotency key, scripted fault, execute, answer.
//!
//! Invariants: nothing before execution leaves a trace in the store but the request log; execution and
//! storing its answer under the key happen under one lock; a client that goes away cancels neither.
//! Cost: one short lock before execution and one for it.

use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Form, FromRequest, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::futures::Notified;

use super::Stripe;
use super::error::ApiError;
use super::faults::{Fault, FaultRule};
use super::idempotency::Stored;
use super::params::{self, API_VERSION};
use super::routes::{self, Route};
use super::store::{Cause, Store};
use super::{cards::Behaviour, expand};

/// Largest request body, in bytes.
const BODY_LIMIT: usize = 1 << 20;

/// One request as it came in, for tests that count charges.
#[derive(Debug, Clone, Serialize)]
pub struct RequestLog {
    /// `req_…`, also in the answer's `Request-Id`.
    pub id: String,
    /// `GET`, `POST` or `DELETE`.
    pub method: String,
    /// The path without the query.
    pub path: String,
    /// The parameters as a tree of texts.
    pub params: Value,
    /// The header `Idempotency-Key`.
    pub idempotency_key: Option<String>,
    /// HTTP status answered; `None` while running or when the connection ended without an answer.
    pub status: Option<u16>,
    /// The answer was a replay: nothing was executed.
    pub replayed: bool,
}

/// An operation's view of its request.
pub(crate) struct Call {
    /// The id in the path; empty for collections.
    pub id: String,
    /// Checked and typed parameters.
    pub params: Value,
}

/// How a request ends.
pub(crate) enum Ending {
    Answer(Answer),
    /// Hold the connection this long, then close it without an answer.
    Hang(Duration),
    /// Close the connection without an answer.
    Close,
    /// A 200 that is not JSON.
    Garbage,
}

/// A complete answer.
pub(crate) struct Answer {
    stored: Stored,
    replayed: bool,
}

/// Marks a response that must not be written: the server closes the connection instead.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CloseConnection;

/// What is known of a request before execution.
struct Incoming {
    request_id: String,
    method: String,
    path: String,
    raw: Result<Value, ApiError>,
    key: Option<String>,
    refused: Option<ApiError>,
}

/// Serves one request of the API.
pub(crate) async fn serve(State(stripe): State<Stripe>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let headers = parts.headers.clone();
    let (request_id, ending) = match to_bytes(body, BODY_LIMIT).await {
        Err(_) => return StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        Ok(body) => {
            let incoming = read(&stripe, &parts, body).await;
            let id = incoming.request_id.clone();
            // A task of its own: a client that gives up does not undo what was begun.
            match tokio::spawn(async move { process(&stripe, incoming).await }).await {
                Ok(ending) => (id, ending),
                Err(_) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            }
        }
    };
    match ending {
        Ending::Answer(answer) => render(&request_id, &headers, answer),
        Ending::Garbage => (StatusCode::OK, "<html><body>upstream").into_response(),
        Ending::Close => close(),
        Ending::Hang(time) => {
            tokio::time::sleep(time).await;
            close()
        }
    }
}

async fn read(stripe: &Stripe, parts: &Parts, body: Bytes) -> Incoming {
    let key = header(&parts.headers, "idempotency-key").filter(|_| parts.method == Method::POST);
    let refused = authorize(stripe, &parts.headers).and_then(|()| check_headers(&parts.headers)).err();
    let request_id = stripe.lock().id("req");
    Incoming {
        request_id,
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        raw: decode(parts, body).await.map(params::tree),
        key,
        refused,
    }
}

/// The pairs of the form body (POST) or of the query.
async fn decode(parts: &Parts, body: Bytes) -> Result<Vec<(String, String)>, ApiError> {
    let mut request = if parts.method == Method::POST {
        if body.is_empty() {
            return Ok(Vec::new());
        }
        Request::post("/").body(Body::from(body))
    } else {
        Request::get(parts.uri.clone()).body(Body::empty())
    }
    .map_err(|error| ApiError::invalid(error.to_string()))?;
    if let Some(kind) = parts.headers.get(header::CONTENT_TYPE) {
        request.headers_mut().insert(header::CONTENT_TYPE, kind.clone());
    }
    let Form(pairs) = Form::<Vec<(String, String)>>::from_request(request, &())
        .await
        .map_err(|_| ApiError::invalid("Send the parameters as application/x-www-form-urlencoded."))?;
    Ok(pairs)
}

fn authorize(stripe: &Stripe, headers: &HeaderMap) -> Result<(), ApiError> {
    let sent = header(headers, "authorization").unwrap_or_default();
    let key = match sent.split_once(' ') {
        Some(("Bearer", key)) => key.trim().to_owned(),
        Some(("Basic", encoded)) => basic_user(encoded.trim()).unwrap_or_default(),
        _ => {
            return Err(ApiError::unauthorized(
                "You did not provide an API key: send `Authorization: Bearer sk_test_…`.",
            ));
        }
    };
    if key.starts_with("sk_live_") || key.starts_with("rk_live_") {
        return Err(ApiError::unauthorized(
            "A live key was sent to the sandbox. Replace that key: it has left your system.",
        ));
    }
    if key.starts_with("pk_") {
        return Err(
            ApiError::unauthorized("This call needs a secret key, not a publishable one.").code("secret_key_required")
        );
    }
    let known = match stripe.options().api_key.as_deref() {
        Some(expected) => key == expected,
        None => {
            ["sk_test_", "rk_test_"].iter().any(|prefix| key.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty()))
        }
    };
    if known { Ok(()) } else { Err(ApiError::unauthorized("Invalid API Key provided.")) }
}

/// The user name of HTTP Basic credentials; the password is not used.
fn basic_user(encoded: &str) -> Option<String> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut width, mut bytes) = (0_u32, 0, Vec::new());
    for letter in encoded.bytes().filter(|letter| *letter != b'=') {
        let value = ALPHABET.iter().position(|known| *known == letter)?;
        bits = (bits << 6) | u32::try_from(value).ok()?;
        width += 6;
        if width >= 8 {
            width -= 8;
            bytes.push(u8::try_from((bits >> width) & 0xff).ok()?);
        }
    }
    let text = String::from_utf8(bytes).ok()?;
    Some(text.split(':').next().unwrap_or_default().to_owned())
}

fn check_headers(headers: &HeaderMap) -> Result<(), ApiError> {
    if let Some(version) = header(headers, "stripe-version").filter(|version| version != API_VERSION) {
        return Err(ApiError::invalid(format!(
            "Invalid Stripe API version: {version}. The sandbox plays {API_VERSION}."
        )));
    }
    if header(headers, "idempotency-key").is_some_and(|key| key.is_empty() || key.len() > 255) {
        return Err(ApiError::invalid("An idempotency key must be 1 to 255 characters long."));
    }
    Ok(())
}

/// A request that may be executed, with the fault that was scripted for it.
struct Admitted {
    route: &'static Route,
    call: Call,
    fault: Option<FaultRule>,
}

async fn process(stripe: &Stripe, incoming: Incoming) -> Ending {
    // Made before the log shows the request: whoever sees it there can release it.
    let released = stripe.released();
    let (position, admitted) = {
        // One lock: a request that the log shows holds its key.
        let mut store = stripe.lock();
        (log(&mut store, &incoming), admit(&mut store, &incoming))
    };
    let ending = match admitted {
        Ok(admitted) => run(stripe, &incoming, admitted, released).await,
        Err(ending) => ending,
    };
    if let Some(entry) = stripe.lock().requests.get_mut(position).filter(|entry| entry.id == incoming.request_id) {
        (entry.status, entry.replayed) = match &ending {
            Ending::Answer(answer) => (Some(answer.stored.status.as_u16()), answer.replayed),
            Ending::Garbage => (Some(200), false),
            Ending::Hang(_) | Ending::Close => (None, false),
        };
    }
    ending
}

fn log(store: &mut Store, incoming: &Incoming) -> usize {
    store.requests.push(RequestLog {
        id: incoming.request_id.clone(),
        method: incoming.method.clone(),
        path: incoming.path.clone(),
        params: incoming.raw.clone().unwrap_or_default(),
        idempotency_key: incoming.key.clone(),
        status: None,
        replayed: false,
    });
    store.requests.len() - 1
}

/// Everything before execution. The order is Stripe's: key, URL, parameters, idempotency key.
fn admit(store: &mut Store, incoming: &Incoming) -> Result<Admitted, Ending> {
    let refuse = |error: ApiError| answer(&incoming.request_id, Err(error), false);
    if let Some(error) = &incoming.refused {
        return Err(refuse(error.clone()));
    }
    let (route, id) = routes::find(&incoming.method, &incoming.path)
        .ok_or_else(|| refuse(ApiError::no_such_url(&incoming.method, &incoming.path)))?;
    let raw = incoming.raw.clone().map_err(refuse)?;
    let params = params::check(&route.name(), &raw).map_err(refuse)?;
    expand::check(route, &params).map_err(refuse)?;
    if let Some(key) = &incoming.key {
        let operation = format!("{} {}", incoming.method, incoming.path);
        match store.keys.begin(key, &operation, &params) {
            Err(error) => return Err(refuse(error)),
            Ok(Some(stored)) => return Err(Ending::Answer(Answer { stored, replayed: true })),
            Ok(None) => {}
        }
    }
    let call = Call { id: id.to_owned(), params };
    let scripted = store.faults.take_api(&incoming.method, &incoming.path);
    let fault = scripted.or_else(|| card_fault(store, route, &call));
    Ok(Admitted { route, call, fault })
}

/// The fault of the card that this call would charge; a card breaks only once.
fn card_fault(store: &mut Store, route: &Route, call: &Call) -> Option<FaultRule> {
    let confirms = route.path.ends_with("/confirm") || call.params["confirm"] == true;
    if !confirms || !route.path.starts_with("/v1/payment_intents") {
        return None;
    }
    let kept = store.get(&call.id).map(|intent| intent["payment_method"].clone());
    let chosen = call.params["payment_method"].as_str().map(str::to_owned);
    let id = chosen.or_else(|| kept.and_then(|id| id.as_str().map(str::to_owned)))?;
    let saved = store.cards.get_mut(&id)?;
    match saved.card.behaviour {
        Behaviour::Breaks(fault) if !saved.fault_spent => {
            saved.fault_spent = true;
            Some(FaultRule::once(fault))
        }
        _ => None,
    }
}

async fn run(stripe: &Stripe, incoming: &Incoming, admitted: Admitted, released: Notified<'_>) -> Ending {
    let Admitted { route, call, fault } = admitted;
    let hold = Duration::from_millis(fault.as_ref().map_or(0, |rule| rule.hold_ms));
    let without_effect = |ending: Ending| {
        if let Some(key) = &incoming.key {
            stripe.lock().keys.release(key);
        }
        ending
    };
    let refused = |error: ApiError| without_effect(answer(&incoming.request_id, Err(error), false));
    let fault = fault.map(|rule| rule.fault);
    match fault {
        Some(Fault::TimeoutBefore) => return without_effect(Ending::Hang(hold)),
        Some(Fault::CloseBefore) => return without_effect(Ending::Close),
        Some(Fault::RateLimit) => return refused(ApiError::too_many("rate_limit")),
        Some(Fault::LockTimeout) => return refused(ApiError::too_many("lock_timeout")),
        Some(Fault::Conflict) => return refused(ApiError::key_in_use()),
        Some(Fault::Unavailable) => return refused(ApiError::server(StatusCode::SERVICE_UNAVAILABLE)),
        // An elapsed hold is a release, too.
        Some(Fault::Slow) => drop(tokio::time::timeout(hold, released).await),
        _ => {}
    }
    let ending = execute(stripe, incoming, route, &call, fault);
    match fault {
        Some(Fault::TimeoutAfter) => Ending::Hang(hold),
        Some(Fault::CloseAfter) => Ending::Close,
        Some(Fault::Unreadable) => Ending::Garbage,
        _ => ending,
    }
}

/// Executes and keeps the answer under the key, in one lock.
fn execute(stripe: &Stripe, incoming: &Incoming, route: &Route, call: &Call, fault: Option<Fault>) -> Ending {
    let mut store = stripe.lock();
    store.cause = Cause { request_id: Some(incoming.request_id.clone()), idempotency_key: incoming.key.clone() };
    let server_error = || Err(ApiError::server(StatusCode::INTERNAL_SERVER_ERROR));
    let result = match fault {
        Some(Fault::ServerErrorBefore) => server_error(),
        _ => (route.operation)(&mut store, call).map(|object| expand::expand(&store, object, &call.params)),
    };
    let result = if fault == Some(Fault::ServerErrorAfter) { server_error() } else { result };
    store.cause = Cause::default();
    let ending = answer(&incoming.request_id, result, false);
    if let (Some(key), Ending::Answer(answer)) = (&incoming.key, &ending) {
        store.keys.finish(key, answer.stored.clone());
    }
    ending
}

fn answer(request_id: &str, result: Result<Value, ApiError>, replayed: bool) -> Ending {
    let (status, body, should_retry) = match result {
        Ok(body) => (StatusCode::OK, body, None),
        Err(error) => (error.status, error.body(), error.should_retry),
    };
    let stored = Stored { status, body, should_retry, request_id: request_id.to_owned() };
    Ending::Answer(Answer { stored, replayed })
}

fn render(request_id: &str, request: &HeaderMap, answer: Answer) -> Response {
    let Answer { stored, replayed } = answer;
    let mut response = (stored.status, axum::Json(stored.body)).into_response();
    let headers = response.headers_mut();
    let mut set = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set("request-id", request_id);
    set("stripe-version", API_VERSION);
    if let Some(key) = header(request, "idempotency-key") {
        set("idempotency-key", &key);
    }
    if replayed {
        set("idempotent-replayed", "true");
        set("original-request", &stored.request_id);
    }
    if let Some(should_retry) = stored.should_retry {
        set("stripe-should-retry", if should_retry { "true" } else { "false" });
    }
    if stored.status == StatusCode::TOO_MANY_REQUESTS {
        set("retry-after", "1");
    }
    response
}

/// A response that the server turns into a closed connection.
fn close() -> Response {
    let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
    response.extensions_mut().insert(CloseConnection);
    response
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

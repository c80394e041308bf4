//! The way of one API request: log, authorize, request id, scripted fault, execute, answer.
//!
//! Invariants: nothing before execution leaves a trace in the store but the request log; execution and keeping its
//! result under the request id happen under one lock; a client that goes away cancels neither. Cost: one short lock
//! before execution and one for it.

use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::futures::Notified;

use super::PayPal;
use super::error::ApiError;
use super::faults::{Fault, FaultRule};
use super::idempotency::{Stored, in_use, is_kept};
use super::objects::orders;
use super::request::{self, Call, Incoming};
use super::routes::{self, Route};
use super::store::Store;
use crate::listener::Cut;

/// Largest request body, in bytes.
const BODY_LIMIT: usize = 1 << 20;

/// Longest `PayPal-Request-Id`, in characters.
const REQUEST_ID_LIMIT: usize = 108;

/// One request as it came in, for tests that count captures.
#[derive(Debug, Clone, Serialize)]
pub struct RequestLog {
    /// Also in the answer's `PayPal-Debug-Id`.
    pub id: String,
    /// `GET`, `POST`, `PATCH` or `DELETE`.
    pub method: String,
    /// The path without the query.
    pub path: String,
    /// The JSON body; null when there was none that can be read.
    pub body: Value,
    /// The header `PayPal-Request-Id`.
    pub request_id: Option<String>,
    /// HTTP status answered; `None` while running or when the connection ended without an answer.
    pub status: Option<u16>,
    /// The answer was a replay: nothing was executed.
    pub replayed: bool,
}

/// How a request ends.
enum Ending {
    Answer {
        stored: Stored,
        replayed: bool,
    },
    /// Hold the connection this long, then close it without an answer.
    Hang(Duration),
    /// End the connection without an answer.
    Cut(Cut),
    /// A 200 that is not JSON.
    Garbage,
}

/// Serves one request of the API.
pub(crate) async fn serve(State(paypal): State<PayPal>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(raw) = to_bytes(body, BODY_LIMIT).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let debug_id = paypal.lock().hex(13);
    let incoming = request::read(debug_id.clone(), &parts.method, &parts.uri, &parts.headers, raw).await;
    // A task of its own: a client that gives up does not undo what was begun.
    let ending = match tokio::spawn(async move { process(&paypal, incoming).await }).await {
        Ok(ending) => ending,
        Err(_) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    };
    match ending {
        Ending::Answer { stored, replayed } => render(&debug_id, stored, replayed),
        Ending::Garbage => (StatusCode::OK, "<html><body>upstream</body></html>").into_response(),
        Ending::Cut(cut) => cut.response(),
        Ending::Hang(time) => {
            tokio::time::sleep(time).await;
            Cut::Close.response()
        }
    }
}

/// A request that may be executed, with the fault that was scripted for it.
struct Admitted {
    route: &'static Route,
    call: Call,
    fault: Option<FaultRule>,
    /// Operation and request id, held by this request.
    key: Option<(String, String)>,
}

async fn process(paypal: &PayPal, incoming: Incoming) -> Ending {
    // Made before the log shows the request: whoever sees it there can release it.
    let released = paypal.released();
    let (position, admitted) = {
        // One lock: a request that the log shows holds its id.
        let mut store = paypal.lock();
        orders::expire(&mut store);
        (log(&mut store, &incoming), admit(&mut store, &incoming))
    };
    let ending = match admitted {
        Ok(admitted) => run(paypal, admitted, released).await,
        Err(ending) => ending,
    };
    if let Some(entry) = paypal.lock().requests.get_mut(position).filter(|entry| entry.id == incoming.debug_id) {
        (entry.status, entry.replayed) = match &ending {
            Ending::Answer { stored, replayed } => (Some(stored.shown_status(*replayed).as_u16()), *replayed),
            Ending::Garbage => (Some(200), false),
            Ending::Hang(_) | Ending::Cut(_) => (None, false),
        };
    }
    ending
}

fn log(store: &mut Store, incoming: &Incoming) -> usize {
    store.requests.push(RequestLog {
        id: incoming.debug_id.clone(),
        method: incoming.method.clone(),
        path: incoming.path.clone(),
        body: incoming.body.clone().unwrap_or_default(),
        request_id: incoming.request_id.clone(),
        status: None,
        replayed: false,
    });
    store.requests.len() - 1
}

/// Everything before execution.
fn admit(store: &mut Store, incoming: &Incoming) -> Result<Admitted, Ending> {
    let found = routes::find(&incoming.method, &incoming.path);
    if !found.is_some_and(|(route, _)| route.is_open()) {
        store.tokens.check(incoming.authorization.as_deref(), store.now()).map_err(refused)?;
    }
    let (route, id) = found.ok_or_else(|| refused(ApiError::bare(StatusCode::NOT_FOUND)))?;
    let body = incoming.body.clone().map_err(refused)?;
    if let Some(issue) = &incoming.mock {
        return Err(refused(ApiError::issue(issue, "Asked for by PayPal-Mock-Response.")));
    }
    let key = incoming.request_id.clone().filter(|_| route.kept_seconds > 0);
    if key.as_ref().is_some_and(|id| id.is_empty() || id.len() > REQUEST_ID_LIMIT) {
        let text = "PayPal-Request-Id has 1 to 108 characters.";
        return Err(refused(ApiError::issue("INVALID_STRING_LENGTH", text)));
    }
    let key = key.map(|id| (format!("{} {}", incoming.method, incoming.path), id));
    if let Some(key) = &key {
        let now_s = store.now();
        if let Some(stored) = store.request_ids.begin(key, now_s, route.kept_seconds).map_err(refused)? {
            return Err(Ending::Answer { stored, replayed: true });
        }
    }
    let fault = store.api_fault(&incoming.method, &incoming.path);
    let call = Call {
        id: id.to_owned(),
        query: incoming.query.clone(),
        body,
        raw: incoming.raw.clone(),
        authorization: incoming.authorization.clone(),
        has_request_id: incoming.request_id.is_some(),
        minimal: incoming.minimal,
    };
    Ok(Admitted { route, call, fault, key })
}

async fn run(paypal: &PayPal, admitted: Admitted, released: Notified<'_>) -> Ending {
    let hold = Duration::from_millis(admitted.fault.as_ref().map_or(0, |rule| rule.hold_ms));
    let fault = admitted.fault.as_ref().map(|rule| rule.fault);
    let server_error = |status| refused(ApiError::bare(status));
    let before = match fault {
        Some(Fault::TimeoutBefore) => Some(Ending::Hang(hold)),
        Some(Fault::CloseBefore) => Some(Ending::Cut(Cut::Close)),
        Some(Fault::ResetBefore) => Some(Ending::Cut(Cut::Reset)),
        Some(Fault::ServerErrorBefore) => Some(server_error(StatusCode::INTERNAL_SERVER_ERROR)),
        Some(Fault::Unavailable) => Some(server_error(StatusCode::SERVICE_UNAVAILABLE)),
        Some(Fault::RateLimit) => Some(server_error(StatusCode::TOO_MANY_REQUESTS)),
        Some(Fault::Conflict) => Some(refused(in_use())),
        _ => None,
    };
    if let Some(ending) = before {
        if let Some(key) = &admitted.key {
            paypal.lock().request_ids.finish(key, None);
        }
        return ending;
    }
    if fault == Some(Fault::Slow) {
        // An elapsed hold is a release, too.
        drop(tokio::time::timeout(hold, released).await);
    }
    let ending = execute(paypal, &admitted);
    match fault {
        Some(Fault::TimeoutAfter) => Ending::Hang(hold),
        Some(Fault::CloseAfter) => Ending::Cut(Cut::Close),
        Some(Fault::ResetAfter) => Ending::Cut(Cut::Reset),
        Some(Fault::ServerErrorAfter) => server_error(StatusCode::INTERNAL_SERVER_ERROR),
        Some(Fault::InProgress) => {
            refused(ApiError::issue("ORDER_COMPLETION_IN_PROGRESS", "The order is being completed. Ask again later."))
        }
        Some(Fault::Unreadable) => Ending::Garbage,
        _ => ending,
    }
}

/// Executes and keeps the result under the request id, in one lock.
fn execute(paypal: &PayPal, admitted: &Admitted) -> Ending {
    let mut store = paypal.lock();
    let stored = match (admitted.route.operation)(&mut store, &admitted.call) {
        Ok(done) => Stored { status: done.status, result: Ok(done.body) },
        Err(error) => Stored { status: error.status, result: Err(error) },
    };
    if let Some(key) = &admitted.key {
        store.request_ids.finish(key, is_kept(&stored.result).then(|| stored.clone()));
    }
    Ending::Answer { stored, replayed: false }
}

fn refused(error: ApiError) -> Ending {
    Ending::Answer { stored: Stored { status: error.status, result: Err(error) }, replayed: false }
}

impl Stored {
    /// What was created answers 200 when it is asked for again.
    fn shown_status(&self, replayed: bool) -> StatusCode {
        if replayed && self.status == StatusCode::CREATED { StatusCode::OK } else { self.status }
    }
}

fn render(debug_id: &str, stored: Stored, replayed: bool) -> Response {
    let status = stored.shown_status(replayed);
    let body = stored.result.unwrap_or_else(|error| error.body(debug_id));
    let mut response = match body {
        Value::Null => status.into_response(),
        body => (status, axum::Json(body)).into_response(),
    };
    if let Ok(value) = HeaderValue::from_str(debug_id) {
        response.headers_mut().insert("paypal-debug-id", value);
    }
    response
}

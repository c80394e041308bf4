//! The way of one API call: log, scripted fault, execute, answer.
//!
//! Invariants: a call is executed under one lock, wholly or not at all; a client that goes away does not undo it; every
//! answer of a command is HTTP 200, as VNPay has it, whatever its code says.
//! Cost: one short lock before and one for it.

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tokio::sync::futures::Notified;

use super::faults::{Fault, FaultRule};
use super::sign::{Params, SECURE_HASH, sign};
use super::store::Store;
use super::{Vnpay, api};
use crate::listener::Cut;

/// The path of the API.
pub(crate) const API_PATH: &str = "/merchant_webapi/api/transaction";

/// One request as it came in: an API call or the opening of a payment address.
#[derive(Debug, Clone, Serialize)]
pub struct RequestLog {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The path without the query.
    pub path: &'static str,
    /// The parameters; empty when they could not be read.
    pub params: Params,
    /// HTTP status answered; `None` while running or when the connection ended without an answer.
    pub status: Option<u16>,
    /// `vnp_ResponseCode` of the answer, or the code of the error page.
    pub code: Option<String>,
    /// Tells entries apart when the log was cleared meanwhile.
    #[serde(skip)]
    pub(crate) token: String,
}

/// How a call ends.
enum Ending {
    Answer(Params),
    Status(StatusCode),
    /// Hold the connection this long, then close it without an answer.
    Hang(Duration),
    /// End the connection without an answer.
    Cut(Cut),
    /// A 200 that is not JSON.
    Garbage,
}

/// Serves one call of the API.
pub(crate) async fn serve(State(vnpay): State<Vnpay>, body: Bytes) -> Response {
    // A task of its own: a client that gives up does not undo what was begun.
    let task = tokio::spawn(async move { process(&vnpay, &body).await });
    match task.await {
        Ok(Ending::Answer(answer)) => Json(answer).into_response(),
        Ok(Ending::Status(status)) => status.into_response(),
        Ok(Ending::Garbage) => (StatusCode::OK, "<html><body>upstream").into_response(),
        Ok(Ending::Cut(cut)) => cut.response(),
        Ok(Ending::Hang(time)) => {
            tokio::time::sleep(time).await;
            Cut::Close.response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Adds a request to the log and gives its place and token.
pub(crate) fn log(store: &mut Store, method: &'static str, path: &'static str, params: Params) -> (usize, String) {
    let token = store.name();
    let entry = RequestLog { method, path, params, status: None, code: None, token: token.clone() };
    store.requests.push(entry);
    (store.requests.len() - 1, token)
}

async fn process(vnpay: &Vnpay, body: &[u8]) -> Ending {
    // Made before the log shows the request: whoever sees it there can release it.
    let released = vnpay.released();
    let request = api::read(body).unwrap_or_default();
    let ((position, token), fault) = {
        let mut store = vnpay.lock();
        let fault = store.take_fault(api::text(&request, "vnp_Command"));
        (log(&mut store, "POST", API_PATH, request.clone()), fault)
    };
    let ending = run(vnpay, &request, fault, released).await;
    if let Some(entry) = vnpay.lock().requests.get_mut(position).filter(|entry| entry.token == token) {
        (entry.status, entry.code) = match &ending {
            Ending::Answer(answer) => (Some(200), answer.get("vnp_ResponseCode").cloned()),
            Ending::Status(status) => (Some(status.as_u16()), None),
            Ending::Garbage => (Some(200), None),
            Ending::Hang(_) | Ending::Cut(_) => (None, None),
        };
    }
    ending
}

async fn run(vnpay: &Vnpay, request: &Params, fault: Option<FaultRule>, released: Notified<'_>) -> Ending {
    let hold = Duration::from_millis(fault.as_ref().map_or(0, |rule| rule.hold_ms));
    let fault = fault.map(|rule| rule.fault);
    let refused = |code: &str| Ending::Answer(api::refuse(&mut vnpay.lock(), request, code));
    match fault {
        Some(Fault::TimeoutBefore) => return Ending::Hang(hold),
        Some(Fault::CloseBefore) => return Ending::Cut(Cut::Close),
        Some(Fault::ResetBefore) => return Ending::Cut(Cut::Reset),
        Some(Fault::ServerErrorBefore) => return Ending::Status(StatusCode::INTERNAL_SERVER_ERROR),
        Some(Fault::Unavailable) => return Ending::Status(StatusCode::SERVICE_UNAVAILABLE),
        Some(Fault::Repeated) => return refused("94"),
        Some(Fault::OtherError) => return refused("99"),
        // An elapsed hold is a release, too.
        Some(Fault::Slow) => drop(tokio::time::timeout(hold, released).await),
        _ => {}
    }
    let mut answer = api::execute(&mut vnpay.lock(), request);
    match fault {
        Some(Fault::TimeoutAfter) => Ending::Hang(hold),
        Some(Fault::CloseAfter) => Ending::Cut(Cut::Close),
        Some(Fault::ResetAfter) => Ending::Cut(Cut::Reset),
        Some(Fault::ServerErrorAfter) => Ending::Status(StatusCode::INTERNAL_SERVER_ERROR),
        Some(Fault::Unreadable) => Ending::Garbage,
        Some(Fault::Forged) => {
            answer.insert(SECURE_HASH.to_owned(), sign("a secret of somebody else", "another answer"));
            Ending::Answer(answer)
        }
        _ => Ending::Answer(answer),
    }
}

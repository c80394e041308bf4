//! The control calls over HTTP, JSON in and out, under `/_sandbox/`. Nobody is asked who they are.
//!
//! | call | body |
//! |---|---|
//! | `PUT /_sandbox/webhook` | `{"url"}`, or `null` to stop |
//! | `GET /_sandbox/payments`, `GET /_sandbox/payments/{txn_ref}` | – |
//! | `POST /_sandbox/payments/{txn_ref}/pay` | `{"code":"00"}`: the payer's part at once |
//! | `POST /_sandbox/payments/{txn_ref}/settle` | `{"code":"00"}`: the end of a review, a late success |
//! | `POST /_sandbox/payments/{txn_ref}/redeliver` | – |
//! | `POST /_sandbox/refunds/{transaction_no}/settle` | `{"succeeded":false}` |
//! | `POST /_sandbox/next_payment` | `{"code":"07","at_once"?:true,"txn_ref"?,"times"?,"percent"?}` |
//! | `POST /_sandbox/faults` | `{"fault":"timeout_after","command"?,"times"?,"percent"?,"hold_ms"?}` |
//! | `DELETE /_sandbox/faults` | – ; drops all faults and fates |
//! | `POST /_sandbox/webhook_faults` | `{"fault":"duplicate","copies":2,"txn_ref"?,"code"?,"times"?,"percent"?}` |
//! | `POST /_sandbox/release` | – |
//! | `GET`, `DELETE /_sandbox/requests` | – |
//! | `GET /_sandbox/deliveries` | – |
//! | `PUT /_sandbox/clock` | `{"offset_seconds":86400}` |
//! | `POST /_sandbox/reset` | – |

use axum::Router;
use axum::extract::{Json, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::control::ControlError;
use super::faults::{Fate, FaultRule, WebhookFaultRule};
use super::{Delivery, Payment, RequestLog, Vnpay};

type Answer<T> = Result<Json<T>, ControlError>;

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "error": { "message": self.message } }))).into_response()
    }
}

/// All control routes.
pub(crate) fn router() -> Router<Vnpay> {
    Router::new()
        .route("/_sandbox/webhook", put(set_webhook))
        .route("/_sandbox/payments", get(payments))
        .route("/_sandbox/payments/{txn_ref}", get(payment))
        .route("/_sandbox/payments/{txn_ref}/pay", post(pay))
        .route("/_sandbox/payments/{txn_ref}/settle", post(settle))
        .route("/_sandbox/payments/{txn_ref}/redeliver", post(redeliver))
        .route("/_sandbox/refunds/{transaction_no}/settle", post(settle_refund))
        .route("/_sandbox/next_payment", post(next_payment))
        .route("/_sandbox/faults", post(script_fault).delete(clear_faults))
        .route("/_sandbox/webhook_faults", post(script_webhook_fault))
        .route("/_sandbox/release", post(release))
        .route("/_sandbox/requests", get(requests).delete(clear_requests))
        .route("/_sandbox/deliveries", get(deliveries))
        .route("/_sandbox/clock", put(set_clock))
        .route("/_sandbox/reset", post(reset))
}

fn done() -> Json<Value> {
    Json(json!({ "ok": true }))
}

async fn set_webhook(State(vnpay): State<Vnpay>, Json(target): Json<Option<Target>>) -> Json<Value> {
    vnpay.set_webhook_url(target.map(|target| target.url));
    done()
}

async fn payments(State(vnpay): State<Vnpay>) -> Json<Data<Payment>> {
    Json(Data { data: vnpay.payments() })
}

async fn payment(State(vnpay): State<Vnpay>, Path(txn_ref): Path<String>) -> Result<Json<Payment>, StatusCode> {
    vnpay.payment(&txn_ref).map(Json).ok_or(StatusCode::NOT_FOUND)
}

async fn pay(State(vnpay): State<Vnpay>, Path(txn_ref): Path<String>, Json(end): Json<Code>) -> Answer<Payment> {
    vnpay.pay(&txn_ref, &end.code).map(Json)
}

async fn settle(State(vnpay): State<Vnpay>, Path(txn_ref): Path<String>, Json(end): Json<Code>) -> Answer<Payment> {
    vnpay.settle(&txn_ref, &end.code).map(Json)
}

async fn redeliver(State(vnpay): State<Vnpay>, Path(txn_ref): Path<String>) -> Answer<Value> {
    vnpay.redeliver(&txn_ref).map(|()| done())
}

async fn settle_refund(
    State(vnpay): State<Vnpay>,
    Path(transaction_no): Path<u64>,
    Json(end): Json<End>,
) -> Answer<Payment> {
    vnpay.settle_refund(transaction_no, end.succeeded).map(Json)
}

async fn next_payment(State(vnpay): State<Vnpay>, Json(fate): Json<Fate>) -> Answer<Value> {
    vnpay.next_payment(fate).map(|()| done())
}

async fn script_fault(State(vnpay): State<Vnpay>, Json(rule): Json<FaultRule>) -> Json<Value> {
    vnpay.script_fault(rule);
    done()
}

async fn script_webhook_fault(State(vnpay): State<Vnpay>, Json(rule): Json<WebhookFaultRule>) -> Json<Value> {
    vnpay.script_webhook_fault(rule);
    done()
}

async fn clear_faults(State(vnpay): State<Vnpay>) -> Json<Value> {
    vnpay.clear_faults();
    done()
}

async fn release(State(vnpay): State<Vnpay>) -> Json<Value> {
    vnpay.release();
    done()
}

async fn requests(State(vnpay): State<Vnpay>) -> Json<Data<RequestLog>> {
    Json(Data { data: vnpay.requests() })
}

async fn clear_requests(State(vnpay): State<Vnpay>) -> Json<Value> {
    vnpay.clear_requests();
    done()
}

async fn deliveries(State(vnpay): State<Vnpay>) -> Json<Data<Delivery>> {
    Json(Data { data: vnpay.deliveries() })
}

async fn set_clock(State(vnpay): State<Vnpay>, Json(clock): Json<Clock>) -> Json<Value> {
    vnpay.set_clock_offset(clock.offset_seconds);
    done()
}

async fn reset(State(vnpay): State<Vnpay>) -> Json<Value> {
    vnpay.reset();
    done()
}

#[derive(Serialize)]
struct Data<T> {
    data: Vec<T>,
}

#[derive(Deserialize)]
struct Target {
    url: String,
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

#[derive(Deserialize)]
struct End {
    succeeded: bool,
}

#[derive(Deserialize)]
struct Clock {
    offset_seconds: i64,
}

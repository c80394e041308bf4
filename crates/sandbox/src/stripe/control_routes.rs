//! The control calls over HTTP, JSON in and out, under `/_sandbox/`. No key is asked for.
//!
//! | call | body |
//! |---|---|
//! | `PUT /_sandbox/webhook` | `{"url","secret"}`, or `null` to stop |
//! | `POST /_sandbox/customers` | `{"email"?,"name"?,"metadata"?,"cards":["4242…","pm_card_…"],"default"?:0,"set_up"?:true}` |
//! | `GET`, `DELETE /_sandbox/requests` | – |
//! | `GET /_sandbox/events` | – ; `GET /_sandbox/deliveries` for every attempt |
//! | `POST /_sandbox/events/{id}/redeliver` | – |
//! | `POST /_sandbox/faults` | `{"fault":"timeout_after","method"?,"path"?,"times"?,"hold_ms"?}`; `DELETE` drops all |
//! | `POST /_sandbox/webhook_faults` | `{"fault":"duplicate","copies":2,"event"?,"object"?,"times"?}` |
//! | `POST /_sandbox/release` | – |
//! | `POST /_sandbox/payment_intents/{id}/settle` | `{"succeeded":true}` or `{"succeeded":false,"decline_code"?}` |
//! | `POST /_sandbox/payment_intents/{id}/authenticate`, `…/setup_intents/{id}/authenticate` | `{"success":true}` |
//! | `POST /_sandbox/charges/{id}/dispute` | `{"amount_minor"?,"reason"?,"inquiry"?}` |
//! | `POST /_sandbox/disputes/{id}/funds_withdrawn`, `…/under_review`, `…/won`, `…/lost` | – |
//! | `POST /_sandbox/refunds/{id}/settle` | `{"succeeded":false}` |
//! | `PUT /_sandbox/clock` | `{"offset_seconds":86400}` |
//! | `POST /_sandbox/idempotency_keys/expire`, `POST /_sandbox/reset` | – |

use axum::Router;
use axum::extract::{Json, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::control::NewCustomer;
use super::error::ApiError;
use super::faults::{FaultRule, WebhookFaultRule};
use super::webhooks::WebhookTarget;
use super::{Delivery, RequestLog, Stripe};

type Answer = Result<Json<Value>, ApiError>;

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(self.body())).into_response()
    }
}

/// All control routes.
pub(crate) fn router() -> Router<Stripe> {
    Router::new()
        .route("/_sandbox/webhook", put(set_webhook))
        .route("/_sandbox/customers", post(create_customer))
        .route("/_sandbox/requests", get(requests).delete(clear_requests))
        .route("/_sandbox/events", get(events))
        .route("/_sandbox/events/{id}/redeliver", post(redeliver))
        .route("/_sandbox/deliveries", get(deliveries))
        .route("/_sandbox/faults", post(script_fault).delete(clear_faults))
        .route("/_sandbox/webhook_faults", post(script_webhook_fault))
        .route("/_sandbox/release", post(release))
        .route("/_sandbox/payment_intents/{id}/settle", post(settle_payment_intent))
        .route("/_sandbox/payment_intents/{id}/authenticate", post(authenticate_payment_intent))
        .route("/_sandbox/setup_intents/{id}/authenticate", post(authenticate_setup_intent))
        .route("/_sandbox/charges/{id}/dispute", post(dispute))
        .route("/_sandbox/disputes/{id}/{step}", post(advance_dispute))
        .route("/_sandbox/refunds/{id}/settle", post(settle_refund))
        .route("/_sandbox/clock", put(set_clock))
        .route("/_sandbox/idempotency_keys/expire", post(expire_keys))
        .route("/_sandbox/reset", post(reset))
}

fn done() -> Json<Value> {
    Json(json!({ "ok": true }))
}

async fn set_webhook(State(stripe): State<Stripe>, Json(target): Json<Option<WebhookTarget>>) -> Json<Value> {
    stripe.set_webhook_target(target);
    done()
}

async fn create_customer(
    State(stripe): State<Stripe>,
    Json(new): Json<NewCustomer>,
) -> Result<impl IntoResponse, ApiError> {
    stripe.create_customer(&new).map(Json)
}

async fn requests(State(stripe): State<Stripe>) -> Json<Data<RequestLog>> {
    Json(Data { data: stripe.requests() })
}

async fn clear_requests(State(stripe): State<Stripe>) -> Json<Value> {
    stripe.clear_requests();
    done()
}

async fn events(State(stripe): State<Stripe>) -> Json<Data<Value>> {
    Json(Data { data: stripe.events() })
}

async fn deliveries(State(stripe): State<Stripe>) -> Json<Data<Delivery>> {
    Json(Data { data: stripe.deliveries() })
}

async fn redeliver(State(stripe): State<Stripe>, Path(id): Path<String>) -> Answer {
    stripe.redeliver(&id).map(|()| done())
}

async fn script_fault(State(stripe): State<Stripe>, Json(rule): Json<FaultRule>) -> Json<Value> {
    stripe.script_fault(rule);
    done()
}

async fn script_webhook_fault(State(stripe): State<Stripe>, Json(rule): Json<WebhookFaultRule>) -> Json<Value> {
    stripe.script_webhook_fault(rule);
    done()
}

async fn clear_faults(State(stripe): State<Stripe>) -> Json<Value> {
    stripe.clear_faults();
    done()
}

async fn release(State(stripe): State<Stripe>) -> Json<Value> {
    stripe.release();
    done()
}

async fn settle_payment_intent(State(stripe): State<Stripe>, Path(id): Path<String>, Json(end): Json<End>) -> Answer {
    stripe.settle_payment_intent(&id, end.succeeded, end.decline_code.as_deref()).map(Json)
}

async fn authenticate_payment_intent(
    State(stripe): State<Stripe>,
    Path(id): Path<String>,
    Json(payer): Json<Payer>,
) -> Answer {
    stripe.authenticate_payment_intent(&id, payer.success).map(Json)
}

async fn authenticate_setup_intent(
    State(stripe): State<Stripe>,
    Path(id): Path<String>,
    Json(payer): Json<Payer>,
) -> Answer {
    stripe.authenticate_setup_intent(&id, payer.success).map(Json)
}

async fn dispute(State(stripe): State<Stripe>, Path(id): Path<String>, Json(new): Json<NewDispute>) -> Answer {
    let reason = new.reason.as_deref().unwrap_or("fraudulent");
    stripe.dispute_charge(&id, new.amount_minor, reason, new.inquiry).map(Json)
}

async fn advance_dispute(State(stripe): State<Stripe>, Path((id, step)): Path<(String, String)>) -> Answer {
    match step.as_str() {
        "funds_withdrawn" => stripe.withdraw_dispute(&id),
        "under_review" => stripe.review_dispute(&id),
        "won" => stripe.close_dispute(&id, true),
        "lost" => stripe.close_dispute(&id, false),
        _ => Err(ApiError::invalid("A dispute goes to funds_withdrawn, under_review, won or lost.")),
    }
    .map(Json)
}

async fn settle_refund(State(stripe): State<Stripe>, Path(id): Path<String>, Json(end): Json<End>) -> Answer {
    stripe.settle_refund(&id, end.succeeded).map(Json)
}

async fn set_clock(State(stripe): State<Stripe>, Json(clock): Json<Clock>) -> Json<Value> {
    stripe.set_clock_offset(clock.offset_seconds);
    done()
}

async fn expire_keys(State(stripe): State<Stripe>) -> Json<Value> {
    stripe.expire_idempotency_keys();
    done()
}

async fn reset(State(stripe): State<Stripe>) -> Json<Value> {
    stripe.reset();
    done()
}

#[derive(Serialize)]
struct Data<T> {
    data: Vec<T>,
}

#[derive(Deserialize)]
struct End {
    succeeded: bool,
    decline_code: Option<String>,
}

#[derive(Deserialize)]
struct Payer {
    success: bool,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct NewDispute {
    amount_minor: Option<i64>,
    reason: Option<String>,
    inquiry: bool,
}

#[derive(Deserialize)]
struct Clock {
    offset_seconds: i64,
}

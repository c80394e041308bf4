//! The control calls over HTTP, JSON in and out, under `/_sandbox/`. No token is asked for.
//!
//! | call | body |
//! |---|---|
//! | `PUT /_sandbox/webhook` | `{"url","webhook_id"}`, or `null` to stop |
//! | `GET`, `DELETE /_sandbox/requests` | – |
//! | `GET /_sandbox/orders`, `…/captures`, `…/refunds`, `…/disputes`, `…/events`, `…/deliveries` | – |
//! | `POST /_sandbox/events/{id}/redeliver` | – |
//! | `POST /_sandbox/faults` | `{"fault":"slow","method"?,"path"?,"path_end"?,"times"?,"percent"?,"hold_ms"?}` |
//! | `POST /_sandbox/webhook_faults` | `{"fault":"duplicate","copies":2,"event"?,"object"?,"times"?,"percent"?}` |
//! | `DELETE /_sandbox/faults` | – ; drops all faults and fates |
//! | `POST /_sandbox/release` | – |
//! | `POST /_sandbox/next_payment`, `…/next_refund` | `{"fate":"pending","reason"}`, `{"fate":"refused","issue"}`, … |
//! | `POST /_sandbox/orders/{id}/approve` | `{"email"?,"fate"?:{"fate":…}}` |
//! | `POST /_sandbox/orders/{id}/decline`, `…/cancel` | – |
//! | `POST /_sandbox/captures/{id}/settle`, `…/refunds/{id}/settle` | `{"succeeded":true}` |
//! | `POST /_sandbox/captures/{id}/refund`, `…/reverse` | `{"amount_minor"?}` |
//! | `POST /_sandbox/captures/{id}/dispute` | `{"amount_minor"?,"reason"?,"stage"?}` |
//! | `POST /_sandbox/disputes/{id}/update` | `{"status"?,"stage"?}` |
//! | `POST /_sandbox/disputes/{id}/won`, `…/lost` | – ; or `…/resolve` with `{"outcome":"CANCELED_BY_BUYER"}` |
//! | `PUT /_sandbox/clock` | `{"offset_seconds":86400}` |
//! | `PUT /_sandbox/reporting` | `{"delay_seconds":10800}` |
//! | `POST /_sandbox/request_ids/expire`, `…/tokens/expire`, `…/reset` | – |

use axum::Router;
use axum::extract::{Json, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::control::PAYER;
use super::error::ApiError;
use super::faults::{FaultRule, WebhookFaultRule};
use super::{Delivery, Fate, NewDispute, PayPal, RequestLog, WebhookTarget};

type Answer = Result<Json<Value>, ApiError>;
/// The body of a step; may be left out.
type Sent = Option<Json<Value>>;

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(self.body("control"))).into_response()
    }
}

/// All control routes.
pub(crate) fn router() -> Router<PayPal> {
    Router::new()
        .route("/_sandbox/webhook", put(set_webhook))
        .route("/_sandbox/requests", get(requests).delete(clear_requests))
        .route("/_sandbox/orders", get(async |State(paypal): State<PayPal>| data(paypal.orders())))
        .route("/_sandbox/captures", get(async |State(paypal): State<PayPal>| data(paypal.captures())))
        .route("/_sandbox/refunds", get(async |State(paypal): State<PayPal>| data(paypal.refunds())))
        .route("/_sandbox/disputes", get(async |State(paypal): State<PayPal>| data(paypal.disputes())))
        .route("/_sandbox/events", get(async |State(paypal): State<PayPal>| data(paypal.events())))
        .route("/_sandbox/events/{id}/redeliver", post(redeliver))
        .route("/_sandbox/deliveries", get(deliveries))
        .route("/_sandbox/faults", post(script_fault).delete(clear_faults))
        .route("/_sandbox/webhook_faults", post(script_webhook_fault))
        .route("/_sandbox/release", post(release))
        .route("/_sandbox/next_payment", post(next_payment))
        .route("/_sandbox/next_refund", post(next_refund))
        .route("/_sandbox/orders/{id}/{step}", post(play_payer))
        .route("/_sandbox/captures/{id}/{step}", post(change_capture))
        .route("/_sandbox/refunds/{id}/settle", post(settle_refund))
        .route("/_sandbox/disputes/{id}/{step}", post(change_dispute))
        .route("/_sandbox/clock", put(set_clock))
        .route("/_sandbox/reporting", put(set_reporting))
        .route("/_sandbox/request_ids/expire", post(expire_request_ids))
        .route("/_sandbox/tokens/expire", post(expire_tokens))
        .route("/_sandbox/reset", post(reset))
}

fn done() -> Json<Value> {
    Json(json!({ "ok": true }))
}

fn data<T: Serialize>(data: Vec<T>) -> Json<Data<T>> {
    Json(Data { data })
}

/// Every step knows its own fields, so that a misspelt one is refused.
fn body<T: for<'a> Deserialize<'a> + Default>(sent: Sent) -> Result<T, ApiError> {
    let Some(Json(sent)) = sent.filter(|Json(sent)| !sent.is_null()) else { return Ok(T::default()) };
    serde_json::from_value(sent)
        .map_err(|error| ApiError::issue("INVALID_PARAMETER_SYNTAX", &format!("The body does not fit: {error}.")))
}

fn unknown_step(steps: &str) -> ApiError {
    ApiError::issue("INVALID_RESOURCE_ID", &format!("The last part of the path is one of: {steps}."))
}

async fn set_webhook(State(paypal): State<PayPal>, Json(target): Json<Option<WebhookTarget>>) -> Json<Value> {
    paypal.set_webhook_target(target);
    done()
}

async fn requests(State(paypal): State<PayPal>) -> Json<Data<RequestLog>> {
    data(paypal.requests())
}

async fn clear_requests(State(paypal): State<PayPal>) -> Json<Value> {
    paypal.clear_requests();
    done()
}

async fn deliveries(State(paypal): State<PayPal>) -> Json<Data<Delivery>> {
    data(paypal.deliveries())
}

async fn redeliver(State(paypal): State<PayPal>, Path(id): Path<String>) -> Answer {
    paypal.redeliver(&id).map(|()| done())
}

async fn script_fault(State(paypal): State<PayPal>, Json(rule): Json<FaultRule>) -> Json<Value> {
    paypal.script_fault(rule);
    done()
}

async fn script_webhook_fault(State(paypal): State<PayPal>, Json(rule): Json<WebhookFaultRule>) -> Json<Value> {
    paypal.script_webhook_fault(rule);
    done()
}

async fn clear_faults(State(paypal): State<PayPal>) -> Json<Value> {
    paypal.clear_faults();
    done()
}

async fn release(State(paypal): State<PayPal>) -> Json<Value> {
    paypal.release();
    done()
}

async fn next_payment(State(paypal): State<PayPal>, Json(fate): Json<Fate>) -> Answer {
    paypal.next_payment(fate).map(|()| done())
}

async fn next_refund(State(paypal): State<PayPal>, Json(fate): Json<Fate>) -> Answer {
    paypal.next_refund(fate).map(|()| done())
}

async fn play_payer(State(paypal): State<PayPal>, Path((id, step)): Path<(String, String)>, sent: Sent) -> Answer {
    let location = match step.as_str() {
        "approve" => {
            let approval: Approval = body(sent)?;
            paypal.approve_as(&id, approval.email.as_deref().unwrap_or(PAYER), approval.fate)
        }
        "decline" => paypal.decline(&id),
        "cancel" => paypal.cancel(&id),
        _ => Err(unknown_step("approve, decline, cancel")),
    }?;
    Ok(Json(json!({ "location": location })))
}

async fn change_capture(State(paypal): State<PayPal>, Path((id, step)): Path<(String, String)>, sent: Sent) -> Answer {
    match step.as_str() {
        "settle" => paypal.settle_capture(&id, body::<End>(sent)?.succeeded),
        "refund" => paypal.refund_capture(&id, body::<Amount>(sent)?.amount_minor),
        "reverse" => paypal.reverse_capture(&id, body::<Amount>(sent)?.amount_minor),
        "dispute" => paypal.dispute_capture(&id, &body::<NewDispute>(sent)?),
        _ => Err(unknown_step("settle, refund, reverse, dispute")),
    }
    .map(Json)
}

async fn settle_refund(State(paypal): State<PayPal>, Path(id): Path<String>, sent: Sent) -> Answer {
    paypal.settle_refund(&id, body::<End>(sent)?.succeeded).map(Json)
}

async fn change_dispute(State(paypal): State<PayPal>, Path((id, step)): Path<(String, String)>, sent: Sent) -> Answer {
    match step.as_str() {
        "update" => {
            let update: DisputeUpdate = body(sent)?;
            paypal.update_dispute(&id, update.status.as_deref(), update.stage.as_deref())
        }
        "won" => paypal.close_dispute(&id, true),
        "lost" => paypal.close_dispute(&id, false),
        "resolve" => paypal.resolve_dispute(&id, &body::<Resolution>(sent)?.outcome),
        _ => Err(unknown_step("update, won, lost, resolve")),
    }
    .map(Json)
}

async fn set_clock(State(paypal): State<PayPal>, Json(clock): Json<Clock>) -> Json<Value> {
    paypal.set_clock_offset(clock.offset_seconds);
    done()
}

async fn set_reporting(State(paypal): State<PayPal>, Json(delay): Json<Delay>) -> Json<Value> {
    paypal.set_reporting_delay(delay.delay_seconds);
    done()
}

async fn expire_request_ids(State(paypal): State<PayPal>) -> Json<Value> {
    paypal.expire_request_ids();
    done()
}

async fn expire_tokens(State(paypal): State<PayPal>) -> Json<Value> {
    paypal.expire_tokens();
    done()
}

async fn reset(State(paypal): State<PayPal>) -> Json<Value> {
    paypal.reset();
    done()
}

#[derive(Serialize)]
struct Data<T> {
    data: Vec<T>,
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct Approval {
    email: Option<String>,
    fate: Option<Fate>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    succeeded: bool,
}

impl Default for End {
    fn default() -> Self {
        Self { succeeded: true }
    }
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct Amount {
    amount_minor: Option<i64>,
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct DisputeUpdate {
    status: Option<String>,
    stage: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Resolution {
    outcome: String,
}

impl Default for Resolution {
    fn default() -> Self {
        Self { outcome: "NONE".to_owned() }
    }
}

#[derive(Deserialize)]
struct Clock {
    offset_seconds: i64,
}

#[derive(Deserialize)]
struct Delay {
    delay_seconds: i64,
}

//! Notices of the gateways.
//!
//! No cookie and no API key counts here, only the gateway's own signature over the raw bytes. A 4xx or 5xx makes the
//! gateway send the notice again; VNPay reads a code in a 200 instead. Cost: see [`engine::topups::take_notice`].

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::Engine;
use engine::topups::{self, IpnAnswer, NoticeError, Taken};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::{Access, Needs};

/// `POST /webhooks/stripe`, `POST /webhooks/paypal`, `GET /webhooks/vnpay`.
pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .routes(routes!(stripe).needs(Access::Public))
        .routes(routes!(paypal).needs(Access::Public))
        .routes(routes!(vnpay).needs(Access::Public))
}

/// The answer to a notice.
#[derive(Debug, Serialize, ToSchema)]
struct NoticeAnswer {
    /// Whether the notice was taken; a repeat is taken too.
    received: bool,
    /// Why not, for the gateway's log.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
}

/// The answer that VNPay reads.
#[derive(Debug, Serialize, ToSchema)]
struct IpnBody {
    /// `00` noted now, `02` noted before, `01` unknown payment, `04` other amount, `97` forged, `99` try again.
    #[serde(rename = "RspCode")]
    code: &'static str,
    /// The same in words.
    #[serde(rename = "Message")]
    message: &'static str,
}

/// Stripe reports an event
#[utoipa::path(
    post,
    path = "/webhooks/stripe",
    tag = "webhooks",
    params(("Stripe-Signature" = String, Header, description = "`t=…,v1=…` over the raw body")),
    request_body(content = Object, description = "An event, as Stripe signs it.", content_type = "application/json"),
    responses(
        (status = 200, description = "Taken, now or before.", body = NoticeAnswer),
        (status = 400, description = "`invalid_notice`: the signature or the event is not valid.", body = NoticeAnswer),
        (status = 413, description = "`body_too_large`.", body = NoticeAnswer),
        (status = 503, description = "`not_processed`: it could not be acted upon; send it again.", body = NoticeAnswer),
    )
)]
async fn stripe(State(engine): State<Engine>, headers: HeaderMap, body: Body) -> (StatusCode, Json<NoticeAnswer>) {
    take(&engine, "stripe", &headers, body).await
}

/// PayPal reports an event
#[utoipa::path(
    post,
    path = "/webhooks/paypal",
    tag = "webhooks",
    params(("Paypal-Transmission-Sig" = String, Header, description = "RSA over id, time, webhook and CRC of the body")),
    request_body(content = Object, description = "An event, as PayPal signs it.", content_type = "application/json"),
    responses(
        (status = 200, description = "Taken, now or before.", body = NoticeAnswer),
        (status = 400, description = "`invalid_notice`: the signature or the event is not valid.", body = NoticeAnswer),
        (status = 413, description = "`body_too_large`.", body = NoticeAnswer),
        (status = 503, description = "`not_processed`: it could not be acted upon; send it again.", body = NoticeAnswer),
    )
)]
async fn paypal(State(engine): State<Engine>, headers: HeaderMap, body: Body) -> (StatusCode, Json<NoticeAnswer>) {
    take(&engine, "paypal", &headers, body).await
}

async fn take(engine: &Engine, gateway: &str, headers: &HeaderMap, body: Body) -> (StatusCode, Json<NoticeAnswer>) {
    let refused = |status, error| (status, Json(NoticeAnswer { received: false, error: Some(error) }));
    let Ok(body) = to_bytes(body, engine.settings().limits.webhook_body_bytes).await else {
        return refused(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large");
    };
    match topups::take_notice(engine, gateway, &body, headers).await {
        Ok(_) => (StatusCode::OK, Json(NoticeAnswer { received: true, error: None })),
        Err(NoticeError::Refused(_)) => refused(StatusCode::BAD_REQUEST, "invalid_notice"),
        Err(NoticeError::Failed(error)) => {
            tracing::error!(%error, gateway, "a notice could not be acted upon");
            refused(StatusCode::SERVICE_UNAVAILABLE, "not_processed")
        }
    }
}

/// VNPay reports a payment (IPN)
///
/// Every answer is a 200 whose `RspCode` VNPay reads.
#[utoipa::path(
    get,
    path = "/webhooks/vnpay",
    tag = "webhooks",
    params(("vnp_SecureHash" = String, Query, description = "HMAC-SHA512 over the other parameters, sorted")),
    responses((status = 200, description = "The code says what came of it.", body = IpnBody))
)]
async fn vnpay(State(engine): State<Engine>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    if query.len() > engine.settings().limits.webhook_body_bytes {
        return ([(header::CONTENT_TYPE, "application/json")], IpnAnswer::Forged.body()).into_response();
    }
    let answer = match topups::take_notice(&engine, "vnpay", query.as_bytes(), &headers).await {
        Ok(Taken::New) => IpnAnswer::Confirmed,
        Ok(Taken::Known) => IpnAnswer::AlreadyDone,
        Ok(Taken::NotOurs) => IpnAnswer::NotFound,
        Ok(Taken::WrongAmount) => IpnAnswer::WrongAmount,
        Err(NoticeError::Refused(_)) => IpnAnswer::Forged,
        Err(NoticeError::Failed(error)) => {
            tracing::error!(%error, gateway = "vnpay", "a notice could not be acted upon");
            IpnAnswer::Failed
        }
    };
    ([(header::CONTENT_TYPE, "application/json")], answer.body()).into_response()
}

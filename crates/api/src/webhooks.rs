//! Notices of the gateways.
//!
//! No cookie and no API key counts here, only the gateway's own signature over the raw body. A 4xx or 5xx makes the
//! gateway send the notice again. Cost: see [`engine::topups::stripe_notice`].

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use engine::Engine;
use engine::topups::{self, NoticeError};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// `POST /webhooks/stripe`; other gateways follow.
pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new().routes(routes!(stripe))
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

/// Stripe reports an event
#[utoipa::path(
    post,
    path = "/webhooks/stripe",
    tag = "webhooks",
    security(()),
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
    let refused = |status, error| (status, Json(NoticeAnswer { received: false, error: Some(error) }));
    let Ok(body) = to_bytes(body, engine.settings().limits.webhook_body_bytes).await else {
        return refused(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large");
    };
    let signature = headers.get(topups::STRIPE_SIGNATURE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match topups::stripe_notice(&engine, &body, signature).await {
        Ok(()) => (StatusCode::OK, Json(NoticeAnswer { received: true, error: None })),
        Err(NoticeError::Refused(_)) => refused(StatusCode::BAD_REQUEST, "invalid_notice"),
        Err(NoticeError::Failed(error)) => {
            tracing::error!(%error, "a notice could not be acted upon");
            refused(StatusCode::SERVICE_UNAVAILABLE, "not_processed")
        }
    }
}

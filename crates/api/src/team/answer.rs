//! Refusals of the team endpoints: a status and `{"error":"<code>"}`.

use axum::Json;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// Why a team endpoint refuses.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    body: TeamError,
}

/// The body of a refusal.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"error": "purchase_topup_cooldown", "retry_after": 42, "cooldown_seconds": 60}))]
pub(super) struct TeamError {
    /// A stable code.
    error: &'static str,
    /// Whole seconds to wait; with `purchase_topup_cooldown` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<i64>,
    /// The whole pause between two purchases, in seconds; with `purchase_topup_cooldown` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    cooldown_seconds: Option<i64>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, error: &'static str) -> Refusal {
        Refusal { status, body: TeamError { error, retry_after: None, cooldown_seconds: None } }
    }

    pub(super) fn team_not_found() -> Refusal {
        Refusal::new(StatusCode::NOT_FOUND, "team_not_found")
    }

    /// The caller learns nothing of it; the log does.
    pub(super) fn internal(error: &dyn std::fmt::Display) -> Refusal {
        tracing::error!(%error, "a team endpoint failed");
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error")
    }

    pub(super) fn cooldown(retry_after_seconds: i64, cooldown_seconds: i64) -> Refusal {
        let mut refusal = Refusal::new(StatusCode::TOO_MANY_REQUESTS, "purchase_topup_cooldown");
        refusal.body.retry_after = Some(retry_after_seconds);
        refusal.body.cooldown_seconds = Some(cooldown_seconds);
        refusal
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let retry_after = self.body.retry_after;
        let mut response = (self.status, Json(self.body)).into_response();
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

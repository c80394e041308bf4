//! Whether the process lives, whether it can work, and what it counts.
//!
//! Who is told to stop is not ready from that moment on, and goes on answering: `/readyz` tells a load balancer to send
//! new callers elsewhere.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use engine::Engine;
use http::{StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::{Access, Needs};
use crate::observe::prometheus;
use crate::problem::{Problem, ProblemBody};
use crate::reply;

/// `/healthz`, `/readyz`, `/metrics`.
pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .routes(routes!(healthz).needs(Access::Public))
        .routes(routes!(readyz).needs(Access::Public))
        .routes(routes!(metrics).needs(Access::Public))
}

/// All is well.
#[derive(Serialize, ToSchema)]
struct Health {
    /// `ok`.
    status: &'static str,
}

/// Whether the process lives
#[utoipa::path(get, path = "/healthz", tag = "health",
    responses((status = 200, body = Health, description = "It does")))]
async fn healthz() -> Result<Response, Problem> {
    reply::json(StatusCode::OK, &Health { status: "ok" })
}

/// Whether the database answers and its schema is current
#[utoipa::path(get, path = "/readyz", tag = "health",
    responses((status = 200, body = Health, description = "It does"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json", description = "It does not")))]
async fn readyz(State(engine): State<Engine>) -> Result<Response, Problem> {
    if engine.is_stopping() {
        return Err(Problem::new("unavailable", "stopping: send new callers to another server"));
    }
    engine.store().check_ready().await.map_err(engine::Error::from)?;
    reply::json(StatusCode::OK, &Health { status: "ok" })
}

/// Metrics for Prometheus
#[utoipa::path(get, path = "/metrics", tag = "health",
    responses((status = 200, body = String, content_type = "text/plain", description = "Counters and histograms")))]
async fn metrics() -> Response {
    let text = prometheus().render();
    (StatusCode::OK, [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

//! The HTTP API: operator API, compatible team endpoints, webhooks in.

mod team;
mod webhooks;

use axum::Router;
use engine::Engine;
use utoipa_axum::router::OpenApiRouter;

/// Every route with its OpenAPI entry.
pub fn router(engine: Engine) -> Router {
    let routes = OpenApiRouter::new().merge(team::routes()).merge(webhooks::routes());
    let (router, _document) = routes.split_for_parts();
    router.with_state(engine)
}

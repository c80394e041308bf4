//! Notices of the gateways.

use engine::Engine;
use utoipa_axum::router::OpenApiRouter;

/// `POST /webhooks/stripe` and its like.
pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
}

//! The compatible team endpoints.

use engine::Engine;
use utoipa_axum::router::OpenApiRouter;

/// `GET /user/credits/info` and `POST /user/purchase-topup`.
pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
}

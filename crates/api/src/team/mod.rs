//! The compatible team endpoints: a caller of the billing API that they copy works unchanged.
//!
//! Their own small world: plain `application/json`, errors as `{"error":"<code>"}`, times in whole Unix seconds, credits
//! as whole numbers rounded down, and **402** instead of 401 for a key that is missing or wrong. Everything else about
//! the API keeps its problems and its 401.

mod answer;
mod info;
mod purchase;

use std::sync::Arc;

use axum::http::StatusCode;
use axum::http::request::Parts;
use engine::Engine;
use engine::members::Capability;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::{Access, Needs};
use crate::auth::authenticate;
use answer::Refusal;

/// `GET /user/credits/info` and `POST /user/purchase-topup`.
pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .routes(routes!(info::credits_info).needs(Access::OwnKey(Capability::BalanceRead)))
        .routes(routes!(purchase::purchase_topup).needs(Access::OwnKey(Capability::TopupWrite)))
}

/// The account whose key the request carries.
async fn team(engine: &Engine, parts: &Parts, capability: Capability) -> Result<Arc<str>, Refusal> {
    let key = authenticate(parts, engine).await.map_err(|problem| match problem.code() {
        "invalid_api_key" => Refusal::new(StatusCode::PAYMENT_REQUIRED, "invalid_api_key"),
        code => Refusal::internal(&code),
    })?;
    // An operator's key is valid, but has no team.
    let account = key.account.clone().ok_or_else(Refusal::team_not_found)?;
    if capability.scope().is_some_and(|scope| key.scopes.contains(scope)) {
        return Ok(account);
    }
    Err(Refusal::new(StatusCode::FORBIDDEN, "permission_denied"))
}

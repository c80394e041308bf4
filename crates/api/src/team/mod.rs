//! The compatible team endpoints: a caller of the billing API that they copy works unchanged.
//!
//! Their own small world: plain `application/json`, errors as `{"error":"<code>"}`, times in whole Unix seconds, credits
//! as whole numbers rounded down, and **402** instead of 401 for a key that is missing or wrong. Everything else about
//! the API keeps its problems and its 401.

mod answer;
mod info;
mod purchase;

use std::sync::Arc;

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use engine::Engine;
use engine::keys::Scope;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use answer::Refusal;

/// `GET /user/credits/info` and `POST /user/purchase-topup`.
pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new().routes(routes!(info::credits_info)).routes(routes!(purchase::purchase_topup))
}

/// The account whose key the request carries.
async fn team(engine: &Engine, headers: &HeaderMap, scope: Scope) -> Result<Arc<str>, Refusal> {
    let invalid = || Refusal::new(StatusCode::PAYMENT_REQUIRED, "invalid_api_key");
    let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let token = match header.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => return Err(invalid()),
    };
    let key = engine.keys().authenticate(token).await.map_err(|error| Refusal::internal(&error))?;
    let key = key.ok_or_else(invalid)?;
    // An operator's key is valid, but has no team.
    let account = key.account.clone().ok_or_else(Refusal::team_not_found)?;
    if key.scopes.contains(scope) { Ok(account) } else { Err(Refusal::new(StatusCode::FORBIDDEN, "forbidden")) }
}

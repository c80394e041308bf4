//! The time zone of an account.

use axum::extract::State;
use axum::response::Response;
use engine::Engine;
use engine::members::Capability;
use engine::plans::{self, AccountZone};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Needs;
use crate::auth::Caller;
use crate::problem::Problem;
use crate::reply;
use crate::request::{Json, PathId};

pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .routes(routes!(get).needs(Capability::BillingRead))
        .routes(routes!(put).needs(Capability::BillingWrite))
}

/// A time zone.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ZoneBody {
    /// An IANA name; null for that of the account's site.
    #[schema(example = "Asia/Tokyo")]
    time_zone: Option<String>,
}

/// The time zone of an account.
#[derive(Serialize, ToSchema)]
struct ZoneAnswer {
    /// Its IANA name.
    #[schema(example = "Asia/Tokyo")]
    time_zone: String,
    /// `account` when it was set for the account, else `site`.
    #[schema(example = "site")]
    source: &'static str,
}

fn answer(zone: AccountZone) -> Result<Response, Problem> {
    let source = if zone.is_own { "account" } else { "site" };
    reply::json(StatusCode::OK, &ZoneAnswer { time_zone: zone.name, source })
}

/// Get the time zone of an account
///
/// Where its days begin and end: periods of plans end at its midnights.
#[utoipa::path(get, path = "/v1/accounts/{id}/time-zone", operation_id = "get_time_zone", tag = "accounts",
    params(("id" = String, Path)),
    responses((status = 200, body = ZoneAnswer, description = "The zone in force")))]
async fn get(State(engine): State<Engine>, caller: Caller, PathId(id): PathId) -> Result<Response, Problem> {
    let account = engine.accounts().get(caller.account(Some(&id))?).await?;
    answer(plans::zone_of(&engine, &account).await?)
}

/// Set the time zone of an account
///
/// What has begun ends when it was to end; what begins later goes by the new zone.
#[utoipa::path(put, path = "/v1/accounts/{id}/time-zone", operation_id = "set_time_zone", tag = "accounts",
    params(("id" = String, Path)), request_body = ZoneBody,
    responses((status = 200, body = ZoneAnswer, description = "The zone in force")))]
async fn put(
    State(engine): State<Engine>,
    caller: Caller,
    PathId(id): PathId,
    Json(body): Json<ZoneBody>,
) -> Result<Response, Problem> {
    let id = caller.account(Some(&id))?;
    answer(plans::set_zone(&engine, id, body.time_zone.as_deref()).await?)
}

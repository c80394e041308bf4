//! What a use would cost, before it happens.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use engine::Engine;
use engine::checks::Metadata;
use engine::members::Capability;
use engine::usage;
use http::StatusCode;
use ledger::OnInsufficient;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Needs;
use crate::auth::Caller;
use crate::fields::{self, Money, Time};
use crate::problem::Problem;
use crate::reply;
use crate::request::Json;
use crate::spending::MeterLine;

pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new().routes(routes!(preview).needs(Capability::UsagePreview))
}

/// A use as `POST /v1/usage` takes it. Nothing is booked, so what is only remembered there is not looked at here.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "the body is that of another request, which needs more of it")]
struct PreviewRequest {
    /// Whose credits. An account's own key may leave it out.
    account: Option<String>,
    /// What would be used; the price book must name it.
    #[schema(min_length = 1, max_length = 200)]
    service: String,
    /// How much would be used, by meter.
    #[schema(example = json!({"gpu_seconds": 3600}))]
    meters: BTreeMap<String, u64>,
    /// What if the credits do not suffice.
    #[serde(default)]
    #[schema(schema_with = fields::on_insufficient)]
    on_insufficient: OnInsufficient,
    /// Not looked at.
    #[schema(value_type = Option<Time>)]
    occurred_at: Option<Time>,
    /// Not looked at.
    #[schema(schema_with = fields::optional_name)]
    resource: Option<String>,
    /// Not looked at.
    #[schema(schema_with = fields::optional_description)]
    description: Option<String>,
    /// Not looked at.
    #[schema(schema_with = fields::optional_name)]
    reference: Option<String>,
    #[schema(schema_with = fields::optional_metadata)]
    metadata: Option<Metadata>,
}

/// What a use would cost.
#[derive(Serialize, ToSchema)]
struct PreviewAnswer {
    /// Whose credits.
    #[schema(value_type = String)]
    account: Arc<str>,
    /// What it would take.
    amount: Money,
    /// The price before it was rounded to what the ledger keeps.
    amount_exact: String,
    /// The version of the price book.
    price_version: i64,
    /// How each meter was priced.
    #[schema(value_type = Vec<MeterLine>)]
    meters: Box<RawValue>,
    /// Whether the credits cover all of it now. Nothing is held: place a hold to be sure.
    covered: bool,
    /// What may be spent on this service: free credits of the lots that cover it and, with `overdraw`, what is left of
    /// the account's limit.
    available: Money,
    /// How many such uses the available credits cover; null: any number, because it costs nothing.
    times: Option<u64>,
}

/// Preview usage
///
/// Prices the meters by the price book in force and says whether the credits cover them, lots for this service
/// included. Takes nothing and holds nothing.
#[utoipa::path(post, path = "/v1/usage/preview", operation_id = "preview_usage",
    tag = "spending", request_body = PreviewRequest,
    responses((status = 200, body = PreviewAnswer, description = "What it would cost")))]
async fn preview(
    State(engine): State<Engine>,
    caller: Caller,
    Json(request): Json<PreviewRequest>,
) -> Result<Response, Problem> {
    let account = engine.accounts().locate(caller.account(request.account.as_deref())?).await?;
    let PreviewRequest { service, meters, on_insufficient, .. } = request;
    let preview = usage::preview(&engine, &account, &service, &meters, on_insufficient).await;
    let preview = preview.map_err(|error| caller.problem(error))?;
    let lines: Vec<_> = preview.charge.lines().collect();
    let money = |amount| Money { unit: account.unit, amount };
    let answer = PreviewAnswer {
        account: Arc::clone(&account.id),
        amount: money(preview.charge.amount()),
        amount_exact: preview.charge.exact().to_string(),
        price_version: preview.price_version,
        meters: to_raw_value(&lines).map_err(|error| Problem::internal(&error.to_string()))?,
        covered: preview.is_covered,
        available: money(preview.available),
        times: preview.times,
    };
    reply::json(StatusCode::OK, &answer)
}

//! Holds: credits earmarked until captured, released or run out.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use engine::Engine;
use engine::checks::Metadata;
use engine::ids::{IdKind, LocalId};
use engine::ledger_calls::{Note, Planned};
use engine::members::Capability;
use http::StatusCode;
use ledger::{Event, Overrun, Part};
use serde::{Deserialize, Serialize};
use store::Receipt;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Needs;
use crate::auth::Caller;
use crate::fields::{self, AmountText, Id, Money, Time};
use crate::problem::Problem;
use crate::reply;
use crate::request::{IdempotencyKey, Json, OptionalJson, OptionalKey, PathId};
use crate::spec::{KeyHeader, OptionalKeyHeader};
use crate::spending::{DebitAnswer, booked};

/// `/v1/holds…`.
pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .routes(routes!(place).needs(Capability::HoldWrite))
        .routes(routes!(get).needs(Capability::HoldWrite))
        .routes(routes!(capture).needs(Capability::HoldWrite))
        .routes(routes!(release).needs(Capability::HoldWrite))
        .routes(routes!(extend).needs(Capability::HoldWrite))
}

/// Earmark credits.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct HoldRequest {
    /// Whose credits. An account's own key may leave it out.
    account: Option<String>,
    /// How much, more than zero.
    amount: AmountText,
    /// What they are for; decides which scoped lots may pay.
    #[schema(min_length = 1, max_length = 200)]
    service: String,
    /// Life from now; 900 unless configured otherwise.
    #[schema(minimum = 1, maximum = 604_800)]
    ttl_seconds: Option<u64>,
    /// Which instance of the service.
    #[schema(schema_with = fields::optional_name)]
    resource: Option<String>,
    /// Text for people.
    #[schema(schema_with = fields::optional_description)]
    description: Option<String>,
    /// Your own reference.
    #[schema(schema_with = fields::optional_name)]
    reference: Option<String>,
    #[schema(schema_with = fields::optional_metadata)]
    metadata: Option<Metadata>,
}

/// Credits earmarked.
#[derive(Serialize, ToSchema)]
struct HoldAnswer {
    /// The hold.
    id: Id,
    /// Whose credits.
    #[schema(value_type = String)]
    account: Arc<str>,
    /// How much is earmarked.
    amount: Money,
    /// Runs out at this instant.
    expires_at: Time,
    /// What could be spent afterwards.
    available: Money,
}

/// A hold as it is now.
#[derive(Serialize, ToSchema)]
struct HoldState {
    /// The hold.
    id: Id,
    /// Whose credits.
    #[schema(value_type = String)]
    account: Arc<str>,
    /// `open`, or `ended`: captured, released or run out. The account's entries tell which.
    #[schema(schema_with = status)]
    status: &'static str,
    /// How much was earmarked.
    amount: Money,
    /// What it is for.
    #[schema(value_type = Option<String>)]
    service: Option<Box<str>>,
    /// When it was placed.
    created_at: Time,
    /// Runs out at this instant; null once it has ended.
    #[schema(value_type = Option<Time>)]
    expires_at: Option<Time>,
}

fn status() -> utoipa::openapi::Object {
    let builder = utoipa::openapi::ObjectBuilder::new().schema_type(utoipa::openapi::Type::String);
    builder.enum_values(Some(["open", "ended"])).build()
}

/// Spend a hold.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CaptureRequest {
    /// How much, more than zero.
    amount: AmountText,
    /// What if that is more than the hold: capture nothing, forgo the rest, or take it like a debit that may overdraw.
    #[serde(default)]
    #[schema(schema_with = fields::overrun)]
    overrun: Overrun,
    /// Which instance of the service.
    #[schema(schema_with = fields::optional_name)]
    resource: Option<String>,
    /// Text for people.
    #[schema(schema_with = fields::optional_description)]
    description: Option<String>,
    /// Your own reference.
    #[schema(schema_with = fields::optional_name)]
    reference: Option<String>,
    #[schema(schema_with = fields::optional_metadata)]
    metadata: Option<Metadata>,
}

/// Credits of a hold taken.
#[derive(Serialize, ToSchema)]
struct CaptureAnswer {
    /// The hold that ended.
    hold: Id,
    #[serde(flatten)]
    debit: DebitAnswer,
}

/// Nothing to say.
#[derive(Deserialize, ToSchema, Default)]
#[serde(deny_unknown_fields)]
struct ReleaseRequest {}

/// A hold ended unspent.
#[derive(Serialize, ToSchema)]
struct ReleaseAnswer {
    /// The hold that ended.
    id: Id,
    /// The entry in the account's history.
    entry: Id,
    /// Whose credits.
    #[schema(value_type = String)]
    account: Arc<str>,
    /// What could be spent afterwards.
    available: Money,
}

/// A new life.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ExtendRequest {
    /// Life from now.
    #[schema(minimum = 1, maximum = 604_800)]
    ttl_seconds: u64,
}

/// A hold with a new life.
#[derive(Serialize, ToSchema)]
struct ExtendAnswer {
    /// The hold.
    id: Id,
    /// Whose credits.
    #[schema(value_type = String)]
    account: Arc<str>,
    /// Runs out at this instant.
    expires_at: Time,
    /// What could be spent afterwards.
    available: Money,
}

/// The hold of the path, when this caller may touch it.
async fn hold_of(engine: &Engine, caller: &Caller, path: &PathId) -> Result<LocalId, Problem> {
    let hold = path.local(IdKind::Hold, "hold")?;
    let account = engine.owner(hold, "hold").await?;
    caller.owns(&account.id, "hold")?;
    Ok(hold)
}

async fn submit(engine: &Engine, caller: &Caller, planned: engine::Result<Planned>) -> Result<Receipt, Problem> {
    let planned = planned.map_err(|error| caller.problem(error))?;
    engine.submit(planned).await.map_err(|error| caller.problem(error))
}

/// Hold credits
///
/// Held credits neither expire nor can be spent by others until the hold is captured, released or runs out.
#[utoipa::path(post, path = "/v1/holds", operation_id = "place_hold",
    tag = "holds", params(KeyHeader), request_body = HoldRequest,
    responses((status = 201, body = HoldAnswer, description = "Credits are earmarked")))]
async fn place(
    State(engine): State<Engine>,
    caller: Caller,
    key: IdempotencyKey,
    Json(request): Json<HoldRequest>,
) -> Result<Response, Problem> {
    let HoldRequest { account, amount, service, ttl_seconds, resource, description, reference, metadata } = request;
    let account = caller.account(account.as_deref())?;
    let note = Note { service: Some(service), resource, description, reference, metadata };
    let call = caller.call(Some(key));
    let receipt =
        submit(&engine, &caller, engine.order_hold(&call, account, &amount.0, ttl_seconds, note).await).await?;
    let tx = booked(&receipt)?;
    let Event::HoldPlaced { expires_at, parts } = &tx.event else {
        return Err(Problem::internal("a hold was booked as something else"));
    };
    let money = |amount| Money { unit: receipt.unit, amount };
    let answer = HoldAnswer {
        id: Id::hold(receipt.account_no, tx.seq),
        account: Arc::clone(&receipt.account_id),
        amount: money(sum(parts)),
        expires_at: Time(*expires_at),
        available: money(tx.available_after),
    };
    reply::repeatable(StatusCode::CREATED, &answer, receipt.replayed)
}

fn sum(parts: &[Part]) -> ledger::Amount {
    parts.iter().map(|part| part.amount).sum()
}

/// Get a hold
#[utoipa::path(get, path = "/v1/holds/{id}", operation_id = "get_hold", tag = "holds", params(("id" = String, Path)),
    responses((status = 200, body = HoldState, description = "The hold as it is now")))]
async fn get(State(engine): State<Engine>, caller: Caller, path: PathId) -> Result<Response, Problem> {
    let hold = hold_of(&engine, &caller, &path).await?;
    let (account, entry) = engine.hold_entry(hold).await?;
    let open_until = engine.open_hold(&account, hold.number).await?;
    let tx = entry.transaction;
    let amount = match &tx.event {
        Event::HoldPlaced { parts, .. } => sum(parts),
        _ => return Err(Problem::not_found("hold")),
    };
    let state = HoldState {
        id: Id(hold),
        status: if open_until.is_some() { "open" } else { "ended" },
        amount: Money { unit: account.unit, amount },
        account: account.id,
        service: tx.memo.service,
        created_at: Time(tx.at),
        expires_at: open_until.map(Time),
    };
    reply::json(StatusCode::OK, &state)
}

/// Capture a hold
///
/// Spends up to the hold and frees the rest. The hold has ended then.
#[utoipa::path(post, path = "/v1/holds/{id}/capture", operation_id = "capture_hold",
    tag = "holds", params(("id" = String, Path), KeyHeader),
    request_body = CaptureRequest,
    responses((status = 200, body = CaptureAnswer, description = "Credits were taken")))]
async fn capture(
    State(engine): State<Engine>,
    caller: Caller,
    key: IdempotencyKey,
    path: PathId,
    Json(request): Json<CaptureRequest>,
) -> Result<Response, Problem> {
    let hold = hold_of(&engine, &caller, &path).await?;
    let CaptureRequest { amount, overrun, resource, description, reference, metadata } = request;
    let note = Note { service: None, resource, description, reference, metadata };
    let call = caller.call(Some(key));
    let receipt = submit(&engine, &caller, engine.order_capture(&call, hold, &amount.0, overrun, note).await).await?;
    let answer = CaptureAnswer { hold: Id(hold), debit: DebitAnswer::of(&receipt)? };
    reply::repeatable(StatusCode::OK, &answer, receipt.replayed)
}

/// Release a hold
#[utoipa::path(post, path = "/v1/holds/{id}/release", operation_id = "release_hold",
    tag = "holds", params(("id" = String, Path), KeyHeader),
    request_body = Option<ReleaseRequest>,
    responses((status = 200, body = ReleaseAnswer, description = "The hold has ended, nothing was spent")))]
async fn release(
    State(engine): State<Engine>,
    caller: Caller,
    key: IdempotencyKey,
    path: PathId,
    OptionalJson(ReleaseRequest {}): OptionalJson<ReleaseRequest>,
) -> Result<Response, Problem> {
    let hold = hold_of(&engine, &caller, &path).await?;
    let receipt = submit(&engine, &caller, engine.order_release(&caller.call(Some(key)), hold).await).await?;
    let tx = booked(&receipt)?;
    let answer = ReleaseAnswer {
        id: Id(hold),
        entry: Id::entry(receipt.account_no, tx.seq),
        account: Arc::clone(&receipt.account_id),
        available: Money { unit: receipt.unit, amount: tx.available_after },
    };
    reply::repeatable(StatusCode::OK, &answer, receipt.replayed)
}

/// Extend a hold
///
/// Gives it a new life from now, shorter or longer than what was left.
#[utoipa::path(post, path = "/v1/holds/{id}/extend", operation_id = "extend_hold",
    tag = "holds", params(("id" = String, Path), OptionalKeyHeader),
    request_body = ExtendRequest,
    responses((status = 200, body = ExtendAnswer, description = "The hold has a new life")))]
async fn extend(
    State(engine): State<Engine>,
    caller: Caller,
    OptionalKey(key): OptionalKey,
    path: PathId,
    Json(request): Json<ExtendRequest>,
) -> Result<Response, Problem> {
    let hold = hold_of(&engine, &caller, &path).await?;
    let call = caller.call(key);
    let receipt = submit(&engine, &caller, engine.order_extension(&call, hold, request.ttl_seconds).await).await?;
    let tx = booked(&receipt)?;
    let Event::HoldExtended { expires_at, .. } = &tx.event else {
        return Err(Problem::internal("an extension was booked as something else"));
    };
    let answer = ExtendAnswer {
        id: Id(hold),
        account: Arc::clone(&receipt.account_id),
        expires_at: Time(*expires_at),
        available: Money { unit: receipt.unit, amount: tx.available_after },
    };
    reply::repeatable(StatusCode::OK, &answer, receipt.replayed)
}

//! Accounts: who pays.

use axum::extract::State;
use axum::response::Response;
use engine::Engine;
use engine::accounts::{AccountChange, AccountRecord, NewAccount};
use engine::checks::Metadata;
use engine::members::Capability;
use http::StatusCode;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Needs;
use crate::auth::Operator;
use crate::fields::{self, AmountText, Money, Time};
use crate::problem::Problem;
use crate::request::{Json, OptionalKey, Params, PathId};
use crate::spec::{OptionalKeyHeader, PageQuery};
use crate::{cursor, reply};

/// `/v1/accounts` and `/v1/accounts/{id}`.
pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .routes(routes!(open).needs(Capability::AccountsWrite))
        .routes(routes!(list).needs(Capability::AccountsRead))
        .routes(routes!(get).needs(Capability::AccountsRead))
        .routes(routes!(change).needs(Capability::AccountsWrite))
}

/// A new account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AccountRequest {
    /// Chosen by you, or generated.
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_.:@-]+$")]
    id: Option<String>,
    /// What people call it.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// Where it buys: a site of the configuration.
    #[schema(example = "global")]
    site: String,
    /// What it counts in: `CREDIT` or a currency of the site. May be left out where the site has one.
    #[schema(example = "USD")]
    unit: Option<String>,
    /// Where documents go.
    #[schema(max_length = 254)]
    email: Option<String>,
    /// How far below zero it may go on request.
    overdraft_limit: Option<AmountText>,
    #[schema(schema_with = fields::optional_metadata)]
    metadata: Option<Metadata>,
}

/// What is to be different. What is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AccountPatch {
    /// What people call it.
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
    /// Where documents go; null forgets it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 254)]
    email: Option<Option<String>>,
    /// Replaces the whole object.
    #[schema(schema_with = fields::optional_metadata)]
    metadata: Option<Metadata>,
    /// How far below zero it may go on request.
    overdraft_limit: Option<AmountText>,
    /// Close or reopen. A closed account moves nothing.
    closed: Option<bool>,
    /// Its customer at Stripe, whose saved cards pay for packs; null forgets it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 255)]
    stripe_customer_id: Option<Option<String>>,
    /// The unit that it has. Another one answers 409 `unit_locked`: a unit is chosen once.
    unit: Option<String>,
}

/// Tells null from left out.
fn given<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(input).map(Some)
}

/// An account.
#[derive(Serialize, ToSchema)]
struct AccountAnswer {
    /// Its identifier.
    id: String,
    /// What people call it.
    name: String,
    /// Where it buys.
    site: String,
    /// What it counts in.
    unit: &'static str,
    /// Where documents go.
    email: Option<String>,
    /// How far below zero it may go on request.
    overdraft_limit: Money,
    /// A closed account moves nothing.
    closed: bool,
    #[schema(schema_with = fields::metadata)]
    metadata: Box<RawValue>,
    /// Its customer at Stripe.
    stripe_customer_id: Option<String>,
    /// When it was opened.
    created_at: Time,
}

/// Accounts, newest first.
#[derive(Serialize, ToSchema)]
struct AccountList {
    /// The accounts of this page.
    data: Vec<AccountAnswer>,
    /// For the next page; null on the last one.
    next_cursor: Option<String>,
}

impl AccountAnswer {
    fn of(record: AccountRecord) -> Result<AccountAnswer, Problem> {
        let metadata = RawValue::from_string(record.metadata).map_err(|error| Problem::internal(&error.to_string()))?;
        Ok(AccountAnswer {
            id: record.id.to_string(),
            name: record.name,
            site: record.site,
            unit: record.unit.code(),
            email: record.email,
            overdraft_limit: Money { unit: record.unit, amount: record.overdraft_limit },
            closed: record.closed,
            metadata,
            stripe_customer_id: record.stripe_customer,
            created_at: Time(record.created_at),
        })
    }
}

/// Open an account
#[utoipa::path(post, path = "/v1/accounts", operation_id = "open_account",
    tag = "accounts", params(OptionalKeyHeader), request_body = AccountRequest,
    responses((status = 201, body = AccountAnswer, description = "The account is open")))]
async fn open(
    State(engine): State<Engine>,
    operator: Operator,
    OptionalKey(key): OptionalKey,
    Json(request): Json<AccountRequest>,
) -> Result<Response, Problem> {
    let new = NewAccount {
        id: request.id,
        name: request.name,
        site: request.site,
        unit: request.unit,
        email: request.email,
        overdraft_limit: request.overdraft_limit.map(|amount| amount.0),
        metadata: request.metadata.unwrap_or_default(),
    };
    let call = engine::Call { key: key.map(|key| key.0), ..operator.call() };
    let (record, replayed) = engine.accounts().open(&call, new).await?;
    reply::repeatable(StatusCode::CREATED, &AccountAnswer::of(record)?, replayed)
}

/// List accounts
#[utoipa::path(get, path = "/v1/accounts", operation_id = "list_accounts", tag = "accounts", params(PageQuery),
    responses((status = 200, body = AccountList, description = "A page of accounts, newest first")))]
async fn list(State(engine): State<Engine>, _operator: Operator, params: Params) -> Result<Response, Problem> {
    params.only(&["limit", "cursor"])?;
    let limit = params.limit(&engine)?;
    let before = cursor::row(params.one("cursor")?)?;
    let mut records = engine.accounts().list(before, i64::try_from(limit + 1).unwrap_or(i64::MAX)).await?;
    let more = records.len() > limit;
    records.truncate(limit);
    let last = records.last().filter(|_| more);
    let next_cursor = last.map(|record| cursor::after_row(record.created_at.micros(), &record.id));
    let data = records.into_iter().map(AccountAnswer::of).collect::<Result<_, _>>()?;
    reply::json(StatusCode::OK, &AccountList { data, next_cursor })
}

/// Get an account
#[utoipa::path(get, path = "/v1/accounts/{id}", operation_id = "get_account",
    tag = "accounts", params(("id" = String, Path)),
    responses((status = 200, body = AccountAnswer, description = "The account")))]
async fn get(State(engine): State<Engine>, _operator: Operator, PathId(id): PathId) -> Result<Response, Problem> {
    reply::json(StatusCode::OK, &AccountAnswer::of(engine.accounts().get(&id).await?)?)
}

/// Change an account
#[utoipa::path(patch, path = "/v1/accounts/{id}", operation_id = "change_account",
    tag = "accounts", params(("id" = String, Path)),
    request_body = AccountPatch,
    responses((status = 200, body = AccountAnswer, description = "The account as it is now")))]
async fn change(
    State(engine): State<Engine>,
    operator: Operator,
    PathId(id): PathId,
    Json(patch): Json<AccountPatch>,
) -> Result<Response, Problem> {
    let change = AccountChange {
        name: patch.name,
        email: patch.email,
        metadata: patch.metadata,
        overdraft_limit: patch.overdraft_limit.map(|amount| amount.0),
        closed: patch.closed,
        stripe_customer: patch.stripe_customer_id,
        unit: patch.unit,
    };
    let record = engine.accounts().change(&operator.call(), &id, change).await?;
    reply::json(StatusCode::OK, &AccountAnswer::of(record)?)
}

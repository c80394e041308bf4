//! API keys of an account. A key's text is shown once; a revoked one stops at once.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use engine::Engine;
use engine::keys::{KeyRecord, NewKey, Scope, Scopes};
use engine::members::Capability;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Needs;
use crate::auth::Caller;
use crate::fields::{self, Time};
use crate::problem::Problem;
use crate::request::{OptionalJson, Params, PathId, PathIds};
use crate::spec::PageQuery;
use crate::{cursor, reply};

const PREFIX: &str = "key_";

/// `/v1/accounts/{id}/keys…`.
pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .routes(routes!(issue).needs(Capability::KeysAdmin))
        .routes(routes!(list).needs(Capability::KeysAdmin))
        .routes(routes!(revoke).needs(Capability::KeysAdmin))
}

/// A new key.
#[derive(Deserialize, ToSchema, Default)]
#[serde(deny_unknown_fields)]
struct KeyRequest {
    /// What people call it.
    #[schema(max_length = 200)]
    name: Option<String>,
    /// What it may do; everything but managing keys when left out.
    #[schema(schema_with = fields::optional_scopes)]
    scopes: Option<Vec<String>>,
    /// When it stops being valid by itself.
    #[schema(value_type = Option<Time>)]
    expires_at: Option<Time>,
}

/// A new key with its text, which is shown only here.
#[derive(Serialize, ToSchema)]
struct IssuedKey {
    /// Names the key without being it.
    id: String,
    /// The key. It is stored nowhere: keep it now.
    key: String,
    /// What people call it.
    name: String,
    /// What it may do.
    #[schema(schema_with = fields::scopes)]
    scopes: Vec<&'static str>,
    /// When it was made.
    created_at: Time,
    /// When it stops being valid by itself.
    #[schema(value_type = Option<Time>)]
    expires_at: Option<Time>,
}

/// A key without its text.
#[derive(Serialize, ToSchema)]
struct KeyAnswer {
    /// Names the key without being it.
    id: String,
    /// What people call it.
    name: String,
    /// What it may do.
    #[schema(schema_with = fields::scopes)]
    scopes: Vec<&'static str>,
    /// When it was made.
    created_at: Time,
    /// When it stops being valid by itself.
    #[schema(value_type = Option<Time>)]
    expires_at: Option<Time>,
    /// When it was revoked.
    #[schema(value_type = Option<Time>)]
    revoked_at: Option<Time>,
    /// When it was last used, to the minute.
    #[schema(value_type = Option<Time>)]
    last_used_at: Option<Time>,
}

/// Keys, newest first.
#[derive(Serialize, ToSchema)]
struct KeyList {
    /// The keys of this page.
    data: Vec<KeyAnswer>,
    /// For the next page; null on the last one.
    next_cursor: Option<String>,
}

impl KeyAnswer {
    fn of(record: KeyRecord) -> KeyAnswer {
        KeyAnswer {
            id: format!("{PREFIX}{}", record.public_id),
            name: record.name,
            scopes: record.scopes.iter().map(Scope::name).collect(),
            created_at: Time(record.created_at),
            expires_at: record.expires_at.map(Time),
            revoked_at: record.revoked_at.map(Time),
            last_used_at: record.last_used_at.map(Time),
        }
    }
}

/// Make an API key
///
/// An account's own key with the scope `keys:admin` may pass on no more than it may itself.
#[utoipa::path(post, path = "/v1/accounts/{id}/keys", operation_id = "issue_key",
    tag = "keys", params(("id" = String, Path)),
    request_body = Option<KeyRequest>,
    responses((status = 201, body = IssuedKey, description = "The key, shown once")))]
async fn issue(
    State(engine): State<Engine>,
    caller: Caller,
    PathId(id): PathId,
    OptionalJson(request): OptionalJson<KeyRequest>,
) -> Result<Response, Problem> {
    let account = account(&engine, &caller, &id).await?;
    let scopes = request.scopes.map(read_scopes).transpose()?;
    caller.may_pass_on(scopes.unwrap_or_else(Scopes::usual))?;
    let expires_at = request.expires_at.map(|time| time.0);
    let new = NewKey { name: request.name.unwrap_or_default(), scopes, expires_at };
    let (record, key) = engine.keys().issue(&caller.call(None), &account, new).await?;
    let answer = KeyAnswer::of(record);
    let KeyAnswer { id, name, scopes, created_at, expires_at, .. } = answer;
    reply::json(StatusCode::CREATED, &IssuedKey { id, key, name, scopes, created_at, expires_at })
}

fn read_scopes(names: Vec<String>) -> Result<Scopes, Problem> {
    let read = |name: &String| {
        Scope::parse(name).ok_or_else(|| {
            let known = Scope::ALL.map(Scope::name).join(", ");
            Problem::field("scopes", format!("must be some of {known}"))
        })
    };
    names.iter().map(read).collect()
}

/// The account of the path, when it is this caller's.
async fn account(engine: &Engine, caller: &Caller, id: &str) -> Result<String, Problem> {
    let id = caller.account(Some(id))?;
    Ok(engine.accounts().locate(id).await?.id.to_string())
}

/// List API keys
#[utoipa::path(get, path = "/v1/accounts/{id}/keys", operation_id = "list_keys",
    tag = "keys", params(("id" = String, Path), PageQuery),
    responses((status = 200, body = KeyList, description = "A page of keys, newest first")))]
async fn list(
    State(engine): State<Engine>,
    caller: Caller,
    PathId(id): PathId,
    params: Params,
) -> Result<Response, Problem> {
    let account = account(&engine, &caller, &id).await?;
    params.only(&["limit", "cursor"])?;
    let limit = params.limit(&engine)?;
    let before = cursor::row(params.one("cursor")?)?;
    let mut records = engine.keys().list(&account, before, i64::try_from(limit + 1).unwrap_or(i64::MAX)).await?;
    let more = records.len() > limit;
    records.truncate(limit);
    let last = records.last().filter(|_| more);
    let next_cursor = last.map(|record| cursor::after_row(record.created_at.micros(), &record.public_id));
    let data = records.into_iter().map(KeyAnswer::of).collect();
    reply::json(StatusCode::OK, &KeyList { data, next_cursor })
}

/// Revoke an API key
///
/// At once and for ever. Again changes nothing.
#[utoipa::path(delete, path = "/v1/accounts/{id}/keys/{key_id}", operation_id = "revoke_key", tag = "keys",
    params(("id" = String, Path), ("key_id" = String, Path)),
    responses((status = 204, description = "The key is no longer valid")))]
async fn revoke(
    State(engine): State<Engine>,
    caller: Caller,
    PathIds(id, key_id): PathIds,
) -> Result<Response, Problem> {
    let account = account(&engine, &caller, &id).await?;
    let public_id = key_id.strip_prefix(PREFIX).ok_or_else(|| Problem::not_found("key"))?;
    engine.keys().revoke(&caller.call(None), &account, public_id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

//! Operators as people.

use axum::extract::State;
use axum::response::Response;
use engine::Engine;
use engine::members::{self, Capability, NewOperator, OperatorChange, OperatorRole, Person};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{LanguageName, PersonAnswer};
use crate::access::Needs;
use crate::auth::Operator;
use crate::fields::Time;
use crate::problem::{Problem, ProblemBody};
use crate::request::{Json, Params, PathId};
use crate::spec::PageQuery;
use crate::{cursor, reply};

pub(super) fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .routes(routes!(list).needs(Capability::OperatorsAdmin))
        .routes(routes!(invite).needs(Capability::OperatorsAdmin))
        .routes(routes!(get).needs(Capability::OperatorsAdmin))
        .routes(routes!(change).needs(Capability::OperatorsAdmin))
}

/// What an operator may do.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum OperatorRoleName {
    /// Everything.
    Admin,
    /// Money, prices, credits.
    Finance,
    /// Accounts and what customers ask about.
    Support,
    /// Reads.
    Viewer,
}

impl From<OperatorRoleName> for OperatorRole {
    fn from(name: OperatorRoleName) -> OperatorRole {
        match name {
            OperatorRoleName::Admin => OperatorRole::Admin,
            OperatorRoleName::Finance => OperatorRole::Finance,
            OperatorRoleName::Support => OperatorRole::Support,
            OperatorRoleName::Viewer => OperatorRole::Viewer,
        }
    }
}

/// Who is to become an operator.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OperatorBody {
    /// Where the link goes.
    #[schema(max_length = 254)]
    email: String,
    /// What they shall do.
    role: OperatorRoleName,
    /// One full name.
    #[serde(default)]
    #[schema(max_length = 200)]
    name: String,
    /// Of the letter and the pages.
    #[serde(default)]
    language: LanguageName,
}

/// What is to be different about an operator. What is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OperatorPatch {
    /// What they shall do.
    role: Option<OperatorRoleName>,
    /// Shut them out, or let them in again.
    disabled: Option<bool>,
    /// Take the second factor away, for whoever lost it.
    #[serde(default)]
    reset_second_factor: bool,
}

/// An operator.
#[derive(Serialize, ToSchema)]
struct OperatorAnswer {
    #[serde(flatten)]
    person: PersonAnswer,
    /// What they may do: `admin`, `finance`, `support` or `viewer`.
    role: Option<&'static str>,
    /// Since when they cannot sign in.
    #[schema(value_type = Option<Time>)]
    disabled_at: Option<Time>,
}

/// Operators in the order in which they were invited.
#[derive(Serialize, ToSchema)]
struct OperatorList {
    /// The operators of this page.
    data: Vec<OperatorAnswer>,
    /// For the next page; null on the last one.
    next_cursor: Option<String>,
}

impl OperatorAnswer {
    fn of(person: &Person) -> OperatorAnswer {
        OperatorAnswer {
            person: PersonAnswer::of(person),
            role: person.role.map(OperatorRole::name),
            disabled_at: person.disabled_at.map(Time),
        }
    }
}

/// List operators
#[utoipa::path(get, path = "/v1/operators", operation_id = "list_operators", tag = "operators", params(PageQuery),
    responses((status = 200, body = OperatorList, description = "A page of operators")))]
async fn list(State(engine): State<Engine>, _operator: Operator, params: Params) -> Result<Response, Problem> {
    params.only(&["limit", "cursor"])?;
    let limit = params.limit(&engine)?;
    let after = cursor::row(params.one("cursor")?)?.map(|(_, id)| id);
    let count = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let mut found = members::operators(&engine, after.as_deref(), count).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next_cursor = found.last().filter(|_| more).map(|last| cursor::after_row(0, &last.id));
    let data = found.iter().map(OperatorAnswer::of).collect();
    reply::json(StatusCode::OK, &OperatorList { data, next_cursor })
}

/// Invite an operator
///
/// A letter with a link to sign in to the console, which works once, for seven days unless set otherwise. The first
/// operator is invited with an operator's key.
#[utoipa::path(post, path = "/v1/operators", operation_id = "invite_operator", tag = "operators",
    request_body = OperatorBody,
    responses((status = 201, body = OperatorAnswer, description = "The letter is on its way"),
        (status = 409, description = "`operator_exists`", body = ProblemBody,
            content_type = "application/problem+json")))]
async fn invite(
    State(engine): State<Engine>,
    operator: Operator,
    Json(body): Json<OperatorBody>,
) -> Result<Response, Problem> {
    let new =
        NewOperator { email: &body.email, name: &body.name, role: body.role.into(), language: body.language.into() };
    let person = members::invite_operator(&engine, &operator.call(), &new).await?;
    reply::json(StatusCode::CREATED, &OperatorAnswer::of(&person))
}

/// Get an operator
#[utoipa::path(get, path = "/v1/operators/{id}", operation_id = "get_operator", tag = "operators",
    params(("id" = String, Path)),
    responses((status = 200, body = OperatorAnswer, description = "The operator")))]
async fn get(State(engine): State<Engine>, _operator: Operator, PathId(id): PathId) -> Result<Response, Problem> {
    reply::json(StatusCode::OK, &OperatorAnswer::of(&members::operator(&engine, &id).await?))
}

/// Change an operator
///
/// It counts from the next request on. Nobody changes their own access.
#[utoipa::path(patch, path = "/v1/operators/{id}", operation_id = "change_operator", tag = "operators",
    params(("id" = String, Path)), request_body = OperatorPatch,
    responses((status = 200, body = OperatorAnswer, description = "The operator as it is now"),
        (status = 409, description = "`own_access`", body = ProblemBody, content_type = "application/problem+json")))]
async fn change(
    State(engine): State<Engine>,
    operator: Operator,
    PathId(id): PathId,
    Json(patch): Json<OperatorPatch>,
) -> Result<Response, Problem> {
    let OperatorPatch { role, disabled, reset_second_factor } = patch;
    let change = OperatorChange { role: role.map(Into::into), disabled, reset_second_factor };
    let person = members::change_operator(&engine, &operator.call(), &id, change).await?;
    reply::json(StatusCode::OK, &OperatorAnswer::of(&person))
}

//! Letters as operators see them: what was written to whom, what became of it, trying again.
//!
//! What a letter says is never shown: some hold links that let in.

use axum::extract::State;
use axum::response::Response;
use engine::Engine;
use engine::mail::{self, Filter, Mail, State as MailState};
use engine::members::Capability;
use engine::settings::Language;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Needs;
use crate::auth::Operator;
use crate::fields::Time;
use crate::problem::Problem;
use crate::request::{Json, Params, PathId};
use crate::spec::PageQuery;
use crate::{cursor, reply};

/// `/v1/mails…` and `/v1/mail/test`.
pub(crate) fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .routes(routes!(list).needs(Capability::AccountsRead))
        .routes(routes!(get).needs(Capability::AccountsRead))
        .routes(routes!(retry).needs(Capability::AccountsWrite))
        .routes(routes!(test).needs(Capability::AccountsWrite))
}

/// A letter.
#[derive(Serialize, ToSchema)]
struct MailAnswer {
    /// Its id.
    #[schema(example = "mail_0199c0c2f7c27d6fb2b0c1d2e3f40516")]
    id: String,
    /// The account it is about; null for what is about a person or the installation.
    account: Option<String>,
    /// What it tells of.
    #[schema(example = "payment_succeeded")]
    kind: String,
    /// Where it goes.
    #[schema(example = "billing@example.com")]
    recipient: String,
    /// Its language: `en`, `ja` or `vi`.
    #[schema(example = "vi")]
    language: &'static str,
    /// `waiting`, `sent` (the mail server took it) or `given_up`.
    #[schema(schema_with = states)]
    state: &'static str,
    /// How often it was tried.
    tries: i64,
    /// Why the last try failed.
    failure: Option<String>,
    /// When it was written down.
    created_at: Time,
    /// When it is tried next.
    #[schema(value_type = Option<Time>)]
    next_try_at: Option<Time>,
    /// When the mail server took it.
    #[schema(value_type = Option<Time>)]
    sent_at: Option<Time>,
}

/// A page of letters.
#[derive(Serialize, ToSchema)]
struct MailList {
    /// Newest first.
    data: Vec<MailAnswer>,
    /// Where the next page begins; null on the last one.
    next_cursor: Option<String>,
}

/// Which letters are listed.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only its description is used")]
struct MailQuery {
    /// Only those about this account.
    account: Option<String>,
    /// Only those that stand so.
    #[param(schema_with = states)]
    state: Option<String>,
    /// Only those of this kind.
    #[param(example = "payment_succeeded")]
    kind: Option<String>,
}

/// A letter to try the way.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TestBody {
    /// Where it goes.
    #[schema(example = "you@example.com")]
    to: String,
    /// In which language; English when left out.
    #[schema(schema_with = languages)]
    language: Option<Language>,
}

fn states() -> Object {
    let names = MailState::ALL.map(MailState::name);
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).build()
}

fn languages() -> Object {
    let names = Language::ALL.map(Language::code);
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).build()
}

impl MailAnswer {
    fn of(mail: Mail) -> MailAnswer {
        MailAnswer {
            id: mail.id,
            account: mail.account_id,
            kind: mail.kind,
            recipient: mail.recipient,
            language: mail.language.code(),
            state: mail.state.name(),
            tries: mail.tries,
            failure: mail.failure,
            created_at: Time(mail.created_at),
            next_try_at: mail.next_try_at.map(Time),
            sent_at: mail.sent_at.map(Time),
        }
    }
}

/// List letters
///
/// Letters that ended are forgotten after `mail.keep_days`.
#[utoipa::path(get, path = "/v1/mails", operation_id = "list_mails", tag = "mails",
    params(MailQuery, PageQuery),
    responses((status = 200, body = MailList, description = "A page of letters, newest first")))]
async fn list(State(engine): State<Engine>, _operator: Operator, params: Params) -> Result<Response, Problem> {
    params.only(&["account", "state", "kind", "limit", "cursor"])?;
    let read = |name| MailState::parse(name).ok_or_else(|| Problem::field("state", "is not a known value"));
    let filter = Filter {
        account_id: params.one("account")?.map(str::to_owned),
        state: params.one("state")?.map(read).transpose()?,
        kind: params.one("kind")?.map(str::to_owned),
    };
    let limit = params.limit(&engine)?;
    let before = cursor::row(params.one("cursor")?)?;
    let mut found = mail::list(&engine, &filter, before, i64::try_from(limit + 1).unwrap_or(i64::MAX)).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let last = found.last().filter(|_| more);
    let next_cursor = last.map(|last| cursor::after_row(last.created_at.micros(), &last.id));
    reply::json(StatusCode::OK, &MailList { data: found.into_iter().map(MailAnswer::of).collect(), next_cursor })
}

/// Get a letter
#[utoipa::path(get, path = "/v1/mails/{id}", operation_id = "get_mail", tag = "mails",
    params(("id" = String, Path)),
    responses((status = 200, body = MailAnswer, description = "The letter as it stands")))]
async fn get(
    State(engine): State<Engine>,
    _operator: Operator,
    PathId(id): PathId,
    params: Params,
) -> Result<Response, Problem> {
    params.only(&[])?;
    reply::json(StatusCode::OK, &MailAnswer::of(mail::find(&engine, &id).await?))
}

/// Try a letter again
///
/// Now, with as many tries as a new one. A letter that was sent is not kept, nor is one that held a link to sign in.
#[utoipa::path(post, path = "/v1/mails/{id}/retry", operation_id = "retry_mail", tag = "mails",
    params(("id" = String, Path)),
    responses((status = 200, body = MailAnswer, description = "The letter, waiting")))]
async fn retry(State(engine): State<Engine>, _operator: Operator, PathId(id): PathId) -> Result<Response, Problem> {
    reply::json(StatusCode::OK, &MailAnswer::of(mail::retry(&engine, &id).await?))
}

/// Send a test letter
///
/// It goes the way of every letter: look at it again to see whether the mail server took it.
#[utoipa::path(post, path = "/v1/mail/test", operation_id = "test_mail", tag = "mails",
    request_body = TestBody,
    responses((status = 201, body = MailAnswer, description = "The letter, waiting")))]
async fn test(
    State(engine): State<Engine>,
    _operator: Operator,
    Json(body): Json<TestBody>,
) -> Result<Response, Problem> {
    let written = mail::test(&engine, &body.to, body.language.unwrap_or_default()).await?;
    reply::json(StatusCode::CREATED, &MailAnswer::of(written))
}

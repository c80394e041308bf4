//! Oneself: who is signed in, for which account, with which sessions and password.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use engine::Engine;
use engine::members::{self, Membership, PersonChange, SessionRecord};
use engine::settings::Secret;
use http::StatusCode;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{LanguageName, PersonAnswer, SessionAnswer, keep};
use crate::access::{Access, Needs};
use crate::auth::SignedIn;
use crate::fields::Time;
use crate::problem::{Problem, ProblemBody};
use crate::reply;
use crate::request::{Json, PathId};

pub(super) fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .routes(routes!(get).needs(Access::HalfSignedIn))
        .routes(routes!(change).needs(Access::SignedIn))
        .routes(routes!(choose).needs(Access::SignedIn))
        .routes(routes!(set_password).needs(Access::SignedIn))
        .routes(routes!(list_sessions).needs(Access::SignedIn))
        .routes(routes!(end_others).needs(Access::SignedIn))
        .routes(routes!(end_one).needs(Access::SignedIn))
}

/// Who is signed in, and what they may do.
#[derive(Serialize, ToSchema)]
struct MeAnswer {
    #[serde(flatten)]
    session: SessionAnswer,
    /// The accounts they are a member of.
    accounts: Vec<MembershipAnswer>,
    /// What they may do, with the account that was chosen; each operation names what it asks for as `x-capability`.
    capabilities: Vec<&'static str>,
}

/// An account that somebody is a member of.
#[derive(Serialize, ToSchema)]
struct MembershipAnswer {
    /// Its identifier.
    account: String,
    /// What people call it.
    name: String,
    /// The role in it: `owner`, `billing` or `viewer`.
    role: &'static str,
}

impl MembershipAnswer {
    fn of(membership: Membership) -> MembershipAnswer {
        let Membership { account_id, account_name, role } = membership;
        MembershipAnswer { account: account_id, name: account_name, role: role.name() }
    }
}

/// What is to be different about oneself. What is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MePatch {
    /// One full name.
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
    /// Of pages and letters.
    language: Option<LanguageName>,
    /// An IANA name; null: the account's.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, example = "Asia/Tokyo")]
    time_zone: Option<Option<String>>,
}

/// Tells null from left out.
fn given<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(input).map(Some)
}

/// An account to go on with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChoiceBody {
    /// One of `accounts`.
    account: String,
}

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPasswordBody {
    /// At least 8 characters, better 15, of any kinds; not one that many people use.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 256)]
    password: Secret,
}

/// A session of oneself.
#[derive(Serialize, ToSchema)]
struct SessionLine {
    /// `ses_…`.
    id: String,
    /// Whether it is the one that asks.
    current: bool,
    /// When it began.
    created_at: Time,
    /// When it was last used, to the minute.
    seen_at: Time,
    /// When it ends, used or not.
    expires_at: Time,
    /// From which address it began.
    address: Option<String>,
    /// With which browser it began.
    user_agent: Option<String>,
}

/// Sessions, newest first.
#[derive(Serialize, ToSchema)]
struct SessionList {
    /// All of them.
    data: Vec<SessionLine>,
}

/// How many sessions ended.
#[derive(Serialize, ToSchema)]
struct EndedAnswer {
    /// How many.
    ended: u64,
}

/// Get who is signed in
#[utoipa::path(get, path = "/v1/me", operation_id = "get_me", tag = "sign-in",
    responses((status = 200, body = MeAnswer, description = "Who is signed in, and what they may do")))]
async fn get(State(engine): State<Engine>, caller: SignedIn) -> Result<Response, Problem> {
    let session = &caller.session;
    let accounts = members::memberships(&engine, &session.person.id).await?;
    let capabilities = members::Capability::all().filter(|capability| session.may(*capability));
    let answer = MeAnswer {
        session: SessionAnswer::of(session),
        accounts: accounts.into_iter().map(MembershipAnswer::of).collect(),
        capabilities: capabilities.map(members::Capability::name).collect(),
    };
    reply::json(StatusCode::OK, &answer)
}

/// Change how one is called and spoken to
#[utoipa::path(patch, path = "/v1/me", operation_id = "change_me", tag = "sign-in", request_body = MePatch,
    responses((status = 200, body = PersonAnswer, description = "The person as it is now")))]
async fn change(
    State(engine): State<Engine>,
    caller: SignedIn,
    Json(patch): Json<MePatch>,
) -> Result<Response, Problem> {
    let MePatch { name, language, time_zone } = patch;
    let change = PersonChange { name, language: language.map(Into::into), time_zone };
    let person = members::change_person(&engine, &caller.call(), &caller.session.person.id, change).await?;
    reply::json(StatusCode::OK, &PersonAnswer::of(&person))
}

/// Go on with another account
///
/// A new session takes the place of this one.
#[utoipa::path(put, path = "/v1/me/account", operation_id = "choose_account", tag = "sign-in",
    request_body = ChoiceBody,
    responses((status = 200, body = SessionAnswer, description = "The new session")))]
async fn choose(
    State(engine): State<Engine>,
    caller: SignedIn,
    Json(body): Json<ChoiceBody>,
) -> Result<Response, Problem> {
    let new = members::choose_account(&engine, &caller.session, &body.account, &caller.origin).await?;
    let mut response = reply::json(StatusCode::OK, &SessionAnswer::of(&new.session))?;
    keep(&engine, &new, &mut response)?;
    Ok(response)
}

/// Set one's password
///
/// Asks for a sign-in a moment ago: with the old password, or with a link when it is forgotten. Every other session ends.
#[utoipa::path(put, path = "/v1/me/password", operation_id = "set_password", tag = "sign-in",
    request_body = NewPasswordBody,
    responses((status = 204, description = "It is set"),
        (status = 422, description = "`password_too_short`, `password_too_long`, `password_too_common`",
            body = ProblemBody, content_type = "application/problem+json")))]
async fn set_password(
    State(engine): State<Engine>,
    caller: SignedIn,
    Json(body): Json<NewPasswordBody>,
) -> Result<Response, Problem> {
    members::set_password(&engine, &caller.session, &body.password, &caller.origin).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// List one's sessions
#[utoipa::path(get, path = "/v1/me/sessions", operation_id = "list_sessions", tag = "sign-in",
    responses((status = 200, body = SessionList, description = "The sessions, newest first")))]
async fn list_sessions(State(engine): State<Engine>, caller: SignedIn) -> Result<Response, Problem> {
    let current = &caller.session.id;
    let line = |record: SessionRecord| SessionLine {
        current: record.id == *current,
        id: record.id,
        created_at: Time(record.created_at),
        seen_at: Time(record.seen_at),
        expires_at: Time(record.expires_at),
        address: record.address,
        user_agent: record.user_agent,
    };
    let found = members::sessions(&engine, &caller.session.person.id).await?;
    reply::json(StatusCode::OK, &SessionList { data: found.into_iter().map(line).collect() })
}

/// End one's other sessions
#[utoipa::path(delete, path = "/v1/me/sessions", operation_id = "end_other_sessions", tag = "sign-in",
    responses((status = 200, body = EndedAnswer, description = "They have ended")))]
async fn end_others(State(engine): State<Engine>, caller: SignedIn) -> Result<Response, Problem> {
    let session = &caller.session;
    let ended = members::end_sessions(&engine, &caller.call(), &session.person.id, Some(&session.id)).await?;
    reply::json(StatusCode::OK, &EndedAnswer { ended })
}

/// End one of one's sessions
#[utoipa::path(delete, path = "/v1/me/sessions/{id}", operation_id = "end_session", tag = "sign-in",
    params(("id" = String, Path)), responses((status = 204, description = "It has ended")))]
async fn end_one(State(engine): State<Engine>, caller: SignedIn, PathId(id): PathId) -> Result<Response, Problem> {
    members::end_session(&engine, &caller.call(), &caller.session.person.id, &id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

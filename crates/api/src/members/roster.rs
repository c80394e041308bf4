//! The members of an account.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use engine::Engine;
use engine::members::{self, Capability, Invitation, Member, Role};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::LanguageName;
use crate::access::Needs;
use crate::auth::Caller;
use crate::fields::Time;
use crate::problem::{Problem, ProblemBody};
use crate::request::{Json, Params, PathId, PathIds};
use crate::spec::PageQuery;
use crate::{cursor, reply};

pub(super) fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .routes(routes!(list).needs(Capability::MembersRead))
        .routes(routes!(invite).needs(Capability::MembersAdmin))
        .routes(routes!(get).needs(Capability::MembersRead))
        .routes(routes!(change).needs(Capability::MembersAdmin))
        .routes(routes!(remove).needs(Capability::MembersAdmin))
}

/// What a member may do.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum RoleName {
    /// Everything.
    Owner,
    /// Moves money, and reads.
    Billing,
    /// Reads.
    Viewer,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Role {
        match name {
            RoleName::Owner => Role::Owner,
            RoleName::Billing => Role::Billing,
            RoleName::Viewer => Role::Viewer,
        }
    }
}

/// Who is to become a member.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct InvitationBody {
    /// Where the invitation goes.
    #[schema(max_length = 254)]
    email: String,
    /// What they shall do.
    role: RoleName,
    /// One full name, used when nobody has this address yet.
    #[serde(default)]
    #[schema(max_length = 200)]
    name: String,
    /// Of the letter, and of the pages when nobody has this address yet.
    #[serde(default)]
    language: LanguageName,
}

/// A member's other role.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MemberPatch {
    /// What they shall do.
    role: RoleName,
}

/// A member of an account.
#[derive(Serialize, ToSchema)]
struct MemberAnswer {
    /// `usr_…`.
    id: String,
    /// Where letters go.
    email: String,
    /// One full name; null until they joined.
    name: Option<String>,
    /// What they may do: `owner`, `billing` or `viewer`.
    role: &'static str,
    /// When they were last invited.
    invited_at: Time,
    /// When they joined; null while it is an invitation.
    #[schema(value_type = Option<Time>)]
    joined_at: Option<Time>,
}

/// Members in the order in which they were first known.
#[derive(Serialize, ToSchema)]
struct MemberList {
    /// The members of this page.
    data: Vec<MemberAnswer>,
    /// For the next page; null on the last one.
    next_cursor: Option<String>,
}

impl MemberAnswer {
    fn of(member: Member) -> MemberAnswer {
        MemberAnswer {
            id: member.person.id,
            email: member.person.email,
            // Somebody who did not join has told this account nothing.
            name: member.joined_at.map(|_| member.person.name),
            role: member.role.name(),
            invited_at: Time(member.invited_at),
            joined_at: member.joined_at.map(Time),
        }
    }
}

/// The account of the path, when it is this caller's.
async fn account(engine: &Engine, caller: &Caller, id: &str) -> Result<String, Problem> {
    Ok(engine.accounts().locate(caller.account(Some(id))?).await?.id.to_string())
}

/// List members
///
/// Those who were invited are among them, without `joined_at`.
#[utoipa::path(get, path = "/v1/accounts/{id}/members", operation_id = "list_members", tag = "members",
    params(("id" = String, Path), PageQuery),
    responses((status = 200, body = MemberList, description = "A page of members")))]
async fn list(
    State(engine): State<Engine>,
    caller: Caller,
    PathId(id): PathId,
    params: Params,
) -> Result<Response, Problem> {
    let account = account(&engine, &caller, &id).await?;
    params.only(&["limit", "cursor"])?;
    let limit = params.limit(&engine)?;
    let after = cursor::row(params.one("cursor")?)?.map(|(_, person_id)| person_id);
    let count = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let mut found = members::members(&engine, &account, after.as_deref(), count).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next_cursor = found.last().filter(|_| more).map(|last| cursor::after_row(0, &last.person.id));
    let data = found.into_iter().map(MemberAnswer::of).collect();
    reply::json(StatusCode::OK, &MemberList { data, next_cursor })
}

/// Invite a member
///
/// A letter with a link that works once, for seven days unless set otherwise. Inviting again sends another letter, and the
/// link before no longer works. An account that was just opened gets its first owner this way.
#[utoipa::path(post, path = "/v1/accounts/{id}/members", operation_id = "invite_member", tag = "members",
    params(("id" = String, Path)), request_body = InvitationBody,
    responses((status = 201, body = MemberAnswer, description = "The invitation is on its way"),
        (status = 409, description = "`already_member`, `too_many_members`", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 429, description = "`too_many_sign_ins`", body = ProblemBody,
            content_type = "application/problem+json")))]
async fn invite(
    State(engine): State<Engine>,
    caller: Caller,
    PathId(id): PathId,
    Json(body): Json<InvitationBody>,
) -> Result<Response, Problem> {
    let account = account(&engine, &caller, &id).await?;
    let invitation = Invitation {
        email: &body.email,
        name: &body.name,
        role: body.role.into(),
        language: body.language.into(),
        inviter: caller.name().unwrap_or(&engine.settings().brand.name),
    };
    let member = members::invite(&engine, &caller.call(None), &account, &invitation).await?;
    reply::json(StatusCode::CREATED, &MemberAnswer::of(member))
}

/// Get a member
#[utoipa::path(get, path = "/v1/accounts/{id}/members/{person_id}", operation_id = "get_member", tag = "members",
    params(("id" = String, Path), ("person_id" = String, Path)),
    responses((status = 200, body = MemberAnswer, description = "The member")))]
async fn get(
    State(engine): State<Engine>,
    caller: Caller,
    PathIds(id, person_id): PathIds,
) -> Result<Response, Problem> {
    let account = account(&engine, &caller, &id).await?;
    reply::json(StatusCode::OK, &MemberAnswer::of(members::member(&engine, &account, &person_id).await?))
}

/// Give a member another role
///
/// It counts from the next request on. The last owner stays owner.
#[utoipa::path(patch, path = "/v1/accounts/{id}/members/{person_id}", operation_id = "change_member", tag = "members",
    params(("id" = String, Path), ("person_id" = String, Path)), request_body = MemberPatch,
    responses((status = 200, body = MemberAnswer, description = "The member as it is now"),
        (status = 409, description = "`last_owner`", body = ProblemBody, content_type = "application/problem+json")))]
async fn change(
    State(engine): State<Engine>,
    caller: Caller,
    PathIds(id, person_id): PathIds,
    Json(patch): Json<MemberPatch>,
) -> Result<Response, Problem> {
    let account = account(&engine, &caller, &id).await?;
    let changed = members::change_role(&engine, &caller.call(None), &account, &person_id, patch.role.into()).await?;
    reply::json(StatusCode::OK, &MemberAnswer::of(changed))
}

/// Remove a member, or take an invitation back
///
/// It counts from the next request on. The last owner stays.
#[utoipa::path(delete, path = "/v1/accounts/{id}/members/{person_id}", operation_id = "remove_member", tag = "members",
    params(("id" = String, Path), ("person_id" = String, Path)),
    responses((status = 204, description = "They are a member no longer"),
        (status = 409, description = "`last_owner`", body = ProblemBody, content_type = "application/problem+json")))]
async fn remove(
    State(engine): State<Engine>,
    caller: Caller,
    PathIds(id, person_id): PathIds,
) -> Result<Response, Problem> {
    let account = account(&engine, &caller, &id).await?;
    members::remove(&engine, &caller.call(None), &account, &person_id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

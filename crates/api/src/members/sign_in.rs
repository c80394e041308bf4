//! Signing in and out.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use engine::Engine;
use engine::members::{self, Realm, SignedIn as NewSession};
use engine::settings::Secret;
use http::StatusCode;
use http::request::Parts;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{RealmName, SessionAnswer, forget, keep};
use crate::access::{Access, Needs};
use crate::auth::{self, Anybody, SignedIn};
use crate::problem::{Problem, ProblemBody};
use crate::reply;
use crate::request::{Json, OptionalJson};

pub(super) fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .routes(routes!(send_link).needs(Access::Public))
        .routes(routes!(with_token).needs(Access::Public))
        .routes(routes!(with_password).needs(Access::Public))
        .routes(routes!(sign_out).needs(Access::HalfSignedIn))
}

/// Who wants a link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LinkBody {
    /// The address of mail.
    #[schema(max_length = 254)]
    email: String,
    /// Where to sign in.
    #[serde(default)]
    realm: RealmName,
}

/// A link is on its way, if anybody has the address.
#[derive(Serialize, ToSchema)]
struct LinkAnswer {
    /// Always `accepted`.
    status: &'static str,
}

/// A link's token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TokenBody {
    /// The last part of the link.
    #[schema(value_type = String, max_length = 64)]
    token: Secret,
    /// Where to sign in.
    #[serde(default)]
    realm: RealmName,
}

/// An address and its password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordBody {
    /// The address of mail.
    #[schema(max_length = 254)]
    email: String,
    /// The password.
    #[schema(value_type = String, format = Password, max_length = 1024)]
    password: Secret,
    /// Where to sign in.
    #[serde(default)]
    realm: RealmName,
}

/// What ends.
#[derive(Deserialize, ToSchema, Default)]
#[serde(deny_unknown_fields)]
struct SignOutBody {
    /// Every session of this person, on every device.
    #[serde(default)]
    everywhere: bool,
}

/// Send a link to sign in
///
/// The answer is the same whether anybody has the address. The link works once, for fifteen minutes unless set otherwise.
#[utoipa::path(post, path = "/v1/sign-in/link", operation_id = "send_sign_in_link", tag = "sign-in",
    request_body = LinkBody,
    responses((status = 202, body = LinkAnswer, description = "A link is on its way, if anybody has the address"),
        (status = 429, description = "`too_many_sign_ins`", body = ProblemBody,
            content_type = "application/problem+json")))]
async fn send_link(
    State(engine): State<Engine>,
    caller: Anybody,
    Json(body): Json<LinkBody>,
) -> Result<Response, Problem> {
    members::request_link(&engine, body.realm.into(), &body.email, &caller.origin).await?;
    reply::json(StatusCode::ACCEPTED, &LinkAnswer { status: "accepted" })
}

/// Sign in with a link
///
/// Uses the link up, and accepts the invitation that it is. A new session begins, and its cookie is set.
#[utoipa::path(post, path = "/v1/sign-in/token", operation_id = "sign_in_with_token", tag = "sign-in",
    request_body = TokenBody,
    responses((status = 200, body = SessionAnswer, description = "Signed in"),
        (status = 401, description = "`link_invalid`", body = ProblemBody, content_type = "application/problem+json")))]
async fn with_token(
    State(engine): State<Engine>,
    parts: Parts,
    caller: Anybody,
    Json(body): Json<TokenBody>,
) -> Result<Response, Problem> {
    let realm = Realm::from(body.realm);
    let before = auth::session_of(&parts, &engine, realm).await?;
    let new = members::use_link(&engine, realm, body.token.expose(), &caller.origin, before.as_ref()).await?;
    signed_in(&engine, &new)
}

/// Sign in with a password
///
/// A wrong password and an unknown address answer the same. Whoever fails waits, each time twice as long; a link by mail
/// works meanwhile.
#[utoipa::path(post, path = "/v1/sign-in/password", operation_id = "sign_in_with_password", tag = "sign-in",
    request_body = PasswordBody,
    responses((status = 200, body = SessionAnswer, description = "Signed in"),
        (status = 401, description = "`sign_in_failed`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_sign_ins`", body = ProblemBody,
            content_type = "application/problem+json")))]
async fn with_password(
    State(engine): State<Engine>,
    parts: Parts,
    caller: Anybody,
    Json(body): Json<PasswordBody>,
) -> Result<Response, Problem> {
    let realm = Realm::from(body.realm);
    let before = auth::session_of(&parts, &engine, realm).await?;
    let proof = (body.email.as_str(), &body.password);
    let new = members::sign_in_with_password(&engine, realm, proof, &caller.origin, before.as_ref()).await?;
    signed_in(&engine, &new)
}

fn signed_in(engine: &Engine, new: &NewSession) -> Result<Response, Problem> {
    let mut response = reply::json(StatusCode::OK, &SessionAnswer::of(&new.session))?;
    keep(engine, new, &mut response)?;
    Ok(response)
}

/// Sign out
#[utoipa::path(post, path = "/v1/sign-out", operation_id = "sign_out", tag = "sign-in",
    request_body = Option<SignOutBody>,
    responses((status = 204, description = "The session has ended; its cookie is forgotten")))]
async fn sign_out(
    State(engine): State<Engine>,
    caller: SignedIn,
    OptionalJson(body): OptionalJson<SignOutBody>,
) -> Result<Response, Problem> {
    let person = &caller.session.person;
    if body.everywhere {
        members::end_sessions(&engine, &caller.call(), &person.id, None).await?;
    } else {
        members::sign_out(&engine, &caller.session, &caller.origin).await?;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    forget(&engine, person.realm, &mut response)?;
    Ok(response)
}

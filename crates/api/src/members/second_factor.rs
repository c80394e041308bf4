//! The second factor of whoever is signed in.

use axum::extract::State;
use axum::response::Response;
use engine::Engine;
use engine::members;
use engine::settings::Secret;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{SessionAnswer, keep};
use crate::access::{Access, Needs};
use crate::auth::SignedIn;
use crate::problem::{Problem, ProblemBody};
use crate::reply;
use crate::request::Json;

pub(super) fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .routes(routes!(begin).needs(Access::HalfSignedIn))
        .routes(routes!(give).needs(Access::HalfSignedIn))
}

/// What an authenticator app needs to know.
#[derive(Serialize, ToSchema)]
struct EnrolmentAnswer {
    /// The shared secret in base 32, to be typed.
    secret: String,
    /// The same with names as an `otpauth:` address, for a QR code.
    uri: String,
}

/// A code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CodeBody {
    /// Six digits of an authenticator app, or a recovery code.
    #[schema(value_type = String, max_length = 32)]
    code: Secret,
}

/// The session that the code brought.
#[derive(Serialize, ToSchema)]
struct GivenAnswer {
    #[serde(flatten)]
    session: SessionAnswer,
    /// With the first code only: each lets in once without the app. They are shown only here.
    recovery_codes: Vec<String>,
}

/// Begin to set up a second factor
///
/// The first right code confirms it. Until then it may be begun anew.
#[utoipa::path(post, path = "/v1/me/second-factor", operation_id = "begin_second_factor", tag = "sign-in",
    responses((status = 201, body = EnrolmentAnswer, description = "What an authenticator app needs, shown once"),
        (status = 409, description = "`second_factor_exists`", body = ProblemBody,
            content_type = "application/problem+json")))]
async fn begin(State(engine): State<Engine>, caller: SignedIn) -> Result<Response, Problem> {
    let enrolment = members::begin_second_factor(&engine, &caller.session, &caller.origin).await?;
    let shown = |secret: &Secret| secret.expose().to_owned();
    let answer = EnrolmentAnswer { secret: shown(&enrolment.secret), uri: shown(&enrolment.uri) };
    reply::json(StatusCode::CREATED, &answer)
}

/// Give the second factor
///
/// A new session takes the place of this one.
#[utoipa::path(post, path = "/v1/me/second-factor/codes", operation_id = "give_second_factor", tag = "sign-in",
    request_body = CodeBody,
    responses((status = 200, body = GivenAnswer, description = "The new session"),
        (status = 401, description = "`second_factor_wrong`", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 429, description = "`too_many_sign_ins`", body = ProblemBody,
            content_type = "application/problem+json")))]
async fn give(State(engine): State<Engine>, caller: SignedIn, Json(body): Json<CodeBody>) -> Result<Response, Problem> {
    let (new, recovery) =
        members::give_second_factor(&engine, &caller.session, body.code.expose(), &caller.origin).await?;
    let recovery_codes = recovery.iter().map(|code| code.expose().to_owned()).collect();
    let answer = GivenAnswer { session: SessionAnswer::of(&new.session), recovery_codes };
    let mut response = reply::json(StatusCode::OK, &answer)?;
    keep(&engine, &new, &mut response)?;
    Ok(response)
}

//! The text that a buyer agrees to.

use axum::extract::State;
use axum::response::Response;
use engine::Engine;
use engine::billing;
use engine::members::Capability;
use engine::settings::Language;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Needs;
use crate::auth::Caller;
use crate::problem::Problem;
use crate::reply;
use crate::request::{Params, PathId};

pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new().routes(routes!(get).needs(Capability::TopupRead))
}

/// A text to agree to.
#[derive(Serialize, ToSchema)]
struct TermsAnswer {
    /// The text. Show all of it; never tick its box for anybody.
    text: String,
    /// Send this back with the purchase: it names exactly this text.
    #[schema(min_length = 64, max_length = 64)]
    text_sha256: String,
    /// The language it is written in, which may not be the one that was asked for.
    #[schema(schema_with = super::language)]
    language: &'static str,
    /// The edition of the texts.
    version: String,
}

/// Get the terms of a purchase
///
/// The text in force for the account's billing profile: by country, and whether a consumer or a company buys.
#[utoipa::path(get, path = "/v1/accounts/{id}/consent", operation_id = "get_consent_text", tag = "billing",
    params(("id" = String, Path), ("language" = Option<String>, Query, description = "`en`, `ja` or `vi`; `en` when left \
        out", example = "en")),
    responses((status = 200, body = TermsAnswer, description = "The text to agree to")))]
async fn get(
    State(engine): State<Engine>,
    caller: Caller,
    PathId(id): PathId,
    params: Params,
) -> Result<Response, Problem> {
    let account = super::account(&engine, &caller, &id).await?;
    params.only(&["language"])?;
    let language = match params.one("language")? {
        None => Language::default(),
        Some(code) => Language::parse(code).ok_or_else(|| Problem::field("language", "must be one of en, ja, vi"))?,
    };
    let terms = billing::terms(&engine, &account, language).await?;
    let (text, text_sha256, version) = (terms.text, terms.text_sha256, terms.version);
    reply::json(StatusCode::OK, &TermsAnswer { text, text_sha256, language: terms.language.code(), version })
}

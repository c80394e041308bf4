//! Cards kept at Stripe for purchases without the payer.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use engine::Engine;
use engine::members::Capability;
use engine::topups::{self, SavedCard};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Needs;
use crate::auth::Caller;
use crate::problem::Problem;
use crate::reply;
use crate::request::{OptionalKey, PathId, PathIds};
use crate::spec::OptionalKeyHeader;

pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .routes(routes!(list).needs(Capability::TopupRead))
        .routes(routes!(save).needs(Capability::CardsWrite))
        .routes(routes!(make_default).needs(Capability::CardsWrite))
        .routes(routes!(remove).needs(Capability::CardsWrite))
}

/// Saved cards.
#[derive(Serialize, ToSchema)]
struct CardList {
    /// The default one first, then the newest.
    data: Vec<CardAnswer>,
}

/// A saved card.
#[derive(Serialize, ToSchema)]
struct CardAnswer {
    /// Stripe's name for it.
    #[schema(example = "pm_1Q4Yd72eZvKYlo2C1k2l3m4n")]
    id: String,
    /// Whose network.
    #[schema(example = "visa")]
    brand: String,
    /// Its last four digits.
    #[schema(example = "4242")]
    last4: String,
    /// The last month that it is valid in.
    exp_month: i16,
    /// The year of that month.
    exp_year: i16,
    /// Charged first.
    default: bool,
}

/// A card about to be saved.
#[derive(Serialize, ToSchema)]
struct SavingAnswer {
    /// Stripe's name for it.
    setup_intent: String,
    /// For Stripe's own fields in the payer's browser.
    client_secret: String,
}

impl CardAnswer {
    fn of(card: SavedCard) -> CardAnswer {
        let SavedCard { id, brand, last4, exp_month, exp_year, is_default } = card;
        CardAnswer { id, brand, last4, exp_month, exp_year, default: is_default }
    }
}

async fn account(engine: &Engine, caller: &Caller, id: &str) -> Result<String, Problem> {
    let id = caller.account(Some(id))?;
    Ok(engine.accounts().locate(id).await?.id.to_string())
}

/// List saved cards
#[utoipa::path(get, path = "/v1/accounts/{id}/cards", operation_id = "list_cards", tag = "payments",
    params(("id" = String, Path)),
    responses((status = 200, body = CardList, description = "The cards")))]
async fn list(State(engine): State<Engine>, caller: Caller, PathId(id): PathId) -> Result<Response, Problem> {
    let account = account(&engine, &caller, &id).await?;
    let data = topups::cards(&engine, &account).await?.into_iter().map(CardAnswer::of).collect();
    reply::json(StatusCode::OK, &CardList { data })
}

/// Begin to save a card
///
/// The payer's browser gives the card to Stripe's own fields with the client secret; the bank may ask for authentication.
#[utoipa::path(post, path = "/v1/accounts/{id}/cards", operation_id = "save_card", tag = "payments",
    params(("id" = String, Path), OptionalKeyHeader),
    responses((status = 201, body = SavingAnswer, description = "What Stripe's fields need")))]
async fn save(
    State(engine): State<Engine>,
    caller: Caller,
    PathId(id): PathId,
    OptionalKey(key): OptionalKey,
) -> Result<Response, Problem> {
    let account = account(&engine, &caller, &id).await?;
    let saving = topups::begin_saving(&engine, &caller.call(key), &account).await?;
    let answer =
        SavingAnswer { setup_intent: saving.setup_intent_id, client_secret: saving.client_secret.expose().to_owned() };
    reply::json(StatusCode::CREATED, &answer)
}

/// Charge a saved card first
#[utoipa::path(post, path = "/v1/accounts/{id}/cards/{card}/default", operation_id = "set_default_card",
    tag = "payments", params(("id" = String, Path), ("card" = String, Path)),
    responses((status = 204, description = "It is the default")))]
async fn make_default(
    State(engine): State<Engine>,
    caller: Caller,
    PathIds(id, card): PathIds,
) -> Result<Response, Problem> {
    let account = account(&engine, &caller, &id).await?;
    topups::set_default_card(&engine, &account, &card).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Remove a saved card
#[utoipa::path(delete, path = "/v1/accounts/{id}/cards/{card}", operation_id = "remove_card", tag = "payments",
    params(("id" = String, Path), ("card" = String, Path)),
    responses((status = 204, description = "It is forgotten")))]
async fn remove(State(engine): State<Engine>, caller: Caller, PathIds(id, card): PathIds) -> Result<Response, Problem> {
    let account = account(&engine, &caller, &id).await?;
    topups::remove_card(&engine, &account, &card).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

//! Quotes: what a purchase would charge, promised for some minutes.

use axum::extract::State;
use axum::response::Response;
use engine::Engine;
use engine::billing::{self, Quote, QuoteRequest};
use engine::members::Capability;
use engine::settings::Method;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::RateAnswer;
use crate::access::Needs;
use crate::auth::Caller;
use crate::fields::{AmountText, Money, Time};
use crate::problem::Problem;
use crate::reply;
use crate::request::{Json, PathId, PathIds};

pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .routes(routes!(make).needs(Capability::TopupWrite))
        .routes(routes!(get).needs(Capability::TopupRead))
}

/// What is to be bought.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"amount": "500000", "method": "paypal", "currency": "USD"}))]
struct QuoteBody {
    /// How much is credited, in the account's unit: within the bounds, or the size of a pack.
    amount: AmountText,
    /// How it is to be paid.
    #[schema(schema_with = super::method)]
    method: Method,
    /// What is charged; the method's first currency when left out.
    #[schema(example = "USD")]
    currency: Option<String>,
}

/// A promise of what a purchase charges.
#[derive(Serialize, ToSchema)]
struct QuoteAnswer {
    /// Its identifier.
    #[schema(example = "quo_0199c0c2f7c27d6fb2b0c1d2e3f40516")]
    id: String,
    /// The account.
    account: String,
    /// How it is paid.
    #[schema(schema_with = super::method)]
    method: &'static str,
    /// What is credited, exactly, also when the confirmation comes late.
    amount: Money,
    /// What it is credited in.
    #[schema(example = "VND")]
    unit: &'static str,
    /// What is charged, rounded up to the smallest coin.
    charge: ChargeAnswer,
    /// The exchange rate; null when the charge is the amount itself or the price of a pack.
    rate: Option<RateAnswer>,
    /// When it was made.
    created_at: Time,
    /// It can be used before this instant.
    expires_at: Time,
}

/// What is charged.
#[derive(Serialize, ToSchema)]
struct ChargeAnswer {
    /// How much.
    amount: Money,
    /// Of what.
    #[schema(example = "USD")]
    currency: &'static str,
}

impl QuoteAnswer {
    fn of(quote: Quote) -> Result<QuoteAnswer, Problem> {
        let currency = quote.charge.currency;
        let charged = quote.charge.to_amount().map_err(|error| Problem::internal(&error.to_string()))?;
        Ok(QuoteAnswer {
            id: quote.id,
            account: quote.account_id,
            method: quote.method.name(),
            amount: Money { unit: quote.unit, amount: quote.credit },
            unit: quote.unit.code(),
            charge: ChargeAnswer { amount: Money { unit: currency, amount: charged }, currency: currency.code() },
            rate: quote.rate.map(RateAnswer::of),
            created_at: Time(quote.created_at),
            expires_at: Time(quote.expires_at),
        })
    }
}

/// Make a quote
///
/// What a purchase would charge, at which exchange rate, until when. It never changes, and reserves nothing.
#[utoipa::path(post, path = "/v1/accounts/{id}/quotes", operation_id = "make_quote",
    tag = "billing", params(("id" = String, Path)), request_body = QuoteBody,
    responses((status = 201, body = QuoteAnswer, description = "The quote")))]
async fn make(
    State(engine): State<Engine>,
    caller: Caller,
    PathId(id): PathId,
    Json(body): Json<QuoteBody>,
) -> Result<Response, Problem> {
    let account = super::account(&engine, &caller, &id).await?;
    let currency = body.currency.map(|code| super::unit("currency", &code)).transpose()?;
    let request = QuoteRequest { amount: &body.amount.0, method: body.method, currency };
    let quote = billing::quote(&engine, &account, request).await?;
    reply::json(StatusCode::CREATED, &QuoteAnswer::of(quote)?)
}

/// Get a quote
#[utoipa::path(get, path = "/v1/accounts/{id}/quotes/{quote_id}", operation_id = "get_quote", tag = "billing",
    params(("id" = String, Path), ("quote_id" = String, Path)),
    responses((status = 200, body = QuoteAnswer, description = "The quote, also an expired one")))]
async fn get(
    State(engine): State<Engine>,
    caller: Caller,
    PathIds(id, quote_id): PathIds,
) -> Result<Response, Problem> {
    let account = super::account(&engine, &caller, &id).await?;
    let quote = billing::find_quote(&engine, &account, &quote_id).await?;
    reply::json(StatusCode::OK, &QuoteAnswer::of(quote)?)
}

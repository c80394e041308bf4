//! Top-ups as whoever pays sees them.

use std::net::IpAddr;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use engine::Engine;
use engine::members::Capability;
use engine::settings::Language;
use engine::topups::{self, Beginning, Consented, Next, Payment};
use ledger::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Needs;
use crate::auth::Caller;
use crate::fields::{Money, Time};
use crate::problem::Problem;
use crate::reply;
use crate::request::{IdempotencyKey, Json, PathId};
use crate::spec::KeyHeader;

pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .routes(routes!(begin).needs(Capability::TopupWrite))
        .routes(routes!(get).needs(Capability::TopupRead))
        .routes(routes!(check).needs(Capability::TopupRead))
}

/// What is to be paid, and what the payer agreed to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TopupBody {
    /// Who buys; may be left out with an account's own key.
    account: Option<String>,
    /// The quote that the payer saw.
    #[schema(example = "quo_0199c0c2f7c27d6fb2b0c1d2e3f40516")]
    quote: String,
    /// What the payer agreed to.
    consent: ConsentBody,
    /// The language of the gateway's page and of documents: `en`, `ja` or `vi`.
    #[serde(default)]
    #[schema(value_type = String, example = "vi")]
    language: Language,
    /// Where the payer's browser goes in the end; `topup` and `status` are added to its query.
    #[schema(example = "https://app.example.com/billing")]
    return_url: Option<String>,
    /// Keep the card for purchases without the payer (Stripe only).
    #[serde(default)]
    save_card: bool,
}

/// An agreement, as the payer's browser sent it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsentBody {
    /// The hash of the text that was shown, from the account's consent.
    pub(crate) text_sha256: String,
    /// Address of the payer's browser.
    #[schema(value_type = String, example = "203.0.113.7")]
    pub(crate) ip: IpAddr,
    /// The payer's browser, as it names itself.
    #[serde(default)]
    pub(crate) user_agent: String,
}

/// A top-up.
#[derive(Serialize, ToSchema)]
pub(crate) struct TopupAnswer {
    /// Its reference, for people too.
    #[schema(example = "pay_0193a1b2c3d47e5f8a9b0c1d2e3f4a5b")]
    id: String,
    /// Whose.
    account: String,
    /// How it is paid: `stripe`, `paypal`, `vnpay` or `saved_card`.
    method: String,
    /// Where it stands, in detail.
    #[schema(example = "awaiting_customer")]
    state: &'static str,
    /// What people are told: `pending`, `success` or `failed`.
    #[schema(example = "pending")]
    status: &'static str,
    /// Why it stands there; every decline of a card reads `declined`.
    reason: Option<String>,
    /// What is credited.
    credits: Money,
    /// What is charged.
    amount: Money,
    /// What is charged in.
    #[schema(value_type = String, example = "USD")]
    currency: Unit,
    /// What the payer's browser does next; null when there is nothing to do.
    next: Option<NextAnswer>,
    /// Whether paying again could pay twice.
    do_not_pay_again: bool,
    /// When it began.
    created_at: Time,
    /// Until when it may be paid.
    #[schema(value_type = Option<Time>)]
    expires_at: Option<Time>,
    /// When its credits were granted.
    #[schema(value_type = Option<Time>)]
    paid_at: Option<Time>,
}

/// What the payer's browser does next: one of the two.
#[derive(Serialize, ToSchema)]
struct NextAnswer {
    /// The gateway's page.
    #[serde(skip_serializing_if = "Option::is_none")]
    redirect_url: Option<String>,
    /// For Stripe's own fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    stripe_client_secret: Option<String>,
}

impl TopupAnswer {
    pub(crate) fn of(payment: Payment, unit: Unit, next: Option<Next>) -> Result<TopupAnswer, Problem> {
        let currency = payment.price.currency;
        let amount = payment.price.to_amount().map_err(|error| Problem::internal(&error.to_string()))?;
        let next = next.map(|next| match next {
            Next::Redirect(url) => NextAnswer { redirect_url: Some(url), stripe_client_secret: None },
            Next::StripeFields(secret) => {
                NextAnswer { redirect_url: None, stripe_client_secret: Some(secret.expose().to_owned()) }
            }
        });
        let status = payment.state.shown();
        let reason = payment.told_reason().map(str::to_owned);
        Ok(TopupAnswer {
            id: payment.id,
            account: payment.account_id,
            method: payment.method,
            state: payment.state.name(),
            status,
            reason,
            credits: Money { unit, amount: payment.credit },
            amount: Money { unit: currency, amount },
            currency,
            next,
            do_not_pay_again: status == "pending" && payment.state != topups::State::AwaitingCustomer,
            created_at: Time(payment.created_at),
            expires_at: payment.expires_at.map(Time),
            paid_at: payment.paid_at.map(Time),
        })
    }
}

/// Begin a top-up
///
/// Opens a payment at the gateway of the quote's method and says where the payer goes. Credits arrive with the gateway's
/// verified notice, or when we ask it; never with the payer's return.
#[utoipa::path(post, path = "/v1/topups", operation_id = "begin_topup", tag = "payments", params(KeyHeader),
    request_body = TopupBody,
    responses((status = 201, body = TopupAnswer, description = "Opened, now or before with the same key"),
        (status = 409, description = "`profile_missing`, `quote_expired`, `payment_status_unknown`, `dispute_open`, \
            `account_closed`, or why the method does not work now", body = crate::problem::ProblemBody,
            content_type = "application/problem+json"),
        (status = 429, description = "`too_many_attempts`, `daily_limit_reached`", body = crate::problem::ProblemBody,
            content_type = "application/problem+json")))]
async fn begin(
    State(engine): State<Engine>,
    caller: Caller,
    key: IdempotencyKey,
    Json(body): Json<TopupBody>,
) -> Result<Response, Problem> {
    let id = caller.account(body.account.as_deref())?;
    let account = engine.accounts().locate(id).await?;
    let beginning = Beginning {
        account_id: &account.id,
        quote_id: &body.quote,
        consent: Consented {
            text_sha256: &body.consent.text_sha256,
            ip: caller.payer_address(body.consent.ip),
            user_agent: &body.consent.user_agent,
        },
        language: body.language,
        return_url: body.return_url.as_deref(),
        idempotency_key: &key.0,
        save_card: body.save_card,
    };
    let begun = topups::begin(&engine, beginning).await?;
    let answer = TopupAnswer::of(begun.payment, account.unit, begun.next)?;
    reply::repeatable(StatusCode::CREATED, &answer, begun.replayed)
}

/// Get a top-up
#[utoipa::path(get, path = "/v1/topups/{id}", operation_id = "get_topup", tag = "payments",
    params(("id" = String, Path)),
    responses((status = 200, body = TopupAnswer, description = "The top-up as it stands")))]
async fn get(State(engine): State<Engine>, caller: Caller, PathId(id): PathId) -> Result<Response, Problem> {
    let payment = own(&engine, &caller, &id).await?;
    answer(&engine, payment).await
}

/// Ask the gateway about a top-up now
#[utoipa::path(post, path = "/v1/topups/{id}/check", operation_id = "check_topup", tag = "payments",
    params(("id" = String, Path)),
    responses((status = 200, body = TopupAnswer, description = "The top-up after the gateway was asked")))]
async fn check(State(engine): State<Engine>, caller: Caller, PathId(id): PathId) -> Result<Response, Problem> {
    let payment = own(&engine, &caller, &id).await?;
    let payment = topups::check_now(&engine, &payment.account_id, &payment.id).await?;
    answer(&engine, payment).await
}

async fn own(engine: &Engine, caller: &Caller, id: &str) -> Result<Payment, Problem> {
    let payment = topups::payment(engine, id).await?;
    caller.owns(&payment.account_id, "payment")?;
    Ok(payment)
}

async fn answer(engine: &Engine, payment: Payment) -> Result<Response, Problem> {
    let account = engine.accounts().locate(&payment.account_id).await?;
    reply::json(StatusCode::OK, &TopupAnswer::of(payment, account.unit, None)?)
}

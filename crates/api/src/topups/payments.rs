//! What an operator sees of payments.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use engine::Engine;
use engine::topups::{self, Payment};
use ledger::Unit;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Operator;
use crate::fields::{Money, Time};
use crate::problem::Problem;
use crate::request::{Params, PathId};
use crate::spec::PageQuery;
use crate::{cursor, reply};

pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get))
}

/// A purchase of credits.
#[derive(Serialize, ToSchema)]
struct PaymentAnswer {
    /// The payment; Stripe's objects carry it as `topup_id`.
    #[schema(example = "pay_0193a1b2c3d47e5f8a9b0c1d2e3f4a5b")]
    id: String,
    /// Whose.
    account: String,
    /// `stripe`, `paypal` or `vnpay`.
    gateway: String,
    /// `saved_card`, `stripe`, `paypal` or `vnpay`.
    method: String,
    /// Where it stands: `created`, `awaiting_customer`, `confirming`, `succeeded`, `failed`, `expired`, `under_review`
    /// or `unknown`; afterwards `partly_refunded`, `refunded`, `disputed`, `dispute_won` or `dispute_lost`.
    state: &'static str,
    /// Why it stands there: a decline code, what differs from what was asked, or `late_success`.
    reason: Option<String>,
    /// What it brings, in the account's unit.
    credits: Money,
    /// What is charged, in `currency`.
    amount: Money,
    /// What is charged in.
    #[schema(value_type = String, example = "USD")]
    currency: Unit,
    /// Real money.
    live: bool,
    /// Who pays, at the gateway.
    gateway_customer: String,
    /// What pays, at the gateway; null until it is known.
    gateway_object: Option<String>,
    /// When it began.
    created_at: Time,
    /// When it changed last.
    updated_at: Time,
    /// When the gateway is asked about it next; null when nothing is open.
    #[schema(value_type = Option<Time>)]
    next_check_at: Option<Time>,
}

/// Payments of an account, newest first.
#[derive(Serialize, ToSchema)]
struct PaymentList {
    /// The payments of this page.
    data: Vec<PaymentAnswer>,
    /// For the next page; null on the last one.
    next_cursor: Option<String>,
}

impl PaymentAnswer {
    fn of(payment: Payment, unit: Unit) -> Result<PaymentAnswer, Problem> {
        let currency = payment.price.currency;
        let amount = payment.price.to_amount().map_err(|error| Problem::internal(&error.to_string()))?;
        Ok(PaymentAnswer {
            id: payment.id,
            account: payment.account_id,
            gateway: payment.gateway,
            method: payment.method,
            state: payment.state.name(),
            reason: payment.reason,
            credits: Money { unit, amount: payment.credit },
            amount: Money { unit: currency, amount },
            currency,
            live: payment.live,
            gateway_customer: payment.customer_id,
            gateway_object: payment.object_id,
            created_at: Time(payment.created_at),
            updated_at: Time(payment.updated_at),
            next_check_at: payment.next_check_at.map(Time),
        })
    }
}

/// List payments of an account
#[utoipa::path(get, path = "/v1/payments", tag = "payments",
    params(("account" = String, Query, description = "Whose payments."), PageQuery),
    responses((status = 200, body = PaymentList, description = "A page of payments, newest first"),
        (status = 404, description = "There is no such account", body = crate::problem::ProblemBody,
            content_type = "application/problem+json")))]
async fn list(State(engine): State<Engine>, _operator: Operator, params: Params) -> Result<Response, Problem> {
    params.only(&["account", "limit", "cursor"])?;
    let account = params.one("account")?.ok_or_else(|| Problem::field("account", "must be given"))?;
    let account = engine.accounts().locate(account).await?;
    let limit = params.limit(&engine)?;
    let after = cursor::row(params.one("cursor")?)?.map(|(_, id)| id);
    let mut payments = topups::payments(&engine, &account.id, after.as_deref(), limit + 1).await?;
    let more = payments.len() > limit;
    payments.truncate(limit);
    let last = payments.last().filter(|_| more);
    let next_cursor = last.map(|payment| cursor::after_row(payment.created_at.micros(), &payment.id));
    let data =
        payments.into_iter().map(|payment| PaymentAnswer::of(payment, account.unit)).collect::<Result<_, _>>()?;
    reply::json(StatusCode::OK, &PaymentList { data, next_cursor })
}

/// Get a payment
#[utoipa::path(get, path = "/v1/payments/{id}", tag = "payments", params(("id" = String, Path)),
    responses((status = 200, body = PaymentAnswer, description = "The payment")))]
async fn get(State(engine): State<Engine>, _operator: Operator, PathId(id): PathId) -> Result<Response, Problem> {
    let payment = topups::payment(&engine, &id).await?;
    let account = engine.accounts().locate(&payment.account_id).await?;
    reply::json(StatusCode::OK, &PaymentAnswer::of(payment, account.unit)?)
}

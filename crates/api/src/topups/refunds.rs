//! Money given back.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use engine::Engine;
use engine::members::Capability;
use engine::topups::{self, Dispute, Refund, RefundRequest};
use ledger::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Needs;
use crate::auth::Operator;
use crate::fields::{AmountText, Money, Time};
use crate::problem::Problem;
use crate::reply;
use crate::request::{IdempotencyKey, Json, PathId};
use crate::spec::KeyHeader;

pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new().routes(routes!(refund).needs(Capability::RefundsWrite))
}

/// What is to be given back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"amount": "10.00", "reason": "ordered twice"}))]
struct RefundBody {
    /// How much, in the currency of the charge; all that is left when left out.
    amount: Option<AmountText>,
    /// Why; the gateway's books may show it.
    reason: String,
}

/// Money that went back, or is about to.
#[derive(Serialize, ToSchema)]
pub(super) struct RefundAnswer {
    /// Its identifier.
    #[schema(example = "rf_0193a1b2c3d47e5f8a9b0c1d2e3f4a5b")]
    id: String,
    /// The payment.
    payment: String,
    /// Where it stands: `requested`, `pending`, `unknown`, `succeeded` or `failed`.
    #[schema(example = "succeeded")]
    state: String,
    /// How much.
    amount: Money,
    /// In what.
    #[schema(value_type = String, example = "USD")]
    currency: Unit,
    /// Credits that were taken back with it; null when it is all that was left of the payment.
    #[schema(value_type = Option<Money>)]
    credits: Option<Money>,
    /// Why it was given.
    reason: String,
    /// Why it failed; its credits are back then.
    failure: Option<String>,
    /// Who gave it.
    operator: String,
    /// The gateway took the money back by itself, or it was given back in the gateway's own console.
    forced: bool,
    /// The gateway's name for it.
    gateway_object: Option<String>,
    /// When it began.
    created_at: Time,
    /// When it changed last.
    updated_at: Time,
}

/// A dispute of a payment.
#[derive(Serialize, ToSchema)]
pub(super) struct DisputeAnswer {
    /// The gateway's name for it.
    id: String,
    /// Where it stands: `inquiry`, `open`, `won` or `lost`.
    #[schema(example = "open")]
    state: String,
    /// The payer's reason, the gateway's word.
    reason: Option<String>,
    /// How much is disputed.
    amount: Money,
    /// In what.
    #[schema(value_type = String, example = "USD")]
    currency: Unit,
    /// Until when evidence is accepted.
    #[schema(value_type = Option<Time>)]
    due_at: Option<Time>,
    /// When it was first heard of.
    created_at: Time,
    /// When it changed last.
    updated_at: Time,
}

fn money(money: topups::Money) -> Result<Money, Problem> {
    let amount = money.to_amount().map_err(|error| Problem::internal(&error.to_string()))?;
    Ok(Money { unit: money.currency, amount })
}

impl RefundAnswer {
    pub(super) fn of(refund: Refund, unit: Unit) -> Result<RefundAnswer, Problem> {
        Ok(RefundAnswer {
            id: refund.id,
            payment: refund.payment_id,
            state: refund.state,
            amount: money(refund.money)?,
            currency: refund.money.currency,
            credits: refund.credit.map(|amount| Money { unit, amount }),
            reason: refund.reason,
            failure: refund.failure,
            operator: refund.operator,
            forced: refund.forced,
            gateway_object: refund.object_id,
            created_at: Time(refund.created_at),
            updated_at: Time(refund.updated_at),
        })
    }
}

impl DisputeAnswer {
    pub(super) fn of(dispute: Dispute) -> Result<DisputeAnswer, Problem> {
        Ok(DisputeAnswer {
            id: dispute.object_id,
            state: dispute.state,
            reason: dispute.reason,
            amount: money(dispute.money)?,
            currency: dispute.money.currency,
            due_at: dispute.due_at.map(Time),
            created_at: Time(dispute.created_at),
            updated_at: Time(dispute.updated_at),
        })
    }
}

/// Refund a payment
///
/// Its credits are taken back at once (what is spent becomes overdraft), then the gateway is asked. When it refuses, the
/// credits come back.
#[utoipa::path(post, path = "/v1/payments/{id}/refunds", operation_id = "refund_payment", tag = "payments",
    params(("id" = String, Path), KeyHeader), request_body = RefundBody,
    responses((status = 201, body = RefundAnswer, description = "The refund as it stands, now or before with the same key"),
        (status = 409, description = "`not_refundable`: the payment has not succeeded, or is disputed",
            body = crate::problem::ProblemBody, content_type = "application/problem+json")))]
async fn refund(
    State(engine): State<Engine>,
    operator: Operator,
    PathId(id): PathId,
    key: IdempotencyKey,
    Json(body): Json<RefundBody>,
) -> Result<Response, Problem> {
    let amount = body.amount.as_ref().map(|amount| &*amount.0);
    let wanted = RefundRequest { payment_id: &id, amount, reason: &body.reason };
    let (refund, replayed) = topups::refund(&engine, &operator.keyed(key), wanted).await?;
    let account = engine.accounts().locate(&refund.account_id).await?;
    reply::repeatable(StatusCode::CREATED, &RefundAnswer::of(refund, account.unit)?, replayed)
}

//! `POST /user/purchase-topup`: a pack, paid with the saved cards.

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use engine::Engine;
use engine::members::Capability;
use engine::topups::{self, Purchase, Refused};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::answer::{Refusal, TeamError};
use crate::request::{IDEMPOTENCY_KEY, IdempotencyKey};
use crate::spec::OptionalKeyHeader;

/// Largest body, in bytes: it holds one number.
const BODY_BYTES: usize = 64 << 10;
const PROCESSING: &str = "The payment is being processed; the credits arrive when it is confirmed.";

/// Which pack. Read leniently: other members are ignored, as the API that this copies does.
#[derive(Debug, ToSchema)]
#[allow(dead_code, reason = "documents the body, which is read as it comes")]
pub(super) struct PurchaseTopup {
    /// The size of the pack.
    #[schema(example = 10000)]
    credits: i64,
}

/// A pack was bought; its credits arrive when the payment is confirmed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TopupPurchased {
    success: bool,
    /// `processing` while the gateway is still at work.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    /// The payment at Stripe.
    #[schema(example = "pi_3Q4Yd72eZvKYlo2C1k2l3m4n")]
    payment_intent_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'static str>,
    /// The size of the pack.
    #[schema(example = 10000)]
    credits: i64,
}

/// Buy a pack with the saved cards
///
/// The default card is charged first, then every other saved card after a definite decline. Credits never come with
/// this answer, but with the confirmation of the gateway.
#[utoipa::path(
    post,
    path = "/user/purchase-topup",
    tag = "team",
    params(OptionalKeyHeader),
    request_body = PurchaseTopup,
    responses(
        (status = 200, description = "Paid.", body = TopupPurchased),
        (status = 202, description = "The gateway is still processing it.", body = TopupPurchased),
        (status = 400, description = "`missing_topup_selector`, `invalid_credits`, `no_stripe_customer`, \
            `no_payment_method` or `topup_not_available`: nothing was charged.", body = TeamError),
        (status = 402, description = "`payment_failed`: every saved card was refused; or `invalid_api_key`.",
            body = TeamError),
        (status = 403, description = "`permission_denied`: the key may not buy.", body = TeamError),
        (status = 404, description = "`team_not_found`: the key belongs to no open account.", body = TeamError),
        (status = 409, description = "`request_in_progress`: the first request of this idempotency key is still running.",
            body = TeamError),
        (status = 422, description = "`idempotency_key_reuse`: the idempotency key was used with another body; or \
            `idempotency_key_invalid`.", body = TeamError),
        (status = 429, description = "`purchase_topup_cooldown`: the last accepted attempt is too recent; or too many \
            cards were declined, or too much was bought, in the last 24 hours.",
            body = TeamError, headers(("Retry-After" = i64, description = "Whole seconds to wait"))),
        (status = 500, description = "`internal_error`: nothing was charged.", body = TeamError),
        (status = 503, description = "`payment_status_unknown`: the gateway's answer left open whether a card was \
            charged; no new attempt charges before that is settled.", body = TeamError),
    )
)]
pub(super) async fn purchase_topup(
    State(engine): State<Engine>,
    parts: Parts,
    body: Body,
) -> Result<Response, Refusal> {
    let account = super::team(&engine, &parts, Capability::TopupWrite).await?;
    let buyer = topups::buyer(&engine, &account).await?;
    let bad = |code| Refusal::new(StatusCode::BAD_REQUEST, code);
    let body = to_bytes(body, BODY_BYTES).await.unwrap_or_default();
    let credits = selector(&body).map_err(bad)?;
    let key = idempotency_key(&parts.headers)?;
    let idempotency_key = key.as_ref().map(|key| &*key.0);
    let bought = topups::purchase(&engine, Purchase { buyer: &buyer, credits, idempotency_key }).await?;
    let status = if bought.processing { StatusCode::ACCEPTED } else { StatusCode::OK };
    let body = TopupPurchased {
        success: true,
        status: bought.processing.then_some("processing"),
        payment_intent_id: bought.intent_id,
        message: bought.processing.then_some(PROCESSING),
        credits: bought.credits,
    };
    Ok((status, Json(body)).into_response())
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Refusal> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let key = IdempotencyKey::parse(value.to_str().unwrap_or_default());
    key.map(Some).map_err(|problem| Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, problem.code()))
}

/// The size of the pack. A body that cannot be read selects nothing.
fn selector(body: &[u8]) -> Result<i64, &'static str> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    match body.get("credits") {
        None | Some(Value::Null) => Err("missing_topup_selector"),
        Some(credits) => credits.as_i64().filter(|credits| *credits > 0).ok_or("invalid_credits"),
    }
}

/// The contract's table of refusals.
impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        let (status, code) = match refused {
            Refused::InvalidCredits => (StatusCode::BAD_REQUEST, "invalid_credits"),
            Refused::NotAvailable | Refused::Disputed => (StatusCode::BAD_REQUEST, "topup_not_available"),
            Refused::NoCustomer => (StatusCode::BAD_REQUEST, "no_stripe_customer"),
            Refused::NoCard => (StatusCode::BAD_REQUEST, "no_payment_method"),
            Refused::PaymentFailed => (StatusCode::PAYMENT_REQUIRED, "payment_failed"),
            Refused::NoAccount => return Refusal::team_not_found(),
            Refused::InProgress => (StatusCode::CONFLICT, "request_in_progress"),
            Refused::KeyReuse => (StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reuse"),
            Refused::Cooldown { retry_after_seconds, cooldown_seconds } => {
                return Refusal::cooldown(retry_after_seconds, cooldown_seconds);
            }
            Refused::StatusUnknown => (StatusCode::SERVICE_UNAVAILABLE, "payment_status_unknown"),
            Refused::Internal(reason) => return Refusal::internal(&reason),
        };
        Refusal::new(status, code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_selects_a_pack_or_says_why_not() {
        let table = [
            (r#"{"credits":10000}"#, Ok(10_000)),
            (r#"{"credits":10000,"team":"other"}"#, Ok(10_000)),
            (r#"{"credits":1}"#, Ok(1)),
            ("", Err("missing_topup_selector")),
            ("{}", Err("missing_topup_selector")),
            ("[]", Err("missing_topup_selector")),
            ("10000", Err("missing_topup_selector")),
            (r#"{"credits":null}"#, Err("missing_topup_selector")),
            (r#"{"credits":10000"#, Err("missing_topup_selector")),
            (r#"{"credits":0}"#, Err("invalid_credits")),
            (r#"{"credits":-10000}"#, Err("invalid_credits")),
            (r#"{"credits":10000.5}"#, Err("invalid_credits")),
            (r#"{"credits":1e400}"#, Err("missing_topup_selector")),
            (r#"{"credits":9223372036854775808}"#, Err("invalid_credits")),
            (r#"{"credits":"10000"}"#, Err("invalid_credits")),
            (r#"{"credits":true}"#, Err("invalid_credits")),
            (r#"{"credits":[10000]}"#, Err("invalid_credits")),
        ];
        for (body, expected) in table {
            assert_eq!(selector(body.as_bytes()), expected, "{body}");
        }
    }
}

//! Vouchers: campaigns and codes for operators, redeeming and looking at them for accounts.
//!
//! What an account's own key may do here: `topup:write` redeems, `balance:read` looks. Campaigns and codes are the
//! operator's. A code's text is in the answer that issues it and in no other.

pub mod account;
mod campaigns;
mod codes;

use axum::response::Response;
use engine::Engine;
use engine::vouchers::{self, Revocable, Revoked};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

use crate::auth::Operator;
use crate::problem::Problem;
use crate::reply;

/// `/v1/campaigns…`, `/v1/voucher-codes…` and `/v1/accounts/{id}/vouchers…`.
pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new().merge(campaigns::routes()).merge(codes::routes()).merge(account::routes())
}

/// Why something is revoked, and how much of it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RevocationBody {
    /// Why, for the record and the account's history.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
    /// Whether accounts keep what they redeemed before.
    #[serde(default)]
    keep_redeemed: bool,
}

impl RevocationBody {
    async fn revoke(self, engine: &Engine, operator: &Operator, what: Revocable<'_>) -> Result<Response, Problem> {
        let RevocationBody { reason, keep_redeemed } = self;
        let Revoked { redemptions, pending } =
            vouchers::revoke(engine, &operator.call(), what, &reason, keep_redeemed).await?;
        reply::json(StatusCode::OK, &RevocationAnswer { redemptions, pending })
    }
}

/// What a revocation found.
#[derive(Serialize, ToSchema)]
struct RevocationAnswer {
    /// Redemptions that were revoked with it: what is left of them is taken back.
    redemptions: u64,
    /// Of these, how many are still being taken back in the background.
    pending: u64,
}

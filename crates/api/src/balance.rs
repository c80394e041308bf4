//! What an account has, now or at an earlier instant.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use engine::Engine;
use engine::members::Capability;
use http::StatusCode;
use ledger::{Account, Amount, Lot, LotKind, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Needs;
use crate::auth::Caller;
use crate::fields::{self, Id, Money, Time};
use crate::problem::Problem;
use crate::reply;
use crate::request::{Params, PathId};

/// `GET /v1/accounts/{id}/balance`.
pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new().routes(routes!(balance).needs(Capability::BalanceRead))
}

/// What an account has. `balance` = the sum of `by_kind` − `overdraft`; `available` = `balance` − `held`.
#[derive(Serialize, ToSchema)]
struct BalanceAnswer {
    /// Whose credits.
    #[schema(value_type = String)]
    account: Arc<str>,
    /// What they count in.
    unit: &'static str,
    /// Credits that count, held ones included, less the overdraft.
    balance: Money,
    /// What open holds earmark.
    held: Money,
    /// What may be spent.
    available: Money,
    /// How far below zero the account is.
    overdraft: Money,
    /// The balance by where the credits come from, before the overdraft.
    by_kind: ByKind,
    /// Lots that count, or will, in burn-down order.
    lots: Vec<LotAnswer>,
    /// The instant this was so.
    as_of: Time,
}

/// Credits by where they come from.
#[derive(Serialize, ToSchema)]
struct ByKind {
    /// Bought.
    top_up: Money,
    /// From vouchers.
    voucher: Money,
    /// From a plan.
    subscription: Money,
    /// Given by an operator.
    manual: Money,
    /// Given when the account was set up.
    setup: Money,
}

/// Credits granted together.
#[derive(Serialize, ToSchema)]
struct LotAnswer {
    /// The lot.
    id: Id,
    /// Where it comes from.
    #[schema(schema_with = fields::lot_kind)]
    kind: &'static str,
    /// What was granted.
    allocated: Money,
    /// What is left, held parts included.
    remaining: Money,
    /// What open holds earmark in it.
    held: Money,
    /// Counts from this instant on.
    effective_at: Time,
    /// Stops counting at this instant; null: never.
    #[schema(value_type = Option<Time>)]
    expires_at: Option<Time>,
    /// Services it may pay for; empty means all.
    #[schema(value_type = Vec<String>)]
    scope: Box<[Box<str>]>,
    /// Its place in the burn-down order; lower burns first.
    priority: i32,
}

fn answer(account: &Account, as_of: Timestamp) -> BalanceAnswer {
    let money = |amount| Money { unit: account.unit, amount };
    let of_kind = |kind: LotKind| {
        let lots = account.lots.iter().filter(|lot| lot.kind == kind);
        money(lots.map(|lot| lot.countable(as_of)).sum::<Amount>())
    };
    let lot = |lot: &Lot| LotAnswer {
        id: Id::lot(account.no, lot.no),
        kind: lot.kind.name(),
        allocated: money(lot.allocated),
        remaining: money(lot.remaining),
        held: money(lot.held),
        effective_at: Time(lot.effective_at),
        expires_at: lot.expires_at.map(Time),
        scope: lot.scope.clone(),
        priority: lot.priority.unwrap_or(lot.kind.default_priority()),
    };
    BalanceAnswer {
        account: Arc::clone(&account.id),
        unit: account.unit.code(),
        balance: money(account.balance(as_of)),
        held: money(account.held(as_of)),
        available: money(account.available(as_of)),
        overdraft: money(account.overdraft),
        by_kind: ByKind {
            top_up: of_kind(LotKind::TopUp),
            voucher: of_kind(LotKind::Voucher),
            subscription: of_kind(LotKind::Subscription),
            manual: of_kind(LotKind::Manual),
            setup: of_kind(LotKind::Setup),
        },
        lots: account.lots.iter().filter(|lot| lot.remaining.is_positive()).map(lot).collect(),
        as_of: Time(as_of),
    }
}

/// Get a balance
///
/// Exact at the instant of the answer, or at an earlier one.
#[utoipa::path(get, path = "/v1/accounts/{id}/balance", operation_id = "get_balance", tag = "accounts",
    params(("id" = String, Path), ("at" = Option<Time>, Query, description = "An earlier instant")),
    responses((status = 200, body = BalanceAnswer, description = "What the account has")))]
async fn balance(
    State(engine): State<Engine>,
    caller: Caller,
    PathId(id): PathId,
    params: Params,
) -> Result<Response, Problem> {
    let account = engine.accounts().locate(caller.account(Some(&id))?).await?;
    params.only(&["at"])?;
    let at = params.time("at")?.map(|time| time.0);
    let view = engine.view(&account, at).await?;
    reply::json(StatusCode::OK, &answer(&view.account, view.as_of))
}

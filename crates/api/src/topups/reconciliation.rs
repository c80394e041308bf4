//! Whether our books and the gateways' agree: the daily comparison, what did not match, the clearing accounts.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use engine::Engine;
use engine::members::Capability;
use engine::topups::{self, Clearing, Comparison, Unmatched};
use ledger::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Needs;
use crate::auth::Operator;
use crate::fields::{Money, Time, format_sum};
use crate::problem::Problem;
use crate::request::{Json, Params};
use crate::spec::PageQuery;
use crate::{cursor, reply};

pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .routes(routes!(unmatched).needs(Capability::PaymentsRead))
        .routes(routes!(resolve).needs(Capability::PaymentsWrite))
        .routes(routes!(days).needs(Capability::PaymentsRead))
        .routes(routes!(compare).needs(Capability::PaymentsWrite))
        .routes(routes!(clearing).needs(Capability::PaymentsRead))
}

/// What one side has and the other has not, or not alike.
#[derive(Serialize, ToSchema)]
#[schema(as = UnmatchedPayment)]
struct UnmatchedAnswer {
    /// The gateway.
    gateway: String,
    /// Who has it: `ours` or `theirs`.
    side: String,
    /// The payment at the gateway; our own id where the gateway's is not known.
    object: String,
    /// The day in UTC that was compared.
    #[schema(example = "2026-11-20")]
    day: String,
    /// Whose, when it is a payment of ours.
    account: Option<String>,
    /// Our payment.
    payment: Option<String>,
    /// What is wrong: `no_reference`, `unknown_reference`, `paid_again`, `not_credited`, or what differs from what was
    /// asked; on our side `missing_there`, `not_paid_there`, `other_amount`.
    #[schema(example = "no_reference")]
    what: String,
    /// How much, in `currency`; null when it cannot be read exactly.
    #[schema(value_type = Option<String>)]
    amount: Option<Money>,
    /// The currency.
    #[schema(value_type = Option<String>)]
    currency: Option<Unit>,
    /// When it was found.
    found_at: Time,
    /// When it was resolved; null while it is open.
    #[schema(value_type = Option<Time>)]
    resolved_at: Option<Time>,
    /// By whom; `comparison` when it became right by itself.
    resolved_by: Option<String>,
    /// Why.
    resolution: Option<String>,
}

/// What did not match, the newest first.
#[derive(Serialize, ToSchema)]
struct UnmatchedList {
    /// The rows of this page.
    data: Vec<UnmatchedAnswer>,
    /// For the next page; null on the last one.
    next_cursor: Option<String>,
}

/// What is resolved, and why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Resolution {
    /// The gateway.
    #[schema(example = "stripe")]
    gateway: String,
    /// `ours` or `theirs`.
    #[schema(example = "theirs")]
    side: String,
    /// The payment as it is listed.
    object: String,
    /// Why it is well.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

/// A day to compare.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DayToCompare {
    /// The gateway.
    #[schema(example = "stripe")]
    gateway: String,
    /// The day in UTC.
    #[schema(example = "2026-11-20")]
    day: String,
}

/// A day that was compared with a gateway's list.
#[derive(Serialize, ToSchema)]
#[schema(as = ComparedDay)]
struct DayAnswer {
    /// The gateway.
    gateway: String,
    /// The day in UTC.
    #[schema(example = "2026-11-20")]
    day: String,
    /// When it was compared last.
    done_at: Time,
    /// Paid payments on the gateway's list, hours before and after the day included.
    theirs: i64,
    /// Credited payments that began here on the day.
    ours: i64,
    /// Payments that were credited because of it.
    healed: i64,
    /// What did not match.
    unmatched: i64,
}

/// Days that were compared, the latest first.
#[derive(Serialize, ToSchema)]
struct DayList {
    /// The days of this page.
    data: Vec<DayAnswer>,
    /// For the next page; null on the last one.
    next_cursor: Option<String>,
}

/// Clearing accounts against payments.
#[derive(Serialize, ToSchema)]
struct ClearingAnswer {
    /// Whether everything agrees.
    agrees: bool,
    /// By gateway and unit.
    lines: Vec<ClearingLine>,
    /// Payments whose own rows contradict each other.
    broken: Vec<String>,
}

/// A gateway's clearing account against its payments, in one unit.
#[derive(Serialize, ToSchema)]
struct ClearingLine {
    /// The gateway.
    gateway: String,
    /// The unit.
    unit: &'static str,
    /// Credited payments.
    payments: i64,
    /// Credits of the money that was kept: captured, less refunded and disputed, at the stored prices.
    kept: String,
    /// The clearing account: minus `kept` when all is well.
    clearing: String,
    /// What is too much in the ledger; less than zero: too little.
    difference: String,
    /// Whether they agree, but for rounding.
    agrees: bool,
}

impl UnmatchedAnswer {
    fn of(row: Unmatched) -> UnmatchedAnswer {
        let amount = row.money.and_then(|money| money.to_amount().ok().map(|amount| (money.currency, amount)));
        UnmatchedAnswer {
            gateway: row.gateway,
            side: row.side,
            object: row.object_id,
            day: row.day,
            account: row.account_id,
            payment: row.payment_id,
            what: row.what,
            amount: amount.map(|(unit, amount)| Money { unit, amount }),
            currency: amount.map(|(unit, _)| unit),
            found_at: Time(row.found_at),
            resolved_at: row.resolved_at.map(Time),
            resolved_by: row.resolved_by,
            resolution: row.resolution,
        }
    }
}

impl DayAnswer {
    fn of(day: Comparison) -> DayAnswer {
        let Comparison { gateway, day, done_at, theirs, ours, healed, unmatched } = day;
        DayAnswer { gateway, day, done_at: Time(done_at), theirs, ours, healed, unmatched }
    }
}

impl ClearingLine {
    fn of(line: Clearing) -> ClearingLine {
        let shown = |units| format_sum(line.unit, units);
        ClearingLine {
            unit: line.unit.code(),
            payments: line.payments,
            kept: shown(line.kept_units),
            clearing: shown(line.ledger_units),
            difference: shown(line.difference_units()),
            agrees: line.agrees(),
            gateway: line.gateway,
        }
    }
}

/// List what did not match
///
/// Found by comparing our payments with the gateways' lists; the newest first.
#[utoipa::path(get, path = "/v1/reconciliation/unmatched", operation_id = "list_unmatched", tag = "payments",
    params(("open" = Option<bool>, Query, description = "Only what is not resolved: `true`, which is usual, or `false`."),
        PageQuery),
    responses((status = 200, body = UnmatchedList, description = "A page of payments that did not match")))]
async fn unmatched(State(engine): State<Engine>, _operator: Operator, params: Params) -> Result<Response, Problem> {
    params.only(&["open", "limit", "cursor"])?;
    let open = match params.one("open")? {
        None | Some("true") => true,
        Some("false") => false,
        Some(_) => return Err(Problem::field("open", "must be true or false")),
    };
    let limit = params.limit(&engine)?;
    let after = cursor::row(params.one("cursor")?)?;
    let mut rows = topups::unmatched(&engine, open, after, limit + 1).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.last().filter(|_| more);
    let next_cursor = last.map(|row| cursor::after_row(row.found_at.micros(), &row.name()));
    reply::json(
        StatusCode::OK,
        &UnmatchedList { data: rows.into_iter().map(UnmatchedAnswer::of).collect(), next_cursor },
    )
}

/// Resolve what did not match
///
/// Says that somebody looked, and why it is well. It moves neither money nor credits.
#[utoipa::path(post, path = "/v1/reconciliation/unmatched/resolve", operation_id = "resolve_unmatched",
    tag = "payments", request_body = Resolution,
    responses((status = 200, body = UnmatchedAnswer, description = "It is resolved"),
        (status = 409, description = "`already_resolved`", body = crate::problem::ProblemBody,
            content_type = "application/problem+json")))]
async fn resolve(
    State(engine): State<Engine>,
    operator: Operator,
    Json(request): Json<Resolution>,
) -> Result<Response, Problem> {
    let Resolution { gateway, side, object, reason } = request;
    let row = topups::resolve(&engine, &operator.call(), (&gateway, &side, &object), &reason).await?;
    reply::json(StatusCode::OK, &UnmatchedAnswer::of(row))
}

/// List the days that were compared
#[utoipa::path(get, path = "/v1/reconciliation/days", operation_id = "list_compared_days", tag = "payments",
    params(PageQuery),
    responses((status = 200, body = DayList, description = "A page of days, the latest first")))]
async fn days(State(engine): State<Engine>, _operator: Operator, params: Params) -> Result<Response, Problem> {
    params.only(&["limit", "cursor"])?;
    let limit = params.limit(&engine)?;
    let before = cursor::row(params.one("cursor")?)?.map(|(_, name)| name);
    let mut days = topups::comparisons(&engine, before.as_deref(), limit + 1).await?;
    let more = days.len() > limit;
    days.truncate(limit);
    let last = days.last().filter(|_| more);
    let next_cursor = last.map(|day| cursor::after_row(day.done_at.micros(), &format!("{} {}", day.day, day.gateway)));
    reply::json(StatusCode::OK, &DayList { data: days.into_iter().map(DayAnswer::of).collect(), next_cursor })
}

/// Compare a day with a gateway's list now
///
/// What was paid there and not credited here is credited as if its notice came now. Comparing again changes nothing that
/// is right.
#[utoipa::path(post, path = "/v1/reconciliation/compare", operation_id = "compare_day", tag = "payments",
    request_body = DayToCompare, responses((status = 200, body = DayAnswer, description = "What came of it")))]
async fn compare(
    State(engine): State<Engine>,
    _operator: Operator,
    Json(request): Json<DayToCompare>,
) -> Result<Response, Problem> {
    let done = topups::compare(&engine, &request.gateway, &request.day).await?;
    reply::json(StatusCode::OK, &DayAnswer::of(done))
}

/// Check the clearing accounts
///
/// Captured, less refunded and disputed, of every payment must be what its gateway's clearing account holds.
#[utoipa::path(get, path = "/v1/reconciliation/clearing", operation_id = "check_clearing", tag = "payments",
    responses((status = 200, body = ClearingAnswer, description = "Clearing accounts against payments")))]
async fn clearing(State(engine): State<Engine>, _operator: Operator) -> Result<Response, Problem> {
    let cleared = topups::check_clearing(&engine).await?;
    let agrees = cleared.agrees();
    let lines = cleared.lines.into_iter().map(ClearingLine::of).collect();
    reply::json(StatusCode::OK, &ClearingAnswer { agrees, lines, broken: cleared.broken })
}

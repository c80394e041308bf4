//! What an operator sees of payments.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::Engine;
use engine::members::Capability;
use engine::topups::{self, Instrument, NoticeSummary, Payment, PaymentFilter, State as TopupState, Step};
use ledger::Unit;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::refunds::{DisputeAnswer, RefundAnswer};
use crate::access::Needs;
use crate::auth::Operator;
use crate::fields::{Money, Time};
use crate::problem::Problem;
use crate::request::{Params, PathId, PathIds};
use crate::spec::PageQuery;
use crate::{cursor, reply};

pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .routes(routes!(list).needs(Capability::PaymentsRead))
        .routes(routes!(get).needs(Capability::PaymentsRead))
        .routes(routes!(notice).needs(Capability::PaymentsRead))
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
    /// What people are told: `success`, `pending` or `failed`.
    status: &'static str,
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
    /// What moved the money, at the gateway; null until it is known.
    gateway_transaction: Option<String>,
    /// What it was paid with, as far as it may be shown: `visa 4242`, `paypal`, `NCB`.
    paid_with: Option<String>,
    /// What went back, in `currency`.
    refunded: Money,
    /// What open and lost disputes took, in `currency`.
    disputed: Money,
    /// When it began.
    created_at: Time,
    /// When it changed last.
    updated_at: Time,
    /// When the gateway is asked about it next; null when nothing is open.
    #[schema(value_type = Option<Time>)]
    next_check_at: Option<Time>,
    /// When its credits were granted.
    #[schema(value_type = Option<Time>)]
    paid_at: Option<Time>,
}

/// A payment with everything that happened to it.
#[derive(Serialize, ToSchema)]
struct PaymentStory {
    #[serde(flatten)]
    payment: PaymentAnswer,
    /// Its steps, oldest first.
    steps: Vec<StepAnswer>,
    /// Notices about it that are still kept, oldest first.
    notices: Vec<NoticeAnswer>,
    /// Money that went back.
    refunds: Vec<RefundAnswer>,
    /// Disputes.
    disputes: Vec<DisputeAnswer>,
}

/// A step of a payment.
#[derive(Serialize, ToSchema)]
#[schema(as = PaymentStep)]
struct StepAnswer {
    /// When.
    at: Time,
    /// The state that it went to.
    state: String,
    /// Why.
    reason: Option<String>,
    /// Who or what moved it: `payer`, `purchase`, `notice`, `query`, `refund`, `dispute`.
    source: String,
}

/// A notice of the gateway, without its body.
#[derive(Serialize, ToSchema)]
#[schema(as = PaymentNotice)]
struct NoticeAnswer {
    /// The gateway's name for it.
    id: String,
    /// What happened, the gateway's word.
    kind: String,
    /// When it was first received.
    received_at: Time,
    /// What came of it; null while it could not be acted upon.
    outcome: Option<String>,
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
        let out_of_range = || Problem::internal("an amount is out of range");
        let taken = |minor| {
            let amount = currency.from_minor(minor).ok_or_else(out_of_range)?;
            Ok::<_, Problem>(Money { unit: currency, amount })
        };
        Ok(PaymentAnswer {
            id: payment.id,
            account: payment.account_id,
            gateway: payment.gateway,
            method: payment.method,
            state: payment.state.name(),
            status: payment.state.shown(),
            reason: payment.reason,
            credits: Money { unit, amount: payment.credit },
            amount: Money { unit: currency, amount },
            currency,
            live: payment.live,
            gateway_customer: payment.customer_id,
            gateway_object: payment.object_id,
            gateway_transaction: payment.money_id,
            paid_with: payment.details.instrument.map(shown),
            refunded: taken(payment.refunded_minor)?,
            disputed: taken(payment.disputed_minor)?,
            created_at: Time(payment.created_at),
            updated_at: Time(payment.updated_at),
            next_check_at: payment.next_check_at.map(Time),
            paid_at: payment.paid_at.map(Time),
        })
    }
}

/// A word or two about what a payment was made with.
fn shown(instrument: Instrument) -> String {
    let words = [instrument.brand.unwrap_or(instrument.kind), instrument.last4.unwrap_or_default()];
    words.join(" ").trim_end().to_owned()
}

/// The filters of a query.
pub const FILTERS: [&str; 4] = ["status", "method", "from", "to"];

/// Which payments. Each filter may be given many times, or once with commas; payments must match all filters.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only its description is used; Params reads the query")]
pub struct PaymentQuery {
    /// What people are told: `success`, `pending` or `failed`. Money that went back later leaves a payment successful.
    status: Option<Vec<String>>,
    /// `saved_card`, `stripe`, `paypal` or `vnpay`.
    method: Option<Vec<String>>,
    /// Begun at or after.
    #[param(value_type = Option<Time>)]
    from: Option<String>,
    /// Begun before.
    #[param(value_type = Option<Time>)]
    to: Option<String>,
}

/// Reads the filters of a query.
pub fn filter(params: &Params) -> Result<PaymentFilter, Problem> {
    let shown = |name: &str| TopupState::ALL.into_iter().find(|state| state.shown() == name).map(TopupState::shown);
    let statuses = params.many_of("status", shown)?;
    let method = |name: &str| topups::METHODS.contains(&name).then(|| name.to_owned());
    Ok(PaymentFilter {
        states: TopupState::ALL.into_iter().filter(|state| statuses.contains(&state.shown())).collect(),
        methods: params.many_of("method", method)?,
        from: params.time("from")?.map(|time| time.0),
        to: params.time("to")?.map(|time| time.0),
    })
}

/// List payments of an account
#[utoipa::path(get, path = "/v1/payments", tag = "payments",
    params(("account" = String, Query, description = "Whose payments."), PaymentQuery, PageQuery),
    responses((status = 200, body = PaymentList, description = "A page of payments, newest first"),
        (status = 404, description = "There is no such account", body = crate::problem::ProblemBody,
            content_type = "application/problem+json")))]
async fn list(State(engine): State<Engine>, _operator: Operator, params: Params) -> Result<Response, Problem> {
    params.only(&[&FILTERS[..], &["account", "limit", "cursor"]].concat())?;
    let filter = filter(&params)?;
    let account = params.one("account")?.ok_or_else(|| Problem::field("account", "must be given"))?;
    let account = engine.accounts().locate(account).await?;
    let limit = params.limit(&engine)?;
    let after = cursor::row(params.one("cursor")?)?.map(|(_, id)| id);
    let mut payments = topups::payments_that(&engine, &account.id, &filter, after.as_deref(), limit + 1).await?;
    let more = payments.len() > limit;
    payments.truncate(limit);
    let last = payments.last().filter(|_| more);
    let next_cursor = last.map(|payment| cursor::after_row(payment.created_at.micros(), &payment.id));
    let data =
        payments.into_iter().map(|payment| PaymentAnswer::of(payment, account.unit)).collect::<Result<_, _>>()?;
    reply::json(StatusCode::OK, &PaymentList { data, next_cursor })
}

/// Get a payment
///
/// With its steps, the notices of the gateway, refunds and disputes.
#[utoipa::path(get, path = "/v1/payments/{id}", tag = "payments", params(("id" = String, Path)),
    responses((status = 200, body = PaymentStory, description = "The payment")))]
async fn get(State(engine): State<Engine>, _operator: Operator, PathId(id): PathId) -> Result<Response, Problem> {
    let payment = topups::payment(&engine, &id).await?;
    let account = engine.accounts().locate(&payment.account_id).await?;
    let steps = topups::steps(&engine, &payment).await?.into_iter().map(StepAnswer::of).collect();
    let notices = topups::notices(&engine, &payment).await?.into_iter().map(NoticeAnswer::of).collect();
    let refunds = topups::refunds(&engine, &payment).await?;
    let refunds = refunds.into_iter().map(|refund| RefundAnswer::of(refund, account.unit)).collect::<Result<_, _>>()?;
    let disputes = topups::disputes(&engine, &payment).await?;
    let disputes = disputes.into_iter().map(DisputeAnswer::of).collect::<Result<_, _>>()?;
    let payment = PaymentAnswer::of(payment, account.unit)?;
    reply::json(StatusCode::OK, &PaymentStory { payment, steps, notices, refunds, disputes })
}

impl StepAnswer {
    fn of(step: Step) -> StepAnswer {
        StepAnswer { at: Time(step.at), state: step.state, reason: step.reason, source: step.source }
    }
}

impl NoticeAnswer {
    fn of(notice: NoticeSummary) -> NoticeAnswer {
        let NoticeSummary { event_id, kind, received_at, outcome } = notice;
        NoticeAnswer { id: event_id, kind, received_at: Time(received_at), outcome }
    }
}

/// Get a notice as it came
///
/// Byte for byte, as the gateway sent it: for evidence and for its support.
#[utoipa::path(get, path = "/v1/payments/{id}/notices/{event_id}", tag = "payments", operation_id = "get_notice",
    params(("id" = String, Path), ("event_id" = String, Path)),
    responses((status = 200, description = "The raw notice", content_type = "application/octet-stream")))]
async fn notice(
    State(engine): State<Engine>,
    _operator: Operator,
    PathIds(id, event_id): PathIds,
) -> Result<Response, Problem> {
    let payment = topups::payment(&engine, &id).await?;
    let body = topups::raw_notice(&engine, &payment, &event_id).await?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], body).into_response())
}

//! Payments as the account sees them: what was paid, what came of it, which document there is.

use std::collections::HashMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use engine::Engine;
use engine::members::Capability;
use engine::receipts::{self, paid_with};
use engine::topups::{self, Payment};
use ledger::Unit;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::payments::{self, FILTERS, PaymentQuery};
use crate::access::Needs;
use crate::auth::Caller;
use crate::fields::{Money, Time};
use crate::problem::Problem;
use crate::request::{Params, PathId};
use crate::spec::PageQuery;
use crate::{cursor, reply};

pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new().routes(routes!(list).needs(Capability::TopupRead))
}

/// A payment of the account.
#[derive(Serialize, ToSchema)]
struct PaymentRecord {
    /// The payment.
    #[schema(example = "pay_0193a1b2c3d47e5f8a9b0c1d2e3f4a5b")]
    id: String,
    /// What people are told: `success`, `pending` or `failed`.
    #[schema(example = "success")]
    status: &'static str,
    /// Where it stands, in detail.
    #[schema(example = "succeeded")]
    state: &'static str,
    /// `saved_card`, `stripe`, `paypal` or `vnpay`.
    method: String,
    /// What it was paid with, masked.
    #[schema(example = "Visa •••• 4242")]
    paid_with: String,
    /// What was or is to be charged, in `currency`.
    amount: Money,
    /// What is charged in.
    #[schema(value_type = String, example = "USD")]
    currency: Unit,
    /// What it brings, in `unit`; nothing was received unless `status` is `success`.
    credits: Money,
    /// What the account counts in.
    #[schema(value_type = String, example = "USD")]
    unit: Unit,
    /// What refunds and disputes took, in `currency`.
    returned: Money,
    /// Where its documents go; null when it was bought without a billing profile.
    recipient_email: Option<String>,
    /// The number of its receipt; null until it is issued.
    #[schema(example = "R-2026-000124")]
    receipt_number: Option<String>,
    /// When it began.
    created_at: Time,
    /// When its credits were granted.
    #[schema(value_type = Option<Time>)]
    paid_at: Option<Time>,
}

/// Payments, newest first.
#[derive(Serialize, ToSchema)]
struct PaymentRecords {
    /// The payments of this page.
    data: Vec<PaymentRecord>,
    /// For the next page; null on the last one.
    next_cursor: Option<String>,
}

impl PaymentRecord {
    fn of(payment: Payment, unit: Unit, numbers: &mut HashMap<String, String>) -> Result<PaymentRecord, Problem> {
        let out_of_range = || Problem::internal("an amount of a payment is out of range");
        let currency = payment.price.currency;
        let money = |minor| {
            let amount = currency.from_minor(minor).ok_or_else(out_of_range)?;
            Ok::<_, Problem>(Money { unit: currency, amount })
        };
        let returned = payment.refunded_minor.checked_add(payment.disputed_minor).ok_or_else(out_of_range)?;
        Ok(PaymentRecord {
            status: payment.state.shown(),
            state: payment.state.name(),
            paid_with: paid_with(&payment.gateway, payment.details.instrument.as_ref()),
            amount: money(payment.price.amount_minor)?,
            currency,
            credits: Money { unit, amount: payment.credit },
            unit,
            returned: money(returned)?,
            recipient_email: payment.details.billing.map(|billing| billing.profile.recipient_email),
            receipt_number: numbers.remove(&payment.id),
            created_at: Time(payment.created_at),
            paid_at: payment.paid_at.map(Time),
            id: payment.id,
            method: payment.method,
        })
    }
}

/// List an account's payments
///
/// What was paid, newest first. What gateways said in detail is in `/v1/payments`, for operators.
#[utoipa::path(get, path = "/v1/accounts/{id}/payments", operation_id = "list_account_payments", tag = "payments",
    params(("id" = String, Path), PaymentQuery, PageQuery),
    responses((status = 200, body = PaymentRecords, description = "A page of payments, newest first")))]
async fn list(
    State(engine): State<Engine>,
    caller: Caller,
    PathId(id): PathId,
    params: Params,
) -> Result<Response, Problem> {
    let account = engine.accounts().locate(caller.account(Some(&id))?).await?;
    params.only(&[&FILTERS[..], &["limit", "cursor"]].concat())?;
    let filter = payments::filter(&params)?;
    let limit = params.limit(&engine)?;
    let after = cursor::row(params.one("cursor")?)?.map(|(_, id)| id);
    let mut found = topups::payments_that(&engine, &account.id, &filter, after.as_deref(), limit + 1).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let last = found.last().filter(|_| more);
    let next_cursor = last.map(|payment| cursor::after_row(payment.created_at.micros(), &payment.id));
    let mut numbers = receipts::receipt_numbers(&engine, &found).await?;
    let data = found.into_iter().map(|payment| PaymentRecord::of(payment, account.unit, &mut numbers));
    let data = data.collect::<Result<_, _>>()?;
    reply::json(StatusCode::OK, &PaymentRecords { data, next_cursor })
}

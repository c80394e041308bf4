//! Payment history as files.

use std::collections::HashMap;

use axum::extract::State;
use axum::response::Response;
use documents::sheet::payments::{self, Row, Status, Sums};
use documents::sheet::{Cell, Column, Head, Part, Subject};
use engine::Engine;
use engine::members::Capability;
use engine::receipts::{self, paid_with};
use engine::topups::{self, Payment, PaymentFilter};
use ledger::Amount;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::files::{self, PAGE_ROWS, Rows};
use super::{Allowance, FileQuery, OF_FILES};
use crate::access::Needs;
use crate::auth::Caller;
use crate::problem::Problem;
use crate::request::{Params, PathId};
use crate::topups::payments as list;
use crate::topups::payments::PaymentQuery;

pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .routes(routes!(xlsx).needs(Capability::TopupRead))
        .routes(routes!(csv).needs(Capability::TopupRead))
}

/// Download payments as a workbook
///
/// Excel's format, newest payment first. A first sheet says whose payments they are, what was asked for, and what the
/// successful ones add up to.
#[utoipa::path(get, path = "/v1/accounts/{id}/payments.xlsx", operation_id = "export_payments_xlsx", tag = "payments",
    params(("id" = String, Path), PaymentQuery, FileQuery),
    responses((status = 200, description = "The workbook", body = Vec<u8>,
        content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))]
async fn xlsx(
    State(engine): State<Engine>,
    caller: Caller,
    PathId(id): PathId,
    params: Params,
) -> Result<Response, Problem> {
    let (payments, head) = asked(&engine, &caller, &id, &params).await?;
    files::xlsx(payments, head).await
}

/// Download payments as CSV
///
/// RFC 4180 in UTF-8 with a byte order mark, newest payment first. A text that a spreadsheet would take for a formula
/// begins with an apostrophe.
#[utoipa::path(get, path = "/v1/accounts/{id}/payments.csv", operation_id = "export_payments_csv", tag = "payments",
    params(("id" = String, Path), PaymentQuery, FileQuery),
    responses((status = 200, description = "The file", body = String, content_type = "text/csv")))]
async fn csv(
    State(engine): State<Engine>,
    caller: Caller,
    PathId(id): PathId,
    params: Params,
) -> Result<Response, Problem> {
    let (payments, head) = asked(&engine, &caller, &id, &params).await?;
    files::csv(payments, head).await
}

async fn asked(engine: &Engine, caller: &Caller, id: &str, params: &Params) -> Result<(Payments, Head), Problem> {
    let account = super::account(engine, caller, id).await?;
    params.only(&[&list::FILTERS[..], &OF_FILES].concat())?;
    let filter = list::filter(params)?;
    let statuses = params.many_of("status", named)?;
    let filters = |language| payments::filters(language, &statuses, &filter.methods);
    let head = super::head(engine, &account, params, Subject::Payments, filters).await?;
    let (account_id, allowance, engine) = (account.id.to_string(), Allowance::new(engine), engine.clone());
    Ok((Payments { engine, account_id, filter, after: None, ended: false, allowance, sums: Sums::default() }, head))
}

/// The status of the name that [`topups::State::shown`] gives.
fn named(name: &str) -> Option<Status> {
    match name {
        "success" => Some(Status::Success),
        "pending" => Some(Status::Pending),
        "failed" => Some(Status::Failed),
        _ => None,
    }
}

/// The payments of an account that pass a filter, newest first.
struct Payments {
    engine: Engine,
    account_id: String,
    filter: PaymentFilter,
    after: Option<String>,
    ended: bool,
    allowance: Allowance,
    sums: Sums,
}

/// A payment with what a row says of it beside.
struct Paid {
    payment: Payment,
    status: Status,
    amount: Amount,
    returned: Amount,
    method: String,
    receipt_number: Option<String>,
}

impl Paid {
    fn of(payment: Payment, numbers: &mut HashMap<String, String>) -> Result<Paid, Problem> {
        let out_of_range = || Problem::internal("an amount of a payment is out of range");
        let status = named(payment.state.shown()).ok_or_else(|| Problem::internal("a payment has no status"))?;
        let amount = payment.price.to_amount().map_err(|_| out_of_range())?;
        let returned = payment.refunded_minor.checked_add(payment.disputed_minor);
        let returned = returned.and_then(|minor| payment.price.currency.from_minor(minor)).ok_or_else(out_of_range)?;
        let method = paid_with(&payment.gateway, payment.details.instrument.as_ref());
        let receipt_number = numbers.remove(&payment.id);
        Ok(Paid { payment, status, amount, returned, method, receipt_number })
    }

    fn row(&self) -> Row<'_> {
        let payment = &self.payment;
        let billing = payment.details.billing.as_ref();
        Row {
            created_at: payment.created_at,
            currency: payment.price.currency,
            paid: self.amount,
            received: (self.status == Status::Success).then_some(payment.credit),
            returned: self.returned,
            method: &self.method,
            status: self.status,
            recipient_email: billing.map(|billing| billing.profile.recipient_email.as_str()),
            receipt_number: self.receipt_number.as_deref(),
            id: &payment.id,
        }
    }
}

impl Rows for Payments {
    type Row = Paid;

    fn columns(head: &Head) -> Vec<Column> {
        payments::columns(head)
    }

    fn cells<'a>(paid: &'a Paid, head: &Head) -> Vec<Cell<'a>> {
        paid.row().cells(head)
    }

    async fn begin(&mut self) -> Result<(), Problem> {
        Ok(())
    }

    async fn next(&mut self) -> Result<Vec<Paid>, Problem> {
        if self.ended {
            return Ok(Vec::new());
        }
        let (engine, after) = (&self.engine, self.after.as_deref());
        let found = topups::payments_that(engine, &self.account_id, &self.filter, after, PAGE_ROWS).await?;
        self.ended = found.len() < PAGE_ROWS;
        self.after = found.last().map(|payment| payment.id.clone());
        self.allowance.take(engine, found.len())?;
        let mut numbers = receipts::receipt_numbers(engine, &found).await?;
        let paid = found.into_iter().map(|payment| Paid::of(payment, &mut numbers));
        let paid = paid.collect::<Result<Vec<_>, _>>()?;
        paid.iter().for_each(|paid| self.sums.add(&paid.row()));
        Ok(paid)
    }

    async fn summary(&mut self, head: &Head) -> Result<Vec<Part>, Problem> {
        Ok(self.sums.summary(head))
    }
}

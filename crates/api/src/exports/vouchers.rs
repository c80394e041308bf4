//! Redeemed vouchers as files.

use axum::extract::State;
use axum::response::Response;
use documents::sheet::vouchers::{self, Row, Status, Sums};
use documents::sheet::{Cell, Column, Head, Part, Subject};
use engine::Engine;
use engine::accounts::Located;
use engine::members::Capability;
use engine::vouchers::{Voucher, VoucherFilter, VoucherStatus};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::files::{self, PAGE_ROWS, Rows};
use super::{Allowance, FileQuery, OF_FILES};
use crate::access::Needs;
use crate::auth::Caller;
use crate::problem::Problem;
use crate::request::{Params, PathId};
use crate::vouchers::account as list;
use crate::vouchers::account::VoucherQuery;

pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .routes(routes!(xlsx).needs(Capability::BalanceRead))
        .routes(routes!(csv).needs(Capability::BalanceRead))
}

/// Download vouchers as a workbook
///
/// Excel's format, newest voucher first. A first sheet says whose vouchers they are, what was asked for, and what is left.
#[utoipa::path(get, path = "/v1/accounts/{id}/vouchers.xlsx", operation_id = "export_vouchers_xlsx", tag = "vouchers",
    params(("id" = String, Path), VoucherQuery, FileQuery),
    responses((status = 200, description = "The workbook", body = Vec<u8>,
        content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))]
async fn xlsx(
    State(engine): State<Engine>,
    caller: Caller,
    PathId(id): PathId,
    params: Params,
) -> Result<Response, Problem> {
    let (vouchers, head) = asked(&engine, &caller, &id, &params).await?;
    files::xlsx(vouchers, head).await
}

/// Download vouchers as CSV
///
/// RFC 4180 in UTF-8 with a byte order mark, newest voucher first. A text that a spreadsheet would take for a formula
/// begins with an apostrophe.
#[utoipa::path(get, path = "/v1/accounts/{id}/vouchers.csv", operation_id = "export_vouchers_csv", tag = "vouchers",
    params(("id" = String, Path), VoucherQuery, FileQuery),
    responses((status = 200, description = "The file", body = String, content_type = "text/csv")))]
async fn csv(
    State(engine): State<Engine>,
    caller: Caller,
    PathId(id): PathId,
    params: Params,
) -> Result<Response, Problem> {
    let (vouchers, head) = asked(&engine, &caller, &id, &params).await?;
    files::csv(vouchers, head).await
}

async fn asked(engine: &Engine, caller: &Caller, id: &str, params: &Params) -> Result<(Vouchers, Head), Problem> {
    let account = super::account(engine, caller, id).await?;
    params.only(&[&list::FILTERS[..], &OF_FILES].concat())?;
    let filter = list::filter(params)?;
    let statuses: Vec<Status> = filter.statuses.iter().copied().map(status).collect();
    let filters = |language| vouchers::filters(language, &statuses, &filter.services, filter.search.as_deref());
    let head = super::head(engine, &account, params, Subject::Vouchers, filters).await?;
    let (allowance, engine) = (Allowance::new(engine), engine.clone());
    Ok((Vouchers { engine, account, filter, before: None, ended: false, allowance, sums: Sums::default() }, head))
}

const fn status(status: VoucherStatus) -> Status {
    match status {
        VoucherStatus::Valid => Status::Valid,
        VoucherStatus::Expired => Status::Expired,
        VoucherStatus::Revoked => Status::Revoked,
        VoucherStatus::Used => Status::Used,
    }
}

/// The vouchers of an account that pass a filter, newest first.
struct Vouchers {
    engine: Engine,
    account: Located,
    filter: VoucherFilter,
    before: Option<(i64, String)>,
    ended: bool,
    allowance: Allowance,
    sums: Sums,
}

fn row(voucher: &Voucher) -> Row<'_> {
    let redemption = &voucher.redemption;
    Row {
        code: voucher.masked_code(),
        description: &redemption.description,
        added_at: redemption.redeemed_at,
        effective_at: redemption.redeemed_at,
        expires_at: redemption.expires_at,
        remaining: voucher.remaining,
        total: redemption.value,
        services: voucher.services(),
        status: status(voucher.status),
        id: &redemption.id,
    }
}

impl Rows for Vouchers {
    type Row = Voucher;

    fn columns(head: &Head) -> Vec<Column> {
        vouchers::columns(head)
    }

    fn cells<'a>(voucher: &'a Voucher, head: &Head) -> Vec<Cell<'a>> {
        row(voucher).cells(head)
    }

    async fn begin(&mut self) -> Result<(), Problem> {
        Ok(())
    }

    async fn next(&mut self) -> Result<Vec<Voucher>, Problem> {
        if self.ended {
            return Ok(Vec::new());
        }
        let before = self.before.take();
        let found = engine::vouchers::vouchers(&self.engine, &self.account, &self.filter, before, PAGE_ROWS).await?;
        self.ended = found.len() < PAGE_ROWS;
        let last = found.last().map(|voucher| &voucher.redemption);
        self.before = last.map(|last| (last.redeemed_at.micros(), last.id.clone()));
        self.allowance.take(&self.engine, found.len())?;
        found.iter().for_each(|voucher| self.sums.add(&row(voucher)));
        Ok(found)
    }

    async fn summary(&mut self, head: &Head) -> Result<Vec<Part>, Problem> {
        Ok(self.sums.summary(head))
    }
}

//! Vouchers of an account: redeeming one, and looking at those that were redeemed.

use std::net::IpAddr;

use axum::extract::State;
use axum::response::Response;
use engine::Engine;
use engine::accounts::Located;
use engine::members::Capability;
use engine::vouchers::{self, Redeeming, Redemption, RedemptionLot, Voucher, VoucherFilter, VoucherStatus};
use http::StatusCode;
use ledger::{Amount, Unit};
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Needs;
use crate::auth::Caller;
use crate::fields::{Id, Money, Time};
use crate::problem::{Problem, ProblemBody};
use crate::request::{IdempotencyKey, Json, Params, PathId, PathIds};
use crate::spec::{KeyHeader, PageQuery};
use crate::{cursor, reply};

pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .routes(routes!(redeem).needs(Capability::TopupWrite))
        .routes(routes!(list).needs(Capability::BalanceRead))
        .routes(routes!(get).needs(Capability::BalanceRead))
}

/// A code to redeem.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RedeemBody {
    /// The code as it was typed; blanks, hyphens and lower case do not matter.
    #[schema(example = "abcde-23456")]
    code: String,
    /// Address of the person's browser, for the limit against guessing; only an operator key may tell it.
    #[schema(value_type = Option<String>, example = "203.0.113.7")]
    ip: Option<IpAddr>,
}

/// What a code gave.
#[derive(Serialize, ToSchema)]
struct RedeemedAnswer {
    /// Its id among the account's vouchers.
    #[schema(example = "red_0199c0c2f7c27d6fb2b0c1d2e3f40516")]
    id: String,
    /// The account.
    account: String,
    /// The code's last characters.
    #[schema(example = "*******456")]
    code: String,
    /// What the campaign is about.
    description: String,
    /// What was given in all.
    amount: Money,
    /// What it counts in.
    #[schema(value_type = String, example = "VND")]
    unit: Unit,
    /// When it was redeemed.
    redeemed_at: Time,
    /// Its credits stop counting at this instant.
    expires_at: Time,
    /// What it was given as.
    lots: Vec<RedeemedLot>,
}

/// A lot that a code gave.
#[derive(Serialize, ToSchema)]
struct RedeemedLot {
    /// How much.
    amount: Money,
    /// Services it may pay for; all when empty.
    scope: Vec<String>,
}

/// A redeemed voucher as it is now.
#[derive(Serialize, ToSchema)]
struct VoucherAnswer {
    /// Its id.
    id: String,
    /// The code's last characters.
    #[schema(example = "*******456")]
    code: String,
    /// Of which campaign.
    campaign: String,
    /// What the campaign is about.
    description: String,
    /// When it was redeemed.
    added_at: Time,
    /// Its credits count from this instant on.
    effective_at: Time,
    /// Its credits stop counting at this instant.
    expires_at: Time,
    /// What is left.
    remaining: Money,
    /// What it gave.
    total: Money,
    /// What it counts in.
    #[schema(value_type = String, example = "VND")]
    unit: Unit,
    /// Services that some of it may pay for; all when empty.
    services: Vec<String>,
    /// What it is worth now.
    #[schema(schema_with = status)]
    status: &'static str,
    /// Its lots.
    lots: Vec<VoucherLot>,
}

/// A lot of a voucher as it is now.
#[derive(Serialize, ToSchema)]
struct VoucherLot {
    /// Its id; null for a moment, until it is granted.
    #[schema(value_type = Option<String>)]
    lot: Option<Id>,
    /// What is left.
    remaining: Money,
    /// What was given.
    total: Money,
    /// Services it may pay for; all when empty.
    scope: Vec<String>,
}

/// Vouchers of an account, newest first.
#[derive(Serialize, ToSchema)]
struct VoucherList {
    /// The vouchers of this page.
    data: Vec<VoucherAnswer>,
    /// For the next page; null on the last one.
    next_cursor: Option<String>,
}

/// The filters of a query.
pub const FILTERS: [&str; 3] = ["status", "service", "q"];

/// Which vouchers.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only its description is used")]
pub struct VoucherQuery {
    /// `valid`, `expired`, `revoked`, `used`; may be repeated.
    status: Option<Vec<String>>,
    /// Services that it may pay for; may be repeated.
    service: Option<Vec<String>>,
    /// A part of the description, a code's last characters, or a code as it was typed.
    q: Option<String>,
}

fn status() -> Object {
    let names = VoucherStatus::ALL.map(VoucherStatus::name);
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).build()
}

impl RedeemedAnswer {
    fn of(redemption: Redemption) -> RedeemedAnswer {
        let unit = redemption.unit;
        let lot =
            |lot: RedemptionLot| RedeemedLot { amount: Money { unit, amount: lot.part.amount }, scope: lot.part.scope };
        RedeemedAnswer {
            id: redemption.id,
            account: redemption.account_id,
            code: vouchers::masked(&redemption.hint),
            description: redemption.description,
            amount: Money { unit, amount: redemption.value },
            unit,
            redeemed_at: Time(redemption.redeemed_at),
            expires_at: Time(redemption.expires_at),
            lots: redemption.lots.into_iter().map(lot).collect(),
        }
    }
}

impl VoucherAnswer {
    fn of(voucher: Voucher, account: &Located) -> VoucherAnswer {
        let (code, services) = (voucher.masked_code(), voucher.services().into_iter().map(str::to_owned).collect());
        let Voucher { redemption, remaining_by_lot, remaining, status } = voucher;
        let unit = redemption.unit;
        let money = |amount| Money { unit, amount };
        let lot = |(lot, remaining): (RedemptionLot, Amount)| VoucherLot {
            lot: lot.lot_no.filter(|lot_no| *lot_no > 0).map(|lot_no| Id::lot(account.no, lot_no)),
            remaining: money(remaining),
            total: money(lot.part.amount),
            scope: lot.part.scope,
        };
        VoucherAnswer {
            id: redemption.id,
            code,
            campaign: redemption.campaign_id,
            description: redemption.description,
            added_at: Time(redemption.redeemed_at),
            effective_at: Time(redemption.redeemed_at),
            expires_at: Time(redemption.expires_at),
            remaining: money(remaining),
            total: money(redemption.value),
            unit,
            services,
            status: status.name(),
            lots: redemption.lots.into_iter().zip(remaining_by_lot).map(lot).collect(),
        }
    }
}

/// The account of the path, when it is this caller's.
async fn account(engine: &Engine, caller: &Caller, id: &str) -> Result<Located, Problem> {
    Ok(engine.accounts().locate(caller.account(Some(id))?).await?)
}

/// Redeem a voucher
///
/// The code is used once per account. A code that was never issued and one that somebody else used up answer the same.
/// Failed tries are limited by account and by address.
#[utoipa::path(post, path = "/v1/accounts/{id}/vouchers", operation_id = "redeem_voucher", tag = "vouchers",
    params(("id" = String, Path), KeyHeader), request_body = RedeemBody,
    responses((status = 201, body = RedeemedAnswer, description = "Redeemed, now or before with the same key"),
        (status = 404, description = "`voucher_not_found`, `not_found`", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 409, description = "`voucher_already_used`, `voucher_expired`, `voucher_not_yet_valid`, \
            `voucher_wrong_currency`, `voucher_wrong_country`, `voucher_limit_reached`, `profile_missing`, \
            `account_closed`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`voucher_malformed`, `idempotency_key_reuse`", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 429, description = "`too_many_tries`", body = ProblemBody,
            content_type = "application/problem+json")))]
async fn redeem(
    State(engine): State<Engine>,
    caller: Caller,
    PathId(id): PathId,
    key: IdempotencyKey,
    Json(body): Json<RedeemBody>,
) -> Result<Response, Problem> {
    let account = account(&engine, &caller, &id).await?;
    let address = caller.address_named(body.ip)?;
    let wanted = Redeeming { account_id: &account.id, code: &body.code, address, idempotency_key: &key.0 };
    let (redemption, replayed) = vouchers::redeem(&engine, &caller.call(None), wanted).await?;
    reply::repeatable(StatusCode::CREATED, &RedeemedAnswer::of(redemption), replayed)
}

/// Reads the filters of a query.
pub fn filter(params: &Params) -> Result<VoucherFilter, Problem> {
    Ok(VoucherFilter {
        statuses: params.many_of("status", VoucherStatus::parse)?,
        services: params.many("service").into_iter().map(str::to_owned).collect(),
        search: params.one("q")?.map(str::to_owned),
    })
}

/// List vouchers
#[utoipa::path(get, path = "/v1/accounts/{id}/vouchers", operation_id = "list_vouchers", tag = "vouchers",
    params(("id" = String, Path), VoucherQuery, PageQuery),
    responses((status = 200, body = VoucherList, description = "A page of redeemed vouchers, newest first")))]
async fn list(
    State(engine): State<Engine>,
    caller: Caller,
    PathId(id): PathId,
    params: Params,
) -> Result<Response, Problem> {
    let account = account(&engine, &caller, &id).await?;
    params.only(&[&FILTERS[..], &["limit", "cursor"]].concat())?;
    let filter = filter(&params)?;
    let limit = params.limit(&engine)?;
    let before = cursor::row(params.one("cursor")?)?;
    let mut found = vouchers::vouchers(&engine, &account, &filter, before, limit + 1).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let last = found.last().filter(|_| more).map(|last| &last.redemption);
    let next_cursor = last.map(|last| cursor::after_row(last.redeemed_at.micros(), &last.id));
    let data = found.into_iter().map(|voucher| VoucherAnswer::of(voucher, &account)).collect();
    reply::json(StatusCode::OK, &VoucherList { data, next_cursor })
}

/// Get a voucher
#[utoipa::path(get, path = "/v1/accounts/{id}/vouchers/{voucher_id}", operation_id = "get_voucher", tag = "vouchers",
    params(("id" = String, Path), ("voucher_id" = String, Path)),
    responses((status = 200, body = VoucherAnswer, description = "The voucher as it is now")))]
async fn get(
    State(engine): State<Engine>,
    caller: Caller,
    PathIds(id, voucher_id): PathIds,
) -> Result<Response, Problem> {
    let account = account(&engine, &caller, &id).await?;
    let voucher = vouchers::voucher(&engine, &account, &voucher_id).await?;
    reply::json(StatusCode::OK, &VoucherAnswer::of(voucher, &account))
}

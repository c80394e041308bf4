//! Codes of campaigns, for operators: issued once, listed without their texts, revoked.

use axum::extract::State;
use axum::response::Response;
use engine::Engine;
use engine::members::Capability;
use engine::vouchers::{self, CodeRecord, Revocable};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{RevocationAnswer, RevocationBody};
use crate::access::Needs;
use crate::auth::Operator;
use crate::fields::Time;
use crate::problem::Problem;
use crate::request::{Json, Params, PathId, PathIds};
use crate::spec::PageQuery;
use crate::{cursor, reply};

pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .routes(routes!(issue).needs(Capability::CampaignsWrite))
        .routes(routes!(list).needs(Capability::CampaignsRead))
        .routes(routes!(revoke_batch).needs(Capability::CampaignsWrite))
        .routes(routes!(revoke).needs(Capability::CampaignsWrite))
}

/// How many codes, and of which kind.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct IssueBody {
    /// How many; more than 1,000 take several calls with the same batch, up to 100,000 in all.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 1000)]
    count: i64,
    /// How often each may be redeemed, by different accounts.
    #[serde(default = "one")]
    #[schema(minimum = 1)]
    max_uses: i64,
    /// The batch that they belong to; a new one when left out.
    #[schema(max_length = 200)]
    batch: Option<String>,
}

const fn one() -> i64 {
    1
}

/// New codes with their texts, which are shown only here.
#[derive(Serialize, ToSchema)]
struct IssuedAnswer {
    /// The batch that they belong to.
    batch: String,
    /// The codes. They are stored nowhere: keep them now.
    #[schema(example = json!(["ABCDE23456"]))]
    codes: Vec<String>,
}

/// A code without its text.
#[derive(Serialize, ToSchema)]
struct CodeAnswer {
    /// Names the code without being it.
    id: String,
    /// Of which campaign.
    campaign: String,
    /// Of which batch.
    batch: String,
    /// Its last characters.
    #[schema(example = "*******456")]
    code: String,
    /// How often it may be redeemed.
    max_uses: i64,
    /// How often it was.
    used: i64,
    /// When it was revoked.
    #[schema(value_type = Option<Time>)]
    revoked_at: Option<Time>,
    /// When it was issued.
    created_at: Time,
}

/// Which codes.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only its description is used")]
struct CodeQuery {
    /// Of this batch.
    batch: Option<String>,
}

/// Codes, newest first.
#[derive(Serialize, ToSchema)]
struct CodeList {
    /// The codes of this page.
    data: Vec<CodeAnswer>,
    /// For the next page; null on the last one.
    next_cursor: Option<String>,
}

impl CodeAnswer {
    fn of(record: CodeRecord) -> CodeAnswer {
        CodeAnswer {
            id: record.id,
            campaign: record.campaign_id,
            batch: record.batch,
            code: vouchers::masked(&record.hint),
            max_uses: record.max_uses,
            used: record.used,
            revoked_at: record.revoked_at.map(Time),
            created_at: Time(record.created_at),
        }
    }
}

/// Issue voucher codes
///
/// The answer is the only place where the codes are shown. When it is lost, nobody knows them: issue others.
#[utoipa::path(post, path = "/v1/campaigns/{id}/codes", operation_id = "issue_voucher_codes", tag = "vouchers",
    params(("id" = String, Path)), request_body = IssueBody,
    responses((status = 201, body = IssuedAnswer, description = "The codes, shown once")))]
async fn issue(
    State(engine): State<Engine>,
    operator: Operator,
    PathId(id): PathId,
    Json(body): Json<IssueBody>,
) -> Result<Response, Problem> {
    let IssueBody { count, max_uses, batch } = body;
    let issued = vouchers::issue_codes(&engine, &operator.call(), &id, count, max_uses, batch).await?;
    let codes = issued.codes.iter().map(|code| code.expose().to_owned()).collect();
    reply::json(StatusCode::CREATED, &IssuedAnswer { batch: issued.batch, codes })
}

/// List voucher codes
#[utoipa::path(get, path = "/v1/campaigns/{id}/codes", operation_id = "list_voucher_codes", tag = "vouchers",
    params(("id" = String, Path), CodeQuery, PageQuery),
    responses((status = 200, body = CodeList, description = "A page of codes without their texts, newest first")))]
async fn list(
    State(engine): State<Engine>,
    _operator: Operator,
    PathId(id): PathId,
    params: Params,
) -> Result<Response, Problem> {
    params.only(&["batch", "limit", "cursor"])?;
    let batch = params.one("batch")?;
    let limit = params.limit(&engine)?;
    let before = cursor::row(params.one("cursor")?)?;
    let most = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let mut found = vouchers::codes(&engine, &id, batch, before, most).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let last = found.last().filter(|_| more);
    let next_cursor = last.map(|last| cursor::after_row(last.created_at.micros(), &last.id));
    let data = found.into_iter().map(CodeAnswer::of).collect();
    reply::json(StatusCode::OK, &CodeList { data, next_cursor })
}

/// Revoke a batch of voucher codes
///
/// For a file that leaked: its codes can no longer be redeemed, and what is left of redeemed ones is taken back, unless
/// it is kept. Again changes nothing.
#[utoipa::path(post, path = "/v1/campaigns/{id}/batches/{batch}/revoke", operation_id = "revoke_voucher_batch",
    tag = "vouchers", params(("id" = String, Path), ("batch" = String, Path)), request_body = RevocationBody,
    responses((status = 200, body = RevocationAnswer, description = "They are revoked")))]
async fn revoke_batch(
    State(engine): State<Engine>,
    operator: Operator,
    PathIds(id, batch): PathIds,
    Json(body): Json<RevocationBody>,
) -> Result<Response, Problem> {
    body.revoke(&engine, &operator, Revocable::Batch { campaign_id: &id, batch: &batch }).await
}

/// Revoke a voucher code
///
/// It can no longer be redeemed, and what is left of it is taken back, unless it is kept. Again changes nothing.
#[utoipa::path(post, path = "/v1/voucher-codes/{id}/revoke", operation_id = "revoke_voucher_code", tag = "vouchers",
    params(("id" = String, Path)), request_body = RevocationBody,
    responses((status = 200, body = RevocationAnswer, description = "It is revoked")))]
async fn revoke(
    State(engine): State<Engine>,
    operator: Operator,
    PathId(id): PathId,
    Json(body): Json<RevocationBody>,
) -> Result<Response, Problem> {
    body.revoke(&engine, &operator, Revocable::Code(&id)).await
}

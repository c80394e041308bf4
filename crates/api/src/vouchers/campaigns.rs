//! Campaigns, for operators.

use axum::extract::State;
use axum::response::Response;
use engine::Engine;
use engine::members::Capability;
use engine::vouchers::{
    self, Campaign, CampaignFilter, CampaignState, MAX_PARTS, NewCampaign, Part, Revocable, Validity,
};
use http::StatusCode;
use ledger::{Timestamp, Unit};
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{RevocationAnswer, RevocationBody};
use crate::access::Needs;
use crate::auth::Operator;
use crate::fields::{AmountText, Money, Time};
use crate::problem::Problem;
use crate::request::{Json, Params, PathId};
use crate::spec::PageQuery;
use crate::{cursor, reply};

pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .routes(routes!(create).needs(Capability::CampaignsWrite))
        .routes(routes!(list).needs(Capability::CampaignsRead))
        .routes(routes!(get).needs(Capability::CampaignsRead))
        .routes(routes!(change).needs(Capability::CampaignsWrite))
        .routes(routes!(revoke).needs(Capability::CampaignsWrite))
}

/// A new campaign.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CampaignBody {
    /// Your own id; made when left out.
    #[schema(example = "spring-2026")]
    id: Option<String>,
    /// What operators call it.
    #[schema(max_length = 200)]
    name: String,
    /// What customers are told.
    #[schema(max_length = 500)]
    description: String,
    /// The accounts of this site may redeem.
    #[schema(example = "vn")]
    site: String,
    /// What it counts in; may be left out where the site has one unit.
    #[schema(example = "VND")]
    unit: Option<String>,
    /// The lots that one code grants.
    #[schema(min_items = 1, max_items = 10)]
    lots: Vec<CampaignLotBody>,
    /// Codes are redeemed at or after this instant.
    #[schema(value_type = Option<Time>)]
    redeem_from: Option<Time>,
    /// Codes are redeemed before this instant.
    #[schema(value_type = Option<Time>)]
    redeem_until: Option<Time>,
    /// Credits count to the end of the day so many days after redeeming, in the site's time zone.
    #[schema(minimum = 0, maximum = 3660)]
    valid_days: Option<i64>,
    /// Credits count to the end of this day instead.
    #[schema(example = "2026-12-31")]
    valid_until: Option<String>,
    /// How many codes of it an account may redeem; 1 when left out.
    #[schema(minimum = 1)]
    per_account_limit: Option<i64>,
    /// How often all its codes may be redeemed; no limit when left out.
    #[schema(minimum = 1)]
    total_limit: Option<i64>,
    /// How much all its codes may give; no limit when left out.
    budget: Option<AmountText>,
    /// ISO 3166 codes that the billing profile may name; any when left out.
    #[serde(default)]
    countries: Vec<String>,
    /// Whether a billing profile is needed; it is where countries are named.
    #[serde(default = "yes")]
    profile_required: bool,
}

const fn yes() -> bool {
    true
}

/// A lot that a code grants.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CampaignLotBody {
    /// How much, more than zero.
    amount: AmountText,
    /// Services it may pay for; all when left out.
    #[serde(default)]
    #[schema(max_items = 50)]
    scope: Vec<String>,
    /// Overrides the rank of vouchers; lower is spent first.
    priority: Option<i32>,
}

/// A change of a campaign.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CampaignChange {
    /// `active` or `paused`.
    #[schema(schema_with = paused_or_not)]
    state: String,
}

fn paused_or_not() -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["active", "paused"])).build()
}

fn states() -> Object {
    let names = CampaignState::ALL.map(CampaignState::name);
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).build()
}

/// A campaign.
#[derive(Serialize, ToSchema)]
struct CampaignAnswer {
    /// Its id.
    id: String,
    /// What operators call it.
    name: String,
    /// What customers are told.
    description: String,
    /// The accounts of this site may redeem.
    site: String,
    /// What it counts in.
    #[schema(value_type = String, example = "VND")]
    unit: Unit,
    /// The lots that one code grants.
    lots: Vec<CampaignLot>,
    /// What one code is worth: the sum of its lots.
    value: Money,
    /// Codes are redeemed at or after this instant.
    #[schema(value_type = Option<Time>)]
    redeem_from: Option<Time>,
    /// Codes are redeemed before this instant.
    #[schema(value_type = Option<Time>)]
    redeem_until: Option<Time>,
    /// Credits count to the end of the day so many days after redeeming.
    valid_days: Option<i64>,
    /// Credits count to the end of this day.
    valid_until: Option<String>,
    /// How many codes of it an account may redeem.
    per_account_limit: i64,
    /// How often all its codes may be redeemed.
    total_limit: Option<i64>,
    /// How much all its codes may give.
    #[schema(value_type = Option<Money>)]
    budget: Option<Money>,
    /// Countries that the billing profile may name; any when empty.
    countries: Vec<&'static str>,
    /// Whether a billing profile is needed.
    profile_required: bool,
    /// Whether its codes may be redeemed.
    #[schema(schema_with = states)]
    state: &'static str,
    /// Whether `total_limit` or `budget` stands against one more.
    depleted: bool,
    /// How many codes it has.
    issued: i64,
    /// How often its codes were redeemed.
    used: i64,
    /// How much its codes gave.
    spent: Money,
    /// How much its codes may still give; null without a budget.
    #[schema(value_type = Option<Money>)]
    budget_left: Option<Money>,
    /// Who made it.
    created_by: String,
    /// When it was made.
    created_at: Time,
    /// Who made it, or changed its state last.
    updated_by: String,
    /// When it was made, or its state changed last.
    updated_at: Time,
}

/// A lot that a code grants.
#[derive(Serialize, ToSchema)]
struct CampaignLot {
    /// How much.
    amount: Money,
    /// Services it may pay for; all when empty.
    scope: Vec<String>,
    /// Overrides the rank of vouchers.
    priority: Option<i32>,
}

/// Which campaigns.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only its description is used")]
struct CampaignQuery {
    /// `active`, `paused`, `revoked`; may be repeated.
    state: Option<Vec<String>>,
    /// Of this site.
    site: Option<String>,
    /// A part of the id, the name or the description.
    q: Option<String>,
}

/// Campaigns, newest first.
#[derive(Serialize, ToSchema)]
struct CampaignList {
    /// The campaigns of this page.
    data: Vec<CampaignAnswer>,
    /// For the next page; null on the last one.
    next_cursor: Option<String>,
}

impl CampaignAnswer {
    fn of(campaign: Campaign) -> CampaignAnswer {
        let unit = campaign.unit;
        let money = |amount| Money { unit, amount };
        let lot = |part: Part| CampaignLot { amount: money(part.amount), scope: part.scope, priority: part.priority };
        let (valid_days, valid_until) = match campaign.validity {
            Validity::Days(days) => (Some(days), None),
            Validity::Until(day) => (None, Some(day.to_string())),
        };
        CampaignAnswer {
            depleted: campaign.is_depleted(),
            budget_left: campaign.budget_left().map(money),
            id: campaign.id,
            name: campaign.name,
            description: campaign.description,
            site: campaign.site,
            unit,
            lots: campaign.parts.into_iter().map(lot).collect(),
            value: money(campaign.value),
            redeem_from: campaign.redeem_from.map(Time),
            redeem_until: campaign.redeem_until.map(Time),
            valid_days,
            valid_until,
            per_account_limit: campaign.per_account_limit,
            total_limit: campaign.total_limit,
            budget: campaign.budget.map(money),
            countries: campaign.countries.iter().map(|country| country.code()).collect(),
            profile_required: campaign.profile_required,
            state: campaign.state.name(),
            issued: campaign.issued,
            used: campaign.used,
            spent: money(campaign.spent),
            created_by: campaign.actor,
            created_at: Time(campaign.created_at),
            updated_by: campaign.updated_by,
            updated_at: Time(campaign.updated_at),
        }
    }
}

impl CampaignBody {
    fn read(self) -> Result<NewCampaign, Problem> {
        if self.lots.len() > MAX_PARTS {
            return Err(Problem::field("lots", format!("must be 1 to {MAX_PARTS}")));
        }
        let day = |text: String| {
            let day: Option<jiff::civil::Date> = if text.len() == 10 { text.parse().ok() } else { None };
            day.ok_or_else(|| Problem::field("valid_until", "must be a day such as 2026-12-31"))
        };
        let instant = |time: Option<Time>| -> Option<Timestamp> { time.map(|time| time.0) };
        Ok(NewCampaign {
            id: self.id,
            name: self.name,
            description: self.description,
            site: self.site,
            unit: self.unit,
            parts: self.lots.into_iter().map(|lot| (lot.amount.0, lot.scope, lot.priority)).collect(),
            redeem_from: instant(self.redeem_from),
            redeem_until: instant(self.redeem_until),
            valid_days: self.valid_days,
            valid_until: self.valid_until.map(day).transpose()?,
            per_account_limit: self.per_account_limit,
            total_limit: self.total_limit,
            budget: self.budget.map(|budget| budget.0),
            countries: self.countries,
            profile_required: self.profile_required,
        })
    }
}

/// Make a campaign
///
/// It is active at once and has no codes yet. Its terms never change.
#[utoipa::path(post, path = "/v1/campaigns", operation_id = "create_campaign", tag = "vouchers",
    request_body = CampaignBody,
    responses((status = 201, body = CampaignAnswer, description = "The campaign")))]
async fn create(
    State(engine): State<Engine>,
    operator: Operator,
    Json(body): Json<CampaignBody>,
) -> Result<Response, Problem> {
    let campaign = vouchers::create_campaign(&engine, &operator.call(), body.read()?).await?;
    reply::json(StatusCode::CREATED, &CampaignAnswer::of(campaign))
}

/// List campaigns
#[utoipa::path(get, path = "/v1/campaigns", operation_id = "list_campaigns", tag = "vouchers",
    params(CampaignQuery, PageQuery),
    responses((status = 200, body = CampaignList, description = "A page of campaigns, newest first")))]
async fn list(State(engine): State<Engine>, _operator: Operator, params: Params) -> Result<Response, Problem> {
    params.only(&["state", "site", "q", "limit", "cursor"])?;
    let filter = CampaignFilter {
        states: params.many_of("state", CampaignState::parse)?,
        site: params.one("site")?.map(str::to_owned),
        search: params.one("q")?.map(str::to_owned),
    };
    let limit = params.limit(&engine)?;
    let before = cursor::row(params.one("cursor")?)?;
    let mut found = vouchers::campaigns(&engine, &filter, before, limit + 1).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let last = found.last().filter(|_| more);
    let next_cursor = last.map(|last| cursor::after_row(last.created_at.micros(), &last.id));
    let data = found.into_iter().map(CampaignAnswer::of).collect();
    reply::json(StatusCode::OK, &CampaignList { data, next_cursor })
}

/// Get a campaign
#[utoipa::path(get, path = "/v1/campaigns/{id}", operation_id = "get_campaign", tag = "vouchers",
    params(("id" = String, Path)),
    responses((status = 200, body = CampaignAnswer, description = "The campaign with what was used of it")))]
async fn get(State(engine): State<Engine>, _operator: Operator, PathId(id): PathId) -> Result<Response, Problem> {
    reply::json(StatusCode::OK, &CampaignAnswer::of(vouchers::campaign(&engine, &id).await?))
}

/// Pause a campaign, or let it go on
#[utoipa::path(patch, path = "/v1/campaigns/{id}", operation_id = "change_campaign", tag = "vouchers",
    params(("id" = String, Path)), request_body = CampaignChange,
    responses((status = 200, body = CampaignAnswer, description = "The campaign as it is now")))]
async fn change(
    State(engine): State<Engine>,
    operator: Operator,
    PathId(id): PathId,
    Json(body): Json<CampaignChange>,
) -> Result<Response, Problem> {
    let paused = match CampaignState::parse(&body.state) {
        Some(CampaignState::Active) => false,
        Some(CampaignState::Paused) => true,
        _ => return Err(Problem::field("state", "must be active or paused; there is a call to revoke it")),
    };
    let campaign = vouchers::pause_campaign(&engine, &operator.call(), &id, paused).await?;
    reply::json(StatusCode::OK, &CampaignAnswer::of(campaign))
}

/// Revoke a campaign
///
/// For good: its codes can no longer be redeemed, and what is left of redeemed ones is taken back, unless it is kept.
/// Again changes nothing.
#[utoipa::path(post, path = "/v1/campaigns/{id}/revoke", operation_id = "revoke_campaign", tag = "vouchers",
    params(("id" = String, Path)), request_body = RevocationBody,
    responses((status = 200, body = RevocationAnswer, description = "It is revoked")))]
async fn revoke(
    State(engine): State<Engine>,
    operator: Operator,
    PathId(id): PathId,
    Json(body): Json<RevocationBody>,
) -> Result<Response, Problem> {
    body.revoke(&engine, &operator, Revocable::Campaign(&id)).await
}

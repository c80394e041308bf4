//! The plans that are sold.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use engine::Engine;
use engine::members::Capability;
use engine::plans::{self, NewPlan, OnDemand, Period, PeriodUnit, Plan, PlanTerms};
use http::StatusCode;
use ledger::Unit;
use ledger::plan::Paying;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Needs;
use crate::auth::{Caller, Operator};
use crate::fields::{AmountText, Money, Time};
use crate::problem::Problem;
use crate::request::{Json, Params, PathId};
use crate::spec::PageQuery;
use crate::{cursor, reply};

pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .routes(routes!(publish).needs(Capability::PricesWrite))
        .routes(routes!(list).needs(Capability::PricesRead))
        .routes(routes!(get).needs(Capability::PricesRead))
        .routes(routes!(retire).needs(Capability::PricesWrite))
        .routes(routes!(offered).needs(Capability::TopupRead))
}

/// How long a period is.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PeriodBody {
    /// How many of the unit: up to 366 days, 36 months or 3 years.
    #[schema(minimum = 1, maximum = 366)]
    count: u32,
    /// Days, months or years of the calendar.
    #[schema(schema_with = period_units)]
    unit: PeriodUnit,
}

fn period_units() -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["day", "month", "year"])).build()
}

fn options() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(["all_upfront", "partial_upfront", "postpaid"]))
        .build()
}

/// A way of paying for a term.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OptionBody {
    /// All of it first; so many percent first and the rest in equal parts with each period; or each period after it.
    #[schema(schema_with = options)]
    option: String,
    /// What is paid first of it with `partial_upfront`, 1 to 99.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 99)]
    percent: Option<u8>,
}

impl OptionBody {
    fn of(paying: &Paying) -> OptionBody {
        let percent = match paying {
            Paying::PartialUpfront { percent } => Some(*percent),
            Paying::AllUpfront | Paying::Postpaid => None,
        };
        OptionBody { option: paying.name().to_owned(), percent }
    }

    fn read(&self) -> Result<Paying, Problem> {
        match (self.option.as_str(), self.percent) {
            ("all_upfront", None) => Ok(Paying::AllUpfront),
            ("postpaid", None) => Ok(Paying::Postpaid),
            ("partial_upfront", Some(percent)) => Ok(Paying::PartialUpfront { percent }),
            _ => {
                let rule = "must be all_upfront, postpaid, or partial_upfront with a percent";
                Err(Problem::field("options", rule))
            }
        }
    }
}

/// A plan, or the next version of one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PlanBody {
    /// `SUB_` and up to 36 of A-Z 0-9 _.
    #[schema(example = "SUB_PRO", pattern = "^SUB_[A-Z0-9_]{1,36}$")]
    id: String,
    /// What people call it.
    #[schema(min_length = 1, max_length = 100, example = "Pro")]
    name: String,
    /// Accounts of this site may have it; never changes.
    #[schema(example = "api")]
    site: String,
    /// What its credits count in; may be left out where the site has one unit. Never changes.
    #[schema(value_type = Option<String>, example = "CREDIT")]
    unit: Option<Unit>,
    /// The price of a period by currency. A new version goes on with every currency of the one before.
    #[schema(value_type = Object, example = json!({"USD": "20"}))]
    prices: BTreeMap<Unit, AmountText>,
    /// Credits of a period.
    credits: AmountText,
    /// How long a period is; a month when left out.
    period: Option<PeriodBody>,
    /// How many periods are agreed to at once; 1 when left out.
    #[schema(minimum = 1, maximum = 120)]
    term_periods: Option<u32>,
    /// How a term may be paid, the usual way first; all upfront when left out.
    options: Option<Vec<OptionBody>>,
    /// Services that the credits may pay for; all when left out.
    #[serde(default)]
    #[schema(max_items = 50)]
    scope: Vec<String>,
    /// What usage costs once no credits of the plan are left that cover it: `{"percent": "120"}`, a factor on every price
    /// of the price book, and `services` with prices of their own, as in a price book.
    #[schema(value_type = Option<Object>, example = json!({"percent": "120"}))]
    on_demand: Option<OnDemand>,
}

/// A version of a plan.
#[derive(Serialize, ToSchema)]
pub(super) struct PlanAnswer {
    /// Its id.
    #[schema(example = "SUB_PRO")]
    id: String,
    /// What people call it.
    name: String,
    /// This version, from 1.
    version: i64,
    /// `active`, or `retired`: nobody may subscribe any more.
    state: &'static str,
    /// Accounts of this site may have it.
    site: String,
    /// What its credits count in.
    #[schema(value_type = String, example = "CREDIT")]
    unit: Unit,
    /// The price of a period by currency.
    #[schema(value_type = Object, example = json!({"USD": "20"}))]
    prices: BTreeMap<Unit, String>,
    /// Credits of a period.
    credits: Money,
    /// How long a period is.
    period: PeriodBody,
    /// How many periods are agreed to at once.
    term_periods: u32,
    /// How a term may be paid, the usual way first.
    options: Vec<OptionBody>,
    /// Services that the credits may pay for; all when empty.
    scope: Vec<String>,
    /// What usage costs once no credits of the plan are left that cover it; the price book's prices when null.
    #[schema(value_type = Option<Object>)]
    on_demand: Option<OnDemand>,
    /// When this version was made.
    created_at: Time,
    /// Accounts that have it, for operators.
    #[serde(skip_serializing_if = "Option::is_none")]
    subscribers: Option<i64>,
}

/// Plans by id.
#[derive(Serialize, ToSchema)]
struct PlanList {
    /// The plans of this page, each in the version in force.
    data: Vec<PlanAnswer>,
    /// For the next page; null on the last one.
    next_cursor: Option<String>,
}

impl PlanAnswer {
    pub(super) fn of(plan: Plan, subscribers: Option<i64>) -> Result<PlanAnswer, Problem> {
        let amount = plan.credits()?;
        let PlanTerms { name, prices, period, term_periods, options, scope, on_demand, .. } = plan.terms;
        Ok(PlanAnswer {
            id: plan.id,
            name,
            version: plan.version,
            state: if plan.is_retired { "retired" } else { "active" },
            site: plan.site,
            unit: plan.unit,
            prices,
            credits: Money { unit: plan.unit, amount },
            period: PeriodBody { count: period.count, unit: period.unit },
            term_periods,
            options: options.iter().map(OptionBody::of).collect(),
            scope,
            on_demand,
            created_at: Time(plan.created_at),
            subscribers,
        })
    }
}

/// Publish a plan
///
/// Makes a plan, or the next version of one. A version never changes: subscriptions keep theirs until they are renewed. The
/// same terms as those in force make none, so a repeat changes nothing.
#[utoipa::path(post, path = "/v1/plans", operation_id = "publish_plan", tag = "plans", request_body = PlanBody,
    responses((status = 201, body = PlanAnswer, description = "The version in force"),
        (status = 409, description = "`plan_retired`", body = crate::problem::ProblemBody,
            content_type = "application/problem+json")))]
async fn publish(
    State(engine): State<Engine>,
    operator: Operator,
    Json(body): Json<PlanBody>,
) -> Result<Response, Problem> {
    let PlanBody { id, name, site, unit, prices, credits, period, term_periods, options, scope, on_demand } = body;
    let options = options.map(|options| options.iter().map(OptionBody::read).collect::<Result<Vec<_>, _>>());
    let terms = PlanTerms {
        name,
        prices: prices.into_iter().map(|(unit, price)| (unit, price.0)).collect(),
        credits: credits.0,
        period: period.map_or(Period::MONTHLY, |period| Period { count: period.count, unit: period.unit }),
        term_periods: term_periods.unwrap_or(1),
        options: options.transpose()?.unwrap_or_else(|| vec![Paying::AllUpfront]),
        scope,
        on_demand,
    };
    let plan = plans::publish(&engine, &operator.call(), NewPlan { id, site, unit, terms }).await?;
    reply::json(StatusCode::CREATED, &PlanAnswer::of(plan, None)?)
}

/// List plans
#[utoipa::path(get, path = "/v1/plans", operation_id = "list_plans", tag = "plans", params(PageQuery),
    responses((status = 200, body = PlanList, description = "A page of plans by id")))]
async fn list(State(engine): State<Engine>, _operator: Operator, params: Params) -> Result<Response, Problem> {
    params.only(&["limit", "cursor"])?;
    let limit = params.limit(&engine)?;
    let after = cursor::row(params.one("cursor")?)?.map(|(_, id)| id);
    let mut found = plans::list(&engine, None, after.as_deref(), limit + 1).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let counts = plans::subscribers(&engine, &found).await?;
    let next_cursor = found.last().filter(|_| more).map(|last| cursor::after_row(0, &last.id));
    let answer = |plan: Plan| {
        let count = counts.get(&plan.id).copied();
        PlanAnswer::of(plan, count)
    };
    let data = found.into_iter().map(answer).collect::<Result<_, _>>()?;
    reply::json(StatusCode::OK, &PlanList { data, next_cursor })
}

/// Get a plan
#[utoipa::path(get, path = "/v1/plans/{id}", operation_id = "get_plan", tag = "plans",
    params(("id" = String, Path)),
    responses((status = 200, body = PlanAnswer, description = "The version in force")))]
async fn get(State(engine): State<Engine>, _operator: Operator, PathId(id): PathId) -> Result<Response, Problem> {
    let plan = plans::plan(&engine, &id).await?;
    let count = plans::subscribers(&engine, std::slice::from_ref(&plan)).await?.get(&plan.id).copied();
    reply::json(StatusCode::OK, &PlanAnswer::of(plan, count)?)
}

/// Retire a plan
///
/// Nobody may subscribe any more; subscriptions go on until they are cancelled. Again changes nothing.
#[utoipa::path(post, path = "/v1/plans/{id}/retire", operation_id = "retire_plan", tag = "plans",
    params(("id" = String, Path)),
    responses((status = 200, body = PlanAnswer, description = "It is retired")))]
async fn retire(State(engine): State<Engine>, _operator: Operator, PathId(id): PathId) -> Result<Response, Problem> {
    reply::json(StatusCode::OK, &PlanAnswer::of(plans::retire(&engine, &id).await?, None)?)
}

/// List the plans that an account may have
#[utoipa::path(get, path = "/v1/accounts/{id}/plans", operation_id = "list_plans_of_account", tag = "plans",
    params(("id" = String, Path), PageQuery),
    responses((status = 200, body = PlanList, description = "A page of plans by id")))]
async fn offered(
    State(engine): State<Engine>,
    caller: Caller,
    PathId(id): PathId,
    params: Params,
) -> Result<Response, Problem> {
    params.only(&["limit", "cursor"])?;
    let account = engine.accounts().get(caller.account(Some(&id))?).await?;
    let limit = params.limit(&engine)?;
    let after = cursor::row(params.one("cursor")?)?.map(|(_, id)| id);
    let of = Some((account.site.as_str(), account.unit));
    let mut found = plans::list(&engine, of, after.as_deref(), limit + 1).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next_cursor = found.last().filter(|_| more).map(|last| cursor::after_row(0, &last.id));
    let data = found.into_iter().map(|plan| PlanAnswer::of(plan, None)).collect::<Result<_, _>>()?;
    reply::json(StatusCode::OK, &PlanList { data, next_cursor })
}

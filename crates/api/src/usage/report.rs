//! Usage by day and service.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use engine::Engine;
use engine::accounts::Located;
use engine::members::Capability;
use engine::usage::{self, Counted, MAX_TOP, Period, Query, Report};
use http::StatusCode;
use ledger::Unit;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Day;
use crate::access::Needs;
use crate::auth::Caller;
use crate::fields::{self, Time};
use crate::problem::Problem;
use crate::reply;
use crate::request::{Params, PathId};

/// Days of a report that names none.
const USUAL_DAYS: i32 = 30;
/// Services that are named unless told otherwise.
const USUAL_TOP: usize = 6;

pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new().routes(routes!(report).needs(Capability::BalanceRead))
}

/// Which days, and how they are grouped.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only its description is used; Params reads the query")]
struct ReportQuery {
    /// The first day; 29 days before `to` when left out.
    #[param(value_type = Option<Day>, example = "2026-01-01")]
    from: Option<String>,
    /// The last day, included; today when left out.
    #[param(value_type = Option<Day>, example = "2026-01-31")]
    to: Option<String>,
    /// The IANA name of the time zone of the days; the site's when left out.
    #[param(example = "Asia/Tokyo")]
    zone: Option<String>,
    /// `day`, `service`, or both with a comma, which is so when left out.
    #[param(example = "day,service")]
    group_by: Option<String>,
    /// How many services are named, those that cost most; the rest is `others`. 6 when left out.
    #[param(minimum = 1, maximum = 100)]
    top: Option<u32>,
    /// `previous`: compare with as many days before.
    #[param(example = "previous")]
    compare: Option<String>,
}

/// What was spent in a time: debits and captures less reversals, as credit history shows them.
#[derive(Serialize, ToSchema)]
struct UsageReport {
    /// Whose credits.
    #[schema(value_type = String)]
    account: Arc<str>,
    /// What they count in.
    unit: &'static str,
    /// The time zone of the days.
    zone: String,
    /// The first day.
    from: Day,
    /// The last day.
    to: Day,
    /// What was spent in all.
    #[schema(example = "12.5")]
    spent: String,
    /// How many entries that were: debits, captures and reversals.
    entries: u64,
    /// Services by what they cost, the dearest first; only when grouped by `service`.
    #[serde(skip_serializing_if = "Option::is_none")]
    services: Option<Vec<ServiceUsage>>,
    /// All other services, if any; only when grouped by `service`.
    #[serde(skip_serializing_if = "Option::is_none")]
    others: Option<OtherServices>,
    /// Every day, oldest first; only when grouped by `day`.
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<Vec<DayUsage>>,
    /// As many days before; only when it is compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<PreviousPeriod>,
    /// Whether every entry was counted. False when more were booked lately than one answer counts: ask again.
    complete: bool,
    /// The instant this was so.
    as_of: Time,
}

/// What was spent on a service.
#[derive(Serialize, ToSchema)]
struct ServiceUsage {
    /// Its name; null for what names none.
    #[schema(value_type = Option<String>)]
    service: Option<Box<str>>,
    /// What was spent; less than zero when more was given back.
    #[schema(example = "12.5")]
    spent: String,
    /// How many entries that were.
    entries: u64,
    /// The latest use that was charged; null when there are only reversals.
    charged_to: Option<Time>,
    /// How much was used, by meter, of what a price book priced. Reversals do not lessen it.
    #[schema(value_type = BTreeMap<String, u64>)]
    meters: BTreeMap<Box<str>, u128>,
    /// What was spent in as many days before.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_spent: Option<String>,
}

/// What was spent on services that are not named.
#[derive(Serialize, ToSchema)]
struct OtherServices {
    /// How many services.
    services: usize,
    /// What was spent.
    spent: String,
    /// How many entries that were.
    entries: u64,
    /// What was spent in as many days before, also on services that were not used since.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_spent: Option<String>,
}

/// What was spent on a day.
#[derive(Serialize, ToSchema)]
struct DayUsage {
    /// The day.
    date: Day,
    /// When it begins: a `from` of its entries.
    from: Time,
    /// When the next one begins: a `to` of its entries.
    to: Time,
    /// What was spent.
    spent: String,
    /// How many entries that were.
    entries: u64,
    /// By service, without those on which nothing was spent; only when grouped by `service`, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    services: Option<Vec<DayService>>,
    /// On all other services; only when grouped by `service`, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    others: Option<String>,
}

/// What was spent on a service on a day.
#[derive(Serialize, ToSchema)]
struct DayService {
    /// Its name; null for what names none.
    #[schema(value_type = Option<String>)]
    service: Option<Box<str>>,
    /// What was spent.
    spent: String,
}

/// The period before.
#[derive(Serialize, ToSchema)]
struct PreviousPeriod {
    /// Its first day.
    from: Day,
    /// Its last day.
    to: Day,
    /// What was spent.
    spent: String,
    /// How many entries that were.
    entries: u64,
}

/// How an answer is grouped.
#[derive(Clone, Copy)]
struct Grouping {
    day: bool,
    service: bool,
}

impl Grouping {
    fn read(params: &Params) -> Result<Grouping, Problem> {
        let named = |name: &str| ["day", "service"].into_iter().find(|known| *known == name);
        let by = params.many_of("group_by", named)?;
        let has = |name: &str| by.is_empty() || by.contains(&name);
        Ok(Grouping { day: has("day"), service: has("service") })
    }
}

fn day(params: &Params, name: &'static str) -> Result<Option<Day>, Problem> {
    let wrong = || Problem::field(name, "must be a date such as 2026-01-31");
    params.one(name)?.map(|text| Day::parse(text).ok_or_else(wrong)).transpose()
}

fn top(params: &Params) -> Result<usize, Problem> {
    let Some(text) = params.one("top")? else { return Ok(USUAL_TOP) };
    let plain = text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    let top = text.parse().ok().filter(|top| plain && (1..=MAX_TOP).contains(top));
    top.ok_or_else(|| Problem::field("top", format!("must be a whole number from 1 to {MAX_TOP}")))
}

fn period(engine: &Engine, params: &Params, zone: &str) -> Result<Period, Problem> {
    let today = Period::last_days(zone, engine.now(), 1)?.last();
    let last = day(params, "to")?.map_or(today, |day| day.0);
    let first = match day(params, "from")? {
        Some(first) => first.0,
        None => last.saturating_sub(jiff::Span::new().days(USUAL_DAYS - 1)),
    };
    Ok(Period::new(zone, first, last)?)
}

fn compare(params: &Params) -> Result<bool, Problem> {
    match params.one("compare")? {
        None => Ok(false),
        Some("previous") => Ok(true),
        Some(_) => Err(Problem::field("compare", "must be previous")),
    }
}

/// Report usage
///
/// What was spent by day and service: debits and captures less reversals, each on the day on which it was booked, so
/// that the days add up to what credit history shows. Up to 366 days.
#[utoipa::path(get, path = "/v1/accounts/{id}/usage", operation_id = "report_usage", tag = "accounts",
    params(("id" = String, Path), ReportQuery),
    responses((status = 200, body = UsageReport, description = "What was spent")))]
async fn report(
    State(engine): State<Engine>,
    caller: Caller,
    PathId(id): PathId,
    params: Params,
) -> Result<Response, Problem> {
    let account = super::readable(&engine, &caller, &id).await?;
    params.only(&["from", "to", "zone", "group_by", "top", "compare"])?;
    let grouping = Grouping::read(&params)?;
    let (top, compare) = (top(&params)?, compare(&params)?);
    let zone = super::zone(&engine, &account, &params).await?;
    let period = period(&engine, &params, &zone)?;
    let query = Query { period, top, compare, meters: grouping.service };
    let report = usage::report(&engine, &account, &query).await?;
    reply::json(StatusCode::OK, &answer(&account, report, grouping))
}

fn answer(account: &Located, report: Report, grouping: Grouping) -> UsageReport {
    let unit = account.unit;
    let spent = |counted: &Counted| fields::format_sum(unit, counted.spent_units);
    let previous = report.period.before();
    UsageReport {
        account: Arc::clone(&account.id),
        unit: unit.code(),
        zone: report.period.zone().to_owned(),
        from: Day(report.period.first()),
        to: Day(report.period.last()),
        spent: spent(&report.total),
        entries: report.total.entries,
        days: grouping.day.then(|| days(unit, &report, grouping)),
        previous: report.before.as_ref().map(|before| PreviousPeriod {
            from: Day(previous.first()),
            to: Day(previous.last()),
            spent: spent(before),
            entries: before.entries,
        }),
        others: report.others.filter(|_| grouping.service).map(|others| OtherServices {
            services: others.services,
            spent: spent(&others.counted),
            entries: others.counted.entries,
            previous_spent: others.before_units.map(|units| fields::format_sum(unit, units)),
        }),
        services: grouping.service.then(|| report.services.into_iter().map(|known| service(unit, known)).collect()),
        complete: report.is_complete,
        as_of: Time(report.as_of),
    }
}

fn service(unit: Unit, known: usage::ServiceUsage) -> ServiceUsage {
    ServiceUsage {
        service: named(&known.service),
        spent: fields::format_sum(unit, known.counted.spent_units),
        entries: known.counted.entries,
        charged_to: known.counted.charged_to.map(Time),
        meters: known.meters,
        previous_spent: known.before_units.map(|units| fields::format_sum(unit, units)),
    }
}

fn days(unit: Unit, report: &Report, grouping: Grouping) -> Vec<DayUsage> {
    let sum = |units: i128| fields::format_sum(unit, units);
    let services = |day: &usage::DayUsage| {
        let parts = report.services.iter().zip(&day.by_service_units).filter(|(_, units)| **units != 0);
        parts.map(|(known, units)| DayService { service: named(&known.service), spent: sum(*units) }).collect()
    };
    let day = |day: &usage::DayUsage| DayUsage {
        date: Day(day.date),
        from: Time(day.starts_at),
        to: Time(day.ends_at),
        spent: sum(day.counted.spent_units),
        entries: day.counted.entries,
        services: grouping.service.then(|| services(day)),
        others: report.others.as_ref().filter(|_| grouping.service).map(|_| sum(day.others_units)),
    };
    report.days.iter().map(day).collect()
}

fn named(service: &str) -> Option<Box<str>> {
    Some(service.into()).filter(|_| !service.is_empty())
}

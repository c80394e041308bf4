//! How long an account's credits last.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use engine::Engine;
use engine::members::Capability;
use engine::usage::{self, METHOD, Outlook};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Day;
use crate::access::Needs;
use crate::auth::Caller;
use crate::fields::{self, Time};
use crate::problem::Problem;
use crate::reply;
use crate::request::{Params, PathId};

pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new().routes(routes!(forecast).needs(Capability::BalanceRead))
}

/// How long the credits last when they are spent as they were.
#[derive(Serialize, ToSchema)]
struct ForecastAnswer {
    /// Whose credits.
    #[schema(value_type = String)]
    account: Arc<str>,
    /// What they count in.
    unit: &'static str,
    /// `range`: see `days` and `ends`. `more_than_90_days`: longer than can be said. `learning`: usage on fewer than 3
    /// of the last 28 days. `no_recent_usage`: none in the last 28 days.
    #[schema(example = "range")]
    state: &'static str,
    /// About how many days; only with the state `range`.
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<DayRange>,
    /// About when the credits end; only with the state `range`.
    #[serde(skip_serializing_if = "Option::is_none")]
    ends: Option<DateRange>,
    /// Mean usage of a day.
    daily_usage: DailyUsage,
    /// On how many of the last 28 days there was usage.
    days_with_usage: u32,
    /// How it was found, in one line.
    method: &'static str,
    /// The time zone of the dates.
    zone: String,
    /// Whether every entry was counted. False when more were booked lately than one answer counts: ask again.
    complete: bool,
    /// The instant this was so.
    as_of: Time,
}

/// A number of whole days.
#[derive(Serialize, ToSchema)]
struct DayRange {
    /// At least; 0: less than a day.
    from: u32,
    /// At most; null: more than 90.
    to: Option<u32>,
}

/// Days of a calendar.
#[derive(Serialize, ToSchema)]
struct DateRange {
    /// At the earliest.
    from: Day,
    /// At the latest; null: in more than 90 days.
    to: Option<Day>,
}

/// Mean usage of a day, rounded down to what the ledger keeps.
#[derive(Serialize, ToSchema)]
struct DailyUsage {
    /// Of the last 7 days.
    #[schema(example = "1.25")]
    last_7_days: String,
    /// Of the last 28 days.
    #[schema(example = "1.5")]
    last_28_days: String,
}

/// Forecast
///
/// How long the credits last, expiries included, when they are spent as in the last 7 and in the last 28 days.
#[utoipa::path(get, path = "/v1/accounts/{id}/forecast", operation_id = "get_forecast", tag = "accounts",
    params(("id" = String, Path),
        ("zone" = Option<String>, Query, description = "The IANA name of the time zone of the dates; the site's when \
            left out", example = "Asia/Tokyo")),
    responses((status = 200, body = ForecastAnswer, description = "How long the credits last")))]
async fn forecast(
    State(engine): State<Engine>,
    caller: Caller,
    PathId(id): PathId,
    params: Params,
) -> Result<Response, Problem> {
    let account = super::readable(&engine, &caller, &id).await?;
    params.only(&["zone"])?;
    let zone = super::zone(&engine, &account, &params).await?;
    let forecast = usage::forecast(&engine, &account, &zone).await?;
    let (state, days) = match forecast.outlook {
        Outlook::Learning { .. } => ("learning", None),
        Outlook::NoRecentUsage => ("no_recent_usage", None),
        Outlook::BeyondHorizon => ("more_than_90_days", None),
        Outlook::Days { low, high } => ("range", Some(DayRange { from: low, to: high })),
    };
    let answer = ForecastAnswer {
        account: Arc::clone(&account.id),
        unit: account.unit.code(),
        state,
        days,
        ends: forecast.first_day.map(|from| DateRange { from: Day(from), to: forecast.last_day.map(Day) }),
        daily_usage: DailyUsage {
            last_7_days: fields::format_sum(account.unit, forecast.week_units),
            last_28_days: fields::format_sum(account.unit, forecast.month_units),
        },
        days_with_usage: forecast.days_with_usage,
        method: METHOD,
        zone,
        complete: forecast.is_complete,
        as_of: Time(forecast.as_of),
    };
    reply::json(StatusCode::OK, &answer)
}

//! Exchange rates: set one, import a file, list.

use axum::extract::State;
use axum::response::Response;
use engine::Engine;
use engine::billing::{self, NewRate, RateRecord};
use engine::members::Capability;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::RateAnswer;
use crate::access::Needs;
use crate::auth::Operator;
use crate::fields::{AmountText, Time};
use crate::problem::Problem;
use crate::request::{Json, Params};
use crate::spec::PageQuery;
use crate::{cursor, reply};

pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .routes(routes!(set).needs(Capability::PricesWrite))
        .routes(routes!(list).needs(Capability::PricesRead))
        .routes(routes!(import).needs(Capability::PricesWrite))
}

/// A rate: 1 `base` is `rate` `quote`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"base": "USD", "quote": "VND", "rate": "25400.5", "source": "State Bank of Vietnam"}))]
struct RateRequest {
    /// One of this …
    #[schema(example = "USD")]
    base: String,
    /// … is so many of this.
    #[schema(example = "VND")]
    quote: String,
    /// How many: up to 12 digits before and after the point.
    rate: AmountText,
    /// The instant it is of; now when left out, never in the future.
    #[schema(value_type = Option<Time>)]
    dated_at: Option<Time>,
    /// Who publishes it; shown with every quote.
    #[schema(min_length = 1, max_length = 100)]
    source: String,
    /// It is right although it differs much from the rate in force.
    #[serde(default)]
    confirm: bool,
}

/// A file of rates.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"source": "ECB", "csv": "base,quote,rate,dated_at\nEUR,USD,1.08,2026-11-20\n"}))]
struct RatesImport {
    /// The file's text: a line of the columns `base,quote,rate,dated_at,source`, then up to 1000 rows. `source` may be
    /// left out. `dated_at` is a time (RFC 3339) or a day, which means its beginning in UTC.
    csv: String,
    /// Who publishes the rows that do not say.
    #[schema(max_length = 100)]
    source: Option<String>,
    /// They are right although some differ much from the rates in force.
    #[serde(default)]
    confirm: bool,
}

/// A stored rate.
#[derive(Serialize, ToSchema)]
struct StoredRate {
    /// Its identifier.
    id: String,
    #[serde(flatten)]
    rate: RateAnswer,
    /// Who recorded it.
    actor: String,
    /// When it was recorded.
    created_at: Time,
}

/// What became of a file.
#[derive(Serialize, ToSchema)]
struct RatesImported {
    /// Rows that are new.
    stored: usize,
    /// Rows that were there already.
    unchanged: usize,
}

/// Rates, latest date first.
#[derive(Serialize, ToSchema)]
struct RateList {
    /// The rates of this page.
    data: Vec<StoredRate>,
    /// For the next page; null on the last one.
    next_cursor: Option<String>,
}

/// Which rates.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only its description is used")]
struct RateFilter {
    /// Only rates of one of this.
    #[param(example = "USD")]
    base: Option<String>,
    /// Only rates in this.
    #[param(example = "VND")]
    quote: Option<String>,
}

impl StoredRate {
    fn of(record: RateRecord) -> StoredRate {
        StoredRate {
            id: record.id,
            rate: RateAnswer::of(record.dated),
            actor: record.actor,
            created_at: Time(record.created_at),
        }
    }
}

/// Set an exchange rate
///
/// Rates never change: a correction is another rate, and the latest date that has come is in force. A rate that differs
/// much from the one in force answers 409 `rate_implausible` unless it is confirmed.
#[utoipa::path(post, path = "/v1/rates", operation_id = "set_rate", tag = "billing", request_body = RateRequest,
    responses((status = 201, body = StoredRate, description = "The rate is stored, now or before")))]
async fn set(
    State(engine): State<Engine>,
    operator: Operator,
    Json(request): Json<RateRequest>,
) -> Result<Response, Problem> {
    let RateRequest { base, quote, rate, dated_at, source, confirm } = request;
    let new = NewRate { base, quote, rate: rate.0, dated_at: dated_at.map(|time| time.0), source };
    let record = billing::set_rate(&engine, &operator.call(), &new, confirm).await?;
    reply::json(StatusCode::CREATED, &StoredRate::of(record))
}

/// Import exchange rates
///
/// Stores every row of a CSV file, or none; rows that are there already change nothing.
#[utoipa::path(post, path = "/v1/rates/import", operation_id = "import_rates", tag = "billing",
    request_body = RatesImport, responses((status = 201, body = RatesImported, description = "The rows are stored")))]
async fn import(
    State(engine): State<Engine>,
    operator: Operator,
    Json(request): Json<RatesImport>,
) -> Result<Response, Problem> {
    let RatesImport { csv, source, confirm } = request;
    let done = billing::import_rates(&engine, &operator.call(), &csv, source.as_deref(), confirm).await?;
    reply::json(StatusCode::CREATED, &RatesImported { stored: done.stored, unchanged: done.unchanged })
}

/// List exchange rates
#[utoipa::path(get, path = "/v1/rates", operation_id = "list_rates", tag = "billing", params(RateFilter, PageQuery),
    responses((status = 200, body = RateList, description = "A page of rates, latest date first")))]
async fn list(State(engine): State<Engine>, _operator: Operator, params: Params) -> Result<Response, Problem> {
    params.only(&["base", "quote", "limit", "cursor"])?;
    let base = params.one("base")?.map(|code| super::unit("base", code)).transpose()?;
    let quote = params.one("quote")?.map(|code| super::unit("quote", code)).transpose()?;
    let limit = params.limit(&engine)?;
    let before = cursor::row(params.one("cursor")?)?;
    let rows = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let mut records = billing::list_rates(&engine, base, quote, before, rows).await?;
    let more = records.len() > limit;
    records.truncate(limit);
    let last = records.last().filter(|_| more);
    let next_cursor = last.map(|record| cursor::after_row(record.dated.dated_at.micros(), &record.id));
    reply::json(StatusCode::OK, &RateList { data: records.into_iter().map(StoredRate::of).collect(), next_cursor })
}

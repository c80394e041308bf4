//! Price books: publish, import, read.

use axum::extract::{FromRequest, Request, State};
use axum::response::Response;
use engine::Engine;
use engine::members::Capability;
use engine::prices::{BookRecord, Mode, invalid};
use http::StatusCode;
use ledger::Unit;
use ledger::price::{LitellmImport, PriceBook};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Needs;
use crate::auth::Operator;
use crate::fields::{AmountText, Time};
use crate::problem::Problem;
use crate::request::{self, Json, Params, PathId};
use crate::spec::PageQuery;
use crate::{cursor, reply};

/// Largest import; the public price map has 1.5 MB.
const IMPORT_BYTES: usize = 8 << 20;
/// Token prices are written per this many.
const IMPORT_PER: u64 = 1_000_000;
/// Skipped models that an answer names.
const SKIPPED_SHOWN: usize = 100;

/// `/v1/prices…`.
pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .routes(routes!(publish).needs(Capability::PricesWrite))
        .routes(routes!(list).needs(Capability::PricesRead))
        .routes(routes!(import).needs(Capability::PricesWrite))
        .routes(routes!(current).needs(Capability::PricesRead))
        .routes(routes!(version).needs(Capability::PricesRead))
}

/// What a new version does with services that it does not name.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ModeName {
    /// Keeps them as they are in the version before.
    #[default]
    Merge,
    /// Drops them.
    Replace,
}

impl From<ModeName> for Mode {
    fn from(mode: ModeName) -> Mode {
        match mode {
            ModeName::Merge => Mode::Merge,
            ModeName::Replace => Mode::Replace,
        }
    }
}

/// A new version of a price book.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"unit": "USD", "services": {"gpt-4o": {"meters": {
    "input_tokens": {"price": "2.50", "per": 1_000_000}}}}}))]
struct PriceRequest {
    /// The unit of every price.
    #[schema(value_type = String)]
    unit: Box<RawValue>,
    /// Prices by service: `{"meters": {"<meter>": {"price": "2.50", "per": 1000000, "step"?, "free"?, "description"?}}}`.
    #[schema(value_type = Object)]
    services: Box<RawValue>,
    /// What happens to services that are not named.
    #[serde(default)]
    mode: ModeName,
}

/// A price map of others.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ImportRequest {
    /// The unit of the new prices.
    #[schema(value_type = String, example = "USD")]
    unit: Unit,
    /// The form of the document.
    format: Format,
    /// The document.
    #[schema(value_type = Object)]
    document: Box<RawValue>,
    /// Which models: exact names, or beginnings that end with `*`; all when left out.
    models: Option<Vec<String>>,
    /// The factor on list prices; 1 when left out.
    mark_up: Option<AmountText>,
    /// How much of the unit one US dollar is; must be given unless the unit is USD.
    exchange_rate: Option<AmountText>,
    /// What happens to services that are not named.
    #[serde(default)]
    mode: ModeName,
}

/// Known price maps.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Format {
    /// The public price map of LiteLLM.
    Litellm,
}

/// A version of a price book.
#[derive(Serialize, ToSchema)]
struct BookAnswer {
    /// Its number, counted over all units.
    version: i64,
    /// The unit of its prices.
    unit: &'static str,
    /// How many services it prices.
    services: i64,
    /// `api` or `litellm`.
    source: String,
    /// Who published it.
    actor: String,
    /// When it was published.
    created_at: Time,
}

/// A version with its prices.
#[derive(Serialize, ToSchema)]
struct BookWithPrices {
    #[serde(flatten)]
    book: BookAnswer,
    /// The prices: `{"unit", "services"}`.
    #[schema(value_type = Object)]
    document: Box<RawValue>,
}

/// A version made from a price map.
#[derive(Serialize, ToSchema)]
struct ImportAnswer {
    #[serde(flatten)]
    book: BookAnswer,
    /// How many models are in it.
    imported: usize,
    /// How many selected models are not.
    skipped: usize,
    /// The first of them, and why.
    #[schema(value_type = Vec<Skipped>)]
    skipped_models: Vec<ledger::price::SkippedModel>,
    /// Price fields that have no meter, with the number of models that list them.
    left_out: std::collections::BTreeMap<String, u64>,
}

/// A model that was not imported.
#[derive(ToSchema)]
#[allow(dead_code, reason = "the schema of SkippedModel")]
struct Skipped {
    /// Its name in the price map.
    model: String,
    /// Why.
    reason: String,
}

/// Versions, newest first.
#[derive(Serialize, ToSchema)]
struct BookList {
    /// The versions of this page.
    data: Vec<BookAnswer>,
    /// For the next page; null on the last one.
    next_cursor: Option<String>,
}

impl BookAnswer {
    fn of(record: BookRecord) -> BookAnswer {
        BookAnswer {
            version: record.version,
            unit: record.unit.code(),
            services: record.services,
            source: record.source,
            actor: record.actor,
            created_at: Time(record.created_at),
        }
    }
}

/// Publish prices
///
/// Makes a new version, which is in force from now on. Versions never change.
#[utoipa::path(post, path = "/v1/prices", operation_id = "publish_prices",
    tag = "prices", request_body = PriceRequest,
    responses((status = 201, body = BookAnswer, description = "The new version is in force")))]
async fn publish(
    State(engine): State<Engine>,
    operator: Operator,
    Json(request): Json<PriceRequest>,
) -> Result<Response, Problem> {
    let PriceRequest { unit, services, mode } = request;
    // The book reads its own document, because its errors name the place.
    let document = format!(r#"{{"unit":{},"services":{}}}"#, unit.get(), services.get());
    let book = PriceBook::parse(document.as_bytes()).map_err(invalid)?;
    let record = engine.prices().publish(book, mode.into(), "api", operator.call()).await?;
    reply::json(StatusCode::CREATED, &BookAnswer::of(record))
}

/// An import's body, which may be larger than others.
struct LargeJson(ImportRequest);

impl FromRequest<Engine> for LargeJson {
    type Rejection = Problem;

    async fn from_request(request: Request, _engine: &Engine) -> Result<Self, Problem> {
        let bytes = request::json_bytes(request, IMPORT_BYTES).await?;
        request::parse(&bytes).map(LargeJson)
    }
}

/// Import prices
///
/// Makes a new version from a public price map, with a mark-up and an exchange rate. Up to 8 MiB.
#[utoipa::path(post, path = "/v1/prices/import", operation_id = "import_prices",
    tag = "prices", request_body = ImportRequest,
    responses((status = 201, body = ImportAnswer, description = "The new version is in force")))]
async fn import(
    State(engine): State<Engine>,
    operator: Operator,
    LargeJson(request): LargeJson,
) -> Result<Response, Problem> {
    let ImportRequest { unit, format: Format::Litellm, document, models, mark_up, exchange_rate, mode } = request;
    let one = || AmountText("1".to_owned());
    let exchange_rate = match exchange_rate {
        Some(rate) => rate,
        None if unit.code() == "USD" => one(),
        None => return Err(Problem::field("exchange_rate", "must be given unless the unit is USD")),
    };
    let mark_up = mark_up.unwrap_or_else(one).0;
    let import = LitellmImport { unit, models, mark_up, exchange_rate: exchange_rate.0, per: IMPORT_PER };
    let document = document.get().as_bytes().to_vec();
    let (record, mut imported) = engine.prices().import(document, import, mode.into(), operator.call()).await?;
    let skipped = imported.skipped.len();
    imported.skipped.truncate(SKIPPED_SHOWN);
    let answer = ImportAnswer {
        book: BookAnswer::of(record),
        imported: imported.book.services.len(),
        skipped,
        skipped_models: imported.skipped,
        left_out: imported.left_out,
    };
    reply::json(StatusCode::CREATED, &answer)
}

/// List versions
#[utoipa::path(get, path = "/v1/prices", operation_id = "list_price_versions", tag = "prices", params(PageQuery),
    responses((status = 200, body = BookList, description = "A page of versions, newest first")))]
async fn list(State(engine): State<Engine>, _operator: Operator, params: Params) -> Result<Response, Problem> {
    params.only(&["limit", "cursor"])?;
    let limit = params.limit(&engine)?;
    let before = cursor::number(params.one("cursor")?)?.and_then(|version| i64::try_from(version).ok());
    let mut records = engine.prices().list(before, i64::try_from(limit + 1).unwrap_or(i64::MAX)).await?;
    let more = records.len() > limit;
    records.truncate(limit);
    let last = records.last().filter(|_| more).and_then(|record| u64::try_from(record.version).ok());
    let data = records.into_iter().map(BookAnswer::of).collect();
    reply::json(StatusCode::OK, &BookList { data, next_cursor: last.map(cursor::after_number) })
}

fn with_prices((record, document): (BookRecord, String)) -> Result<Response, Problem> {
    let document = RawValue::from_string(document).map_err(|error| Problem::internal(&error.to_string()))?;
    reply::json(StatusCode::OK, &BookWithPrices { book: BookAnswer::of(record), document })
}

/// Get the prices in force
#[utoipa::path(get, path = "/v1/prices/current", operation_id = "get_prices_in_force", tag = "prices",
    params(("unit" = String, Query, description = "`CREDIT` or a currency", example = "USD")),
    responses((status = 200, body = BookWithPrices, description = "The version in force for the unit"),
        (status = 404, description = "The unit has no prices", content_type = "application/problem+json",
            body = crate::problem::ProblemBody)))]
async fn current(State(engine): State<Engine>, _operator: Operator, params: Params) -> Result<Response, Problem> {
    params.only(&["unit"])?;
    let code = params.one("unit")?.ok_or_else(|| Problem::field("unit", "must be given"))?;
    let unit = Unit::parse(code).ok_or_else(|| Problem::field("unit", "must be CREDIT or a currency such as USD"))?;
    with_prices(engine.prices().newest(unit).await?.ok_or_else(|| Problem::not_found("price book"))?)
}

/// Get a version
#[utoipa::path(get, path = "/v1/prices/{version}", operation_id = "get_price_version", tag = "prices",
    params(("version" = i64, Path, minimum = 1)),
    responses((status = 200, body = BookWithPrices, description = "The version")))]
async fn version(
    State(engine): State<Engine>,
    _operator: Operator,
    PathId(version): PathId,
) -> Result<Response, Problem> {
    let canonical = version.parse::<i64>().ok().filter(|number| number.to_string() == version);
    let version = canonical.ok_or_else(|| Problem::not_found("price book"))?;
    with_prices(engine.prices().version(version).await?)
}

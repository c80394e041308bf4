//! Many debits or usage events at once, each for itself.

use axum::extract::State;
use axum::response::Response;
use engine::Engine;
use engine::ledger_calls::Planned;
use engine::members::Capability;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa::openapi::schema::{AnyOfBuilder, Array, ArrayBuilder, SchemaType};
use utoipa::openapi::{ObjectBuilder, Ref};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Needs;
use crate::auth::Caller;
use crate::problem::{Problem, ProblemBody};
use crate::reply;
use crate::request::{self, IdempotencyKey, Json};
use crate::spending::{DebitRequest, Spend, UsageRequest, plan};

/// `/v1/debits/batch` and `/v1/usage/batch`.
pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .routes(routes!(debit_batch).needs(Capability::UsageWrite))
        .routes(routes!(usage_batch).needs(Capability::UsageWrite))
}

/// Many requests.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Batch {
    /// Each with its own `idempotency_key`.
    #[schema(value_type = Vec<Object>, min_items = 1, max_items = 1000)]
    items: Vec<Box<RawValue>>,
}

/// Many debits.
#[derive(ToSchema)]
#[allow(dead_code, reason = "the schema of Batch for debits")]
struct DebitBatch {
    #[schema(schema_with = debits)]
    items: Vec<DebitRequest>,
}

/// Many usage events.
#[derive(ToSchema)]
#[allow(dead_code, reason = "the schema of Batch for usage")]
struct UsageBatch {
    #[schema(schema_with = usage_events)]
    items: Vec<UsageRequest>,
}

fn debits() -> Array {
    items_of("DebitRequest")
}

fn usage_events() -> Array {
    items_of("UsageRequest")
}

/// Items that should be of this schema, though others do not fail the batch.
fn items_of(name: &str) -> Array {
    let other = ObjectBuilder::new().schema_type(SchemaType::AnyValue);
    let item = AnyOfBuilder::new().item(Ref::from_schema_name(name)).item(other);
    let description = "Each with its own `idempotency_key`; one that is not as it must be is refused by itself.";
    let array = ArrayBuilder::new().items(item).description(Some(description));
    array.min_items(Some(1)).max_items(Some(1_000)).build()
}

/// What became of an item: its status, and the answer or the problem that a single request would have had.
#[derive(Serialize, ToSchema)]
struct Done<T> {
    /// The HTTP status of a single request.
    status: u16,
    /// The item repeats an earlier request.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    idempotent_replayed: bool,
    #[serde(flatten)]
    answer: T,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ItemResult<'a, T> {
    Done(Done<T>),
    Refused(Box<ProblemBody<'a>>),
}

#[derive(Serialize)]
struct BatchResults<'a, T> {
    results: Vec<ItemResult<'a, T>>,
}

/// Answers in the order of the items.
#[derive(ToSchema)]
#[allow(dead_code, reason = "the schema of BatchResults")]
struct BatchAnswer {
    /// Each has a `status`, and beside it the fields of the answer or the problem that a single request would have had.
    results: Vec<ItemAnswer>,
}

/// An answer or a problem.
#[derive(ToSchema)]
#[allow(dead_code, reason = "the schema of ItemResult")]
struct ItemAnswer {
    /// The HTTP status of a single request.
    status: u16,
}

async fn batch<T: Spend>(engine: &Engine, caller: &Caller, batch: Batch) -> Result<Response, Problem> {
    let most = engine.settings().limits.batch_items;
    if !(1..=most).contains(&batch.items.len()) {
        return Err(Problem::field("items", format!("must have 1 to {most} items")));
    }
    let mut planned = Vec::with_capacity(batch.items.len());
    let mut refused = Vec::with_capacity(batch.items.len());
    for item in &batch.items {
        let order = plan_item::<T>(engine, caller, item).await;
        refused.push(order.map(|order| planned.push(order)).err());
    }
    let mut outcomes = engine.submit_all(planned).await.into_iter();
    let mut answers = Vec::with_capacity(refused.len());
    for refused in refused {
        answers.push(match refused {
            Some(problem) => Err(problem),
            None => match outcomes.next() {
                Some(Ok(receipt)) => T::answer(&receipt).map(|answer| (answer, receipt.replayed)),
                Some(Err(error)) => Err(caller.problem(error)),
                None => Err(Problem::internal("an order has no outcome")),
            },
        });
    }
    let results = answers.iter().map(|answer| match answer {
        Ok((answer, replayed)) => {
            ItemResult::Done(Done { status: StatusCode::CREATED.as_u16(), idempotent_replayed: *replayed, answer })
        }
        Err(problem) => ItemResult::Refused(Box::new(problem.body(None))),
    });
    reply::json(StatusCode::OK, &BatchResults { results: results.collect() })
}

async fn plan_item<T: Spend>(engine: &Engine, caller: &Caller, item: &RawValue) -> Result<Planned, Problem> {
    let mut request: T = request::parse(item.get().as_bytes())?;
    let key = request.take_key().ok_or_else(|| {
        Problem::new("idempotency_key_missing", "each item needs its own idempotency_key").at("idempotency_key")
    })?;
    let key = IdempotencyKey::parse(&key).map_err(|problem| problem.at("idempotency_key"))?;
    plan(engine, caller, key, request).await
}

/// Take credits, many times
///
/// Each item stands for itself: it is answered as a single request would be, and never fails its neighbours.
#[utoipa::path(post, path = "/v1/debits/batch", tag = "spending", request_body = DebitBatch,
    responses((status = 200, body = BatchAnswer, description = "What became of each item, in order")))]
async fn debit_batch(
    State(engine): State<Engine>,
    caller: Caller,
    Json(items): Json<Batch>,
) -> Result<Response, Problem> {
    batch::<DebitRequest>(&engine, &caller, items).await
}

/// Charge usage, many times
///
/// Each item stands for itself: it is answered as a single request would be, and never fails its neighbours.
#[utoipa::path(post, path = "/v1/usage/batch", operation_id = "charge_usage_batch",
    tag = "spending", request_body = UsageBatch,
    responses((status = 200, body = BatchAnswer, description = "What became of each item, in order")))]
async fn usage_batch(
    State(engine): State<Engine>,
    caller: Caller,
    Json(items): Json<Batch>,
) -> Result<Response, Problem> {
    batch::<UsageRequest>(&engine, &caller, items).await
}

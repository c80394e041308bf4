//! Debits and usage.
//!
//! The hot path: no query for a known key, account and price book, one commit shared with whoever else is waiting.
//! Answers are made from the booked transaction alone, so a repeat is answered with the same bytes.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use engine::checks::Metadata;
use engine::ids::IdKind;
use engine::ledger_calls::{Note, Planned, Usage};
use engine::members::Capability;
use engine::{Call, Engine};
use http::StatusCode;
use ledger::{OnInsufficient, Transaction};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use store::Receipt;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Needs;
use crate::auth::{Caller, Operator};
use crate::fields::{self, AmountText, Id, Money, Time};
use crate::problem::Problem;
use crate::reply;
use crate::request::{IdempotencyKey, Json, OptionalJson, PathId};
use crate::spec::KeyHeader;

/// `/v1/debits…` and `/v1/usage…`.
pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .routes(routes!(debit).needs(Capability::UsageWrite))
        .routes(routes!(usage).needs(Capability::UsageWrite))
        .routes(routes!(reverse).needs(Capability::CreditsWrite))
}

/// Take credits.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DebitRequest {
    /// Whose credits. An account's own key may leave it out.
    account: Option<String>,
    /// How much, more than zero.
    amount: AmountText,
    /// What they are spent on; decides which scoped lots may pay.
    #[schema(min_length = 1, max_length = 200)]
    service: String,
    /// Which instance of the service.
    #[schema(schema_with = fields::optional_name)]
    resource: Option<String>,
    /// Text for people.
    #[schema(schema_with = fields::optional_description)]
    description: Option<String>,
    /// Your own reference.
    #[schema(schema_with = fields::optional_name)]
    reference: Option<String>,
    #[schema(schema_with = fields::optional_metadata)]
    metadata: Option<Metadata>,
    /// What if the credits do not suffice: take nothing, take what is there, or go below zero up to the account's
    /// limit.
    #[serde(default)]
    #[schema(schema_with = fields::on_insufficient)]
    on_insufficient: OnInsufficient,
    /// In a batch only; a single request has the header `Idempotency-Key`.
    idempotency_key: Option<String>,
}

/// Take the price of what was used.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UsageRequest {
    /// Whose credits. An account's own key may leave it out.
    account: Option<String>,
    /// What was used; the price book must name it.
    #[schema(min_length = 1, max_length = 200)]
    service: String,
    /// How much was used, by meter.
    #[schema(example = json!({"input_tokens": 1200}))]
    meters: BTreeMap<String, u64>,
    /// When it was used; kept with the price.
    #[schema(value_type = Option<Time>)]
    occurred_at: Option<Time>,
    /// Which instance of the service.
    #[schema(schema_with = fields::optional_name)]
    resource: Option<String>,
    /// Text for people.
    #[schema(schema_with = fields::optional_description)]
    description: Option<String>,
    /// Your own reference.
    #[schema(schema_with = fields::optional_name)]
    reference: Option<String>,
    #[schema(schema_with = fields::optional_metadata)]
    metadata: Option<Metadata>,
    /// What if the credits do not suffice.
    #[serde(default)]
    #[schema(schema_with = fields::on_insufficient)]
    on_insufficient: OnInsufficient,
    /// In a batch only; a single request has the header `Idempotency-Key`.
    idempotency_key: Option<String>,
}

/// A part of a debit.
#[derive(Serialize, ToSchema)]
pub struct LotPart {
    /// The lot that paid, or got it back.
    lot: Id,
    /// How much.
    amount: Money,
}

/// Credits taken.
#[derive(Serialize, ToSchema)]
pub struct DebitAnswer {
    /// The entry in the account's history.
    id: Id,
    /// Whose credits.
    #[schema(value_type = String)]
    account: Arc<str>,
    /// How much was taken; less than asked for only with `partial`.
    amount: Money,
    /// Which lots paid, in burn-down order.
    lots: Vec<LotPart>,
    /// How much of it went below zero.
    #[serde(skip_serializing_if = "Option::is_none")]
    overdraft: Option<Money>,
    /// The balance afterwards.
    balance: Money,
    /// What could be spent afterwards.
    available: Money,
}

/// How one meter was priced.
#[derive(Serialize, ToSchema)]
pub struct MeterLine {
    /// The meter.
    meter: String,
    /// How much was used.
    quantity: u64,
    /// How much was charged, after the free part and the rounding step.
    billed_quantity: u64,
    /// The price of `per`.
    price: String,
    /// How many of the meter the price buys.
    per: u64,
    /// The rounding step, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<u64>,
    /// The free part of each event, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    free: Option<u64>,
    /// `billed_quantity × price ÷ per`, not rounded.
    amount_exact: String,
}

/// Credits taken for what was used.
#[derive(Serialize, ToSchema)]
pub struct UsageAnswer {
    #[serde(flatten)]
    debit: DebitAnswer,
    /// The version of the price book.
    price_version: i64,
    /// The price before it was rounded to what the ledger keeps.
    amount_exact: String,
    /// How each meter was priced.
    #[schema(value_type = Vec<MeterLine>)]
    meters: Box<RawValue>,
    /// When it was used, if that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Time>)]
    occurred_at: Option<Time>,
    /// The prices of the account's plan, when they held because its credits are used up: `{"plan", "plan_version"}`, and
    /// `percent` for a factor on the price book's prices.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    on_demand: Option<Box<RawValue>>,
}

/// How a price became an amount, as the ledger keeps it.
#[derive(Deserialize)]
pub struct Pricing {
    version: i64,
    occurred_at_us: Option<i64>,
    exact: String,
    lines: Box<RawValue>,
    on_demand: Option<Box<RawValue>>,
}

/// The transaction of a receipt; only sweeps have none.
pub fn booked(receipt: &Receipt) -> Result<&Transaction, Problem> {
    receipt.transaction.as_deref().ok_or_else(|| Problem::internal("a receipt has no transaction"))
}

impl DebitAnswer {
    /// From a debit or capture.
    pub fn of(receipt: &Receipt) -> Result<DebitAnswer, Problem> {
        let tx = booked(receipt)?;
        let money = |amount| Money { unit: receipt.unit, amount };
        let no = receipt.account_no;
        Ok(DebitAnswer {
            id: Id::entry(no, tx.seq),
            account: Arc::clone(&receipt.account_id),
            amount: money(-tx.amount()),
            lots: tx
                .postings
                .iter()
                .map(|posting| LotPart { lot: Id::lot(no, posting.lot), amount: money(-posting.amount) })
                .collect(),
            overdraft: tx.overdraft.is_negative().then_some(money(-tx.overdraft)),
            balance: money(tx.balance_after - tx.pending_after),
            available: money(tx.available_after),
        })
    }
}

impl UsageAnswer {
    fn of(receipt: &Receipt) -> Result<UsageAnswer, Problem> {
        let debit = DebitAnswer::of(receipt)?;
        let text = booked(receipt)?.memo.pricing.as_deref().unwrap_or_default();
        let pricing: Pricing = serde_json::from_str(text).map_err(|error| Problem::internal(&error.to_string()))?;
        Ok(UsageAnswer {
            debit,
            price_version: pricing.version,
            amount_exact: pricing.exact,
            meters: pricing.lines,
            occurred_at: pricing.occurred_at_us.map(|at_us| Time(ledger::Timestamp::from_micros(at_us))),
            on_demand: pricing.on_demand,
        })
    }
}

/// What single and batch forms have in common.
pub trait Spend: DeserializeOwned + Send {
    /// What it is answered with.
    type Answer: Serialize;

    /// Whose credits, if that is said.
    fn account(&self) -> Option<&str>;
    /// The key of an item of a batch.
    fn take_key(&mut self) -> Option<String>;
    /// What the store is asked to do.
    fn order(self, engine: &Engine, call: &Call, account: &str)
    -> impl Future<Output = engine::Result<Planned>> + Send;
    /// The answer, from the booked transaction alone.
    fn answer(receipt: &Receipt) -> Result<Self::Answer, Problem>;
}

impl Spend for DebitRequest {
    type Answer = DebitAnswer;

    fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    fn take_key(&mut self) -> Option<String> {
        self.idempotency_key.take()
    }

    async fn order(self, engine: &Engine, call: &Call, account: &str) -> engine::Result<Planned> {
        let Self { amount, service, resource, description, reference, metadata, on_insufficient, .. } = self;
        let note = Note { service: Some(service), resource, description, reference, metadata };
        engine.order_debit(call, account, &amount.0, on_insufficient, note).await
    }

    fn answer(receipt: &Receipt) -> Result<DebitAnswer, Problem> {
        DebitAnswer::of(receipt)
    }
}

impl Spend for UsageRequest {
    type Answer = UsageAnswer;

    fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    fn take_key(&mut self) -> Option<String> {
        self.idempotency_key.take()
    }

    async fn order(self, engine: &Engine, call: &Call, account: &str) -> engine::Result<Planned> {
        let Self { service, meters, occurred_at, resource, description, reference, metadata, on_insufficient, .. } =
            self;
        let note = Note { service: Some(service), resource, description, reference, metadata };
        let usage = Usage { meters, occurred_at: occurred_at.map(|time| time.0), on_insufficient };
        engine.order_usage(call, account, usage, note).await
    }

    fn answer(receipt: &Receipt) -> Result<UsageAnswer, Problem> {
        UsageAnswer::of(receipt)
    }
}

async fn single<T: Spend>(
    engine: &Engine,
    caller: &Caller,
    key: IdempotencyKey,
    mut request: T,
) -> Result<Response, Problem> {
    if request.take_key().is_some() {
        return Err(Problem::field("idempotency_key", "belongs into the header Idempotency-Key"));
    }
    let planned = plan(engine, caller, key, request).await?;
    let receipt = engine.submit(planned).await.map_err(|error| caller.problem(error))?;
    reply::repeatable(StatusCode::CREATED, &T::answer(&receipt)?, receipt.replayed)
}

/// The order of a request, which still has to be submitted.
///
/// # Errors
/// What is wrong with it, as this caller is told.
pub async fn plan<T: Spend>(
    engine: &Engine,
    caller: &Caller,
    key: IdempotencyKey,
    request: T,
) -> Result<Planned, Problem> {
    let account = caller.account(request.account())?.to_owned();
    request.order(engine, &caller.call(Some(key)), &account).await.map_err(|error| caller.problem(error))
}

/// Take credits
///
/// Takes the amount from the account's lots in burn-down order: check and deduct in one durable step.
#[utoipa::path(post, path = "/v1/debits", tag = "spending", params(KeyHeader), request_body = DebitRequest,
    responses((status = 201, body = DebitAnswer, description = "Credits were taken")))]
async fn debit(
    State(engine): State<Engine>,
    caller: Caller,
    key: IdempotencyKey,
    Json(request): Json<DebitRequest>,
) -> Result<Response, Problem> {
    single(&engine, &caller, key, request).await
}

/// Charge usage
///
/// Prices the meters by the price book in force, then takes the amount like a debit.
#[utoipa::path(post, path = "/v1/usage", operation_id = "charge_usage",
    tag = "spending", params(KeyHeader), request_body = UsageRequest,
    responses((status = 201, body = UsageAnswer, description = "Credits were taken")))]
async fn usage(
    State(engine): State<Engine>,
    caller: Caller,
    key: IdempotencyKey,
    Json(request): Json<UsageRequest>,
) -> Result<Response, Problem> {
    single(&engine, &caller, key, request).await
}

/// Give the credits of a debit back.
#[derive(Deserialize, ToSchema, Default)]
#[serde(deny_unknown_fields)]
pub struct ReversalRequest {
    /// How much; all that is not reversed yet when left out.
    amount: Option<AmountText>,
    /// Why.
    #[schema(schema_with = fields::optional_description)]
    reason: Option<String>,
}

/// Credits given back.
#[derive(Serialize, ToSchema)]
pub struct ReversalAnswer {
    /// The entry in the account's history.
    id: Id,
    /// The entry that was reversed.
    reverses: Id,
    /// Whose credits.
    #[schema(value_type = String)]
    account: Arc<str>,
    /// How much went back.
    amount: Money,
    /// Which lots got it.
    lots: Vec<LotPart>,
    /// The balance afterwards.
    balance: Money,
    /// What could be spent afterwards.
    available: Money,
}

/// Reverse a debit or capture
///
/// The credits go back to the lots they came from, all or in part.
#[utoipa::path(post, path = "/v1/debits/{id}/reverse", operation_id = "reverse_debit",
    tag = "spending", params(("id" = String, Path), KeyHeader),
    request_body = Option<ReversalRequest>,
    responses((status = 201, body = ReversalAnswer, description = "Credits went back")))]
async fn reverse(
    State(engine): State<Engine>,
    operator: Operator,
    key: IdempotencyKey,
    path: PathId,
    OptionalJson(request): OptionalJson<ReversalRequest>,
) -> Result<Response, Problem> {
    let entry = path.local(IdKind::Entry, "entry")?;
    let note = Note { description: request.reason, ..Note::default() };
    let amount = request.amount.as_ref().map(|amount| amount.0.as_str());
    let planned = engine.order_reversal(&operator.keyed(key), entry, amount, note).await?;
    let receipt = engine.submit(planned).await?;
    let tx = booked(&receipt)?;
    let money = |amount| Money { unit: receipt.unit, amount };
    let part = |posting: &ledger::Posting| LotPart {
        lot: Id::lot(receipt.account_no, posting.lot),
        amount: money(posting.amount),
    };
    let answer = ReversalAnswer {
        id: Id::entry(receipt.account_no, tx.seq),
        reverses: Id(entry),
        account: Arc::clone(&receipt.account_id),
        amount: money(tx.amount()),
        lots: tx.postings.iter().map(part).collect(),
        balance: money(tx.balance_after - tx.pending_after),
        available: money(tx.available_after),
    };
    reply::repeatable(StatusCode::CREATED, &answer, receipt.replayed)
}

//! What operators do to lots: grant, void, move the expiry, correct a balance.

use axum::extract::State;
use axum::response::Response;
use engine::audit::{self, Change};
use engine::checks::Metadata;
use engine::ids::IdKind;
use engine::ledger_calls::{Grant, Note, Planned};
use engine::members::Capability;
use engine::{Call, Engine};
use http::StatusCode;
use ledger::LotKind;
use serde::{Deserialize, Deserializer, Serialize};
use store::Receipt;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Needs;
use crate::auth::Operator;
use crate::fields::{self, AmountText, Id, Money, Time};
use crate::problem::Problem;
use crate::reply;
use crate::request::{IdempotencyKey, Json, OptionalJson, OptionalKey, PathId};
use crate::spec::{KeyHeader, OptionalKeyHeader};
use crate::spending::booked;

/// `/v1/grants`, `/v1/lots/…`, `/v1/adjustments`.
pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .routes(routes!(grant).needs(Capability::CreditsWrite))
        .routes(routes!(void).needs(Capability::CreditsWrite))
        .routes(routes!(expiry).needs(Capability::CreditsWrite))
        .routes(routes!(adjust).needs(Capability::CreditsWrite))
}

/// Give credits.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct GrantRequest {
    /// Who gets them.
    account: String,
    /// How much, more than zero.
    amount: AmountText,
    /// Where they come from; decides when they are spent.
    #[schema(schema_with = fields::lot_kind)]
    kind: LotKind,
    /// They count from this instant on; at once when left out.
    #[schema(value_type = Option<Time>)]
    effective_at: Option<Time>,
    /// They stop counting at this instant; never when left out.
    #[schema(value_type = Option<Time>)]
    expires_at: Option<Time>,
    /// Services they may pay for; all when left out.
    #[schema(max_items = 50)]
    scope: Option<Vec<String>>,
    /// Overrides the rank of the kind; lower is spent first.
    priority: Option<i32>,
    /// Why, for the record.
    #[schema(schema_with = fields::optional_description)]
    reason: Option<String>,
    /// Your own reference.
    #[schema(schema_with = fields::optional_name)]
    reference: Option<String>,
    #[schema(schema_with = fields::optional_metadata)]
    metadata: Option<Metadata>,
}

/// An action on a lot.
#[derive(Serialize, ToSchema)]
struct LotChange {
    /// The entry in the account's history.
    entry: Id,
    /// The lot.
    lot: Id,
    /// The balance afterwards.
    balance: Money,
}

/// A corrected balance.
#[derive(Serialize, ToSchema)]
struct AdjustmentAnswer {
    /// The entry in the account's history.
    entry: Id,
    /// The new lot, when credits were given.
    #[schema(value_type = Option<String>)]
    lot: Option<Id>,
    /// What the balance gained; negative when credits were taken.
    amount: Money,
    /// The balance afterwards.
    balance: Money,
}

/// Why.
#[derive(Deserialize, ToSchema, Default)]
#[serde(deny_unknown_fields)]
struct VoidRequest {
    /// Why, for the record.
    #[schema(schema_with = fields::optional_description)]
    reason: Option<String>,
}

/// Another expiry.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ExpiryRequest {
    /// The new expiry, later than now; null: never.
    #[serde(deserialize_with = "time_or_null")]
    #[schema(value_type = Option<Time>, required = true)]
    expires_at: Option<Time>,
    /// Why, for the record.
    #[schema(schema_with = fields::optional_description)]
    reason: Option<String>,
}

/// Null must be written: forgetting the field must not mean "never".
fn time_or_null<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Time>, D::Error> {
    Option::deserialize(input)
}

/// Correct a balance.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AdjustmentRequest {
    /// Whose balance.
    account: String,
    /// More than zero gives, less takes, whatever the scopes say.
    amount: AmountText,
    /// Why, for the record.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
    /// Your own reference.
    #[schema(schema_with = fields::optional_name)]
    reference: Option<String>,
    #[schema(schema_with = fields::optional_metadata)]
    metadata: Option<Metadata>,
}

/// What the audit log says of an order: who, what, why.
struct Noted<'a> {
    call: &'a Call,
    action: &'static str,
    reason: Option<&'a str>,
}

impl Noted<'_> {
    /// Writes a reference to what the ledger has booked: its own chain holds the rest.
    async fn write(&self, engine: &Engine, receipt: &Receipt) -> Result<(), Problem> {
        if receipt.replayed {
            return Ok(());
        }
        let account = engine.accounts().locate_no(receipt.account_no).await?;
        let entry = Id::entry(receipt.account_no, booked(receipt)?.seq).0.to_string();
        let change = Change {
            action: self.action,
            account_id: Some(&account.id),
            object: Some(&entry),
            reason: self.reason,
            ..Change::default()
        };
        audit::note(engine, self.call, &change).await;
        Ok(())
    }
}

/// Does the order and answers with the lot of this number, the new one when there is none.
async fn answer(
    engine: &Engine,
    planned: Planned,
    noted: Option<Noted<'_>>,
    lot: Option<Id>,
    status: StatusCode,
) -> Result<Response, Problem> {
    let receipt = engine.submit(planned).await?;
    if let Some(noted) = noted {
        noted.write(engine, &receipt).await?;
    }
    let seq = booked(&receipt)?.seq;
    let change = LotChange {
        entry: Id::entry(receipt.account_no, seq),
        lot: lot.unwrap_or(Id::lot(receipt.account_no, seq)),
        balance: balance(&receipt)?,
    };
    reply::repeatable(status, &change, receipt.replayed)
}

fn balance(receipt: &Receipt) -> Result<Money, Problem> {
    let tx = booked(receipt)?;
    Ok(Money { unit: receipt.unit, amount: tx.balance_after - tx.pending_after })
}

/// Give credits
#[utoipa::path(post, path = "/v1/grants", operation_id = "grant",
    tag = "lots", params(KeyHeader), request_body = GrantRequest,
    responses((status = 201, body = LotChange, description = "A new lot")))]
async fn grant(
    State(engine): State<Engine>,
    operator: Operator,
    key: IdempotencyKey,
    Json(request): Json<GrantRequest>,
) -> Result<Response, Problem> {
    let note = Note {
        description: request.reason.clone(),
        reference: request.reference,
        metadata: request.metadata,
        ..Note::default()
    };
    let grant = Grant {
        amount: request.amount.0,
        kind: request.kind,
        effective_at: request.effective_at.map(|time| time.0),
        expires_at: request.expires_at.map(|time| time.0),
        scope: request.scope.unwrap_or_default(),
        priority: request.priority,
    };
    let call = operator.keyed(key);
    let planned = engine.order_grant(&call, &request.account, grant, note).await?;
    // Software grants all day long, and its key stands in the ledger; a person's doing is looked for here.
    let noted = operator.is_person().then_some(Noted {
        call: &call,
        action: "credits.granted",
        reason: request.reason.as_deref(),
    });
    answer(&engine, planned, noted, None, StatusCode::CREATED).await
}

/// Void a lot
///
/// Takes away what is free in it and ends it.
#[utoipa::path(post, path = "/v1/lots/{id}/void", operation_id = "void_lot",
    tag = "lots", params(("id" = String, Path), KeyHeader),
    request_body = Option<VoidRequest>,
    responses((status = 200, body = LotChange, description = "The lot has ended")))]
async fn void(
    State(engine): State<Engine>,
    operator: Operator,
    key: IdempotencyKey,
    path: PathId,
    OptionalJson(request): OptionalJson<VoidRequest>,
) -> Result<Response, Problem> {
    let lot = path.local(IdKind::Lot, "lot")?;
    let note = Note { description: request.reason.clone(), ..Note::default() };
    let call = operator.keyed(key);
    let planned = engine.order_void(&call, lot, note).await?;
    let noted = Noted { call: &call, action: "lot.voided", reason: request.reason.as_deref() };
    answer(&engine, planned, Some(noted), Some(Id(lot)), StatusCode::OK).await
}

/// Move the expiry of a lot
#[utoipa::path(post, path = "/v1/lots/{id}/expiry", operation_id = "change_lot_expiry",
    tag = "lots", params(("id" = String, Path), OptionalKeyHeader),
    request_body = ExpiryRequest,
    responses((status = 200, body = LotChange, description = "The lot has another expiry")))]
async fn expiry(
    State(engine): State<Engine>,
    operator: Operator,
    OptionalKey(key): OptionalKey,
    path: PathId,
    Json(request): Json<ExpiryRequest>,
) -> Result<Response, Problem> {
    let lot = path.local(IdKind::Lot, "lot")?;
    let note = Note { description: request.reason.clone(), ..Note::default() };
    let expires_at = request.expires_at.map(|time| time.0);
    let call = engine::Call { key: key.map(|key| key.0), ..operator.call() };
    let planned = engine.order_expiry(&call, lot, expires_at, note).await?;
    let noted = Noted { call: &call, action: "lot.expiry_moved", reason: request.reason.as_deref() };
    answer(&engine, planned, Some(noted), Some(Id(lot)), StatusCode::OK).await
}

/// Correct a balance
///
/// Upwards a manual lot, downwards by burn-down order.
#[utoipa::path(post, path = "/v1/adjustments", operation_id = "adjust_balance",
    tag = "lots", params(KeyHeader), request_body = AdjustmentRequest,
    responses((status = 201, body = AdjustmentAnswer, description = "The balance is corrected")))]
async fn adjust(
    State(engine): State<Engine>,
    operator: Operator,
    key: IdempotencyKey,
    Json(request): Json<AdjustmentRequest>,
) -> Result<Response, Problem> {
    let note = Note {
        description: Some(request.reason.clone()),
        reference: request.reference,
        metadata: request.metadata,
        ..Note::default()
    };
    let call = operator.keyed(key);
    let planned = engine.order_adjustment(&call, &request.account, &request.amount.0, note).await?;
    let receipt = engine.submit(planned).await?;
    Noted { call: &call, action: "credits.adjusted", reason: Some(&request.reason) }.write(&engine, &receipt).await?;
    let tx = booked(&receipt)?;
    let answer = AdjustmentAnswer {
        entry: Id::entry(receipt.account_no, tx.seq),
        lot: tx.event.new_lot().map(|_| Id::lot(receipt.account_no, tx.seq)),
        amount: Money { unit: receipt.unit, amount: tx.amount() },
        balance: balance(&receipt)?,
    };
    reply::repeatable(StatusCode::CREATED, &answer, receipt.replayed)
}

//! Credit history: every movement, newest first.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use engine::Engine;
use engine::accounts::Located;
use engine::ids::IdKind;
use engine::members::Capability;
use http::StatusCode;
use ledger::{Event, Kind, LotKind};
use serde::Serialize;
use serde_json::value::RawValue;
use store::{EntryFilter, EntryStatus, EntryView};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Needs;
use crate::auth::Caller;
use crate::fields::{self, Id, Money, Time};
use crate::problem::Problem;
use crate::request::{Params, PathId};
use crate::spec::PageQuery;
use crate::{cursor, reply};

/// Most values of one filter.
const MAX_FILTER_VALUES: usize = 100;
/// The filters of a query.
pub const FILTERS: [&str; 6] = ["service", "status", "balance_type", "kind", "from", "to"];

/// `GET /v1/accounts/{id}/entries` and `GET /v1/entries/{id}`.
pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .routes(routes!(list).needs(Capability::BalanceRead))
        .routes(routes!(get).needs(Capability::BalanceRead))
}

/// Which entries. Each filter may be given many times, or once with commas; entries must match all filters.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only its description is used; Params reads the query")]
pub struct EntryQuery {
    /// Services, exactly.
    service: Option<Vec<String>>,
    /// Whether the entry still stands.
    #[param(schema_with = statuses)]
    status: Option<Vec<String>>,
    /// Entries that moved a lot of one of these kinds.
    #[param(schema_with = balance_types)]
    balance_type: Option<Vec<String>>,
    /// Kinds of entries; those that change the balance when left out.
    #[param(schema_with = kinds)]
    kind: Option<Vec<String>>,
    /// Booked at or after.
    #[param(value_type = Option<Time>)]
    from: Option<String>,
    /// Booked before.
    #[param(value_type = Option<Time>)]
    to: Option<String>,
}

fn array_of(item: utoipa::openapi::Object) -> utoipa::openapi::Array {
    utoipa::openapi::schema::ArrayBuilder::new().items(item).build()
}

fn statuses() -> utoipa::openapi::Array {
    array_of(fields::entry_status())
}

fn balance_types() -> utoipa::openapi::Array {
    array_of(fields::lot_kind())
}

fn kinds() -> utoipa::openapi::Array {
    array_of(fields::entry_kind())
}

/// A movement. Its amount is what the balance gained.
#[derive(Serialize, ToSchema)]
struct EntryAnswer {
    /// The entry.
    id: Id,
    /// Whose credits.
    #[schema(value_type = String)]
    account: Arc<str>,
    /// Number within the account, from 1, without gaps.
    seq: u64,
    /// What happened.
    #[schema(schema_with = fields::entry_kind)]
    kind: &'static str,
    /// Whether it still stands.
    #[schema(schema_with = fields::entry_status)]
    status: &'static str,
    /// What the balance gained; negative when credits were spent.
    amount: Money,
    /// How much of it went back since.
    reversed: Money,
    /// The balance afterwards.
    balance: Money,
    /// What could be spent afterwards.
    available: Money,
    /// Which lots it moved.
    lots: Vec<LotMovement>,
    /// What it moved below zero (negative) or repaid.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    overdraft: Option<Money>,
    /// The other side of the movement.
    counter_account: &'static str,
    /// The hold it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    hold: Option<Id>,
    /// The lot it made, ended or changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    lot: Option<Id>,
    /// The entry it reverses.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    reverses: Option<Id>,
    /// What the credits were spent on.
    #[schema(value_type = Option<String>)]
    service: Option<Box<str>>,
    /// Which instance of the service.
    #[schema(value_type = Option<String>)]
    resource: Option<Box<str>>,
    /// Text for people.
    #[schema(value_type = Option<String>)]
    description: Option<Box<str>>,
    /// The caller's own reference.
    #[schema(value_type = Option<String>)]
    reference: Option<Box<str>>,
    #[schema(schema_with = fields::optional_metadata)]
    metadata: Option<Box<RawValue>>,
    /// How a price became the amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pricing: Option<Box<RawValue>>,
    /// Who asked.
    #[schema(value_type = String)]
    actor: Arc<str>,
    /// The idempotency key of the request.
    #[schema(value_type = Option<String>)]
    idempotency_key: Option<Box<str>>,
    /// When it was booked.
    created_at: Time,
    /// The instant it belongs to: an expiry is dated at the expiry.
    dated_at: Time,
    /// The entry's place in the account's hash chain.
    hash: String,
}

/// A signed movement of a lot.
#[derive(Serialize, ToSchema)]
struct LotMovement {
    /// The lot.
    lot: Id,
    /// What it gained; negative when it was spent.
    amount: Money,
}

/// Entries, newest first.
#[derive(Serialize, ToSchema)]
struct EntryList {
    /// The entries of this page.
    data: Vec<EntryAnswer>,
    /// For the next page; null on the last one.
    next_cursor: Option<String>,
}

impl EntryAnswer {
    fn of(account: &Located, entry: EntryView) -> Result<EntryAnswer, Problem> {
        let status = entry.status().name();
        let reversed = entry.reversed;
        let tx = entry.transaction;
        let money = |amount| Money { unit: account.unit, amount };
        let raw = |text: Option<Box<str>>| {
            let raw = text.map(|text| RawValue::from_string(text.into_string())).transpose();
            raw.map_err(|error| Problem::internal(&error.to_string()))
        };
        let (hold, lot, reverses) = subjects(&tx.event, tx.seq);
        let movement = |posting: &ledger::Posting| LotMovement {
            lot: Id::lot(account.no, posting.lot),
            amount: money(posting.amount),
        };
        Ok(EntryAnswer {
            id: Id::entry(account.no, tx.seq),
            account: Arc::clone(&account.id),
            seq: tx.seq,
            kind: tx.kind().name(),
            status,
            amount: money(tx.amount()),
            reversed: money(reversed),
            balance: money(tx.balance_after - tx.pending_after),
            available: money(tx.available_after),
            lots: tx.postings.iter().map(movement).collect(),
            overdraft: (!tx.overdraft.is_zero()).then_some(money(tx.overdraft)),
            counter_account: tx.counter.name(),
            hold: hold.map(|number| Id::hold(account.no, number)),
            lot: lot.map(|number| Id::lot(account.no, number)),
            reverses: reverses.map(|seq| Id::entry(account.no, seq)),
            service: tx.memo.service,
            resource: tx.memo.resource,
            description: tx.memo.description,
            reference: tx.memo.reference,
            metadata: raw(tx.memo.metadata)?,
            pricing: raw(tx.memo.pricing)?,
            actor: tx.actor,
            idempotency_key: tx.key,
            created_at: Time(tx.at),
            dated_at: Time(tx.dated_at),
            hash: hex::encode(tx.hash.0),
        })
    }
}

/// The hold, the lot and the entry that an event is about.
fn subjects(event: &Event, seq: u64) -> (Option<u64>, Option<u64>, Option<u64>) {
    match event {
        Event::HoldPlaced { .. } => (Some(seq), None, None),
        Event::HoldCaptured { hold, .. }
        | Event::HoldReleased { hold }
        | Event::HoldExpired { hold }
        | Event::HoldExtended { hold, .. } => (Some(*hold), None, None),
        Event::LotExpired { lot } | Event::LotVoided { lot } | Event::LotExpiryChanged { lot, .. } => {
            (None, Some(*lot), None)
        }
        Event::Reversed { entry, .. } => (None, event.new_lot().map(|_| seq), Some(*entry)),
        // A lot has the number of the entry that granted it.
        Event::ClawedBack { lot, .. } => (None, Some(*lot), Some(*lot)),
        Event::Reinstated { entry, lot, .. } => (None, Some(*lot), Some(*entry)),
        _ => (None, event.new_lot().map(|_| seq), None),
    }
}

/// Reads the filters of a query.
pub fn filter(params: &Params) -> Result<EntryFilter, Problem> {
    let named = |name: &str| Kind::ALL.into_iter().find(|kind| kind.name() == name);
    let lot_kind = |name: &str| LotKind::ALL.into_iter().find(|kind| kind.name() == name);
    let status = |name: &str| EntryStatus::ALL.into_iter().find(|status| status.name() == name);
    let filter = EntryFilter {
        kinds: params.many_of("kind", named)?,
        services: params.many_of("service", |name| (!name.is_empty()).then(|| name.to_owned()))?,
        statuses: params.many_of("status", status)?,
        lot_kinds: params.many_of("balance_type", lot_kind)?,
        from: params.time("from")?.map(|time| time.0),
        to: params.time("to")?.map(|time| time.0),
    };
    let counts = [filter.kinds.len(), filter.services.len(), filter.statuses.len(), filter.lot_kinds.len()];
    if counts.iter().any(|count| *count > MAX_FILTER_VALUES) {
        return Err(Problem::field("query", "a filter may have at most 100 values"));
    }
    Ok(filter)
}

/// List entries
///
/// The account's credit history, newest first.
#[utoipa::path(get, path = "/v1/accounts/{id}/entries", operation_id = "list_entries", tag = "accounts",
    params(("id" = String, Path), EntryQuery, PageQuery),
    responses((status = 200, body = EntryList, description = "A page of entries, newest first")))]
async fn list(
    State(engine): State<Engine>,
    caller: Caller,
    PathId(id): PathId,
    params: Params,
) -> Result<Response, Problem> {
    let account = engine.accounts().locate(caller.account(Some(&id))?).await?;
    params.only(&[&FILTERS[..], &["limit", "cursor"]].concat())?;
    let filter = filter(&params)?;
    let limit = params.limit(&engine)?;
    let before = cursor::number(params.one("cursor")?)?;
    let mut entries = engine.store().entries(account.no, filter, before, limit + 1).await?;
    let more = entries.len() > limit;
    entries.truncate(limit);
    let next_cursor = entries.last().filter(|_| more).map(|entry| cursor::after_number(entry.transaction.seq));
    let data = entries.into_iter().map(|entry| EntryAnswer::of(&account, entry)).collect::<Result<_, _>>()?;
    reply::json(StatusCode::OK, &EntryList { data, next_cursor })
}

/// Get an entry
#[utoipa::path(get, path = "/v1/entries/{id}", operation_id = "get_entry",
    tag = "accounts", params(("id" = String, Path)),
    responses((status = 200, body = EntryAnswer, description = "The entry, with what became of it")))]
async fn get(State(engine): State<Engine>, caller: Caller, path: PathId) -> Result<Response, Problem> {
    let id = path.local(IdKind::Entry, "entry")?;
    let owner = engine.owner(id, "entry").await?;
    caller.owns(&owner.id, "entry")?;
    let (account, entry) = engine.entry(id).await?;
    reply::json(StatusCode::OK, &EntryAnswer::of(&account, entry)?)
}

//! What a filtered history adds up to.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use documents::sheet::{Movement, Totals};
use engine::Engine;
use engine::accounts::Located;
use engine::members::Capability;
use http::StatusCode;
use ledger::{Amount, Kind, Unit};
use serde::Serialize;
use store::{EntryFilter, EntryView};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::entries::balances;
use crate::access::Needs;
use crate::auth::Caller;
use crate::entries::{self, EntryQuery};
use crate::fields::{self, Money};
use crate::problem::Problem;
use crate::reply;
use crate::request::{Params, PathId};

pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new().routes(routes!(summary).needs(Capability::BalanceRead))
}

/// What entries add up to, in the account's unit. Balances here are book balances: lots that are not in effect yet count.
#[derive(Serialize, ToSchema)]
struct EntrySummary {
    /// Whose credits.
    #[schema(value_type = String)]
    account: Arc<str>,
    /// What they count in.
    unit: &'static str,
    /// How many entries match.
    count: u64,
    /// What came in.
    #[serde(rename = "in")]
    #[schema(example = "25.5")]
    came_in: String,
    /// What went out; negative.
    #[serde(rename = "out")]
    #[schema(example = "-3.25")]
    went_out: String,
    /// Both together.
    #[schema(example = "22.25")]
    net: String,
    /// The same by kind of entry; kinds without an entry are left out.
    by_kind: Vec<KindSummary>,
    /// The balance before the first entry; null when more than `from` and `to` filters.
    #[schema(value_type = Option<String>)]
    opening: Option<Money>,
    /// The balance after the last entry: `opening` + `net`. Null as `opening` is.
    #[schema(value_type = Option<String>)]
    closing: Option<Money>,
}

/// What entries of one kind add up to.
#[derive(Serialize, ToSchema)]
struct KindSummary {
    /// What happened.
    #[schema(schema_with = fields::entry_kind)]
    kind: &'static str,
    /// How many entries match.
    count: u64,
    /// What came in.
    #[serde(rename = "in")]
    came_in: String,
    /// What went out; negative.
    #[serde(rename = "out")]
    went_out: String,
}

impl KindSummary {
    fn of(unit: Unit, kind: Kind, movement: &Movement) -> KindSummary {
        KindSummary {
            kind: kind.name(),
            count: movement.count,
            came_in: fields::format_sum(unit, movement.in_units),
            went_out: fields::format_sum(unit, movement.out_units),
        }
    }
}

/// Summarise entries
///
/// How many entries match and what they add up to, by kind. With `from` and `to` alone also the balances around them.
#[utoipa::path(get, path = "/v1/accounts/{id}/entries/summary", operation_id = "summarise_entries", tag = "accounts",
    params(("id" = String, Path), EntryQuery),
    responses((status = 200, body = EntrySummary, description = "The sums")))]
async fn summary(
    State(engine): State<Engine>,
    caller: Caller,
    PathId(id): PathId,
    params: Params,
) -> Result<Response, Problem> {
    let account = super::account(&engine, &caller, &id).await?;
    params.only(&entries::FILTERS)?;
    let filter = entries::filter(&params)?;
    let totals = totals(&engine, &account, &filter).await?;
    let around = around(&engine, &account, &filter).await?;
    let balances = balances(&engine, &account, &filter, around, &totals).await?;
    let unit = account.unit;
    let money = |amount: Amount| Money { unit, amount };
    let all = totals.all();
    let answer = EntrySummary {
        account: account.id,
        unit: unit.code(),
        count: all.count,
        came_in: fields::format_sum(unit, all.in_units),
        went_out: fields::format_sum(unit, all.out_units),
        net: fields::format_sum(unit, all.net_units()),
        by_kind: totals.by_kind.iter().map(|(kind, movement)| KindSummary::of(unit, *kind, movement)).collect(),
        opening: balances.map(|balances| money(balances.opening)),
        closing: balances.map(|balances| money(balances.closing)),
    };
    reply::json(StatusCode::OK, &answer)
}

async fn totals(engine: &Engine, account: &Located, filter: &EntryFilter) -> Result<Totals, Problem> {
    let sums = engine.store().entry_sums(account.no, filter.clone()).await?;
    let movement =
        |sum: store::EntrySum| Movement { count: sum.count, in_units: sum.in_units, out_units: sum.out_units };
    Ok(Totals { by_kind: sums.into_iter().map(|(kind, sum)| (kind, movement(sum))).collect() })
}

/// The balance and what of it was not in effect after the newest entry, and the balance before the oldest one.
async fn around(
    engine: &Engine,
    account: &Located,
    filter: &EntryFilter,
) -> Result<Option<((Amount, Amount), Amount)>, Problem> {
    let last = async |from, to| {
        let filter = EntryFilter { from, to, ..EntryFilter::default() };
        let found = engine.store().entries(account.no, filter, None, 1).await?;
        Ok::<_, Problem>(found.into_iter().next().map(|EntryView { transaction, .. }| transaction))
    };
    let Some(newest) = last(filter.from, filter.to).await? else { return Ok(None) };
    let before = match filter.from {
        None => None,
        Some(from) => last(None, Some(from)).await?,
    };
    let opening = before.map_or(Amount::ZERO, |before| before.balance_after);
    Ok(Some(((newest.balance_after, newest.pending_after), opening)))
}

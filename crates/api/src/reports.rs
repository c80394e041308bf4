//! Sums over all accounts.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use engine::Engine;
use engine::members::Capability;
use http::StatusCode;
use ledger::Unit;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Needs;
use crate::auth::Operator;
use crate::fields::format_sum;
use crate::problem::Problem;
use crate::reply;

/// `GET /v1/ledger/trial-balance`.
pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new().routes(routes!(trial_balance).needs(Capability::ReportsRead))
}

/// The trial balance.
#[derive(Serialize, ToSchema)]
struct TrialBalance {
    /// One for each unit that moved.
    units: Vec<UnitBalance>,
}

/// The trial balance of a unit.
#[derive(Serialize, ToSchema)]
struct UnitBalance {
    /// What it counts in.
    unit: &'static str,
    /// What accounts hold, and what stands against it.
    lines: Vec<Line>,
    /// The sum of all lines: always 0.
    #[schema(example = "0")]
    total: String,
}

/// A line of the trial balance.
#[derive(Serialize, ToSchema)]
struct Line {
    /// `accounts`, or the name of a counter-account.
    #[schema(example = "usage")]
    name: String,
    /// Its sum in the unit.
    #[schema(example = "-12.5")]
    sum: String,
}

/// Get the trial balance
///
/// The sum per counter-account and unit. All lines of a unit sum to zero.
#[utoipa::path(get, path = "/v1/ledger/trial-balance", operation_id = "get_trial_balance", tag = "reports",
    responses((status = 200, body = TrialBalance, description = "Sums of all accounts")))]
async fn trial_balance(State(engine): State<Engine>, _operator: Operator) -> Result<Response, Problem> {
    let lines = engine.store().trial_balance().await.map_err(engine::Error::from)?;
    let mut units: BTreeMap<Unit, (Vec<Line>, i128)> = BTreeMap::new();
    for line in lines {
        let (lines, total) = units.entry(line.unit).or_default();
        *total += line.sum_units;
        lines.push(Line { name: line.name, sum: format_sum(line.unit, line.sum_units) });
    }
    let unit = |(unit, (lines, total)): (Unit, (Vec<Line>, i128))| UnitBalance {
        unit: unit.code(),
        lines,
        total: format_sum(unit, total),
    };
    reply::json(StatusCode::OK, &TrialBalance { units: units.into_iter().map(unit).collect() })
}

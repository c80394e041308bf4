//! Before money is asked for: sites, options of an account, its billing profile, exchange rates, quotes, consent.
//!
//! What an account's own key may do here: `topup:write` shows sites, options and texts and makes quotes; `keys:admin`,
//! which the usual keys of software do not have, reads and changes the billing profile. Rates are the operator's.

mod consent;
mod options;
mod profile;
mod quotes;
mod rates;

use engine::Engine;
use engine::billing::DatedRate;
use engine::settings::{Language, Method};
use ledger::Unit;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa_axum::router::OpenApiRouter;

use crate::auth::Caller;
use crate::fields::Time;
use crate::problem::Problem;

/// `/v1/sites`, `/v1/rates…` and what is below an account.
pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .merge(options::routes())
        .merge(profile::routes())
        .merge(rates::routes())
        .merge(quotes::routes())
        .merge(consent::routes())
}

/// The account of the path, when it is this caller's.
async fn account(engine: &Engine, caller: &Caller, id: &str) -> Result<String, Problem> {
    let id = caller.account(Some(id))?;
    Ok(engine.accounts().locate(id).await?.id.to_string())
}

/// How much one unit is worth in another.
#[derive(Serialize, ToSchema)]
struct RateAnswer {
    /// One of this …
    #[schema(example = "USD")]
    base: &'static str,
    /// … is so many of this.
    #[schema(example = "VND")]
    quote: &'static str,
    /// How many.
    #[schema(example = "25400.5")]
    rate: String,
    /// The instant it is of.
    dated_at: Time,
    /// Who publishes it.
    source: String,
}

impl RateAnswer {
    fn of(dated: DatedRate) -> RateAnswer {
        RateAnswer {
            base: dated.rate.base.code(),
            quote: dated.rate.quote.code(),
            rate: dated.rate.rate.to_string(),
            dated_at: Time(dated.dated_at),
            source: dated.source,
        }
    }
}

/// A unit as it was written.
fn unit(param: &'static str, code: &str) -> Result<Unit, Problem> {
    Unit::parse(code).ok_or_else(|| Problem::field(param, "must be CREDIT or a currency such as USD"))
}

fn one_of(names: impl IntoIterator<Item = &'static str>) -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).build()
}

/// Schema of a method.
fn method() -> Object {
    one_of(Method::ALL.map(Method::name))
}

/// Schema of a language.
fn language() -> Object {
    one_of(Language::ALL.map(Language::code))
}

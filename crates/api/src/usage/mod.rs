//! Usage by day and service, how long the credits last, and what a use would cost.
//!
//! Sums may be more than an amount can be, so they are written as texts like amounts. Days are those of the zone that
//! is asked for, the site's unless told otherwise, and each says where it begins and ends, so that its entries can be
//! listed.

mod forecast;
mod preview;
mod report;

use engine::Engine;
use engine::accounts::Located;
use jiff::civil::Date;
use serde::{Serialize, Serializer};
use utoipa::openapi::schema::Type;
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;

use crate::auth::Caller;
use crate::problem::Problem;
use crate::request::Params;

/// `GET /v1/accounts/{id}/usage`, `GET /v1/accounts/{id}/forecast` and `POST /v1/usage/preview`.
pub(crate) fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new().merge(report::routes()).merge(forecast::routes()).merge(preview::routes())
}

/// The account of the path, when it is this caller's.
async fn readable(engine: &Engine, caller: &Caller, id: &str) -> Result<Located, Problem> {
    Ok(engine.accounts().locate(caller.account(Some(id))?).await?)
}

/// The IANA name that is asked for, else the zone of the account's site.
async fn zone(engine: &Engine, account: &Located, params: &Params) -> Result<String, Problem> {
    if let Some(name) = params.one("zone")? {
        return Ok(name.to_owned());
    }
    let record = engine.accounts().get(&account.id).await?;
    let site = engine.settings().sites.get(&record.site);
    Ok(site.map_or("UTC", |site| site.time_zone.as_str()).to_owned())
}

/// A day of a calendar: `2026-01-31`.
#[derive(Clone, Copy)]
struct Day(Date);

impl Day {
    /// Reads its one form.
    fn parse(text: &str) -> Option<Day> {
        text.parse::<Date>().ok().filter(|date| date.to_string() == text).map(Day)
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl PartialSchema for Day {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
            .examples(["2026-01-31"])
            .into()
    }
}

impl ToSchema for Day {}

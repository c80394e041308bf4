//! What an account is told about its balance, by mail and by events, and what was told last.
//!
//! An operator and the account's own key with `keys:admin` may look and change, as with the billing profile: both hold
//! people's addresses. The rules of telling are those of `engine::alerts`.

use axum::extract::State;
use axum::response::Response;
use engine::Engine;
use engine::alerts::{self, Alerts, Draft, Level, LowBalance, Preferences};
use engine::members::Capability;
use engine::settings::Language;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Needs;
use crate::auth::Caller;
use crate::fields::{AmountText, Money, Time};
use crate::problem::Problem;
use crate::reply;
use crate::request::{Json, Params, PathId};

/// `/v1/accounts/{id}/alerts`.
pub(crate) fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .routes(routes!(get).needs(Capability::BillingRead))
        .routes(routes!(put).needs(Capability::BillingWrite))
}

/// What an account wants to be told.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AlertsBody {
    /// About a low balance; nothing when left out.
    low_balance: Option<LowBalanceBody>,
    /// About credits that expire soon; they are told when left out.
    expiry: Option<ExpiryBody>,
    /// The language of the letters; the billing profile's when left out, else English.
    #[schema(schema_with = languages)]
    language: Option<Language>,
}

/// When a low balance is told, and to whom.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LowBalanceBody {
    /// Whether it is told.
    enabled: bool,
    /// When the available credits are below this; needed when enabled.
    threshold: Option<AmountText>,
    /// To these addresses, as are expiries; to the account's own when there are none.
    #[serde(default)]
    #[schema(max_items = 5, example = json!(["billing@example.com"]))]
    emails: Vec<String>,
}

/// Whether expiries are told.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ExpiryBody {
    /// Whether they are told.
    enabled: bool,
}

/// What an account wants to be told, and what was told last.
#[derive(Serialize, ToSchema)]
struct AlertsAnswer {
    /// Whose.
    account: String,
    /// What it counts in.
    #[schema(example = "VND")]
    unit: &'static str,
    /// About a low balance.
    low_balance: LowBalanceAnswer,
    /// About credits that expire soon.
    expiry: ExpiryBody,
    /// The language of the letters; null: the billing profile's, else English.
    #[schema(schema_with = languages)]
    language: Option<&'static str>,
}

/// When a low balance is told, to whom, and what was told last.
#[derive(Serialize, ToSchema)]
struct LowBalanceAnswer {
    /// Whether it is told.
    enabled: bool,
    /// When the available credits are below this.
    #[schema(value_type = Option<Money>)]
    threshold: Option<Money>,
    /// To these addresses.
    emails: Vec<String>,
    /// How the balance was when it was looked at last; null while nobody looks.
    #[schema(schema_with = levels)]
    level: Option<&'static str>,
    /// Letters since it was last `ok`.
    told: i64,
    /// The last of them.
    #[schema(value_type = Option<Time>)]
    told_at: Option<Time>,
}

fn languages() -> Object {
    let names = Language::ALL.map(Language::code);
    let either = SchemaType::from_iter([Type::String, Type::Null]);
    ObjectBuilder::new().schema_type(either).enum_values(Some(names)).build()
}

fn levels() -> Object {
    let names = Level::ALL.map(Level::name);
    let either = SchemaType::from_iter([Type::String, Type::Null]);
    ObjectBuilder::new().schema_type(either).enum_values(Some(names)).build()
}

impl AlertsBody {
    fn draft(self) -> Draft {
        let low = self.low_balance;
        Draft {
            low_enabled: low.as_ref().is_some_and(|low| low.enabled),
            threshold: low.as_ref().and_then(|low| low.threshold.as_ref()).map(|threshold| threshold.0.clone()),
            emails: low.map(|low| low.emails).unwrap_or_default(),
            expiry_enabled: self.expiry.map(|expiry| expiry.enabled),
            language: self.language,
        }
    }
}

impl AlertsAnswer {
    fn of(account: String, alerts: Alerts) -> AlertsAnswer {
        let Alerts { unit, preferences, memory } = alerts;
        let Preferences { low_balance, expiry_enabled, language } = preferences;
        let LowBalance { enabled, threshold, emails } = low_balance;
        let low_balance = LowBalanceAnswer {
            enabled,
            threshold: threshold.map(|amount| Money { unit, amount }),
            emails,
            level: enabled.then(|| memory.level.name()),
            told: memory.told,
            told_at: memory.told_at.map(Time),
        };
        AlertsAnswer {
            account,
            unit: unit.code(),
            low_balance,
            expiry: ExpiryBody { enabled: expiry_enabled },
            language: language.map(Language::code),
        }
    }
}

/// Get what an account is told about its balance
///
/// An account that never said anything is told of expiries, and not of a low balance.
#[utoipa::path(get, path = "/v1/accounts/{id}/alerts", operation_id = "get_alerts", tag = "accounts",
    params(("id" = String, Path)),
    responses((status = 200, body = AlertsAnswer, description = "What it is told")))]
async fn get(
    State(engine): State<Engine>,
    caller: Caller,
    PathId(id): PathId,
    params: Params,
) -> Result<Response, Problem> {
    params.only(&[])?;
    let account = own(&caller, &id)?;
    let found = alerts::alerts(&engine, &account).await?;
    reply::json(StatusCode::OK, &AlertsAnswer::of(account, found))
}

/// Set what an account is told about its balance
///
/// Replaces all of it. When the available credits fall below the threshold, a letter goes to each address and an event
/// `balance.low` is written; another letter follows after 24 hours, three at most until the balance is above again. Events
/// `balance.depleted`, `balance.negative` (below zero for 7 days) and `balance.ok` tell of the other levels. An account that
/// is low already when this is switched on is told at once.
#[utoipa::path(put, path = "/v1/accounts/{id}/alerts", operation_id = "set_alerts", tag = "accounts",
    params(("id" = String, Path)), request_body = AlertsBody,
    responses((status = 200, body = AlertsAnswer, description = "What it is told from now on")))]
async fn put(
    State(engine): State<Engine>,
    caller: Caller,
    PathId(id): PathId,
    Json(body): Json<AlertsBody>,
) -> Result<Response, Problem> {
    let account = own(&caller, &id)?;
    let set = alerts::set_alerts(&engine, &account, body.draft()).await?;
    reply::json(StatusCode::OK, &AlertsAnswer::of(account, set))
}

fn own(caller: &Caller, id: &str) -> Result<String, Problem> {
    Ok(caller.account(Some(id))?.to_owned())
}

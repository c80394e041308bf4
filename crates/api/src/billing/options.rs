//! Sites, and how an account may buy right now.

use axum::extract::State;
use axum::response::Response;
use engine::Engine;
use engine::billing::{self, MethodOption, Sells, TopupOptions};
use engine::members::Capability;
use engine::settings::{Bounds, Method, Pack, Site};
use http::StatusCode;
use ledger::Unit;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::Object;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::RateAnswer;
use crate::access::Needs;
use crate::auth::Caller;
use crate::fields::Money;
use crate::problem::Problem;
use crate::reply;
use crate::request::{Params, PathId};

pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .routes(routes!(sites).needs(Capability::TopupRead))
        .routes(routes!(topup_options).needs(Capability::TopupRead))
}

/// The bounds of an amount.
#[derive(Serialize, ToSchema)]
struct AmountsAnswer {
    /// What the amounts count in.
    #[schema(example = "VND")]
    unit: &'static str,
    /// Smallest top-up.
    minimum: Money,
    /// Amounts to offer as buttons.
    suggested: Vec<Money>,
    /// Largest top-up.
    maximum: Money,
}

/// A fixed number of credits for a fixed price.
#[derive(Serialize, ToSchema)]
struct PackAnswer {
    /// Whole credits.
    #[schema(example = 10000)]
    credits: i64,
    /// Its price in each currency.
    prices: Vec<PriceAnswer>,
}

/// A price of a pack.
#[derive(Serialize, ToSchema)]
struct PriceAnswer {
    /// What is charged.
    #[schema(example = "USD")]
    currency: &'static str,
    /// How much of it.
    price: Money,
}

/// A method that a site offers.
#[derive(Serialize, ToSchema)]
struct SiteMethodAnswer {
    #[schema(schema_with = super::method)]
    method: &'static str,
    /// What the account counts in.
    unit: &'static str,
    /// Currencies that it may charge.
    currencies: Vec<&'static str>,
}

/// A selling region.
#[derive(Serialize, ToSchema)]
struct SiteAnswer {
    /// Its name in the configuration.
    #[schema(example = "vn")]
    id: String,
    /// Its name for people.
    name: String,
    /// Whether accounts may be opened here.
    enabled: bool,
    /// ISO 3166 codes of the countries that it sells to.
    countries: Vec<&'static str>,
    /// What an account may count in, the first being the default.
    units: Vec<&'static str>,
    /// Bounds per unit.
    amounts: Vec<AmountsAnswer>,
    /// Fixed amounts of credits.
    packs: Vec<PackAnswer>,
    /// How amounts and packs may be paid for.
    methods: Vec<SiteMethodAnswer>,
}

/// Every selling region.
#[derive(Serialize, ToSchema)]
struct SiteList {
    /// The sites by name.
    data: Vec<SiteAnswer>,
}

/// A method with a currency that it would charge.
#[derive(Serialize, ToSchema)]
struct MethodAnswer {
    #[schema(schema_with = super::method)]
    method: &'static str,
    /// What it would charge.
    #[schema(example = "USD")]
    currency: &'static str,
    /// `amounts` within the bounds, or `packs`.
    #[schema(schema_with = sells)]
    sells: &'static str,
    /// Whether it can be used now.
    available: bool,
    /// Why not: `account_closed`, `kill_switch`, `gateway_off`, `rate_missing` or `rate_stale`.
    reason: Option<&'static str>,
    /// The same for people.
    message: Option<String>,
    /// The exchange rate in force, where one is needed.
    rate: Option<RateAnswer>,
}

/// How an account may buy right now.
#[derive(Serialize, ToSchema)]
struct OptionsAnswer {
    /// The account.
    account: String,
    /// Where it buys.
    site: String,
    /// What it counts in.
    unit: &'static str,
    /// Whether it has a billing profile, which it needs before it buys.
    has_billing_profile: bool,
    /// ISO 3166 codes of the countries that the billing profile may name.
    countries: Vec<&'static str>,
    /// Smallest, suggested and largest amount; null where only packs are sold.
    amounts: Option<AmountsAnswer>,
    /// Fixed amounts of credits.
    packs: Vec<PackAnswer>,
    /// Every method that is offered, with each currency.
    methods: Vec<MethodAnswer>,
}

fn sells() -> Object {
    super::one_of(["amounts", "packs"])
}

impl AmountsAnswer {
    fn of(unit: Unit, bounds: Bounds) -> AmountsAnswer {
        let money = |amount| Money { unit, amount };
        AmountsAnswer {
            unit: unit.code(),
            minimum: money(bounds.minimum),
            suggested: bounds.suggested.into_iter().map(money).collect(),
            maximum: money(bounds.maximum),
        }
    }
}

impl PackAnswer {
    fn of(pack: &Pack) -> PackAnswer {
        let price = |currency: &Unit| {
            let price = Money { unit: *currency, amount: pack.price(*currency)? };
            Some(PriceAnswer { currency: currency.code(), price })
        };
        PackAnswer { credits: pack.credits, prices: pack.prices.keys().filter_map(price).collect() }
    }
}

impl SiteAnswer {
    fn of(id: &str, site: &Site, countries: Vec<&'static str>) -> SiteAnswer {
        let bounds = |unit: &Unit| Some(AmountsAnswer::of(*unit, site.amounts.get(unit)?.bounds(*unit)?));
        let listed = |unit: Unit, (method, currencies): (&Method, &Vec<Unit>)| SiteMethodAnswer {
            method: method.name(),
            unit: unit.code(),
            currencies: currencies.iter().map(|currency| currency.code()).collect(),
        };
        let amounts = site.units.iter().filter_map(|unit| Some((*unit, site.amounts.get(unit)?)));
        let for_amounts = amounts.flat_map(|(unit, amounts)| amounts.methods.iter().map(move |row| listed(unit, row)));
        let for_packs = site.pack_methods.iter().map(|row| listed(Unit::CREDIT, row));
        SiteAnswer {
            id: id.to_owned(),
            name: site.name.clone(),
            enabled: site.enabled,
            countries,
            units: site.units.iter().map(|unit| unit.code()).collect(),
            amounts: site.units.iter().filter_map(bounds).collect(),
            packs: site.packs.iter().map(PackAnswer::of).collect(),
            methods: for_amounts.chain(for_packs).collect(),
        }
    }
}

impl MethodAnswer {
    fn of(option: MethodOption) -> MethodAnswer {
        MethodAnswer {
            method: option.method.name(),
            currency: option.currency.code(),
            sells: match option.sells {
                Sells::Amounts => "amounts",
                Sells::Packs => "packs",
            },
            available: option.unavailable.is_none(),
            reason: option.unavailable.map(|reason| reason.code()),
            message: option.unavailable.map(|reason| reason.to_string()),
            rate: option.rate.map(|record| RateAnswer::of(record.dated)),
        }
    }
}

impl OptionsAnswer {
    fn of(options: TopupOptions) -> OptionsAnswer {
        let unit = options.account.unit;
        OptionsAnswer {
            account: options.account.id.to_string(),
            site: options.account.site,
            unit: unit.code(),
            has_billing_profile: options.has_profile,
            countries: options.countries.into_iter().map(|country| country.code()).collect(),
            amounts: options.bounds.map(|bounds| AmountsAnswer::of(unit, bounds)),
            packs: options.packs.iter().map(PackAnswer::of).collect(),
            methods: options.methods.into_iter().map(MethodAnswer::of).collect(),
        }
    }
}

/// List sites
///
/// The matrix of country, unit and method as it is configured. What works right now is told per account.
#[utoipa::path(get, path = "/v1/sites", operation_id = "list_sites", tag = "billing",
    responses((status = 200, body = SiteList, description = "Every site")))]
async fn sites(State(engine): State<Engine>, _caller: Caller, params: Params) -> Result<Response, Problem> {
    params.only(&[])?;
    let settings = engine.settings();
    let countries = |id: &str| {
        let sold = billing::Country::all().filter(|country| settings.sells_to(id, *country));
        sold.map(|country| country.code()).collect()
    };
    let data = settings.sites.iter().map(|(id, site)| SiteAnswer::of(id, site, countries(id))).collect();
    reply::json(StatusCode::OK, &SiteList { data })
}

/// Get the ways to buy
///
/// What the account may buy right now, by which method, in which currency, and why something is not available.
#[utoipa::path(get, path = "/v1/accounts/{id}/topup-options", operation_id = "get_topup_options",
    tag = "billing", params(("id" = String, Path)),
    responses((status = 200, body = OptionsAnswer, description = "How the account may buy")))]
async fn topup_options(
    State(engine): State<Engine>,
    caller: Caller,
    PathId(id): PathId,
    params: Params,
) -> Result<Response, Problem> {
    let account = super::account(&engine, &caller, &id).await?;
    params.only(&[])?;
    reply::json(StatusCode::OK, &OptionsAnswer::of(billing::topup_options(&engine, &account).await?))
}

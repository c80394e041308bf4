//! What a plan is: its terms as a document that never changes, and their rules.

use std::collections::BTreeMap;

use ledger::plan::{MAX_TERM_PERIODS, Paying, instalments};
use ledger::price::{Factor, PriceBook, ServicePrice};
use ledger::{Amount, Timestamp, Unit};
use providers::Money;
use serde::{Deserialize, Serialize};

use super::calendar::Period;
use crate::checks::{self, MAX_SCOPE_SERVICES};
use crate::prices::invalid;
use crate::settings::Settings;
use crate::{Error, Result};

/// The plan of an account without one.
pub const BASE_PLAN: &str = "SUB_BASE";
/// What the id of a plan begins with.
const PREFIX: &str = "SUB_";
/// Longest id, in characters.
const MAX_ID_CHARS: usize = 40;

/// A version of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// `SUB_PRO`
    pub id: String,
    /// Accounts of this site may have it.
    pub site: String,
    /// Accounts of this unit may have it; its credits count in it.
    pub unit: Unit,
    /// This version, from 1.
    pub version: i64,
    /// Whether this version is in force.
    pub is_latest: bool,
    /// Nobody may subscribe any more; subscriptions go on.
    pub is_retired: bool,
    /// What it is.
    pub terms: PlanTerms,
    /// When the version was made.
    pub created_at: Timestamp,
}

/// What a plan is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanTerms {
    /// What people call it.
    pub name: String,
    /// The price of a period, a decimal, in each currency that it can be paid in.
    pub prices: BTreeMap<Unit, String>,
    /// Credits of a period, a decimal in the plan's unit.
    pub credits: String,
    /// How long a period is.
    pub period: Period,
    /// How many periods are agreed to at once.
    #[serde(default = "one")]
    pub term_periods: u32,
    /// How a term can be paid, the usual way first.
    #[serde(default = "all_upfront")]
    pub options: Vec<Paying>,
    /// Services that the credits may pay for; empty means all.
    #[serde(default)]
    pub scope: Vec<String>,
    /// What usage costs once no credits of the plan are left that cover it; the price book's prices when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_demand: Option<OnDemand>,
}

/// Prices after the plan's credits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnDemand {
    /// A factor on every price of the price book, in percent: 120 makes it a fifth dearer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<String>,
    /// Prices of services that the factor does not apply to, as in a price book.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub services: BTreeMap<String, ServicePrice>,
}

const fn one() -> u32 {
    1
}

fn all_upfront() -> Vec<Paying> {
    vec![Paying::AllUpfront]
}

impl Plan {
    /// The price of a period in a currency; `None` where it has none.
    pub fn price(&self, currency: Unit) -> Option<Money> {
        money(currency, self.terms.prices.get(&currency)?)
    }

    /// The credits of a period.
    ///
    /// # Errors
    /// [`Error::Unavailable`] for a stored document that is broken.
    pub fn credits(&self) -> Result<Amount> {
        let broken = |_| Error::Unavailable(format!("plan_versions: {} has broken credits", self.id));
        self.unit.parse_amount(&self.terms.credits).map_err(broken)
    }

    /// The way of paying of a name, or the usual one.
    pub fn paying(&self, name: Option<&str>) -> Option<Paying> {
        let mut options = self.terms.options.iter();
        match name {
            None => options.next().copied(),
            Some(name) => options.find(|option| option.name() == name).copied(),
        }
    }
}

fn money(currency: Unit, text: &str) -> Option<Money> {
    let amount = currency.parse_amount(text).ok().filter(|amount| !amount.is_negative())?;
    Money::from_amount(amount, currency).ok()
}

/// Whether this can name a plan.
pub(super) fn check_id(id: &str) -> Result<()> {
    let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    let named = id.strip_prefix(PREFIX).is_some_and(|rest| !rest.is_empty() && rest.bytes().all(plain));
    if named && id.len() <= MAX_ID_CHARS && id != BASE_PLAN {
        return Ok(());
    }
    let rule = format!("must be {PREFIX} and up to 36 of A-Z 0-9 _, such as SUB_PRO; {BASE_PLAN} is taken");
    Err(Error::invalid("id", rule))
}

impl PlanTerms {
    /// The terms as they are kept, when they keep every rule. `before`: the version that they follow.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the field.
    pub(super) fn checked(
        mut self,
        settings: &Settings,
        site: &str,
        unit: Unit,
        before: Option<&Plan>,
    ) -> Result<Self> {
        checks::text("name", self.name.clone(), 100, false)?;
        let site = settings.sites.get(site).ok_or_else(|| Error::invalid("site", "is no site of the settings"))?;
        if !site.units.contains(&unit) {
            return Err(Error::invalid("unit", "is not a unit of the site"));
        }
        let credits = checks::amount("credits", &self.credits, unit)?;
        if !credits.is_positive() {
            return Err(Error::invalid("credits", "must be more than zero"));
        }
        self.credits = unit.format_amount(credits);
        let Period { count, unit: of } = self.period;
        if count == 0 || count > of.most() {
            return Err(Error::invalid("period.count", format!("must be from 1 to {}", of.most())));
        }
        if !(1..=MAX_TERM_PERIODS).contains(&self.term_periods) {
            return Err(Error::invalid("term_periods", format!("must be from 1 to {MAX_TERM_PERIODS}")));
        }
        self.check_scope()?;
        self.check_prices(before)?;
        self.check_options()?;
        self.check_on_demand(unit)?;
        Ok(self)
    }

    fn check_scope(&self) -> Result<()> {
        if self.scope.len() > MAX_SCOPE_SERVICES {
            return Err(Error::invalid("scope", format!("must name at most {MAX_SCOPE_SERVICES} services")));
        }
        self.scope.iter().try_for_each(|service| checks::name("scope", service.clone()).map(drop))
    }

    fn check_prices(&mut self, before: Option<&Plan>) -> Result<()> {
        if self.prices.is_empty() {
            return Err(Error::invalid("prices", "must name a price in at least one currency"));
        }
        for (currency, text) in &mut self.prices {
            let read =
                money(*currency, text).filter(|_| *currency != Unit::CREDIT).and_then(|read| read.to_amount().ok());
            let rule = "must be zero or more in whole coins of a currency";
            let amount = read.ok_or_else(|| Error::invalid(format!("prices.{currency}"), rule))?;
            *text = currency.format_amount(amount);
        }
        // Subscriptions in a currency could not be renewed without it.
        let dropped = before.and_then(|plan| plan.terms.prices.keys().find(|unit| !self.prices.contains_key(unit)));
        match dropped {
            Some(unit) => Err(Error::invalid("prices", format!("must go on with {unit}, in which it was sold"))),
            None => Ok(()),
        }
    }

    fn check_options(&self) -> Result<()> {
        if self.options.is_empty() {
            return Err(Error::invalid("options", "must name at least one way of paying"));
        }
        for (place, option) in self.options.iter().enumerate() {
            let twice = self.options[..place].iter().any(|other| other.name() == option.name());
            let fits = self.prices.keys().all(|currency| {
                let price = money(*currency, &self.prices[currency]);
                price.is_some_and(|price| instalments(*option, self.term_periods, price.amount_minor).is_some())
            });
            if twice || !fits {
                let rule =
                    "must be named once; partial_upfront needs 1 to 99 percent and a term of two periods or more";
                return Err(Error::invalid(format!("options[{place}]"), rule));
            }
        }
        Ok(())
    }

    fn check_on_demand(&mut self, unit: Unit) -> Result<()> {
        let Some(on_demand) = &mut self.on_demand else { return Ok(()) };
        if let Some(percent) = &on_demand.percent {
            Factor::from_percent(percent).map_err(|error| Error::invalid("on_demand.percent", error.to_string()))?;
        }
        if on_demand.services.is_empty() {
            return match &on_demand.percent {
                Some(_) => Ok(()),
                None => Err(Error::invalid("on_demand", "must have a percent or prices of services")),
            };
        }
        let book = PriceBook { unit, services: on_demand.services.clone() };
        book.compile().map(drop).map_err(invalid)
    }
}

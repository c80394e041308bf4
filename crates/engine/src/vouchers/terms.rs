//! Making a campaign: reading what was asked for.
//!
//! Invariant: what is stored can be redeemed: a site and unit that exist, a budget for one code at least, credits that
//! end. Cost: one write.

use jiff::civil::Date;
use ledger::{Amount, Timestamp, Unit};
use store::Failure;
use uuid::Uuid;

use super::campaign::{Campaign, CampaignState, Part, Validity};
use crate::billing::Country;
use crate::{Call, Engine, Error, Result, checks};

/// Most lots of one code.
pub const MAX_PARTS: usize = 10;
/// Longest validity after redeeming, in days: ten years.
pub const MAX_VALID_DAYS: i64 = 3_660;

/// A campaign as it was asked for.
#[derive(Debug, Clone, Default)]
pub struct NewCampaign {
    /// Chosen by the caller, or generated.
    pub id: Option<String>,
    /// What operators call it.
    pub name: String,
    /// What customers are told.
    pub description: String,
    /// The accounts of this site may redeem.
    pub site: String,
    /// What it counts in; may be left out where the site has one unit.
    pub unit: Option<String>,
    /// The lots of one code: amount as a decimal, scope, priority.
    pub parts: Vec<(String, Vec<String>, Option<i32>)>,
    /// Redeemed at or after this instant.
    pub redeem_from: Option<Timestamp>,
    /// Redeemed before this instant.
    pub redeem_until: Option<Timestamp>,
    /// How long credits count, in days after the day of redeeming.
    pub valid_days: Option<i64>,
    /// Until the end of which day credits count; one of the two must be given.
    pub valid_until: Option<Date>,
    /// How many codes of it an account may redeem; 1 when left out.
    pub per_account_limit: Option<i64>,
    /// How often all its codes may be redeemed.
    pub total_limit: Option<i64>,
    /// How much all its codes may give, a decimal in the unit.
    pub budget: Option<String>,
    /// ISO 3166 codes of the billing profile; empty: any.
    pub countries: Vec<String>,
    /// Whether a billing profile is needed; it is where countries are named.
    pub profile_required: bool,
}

impl Campaign {
    /// Checks what was asked for.
    fn read(engine: &Engine, call: &Call, new: NewCampaign) -> Result<Campaign> {
        let (site, unit) = site_and_unit(engine, &new)?;
        let (parts, value) = read_parts(unit, new.parts)?;
        let validity = match (new.valid_days, new.valid_until) {
            (Some(days @ 0..=MAX_VALID_DAYS), None) => Validity::Days(days),
            (Some(_), None) => {
                return Err(Error::invalid("valid_days", format!("must be from 0 to {MAX_VALID_DAYS}")));
            }
            (None, Some(day)) => Validity::Until(day),
            _ => return Err(Error::invalid("valid_days", "must be given, or valid_until, and not both")),
        };
        if new.redeem_from.zip(new.redeem_until).is_some_and(|(from, until)| until <= from) {
            return Err(Error::invalid("redeem_until", "must be later than redeem_from"));
        }
        let positive = |param: &'static str, limit: Option<i64>| match limit {
            Some(limit) if limit < 1 => Err(Error::invalid(param, "must be at least 1")),
            limit => Ok(limit),
        };
        let budget = new.budget.map(|text| checks::amount("budget", &text, unit)).transpose()?;
        if budget.is_some_and(|budget| budget < value) {
            return Err(Error::invalid("budget", "must be enough for one code at least"));
        }
        let country = |code: &String| {
            let known = Country::parse(code);
            known.ok_or_else(|| Error::invalid("countries", format!("{code:?} is no ISO 3166 code such as VN")))
        };
        let countries = new.countries.iter().map(country).collect::<Result<Vec<_>>>()?;
        let id = new.id.unwrap_or_else(|| format!("cmp_{}", Uuid::now_v7().simple()));
        checks::account_id(&id)?;
        let description = checks::text("description", new.description, checks::MAX_DESCRIPTION_CHARS, false)?;
        let now = engine.now();
        Ok(Campaign {
            id,
            name: checks::name("name", new.name)?.into(),
            description: description.into(),
            site,
            unit,
            parts,
            value,
            redeem_from: new.redeem_from,
            redeem_until: new.redeem_until,
            validity,
            per_account_limit: positive("per_account_limit", new.per_account_limit)?.unwrap_or(1),
            total_limit: positive("total_limit", new.total_limit)?,
            budget,
            profile_required: new.profile_required || !countries.is_empty(),
            countries,
            state: CampaignState::Active,
            issued: 0,
            used: 0,
            spent: Amount::ZERO,
            actor: call.actor.to_string(),
            created_at: now,
            updated_by: call.actor.to_string(),
            updated_at: now,
        })
    }
}

fn site_and_unit(engine: &Engine, new: &NewCampaign) -> Result<(String, Unit)> {
    let sites = &engine.settings().sites;
    let Some(site) = sites.get(&new.site) else {
        let names: Vec<&str> = sites.keys().map(String::as_str).collect();
        return Err(Error::invalid("site", format!("must be one of {}", names.join(", "))));
    };
    let unit = match (&new.unit, site.units.as_slice()) {
        (None, [only]) => Some(*only),
        (None, _) => None,
        (Some(code), units) => Unit::parse(code).filter(|unit| units.contains(unit)),
    };
    let codes = || site.units.iter().map(|unit| unit.code()).collect::<Vec<_>>().join(", ");
    let unit = unit.ok_or_else(|| Error::invalid("unit", format!("must be one of {} at this site", codes())))?;
    Ok((new.site.clone(), unit))
}

fn read_parts(unit: Unit, parts: Vec<(String, Vec<String>, Option<i32>)>) -> Result<(Vec<Part>, Amount)> {
    if !(1..=MAX_PARTS).contains(&parts.len()) {
        return Err(Error::invalid("lots", format!("must be 1 to {MAX_PARTS}")));
    }
    let mut value = Amount::ZERO;
    let mut read = Vec::with_capacity(parts.len());
    for (amount, scope, priority) in parts {
        let amount = checks::amount("lots.amount", &amount, unit)?;
        if !amount.is_positive() {
            return Err(Error::invalid("lots.amount", "must be more than zero"));
        }
        if scope.len() > checks::MAX_SCOPE_SERVICES {
            let rule = format!("must name at most {} services", checks::MAX_SCOPE_SERVICES);
            return Err(Error::invalid("lots.scope", rule));
        }
        let scope = scope.into_iter().map(|name| checks::name("lots.scope", name).map(String::from));
        let too_large = || Error::invalid("lots.amount", "is too large together with the others");
        value = value.checked_add(amount).ok_or_else(too_large)?;
        read.push(Part { amount, scope: scope.collect::<Result<_>>()?, priority });
    }
    Ok((read, value))
}

/// Makes a campaign; it is active at once.
///
/// # Errors
/// A field out of bounds; code `campaign_exists`.
pub async fn create_campaign(engine: &Engine, call: &Call, new: NewCampaign) -> Result<Campaign> {
    let campaign = Campaign::read(engine, call, new)?;
    match engine.store().write(vec![campaign.insert()?]).await {
        Ok(_) => Ok(campaign),
        Err(Failure::Conflict) => Err(Error::conflict("campaign_exists", "there is a campaign with this id already")),
        Err(failure) => Err(failure.into()),
    }
}

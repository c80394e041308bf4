//! Campaigns: what a code is worth, who may redeem it, and until when.
//!
//! Invariants: a campaign's terms never change, so that every code of it keeps its promise; its state only moves between
//! active and paused until it is revoked, which is for good; `used ≤ total_limit` and `spent ≤ budget`, which the
//! database checks too. Deliberately absent: changing terms (make another campaign). Cost: one read or write a call.

use jiff::ToSpan;
use jiff::civil::Date;
use ledger::{Amount, Timestamp, Unit};
use serde::{Deserialize, Serialize};
use store::{Failure, Row, Statement, Value, params};
use uuid::Uuid;

use crate::billing::Country;
use crate::checks;
use crate::settings::zone;
use crate::{Call, Engine, Error, Result};

/// Most lots of one code.
pub const MAX_PARTS: usize = 10;
/// Longest validity after redeeming, in days: ten years.
pub const MAX_VALID_DAYS: i64 = 3_660;

/// One lot that a code grants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// How much, in ledger units of the campaign's unit.
    pub amount: Amount,
    /// Services it may pay for; empty means all.
    pub scope: Vec<String>,
    /// Overrides the rank of vouchers.
    pub priority: Option<i32>,
}

/// How long credits of a code count: to the end of a day in the time zone of the campaign's site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// So many days after the day of redeeming.
    Days(i64),
    /// This day.
    Until(Date),
}

/// Whether codes of a campaign may be redeemed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CampaignState {
    /// They may.
    Active,
    /// Not now.
    Paused,
    /// Never again; what was left of redeemed ones was taken back.
    Revoked,
}

impl CampaignState {
    /// Every state.
    pub const ALL: [CampaignState; 3] = [CampaignState::Active, CampaignState::Paused, CampaignState::Revoked];

    /// The name in JSON and in rows.
    pub const fn name(self) -> &'static str {
        match self {
            CampaignState::Active => "active",
            CampaignState::Paused => "paused",
            CampaignState::Revoked => "revoked",
        }
    }

    /// The state of a name.
    pub fn parse(name: &str) -> Option<CampaignState> {
        CampaignState::ALL.into_iter().find(|state| state.name() == name)
    }
}

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

/// A campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Campaign {
    /// Its identifier.
    pub id: String,
    /// What operators call it.
    pub name: String,
    /// What customers are told.
    pub description: String,
    /// The accounts of this site may redeem.
    pub site: String,
    /// What it counts in.
    pub unit: Unit,
    /// The lots of one code, at least one.
    pub parts: Vec<Part>,
    /// The sum of the parts.
    pub value: Amount,
    /// Redeemed at or after this instant.
    pub redeem_from: Option<Timestamp>,
    /// Redeemed before this instant.
    pub redeem_until: Option<Timestamp>,
    /// How long credits count.
    pub validity: Validity,
    /// How many codes of it an account may redeem.
    pub per_account_limit: i64,
    /// How often all its codes may be redeemed.
    pub total_limit: Option<i64>,
    /// How much all its codes may give.
    pub budget: Option<Amount>,
    /// Countries of the billing profile; empty: any.
    pub countries: Vec<Country>,
    /// Whether a billing profile is needed.
    pub profile_required: bool,
    /// Whether its codes may be redeemed.
    pub state: CampaignState,
    /// How often its codes were redeemed.
    pub used: i64,
    /// How much its codes gave.
    pub spent: Amount,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its state changed last.
    pub updated_at: Timestamp,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, description, site, unit, parts, value_units, redeem_from_us, redeem_until_us, valid_days, ",
            "valid_until, per_account_limit, total_limit, budget_units, countries, profile_required, state, used, ",
            "spent_units, created_at_us, updated_at_us FROM campaigns ",
            $rest
        )
    };
}

impl Campaign {
    /// When credits end that are redeemed now; `None` when the day cannot be told.
    pub(super) fn expires_at(&self, time_zone: &str, now: Timestamp) -> Option<Timestamp> {
        let zone = zone(time_zone)?;
        let last = match self.validity {
            Validity::Until(day) => day,
            Validity::Days(days) => {
                let today = jiff::Timestamp::from_microsecond(now.micros()).ok()?.to_zoned(zone.clone()).date();
                today.checked_add(days.days()).ok()?
            }
        };
        let after = last.tomorrow().ok()?.to_zoned(zone).ok()?;
        Some(Timestamp::from_micros(after.timestamp().as_microsecond()))
    }

    /// Checks what was asked for.
    fn read(engine: &Engine, new: NewCampaign) -> Result<Campaign> {
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
            used: 0,
            spent: Amount::ZERO,
            created_at: now,
            updated_at: now,
        })
    }

    fn insert(&self, actor: &str) -> Result<Statement> {
        const SQL: &str = "INSERT INTO campaigns (id, name, description, site, unit, parts, value_units, redeem_from_us, \
             redeem_until_us, valid_days, valid_until, per_account_limit, total_limit, budget_units, countries, \
             profile_required, state, used, spent_units, actor, created_at_us, updated_at_us) VALUES ($1, $2, $3, $4, $5, \
             $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 'active', 0, 0, $17, $18, $18)";
        let (days, until) = match self.validity {
            Validity::Days(days) => (Some(days), None),
            Validity::Until(day) => (None, Some(day.to_string())),
        };
        let row = params![
            self.id.as_str(),
            self.name.as_str(),
            self.description.as_str(),
            self.site.as_str(),
            self.unit.code(),
            json(&self.parts)?,
            self.value.units(),
            self.redeem_from.map(Timestamp::micros),
            self.redeem_until.map(Timestamp::micros),
            days,
            until,
            self.per_account_limit,
            self.total_limit,
            self.budget.map(Amount::units),
            json(&self.countries)?,
            self.profile_required,
            actor,
            self.created_at.micros(),
        ];
        Ok(Statement::new(SQL, row))
    }

    fn of(row: &Row) -> Result<Campaign> {
        let id = row.text(0)?;
        let broken = |what: &str| Error::Unavailable(format!("campaigns: {id} has an unreadable {what}"));
        let time = |column| Ok::<_, Error>(row.optional_int(column)?.map(Timestamp::from_micros));
        let validity = match (row.optional_int(9)?, row.optional_text(10)?) {
            (Some(days), _) => Validity::Days(days),
            (None, Some(day)) => Validity::Until(day.parse().map_err(|_| broken("valid_until"))?),
            (None, None) => return Err(broken("validity")),
        };
        Ok(Campaign {
            id: id.to_owned(),
            name: row.text(1)?.to_owned(),
            description: row.text(2)?.to_owned(),
            site: row.text(3)?.to_owned(),
            unit: Unit::parse(row.text(4)?).ok_or_else(|| broken("unit"))?,
            parts: serde_json::from_str(row.text(5)?).map_err(|_| broken("list of parts"))?,
            value: Amount::from_units(row.int(6)?),
            redeem_from: time(7)?,
            redeem_until: time(8)?,
            validity,
            per_account_limit: row.int(11)?,
            total_limit: row.optional_int(12)?,
            budget: row.optional_int(13)?.map(Amount::from_units),
            countries: serde_json::from_str(row.text(14)?).map_err(|_| broken("list of countries"))?,
            profile_required: row.int(15)? != 0,
            state: CampaignState::parse(row.text(16)?).ok_or_else(|| broken("state"))?,
            used: row.int(17)?,
            spent: Amount::from_units(row.int(18)?),
            created_at: Timestamp::from_micros(row.int(19)?),
            updated_at: Timestamp::from_micros(row.int(20)?),
        })
    }
}

fn json(value: &impl Serialize) -> Result<Value> {
    serde_json::to_string(value).map(Value::Text).map_err(|error| Error::Unavailable(error.to_string()))
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
    let campaign = Campaign::read(engine, new)?;
    match engine.store().write(vec![campaign.insert(&call.actor)?]).await {
        Ok(_) => Ok(campaign),
        Err(Failure::Conflict) => Err(Error::conflict("campaign_exists", "there is a campaign with this id already")),
        Err(failure) => Err(failure.into()),
    }
}

/// A campaign as it is now.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Unavailable`].
pub async fn campaign(engine: &Engine, id: &str) -> Result<Campaign> {
    let rows = engine.store().query(select!("WHERE id = $1"), params![id]).await?;
    Campaign::of(rows.first().ok_or(Error::NotFound("campaign"))?)
}

/// Campaigns, newest first, those made before (`created_at_us`, `id`), at most `limit`.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn campaigns(engine: &Engine, before: Option<(i64, String)>, limit: i64) -> Result<Vec<Campaign>> {
    const SQL: &str = select!("WHERE (created_at_us, id) < ($1, $2) ORDER BY created_at_us DESC, id DESC LIMIT $3");
    let (at_us, id) = before.unwrap_or((i64::MAX, String::new()));
    engine.store().query(SQL, params![at_us, id, limit]).await?.iter().map(Campaign::of).collect()
}

/// Pauses a campaign, or lets it go on.
///
/// # Errors
/// [`Error::NotFound`]; code `campaign_revoked`.
pub async fn pause_campaign(engine: &Engine, id: &str, paused: bool) -> Result<Campaign> {
    const SQL: &str = "UPDATE campaigns SET state = $2, updated_at_us = $3 WHERE id = $1 AND state <> 'revoked'";
    campaign(engine, id).await?;
    let state = if paused { CampaignState::Paused } else { CampaignState::Active };
    let row = Statement::new(SQL, params![id, state.name(), engine.now().micros()]).expect_one();
    match engine.store().write(vec![row]).await {
        Ok(_) => campaign(engine, id).await,
        Err(Failure::Conflict) => Err(revoked()),
        Err(failure) => Err(failure.into()),
    }
}

pub(super) fn revoked() -> Error {
    Error::conflict("campaign_revoked", "the campaign was revoked, which is for good; make another one")
}

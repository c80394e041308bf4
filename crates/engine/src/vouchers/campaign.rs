//! Campaigns: what a code is worth, who may redeem it, and until when.
//!
//! Invariants: a campaign's terms never change, so that every code of it keeps its promise; its state only moves
//! between active and paused until it is revoked, which is for good; `used ≤ total_limit` and `spent ≤ budget`, which
//! the database checks too. Deliberately absent: changing terms (make another campaign). Cost: one read or write a
//! call; a list reads [`PAGE`] campaigns at a time until the filter has found enough.

use jiff::ToSpan;
use jiff::civil::Date;
use ledger::{Amount, Timestamp, Unit};
use serde::{Deserialize, Serialize};
use store::{Failure, Row, Statement, Value, params};

use crate::billing::Country;
use crate::settings::zone;
use crate::{Call, Engine, Error, Result};

/// Campaigns looked through in one read.
const PAGE: i64 = 200;

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
    /// How many codes it has.
    pub issued: i64,
    /// How often its codes were redeemed.
    pub used: i64,
    /// How much its codes gave.
    pub spent: Amount,
    /// Who made it.
    pub actor: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it, or changed its state last.
    pub updated_by: String,
    /// When it was made, or its state changed last.
    pub updated_at: Timestamp,
}

/// Which campaigns. What is empty does not restrict.
#[derive(Debug, Clone, Default)]
pub struct CampaignFilter {
    /// States.
    pub states: Vec<CampaignState>,
    /// Of this site.
    pub site: Option<String>,
    /// A part of the id, the name or the description, in any case.
    pub search: Option<String>,
}

impl CampaignFilter {
    fn fits(&self, campaign: &Campaign) -> bool {
        let contains = |search: &String| {
            let search = search.to_lowercase();
            let told = [&campaign.id, &campaign.name, &campaign.description];
            told.iter().any(|text| text.to_lowercase().contains(&search))
        };
        (self.states.is_empty() || self.states.contains(&campaign.state))
            && self.site.as_ref().is_none_or(|site| *site == campaign.site)
            && self.search.as_ref().is_none_or(contains)
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, description, site, unit, parts, value_units, redeem_from_us, redeem_until_us, ",
            "valid_days, valid_until, per_account_limit, total_limit, budget_units, countries, profile_required, ",
            "state, issued, used, spent_units, actor, created_at_us, updated_by, updated_at_us FROM campaigns ",
            $rest
        )
    };
}

impl Campaign {
    /// How much its codes may still give; `None` without a budget.
    pub fn budget_left(&self) -> Option<Amount> {
        self.budget.map(|budget| budget - self.spent)
    }

    /// Whether a limit of all its codes stands against one more.
    pub fn is_depleted(&self) -> bool {
        self.total_limit.is_some_and(|limit| self.used >= limit)
            || self.budget_left().is_some_and(|left| left < self.value)
    }

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

    pub(super) fn insert(&self) -> Result<Statement> {
        const SQL: &str = "INSERT INTO campaigns (id, name, description, site, unit, parts, value_units, \
             redeem_from_us, redeem_until_us, valid_days, valid_until, per_account_limit, total_limit, budget_units, \
             countries, profile_required, state, issued, used, spent_units, actor, created_at_us, updated_by, \
             updated_at_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 'active', \
             0, 0, 0, $17, $18, $17, $18)";
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
            self.actor.as_str(),
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
            issued: row.int(17)?,
            used: row.int(18)?,
            spent: Amount::from_units(row.int(19)?),
            actor: row.text(20)?.to_owned(),
            created_at: Timestamp::from_micros(row.int(21)?),
            updated_by: row.text(22)?.to_owned(),
            updated_at: Timestamp::from_micros(row.int(23)?),
        })
    }
}

fn json(value: &impl Serialize) -> Result<Value> {
    serde_json::to_string(value).map(Value::Text).map_err(|error| Error::Unavailable(error.to_string()))
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
pub async fn campaigns(
    engine: &Engine,
    filter: &CampaignFilter,
    before: Option<(i64, String)>,
    limit: usize,
) -> Result<Vec<Campaign>> {
    const SQL: &str = select!("WHERE (created_at_us, id) < ($1, $2) ORDER BY created_at_us DESC, id DESC LIMIT $3");
    let (mut at_us, mut id) = before.unwrap_or((i64::MAX, String::new()));
    let mut found = Vec::new();
    loop {
        let rows = engine.store().query(SQL, params![at_us, id.as_str(), PAGE]).await?;
        let page = rows.iter().map(Campaign::of).collect::<Result<Vec<_>>>()?;
        let last = (page.len() as i64) < PAGE;
        if let Some(oldest) = page.last() {
            (at_us, id) = (oldest.created_at.micros(), oldest.id.clone());
        }
        found.extend(page.into_iter().filter(|campaign| filter.fits(campaign)));
        if found.len() >= limit || last {
            found.truncate(limit);
            return Ok(found);
        }
    }
}

/// Pauses a campaign, or lets it go on.
///
/// # Errors
/// [`Error::NotFound`]; code `campaign_revoked`.
pub async fn pause_campaign(engine: &Engine, call: &Call, id: &str, paused: bool) -> Result<Campaign> {
    const SQL: &str = "UPDATE campaigns SET state = $2, updated_by = $3, updated_at_us = $4 \
                       WHERE id = $1 AND state <> 'revoked'";
    campaign(engine, id).await?;
    let state = if paused { CampaignState::Paused } else { CampaignState::Active };
    let row = Statement::new(SQL, params![id, state.name(), &*call.actor, engine.now().micros()]).expect_one();
    match engine.store().write(vec![row]).await {
        Ok(_) => campaign(engine, id).await,
        Err(Failure::Conflict) => Err(revoked()),
        Err(failure) => Err(failure.into()),
    }
}

pub(super) fn revoked() -> Error {
    Error::conflict("campaign_revoked", "the campaign was revoked, which is for good; make another one")
}

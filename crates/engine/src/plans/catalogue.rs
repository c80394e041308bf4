//! The plans that are sold, by version.
//!
//! A version never changes; the newest is in force for whoever subscribes or is renewed. Invariant: site and unit of a plan
//! never change, because the credits of its subscriptions count in them. Deliberately absent: deleting (retire it), trials.
//! Cost: one read; two reads and one write to publish.

use std::collections::BTreeMap;

use ledger::{Timestamp, Unit};
use store::{Failure, Row, Statement, params};

use super::plan::{Plan, PlanTerms, check_id};
use crate::{Call, Engine, Error, Result};

/// Tries to be the next version while others publish too.
const PUBLISH_TRIES: usize = 5;

macro_rules! select {
    ($join:literal, $rest:literal) => {
        concat!(
            "SELECT p.id, p.site, p.unit, v.version, p.version, p.state, v.document, v.created_at_us FROM plans p \
             JOIN plan_versions v ON v.plan_id = p.id AND ",
            $join,
            " ",
            $rest
        )
    };
}

/// A plan as an operator wants it.
#[derive(Clone, Debug)]
pub struct NewPlan {
    /// `SUB_PRO`
    pub id: String,
    /// Where it is sold.
    pub site: String,
    /// What its credits count in; may be left out where the site has one unit.
    pub unit: Option<Unit>,
    /// What it is.
    pub terms: PlanTerms,
}

/// Makes a plan, or the next version of one. The same terms as those in force make none.
///
/// # Errors
/// [`Error::Invalid`] naming the field; code `plan_retired`.
pub async fn publish(engine: &Engine, call: &Call, new: NewPlan) -> Result<Plan> {
    check_id(&new.id)?;
    for _ in 0..PUBLISH_TRIES {
        let before = latest(engine, &new.id).await?;
        let unit = unit_of(engine, &new, before.as_ref())?;
        let terms = new.terms.clone().checked(engine.settings(), &new.site, unit, before.as_ref())?;
        let version = match &before {
            Some(plan) if plan.is_retired => {
                return Err(Error::conflict("plan_retired", "the plan is retired; make another one"));
            }
            Some(plan) if plan.terms == terms => return Ok(plan.clone()),
            Some(plan) => plan.version + 1,
            None => 1,
        };
        let created_at = engine.now();
        let NewPlan { id, site, .. } = new.clone();
        let plan = Plan { id, site, unit, version, is_latest: true, is_retired: false, terms, created_at };
        match engine.store().write(rows(&plan, &call.actor)?).await {
            Ok(_) => return Ok(plan),
            Err(Failure::Conflict) => {}
            Err(failure) => return Err(failure.into()),
        }
    }
    Err(Failure::Conflict.into())
}

fn unit_of(engine: &Engine, new: &NewPlan, before: Option<&Plan>) -> Result<Unit> {
    let usual = engine.settings().sites.get(&new.site).filter(|site| site.units.len() == 1);
    let unit = new.unit.or(before.map(|plan| plan.unit)).or(usual.and_then(|site| site.default_unit()));
    let unit = unit.ok_or_else(|| Error::invalid("unit", "must be given where the site has several"))?;
    match before {
        Some(plan) if plan.site != new.site => Err(Error::invalid("site", "of a plan never changes; make another one")),
        Some(plan) if plan.unit != unit => Err(Error::invalid("unit", "of a plan never changes; make another one")),
        _ => Ok(unit),
    }
}

fn rows(plan: &Plan, actor: &str) -> Result<Vec<Statement>> {
    const FIRST: &str = "INSERT INTO plans (id, site, unit, version, state, created_at_us, updated_at_us) \
                         VALUES ($1, $2, $3, $4, 'active', $5, $5)";
    const NEXT: &str = "UPDATE plans SET version = $4, updated_at_us = $5 WHERE id = $1 AND site = $2 AND unit = $3 \
                        AND version = $4 - 1 AND state = 'active'";
    const VERSION: &str = "INSERT INTO plan_versions (plan_id, version, document, actor, created_at_us) \
                           VALUES ($1, $2, $3, $4, $5)";
    let document = serde_json::to_string(&plan.terms).map_err(|error| Error::Unavailable(error.to_string()))?;
    let (id, at_us) = (plan.id.as_str(), plan.created_at.micros());
    let head = params![id, plan.site.as_str(), plan.unit.code(), plan.version, at_us];
    Ok(vec![
        Statement::new(if plan.version == 1 { FIRST } else { NEXT }, head).expect_one(),
        Statement::new(VERSION, params![id, plan.version, document, actor, at_us]).expect_one(),
    ])
}

/// Sells a plan no more; subscriptions go on with its last version until they are cancelled. Again changes nothing.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn retire(engine: &Engine, id: &str) -> Result<Plan> {
    const SQL: &str = "UPDATE plans SET state = 'retired', updated_at_us = $2 WHERE id = $1 AND state = 'active'";
    engine.store().write(vec![Statement::new(SQL, params![id, engine.now().micros()])]).await?;
    plan(engine, id).await
}

/// The version of a plan that is in force.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn plan(engine: &Engine, id: &str) -> Result<Plan> {
    latest(engine, id).await?.ok_or(Error::NotFound("plan"))
}

async fn latest(engine: &Engine, id: &str) -> Result<Option<Plan>> {
    let sql = select!("v.version = p.version", "WHERE p.id = $1");
    engine.store().query(sql, params![id]).await?.first().map(read).transpose()
}

/// A version of a plan that a subscription has.
pub(super) async fn version_of(engine: &Engine, id: &str, version: i64) -> Result<Plan> {
    let sql = select!("v.version = $2", "WHERE p.id = $1");
    let rows = engine.store().query(sql, params![id, version]).await?;
    let missing = || Error::Unavailable(format!("plan_versions: there is no version {version} of {id}"));
    read(rows.first().ok_or_else(missing)?)
}

/// Plans after the id `after`, in the order of their ids, at most `limit`. `of`: only those of a site and unit that can
/// be subscribed to.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn list(engine: &Engine, of: Option<(&str, Unit)>, after: Option<&str>, limit: usize) -> Result<Vec<Plan>> {
    let (after, limit) = (after.unwrap_or_default(), i64::try_from(limit).unwrap_or(i64::MAX));
    let rows = match of {
        None => {
            let sql = select!("v.version = p.version", "WHERE p.id > $1 ORDER BY p.id LIMIT $2");
            engine.store().query(sql, params![after, limit]).await?
        }
        Some((site, unit)) => {
            let sql = select!(
                "v.version = p.version",
                "WHERE p.id > $1 AND p.site = $3 AND p.unit = $4 AND p.state = 'active' ORDER BY p.id LIMIT $2"
            );
            engine.store().query(sql, params![after, limit, site, unit.code()]).await?
        }
    };
    rows.iter().map(read).collect()
}

/// How many subscriptions each of these plans has that have not expired.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn subscribers(engine: &Engine, plans: &[Plan]) -> Result<BTreeMap<String, i64>> {
    const SQL: &str = "SELECT count(*) FROM subscriptions WHERE plan_id = $1 AND state <> 'expired'";
    let mut counts = BTreeMap::new();
    for plan in plans {
        let rows = engine.store().query(SQL, params![plan.id.as_str()]).await?;
        counts.insert(plan.id.clone(), rows.first().map(|row| row.int(0)).transpose()?.unwrap_or(0));
    }
    Ok(counts)
}

fn read(row: &Row) -> Result<Plan> {
    let (id, code, document) = (row.text(0)?, row.text(2)?, row.text(6)?);
    let broken = |what: &str| Error::Unavailable(format!("plans: {id} has a {what} that cannot be read"));
    Ok(Plan {
        id: id.to_owned(),
        site: row.text(1)?.to_owned(),
        unit: Unit::parse(code).ok_or_else(|| broken("unit"))?,
        version: row.int(3)?,
        is_latest: row.int(3)? == row.int(4)?,
        is_retired: row.text(5)? == "retired",
        terms: serde_json::from_str(document).map_err(|_| broken("document"))?,
        created_at: Timestamp::from_micros(row.int(7)?),
    })
}

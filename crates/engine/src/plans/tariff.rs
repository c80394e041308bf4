//! Prices of plans: what usage costs once no credits of the plan are left that cover it.
//!
//! Which accounts have such a plan is remembered here for all of them, and used only while [`crate::watch`] vouches for
//! it, so usage of any other account asks the database nothing more than before. Invariant: a change of a subscription is
//! seen within a second; what is read again covers the last minute, because rows carry the time at which they were
//! written, which is a little before their commit. Cost: one indexed read per round; for usage of an account with such a
//! plan one read of its lots.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use ledger::price::{self, Charge, CompiledBook, Factor, PriceBook, RateError};
use ledger::{Account, LotKind, Timestamp};
use rustc_hash::FxBuildHasher;
use serde::Serialize;
use store::{Store, params};

use super::plan::{OnDemand, PlanTerms};
use super::subscription::SubscriptionState;
use crate::watch::Moment;
use crate::{Error, Result};
use ledger::Unit;

/// Changes this old are read again, in seconds: no commit takes as long.
const OVERLAP_SECONDS: i64 = 60;

/// The prices of a plan's version, ready for rating.
#[derive(Debug)]
pub struct Tariff {
    plan_id: String,
    plan_version: i64,
    percent: Option<(String, Factor)>,
    /// Services with prices of their own.
    own: Option<CompiledBook>,
}

/// How a plan's prices came into a charge; part of the arithmetic that an entry keeps.
#[derive(Debug, Serialize)]
pub struct AppliedTariff<'a> {
    plan: &'a str,
    plan_version: i64,
    /// The factor on the price book's prices; none where the plan has a price of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    percent: Option<&'a str>,
}

impl Tariff {
    fn new(plan_id: &str, plan_version: i64, unit: Unit, on_demand: OnDemand) -> Option<Tariff> {
        let OnDemand { percent, services } = on_demand;
        let percent = match percent {
            Some(text) => Some((text.clone(), Factor::from_percent(&text).ok()?)),
            None => None,
        };
        let own = match services.is_empty() {
            true => None,
            false => Some(PriceBook { unit, services }.compile().ok()?),
        };
        Some(Tariff { plan_id: plan_id.to_owned(), plan_version, percent, own })
    }

    /// Prices an event: by the plan's own prices of the service, else by the book's times the factor. `None` where the
    /// plan says nothing of the service.
    ///
    /// # Errors
    /// [`RateError`].
    pub fn rate(
        &self,
        book: &CompiledBook,
        service: &str,
        meters: &BTreeMap<String, u64>,
    ) -> std::result::Result<Option<(Charge, AppliedTariff<'_>)>, RateError> {
        let applied = |percent| AppliedTariff { plan: &self.plan_id, plan_version: self.plan_version, percent };
        if let Some(own) = self.own.as_ref().filter(|own| own.has(service)) {
            return Ok(Some((price::rate(own, service, meters)?, applied(None))));
        }
        let Some((text, factor)) = &self.percent else { return Ok(None) };
        Ok(Some((price::rate_at(book, factor, service, meters)?, applied(Some(text)))))
    }
}

/// Whether credits of a plan are left that may pay for the service.
pub(crate) fn is_covered(account: &Account, service: &str, now: Timestamp) -> bool {
    account.lots.iter().any(|lot| {
        lot.kind == LotKind::Subscription
            && lot.counts(now)
            && lot.free().is_positive()
            && (lot.scope.is_empty() || lot.scope.iter().any(|covered| **covered == *service))
    })
}

#[derive(Default)]
struct Known {
    by_account: HashMap<Arc<str>, Arc<Tariff>, FxBuildHasher>,
    versions: HashMap<(String, i64), Option<Arc<Tariff>>, FxBuildHasher>,
    checked: Option<Moment>,
}

/// The accounts with prices of their plan.
pub struct Tariffs {
    store: Store,
    known: RwLock<Known>,
    /// One check at a time.
    checking: tokio::sync::Mutex<()>,
}

impl Tariffs {
    pub(crate) fn new(store: Store) -> Tariffs {
        Tariffs { store, known: RwLock::default(), checking: tokio::sync::Mutex::new(()) }
    }

    /// The prices of an account's plan, if its plan has any. No query while what is known is fresh.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn of(&self, account_id: &str) -> Result<Option<Arc<Tariff>>> {
        let now = Moment::now(&self.store);
        if let Some(found) = self.remembered(account_id, now) {
            return Ok(found);
        }
        let _one_at_a_time = self.checking.lock().await;
        if let Some(found) = self.remembered(account_id, now) {
            return Ok(found);
        }
        self.check().await?;
        Ok(self.known.read().unwrap_or_else(PoisonError::into_inner).by_account.get(account_id).cloned())
    }

    fn remembered(&self, account_id: &str, now: Moment) -> Option<Option<Arc<Tariff>>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.checked.filter(|checked| checked.is_fresh(now))?;
        Some(known.by_account.get(account_id).cloned())
    }

    /// Reads what changed.
    pub(crate) async fn poll(&self) -> Result<()> {
        let _one_at_a_time = self.checking.lock().await;
        self.check().await
    }

    async fn check(&self) -> Result<()> {
        const SQL: &str = "SELECT s.account_id, s.state, s.plan_id, s.plan_version FROM subscriptions s \
                           WHERE s.tariff = 1 AND s.updated_at_us > $1 ORDER BY s.updated_at_us";
        let began = Moment::now(&self.store);
        let before = self.known.read().unwrap_or_else(PoisonError::into_inner).checked;
        let since_us = before.map_or(-1, |moment| moment.time.plus_seconds(-OVERLAP_SECONDS).micros());
        let rows = self.store.query(SQL, params![since_us]).await?;
        let mut changes = Vec::with_capacity(rows.len());
        for row in &rows {
            let has_plan = SubscriptionState::parse(row.text(1)?).is_some_and(SubscriptionState::has_plan);
            let tariff = if has_plan { self.version(row.text(2)?, row.int(3)?).await? } else { None };
            changes.push((Arc::<str>::from(row.text(0)?), tariff));
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        for (account_id, tariff) in changes {
            match tariff {
                Some(tariff) => known.by_account.insert(account_id, tariff),
                None => known.by_account.remove(&account_id),
            };
        }
        known.checked = Some(known.checked.map_or(began, |checked| checked.later(began)));
        Ok(())
    }

    /// The prices of a version, which never change.
    async fn version(&self, plan_id: &str, version: i64) -> Result<Option<Arc<Tariff>>> {
        const SQL: &str = "SELECT p.unit, v.document FROM plan_versions v JOIN plans p ON p.id = v.plan_id \
                           WHERE v.plan_id = $1 AND v.version = $2";
        let name = (plan_id.to_owned(), version);
        if let Some(known) = self.known.read().unwrap_or_else(PoisonError::into_inner).versions.get(&name) {
            return Ok(known.clone());
        }
        let broken = || Error::Unavailable(format!("plan_versions: version {version} of {plan_id} cannot be read"));
        let rows = self.store.query(SQL, params![plan_id, version]).await?;
        let row = rows.first().ok_or_else(broken)?;
        let unit = Unit::parse(row.text(0)?).ok_or_else(broken)?;
        let terms: PlanTerms = serde_json::from_str(row.text(1)?).map_err(|_| broken())?;
        let tariff = match terms.on_demand {
            Some(on_demand) => Some(Arc::new(Tariff::new(plan_id, version, unit, on_demand).ok_or_else(broken)?)),
            None => None,
        };
        self.known.write().unwrap_or_else(PoisonError::into_inner).versions.insert(name, tariff.clone());
        Ok(tariff)
    }
}

//! How an account may buy right now: amounts, packs, and each method with the currency that it would charge.
//!
//! The matrix of the settings says what is offered; [`Unavailable`] says why an offer does not work now. One judgement
//! serves the list of options and the quote, so that what is shown is what is done. Cost: two reads, and one for each
//! charged currency that is not the account's unit.

use std::collections::BTreeMap;

use ledger::{Amount, Timestamp, Unit};
use thiserror::Error as ThisError;

use super::convert::coin_minor;
use super::country::Country;
use super::profile;
use super::rates::{RateRecord, rate_in_force};
use crate::accounts::AccountRecord;
use crate::settings::{Bounds, Method, Pack, Settings, Site};
use crate::{Engine, Error, Result};

const US_PER_HOUR: i64 = 3_600_000_000;

/// Why a method cannot be used now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ThisError)]
pub enum Unavailable {
    /// The account moves nothing any more.
    #[error("the account is closed; reopen it first")]
    AccountClosed,
    /// Switched off in the settings.
    #[error("this method is switched off at the moment; use another one or come back later")]
    KillSwitch,
    /// The installation has no keys of the gateway.
    #[error("this method is not set up here; use another one")]
    GatewayOff,
    /// Nobody set an exchange rate.
    #[error("there is no exchange rate between {0} and {1}; use another method, or ask for a rate to be set")]
    RateMissing(Unit, Unit),
    /// The last exchange rate is too old.
    #[error("the exchange rate between {0} and {1} is older than {2} hours; use another method, or ask for a new rate")]
    RateStale(Unit, Unit, u64),
}

impl Unavailable {
    /// The stable code callers match on.
    pub const fn code(self) -> &'static str {
        match self {
            Unavailable::AccountClosed => "account_closed",
            Unavailable::KillSwitch => "kill_switch",
            Unavailable::GatewayOff => "gateway_off",
            Unavailable::RateMissing(..) => "rate_missing",
            Unavailable::RateStale(..) => "rate_stale",
        }
    }
}

impl From<Unavailable> for Error {
    fn from(unavailable: Unavailable) -> Self {
        Error::conflict(unavailable.code(), unavailable.to_string())
    }
}

/// What a method can pay for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sells {
    /// Any amount within the bounds; charged by an exchange rate where the currency is not the unit.
    Amounts,
    /// Packs, at their prices.
    Packs,
}

/// A method with a currency that it would charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MethodOption {
    /// What it can pay for.
    pub sells: Sells,
    /// The method.
    pub method: Method,
    /// What it would charge.
    pub currency: Unit,
    /// The exchange rate in force, where one is needed.
    pub rate: Option<RateRecord>,
    /// Why it cannot be used now; `None`: it can.
    pub unavailable: Option<Unavailable>,
}

/// How an account may buy right now.
#[derive(Debug, Clone)]
pub struct TopupOptions {
    /// The account.
    pub account: AccountRecord,
    /// Countries that its billing profile may name.
    pub countries: Vec<Country>,
    /// Smallest, suggested and largest amount, where amounts are free.
    pub bounds: Option<Bounds>,
    /// Fixed amounts with a price per currency.
    pub packs: Vec<Pack>,
    /// Every method that is offered, by method and currency as the settings order them.
    pub methods: Vec<MethodOption>,
    /// Whether the account has a billing profile, which it needs before it buys.
    pub has_profile: bool,
}

/// How an account may buy right now.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Unavailable`].
pub async fn topup_options(engine: &Engine, account_id: &str) -> Result<TopupOptions> {
    let account = engine.accounts().get(account_id).await?;
    let settings = engine.settings();
    let has_profile = profile::profile(engine, &account.id).await?.is_some();
    let countries = Country::all().filter(|country| settings.sells_to(&account.site, *country)).collect();
    let Some(site) = settings.sites.get(&account.site) else {
        // The site was removed from the settings: nothing is offered any more.
        let (packs, methods) = (Vec::new(), Vec::new());
        return Ok(TopupOptions { account, countries, bounds: None, packs, methods, has_profile });
    };
    let now = engine.now();
    let mut methods = Vec::new();
    let mut known = BTreeMap::new();
    for Offer { sells, method, currency } in offers(site, account.unit) {
        let needed = sells == Sells::Amounts && currency != account.unit;
        if needed && !known.contains_key(&currency) {
            known.insert(currency, rate_in_force(engine, account.unit, currency, now).await?);
        }
        let rate = if needed { known.get(&currency).cloned().flatten() } else { None };
        let trade = Trade { unit: account.unit, closed: account.closed, method, currency, needs_rate: needed };
        let unavailable = judge(settings, trade, rate.as_ref(), now).err();
        methods.push(MethodOption { sells, method, currency, rate, unavailable });
    }
    let bounds = site.amounts.get(&account.unit).and_then(|amounts| amounts.bounds(account.unit));
    let packs = packs(site, account.unit).to_vec();
    Ok(TopupOptions { account, countries, bounds, packs, methods, has_profile })
}

/// What the settings offer an account of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Offer {
    pub(super) sells: Sells,
    pub(super) method: Method,
    pub(super) currency: Unit,
}

/// Every method and currency for amounts, then for packs, in the order of the settings.
pub(super) fn offers(site: &Site, unit: Unit) -> Vec<Offer> {
    let amounts = site.amounts.get(&unit).map(|amounts| (Sells::Amounts, &amounts.methods));
    let packs = (!packs(site, unit).is_empty()).then_some((Sells::Packs, &site.pack_methods));
    let mut offers = Vec::new();
    for (sells, methods) in amounts.into_iter().chain(packs) {
        for (&method, currencies) in methods {
            offers.extend(currencies.iter().map(|&currency| Offer { sells, method, currency }));
        }
    }
    offers
}

/// Packs grant whole credits, so only accounts that count in them buy packs.
pub(super) fn packs(site: &Site, unit: Unit) -> &[Pack] {
    if unit == Unit::CREDIT { &site.packs } else { &[] }
}

/// The pack of exactly this amount of credits.
pub(super) fn pack(site: &Site, unit: Unit, credit: Amount) -> Option<&Pack> {
    packs(site, unit).iter().find(|pack| pack.amount() == Some(credit))
}

/// What is to be judged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trade {
    pub(super) unit: Unit,
    pub(super) closed: bool,
    pub(super) method: Method,
    pub(super) currency: Unit,
    pub(super) needs_rate: bool,
}

/// Whether a method can be used now. The first reason counts.
pub(super) fn judge(
    settings: &Settings,
    trade: Trade,
    rate: Option<&RateRecord>,
    now: Timestamp,
) -> std::result::Result<(), Unavailable> {
    let Trade { unit, closed, method, currency, needs_rate } = trade;
    if closed {
        return Err(Unavailable::AccountClosed);
    }
    if settings.is_switched_off(method) {
        return Err(Unavailable::KillSwitch);
    }
    if !settings.has_gateway(method) || coin_minor(method, currency).is_none() {
        return Err(Unavailable::GatewayOff);
    }
    if !needs_rate {
        return Ok(());
    }
    let rate = rate.ok_or(Unavailable::RateMissing(unit, currency))?;
    let hours = settings.billing.rate_max_age_hours;
    let age_us = now.micros().saturating_sub(rate.dated.dated_at.micros());
    if age_us > i64::try_from(hours).unwrap_or(i64::MAX).saturating_mul(US_PER_HOUR) {
        return Err(Unavailable::RateStale(unit, currency, hours));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::convert::{Decimal, Rate};
    use super::super::rates::DatedRate;
    use super::*;
    use crate::settings::Secret;

    fn unit(code: &str) -> Unit {
        Unit::parse(code).unwrap()
    }

    fn rate(dated_at: Timestamp) -> RateRecord {
        let rate = Rate { base: unit("USD"), quote: unit("VND"), rate: Decimal::parse("25400").unwrap() };
        RateRecord {
            id: "rate_1".to_owned(),
            dated: DatedRate { rate, dated_at, source: "test".to_owned() },
            actor: "test".to_owned(),
            created_at: dated_at,
        }
    }

    #[test]
    fn the_matrix_is_the_settings() {
        let settings = Settings::default();
        // site, unit, method and currency of each offer
        let table = [
            ("vn", "VND", "vnpay:VND paypal:USD stripe:VND"),
            ("jp", "JPY", "paypal:USD paypal:JPY stripe:JPY"),
            ("global", "EUR", "paypal:EUR stripe:EUR"),
            (
                "api",
                "CREDIT",
                "paypal:USD paypal:EUR paypal:JPY stripe:USD stripe:EUR stripe:JPY saved_card:USD saved_card:EUR \
                 saved_card:JPY",
            ),
            ("vn", "USD", ""),
            ("global", "CREDIT", ""),
        ];
        for (site, code, expected) in table {
            let offers = offers(&settings.sites[site], unit(code));
            let shown: Vec<String> =
                offers.iter().map(|offer| format!("{}:{}", offer.method.name(), offer.currency)).collect();
            assert_eq!(shown.join(" "), expected, "{site} {code}");
            let sells = if code == "CREDIT" { Sells::Packs } else { Sells::Amounts };
            assert!(offers.iter().all(|offer| offer.sells == sells), "{site} {code}");
        }
        let credits = |count| Unit::CREDIT.from_minor(count).unwrap();
        assert!(pack(&settings.sites["api"], Unit::CREDIT, credits(10_000)).is_some());
        assert!(pack(&settings.sites["api"], Unit::CREDIT, credits(10_001)).is_none());
    }

    #[test]
    fn what_does_not_work_says_why() {
        type Change = fn(&mut Settings, &mut Trade);
        let now = Timestamp::from_micros(1_795_176_000_000_000);
        let hours = |hours: i64| Some(rate(Timestamp::from_micros(now.micros() - hours * US_PER_HOUR)));
        let late = Some(rate(Timestamp::from_micros(now.micros() - 96 * US_PER_HOUR - 1)));
        // what is different, rate, reason
        let table: [(Change, Option<RateRecord>, Option<&str>); 10] = [
            (|_, _| {}, hours(0), None),
            (|_, _| {}, hours(96), None),
            (|_, _| {}, late, Some("rate_stale")),
            (|_, _| {}, None, Some("rate_missing")),
            (|_, trade| trade.needs_rate = false, None, None),
            (|_, trade| trade.closed = true, hours(0), Some("account_closed")),
            (|settings, _| settings.billing.methods_off = vec![Method::Stripe], hours(0), Some("kill_switch")),
            (|settings, _| settings.billing.methods_off = vec![Method::SavedCard], hours(0), None),
            (|settings, _| settings.stripe.secret_key = Secret::default(), hours(0), Some("gateway_off")),
            (|_, trade| trade.currency = Unit::CREDIT, hours(0), Some("gateway_off")),
        ];
        for (place, (change, rate, reason)) in table.into_iter().enumerate() {
            let mut settings = Settings::default();
            settings.stripe.secret_key = Secret::new("sk_test_1");
            let mut trade = Trade {
                unit: unit("VND"),
                closed: false,
                method: Method::Stripe,
                currency: unit("USD"),
                needs_rate: true,
            };
            change(&mut settings, &mut trade);
            let unavailable = judge(&settings, trade, rate.as_ref(), now).err();
            assert_eq!(unavailable.map(Unavailable::code), reason, "line {place}");
        }
    }
}

//! Selling regions: which country buys in which unit, how much, and how it may pay.
//!
//! The matrix country × unit × method × charged currency is data here; what of it works right now (gateways, exchange
//! rates, kill switch) is told by [`crate::billing`].

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use ledger::{Amount, Timestamp, Unit};
use serde::{Deserialize, Serialize};

use super::Settings;
use super::validate::whole_coins;
use crate::billing::Country;

/// A way to pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// VNPay's own page; charges VND only.
    #[serde(rename = "vnpay")]
    VnPay,
    /// PayPal's own page.
    #[serde(rename = "paypal")]
    PayPal,
    /// Stripe's own page.
    Stripe,
    /// A card saved at Stripe, charged without the customer present.
    SavedCard,
}

impl Method {
    /// Every method.
    pub const ALL: [Method; 4] = [Method::VnPay, Method::PayPal, Method::Stripe, Method::SavedCard];

    /// The name in configuration, rows and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Method::VnPay => "vnpay",
            Method::PayPal => "paypal",
            Method::Stripe => "stripe",
            Method::SavedCard => "saved_card",
        }
    }

    /// The method of a name.
    pub fn parse(name: &str) -> Option<Method> {
        Method::ALL.into_iter().find(|method| method.name() == name)
    }
}

/// A selling region. An account belongs to exactly one; balances never cross.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Site {
    /// Whether new accounts may be opened here.
    pub enabled: bool,
    /// Name shown to people.
    pub name: String,
    /// ISO 3166 codes of its countries; empty = any country that no other site names, and any at all where credits are
    /// sold in packs.
    pub countries: Vec<String>,
    /// Units an account may count in, the first being the default.
    pub units: Vec<Unit>,
    /// What may be paid in, per unit. A unit without an entry is sold in packs only.
    pub amounts: BTreeMap<Unit, UnitAmounts>,
    /// Fixed amounts of credits with a price each; only for sites that count in CREDIT.
    pub packs: Vec<Pack>,
    /// Which methods may pay for packs, and in which currencies.
    pub pack_methods: BTreeMap<Method, Vec<Unit>>,
    /// How many months credits count that were bought; 0 = they do not expire.
    pub topup_valid_months: u32,
    /// Where its days begin and end, an IANA name such as `Asia/Tokyo`.
    pub time_zone: String,
}

/// Bounds of a top-up and how it may be paid, in one unit.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UnitAmounts {
    /// Smallest top-up, a decimal in the unit.
    pub minimum: String,
    /// Amounts offered as buttons.
    pub suggested: Vec<String>,
    /// Largest top-up.
    pub maximum: String,
    /// Method → the currencies it may charge for a top-up of this unit.
    pub methods: BTreeMap<Method, Vec<Unit>>,
}

/// The parsed bounds of a top-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    /// Smallest top-up.
    pub minimum: Amount,
    /// Amounts offered as buttons, in the order given.
    pub suggested: Vec<Amount>,
    /// Largest top-up.
    pub maximum: Amount,
}

/// A fixed number of credits for a fixed price.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pack {
    /// Whole credits granted.
    pub credits: i64,
    /// Price per currency, a decimal.
    pub prices: BTreeMap<Unit, String>,
}

impl Pack {
    /// The credits granted, as an amount of [`Unit::CREDIT`]; `None` when out of range.
    pub fn amount(&self) -> Option<Amount> {
        Unit::CREDIT.from_minor(self.credits)
    }

    /// The price in a currency; `None` when it has none.
    pub fn price(&self, currency: Unit) -> Option<Amount> {
        whole_coins(currency, self.prices.get(&currency)?).ok()
    }
}

impl UnitAmounts {
    /// The bounds in `unit`; `None` when [`Settings::validate`] would complain about them.
    pub fn bounds(&self, unit: Unit) -> Option<Bounds> {
        let read = |text: &String| whole_coins(unit, text).ok();
        Some(Bounds {
            minimum: read(&self.minimum)?,
            suggested: self.suggested.iter().map(read).collect::<Option<_>>()?,
            maximum: read(&self.maximum)?,
        })
    }
}

impl Site {
    /// When credits expire that are bought now: at the end of the day, in the site's time zone, so many months later. A
    /// day that a month does not have is its last one.
    pub fn topup_expires_at(&self, now: Timestamp) -> Option<Timestamp> {
        if self.topup_valid_months == 0 {
            return None;
        }
        let zone = TimeZone::get(&self.time_zone).ok()?;
        let day = jiff::Timestamp::from_microsecond(now.micros()).ok()?.to_zoned(zone.clone()).date();
        let last = day.checked_add(jiff::Span::new().months(i64::from(self.topup_valid_months))).ok()?;
        let after = last.tomorrow().ok()?.to_zoned(zone).ok()?;
        Some(Timestamp::from_micros(after.timestamp().as_microsecond()))
    }

    /// The pack of so many credits.
    pub fn pack(&self, credits: i64) -> Option<&Pack> {
        self.packs.iter().find(|pack| pack.credits == credits)
    }

    /// The unit of an account that names none.
    pub fn default_unit(&self) -> Option<Unit> {
        self.units.first().copied()
    }

    /// Whether accounts here count in a currency; else in whole credits.
    fn counts_in_currency(&self) -> bool {
        self.units.iter().any(|unit| *unit != Unit::CREDIT)
    }

    fn names(&self, country: Country) -> bool {
        self.countries.iter().any(|code| code == country.code())
    }
}

impl Settings {
    /// Whether a customer in this country may buy at the site. False for an unknown site.
    pub fn sells_to(&self, site_name: &str, country: Country) -> bool {
        let Some(site) = self.sites.get(site_name) else { return false };
        if !site.countries.is_empty() {
            return site.names(country);
        }
        !site.counts_in_currency() || !self.sites.values().any(|other| other.enabled && other.names(country))
    }

    /// The site where a new customer of this country buys in a currency.
    pub fn site_for(&self, country: Country) -> Option<&str> {
        let open = |name: &str, site: &Site| site.enabled && site.counts_in_currency() && self.sells_to(name, country);
        self.sites.iter().find(|(name, site)| open(name, site)).map(|(name, _)| name.as_str())
    }

    /// Whether the gateway behind a method is configured.
    pub fn has_gateway(&self, method: Method) -> bool {
        match method {
            Method::Stripe | Method::SavedCard => self.stripe.secret_key.is_set(),
            Method::PayPal => self.paypal.client_secret.is_set(),
            Method::VnPay => self.vnpay.hash_secret.is_set(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bought_credits_expire_at_the_end_of_a_day_of_the_site() {
        // bought at, months, zone, expiry
        let table = [
            ("2026-11-20T16:59:59Z", 6, "Asia/Ho_Chi_Minh", Some("2027-05-20T17:00:00Z")),
            ("2026-11-20T17:00:00Z", 6, "Asia/Ho_Chi_Minh", Some("2027-05-21T17:00:00Z")),
            ("2026-08-31T12:00:00Z", 6, "UTC", Some("2027-03-01T00:00:00Z")),
            ("2027-08-31T12:00:00Z", 6, "UTC", Some("2028-03-01T00:00:00Z")),
            ("2026-10-08T12:00:00Z", 1, "America/New_York", Some("2026-11-09T05:00:00Z")),
            ("2026-11-20T12:00:00Z", 0, "UTC", None),
        ];
        for (bought_at, topup_valid_months, zone, expected) in table {
            let at = |text: &str| Timestamp::from_micros(text.parse::<jiff::Timestamp>().unwrap().as_microsecond());
            let site = Site { topup_valid_months, time_zone: zone.to_owned(), ..Site::default() };
            assert_eq!(site.topup_expires_at(at(bought_at)), expected.map(at), "{bought_at} {zone}");
        }
    }

    fn country(code: &str) -> Country {
        Country::parse(code).unwrap()
    }

    #[test]
    fn each_country_buys_where_the_matrix_says() {
        let settings = Settings::default();
        // country, sites that sell to it, the site of a new customer
        let table: [(&str, &[&str], Option<&str>); 4] = [
            ("VN", &["api", "vn"], Some("vn")),
            ("JP", &["api", "jp"], Some("jp")),
            ("DE", &["api", "global"], Some("global")),
            ("US", &["api", "global"], Some("global")),
        ];
        for (code, sites, new) in table {
            let selling: Vec<&str> = settings
                .sites
                .keys()
                .map(String::as_str)
                .filter(|name| settings.sells_to(name, country(code)))
                .collect();
            assert_eq!((selling.as_slice(), settings.site_for(country(code))), (sites, new), "{code}");
        }
        assert!(!settings.sells_to("nowhere", country("US")));
    }

    #[test]
    fn a_closed_site_leaves_its_country_to_the_others() {
        let mut settings = Settings::default();
        settings.sites.get_mut("vn").unwrap().enabled = false;
        assert_eq!(settings.site_for(country("VN")), Some("global"));
        assert!(settings.sells_to("vn", country("VN")), "accounts that are there go on");
        settings.sites.get_mut("global").unwrap().enabled = false;
        assert_eq!(settings.site_for(country("VN")), None);
    }

    #[test]
    fn method_names_are_those_of_the_configuration() {
        for method in Method::ALL {
            assert_eq!(Method::parse(method.name()), Some(method));
            assert_eq!(serde_json::to_value(method).unwrap(), method.name());
            assert_eq!(serde_json::from_value::<Method>(method.name().into()).unwrap(), method);
        }
        assert_eq!(Method::parse("cash"), None);
    }
}

//! The rules that configured values must keep, all checked at once so that one run shows every mistake.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::tz::TimeZone;
use ledger::{Amount, Unit};

use super::{
    Environment, Executor, HOLD_TTL_CEILING_SECONDS, Limits, Method, Postgres, Problem, Settings, Site, Stripe,
    UnitAmounts,
};
use crate::billing::{Country, coin_minor};

impl Settings {
    /// Every rule that these values break, sorted by key; empty when all is well.
    pub fn validate(&self) -> Vec<Problem> {
        let mut check = Check(Vec::new());
        check.url("public_url", &self.public_url);
        let key = self.bootstrap_operator_key.expose();
        let plausible = key.starts_with("sk_") && (12..=200).contains(&key.len()) && key.bytes().all(is_key_byte);
        if self.bootstrap_operator_key.is_set() && !plausible {
            let rule = "must begin with sk_, be 12 to 200 long and hold only letters, digits and _";
            check.push("bootstrap_operator_key", rule);
        } else if self.environment == Environment::Live && key.starts_with("sk_test_") {
            check.push("bootstrap_operator_key", "is a test key, but environment is live: use another");
        }
        self.brand.validate(&mut check);
        self.validate_limits(&mut check);
        self.billing.validate(&mut check);
        self.portal.validate(&mut check);
        self.validate_receipts(&mut check);
        self.exports.validate(&mut check);
        self.plans.validate(&mut check);
        self.vouchers.validate(&mut check);
        self.mail.validate(&mut check);
        self.alerts.validate(&mut check);
        self.sign_in.validate(&mut check);
        self.validate_stripe(&mut check);
        self.paypal.validate(self.environment, &mut check);
        self.vnpay.validate(&mut check);
        if !self.sites.values().any(|site| site.enabled) {
            check.push("sites", "no site is enabled: an account needs one");
        }
        let mut countries = BTreeMap::new();
        for (name, site) in &self.sites {
            site.validate(name, &mut countries, &mut check);
        }
        check.0.sort();
        check.0
    }

    fn validate_limits(&self, check: &mut Check) {
        let Limits { api_body_bytes, webhook_body_bytes, batch_items, queue_length, page_size, .. } = self.limits;
        check.range("server.drain_seconds", self.server.drain_seconds, 0, 600);
        check.range("limits.api_body_bytes", api_body_bytes, 1_024, 64 << 20);
        check.range("limits.webhook_body_bytes", webhook_body_bytes, 1_024, 16 << 20);
        check.range("limits.batch_items", batch_items, 1, 10_000);
        check.range("limits.queue_length", queue_length, 16, 10_000_000);
        check.range("limits.page_size", page_size, 1, 1_000);
        let longest = self.limits.hold_ttl_max_seconds;
        check.range("limits.hold_ttl_max_seconds", longest, 1, HOLD_TTL_CEILING_SECONDS);
        check.range("limits.hold_ttl_seconds", self.limits.hold_ttl_seconds, 1, longest);
        let Executor { cached_accounts, fold_lag_max_rows, sweep_seconds } = self.executor;
        check.range("executor.cached_accounts", cached_accounts, 1_000, 100_000_000);
        check.range("executor.fold_lag_max_rows", fold_lag_max_rows, 10_000, 10_000_000);
        check.range("executor.sweep_seconds", sweep_seconds, 1, 60);
        let Postgres { executors, connections, .. } = self.postgres;
        check.range("postgres.executors", executors, 1, 64);
        check.range("postgres.connections", connections, 1, 1_000);
        for (name, timeout_ms) in [
            ("postgres.lock_timeout_ms", self.postgres.lock_timeout_ms),
            ("postgres.statement_timeout_ms", self.postgres.statement_timeout_ms),
            ("postgres.commit_timeout_ms", self.postgres.commit_timeout_ms),
            ("postgres.idle_in_transaction_timeout_ms", self.postgres.idle_in_transaction_timeout_ms),
        ] {
            check.range(name, timeout_ms, 100, 600_000);
        }
        check.range("purchase.cooldown_seconds", self.purchase.cooldown_seconds, 0, 86_400);
        check.range("purchase.pay_within_seconds", self.purchase.pay_within_seconds, 300, 86_400);
        self.purchase.brakes.validate(check);
        if self.log.level.trim().is_empty() {
            check.push("log.level", "is empty: write error, warn, info, debug or trace");
        }
    }

    fn validate_stripe(&self, check: &mut Check) {
        let Stripe { secret_key, publishable_key, webhook_secrets, base_url, api_version, timeout_ms } = &self.stripe;
        check.url("stripe.base_url", base_url);
        check.range("stripe.timeout_ms", *timeout_ms, 1_000, 120_000);
        if api_version.is_empty() {
            check.push("stripe.api_version", "is empty: leave the setting out to use the version this build knows");
        }
        if webhook_secrets.iter().any(|secret| !secret.is_set()) {
            check.push("stripe.webhook_secrets", "holds an empty secret: every signature would be refused or forged");
        }
        let environment = self.environment.as_str();
        if !publishable_key.is_empty() && !publishable_key.starts_with(&format!("pk_{environment}_")) {
            let rule = format!("must begin with pk_{environment}_: `environment` is {environment}");
            check.push("stripe.publishable_key", rule);
        }
        if !secret_key.is_set() {
            return;
        }
        let fits = ["sk", "rk"].iter().any(|kind| secret_key.expose().starts_with(&format!("{kind}_{environment}_")));
        if !fits {
            let rule =
                format!("must begin with sk_{environment}_ or rk_{environment}_: `environment` is {environment}");
            check.push("stripe.secret_key", rule);
        }
        if webhook_secrets.is_empty() {
            let rule = "is empty: credits arrive only with verified notices, so set the endpoint's whsec_ secret";
            check.push("stripe.webhook_secrets", rule);
        }
    }
}

/// The secret part of a key is letters and digits, its parts are joined by `_`.
fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

impl Site {
    fn validate(&self, name: &str, countries: &mut BTreeMap<String, String>, check: &mut Check) {
        let at = |rest: &str| format!("sites.{name}.{rest}");
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
            check.push(&format!("sites.{name}"), "a site's name is lower-case letters, digits and _");
        }
        for code in &self.countries {
            if Country::parse(code).is_none() {
                check.push(&at("countries"), format!("{code:?} is not an ISO 3166 code such as VN"));
            } else if let Some(other) = countries.insert(code.clone(), name.to_owned()) {
                check.push(&at("countries"), format!("{code} belongs to site {other} already"));
            }
        }
        if self.units.is_empty() {
            check.push(&at("units"), "is empty: name at least one unit, such as [\"USD\"]");
        }
        if BTreeSet::from_iter(&self.units).len() < self.units.len() {
            check.push(&at("units"), "names a unit twice");
        }
        for unit in &self.units {
            let packs = *unit == Unit::CREDIT && !self.packs.is_empty();
            match self.amounts.get(unit) {
                Some(amounts) => amounts.validate(&at(&format!("amounts.{unit}")), *unit, check),
                None if packs => {}
                None => check.push(&at(&format!("amounts.{unit}")), "is missing: set minimum, maximum and methods"),
            }
        }
        self.validate_packs(&at("packs"), check);
        check.range(&at("topup_valid_months"), self.topup_valid_months, 0, 120);
        if TimeZone::get(&self.time_zone).is_err() {
            check.push(&at("time_zone"), format!("{:?} is no IANA time zone such as Asia/Tokyo", self.time_zone));
        }
        validate_methods(&at("pack_methods"), &self.pack_methods, check);
    }

    fn validate_packs(&self, key: &str, check: &mut Check) {
        if !self.packs.is_empty() && !self.units.contains(&Unit::CREDIT) {
            check.push(key, "packs sell credits: add \"CREDIT\" to the site's units");
        }
        let charged = self.pack_methods.values().flatten().collect::<BTreeSet<_>>();
        let mut seen = BTreeSet::new();
        for pack in &self.packs {
            let credits = pack.credits;
            if credits < 1 || pack.amount().is_none() {
                check.push(key, format!("credits = {credits} is not a whole number of credits that can be sold"));
            }
            if !seen.insert(credits) {
                check.push(key, format!("the pack of {credits} credits is there twice"));
            }
            for (currency, price) in &pack.prices {
                if let Err(why) = whole_coins(*currency, price) {
                    check.push(key, format!("{credits} credits for {price:?} {currency}: {why}"));
                }
            }
            for currency in charged.iter().filter(|currency| !pack.prices.contains_key(currency)) {
                check.push(key, format!("the pack of {credits} credits has no price in {currency}"));
            }
        }
    }
}

impl UnitAmounts {
    fn validate(&self, key: &str, unit: Unit, check: &mut Check) {
        let mut read = |name: &str, text: &str| match whole_coins(unit, text) {
            Ok(amount) => Some(amount),
            Err(why) => {
                check.push(&format!("{key}.{name}"), format!("{text:?} {unit}: {why}"));
                None
            }
        };
        let minimum = read("minimum", &self.minimum);
        let maximum = read("maximum", &self.maximum);
        let suggested = self.suggested.iter().map(|text| (text, read("suggested", text))).collect::<Vec<_>>();
        if let (Some(minimum), Some(maximum)) = (minimum, maximum) {
            if minimum > maximum {
                check.push(&format!("{key}.minimum"), "is larger than the maximum");
            }
            for (text, amount) in suggested {
                if amount.is_some_and(|amount| amount < minimum || amount > maximum) {
                    check.push(&format!("{key}.suggested"), format!("{text} is outside minimum and maximum"));
                }
            }
        }
        validate_methods(&format!("{key}.methods"), &self.methods, check);
    }
}

/// The matrix of methods and charged currencies: each must be one that the method's gateway takes.
fn validate_methods(key: &str, methods: &BTreeMap<Method, Vec<Unit>>, check: &mut Check) {
    for (method, currencies) in methods {
        if currencies.is_empty() {
            check.push(key, format!("{method:?} names no currency: leave the method out to switch it off"));
        }
        for currency in currencies {
            if *currency == Unit::CREDIT {
                check.push(key, format!("{method:?} cannot charge CREDIT: name a currency"));
            } else if coin_minor(*method, *currency).is_none() {
                let only = if *method == Method::VnPay { ", only VND" } else { "" };
                check.push(key, format!("{method:?} cannot charge {currency}{only}"));
            }
        }
    }
}

/// Reads money that can be paid: positive and a whole number of the unit's smallest coin.
pub(super) fn whole_coins(unit: Unit, text: &str) -> Result<Amount, String> {
    let amount = unit.parse_amount(text).map_err(|error| error.to_string())?;
    if !amount.is_positive() {
        return Err("must be more than 0".to_owned());
    }
    match unit.from_minor(unit.floor_minor(amount)) {
        Some(whole) if whole == amount => Ok(amount),
        _ => Err(format!("can be paid with {} decimals at most", unit.exponent())),
    }
}

/// Collects problems.
pub(super) struct Check(Vec<Problem>);

impl Check {
    pub(super) fn push(&mut self, key: &str, message: impl Into<String>) {
        self.0.push(Problem { key: key.to_owned(), message: message.into() });
    }

    pub(super) fn range<T: PartialOrd + fmt::Display>(&mut self, key: &str, value: T, least: T, most: T) {
        if value < least || value > most {
            self.push(key, format!("{value} is out of range: {least} to {most}"));
        }
    }

    pub(super) fn url(&mut self, key: &str, url: &str) {
        let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        if host.is_none_or(|host| host.is_empty() || host.ends_with('/') || host.contains([' ', '?', '#', '@'])) {
            self.push(key, format!("{url:?} must be http(s)://HOST without a slash, query or user at the end"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{DatabaseUrl, Pack, Secret};
    use super::*;

    fn unit(code: &str) -> Unit {
        Unit::parse(code).unwrap()
    }

    #[test]
    fn the_shipped_values_are_valid() {
        let settings = Settings::default();
        assert_eq!(settings.validate(), []);
        let bounds = settings.sites["vn"].amounts[&unit("VND")].bounds(unit("VND")).unwrap();
        assert_eq!(Some(bounds.minimum), unit("VND").from_minor(500_000));
        assert_eq!(bounds.suggested.len(), 3);
        let pack = settings.sites["api"].pack(10_000).unwrap();
        assert_eq!(pack.price(unit("EUR")), unit("EUR").from_minor(950));
        assert_eq!(pack.price(unit("GBP")), None);
        assert_eq!(settings.sites["api"].pack(15_000), None);
    }

    #[test]
    fn every_broken_rule_is_named_by_its_key() {
        type Break = fn(&mut Settings);
        fn vnd(settings: &mut Settings) -> &mut UnitAmounts {
            settings.sites.get_mut("vn").unwrap().amounts.get_mut(&Unit::parse("VND").unwrap()).unwrap()
        }
        fn api(settings: &mut Settings) -> &mut Site {
            settings.sites.get_mut("api").unwrap()
        }
        let table: &[(&str, &str, Break)] = &[
            ("public_url", "without a slash", |s| s.public_url = "https://a.example/".into()),
            ("public_url", "http(s)", |s| s.public_url = "ftp://a.example".into()),
            ("bootstrap_operator_key", "sk_", |s| s.bootstrap_operator_key = Secret::new("ck_test_abcdefgh")),
            ("bootstrap_operator_key", "12 to 200", |s| s.bootstrap_operator_key = Secret::new("sk_short")),
            ("bootstrap_operator_key", "test key", |s| {
                s.environment = Environment::Live;
                s.bootstrap_operator_key = Secret::new("sk_test_abcdefgh");
            }),
            ("postgres.executors", "1 to 64", |s| s.postgres.executors = 0),
            ("postgres.connections", "1 to 1000", |s| s.postgres.connections = 1_001),
            ("postgres.commit_timeout_ms", "100 to 600000", |s| s.postgres.commit_timeout_ms = 99),
            ("server.drain_seconds", "0 to 600", |s| s.server.drain_seconds = 601),
            ("limits.batch_items", "out of range", |s| s.limits.batch_items = 0),
            ("limits.hold_ttl_seconds", "1 to 60", |s| {
                (s.limits.hold_ttl_max_seconds, s.limits.hold_ttl_seconds) = (60, 61)
            }),
            ("limits.hold_ttl_max_seconds", "604800", |s| s.limits.hold_ttl_max_seconds = 604_801),
            ("executor.fold_lag_max_rows", "10000 to", |s| s.executor.fold_lag_max_rows = 1),
            ("log.level", "empty", |s| s.log.level = " ".into()),
            ("stripe.publishable_key", "pk_test_", |s| s.stripe.publishable_key = "sk_test_1".into()),
            ("stripe.webhook_secrets", "is empty", |s| s.stripe.secret_key = Secret::new("sk_test_1")),
            ("stripe.webhook_secrets", "empty secret", |s| s.stripe.webhook_secrets = vec![Secret::new("")]),
            ("sites", "no site", |s| s.sites.clear()),
            ("sites.vn.amounts.VND.minimum", "plain digits", |s| vnd(s).minimum = "5e5".into()),
            ("sites.vn.amounts.VND.minimum", "larger than the maximum", |s| vnd(s).maximum = "1".into()),
            ("sites.vn.amounts.VND.maximum", "0 decimals", |s| vnd(s).maximum = "9999999.5".into()),
            ("sites.vn.amounts.VND.suggested", "outside", |s| vnd(s).suggested.push("1".into())),
            ("sites.vn.amounts.VND.methods", "only VND", |s| {
                drop(vnd(s).methods.insert(Method::VnPay, vec![Unit::parse("USD").unwrap()]))
            }),
            ("sites.vn.amounts.VND.methods", "PayPal cannot charge VND", |s| {
                drop(vnd(s).methods.insert(Method::PayPal, vec![Unit::parse("VND").unwrap()]))
            }),
            ("sites.vn.amounts.VND.methods", "no currency", |s| drop(vnd(s).methods.insert(Method::Stripe, vec![]))),
            ("sites.vn.amounts.VND", "missing", |s| s.sites.get_mut("vn").unwrap().amounts.clear()),
            ("sites.vn.countries", "already", |s| s.sites.get_mut("jp").unwrap().countries.push("VN".into())),
            ("sites.vn.countries", "ISO 3166", |s| s.sites.get_mut("vn").unwrap().countries.push("vn".into())),
            ("sites.api.packs", "no price in EUR", |s| {
                drop(api(s).packs[0].prices.remove(&Unit::parse("EUR").unwrap()))
            }),
            ("sites.api.packs", "there twice", |s| {
                let pack = api(s).packs[0].clone();
                api(s).packs.push(pack)
            }),
            ("sites.api.packs", "can be sold", |s| api(s).packs.push(Pack::default())),
            ("sites.api.pack_methods", "CREDIT", |s| {
                drop(api(s).pack_methods.insert(Method::Stripe, vec![Unit::CREDIT]))
            }),
        ];
        for (key, fragment, spoil) in table {
            let mut settings = Settings::default();
            spoil(&mut settings);
            let problems = settings.validate();
            let found = problems.iter().any(|problem| problem.key == *key && problem.message.contains(fragment));
            assert!(found, "{key}: {fragment}: {problems:#?}");
        }
    }

    #[test]
    fn the_gateway_key_must_fit_the_environment() {
        use super::super::Environment::{Live, Test};
        for (environment, key, fits) in [
            (Test, "sk_test_1", true),
            (Test, "rk_test_1", true),
            (Test, "sk_live_1", false),
            (Live, "sk_live_1", true),
            (Live, "sk_test_1", false),
            (Live, "pk_live_1", false),
        ] {
            let mut settings = Settings { environment, ..Settings::default() };
            settings.stripe.secret_key = Secret::new(key);
            settings.stripe.webhook_secrets = vec![Secret::new("whsec_1")];
            assert_eq!(settings.validate().is_empty(), fits, "{environment:?} {key}");
        }
    }

    #[test]
    fn a_database_url_names_a_file_or_a_server() {
        for (url, path) in
            [("sqlite:a.db", "a.db"), ("sqlite:/var/a.db", "/var/a.db"), ("sqlite:///var/a.db", "/var/a.db")]
        {
            assert_eq!(url.parse(), Ok(DatabaseUrl::Sqlite(path.into())), "{url}");
        }
        assert_eq!("postgres://u:p@h/d".parse(), Ok(DatabaseUrl::Postgres(Secret::new("postgres://u:p@h/d"))));
        for url in ["", "sqlite:", "sqlite::memory:", "mysql://h/d", "scrip.db"] {
            assert!(url.parse::<DatabaseUrl>().is_err(), "{url}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let settings = Settings {
            database_url: "postgres://u:hunter2@h/d".parse().unwrap(),
            bootstrap_operator_key: Secret::new("sk_test_hunter2"),
            ..Settings::default()
        };
        assert!(!format!("{settings:?}").contains("hunter2"));
    }
}

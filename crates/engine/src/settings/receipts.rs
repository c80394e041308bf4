//! Receipts: who issues them, under which numbers, with which taxes and words.
//!
//! Everything that differs by law is data here: sellers by site, taxes and notes by the buyer's country, dated rates.
//! Invariants of valid settings: no two sellers share a series of numbers, at no site and in no year; a series holds only
//! characters that are safe in a file name. Nothing is shipped that would be a claim about somebody's taxes: without a
//! seller no receipt is issued, without a tax none is shown. Deliberately absent: tax law.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};

use super::validate::Check;
use super::{EVERYWHERE, Language, Settings};
use crate::billing::Country;

/// The key of the seller for sites without one of their own.
const ANY_SITE: &str = "any";
/// Longest series, in bytes, before its number.
const MAX_SERIES_BYTES: usize = 40;
/// Longest line of a receipt, in characters.
const MAX_LINE_CHARS: usize = 500;
/// The most a tax may be: 100 %.
const MAX_PERCENT_E4: u32 = 1_000_000;

/// Receipts of credited payments.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Receipts {
    /// Who sells, by site; `any` for the others. Without a seller no receipt is issued.
    pub sellers: BTreeMap<String, Seller>,
    /// Taxes by the buyer's country (ISO 3166 code, `ANY` for the rest).
    pub taxes: BTreeMap<String, Tax>,
    /// Paragraphs at the end, by the buyer's country (`ANY` for the rest), then by language.
    pub notes: BTreeMap<String, BTreeMap<Language, Vec<String>>>,
    /// What was bought, by language.
    pub description: BTreeMap<Language, String>,
    /// What a receipt says when money went back since, by language; `{amount}` stands for how much.
    pub refund_note: BTreeMap<Language, String>,
}

/// Who sells and issues receipts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Seller {
    /// The legal name.
    pub name: String,
    /// The address in lines, in the order of its country.
    pub address: Vec<String>,
    /// The Japanese invoice registration number, `T` and 13 digits; empty = none.
    pub registration_number: String,
    /// The tax code of other countries; empty = none.
    pub tax_code: String,
    /// How to reach the seller about a receipt; empty = not said.
    pub contact: String,
    /// The time zone of the seller's books, an IANA name: it decides in which year a receipt is issued, and which tax
    /// rate is in force.
    pub zone: String,
    /// What numbers begin with. `{year}` is the year of issue, `{site}` the site in capitals; each gets numbers of its own.
    pub series: String,
}

/// How a sale of credits is taxed in a country.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tax {
    /// When the tax arises.
    pub tax_point: TaxPoint,
    /// The rates. Those in force on the day of payment all apply to the same base; prices include them.
    pub rates: Vec<TaxRate>,
}

/// When tax on credits arises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaxPoint {
    /// When credits are sold: the receipt shows the tax.
    TopUp,
    /// When they are used: the receipt is for an advance and shows none.
    #[default]
    Usage,
}

impl TaxPoint {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            TaxPoint::TopUp => "top_up",
            TaxPoint::Usage => "usage",
        }
    }
}

/// A tax at one rate, for a time.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaxRate {
    /// What it is called, by language; `en` at least.
    pub names: BTreeMap<Language, String>,
    /// The rate.
    pub percent: Percent,
    /// The first day it applies to; since ever when left out.
    #[serde(default)]
    pub from: Option<Day>,
    /// The last day it applies to; until further notice when left out.
    #[serde(default)]
    pub until: Option<Day>,
}

/// A rate in percent with at most four decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Percent {
    e4: u32,
}

impl Percent {
    /// It in ten-thousandths of a percent: 8 % is 80,000.
    pub const fn e4(self) -> u32 {
        self.e4
    }
}

impl FromStr for Percent {
    type Err = String;

    fn from_str(text: &str) -> Result<Percent, String> {
        let rule = || format!("{text:?} must be a percentage in plain digits from 0 to 100, such as \"8\" or \"8.25\"");
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let plain = |part: &str, most: usize| {
            (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !plain(whole, 3) || !plain(fraction, 4) {
            return Err(rule());
        }
        let e4 = format!("{whole}{fraction:0<4}").parse().map_err(|_| rule())?;
        if e4 > MAX_PERCENT_E4 { Err(rule()) } else { Ok(Percent { e4 }) }
    }
}

impl TryFrom<String> for Percent {
    type Error = String;

    fn try_from(text: String) -> Result<Percent, String> {
        text.parse()
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.e4 / 10_000, self.e4 % 10_000);
        match format!("{rest:04}").trim_end_matches('0') {
            "" => write!(f, "{whole}"),
            fraction => write!(f, "{whole}.{fraction}"),
        }
    }
}

/// A day of the calendar, `2026-12-31`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Day(pub Date);

impl TryFrom<String> for Day {
    type Error = String;

    fn try_from(text: String) -> Result<Day, String> {
        let date = if text.len() == 10 { text.parse().ok() } else { None };
        date.map(Day).ok_or_else(|| format!("{text:?} must be a day such as \"2026-12-31\""))
    }
}

/// A time zone of the database that is compiled in, so that documents do not change with the machine.
pub(crate) fn zone(name: &str) -> Option<TimeZone> {
    TimeZoneDatabase::bundled().get(name).ok()
}

/// The text in a language, else in English.
pub(crate) fn in_language<T>(texts: &BTreeMap<Language, T>, language: Language) -> Option<&T> {
    texts.get(&language).or_else(|| texts.get(&Language::En))
}

impl TaxRate {
    /// Whether it applies to a day.
    pub fn applies_on(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from.0 <= day) && self.until.is_none_or(|until| day <= until.0)
    }
}

impl Seller {
    /// The series of a year at a site.
    pub fn series_of(&self, site: &str, year: i16) -> String {
        self.series.replace("{year}", &format!("{year:04}")).replace("{site}", &site.to_uppercase())
    }
}

impl Receipts {
    /// Who sells at a site; `None` when nobody is set.
    pub fn seller(&self, site: &str) -> Option<&Seller> {
        self.seller_key(site).and_then(|key| self.sellers.get(key))
    }

    fn seller_key<'a>(&self, site: &'a str) -> Option<&'a str> {
        [site, ANY_SITE].into_iter().find(|key| self.sellers.contains_key(*key))
    }

    /// How a buyer's country taxes credits.
    pub fn tax(&self, country: Option<Country>) -> Option<&Tax> {
        of_country(&self.taxes, country)
    }

    /// The paragraphs for a buyer.
    pub fn notes(&self, country: Option<Country>, language: Language) -> &[String] {
        let notes = of_country(&self.notes, country).and_then(|texts| in_language(texts, language));
        notes.map_or(&[], Vec::as_slice)
    }
}

fn of_country<T>(map: &BTreeMap<String, T>, country: Option<Country>) -> Option<&T> {
    country.and_then(|country| map.get(country.code())).or_else(|| map.get(EVERYWHERE))
}

impl Settings {
    pub(super) fn validate_receipts(&self, check: &mut Check) {
        let receipts = &self.receipts;
        for (site, seller) in &receipts.sellers {
            if site != ANY_SITE && !self.sites.contains_key(site) {
                check.push("receipts.sellers", format!("{site} is no site: name one of them, or {ANY_SITE}"));
            }
            seller.validate(site, check);
        }
        self.validate_series(check);
        for (country, tax) in &receipts.taxes {
            validate_country("receipts.taxes", country, check);
            tax.validate(country, check);
        }
        for (country, languages) in &receipts.notes {
            validate_country("receipts.notes", country, check);
            if !languages.contains_key(&Language::En) {
                check.push("receipts.notes", format!("{country}: has no text in English (en), which stands in"));
            }
            for text in languages.values().flatten() {
                validate_line("receipts.notes", country, text, check);
            }
        }
        for (key, texts) in
            [("receipts.description", &receipts.description), ("receipts.refund_note", &receipts.refund_note)]
        {
            if !texts.contains_key(&Language::En) {
                check.push(key, "has no text in English (en), which stands in for other languages");
            }
            texts.iter().for_each(|(language, text)| validate_line(key, language.code(), text, check));
        }
    }

    /// Every site has a seller once one has, and no two sellers share a series.
    fn validate_series(&self, check: &mut Check) {
        let receipts = &self.receipts;
        let mut owners: BTreeMap<String, &str> = BTreeMap::new();
        for site in self.sites.keys() {
            let Some(key) = receipts.seller_key(site) else {
                if !receipts.sellers.is_empty() {
                    check.push("receipts.sellers", format!("the site {site} has none: add it, or {ANY_SITE}"));
                }
                continue;
            };
            let series = receipts.sellers[key].series.replace("{site}", &site.to_uppercase());
            let owner = owners.entry(series).or_insert(key);
            if *owner != key {
                let rule = format!("{owner} and {key} number their receipts in the same series: change one `series`");
                check.push("receipts.sellers", rule);
            }
        }
    }
}

impl Seller {
    fn validate(&self, site: &str, check: &mut Check) {
        let key = "receipts.sellers";
        validate_line(key, &format!("{site}.name"), &self.name, check);
        self.address.iter().for_each(|line| validate_line(key, &format!("{site}.address"), line, check));
        for (name, text) in [("tax_code", &self.tax_code), ("contact", &self.contact)] {
            if !text.is_empty() {
                validate_line(key, &format!("{site}.{name}"), text, check);
            }
        }
        let number = &self.registration_number;
        let digits = number.strip_prefix('T').filter(|digits| digits.len() == 13).unwrap_or("-");
        if !number.is_empty() && digits.bytes().any(|byte| !byte.is_ascii_digit()) {
            check.push(key, format!("{site}.registration_number: {number:?} must be T and 13 digits"));
        }
        if zone(&self.zone).is_none() {
            let rule = "must be a name of the IANA database such as \"Asia/Ho_Chi_Minh\"";
            check.push(key, format!("{site}.zone: {:?} {rule}", self.zone));
        }
        let plain = self.series.replace("{year}", "").replace("{site}", "");
        let safe = plain.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if self.series.is_empty() || self.series.len() > MAX_SERIES_BYTES || !safe {
            let rule = "must be 1 to 40 letters, digits, - and _, with {year} and {site} where wanted";
            check.push(key, format!("{site}.series: {:?} {rule}", self.series));
        }
    }
}

impl Tax {
    fn validate(&self, country: &str, check: &mut Check) {
        let key = "receipts.taxes";
        if self.tax_point == TaxPoint::Usage && !self.rates.is_empty() {
            check.push(key, format!("{country}: rates are shown only where tax_point is \"top_up\": drop them"));
        }
        for rate in &self.rates {
            if !rate.names.contains_key(&Language::En) {
                check.push(key, format!("{country}: a rate has no name in English (en), which stands in"));
            }
            rate.names.values().for_each(|name| validate_line(key, country, name, check));
            if rate.from.zip(rate.until).is_some_and(|(from, until)| from > until) {
                check.push(key, format!("{country}: a rate of {} % ends before it begins", rate.percent));
            }
        }
        for (at, rate) in self.rates.iter().enumerate() {
            let overlaps = |other: &&TaxRate| {
                let before = |end: Option<Day>, start: Option<Day>| end.zip(start).is_some_and(|(e, s)| e < s);
                other.names == rate.names && !before(other.until, rate.from) && !before(rate.until, other.from)
            };
            if let Some(other) = self.rates.iter().take(at).find(overlaps) {
                let rule = "of the same name are in force on the same day: end one, or name them apart";
                check.push(key, format!("{country}: {} % and {} % {rule}", other.percent, rate.percent));
            }
        }
    }
}

fn validate_country(key: &str, country: &str, check: &mut Check) {
    if country != EVERYWHERE && Country::parse(country).is_none() {
        check.push(key, format!("{country} is not an ISO 3166 code such as VN, nor {EVERYWHERE}"));
    }
}

fn validate_line(key: &str, what: &str, text: &str, check: &mut Check) {
    let long = text.chars().count() > MAX_LINE_CHARS;
    if text.trim().is_empty() || long || text.chars().any(char::is_control) {
        check.push(key, format!("{what}: must have 1 to {MAX_LINE_CHARS} characters on one line"));
    }
}

impl Default for Seller {
    fn default() -> Self {
        Seller {
            name: String::new(),
            address: Vec::new(),
            registration_number: String::new(),
            tax_code: String::new(),
            contact: String::new(),
            zone: "UTC".to_owned(),
            series: "R-{year}".to_owned(),
        }
    }
}

impl Default for Receipts {
    fn default() -> Self {
        let texts = |list: [(Language, &str); 3]| list.map(|(language, text)| (language, text.to_owned())).into();
        Receipts {
            sellers: BTreeMap::new(),
            taxes: BTreeMap::new(),
            notes: BTreeMap::new(),
            description: texts([
                (Language::En, "Account credits"),
                (Language::Ja, "クレジット残高のチャージ"),
                (Language::Vi, "Nạp credit vào tài khoản"),
            ]),
            refund_note: texts([
                (Language::En, "Refunded since this receipt was issued: {amount}."),
                (Language::Ja, "本書の発行後に返金済みの金額：{amount}"),
                (Language::Vi, "Đã hoàn tiền sau khi xuất biên nhận này: {amount}."),
            ]),
        }
    }
}

#[cfg(test)]
#[path = "receipts_tests.rs"]
mod tests;

//! A range of days, as an address has it, and the ranges that people ask for.
//!
//! Days are those of the page's zone: a range begins with its first midnight and ends with the one after its last day. A
//! text that is no day counts as none.

use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Span, ToSpan};
use ledger::Timestamp;

use crate::components::{Control, Field, Link};
use crate::form::{self, Fields};
use crate::session::Visitor;

/// A range of days, open where nothing was said.
#[derive(Clone, Debug, Default)]
pub struct Range {
    first: Option<Date>,
    last: Option<Date>,
    /// The instant at which it begins.
    pub from: Option<Timestamp>,
    /// The instant at which it has ended.
    pub to: Option<Timestamp>,
}

impl Range {
    /// Reads `from` and `to` of an address.
    pub fn read(visitor: &Visitor, fields: &Fields) -> Range {
        let zone = zone(visitor);
        let day = |name: &str| fields.given(name)?.parse::<Date>().ok();
        let (first, last) = (day("from"), day("to"));
        let from = first.and_then(|day| begins(day, &zone));
        let to = last.and_then(|day| begins(day.tomorrow().ok()?, &zone));
        Range { first: first.filter(|_| from.is_some()), last: last.filter(|_| to.is_some()), from, to }
    }

    /// The days that were understood, as the address names them.
    pub fn texts(&self) -> [(&'static str, Option<String>); 2] {
        [("from", self.first.map(|day| day.to_string())), ("to", self.last.map(|day| day.to_string()))]
    }

    /// The same as instants, as the API takes them.
    pub fn instants(&self) -> [(&'static str, Option<String>); 2] {
        [("from", self.from.map(crate::show::machine_time)), ("to", self.to.map(crate::show::machine_time))]
    }

    /// Each end in words, with its name in the address.
    pub fn parts(&self, visitor: &Visitor) -> [(&'static str, Option<String>); 2] {
        let since = |from| visitor.words.with("portal-since", &[("date", &visitor.show.date(from))]);
        let until = |to| visitor.words.with("portal-until", &[("date", &visitor.show.last_day(to))]);
        [("from", self.from.map(since)), ("to", self.to.map(until))]
    }

    /// The whole in the language of the page: browsers show days in a form of their own.
    pub fn text(&self, visitor: &Visitor) -> Option<String> {
        if self.from.is_none() && self.to.is_none() {
            return None;
        }
        let from = self.from.map_or_else(|| visitor.t("portal-range-start"), |from| visitor.show.date(from));
        let to = self.to.map_or_else(|| visitor.show.date(visitor.now), |to| visitor.show.last_day(to));
        Some(visitor.words.with("portal-range", &[("from", &from), ("to", &to)]))
    }

    /// The fields of a form.
    pub fn fields(&self, visitor: &Visitor) -> [Field; 2] {
        let word = visitor.t("portal-optional");
        let day = |name: &str, label: &str, value: Option<Date>| {
            let value = value.map(|day| day.to_string()).unwrap_or_default();
            Field::new(name, visitor.t(label), Control::Line("date")).value(value).optional(&word)
        };
        [day("from", "portal-filter-from", self.first), day("to", "portal-filter-to", self.last)]
    }
}

/// Links to ranges that people ask for: this month, the last one, the fiscal year.
pub fn presets(visitor: &Visitor, path: &str) -> Vec<Link> {
    let Ok(now) = jiff::Timestamp::from_microsecond(visitor.now.micros()) else { return Vec::new() };
    let today = now.to_zoned(zone(visitor)).date();
    let month = today.first_of_month();
    let last_month = month.checked_sub(1.month()).unwrap_or(month);
    let year = fiscal_year(today, &visitor.account.site);
    let year_end = year.checked_add(Span::new().years(1)).and_then(Date::yesterday).unwrap_or(today);
    let ranges = [
        ("portal-this-month", month, today.last_of_month()),
        ("portal-last-month", last_month, last_month.last_of_month()),
        ("portal-fiscal-year", year, year_end),
    ];
    let link = |(key, from, to): (&str, Date, Date)| {
        let (from, to) = (from.to_string(), to.to_string());
        Link::to(form::url(path, [("from", from.as_str()), ("to", to.as_str())]), visitor.t(key))
    };
    ranges.map(link).into()
}

/// The first day of the fiscal year: April in Japan, January elsewhere.
fn fiscal_year(today: Date, site: &str) -> Date {
    let first_month = if site == "jp" { 4 } else { 1 };
    let year = if today.month() >= first_month { today.year() } else { today.year() - 1 };
    Date::new(year, first_month, 1).unwrap_or(today)
}

fn zone(visitor: &Visitor) -> TimeZone {
    TimeZoneDatabase::bundled().get(visitor.show.locale().zone()).unwrap_or(TimeZone::UTC)
}

/// The instant at which a day begins; where clocks skip midnight, the first instant after it.
fn begins(day: Date, zone: &TimeZone) -> Option<Timestamp> {
    let at = day.to_zoned(zone.clone()).ok()?;
    Some(Timestamp::from_micros(at.timestamp().as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fiscal_years_begin_where_books_are_closed() {
        // day, site, first day
        let table = [
            ("2026-11-20", "jp", "2026-04-01"),
            ("2026-03-31", "jp", "2025-04-01"),
            ("2026-04-01", "jp", "2026-04-01"),
            ("2026-11-20", "vn", "2026-01-01"),
        ];
        for (day, site, first) in table {
            assert_eq!(fiscal_year(day.parse().unwrap(), site).to_string(), first, "{day} {site}");
        }
    }

    #[test]
    fn a_day_begins_in_its_zone_also_where_clocks_change() {
        let at = |day: &str, zone: &str| {
            let zone = TimeZoneDatabase::bundled().get(zone).unwrap();
            crate::show::machine_time(begins(day.parse().unwrap(), &zone).unwrap())
        };
        assert_eq!(at("2026-11-20", "Asia/Ho_Chi_Minh"), "2026-11-19T17:00:00Z");
        assert_eq!(at("2026-03-08", "America/New_York"), "2026-03-08T05:00:00Z");
        // Clocks go from 24:00 to 01:00 in Beirut on this day.
        assert_eq!(at("2026-03-29", "Asia/Beirut"), "2026-03-28T22:00:00Z");
    }
}

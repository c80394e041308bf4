//! What of the history is shown: filters as an address has them.
//!
//! A text that is no filter counts as none: an old link still opens. Days are those of the page's zone.

use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Span, ToSpan};
use ledger::{Kind, LotKind, Timestamp};
use store::{EntryFilter, EntryStatus};

use crate::components::Link;
use crate::form::{self, Fields};
use crate::session::Visitor;

/// Kinds that can be chosen: those that change a balance.
pub const KINDS: [Kind; 9] = [
    Kind::Grant,
    Kind::Debit,
    Kind::Capture,
    Kind::Reversal,
    Kind::Adjustment,
    Kind::Expiry,
    Kind::Void,
    Kind::Clawback,
    Kind::Reinstatement,
];
/// Balances that can be chosen, in the order of the overview.
pub const SOURCES: [LotKind; 5] =
    [LotKind::TopUp, LotKind::Voucher, LotKind::Subscription, LotKind::Manual, LotKind::Setup];

/// Filters, as names and texts that were checked.
#[derive(Clone, Debug, Default)]
pub struct Query {
    texts: Vec<(&'static str, String)>,
    source: Option<LotKind>,
    kind: Option<Kind>,
    status: Option<EntryStatus>,
    service: Option<String>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    /// Entries below this number.
    pub before: Option<u64>,
}

impl Query {
    /// Reads an address.
    pub fn read(visitor: &Visitor, fields: &Fields) -> Query {
        let zone = zone(visitor);
        let day = |name: &str| fields.given(name)?.parse::<Date>().ok();
        let (from, to) = (day("from"), day("to"));
        let find = |name| fields.given(name);
        let mut query = Query {
            source: find("source").and_then(|name| SOURCES.into_iter().find(|kind| kind.name() == name)),
            kind: find("kind").and_then(|name| KINDS.into_iter().find(|kind| kind.name() == name)),
            status: find("status").and_then(|name| EntryStatus::ALL.into_iter().find(|status| status.name() == name)),
            service: find("service").map(str::to_owned),
            from: from.and_then(|day| begins(day, &zone)),
            to: to.and_then(|day| begins(day.tomorrow().ok()?, &zone)),
            before: find("before").and_then(|text| text.parse().ok()),
            texts: Vec::new(),
        };
        let known = [
            ("source", query.source.is_some()),
            ("kind", query.kind.is_some()),
            ("status", query.status.is_some()),
            ("service", query.service.is_some()),
            ("from", query.from.is_some()),
            ("to", query.to.is_some()),
            ("before", query.before.is_some()),
        ];
        let kept = known.into_iter().filter(|(_, is_known)| *is_known);
        query.texts = kept.map(|(name, _)| (name, fields.text(name).to_owned())).collect();
        query
    }

    /// A text of the address that counts, else an empty one.
    pub fn text(&self, name: &str) -> &str {
        self.texts.iter().find(|(known, _)| *known == name).map(|(_, text)| text.as_str()).unwrap_or_default()
    }

    /// As the store takes it.
    pub fn filter(&self) -> EntryFilter {
        EntryFilter {
            kinds: self.kind.into_iter().collect(),
            services: self.service.iter().cloned().collect(),
            statuses: self.status.into_iter().collect(),
            lot_kinds: self.source.into_iter().collect(),
            from: self.from,
            to: self.to,
        }
    }

    /// Whether anything is left out.
    pub fn is_filtered(&self) -> bool {
        self.texts.iter().any(|(name, _)| *name != "before")
    }

    /// Whether payments under way belong at the top.
    pub fn shows_pending(&self) -> bool {
        let top_ups =
            self.source.is_none_or(|kind| kind == LotKind::TopUp) && self.kind.is_none_or(|kind| kind == Kind::Grant);
        top_ups
            && self.service.is_none()
            && self.status.is_none()
            && self.from.is_none()
            && self.to.is_none()
            && self.before.is_none()
    }

    /// The filters in force in words, with the names that they have in the address.
    pub fn parts(&self, visitor: &Visitor) -> Vec<(&'static str, String)> {
        let words = |prefix: &str, name: &str| visitor.t(&format!("{prefix}{name}"));
        let texts = [
            ("source", self.source.map(|kind| words("history-source-", kind.name()))),
            ("kind", self.kind.map(|kind| words("history-kind-", kind.name()))),
            ("service", self.service.clone()),
            ("status", self.status.map(|status| words("history-status-", status.name()))),
            ("from", self.from.map(|from| visitor.words.with("portal-since", &[("date", &visitor.show.date(from))]))),
            ("to", self.to.map(|to| visitor.words.with("portal-until", &[("date", &visitor.show.last_day(to))]))),
        ];
        texts.into_iter().filter_map(|(name, text)| Some((name, text?))).collect()
    }

    /// The chosen days in the language of the page: browsers show them in their own.
    pub fn range_text(&self, visitor: &Visitor) -> Option<String> {
        if self.from.is_none() && self.to.is_none() {
            return None;
        }
        let from = self.from.map_or_else(|| visitor.t("portal-range-start"), |from| visitor.show.date(from));
        let to = self.to.map_or_else(|| visitor.show.date(visitor.now), |to| visitor.show.last_day(to));
        Some(visitor.words.with("portal-range", &[("from", &from), ("to", &to)]))
    }

    /// The list without one filter, from its newest entry on.
    pub fn without(&self, name: &str) -> String {
        form::url("/history", self.pairs().filter(|(known, _)| *known != name && *known != "before"))
    }

    /// The list from below an entry on.
    pub fn at(&self, before: u64) -> String {
        let before = before.to_string();
        let pairs = self.pairs().filter(|(known, _)| *known != "before");
        form::url("/history", pairs.chain([("before", before.as_str())]))
    }

    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts.iter().map(|(name, text)| (*name, text.as_str()))
    }

    /// The file with the same filters.
    pub fn export_url(&self, visitor: &Visitor, ending: &str) -> String {
        let instant = |at: Timestamp| crate::show::machine_time(at);
        let (from, to) = (self.from.map(instant), self.to.map(instant));
        let pairs = [
            ("balance_type", self.source.map(LotKind::name)),
            ("kind", self.kind.map(Kind::name)),
            ("service", self.service.as_deref()),
            ("status", self.status.map(EntryStatus::name)),
            ("from", from.as_deref()),
            ("to", to.as_deref()),
            ("language", Some(visitor.words.language.code())),
            ("zone", Some(visitor.show.locale().zone())),
        ];
        let path = format!("/v1/accounts/{}/entries.{ending}", visitor.account.id);
        form::url(&path, pairs.into_iter().filter_map(|(name, text)| Some((name, text?))))
    }
}

/// Ranges that people ask for: this month, the last one, the fiscal year.
pub fn presets(visitor: &Visitor) -> Vec<Link> {
    let zone = zone(visitor);
    let Ok(now) = jiff::Timestamp::from_microsecond(visitor.now.micros()) else { return Vec::new() };
    let today = now.to_zoned(zone).date();
    let month = today.first_of_month();
    let last_month = month.checked_sub(1.month()).unwrap_or(month);
    let year = fiscal_year(today, &visitor.account.site);
    let ranges = [
        ("portal-this-month", month, today.last_of_month()),
        ("portal-last-month", last_month, last_month.last_of_month()),
        ("portal-fiscal-year", year, year.checked_add(Span::new().years(1)).and_then(Date::yesterday).unwrap_or(today)),
    ];
    let link = |(key, from, to): (&str, Date, Date)| {
        let (from, to) = (from.to_string(), to.to_string());
        Link::to(form::url("/history", [("from", from.as_str()), ("to", to.as_str())]), visitor.t(key))
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

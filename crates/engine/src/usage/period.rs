//! Days of a calendar, as instants.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};
use ledger::Timestamp;

use crate::settings::zone;
use crate::{Error, Result};

/// Longest period, in days.
pub const MAX_DAYS: i32 = 366;

/// Whole days of a time zone, from the first to the last one.
#[derive(Clone, Debug, PartialEq)]
pub struct Period {
    zone: TimeZone,
    first: Date,
    days: i32,
}

impl Period {
    /// From `first` to `last`, both included, in the zone of an IANA name.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an unknown zone, a last day before the first one, more than [`MAX_DAYS`] days, and years
    /// that no calendar here has.
    pub fn new(zone_name: &str, first: Date, last: Date) -> Result<Period> {
        let zone = known_zone(zone_name)?;
        let days = first.until(last).map_or(-1, |span| span.get_days()).saturating_add(1);
        if days < 1 {
            return Err(Error::invalid("to", "must not be before from"));
        }
        if days > MAX_DAYS {
            return Err(Error::invalid("from", format!("must be at most {MAX_DAYS} days before to")));
        }
        // The period before it is asked for, too.
        let reachable =
            |day: i32| first.checked_add(days_of(day)).is_ok_and(|date| date.to_zoned(zone.clone()).is_ok());
        if !(reachable(-days) && reachable(days)) {
            return Err(Error::invalid("from", "must be a date from the year 1 to 9998"));
        }
        Ok(Period { zone, first, days })
    }

    /// The last `days` days, today included.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an unknown zone or a number of days out of range.
    pub fn last_days(zone_name: &str, now: Timestamp, days: i32) -> Result<Period> {
        let today = today(&known_zone(zone_name)?, now);
        let first = today.checked_sub(days_of(days.saturating_sub(1)));
        Period::new(zone_name, first.map_err(|error| Error::invalid("from", error.to_string()))?, today)
    }

    /// The first day.
    pub fn first(&self) -> Date {
        self.first
    }

    /// The last day.
    pub fn last(&self) -> Date {
        self.date(self.days - 1)
    }

    /// How many days.
    pub fn days(&self) -> i32 {
        self.days
    }

    /// The IANA name of its zone.
    pub fn zone(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// As many days directly before.
    #[must_use]
    pub fn before(&self) -> Period {
        Period { zone: self.zone.clone(), first: self.date(-self.days), days: self.days }
    }

    /// The date of a day, counted from 0.
    pub(super) fn date(&self, day: i32) -> Date {
        self.first.saturating_add(days_of(day))
    }

    /// When its days begin, and when the last one ends.
    pub(super) fn starts(&self) -> Vec<Timestamp> {
        (0..=self.days).map(|day| start_of_day(self.date(day), &self.zone)).collect()
    }
}

/// The zone of an IANA name.
pub(super) fn known_zone(name: &str) -> Result<TimeZone> {
    let unknown = || Error::invalid("zone", "must be the IANA name of a time zone, such as Asia/Tokyo");
    zone(name).ok_or_else(unknown)
}

/// The date of an instant.
pub(super) fn today(zone: &TimeZone, now: Timestamp) -> Date {
    let latest = jiff::Timestamp::MAX;
    jiff::Timestamp::from_microsecond(now.micros()).unwrap_or(latest).to_zoned(zone.clone()).date()
}

/// The first instant of a day; where clocks skip midnight, the one at which they go on.
fn start_of_day(date: Date, zone: &TimeZone) -> Timestamp {
    let start = date.to_zoned(zone.clone()).map(|zoned| zoned.timestamp().as_microsecond());
    Timestamp::from_micros(start.unwrap_or(i64::MAX))
}

fn days_of(days: i32) -> Span {
    days.days()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::usage::tally::QUARTER_US;

    #[test]
    fn days_are_those_of_the_zone() {
        // zone, first, last, start of the first day, lengths of the days in quarters of an hour
        let table: [(&str, Date, Date, &str, &[i64]); 6] = [
            ("UTC", date(2026, 11, 1), date(2026, 11, 2), "2026-11-01T00:00:00Z", &[96, 96]),
            ("Asia/Ho_Chi_Minh", date(2026, 11, 1), date(2026, 11, 1), "2026-10-31T17:00:00Z", &[96]),
            ("Asia/Kathmandu", date(2026, 11, 1), date(2026, 11, 1), "2026-10-31T18:15:00Z", &[96]),
            ("America/New_York", date(2026, 10, 31), date(2026, 11, 2), "2026-10-31T04:00:00Z", &[96, 100, 96]),
            ("Australia/Lord_Howe", date(2026, 10, 3), date(2026, 10, 5), "2026-10-02T13:30:00Z", &[96, 94, 96]),
            // Midnight is skipped: the day begins at one o'clock.
            ("Africa/Cairo", date(2026, 4, 23), date(2026, 4, 24), "2026-04-22T22:00:00Z", &[96, 92]),
        ];
        for (zone, first, last, start, quarters) in table {
            let starts = Period::new(zone, first, last).unwrap().starts();
            let start: jiff::Timestamp = start.parse().unwrap();
            assert_eq!(starts[0].micros(), start.as_microsecond(), "{zone}");
            let lengths: Vec<i64> = starts.windows(2).map(|day| day[1].micros() - day[0].micros()).collect();
            assert_eq!(lengths, quarters.iter().map(|count| count * QUARTER_US).collect::<Vec<_>>(), "{zone}");
            assert!(starts.iter().all(|start| start.micros() % QUARTER_US == 0), "{zone}");
        }
    }

    #[test]
    fn periods_have_bounds() {
        let day = date(2026, 3, 1);
        let period = |zone: &str, first: Date, last: Date| Period::new(zone, first, last).map(|period| period.days());
        assert_eq!(period("UTC", day, day).ok(), Some(1));
        assert_eq!(period("UTC", date(2025, 3, 1), day).ok(), Some(366));
        // zone, first, last, the field at fault
        let table = [
            ("Mars/Olympus", day, day, "zone"),
            ("UTC", day, date(2026, 2, 28), "to"),
            ("UTC", date(2025, 2, 28), day, "from"),
            ("UTC", date(-9999, 1, 1), date(-9999, 1, 2), "from"),
            ("UTC", date(9999, 12, 31), date(9999, 12, 31), "from"),
        ];
        for (zone, first, last, at) in table {
            let error = period(zone, first, last).unwrap_err();
            assert!(matches!(&error, Error::Invalid { param, .. } if param == at), "{zone} {first} {last}: {error}");
        }
        let march = Period::new("UTC", day, date(2026, 3, 31)).unwrap();
        let before = march.before();
        assert_eq!((before.first(), before.last(), before.days()), (date(2026, 1, 29), date(2026, 2, 28), 31));
        assert_eq!(before.starts().last(), march.starts().first());
    }

    #[test]
    fn the_last_days_end_with_today() {
        let now = Timestamp::from_micros("2026-11-20T16:30:00Z".parse::<jiff::Timestamp>().unwrap().as_microsecond());
        // zone, days, first, last
        let table = [
            ("UTC", 1, date(2026, 11, 20), date(2026, 11, 20)),
            ("Asia/Tokyo", 30, date(2026, 10, 23), date(2026, 11, 21)),
            ("America/New_York", 7, date(2026, 11, 14), date(2026, 11, 20)),
        ];
        for (zone, days, first, last) in table {
            let period = Period::last_days(zone, now, days).unwrap();
            assert_eq!((period.first(), period.last(), period.zone()), (first, last, zone));
        }
    }
}

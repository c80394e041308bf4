//! Periods on the calendar: where they end, in a time zone.
//!
//! The day on which periods are counted from is kept: one that begins on 31 January ends on 28 February, the next one on
//! 31 March, because every end is counted from the first day and none from the end before it. A period ends when a day
//! begins, by the clocks of the zone; where that midnight does not exist (a clock was put forward over it) at the first
//! instant of the day, and where it exists twice at the first of the two. Pure.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};
use ledger::Timestamp;
use serde::{Deserialize, Serialize};

/// What periods are measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeriodUnit {
    /// Days of the calendar, which are not always 24 hours long.
    Day,
    /// Months; a day that a month does not have is its last one.
    Month,
    /// Years; 29 February is the 28th where there is none.
    Year,
}

impl PeriodUnit {
    /// Most of it in one period.
    pub const fn most(self) -> u32 {
        match self {
            PeriodUnit::Day => 366,
            PeriodUnit::Month => 36,
            PeriodUnit::Year => 3,
        }
    }
}

/// How long a period is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// How many of the unit, from 1.
    pub count: u32,
    /// Days, months or years.
    pub unit: PeriodUnit,
}

impl Period {
    /// Once a month.
    pub const MONTHLY: Period = Period { count: 1, unit: PeriodUnit::Month };

    fn times(self, number: i64) -> Option<Span> {
        let count = i64::from(self.count).checked_mul(number)?;
        match self.unit {
            PeriodUnit::Day => 0.days().try_days(count).ok(),
            PeriodUnit::Month => 0.months().try_months(count).ok(),
            PeriodUnit::Year => 0.years().try_years(count).ok(),
        }
    }
}

/// Ends of periods that are counted from one day.
#[derive(Clone, Copy, Debug)]
pub struct Grid<'a> {
    /// The day on which the first one begins.
    pub anchor: Date,
    /// How long each is.
    pub period: Period,
    /// Whose midnights they end at.
    pub zone: &'a TimeZone,
}

impl Grid<'_> {
    /// When the period of this number ends, from 1 for the one that begins on the anchor's day; for 0 the instant when
    /// that day begins. `None` beyond the calendar.
    pub fn ends_at(&self, number: i64) -> Option<Timestamp> {
        midnight(self.anchor.checked_add(self.period.times(number)?).ok()?, self.zone)
    }
}

/// The first instant of a day in a zone.
pub fn midnight(day: Date, zone: &TimeZone) -> Option<Timestamp> {
    let begins = zone.to_ambiguous_zoned(day.at(0, 0, 0, 0)).compatible().ok()?;
    Some(Timestamp::from_micros(begins.timestamp().as_microsecond()))
}

/// The day of an instant in a zone; instants that no calendar reaches are on its last day.
pub fn day_of(at: Timestamp, zone: &TimeZone) -> Date {
    let at = jiff::Timestamp::from_microsecond(at.micros()).unwrap_or(jiff::Timestamp::MAX);
    at.to_zoned(zone.clone()).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_micros(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
    }

    fn of(text: &str) -> Period {
        let (count, unit) = text.split_once(' ').unwrap();
        let unit = match unit {
            "day" | "days" => PeriodUnit::Day,
            "month" | "months" => PeriodUnit::Month,
            _ => PeriodUnit::Year,
        };
        Period { count: count.parse().unwrap(), unit }
    }

    #[test]
    fn periods_end_at_midnights_counted_from_the_first_day() {
        type Ends = &'static [&'static str];
        // first day, period, zone, ends of the first periods
        let table: [(&str, &str, &str, Ends); 20] = [
            // The day is kept across months that do not have it.
            ("2026-01-31", "1 month", "UTC", &["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]),
            ("2027-12-31", "1 month", "UTC", &["2028-01-31", "2028-02-29", "2028-03-31"]),
            ("2026-01-30", "1 month", "UTC", &["2026-02-28", "2026-03-30"]),
            ("2026-01-29", "1 month", "UTC", &["2026-02-28", "2026-03-29"]),
            ("2028-01-29", "1 month", "UTC", &["2028-02-29", "2028-03-29"]),
            ("2026-08-31", "3 months", "UTC", &["2026-11-30", "2027-02-28", "2027-05-31"]),
            ("2026-11-30", "1 month", "UTC", &["2026-12-30", "2027-01-30", "2027-02-28", "2027-03-30"]),
            // Leap days.
            ("2028-02-29", "1 year", "UTC", &["2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]),
            ("2027-02-28", "1 year", "UTC", &["2028-02-28"]),
            ("2028-02-28", "1 month", "UTC", &["2028-03-28"]),
            ("2028-02-27", "3 days", "UTC", &["2028-03-01", "2028-03-04"]),
            ("2099-02-28", "1 year", "UTC", &["2100-02-28", "2101-02-28"]),
            // Zones without summer time.
            ("2026-11-20", "1 month", "Asia/Tokyo", &["2026-12-19T15:00Z", "2027-01-19T15:00Z"]),
            ("2026-11-20", "1 month", "Asia/Ho_Chi_Minh", &["2026-12-19T17:00Z", "2027-01-19T17:00Z"]),
            ("2026-11-30", "3 months", "Asia/Kathmandu", &["2027-02-27T18:15Z", "2027-05-29T18:15Z"]),
            // Summer time begins on 8 March and ends on 1 November 2026 in New York.
            ("2026-02-15", "1 month", "America/New_York", &["2026-03-15T04:00Z", "2026-04-15T04:00Z"]),
            ("2026-10-15", "1 month", "America/New_York", &["2026-11-15T05:00Z", "2026-12-15T05:00Z"]),
            ("2026-03-07", "1 day", "America/New_York", &["2026-03-08T05:00Z", "2026-03-09T04:00Z"]),
            // A midnight that does not exist: clocks went from 00:00 to 01:00.
            ("2026-04-23", "1 day", "Africa/Cairo", &["2026-04-23T22:00Z", "2026-04-24T21:00Z"]),
            // A midnight that exists twice: clocks go from 01:00 back to 00:00.
            ("2026-10-31", "1 day", "America/Havana", &["2026-11-01T04:00Z", "2026-11-02T05:00Z"]),
        ];
        for (anchor, period, zone, ends) in table {
            let zone = TimeZone::get(zone).unwrap();
            let grid = Grid { anchor: anchor.parse().unwrap(), period: of(period), zone: &zone };
            for (number, end) in (1..).zip(ends) {
                let end = if end.contains('T') { end.to_string() } else { format!("{end}T00:00Z") };
                assert_eq!(grid.ends_at(number), Some(at(&end)), "{anchor} {period} {number}");
            }
        }
    }

    #[test]
    fn a_year_of_months_is_a_year_and_every_instant_is_in_one_period() {
        for zone in ["UTC", "Asia/Tokyo", "Asia/Ho_Chi_Minh", "America/New_York", "Africa/Cairo", "Pacific/Apia"] {
            let zone = TimeZone::get(zone).unwrap();
            for day in 1..=31 {
                let anchor = jiff::civil::date(2027, 8, day);
                let grid = |period| Grid { anchor, period, zone: &zone };
                let months = grid(Period::MONTHLY);
                let year = grid(Period { count: 1, unit: PeriodUnit::Year });
                for number in 0..=5 {
                    assert_eq!(months.ends_at(number * 12), year.ends_at(number), "{day} {number}");
                }
                let ends: Vec<Timestamp> = (0..60).map(|number| months.ends_at(number).unwrap()).collect();
                for pair in ends.windows(2) {
                    let hours = (pair[1].seconds() - pair[0].seconds()) / 3_600;
                    assert!((27 * 24..=32 * 24).contains(&hours), "{day}: {hours} hours");
                }
            }
        }
    }

    #[test]
    fn the_day_of_an_instant_is_the_zones() {
        for (instant, zone, day) in [
            ("2026-11-20T14:59:59Z", "Asia/Tokyo", "2026-11-20"),
            ("2026-11-20T15:00:00Z", "Asia/Tokyo", "2026-11-21"),
            ("2026-03-08T04:59:59Z", "America/New_York", "2026-03-07"),
            ("2026-03-08T05:00:00Z", "America/New_York", "2026-03-08"),
        ] {
            let zone = TimeZone::get(zone).unwrap();
            let day: Date = day.parse().unwrap();
            assert_eq!(day_of(at(instant), &zone), day);
            assert!(midnight(day, &zone).unwrap() <= at(instant));
        }
    }

    #[test]
    fn beyond_the_calendar_there_are_no_periods() {
        let grid = Grid { anchor: jiff::civil::date(9999, 12, 1), period: Period::MONTHLY, zone: &TimeZone::UTC };
        assert_eq!((grid.ends_at(1), grid.ends_at(i64::MAX)), (None, None));
    }
}

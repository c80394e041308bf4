//! A calendar of its own: days counted by hand and the hours of three zones as a table.
//!
//! It says when things must happen, so it shares nothing with the code that makes them happen: no zone database, no
//! library. Good for 1970 to 2099 in Vietnam and Japan, and for what [`SUMMERS`] names in New York.

use std::fmt;

use ledger::Timestamp;

const HOUR_S: i64 = 3_600;
const DAY_S: i64 = 24 * HOUR_S;
const MICROS: i64 = 1_000_000;

/// First and last day of summer time in New York, whose clocks change at two in the night.
const SUMMERS: [(Day, Day); 4] = [
    (Day::of(2026, 3, 8), Day::of(2026, 11, 1)),
    (Day::of(2027, 3, 14), Day::of(2027, 11, 7)),
    (Day::of(2028, 3, 12), Day::of(2028, 11, 5)),
    (Day::of(2029, 3, 11), Day::of(2029, 11, 4)),
];

/// A day, counted from 1970-01-01.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Day(i64);

const fn days_of_year(year: i64) -> i64 {
    // Right until 2099.
    if year % 4 == 0 { 366 } else { 365 }
}

const fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 => days_of_year(year) - 337,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl Day {
    pub(super) const fn of(year: i64, month: i64, day: i64) -> Day {
        let mut days = day - 1;
        let mut passed = 1970;
        while passed < year {
            days += days_of_year(passed);
            passed += 1;
        }
        let mut passed = 1;
        while passed < month {
            days += days_of_month(year, passed);
            passed += 1;
        }
        Day(days)
    }

    /// Year, month and day of the month.
    pub(super) fn date(self) -> (i64, i64, i64) {
        let (mut year, mut month, mut left) = (1970, 1, self.0);
        while left >= days_of_year(year) {
            left -= days_of_year(year);
            year += 1;
        }
        while left >= days_of_month(year, month) {
            left -= days_of_month(year, month);
            month += 1;
        }
        (year, month, left + 1)
    }

    pub(super) const fn plus_days(self, days: i64) -> Day {
        Day(self.0 + days)
    }

    /// The same day so many months later; one that the month does not have is its last one.
    pub(super) fn plus_months(self, months: i64) -> Day {
        let (year, month, day) = self.date();
        let passed = year * 12 + month - 1 + months;
        let (year, month) = (passed / 12, passed % 12 + 1);
        Day::of(year, month, day.min(days_of_month(year, month)))
    }

    /// The days from this one to the one before `end`.
    pub(super) fn until(self, end: Day) -> impl Iterator<Item = Day> {
        (self.0..end.0).map(Day)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date();
        write!(f, "{year}-{month:02}-{day:02}")
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Where days begin and end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Zone {
    HoChiMinh,
    Tokyo,
    NewYork,
}

impl Zone {
    pub(super) const ALL: [Zone; 3] = [Zone::HoChiMinh, Zone::Tokyo, Zone::NewYork];

    /// Its IANA name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Zone::HoChiMinh => "Asia/Ho_Chi_Minh",
            Zone::Tokyo => "Asia/Tokyo",
            Zone::NewYork => "America/New_York",
        }
    }

    /// The instant at which a day begins.
    pub(super) fn begin(self, day: Day) -> Timestamp {
        let summer = SUMMERS.iter().any(|(first, last)| *first < day && day <= *last);
        let ahead_s = match self {
            Zone::HoChiMinh => 7 * HOUR_S,
            Zone::Tokyo => 9 * HOUR_S,
            Zone::NewYork if summer => -4 * HOUR_S,
            Zone::NewYork => -5 * HOUR_S,
        };
        Timestamp::from_micros((day.0 * DAY_S - ahead_s) * MICROS)
    }

    /// The instant at which a day is over.
    pub(super) fn end(self, day: Day) -> Timestamp {
        self.begin(day.plus_days(1))
    }

    /// An instant as people here would tell it: the day, and the time since it began.
    pub(super) fn tell(self, at: Timestamp) -> String {
        let day = self.day(at);
        let since_us = at.micros() - self.begin(day).micros();
        let (since_s, micros) = (since_us / MICROS, since_us % MICROS);
        let (hours, minutes, seconds) = (since_s / HOUR_S, since_s / 60 % 60, since_s % 60);
        format!("{day}+{hours:02}:{minutes:02}:{seconds:02}.{micros:06}")
    }

    /// The day of an instant.
    pub(super) fn day(self, at: Timestamp) -> Day {
        // No zone is a day ahead or behind.
        let near = Day(at.micros().div_euclid(DAY_S * MICROS));
        let begun = [1, 0, -1].map(|days| near.plus_days(days)).into_iter().find(|day| self.begin(*day) <= at);
        begun.expect("a zone is less than a day away")
    }
}

#[test]
fn days_are_those_of_the_calendar() {
    // day, days since 1970, and a month later
    let table = [
        ((1970, 1, 1), 0, (1970, 2, 1)),
        ((2026, 11, 20), 20_777, (2026, 12, 20)),
        ((2027, 1, 31), 20_849, (2027, 2, 28)),
        ((2027, 12, 31), 21_183, (2028, 1, 31)),
        ((2028, 1, 31), 21_214, (2028, 2, 29)),
        ((2028, 2, 29), 21_243, (2028, 3, 29)),
        ((2028, 8, 31), 21_427, (2028, 9, 30)),
    ];
    for ((year, month, day), days, later) in table {
        let it = Day::of(year, month, day);
        assert_eq!((it, it.date()), (Day(days), (year, month, day)));
        assert_eq!(it.plus_months(1).date(), later, "{it}");
    }
    assert_eq!(Day::of(2027, 11, 29).plus_months(3).date(), (2028, 2, 29));
    assert_eq!(Day::of(2028, 2, 29).plus_months(12).date(), (2029, 2, 28));
}

#[test]
fn days_begin_when_the_clocks_there_say_so() {
    // zone, day, beginning in hours after midnight UTC of that day, length in hours
    let table = [
        (Zone::HoChiMinh, Day::of(2026, 11, 20), -7, 24),
        (Zone::Tokyo, Day::of(2027, 3, 14), -9, 24),
        (Zone::NewYork, Day::of(2026, 11, 20), 5, 24),
        (Zone::NewYork, Day::of(2027, 3, 13), 5, 24),
        (Zone::NewYork, Day::of(2027, 3, 14), 5, 23),
        (Zone::NewYork, Day::of(2027, 3, 15), 4, 24),
        (Zone::NewYork, Day::of(2027, 11, 7), 4, 25),
        (Zone::NewYork, Day::of(2027, 11, 8), 5, 24),
        (Zone::NewYork, Day::of(2028, 2, 29), 5, 24),
        (Zone::NewYork, Day::of(2028, 3, 12), 5, 23),
        (Zone::NewYork, Day::of(2028, 11, 5), 4, 25),
    ];
    for (zone, day, begin_hours, length_hours) in table {
        let begin = zone.begin(day).micros();
        assert_eq!(begin, (day.0 * 24 + begin_hours) * HOUR_S * MICROS, "{zone:?} {day}");
        assert_eq!(zone.end(day).micros() - begin, length_hours * HOUR_S * MICROS, "{zone:?} {day}");
    }
    for zone in Zone::ALL {
        for day in Day::of(2026, 11, 1).until(Day::of(2029, 1, 1)) {
            let begin = zone.begin(day).micros();
            let around = [-1, 0, 1].map(|micros| zone.day(Timestamp::from_micros(begin + micros)));
            assert_eq!(around, [day.plus_days(-1), day, day], "{zone:?}");
        }
    }
}

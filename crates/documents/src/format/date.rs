//! Dates in the zone of a locale.
//!
//! Instants beyond the year 9999 are shown as its end: [`Timestamp::MAX`] means "never", and whoever knows that says so
//! in words instead.

use jiff::Zoned;
use ledger::Timestamp;

use super::{Language, Locale};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

impl Locale {
    /// A date: `20 Nov 2026`, `2026/11/20`, `20/11/2026`.
    pub fn date(&self, at: Timestamp) -> String {
        let zoned = self.zoned(at);
        let (year, month, day) = (zoned.year(), zoned.month(), zoned.day());
        match self.language {
            Language::En => format!("{day} {} {year}", &month_name(month)[..3]),
            Language::Ja => format!("{year}/{month:02}/{day:02}"),
            Language::Vi => format!("{day:02}/{month:02}/{year}"),
        }
    }

    /// A date as on a receipt: as [`Locale::date`], in Japanese `2026年11月20日`.
    pub fn formal_date(&self, at: Timestamp) -> String {
        let zoned = self.zoned(at);
        match self.language {
            Language::Ja => format!("{}年{}月{}日", zoned.year(), zoned.month(), zoned.day()),
            Language::En | Language::Vi => self.date(at),
        }
    }

    /// A date and time with the zone: `20 Nov 2026, 14:05 (GMT+7)`, `2026/11/20 16:05 (JST)`.
    pub fn date_time(&self, at: Timestamp) -> String {
        let zoned = self.zoned(at);
        let comma = if self.language == Language::En { "," } else { "" };
        let (date, zone) = (self.date(at), self.zone_name(at));
        format!("{date}{comma} {:02}:{:02} ({zone})", zoned.hour(), zoned.minute())
    }

    /// The time of the day: `14:05`, for columns whose head names the zone.
    pub fn time(&self, at: Timestamp) -> String {
        let zoned = self.zoned(at);
        format!("{:02}:{:02}", zoned.hour(), zoned.minute())
    }

    /// The month of an instant: `November 2026`, `2026年11月`, `tháng 11 năm 2026`.
    pub fn month(&self, at: Timestamp) -> String {
        let zoned = self.zoned(at);
        let (year, month) = (zoned.year(), zoned.month());
        match self.language {
            Language::En => format!("{} {year}", month_name(month)),
            Language::Ja => format!("{year}年{month}月"),
            Language::Vi => format!("tháng {month} năm {year}"),
        }
    }

    /// The last day before an instant: the date to show for an expiry, which falls on the midnight that ends a day.
    pub fn last_day(&self, ends_at: Timestamp) -> Timestamp {
        Timestamp::from_micros(ends_at.micros().saturating_sub(1))
    }

    /// How far the day of `at` is from the day of `now`, both in the locale's zone: `today`, `in 14 days`, `14日後`.
    pub fn relative_days(&self, at: Timestamp, now: Timestamp) -> String {
        let (day, today) = (self.zoned(at).date(), self.zoned(now).date());
        let days = today.until(day).map_or(0, |span| span.get_days());
        let count = self.language.decimal(&days.unsigned_abs().to_string());
        match (self.language, days) {
            (Language::En, 0) => "today".to_owned(),
            (Language::En, 1) => "tomorrow".to_owned(),
            (Language::En, -1) => "yesterday".to_owned(),
            (Language::En, 2..) => format!("in {count} days"),
            (Language::En, _) => format!("{count} days ago"),
            (Language::Ja, 0) => "今日".to_owned(),
            (Language::Ja, 1) => "明日".to_owned(),
            (Language::Ja, -1) => "昨日".to_owned(),
            (Language::Ja, 2..) => format!("{count}日後"),
            (Language::Ja, _) => format!("{count}日前"),
            (Language::Vi, 0) => "hôm nay".to_owned(),
            (Language::Vi, 1) => "ngày mai".to_owned(),
            (Language::Vi, -1) => "hôm qua".to_owned(),
            (Language::Vi, 2..) => format!("sau {count} ngày nữa"),
            (Language::Vi, _) => format!("{count} ngày trước"),
        }
    }

    /// What people call the zone at an instant: `GMT+7`, `GMT−3:30`, in Japanese `JST` for Japan's own.
    pub fn zone_name(&self, at: Timestamp) -> String {
        if self.language == Language::Ja && self.zone() == "Asia/Tokyo" {
            return "JST".to_owned();
        }
        let minutes = self.zoned(at).offset().seconds() / 60;
        let sign = if minutes < 0 { super::MINUS } else { '+' };
        match (minutes.unsigned_abs() / 60, minutes.unsigned_abs() % 60) {
            (0, 0) => "GMT".to_owned(),
            (hours, 0) => format!("GMT{sign}{hours}"),
            (hours, rest) => format!("GMT{sign}{hours}:{rest:02}"),
        }
    }

    pub(crate) fn zoned(&self, at: Timestamp) -> Zoned {
        let limit = if at.micros() < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
        jiff::Timestamp::from_microsecond(at.micros()).unwrap_or(limit).to_zoned(self.zone.clone())
    }
}

fn month_name(month: i8) -> &'static str {
    let index = usize::try_from(month - 1).unwrap_or(0);
    MONTHS.get(index).copied().unwrap_or(MONTHS[0])
}

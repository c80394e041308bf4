//! Money, numbers and dates as English, Japanese and Vietnamese write them.
//!
//! A [`Language`] writes money and numbers; a [`Locale`] is a language and a time zone and writes dates. The forms are a
//! small fixed set (a golden table in `tests/format.rs` shows each), in places stricter than CLDR: no all-numeric
//! English dates, the narrow yen sign in Japanese, U+2212 for minus.
//!
//! Deliberately absent: other languages, formats a person configures. Cost: a few small strings a call.

mod date;
mod money;

use std::fmt;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub(crate) use money::marks_of;
pub use money::{Digits, Money, MoneyFormat, Sign, Style};

/// U+00A0: keeps a number and its unit on one line.
pub(crate) const NO_BREAK_SPACE: char = '\u{a0}';
/// U+2212: as wide as a plus, and no hyphen that a line may break after.
pub(crate) const MINUS: char = '\u{2212}';

/// A language of pages and documents. In JSON and in addresses its two letters: `en`, `ja`, `vi`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    En,
    /// Japanese.
    Ja,
    /// Vietnamese.
    Vi,
}

impl Language {
    /// All of them.
    pub const ALL: [Language; 3] = [Language::En, Language::Ja, Language::Vi];

    /// The ISO 639-1 code, also right for `lang=` and for PDF.
    pub const fn code(self) -> &'static str {
        match self {
            Language::En => "en",
            Language::Ja => "ja",
            Language::Vi => "vi",
        }
    }

    /// The language of a tag such as `vi` or `ja-JP`; `None` when it is not spoken here.
    pub fn parse(tag: &str) -> Option<Language> {
        let primary = tag.split('-').next().unwrap_or_default();
        Self::ALL.into_iter().find(|language| primary.eq_ignore_ascii_case(language.code()))
    }

    /// A plain decimal (`-1234.5`) with the language's separators: `−1,234.5`, in Vietnamese `−1.234,5`. No digit is
    /// added or taken away; what is not a plain decimal comes back as it is.
    pub fn decimal(self, plain: &str) -> String {
        let (sign, digits) = match plain.strip_prefix('-') {
            Some(digits) => (String::from(MINUS), digits),
            None => (String::new(), plain),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
            return plain.to_owned();
        }
        let mut text = sign;
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index).is_multiple_of(3) {
                text.push(self.group_mark());
            }
            text.push(digit);
        }
        if !fraction.is_empty() {
            text.push(self.decimal_mark());
            text.push_str(fraction);
        }
        text
    }

    /// A plain decimal as a percentage: `8.3%`, in Vietnamese `8,3%`.
    pub fn percent(self, plain: &str) -> String {
        format!("{}%", self.decimal(plain))
    }

    pub(crate) const fn group_mark(self) -> char {
        match self {
            Language::Vi => '.',
            Language::En | Language::Ja => ',',
        }
    }

    pub(crate) const fn decimal_mark(self) -> char {
        match self {
            Language::Vi => ',',
            Language::En | Language::Ja => '.',
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A language and a time zone: all that dates for people need.
#[derive(Clone, Debug, PartialEq)]
pub struct Locale {
    /// The language of the text.
    pub language: Language,
    zone: TimeZone,
}

/// A time zone that the IANA database does not have.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unknown time zone {0:?}: use a name of the IANA database such as \"Asia/Ho_Chi_Minh\"")]
pub struct UnknownZone(pub String);

impl Locale {
    /// A language in the zone of an IANA name such as `Asia/Tokyo`, from the database compiled in.
    pub fn new(language: Language, zone: &str) -> Result<Locale, UnknownZone> {
        let zone = TimeZoneDatabase::bundled().get(zone).map_err(|_| UnknownZone(zone.to_owned()))?;
        Ok(Locale { language, zone })
    }

    /// The IANA name of the zone.
    pub fn zone(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }
}

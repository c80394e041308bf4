//! Money and times as one person sees them: in the language of the page and the zone of its dates.
//!
//! Every amount and every date of a page goes through here, so that no two places write the same thing differently.
//! Invariant: where two currencies stand side by side, both are named by their codes. Whoever writes money says so with
//! [`Show::beside`].

use documents::format::{Digits, MoneyFormat, Sign, Style};
use documents::{Locale, Money, words};
use engine::topups;
use ledger::{Amount, Timestamp, Unit};

use crate::components::MoneyText;

/// How money and times are written for one person.
#[derive(Clone, Debug)]
pub struct Show {
    locale: Locale,
    style: Style,
}

impl Show {
    /// Money by symbol, dates in the locale's zone.
    pub fn new(locale: Locale) -> Show {
        Show { locale, style: Style::Symbol }
    }

    /// The same for a place where `one` and `other` both appear: by code when they differ.
    pub fn beside(&self, one: Unit, other: Unit) -> Show {
        let style = if one == other { Style::Symbol } else { Style::Code };
        Show { style, ..self.clone() }
    }

    /// The language and zone.
    pub fn locale(&self) -> &Locale {
        &self.locale
    }

    fn written(&self, amount: Amount, unit: Unit, digits: Digits, sign: Sign) -> String {
        self.locale.language.money(Money { unit, amount }, MoneyFormat { style: self.style, digits, sign })
    }

    /// A balance or a payment, in the unit's own digits.
    pub fn money(&self, amount: Amount, unit: Unit) -> MoneyText {
        let exact = self.written(amount, unit, Digits::Exact, Sign::Minus);
        self.text(amount, unit, self.written(amount, unit, Digits::Minor, Sign::Minus), exact, false)
    }

    /// What a payment charges.
    pub fn charge(&self, money: topups::Money) -> MoneyText {
        self.money(money.to_amount().unwrap_or(Amount::MAX), money.currency)
    }

    /// A movement: with its sign, and with fractions of the smallest coin.
    pub fn movement(&self, amount: Amount, unit: Unit) -> MoneyText {
        let exact = self.written(amount, unit, Digits::Exact, Sign::Always);
        self.text(amount, unit, self.written(amount, unit, Digits::Row, Sign::Always), exact, true)
    }

    /// With every digit that there is.
    pub fn exact(&self, amount: Amount, unit: Unit) -> MoneyText {
        let exact = self.written(amount, unit, Digits::Exact, Sign::Minus);
        self.text(amount, unit, exact.clone(), exact, false)
    }

    fn text(&self, amount: Amount, unit: Unit, shown: String, exact: String, moves: bool) -> MoneyText {
        let exact = (exact != shown).then_some(exact);
        let sign = match (moves, amount.is_zero(), amount.is_negative()) {
            (true, false, false) => "plus",
            (true, false, true) => "minus",
            _ => "",
        };
        MoneyText { plain: unit.format_amount(amount), shown, exact, sign }
    }

    /// Money inside a sentence, as a text.
    pub fn in_sentence(&self, amount: Amount, unit: Unit) -> String {
        let style = if self.style == Style::Code { Style::Code } else { Style::Sentence };
        self.locale.language.money(Money { unit, amount }, MoneyFormat { style, ..MoneyFormat::SENTENCE })
    }

    /// Money in words, where the language has them for the unit.
    pub fn in_words(&self, amount: Amount, unit: Unit) -> Option<String> {
        words::money(self.locale.language, Money { unit, amount })
    }

    /// A date.
    pub fn date(&self, at: Timestamp) -> String {
        self.locale.date(at)
    }

    /// A date and time with the zone.
    pub fn date_time(&self, at: Timestamp) -> String {
        self.locale.date_time(at)
    }

    /// A time of the day without the zone, for columns whose head names it.
    pub fn time(&self, at: Timestamp) -> String {
        self.locale.time(at)
    }

    /// What people call the zone at an instant.
    pub fn zone_name(&self, at: Timestamp) -> String {
        self.locale.zone_name(at)
    }

    /// The last day on which something counts that ends at `ends_at`.
    pub fn last_day(&self, ends_at: Timestamp) -> String {
        self.locale.date(self.locale.last_day(ends_at))
    }

    /// How far away that day is: `in 14 days`.
    pub fn until_last_day(&self, ends_at: Timestamp, now: Timestamp) -> String {
        self.locale.relative_days(self.locale.last_day(ends_at), now)
    }
}

/// An instant as the attribute `datetime` has it.
pub fn machine_time(at: Timestamp) -> String {
    jiff::Timestamp::from_microsecond(at.micros()).map(|at| at.to_string()).unwrap_or_default()
}

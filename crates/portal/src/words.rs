//! The texts of one language, by key, from `documents/messages/*.ftl` (sections `portal-…`, `history-…`).

use documents::Language;
use documents::messages::{Argument, text, text_with};

/// The texts of one language. What templates call `t`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// The language.
    pub language: Language,
}

impl Words {
    /// A text without arguments.
    pub fn t(self, key: &str) -> String {
        text(self.language, key)
    }

    /// A text with arguments, each a text that was formatted before.
    pub fn with(self, key: &str, arguments: &[(&str, &str)]) -> String {
        let arguments: Vec<_> = arguments.iter().map(|(name, value)| (*name, Argument::from(*value))).collect();
        text_with(self.language, key, &arguments)
    }

    /// A text whose form depends on a number: `count` chooses the form, `shown` is the number as the language writes it.
    pub fn count(self, key: &str, count: usize) -> String {
        let shown = Argument::from(self.language.decimal(&count.to_string()));
        text_with(self.language, key, &[("count", Argument::from(count)), ("shown", shown)])
    }

    /// Names one after the other.
    pub fn list(self, names: &[String]) -> String {
        names.join(if self.language == Language::Ja { "、" } else { ", " })
    }
}

/// The language of pages as that of settings and rows.
pub const fn stored(language: Language) -> engine::settings::Language {
    match language {
        Language::En => engine::settings::Language::En,
        Language::Ja => engine::settings::Language::Ja,
        Language::Vi => engine::settings::Language::Vi,
    }
}

/// The language of settings and rows as that of pages.
pub const fn spoken(language: engine::settings::Language) -> Language {
    match language {
        engine::settings::Language::En => Language::En,
        engine::settings::Language::Ja => Language::Ja,
        engine::settings::Language::Vi => Language::Vi,
    }
}

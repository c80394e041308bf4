//! The web pages of customers: their looks, whom they ask for help, and the operator's own texts.
//!
//! Invariants of valid settings: the colour is one that the style sheet can read; every text has a version in English.
//! Deliberately absent: whether a law is met by these texts. None is shipped, because none would be true for everybody.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Language;
use super::validate::Check;
use crate::checks;

/// Longest text of a page, in bytes.
const MAX_TEXT_BYTES: usize = 65_536;
/// Longest title of a page, in characters.
const MAX_TITLE_CHARS: usize = 80;
/// Most pages of the operator's.
const MAX_PAGES: usize = 12;

/// The web pages of customers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Portal {
    /// The one colour of buttons and links, `#rrggbb`. Its lightness is adjusted so that text can be read.
    pub accent: String,
    /// A file with the logo (SVG, PNG or WebP, at most 64 KiB), read at start; empty = the name alone.
    pub logo_file: String,
    /// Where people ask for help by mail; empty = not offered.
    pub help_email: String,
    /// A page with help, `https://…`; it goes before `help_email`. Empty = none.
    pub help_url: String,
    /// The operator's own pages by name, then by language: terms, privacy, what the law asks to be told.
    pub texts: BTreeMap<String, BTreeMap<Language, PortalText>>,
}

/// A page of the operator's in one language.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortalText {
    /// Its heading, also the words of the link to it.
    pub title: String,
    /// Plain text; line breaks stay.
    pub text: String,
}

impl Default for Portal {
    fn default() -> Self {
        Portal {
            accent: "#0b6b5d".to_owned(),
            logo_file: String::new(),
            help_email: String::new(),
            help_url: String::new(),
            texts: BTreeMap::new(),
        }
    }
}

impl Portal {
    /// A text of the operator's in a language, else in English.
    pub fn text(&self, name: &str, language: Language) -> Option<&PortalText> {
        let texts = self.texts.get(name)?;
        texts.get(&language).or_else(|| texts.get(&Language::En))
    }

    pub(super) fn validate(&self, check: &mut Check) {
        let hex = self.accent.strip_prefix('#').filter(|digits| digits.len() == 6);
        if hex.is_none_or(|digits| !digits.bytes().all(|byte| byte.is_ascii_hexdigit())) {
            check.push("portal.accent", "must be a colour such as #0b6b5d");
        }
        if !self.help_email.is_empty() && checks::email(self.help_email.clone()).is_err() {
            check.push("portal.help_email", "must be an e-mail address, such as help@example.com");
        }
        let safe = |url: &str| url.starts_with("https://") && !url.contains(|c: char| c.is_whitespace() || c == '"');
        if !self.help_url.is_empty() && !safe(&self.help_url) {
            check.push("portal.help_url", "must begin with https:// and hold no blanks");
        }
        if self.texts.len() > MAX_PAGES {
            check.push("portal.texts", format!("holds more than {MAX_PAGES} pages"));
        }
        for (name, languages) in &self.texts {
            let key = format!("portal.texts.{name}");
            if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_lowercase() || b"-0123456789".contains(&byte))
            {
                check.push(&key, "is part of an address: use lower-case letters, digits and -");
            }
            if !languages.contains_key(&Language::En) {
                check.push(&key, "has no text in English (en), which stands in for other languages");
            }
            for (language, PortalText { title, text }) in languages {
                let code = language.code();
                if title.trim().is_empty() || title.chars().count() > MAX_TITLE_CHARS {
                    check.push(&key, format!("{code}: the title must have 1 to {MAX_TITLE_CHARS} characters"));
                }
                if text.trim().is_empty() || text.len() > MAX_TEXT_BYTES {
                    check.push(&key, format!("{code}: the text must have 1 to {MAX_TEXT_BYTES} bytes"));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Settings;
    use super::*;

    fn page(languages: &[(Language, &str, &str)]) -> BTreeMap<Language, PortalText> {
        let text = |title: &&str, text: &&str| PortalText { title: (*title).to_owned(), text: (*text).to_owned() };
        languages.iter().map(|(language, title, body)| (*language, text(title, body))).collect()
    }

    #[test]
    fn every_broken_rule_is_named() {
        type Spoil = fn(&mut Portal);
        let table: &[(&str, Spoil)] = &[
            ("portal.accent", |p| p.accent = "red".into()),
            ("portal.accent", |p| p.accent = "#0b6b5".into()),
            ("portal.accent", |p| p.accent = "#0b6b5g".into()),
            ("portal.help_email", |p| p.help_email = "help".into()),
            ("portal.help_url", |p| p.help_url = "javascript:alert(1)".into()),
            ("portal.help_url", |p| p.help_url = "https://a.example/ b".into()),
            ("portal.texts.Terms", |p| drop(p.texts.insert("Terms".into(), page(&[(Language::En, "T", "t")])))),
            ("portal.texts.terms", |p| drop(p.texts.insert("terms".into(), page(&[(Language::Ja, "T", "t")])))),
            ("portal.texts.terms", |p| drop(p.texts.insert("terms".into(), page(&[(Language::En, " ", "t")])))),
            ("portal.texts.terms", |p| drop(p.texts.insert("terms".into(), page(&[(Language::En, "T", "")])))),
        ];
        for (key, spoil) in table {
            let mut settings = Settings::default();
            spoil(&mut settings.portal);
            let keys: Vec<String> = settings.validate().into_iter().map(|problem| problem.key).collect();
            assert_eq!(keys, [*key]);
        }
    }

    #[test]
    fn english_stands_in_for_other_languages() {
        let texts = page(&[(Language::En, "Terms", "t"), (Language::Vi, "Điều khoản", "t")]);
        let portal = Portal { texts: [("terms".to_owned(), texts)].into(), ..Portal::default() };
        let title = |name, language| portal.text(name, language).map(|text| text.title.as_str());
        assert_eq!(title("terms", Language::Vi), Some("Điều khoản"));
        assert_eq!(title("terms", Language::Ja), Some("Terms"));
        assert_eq!(title("privacy", Language::En), None);
    }
}

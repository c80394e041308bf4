//! Quotes, exchange rates, and what a buyer agrees to.
//!
//! Consent texts are chosen by the buyer's country, then by language: see [`Consent::text`]. Invariant of a valid
//! [`Consent`]: there is a text for every country, in English at least. The shipped texts are plain words to begin with;
//! the operator's lawyer has the last one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Method;
use super::validate::Check;
use crate::billing::Country;

/// The key of the texts for countries without texts of their own.
pub const EVERYWHERE: &str = "ANY";
/// The key of the texts for consumers in the European Union.
const EUROPEAN_UNION: &str = "EU";
/// Longest consent text, in bytes.
const MAX_CONSENT_BYTES: usize = 8_192;

/// A language of the pages, the documents and the texts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Japanese.
    Ja,
    /// Vietnamese.
    Vi,
}

impl Language {
    /// Every language.
    pub const ALL: [Language; 3] = [Language::En, Language::Ja, Language::Vi];

    /// `en`, `ja` or `vi`.
    pub const fn code(self) -> &'static str {
        match self {
            Language::En => "en",
            Language::Ja => "ja",
            Language::Vi => "vi",
        }
    }

    /// The language of a code.
    pub fn parse(code: &str) -> Option<Language> {
        Language::ALL.into_iter().find(|language| language.code() == code)
    }
}

/// Quotes, exchange rates, and what a buyer agrees to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Billing {
    /// How long a quoted charge stands, in seconds.
    pub quote_seconds: u64,
    /// An exchange rate older than this is not used, in hours.
    pub rate_max_age_hours: u64,
    /// A new rate that differs more than this from the one before has to be confirmed, in percent.
    pub rate_change_max_percent: u64,
    /// Kill switch: methods by which nobody may pay now.
    pub methods_off: Vec<Method>,
    /// What a buyer agrees to.
    pub consent: Consent,
}

/// What a buyer agrees to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Consent {
    /// A name for this edition of the texts, kept with each consent.
    pub version: String,
    /// Texts by country (ISO 3166 code, `EU` for its consumers, `ANY` for the rest), then by language.
    pub texts: BTreeMap<String, BTreeMap<Language, String>>,
}

/// A text in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConsentText<'a> {
    /// The language it is written in, which may not be the one that was asked for.
    pub language: Language,
    /// The text.
    pub text: &'a str,
    /// The edition.
    pub version: &'a str,
}

impl Consent {
    /// The text for a buyer: of the country, else of the European Union when a consumer buys there, else the one for
    /// everywhere; in the language asked for, else in English. `None` only where [`Billing::validate`] complains.
    pub fn text(&self, country: Option<Country>, consumer: bool, language: Language) -> Option<ConsentText<'_>> {
        let union = country.is_some_and(Country::is_in_eu) && consumer;
        let keys = [country.map(Country::code), union.then_some(EUROPEAN_UNION), Some(EVERYWHERE)];
        let texts = keys.into_iter().flatten().find_map(|key| self.texts.get(key))?;
        let in_language = |language| texts.get(&language).map(|text| (language, text));
        let (language, text) = in_language(language).or_else(|| in_language(Language::En))?;
        Some(ConsentText { language, text, version: &self.version })
    }
}

impl Billing {
    pub(super) fn validate(&self, check: &mut Check) {
        check.range("billing.quote_seconds", self.quote_seconds, 60, 86_400);
        check.range("billing.rate_max_age_hours", self.rate_max_age_hours, 1, 8_760);
        check.range("billing.rate_change_max_percent", self.rate_change_max_percent, 1, 1_000);
        let Consent { version, texts } = &self.consent;
        if version.trim().is_empty() || version.len() > 64 || version.chars().any(char::is_control) {
            check.push("billing.consent.version", "must be 1 to 64 characters on one line, such as \"2026-11\"");
        }
        if !texts.contains_key(EVERYWHERE) {
            let rule =
                format!("is missing: every country without texts of its own needs it ({EVERYWHERE}.en at least)");
            check.push(&format!("billing.consent.texts.{EVERYWHERE}"), rule);
        }
        for (country, languages) in texts {
            let key = format!("billing.consent.texts.{country}");
            let known = [EVERYWHERE, EUROPEAN_UNION].contains(&country.as_str()) || Country::parse(country).is_some();
            if !known {
                check.push(&key, "is not an ISO 3166 code such as VN, nor EU or ANY");
            }
            if !languages.contains_key(&Language::En) {
                check.push(&key, "has no text in English (en), which stands in for other languages");
            }
            for (language, text) in languages {
                if text.trim().is_empty() || text.len() > MAX_CONSENT_BYTES || text.contains('\0') {
                    check.push(&key, format!("{}: must have 1 to {MAX_CONSENT_BYTES} bytes", language.code()));
                }
            }
        }
    }
}

impl Default for Billing {
    fn default() -> Self {
        Billing {
            quote_seconds: 900,
            // Rates of a Friday serve until the Tuesday after a long weekend.
            rate_max_age_hours: 96,
            rate_change_max_percent: 20,
            methods_off: Vec::new(),
            consent: Consent::default(),
        }
    }
}

impl Default for Consent {
    fn default() -> Self {
        let texts = |list: [(Language, &str); 3]| list.map(|(language, text)| (language, text.to_owned())).into();
        Consent {
            version: "2026-11".to_owned(),
            texts: [(EVERYWHERE.to_owned(), texts(FINAL)), (EUROPEAN_UNION.to_owned(), texts(FINAL_EU))].into(),
        }
    }
}

const FINAL: [(Language, &str); 3] = [
    (
        Language::En,
        "I am buying credits for this account. This purchase is final and non-refundable, except where the law requires \
         a refund. If something is wrong with it, I will report it with the reference number of the payment.",
    ),
    (
        Language::Ja,
        "このアカウントのクレジット残高をチャージします。法令により返金が必要な場合を除き、購入後のキャンセルおよび返金はできません。\
         誤りがある場合は、支払いの参照番号を添えて連絡します。",
    ),
    (
        Language::Vi,
        "Tôi mua credit cho tài khoản này. Giao dịch mua là cuối cùng và không được hoàn lại, trừ trường hợp pháp luật yêu \
         cầu hoàn tiền. Nếu có sai sót, tôi sẽ thông báo kèm mã tham chiếu của lần thanh toán.",
    ),
];

/// Source of the addition: the right to withdraw from distance contracts within 14 days ends early only by request and
/// acknowledgement (Directive 2011/83/EU).
const FINAL_EU: [(Language, &str); 3] = [
    (
        Language::En,
        "I am buying credits for this account. I ask for them at once, before the 14-day withdrawal period has ended, and I \
         acknowledge that I lose my right of withdrawal once they have been provided in full. Otherwise this purchase is \
         final and non-refundable, except where the law requires a refund.",
    ),
    (
        Language::Ja,
        "このアカウントのクレジット残高をチャージします。14日間の撤回期間の終了前に直ちに提供を受けることを求め、提供の完了により撤回権を\
         失うことを了承します。そのほか、法令により返金が必要な場合を除き、購入後のキャンセルおよび返金はできません。",
    ),
    (
        Language::Vi,
        "Tôi mua credit cho tài khoản này. Tôi yêu cầu được cấp credit ngay, trước khi hết thời hạn 14 ngày được quyền rút \
         lại, và tôi hiểu rằng mình mất quyền rút lại khi credit đã được cấp đầy đủ. Ngoài ra, giao dịch mua là cuối cùng và \
         không được hoàn lại, trừ trường hợp pháp luật yêu cầu hoàn tiền.",
    ),
];

#[cfg(test)]
mod tests {
    use super::super::Settings;
    use super::*;

    #[test]
    fn the_text_is_that_of_the_buyers_country_and_language() {
        let mut consent = Consent::default();
        let japanese = [(Language::En, "JP en".to_owned()), (Language::Ja, "JP ja".to_owned())].into();
        consent.texts.insert("JP".to_owned(), japanese);
        consent.texts.insert("FR".to_owned(), [(Language::En, "FR en".to_owned())].into());
        // country, consumer, language asked for, language of the text, how the text begins or ends
        let table = [
            (None, true, Language::En, Language::En, "I am buying"),
            (Some("US"), true, Language::Vi, Language::Vi, "Tôi mua credit cho tài khoản này. Giao dịch"),
            (Some("JP"), true, Language::Ja, Language::Ja, "JP ja"),
            (Some("JP"), true, Language::Vi, Language::En, "JP en"),
            (Some("DE"), true, Language::En, Language::En, "I am buying credits for this account. I ask"),
            (Some("DE"), false, Language::En, Language::En, "I am buying credits for this account. This purchase"),
            (Some("FR"), true, Language::En, Language::En, "FR en"),
            (Some("GB"), true, Language::En, Language::En, "I am buying credits for this account. This purchase"),
        ];
        for (country, consumer, asked, language, begins) in table {
            let country = country.map(|code| Country::parse(code).unwrap());
            let found = consent.text(country, consumer, asked).unwrap();
            assert_eq!(found.language, language, "{country:?} {asked:?}");
            assert!(found.text.starts_with(begins), "{country:?} {asked:?}: {}", found.text);
        }
    }

    #[test]
    fn every_broken_rule_is_named_by_its_key() {
        type Break = fn(&mut Billing);
        let table: &[(&str, &str, Break)] = &[
            ("billing.quote_seconds", "60 to 86400", |b| b.quote_seconds = 59),
            ("billing.rate_max_age_hours", "1 to", |b| b.rate_max_age_hours = 0),
            ("billing.rate_change_max_percent", "1 to", |b| b.rate_change_max_percent = 0),
            ("billing.consent.version", "1 to 64", |b| b.consent.version.clear()),
            ("billing.consent.texts.ANY", "is missing", |b| drop(b.consent.texts.remove("ANY"))),
            ("billing.consent.texts.EU", "English", |b| {
                drop(b.consent.texts.get_mut("EU").unwrap().remove(&Language::En))
            }),
            ("billing.consent.texts.ANY", "ja: must have", |b| {
                drop(b.consent.texts.get_mut("ANY").unwrap().insert(Language::Ja, " ".into()))
            }),
            ("billing.consent.texts.XX", "ISO 3166", |b| {
                let texts = b.consent.texts["ANY"].clone();
                b.consent.texts.insert("XX".to_owned(), texts);
            }),
        ];
        for (key, fragment, spoil) in table {
            let mut settings = Settings::default();
            spoil(&mut settings.billing);
            let problems = settings.validate();
            let found = problems.iter().any(|problem| problem.key == *key && problem.message.contains(fragment));
            assert!(found, "{key}: {fragment}: {problems:#?}");
        }
    }
}

//! Plans: the one of accounts without a plan, and how long a renewal is tried.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Language;
use super::validate::Check;

/// Longest text about renewals, in bytes.
const MAX_RENEWAL_BYTES: usize = 4_096;

/// Plans and subscriptions.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plans {
    /// What the plan of an account without one is called; its id is `SUB_BASE`.
    pub base_name: String,
    /// Whole credits that an account without a plan is given each month of its calendar, in accounts that count in
    /// credits; 0 = none.
    pub base_credits: u32,
    /// On which days after something fell due saved cards are tried; 0 is the day itself.
    pub retry_days: Vec<u32>,
    /// How many days something that is due may stay unpaid.
    pub grace_days: u32,
    /// What buyers of a plan agree to beside the text of purchases, by language (`en` at least).
    pub renewal: BTreeMap<Language, String>,
}

impl Default for Plans {
    fn default() -> Self {
        Plans {
            base_name: "Base".to_owned(),
            base_credits: 0,
            retry_days: vec![0, 1, 3, 5],
            grace_days: 7,
            renewal: BTreeMap::from([
                (Language::En, EN.to_owned()),
                (Language::Ja, JA.to_owned()),
                (Language::Vi, VI.to_owned()),
            ]),
        }
    }
}

const EN: &str = "The plan renews itself at the end of each term until I cancel it, and what is due is then charged to \
                  the saved card. I can cancel at any time; the plan ends with the term that is running.";
const JA: &str = "プランは解約するまで契約期間の終了ごとに自動更新され、そのつど保存済みのカードに請求されます。解約はいつでも\
                  でき、現在の契約期間の終了時にプランが終わります。";
const VI: &str = "Gói tự gia hạn khi hết mỗi kỳ hạn cho đến khi tôi hủy, và khoản đến hạn sẽ được trừ vào thẻ đã lưu. Tôi \
                  có thể hủy bất cứ lúc nào; gói kết thúc cùng kỳ hạn đang chạy.";

impl Plans {
    pub(super) fn validate(&self, check: &mut Check) {
        if self.base_name.trim().is_empty() || self.base_name.chars().count() > 100 {
            check.push("plans.base_name", "must have 1 to 100 characters");
        }
        check.range("plans.base_credits", self.base_credits, 0, 1_000_000_000);
        check.range("plans.grace_days", self.grace_days, 1, 60);
        let in_order = self.retry_days.windows(2).all(|pair| pair[0] < pair[1]);
        if self.retry_days.is_empty() || !in_order || self.retry_days.iter().any(|day| *day >= self.grace_days) {
            check.push(
                "plans.retry_days",
                "must be different days in order, each less than grace_days, such as [0, 1, 3]",
            );
        }
        if !self.renewal.contains_key(&Language::En) {
            check.push("plans.renewal", "has no text in English (en), which stands in for other languages");
        }
        for (language, text) in &self.renewal {
            if text.trim().is_empty() || text.len() > MAX_RENEWAL_BYTES || text.contains('\0') {
                check.push("plans.renewal", format!("{}: must have 1 to {MAX_RENEWAL_BYTES} bytes", language.code()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Settings;
    use super::*;

    #[test]
    fn rules_are_kept() {
        type Spoil = fn(&mut Plans);
        let table: &[(&str, Spoil)] = &[
            ("plans.base_name", |plans| plans.base_name.clear()),
            ("plans.base_credits", |plans| plans.base_credits = u32::MAX),
            ("plans.grace_days", |plans| plans.grace_days = 61),
            ("plans.retry_days", |plans| plans.retry_days.clear()),
            ("plans.retry_days", |plans| plans.retry_days = vec![1, 0]),
            ("plans.retry_days", |plans| plans.retry_days = vec![0, 0]),
            ("plans.retry_days", |plans| plans.retry_days = vec![0, 7]),
            ("plans.renewal", |plans| drop(plans.renewal.remove(&Language::En))),
            ("plans.renewal", |plans| drop(plans.renewal.insert(Language::Vi, " ".to_owned()))),
        ];
        for (key, spoil) in table {
            let mut settings = Settings::default();
            assert_eq!(settings.validate(), []);
            spoil(&mut settings.plans);
            let keys: Vec<String> = settings.validate().into_iter().map(|problem| problem.key).collect();
            assert_eq!(keys, [*key]);
        }
    }
}

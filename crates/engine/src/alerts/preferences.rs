//! What an account wants to be told about its balance.
//!
//! One row an account, written by [`set_alerts`] and, where it remembers what was told, by the job. Each write counts the
//! row's version, so a job that saw older preferences tells nothing. Switching low-balance alerts on forgets the level, so
//! that a balance that is low already is told; when the last letter was is not forgotten.

use std::collections::BTreeSet;

use ledger::{Amount, Timestamp, Unit};
use store::{Row, Statement, params};

use super::level::{Level, Memory};
use crate::settings::Language;
use crate::{Engine, Error, FieldError, Result, checks};

/// What an account wants to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preferences {
    /// About a low balance.
    pub low_balance: LowBalance,
    /// Whether about credits that expire soon.
    pub expiry_enabled: bool,
    /// In which language; the billing profile's when `None`, else English.
    pub language: Option<Language>,
}

/// When a low balance is told, and to whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LowBalance {
    /// Whether it is told.
    pub enabled: bool,
    /// Below this.
    pub threshold: Option<Amount>,
    /// To these addresses, as are expiries; to the account's own when there are none.
    pub emails: Vec<String>,
}

/// The preferences of an account with what was told last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alerts {
    /// What the account counts in.
    pub unit: Unit,
    /// What it wants to be told.
    pub preferences: Preferences,
    /// What was seen and told last.
    pub memory: Memory,
}

/// Preferences as they were sent.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// Whether a low balance is told.
    pub low_enabled: bool,
    /// A decimal in the unit.
    pub threshold: Option<String>,
    /// Addresses.
    pub emails: Vec<String>,
    /// Whether expiries are told; they are when left out.
    pub expiry_enabled: Option<bool>,
    /// In which language.
    pub language: Option<Language>,
}

impl Default for Preferences {
    fn default() -> Self {
        Preferences { low_balance: LowBalance::default(), expiry_enabled: true, language: None }
    }
}

/// Columns of [`read_memory`], in its order.
macro_rules! memory_columns {
    () => {
        "s.level, s.told, s.told_at_us, s.depleted_at_us, s.below_zero_since_us"
    };
}
pub(super) use memory_columns;

/// The preferences of an account.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Unavailable`].
pub async fn alerts(engine: &Engine, account_id: &str) -> Result<Alerts> {
    const SQL: &str = concat!(
        "SELECT s.low_enabled, s.threshold_units, s.emails, s.expiry_enabled, s.language, ",
        memory_columns!(),
        " FROM alerts s WHERE s.account_id = $1"
    );
    let account = engine.accounts().locate(account_id).await?;
    let rows = engine.store().query(SQL, params![&*account.id]).await?;
    let Some(row) = rows.first() else {
        return Ok(Alerts { unit: account.unit, preferences: Preferences::default(), memory: Memory::default() });
    };
    let low_balance = LowBalance {
        enabled: row.int(0)? != 0,
        threshold: row.optional_int(1)?.map(Amount::from_units),
        emails: read_emails(row.text(2)?)?,
    };
    let preferences = Preferences {
        low_balance,
        expiry_enabled: row.int(3)? != 0,
        language: row.optional_text(4)?.and_then(Language::parse),
    };
    Ok(Alerts { unit: account.unit, preferences, memory: read_memory(row, 5)? })
}

/// Replaces the preferences of an account.
///
/// # Errors
/// [`Error::Fields`], [`Error::NotFound`], [`Error::Unavailable`].
pub async fn set_alerts(engine: &Engine, account_id: &str, draft: Draft) -> Result<Alerts> {
    const SQL: &str = "INSERT INTO alerts (account_id, version, low_enabled, threshold_units, emails, expiry_enabled, \
                       language, level, told, updated_at_us) VALUES ($1, 1, $2, $3, $4, $5, $6, 'ok', 0, $7) \
                       ON CONFLICT (account_id) DO UPDATE SET version = alerts.version + 1, \
                       low_enabled = excluded.low_enabled, threshold_units = excluded.threshold_units, \
                       emails = excluded.emails, expiry_enabled = excluded.expiry_enabled, \
                       language = excluded.language, updated_at_us = excluded.updated_at_us, \
                       level = CASE WHEN alerts.low_enabled = 0 THEN 'ok' ELSE alerts.level END, \
                       told = CASE WHEN alerts.low_enabled = 0 THEN 0 ELSE alerts.told END, \
                       below_zero_since_us = CASE WHEN alerts.low_enabled = 0 THEN NULL \
                       ELSE alerts.below_zero_since_us END";
    let account = engine.accounts().get(account_id).await?;
    let most = engine.settings().alerts.max_emails;
    let preferences = check(draft, account.unit, account.email.is_some(), most)?;
    let LowBalance { enabled, threshold, emails } = &preferences.low_balance;
    // A list of texts always serialises.
    let emails = serde_json::to_string(emails).unwrap_or_default();
    let row = params![
        &*account.id,
        *enabled,
        threshold.map(Amount::units),
        emails,
        preferences.expiry_enabled,
        preferences.language.map(Language::code),
        engine.now().micros(),
    ];
    engine.store().write(vec![Statement::new(SQL, row)]).await?;
    alerts(engine, account_id).await
}

/// Reads a draft, naming every field that is wrong.
fn check(draft: Draft, unit: Unit, has_email: bool, most: usize) -> Result<Preferences> {
    let mut errors = Vec::new();
    let mut wrong = |param: &str, code: &'static str, detail: String| {
        errors.push(FieldError { param: param.to_owned(), code, detail });
    };
    let threshold = match draft.threshold.as_deref().map(|text| checks::amount("threshold", text, unit)) {
        None => {
            if draft.low_enabled {
                wrong("low_balance.threshold", "invalid_field", "must be given when enabled is true".to_owned());
            }
            None
        }
        Some(Ok(amount)) if amount.is_positive() => Some(amount),
        Some(Ok(_)) => {
            wrong("low_balance.threshold", "invalid_amount", "must be more than 0".to_owned());
            None
        }
        Some(Err(error)) => {
            wrong("low_balance.threshold", "invalid_amount", detail_of(error));
            None
        }
    };
    let mut seen = BTreeSet::new();
    let emails: Vec<String> = draft.emails.into_iter().filter(|email| seen.insert(email.to_lowercase())).collect();
    if emails.len() > most {
        wrong("low_balance.emails", "invalid_field", format!("must be at most {most} addresses"));
    }
    for (index, email) in emails.iter().enumerate().take(most) {
        if let Err(error) = checks::email(email.clone()) {
            wrong(&format!("low_balance.emails[{index}]"), "invalid_field", detail_of(error));
        }
    }
    if draft.low_enabled && emails.is_empty() && !has_email {
        let detail = "must name somebody: the account has no e-mail address of its own";
        wrong("low_balance.emails", "invalid_field", detail.to_owned());
    }
    if !errors.is_empty() {
        return Err(Error::Fields(errors));
    }
    Ok(Preferences {
        low_balance: LowBalance { enabled: draft.low_enabled, threshold, emails },
        expiry_enabled: draft.expiry_enabled.unwrap_or(true),
        language: draft.language,
    })
}

fn detail_of(error: Error) -> String {
    match error {
        Error::Invalid { detail, .. } => detail,
        other => other.to_string(),
    }
}

pub(super) fn read_emails(json: &str) -> Result<Vec<String>> {
    serde_json::from_str(json).map_err(|error| Error::Unavailable(format!("alerts: unreadable addresses: {error}")))
}

/// Reads what [`memory_columns`] selected, from the column `first` on.
pub(super) fn read_memory(row: &Row, first: usize) -> Result<Memory> {
    let time = |column| row.optional_int(column).map(|micros| micros.map(Timestamp::from_micros));
    let level = row.text(first)?;
    Ok(Memory {
        level: Level::parse(level)
            .ok_or_else(|| Error::Unavailable(format!("alerts: a row has the level {level:?}")))?,
        told: row.int(first + 1)?,
        told_at: time(first + 2)?,
        depleted_at: time(first + 3)?,
        below_zero_since: time(first + 4)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_field_is_named() {
        let usd = Unit::parse("USD").unwrap();
        let draft = |enabled: bool, threshold: Option<&str>, emails: &[&str]| Draft {
            low_enabled: enabled,
            threshold: threshold.map(str::to_owned),
            emails: emails.iter().map(|email| (*email).to_owned()).collect(),
            ..Draft::default()
        };
        // enabled, threshold, addresses, whether the account has one, fields that are wrong
        type Case<'a> = (bool, Option<&'a str>, &'a [&'a str], bool, &'a [&'a str]);
        let table: &[Case] = &[
            (true, Some("5"), &["a@b.vn"], false, &[]),
            (true, Some("0.000001"), &[], true, &[]),
            (false, None, &[], false, &[]),
            (true, Some("5"), &[], false, &["low_balance.emails"]),
            (true, None, &["a@b.vn"], false, &["low_balance.threshold"]),
            (true, Some("0"), &["a@b.vn"], false, &["low_balance.threshold"]),
            (false, Some("-1"), &["a@b.vn"], false, &["low_balance.threshold"]),
            (true, Some("x"), &["nobody"], false, &["low_balance.threshold", "low_balance.emails[0]"]),
            (true, Some("5"), &["a@b.vn", "A@B.vn", "b@b.vn"], false, &[]),
            (true, Some("5"), &["a@b.vn", "b@b.vn", "c@b.vn"], false, &["low_balance.emails"]),
        ];
        for (enabled, threshold, emails, has_email, expected) in table {
            let wrong = match check(draft(*enabled, *threshold, emails), usd, *has_email, 2) {
                Ok(_) => Vec::new(),
                Err(Error::Fields(errors)) => errors.into_iter().map(|error| error.param).collect(),
                Err(error) => panic!("{error}"),
            };
            assert_eq!(wrong, *expected, "{enabled} {threshold:?} {emails:?}");
        }
    }
}

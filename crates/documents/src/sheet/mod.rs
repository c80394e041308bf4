//! Credit history as a file: a workbook for people ([`Workbook`]), CSV for programs and people ([`Csv`]).
//!
//! Both take the same [`Row`]s, one at a time and newest first, and keep none of them. A workbook has two sheets: the
//! entries as a plain table with typed cells, and a summary before it that says whose history it is, what was asked for
//! and how it adds up. CSV is the table alone, with exact decimals.
//!
//! Invariants: no cell is ever a formula, whatever a text begins with; amounts are numbers; every date is in the zone
//! that the file names. Deliberately absent: reading the ledger, limits, formulas, charts. Cost: some microseconds a row;
//! a workbook keeps its rows in an unnamed temporary file of the system, about a kilobyte each, until it is finished.

mod csv;
mod text;
mod totals;
mod xlsx;

use ledger::{Amount, Kind, LotKind, Timestamp, Unit};
use thiserror::Error;

use crate::messages::{Argument, text, text_with};
use crate::{Language, Locale};

pub use csv::Csv;
pub use totals::{Balances, Movement, Totals};
pub use xlsx::Workbook;

/// Rows that one sheet of a workbook holds below its header. Source: Excel's limit of 1,048,576 rows.
pub const MAX_ROWS: u64 = 1_048_575;

/// Columns of the table.
const COLUMNS: usize = 10;

/// A workbook cannot be written: the disk is full, or a text is longer than a cell may be.
#[derive(Debug, Error)]
#[error("the workbook cannot be written: {0}")]
pub struct SheetError(String);

impl From<std::io::Error> for SheetError {
    fn from(error: std::io::Error) -> SheetError {
        SheetError(error.to_string())
    }
}

impl From<rust_xlsxwriter::XlsxError> for SheetError {
    fn from(error: rust_xlsxwriter::XlsxError) -> SheetError {
        SheetError(error.to_string())
    }
}

/// Whose history a file is, and what of it.
#[derive(Clone, Debug)]
pub struct Head {
    /// The viewer's language and the zone of all dates.
    pub locale: Locale,
    /// What the account counts in.
    pub unit: Unit,
    /// The account's identifier.
    pub account_id: String,
    /// What people call it.
    pub account_name: String,
    /// Entries booked at or after; `None`: from the beginning.
    pub from: Option<Timestamp>,
    /// Entries booked before; `None`: until `made_at`.
    pub to: Option<Timestamp>,
    /// Only entries of these services; empty: all.
    pub services: Vec<String>,
    /// Only entries of these kinds; empty: all that change the balance.
    pub kinds: Vec<Kind>,
    /// Only entries that moved lots of these kinds; empty: all.
    pub sources: Vec<LotKind>,
    /// Only entries of these statuses; empty: all.
    pub statuses: Vec<Status>,
    /// When the file was asked for.
    pub made_at: Timestamp,
}

/// Whether an entry still stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// As booked.
    Posted,
    /// A part went back.
    PartlyReversed,
    /// All of it went back.
    Reversed,
}

impl Status {
    /// Every status.
    pub const ALL: [Status; 3] = [Status::Posted, Status::PartlyReversed, Status::Reversed];

    /// The end of its message's key, the name in JSON.
    const fn name(self) -> &'static str {
        match self {
            Status::Posted => "posted",
            Status::PartlyReversed => "partly_reversed",
            Status::Reversed => "reversed",
        }
    }
}

/// One entry.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    /// When it was booked.
    pub booked_at: Timestamp,
    /// What the credits were spent on.
    pub service: Option<&'a str>,
    /// Where the credits came from that it moved.
    pub sources: Vec<LotKind>,
    /// Whether it moved the balance below zero, or repaid that.
    pub overdraft: bool,
    /// What happened.
    pub kind: Kind,
    /// Text for people.
    pub description: Option<&'a str>,
    /// The caller's reference; of a voucher, its masked code.
    pub reference: Option<&'a str>,
    /// Whether it still stands.
    pub status: Status,
    /// What the balance gained.
    pub amount: Amount,
    /// The book balance afterwards, lots that are not in effect yet included.
    pub balance: Amount,
    /// Its identifier.
    pub id: String,
}

impl Head {
    /// The file's name: `credit-history_acme_2026-01-01_2026-03-31_Asia-Tokyo.xlsx`. Days are the first and the last one
    /// shown, in the file's zone.
    pub fn file_name(&self, extension: &str) -> String {
        let day = |at: Timestamp| self.locale.zoned(at).date().to_string();
        let from = self.from.map_or_else(|| "start".to_owned(), day);
        let to = day(self.to.map_or(self.made_at, |to| self.locale.last_day(to)));
        let name = format!("credit-history_{}_{from}_{to}_{}.{extension}", self.account_id, self.locale.zone());
        let safe = |c: char| if c.is_ascii_alphanumeric() || "._+-".contains(c) { c } else { '-' };
        name.chars().map(safe).collect()
    }

    fn language(&self) -> Language {
        self.locale.language
    }

    /// The titles of the columns.
    fn titles(&self) -> [String; COLUMNS] {
        let (language, zone, unit) = (self.language(), self.locale.zone(), self.unit.code());
        let plain = |key| text(language, key);
        [
            text_with(language, "history-date", &[("zone", Argument::from(zone))]),
            plain("history-service"),
            plain("history-source"),
            plain("history-type"),
            plain("history-description"),
            plain("history-reference"),
            plain("history-status"),
            text_with(language, "history-amount", &[("unit", Argument::from(unit))]),
            text_with(language, "history-balance", &[("unit", Argument::from(unit))]),
            plain("history-entry"),
        ]
    }
}

fn kind_name(language: Language, kind: Kind) -> String {
    text(language, &format!("history-kind-{}", kind.name()))
}

fn source_name(language: Language, source: LotKind) -> String {
    text(language, &format!("history-source-{}", source.name()))
}

fn status_name(language: Language, status: Status) -> String {
    text(language, &format!("history-status-{}", status.name()))
}

/// Names one after the other.
fn list(language: Language, names: impl IntoIterator<Item = String>) -> String {
    let comma = if language == Language::Ja { "、" } else { ", " };
    names.into_iter().collect::<Vec<_>>().join(comma)
}

impl Row<'_> {
    /// Where the credits came from, in words.
    fn source_text(&self, language: Language) -> String {
        let overdraft = self.overdraft.then(|| text(language, "history-source-overdraft"));
        list(language, self.sources.iter().map(|source| source_name(language, *source)).chain(overdraft))
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;

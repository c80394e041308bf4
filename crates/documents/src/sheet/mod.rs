//! Tables as files: credit history ([`history`]), payments ([`payments`]) and vouchers ([`vouchers`]), each as a workbook
//! for people ([`Workbook`]) and as CSV for programs and people ([`Csv`]).
//!
//! A table is a [`Head`] (whose, of when, filtered by what), its [`Column`]s and rows of [`Cell`]s. The writers take the
//! rows one at a time and keep none of them. A workbook has two sheets: the rows as a plain table with typed cells, and
//! a summary before it that says what was asked for and how it adds up ([`Part`]). CSV is the table alone, with exact
//! decimals.
//!
//! Invariants: no cell is ever a formula, whatever a text begins with; amounts are numbers; every date is in the zone
//! that the file names. Deliberately absent: reading the ledger, limits, formulas, charts. Cost: some microseconds a row;
//! a workbook keeps its rows in an unnamed temporary file of the system, about a kilobyte each, until it is finished.

mod csv;
pub mod history;
pub mod payments;
mod text;
mod totals;
pub mod vouchers;
mod xlsx;

use std::borrow::Cow;

use ledger::{Amount, Timestamp, Unit};
use thiserror::Error;

use crate::messages::{Argument, text, text_with};
use crate::{Language, Locale};

pub use csv::Csv;
pub use totals::{Balances, Movement, Totals};
pub use xlsx::Workbook;

/// Rows that one sheet of a workbook holds below its header. Source: Excel's limit of 1,048,576 rows.
pub const MAX_ROWS: u64 = 1_048_575;

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

/// What the rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Movements of credits.
    History,
    /// Purchases of credits.
    Payments,
    /// Redeemed vouchers.
    Vouchers,
}

impl Subject {
    /// What the names of files begin with.
    const fn stem(self) -> &'static str {
        match self {
            Subject::History => "credit-history",
            Subject::Payments => "payment-history",
            Subject::Vouchers => "vouchers",
        }
    }

    /// Keys of its title and of the sheet of its rows.
    const fn keys(self) -> [&'static str; 2] {
        match self {
            Subject::History => ["history-title", "history-sheet-entries"],
            Subject::Payments => ["payments-title", "payments-sheet-entries"],
            Subject::Vouchers => ["vouchers-title", "vouchers-sheet-entries"],
        }
    }
}

/// Whose table it is, and what of it.
#[derive(Clone, Debug)]
pub struct Head {
    /// What the rows are.
    pub subject: Subject,
    /// The viewer's language and the zone of all dates.
    pub locale: Locale,
    /// What the account counts in.
    pub unit: Unit,
    /// The account's identifier.
    pub account_id: String,
    /// What people call it.
    pub account_name: String,
    /// Rows of this instant or later; `None`: from the beginning.
    pub from: Option<Timestamp>,
    /// Rows before this instant; `None`: until `made_at`.
    pub to: Option<Timestamp>,
    /// What else may be filtered by: a name and what was chosen, empty for everything.
    pub filters: Vec<(String, String)>,
    /// When the file was asked for.
    pub made_at: Timestamp,
}

/// A column of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The text of its header.
    pub title: String,
    /// Its width in characters.
    pub width: u8,
}

/// One value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell<'a> {
    /// A text; an empty one leaves the cell empty.
    Text(Cow<'a, str>),
    /// An instant, in the zone of the file.
    Time(Timestamp),
    /// The last day before an instant: what people call the day on which something expires.
    LastDay(Timestamp),
    /// A sum of ledger units of a unit; wider than an amount.
    Money(Unit, i128),
    /// A number of things, below the rows of a sheet.
    Count(u64),
}

/// A part of a summary.
#[derive(Clone, Debug)]
pub enum Part {
    /// Names with a value each.
    Lines(Vec<(String, Cell<'static>)>),
    /// A small table: the titles, and rows that begin with a name.
    Table(Vec<String>, Vec<Vec<Cell<'static>>>),
    /// Sentences.
    Notes(Vec<String>),
}

impl Head {
    /// The file's name: `credit-history_acme_2026-01-01_2026-03-31_Asia-Tokyo.xlsx`. Days are the first and the last one
    /// shown, in the file's zone.
    pub fn file_name(&self, extension: &str) -> String {
        let day = |at: Timestamp| self.locale.zoned(at).date().to_string();
        let from = self.from.map_or_else(|| "start".to_owned(), day);
        let to = day(self.to.map_or(self.made_at, |to| self.locale.last_day(to)));
        let (stem, zone) = (self.subject.stem(), self.locale.zone());
        let name = format!("{stem}_{}_{from}_{to}_{zone}.{extension}", self.account_id);
        let safe = |c: char| if c.is_ascii_alphanumeric() || "._+-".contains(c) { c } else { '-' };
        name.chars().map(safe).collect()
    }

    fn language(&self) -> Language {
        self.locale.language
    }

    /// A column whose title is a text.
    fn column(&self, key: &str, width: u8) -> Column {
        Column { title: text(self.language(), key), width }
    }

    /// A column of instants; its title names the zone.
    fn time_column(&self, key: &str, width: u8) -> Column {
        let zone = Argument::from(self.locale.zone());
        Column { title: text_with(self.language(), key, &[("zone", zone)]), width }
    }

    /// A column of amounts; its title names the account's unit.
    fn money_column(&self, key: &str, width: u8) -> Column {
        let unit = Argument::from(self.unit.code());
        Column { title: text_with(self.language(), key, &[("unit", unit)]), width }
    }
}

impl<'a> Cell<'a> {
    /// A text.
    pub fn text(text: impl Into<Cow<'a, str>>) -> Cell<'a> {
        Cell::Text(text.into())
    }

    /// An amount of a unit.
    pub fn money(unit: Unit, amount: Amount) -> Cell<'a> {
        Cell::Money(unit, amount.units().into())
    }
}

/// Names one after the other.
fn list(language: Language, names: impl IntoIterator<Item = String>) -> String {
    let comma = if language == Language::Ja { "、" } else { ", " };
    names.into_iter().collect::<Vec<_>>().join(comma)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;

//! History as CSV (RFC 4180, UTF-8).
//!
//! A byte order mark comes first, because Excel takes a file without it for an old code page. Texts are quoted and
//! guarded against being read as formulas; numbers are plain decimals with all their digits; times are RFC 3339 with the
//! offset of the file's zone.

use ledger::{Amount, Timestamp};

use super::text::guarded;
use super::{Head, Row, kind_name, status_name};

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Writes CSV piece by piece. Keeps nothing.
#[derive(Clone, Debug)]
pub struct Csv {
    head: Head,
}

impl Csv {
    /// A file about this history.
    pub fn new(head: Head) -> Csv {
        Csv { head }
    }

    /// The first line.
    pub fn header(&self) -> String {
        let titles = self.head.titles().map(|title| cell(&title));
        format!("{BYTE_ORDER_MARK}{}\r\n", titles.join(","))
    }

    /// Appends the line of an entry.
    pub fn write(&self, row: &Row<'_>, out: &mut String) {
        let language = self.head.language();
        let amount = |amount: Amount| self.head.unit.format_amount(amount);
        let cells = [
            self.time(row.booked_at),
            cell(row.service.unwrap_or_default()),
            cell(&row.source_text(language)),
            cell(&kind_name(language, row.kind)),
            cell(row.description.unwrap_or_default()),
            cell(row.reference.unwrap_or_default()),
            cell(&status_name(language, row.status)),
            amount(row.amount),
            amount(row.balance),
            cell(&row.id),
        ];
        out.push_str(&cells.join(","));
        out.push_str("\r\n");
    }

    fn time(&self, at: Timestamp) -> String {
        self.head.locale.zoned(at).strftime("%Y-%m-%dT%H:%M:%S%.f%:z").to_string()
    }
}

/// A text as a cell; nothing at all for an empty one.
fn cell(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("\"{}\"", guarded(text).replace('"', "\"\"")) }
}

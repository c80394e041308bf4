//! Tables as CSV (RFC 4180, UTF-8).
//!
//! A byte order mark comes first, because Excel takes a file without it for an old code page. Texts are quoted and
//! guarded against being read as formulas; numbers are plain decimals with all their digits; times are RFC 3339 with the
//! offset of the file's zone.

use ledger::Timestamp;

use super::text::{guarded, plain};
use super::{Cell, Column};
use crate::Locale;

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Writes CSV piece by piece. Keeps nothing.
#[derive(Clone, Debug)]
pub struct Csv {
    locale: Locale,
}

impl Csv {
    /// A file with dates in the zone of a locale.
    pub fn new(locale: Locale) -> Csv {
        Csv { locale }
    }

    /// The first line.
    pub fn header(&self, columns: &[Column]) -> String {
        let titles: Vec<String> = columns.iter().map(|column| quoted(&column.title)).collect();
        format!("{BYTE_ORDER_MARK}{}\r\n", titles.join(","))
    }

    /// Appends a line.
    pub fn write(&self, cells: &[Cell<'_>], out: &mut String) {
        for (place, cell) in cells.iter().enumerate() {
            if place > 0 {
                out.push(',');
            }
            out.push_str(&self.cell(cell));
        }
        out.push_str("\r\n");
    }

    fn cell(&self, cell: &Cell<'_>) -> String {
        match cell {
            Cell::Text(text) => quoted(text),
            Cell::Time(at) => self.zoned(*at, "%Y-%m-%dT%H:%M:%S%.f%:z"),
            Cell::LastDay(at) => self.zoned(self.locale.last_day(*at), "%Y-%m-%d"),
            Cell::Money(unit, units) => plain(*unit, *units),
            Cell::Count(count) => count.to_string(),
        }
    }

    fn zoned(&self, at: Timestamp, format: &str) -> String {
        self.locale.zoned(at).strftime(format).to_string()
    }
}

/// A text in quotes; nothing at all for an empty one.
fn quoted(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("\"{}\"", guarded(text).replace('"', "\"\"")) }
}

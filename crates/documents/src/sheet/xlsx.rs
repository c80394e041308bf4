//! History as an Excel workbook.
//!
//! Cells are typed: dates, numbers in the unit's format, texts. A text that begins like a formula is marked, so that it
//! stays a text when somebody edits the cell. A cell keeps 15 digits; how many amounts have more is said in the summary,
//! and CSV has all of them.

use std::io::{Seek, Write};

use ledger::{Amount, Timestamp, Unit};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatBorder, Worksheet};

use super::text::{is_risky, is_too_precise, plain, storable};
use super::{Balances, COLUMNS, Head, Row, SheetError, Totals, kind_name, list, source_name, status_name};
use crate::format::{Language, Locale};
use crate::messages::{Argument, text, text_with};

const SUMMARY: usize = 0;
const ENTRIES: usize = 1;
/// Widths of the columns of entries, in characters.
const WIDTHS: [u8; COLUMNS] = [23, 18, 18, 22, 40, 24, 16, 20, 20, 24];
/// Widths of the columns of the summary.
const SUMMARY_WIDTHS: [u8; 5] = [34, 24, 24, 24, 24];

/// Writes a workbook row by row.
pub struct Workbook {
    head: Head,
    book: rust_xlsxwriter::Workbook,
    formats: Formats,
    /// Where the next entry goes.
    next_row: u32,
    /// Amounts that have more digits than a cell.
    rounded: u64,
}

struct Formats {
    title: Format,
    header: Format,
    bold: Format,
    /// Notes, which are longer than a column.
    note: Format,
    text: Format,
    risky: Format,
    date: Format,
    count: Format,
    /// Amounts of whole coins.
    coins: Format,
    /// Amounts with more decimals than the smallest coin.
    fractions: Format,
}

impl Workbook {
    /// A workbook about this history.
    ///
    /// # Errors
    /// The disk is full, or there is no place for temporary files.
    pub fn new(head: Head) -> Result<Workbook, SheetError> {
        let language = head.language();
        let mut book = rust_xlsxwriter::Workbook::new();
        let utc = Locale::new(language, "UTC").map_err(|error| SheetError(error.to_string()))?;
        let properties = DocProperties::new().set_title(text(language, "history-title"));
        book.set_properties(&properties.set_creation_datetime(&date_time(&utc, head.made_at)?));
        book.add_worksheet().set_name(text(language, "history-sheet-summary"))?;
        let formats = Formats::of(language, head.unit);
        let sheet = book.add_worksheet_with_constant_memory()?;
        sheet.set_name(text(language, "history-sheet-entries"))?;
        sheet.set_freeze_panes(1, 0)?;
        for (column, (title, width)) in (0..).zip(head.titles().iter().zip(WIDTHS)) {
            sheet.set_column_width(column, f64::from(width))?;
            sheet.write_string_with_format(0, column, title, &formats.header)?;
        }
        Ok(Workbook { head, book, formats, next_row: 1, rounded: 0 })
    }

    /// Writes an entry below the one before.
    ///
    /// # Errors
    /// The disk is full, a text is longer than a cell may be, or there are more than [`super::MAX_ROWS`] entries.
    pub fn write(&mut self, row: &Row<'_>) -> Result<(), SheetError> {
        let (head, formats, at, language) = (&self.head, &self.formats, self.next_row, self.head.language());
        let sheet = self.book.worksheet_from_index(ENTRIES)?;
        let booked_at = date_time(&head.locale, row.booked_at)?;
        sheet.write_datetime_with_format(at, 0, &booked_at, &formats.date)?;
        put_text(sheet, formats, (at, 1), row.service.unwrap_or_default())?;
        put_text(sheet, formats, (at, 2), &row.source_text(language))?;
        put_text(sheet, formats, (at, 3), &kind_name(language, row.kind))?;
        put_text(sheet, formats, (at, 4), row.description.unwrap_or_default())?;
        put_text(sheet, formats, (at, 5), row.reference.unwrap_or_default())?;
        put_text(sheet, formats, (at, 6), &status_name(language, row.status))?;
        for (column, amount) in [(7, row.amount), (8, row.balance)] {
            let exact = put_amount(sheet, formats, (at, column), head.unit, i128::from(amount.units()))?;
            self.rounded += u64::from(!exact);
        }
        put_text(sheet, formats, (at, 9), &row.id)?;
        self.next_row += 1;
        Ok(())
    }

    /// Writes the summary and the whole file. `balances` only for a list that is not filtered.
    ///
    /// # Errors
    /// The disk is full.
    pub fn finish(
        mut self,
        totals: &Totals,
        balances: Option<&Balances>,
        out: impl Write + Seek + Send,
    ) -> Result<(), SheetError> {
        let last_column = u16::try_from(COLUMNS - 1).unwrap_or(u16::MAX);
        let last_row = self.next_row - 1;
        self.book.worksheet_from_index(ENTRIES)?.autofilter(0, 0, last_row, last_column)?;
        let sheet = self.book.worksheet_from_index(SUMMARY)?;
        for (column, width) in (0..).zip(SUMMARY_WIDTHS) {
            sheet.set_column_width(column, f64::from(width))?;
        }
        let mut page = Page { sheet, head: &self.head, formats: &self.formats, row: 0 };
        page.about()?;
        page.totals(totals)?;
        page.balances(balances)?;
        page.notes(balances, self.rounded)?;
        self.book.save_to_writer(out)?;
        Ok(())
    }
}

/// The summary while it is written.
struct Page<'a> {
    sheet: &'a mut Worksheet,
    head: &'a Head,
    formats: &'a Formats,
    row: u32,
}

impl Page<'_> {
    fn word(&self, key: &str) -> String {
        text(self.head.language(), key)
    }

    /// A line with a name and a text.
    fn line(&mut self, key: &str, value: &str) -> Result<(), SheetError> {
        let name = self.word(key);
        self.sheet.write_string_with_format(self.row, 0, name, &self.formats.bold)?;
        put_text(self.sheet, self.formats, (self.row, 1), value)?;
        self.row += 1;
        Ok(())
    }

    /// Whose history, and what of it.
    fn about(&mut self) -> Result<(), SheetError> {
        let head = self.head;
        let (language, locale) = (head.language(), &head.locale);
        let title = self.word("history-title");
        self.sheet.write_string_with_format(self.row, 0, title, &self.formats.title)?;
        self.row += 2;
        let start = || self.word("history-period-start");
        let from = head.from.map_or_else(start, |from| locale.date_time(from));
        let to = locale.date_time(head.to.unwrap_or(head.made_at));
        let all = self.word("history-filter-none");
        let chosen = |names: String| if names.is_empty() { all.clone() } else { names };
        let kinds = head.kinds.iter().map(|kind| kind_name(language, *kind));
        let sources = head.sources.iter().map(|source| source_name(language, *source));
        let statuses = head.statuses.iter().map(|status| status_name(language, *status));
        let account = format!("{} ({})", head.account_name, head.account_id);
        let zone = format!("{} ({})", locale.zone(), locale.zone_name(head.made_at));
        let lines = [
            ("history-account", account),
            ("history-period", format!("{from} – {to}")),
            ("history-zone", zone),
            ("history-unit", head.unit.code().to_owned()),
            ("history-service", chosen(list(language, head.services.iter().cloned()))),
            ("history-type", chosen(list(language, kinds))),
            ("history-source", chosen(list(language, sources))),
            ("history-status", chosen(list(language, statuses))),
            ("history-made", locale.date_time(head.made_at)),
        ];
        for (key, value) in lines {
            self.line(key, &value)?;
        }
        self.row += 1;
        Ok(())
    }

    /// What the entries add up to.
    fn totals(&mut self, totals: &Totals) -> Result<(), SheetError> {
        let titles = ["history-type", "history-count", "history-in", "history-out", "history-net"];
        for (column, key) in (0..).zip(titles) {
            let title = self.word(key);
            self.sheet.write_string_with_format(self.row, column, title, &self.formats.header)?;
        }
        self.row += 1;
        let language = self.head.language();
        let named = totals.by_kind.iter().map(|(kind, movement)| (kind_name(language, *kind), *movement));
        let all = (self.word("history-total"), totals.all());
        for (name, movement) in named.chain([all]) {
            self.sheet.write_string_with_format(self.row, 0, name, &self.formats.bold)?;
            // A count is below the rows of a sheet, so nothing is lost.
            let count = u32::try_from(movement.count).unwrap_or(u32::MAX);
            self.sheet.write_number_with_format(self.row, 1, count, &self.formats.count)?;
            for (column, units) in (2..).zip([movement.in_units, movement.out_units, movement.net_units()]) {
                put_amount(self.sheet, self.formats, (self.row, column), self.head.unit, units)?;
            }
            self.row += 1;
        }
        self.row += 1;
        Ok(())
    }

    /// Opening and closing; the movements between them stand above.
    fn balances(&mut self, balances: Option<&Balances>) -> Result<(), SheetError> {
        let Some(Balances { opening, closing, pending }) = balances else { return Ok(()) };
        let lines = [("history-opening", *opening), ("history-closing", *closing)];
        let pending = (!pending.is_zero()).then_some(("history-pending", *pending));
        for (key, amount) in lines.into_iter().chain(pending) {
            self.money(key, amount)?;
        }
        self.row += 1;
        Ok(())
    }

    fn money(&mut self, key: &str, amount: Amount) -> Result<(), SheetError> {
        let name = self.word(key);
        self.sheet.write_string_with_format(self.row, 0, name, &self.formats.bold)?;
        put_amount(self.sheet, self.formats, (self.row, 1), self.head.unit, i128::from(amount.units()))?;
        self.row += 1;
        Ok(())
    }

    fn notes(&mut self, balances: Option<&Balances>, rounded: u64) -> Result<(), SheetError> {
        let language = self.head.language();
        let reconciled = if balances.is_some() { "history-note-reconciled" } else { "history-note-filtered" };
        let mut notes = vec![text(language, "history-note-order"), text(language, reconciled)];
        if rounded > 0 {
            let count = language.decimal(&rounded.to_string());
            notes.push(text_with(language, "history-note-rounded", &[("count", Argument::from(count))]));
        }
        for note in notes {
            self.sheet.write_string_with_format(self.row, 0, note, &self.formats.note)?;
            self.row += 1;
        }
        Ok(())
    }
}

impl Formats {
    fn of(language: Language, unit: Unit) -> Formats {
        let date = match language {
            Language::En => "[$-409]d mmm yyyy hh:mm:ss",
            Language::Ja => "yyyy/mm/dd hh:mm:ss",
            Language::Vi => "dd/mm/yyyy hh:mm:ss",
        };
        let coins = "0".repeat(unit.exponent() as usize);
        let point = if coins.is_empty() { "" } else { "." };
        Formats {
            title: Format::new().set_bold().set_font_size(14),
            header: Format::new().set_bold().set_border_bottom(FormatBorder::Thin),
            bold: Format::new().set_bold(),
            note: Format::new().set_italic(),
            text: Format::new(),
            risky: Format::new().set_quote_prefix(),
            date: Format::new().set_num_format(date),
            count: Format::new().set_num_format("#,##0"),
            coins: Format::new().set_num_format(with_code(language, unit, &format!("#,##0{point}{coins}"))),
            fractions: Format::new().set_num_format(with_code(language, unit, &format!("#,##0.{coins}######"))),
        }
    }
}

/// A number format with the unit's code where the language puts it.
fn with_code(language: Language, unit: Unit, number: &str) -> String {
    let code = unit.code();
    match language {
        _ if unit == Unit::CREDIT => number.to_owned(),
        Language::En => format!("\"{code}\u{a0}\"{number}"),
        Language::Ja => format!("{number}\" {code}\""),
        Language::Vi => format!("{number}\"\u{a0}{code}\""),
    }
}

fn put_text(sheet: &mut Worksheet, formats: &Formats, at: (u32, u16), text: &str) -> Result<(), SheetError> {
    if !text.is_empty() {
        let format = if is_risky(text) { &formats.risky } else { &formats.text };
        sheet.write_string_with_format(at.0, at.1, storable(text), format)?;
    }
    Ok(())
}

/// Writes an amount of ledger units as a number; says whether the cell holds all its digits.
fn put_amount(
    sheet: &mut Worksheet,
    formats: &Formats,
    at: (u32, u16),
    unit: Unit,
    units: i128,
) -> Result<bool, SheetError> {
    let plain = plain(unit, units);
    let decimals = plain.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let format = if decimals > unit.exponent() as usize { &formats.fractions } else { &formats.coins };
    // Read, never computed: the nearest double is what a spreadsheet would read, too.
    let number: f64 = plain.parse().map_err(|_| SheetError(format!("{plain:?} is no number")))?;
    sheet.write_number_with_format(at.0, at.1, number, format)?;
    Ok(!is_too_precise(&plain))
}

/// An instant as the zone's clock shows it, to the second.
fn date_time(locale: &Locale, at: Timestamp) -> Result<ExcelDateTime, SheetError> {
    let zoned = locale.zoned(at);
    let part = |part: i8| u8::try_from(part).unwrap_or_default();
    let year = u16::try_from(zoned.year()).unwrap_or_default();
    let day = ExcelDateTime::from_ymd(year, part(zoned.month()), part(zoned.day()))?;
    Ok(day.and_hms(u16::from(part(zoned.hour())), part(zoned.minute()), part(zoned.second()))?)
}

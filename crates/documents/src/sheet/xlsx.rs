//! Tables as Excel workbooks.
//!
//! Cells are typed: dates, numbers in their unit's format, texts. A text that begins like a formula is marked, so that it
//! stays a text when somebody edits the cell. A cell keeps 15 digits; how many amounts have more is said in the summary,
//! and CSV has all of them.

use std::collections::HashMap;
use std::io::{Seek, Write};

use ledger::{Timestamp, Unit};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatBorder, Worksheet};

use super::text::{is_risky, is_too_precise, plain, storable};
use super::{Cell, Column, Head, Part, SheetError};
use crate::format::{Language, Locale};
use crate::messages::{Argument, text, text_with};

const SUMMARY: usize = 0;
const ROWS: usize = 1;
/// Widths of the columns of the summary.
const SUMMARY_WIDTHS: [u8; 5] = [34, 24, 24, 24, 24];

/// Writes a workbook row by row.
pub struct Workbook {
    head: Head,
    book: rust_xlsxwriter::Workbook,
    pen: Pen,
    columns: u16,
    /// Where the next row goes.
    next_row: u32,
}

impl Workbook {
    /// A workbook of a table.
    ///
    /// # Errors
    /// The disk is full, or there is no place for temporary files.
    pub fn new(head: Head, columns: &[Column]) -> Result<Workbook, SheetError> {
        let language = head.language();
        let [title, name] = head.subject.keys().map(|key| text(language, key));
        let mut book = rust_xlsxwriter::Workbook::new();
        let utc = Locale::new(language, "UTC").map_err(|error| SheetError(error.to_string()))?;
        let properties = DocProperties::new().set_title(title);
        book.set_properties(&properties.set_creation_datetime(&date_time(&utc, head.made_at)?));
        book.add_worksheet().set_name(text(language, "sheet-summary"))?;
        let pen = Pen::new(head.locale.clone());
        let sheet = book.add_worksheet_with_constant_memory()?;
        sheet.set_name(name)?;
        sheet.set_freeze_panes(1, 0)?;
        for (place, column) in (0..).zip(columns) {
            sheet.set_column_width(place, f64::from(column.width))?;
            sheet.write_string_with_format(0, place, &column.title, &pen.header)?;
        }
        let columns = u16::try_from(columns.len()).map_err(|error| SheetError(error.to_string()))?;
        Ok(Workbook { head, book, pen, columns, next_row: 1 })
    }

    /// Writes a row below the one before.
    ///
    /// # Errors
    /// The disk is full, a text is longer than a cell may be, or there are more than [`super::MAX_ROWS`] rows.
    pub fn write(&mut self, cells: &[Cell<'_>]) -> Result<(), SheetError> {
        let sheet = self.book.worksheet_from_index(ROWS)?;
        for (place, cell) in (0..).zip(cells) {
            self.pen.put(sheet, (self.next_row, place), cell)?;
        }
        self.next_row += 1;
        Ok(())
    }

    /// Writes the summary and the whole file.
    ///
    /// # Errors
    /// The disk is full.
    pub fn finish(mut self, summary: &[Part], out: impl Write + Seek + Send) -> Result<(), SheetError> {
        let (last_row, last_column) = (self.next_row - 1, self.columns.saturating_sub(1));
        self.book.worksheet_from_index(ROWS)?.autofilter(0, 0, last_row, last_column)?;
        let sheet = self.book.worksheet_from_index(SUMMARY)?;
        for (place, width) in (0..).zip(SUMMARY_WIDTHS) {
            sheet.set_column_width(place, f64::from(width))?;
        }
        let mut page = Page { sheet, pen: &mut self.pen, row: 0 };
        page.about(&self.head)?;
        summary.iter().try_for_each(|part| page.part(part))?;
        page.rounded(self.head.language())?;
        self.book.save_to_writer(out)?;
        Ok(())
    }
}

/// The summary while it is written.
struct Page<'a> {
    sheet: &'a mut Worksheet,
    pen: &'a mut Pen,
    row: u32,
}

impl Page<'_> {
    /// Whose table it is, and what of it.
    fn about(&mut self, head: &Head) -> Result<(), SheetError> {
        let (language, locale) = (head.language(), &head.locale);
        let word = |key| text(language, key);
        self.sheet.write_string_with_format(self.row, 0, word(head.subject.keys()[0]), &self.pen.title)?;
        self.row += 2;
        let from = head.from.map_or_else(|| word("sheet-period-start"), |from| locale.date_time(from));
        let to = locale.date_time(head.to.unwrap_or(head.made_at));
        let zone = format!("{} ({})", locale.zone(), locale.zone_name(head.made_at));
        let account = format!("{} ({})", head.account_name, head.account_id);
        let first = [
            ("sheet-account", account),
            ("sheet-period", format!("{from} – {to}")),
            ("sheet-zone", zone),
            ("sheet-unit", head.unit.code().to_owned()),
        ];
        let first = first.into_iter().map(|(key, value)| (word(key), value));
        let chosen = |value: &String| if value.is_empty() { word("sheet-filter-none") } else { value.clone() };
        let filters = head.filters.iter().map(|(name, value)| (name.clone(), chosen(value)));
        let last = (word("sheet-made"), locale.date_time(head.made_at));
        let lines = first.chain(filters).chain([last]);
        self.part(&Part::Lines(lines.map(|(name, value)| (name, Cell::text(value))).collect()))
    }

    fn part(&mut self, part: &Part) -> Result<(), SheetError> {
        match part {
            Part::Lines(lines) => {
                for (name, value) in lines {
                    self.line(name, std::slice::from_ref(value))?;
                }
            }
            Part::Table(titles, rows) => {
                for (place, title) in (0..).zip(titles) {
                    self.sheet.write_string_with_format(self.row, place, title, &self.pen.header)?;
                }
                self.row += 1;
                for row in rows {
                    match row.split_first() {
                        Some((Cell::Text(name), values)) => self.line(name, values)?,
                        _ => self.line("", row)?,
                    }
                }
            }
            Part::Notes(notes) => {
                for note in notes {
                    self.sheet.write_string_with_format(self.row, 0, note, &self.pen.note)?;
                    self.row += 1;
                }
                return Ok(());
            }
        }
        self.row += 1;
        Ok(())
    }

    /// A name, and values beside it.
    fn line(&mut self, name: &str, values: &[Cell<'_>]) -> Result<(), SheetError> {
        self.sheet.write_string_with_format(self.row, 0, name, &self.pen.bold)?;
        for (place, value) in (1..).zip(values) {
            self.pen.put(self.sheet, (self.row, place), value)?;
        }
        self.row += 1;
        Ok(())
    }

    /// Says how many amounts have more digits than their cells.
    fn rounded(&mut self, language: Language) -> Result<(), SheetError> {
        if self.pen.rounded == 0 {
            return Ok(());
        }
        let count = language.decimal(&self.pen.rounded.to_string());
        let note = text_with(language, "sheet-note-rounded", &[("count", Argument::from(count))]);
        self.part(&Part::Notes(vec![note]))
    }
}

/// Puts values into cells, and knows their formats.
struct Pen {
    locale: Locale,
    title: Format,
    header: Format,
    bold: Format,
    /// Sentences, which are longer than a column.
    note: Format,
    text: Format,
    risky: Format,
    time: Format,
    day: Format,
    count: Format,
    /// By unit, and whether an amount has more decimals than the smallest coin.
    money: HashMap<(Unit, bool), Format>,
    /// Amounts that have more digits than a cell.
    rounded: u64,
}

impl Pen {
    fn new(locale: Locale) -> Pen {
        let day = match locale.language {
            Language::En => "[$-409]d mmm yyyy",
            Language::Ja => "yyyy/mm/dd",
            Language::Vi => "dd/mm/yyyy",
        };
        Pen {
            locale,
            title: Format::new().set_bold().set_font_size(14),
            header: Format::new().set_bold().set_border_bottom(FormatBorder::Thin),
            bold: Format::new().set_bold(),
            note: Format::new().set_italic(),
            text: Format::new(),
            risky: Format::new().set_quote_prefix(),
            time: Format::new().set_num_format(format!("{day} hh:mm:ss")),
            day: Format::new().set_num_format(day),
            count: Format::new().set_num_format("#,##0"),
            money: HashMap::new(),
            rounded: 0,
        }
    }

    fn put(&mut self, sheet: &mut Worksheet, at: (u32, u16), cell: &Cell<'_>) -> Result<(), SheetError> {
        match cell {
            Cell::Text(text) if text.is_empty() => {}
            Cell::Text(text) => {
                let format = if is_risky(text) { &self.risky } else { &self.text };
                sheet.write_string_with_format(at.0, at.1, storable(text), format)?;
            }
            Cell::Time(instant) => {
                let instant = date_time(&self.locale, *instant)?;
                sheet.write_datetime_with_format(at.0, at.1, instant, &self.time)?;
            }
            Cell::LastDay(instant) => {
                let day = date(&self.locale, self.locale.last_day(*instant))?;
                sheet.write_datetime_with_format(at.0, at.1, day, &self.day)?;
            }
            Cell::Money(unit, units) => self.put_money(sheet, at, *unit, *units)?,
            Cell::Count(count) => {
                // Below the rows of a sheet, so nothing is lost.
                let count = u32::try_from(*count).unwrap_or(u32::MAX);
                sheet.write_number_with_format(at.0, at.1, count, &self.count)?;
            }
        }
        Ok(())
    }

    fn put_money(&mut self, sheet: &mut Worksheet, at: (u32, u16), unit: Unit, units: i128) -> Result<(), SheetError> {
        let plain = plain(unit, units);
        let decimals = plain.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        let is_fraction = decimals > unit.exponent() as usize;
        let language = self.locale.language;
        let format = self.money.entry((unit, is_fraction)).or_insert_with(|| money(language, unit, is_fraction));
        // Read, never computed: the nearest double is what a spreadsheet would read, too.
        let number: f64 = plain.parse().map_err(|_| SheetError(format!("{plain:?} is no number")))?;
        sheet.write_number_with_format(at.0, at.1, number, format)?;
        self.rounded += u64::from(is_too_precise(&plain));
        Ok(())
    }
}

/// A number format with the unit's code where the language puts it.
fn money(language: Language, unit: Unit, is_fraction: bool) -> Format {
    let coins = "0".repeat(unit.exponent() as usize);
    let number = match (is_fraction, coins.as_str()) {
        (true, _) => format!("#,##0.{coins}######"),
        (false, "") => "#,##0".to_owned(),
        (false, _) => format!("#,##0.{coins}"),
    };
    let code = unit.code();
    Format::new().set_num_format(match language {
        _ if unit == Unit::CREDIT => number,
        Language::En => format!("\"{code}\u{a0}\"{number}"),
        Language::Ja => format!("{number}\" {code}\""),
        Language::Vi => format!("{number}\"\u{a0}{code}\""),
    })
}

/// The day of an instant by the zone's calendar.
fn date(locale: &Locale, at: Timestamp) -> Result<ExcelDateTime, SheetError> {
    let zoned = locale.zoned(at);
    let part = |part: i8| u8::try_from(part).unwrap_or_default();
    let year = u16::try_from(zoned.year()).unwrap_or_default();
    Ok(ExcelDateTime::from_ymd(year, part(zoned.month()), part(zoned.day()))?)
}

/// An instant as the zone's clock shows it, to the second.
fn date_time(locale: &Locale, at: Timestamp) -> Result<ExcelDateTime, SheetError> {
    let zoned = locale.zoned(at);
    let part = |part: i8| u8::try_from(part).unwrap_or_default();
    Ok(date(locale, at)?.and_hms(u16::from(part(zoned.hour())), part(zoned.minute()), part(zoned.second()))?)
}

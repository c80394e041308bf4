//! How a receipt looks: title, parties, total, what was paid for, taxes, payment, notes.
//!
//! Everything is made of rows: cells side by side, each broken into lines within its width. A short row is kept together;
//! a long one flows over the end of the page line by line. The heads of tables come again.

use ledger::Amount;

use super::{Receipt, TaxLine};
use crate::format::{Digits, Locale, Money, MoneyFormat, Style as Naming};
use crate::messages::{self, Argument};
use crate::pdf::{A4, Align, Color, Drawing, Mpt, Sheet, Style, line, lines, mm, pt};
use crate::words;

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;

const LEFT: Mpt = mm(22);
const WIDTH: Mpt = A4.0 - 2 * LEFT;
const RIGHT: Mpt = LEFT + WIDTH;
const TOP: Mpt = mm(22);
const BOTTOM: Mpt = A4.1 - mm(26);
const FOOT: Mpt = A4.1 - mm(17);
/// Where the right one of two columns begins.
const MIDDLE: Mpt = LEFT + WIDTH / 2 + GAP / 2;
const COLUMN: Mpt = WIDTH / 2 - GAP / 2;
const GAP: Mpt = mm(8);
const PAD: Mpt = mm(5);
const COPY_PAD: Mpt = mm(3);
/// A row up to this height is not parted by the end of a page.
const KEPT_TOGETHER: Mpt = mm(60);
const HAIRLINE: Mpt = 600;

const INK: Color = Color(28, 37, 46);
const MUTED: Color = Color(91, 103, 115);
const RULE: Color = Color(214, 220, 226);
const TINT: Color = Color(243, 246, 248);
const ACCENT: Color = Color(15, 98, 106);

/// The name of the document: `Receipt R-1`.
pub(super) fn title(receipt: &Receipt) -> String {
    format!("{} {}", messages::text(receipt.language, "receipt-title"), receipt.number)
}

/// The pages of a receipt.
pub(super) fn compose(receipt: &Receipt, locale: &Locale) -> Vec<Vec<Drawing>> {
    let mut composer = Composer { receipt, locale, sheet: Sheet::new(TOP, BOTTOM) };
    composer.head();
    composer.parties();
    composer.total();
    composer.lines();
    composer.taxes();
    composer.payment();
    composer.notes();
    with_feet(receipt, locale, composer.sheet.into_pages())
}

/// A text in a column.
struct Cell {
    x: Mpt,
    width: Mpt,
    align: Align,
    text: String,
    style: Style,
}

struct Composer<'a> {
    receipt: &'a Receipt,
    locale: &'a Locale,
    sheet: Sheet,
}

impl Composer<'_> {
    /// The title, at its right the copy mark, under it number and date.
    fn head(&mut self) {
        self.sheet.fill(LEFT, mm(14), mm(1), ACCENT);
        self.sheet.feed(mm(5));
        if self.receipt.copy {
            self.copy_mark();
        }
        let title = line(&self.text("receipt-title"), self.style(24, true, INK));
        self.sheet.flow([title], LEFT, WIDTH, Align::Left);
        self.sheet.feed(mm(5));
        let date = self.locale.formal_date(self.receipt.issued_at);
        let pair = |key: &str, value: String| [(self.text(key), self.small()), (value, self.body())];
        let [number, date] = [pair("receipt-number", self.receipt.number.clone()), pair("receipt-date", date)];
        self.columns(&number, &date);
        self.sheet.feed(mm(5));
    }

    /// The word in a frame at the right edge, at the height of the title.
    fn copy_mark(&mut self) {
        let mark = line(&self.text("receipt-copy"), self.style(11, true, ACCENT));
        let (start, height, width) = (self.sheet.place(), pt(21), mark.width + 2 * COPY_PAD);
        self.sheet.feed(pt(8));
        self.sheet.frame(RIGHT - width, width, height, HAIRLINE * 2, ACCENT);
        self.sheet.feed((height - mark.style.line_height()) / 2);
        self.sheet.put(mark, LEFT, WIDTH - COPY_PAD, Align::Right);
        self.sheet.go_to(start);
    }

    /// Who paid, and who received it.
    fn parties(&mut self) {
        let Receipt { buyer, seller, language, .. } = self.receipt;
        let addressee = buyer.addressee.trim();
        let titled = addressee.is_empty() || addressee.ends_with('様') || addressee.ends_with("御中");
        let name = if titled {
            addressee.to_owned()
        } else {
            messages::text_with(*language, "receipt-addressee-name", &[("name", addressee.into())])
        };
        let tax_code = |code: &Option<String>| self.labelled("receipt-tax-code", "code", code);
        let mut left = vec![(self.text("receipt-addressee"), self.small()), (name, self.name())];
        left.extend(buyer.address.iter().cloned().chain(tax_code(&buyer.tax_code)).map(|text| (text, self.body())));
        let mut right = vec![(self.text("receipt-seller"), self.small()), (seller.name.clone(), self.name())];
        let registration = self.labelled("receipt-registration-number", "number", &seller.registration_number);
        let contact = self.labelled("receipt-contact", "contact", &seller.contact);
        let about = seller.address.iter().cloned().chain(registration).chain(tax_code(&seller.tax_code)).chain(contact);
        right.extend(about.map(|text| (text, self.body())));
        self.columns(&left, &right);
        self.sheet.feed(mm(9));
    }

    /// What was paid, large, in Vietnamese also in words.
    fn total(&mut self) {
        self.row(&[left(LEFT, WIDTH, self.text("receipt-acknowledgement"), self.body())]);
        self.sheet.feed(mm(2));
        let label = if self.receipt.taxes.is_empty() { "receipt-total" } else { "receipt-total-tax-included" };
        let inner = WIDTH - 2 * PAD;
        let amount = line(&self.money(self.receipt.total), self.style(20, true, INK));
        let in_words = self.in_words().map_or_else(Vec::new, |words| lines(&words, self.body(), inner));
        let words_height: Mpt = in_words.iter().map(|line| line.style.line_height()).sum();
        let height = amount.style.line_height() + words_height + 2 * mm(4);
        self.sheet.room(height);
        let start = self.sheet.place();
        self.sheet.fill(LEFT, WIDTH, height, TINT);
        self.sheet.fill(LEFT, mm(1), height, ACCENT);
        self.sheet.feed(mm(4));
        let label = line(&self.text(label), self.body());
        let under = self.sheet.place();
        self.sheet.feed(amount.style.baseline() - label.style.baseline());
        self.sheet.put(label, LEFT + PAD, inner, Align::Left);
        self.sheet.go_to(under);
        self.sheet.flow([amount], LEFT + PAD, inner, Align::Right);
        self.sheet.flow(in_words, LEFT + PAD, inner, Align::Left);
        self.sheet.go_to(start);
        self.sheet.feed(height + mm(9));
    }

    /// The table of what was paid for.
    fn lines(&mut self) {
        let columns = [
            (LEFT, WIDTH * 60 / 100),
            (LEFT + WIDTH * 60 / 100, WIDTH * 12 / 100),
            (LEFT + WIDTH * 72 / 100, WIDTH * 28 / 100),
        ];
        let head = ["receipt-description", "receipt-quantity", "receipt-amount"].map(|key| self.text(key));
        let rows = self.receipt.lines.iter().map(|line| {
            let quantity = self.locale.language.decimal(&line.quantity.to_string());
            [line.description.clone(), quantity, self.amount(line.amount)]
        });
        let rows = rows.collect::<Vec<_>>();
        self.table(columns, head, rows);
    }

    /// The table of taxes, if there are any.
    fn taxes(&mut self) {
        if self.receipt.taxes.is_empty() {
            return;
        }
        let columns = [
            (LEFT, WIDTH * 34 / 100),
            (LEFT + WIDTH * 34 / 100, WIDTH * 12 / 100),
            (LEFT + WIDTH * 46 / 100, WIDTH * 26 / 100),
            (LEFT + WIDTH * 72 / 100, WIDTH * 28 / 100),
        ];
        let head =
            ["receipt-tax", "receipt-tax-rate", "receipt-tax-base", "receipt-tax-amount"].map(|key| self.text(key));
        let row = |tax: &TaxLine| {
            let rate = self.locale.language.percent(&tax.rate_percent);
            [tax.name.clone(), rate, self.amount(tax.base), self.amount(tax.amount)]
        };
        let rows = self.receipt.taxes.iter().map(row).collect();
        self.table(columns, head, rows);
    }

    /// How it was paid and what it brought.
    fn payment(&mut self) {
        let Receipt { credits, rate, references, buyer, language, .. } = self.receipt;
        let mut rows = vec![("receipt-method", self.receipt.method.clone())];
        if let Some(credits) = credits {
            rows.push(("receipt-credits", self.money(credits.money)));
            let last_day = |at| self.locale.formal_date(self.locale.last_day(at));
            rows.extend(credits.expires_at.map(|at| ("receipt-expiry", last_day(at))));
        }
        if let Some(rate) = rate {
            let arguments: [(&str, Argument<'_>); 5] = [
                ("from", rate.from.code().into()),
                ("to", rate.to.code().into()),
                ("rate", language.decimal(&rate.rate).into()),
                ("source", rate.source.as_str().into()),
                ("date", self.locale.date_time(rate.quoted_at).into()),
            ];
            rows.push(("receipt-rate", messages::text_with(*language, "receipt-rate-value", &arguments)));
        }
        rows.push(("receipt-reference", references.join("\n")));
        rows.extend(buyer.email.iter().map(|email| ("receipt-recipient", email.clone())));
        let cells = |(label, value): (&str, String)| {
            let label = left(LEFT, WIDTH * 30 / 100, self.text(label), self.muted());
            vec![label, left(LEFT + WIDTH * 32 / 100, WIDTH * 68 / 100, value, self.body())]
        };
        let rows = rows.into_iter().filter(|(_, value)| !value.is_empty()).map(cells).collect();
        self.section("receipt-details", rows, 0);
    }

    /// What the operator must say.
    fn notes(&mut self) {
        let cells = |note: &String| vec![left(LEFT, WIDTH, note.clone(), self.muted())];
        let rows = self.receipt.notes.iter().map(cells).collect();
        self.section("receipt-notes", rows, mm(1));
    }

    /// A heading and rows, `gap` apart; nothing when there are no rows. The heading stays with the first of them.
    fn section(&mut self, key: &str, rows: Vec<Vec<Cell>>, gap: Mpt) {
        let Some(first) = rows.first() else { return };
        let heading = line(&self.text(key), self.small());
        self.sheet.room(heading.style.line_height() + mm(3) + height_of(first).min(KEPT_TOGETHER));
        self.sheet.flow([heading], LEFT, WIDTH, Align::Left);
        self.sheet.feed(pt(2));
        self.sheet.fill(LEFT, WIDTH, HAIRLINE, RULE);
        self.sheet.feed(mm(2));
        for row in rows {
            self.row(&row);
            self.sheet.feed(gap);
        }
        self.sheet.feed(mm(6));
    }

    /// A table: its first column at the left, the others at the right.
    fn table<const N: usize>(&mut self, columns: [(Mpt, Mpt); N], head: [String; N], rows: Vec<[String; N]>) {
        let cells = |texts: [String; N], style: Style| {
            let mut cells: Vec<Cell> = Vec::with_capacity(N);
            for ((x, width), text) in columns.into_iter().zip(texts) {
                let align = if cells.is_empty() { Align::Left } else { Align::Right };
                cells.push(Cell { x, width, align, text, style });
            }
            cells
        };
        let head = cells(head, self.small());
        let rows: Vec<Vec<Cell>> = rows.into_iter().map(|row| cells(row, self.body())).collect();
        let room_for = |row: &Vec<Cell>| height_of(row).min(KEPT_TOGETHER) + pt(8);
        self.sheet.room(height_of(&head) + pt(2) + rows.first().map_or(0, room_for));
        self.table_head(&head);
        for row in rows {
            if self.sheet.room(room_for(&row)) {
                self.table_head(&head);
            }
            self.sheet.feed(pt(4));
            self.row(&row);
            self.sheet.feed(pt(4));
            self.sheet.fill(LEFT, WIDTH, HAIRLINE, RULE);
        }
        self.sheet.feed(mm(7));
    }

    fn table_head(&mut self, head: &[Cell]) {
        self.row(head);
        self.sheet.feed(pt(2));
        self.sheet.fill(LEFT, WIDTH, HAIRLINE * 2, MUTED);
    }

    /// Two columns of paragraphs side by side.
    fn columns(&mut self, left: &[(String, Style)], right: &[(String, Style)]) {
        let start = self.sheet.place();
        let mut end = start;
        for (x, side) in [(LEFT, left), (MIDDLE, right)] {
            self.sheet.go_to(start);
            for (text, style) in side {
                self.sheet.flow(lines(text, *style, COLUMN), x, COLUMN, Align::Left);
            }
            end = end.max(self.sheet.place());
        }
        self.sheet.go_to(end);
    }

    /// Cells side by side.
    fn row(&mut self, cells: &[Cell]) {
        let height = height_of(cells);
        if height <= KEPT_TOGETHER {
            self.sheet.room(height);
        }
        let start = self.sheet.place();
        let mut end = start;
        for cell in cells {
            self.sheet.go_to(start);
            self.sheet.flow(lines(&cell.text, cell.style, cell.width), cell.x, cell.width, cell.align);
            end = end.max(self.sheet.place());
        }
        self.sheet.go_to(end);
    }

    fn text(&self, key: &str) -> String {
        messages::text(self.receipt.language, key)
    }

    /// The text of `key` around a value, if there is one.
    fn labelled(&self, key: &str, name: &str, value: &Option<String>) -> Option<String> {
        let value = value.as_deref().filter(|value| !value.trim().is_empty())?;
        Some(messages::text_with(self.receipt.language, key, &[(name, value.into())]))
    }

    fn in_words(&self) -> Option<String> {
        let language = self.receipt.language;
        if language != crate::Language::Vi {
            return None;
        }
        let words = words::sentence_case(&words::money(language, self.receipt.total)?);
        Some(format!("{}: {words}", self.text("receipt-in-words")))
    }

    fn amount(&self, amount: Amount) -> String {
        self.money(Money { amount, ..self.receipt.total })
    }

    /// Yen as in a sentence, everything else by code; by code, too, where two units meet.
    fn money(&self, money: Money) -> String {
        let unit = self.receipt.total.unit;
        let two_units = self.receipt.credits.as_ref().is_some_and(|credits| credits.money.unit != unit);
        let style = if unit.code() == "JPY" && !two_units { Naming::Sentence } else { Naming::Code };
        self.locale.language.money(money, MoneyFormat { style, digits: Digits::Exact, ..MoneyFormat::BALANCE })
    }

    fn style(&self, size_points: i64, bold: bool, color: Color) -> Style {
        Style { language: self.receipt.language, size: pt(size_points), bold, color }
    }

    fn body(&self) -> Style {
        self.style(10, false, INK)
    }

    fn muted(&self) -> Style {
        self.style(10, false, MUTED)
    }

    fn name(&self) -> Style {
        self.style(12, true, INK)
    }

    fn small(&self) -> Style {
        self.style(9, false, MUTED)
    }
}

fn left(x: Mpt, width: Mpt, text: String, style: Style) -> Cell {
    Cell { x, width, align: Align::Left, text, style }
}

fn height_of(cells: &[Cell]) -> Mpt {
    let height = |cell: &Cell| lines(&cell.text, cell.style, cell.width).len() as Mpt * cell.style.line_height();
    cells.iter().map(height).max().unwrap_or(0)
}

/// Adds rule, number and zone, and the page's number to the foot of every page.
fn with_feet(receipt: &Receipt, locale: &Locale, pages: Vec<Vec<Drawing>>) -> Vec<Vec<Drawing>> {
    let style = Style { language: receipt.language, size: pt(8), bold: false, color: MUTED };
    let y = FOOT + style.baseline();
    let zone = format!("{} ({})", locale.zone(), locale.zone_name(receipt.issued_at));
    let zone = messages::text_with(receipt.language, "receipt-zone", &[("zone", zone.into())]);
    let about = lines(&format!("{} · {zone}", receipt.number), style, WIDTH * 80 / 100).into_iter().next();
    let rule = Drawing::Fill { x: LEFT, y: FOOT - mm(3), width: WIDTH, height: HAIRLINE, color: RULE };
    let every_page: Vec<Drawing> =
        [rule].into_iter().chain(about.map(|line| Drawing::Text { x: LEFT, y, line })).collect();
    let count = pages.len();
    let with_foot = |(index, mut page): (usize, Vec<Drawing>)| {
        let arguments: [(&str, Argument<'_>); 2] = [("page", (index + 1).into()), ("pages", count.into())];
        let line = line(&messages::text_with(receipt.language, "receipt-page", &arguments), style);
        page.extend(every_page.iter().cloned().chain([Drawing::Text { x: RIGHT - line.width, y, line }]));
        page
    };
    pages.into_iter().enumerate().map(with_foot).collect()
}

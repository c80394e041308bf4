//! The parts of a balance, in one bar with its figures below.

use ledger::{Amount, Unit};

use super::Size;
use super::svg::{Anchor, Drawing, Name, Tenths, escaped, key_indent};
use crate::format::MoneyFormat;
use crate::messages::{Argument, text, text_with};
use crate::{Language, Money};

/// Height of the bar, in tenths.
const BAR: i64 = 140;
/// Between two parts, in tenths.
const GAP: i64 = 20;
/// A part that is not nothing is at least so wide, in tenths.
const LEAST: i64 = 40;

/// Where the credits of an account come from. An overdraft is no part of them.
#[derive(Clone, Copy, Debug)]
pub struct Balance {
    /// The viewer's language.
    pub language: Language,
    /// What the account counts in.
    pub unit: Unit,
    /// Bought.
    pub top_up: Amount,
    /// From vouchers.
    pub voucher: Amount,
    /// From a plan.
    pub subscription: Amount,
    /// Given by an operator.
    pub other: Amount,
}

/// A part with its colour and its name.
struct Part {
    class: &'static str,
    name: String,
    amount: Amount,
}

impl Balance {
    /// The bar. `id` begins the ids in it and must be unique on the page. Bought credits and vouchers are always named,
    /// the others when there are any.
    pub fn svg(&self, id: &str, size: Size) -> String {
        let parts = self.parts();
        let (font, columns) = match size {
            Size::Narrow => (size.font(), 1),
            Size::Wide => (size.font(), parts.len()),
        };
        let row_height = font * 5 / 3;
        let legend = BAR + font * 2;
        // On a screen each figure stands below its name.
        let lines = if size == Size::Wide { 2 } else { parts.len() };
        let height = legend + row_height * as_units(lines - 1) + font / 2;
        let title = text(self.language, "chart-balance-title");
        let name =
            Name { id, kind: "balance", title: &title, description: &self.description(&parts), has_links: false };
        let mut drawing = Drawing::new(&name, size, height);
        self.draw_bar(id, size, &parts, &mut drawing);
        let column = size.width() / as_units(columns);
        for (place, part) in parts.iter().enumerate() {
            let (x, y) = (column * as_units(place % columns), legend + row_height * as_units(place / columns));
            drawing.key(part.class, x, y, &part.name);
            let figure = self.amount(part);
            // On a phone the figures stand one below the other at the right edge.
            match size {
                Size::Narrow => drawing.text("figure", size.width(), y, Anchor::End, &figure),
                Size::Wide => drawing.text("figure", x + key_indent(font), y + row_height, Anchor::Start, &figure),
            }
        }
        drawing.finish()
    }

    fn parts(&self) -> Vec<Part> {
        let part = |class, key, amount: Amount| Part { class, name: text(self.language, key), amount };
        let all = [
            part("b1", "history-source-top_up", self.top_up),
            part("b2", "history-source-voucher", self.voucher),
            part("b3", "history-source-subscription", self.subscription),
            part("b4", "chart-balance-other", self.other),
        ];
        all.into_iter()
            .enumerate()
            .filter(|(place, part)| *place < 2 || part.amount.is_positive())
            .map(|(_, part)| part)
            .collect()
    }

    fn amount(&self, part: &Part) -> String {
        self.language.money(Money { unit: self.unit, amount: part.amount }, MoneyFormat::BALANCE)
    }

    fn description(&self, parts: &[Part]) -> String {
        let told: Vec<String> = parts.iter().map(|part| format!("{} {}", part.name, self.amount(part))).collect();
        text_with(self.language, "chart-balance-desc", &[("parts", Argument::from(told.join(" · ")))])
    }

    /// Parts side by side inside one rounded shape.
    fn draw_bar(&self, id: &str, size: Size, parts: &[Part], drawing: &mut Drawing) {
        let width = size.width();
        let clip = format!("{}-{}-clip", escaped(id), size.name());
        let (whole, tall, round) = (Tenths(width), Tenths(BAR), Tenths(BAR / 2));
        drawing.raw(format_args!(
            "<clipPath id=\"{clip}\"><rect width=\"{whole}\" height=\"{tall}\" rx=\"{round}\"/></clipPath>\
             <g clip-path=\"url(#{clip})\">"
        ));
        drawing.rect("track", 0, 0, width, BAR, 0);
        let mut x = 0;
        for (class, part) in widths(parts, width) {
            drawing.rect(class, x, 0, part, BAR, 0);
            x += part + GAP;
        }
        drawing.raw(format_args!("</g>"));
    }
}

/// How wide each part is that is not nothing: at least [`LEAST`], together the whole width.
fn widths(parts: &[Part], width: i64) -> Vec<(&'static str, i64)> {
    let parts: Vec<&Part> = parts.iter().filter(|part| part.amount.is_positive()).collect();
    let count = as_units(parts.len());
    let free = width - GAP * (count - 1).max(0) - LEAST * count;
    let total: i128 = parts.iter().map(|part| i128::from(part.amount.units())).sum();
    let up_to = |sum: i128| i64::try_from(i128::from(free) * sum / total.max(1)).unwrap_or(0);
    let mut sum = 0_i128;
    let part = |part: &Part| {
        let before = up_to(sum);
        sum += i128::from(part.amount.units());
        (part.class, LEAST + up_to(sum) - before)
    };
    parts.into_iter().map(part).collect()
}

fn as_units(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

//! Usage per day by service, in stacked bars.

use ledger::{Amount, Timestamp, Unit};

use super::Size;
use super::scale::Scale;
use super::svg::{Anchor, Drawing, Name, escaped, fitted, key_indent, text_width};
use crate::format::{Digits, MoneyFormat};
use crate::messages::{Argument, text, text_with};
use crate::{Language, Locale, Money};

/// Most services with a colour of their own; the rest is drawn as others. Source: the portal's rules for this chart.
pub const MAX_SERVICES: usize = 6;

/// How amounts are written in words: up to six decimals, where usage has them.
const AMOUNT: MoneyFormat = MoneyFormat { digits: Digits::Row, ..MoneyFormat::BALANCE };
/// From one row of the legend to the next, in tenths.
const LEGEND_ROW: i64 = 230;

/// Usage per day by service.
#[derive(Clone, Debug)]
pub struct Usage {
    /// The viewer's language, and the zone of the days.
    pub locale: Locale,
    /// What the account counts in.
    pub unit: Unit,
    /// Names of services, the dearest first; empty: usage that names none. Those after [`MAX_SERVICES`] are others.
    pub services: Vec<String>,
    /// Every day, oldest first, also those without usage.
    pub days: Vec<Day>,
}

/// Usage of one day, in ledger units. Less than nothing when more was given back than spent.
#[derive(Clone, Debug, Default)]
pub struct Day {
    /// When it begins.
    pub starts_at: Timestamp,
    /// What was spent on each service, in the order of [`Usage::services`].
    pub by_service_units: Vec<i128>,
    /// What was spent on others.
    pub others_units: i128,
    /// Where its entries are listed: a path of the same site.
    pub href: Option<String>,
}

/// A colour, its name, and its part of every day.
struct Series {
    class: String,
    name: String,
    units: Vec<i128>,
}

impl Usage {
    /// The chart. `id` begins the ids in it and must be unique on the page.
    pub fn svg(&self, id: &str, size: Size) -> String {
        let series = self.series();
        let plan = Plan::new(self, &series, size);
        let name = Name {
            id,
            kind: "usage",
            title: &text(self.locale.language, "chart-usage-title"),
            description: &self.description(),
            has_links: self.days.iter().any(|day| day.href.is_some()),
        };
        let mut drawing = Drawing::new(&name, size, plan.height);
        plan.draw_axis(self, &mut drawing);
        for (place, day) in self.days.iter().enumerate() {
            plan.draw_day(self, &series, place, day, &mut drawing);
        }
        plan.draw_dates(self, &mut drawing);
        for (series, (x, y)) in series.iter().zip(&plan.keys) {
            drawing.key(&series.class, *x, *y, &fitted(&series.name, plan.key_width, size.font()));
        }
        drawing.finish()
    }

    fn language(&self) -> Language {
        self.locale.language
    }

    fn series(&self) -> Vec<Series> {
        let named = self.services.len().min(MAX_SERVICES);
        let units = |day: &Day, place: usize| day.by_service_units.get(place).copied().unwrap_or(0);
        let mut series: Vec<Series> = (0..named)
            .map(|place| Series {
                class: format!("s{}", place + 1),
                name: match self.services[place].as_str() {
                    "" => text(self.language(), "chart-usage-unnamed"),
                    name => name.to_owned(),
                },
                units: self.days.iter().map(|day| units(day, place)).collect(),
            })
            .collect();
        let rest = |day: &Day| day.others_units + day.by_service_units.iter().skip(named).sum::<i128>();
        let others: Vec<i128> = self.days.iter().map(rest).collect();
        if others.iter().any(|units| *units != 0) {
            let name = text(self.language(), "chart-usage-others");
            series.push(Series { class: "s0".to_owned(), name, units: others });
        }
        series
    }

    /// The chart in a sentence or two.
    fn description(&self) -> String {
        let totals = || self.days.iter().map(|day| (day, day.total_units()));
        let most = totals().max_by_key(|(day, units)| (*units, std::cmp::Reverse(day.starts_at)));
        let (Some(first), Some(last), Some((day, most))) = (self.days.first(), self.days.last(), most) else {
            return text(self.language(), "chart-usage-empty");
        };
        let date = |day: &Day| Argument::from(self.locale.date(day.starts_at));
        let mut arguments = vec![("from", date(first)), ("to", date(last))];
        if self.days.iter().all(Day::is_empty) {
            return text_with(self.language(), "chart-usage-none", &arguments);
        }
        let total = self.amount(totals().map(|(_, units)| units).sum());
        arguments.extend([("total", total.into()), ("day", date(day)), ("most", self.amount(most).into())]);
        text_with(self.language(), "chart-usage-desc", &arguments)
    }

    fn amount(&self, units: i128) -> String {
        self.language().money(self.money(units), AMOUNT)
    }

    /// As [`Money`], which ends far beyond what can be drawn.
    fn money(&self, units: i128) -> Money {
        let most = i128::from(Amount::MAX.units());
        let units = i64::try_from(units.clamp(-most, most)).unwrap_or(0);
        Money { unit: self.unit, amount: Amount::from_units(units) }
    }

    /// A round amount in a few characters. Whole credits go without their name, which the page says.
    fn tick(&self, units: i128) -> String {
        let label = self.language().compact_money(self.money(units));
        let bare = match self.language() {
            Language::Ja => label.strip_suffix("クレジット"),
            Language::En | Language::Vi => label.rsplit_once(' ').map(|(number, _)| number),
        };
        match bare {
            Some(number) if self.unit == Unit::CREDIT => number.to_owned(),
            _ => label,
        }
    }

    /// A day and month: `20 Nov`, `11/20`, `20/11`.
    fn short_date(&self, at: Timestamp) -> String {
        let zoned = self.locale.zoned(at);
        let (day, month) = (zoned.day(), zoned.month());
        match self.language() {
            Language::En => {
                let date = self.locale.date(at);
                date.rsplit_once(' ').map_or_else(|| date.clone(), |(short, _)| short.to_owned())
            }
            Language::Ja => format!("{month}/{day}"),
            Language::Vi => format!("{day}/{month}"),
        }
    }
}

impl Day {
    fn total_units(&self) -> i128 {
        self.by_service_units.iter().sum::<i128>() + self.others_units
    }

    fn is_empty(&self) -> bool {
        self.others_units == 0 && self.by_service_units.iter().all(|units| *units == 0)
    }
}

/// Where everything goes, in tenths.
struct Plan {
    scale: Scale,
    font: i64,
    left: i64,
    right: i64,
    top: i64,
    bottom: i64,
    height: i64,
    /// Every so many days have their date below.
    dated: usize,
    keys: Vec<(i64, i64)>,
    key_width: i64,
}

impl Plan {
    fn new(chart: &Usage, series: &[Series], size: Size) -> Plan {
        let (font, width) = (size.font(), size.width());
        let (plot_height, steps, dates) = match size {
            Size::Narrow => (1_700, 4, 5),
            Size::Wide => (2_200, 5, 10),
        };
        let sum = |place: usize, sign: i128| -> i128 {
            series.iter().map(|series| series.units[place]).filter(|units| units * sign > 0).sum()
        };
        let days = 0..chart.days.len();
        let (low, high) = (days.clone().map(|place| sum(place, -1)).min(), days.map(|place| sum(place, 1)).max());
        let scale = Scale::new(low.unwrap_or(0), high.unwrap_or(0), steps);
        let tick_width = scale.ticks().map(|units| text_width(&chart.tick(units), font)).max().unwrap_or(0);
        let date_width = chart.days.iter().map(|day| text_width(&chart.short_date(day.starts_at), font)).max();
        let date_width = date_width.unwrap_or(0);
        let (left, top) = (tick_width + font * 2 / 3, font);
        // The last date is centred below its bar and must not be cut.
        let right = width - (date_width / 2).max(50);
        let slot = (right - left) / i64::try_from(chart.days.len().max(1)).unwrap_or(1);
        let bottom = top + plot_height;
        let apart = usize::try_from((date_width + font) / slot.max(1) + 1).unwrap_or(1);
        let mut plan = Plan {
            scale,
            font,
            left,
            right,
            top,
            bottom,
            height: bottom + font * 2,
            dated: apart.max(chart.days.len().div_ceil(dates)),
            keys: Vec::new(),
            key_width: match size {
                Size::Narrow => width - left - key_indent(font),
                Size::Wide => 2_400,
            },
        };
        plan.place_keys(series, width);
        plan
    }

    /// The legend, from left to right in as many rows as it takes.
    fn place_keys(&mut self, series: &[Series], width: i64) {
        let (mut x, mut y) = (self.left, self.bottom + self.font * 2 + LEGEND_ROW);
        for series in series {
            let name = fitted(&series.name, self.key_width, self.font);
            let key = key_indent(self.font) + text_width(&name, self.font);
            if x > self.left && x + key > width {
                (x, y) = (self.left, y + LEGEND_ROW);
            }
            self.keys.push((x, y));
            x += key + self.font * 3 / 2;
        }
        if !series.is_empty() {
            self.height = y + self.font / 2;
        }
    }

    /// Left edge and width of a day's slot.
    fn slot(&self, place: usize, count: usize) -> (i64, i64) {
        let edge = |place: usize| {
            let [place, count] = [place, count.max(1)].map(|number| i64::try_from(number).unwrap_or(1));
            self.left + (self.right - self.left) * place / count
        };
        (edge(place), edge(place + 1) - edge(place))
    }

    fn y(&self, units: i128) -> i64 {
        self.scale.place(units, self.top, self.bottom)
    }

    fn draw_axis(&self, chart: &Usage, drawing: &mut Drawing) {
        for units in self.scale.ticks() {
            let y = self.y(units);
            drawing.line(if units == 0 { "axis" } else { "grid" }, self.left, self.right, y);
            // The middle of figures is about a third of the font above the base line.
            let base = y + self.font * 35 / 100;
            drawing.text("tick", self.left - self.font / 2, base, Anchor::End, &chart.tick(units));
        }
    }

    fn draw_day(&self, chart: &Usage, series: &[Series], place: usize, day: &Day, drawing: &mut Drawing) {
        let (slot_x, slot) = self.slot(place, chart.days.len());
        let width = (slot * 7 / 10).clamp(10, 360).min(slot.max(10));
        let x = slot_x + (slot - width) / 2;
        match &day.href {
            Some(href) => drawing.raw(format_args!("<a class=\"day\" href=\"{}\">", escaped(href))),
            None => drawing.raw(format_args!("<g class=\"day\">")),
        }
        drawing.raw(format_args!("<title>{}</title>", escaped(&self.day_title(chart, series, place, day))));
        drawing.rect("slot", slot_x, self.top, slot, self.bottom - self.top, 0);
        let (mut above, mut below) = (0, 0);
        let last = series.iter().rposition(|series| series.units[place] > 0);
        for (number, series) in series.iter().enumerate() {
            let units = series.units[place];
            let sum = if units > 0 { &mut above } else { &mut below };
            let from = self.y(*sum);
            *sum += units;
            let to = self.y(*sum);
            let (y, height) = (from.min(to), (from - to).abs());
            // A line of the background between two parts, where there is room for it.
            let gap = if height >= 40 && units > 0 && Some(number) != last { 10 } else { 0 };
            match height {
                0 => {}
                _ if Some(number) == last => drawing.dome(&series.class, x, y, width, height),
                _ => drawing.rect(&series.class, x, y + gap, width, height - gap, 0),
            }
        }
        drawing.raw(format_args!("{}", if day.href.is_some() { "</a>" } else { "</g>" }));
    }

    /// A day in words, for a pointer that rests on it: its date and total, then a line for each service.
    fn day_title(&self, chart: &Usage, series: &[Series], place: usize, day: &Day) -> String {
        let head = format!("{}: {}", chart.locale.date(day.starts_at), chart.amount(day.total_units()));
        let used = series.iter().filter(|series| series.units[place] != 0);
        let parts: Vec<String> =
            used.map(|series| format!("{} {}", series.name, chart.amount(series.units[place]))).collect();
        if parts.is_empty() { head } else { format!("{head} ({})", parts.join(" · ")) }
    }

    /// Dates below, counted back from the last day, which is the one that people look for.
    fn draw_dates(&self, chart: &Usage, drawing: &mut Drawing) {
        let count = chart.days.len();
        for place in (0..count).rev().step_by(self.dated) {
            let (x, slot) = self.slot(place, count);
            let date = chart.short_date(chart.days[place].starts_at);
            // The first one would run into the amounts.
            let half = text_width(&date, self.font) / 2;
            if x + slot / 2 - half >= self.left - self.font / 2 {
                drawing.text("date", x + slot / 2, self.bottom + self.font * 3 / 2, Anchor::Middle, &date);
            }
        }
    }
}

//! Writing SVG: numbers, texts, how wide a text is about.

use std::fmt::{self, Write};

use super::Size;

/// A place or a length in tenths of a user unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tenths(pub(super) i64);

impl fmt::Display for Tenths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        match (self.0.unsigned_abs() / 10, self.0.unsigned_abs() % 10) {
            (whole, 0) => write!(f, "{sign}{whole}"),
            (whole, tenth) => write!(f, "{sign}{whole}.{tenth}"),
        }
    }
}

/// A text that may stand between tags and in attributes. Characters that XML does not know are left out.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\t' | '\n' | '\r' => safe.push(' '),
            control if control.is_control() => {}
            '\u{fffe}' | '\u{ffff}' => {}
            other => safe.push(other),
        }
    }
    safe
}

/// About how wide a text is in letters of `font` tenths, in tenths: wider rather than narrower in common fonts.
pub(super) fn text_width(text: &str, font: i64) -> i64 {
    let percent = |character: char| match character {
        'i' | 'j' | 'l' | '.' | ',' | ':' | '\'' | '|' | ' ' | '\u{a0}' => 32,
        'm' | 'w' | 'M' | 'W' | '%' | '@' => 90,
        'A'..='Z' => 70,
        character if character < '\u{2e80}' => 58,
        _ => 104,
    };
    text.chars().map(percent).sum::<i64>() * font / 100
}

/// A text cut to a width, with `…` where it was cut.
pub(super) fn fitted(text: &str, width: i64, font: i64) -> String {
    if text_width(text, font) <= width {
        return text.to_owned();
    }
    let mut cut = String::new();
    for character in text.chars() {
        cut.push(character);
        if text_width(&cut, font) + text_width("…", font) > width {
            cut.pop();
            break;
        }
    }
    cut.truncate(cut.trim_end().len());
    cut + "…"
}

/// A chart that is being written.
pub(super) struct Drawing {
    text: String,
    font: i64,
}

/// What a chart is called.
pub(super) struct Name<'a> {
    /// Unique on the page.
    pub(super) id: &'a str,
    /// `usage` or `balance`: a part of its class.
    pub(super) kind: &'a str,
    pub(super) title: &'a str,
    pub(super) description: &'a str,
    /// Whether there are links inside.
    pub(super) has_links: bool,
}

/// Where a text stands relative to its place.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Drawing {
    pub(super) fn new(name: &Name<'_>, size: Size, height: i64) -> Drawing {
        let Name { id, kind, title, description, has_links } = name;
        let (id, end) = (escaped(id), size.name());
        let role = if *has_links { "group" } else { "img" };
        let (width, height, font) = (Tenths(size.width()), Tenths(height), Tenths(size.font()));
        let text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart chart-{kind} chart-{end}\" \
             viewBox=\"0 0 {width} {height}\" role=\"{role}\" aria-labelledby=\"{id}-{end}-title {id}-{end}-desc\" \
             font-size=\"{font}\"><title id=\"{id}-{end}-title\">{}</title><desc id=\"{id}-{end}-desc\">{}</desc>",
            escaped(title),
            escaped(description),
        );
        Drawing { text, font: size.font() }
    }

    pub(super) fn finish(mut self) -> String {
        self.text.push_str("</svg>");
        self.text
    }

    /// Adds markup that is safe already.
    pub(super) fn raw(&mut self, markup: fmt::Arguments<'_>) {
        // Writing to a String does not fail.
        let _ = self.text.write_fmt(markup);
    }

    pub(super) fn line(&mut self, class: &str, from_x: i64, to_x: i64, y: i64) {
        let (from_x, to_x, y) = (Tenths(from_x), Tenths(to_x), Tenths(y));
        self.raw(format_args!("<line class=\"{class}\" x1=\"{from_x}\" x2=\"{to_x}\" y1=\"{y}\" y2=\"{y}\"/>"));
    }

    pub(super) fn rect(&mut self, class: &str, x: i64, y: i64, width: i64, height: i64, radius: i64) {
        let [x, y, width, height] = [x, y, width, height].map(Tenths);
        self.raw(format_args!("<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\""));
        if radius > 0 {
            self.raw(format_args!(" rx=\"{}\"", Tenths(radius)));
        }
        self.raw(format_args!("/>"));
    }

    /// A rectangle whose upper corners are round.
    pub(super) fn dome(&mut self, class: &str, x: i64, y: i64, width: i64, height: i64) {
        let radius = 25.min(width / 2).min(height);
        let [left, right, bottom] = [Tenths(x), Tenths(x + width), Tenths(y + height)];
        let [top, shoulder, from, to] = [Tenths(y), Tenths(y + radius), Tenths(x + radius), Tenths(x + width - radius)];
        self.raw(format_args!(
            "<path class=\"{class}\" d=\"M{left} {bottom}V{shoulder}Q{left} {top} {from} {top}H{to}\
             Q{right} {top} {right} {shoulder}V{bottom}Z\"/>"
        ));
    }

    /// A text whose base line is at `y`.
    pub(super) fn text(&mut self, class: &str, x: i64, y: i64, anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let (x, y, text) = (Tenths(x), Tenths(y), escaped(text));
        self.raw(format_args!("<text class=\"{class}\" x=\"{x}\" y=\"{y}\"{anchor}>{text}</text>"));
    }

    /// A coloured square and its name, beginning at `x` on the base line `y`.
    pub(super) fn key(&mut self, series: &str, x: i64, y: i64, name: &str) {
        let side = self.font * 3 / 4;
        self.rect(series, x, y - side, side, side, 20);
        self.text("name", x + key_indent(self.font), y, Anchor::Start, name);
    }
}

/// How far the name stands behind the square of [`Drawing::key`].
pub(super) const fn key_indent(font: i64) -> i64 {
    font * 5 / 4
}

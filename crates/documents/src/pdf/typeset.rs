//! Text into lines of glyphs.

use std::ops::Range;

use unicode_linebreak::{BreakOpportunity, linebreaks};
use unicode_normalization::UnicodeNormalization;

use super::fonts::{Face, Glyph, glyphs};
use super::{Color, Mpt};
use crate::Language;

/// How text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Style {
    /// Whose fonts: Japanese has one weight, so a Japanese document uses no bold beside it.
    pub language: Language,
    /// The font size.
    pub size: Mpt,
    /// Whether it is bold.
    pub bold: bool,
    /// Its colour.
    pub color: Color,
}

impl Style {
    fn faces(self) -> [Face; 2] {
        let latin = if self.bold && self.language != Language::Ja { Face::SansBold } else { Face::Sans };
        [latin, Face::Japanese]
    }

    /// From one line to the next: one and a half of the size, room for two diacritics on a capital.
    pub(crate) const fn line_height(self) -> Mpt {
        self.size * 3 / 2
    }

    /// From the top of a line's box to its baseline.
    pub(crate) const fn baseline(self) -> Mpt {
        self.size * 11 / 10
    }
}

/// A line of text, ready to be drawn.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// What it says.
    pub text: String,
    /// Its pictures; their ranges are of `text`.
    pub glyphs: Vec<Glyph>,
    /// How it looks.
    pub style: Style,
    /// How wide it is.
    pub width: Mpt,
}

/// A text as one line, however long. Line ends in it become spaces.
pub(crate) fn line(text: &str, style: Style) -> Line {
    set(&clean(text).replace('\n', " "), style)
}

/// A text in lines no wider than `width`, broken as Unicode (UAX #14) allows; what has no place to break is cut.
pub(crate) fn lines(text: &str, style: Style, width: Mpt) -> Vec<Line> {
    let text = set(&clean(text), style);
    let mut lines = Vec::new();
    let mut start = 0;
    let mut last_fit = 0;
    for (end, opportunity) in linebreaks(&text.text) {
        while text.width_of(start..end) > width {
            let at = if last_fit > start { last_fit } else { text.full_at(start..end, width) };
            lines.push(text.part(start..at));
            start = at;
        }
        last_fit = end;
        if opportunity == BreakOpportunity::Mandatory && start < end {
            lines.push(text.part(start..end));
            start = end;
        }
    }
    lines
}

impl Line {
    /// The glyphs of a range of bytes, without the spaces at its end.
    fn glyphs_of(&self, range: &Range<usize>) -> &[Glyph] {
        let end = range.start + self.text[range.clone()].trim_end().len();
        let [first, last] = [range.start, end].map(|at| self.glyphs.partition_point(|glyph| glyph.text.start < at));
        &self.glyphs[first..last]
    }

    fn width_of(&self, range: Range<usize>) -> Mpt {
        width(self.glyphs_of(&range), self.style)
    }

    /// Up to which byte a range without places to break fits; at least one character.
    fn full_at(&self, range: Range<usize>, width: Mpt) -> usize {
        let mut used = 0;
        let over = self.glyphs_of(&range).iter().find(|glyph| {
            used += glyph.advance * self.style.size / 1_000;
            used > width && glyph.text.start > range.start
        });
        over.map_or(range.end, |glyph| glyph.text.start)
    }

    fn part(&self, range: Range<usize>) -> Line {
        let moved = |glyph: &Glyph| Glyph {
            text: glyph.text.start - range.start..glyph.text.end - range.start,
            ..glyph.clone()
        };
        let glyphs: Vec<Glyph> = self.glyphs_of(&range).iter().map(moved).collect();
        let text = self.text[range].trim_end().to_owned();
        Line { width: width(&glyphs, self.style), text, glyphs, style: self.style }
    }
}

fn set(text: &str, style: Style) -> Line {
    let glyphs = glyphs(text, &style.faces());
    Line { text: text.to_owned(), width: width(&glyphs, style), glyphs, style }
}

fn width(glyphs: &[Glyph], style: Style) -> Mpt {
    glyphs.iter().map(|glyph| glyph.advance).sum::<i64>() * style.size / 1_000
}

/// Composed (NFC), so that a Vietnamese letter is one glyph, and without what is not seen: controls, joiners, variation
/// selectors. Line ends stay.
fn clean(text: &str) -> String {
    let invisible = |c: char| {
        matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
            || matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}')
    };
    let one_space = |c| if c == '\t' { ' ' } else { c };
    text.nfc().map(one_space).filter(|&c| c == '\n' || !(c.is_control() || invisible(c))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{mm, pt};
    use super::*;

    fn style(language: Language) -> Style {
        Style { language, size: pt(10), bold: false, color: Color(0, 0, 0) }
    }

    fn broken(text: &str, width: Mpt) -> Vec<String> {
        lines(text, style(Language::Ja), width).into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn text_is_broken_where_each_script_allows() {
        // text, width, lines
        let cases: [(&str, Mpt, &[&str]); 9] = [
            ("", mm(50), &[]),
            ("one", mm(50), &["one"]),
            ("one\ntwo\n", mm(50), &["one", "two"]),
            ("one\n\ntwo", mm(50), &["one", "", "two"]),
            ("one two three", pt(40), &["one two", "three"]),
            ("1.000.000\u{a0}₫ 2", pt(30), &["1.000.", "000\u{a0}₫", "2"]),
            ("ABCDEFGHIJKLMNOP", pt(40), &["ABCDEF", "GHIJKL", "MNOP"]),
            ("領収いたしました。", pt(80), &["領収いたしまし", "た。"]),
            ("「一二三四」五", pt(55), &["「一二三", "四」五"]),
        ];
        for (text, width, lines) in cases {
            assert_eq!(broken(text, width), lines, "{text:?} in {width}");
        }
    }

    #[test]
    fn no_line_is_wider_than_asked_and_no_word_is_lost() {
        let text =
            "Nạp 500.000 VND vào tài khoản của công ty trách nhiệm hữu hạn một thành viên 株式会社サンプル東京支店";
        for width in [pt(12), pt(30), pt(77), pt(200)] {
            let lines = lines(text, style(Language::Vi), width);
            assert!(lines.iter().all(|line| line.width <= width), "{width}");
            let squeezed = |text: &str| text.replace(' ', "");
            let joined: String = lines.iter().map(|line| squeezed(&line.text)).collect();
            assert_eq!(joined, squeezed(text), "{width}");
        }
    }

    #[test]
    fn a_width_is_the_sum_of_the_advances() {
        let sans = line("00", style(Language::En));
        assert_eq!(sans.width, 2 * 572 * 10, "the digits of Noto Sans are 572 units wide");
        assert_eq!(line("様", style(Language::Ja)).width, pt(10));
    }

    #[test]
    fn letters_are_composed_and_the_unseen_is_dropped() {
        let cases = [("e\u{302}\u{301}", "ế"), ("a\u{200d}b\u{fe0f}\u{7}c", "abc"), ("a\tb", "a b"), ("a\r\nb", "a b")];
        for (text, set) in cases {
            assert_eq!(line(text, style(Language::Vi)).text, set, "{text:?}");
        }
    }

    #[test]
    fn japanese_documents_have_one_weight() {
        let bold = |language| {
            line("A様", Style { bold: true, ..style(language) }).glyphs.iter().map(|g| g.face).collect::<Vec<_>>()
        };
        assert_eq!(bold(Language::En), [Face::SansBold, Face::Japanese]);
        assert_eq!(bold(Language::Ja), [Face::Sans, Face::Japanese]);
    }
}

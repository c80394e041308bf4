//! Texts and numbers as cells.

use std::borrow::Cow;

use ledger::Unit;

/// Significant digits that a cell of a spreadsheet keeps. Source: Excel's specifications.
const CELL_DIGITS: usize = 15;

/// Whether a spreadsheet may read a text that begins so as a formula. Source: OWASP, "CSV Injection".
fn begins_formula(first: char) -> bool {
    matches!(first, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠')
}

/// Whether a text must not stand in a cell as it is.
pub(super) fn is_risky(text: &str) -> bool {
    text.starts_with(|first| begins_formula(first) || matches!(first, '\t' | '\r' | '\n'))
}

/// A text that no spreadsheet reads as a formula: a `'` goes before what would begin one. That is at the start, and after
/// what some program takes for the end of a cell, such as the `;` that stands for the comma in much of the world.
pub(super) fn guarded(text: &str) -> String {
    let mut guarded = String::with_capacity(text.len() + 1);
    if is_risky(text) {
        guarded.push('\'');
    }
    let mut before = None;
    for c in text.chars() {
        if begins_formula(c) && matches!(before, Some(';' | '\t' | '\r' | '\n')) {
            guarded.push('\'');
        }
        guarded.push(c);
        before = Some(c);
    }
    guarded
}

/// A text without the characters that XML 1.0 cannot hold: U+FFFD stands for them.
pub(super) fn storable(text: &str) -> Cow<'_, str> {
    let bad = |c: char| matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    if text.contains(bad) { Cow::Owned(text.replace(bad, "\u{fffd}")) } else { Cow::Borrowed(text) }
}

/// A sum of ledger units as a plain decimal, like [`Unit::format_amount`] but of any size.
pub(super) fn plain(unit: Unit, sum_units: i128) -> String {
    let scale = unit.ledger_scale() as usize;
    let digits = format!("{:0>width$}", sum_units.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let fraction = fraction.trim_end_matches('0');
    let sign = if sum_units < 0 { "-" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{whole}{point}{fraction}")
}

/// Whether a plain decimal has more digits than a cell keeps.
pub(super) fn is_too_precise(plain: &str) -> bool {
    let digits: String = plain.chars().filter(char::is_ascii_digit).collect();
    let significant = digits.trim_start_matches('0');
    let significant = if plain.contains('.') { significant } else { significant.trim_end_matches('0') };
    significant.len() > CELL_DIGITS
}

//! Texts that people type into forms.

/// One line of 1 to `max` characters, without blanks around it and without characters that cannot be seen.
///
/// # Errors
/// What it must be.
pub(super) fn line(text: &str, max: usize) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > max || text.chars().any(is_invisible) {
        return Err(format!("must have 1 to {max} characters on one line, without control characters"));
    }
    Ok(text.to_owned())
}

/// Control characters, and those that break lines or turn the direction of writing: they forge documents.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Full-width letters, digits and signs, as Japanese keyboards type them, as ASCII; other characters as they are.
pub(super) fn fold_width(text: &str) -> String {
    let fold = |character: char| match character {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character),
        '\u{3000}' => ' ',
        // Signs that look like a hyphen on some keyboards.
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30fc}' => '-',
        other => other,
    };
    text.chars().map(fold).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_seen_whole() {
        let longest = "é".repeat(5);
        for (text, kept) in [(" Ng\u{1b0}\u{1edd}i ", "Người"), ("株式会社", "株式会社"), (longest.as_str(), "ééééé")]
        {
            assert_eq!(line(text, 5).as_deref(), Ok(kept), "{text:?}");
        }
        for bad in ["", "  ", "a\nb", "a\0", "\u{202e}gpj", "a\u{2028}b", "a\u{200f}", "\u{2066}a", "123456"] {
            assert!(line(bad, 5).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn full_width_signs_are_ascii() {
        for (text, ascii) in
            [("Ｔ１２３", "T123"), ("１５０－０００１", "150-0001"), ("150ー0001", "150-0001"), ("東京　1", "東京 1")]
        {
            assert_eq!(fold_width(text), ascii, "{text}");
        }
    }
}

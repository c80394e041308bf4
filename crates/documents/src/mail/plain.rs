//! Texts from outside, made harmless wherever they are shown.

/// A text on one line, without characters that control a terminal or turn the direction of reading.
pub(super) fn one_line(text: &str) -> String {
    let kept = text.chars().filter(|character| !turns_direction(*character));
    let plain: String = kept.map(|character| if is_break(character) { ' ' } else { character }).collect();
    plain.trim_matches(' ').to_owned()
}

/// An address of the web that may be a link: nothing in it can end an attribute or begin another scheme.
pub(super) fn link(url: &str) -> Option<&str> {
    let of_the_web = url.starts_with("https://") || url.starts_with("http://");
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"\"'<>\\^`{|}".contains(&byte);
    (of_the_web && url.bytes().all(plain)).then_some(url)
}

/// A text between tags or in a quoted attribute.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// Control characters, and the two separators that Unicode has for lines and paragraphs.
fn is_break(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}

/// Marks, embeddings, overrides and isolates of writing direction. Source: Unicode Standard Annex 9.
fn turns_direction(character: char) -> bool {
    matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stays_on_its_line() {
        let table = [
            ("Nguyễn Thị Lan", "Nguyễn Thị Lan"),
            (" a\r\nBcc: x@y.vn ", "a  Bcc: x@y.vn"),
            ("a\u{0}\u{1b}[31m\u{7f}b", "a  [31m b"),
            ("a\u{2028}b\u{2029}c\u{85}d", "a b c d"),
            ("exe.\u{202e}fdp\u{2066}\u{200f}", "exe.fdp"),
            ("500.000\u{a0}₫", "500.000\u{a0}₫"),
        ];
        for (text, shown) in table {
            assert_eq!(one_line(text), shown, "{text:?}");
        }
    }

    #[test]
    fn only_the_web_is_linked_to() {
        let table = [
            ("https://pay.example/sign-in?token=a-b_c&x=1#y", true),
            ("http://127.0.0.1:8080", true),
            ("javascript:alert(1)", false),
            ("JAVASCRIPT:alert(1)//https://", false),
            ("data:text/html,x", false),
            ("//example.com", false),
            ("https://a\" onclick=\"x", false),
            ("https://a'x", false),
            ("https://a<b", false),
            ("https://a b", false),
            ("https://a\nb", false),
            ("https://例え.jp", false),
            ("", false),
        ];
        for (url, good) in table {
            assert_eq!(link(url).is_some(), good, "{url}");
        }
    }
}

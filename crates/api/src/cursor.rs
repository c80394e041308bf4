//! Where the next page of a list begins, as an opaque text.
//!
//! It holds the sort key of the last row shown, so rows that are added while somebody pages neither repeat nor hide
//! any. It grants nothing: what a caller may see is checked again.

use crate::problem::Problem;

const SEPARATOR: char = ':';

/// After the row with this time and identifier.
pub fn after_row(at_us: i64, id: &str) -> String {
    hex::encode(format!("{at_us}{SEPARATOR}{id}"))
}

/// After the row with this number.
pub fn after_number(number: u64) -> String {
    hex::encode(number.to_string())
}

/// Reads what [`after_row`] wrote.
///
/// # Errors
/// 422 for anything else.
pub fn row(cursor: Option<&str>) -> Result<Option<(i64, String)>, Problem> {
    let read = |text: &str| {
        let text = decode(text)?;
        let (at_us, id) = text.split_once(SEPARATOR)?;
        Some((at_us.parse().ok()?, id.to_owned()))
    };
    cursor.map(|text| read(text).ok_or_else(wrong)).transpose()
}

/// Reads what [`after_number`] wrote.
///
/// # Errors
/// 422 for anything else.
pub fn number(cursor: Option<&str>) -> Result<Option<u64>, Problem> {
    let read = |text: &str| decode(text)?.parse::<u64>().ok().filter(|&number| i64::try_from(number).is_ok());
    cursor.map(|text| read(text).ok_or_else(wrong)).transpose()
}

fn decode(text: &str) -> Option<String> {
    if text.len() > 512 {
        return None;
    }
    String::from_utf8(hex::decode(text).ok()?).ok()
}

fn wrong() -> Problem {
    Problem::field("cursor", "must be the next_cursor of an earlier page")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(row(Some(&after_row(-5, "team:a"))).unwrap(), Some((-5, "team:a".to_owned())));
        assert_eq!(number(Some(&after_number(7))).unwrap(), Some(7));
        assert_eq!((row(None).unwrap(), number(None).unwrap()), (None, None));
        let long = "00".repeat(300);
        for bad in ["", "zz", "0", "ff", &hex::encode("x:y"), &hex::encode("5"), &long] {
            assert!(row(Some(bad)).is_err(), "{bad}");
        }
        for bad in ["", "zz", &hex::encode("-1"), &hex::encode("x"), &hex::encode("9223372036854775808")] {
            assert!(number(Some(bad)).is_err(), "{bad}");
        }
    }
}

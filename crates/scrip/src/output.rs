//! Standard output: results go here, everything else goes to standard error.
//!
//! A closed pipe (`scrip … | head`) ends output quietly instead of panicking.

use std::io::Write;

use serde_json::Value;

/// Writes one line of results.
pub fn line(text: impl AsRef<str>) {
    let mut out = std::io::stdout().lock();
    let _closed_pipe = writeln!(out, "{}", text.as_ref());
}

/// Writes a line for people beside the results, such as progress.
pub fn note(text: impl AsRef<str>) {
    let mut err = std::io::stderr().lock();
    let _closed_pipe = writeln!(err, "{}", text.as_ref());
}

/// Writes JSON for programs, one document on one line.
pub fn json(value: &Value) {
    line(value.to_string());
}

/// A table with padded columns; columns named in `right` (numbers) are aligned to the right.
pub fn table(head: &[&str], rows: &[Vec<String>], right: &[usize]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain(head.get(column).map(|name| name.chars().count())).max().unwrap_or(0)
    };
    let widths = (0..head.len()).map(width).collect::<Vec<_>>();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let padded = cells.zip(&widths).enumerate().map(|(column, (cell, width))| match right.contains(&column) {
            true => format!("{cell:>width$}"),
            false => format!("{cell:<width$}"),
        });
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let mut lines = vec![line(&mut head.iter().copied())];
    lines.extend(rows.iter().map(|row| line(&mut row.iter().map(String::as_str))));
    lines.join("\n")
}

/// A number with thin groups for people: `1234567` → `1,234,567`.
pub fn grouped(number: impl Into<u128>) -> String {
    let digits = number.into().to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3 + 1);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Microseconds for people: `950 µs`, `12.3 ms`, `1.50 s`.
pub fn duration(us: u64) -> String {
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..1_000_000 => format!("{}.{} ms", us / 1_000, us % 1_000 / 100),
        _ => format!("{}.{:02} s", us / 1_000_000, us % 1_000_000 / 10_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_padded() {
        let rows = [vec!["a".to_owned(), "1".to_owned()], vec!["long".to_owned(), "20000".to_owned()]];
        assert_eq!(table(&["id", "sum"], &rows, &[1]), "id      sum\na         1\nlong  20000");
    }

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [(0_u64, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn durations_have_a_unit() {
        for (us, text) in [(950, "950 µs"), (12_345, "12.3 ms"), (1_505_000, "1.50 s")] {
            assert_eq!(duration(us), text);
        }
    }
}

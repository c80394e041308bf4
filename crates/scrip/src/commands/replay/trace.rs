//! A usage trace: one row per request of a model, with its time and tokens.
//!
//! Columns by name: `TIMESTAMP` (`2023-11-16 18:15:46.6805900`, in UTC), `ContextTokens`, `GeneratedTokens`; others are
//! ignored. The file's hash names the trace, so that the same file is charged once wherever it lies.

use std::path::Path;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::exit::Exit;

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its place in the file, from 1.
    pub number: usize,
    /// When it happened, RFC 3339.
    pub occurred_at: String,
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
}

/// A trace in memory.
#[derive(Debug)]
pub struct Trace {
    /// First 12 hex digits of the SHA-256 of the file.
    pub hash: String,
    /// In the file's order.
    pub rows: Vec<Row>,
}

#[derive(Debug, Deserialize)]
struct Columns {
    #[serde(rename = "TIMESTAMP")]
    timestamp: String,
    #[serde(rename = "ContextTokens")]
    context_tokens: u64,
    #[serde(rename = "GeneratedTokens")]
    generated_tokens: u64,
}

impl Trace {
    /// Reads a file. Errors: exit 2 with the line that cannot be read.
    pub fn read(path: &Path) -> Result<Trace, Exit> {
        let bytes =
            std::fs::read(path).map_err(|error| Exit::usage(format!("cannot read {}: {error}", path.display())))?;
        Trace::parse(&bytes).map_err(|why| Exit::usage(format!("{}: {why}", path.display())))
    }

    fn parse(bytes: &[u8]) -> Result<Trace, String> {
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
        let row = |(index, columns): (usize, Result<Columns, csv::Error>)| {
            let columns = columns.map_err(|error| error.to_string())?;
            Ok(Row {
                number: index + 1,
                occurred_at: instant(&columns.timestamp).map_err(|why| format!("row {}: {why}", index + 1))?,
                input_tokens: columns.context_tokens,
                output_tokens: columns.generated_tokens,
            })
        };
        let rows = reader.deserialize().enumerate().map(row).collect::<Result<Vec<_>, String>>()?;
        if rows.is_empty() {
            return Err("holds no rows; the columns are TIMESTAMP,ContextTokens,GeneratedTokens".to_owned());
        }
        let hash = hex(&Sha256::digest(bytes)[..6]);
        Ok(Trace { hash, rows })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A time of the trace as RFC 3339, in UTC.
fn instant(text: &str) -> Result<String, String> {
    if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
        return Ok(timestamp.to_string());
    }
    let cannot = |error: jiff::Error| format!("{text:?} is not a time such as 2023-11-16 18:15:46.68: {error}");
    let civil = text.parse::<DateTime>().map_err(cannot)?;
    Ok(civil.to_zoned(TimeZone::UTC).map_err(cannot)?.timestamp().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_in_order() {
        let text = "TIMESTAMP,ContextTokens,GeneratedTokens\r\n\
                    2023-11-16 18:15:46.6805900,374,44\r\n\
                    2023-11-16T18:15:50+09:00,396,0\n";
        let trace = Trace::parse(text.as_bytes()).unwrap();
        let row = |number, occurred_at: &str, input_tokens, output_tokens| Row {
            number,
            occurred_at: occurred_at.to_owned(),
            input_tokens,
            output_tokens,
        };
        let rows = [row(1, "2023-11-16T18:15:46.68059Z", 374, 44), row(2, "2023-11-16T09:15:50Z", 396, 0)];
        assert_eq!(trace.rows, rows);
        assert_eq!(trace.hash, hex(&Sha256::digest(text)[..6]));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let head = "TIMESTAMP,ContextTokens,GeneratedTokens\n";
        let table = [
            ("", "holds no rows"),
            (head, "holds no rows"),
            ("a,b\n1,2\n", "missing field `TIMESTAMP`"),
            (&format!("{head}yesterday,1,2\n"), "row 1: \"yesterday\" is not a time"),
            (&format!("{head}2023-11-16 18:15:46,1,2\n2023-11-16 18:15:46,-1,2\n"), "line: 3"),
            (&format!("{head}2023-11-16 18:15:46,1.5,2\n"), "line: 2"),
        ];
        for (text, message) in table {
            let why = Trace::parse(text.as_bytes()).unwrap_err();
            assert!(why.contains(message), "{text:?}: {why}");
        }
    }
}

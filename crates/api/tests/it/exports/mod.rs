//! Lists as files.

mod entries;
mod payments;
mod vouchers;

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use reqwest::Method;
use reqwest::header::HeaderMap;
use testkit::Actor;

/// Texts that some spreadsheet runs, or that break out of a cell. Source: OWASP, "CSV Injection".
const PAYLOADS: [&str; 14] = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    "=HYPERLINK(\"http://127.0.0.1/\",\"x\")",
    "+1+1",
    "-1+1",
    "@SUM(1+1)",
    "\t=1+1",
    "\r=1+1",
    "＝1+1",
    "＋1+1",
    "－1+1",
    "＠SUM(1+1)",
    "\",=1+1,\"",
    "x;=1+1;",
];

/// A file as it came.
struct File {
    headers: HeaderMap,
    bytes: Vec<u8>,
}

impl File {
    async fn get(actor: &Actor, path: &str) -> File {
        let response = actor.request(Method::GET, path).send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes: Vec<u8> = response.bytes().await.unwrap().into();
        assert_eq!(status.as_u16(), 200, "{path}: {}", String::from_utf8_lossy(&bytes));
        File { headers, bytes }
    }

    fn name(&self) -> &str {
        let disposition = self.headers["content-disposition"].to_str().unwrap();
        disposition.strip_prefix("attachment; filename=\"").unwrap().strip_suffix('"').unwrap()
    }

    /// Records of CSV, the header first.
    fn records(&self) -> Vec<Vec<String>> {
        let text = self.bytes.strip_prefix(b"\xef\xbb\xbf").expect("a byte order mark");
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text);
        reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
    }

    /// Cells of a sheet, of which none may be a formula.
    fn cells(&self, sheet: usize) -> Vec<Vec<Data>> {
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(self.bytes.clone())).unwrap();
        let name = book.sheet_names()[sheet].clone();
        let formulas = book.worksheet_formula(&name).unwrap();
        assert!(formulas.used_cells().all(|(_, _, formula)| formula.is_empty()), "{name} has a formula");
        book.worksheet_range(&name).unwrap().rows().map(<[Data]>::to_vec).collect()
    }
}

/// A time without its fraction and zone: the clock of tests goes on by a microsecond now and then. Other texts stay.
fn to_the_second(text: &str) -> String {
    if text.starts_with("2026-") { text[..19].to_owned() } else { text.to_owned() }
}

/// Whether a spreadsheet may run a cell of CSV.
fn is_risky(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'])
}

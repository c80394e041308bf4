//! Issuing codes, which are written once: the server keeps no copy that anybody could read.
//!
//! Codes are asked for a thousand at a time, and each answer is written before the next one is asked for, so a failure
//! loses one answer at most, whose codes nobody knows.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use reqwest::Method;
use serde_json::{Value, json};

use super::of_campaign;
use crate::commands::admin::Context;
use crate::commands::admin::account::said;
use crate::exit::Exit;
use crate::output;
use crate::progress::Progress;

/// Codes asked for at a time: the most that the server issues in one call.
const CHUNK: u32 = 1_000;
/// Most codes of one batch, as the server ships.
const BATCH: i64 = 100_000;

/// How many codes, and where they go.
#[derive(Debug, clap::Args)]
pub struct IssueArgs {
    /// How many, 100,000 at most
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=BATCH))]
    count: u32,
    /// How often each may be redeemed, by different accounts
    #[arg(long, default_value_t = 1)]
    uses: u32,
    /// Add to this batch [default: a new one]
    #[arg(long)]
    batch: Option<String>,
    /// Write a file, which must not be there yet, instead of standard output
    #[arg(long, value_name = "FILE.csv")]
    out: Option<PathBuf>,
}

/// Where codes go.
enum Sheet {
    File(File),
    Output,
}

impl Sheet {
    fn open(path: Option<&Path>) -> Result<Sheet, Exit> {
        let Some(path) = path else { return Ok(Sheet::Output) };
        let cannot = |error| Exit::usage(format!("cannot make {}: {error}", path.display()));
        // Whoever reads a code can redeem it.
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        Ok(Sheet::File(file.map_err(cannot)?))
    }

    fn write(&mut self, lines: &str) -> std::io::Result<()> {
        match self {
            Sheet::Output => output::line(lines),
            Sheet::File(file) => {
                writeln!(file, "{lines}")?;
                file.sync_data()?;
            }
        }
        Ok(())
    }
}

/// Issues codes in calls of [`CHUNK`]: as CSV, or with `--json` as the server's answers, one a line.
pub async fn issue(context: &Context, campaign: &str, wanted: IssueArgs) -> Result<(), Exit> {
    let IssueArgs { count, uses, mut batch, out } = wanted;
    let path = of_campaign(campaign, "/codes");
    let mut sheet = Sheet::open(out.as_deref())?;
    let progress = Progress::new("codes", count.into(), count <= CHUNK);
    let mut left = count;
    while left > 0 {
        let chunk = left.min(CHUNK);
        let body = said([
            ("count", Some(json!(chunk))),
            ("max_uses", Some(json!(uses))),
            ("batch", batch.clone().map(Value::String)),
        ]);
        let written = count - left;
        let answer = context.server.send(Method::POST, &path, Some(&body)).await;
        let answer = answer.map_err(|exit| stopped(exit, written, left, batch.as_deref(), out.as_deref()))?;
        let name = answer.body["batch"].as_str().unwrap_or_default().to_owned();
        let lines = match context.json {
            true => answer.body.to_string(),
            false => rows(&answer.body["codes"], campaign, &name, written == 0),
        };
        let unwritten = |error| {
            let advice = format!("scrip admin voucher revoke {campaign} --batch {name} --reason ...");
            Exit::wrong(format!("cannot write the codes: {error}; revoke those that nobody has: {advice}"))
        };
        sheet.write(&lines).map_err(unwritten)?;
        batch = Some(name);
        left -= chunk;
        progress.add(chunk.into());
    }
    drop(progress);
    if let Some(path) = out {
        let count = output::grouped(count);
        output::note(format!("{count} codes are in {}: nobody can show them again.", path.display()));
    }
    Ok(())
}

/// What is to be done about a batch that was cut short.
fn stopped(exit: Exit, written: u32, left: u32, batch: Option<&str>, out: Option<&Path>) -> Exit {
    if written == 0 {
        // Nothing is in it: the same command may be given again.
        let _ = out.map(std::fs::remove_file);
        return exit;
    }
    let batch = batch.unwrap_or_default();
    let message =
        format!("{exit}\n{written} codes were written; for the others repeat with --count {left} --batch {batch}");
    Exit::new(exit.reason, message)
}

/// Codes as rows of CSV, with a head before the first ones.
fn rows(codes: &Value, campaign: &str, batch: &str, first: bool) -> String {
    let head = first.then(|| "code,campaign,batch".to_owned());
    let codes = codes.as_array().into_iter().flatten().filter_map(Value::as_str);
    let rows = codes.map(|code| format!("{code},{},{}", cell(campaign), cell(batch)));
    head.into_iter().chain(rows).collect::<Vec<_>>().join("\n")
}

/// A cell of CSV that no spreadsheet takes for a formula.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for (text, written) in [
            ("spring-2026", "spring-2026"),
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("＝1", "'＝1"),
            ("-1", "'-1"),
            ("a,b", "\"a,b\""),
            ("=\"a\"", "\"'=\"\"a\"\"\""),
        ] {
            assert_eq!(cell(text), written, "{text}");
        }
    }
}

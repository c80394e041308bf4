//! A real usage trace, charged by `scrip replay` against `scrip demo`, must cost exactly what it costs.
//!
//! The expected total is computed here from the two files alone: every row at the list price of its tokens, rounded
//! once, half away from zero, to the ledger's scale. A second run charges nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use serde_json::value::RawValue;

use super::{Plan, block_on};
use crate::client::{ONE, PLACES, format_amount, parse_amount};
use crate::report::Outcome;
use crate::server::{Demo, scrip, sqlite_url, verified};
use crate::sh;

/// One input token costs 3.75 units of the ledger's scale of USD: rows have to be rounded.
const MODEL: &str = "command-r7b-12-2024";
/// Decimal places of USD in the ledger: 2 of the currency and 6 more.
const USD_PLACES: u32 = 8;

pub(super) fn run(plan: Plan) -> Result<Outcome> {
    let data = sh::root().join("../shared/data");
    let fixtures = sh::root().join("xtask/fixtures");
    let (trace, prices) = if plan.short || !data.is_dir() {
        (fixtures.join("azure-llm-conv-2023-500.csv"), fixtures.join("litellm-model-prices-cut.json"))
    } else {
        (data.join("azure-llm-conv-2023.csv"), data.join("litellm-model-prices.json"))
    };
    let (rows, expected) = expected_total(&std::fs::read_to_string(&trace)?, &std::fs::read_to_string(&prices)?)?;

    let folder = tempfile::tempdir()?;
    let demo = Demo::start(folder.path())?;
    let api = demo.api()?;
    let accounts = demo.facts["accounts"].as_array().context("the demo has no accounts")?;
    let account = accounts.iter().find(|account| account["unit"] == "USD").context("the demo has no account in USD")?;
    let account = account["id"].as_str().context("an account without id")?;
    let grant = json!({ "account": account, "amount": "10000", "kind": "manual", "reason": "replay" });
    let before = block_on(async {
        api.post("/v1/grants", "replay-grant", &grant).await?.json()?;
        api.balance(account).await
    })?;

    let started = Instant::now();
    replay(&demo, account, &trace, &prices, plan.until)?;
    let took = started.elapsed();
    let charged = before - block_on(api.balance(account))?;
    let difference =
        || format!("{rows} rows cost {} and were charged {}", format_amount(expected), format_amount(charged));
    ensure!(charged == expected, "{}", difference());

    replay(&demo, account, &trace, &prices, plan.until)?;
    let again = before - block_on(api.balance(account))? - charged;
    ensure!(again == 0, "the second run charged {} more", format_amount(again));

    let database = find_database(folder.path()).context("the demo has no database file")?;
    verified(&sqlite_url(&database))?;
    Ok(Outcome::Passed(format!("{rows} rows, {} USD charged exactly, once, in {took:.1?}", format_amount(charged))))
}

fn replay(demo: &Demo, account: &str, trace: &Path, prices: &Path, until: Instant) -> Result<()> {
    let mut command = scrip(&["replay"])?;
    command.arg(trace).arg("--prices").arg(prices);
    command.args(["--model", MODEL, "--account", account]);
    command.args(["--url", demo.text("url")?, "--key", demo.text("operator_key")?]);
    sh::capture(command, until)?.ok("scrip replay").map(drop)
}

/// The number of rows, and what they cost together.
fn expected_total(trace: &str, prices: &str) -> Result<(usize, i128)> {
    // As text: a float would not be the number in the file.
    let models: BTreeMap<String, &RawValue> = serde_json::from_str(prices)?;
    let model = models.get(MODEL).with_context(|| format!("no price of {MODEL}"))?;
    let fields: BTreeMap<String, &RawValue> = serde_json::from_str(model.get())?;
    let price = |name: &str| parse_amount(fields.get(name).with_context(|| format!("no {name}"))?.get());
    let (input, output) = (price("input_cost_per_token")?, price("output_cost_per_token")?);
    let (mut rows, mut total) = (0, 0_i128);
    for row in csv::Reader::from_reader(trace.as_bytes()).records() {
        let row = row?;
        let tokens = |index: usize| Ok::<i128, anyhow::Error>(row.get(index).context("a short row")?.parse()?);
        let cost = tokens(1)?.checked_mul(input).zip(tokens(2)?.checked_mul(output)).context("out of range")?;
        total += round(cost.0 + cost.1);
        rows += 1;
    }
    ensure!(rows > 0 && total > 0, "the trace costs nothing");
    Ok((rows, total))
}

/// To the ledger's scale of USD, half away from zero; for amounts that are not negative.
fn round(amount: i128) -> i128 {
    let step = ONE / 10_i128.pow(USD_PLACES);
    debug_assert!(amount >= 0 && PLACES > USD_PLACES);
    (amount + step / 2) / step * step
}

fn find_database(folder: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths.into_iter().find_map(|path| {
        if path.is_dir() {
            return find_database(&path);
        }
        path.extension().is_some_and(|extension| extension == "db" || extension == "sqlite").then_some(path)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRICES: &str = r#"{"command-r7b-12-2024": {"input_cost_per_token": 3.75e-08, "output_cost_per_token": 1.5e-07, "mode": "chat"}}"#;

    #[test]
    fn the_expected_total_rounds_every_row_once() {
        let cases = [
            // 3.75 + 15 = 18.75 → 19; 2 × 3.75 = 7.5 → 8; 3 × 3.75 = 11.25 → 11: in 10⁻⁸ USD
            ("TIMESTAMP,ContextTokens,GeneratedTokens\r\nt,1,1\r\n", "0.00000019"),
            ("TIMESTAMP,ContextTokens,GeneratedTokens\nt,2,0\n", "0.00000008"),
            ("TIMESTAMP,ContextTokens,GeneratedTokens\nt,3,0\nt,2,0\n", "0.00000019"),
        ];
        for (trace, expected) in cases {
            assert_eq!(format_amount(expected_total(trace, PRICES).unwrap().1), expected, "{trace}");
        }
        assert!(expected_total("TIMESTAMP,ContextTokens,GeneratedTokens\n", PRICES).is_err());
        assert!(expected_total("A,B,C\nt,1,1\n", "{}").is_err());
    }

    /// The figure was computed once with Python's `decimal` from the same two files.
    #[test]
    fn the_fixture_costs_what_another_program_says() {
        let read = |name: &str| std::fs::read_to_string(sh::root().join("xtask/fixtures").join(name)).unwrap();
        let (trace, prices) = (read("azure-llm-conv-2023-500.csv"), read("litellm-model-prices-cut.json"));
        let (rows, total) = expected_total(&trace, &prices).unwrap();
        assert_eq!((rows, format_amount(total).as_str()), (500, "0.03741917"));
    }
}

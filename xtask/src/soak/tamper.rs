//! One changed value anywhere in the ledger, and `scrip verify` must name the place.
//!
//! Every table counts as the ledger's unless it is listed here as a plain record, of which the journal knows nothing, so
//! a new table has to be proven or listed. The file is changed by SQL and not by offsets, so that every change is one that SQLite itself cannot notice.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use serde_json::json;

use super::{Plan, block_on};
use crate::client::Api;
use crate::report::Outcome;
use crate::server::{Installation, sqlite_url, verify};

/// Tables of plain records: no credit depends on them.
const PLAIN_TABLES: [&str; 51] = [
    "account_zones",
    "alerts",
    "api_keys",
    "billing_profiles",
    "campaigns",
    "comparisons",
    "consent_texts",
    "consents",
    "disputes",
    "exchange_rates",
    "expiry_notices",
    "gateway_effects",
    "gateway_events",
    "history_blocks",
    "instalments",
    "leases",
    "mails",
    "members",
    "migrations",
    "outbox",
    "payment_attempts",
    "payment_events",
    "payment_gates",
    "payments",
    "people",
    "plan_bases",
    "plan_periods",
    "plan_versions",
    "plans",
    "price_books",
    "quotes",
    "receipt_series",
    "receipts",
    "recovery_codes",
    "redemption_lots",
    "redemptions",
    "refunds",
    "sessions",
    "sign_in_links",
    "sign_in_tries",
    "subscriptions",
    "topup_cooldowns",
    "unmatched",
    "usage_meters",
    "usage_progress",
    "usage_quarters",
    "voucher_codes",
    "voucher_gates",
    "voucher_keys",
    "voucher_tries",
    "voucher_uses",
];
/// What the journal knows of an account; its name and the like are a plain record.
const PROVEN_OF_ACCOUNTS: [&str; 3] = ["id", "no", "unit"];

fn is_proven(table: &str, column: &str) -> bool {
    table != "accounts" || PROVEN_OF_ACCOUNTS.contains(&column)
}

pub(super) fn run(plan: Plan) -> Result<Outcome> {
    let folder = tempfile::tempdir()?;
    let installation = Installation::new(folder.path())?;
    block_on(make_history(&installation))?;
    let pristine = folder.path().join("pristine.db");
    Connection::open(installation.database())?.execute("VACUUM INTO ?1", [pristine.to_string_lossy()])?;
    if let Err(difference) = verify(&sqlite_url(&pristine))? {
        bail!("`scrip verify` finds a difference in an untouched copy:\n{difference}");
    }

    let tables = tables_with_rows(&pristine)?;
    let changes = plan.of(20, 200).max(tables.len());
    let (mut missed, mut unnamed) = (BTreeMap::<String, usize>::new(), BTreeMap::<String, usize>::new());
    for number in 0..changes {
        plan.tell(number, changes);
        let copy = folder.path().join("copy.db");
        std::fs::copy(&pristine, &copy)?;
        let change = change_a_value(&copy, &tables[number % tables.len()])?;
        match verify(&sqlite_url(&copy))? {
            Ok(_) => *missed.entry(change.column).or_default() += 1,
            Err(found) if change.clues.iter().any(|clue| found.contains(clue)) => {}
            Err(found) => {
                println!("{} was changed, and `scrip verify` does not say where: {}", change.column, found.trim());
                *unnamed.entry(change.column).or_default() += 1;
            }
        }
    }
    ensure!(missed.is_empty(), "`scrip verify` did not see changes in {missed:?}");
    ensure!(unnamed.is_empty(), "`scrip verify` saw changes and did not name their place: {unnamed:?}");
    Ok(Outcome::Passed(format!("{changes} changes in {} tables ({}), all found", tables.len(), tables.join(", "))))
}

/// A bit of everything: accounts, lots of several kinds, debits, holds in every state, reversals, a void.
async fn make_history(installation: &Installation) -> Result<()> {
    let mut server = installation.start(Duration::from_secs(10)).await?;
    let api = installation.api()?;
    for account in ["tamper-a", "tamper-b", "tamper-c"] {
        api.open(account, 10_000).await?;
        move_credits(&api, account).await.with_context(|| format!("the history of {account}"))?;
    }
    server.stop(Duration::from_secs(10))
}

async fn move_credits(api: &Api, account: &str) -> Result<()> {
    let mut sequence = 0;
    let mut key = || {
        sequence += 1;
        format!("{account}-{sequence}")
    };
    let grant = json!({ "account": account, "amount": "500", "kind": "voucher", "reason": "soak",
        "expires_at": "2099-12-31T00:00:00Z", "scope": ["soak"] });
    let voucher = api.post("/v1/grants", &key(), &grant).await?.json()?;
    for amount in ["1", "2.5", "300", "300"] {
        let debit = api.debit(account, amount, &key()).await?.json()?;
        if amount == "2.5" {
            let id = debit["id"].as_str().context("a debit without id")?;
            api.post(&format!("/v1/debits/{id}/reverse"), &key(), &json!({ "amount": "1.5" })).await?.json()?;
        }
    }
    for end in ["capture", "release", "none"] {
        let hold = json!({ "account": account, "amount": "20", "service": "soak", "ttl_seconds": 3600 });
        let hold = api.post("/v1/holds", &key(), &hold).await?.json()?;
        let id = hold["id"].as_str().context("a hold without id")?;
        let body = if end == "capture" { json!({ "amount": "15" }) } else { json!({}) };
        if end != "none" {
            api.post(&format!("/v1/holds/{id}/{end}"), &key(), &body).await?.json()?;
        }
    }
    let lot = voucher["lot"]["id"].as_str().or(voucher["lot"].as_str()).context("a grant without lot")?;
    api.post(&format!("/v1/lots/{lot}/void"), &key(), &json!({ "reason": "soak" })).await?.json()?;
    Ok(())
}

fn tables_with_rows(database: &Path) -> Result<Vec<String>> {
    let connection = Connection::open(database)?;
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
    let mut tables: Vec<String> =
        connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    tables.retain(|table| !PLAIN_TABLES.contains(&table.as_str()));
    tables.retain(|table| count(&connection, table).is_ok_and(|rows| rows > 0));
    ensure!(!tables.is_empty(), "the database has no rows");
    Ok(tables)
}

fn count(connection: &Connection, table: &str) -> Result<i64> {
    Ok(connection.query_row(&format!("SELECT count(*) FROM \"{table}\""), [], |row| row.get(0))?)
}

/// What was changed, and the texts of which one must be in the answer of `scrip verify`.
struct Change {
    column: String,
    clues: Vec<String>,
}

/// Flips a byte of a random value of a random row; tries another one when the schema refuses it.
fn change_a_value(database: &Path, table: &str) -> Result<Change> {
    let connection = Connection::open(database)?;
    connection.execute_batch("PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF")?;
    let rows = count(&connection, table)?;
    for _ in 0..200 {
        let sql = format!("SELECT * FROM \"{table}\" LIMIT 1 OFFSET {}", rand::random_range(0..rows));
        let mut statement = connection.prepare(&sql)?;
        let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let values: Vec<Value> =
            statement.query_row([], |row| (0..columns.len()).map(|index| row.get(index)).collect())?;
        let chosen = rand::random_range(0..columns.len());
        if !is_proven(table, &columns[chosen]) {
            continue;
        }
        let Some(changed) = flip(&values[chosen]) else { continue };
        let same: Vec<String> =
            columns.iter().enumerate().map(|(i, name)| format!("\"{name}\" IS ?{}", i + 2)).collect();
        let sql = format!("UPDATE \"{table}\" SET \"{}\" = ?1 WHERE {}", columns[chosen], same.join(" AND "));
        let parameters = std::iter::once(&changed).chain(&values);
        if matches!(connection.execute(&sql, params_from_iter(parameters)), Ok(1..)) {
            let column = format!("{table}.{}", columns[chosen]);
            return Ok(Change { column, clues: clues(table, &values) });
        }
    }
    bail!("no value of {table} can be changed")
}

/// What a place may be called by: its table, the texts in its row, and the journal, where every break of a chain shows.
fn clues(table: &str, values: &[Value]) -> Vec<String> {
    let texts = values.iter().filter_map(|value| match value {
        Value::Text(text) if text.len() >= 4 => Some(text.clone()),
        _ => None,
    });
    texts.chain([table.to_owned(), "journal".to_owned()]).collect()
}

/// The value with one byte changed, if it has one and stays of its type.
fn flip(value: &Value) -> Option<Value> {
    let mask = rand::random_range(1..=255_u8);
    match value {
        Value::Integer(number) => Some(Value::Integer(number ^ i64::from(mask))),
        Value::Blob(bytes) if !bytes.is_empty() => {
            let mut bytes = bytes.clone();
            let at = rand::random_range(0..bytes.len());
            bytes[at] ^= mask;
            Some(Value::Blob(bytes))
        }
        Value::Text(text) if text.is_ascii() && !text.is_empty() => {
            let mut bytes = text.clone().into_bytes();
            let at = rand::random_range(0..bytes.len());
            bytes[at] ^= 1;
            String::from_utf8(bytes).ok().map(Value::Text)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flipped_value_is_another_value_of_the_same_type() {
        let cases =
            [Value::Integer(0), Value::Integer(i64::MIN), Value::Blob(vec![0; 32]), Value::Text("abc".to_owned())];
        for value in cases {
            for _ in 0..100 {
                let flipped = flip(&value).unwrap();
                assert_ne!(flipped, value);
                assert_eq!(flipped.data_type(), value.data_type());
            }
        }
        for value in [Value::Null, Value::Blob(Vec::new()), Value::Text(String::new())] {
            assert_eq!(flip(&value), None);
        }
    }

    #[test]
    fn a_change_hits_one_row_and_one_column() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch(
                "CREATE TABLE lots (id TEXT PRIMARY KEY, remaining INTEGER CHECK (remaining >= 0), note TEXT) STRICT, WITHOUT ROWID;
                 CREATE TABLE empty (id INTEGER);
                 INSERT INTO lots VALUES ('lot-1', 5, NULL), ('lot-2', 0, NULL)",
            )
            .unwrap();
        assert_eq!(tables_with_rows(&path).unwrap(), ["lots"]);
        let read = || -> Vec<(String, i64)> {
            let mut statement = connection.prepare("SELECT id, remaining FROM lots").unwrap();
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
        };
        let before = read();
        let change = change_a_value(&path, "lots").unwrap();
        let after = read();
        assert_ne!(before, after);
        assert!(["lots.id", "lots.remaining"].contains(&change.column.as_str()), "{}", change.column);
        assert!(change.clues.contains(&"lots".to_owned()));
    }
}

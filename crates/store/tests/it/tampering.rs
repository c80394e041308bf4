//! SQLite: a changed byte in any ledger row is found and named.

use std::path::Path;

use ledger::{LotKind, Op};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use crate::ground::{Ground, credits, debit, grant, grant_of};

/// Tables whose every column is proved, and the rows the test makes in each.
const TABLES: [&str; 7] = ["journal", "ledger_accounts", "lots", "holds", "entries", "entry_keys", "counter_totals"];

async fn filled() -> Ground {
    let ground = Ground::new(4).await;
    for no in 1..=3_u64 {
        let id = format!("a{no}");
        ground.open_account(&id, no).await;
        ground.submit(&id, "g", grant(100)).await.unwrap();
        ground.submit(&id, "v", grant_of(LotKind::Voucher, 9, None)).await.unwrap();
        let debited = ground.submit(&id, "d", debit(30)).await.unwrap();
        let entry = debited.transaction.unwrap().seq;
        ground.submit(&id, "r", Op::Reverse { entry, amount: Some(credits(3)) }).await.unwrap();
        ground.submit(&id, "h", Op::Hold { amount: credits(7), ttl_seconds: 600 }).await.unwrap();
    }
    ground.store.shutdown().await;
    ground
}

fn changed(value: &Value) -> Value {
    match value {
        Value::Null => Value::Integer(1),
        Value::Integer(number) => Value::Integer(number ^ 1),
        Value::Text(text) => {
            let mut bytes = text.clone().into_bytes();
            match bytes.last_mut() {
                Some(last) => *last ^= 1,
                None => bytes.push(b'x'),
            }
            Value::Text(String::from_utf8(bytes).unwrap())
        }
        Value::Blob(bytes) => {
            let mut bytes = bytes.clone();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            Value::Blob(bytes)
        }
        Value::Real(_) => unreachable!("no floats"),
    }
}

/// The columns and rows of a table.
fn read(path: &Path, table: &str) -> (Vec<String>, Vec<Vec<Value>>) {
    let conn = Connection::open(path).unwrap();
    let mut statement = conn.prepare(&format!("SELECT * FROM {table}")).unwrap();
    let columns: Vec<String> = statement.column_names().map(ToString::to_string).collect();
    let rows = statement.query_map([], |row| (0..columns.len()).map(|at| row.get(at)).collect()).unwrap();
    let rows: Vec<Vec<Value>> = rows.collect::<Result<_, _>>().unwrap();
    assert!(!rows.is_empty(), "{table} has rows");
    (columns, rows)
}

fn file(ground: &Ground) -> &Path {
    ground.database.path().expect("this is about SQLite")
}

/// Runs one statement on a copy of the ledger and proves the copy; `None` when the database refuses the statement.
fn damaged(ground: &Ground, sql: &str, values: Vec<Value>) -> Option<Result<store::Proof, store::Difference>> {
    let copy = file(ground).with_file_name("copy.db");
    std::fs::copy(file(ground), &copy).unwrap();
    let conn = Connection::open(&copy).unwrap();
    conn.pragma_update(None, "ignore_check_constraints", "ON").unwrap();
    let changed = conn.execute(sql, params_from_iter(values)).ok()?;
    assert_eq!(changed, 1, "{sql}");
    drop(conn);
    Some(store::verify(&format!("sqlite:{}", copy.display()), &mut |_, _| {}))
}

fn place(columns: &[String]) -> String {
    columns.iter().map(|column| format!("{column} IS ?")).collect::<Vec<_>>().join(" AND ")
}

#[tokio::test]
async fn every_changed_column_of_every_table_is_found() {
    let ground = filled().await;
    if ground.database.is_postgres() {
        return;
    }
    ground.verify();
    let mut tried = 0;
    for table in TABLES {
        let (columns, rows) = read(file(&ground), table);
        for row in &rows {
            for (at, column) in columns.iter().enumerate() {
                let sql = format!("UPDATE {table} SET {column} = ? WHERE {}", place(&columns));
                let values = std::iter::once(changed(&row[at])).chain(row.iter().cloned()).collect();
                if let Some(proof) = damaged(&ground, &sql, values) {
                    tried += 1;
                    let difference = proof.expect_err(&format!("{table}.{column} changed in {row:?}"));
                    // Whoever looks for it is told where: never just "the file", unless SQLite names the table.
                    let named = difference.place != "database file" || difference.what.contains(table);
                    assert!(named, "{table}.{column}: {difference}");
                }
            }
        }
    }
    assert!(tried > 300, "only {tried} changes were tried");
}

#[tokio::test]
async fn every_dropped_row_is_found() {
    let ground = filled().await;
    if ground.database.is_postgres() {
        return;
    }
    for table in TABLES {
        let (columns, rows) = read(file(&ground), table);
        for row in rows {
            let sql = format!("DELETE FROM {table} WHERE {}", place(&columns));
            let proof = damaged(&ground, &sql, row.clone()).unwrap();
            proof.expect_err(&format!("{row:?} of {table} dropped"));
        }
    }
}

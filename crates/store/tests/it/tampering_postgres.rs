//! PostgreSQL: a changed, dropped or added row of the ledger is found and named.

use ledger::{LotKind, Op, execute};
use store::AccountRef;
use tokio_postgres::{Client, NoTls};

use crate::ground::{Ground, command, credits, debit, grant, grant_of};

/// Tables whose every column is proved, and how many columns they have.
const TABLES: [(&str, usize); 4] = [("entries", 10), ("ledger_accounts", 11), ("spent_lots", 3), ("counter_totals", 4)];

/// Another value of a column `c`, by its type. Text is changed at its end, and in its numbers.
const CHANGES: [(&str, &str); 7] = [
    ("bigint", "coalesce(c # 1, 1)"),
    ("integer", "c # 1"),
    ("boolean", "NOT c"),
    ("numeric", "c + 1"),
    ("bytea", "coalesce(set_byte(c, length(c) / 2, get_byte(c, length(c) / 2) # 1), '\\x01')"),
    ("text", "coalesce(left(c, -1) || chr(ascii(right(c, 1)) # 1), 'x')"),
    ("text", "translate(c, '123456789', '234567891')"),
];

async fn filled() -> Ground {
    let ground = Ground::new(4).await;
    ground.open_account("a1", 1).await;
    ground.open_account("a2", 2).await;
    ground.submit("a2", "g", grant(20)).await.unwrap();
    ground.submit("a1", "g", grant(20)).await.unwrap();
    ground.submit("a1", "v", grant_of(LotKind::Voucher, 9, None)).await.unwrap();
    let expires_at = Some(ground.store.now().plus_seconds(9));
    ground.submit("a1", "t", grant_of(LotKind::TopUp, 5, expires_at)).await.unwrap();
    let debited = ground.submit("a1", "d", debit(15)).await.unwrap();
    let entry = debited.transaction.unwrap().seq;
    ground.submit("a1", "r", Op::Reverse { entry, amount: Some(credits(3)) }).await.unwrap();
    ground.submit("a1", "h", Op::Hold { amount: credits(7), ttl_seconds: 600 }).await.unwrap();
    ground.store.shutdown().await;
    ground
}

async fn connect(ground: &Ground) -> Client {
    let (client, connection) = tokio_postgres::connect(&ground.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// One value of each row of a statement's answer.
async fn texts(client: &Client, sql: &str) -> Vec<String> {
    client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

fn verify(ground: &Ground) -> Result<store::Proof, store::Difference> {
    store::verify(&ground.url(), &mut |_, _| {})
}

/// The ledger is not proved, and somebody who looks for the damage is told the table.
fn assert_found(ground: &Ground, table: &str, what: &str) {
    let difference = verify(ground).expect_err(what);
    // What follows from a number of an account or a transaction shows in the tables beside it.
    let near = TABLES.iter().any(|(table, _)| difference.place.starts_with(table));
    let named =
        if what.contains("account_no") || what.contains("seq") { near } else { difference.place.starts_with(table) };
    assert!(named, "{what}: {difference}");
}

#[tokio::test]
async fn every_changed_column_is_found() {
    let ground = filled().await;
    if !ground.database.is_postgres() {
        return;
    }
    let client = connect(&ground).await;
    let whole = verify(&ground).unwrap();
    let mut tried = 0;
    for (table, count) in TABLES {
        let columns = format!(
            "SELECT column_name || ' ' || data_type FROM information_schema.columns WHERE table_name = '{table}'"
        );
        let columns = texts(&client, &columns).await;
        assert_eq!(columns.len(), count, "{table}: {columns:?}");
        for row in texts(&client, &format!("SELECT ctid::text FROM {table}")).await {
            let mut ctid = row;
            for (column, kind) in columns.iter().filter_map(|column| column.split_once(' ')) {
                for (_, change) in CHANGES.iter().filter(|(known, _)| *known == kind) {
                    // Sums may be spread over shards in any way.
                    if column == "shard" {
                        continue;
                    }
                    let before = format!("SELECT {column}::text FROM {table} WHERE ctid = '{ctid}'");
                    let before: Option<String> = client.query_one(&before, &[]).await.unwrap().get(0);
                    let change = format!(
                        "UPDATE {table} SET {column} = n.v FROM (SELECT ctid AS at, {} AS v FROM (SELECT ctid, {column} AS c \
                         FROM {table}) o WHERE ctid = '{ctid}') n WHERE {table}.ctid = n.at AND {column} IS DISTINCT FROM n.v \
                         RETURNING {table}.ctid::text",
                        change
                    );
                    // The database itself refuses some.
                    let Ok(changed) = client.query(&change, &[]).await else { continue };
                    let Some(row) = changed.first() else { continue };
                    tried += 1;
                    assert_found(&ground, table, &format!("{table}.{column} {before:?}"));
                    let back = format!(
                        "UPDATE {table} SET {column} = ($1::text)::{kind} WHERE ctid = '{}' RETURNING ctid::text",
                        row.get::<_, String>(0)
                    );
                    ctid = client.query_one(&back, &[&before]).await.unwrap().get(0);
                }
            }
        }
    }
    assert_eq!(verify(&ground), Ok(whole), "all was put back");
    assert!(tried > 100, "only {tried} changes were tried");
}

#[tokio::test]
async fn every_dropped_and_every_added_row_is_found() {
    let ground = filled().await;
    if !ground.database.is_postgres() {
        return;
    }
    let client = connect(&ground).await;
    let whole = verify(&ground).unwrap();
    for (table, _) in TABLES {
        for ctid in texts(&client, &format!("SELECT ctid::text FROM {table}")).await {
            let drop = format!(
                "CREATE TABLE kept AS SELECT * FROM {table} WHERE ctid = '{ctid}'; DELETE FROM {table} WHERE ctid = '{ctid}'"
            );
            client.batch_execute(&drop).await.unwrap();
            assert_found(&ground, table, &format!("row {ctid} of {table} dropped"));
            client.batch_execute(&format!("INSERT INTO {table} SELECT * FROM kept; DROP TABLE kept")).await.unwrap();
        }
        let (column, others) = match table {
            "counter_totals" => ("counter", &["9", "77", "-1"][..]),
            _ => ("account_no", &["0", "-1", "9", "9223372036854775807"][..]),
        };
        for other in others {
            let add = format!(
                "CREATE TABLE kept AS SELECT * FROM {table} LIMIT 1; UPDATE kept SET {column} = {other}; \
                 INSERT INTO {table} SELECT * FROM kept; DROP TABLE kept"
            );
            client.batch_execute(&add).await.unwrap();
            assert_found(&ground, table, &format!("{table}: added {other}"));
            client.batch_execute(&format!("DELETE FROM {table} WHERE {column} = {other}")).await.unwrap();
        }
    }
    assert_eq!(verify(&ground), Ok(whole), "all was put back");
}

#[tokio::test]
async fn a_key_that_stands_twice_is_found() {
    let ground = Ground::new(4).await;
    if !ground.database.is_postgres() {
        return;
    }
    ground.open_account("a", 1).await;
    let mut account = ground.store.account(AccountRef::No(1)).await.unwrap().unwrap().account;
    ground.store.shutdown().await;
    // All is right about this entry but its key, which opened the account.
    let again = Op::Configure { overdraft_limit: Some(credits(50)), closed: None };
    let now = account.last_at;
    let booked = execute(&mut account, &command("open", again), None, now).outcome.unwrap().unwrap();
    let body = [&booked.canonical[..], &account.head.0].concat();
    let client = connect(&ground).await;
    let constraint = "SELECT conname::text FROM pg_constraint WHERE conrelid = 'entries'::regclass AND contype = 'u'";
    let constraint = texts(&client, constraint).await.remove(0);
    client.batch_execute(&format!("ALTER TABLE entries DROP CONSTRAINT {constraint}")).await.unwrap();
    let insert = "INSERT INTO entries SELECT account_no, 2, at_us, $1, lot_kinds, service, amount, reversed, key_hash, $2 \
                  FROM entries";
    client.execute(insert, &[&i32::from(booked.transaction.kind().tag()), &body]).await.unwrap();
    client.execute("UPDATE ledger_accounts SET seq = 2, head = $1", &[&&account.head.0[..]]).await.unwrap();
    let difference = verify(&ground).unwrap_err();
    assert!(difference.what.contains("two entries of one key"), "{difference}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_go_on_while_it_is_proved() {
    let ground = Ground::new(4).await;
    ground.open_account("a", 1).await;
    ground.submit("a", "g", grant(50)).await.unwrap();
    let store = ground.store.clone();
    let spender = tokio::spawn(async move {
        for number in 0..200 {
            store.submit(crate::ground::order("a", &format!("d{number}"), debit(1))).await.ok();
        }
    });
    let mut seen = Vec::new();
    while !spender.is_finished() {
        seen.push(tokio::task::block_in_place(|| verify(&ground)).unwrap().transactions);
    }
    spender.await.unwrap();
    assert!(seen.is_sorted(), "{seen:?}");
    assert_eq!(verify(&ground).unwrap().transactions, 52);
}

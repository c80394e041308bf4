//! A database of every earlier schema, with rows in it, becomes one of today: nothing in it is lost, and it works.

use std::sync::Arc;

use ledger::{Account, Booked, Op, Timestamp, Unit, execute};
use store::{AccountRef, Options, Store, Value};
use testbed::Database;
use tokio_postgres::{Client, NoTls};

use crate::ground::{TestClock, command, credits, debit, grant, open, open_order, order};

/// When the old rows were written.
const THEN: Timestamp = Timestamp::from_micros(1_000);

/// A connection that knows nothing of the store.
enum Raw {
    Sqlite(rusqlite::Connection),
    Postgres(Client),
}

impl Raw {
    async fn open(database: &Database) -> Raw {
        if let Some(path) = database.path() {
            return Raw::Sqlite(rusqlite::Connection::open(path).unwrap());
        }
        let (client, connection) = tokio_postgres::connect(&database.url(), NoTls).await.unwrap();
        tokio::spawn(connection);
        Raw::Postgres(client)
    }

    async fn run(&self, sql: &str) {
        match self {
            Raw::Sqlite(conn) => conn.execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}")),
            Raw::Postgres(client) => client.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}")),
        }
    }

    /// A list of texts.
    async fn texts(&self, sql: &str) -> Vec<String> {
        match self {
            Raw::Sqlite(conn) => {
                let mut statement = conn.prepare(sql).unwrap();
                let rows = statement.query_map([], |row| row.get(0)).unwrap();
                rows.collect::<Result<_, _>>().unwrap()
            }
            Raw::Postgres(client) => client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect(),
        }
    }

    fn bytes(&self, bytes: &[u8]) -> String {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        match self {
            Raw::Sqlite(_) => format!("X'{digits}'"),
            Raw::Postgres(_) => format!("'\\x{digits}'"),
        }
    }

    async fn tables(&self) -> Vec<String> {
        self.texts(match self {
            Raw::Sqlite(_) => "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name",
            Raw::Postgres(_) => {
                "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1"
            }
        })
        .await
    }

    /// Columns and their types.
    async fn columns(&self, table: &str) -> Vec<(String, String)> {
        let sql = match self {
            Raw::Sqlite(_) => format!("SELECT name || ' ' || lower(type) FROM pragma_table_info('{table}')"),
            Raw::Postgres(_) => format!(
                "SELECT column_name || ' ' || data_type FROM information_schema.columns WHERE table_name = '{table}' \
                 ORDER BY ordinal_position"
            ),
        };
        let split = |text: String| text.split_once(' ').map(|(name, kind)| (name.to_owned(), kind.to_owned())).unwrap();
        self.texts(&sql).await.into_iter().map(split).collect()
    }

    /// Adds a row that says where each value belongs.
    async fn fill(&self, table: &str, number: usize) {
        let (mut names, mut values) = (Vec::new(), Vec::new());
        for (name, kind) in self.columns(table).await {
            values.push(match (table, name.as_str(), kind.as_str()) {
                ("accounts", "no", _) => "1".to_owned(),
                ("accounts", "id", _) => "'old'".to_owned(),
                ("accounts", "unit", _) => "'CREDIT'".to_owned(),
                (_, _, "bigint") => format!("{}", 1_000 + number),
                (_, _, "text") => format!("'{table} {name} {number}'"),
                (_, _, "blob" | "bytea") => self.bytes(name.as_bytes()),
                (_, _, kind) => panic!("{table}.{name} has the type {kind}"),
            });
            names.push(name);
        }
        self.run(&format!("INSERT INTO {table} ({}) VALUES ({})", names.join(", "), values.join(", "))).await;
    }

    /// Adds rows of the audit log, whose hashes follow from each other.
    async fn note(&self) {
        const TEXTS: [&str; 9] =
            ["actor", "action", "account", "object", "address", "agent", "before", "after", "reason"];
        let mut hash = String::new();
        for seq in 1..=3 {
            let texts = TEXTS.map(|name| Value::Text(format!("{name} {seq}")));
            let columns: Vec<Value> = [Value::Int(seq), Value::Int(5)].into_iter().chain(texts).collect();
            hash = store::audit_hash(&hash, &columns);
            let texts = TEXTS.map(|name| format!("'{name} {seq}'")).join(", ");
            self.run(&format!("INSERT INTO audit VALUES ({seq}, 5, {texts}, '{hash}')")).await;
        }
    }

    /// The rows of a table, each as one text of some of its columns.
    async fn rows(&self, table: &str, columns: &[(String, String)]) -> Vec<String> {
        let parts: Vec<String> =
            columns.iter().map(|(name, _)| format!("coalesce(CAST({name} AS TEXT), 'NULL')")).collect();
        self.texts(&format!("SELECT {} FROM {table} ORDER BY 1", parts.join(" || '|' || "))).await
    }

    /// The first transaction of the account of [`Raw::fill`], as the first release wrote it.
    async fn book(&self) {
        let mut account = Account::new(1, "old".into(), Unit::CREDIT);
        let mut command = command("", Op::Open { overdraft_limit: credits(5) });
        command.key = None;
        let Booked { canonical, transaction } = execute(&mut account, &command, None, THEN).outcome.unwrap().unwrap();
        let body = self.bytes(&[&canonical[..], &transaction.hash.0].concat());
        let (at_us, limit) = (THEN.micros(), account.overdraft_limit.units());
        self.run(&match self {
            Raw::Sqlite(_) => format!("INSERT INTO journal (gseq, account_no, body) VALUES (1, 1, {body})"),
            Raw::Postgres(_) => format!(
                "INSERT INTO entries VALUES (1, 1, {at_us}, {}, 0, 'llm', 0, 0, NULL, {body}); \
                 INSERT INTO ledger_accounts (account_no, unit, seq, head, last_at_us, balance, overdraft, \
                 overdraft_limit, closed, state) VALUES (1, 'CREDIT', 1, {}, {at_us}, 0, 0, {limit}, false, '{{}}')",
                transaction.kind().tag(),
                self.bytes(&account.head.0)
            ),
        })
        .await;
    }
}

/// What a database holds: per table the columns that it has now, and its rows.
type Content = Vec<(String, Vec<(String, String)>, Vec<String>)>;

async fn filled(database: &Database, last: usize) -> Content {
    let ledger_only = {
        let empty = Database::empty();
        store::migrate_to(&empty.url(), THEN, 0).await.unwrap();
        Raw::open(&empty).await.tables().await
    };
    store::migrate_to(&database.url(), THEN, last).await.unwrap();
    let raw = Raw::open(database).await;
    let mut content = Vec::new();
    for table in raw.tables().await.into_iter().filter(|table| !ledger_only.contains(table)) {
        match table.as_str() {
            "accounts" => raw.fill(&table, 0).await,
            "audit" => raw.note().await,
            _ => {
                for number in 0..3 {
                    raw.fill(&table, number).await;
                }
            }
        }
        let columns = raw.columns(&table).await;
        let rows = raw.rows(&table, &columns).await;
        assert!(!rows.is_empty());
        content.push((table, columns, rows));
    }
    if last > 0 {
        raw.book().await;
    }
    content
}

#[tokio::test]
async fn every_earlier_schema_becomes_the_newest() {
    let all = store::missing_migrations(&Database::empty().url()).unwrap();
    assert!(all.len() > 3);
    for last in 0..=all.len() {
        let database = Database::empty();
        let content = filled(&database, last).await;
        assert_eq!(content.is_empty(), last == 0);
        assert_eq!(store::missing_migrations(&database.url()).unwrap(), all[last..]);
        assert_eq!(Store::migrate(&database.url(), THEN).await.unwrap(), all[last..]);
        assert_eq!(Store::migrate(&database.url(), THEN).await.unwrap(), [""; 0]);
        let raw = Raw::open(&database).await;
        for (table, columns, rows) in content {
            assert_eq!(raw.rows(&table, &columns).await, rows, "{table} of schema {last}");
        }
        drop(raw);
        let clock = Arc::new(TestClock::at_start());
        let store = open(&database.url(), &clock, 100).await;
        store.submit(open_order("new", 2)).await.unwrap();
        for id in if last > 0 { &["old", "new"][..] } else { &["new"] } {
            store.submit(order(id, "g", grant(9))).await.unwrap();
            store.submit(order(id, "d", debit(4))).await.unwrap();
            let view = store.account(AccountRef::Id((*id).into())).await.unwrap().unwrap();
            assert_eq!(view.account.balance(store.now()), credits(5));
        }
        store.shutdown().await;
        let proof = store::verify(&database.url(), &mut |_, _| {}).unwrap();
        assert_eq!(proof.transactions, if last > 0 { 6 } else { 3 });
    }
}

#[tokio::test]
async fn a_newer_schema_is_left_alone() {
    let database = Database::empty();
    Store::migrate(&database.url(), THEN).await.unwrap();
    Raw::open(&database).await.run("INSERT INTO migrations (number, name, applied_at_us) VALUES (999, 'x', 0)").await;
    let error = Store::open(&database.url(), Options::default()).await.err().unwrap();
    assert!(error.0.contains("newer"), "{error}");
    let error = Store::migrate(&database.url(), THEN).await.unwrap_err();
    assert!(error.0.contains("newer"), "{error}");
}

#[tokio::test]
async fn a_copy_has_every_row_of_every_table() {
    let (from, to) = (Database::empty(), Database::empty());
    let all = store::missing_migrations(&from.url()).unwrap().len();
    let content = filled(&from, all).await;
    let folder = tempfile::tempdir().unwrap();
    let between = format!("sqlite:{}", folder.path().join("scrip.db").display());
    store::copy(&from.url(), &between, &mut |_, _, _| {}).unwrap();
    store::copy(&between, &to.url(), &mut |_, _, _| {}).unwrap();
    let raw = Raw::open(&to).await;
    for (table, columns, mut rows) in content {
        assert_eq!(raw.columns(&table).await, columns);
        if table == "leases" {
            rows.clear();
        }
        assert_eq!(raw.rows(&table, &columns).await, rows, "{table}");
    }
}

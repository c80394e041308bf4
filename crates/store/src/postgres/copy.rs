//! A PostgreSQL ledger as the source or the target of a copy.
//!
//! A source is read by cursors of one snapshot. A target is locked against every other writer and written in one
//! transaction, some thousand rows a statement: an interrupted copy leaves tables without rows. Types of columns are
//! asked of the database.

use std::sync::Arc;

use ledger::{Account, AccountNo, Amount, Unit};
use rustc_hash::FxHashMap;
use tokio_postgres::Client;
use tokio_postgres::types::{ToSql, Type};

use crate::copy::{Booked, CopyError, Source, Target};
use crate::migrations::cold_tables;
use crate::postgres::access::Access;
use crate::postgres::batch::key_hash;
use crate::postgres::cursor::{self, Cursor, Taken};
use crate::postgres::schema::{self, from};
use crate::postgres::{rows, state};
use crate::verify::{Replay, Totals};
use crate::{Clock, Row, StoreError, SystemClock, Value, params};

/// Rows of a cold table that are read at a time; some are large.
const ROWS: usize = 100;
/// Rows of the ledger that are read, or written, at a time.
const LEDGER_ROWS: usize = 2_000;

const LEDGER_TABLES: [&str; 4] = ["entries", "ledger_accounts", "spent_lots", "counter_totals"];
const ENTRY: [&str; 10] =
    ["account_no", "seq", "at_us", "kind", "lot_kinds", "service", "amount", "reversed", "key_hash", "body"];
const ACCOUNT: [&str; 11] = [
    "account_no",
    "unit",
    "seq",
    "head",
    "last_at_us",
    "balance",
    "overdraft",
    "overdraft_limit",
    "closed",
    "next_due_at_us",
    "state",
];
const MARK_REVERSED: &str = "UPDATE entries e SET reversed = k.reversed \
     FROM UNNEST($1::bigint[], $2::bigint[], $3::bigint[]) AS k (account_no, seq, reversed) \
     WHERE e.account_no = k.account_no AND e.seq = k.seq";

/// A ledger that is read.
pub(crate) struct PostgresSource {
    snapshot: Arc<Client>,
    /// The cold table in work.
    table: Option<Cursor>,
    accounts: Cursor,
    entries: Cursor,
}

/// Begins to read a database.
pub(crate) async fn open_source(url: &str) -> Result<PostgresSource, StoreError> {
    let snapshot = cursor::snapshot(url).await?;
    let open = async |name, query| Cursor::open(&snapshot, name, LEDGER_ROWS, query).await.map_err(from);
    let accounts = open("numbers", "SELECT no, id, unit FROM accounts ORDER BY no").await?;
    let entries = open("bodies", "SELECT account_no, body FROM entries ORDER BY account_no, seq").await?;
    Ok(PostgresSource { snapshot, table: None, accounts, entries })
}

impl Source for PostgresSource {
    async fn table(&mut self, table: &'static str) -> Result<Vec<String>, StoreError> {
        let columns: Vec<String> = columns(&self.snapshot, table).await?.into_iter().map(|(name, _)| name).collect();
        let query = format!("SELECT {} FROM {table}", columns.join(", "));
        self.table = Some(Cursor::open(&self.snapshot, table, ROWS, &query).await.map_err(from)?);
        Ok(columns)
    }

    async fn rows(&mut self) -> Result<Vec<Row>, StoreError> {
        let Some(cursor) = &mut self.table else { return Ok(Vec::new()) };
        let mut given = Vec::new();
        while given.len() < ROWS
            && let Some(row) = cursor.next().await.map_err(from)?
        {
            let values = (0..row.len()).map(|column| rows::value(&row, column)).collect::<Result<_, _>>();
            given.push(Row(values.map_err(|what| StoreError(format!("{}: {what}", cursor.name())))?));
        }
        Ok(given)
    }

    async fn account(&mut self) -> Result<Option<Account>, StoreError> {
        let Some(row) = self.accounts.next().await.map_err(from)? else { return Ok(None) };
        let (no, id): (i64, &str) = (row.try_get(0).map_err(from)?, row.try_get(1).map_err(from)?);
        let unit = Unit::parse(row.try_get(2).map_err(from)?);
        let unit = unit.ok_or_else(|| StoreError(format!("the account {id} has no known unit")))?;
        Ok(Some(Account::new(no as AccountNo, id.into(), unit)))
    }

    async fn body(&mut self, account: &Account) -> Result<Option<Vec<u8>>, StoreError> {
        match self.entries.take(account.no as i64).await.map_err(from)? {
            Taken::Row(row) => row.try_get(1).map(Some).map_err(from),
            Taken::None => Ok(None),
            Taken::Stray(no) => Err(StoreError(format!("entries of the account number {no} belong to no account"))),
        }
    }
}

/// Columns of a table in their order, each with its type.
async fn columns(client: &Client, table: &str) -> Result<Vec<(String, String)>, StoreError> {
    let sql = "SELECT attname::text, format_type(atttypid, NULL) FROM pg_attribute \
               WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum";
    let found = client.query_typed(sql, &[(&table, Type::TEXT)]).await.map_err(from)?;
    found.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<_, _>>().map_err(from)
}

/// A ledger that is written, in one transaction that locks its tables.
pub(crate) struct PostgresTarget {
    client: Client,
    inserts: FxHashMap<&'static str, Insert>,
    entries: Vec<Row>,
    accounts: Vec<Row>,
    spent_lots: Vec<Row>,
    /// What went back of entries of the account in work.
    reversed: FxHashMap<u64, Amount>,
    /// Account, entry, what went back of it; their entries are written, or among `entries`.
    marks: (Vec<i64>, Vec<i64>, Vec<i64>),
}

/// Makes the tables of a database that holds nothing, and begins to write it.
pub(crate) async fn open_target(url: &str) -> Result<PostgresTarget, CopyError> {
    let mut client = Access::parse(url)?.connect().await.map_err(from)?.client;
    super::check_server(&client).await?;
    schema::migrate(&mut client, SystemClock.now()).await?;
    let alone = format!(
        "BEGIN; {}; SET LOCAL lock_timeout = '10s'; LOCK TABLE {} IN EXCLUSIVE MODE; SET LOCAL lock_timeout = 0; \
         SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'",
        cursor::NO_TIMEOUTS,
        all_tables()
    );
    let locked = client.batch_execute(&alone).await.map_err(from);
    locked.map_err(|error| StoreError(format!("the target cannot be locked: {error}; stop what else uses it")))?;
    for table in cold_tables().chain(LEDGER_TABLES) {
        let found = client.query_one(&format!("SELECT EXISTS (SELECT 1 FROM {table})"), &[]).await;
        if found.and_then(|row| row.try_get(0)).map_err(from)? {
            return Err(CopyError::NotEmpty(table));
        }
    }
    Ok(PostgresTarget {
        client,
        inserts: FxHashMap::default(),
        entries: Vec::new(),
        accounts: Vec::new(),
        spent_lots: Vec::new(),
        reversed: FxHashMap::default(),
        marks: Default::default(),
    })
}

fn all_tables() -> String {
    cold_tables().chain(LEDGER_TABLES).collect::<Vec<_>>().join(", ")
}

impl PostgresTarget {
    async fn insert(
        &mut self,
        table: &'static str,
        columns: &[impl AsRef<str>],
        rows: &[Row],
    ) -> Result<(), StoreError> {
        if !self.inserts.contains_key(table) {
            let types = self::columns(&self.client, table).await?.into_iter().collect();
            self.inserts.insert(table, Insert::new(table, columns, &types)?);
        }
        match self.inserts.get(table) {
            Some(insert) if !rows.is_empty() => insert.run(&self.client, rows).await,
            _ => Ok(()),
        }
    }

    async fn flush(&mut self) -> Result<(), StoreError> {
        let entries = std::mem::take(&mut self.entries);
        self.insert("entries", &ENTRY, &entries).await?;
        let accounts = std::mem::take(&mut self.accounts);
        self.insert("ledger_accounts", &ACCOUNT, &accounts).await?;
        let spent_lots = std::mem::take(&mut self.spent_lots);
        self.insert("spent_lots", &["account_no", "lot_no", "lot"], &spent_lots).await?;
        let marks = std::mem::take(&mut self.marks);
        if !marks.0.is_empty() {
            let lists: [(&(dyn ToSql + Sync), Type); 3] =
                [(&marks.0, Type::INT8_ARRAY), (&marks.1, Type::INT8_ARRAY), (&marks.2, Type::INT8_ARRAY)];
            self.client.execute_typed(MARK_REVERSED, &lists).await.map_err(from)?;
        }
        Ok(())
    }

    async fn flush_when_full(&mut self) -> Result<(), StoreError> {
        let waiting = [self.entries.len(), self.accounts.len(), self.spent_lots.len(), self.marks.0.len()];
        if waiting.iter().any(|count| *count >= LEDGER_ROWS) { self.flush().await } else { Ok(()) }
    }
}

impl Target for PostgresTarget {
    async fn rows(&mut self, table: &'static str, columns: &[String], rows: &[Row]) -> Result<(), StoreError> {
        self.insert(table, columns, rows).await
    }

    async fn transaction(&mut self, account: &Account, booked: Booked) -> Result<(), StoreError> {
        let Booked { transaction: tx, body, lot_kinds } = booked;
        for (entry, amount) in tx.takes_back() {
            *self.reversed.entry(entry).or_default() += amount;
        }
        self.entries.push(Row(params![
            account.no as i64,
            tx.seq as i64,
            tx.at.micros(),
            i64::from(tx.kind().tag()),
            i64::from(lot_kinds),
            tx.memo.service.as_deref(),
            tx.amount().units(),
            0,
            tx.key.as_deref().map(|key| key_hash(key).to_vec()),
            body,
        ]));
        self.flush_when_full().await
    }

    async fn account(&mut self, replay: &Replay) -> Result<(), StoreError> {
        let Replay { account, spent } = replay;
        let no = account.no as i64;
        for (entry, amount) in self.reversed.drain() {
            self.marks.0.push(no);
            self.marks.1.push(entry as i64);
            self.marks.2.push(amount.units());
        }
        let lot = |lot: &ledger::Lot| Row(params![no, lot.no as i64, state::write_lot(lot)]);
        self.spent_lots.extend(spent.values().map(lot));
        self.accounts.push(Row(params![
            no,
            account.unit.code(),
            account.seq as i64,
            &account.head.0[..],
            account.last_at.micros(),
            account.book_balance().units(),
            account.overdraft.units(),
            account.overdraft_limit.units(),
            account.closed.to_string(),
            state::next_due_at_us(account),
            state::write(account),
        ]));
        self.flush_when_full().await
    }

    async fn finish(mut self, totals: &Totals) -> Result<(), StoreError> {
        self.flush().await?;
        let total = |((unit, counter), total): (&(Unit, u8), &i128)| {
            Row(params![unit.code(), i64::from(*counter), 0, total.to_string()])
        };
        let totals: Vec<Row> = totals.iter().map(total).collect();
        self.insert("counter_totals", &["unit", "counter", "shard", "total"], &totals).await?;
        let wrong = |error| StoreError(format!("{}; whether the copy is there, scrip verify tells", from(error).0));
        // Reads of the new rows are planned by what is known of them.
        self.client.batch_execute(&format!("ANALYZE {}", all_tables())).await.map_err(from)?;
        self.client.batch_execute("COMMIT").await.map_err(wrong)
    }
}

/// Adds rows to one table, a list of values for each column.
struct Insert {
    table: &'static str,
    sql: String,
    /// Of the lists.
    types: Vec<Type>,
}

impl Insert {
    fn new(
        table: &'static str,
        columns: &[impl AsRef<str>],
        types: &FxHashMap<String, String>,
    ) -> Result<Self, StoreError> {
        let (mut lists, mut casts, mut of_lists) = (Vec::new(), Vec::new(), Vec::new());
        for (number, column) in (1..).zip(columns.iter().map(AsRef::as_ref)) {
            let known = types.get(column).map(String::as_str);
            let name = known.ok_or_else(|| StoreError(format!("the target's table {table} has no column {column}")))?;
            // What is neither a number nor bytes is sent as text, and becomes what the column holds.
            let (list, of_list) = match name {
                "bigint" | "integer" => ("bigint[]", Type::INT8_ARRAY),
                "bytea" => ("bytea[]", Type::BYTEA_ARRAY),
                _ => ("text[]", Type::TEXT_ARRAY),
            };
            lists.push(format!("${number}::{list}"));
            casts.push(format!("k.c{number}::{name}"));
            of_lists.push(of_list);
        }
        let names: Vec<&str> = columns.iter().map(AsRef::as_ref).collect();
        let aliases: Vec<String> = (1..=names.len()).map(|number| format!("c{number}")).collect();
        let sql = format!(
            "INSERT INTO {table} ({}) SELECT {} FROM UNNEST({}) AS k ({})",
            names.join(", "),
            casts.join(", "),
            lists.join(", "),
            aliases.join(", ")
        );
        Ok(Insert { table, sql, types: of_lists })
    }

    async fn run(&self, client: &Client, rows: &[Row]) -> Result<(), StoreError> {
        let mut lists: Vec<Vec<&Value>> = vec![Vec::with_capacity(rows.len()); self.types.len()];
        for row in rows {
            for ((list, value), kind) in lists.iter_mut().zip(&row.0).zip(&self.types) {
                if !fits(value, kind) {
                    return Err(StoreError(format!("{}: {value:?} stands where {kind} belongs", self.table)));
                }
                list.push(value);
            }
        }
        let typed = |(list, kind)| (list as &(dyn ToSql + Sync), Type::clone(kind));
        let lists: Vec<_> = lists.iter().zip(&self.types).map(typed).collect();
        let added = client.execute_typed(&self.sql, &lists).await.map_err(from)?;
        match added == rows.len() as u64 {
            true => Ok(()),
            false => Err(StoreError(format!("{}: {added} of {} rows were added", self.table, rows.len()))),
        }
    }
}

fn fits(value: &Value, list: &Type) -> bool {
    match value {
        Value::Null => true,
        Value::Int(_) => *list == Type::INT8_ARRAY,
        Value::Text(_) => *list == Type::TEXT_ARRAY,
        Value::Blob(_) => *list == Type::BYTEA_ARRAY,
    }
}

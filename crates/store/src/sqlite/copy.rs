//! A SQLite ledger as the source or the target of a copy.
//!
//! A source is read like its history: the projection of each account, then what of the journal is not projected yet,
//! whose numbers are kept in memory. A target gets its journal in the order of account numbers and the whole projection
//! beside it. It is written with a rollback journal instead of the write-ahead log, which would grow as large as the
//! ledger: until the end the file stays locked, and a file that was left in the middle is rolled back by whoever opens it
//! next.

use std::collections::VecDeque;
use std::path::Path;

use ledger::{Account, AccountNo};
use rusqlite::{Connection, params, params_from_iter};
use rustc_hash::FxHashMap;

use crate::copy::{Booked, CopyError, Source, Target};
use crate::migrations::cold_tables;
use crate::sqlite::memory::Reversals;
use crate::sqlite::projector::{self, EntryWriter};
use crate::sqlite::rows;
use crate::sqlite::schema::{self, from};
use crate::sqlite::state::{self, Totals, parse_unit};
use crate::sqlite::tail::{Gseq, TailRow};
use crate::sqlite::writer::projected;
use crate::verify::Replay;
use crate::{Clock, Row, StoreError, SystemClock};

/// Rows of a cold table that are read at a time.
const ROWS: i64 = 100;
/// Transactions that are read at a time.
const BODIES: i64 = 1_000;

/// A ledger that is read.
pub(crate) struct SqliteSource {
    conn: Connection,
    /// Reads rows of the cold table in work that come after one.
    page: String,
    /// The last row of it that was given.
    last_rowid: i64,
    last_account: Option<AccountNo>,
    bodies: VecDeque<Vec<u8>>,
    /// Journal rows that no projection has, by account.
    tail: FxHashMap<AccountNo, VecDeque<Gseq>>,
}

/// Begins to read a database file.
pub(crate) fn open_source(path: &Path) -> Result<SqliteSource, StoreError> {
    let conn = schema::open_reader(path)?;
    conn.execute_batch("BEGIN").map_err(from)?;
    let tail = read_tail(&conn).map_err(from)?;
    Ok(SqliteSource { conn, page: String::new(), last_rowid: 0, last_account: None, bodies: VecDeque::new(), tail })
}

fn read_tail(conn: &Connection) -> rusqlite::Result<FxHashMap<AccountNo, VecDeque<Gseq>>> {
    let mut tail = FxHashMap::<AccountNo, VecDeque<Gseq>>::default();
    let mut statement = conn.prepare("SELECT account_no, gseq FROM journal WHERE gseq > ?1 ORDER BY gseq")?;
    let mut found = statement.query([projected(conn)? as i64])?;
    while let Some(row) = found.next()? {
        let (no, gseq) = (row.get::<_, i64>(0)? as AccountNo, row.get::<_, i64>(1)? as Gseq);
        tail.entry(no).or_default().push_back(gseq);
    }
    Ok(tail)
}

impl SqliteSource {
    fn next_rows(&mut self) -> rusqlite::Result<Vec<Row>> {
        let mut statement = self.conn.prepare_cached(&self.page)?;
        let columns = statement.column_count();
        let mut found = statement.query([self.last_rowid, ROWS])?;
        let mut given = Vec::new();
        while let Some(row) = found.next()? {
            self.last_rowid = row.get(0)?;
            let values = (1..columns).map(|column| row.get_ref(column).and_then(rows::value));
            given.push(Row(values.collect::<Result<_, _>>()?));
        }
        Ok(given)
    }

    fn next_account(&mut self) -> rusqlite::Result<Option<Account>> {
        let after = self.last_account.map_or(i64::MIN, |no| no as i64);
        let mut statement =
            self.conn.prepare_cached("SELECT no, id, unit FROM accounts WHERE no > ?1 ORDER BY no LIMIT 1")?;
        let mut found = statement.query([after])?;
        let Some(row) = found.next()? else { return Ok(None) };
        let no = row.get::<_, i64>(0)? as AccountNo;
        self.last_account = Some(no);
        self.bodies.clear();
        Ok(Some(Account::new(no, row.get::<_, String>(1)?.into(), parse_unit(row.get_ref(2)?.as_str()?)?)))
    }

    fn next_body(&mut self, account: &Account) -> rusqlite::Result<Option<Vec<u8>>> {
        if self.bodies.is_empty() {
            let mut statement = self.conn.prepare_cached(
                "SELECT j.body FROM entries e JOIN journal j ON j.gseq = e.gseq \
                 WHERE e.account_no = ?1 AND e.seq > ?2 ORDER BY e.seq LIMIT ?3",
            )?;
            let found = statement.query_map([account.no as i64, account.seq as i64, BODIES], |row| row.get(0))?;
            self.bodies = found.collect::<Result<_, _>>()?;
        }
        if let Some(body) = self.bodies.pop_front() {
            return Ok(Some(body));
        }
        // A cycle of projection that was cut short leaves entries of the tail behind: those were just given.
        while let Some(gseq) = self.tail.get_mut(&account.no).and_then(VecDeque::pop_front) {
            let body: Vec<u8> = self
                .conn
                .prepare_cached("SELECT body FROM journal WHERE gseq = ?1")?
                .query_row([gseq as i64], |row| row.get(0))?;
            if seq_of(&body)? > account.seq {
                return Ok(Some(body));
            }
        }
        Ok(None)
    }
}

fn seq_of(body: &[u8]) -> rusqlite::Result<u64> {
    let damaged = |what: String| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Blob, what.into());
    crate::sqlite::writer::read_body(body).map(|tx| tx.seq).map_err(damaged)
}

impl Source for SqliteSource {
    async fn table(&mut self, table: &'static str) -> Result<Vec<String>, StoreError> {
        let columns = columns(&self.conn, table).map_err(from)?;
        self.page =
            format!("SELECT rowid, {} FROM {table} WHERE rowid > ?1 ORDER BY rowid LIMIT ?2", columns.join(", "));
        self.last_rowid = i64::MIN;
        Ok(columns)
    }

    async fn rows(&mut self) -> Result<Vec<Row>, StoreError> {
        self.next_rows().map_err(from)
    }

    async fn account(&mut self) -> Result<Option<Account>, StoreError> {
        self.next_account().map_err(from)
    }

    async fn body(&mut self, account: &Account) -> Result<Option<Vec<u8>>, StoreError> {
        self.next_body(account).map_err(from)
    }
}

fn columns(conn: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = conn.prepare("SELECT name FROM pragma_table_info(?1) ORDER BY cid")?;
    statement.query_map([table], |row| row.get(0))?.collect()
}

/// A ledger that is written, in one transaction that locks the file.
pub(crate) struct SqliteTarget {
    conn: Connection,
    gseq: Gseq,
    /// What went back of entries of the account in work.
    reversals: Reversals,
}

/// Makes the tables of a database file that holds nothing, and begins to write it.
pub(crate) fn open_target(path: &Path) -> Result<SqliteTarget, CopyError> {
    let mut conn = schema::open_writer(path)?;
    schema::migrate(&mut conn, SystemClock.now().micros())?;
    for table in cold_tables().chain(["journal", "ledger_accounts"]) {
        let sql = format!("SELECT EXISTS (SELECT 1 FROM {table})");
        if conn.query_row(&sql, [], |row| row.get(0)).map_err(from)? {
            return Err(CopyError::NotEmpty(table));
        }
    }
    let alone = |error| StoreError(format!("the target cannot be locked: {error}; stop what else uses it"));
    let mode = conn.pragma_update_and_check(None, "journal_mode", "delete", |row| row.get::<_, String>(0));
    mode.and_then(|_| conn.execute_batch("BEGIN EXCLUSIVE")).map_err(alone)?;
    Ok(SqliteTarget { conn, gseq: 0, reversals: Reversals::default() })
}

impl SqliteTarget {
    fn write_transaction(&mut self, account: &Account, booked: &Booked) -> rusqlite::Result<()> {
        let Booked { transaction: tx, body, lot_kinds } = booked;
        self.gseq += 1;
        self.conn
            .prepare_cached("INSERT INTO journal (gseq, account_no, body) VALUES (?1, ?2, ?3)")?
            .execute(params![self.gseq as i64, account.no as i64, body])?;
        for (entry, amount) in tx.takes_back() {
            *self.reversals.entry((account.no, entry)).or_default() += amount;
        }
        let row = TailRow::new(account, tx, *lot_kinds, tx.memo.service.as_deref().map(Into::into), 0);
        EntryWriter::new(&self.conn)?.entry(self.gseq, &row, &self.reversals)
    }

    fn write_account(&mut self, replay: &Replay) -> rusqlite::Result<()> {
        let Replay { account, spent } = replay;
        self.reversals.clear();
        projector::write_account(&self.conn, account)?;
        projector::write_lots(&self.conn, account.no, account.lots.iter().chain(spent.values()))?;
        projector::write_holds(&self.conn, account)
    }

    fn write_end(&self, totals: &Totals) -> rusqlite::Result<()> {
        state::save_totals(&self.conn, totals)?;
        projector::save_projected(&self.conn, self.gseq)?;
        self.conn.execute_batch("COMMIT")
    }
}

impl Target for SqliteTarget {
    async fn rows(&mut self, table: &'static str, columns: &[String], rows: &[Row]) -> Result<(), StoreError> {
        let places = vec!["?"; columns.len()].join(", ");
        let sql = format!("INSERT INTO {table} ({}) VALUES ({places})", columns.join(", "));
        let mut statement = self.conn.prepare_cached(&sql).map_err(from)?;
        for row in rows {
            statement.execute(params_from_iter(&row.0)).map_err(from)?;
        }
        Ok(())
    }

    async fn transaction(&mut self, account: &Account, booked: Booked) -> Result<(), StoreError> {
        self.write_transaction(account, &booked).map_err(from)
    }

    async fn account(&mut self, replay: &Replay) -> Result<(), StoreError> {
        self.write_account(replay).map_err(from)
    }

    async fn finish(self, totals: &Totals) -> Result<(), StoreError> {
        self.write_end(totals).map_err(from)
    }
}

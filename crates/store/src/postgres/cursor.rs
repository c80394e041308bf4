//! One snapshot of a ledger, read table by table in the order of account numbers.
//!
//! Several cursors of one read-only transaction, so that rows of one account can be read beside each other and memory
//! stays the same however many rows there are. Nodes go on meanwhile. Cost: a round trip for some thousand rows.

use std::vec::IntoIter;

use tokio_postgres::{Client, Error, IsolationLevel, Row, Transaction};

/// Rows that are fetched at a time.
const ROWS: usize = 2_000;

/// No limit of the server may end a transaction that reads a whole ledger; rows come in the order of an index, never
/// sorted on disk.
const SETTINGS: &str = "SELECT set_config(name, '0', true) FROM pg_settings WHERE name IN \
     ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout'); \
     SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off; SET LOCAL enable_hashagg = off";

/// Begins a read-only transaction that sees what is committed now.
pub(super) async fn snapshot(client: &mut Client) -> Result<Transaction<'_>, Error> {
    let begun = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true).start();
    let snapshot = begun.await?;
    snapshot.batch_execute(SETTINGS).await?;
    Ok(snapshot)
}

/// Rows of a query in their order.
pub(super) struct Cursor<'a> {
    snapshot: &'a Transaction<'a>,
    name: &'static str,
    fetch: String,
    fetched: IntoIter<Row>,
    next: Option<Row>,
    ended: bool,
}

impl<'a> Cursor<'a> {
    /// Opens a cursor; `name` is its own. For [`Cursor::take`] the first column is an account's number, rising.
    pub(super) async fn open(snapshot: &'a Transaction<'a>, name: &'static str, query: &str) -> Result<Self, Error> {
        snapshot.batch_execute(&format!("DECLARE read_{name} NO SCROLL CURSOR FOR {query}")).await?;
        let fetch = format!("FETCH {ROWS} FROM read_{name}");
        Ok(Cursor { snapshot, name, fetch, fetched: Vec::new().into_iter(), next: None, ended: false })
    }

    /// What it was opened as.
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// The next row.
    pub(super) async fn next(&mut self) -> Result<Option<Row>, Error> {
        if let Some(row) = self.next.take().or_else(|| self.fetched.next()) {
            return Ok(Some(row));
        }
        if self.ended {
            return Ok(None);
        }
        let fetched = self.snapshot.query_typed(&self.fetch, &[]).await?;
        self.ended = fetched.len() < ROWS;
        self.fetched = fetched.into_iter();
        Ok(self.fetched.next())
    }

    /// The next row when it is of account `no`. A row of a lower number is given as [`Taken::Stray`]: it was passed over.
    pub(super) async fn take(&mut self, no: i64) -> Result<Taken, Error> {
        let Some(row) = self.next().await? else { return Ok(Taken::None) };
        let found: i64 = row.try_get(0)?;
        if found > no {
            self.next = Some(row);
            return Ok(Taken::None);
        }
        Ok(if found == no { Taken::Row(row) } else { Taken::Stray(found) })
    }
}

/// What [`Cursor::take`] finds.
pub(super) enum Taken {
    /// No row of this account any more.
    None,
    /// A row of the account.
    Row(Row),
    /// A row of this account, which nobody asked for.
    Stray(i64),
}

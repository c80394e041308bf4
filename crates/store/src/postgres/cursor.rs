//! One snapshot of a ledger, read table by table in the order of account numbers.
//!
//! Several cursors of one read-only transaction, so that rows of one account can be read beside each other and memory
//! stays the same however many rows there are. Nodes go on meanwhile. Cost: a round trip for some thousand rows.

use std::sync::Arc;
use std::vec::IntoIter;

use tokio_postgres::{Client, Error, Row};

use crate::StoreError;
use crate::postgres::access::Access;
use crate::postgres::schema;

/// No limit of the server may end a transaction that reads or writes a whole ledger.
pub(super) const NO_TIMEOUTS: &str = "SELECT set_config(name, '0', true) FROM pg_settings WHERE name IN \
     ('statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')";

/// Rows come in the order of an index, never sorted on disk. Plans that cannot look too dear to the server then, which
/// would compile them.
const BY_INDEX: &str = "SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off; SET LOCAL enable_hashagg = off; \
     SET LOCAL jit = off";

/// A connection with a read-only transaction that sees what is committed now, and ends with it.
pub(super) async fn snapshot(url: &str) -> Result<Arc<Client>, StoreError> {
    let client = Access::parse(url)?.connect().await.map_err(schema::from)?.client;
    let begin = format!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {NO_TIMEOUTS}; {BY_INDEX}");
    client.batch_execute(&begin).await.map_err(schema::from)?;
    Ok(Arc::new(client))
}

/// Rows of a query in their order.
pub(super) struct Cursor {
    snapshot: Arc<Client>,
    name: &'static str,
    rows: usize,
    fetch: String,
    fetched: IntoIter<Row>,
    next: Option<Row>,
    ended: bool,
}

impl Cursor {
    /// Opens a cursor that fetches so many `rows` at a time; `name` is its own. For [`Cursor::take`] the first column is
    /// an account's number, rising.
    pub(super) async fn open(
        snapshot: &Arc<Client>,
        name: &'static str,
        rows: usize,
        query: &str,
    ) -> Result<Self, Error> {
        snapshot.batch_execute(&format!("DECLARE read_{name} NO SCROLL CURSOR FOR {query}")).await?;
        let (snapshot, fetch) = (snapshot.clone(), format!("FETCH {rows} FROM read_{name}"));
        Ok(Cursor { snapshot, name, rows, fetch, fetched: Vec::new().into_iter(), next: None, ended: false })
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
        self.ended = fetched.len() < self.rows;
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

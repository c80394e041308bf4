//! Reads blocks, newest first.

use std::ops::Range;
use std::sync::Arc;

use ledger::AccountNo;

use crate::history::block::block_of;
use crate::{ColumnError, EntryFilter, Failure, Row, Store, Value, params};

/// Blocks of the longest read. The first read is of one, because that often suffices.
const MOST_BLOCKS: i64 = 64;

macro_rules! blocks {
    ($columns:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM history_blocks WHERE account_no = $1 AND block >= $2 AND block <= $3 AND (kinds & $4) <> 0 \
             AND ($5 = 0 OR (lot_kinds & $5) <> 0) AND ($6 = 0 OR (services & $6) <> 0) ORDER BY block DESC LIMIT $7"
        )
    };
}

/// What is read of a block.
#[derive(Clone, Copy)]
pub(super) enum Columns {
    /// Its number, and what filters look at.
    Entries,
    /// Amounts, too.
    Amounts,
}

/// Blocks of a range that may have entries which a filter lets through.
pub(super) struct Blocks<'a> {
    store: &'a Store,
    account: AccountNo,
    filter: &'a EntryFilter,
    columns: Columns,
    first: u64,
    /// The next block is this one or a lower one; `None` at the end.
    next: Option<u64>,
    count: i64,
}

impl<'a> Blocks<'a> {
    pub(super) fn new(
        store: &'a Store,
        account: AccountNo,
        filter: &'a EntryFilter,
        range: &Range<u64>,
        columns: Columns,
    ) -> Self {
        let next = (!range.is_empty()).then(|| block_of(range.end - 1));
        Blocks { store, account, filter, columns, first: block_of(range.start), next, count: 1 }
    }

    /// Some more of them; none at the end.
    pub(super) async fn next(&mut self) -> Result<Vec<Row>, Failure> {
        let Some(next) = self.next else { return Ok(Vec::new()) };
        let sql = match self.columns {
            Columns::Entries => blocks!("block, entries"),
            Columns::Amounts => blocks!("block, entries, amounts"),
        };
        let values = params![
            self.account as i64,
            self.first as i64,
            next as i64,
            self.filter.kind_bits(),
            i64::from(self.filter.lot_kind_bits()),
            self.filter.service_bits(),
            self.count,
        ];
        let rows = query(self.store, sql, values).await?;
        let last = rows.last().map(|row| row.int(0)).transpose().map_err(wrong)?;
        let is_full = rows.len() as i64 == self.count;
        self.next = last.filter(|_| is_full).and_then(|block| (block as u64).checked_sub(1));
        self.count = (self.count * 4).min(MOST_BLOCKS);
        Ok(rows)
    }
}

pub(super) async fn query(store: &Store, sql: &'static str, values: Vec<Value>) -> Result<Vec<Row>, Failure> {
    store.query(sql, values).await.map_err(|error| Failure::NotStored(Arc::from(error.0)))
}

pub(super) fn wrong(error: ColumnError) -> Failure {
    Failure::NotStored(format!("history_blocks: {error}").into())
}

/// A block that cannot be read. Blocks may be deleted at any time: they are made again.
pub(super) fn damaged(account: AccountNo) -> Failure {
    Failure::NotStored(format!("history_blocks of account number {account} are damaged; delete them").into())
}

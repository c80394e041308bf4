//! Pages of history with any filter, and what they add up to, however long the history is.
//!
//! Filters name no index: an index more on `entries` would be paid for by every debit. Instead a job ([`index`]) writes
//! long histories once more in columns, a [`block`] at a time. What is in no block yet is read as it is; older entries
//! are chosen by the columns and then read. Instants become numbers first, because an account's entries are in the order
//! of their times.
//!
//! Invariants: a page is the same with blocks and without. A block decides only about what never changes; what went back
//! of an entry is read with the entry. Deliberately absent: pages by anything but the order of booking.
//!
//! Cost of a page: three small reads at most, one pass over what is in no block, blocks from the newest that may match
//! until the page is full (16 KiB for 4,096 entries), and the entries themselves. Who asks for entries that went back
//! pays for all entries that took any back, too.

mod block;
mod choice;
mod index;
mod read;
mod sums;

use std::ops::Range;

use ledger::{AccountNo, Kind, Timestamp};

use crate::{EntryFilter, EntryView, Failure, Store, params};
use block::BLOCK_ENTRIES;
use choice::Choice;
use read::{query, wrong};

pub(crate) use index::{index, unindexed};
pub(crate) use sums::sums;

/// Kinds of entries that take others back. Source: [`ledger::Transaction::takes_back`].
const TAKERS: [Kind; 3] = [Kind::Reversal, Kind::Clawback, Kind::Reinstatement];

/// Entries below `before`, newest first, at most `limit`.
pub(crate) async fn page(
    store: &Store,
    account: AccountNo,
    filter: &EntryFilter,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<EntryView>, Failure> {
    let span = Span::of(store, account, filter, before).await?;
    let recent = span.recent();
    let mut found = Vec::new();
    if !recent.is_empty() {
        found = store.entries_between(account, filter.clone(), recent, limit).await?;
    }
    let old = span.old();
    if found.len() < limit && !old.is_empty() {
        let choice = Choice::new(store, account, filter, &span).await?;
        choice.read(old, limit, &mut found).await?;
    }
    Ok(found)
}

/// Numbers of an account's entries that a question is about.
struct Span {
    wanted: Range<u64>,
    /// The last entry that is in a block.
    in_blocks: u64,
}

impl Span {
    async fn of(store: &Store, account: AccountNo, filter: &EntryFilter, before: Option<u64>) -> Result<Span, Failure> {
        let in_blocks = blocks(store, account).await? * BLOCK_ENTRIES;
        let mut wanted = 1..before.unwrap_or(u64::MAX);
        if let Some(from) = filter.from {
            wanted.start = first_at(store, account, from).await?.first.unwrap_or(1);
        }
        if let Some(to) = filter.to {
            let bound = first_at(store, account, to).await?;
            // At the end of what is known there may be more.
            wanted.end = wanted.end.min(bound.first.filter(|_| !bound.is_end).unwrap_or(u64::MAX));
        }
        Ok(Span { wanted, in_blocks })
    }

    /// What is in no block.
    fn recent(&self) -> Range<u64> {
        self.wanted.start.max(self.in_blocks + 1)..self.wanted.end
    }

    /// What is in blocks.
    fn old(&self) -> Range<u64> {
        self.wanted.start..self.wanted.end.min(self.in_blocks + 1)
    }
}

/// How many blocks an account has.
async fn blocks(store: &Store, account: AccountNo) -> Result<u64, Failure> {
    const BLOCKS: &str = "SELECT coalesce(max(block) + 1, 0) FROM history_blocks WHERE account_no = $1";
    let found = query(store, BLOCKS, params![account as i64]).await?;
    Ok(found.first().map_or(Ok(0), |row| row.int(0)).map_err(wrong)? as u64)
}

/// The first entry at or after an instant.
struct Bound {
    /// Its number; `None` when the account has no entries.
    first: Option<u64>,
    /// No entry is that late: this is the number after the last one.
    is_end: bool,
}

/// Finds the first entry booked at or after `at` by halving: numbers have no gaps, and times never go back.
async fn first_at(store: &Store, account: AccountNo, at: Timestamp) -> Result<Bound, Failure> {
    const SEARCH: &str = "WITH RECURSIVE search (low, high) AS ( \
         SELECT CAST(0 AS BIGINT), seq + 1 FROM ledger_accounts WHERE account_no = $1 \
         UNION ALL \
         SELECT CASE WHEN e.at_us < $2 THEN e.seq ELSE s.low END, CASE WHEN e.at_us < $2 THEN s.high ELSE e.seq END \
         FROM search s JOIN entries e ON e.account_no = $1 AND e.seq = (s.low + s.high) / 2 WHERE s.high - s.low > 1) \
         SELECT s.high, a.seq FROM search s JOIN ledger_accounts a ON a.account_no = $1 WHERE s.high - s.low <= 1";
    let found = query(store, SEARCH, params![account as i64, at.micros()]).await?;
    let Some(row) = found.first() else { return Ok(Bound { first: None, is_end: true }) };
    let (first, last) = (row.int(0).map_err(wrong)?, row.int(1).map_err(wrong)?);
    Ok(Bound { first: Some(first as u64), is_end: first > last })
}

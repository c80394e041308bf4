//! Chooses entries by the columns of blocks, and reads them.

use std::ops::Range;

use ledger::AccountNo;
use rustc_hash::FxHashSet;

use crate::history::block::{Block, block_of, numbers};
use crate::history::read::{Blocks, Columns, damaged, query, wrong};
use crate::history::{Span, TAKERS};
use crate::{EntryFilter, EntryStatus, EntryView, Failure, Row, Store, params};

/// Entries that are read at a time when not each of them need fit.
const CHOICE: usize = 500;

/// See the module.
pub(super) struct Choice<'a> {
    store: &'a Store,
    account: AccountNo,
    filter: &'a EntryFilter,
    /// Entries of which something went back, when no others are wanted.
    gone: Option<FxHashSet<u64>>,
    /// Chosen and not read yet, newest first.
    waiting: Vec<u64>,
}

impl<'a> Choice<'a> {
    pub(super) async fn new(
        store: &'a Store,
        account: AccountNo,
        filter: &'a EntryFilter,
        span: &Span,
    ) -> Result<Choice<'a>, Failure> {
        let only_gone = !filter.statuses.is_empty() && !filter.statuses.contains(&EntryStatus::Posted);
        let gone = if only_gone { Some(taken_back(store, account, span).await?) } else { None };
        Ok(Choice { store, account, filter, gone, waiting: Vec::new() })
    }

    /// Adds entries of a range to `found`, newest first, until there are `limit`.
    pub(super) async fn read(
        mut self,
        range: Range<u64>,
        limit: usize,
        found: &mut Vec<EntryView>,
    ) -> Result<(), Failure> {
        if self.gone.as_ref().is_some_and(FxHashSet::is_empty) {
            return Ok(());
        }
        let mut blocks = Blocks::new(self.store, self.account, self.filter, &range, Columns::Entries);
        loop {
            let rows = blocks.next().await?;
            for row in &rows {
                self.choose(row, &range)?;
                if self.waiting.len() >= limit - found.len() {
                    self.fetch(limit, found).await?;
                }
                if found.len() == limit {
                    return Ok(());
                }
            }
            if rows.is_empty() {
                return self.fetch(limit, found).await;
            }
        }
    }

    /// Chooses from a block.
    fn choose(&mut self, row: &Row, range: &Range<u64>) -> Result<(), Failure> {
        let block = Block::read(row).map_err(wrong)?.ok_or_else(|| damaged(self.account))?;
        let seqs = block.matching(self.filter).rev().map(|place| block.first_seq + place as u64);
        let is_wanted = |seq: &u64| range.contains(seq) && self.gone.as_ref().is_none_or(|gone| gone.contains(seq));
        self.waiting.extend(seqs.filter(is_wanted));
        Ok(())
    }

    /// Reads what was chosen until there are `limit`. What went back of an entry is known only then.
    async fn fetch(&mut self, limit: usize, found: &mut Vec<EntryView>) -> Result<(), Failure> {
        let mut chosen = std::mem::take(&mut self.waiting).into_iter();
        while found.len() < limit {
            let missing = limit - found.len();
            let count = if self.filter.statuses.is_empty() { missing } else { missing.max(CHOICE) };
            let seqs: Vec<u64> = chosen.by_ref().take(count).collect();
            if seqs.is_empty() {
                break;
            }
            found.extend(self.store.entries_of(self.account, self.filter.clone(), seqs).await?);
        }
        found.truncate(limit);
        Ok(())
    }
}

/// Entries of a span that later entries took back, or that a clawback took and its reinstatement gave again.
async fn taken_back(store: &Store, account: AccountNo, span: &Span) -> Result<FxHashSet<u64>, Failure> {
    const TAKEN_BACK: &str = "SELECT taken_back FROM history_blocks \
                              WHERE account_no = $1 AND block >= $2 AND (kinds & $3) <> 0";
    let takers = EntryFilter { kinds: TAKERS.to_vec(), ..EntryFilter::default() };
    let first = block_of(span.wanted.start);
    let mut gone = FxHashSet::default();
    for row in query(store, TAKEN_BACK, params![account as i64, first as i64, takers.kind_bits()]).await? {
        gone.extend(numbers(row.blob(0).map_err(wrong)?).map(|seq| seq as u64));
    }
    // Who takes back comes later, perhaps after the span.
    let recent = span.wanted.start.max(span.in_blocks + 1)..u64::MAX;
    for taker in store.entries_between(account, takers, recent, usize::MAX).await? {
        gone.extend(taker.transaction.takes_back().map(|(seq, _)| seq));
    }
    Ok(gone)
}

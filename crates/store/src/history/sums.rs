//! What entries add up to, by kind.
//!
//! Sums of old entries come from the columns. Entries of which something went back are few: they are read, and taken off
//! where they are not wanted.

use std::collections::BTreeMap;
use std::ops::Range;

use ledger::{AccountNo, Kind};

use crate::history::block::{Block, numbers};
use crate::history::read::{Blocks, Columns, damaged, wrong};
use crate::history::{Span, page};
use crate::order::EntrySum;
use crate::{EntryFilter, EntryStatus, Failure, Row, Store};

/// Entries of one read.
const PAGE: usize = 1_000;

type Sums = BTreeMap<Kind, EntrySum>;

/// Sums of the entries that pass a filter; kinds without an entry are left out.
pub(crate) async fn sums(store: &Store, account: AccountNo, filter: &EntryFilter) -> Result<Sums, Failure> {
    if filter.statuses.is_empty() {
        return of_any_status(store, account, filter).await;
    }
    if !filter.statuses.contains(&EntryStatus::Posted) {
        return read(store, account, filter, None).await;
    }
    let is_other = |status: &EntryStatus| !filter.statuses.contains(status);
    let others: Vec<EntryStatus> = EntryStatus::ALL.into_iter().filter(is_other).collect();
    let mut sums = of_any_status(store, account, &EntryFilter { statuses: Vec::new(), ..filter.clone() }).await?;
    if !others.is_empty() {
        for (kind, sum) in read(store, account, &EntryFilter { statuses: others, ..filter.clone() }, None).await? {
            let all = sums.entry(kind).or_default();
            *all = EntrySum {
                count: all.count.saturating_sub(sum.count),
                in_units: all.in_units - sum.in_units,
                out_units: all.out_units - sum.out_units,
            };
        }
    }
    sums.retain(|_, sum| sum.count > 0);
    Ok(sums)
}

async fn of_any_status(store: &Store, account: AccountNo, filter: &EntryFilter) -> Result<Sums, Failure> {
    let span = Span::of(store, account, filter, None).await?;
    let mut sums = read(store, account, filter, Some(span.recent())).await?;
    let old = span.old();
    let mut blocks = Blocks::new(store, account, filter, &old, Columns::Amounts);
    loop {
        let rows = blocks.next().await?;
        if rows.is_empty() {
            return Ok(sums);
        }
        for row in &rows {
            add(&mut sums, row, account, filter, &old)?;
        }
    }
}

/// Adds the entries of a block.
fn add(
    sums: &mut Sums,
    row: &Row,
    account: AccountNo,
    filter: &EntryFilter,
    range: &Range<u64>,
) -> Result<(), Failure> {
    let block = Block::read(row).map_err(wrong)?.ok_or_else(|| damaged(account))?;
    let amounts: Vec<i64> = numbers(row.blob(2).map_err(wrong)?).collect();
    let mut by_tag = [EntrySum::default(); Kind::ALL.len()];
    for place in block.matching(filter).filter(|place| range.contains(&(block.first_seq + *place as u64))) {
        let sum = by_tag.get_mut(block.tag(place)).ok_or_else(|| damaged(account))?;
        sum.add(*amounts.get(place).ok_or_else(|| damaged(account))?);
    }
    for (kind, sum) in Kind::ALL.into_iter().zip(by_tag).filter(|(_, sum)| sum.count > 0) {
        let all = sums.entry(kind).or_default();
        all.count += sum.count;
        all.in_units += sum.in_units;
        all.out_units += sum.out_units;
    }
    Ok(())
}

/// Reads entries page by page: all that pass, or those of a range.
async fn read(
    store: &Store,
    account: AccountNo,
    filter: &EntryFilter,
    range: Option<Range<u64>>,
) -> Result<Sums, Failure> {
    let mut sums = Sums::new();
    let mut before = range.as_ref().map_or(u64::MAX, |range| range.end);
    loop {
        let views = match &range {
            Some(range) if before <= range.start => Vec::new(),
            Some(range) => store.entries_between(account, filter.clone(), range.start..before, PAGE).await?,
            None => page(store, account, filter, Some(before), PAGE).await?,
        };
        for view in &views {
            sums.entry(view.transaction.kind()).or_default().add(view.transaction.amount().units());
        }
        match views.last() {
            Some(last) if views.len() == PAGE => before = last.transaction.seq,
            _ => return Ok(sums),
        }
    }
}

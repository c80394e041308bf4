//! Writes blocks of long histories.
//!
//! Any number of nodes may do it at once: a block is made of entries that never change, and who comes second writes
//! nothing. Cost of a block: a read of its 4,096 entries.

use ledger::{AccountNo, Amount};

use crate::history::block::{BLOCK_ENTRIES, Draft};
use crate::history::read::{query, wrong};
use crate::history::{TAKERS, blocks};
use crate::{EntryFilter, Failure, Store, params};

/// Accounts that have all the entries of a block which is not written, at most `limit`.
pub(crate) async fn unindexed(store: &Store, limit: usize) -> Result<Vec<AccountNo>, Failure> {
    const UNINDEXED: &str = "SELECT account_no FROM \
         (SELECT a.account_no, a.seq, coalesce((SELECT max(b.block) + 1 FROM history_blocks b \
         WHERE b.account_no = a.account_no), 0) AS blocks FROM ledger_accounts a WHERE a.seq >= $1) long \
         WHERE seq >= (blocks + 1) * $1 LIMIT $2";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let found = query(store, UNINDEXED, params![BLOCK_ENTRIES as i64, limit]).await?;
    found.iter().map(|row| row.int(0).map(|no| no as AccountNo).map_err(wrong)).collect()
}

/// Writes an account's next block, if the account has all its entries.
pub(crate) async fn index(store: &Store, account: AccountNo) -> Result<bool, Failure> {
    const ENTRIES: &str = "SELECT seq, kind, lot_kinds, service, amount FROM entries \
                           WHERE account_no = $1 AND seq > $2 AND seq <= $3 ORDER BY seq";
    let block = blocks(store, account).await?;
    let (first, last) = (block * BLOCK_ENTRIES + 1, (block + 1) * BLOCK_ENTRIES);
    let mut draft = Draft::default();
    for row in query(store, ENTRIES, params![account as i64, first as i64 - 1, last as i64]).await? {
        let byte = |column| row.int(column).map(|number| number as u8).map_err(wrong);
        let (service, amount) = (row.optional_text(3).map_err(wrong)?, row.int(4).map_err(wrong)?);
        draft.push(byte(1)?, byte(2)?, service, Amount::from_units(amount));
    }
    if !draft.is_whole() {
        return Ok(false);
    }
    let takers = EntryFilter { kinds: TAKERS.to_vec(), ..EntryFilter::default() };
    for taker in store.entries_between(account, takers, first..last + 1, usize::MAX).await? {
        taker.transaction.takes_back().for_each(|(seq, _)| draft.takes_back(seq));
    }
    store.write(vec![draft.insert(account, block)]).await?;
    Ok(true)
}

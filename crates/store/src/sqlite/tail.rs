//! The end of the journal that is not projected yet, indexed in memory.
//!
//! One [`TailRow`] per journal row, in journal order without gaps; rows of one account are linked backwards. Invariant:
//! it covers exactly the journal rows after the projected one, uncommitted rows of the running batch included, which
//! [`Tail::truncate`] takes back when the commit fails. Cost: one `TailRow` and one entry of the key
//! index a row.

use std::collections::VecDeque;
use std::sync::Arc;

use ledger::{Account, AccountNo, Amount, CounterPosting, Kind, Timestamp, Transaction, Unit};
use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};
use smallvec::SmallVec;

use crate::index::lot_kinds;
use crate::{EntryFilter, EntryStatus};

/// Number of a journal row; 0 stands for none.
pub(super) type Gseq = u64;

/// What filters, the projection and the totals need of a transaction.
pub(super) struct TailRow {
    pub(super) account: AccountNo,
    pub(super) seq: u64,
    /// The account's row before this one in the tail, 0 when that is projected.
    pub(super) previous: Gseq,
    pub(super) at: Timestamp,
    pub(super) amount: Amount,
    /// Hash of the idempotency key, when it has one.
    pub(super) key: Option<KeyHash>,
    /// `seq` of entries that it takes back, else 0.
    pub(super) takes_back: [u64; 2],
    pub(super) service: Option<Arc<str>>,
    pub(super) kind: Kind,
    pub(super) lot_kinds: u8,
    /// What counter-accounts gained.
    pub(super) counters: SmallVec<[CounterPosting; 1]>,
    pub(super) unit: Unit,
}

/// Finds a key within an account; never proves it.
pub(super) type KeyHash = i64;

/// First 8 bytes of SHA-256 over account and key.
pub(super) fn key_hash(account: AccountNo, key: &str) -> KeyHash {
    let mut hasher = Sha256::new();
    hasher.update(account.to_be_bytes());
    hasher.update(key.as_bytes());
    let digest: [u8; 32] = hasher.finalize().into();
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(first)
}

#[derive(Default)]
pub(super) struct Tail {
    /// Journal number of the row before the first.
    base: Gseq,
    rows: VecDeque<TailRow>,
    keys: FxHashMap<KeyHash, Gseq>,
    /// Rows whose key hash another row in `keys` has.
    collided: Vec<(KeyHash, Gseq)>,
    services: FxHashMap<Arc<str>, ()>,
}

impl Tail {
    /// An empty tail after journal row `base`.
    pub(super) fn after(base: Gseq) -> Self {
        Tail { base, ..Tail::default() }
    }

    /// Number of the last journal row.
    pub(super) fn last(&self) -> Gseq {
        self.base + self.rows.len() as u64
    }

    /// Number of the last projected journal row.
    pub(super) fn base(&self) -> Gseq {
        self.base
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The oldest row.
    pub(super) fn first(&self) -> Option<&TailRow> {
        self.rows.front()
    }

    /// The row, when it is in the tail.
    pub(super) fn get(&self, gseq: Gseq) -> Option<&TailRow> {
        let index = gseq.checked_sub(self.base + 1)?;
        self.rows.get(usize::try_from(index).ok()?)
    }

    /// Appends the row of a transaction booked on `account`, and gives its number. `previous` is the account's row
    /// before it in the tail.
    pub(super) fn push(&mut self, account: &Account, tx: &Transaction, previous: Gseq) -> Gseq {
        let gseq = self.last() + 1;
        let service = tx.memo.service.as_deref().map(|service| self.intern(service));
        let row = TailRow::new(account, tx, lot_kinds(account, tx), service, previous);
        if let Some(key) = row.key
            && let Some(other) = self.keys.insert(key, gseq)
        {
            self.collided.push((key, other));
        }
        self.rows.push_back(row);
        gseq
    }

    /// Rows that may have this key.
    pub(super) fn with_key(&self, key: KeyHash) -> impl Iterator<Item = Gseq> + '_ {
        let collided = self.collided.iter().filter(move |(hash, _)| *hash == key).map(|(_, gseq)| *gseq);
        self.keys.get(&key).copied().into_iter().chain(collided)
    }

    /// Takes back the rows after `last`: their commit failed.
    pub(super) fn truncate(&mut self, last: Gseq) {
        while self.last() > last {
            let gseq = self.last();
            if let Some(key) = self.rows.pop_back().and_then(|row| row.key) {
                self.forget(key, gseq);
            }
        }
    }

    /// Drops the rows up to `base`: they are projected.
    pub(super) fn advance(&mut self, base: Gseq) {
        while self.base < base {
            self.base += 1;
            if let Some(key) = self.rows.pop_front().and_then(|row| row.key) {
                self.forget(key, self.base);
            }
        }
        if self.rows.is_empty() {
            // Gives back what a burst took.
            *self = Tail::after(base);
        }
    }

    fn forget(&mut self, key: KeyHash, gseq: Gseq) {
        if self.keys.get(&key) == Some(&gseq) {
            self.keys.remove(&key);
            if let Some(at) = self.collided.iter().position(|(hash, _)| *hash == key) {
                let (key, gseq) = self.collided.swap_remove(at);
                self.keys.insert(key, gseq);
            }
        } else {
            self.collided.retain(|collided| *collided != (key, gseq));
        }
    }

    fn intern(&mut self, service: &str) -> Arc<str> {
        if let Some((known, ())) = self.services.get_key_value(service) {
            return known.clone();
        }
        let service: Arc<str> = service.into();
        self.services.insert(service.clone(), ());
        service
    }

    /// All rows in journal order.
    pub(super) fn rows(&self) -> impl Iterator<Item = &TailRow> {
        self.rows.iter()
    }

    /// An account's rows, newest first, from its row `head` on.
    pub(super) fn of_account(&self, head: Gseq) -> impl Iterator<Item = (Gseq, &TailRow)> {
        let mut next = head;
        std::iter::from_fn(move || {
            let gseq = next;
            let row = self.get(gseq)?;
            next = row.previous;
            Some((gseq, row))
        })
    }
}

impl TailRow {
    /// The row of a transaction booked on `account`.
    pub(super) fn new(
        account: &Account,
        tx: &Transaction,
        lot_kinds: u8,
        service: Option<Arc<str>>,
        previous: Gseq,
    ) -> Self {
        let mut takes_back = [0; 2];
        takes_back.iter_mut().zip(tx.takes_back()).for_each(|(place, (entry, _))| *place = entry);
        TailRow {
            account: account.no,
            seq: tx.seq,
            previous,
            at: tx.at,
            amount: tx.amount(),
            key: tx.key.as_deref().map(|key| key_hash(account.no, key)),
            takes_back,
            service,
            kind: tx.kind(),
            lot_kinds,
            counters: tx.counter_postings().collect(),
            unit: account.unit,
        }
    }

    /// Whether a filter lets it through; `reversed` is what went back of it.
    pub(super) fn matches(&self, filter: &EntryFilter, reversed: Amount) -> bool {
        let kind = if filter.kinds.is_empty() { self.kind.moves_credits() } else { filter.kinds.contains(&self.kind) };
        let service = filter.services.is_empty()
            || self.service.as_deref().is_some_and(|service| filter.services.iter().any(|known| known == service));
        let status = filter.statuses.is_empty() || filter.statuses.contains(&EntryStatus::of(self.amount, reversed));
        let wanted = filter.lot_kind_bits();
        kind && service
            && status
            && (wanted == 0 || wanted & self.lot_kinds != 0)
            && filter.from.is_none_or(|from| self.at >= from)
            && filter.to.is_none_or(|to| self.at < to)
    }
}

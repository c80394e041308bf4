//! A block of history: [`BLOCK_ENTRIES`] entries of an account, column by column.
//!
//! Three blobs: what filters look at (kinds, bits of lot kinds, numbers of services, then the services' names), the
//! amounts, and the numbers of the entries that entries of the block take back. All numbers are little-endian.
//! Invariant: block `n` holds the entries `n * BLOCK_ENTRIES + 1` to `(n + 1) * BLOCK_ENTRIES`, all of them, and never
//! changes. Cost: 12 bytes an entry.

use ledger::{AccountNo, Amount};
use rustc_hash::FxHashMap;

use crate::index::service_bit;
use crate::{ColumnError, EntryFilter, Row, Statement, params};

/// Entries of a block.
pub(super) const BLOCK_ENTRIES: u64 = 4_096;
const ENTRIES: usize = BLOCK_ENTRIES as usize;

/// The block that an entry belongs to.
pub(super) const fn block_of(seq: u64) -> u64 {
    seq.saturating_sub(1) / BLOCK_ENTRIES
}

/// A block while it is made.
#[derive(Default)]
pub(super) struct Draft {
    kinds: Vec<u8>,
    lot_kinds: Vec<u8>,
    services: Vec<u16>,
    names: FxHashMap<String, u16>,
    amounts: Vec<u8>,
    taken_back: Vec<u8>,
}

impl Draft {
    /// Adds the next entry.
    pub(super) fn push(&mut self, kind: u8, lot_kinds: u8, service: Option<&str>, amount: Amount) {
        // Fewer names than entries, so their numbers fit.
        let next = self.names.len() as u16 + 1;
        let number = service.map_or(0, |name| match self.names.get(name) {
            Some(number) => *number,
            None => *self.names.entry(name.to_owned()).or_insert(next),
        });
        self.kinds.push(kind);
        self.lot_kinds.push(lot_kinds);
        self.services.push(number);
        self.amounts.extend(amount.units().to_le_bytes());
    }

    /// Adds an entry that an entry of the block takes back.
    pub(super) fn takes_back(&mut self, seq: u64) {
        self.taken_back.extend(seq.to_le_bytes());
    }

    /// Whether all entries of the block are there.
    pub(super) fn is_whole(&self) -> bool {
        self.kinds.len() == ENTRIES
    }

    /// Writes the block, unless it is written.
    pub(super) fn insert(self, account: AccountNo, block: u64) -> Statement {
        let kinds = self.kinds.iter().fold(0, |bits, kind| bits | (1 << kind));
        let lot_kinds = self.lot_kinds.iter().fold(0, |bits, kinds| bits | i64::from(*kinds));
        let services = self.names.keys().fold(0, |bits, name| bits | service_bit(name));
        let mut names: Vec<(&String, &u16)> = self.names.iter().collect();
        names.sort_unstable_by_key(|(_, number)| **number);
        let mut entries = [self.kinds, self.lot_kinds].concat();
        entries.extend(self.services.iter().flat_map(|number| number.to_le_bytes()));
        for (name, _) in names {
            entries.extend((name.len() as u32).to_le_bytes());
            entries.extend(name.as_bytes());
        }
        Statement::new(
            "INSERT INTO history_blocks (account_no, block, kinds, lot_kinds, services, entries, amounts, taken_back) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
            params![account as i64, block as i64, kinds, lot_kinds, services, entries, self.amounts, self.taken_back],
        )
    }
}

/// The columns that filters look at.
pub(super) struct Block<'a> {
    /// Number of its first entry.
    pub(super) first_seq: u64,
    kinds: &'a [u8],
    lot_kinds: &'a [u8],
    services: &'a [[u8; 2]],
    names: Vec<&'a [u8]>,
}

impl<'a> Block<'a> {
    /// Reads a row of `block`, `entries` and more; `None` when it is damaged.
    pub(super) fn read(row: &'a Row) -> Result<Option<Block<'a>>, ColumnError> {
        let first_seq = row.int(0)? as u64 * BLOCK_ENTRIES + 1;
        Ok(Block::of(first_seq, row.blob(1)?))
    }

    fn of(first_seq: u64, bytes: &'a [u8]) -> Option<Block<'a>> {
        let (kinds, rest) = bytes.split_at_checked(ENTRIES)?;
        let (lot_kinds, rest) = rest.split_at_checked(ENTRIES)?;
        let (services, mut rest) = rest.split_at_checked(2 * ENTRIES)?;
        let mut names = Vec::new();
        while let Some((length, after)) = rest.split_first_chunk::<4>() {
            let (name, after) = after.split_at_checked(u32::from_le_bytes(*length) as usize)?;
            names.push(name);
            rest = after;
        }
        let (services, _) = services.as_chunks::<2>();
        rest.is_empty().then_some(Block { first_seq, kinds, lot_kinds, services, names })
    }

    /// Places of the entries that a filter lets through, whatever their status and time, oldest first.
    pub(super) fn matching(&self, filter: &EntryFilter) -> impl DoubleEndedIterator<Item = usize> {
        let (kinds, lot_kinds) = (filter.kind_bits(), filter.lot_kind_bits());
        let any = filter.services.is_empty();
        let named = |name: &&[u8]| any || filter.services.iter().any(|service| service.as_bytes() == *name);
        // By number; the first stands for none.
        let services: Vec<bool> = std::iter::once(any).chain(self.names.iter().map(named)).collect();
        (0..ENTRIES).filter(move |place| {
            kinds >> (self.kinds[*place] & 63) & 1 != 0
                && (lot_kinds == 0 || lot_kinds & self.lot_kinds[*place] != 0)
                && services.get(usize::from(u16::from_le_bytes(self.services[*place]))) == Some(&true)
        })
    }

    /// The tag of the kind of the entry at a place.
    pub(super) fn tag(&self, place: usize) -> usize {
        self.kinds[place].into()
    }
}

/// Amounts of a block, in ledger units; numbers of entries that are taken back.
pub(super) fn numbers(bytes: &[u8]) -> impl ExactSizeIterator<Item = i64> {
    let (numbers, _) = bytes.as_chunks::<8>();
    numbers.iter().map(|bytes| i64::from_le_bytes(*bytes))
}

//! What history is found and filtered by, the same on both engines.

use ledger::{Account, Event, Kind, LotKind, Transaction};

use crate::{EntryFilter, EntryStatus};

/// One bit per lot kind that a transaction moves. A clawback is about its lot also when nothing was left in it.
pub(crate) fn lot_kinds(account: &Account, tx: &Transaction) -> u8 {
    let clawed_back = match tx.event {
        Event::ClawedBack { lot, .. } | Event::Reinstated { lot, .. } => Some(lot),
        _ => None,
    };
    let lots = tx.postings.iter().map(|posting| posting.lot).chain(clawed_back);
    lots.filter_map(|lot| account.lot(lot)).fold(0, |bits, lot| bits | bit(lot.kind))
}

/// The bit of a lot kind.
pub(crate) const fn bit(kind: LotKind) -> u8 {
    1 << (kind as u8)
}

/// One of 63 bits for a service, by which blocks that cannot have it are passed over. It is stored: never change it.
pub(crate) fn service_bit(service: &str) -> i64 {
    // FNV-1a.
    let hash = service
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    1 << (hash % 63)
}

impl EntryFilter {
    /// One bit per wanted kind of transaction.
    pub(crate) fn kind_bits(&self) -> i64 {
        let wanted = |kind: &Kind| if self.kinds.is_empty() { kind.moves_credits() } else { self.kinds.contains(kind) };
        Kind::ALL.iter().filter(|kind| wanted(kind)).fold(0, |bits, kind| bits | (1 << kind.tag()))
    }

    /// One bit per wanted lot kind; 0: any.
    pub(crate) fn lot_kind_bits(&self) -> u8 {
        self.lot_kinds.iter().fold(0, |bits, kind| bits | bit(*kind))
    }

    /// One bit per wanted status, in the order of [`EntryStatus::ALL`].
    pub(crate) fn status_bits(&self) -> i64 {
        let wanted = if self.statuses.is_empty() { &EntryStatus::ALL[..] } else { &self.statuses };
        wanted.iter().fold(0, |bits, status| bits | (1 << (*status as u8)))
    }

    /// The bits of the wanted services; 0: any.
    pub(crate) fn service_bits(&self) -> i64 {
        self.services.iter().fold(0, |bits, service| bits | service_bit(service))
    }
}

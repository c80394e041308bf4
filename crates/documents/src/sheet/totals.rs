//! What entries add up to.

use std::collections::BTreeMap;

use ledger::{Amount, Kind};

/// Entries of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Movement {
    /// How many.
    pub count: u64,
    /// What came in, in ledger units; never negative.
    pub in_units: i128,
    /// What went out, in ledger units; never positive.
    pub out_units: i128,
}

/// Sums of entries. Wider than an amount, so that no history is too long.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// By kind; kinds without an entry are not there.
    pub by_kind: BTreeMap<Kind, Movement>,
}

/// The book balances around a list of entries with none missing: lots that are not in effect yet are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balances {
    /// Before the first entry.
    pub opening: Amount,
    /// After the last one.
    pub closing: Amount,
    /// The part of `closing` that was not in effect at the last entry.
    pub pending: Amount,
}

impl Movement {
    /// Adds an entry.
    fn add(&mut self, amount: Amount) {
        let units = i128::from(amount.units());
        self.count += 1;
        self.in_units += units.max(0);
        self.out_units += units.min(0);
    }

    /// What came in less what went out, in ledger units.
    pub fn net_units(&self) -> i128 {
        self.in_units + self.out_units
    }
}

impl Totals {
    /// Adds an entry.
    pub fn add(&mut self, kind: Kind, amount: Amount) {
        self.by_kind.entry(kind).or_default().add(amount);
    }

    /// Of all kinds together.
    pub fn all(&self) -> Movement {
        self.by_kind.values().fold(Movement::default(), |sum, one| Movement {
            count: sum.count + one.count,
            in_units: sum.in_units + one.in_units,
            out_units: sum.out_units + one.out_units,
        })
    }

    /// Whether opening + movements = closing.
    pub fn reconcile(&self, balances: &Balances) -> bool {
        i128::from(balances.opening.units()) + self.all().net_units() == i128::from(balances.closing.units())
    }
}

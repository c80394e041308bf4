//! What the writer knows beside its connection. After every batch it equals what is committed.

use rustc_hash::FxHashMap;

use ledger::{AccountNo, Amount};

use crate::sqlite::filter::KeyFilter;
use crate::sqlite::state::{States, Totals};
use crate::sqlite::tail::Tail;

/// What went back of entries, where the projection does not know it yet.
pub(super) type Reversals = FxHashMap<(AccountNo, u64), Amount>;

pub(super) struct Memory {
    pub(super) states: States,
    pub(super) tail: Tail,
    pub(super) reversals: Reversals,
    /// Sums of counter-accounts up to the projected journal row.
    pub(super) totals: Totals,
    /// Which keys are projected.
    pub(super) filter: KeyFilter,
}

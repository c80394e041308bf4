//! What is proved of a ledger, and how its transactions are replayed, the same on both engines.
//!
//! A replay trusts nothing but the bytes of the transactions: each hash must follow from the one before, each transition
//! must fit, no invariant may break. Cost of a transaction: one SHA-256, and a look at the account's open lots; spent
//! lots are put aside until a transaction names them.

use std::collections::BTreeMap;

use ledger::{Account, Hash, Lot, LotNo, Transaction, Unit, apply, chain, decode};
use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

use crate::StoreError;
use crate::index::lot_kinds;

/// What a proven database holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proof {
    /// Accounts with at least one transaction.
    pub accounts: u64,
    /// Transactions in the journal.
    pub transactions: u64,
    /// Lots ever granted.
    pub lots: u64,
    /// Open holds.
    pub holds: u64,
    /// Sum of all balances per unit code, in ledger units.
    pub balances: Vec<(String, i128)>,
    /// SHA-256 over number, last `seq` and last hash of every account, in the order of their numbers: what two ledgers
    /// have in common exactly when they hold the same transactions.
    pub heads: [u8; 32],
}

/// The first thing found that does not agree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {what}")]
pub struct Difference {
    /// Where: table, account, number.
    pub place: String,
    /// What does not agree.
    pub what: String,
}

impl Difference {
    pub(crate) fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Difference { place: place.into(), what: what.into() }
    }
}

impl From<StoreError> for Difference {
    fn from(error: StoreError) -> Self {
        Difference::new("database", error.0)
    }
}

/// Sums per unit and counter-account, in ledger units.
pub(crate) type Totals = BTreeMap<(Unit, u8), i128>;

/// Adds what a transaction moved to counter-accounts.
pub(crate) fn add_total(totals: &mut Totals, unit: Unit, tx: &Transaction) {
    for posting in tx.counter_postings() {
        *totals.entry((unit, posting.counter as u8)).or_default() += i128::from(posting.amount.units());
    }
}

/// An account while its transactions are replayed.
pub(crate) struct Replay {
    /// Its state; lots with nothing left are not in it.
    pub(crate) account: Account,
    /// Lots with nothing left.
    pub(crate) spent: FxHashMap<LotNo, Lot>,
}

impl Replay {
    /// Before the first transaction.
    pub(crate) fn new(account: Account) -> Self {
        Replay { account, spent: FxHashMap::default() }
    }

    /// Books the next transaction as it is stored: canonical bytes, then 32 bytes of hash. Gives it with one bit per lot
    /// kind that it moves. Says what does not agree; then the state must be thrown away.
    pub(crate) fn book(&mut self, body: &[u8]) -> Result<(Transaction, u8), String> {
        let Replay { account, spent } = self;
        let (canonical, hash) = body.split_last_chunk::<32>().ok_or("it is too short")?;
        let hash = Hash(*hash);
        if chain::link(&account.id, account.unit, account.seq + 1, canonical, account.head) != hash {
            return Err("its hash does not follow from its bytes and the transaction before".to_owned());
        }
        let tx = decode(canonical, hash).map_err(|error| error.to_string())?;
        if !spent.is_empty() {
            tx.lots().filter_map(|lot| spent.remove(&lot)).for_each(|lot| account.insert_lot(lot));
        }
        apply(account, &tx)?;
        account.check()?;
        let kinds = lot_kinds(account, &tx);
        if account.lots.iter().any(|lot| !lot.remaining.is_positive()) {
            spent.extend(account.take_spent_lots().into_iter().map(|lot| (lot.no, lot)));
        }
        Ok((tx, kinds))
    }
}

/// Counts what is proved.
#[derive(Default)]
pub(crate) struct Tally {
    proof: Proof,
    balances: BTreeMap<&'static str, i128>,
    heads: Sha256,
}

impl Tally {
    /// A transaction that was replayed.
    pub(crate) fn transaction(&mut self, tx: &Transaction) {
        self.proof.transactions += 1;
        self.proof.lots += u64::from(tx.event.new_lot().is_some());
    }

    /// Transactions until now.
    pub(crate) fn transactions(&self) -> u64 {
        self.proof.transactions
    }

    /// An account whose transactions were all replayed. Accounts come in the order of their numbers.
    pub(crate) fn account(&mut self, account: &Account) {
        self.proof.accounts += 1;
        self.proof.holds += account.holds.len() as u64;
        *self.balances.entry(account.unit.code()).or_default() += i128::from(account.book_balance().units());
        for number in [account.no, account.seq] {
            self.heads.update(number.to_be_bytes());
        }
        self.heads.update(account.head.0);
    }

    /// What it comes to.
    pub(crate) fn proof(self) -> Proof {
        let balances = self.balances.into_iter().map(|(unit, sum)| (unit.to_owned(), sum)).collect();
        Proof { balances, heads: self.heads.finalize().into(), ..self.proof }
    }
}

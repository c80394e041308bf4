//! Account states as a writer stored them last.
//!
//! Nothing rests on their being right: what is decided on them is written only where the account's chain still ends with
//! the hash that they end with, and everything else about an account follows from its chain. Another node's write, a
//! failover, a restored backup all show as another hash. Cost: a state in memory for each account written of late.

use ledger::{Account, AccountNo};
use rustc_hash::FxHashMap;

/// See the module.
pub(super) struct Memory {
    accounts: FxHashMap<AccountNo, Account>,
    /// Accounts remembered at most; beyond it all are forgotten and read again.
    limit: usize,
}

impl Memory {
    pub(super) fn new(limit: usize) -> Self {
        Memory { accounts: FxHashMap::default(), limit: limit.max(1) }
    }

    pub(super) fn contains(&self, no: AccountNo) -> bool {
        self.accounts.contains_key(&no)
    }

    /// Takes a state out: whoever changes it puts it back when it is stored.
    pub(super) fn take(&mut self, no: AccountNo) -> Option<Account> {
        self.accounts.remove(&no)
    }

    /// Remembers what has just been stored, or read under lock.
    pub(super) fn keep(&mut self, accounts: impl Iterator<Item = Account>) {
        if self.accounts.len() >= self.limit {
            self.accounts.clear();
        }
        self.accounts.extend(accounts.map(|account| (account.no, account)));
    }
}

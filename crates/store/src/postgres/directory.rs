//! Which accounts there are: identifier, number and unit.
//!
//! All three never change once an account is open, so remembering them cannot be wrong; absence is never remembered.
//! Cost: one read for all unknown accounts of a call, nothing for known ones.

use std::sync::{Arc, PoisonError, RwLock};

use ledger::{AccountNo, Unit};
use rustc_hash::FxHashMap;
use tokio_postgres::{Client, Error, Row};

use crate::AccountRef;

/// Accounts remembered at most; beyond it all are forgotten and read again.
const ACCOUNTS: usize = 1_000_000;

/// See the module.
#[derive(Default)]
pub(super) struct Directory {
    known: RwLock<Known>,
}

#[derive(Default)]
struct Known {
    numbers: FxHashMap<Arc<str>, AccountNo>,
    accounts: FxHashMap<AccountNo, (Arc<str>, Unit)>,
}

impl Directory {
    /// The number of an account, when it is remembered.
    pub(super) fn number(&self, account: &AccountRef) -> Option<AccountNo> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        match account {
            AccountRef::Id(id) => known.numbers.get(id).copied(),
            AccountRef::No(no) => known.accounts.contains_key(no).then_some(*no),
        }
    }

    /// Identifier and unit of an account, when it is remembered.
    pub(super) fn account(&self, no: AccountNo) -> Option<(Arc<str>, Unit)> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).accounts.get(&no).cloned()
    }

    /// Reads those of `wanted` that are not remembered. What is not found does not exist.
    pub(super) async fn learn<'a>(
        &self,
        client: &Client,
        wanted: impl Iterator<Item = &'a AccountRef>,
    ) -> Result<(), Error> {
        let (mut ids, mut numbers) = (Vec::new(), Vec::new());
        for account in wanted.filter(|account| self.number(account).is_none()) {
            match account {
                AccountRef::Id(id) => ids.push(id.to_string()),
                AccountRef::No(no) => numbers.push(*no as i64),
            }
        }
        if ids.is_empty() && numbers.is_empty() {
            return Ok(());
        }
        let sql = "SELECT no, id, unit FROM accounts WHERE id = ANY($1) \
                   UNION ALL SELECT no, id, unit FROM accounts WHERE no = ANY($2)";
        let types = [tokio_postgres::types::Type::TEXT_ARRAY, tokio_postgres::types::Type::INT8_ARRAY];
        let [text, numeric] = types;
        for row in client.query_typed(sql, &[(&ids, text), (&numbers, numeric)]).await? {
            self.remember(&row)?;
        }
        Ok(())
    }

    fn remember(&self, row: &Row) -> Result<(), Error> {
        let (no, id) = (row.try_get::<_, i64>(0)? as AccountNo, Arc::<str>::from(row.try_get::<_, &str>(1)?));
        // A unit that this program does not know is as good as no account.
        if let Some(unit) = Unit::parse(row.try_get(2)?) {
            self.insert(no, id, unit);
        }
        Ok(())
    }

    /// Remembers an account that was read or has just been opened.
    pub(super) fn insert(&self, no: AccountNo, id: Arc<str>, unit: Unit) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.accounts.len() >= ACCOUNTS {
            *known = Known::default();
        }
        known.numbers.insert(id.clone(), no);
        known.accounts.insert(no, (id, unit));
    }
}

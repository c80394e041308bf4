//! A batch while it is decided: accounts under lock, what their keys did before, what is to be written.

use std::collections::BTreeMap;
use std::sync::Arc;

use ledger::{Account, AccountNo, Amount, Booked, Command, Hash, LotNo, Op, Timestamp, Transaction, decode, execute};
use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};
use smallvec::SmallVec;
use tokio_postgres::types::ToSql;

use crate::executor::{Outcome, Task, Written};
use crate::index::lot_kinds;
use crate::postgres::memory::Memory;
use crate::postgres::rows;
use crate::postgres::session::Session;
use crate::postgres::state;
use crate::postgres::writer::{Fault, Shared, before_commit};
use crate::postgres::writes::Writes;
use crate::verify::{Totals, add_total};
use crate::{AccountRef, Failure, Order, Receipt, Statement, Target};

/// Finds a key within an account: the first 16 bytes of its SHA-256.
pub(super) type KeyHash = [u8; 16];

/// See [`KeyHash`].
pub(super) fn key_hash(key: &str) -> KeyHash {
    let digest: [u8; 32] = Sha256::digest(key).into();
    let mut first = [0; 16];
    first.copy_from_slice(&digest[..16]);
    first
}

/// A locked or remembered account, or one that this batch opens.
pub(super) struct Working {
    pub(super) account: Account,
    /// Number of its last stored transaction; 0: none.
    pub(super) stored_seq: u64,
    /// Hash of its last stored transaction.
    pub(super) stored_head: Hash,
    /// What has gone back of entries that this batch reverses.
    pub(super) reversed: BTreeMap<u64, Amount>,
    /// Lots that were brought back from among the spent ones.
    pub(super) revived: SmallVec<[LotNo; 2]>,
}

/// A transaction to be stored.
pub(super) struct Entry {
    pub(super) account: AccountNo,
    pub(super) transaction: Arc<Transaction>,
    pub(super) canonical: Vec<u8>,
    pub(super) lot_kinds: u8,
}

/// See the module.
pub(super) struct Batch<'a> {
    pub(super) session: &'a Session,
    shared: &'a Shared,
    now: Timestamp,
    pub(super) accounts: FxHashMap<AccountNo, Working>,
    known: FxHashMap<(AccountNo, KeyHash), Arc<Transaction>>,
    pub(super) entries: Vec<Entry>,
    totals: Totals,
    /// Accounts that this batch opens.
    opened: FxHashMap<Arc<str>, AccountNo>,
}

/// A row that cannot be read is damage, not a passing trouble.
pub(super) fn damaged(what: String) -> Fault {
    Fault::NotStored(format!("the ledger is damaged: {what}; run scrip verify").into())
}

impl<'a> Batch<'a> {
    /// Begins a transaction, locks the accounts of `tasks` and reads them and their keys.
    pub(super) async fn begin(session: &'a Session, shared: &'a Shared, tasks: &[Task]) -> Result<Self, Fault> {
        let orders = || tasks.iter().filter_map(|task| if let Task::Order(order) = task { Some(order) } else { None });
        let directory = &shared.directory;
        let named: Vec<AccountRef> = orders().map(|order| order.target.account()).collect();
        directory.learn(session.client(), named.iter()).await.map_err(before_commit)?;
        let (mut numbers, mut key_owners, mut keys) = (Vec::new(), Vec::new(), Vec::new());
        for (order, account) in orders().zip(&named) {
            let Some(no) = directory.number(account) else { continue };
            numbers.push(no as i64);
            if let Some(key) = &order.command.key {
                key_owners.push(no as i64);
                keys.push(key_hash(key));
            }
        }
        numbers.sort_unstable();
        numbers.dedup();
        let keys: Vec<&[u8]> = keys.iter().map(<[u8; 16]>::as_slice).collect();
        let (lock_params, key_params): ([&(dyn ToSql + Sync); 1], [&(dyn ToSql + Sync); 2]) =
            ([&numbers], [&key_owners, &keys]);
        // Sent together, done one after the other: the keys are looked up and the clock is read under the locks.
        let (begun, locked, found) = tokio::join!(
            biased;
            session.begin(),
            session.query(&session.texts.lock, &lock_params),
            session.query(&session.texts.keys, &key_params),
        );
        begun.map_err(before_commit)?;
        let (locked, found) = (locked.map_err(before_commit)?, found.map_err(before_commit)?);
        let (first, found) =
            found.split_first().ok_or_else(|| damaged("the server does not tell the time".to_owned()))?;
        let now = first.try_get(2).map_err(before_commit)?;
        let mut batch = Batch::new(session, shared, shared.clock.told(now));
        for row in &locked {
            let no = row.try_get::<_, i64>(0).map_err(before_commit)? as AccountNo;
            let Some((id, unit)) = directory.account(no) else { continue };
            let account = state::read(row, id, unit).map_err(damaged)?;
            batch.accounts.insert(no, Working::new(account));
        }
        for row in found {
            let no = row.try_get::<_, i64>(0).map_err(before_commit)? as AccountNo;
            let transaction = read_body(row.try_get(1).map_err(before_commit)?).map_err(damaged)?;
            if let Some(key) = &transaction.key {
                batch.known.insert((no, key_hash(key)), Arc::new(transaction));
            }
        }
        Ok(batch)
    }

    /// A batch on states taken out of `memory`, without a word to the database; `None` when an order needs more than
    /// them. What is decided holds only if the write finds the accounts as they were remembered.
    pub(super) fn on_memory(
        session: &'a Session,
        shared: &'a Shared,
        memory: &mut Memory,
        tasks: &[Task],
    ) -> Option<Self> {
        let number = |task: &Task| match task {
            Task::Order(order) if order.rows.is_empty() && is_plain(&order.command.op) => {
                shared.directory.number(&order.target.account()).filter(|no| memory.contains(*no))
            }
            _ => None,
        };
        let numbers: Vec<AccountNo> = tasks.iter().map(number).collect::<Option<_>>()?;
        let mut batch = Batch::new(session, shared, shared.clock.now());
        for no in numbers {
            if let Some(account) = memory.take(no) {
                batch.accounts.insert(no, Working::new(account));
            }
        }
        Some(batch)
    }

    fn new(session: &'a Session, shared: &'a Shared, now: Timestamp) -> Self {
        Batch {
            session,
            shared,
            now,
            accounts: FxHashMap::default(),
            known: FxHashMap::default(),
            entries: Vec::new(),
            totals: Totals::new(),
            opened: FxHashMap::default(),
        }
    }

    /// Decides one order on the states as the orders before it left them.
    pub(super) async fn order(&mut self, order: &Order) -> Result<Outcome, Fault> {
        let known = self.shared.directory.number(&order.target.account()).or_else(|| self.opened(&order.target));
        let no = match (known, &order.target) {
            (Some(no), _) => no,
            (None, Target::Existing(_)) => return Ok(Err(Failure::UnknownAccount)),
            (None, Target::New { no, .. }) if self.accounts.contains_key(no) => return Ok(Err(Failure::Conflict)),
            (None, Target::New { id, no, unit }) => {
                self.accounts.insert(*no, Working::new(Account::new(*no, id.clone(), *unit)));
                self.opened.insert(id.clone(), *no);
                *no
            }
        };
        let outcome = self.decide(no, order).await?;
        if outcome.is_err() && self.accounts.get(&no).is_some_and(|working| working.account.seq == 0) {
            self.accounts.remove(&no);
            self.opened.retain(|_, opened| *opened != no);
        }
        Ok(outcome)
    }

    fn opened(&self, target: &Target) -> Option<AccountNo> {
        match target.account() {
            AccountRef::Id(id) => self.opened.get(&id).copied(),
            AccountRef::No(_) => None,
        }
    }

    async fn decide(&mut self, no: AccountNo, order: &Order) -> Result<Outcome, Fault> {
        let Some(working) = self.accounts.get(&no) else { return Ok(Err(Failure::UnknownAccount)) };
        let (account_id, unit) = (working.account.id.clone(), working.account.unit);
        let receipt = |transaction, replayed| Receipt {
            account_id: account_id.clone(),
            account_no: no,
            unit,
            transaction,
            replayed,
        };
        if let Some(before) = self.replayed(no, &order.command) {
            let same = before.input == order.command.input;
            return Ok(if same { Ok(receipt(Some(before), true)) } else { Err(Failure::KeyReuse) });
        }
        let reversible = self.prepare(no, &order.command).await?;
        let Some(working) = self.accounts.get_mut(&no) else { return Ok(Err(Failure::UnknownAccount)) };
        let before = (!order.rows.is_empty()).then(|| working.account.clone());
        let executed = execute(&mut working.account, &order.command, reversible.as_ref(), self.now);
        if executed.outcome.is_ok()
            && let Some(before) = before
            && let Err(failure) = rows::write(self.session.client(), &order.rows).await.map_err(before_commit)?
        {
            working.account = before;
            return Ok(Err(failure));
        }
        for booked in executed.settled {
            self.book(no, booked);
        }
        Ok(match executed.outcome {
            Ok(booked) => Ok(receipt(booked.map(|booked| self.book(no, booked)), false)),
            Err(rejection) => Err(Failure::Refused { rejection, unit }),
        })
    }

    fn replayed(&self, no: AccountNo, command: &Command) -> Option<Arc<Transaction>> {
        let key = command.key.as_deref()?;
        // Two keys of one hash do not happen; if they did, the unique index would refuse the second.
        self.known.get(&(no, key_hash(key))).filter(|tx| tx.key.as_deref() == Some(key)).cloned()
    }

    fn book(&mut self, no: AccountNo, booked: Booked) -> Arc<Transaction> {
        let Booked { transaction, canonical } = booked;
        let transaction = Arc::new(transaction);
        if let Some(working) = self.accounts.get_mut(&no) {
            for (entry, amount) in transaction.takes_back() {
                *working.reversed.entry(entry).or_default() += amount;
            }
            let lot_kinds = lot_kinds(&working.account, &transaction);
            self.entries.push(Entry { account: no, transaction: transaction.clone(), canonical, lot_kinds });
            add_total(&mut self.totals, working.account.unit, &transaction);
        }
        if let Some(key) = &transaction.key {
            self.known.insert((no, key_hash(key)), transaction.clone());
        }
        transaction
    }

    /// Rows alone.
    pub(super) async fn rows(&mut self, statements: &[Statement]) -> Result<Written, Fault> {
        rows::write(self.session.client(), statements).await.map_err(before_commit)
    }

    /// Everything that is to be written, and the accounts as they are then.
    pub(super) fn finish(mut self) -> (Writes, impl Iterator<Item = Account>) {
        let writes = Writes::new(&mut self.accounts, self.entries, self.totals, self.now);
        (writes, self.accounts.into_values().map(|working| working.account))
    }
}

/// Whether a command is decided on the open lots and holds alone, and always writes when it is not refused.
fn is_plain(op: &Op) -> bool {
    matches!(op, Op::Debit { .. } | Op::Hold { .. } | Op::Capture { .. } | Op::Release { .. })
}

impl Working {
    fn new(account: Account) -> Self {
        Working {
            stored_seq: account.seq,
            stored_head: account.head,
            account,
            reversed: BTreeMap::new(),
            revived: SmallVec::new(),
        }
    }
}

/// A stored body: canonical bytes, then 32 bytes of hash.
pub(super) fn read_body(body: &[u8]) -> Result<Transaction, String> {
    let (canonical, hash) = body.split_last_chunk::<32>().ok_or("an entry is too short")?;
    decode(canonical, ledger::Hash(*hash)).map_err(|error| error.to_string())
}

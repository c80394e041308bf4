//! What a batch writes: arrays in one statement, then COMMIT, sent together.

use std::collections::BTreeMap;

use ledger::{AccountNo, Timestamp, Unit};
use rustc_hash::FxHashMap;
use tokio_postgres::Error;
use tokio_postgres::types::ToSql;

use crate::postgres::access::chain;
use crate::postgres::batch::{Entry, KeyHash, Working, key_hash};
use crate::postgres::session::Session;
use crate::postgres::state;
use crate::postgres::writer::{Fault, before_commit, is_gone};

/// Rows of `entries`, a column each.
#[derive(Default)]
struct Entries {
    account: Vec<i64>,
    seq: Vec<i64>,
    at_us: Vec<i64>,
    kind: Vec<i32>,
    lot_kinds: Vec<i32>,
    service: Vec<Option<Box<str>>>,
    amount: Vec<i64>,
    reversed: Vec<i64>,
    key_hash: Vec<Option<KeyHash>>,
    body: Vec<Vec<u8>>,
}

/// Rows of `ledger_accounts`, a column each.
#[derive(Default)]
struct States {
    account: Vec<i64>,
    seq: Vec<i64>,
    head: Vec<Vec<u8>>,
    last_at_us: Vec<i64>,
    balance: Vec<i64>,
    overdraft: Vec<i64>,
    overdraft_limit: Vec<i64>,
    closed: Vec<bool>,
    next_due_at_us: Vec<Option<i64>>,
    state: Vec<String>,
    unit: Vec<&'static str>,
    /// Where the chain ended when it was read or remembered.
    stored_head: Vec<Vec<u8>>,
}

/// See the module.
#[derive(Default)]
pub(super) struct Writes {
    entries: Entries,
    changed: States,
    opened: States,
    /// Account, lot, the lot as it is stored.
    spent: (Vec<i64>, Vec<i64>, Vec<String>),
    /// Account, lot.
    revived: (Vec<i64>, Vec<i64>),
    /// Account, entry, what went back of it.
    reversed: (Vec<i64>, Vec<i64>, Vec<i64>),
    /// Unit, counter-account, what it gains.
    totals: (Vec<&'static str>, Vec<i32>, Vec<String>),
    /// When it was decided, by the database's clock as this node knows it.
    now: Timestamp,
    /// How far the database's clock may be from that, in microseconds.
    clock_slack_us: i64,
}

impl Writes {
    pub(super) fn new(
        accounts: &mut FxHashMap<AccountNo, Working>,
        entries: Vec<Entry>,
        totals: BTreeMap<(Unit, u8), i128>,
        now: Timestamp,
    ) -> Self {
        let mut writes = Writes { now, clock_slack_us: i64::MAX, ..Writes::default() };
        for entry in entries {
            let working = accounts.get(&entry.account);
            let reversed = working.and_then(|working| working.reversed.get(&entry.transaction.seq));
            writes.entries.push(entry, reversed.map_or(0, |amount| amount.units()));
        }
        // In the order of their numbers: rows are written in the order in which they are locked.
        let mut changed: Vec<&mut Working> =
            accounts.values_mut().filter(|working| working.account.seq > working.stored_seq).collect();
        changed.sort_unstable_by_key(|working| working.account.no);
        for working in changed {
            writes.account(working);
        }
        for ((unit, counter), total) in totals {
            writes.totals.0.push(unit.code());
            writes.totals.1.push(counter.into());
            writes.totals.2.push(total.to_string());
        }
        writes
    }

    fn account(&mut self, working: &mut Working) {
        let no = working.account.no as i64;
        for lot in working.account.take_spent_lots() {
            self.spent.0.push(no);
            self.spent.1.push(lot.no as i64);
            self.spent.2.push(state::write_lot(&lot));
        }
        for lot in working.revived.iter().filter(|lot| working.account.lot(**lot).is_some()) {
            self.revived.0.push(no);
            self.revived.1.push(*lot as i64);
        }
        for (entry, amount) in working.reversed.range(..=working.stored_seq) {
            self.reversed.0.push(no);
            self.reversed.1.push(*entry as i64);
            self.reversed.2.push(amount.units());
        }
        if working.stored_seq == 0 { self.opened.push(working) } else { self.changed.push(working) }
    }

    /// What was decided on remembered states: begins a transaction for it, and nothing is stored
    /// ([`Fault::NotStored`], [`Fault::Retry`]) unless they are what the database has, and its clock is what ours is.
    pub(super) async fn commit_if_unchanged(
        mut self,
        session: &Session,
        shard: i32,
        clock_slack_us: i64,
    ) -> Result<(), Fault> {
        self.clock_slack_us = clock_slack_us;
        if !(session.texts.settled && self.is_common()) {
            session.begin().await.map_err(before_commit)?;
            return self.commit(session, shard).await;
        }
        session.take_warning();
        // The statement is the whole transaction: its answer comes after its commit.
        match self.write(session, shard).await {
            Err(error) if is_refused(&error) => Err(before_commit(error)),
            Err(error) => Err(lost(&error)),
            Ok(()) if session.take_warning() => Err(Fault::Lost("PostgreSQL warned at a commit".into())),
            Ok(()) => Ok(()),
        }
    }

    /// Whether one statement writes all of it.
    fn is_common(&self) -> bool {
        self.opened.account.is_empty()
            && self.spent.0.is_empty()
            && self.revived.0.is_empty()
            && self.reversed.0.is_empty()
    }

    /// Sends everything and COMMIT. Whatever fails before COMMIT turns COMMIT into a rollback.
    pub(super) async fn commit(self, session: &Session, shard: i32) -> Result<(), Fault> {
        self.rare(session).await.map_err(before_commit)?;
        session.take_warning();
        // Each sends its one statement when it is first polled, so COMMIT stands last in the queue.
        let (written, committed) = tokio::join!(biased; self.write(session, shard), session.commit());
        match written {
            Err(error) if is_refused(&error) => return Err(before_commit(error)),
            Err(error) => return Err(lost(&error)),
            Ok(()) => {}
        }
        match committed {
            Err(error) if is_refused(&error) => Err(before_commit(error)),
            Err(error) => Err(lost(&error)),
            Ok(()) if session.take_warning() => Err(Fault::Lost("PostgreSQL warned at a commit".into())),
            Ok(()) => Ok(()),
        }
    }

    /// What most batches do not have, sent and answered before the rest.
    async fn rare(&self, session: &Session) -> Result<(), Error> {
        let texts = &session.texts;
        let (spent, revived, reversed) = (&self.spent, &self.revived, &self.reversed);
        if !self.opened.account.is_empty() {
            let mut columns = self.opened.columns();
            columns.push(&self.opened.unit);
            session.run(&texts.insert_accounts, &columns).await?;
        }
        if !spent.0.is_empty() {
            session.run(&texts.spend_lots, &[&spent.0, &spent.1, &spent.2]).await?;
        }
        if !revived.0.is_empty() {
            session.run(&texts.revive_lots, &[&revived.0, &revived.1]).await?;
        }
        if !reversed.0.is_empty() {
            session.run(&texts.mark_reversed, &[&reversed.0, &reversed.1, &reversed.2]).await?;
        }
        Ok(())
    }

    async fn write(&self, session: &Session, shard: i32) -> Result<(), Error> {
        let entries = &self.entries;
        if entries.account.is_empty() {
            return Ok(());
        }
        let service: Vec<Option<&str>> = entries.service.iter().map(Option::as_deref).collect();
        let key_hash: Vec<Option<&[u8]>> =
            entries.key_hash.iter().map(|hash| hash.as_ref().map(|hash| &hash[..])).collect();
        let (units, counters, totals) = &self.totals;
        let mut params: Vec<&(dyn ToSql + Sync)> = vec![
            &entries.account,
            &entries.seq,
            &entries.at_us,
            &entries.kind,
            &entries.lot_kinds,
            &service,
            &entries.amount,
            &entries.reversed,
            &key_hash,
            &entries.body,
            &shard,
            units,
            counters,
            totals,
        ];
        let changed = self.changed.account.len() as i64;
        let now_us = self.now.micros();
        params.extend(self.changed.columns());
        params.extend([&self.changed.stored_head as &(dyn ToSql + Sync), &changed, &now_us, &self.clock_slack_us]);
        session.run(&session.texts.write, &params).await.map(drop)
    }
}

/// The server said no to a statement and lives on: the transaction is rolled back.
fn is_refused(error: &Error) -> bool {
    error.as_db_error().is_some_and(|refused| refused.severity() == "ERROR" && !is_gone(refused.code()))
}

fn lost(error: &Error) -> Fault {
    Fault::Lost(format!("the connection was lost around a commit: {}", chain(error)).into())
}

impl Entries {
    fn push(&mut self, entry: Entry, reversed_units: i64) {
        let tx = &entry.transaction;
        self.account.push(entry.account as i64);
        self.seq.push(tx.seq as i64);
        self.at_us.push(tx.at.micros());
        self.kind.push(tx.kind().tag().into());
        self.lot_kinds.push(entry.lot_kinds.into());
        self.service.push(tx.memo.service.clone());
        self.amount.push(tx.amount().units());
        self.reversed.push(reversed_units);
        self.key_hash.push(tx.key.as_deref().map(key_hash));
        let mut body = entry.canonical;
        body.extend_from_slice(&tx.hash.0);
        self.body.push(body);
    }
}

impl States {
    fn push(&mut self, working: &Working) {
        let account = &working.account;
        self.account.push(account.no as i64);
        self.seq.push(account.seq as i64);
        self.head.push(account.head.0.to_vec());
        self.last_at_us.push(account.last_at.micros());
        self.balance.push(account.book_balance().units());
        self.overdraft.push(account.overdraft.units());
        self.overdraft_limit.push(account.overdraft_limit.units());
        self.closed.push(account.closed);
        self.next_due_at_us.push(state::next_due_at_us(account));
        self.state.push(state::write(account));
        self.unit.push(account.unit.code());
        self.stored_head.push(working.stored_head.0.to_vec());
    }

    fn columns(&self) -> Vec<&(dyn ToSql + Sync)> {
        vec![
            &self.account,
            &self.seq,
            &self.head,
            &self.last_at_us,
            &self.balance,
            &self.overdraft,
            &self.overdraft_limit,
            &self.closed,
            &self.next_due_at_us,
            &self.state,
        ]
    }
}

//! The one writer of a SQLite ledger: decides in memory, appends to the journal, answers when it is on disk.
//!
//! Invariants: memory equals the committed database after every batch ([`Undo`] puts it back when a commit fails); an
//! answer is given only after COMMIT returned; after an I/O error at the disk nothing is written any more until a
//! restart, because what reached the disk is unknown. Cost of a batch: one transaction with one fsync; a debit adds one
//! index lookup (its key), one journal row, and on average two to three rows of projection, sorted.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use ledger::{Account, AccountNo, Amount, Booked, Command, Hash, Timestamp, Transaction, decode, execute};
use rusqlite::{Connection, ErrorCode, OptionalExtension, params};
use rustc_hash::FxHashMap;
use tracing::{error, warn};

use crate::executor::{CommitError, Done, Outcome, Task, Writer, Written};
use crate::sqlite::checkpoint::{Checkpointer, Halt};
use crate::sqlite::filter::KeyFilter;
use crate::sqlite::memory::{Memory, Reversals};
use crate::sqlite::projector::{Cycle, Slice};
use crate::sqlite::question::{self, Question};
use crate::sqlite::state::{self, Slot, States, Totals};
use crate::sqlite::tail::{Gseq, Tail, key_hash};
use crate::sqlite::{rows, schema};
use crate::{Clock, Failure, Options, Order, Receipt, Statement, StoreError, Target};

/// Rows that an idle writer folds in one transaction.
const TIDY_ROWS: usize = 4096;

/// A transaction waits no longer than this for the next cycle, because what falls due is found in the projection.
const FOLD_AFTER_SECONDS: i64 = 10;

pub(super) struct SqliteWriter {
    pub(super) conn: Connection,
    pub(super) memory: Memory,
    cycle: Option<Cycle>,
    options: Options,
    clock: Arc<dyn Clock>,
    last_now: Timestamp,
    checkpointer: Checkpointer,
    halt: Halt,
}

/// What a failed commit must put back.
struct Undo {
    tail_last: Gseq,
    /// States before the batch; `None` for accounts it opened.
    slots: FxHashMap<AccountNo, Option<Slot>>,
    reversals: Vec<((AccountNo, u64), Option<Amount>)>,
}

/// Effects that wait for the commit.
#[derive(Default)]
struct OnCommit {
    folded: Vec<AccountNo>,
    finished: Option<(Gseq, Totals)>,
}

impl SqliteWriter {
    /// Takes over a migrated connection: reads the projection's place and replays the tail of the journal.
    pub(super) fn start(
        mut conn: Connection,
        options: Options,
        clock: Arc<dyn Clock>,
        checkpointer: Checkpointer,
        filter: KeyFilter,
        halt: Halt,
    ) -> Result<Self, StoreError> {
        let wal_pages = checkpointer.wal_pages();
        conn.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages: std::ffi::c_int| {
            wal_pages.store(usize::try_from(pages).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }))
        .map_err(schema::from)?;
        let projected = projected(&conn).map_err(schema::from)?;
        let totals = state::load_totals(&conn).map_err(schema::from)?;
        let mut writer = SqliteWriter {
            conn,
            memory: Memory {
                states: States::default(),
                tail: Tail::after(projected),
                reversals: Reversals::default(),
                totals,
                filter,
            },
            cycle: None,
            options,
            clock,
            last_now: Timestamp::default(),
            checkpointer,
            halt,
        };
        writer.replay(projected)?;
        Ok(writer)
    }

    /// Folds the journal after `projected` into memory.
    fn replay(&mut self, projected: Gseq) -> Result<(), StoreError> {
        let SqliteWriter { conn, memory, last_now, .. } = self;
        let Memory { states, tail, reversals, .. } = memory;
        let damaged = |gseq: Gseq, what: String| {
            StoreError(format!("the journal is damaged at row {gseq}: {what}; run scrip verify, restore a backup"))
        };
        let mut statement = conn
            .prepare("SELECT gseq, account_no, body FROM journal WHERE gseq > ?1 ORDER BY gseq")
            .map_err(schema::from)?;
        let mut found = statement.query([projected as i64]).map_err(schema::from)?;
        while let Some(row) = found.next().map_err(schema::from)? {
            let gseq = row.get::<_, i64>(0).map_err(schema::from)? as Gseq;
            let no = row.get::<_, i64>(1).map_err(schema::from)? as AccountNo;
            if gseq != tail.last() + 1 {
                return Err(damaged(gseq, format!("row {} is missing", tail.last() + 1)));
            }
            let body = row.get_ref(2).and_then(|body| Ok(body.as_blob()?)).map_err(schema::from)?;
            let tx = read_body(body).map_err(|what| damaged(gseq, what))?;
            *last_now = tx.at.max(*last_now);
            let found = states.find(conn, &crate::AccountRef::No(no)).map_err(schema::from)?;
            let Some(slot) = found.and_then(|no| states.get_mut(no)) else {
                return Err(damaged(gseq, format!("account number {no} is unknown")));
            };
            for lot in tx.lots() {
                state::load_lot(conn, &mut slot.account, lot).map_err(schema::from)?;
            }
            if tx.seq > slot.projected_seq {
                ledger::apply(&mut slot.account, &tx).map_err(|what| damaged(gseq, what))?;
                for (entry, amount) in tx.takes_back() {
                    let before = reversed(conn, reversals, no, entry).map_err(schema::from)?;
                    reversals.insert((no, entry), before + amount);
                }
                slot.changed(&tx);
                slot.head = tail.push(&slot.account, &tx, slot.head);
            } else {
                tail.push(&slot.account, &tx, 0);
            }
        }
        Ok(())
    }

    fn now(&mut self) -> Timestamp {
        // Journal order and time agree, whatever the machine's clock does.
        self.last_now = self.clock.now().max(self.last_now);
        self.last_now
    }

    fn run(&mut self, tasks: &[Task], undo: &mut Undo) -> rusqlite::Result<(Vec<Done>, OnCommit)> {
        let now = self.now();
        let mut done = Vec::with_capacity(tasks.len());
        for task in tasks {
            done.push(match task {
                Task::Order(order) => Done::Order(self.order(order, now, undo)?),
                Task::Rows(rows) => Done::Rows(self.rows(rows)?),
            });
        }
        let mut on_commit = OnCommit::default();
        if !self.conn.is_autocommit() {
            on_commit = self.fold(256.max(2 * tasks.len()), undo)?;
        }
        Ok((done, on_commit))
    }

    /// One order: resolve, look the key up, load, decide, write.
    fn order(&mut self, order: &Order, now: Timestamp, undo: &mut Undo) -> rusqlite::Result<Outcome> {
        let no = match &order.target {
            Target::Existing(account) => self.memory.states.find(&self.conn, account)?,
            Target::New { id, no, unit } => {
                let found = self.memory.states.find(&self.conn, &crate::AccountRef::Id(id.clone()))?;
                if found.is_none() {
                    if self.memory.states.find(&self.conn, &crate::AccountRef::No(*no))?.is_some() {
                        return Ok(Err(Failure::Conflict));
                    }
                    undo.slots.entry(*no).or_insert(None);
                    self.memory.states.insert(Slot::new(Account::new(*no, id.clone(), *unit)));
                }
                Some(found.unwrap_or(*no))
            }
        };
        let Some(no) = no else { return Ok(Err(Failure::UnknownAccount)) };
        let outcome = self.decide(no, order, now, undo)?;
        // An account that could not be opened leaves no trace.
        if outcome.is_err() && self.memory.states.get(no).is_some_and(|slot| slot.account.seq == 0) {
            self.memory.states.remove(no);
        }
        Ok(outcome)
    }

    fn decide(&mut self, no: AccountNo, order: &Order, now: Timestamp, undo: &mut Undo) -> rusqlite::Result<Outcome> {
        if let Some(replayed) = self.replayed(no, &order.command)? {
            return Ok(replayed);
        }
        let reversible = self.prepare(no, &order.command)?;
        let SqliteWriter { conn, memory, .. } = self;
        let Some(slot) = memory.states.get_mut(no) else { return Ok(Err(Failure::UnknownAccount)) };
        undo.slots.entry(no).or_insert_with(|| Some(slot.clone()));
        let before = (!order.rows.is_empty()).then(|| slot.account.clone());
        let executed = execute(&mut slot.account, &order.command, reversible.as_ref(), now);
        if executed.outcome.is_ok()
            && let Some(before) = before
        {
            begin(conn)?;
            if let Err(failure) = rows::write(conn, &order.rows)? {
                slot.account = before;
                return Ok(Err(failure));
            }
        }
        for booked in &executed.settled {
            self.append(no, booked, undo)?;
        }
        let (account_id, unit) = match self.memory.states.get(no) {
            Some(slot) => (slot.account.id.clone(), slot.account.unit),
            None => return Ok(Err(Failure::UnknownAccount)),
        };
        let booked = match executed.outcome {
            Ok(booked) => booked,
            Err(rejection) => return Ok(Err(Failure::Refused { rejection, unit })),
        };
        if let Some(booked) = &booked {
            self.append(no, booked, undo)?;
        }
        let transaction = booked.map(|booked| Arc::new(booked.transaction));
        Ok(Ok(Receipt { account_id, account_no: no, unit, transaction, replayed: false }))
    }

    /// What the command's key did before, if it was used.
    fn replayed(&mut self, no: AccountNo, command: &Command) -> rusqlite::Result<Option<Outcome>> {
        let Some(key) = &command.key else { return Ok(None) };
        let Some(tx) = self.find_key(no, key)? else { return Ok(None) };
        let Some(slot) = self.memory.states.get(no) else { return Ok(None) };
        if tx.input != command.input {
            return Ok(Some(Err(Failure::KeyReuse)));
        }
        Ok(Some(Ok(Receipt {
            account_id: slot.account.id.clone(),
            account_no: no,
            unit: slot.account.unit,
            transaction: Some(Arc::new(tx)),
            replayed: true,
        })))
    }

    fn find_key(&mut self, no: AccountNo, key: &str) -> rusqlite::Result<Option<Transaction>> {
        let hash = key_hash(no, key);
        for gseq in self.memory.tail.with_key(hash) {
            if let Some(tx) = self.with_key(gseq, no, key)? {
                return Ok(Some(tx));
            }
        }
        if !self.memory.filter.may_contain(hash) {
            return Ok(None);
        }
        let mut statement =
            self.conn.prepare_cached("SELECT gseq FROM entry_keys WHERE account_no = ?1 AND key_hash = ?2")?;
        let mut found = statement.query([no as i64, hash])?;
        while let Some(row) = found.next()? {
            if let Some(tx) = self.with_key(row.get::<_, i64>(0)? as Gseq, no, key)? {
                return Ok(Some(tx));
            }
        }
        Ok(None)
    }

    /// The journal row, if it is of this account and key: hashes may collide.
    fn with_key(&self, gseq: Gseq, no: AccountNo, key: &str) -> rusqlite::Result<Option<Transaction>> {
        let found = read_journal(&self.conn, gseq)?;
        Ok(found.filter(|(owner, tx)| *owner == no && tx.key.as_deref() == Some(key)).map(|(_, tx)| tx))
    }

    fn append(&mut self, no: AccountNo, booked: &Booked, undo: &mut Undo) -> rusqlite::Result<()> {
        begin(&self.conn)?;
        let tx = &booked.transaction;
        for (entry, amount) in tx.takes_back() {
            let before = reversed(&self.conn, &self.memory.reversals, no, entry)?;
            undo.reversals.push(((no, entry), self.memory.reversals.get(&(no, entry)).copied()));
            self.memory.reversals.insert((no, entry), before + amount);
        }
        let Some(slot) = self.memory.states.get_mut(no) else { return Ok(()) };
        slot.changed(tx);
        let gseq = self.memory.tail.push(&slot.account, tx, slot.head);
        slot.head = gseq;
        let mut body = Vec::with_capacity(booked.canonical.len() + 32);
        body.extend_from_slice(&booked.canonical);
        body.extend_from_slice(&tx.hash.0);
        self.conn
            .prepare_cached("INSERT INTO journal (gseq, account_no, body) VALUES (?1, ?2, ?3)")?
            .execute(params![gseq as i64, no as i64, body])?;
        Ok(())
    }

    fn rows(&mut self, statements: &[Statement]) -> rusqlite::Result<Written> {
        begin(&self.conn)?;
        rows::write(&self.conn, statements)
    }

    /// A slice of projection inside the running transaction, when there is reason for one.
    fn fold(&mut self, budget: usize, undo: &mut Undo) -> rusqlite::Result<OnCommit> {
        let long = self.memory.tail.len() >= self.options.tail_length / 2;
        let old = self.memory.tail.first().is_some_and(|row| row.at.plus_seconds(FOLD_AFTER_SECONDS) <= self.last_now);
        if self.cycle.is_none() && (long || old) {
            self.cycle = Some(Cycle::begin(&self.memory.tail));
        }
        let Some(cycle) = &mut self.cycle else { return Ok(OnCommit::default()) };
        // Falling behind would cost memory without bound: then callers wait.
        let budget =
            if self.memory.tail.len() > self.options.tail_length { budget.max(16 * TIDY_ROWS) } else { budget };
        let slice = cycle.slice(&self.conn, &mut self.memory, budget)?;
        let Slice { before, folded, finished } = slice;
        for slot in before {
            undo.slots.entry(slot.account.no).or_insert(Some(slot));
        }
        Ok(OnCommit { folded, finished })
    }

    fn committed(&mut self, effects: OnCommit) {
        if !effects.folded.is_empty() && !self.memory.reversals.is_empty() {
            self.memory.reversals.retain(|(no, _), _| !effects.folded.contains(no));
        }
        if let Some((target, totals)) = effects.finished {
            self.memory.tail.advance(target);
            self.memory.totals = totals;
            self.cycle = None;
            self.memory.states.shrink(self.options.cached_accounts);
        }
        self.checkpointer.after_commit(&self.conn, &self.halt);
    }

    fn undo(&mut self, undo: Undo) {
        self.memory.tail.truncate(undo.tail_last);
        for (no, slot) in undo.slots {
            match slot {
                Some(slot) => self.memory.states.insert(slot),
                None => self.memory.states.remove(no),
            }
        }
        for (entry, amount) in undo.reversals.into_iter().rev() {
            match amount {
                Some(amount) => self.memory.reversals.insert(entry, amount),
                None => self.memory.reversals.remove(&entry),
            };
        }
        self.cycle = None;
    }

    fn new_undo(&self) -> Undo {
        Undo { tail_last: self.memory.tail.last(), slots: FxHashMap::default(), reversals: Vec::new() }
    }

    /// Ends the transaction of `work`, or takes everything back.
    fn finish<T>(&mut self, work: rusqlite::Result<(T, OnCommit)>, undo: Undo) -> Result<T, CommitError> {
        let (error, committing) = match work {
            Ok((value, effects)) => {
                if self.conn.is_autocommit() {
                    // Nothing was written: refusals and repeats only.
                    return Ok(value);
                }
                match self.conn.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([])) {
                    Ok(_) => {
                        self.committed(effects);
                        return Ok(value);
                    }
                    Err(error) => (error, true),
                }
            }
            Err(error) => (error, false),
        };
        if !self.conn.is_autocommit()
            && let Err(error) = self.conn.execute_batch("ROLLBACK")
        {
            warn!(%error, "cannot roll back");
        }
        self.undo(undo);
        Err(self.classify(&error, committing))
    }

    fn classify(&self, error: &rusqlite::Error, committing: bool) -> CommitError {
        error!(%error, committing, "the ledger could not be written");
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => CommitError::NotStored("the disk is full; free some space".into()),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                CommitError::NotStored("another program has locked the database".into())
            }
            Some(ErrorCode::SystemIoFailure) => {
                let _ = self.halt.set(HALTED.into());
                if committing { CommitError::Unknown } else { CommitError::NotStored(HALTED.into()) }
            }
            _ => CommitError::NotStored(error.to_string().into()),
        }
    }
}

impl Drop for SqliteWriter {
    /// A clean end leaves everything in the one file, with an empty log beside it.
    fn drop(&mut self) {
        if self.halt.get().is_none()
            && let Err(error) = self.conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        {
            warn!(%error, "the log was not emptied; it is read at the next start");
        }
    }
}

const HALTED: &str = "the disk failed; check it, then restart scrip";

impl Writer for SqliteWriter {
    type Question = Question;

    fn execute(&mut self, tasks: &[Task]) -> Result<Vec<Done>, CommitError> {
        if let Some(reason) = self.halt.get() {
            return Err(CommitError::NotStored(reason.clone()));
        }
        let mut undo = self.new_undo();
        let work = self.run(tasks, &mut undo);
        self.finish(work, undo)
    }

    fn answer(&mut self, question: Question) {
        question::answer(&self.conn, &mut self.memory, question);
    }

    fn tidy(&mut self) -> bool {
        if self.halt.get().is_some() || self.memory.tail.len() == 0 {
            return false;
        }
        if self.cycle.is_none() {
            self.cycle = Some(Cycle::begin(&self.memory.tail));
        }
        let mut undo = self.new_undo();
        let work = begin(&self.conn).and_then(|()| self.fold(TIDY_ROWS, &mut undo)).map(|effects| ((), effects));
        self.finish(work, undo).is_ok() && self.memory.tail.len() > 0
    }
}

/// Begins a transaction unless one runs.
fn begin(conn: &Connection) -> rusqlite::Result<()> {
    if conn.is_autocommit() {
        conn.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    }
    Ok(())
}

/// The last projected journal row.
pub(super) fn projected(conn: &Connection) -> rusqlite::Result<Gseq> {
    let value: Option<i64> =
        conn.query_row("SELECT value FROM ledger_meta WHERE name = 'projected'", [], |row| row.get(0)).optional()?;
    Ok(value.unwrap_or(0) as Gseq)
}

/// What went back of an entry, by memory first.
pub(super) fn reversed(conn: &Connection, reversals: &Reversals, no: AccountNo, seq: u64) -> rusqlite::Result<Amount> {
    if let Some(amount) = reversals.get(&(no, seq)) {
        return Ok(*amount);
    }
    let projected: Option<i64> = conn
        .prepare_cached("SELECT reversed FROM entries WHERE account_no = ?1 AND seq = ?2")?
        .query_row([no as i64, seq as i64], |row| row.get(0))
        .optional()?;
    Ok(Amount::from_units(projected.unwrap_or(0)))
}

/// A journal row: whose it is, and the transaction.
pub(super) fn read_journal(conn: &Connection, gseq: Gseq) -> rusqlite::Result<Option<(AccountNo, Transaction)>> {
    conn.prepare_cached("SELECT account_no, body FROM journal WHERE gseq = ?1")?
        .query_row([gseq as i64], |row| {
            let tx = read_body(row.get_ref(1)?.as_blob()?).map_err(|what| {
                rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Blob, what.into())
            })?;
            Ok((row.get::<_, i64>(0)? as AccountNo, tx))
        })
        .optional()
}

/// A journal body: canonical bytes, then 32 bytes of hash.
pub(super) fn read_body(body: &[u8]) -> Result<Transaction, String> {
    let (canonical, hash) = split_body(body)?;
    decode(canonical, hash).map_err(|error| error.to_string())
}

/// The two parts of a journal body.
pub(super) fn split_body(body: &[u8]) -> Result<(&[u8], Hash), String> {
    let (canonical, hash) = body.split_last_chunk::<32>().ok_or("the row is too short")?;
    Ok((canonical, Hash(*hash)))
}

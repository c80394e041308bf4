//! Folds the tail of the journal into states and indexes, a slice at a time.
//!
//! A *cycle* covers all accounts that have rows in the tail when it starts, in order of their number, so that inserts
//! touch each page once. A slice is part of whatever transaction is running and is bounded in rows, so that it never
//! makes a commit wait long. An account is folded up to its present `seq`; its state is written last, in the same
//! transaction as its last entries. Rows are written with INSERT OR REPLACE: a cycle that is cut short by a crash or a
//! failed commit is simply begun again. Cost: a few row writes per account and two per transaction.

use ledger::{Account, AccountNo, Lot, Timestamp};
use rusqlite::{CachedStatement, Connection, params};
use rustc_hash::FxHashSet;

use crate::sqlite::memory::{Memory, Reversals};
use crate::sqlite::state::{self, ChangedLots, Slot, States, Totals};
use crate::sqlite::tail::{Gseq, Tail, TailRow};

/// One pass over the accounts of the tail.
pub(super) struct Cycle {
    /// The last journal row when it began; all up to it is projected when it ends.
    target: Gseq,
    /// Accounts to do, highest number first.
    accounts: Vec<AccountNo>,
    /// The account in work and its rows to write, newest first.
    current: Option<(AccountNo, Vec<Gseq>)>,
}

/// What a slice came to.
pub(super) struct Slice {
    /// States before the slice changed where their projection stands: to be put back when the commit fails.
    pub(super) before: Vec<Slot>,
    /// Accounts whose reversals the projection knows now.
    pub(super) folded: Vec<AccountNo>,
    /// The cycle is over: all journal rows up to this one are projected. Takes effect with the commit.
    pub(super) finished: Option<(Gseq, Totals)>,
}

impl Cycle {
    /// Begins a cycle over what is in the tail now.
    pub(super) fn begin(tail: &Tail) -> Self {
        let distinct: FxHashSet<AccountNo> = tail.rows().map(|row| row.account).collect();
        let mut accounts: Vec<AccountNo> = distinct.into_iter().collect();
        accounts.sort_unstable_by(|a, b| b.cmp(a));
        Cycle { target: tail.last(), accounts, current: None }
    }

    /// Folds up to `budget` rows.
    pub(super) fn slice(
        &mut self,
        conn: &Connection,
        memory: &mut Memory,
        mut budget: usize,
    ) -> rusqlite::Result<Slice> {
        let Memory { states, tail, reversals, totals, filter } = memory;
        let mut write = EntryWriter::new(conn)?;
        let mut slice = Slice { before: Vec::new(), folded: Vec::new(), finished: None };
        while budget > 0 {
            let Some((no, pending)) = &mut self.current else {
                let Some(no) = self.accounts.pop() else {
                    slice.finished = Some(self.finish(conn, tail, totals)?);
                    break;
                };
                self.current = Some((no, rows_after(states, tail, no, 0)));
                continue;
            };
            let no = *no;
            let mut last = 0;
            while budget > 0
                && let Some(gseq) = pending.pop()
            {
                if let Some(row) = tail.get(gseq) {
                    write.entry(gseq, row, reversals)?;
                    // Before the commit: a key too many in the filter does no harm, one too few would.
                    row.key.into_iter().for_each(|key| filter.insert(key));
                    last = row.seq;
                }
                budget -= 1;
            }
            if !pending.is_empty() {
                break;
            }
            // More may have come while the account was in work over several slices.
            *pending = rows_after(states, tail, no, last);
            if pending.is_empty() {
                if let Some(slot) = states.get_mut(no) {
                    slice.before.push(slot.clone());
                    write_state(conn, slot)?;
                    slice.folded.push(no);
                }
                self.current = None;
                budget = budget.saturating_sub(4);
            }
        }
        Ok(slice)
    }

    fn finish(&self, conn: &Connection, tail: &Tail, totals: &Totals) -> rusqlite::Result<(Gseq, Totals)> {
        let mut totals = totals.clone();
        let count = usize::try_from(self.target - tail.base()).unwrap_or(usize::MAX);
        add_totals(&mut totals, tail.rows().take(count));
        state::save_totals(conn, &totals)?;
        save_projected(conn, self.target)?;
        Ok((self.target, totals))
    }
}

/// Notes that everything up to a journal row is projected.
pub(super) fn save_projected(conn: &Connection, gseq: Gseq) -> rusqlite::Result<()> {
    conn.prepare_cached("INSERT OR REPLACE INTO ledger_meta (name, value) VALUES ('projected', ?1)")?
        .execute([gseq as i64])?;
    Ok(())
}

/// Adds what rows moved to counter-accounts.
pub(super) fn add_totals<'a>(totals: &mut Totals, rows: impl Iterator<Item = &'a TailRow>) {
    for row in rows {
        for posting in &row.counters {
            *totals.entry((row.unit, posting.counter as u8)).or_default() += i128::from(posting.amount.units());
        }
    }
}

/// An account's rows that are not projected and come after `seq`, newest first.
fn rows_after(states: &States, tail: &Tail, no: AccountNo, seq: u64) -> Vec<Gseq> {
    let Some(slot) = states.get(no) else { return Vec::new() };
    let after = seq.max(slot.projected_seq);
    tail.of_account(slot.head).take_while(|(_, row)| row.seq > after).map(|(gseq, _)| gseq).collect()
}

/// Writes rows of history; keeps its statements ready for a whole slice.
pub(super) struct EntryWriter<'a> {
    conn: &'a Connection,
    entry: CachedStatement<'a>,
    key: CachedStatement<'a>,
}

impl<'a> EntryWriter<'a> {
    pub(super) fn new(conn: &'a Connection) -> rusqlite::Result<Self> {
        Ok(EntryWriter {
            conn,
            entry: conn.prepare_cached(
                "INSERT OR REPLACE INTO entries (account_no, seq, gseq, at_us, kind, lot_kinds, service, amount, reversed) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?,
            key: conn.prepare_cached(
                "INSERT OR REPLACE INTO entry_keys (account_no, key_hash, gseq) VALUES (?1, ?2, ?3)",
            )?,
        })
    }

    /// Writes a row, and what `reversals` says went back of it or, when it takes others back, of those.
    pub(super) fn entry(&mut self, gseq: Gseq, row: &TailRow, reversals: &Reversals) -> rusqlite::Result<()> {
        let account = row.account as i64;
        let reversed = reversals.get(&(row.account, row.seq)).map_or(0, |amount| amount.units());
        self.entry.execute(params![
            account,
            row.seq as i64,
            gseq as i64,
            row.at.micros(),
            row.kind.tag(),
            row.lot_kinds,
            row.service.as_deref(),
            row.amount.units(),
            reversed,
        ])?;
        if let Some(key) = row.key {
            self.key.execute(params![account, key, gseq as i64])?;
        }
        for entry in row.takes_back.into_iter().filter(|entry| *entry > 0) {
            if let Some(amount) = reversals.get(&(row.account, entry)) {
                self.conn
                    .prepare_cached("UPDATE entries SET reversed = ?3 WHERE account_no = ?1 AND seq = ?2")?
                    .execute(params![account, entry as i64, amount.units()])?;
            }
        }
        Ok(())
    }
}

/// Writes a state and marks it as projected; drops lots with nothing left from memory.
fn write_state(conn: &Connection, slot: &mut Slot) -> rusqlite::Result<()> {
    let account = &mut slot.account;
    write_account(conn, account)?;
    write_lots(conn, account.no, account.lots.iter().filter(|lot| slot.changed_lots.contains(lot.no)))?;
    account.take_spent_lots();
    if slot.projected_holds {
        conn.prepare_cached("DELETE FROM holds WHERE account_no = ?1")?.execute([account.no as i64])?;
    }
    write_holds(conn, account)?;
    slot.changed_lots = ChangedLots::default();
    slot.projected_holds = !account.holds.is_empty();
    slot.projected_seq = account.seq;
    slot.projected_balance = account.book_balance();
    slot.head = 0;
    Ok(())
}

/// Writes everything of a state but lots and holds.
pub(super) fn write_account(conn: &Connection, account: &Account) -> rusqlite::Result<()> {
    let next_due_at = account.next_due_at();
    conn.prepare_cached(
        "INSERT OR REPLACE INTO ledger_accounts (account_no, unit, seq, head, last_at_us, balance, overdraft, \
         overdraft_limit, closed, next_due_at_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute(params![
        account.no as i64,
        account.unit.code(),
        account.seq as i64,
        account.head.0,
        account.last_at.micros(),
        account.book_balance().units(),
        account.overdraft.units(),
        account.overdraft_limit.units(),
        account.closed,
        (next_due_at < Timestamp::MAX).then_some(next_due_at.micros()),
    ])?;
    Ok(())
}

/// Writes lots of an account.
pub(super) fn write_lots<'a>(
    conn: &Connection,
    no: AccountNo,
    lots: impl Iterator<Item = &'a Lot>,
) -> rusqlite::Result<()> {
    let mut statement = conn.prepare_cached(
        "INSERT OR REPLACE INTO lots (account_no, lot_no, kind, priority, allocated, remaining, held, effective_at_us, \
         expires_at_us, scope) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    for lot in lots {
        statement.execute(params![
            no as i64,
            lot.no as i64,
            lot.kind as u8,
            lot.priority,
            lot.allocated.units(),
            lot.remaining.units(),
            lot.held.units(),
            lot.effective_at.micros(),
            lot.expires_at.map(Timestamp::micros),
            state::write_scope(&lot.scope),
        ])?;
    }
    Ok(())
}

/// Writes the holds of an account that has none written.
pub(super) fn write_holds(conn: &Connection, account: &Account) -> rusqlite::Result<()> {
    for hold in &account.holds {
        conn.prepare_cached(
            "INSERT INTO holds (account_no, hold_no, expires_at_us, service, parts) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            account.no as i64,
            hold.no as i64,
            hold.expires_at.micros(),
            hold.service.as_deref(),
            state::write_parts(&hold.parts),
        ])?;
    }
    Ok(())
}

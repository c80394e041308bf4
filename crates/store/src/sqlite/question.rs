//! What readers ask the writer, because only its memory knows: present states and the tail of the journal.

use std::ops::Range;

use ledger::{Account, AccountNo, Amount};
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::sqlite::memory::Memory;
use crate::sqlite::projector;
use crate::sqlite::schema;
use crate::sqlite::state::{Totals, parse_unit};
use crate::sqlite::tail::Gseq;
use crate::{AccountRef, EntryFilter, StoreError};

/// A question with the place for its answer.
pub(crate) enum Question {
    /// The present state.
    Account(AccountRef, oneshot::Sender<Result<Option<Account>, StoreError>>),
    /// The newest entries that match and are not projected.
    Tail(TailQuestion, oneshot::Sender<Result<TailAnswer, StoreError>>),
    /// Sums of counter-accounts, and what accounts hold.
    Totals(oneshot::Sender<Result<TrialTotals, StoreError>>),
}

pub(crate) struct TailQuestion {
    pub(crate) account: AccountNo,
    pub(crate) filter: EntryFilter,
    /// Only entries with such a `seq`.
    pub(crate) range: Range<u64>,
    pub(crate) limit: usize,
}

pub(crate) struct TailAnswer {
    /// Entries up to this `seq` are in the projection.
    pub(crate) projected_seq: u64,
    /// Matching entries after it, newest first.
    pub(crate) found: Vec<(Gseq, Amount)>,
    /// What went back of older entries, where the projection does not know yet.
    pub(crate) reversals: Vec<(u64, Amount)>,
}

pub(crate) struct TrialTotals {
    pub(crate) counters: Totals,
    /// Book balances per unit; the second part of the key is always 0.
    pub(crate) accounts: Totals,
}

/// Answers; someone who no longer waits is no error.
pub(super) fn answer(conn: &Connection, memory: &mut Memory, question: Question) {
    match question {
        Question::Account(account, answer) => {
            let _ = answer.send(state(conn, memory, &account).map_err(schema::from));
        }
        Question::Tail(question, answer) => {
            let _ = answer.send(tail(conn, memory, &question).map_err(schema::from));
        }
        Question::Totals(answer) => {
            let _ = answer.send(totals(conn, memory).map_err(schema::from));
        }
    }
}

fn state(conn: &Connection, memory: &mut Memory, account: &AccountRef) -> rusqlite::Result<Option<Account>> {
    let no = memory.states.find(conn, account)?;
    Ok(no.and_then(|no| memory.states.get(no)).map(|slot| slot.account.clone()))
}

fn tail(conn: &Connection, memory: &mut Memory, question: &TailQuestion) -> rusqlite::Result<TailAnswer> {
    let no = question.account;
    let mut answer = TailAnswer { projected_seq: 0, found: Vec::new(), reversals: Vec::new() };
    if memory.states.find(conn, &AccountRef::No(no))?.is_none() {
        return Ok(answer);
    }
    let Some(slot) = memory.states.get(no) else { return Ok(answer) };
    answer.projected_seq = slot.projected_seq;
    for (gseq, row) in memory.tail.of_account(slot.head) {
        if answer.found.len() == question.limit || row.seq <= slot.projected_seq || row.seq < question.range.start {
            break;
        }
        let reversed = memory.reversals.get(&(no, row.seq)).copied().unwrap_or_default();
        if row.seq < question.range.end && row.matches(&question.filter, reversed) {
            answer.found.push((gseq, reversed));
        }
    }
    answer.reversals =
        memory.reversals.iter().filter(|((owner, _), _)| *owner == no).map(|((_, seq), sum)| (*seq, *sum)).collect();
    Ok(answer)
}

fn totals(conn: &Connection, memory: &mut Memory) -> rusqlite::Result<TrialTotals> {
    let mut counters = memory.totals.clone();
    projector::add_totals(&mut counters, memory.tail.rows());
    let mut accounts = Totals::new();
    // Sums of halves: the whole may be more than 64 bits.
    let mut statement =
        conn.prepare("SELECT unit, sum(balance >> 32), sum(balance & 4294967295) FROM ledger_accounts GROUP BY unit")?;
    let mut found = statement.query([])?;
    while let Some(row) = found.next()? {
        let unit = parse_unit(row.get_ref(0)?.as_str()?)?;
        let sum = (i128::from(row.get::<_, i64>(1)?) << 32) + i128::from(row.get::<_, i64>(2)?);
        accounts.insert((unit, 0), sum);
    }
    for slot in memory.states.iter().filter(|slot| slot.head != 0) {
        let since = slot.account.book_balance() - slot.projected_balance;
        *accounts.entry((slot.account.unit, 0)).or_default() += i128::from(since.units());
    }
    Ok(TrialTotals { counters, accounts })
}

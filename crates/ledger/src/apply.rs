//! Booking: a decision becomes a transaction, a transaction changes a state.

use std::sync::Arc;

use crate::decide::due;
use crate::transaction::Postings;
use crate::{
    Account, Amount, Command, Decision, Event, Hold, Lot, LotNo, LotSpec, Memo, Part, Rejection, Reversible, Timestamp,
    Transaction, chain, decide, encode,
};

/// A transaction with its canonical bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booked {
    /// The transaction.
    pub transaction: Transaction,
    /// What [`encode`] writes for it.
    pub canonical: Vec<u8>,
}

/// What a command came to.
#[derive(Debug)]
pub struct Executed {
    /// What had fallen due and was booked first; stands also when the command is refused.
    pub settled: Vec<Booked>,
    /// The command's own transaction (none for [`Op::Settle`](crate::Op::Settle)), or why it is refused.
    pub outcome: Result<Option<Booked>, Rejection>,
}

/// Books what is due, decides the command and books it. The state is changed by exactly what is returned. `past` is the
/// entry that the command takes back ([`Op::takes_back`](crate::Op::takes_back)), if there is one. Time never runs
/// backwards: a `now` before the account's last transaction counts as that.
pub fn execute(account: &mut Account, command: &Command, past: Option<&Reversible>, now: Timestamp) -> Executed {
    let now = now.max(account.last_at);
    let settled = settle(account, now);
    let past = past.cloned().map(|mut past| {
        settled.iter().for_each(|booked| past.learn(&booked.transaction));
        past
    });
    let outcome = decide(account, command, past.as_ref(), now)
        .map(|decision| decision.map(|decision| book(account, Some(command), decision, now)));
    Executed { settled, outcome }
}

/// Books what has fallen due by `now`, instant by instant: what it comes to does not depend on when somebody looks. A lot
/// that became effective repays the overdraft before it expires, also when both instants have passed unseen.
pub fn settle(account: &mut Account, now: Timestamp) -> Vec<Booked> {
    let mut settled = Vec::new();
    let mut instant = account.last_at.max(account.next_due_at());
    while instant <= now
        && let Some(decision) = due(account, instant)
    {
        settled.push(book(account, None, decision, now));
        instant = instant.max(account.next_due_at());
    }
    settled
}

fn book(account: &mut Account, command: Option<&Command>, decision: Decision, now: Timestamp) -> Booked {
    let mut tx = Transaction {
        seq: account.seq + 1,
        at: now,
        dated_at: decision.dated_at.unwrap_or(now),
        key: command.and_then(|command| command.key.clone()),
        input: command.map_or([0; 16], |command| command.input),
        actor: command.map_or_else(|| Arc::from("system"), |command| command.actor.clone()),
        memo: command.map_or_else(Memo::default, |command| command.memo.clone()),
        event: decision.event,
        counter: decision.counter,
        postings: decision.postings,
        overdraft: decision.overdraft,
        balance_after: Amount::ZERO,
        pending_after: Amount::ZERO,
        available_after: Amount::ZERO,
        hash: account.head,
    };
    change(account, &tx);
    tx.balance_after = account.book_balance();
    tx.pending_after = account.lots.iter().filter(|lot| lot.effective_at > now).map(|lot| lot.remaining).sum();
    tx.available_after = account.available(now);
    let mut canonical = Vec::with_capacity(192);
    encode(&tx, &mut canonical);
    tx.hash = chain::link(&account.id, account.unit, tx.seq, &canonical, account.head);
    account.head = tx.hash;
    Booked { transaction: tx, canonical }
}

/// Replays a booked transaction on a state that stands right before it. Says what does not fit; then the state must be
/// thrown away.
pub fn apply(account: &mut Account, tx: &Transaction) -> Result<(), String> {
    if tx.seq != account.seq + 1 {
        return Err(format!("transaction {} follows {}", tx.seq, account.seq));
    }
    let known = |lot: LotNo| account.lot(lot).is_some() || (lot == tx.seq && tx.event.new_lot().is_some());
    if let Some(lot) = tx.lots().find(|lot| !known(*lot)) {
        return Err(format!("transaction {} changes lot {lot}, which the account does not have", tx.seq));
    }
    change(account, tx);
    account.head = tx.hash;
    let balance = account.book_balance();
    if balance != tx.balance_after {
        return Err(format!(
            "transaction {} says balance {:?}, its movements say {balance:?}",
            tx.seq, tx.balance_after
        ));
    }
    Ok(())
}

fn change(account: &mut Account, tx: &Transaction) {
    account.seq = tx.seq;
    account.last_at = tx.at;
    if let Some(spec) = tx.event.new_lot() {
        account.insert_lot(new_lot(spec, tx));
    }
    match &tx.event {
        Event::Opened { overdraft_limit } => account.overdraft_limit = *overdraft_limit,
        Event::Configured { overdraft_limit, closed } => {
            account.overdraft_limit = *overdraft_limit;
            account.closed = *closed;
        }
        Event::HoldPlaced { expires_at, parts } => {
            for part in parts {
                edit(account, part.lot, |lot| lot.held += part.amount);
            }
            let service = tx.memo.service.clone();
            account.holds.push(Hold { no: tx.seq, expires_at: *expires_at, service, parts: parts.clone() });
        }
        Event::HoldCaptured { hold, .. } | Event::HoldReleased { hold } | Event::HoldExpired { hold } => {
            end_hold(account, *hold);
        }
        Event::HoldExtended { hold, expires_at } => {
            if let Some(hold) = account.holds.iter_mut().find(|known| known.no == *hold) {
                hold.expires_at = *expires_at;
            }
        }
        Event::LotVoided { lot } => move_expiry(account, *lot, |old| Some(old.map_or(tx.at, |old| old.min(tx.at)))),
        Event::LotExpiryChanged { lot, expires_at } => move_expiry(account, *lot, |_| *expires_at),
        _ => {}
    }
    post(account, &tx.postings);
    account.overdraft -= tx.overdraft;
}

fn post(account: &mut Account, postings: &Postings) {
    for posting in postings {
        edit(account, posting.lot, |lot| lot.remaining += posting.amount);
    }
}

fn edit(account: &mut Account, no: LotNo, change: impl FnOnce(&mut Lot)) {
    if let Some(lot) = account.lots.iter_mut().find(|lot| lot.no == no) {
        change(lot);
    }
}

fn new_lot(spec: &LotSpec, tx: &Transaction) -> Lot {
    Lot {
        no: tx.seq,
        kind: spec.kind,
        priority: spec.priority,
        allocated: spec.allocated,
        remaining: Amount::ZERO,
        held: Amount::ZERO,
        effective_at: spec.effective_at.unwrap_or(tx.at),
        expires_at: spec.expires_at,
        scope: spec.scope.clone(),
    }
}

fn end_hold(account: &mut Account, no: u64) {
    if let Some(at) = account.holds.iter().position(|hold| hold.no == no) {
        let hold = account.holds.remove(at);
        for Part { lot, amount } in hold.parts {
            edit(account, lot, |lot| lot.held -= amount);
        }
    }
}

fn move_expiry(account: &mut Account, no: LotNo, change: impl FnOnce(Option<Timestamp>) -> Option<Timestamp>) {
    // Its place in the burn-down order may change with it.
    if let Some(mut lot) = account.lot(no).cloned() {
        lot.expires_at = change(lot.expires_at);
        account.insert_lot(lot);
    }
}

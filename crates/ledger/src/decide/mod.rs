//! The only place where credits move: what a command does to a state, decided without changing it.
//!
//! What is due comes first ([`settle`](crate::settle)): expiries, ended holds and repayments whose time has come are
//! booked before the command looks at the state, so a decision never sees a lot that has expired or a hold that has run
//! out. One command makes at most one transaction.

mod claw_back;
mod debit;
mod grant;
mod hold;
mod past;
mod reverse;

pub use past::Reversible;

use crate::{
    Account, Amount, Command, Counter, Event, LotKind, LotNo, LotSpec, Op, Posting, Postings, Rejection, Timestamp,
};

/// What a command comes to: everything of a transaction that is not given by the command and the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What happens.
    pub event: Event,
    /// The other side.
    pub counter: Counter,
    /// Movements of lots.
    pub postings: Postings,
    /// Movement of the overdraft: positive repays, negative takes.
    pub overdraft: Amount,
    /// The instant it belongs to, when that is not now.
    pub dated_at: Option<Timestamp>,
}

impl Decision {
    /// A decision that moves nothing.
    fn still(event: Event) -> Self {
        Decision { event, counter: Counter::None, postings: Postings::new(), overdraft: Amount::ZERO, dated_at: None }
    }

    /// Adds a movement of a lot; several of one lot become one, none of nothing is kept.
    fn post(&mut self, lot: LotNo, amount: Amount) {
        if amount.is_zero() {
            return;
        }
        match self.postings.iter_mut().find(|posting| posting.lot == lot) {
            Some(posting) => posting.amount += amount,
            None => self.postings.push(Posting { lot, amount }),
        }
    }
}

/// Decides a command on a state with nothing due. `past` is the entry that it takes back ([`Op::takes_back`]), if there is
/// one.
pub fn decide(
    account: &Account,
    command: &Command,
    past: Option<&Reversible>,
    now: Timestamp,
) -> Result<Option<Decision>, Rejection> {
    let service = command.memo.service.as_deref();
    let blocked = matches!(
        command.op,
        Op::Grant { .. } | Op::Debit { .. } | Op::Hold { .. } | Op::Extend { .. } | Op::Adjust { .. }
    );
    if account.closed && blocked {
        return Err(Rejection::AccountClosed);
    }
    let decision = match &command.op {
        Op::Settle => return Ok(None),
        Op::Open { overdraft_limit } => open(account, *overdraft_limit)?,
        Op::Configure { overdraft_limit, closed } => configure(account, *overdraft_limit, *closed)?,
        Op::Grant { lot, counter } => grant::grant(account, lot, *counter, now)?,
        Op::Debit { amount, on_insufficient } => {
            if amount.is_negative() || (amount.is_zero() && command.memo.pricing.is_none()) {
                return Err(Rejection::AmountNotPositive);
            }
            debit::debit(account, *amount, *on_insufficient, service, now)?
        }
        Op::Adjust { amount } => debit::adjust(account, *amount, now)?,
        Op::Hold { amount, ttl_seconds } => hold::place(account, *amount, *ttl_seconds, service, now)?,
        Op::Capture { hold, amount, overrun } => hold::capture(account, *hold, *amount, *overrun, now)?,
        Op::Release { hold } => hold::release(account, *hold)?,
        Op::Extend { hold, ttl_seconds } => hold::extend(account, *hold, *ttl_seconds, now)?,
        Op::Reverse { entry, amount } => reverse::reverse(account, *entry, *amount, past)?,
        Op::Void { lot } => grant::void(account, *lot, now)?,
        Op::ChangeExpiry { lot, expires_at } => grant::change_expiry(account, *lot, *expires_at, now)?,
        Op::ClawBack { lot, amount } => claw_back::claw_back(account, *lot, *amount, past)?,
        Op::Reinstate { entry, amount } => reverse::reinstate(account, *entry, *amount, past)?,
    };
    Ok(Some(decision))
}

/// What falls due at `instant`, one booking at a time until there is none: first the ends of holds, so that a lot loses
/// all it has at once, then expiries, then the repayment of the overdraft by lots that are able to pay for anything.
/// Nothing may have been due before `instant`.
pub(crate) fn due(account: &Account, instant: Timestamp) -> Option<Decision> {
    hold_end(account, instant).or_else(|| expiry(account, instant)).or_else(|| repayment(account, instant))
}

fn hold_end(account: &Account, instant: Timestamp) -> Option<Decision> {
    let ended = account.holds.iter().filter(|hold| hold.expires_at <= instant).min_by_key(|hold| hold.expires_at)?;
    let mut decision = Decision::still(Event::HoldExpired { hold: ended.no });
    decision.dated_at = Some(ended.expires_at);
    Some(decision)
}

fn expiry(account: &Account, instant: Timestamp) -> Option<Decision> {
    let expired = account.lots.iter().filter(|lot| lot.is_expired(instant) && lot.free().is_positive());
    let lot = expired.min_by_key(|lot| lot.expires_at)?;
    let mut decision = Decision::still(Event::LotExpired { lot: lot.no });
    decision.counter = Counter::Breakage;
    decision.post(lot.no, -lot.free());
    decision.dated_at = lot.expires_at;
    Some(decision)
}

fn repayment(account: &Account, instant: Timestamp) -> Option<Decision> {
    if !account.overdraft.is_positive() {
        return None;
    }
    let lot =
        account.lots.iter().find(|lot| lot.counts(instant) && lot.scope.is_empty() && lot.free().is_positive())?;
    let amount = lot.free().min(account.overdraft);
    let mut decision = Decision::still(Event::OverdraftRepaid);
    decision.post(lot.no, -amount);
    decision.overdraft = amount;
    decision.dated_at = Some(instant);
    Some(decision)
}

fn open(account: &Account, overdraft_limit: Amount) -> Result<Decision, Rejection> {
    if account.seq > 0 {
        return Err(Rejection::AlreadyOpen);
    }
    check_limit(overdraft_limit)?;
    Ok(Decision::still(Event::Opened { overdraft_limit }))
}

fn configure(account: &Account, limit: Option<Amount>, closed: Option<bool>) -> Result<Decision, Rejection> {
    let overdraft_limit = limit.unwrap_or(account.overdraft_limit);
    check_limit(overdraft_limit)?;
    Ok(Decision::still(Event::Configured { overdraft_limit, closed: closed.unwrap_or(account.closed) }))
}

fn check_limit(overdraft_limit: Amount) -> Result<(), Rejection> {
    if overdraft_limit.is_negative() {
        return Err(Rejection::LimitNegative);
    }
    if overdraft_limit > Amount::MAX { Err(Rejection::AmountTooLarge) } else { Ok(()) }
}

/// Lots may gain only so much that their sum stays within [`Amount::MAX`].
fn check_gain(account: &Account, gain: Amount) -> Result<(), Rejection> {
    let total = account.lots.iter().map(|lot| lot.remaining).sum::<Amount>();
    total.checked_add(gain).map(|_| ()).ok_or(Rejection::AmountTooLarge)
}

/// A lot for all services that counts at once and never expires.
fn plain_lot(kind: LotKind, allocated: Amount) -> LotSpec {
    LotSpec { kind, priority: None, allocated, effective_at: None, expires_at: None, scope: Box::default() }
}

/// Which counter-account gives a lot of this kind, and takes it back, when no gateway is involved.
const fn giver(kind: LotKind) -> Counter {
    match kind {
        LotKind::TopUp => Counter::Receivable,
        LotKind::Setup => Counter::Opening,
        LotKind::Manual | LotKind::Voucher | LotKind::Subscription => Counter::Promotion,
    }
}

impl LotSpec {
    /// Which counter-account gives a lot of this kind when no gateway is involved.
    pub const fn giver(&self) -> Counter {
        giver(self.kind)
    }
}

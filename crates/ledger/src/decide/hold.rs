//! Holds: earmarking credits, and the three ends of it.

use crate::decide::{Decision, debit};
use crate::{Account, Amount, Counter, Event, Hold, HoldNo, MAX_HOLD_TTL_SECONDS, Overrun, Part, Rejection, Timestamp};

/// Earmarks free credits in burn-down order; never overdraws.
pub(super) fn place(
    account: &Account,
    amount: Amount,
    ttl_seconds: i64,
    service: Option<&str>,
    now: Timestamp,
) -> Result<Decision, Rejection> {
    if !amount.is_positive() {
        return Err(Rejection::AmountNotPositive);
    }
    let expires_at = end(ttl_seconds, now)?;
    let mut taken = Decision::still(Event::OverdraftRepaid);
    let missing = debit::take(account, amount, |lot| lot.covers(service), &mut taken, now);
    if missing.is_positive() {
        return Err(Rejection::InsufficientCredits { available: amount - missing, required: amount });
    }
    let parts = taken.postings.iter().map(|posting| Part { lot: posting.lot, amount: -posting.amount }).collect();
    Ok(Decision::still(Event::HoldPlaced { expires_at, parts }))
}

/// Spends up to the hold from its parts and frees the rest; more than the hold goes by the policy.
pub(super) fn capture(
    account: &Account,
    no: HoldNo,
    amount: Amount,
    overrun: Overrun,
    now: Timestamp,
) -> Result<Decision, Rejection> {
    if !amount.is_positive() {
        return Err(Rejection::AmountNotPositive);
    }
    let hold = open(account, no)?;
    let held = hold.amount();
    if amount > held && overrun == Overrun::Reject {
        return Err(Rejection::CaptureExceedsHold { held });
    }
    let mut decision = Decision::still(Event::HoldCaptured { hold: no, requested: amount });
    decision.counter = Counter::Usage;
    let mut left = amount;
    for part in &hold.parts {
        let spent = part.amount.min(left);
        decision.post(part.lot, -spent);
        left -= spent;
    }
    if left.is_positive() && overrun == Overrun::Overdraw {
        let service = hold.service.as_deref();
        let missing = debit::take(account, left, |lot| lot.covers(service), &mut decision, now);
        if missing.is_positive() {
            debit::overdraw(account, missing, amount, &mut decision)?;
        }
    }
    Ok(decision)
}

pub(super) fn release(account: &Account, no: HoldNo) -> Result<Decision, Rejection> {
    open(account, no).map(|hold| Decision::still(Event::HoldReleased { hold: hold.no }))
}

pub(super) fn extend(account: &Account, no: HoldNo, ttl_seconds: i64, now: Timestamp) -> Result<Decision, Rejection> {
    let hold = open(account, no)?;
    let expires_at = end(ttl_seconds, now)?;
    Ok(Decision::still(Event::HoldExtended { hold: hold.no, expires_at }))
}

fn open(account: &Account, no: HoldNo) -> Result<&Hold, Rejection> {
    account.hold(no).ok_or(Rejection::HoldNotOpen)
}

fn end(ttl_seconds: i64, now: Timestamp) -> Result<Timestamp, Rejection> {
    if (1..=MAX_HOLD_TTL_SECONDS).contains(&ttl_seconds) {
        Ok(now.plus_seconds(ttl_seconds))
    } else {
        Err(Rejection::TtlOutOfRange)
    }
}

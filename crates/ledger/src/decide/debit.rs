//! Taking credits: lots in burn-down order, then, where the policy allows it, the overdraft.

use crate::decide::{Decision, grant, plain_lot};
use crate::{Account, Amount, Counter, Event, LotKind, OnInsufficient, Rejection, Timestamp};

pub(super) fn debit(
    account: &Account,
    amount: Amount,
    policy: OnInsufficient,
    service: Option<&str>,
    now: Timestamp,
) -> Result<Decision, Rejection> {
    let mut decision = Decision::still(Event::Debited { requested: amount });
    decision.counter = Counter::Usage;
    let missing = take(account, amount, |lot| lot.covers(service), &mut decision, now);
    if missing.is_positive() {
        let available = amount - missing;
        let short = Rejection::InsufficientCredits { available, required: amount };
        match policy {
            OnInsufficient::Reject => return Err(short),
            OnInsufficient::Partial if available.is_zero() => return Err(short),
            OnInsufficient::Partial => {}
            OnInsufficient::Overdraw => overdraw(account, missing, amount, &mut decision)?,
        }
    }
    Ok(decision)
}

/// A signed correction: upwards a manual lot, downwards by burn-down whatever the scopes say.
pub(super) fn adjust(account: &Account, amount: Amount, now: Timestamp) -> Result<Decision, Rejection> {
    if amount.is_zero() {
        return Err(Rejection::AmountNotPositive);
    }
    if amount.is_positive() {
        let lot = plain_lot(LotKind::Manual, amount);
        let mut decision = grant::grant(account, &lot, Counter::Promotion, now)?;
        decision.event = Event::Adjusted(Some(lot));
        return Ok(decision);
    }
    if amount < -Amount::MAX {
        return Err(Rejection::AmountTooLarge);
    }
    let mut decision = Decision::still(Event::Adjusted(None));
    decision.counter = Counter::Promotion;
    let wanted = -amount;
    let missing = take(account, wanted, |_| true, &mut decision, now);
    if missing.is_positive() {
        return Err(Rejection::InsufficientCredits { available: wanted - missing, required: wanted });
    }
    Ok(decision)
}

/// Posts `amount` to free credits in burn-down order and says what is missing.
pub(super) fn take(
    account: &Account,
    amount: Amount,
    may_pay: impl Fn(&crate::Lot) -> bool,
    decision: &mut Decision,
    now: Timestamp,
) -> Amount {
    let mut missing = amount;
    for lot in account.lots.iter().filter(|lot| lot.counts(now) && may_pay(lot)) {
        if missing.is_zero() {
            break;
        }
        let part = lot.free().min(missing);
        decision.post(lot.no, -part);
        missing -= part;
    }
    missing
}

/// Posts `missing` below zero, within the account's limit.
pub(super) fn overdraw(
    account: &Account,
    missing: Amount,
    required: Amount,
    decision: &mut Decision,
) -> Result<(), Rejection> {
    let room = (account.overdraft_limit - account.overdraft).max(Amount::ZERO);
    if missing > room {
        return Err(Rejection::InsufficientCredits { available: required - missing + room, required });
    }
    decision.overdraft -= missing;
    Ok(())
}

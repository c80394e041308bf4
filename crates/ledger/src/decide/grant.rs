//! Lots: granting, voiding, moving the expiry.

use crate::decide::{Decision, check_gain, giver};
use crate::{Account, Counter, Event, Lot, LotNo, LotSpec, Rejection, Timestamp};

/// A new lot. One that may pay for anything repays the overdraft first.
pub(super) fn grant(account: &Account, lot: &LotSpec, counter: Counter, now: Timestamp) -> Result<Decision, Rejection> {
    if !lot.allocated.is_positive() {
        return Err(Rejection::AmountNotPositive);
    }
    let effective_at = lot.effective_at.unwrap_or(now);
    if lot.expires_at.is_some_and(|expires_at| expires_at <= now || expires_at <= effective_at) {
        return Err(Rejection::ExpiryTooEarly);
    }
    check_gain(account, lot.allocated)?;
    let mut decision = Decision::still(Event::Granted(lot.clone()));
    decision.counter = counter;
    if lot.scope.is_empty() && effective_at <= now {
        decision.overdraft = account.overdraft.min(lot.allocated);
    }
    let rest = lot.allocated - decision.overdraft;
    decision.post(account.seq + 1, rest);
    Ok(decision)
}

/// Takes away what is free; what holds earmark goes when they end, because the lot ends now.
pub(super) fn void(account: &Account, no: LotNo, now: Timestamp) -> Result<Decision, Rejection> {
    let lot = running(account, no, now)?;
    let mut decision = Decision::still(Event::LotVoided { lot: no });
    decision.counter = giver(lot.kind);
    decision.post(no, -lot.free());
    Ok(decision)
}

pub(super) fn change_expiry(
    account: &Account,
    no: LotNo,
    expires_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<Decision, Rejection> {
    let lot = running(account, no, now)?;
    if expires_at.is_some_and(|expires_at| expires_at <= now || expires_at <= lot.effective_at) {
        return Err(Rejection::ExpiryTooEarly);
    }
    Ok(Decision::still(Event::LotExpiryChanged { lot: no, expires_at }))
}

fn running(account: &Account, no: LotNo, now: Timestamp) -> Result<&Lot, Rejection> {
    let lot = account.lot(no).ok_or(Rejection::LotNotFound)?;
    if lot.is_expired(now) { Err(Rejection::LotEnded) } else { Ok(lot) }
}

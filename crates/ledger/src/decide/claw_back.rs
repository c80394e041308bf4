//! Taking the credits of a payment back, because its money went back: a refund, or a dispute, which freezes them by this.

use crate::decide::{Decision, Reversible};
use crate::{Account, Amount, CounterPosting, Event, Kind, LotNo, Rejection};

/// Takes what is free in the lot, then what had left it unspent from the counter-accounts that have it. The rest was
/// spent or is held: it becomes overdraft, beyond the account's limit too, for it is not the customer's choice. The
/// counter-account that gave the lot gets all of it.
pub(super) fn claw_back(
    account: &Account,
    no: LotNo,
    amount: Option<Amount>,
    past: Option<&Reversible>,
) -> Result<Decision, Rejection> {
    let lot = account.lot(no).ok_or(Rejection::LotNotFound)?;
    let grant = past.filter(|past| past.entry.kind() == Kind::Grant).ok_or(Rejection::NotReversible)?;
    let mut left = grant.part(amount)?;
    let free = lot.free().min(left);
    left -= free;
    let mut lapsed = Vec::new();
    for had in &grant.lapsed {
        let share = had.amount.min(left);
        if share.is_positive() {
            lapsed.push(CounterPosting { amount: -share, ..*had });
            left -= share;
        }
    }
    account.overdraft.checked_add(left).ok_or(Rejection::AmountTooLarge)?;
    let mut decision = Decision::still(Event::ClawedBack { lot: no, lapsed: lapsed.into() });
    decision.counter = grant.entry.counter;
    decision.post(no, -free);
    decision.overdraft = -left;
    Ok(decision)
}

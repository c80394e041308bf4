//! Giving the credits of a debit back to where they came from, last taken first.

use crate::decide::{Decision, Reversible, check_gain};
use crate::{Account, Amount, Counter, Event, LotKind, LotSpec, Rejection};

/// What had been overdrawn goes back first, as it was taken last: it reduces the overdraft, and what has been repaid
/// since becomes a manual lot that never expires. Then lots in reverse burn-down order. A lot that has expired gets its
/// credits back and loses them again at the next touch.
pub(super) fn reverse(
    account: &Account,
    entry: u64,
    amount: Option<Amount>,
    reversible: Option<&Reversible>,
) -> Result<Decision, Rejection> {
    if entry == 0 || entry > account.seq {
        return Err(Rejection::EntryNotFound);
    }
    let debit = reversible.ok_or(Rejection::NotReversible)?;
    let taken = -(debit.postings.iter().map(|posting| posting.amount).sum::<Amount>() + debit.overdraft);
    let left = taken - debit.reversed;
    let amount = amount.unwrap_or(left);
    if amount > left || left.is_zero() {
        return Err(Rejection::ReversalTooLarge { reversible: left });
    }
    if !amount.is_positive() {
        return Err(Rejection::AmountNotPositive);
    }

    let mut decision = Decision::still(Event::Reversed { entry, rest: None });
    decision.counter = Counter::Usage;
    let mut window = Window { skip: debit.reversed, left: amount };
    let overdrawn = window.share(-debit.overdraft);
    decision.overdraft = overdrawn.min(account.overdraft);
    let rest = overdrawn - decision.overdraft;
    for posting in debit.postings.iter().rev() {
        decision.post(posting.lot, window.share(-posting.amount));
    }
    check_gain(account, amount - decision.overdraft)?;
    if rest.is_positive() {
        let lot = LotSpec {
            kind: LotKind::Manual,
            priority: None,
            allocated: rest,
            effective_at: None,
            expires_at: None,
            scope: Box::default(),
        };
        decision.post(account.seq + 1, rest);
        decision.event = Event::Reversed { entry, rest: Some(lot) };
    }
    Ok(decision)
}

/// Walks the parts of a debit: skips what earlier reversals gave back, then hands out the rest.
struct Window {
    skip: Amount,
    left: Amount,
}

impl Window {
    fn share(&mut self, part: Amount) -> Amount {
        let skipped = part.min(self.skip);
        self.skip -= skipped;
        let share = (part - skipped).min(self.left);
        self.left -= share;
        share
    }
}

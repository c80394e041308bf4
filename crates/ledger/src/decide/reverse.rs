//! Giving back what an entry took, last taken first: a debit or capture that is reversed, a clawback that is reinstated.

use crate::decide::{Decision, Reversible, check_gain, plain_lot};
use crate::{Account, Amount, CounterPosting, Event, Kind, LotKind, LotSpec, Posting, Postings, Rejection};

/// Gives the credits of a debit or capture back to where they came from. A lot that has expired loses them again at the
/// next touch.
pub(super) fn reverse(
    account: &Account,
    entry: u64,
    amount: Option<Amount>,
    past: Option<&Reversible>,
) -> Result<Decision, Rejection> {
    let debit = named(account, entry, past)?;
    if !matches!(debit.entry.kind(), Kind::Debit | Kind::Capture) {
        return Err(Rejection::NotReversible);
    }
    give_back(account, debit, amount, LotKind::Manual, |rest, _| Event::Reversed { entry, rest })
}

/// Gives the credits of a clawback back. What it had taken from breakage goes back there.
pub(super) fn reinstate(
    account: &Account,
    entry: u64,
    amount: Option<Amount>,
    past: Option<&Reversible>,
) -> Result<Decision, Rejection> {
    let clawback = named(account, entry, past)?;
    let Event::ClawedBack { lot, .. } = clawback.entry.event else { return Err(Rejection::NotReversible) };
    let kind = account.lot(lot).ok_or(Rejection::LotNotFound)?.kind;
    give_back(account, clawback, amount, kind, |rest, lapsed| Event::Reinstated { entry, lot, lapsed, rest })
}

fn named<'a>(account: &Account, entry: u64, past: Option<&'a Reversible>) -> Result<&'a Reversible, Rejection> {
    if entry == 0 || entry > account.seq {
        return Err(Rejection::EntryNotFound);
    }
    past.ok_or(Rejection::NotReversible)
}

/// What had been overdrawn goes back first, as it was taken last: it reduces the overdraft, and what has been repaid
/// since becomes a lot of the kind `rest`, for all services, that never expires: other credits repaid it, which were no
/// part of the lots that were taken from. Then lots in reverse burn-down order, then other counter-accounts.
fn give_back(
    account: &Account,
    past: &Reversible,
    amount: Option<Amount>,
    rest: LotKind,
    event: impl FnOnce(Option<LotSpec>, Box<[CounterPosting]>) -> Event,
) -> Result<Decision, Rejection> {
    let taken = &past.entry;
    let mut window = Window { skip: past.reversed, left: past.part(amount)? };
    let overdrawn = window.share(-taken.overdraft);
    let repaid = overdrawn.min(account.overdraft);
    let unowed = overdrawn - repaid;
    let lots = taken.postings.iter().rev();
    let lots: Postings = lots.map(|from| Posting { amount: window.share(-from.amount), ..*from }).collect();
    let lapsed = taken.event.lapsed().iter().rev();
    let lapsed = lapsed.map(|from| CounterPosting { amount: window.share(-from.amount), ..*from });
    let lapsed = lapsed.filter(|to| !to.amount.is_zero()).collect();

    let rest = unowed.is_positive().then(|| plain_lot(rest, unowed));
    let mut decision = Decision::still(event(rest, lapsed));
    decision.counter = taken.counter;
    decision.overdraft = repaid;
    lots.iter().for_each(|lot| decision.post(lot.lot, lot.amount));
    decision.post(account.seq + 1, unowed);
    check_gain(account, decision.postings.iter().map(|posting| posting.amount).sum())?;
    Ok(decision)
}

/// Walks the parts of an entry: skips what was given back before, then hands out the rest.
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

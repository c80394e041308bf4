//! What a decision must know of the past, because no state keeps it.

use std::sync::Arc;

use crate::{Amount, CounterPosting, Event, Kind, Rejection, Transaction};

/// An entry that a command takes back, as its store knows it: the debit or capture to reverse, the grant to claw back, the
/// clawback to reinstate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reversible {
    /// The entry.
    pub entry: Arc<Transaction>,
    /// What was taken back of it before: Σ [`Transaction::takes_back`].
    pub reversed: Amount,
    /// Of a grant: what has left its lot unspent, by the counter-accounts that have it now.
    pub lapsed: Vec<CounterPosting>,
}

impl Reversible {
    /// Kinds of transactions that [`Reversible::learn`] makes something of.
    pub const LEARNS: [Kind; 4] = [Kind::Expiry, Kind::Void, Kind::Clawback, Kind::Reinstatement];

    /// An entry of which nothing has left a lot unspent: a lot that has not ended lost nothing in that way.
    pub fn new(entry: Arc<Transaction>, reversed: Amount) -> Self {
        Reversible { entry, reversed, lapsed: Vec::new() }
    }

    /// Learns of a later transaction of the account; they come in their order. A grant whose lot has ended must learn of
    /// all that are of the kinds [`Reversible::LEARNS`].
    pub fn learn(&mut self, later: &Transaction) {
        match &later.event {
            Event::LotExpired { lot } | Event::LotVoided { lot } if *lot == self.entry.seq => {
                self.add(CounterPosting { counter: later.counter, amount: -later.amount() });
            }
            Event::ClawedBack { lot, lapsed } | Event::Reinstated { lot, lapsed, .. } if *lot == self.entry.seq => {
                lapsed.iter().for_each(|posting| self.add(*posting));
            }
            _ => {}
        }
    }

    fn add(&mut self, posting: CounterPosting) {
        match self.lapsed.iter_mut().find(|known| known.counter == posting.counter) {
            Some(known) => known.amount += posting.amount,
            None => self.lapsed.push(posting),
        }
    }

    /// How much a command takes back that asks for `amount` (`None`: for all that is left).
    pub(super) fn part(&self, amount: Option<Amount>) -> Result<Amount, Rejection> {
        let left = self.entry.given() + self.reversed;
        let left = left.max(-left);
        let amount = amount.unwrap_or(left);
        if amount > left || left.is_zero() {
            return Err(Rejection::ReversalTooLarge { reversible: left });
        }
        if amount.is_positive() { Ok(amount) } else { Err(Rejection::AmountNotPositive) }
    }
}

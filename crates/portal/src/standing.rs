//! What an account has now, and the one word that is said about it on every page.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use engine::Engine;
use engine::accounts::{AccountRecord, Located};
use ledger::{Amount, Lot, Timestamp};
use store::AccountView;

use crate::components::{Chip, Tone};
use crate::words::Words;

/// Credits that end within so many days are said to be expiring.
pub const EXPIRING_DAYS: i64 = 14;
/// A balance below this part of the smallest purchase is low.
const LOW_PART: i64 = 5;
/// Balances remembered at most; beyond it all are forgotten.
const REMEMBERED: usize = 10_000;

/// The last balances that could be read, for when they cannot: an old balance with its time is true, a zero is not.
#[derive(Default)]
pub struct LastKnown(Mutex<HashMap<Arc<str>, (Amount, Timestamp)>>);

/// What an account has.
#[derive(Clone, Debug)]
pub enum Standing {
    /// As it is now.
    Known(Box<AccountView>),
    /// It cannot be read: what it was when it last could.
    Unknown(Option<(Amount, Timestamp)>),
}

/// What is said about a balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// Nothing can be spent.
    Blocked,
    /// Little is left.
    Low,
    /// A part of it ends soon.
    Expiring,
}

impl Standing {
    /// Reads an account; what was read is remembered for worse times.
    pub async fn read(engine: &Engine, account: &Located, last: &LastKnown) -> Standing {
        match engine.view(account, None).await {
            Ok(view) => {
                let mut known = last.0.lock().unwrap_or_else(PoisonError::into_inner);
                if known.len() >= REMEMBERED {
                    known.clear();
                }
                known.insert(Arc::clone(&account.id), (view.account.balance(view.as_of), view.as_of));
                Standing::Known(Box::new(view))
            }
            Err(error) => {
                tracing::warn!(%error, "a balance cannot be read");
                let known = last.0.lock().unwrap_or_else(PoisonError::into_inner);
                Standing::Unknown(known.get(&account.id).copied())
            }
        }
    }

    /// The account as it is now, when it can be read.
    pub fn view(&self) -> Option<&AccountView> {
        match self {
            Standing::Known(view) => Some(view),
            Standing::Unknown(_) => None,
        }
    }

    /// What is to be said about it; `smallest` is the smallest purchase where amounts are free.
    pub fn word(&self, smallest: Option<Amount>) -> Option<Word> {
        let AccountView { account, as_of } = self.view()?;
        let low = smallest.map(|smallest| Amount::from_units(smallest.units() / LOW_PART));
        if !account.may_spend(*as_of) {
            return Some(Word::Blocked);
        }
        if low.is_some_and(|low| account.available(*as_of) < low) {
            return Some(Word::Low);
        }
        account.lots.iter().any(|lot| ends_soon(lot, *as_of)).then_some(Word::Expiring)
    }
}

/// Whether a lot with something left ends within [`EXPIRING_DAYS`].
pub fn ends_soon(lot: &Lot, now: Timestamp) -> bool {
    let soon = now.plus_seconds(EXPIRING_DAYS * 86_400);
    lot.free().is_positive() && lot.counts(now) && lot.expires_at.is_some_and(|expires_at| expires_at <= soon)
}

/// The smallest purchase of an account's site in its unit.
pub fn smallest_purchase(engine: &Engine, account: &AccountRecord) -> Option<Amount> {
    let site = engine.settings().sites.get(&account.site)?;
    let amounts = site.amounts.get(&account.unit).and_then(|amounts| amounts.bounds(account.unit));
    let pack = site.packs.iter().filter_map(|pack| pack.amount()).min();
    amounts.map(|bounds| bounds.minimum).or(pack)
}

impl Word {
    /// The word beside the balance.
    pub fn chip(self, words: Words) -> Chip {
        let (tone, key) = match self {
            Word::Blocked => (Tone::Bad, "portal-balance-blocked"),
            Word::Low => (Tone::Warn, "portal-balance-low"),
            Word::Expiring => (Tone::Warn, "portal-balance-expiring"),
        };
        Chip { tone, text: words.t(key) }
    }
}

#[cfg(test)]
mod tests {
    use ledger::{Account, LotKind, Unit};

    use super::*;

    const DAY_US: i64 = 86_400_000_000;

    fn standing(remaining: &str, ends_in_days: Option<i64>, closed: bool) -> Standing {
        let usd = Unit::parse("USD").unwrap();
        let now = Timestamp::from_micros(DAY_US * 1_000);
        let mut account = Account::new(1, "a".into(), usd);
        account.closed = closed;
        let remaining = usd.parse_amount(remaining).unwrap();
        account.insert_lot(Lot {
            no: 1,
            kind: LotKind::TopUp,
            priority: None,
            allocated: remaining,
            remaining,
            held: Amount::ZERO,
            effective_at: Timestamp::default(),
            expires_at: ends_in_days.map(|days| Timestamp::from_micros(now.micros() + days * DAY_US)),
            scope: Box::default(),
        });
        Standing::Known(Box::new(AccountView { account, as_of: now }))
    }

    #[test]
    fn one_word_is_said_and_the_worst_goes_first() {
        let smallest = Unit::parse("USD").unwrap().parse_amount("25").ok();
        // left, ends in days, closed, word
        let table = [
            ("100", None, false, None),
            ("100", Some(15), false, None),
            ("100", Some(14), false, Some(Word::Expiring)),
            ("4.99", None, false, Some(Word::Low)),
            ("4.99", Some(3), false, Some(Word::Low)),
            ("5", None, false, None),
            ("0", None, false, Some(Word::Blocked)),
            ("100", None, true, Some(Word::Blocked)),
        ];
        for (left, ends_in_days, closed, word) in table {
            assert_eq!(standing(left, ends_in_days, closed).word(smallest), word, "{left} {ends_in_days:?} {closed}");
        }
        assert_eq!(Standing::Unknown(None).word(smallest), None, "nothing is said about what is not known");
    }
}

//! Which attempt to capture an order is the next.
//!
//! PayPal answers a repeated request id with what it answered first. After a definite refusal (the payer's card was
//! declined, say) the next attempt therefore needs an id of its own, and after anything else it must have the same.
//! Kept in memory only: after a restart, or on another node, the first attempt hears the old refusal once more and the
//! payer approves once more. No attempt can take money twice, whatever its number: an order is captured once.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Payments that were refused and not yet paid; beyond this all are forgotten, which costs as much as a restart.
const REMEMBERED_MAX: usize = 10_000;

/// How many attempts of each top-up were definitely refused.
#[derive(Debug, Default)]
pub(crate) struct Attempts(Mutex<HashMap<String, u32>>);

impl Attempts {
    /// The number of the next attempt, from 1.
    pub(crate) fn next(&self, topup_id: &str) -> u32 {
        self.lock().get(topup_id).map_or(1, |refused| refused + 1)
    }

    /// This attempt was definitely refused.
    pub(crate) fn refused(&self, topup_id: &str, attempt: u32) {
        let mut refused = self.lock();
        if refused.len() >= REMEMBERED_MAX && !refused.contains_key(topup_id) {
            refused.clear();
        }
        refused.insert(topup_id.to_owned(), attempt);
    }

    /// It needs no further attempt.
    pub(crate) fn done(&self, topup_id: &str) {
        self.lock().remove(topup_id);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_grows_with_refusals_only_and_is_bounded_in_memory() {
        let attempts = Attempts::default();
        assert_eq!([attempts.next("a"), attempts.next("a")], [1, 1]);
        attempts.refused("a", 1);
        attempts.refused("a", 2);
        assert_eq!([attempts.next("a"), attempts.next("b")], [3, 1]);
        attempts.done("a");
        assert_eq!(attempts.next("a"), 1);
        for n in 0..=REMEMBERED_MAX {
            attempts.refused(&n.to_string(), 1);
        }
        assert_eq!(attempts.lock().len(), 1);
    }
}

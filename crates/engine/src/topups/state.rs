//! Where a payment stands, and what it may become.
//!
//! One machine for every gateway: `created → awaiting_customer → confirming → succeeded | failed | expired |
//! under_review | unknown`; afterwards `partly_refunded | refunded | disputed → dispute_won | dispute_lost`. Invariants:
//! it only moves forward; what has succeeded never fails any more; a success that comes after `failed` or `expired` still
//! counts, because the money was taken. Pure.

/// The state of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Written down; the gateway may have been asked, no answer is recorded.
    Created,
    /// The customer has to act on a page.
    AwaitingCustomer,
    /// The gateway took it; the verified notice is awaited.
    Confirming,
    /// Paid and credited.
    Succeeded,
    /// Nothing was charged.
    Failed,
    /// Nobody paid in time.
    Expired,
    /// The gateway looks into it, or tells of something else than what was asked: nothing is credited meanwhile.
    UnderReview,
    /// The gateway's answer left open what happened.
    Unknown,
    /// A part of the money went back.
    PartlyRefunded,
    /// All of the money went back.
    Refunded,
    /// The payer disputes it: the credits are taken back until it is decided.
    Disputed,
    /// Decided for us.
    DisputeWon,
    /// Decided for the payer.
    DisputeLost,
}

use State::{
    AwaitingCustomer, Confirming, Created, DisputeLost, DisputeWon, Disputed, Expired, Failed, PartlyRefunded,
    Refunded, Succeeded, UnderReview, Unknown,
};

impl State {
    /// Every state.
    pub const ALL: [State; 13] = [
        Created,
        AwaitingCustomer,
        Confirming,
        Succeeded,
        Failed,
        Expired,
        UnderReview,
        Unknown,
        PartlyRefunded,
        Refunded,
        Disputed,
        DisputeWon,
        DisputeLost,
    ];

    /// The name in the database and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Created => "created",
            AwaitingCustomer => "awaiting_customer",
            Confirming => "confirming",
            Succeeded => "succeeded",
            Failed => "failed",
            Expired => "expired",
            UnderReview => "under_review",
            Unknown => "unknown",
            PartlyRefunded => "partly_refunded",
            Refunded => "refunded",
            Disputed => "disputed",
            DisputeWon => "dispute_won",
            DisputeLost => "dispute_lost",
        }
    }

    /// The state of a name.
    pub fn parse(name: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether the gateway still has to tell how it ends. An open payment is asked about again and again.
    pub const fn is_open(self) -> bool {
        matches!(self, Created | AwaitingCustomer | Confirming | Unknown)
    }

    /// Whether another charge of the account must wait: it is not known whether this one took money.
    pub const fn blocks_charges(self) -> bool {
        matches!(self, Created | Unknown)
    }

    /// Whether its credits were granted.
    pub const fn was_credited(self) -> bool {
        matches!(self, Succeeded | PartlyRefunded | Refunded | Disputed | DisputeWon | DisputeLost)
    }

    /// What people are told: `pending`, `success` or `failed`.
    pub const fn shown(self) -> &'static str {
        match self {
            Created | AwaitingCustomer | Confirming | UnderReview | Unknown => "pending",
            Failed | Expired => "failed",
            _ => "success",
        }
    }

    /// Whether a payment may go from here to there.
    pub const fn may_become(self, next: State) -> bool {
        match self {
            Created => {
                matches!(next, AwaitingCustomer | Confirming | Succeeded | Failed | Expired | UnderReview | Unknown)
            }
            AwaitingCustomer => matches!(next, Confirming | Succeeded | Failed | Expired | UnderReview | Unknown),
            Unknown => matches!(next, Confirming | Succeeded | Failed | Expired | UnderReview),
            Confirming => matches!(next, Succeeded | Failed | Expired | UnderReview),
            Failed | Expired => matches!(next, Succeeded | UnderReview),
            UnderReview => matches!(next, Succeeded),
            Succeeded => matches!(next, PartlyRefunded | Refunded | Disputed),
            PartlyRefunded => matches!(next, Refunded | Disputed),
            Refunded => matches!(next, Disputed),
            Disputed => matches!(next, DisputeWon | DisputeLost),
            DisputeWon | DisputeLost => false,
        }
    }
}

/// What the caller of a purchase was told for good. It is told again for the same idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// Paid.
    Paid,
    /// On its way.
    Processing,
    /// Every card refused.
    Refused,
    /// The customer vanished from the gateway before the charge.
    NoCustomer,
    /// The cards vanished from the gateway before the charge.
    NoCard,
    /// The gateway refused the request itself; an operator has to act.
    Broken,
}

impl Answer {
    const ALL: [Answer; 6] =
        [Answer::Paid, Answer::Processing, Answer::Refused, Answer::NoCustomer, Answer::NoCard, Answer::Broken];

    /// The name in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Answer::Paid => "paid",
            Answer::Processing => "processing",
            Answer::Refused => "refused",
            Answer::NoCustomer => "no_customer",
            Answer::NoCard => "no_card",
            Answer::Broken => "broken",
        }
    }

    /// The answer of a name.
    pub fn parse(name: &str) -> Option<Answer> {
        Answer::ALL.into_iter().find(|answer| answer.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payments_only_move_forward() {
        // from, every state it may become
        let table: [(State, &[State]); 13] = [
            (Created, &[AwaitingCustomer, Confirming, Succeeded, Failed, Expired, UnderReview, Unknown]),
            (AwaitingCustomer, &[Confirming, Succeeded, Failed, Expired, UnderReview, Unknown]),
            (Confirming, &[Succeeded, Failed, Expired, UnderReview]),
            (Unknown, &[Confirming, Succeeded, Failed, Expired, UnderReview]),
            (Failed, &[Succeeded, UnderReview]),
            (Expired, &[Succeeded, UnderReview]),
            (UnderReview, &[Succeeded]),
            (Succeeded, &[PartlyRefunded, Refunded, Disputed]),
            (PartlyRefunded, &[Refunded, Disputed]),
            (Refunded, &[Disputed]),
            (Disputed, &[DisputeWon, DisputeLost]),
            (DisputeWon, &[]),
            (DisputeLost, &[]),
        ];
        for (from, allowed) in table {
            for next in State::ALL {
                assert_eq!(from.may_become(next), allowed.contains(&next), "{} → {}", from.name(), next.name());
            }
        }
    }

    #[test]
    fn no_walk_comes_back() {
        fn walk(state: State, seen: &mut Vec<State>) {
            assert!(!seen.contains(&state), "{seen:?} comes back to {state:?}");
            seen.push(state);
            for next in State::ALL.into_iter().filter(|next| state.may_become(*next)) {
                walk(next, seen);
            }
            seen.pop();
        }
        walk(Created, &mut Vec::new());
    }

    #[test]
    fn credits_are_never_forgotten() {
        for state in State::ALL.into_iter().filter(|state| state.was_credited()) {
            for next in State::ALL.into_iter().filter(|next| state.may_become(*next)) {
                assert!(next.was_credited(), "{state:?} → {next:?}");
            }
        }
    }

    #[test]
    fn names_are_read_back() {
        for state in State::ALL {
            assert_eq!(State::parse(state.name()), Some(state));
        }
        for answer in Answer::ALL {
            assert_eq!(Answer::parse(answer.name()), Some(answer));
        }
        assert_eq!((State::parse("paid"), Answer::parse("succeeded")), (None, None));
    }

    #[test]
    fn what_blocks_is_open() {
        for state in State::ALL {
            assert!(!state.blocks_charges() || state.is_open(), "{state:?}");
            assert!(!state.is_open() || state.may_become(Succeeded), "{state:?} could never be settled");
        }
    }
}

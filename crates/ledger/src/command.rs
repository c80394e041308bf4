//! What may be asked of an account. A command carries who asks, its idempotency key and the hash of its input; the
//! operation says what should happen. Nothing here decides anything.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Amount, Counter, HoldNo, LotKind, LotNo, Timestamp};

/// First 16 bytes of the SHA-256 of a request in canonical form: tells a repeat from a reuse of a key.
pub type InputHash = [u8; 16];

/// Longest life of a hold: 7 days.
pub const MAX_HOLD_TTL_SECONDS: i64 = 604_800;

/// A request to one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Idempotency key, unique per account for ever. Only the system's own bookings have none.
    pub key: Option<Box<str>>,
    /// Hash of the request the key belongs to.
    pub input: InputHash,
    /// Who asks, for the record: `key:…`, `gateway:stripe`, `job:sweep`.
    pub actor: Arc<str>,
    /// What the caller wants remembered.
    pub memo: Memo,
    /// What should happen.
    pub op: Op,
}

/// What a caller wants remembered beside the numbers. `service` also decides which scoped lots may pay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memo {
    /// What the credits are spent on.
    pub service: Option<Box<str>>,
    /// Which instance of the service.
    pub resource: Option<Box<str>>,
    /// The caller's own reference.
    pub reference: Option<Box<str>>,
    /// Text for people; the reason of an operator's action.
    pub description: Option<Box<str>>,
    /// A JSON object, as text.
    pub metadata: Option<Box<str>>,
    /// How a price became the amount: a JSON object, as text.
    pub pricing: Option<Box<str>>,
}

/// A lot to be granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LotSpec {
    /// Where it comes from.
    pub kind: LotKind,
    /// Overrides the class rank of the kind.
    pub priority: Option<i32>,
    /// How much, more than nothing.
    pub allocated: Amount,
    /// Counts from this instant on; `None`: at once.
    pub effective_at: Option<Timestamp>,
    /// Stops counting at this instant; `None`: never.
    pub expires_at: Option<Timestamp>,
    /// Services it may pay for; empty means all.
    pub scope: Box<[Box<str>]>,
}

/// What a debit does when the credits do not suffice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnInsufficient {
    /// Nothing is taken.
    #[default]
    Reject,
    /// What is there is taken.
    Partial,
    /// The rest goes below zero, up to the account's limit.
    Overdraw,
}

/// What a capture does when it asks for more than the hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overrun {
    /// Nothing is captured.
    #[default]
    Reject,
    /// The hold is captured, the rest is forgone.
    Cap,
    /// The rest is taken like a debit that may overdraw.
    Overdraw,
}

/// What should happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// The first command of an account.
    Open {
        /// How far below zero it may go on request.
        overdraft_limit: Amount,
    },
    /// Change the account's terms.
    Configure {
        /// A new limit.
        overdraft_limit: Option<Amount>,
        /// Close or reopen.
        closed: Option<bool>,
    },
    /// Give credits.
    Grant {
        /// The new lot.
        lot: LotSpec,
        /// Which counter-account gives.
        counter: Counter,
    },
    /// Take credits.
    Debit {
        /// How much, more than nothing; nothing is allowed for priced usage that costs nothing.
        amount: Amount,
        /// What if they do not suffice.
        on_insufficient: OnInsufficient,
    },
    /// Correct a balance by a signed amount.
    Adjust {
        /// More than nothing grants a manual lot, less takes by burn-down, ignoring scopes.
        amount: Amount,
    },
    /// Earmark credits.
    Hold {
        /// How much, more than nothing.
        amount: Amount,
        /// Life from now, 1 to [`MAX_HOLD_TTL_SECONDS`].
        ttl_seconds: i64,
    },
    /// Spend a hold and end it.
    Capture {
        /// Which hold.
        hold: HoldNo,
        /// How much.
        amount: Amount,
        /// What if that is more than the hold.
        overrun: Overrun,
    },
    /// End a hold without spending.
    Release {
        /// Which hold.
        hold: HoldNo,
    },
    /// Give a hold a new life from now.
    Extend {
        /// Which hold.
        hold: HoldNo,
        /// Life from now, 1 to [`MAX_HOLD_TTL_SECONDS`].
        ttl_seconds: i64,
    },
    /// Give the credits of a debit or capture back to the lots they came from.
    Reverse {
        /// `seq` of the debit or capture.
        entry: u64,
        /// How much; `None`: all that is not reversed yet.
        amount: Option<Amount>,
    },
    /// Take away what is free in a lot and end it.
    Void {
        /// Which lot.
        lot: LotNo,
    },
    /// Move the expiry of a lot.
    ChangeExpiry {
        /// Which lot.
        lot: LotNo,
        /// The new expiry, after now; `None`: never.
        expires_at: Option<Timestamp>,
    },
    /// Take back the credits of a payment whose money went back: it was refunded, or is disputed.
    ClawBack {
        /// The payment's lot.
        lot: LotNo,
        /// How much; `None`: all that is not clawed back yet.
        amount: Option<Amount>,
    },
    /// Give back the credits of a clawback: the dispute was won, or the refund failed.
    Reinstate {
        /// `seq` of the clawback.
        entry: u64,
        /// How much; `None`: all that is not reinstated yet.
        amount: Option<Amount>,
    },
    /// Book what has fallen due, nothing else.
    Settle,
}

impl Op {
    /// `seq` of the entry that it takes back: the store must tell what it knows of it
    /// ([`Reversible`](crate::Reversible)), and bring back the lots that the entry posted to or made.
    pub const fn takes_back(&self) -> Option<u64> {
        match self {
            Op::Reverse { entry, .. } | Op::Reinstate { entry, .. } => Some(*entry),
            Op::ClawBack { lot, .. } => Some(*lot),
            _ => None,
        }
    }
}

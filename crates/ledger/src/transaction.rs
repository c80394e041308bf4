//! One movement, immutable once booked.
//!
//! Every transaction sums to zero: its lot postings, its overdraft posting and the posting of its counter-account,
//! which is by construction the negated sum of the others ([`Transaction::given`]). Transactions of an account are
//! numbered without gaps and chained by hash (see [`crate::chain`]).

use std::iter;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::{Amount, Counter, CounterPosting, Hash, HoldNo, InputHash, LotNo, LotSpec, Memo, Part, Timestamp};

/// A signed movement of one lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posting {
    /// Which lot.
    pub lot: LotNo,
    /// What it gains; negative when it is spent.
    pub amount: Amount,
}

/// Lot postings of a transaction; most have one.
pub type Postings = SmallVec<[Posting; 2]>;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The account began.
    Opened {
        /// How far below zero it may go on request.
        overdraft_limit: Amount,
    },
    /// The account's terms changed.
    Configured {
        /// The limit from now on.
        overdraft_limit: Amount,
        /// Whether it is closed from now on.
        closed: bool,
    },
    /// A lot was granted; its number is the transaction's `seq`.
    Granted(LotSpec),
    /// Credits were spent.
    Debited {
        /// What was asked for (a partial debit takes less).
        requested: Amount,
    },
    /// A balance was corrected; upwards by a new lot.
    Adjusted(Option<LotSpec>),
    /// Credits were earmarked; the hold's number is the transaction's `seq`.
    HoldPlaced {
        /// When it runs out.
        expires_at: Timestamp,
        /// What is earmarked where.
        parts: Box<[Part]>,
    },
    /// A hold was spent and ended.
    HoldCaptured {
        /// Which hold.
        hold: HoldNo,
        /// What was asked for.
        requested: Amount,
    },
    /// A hold was ended unspent.
    HoldReleased {
        /// Which hold.
        hold: HoldNo,
    },
    /// A hold ran out.
    HoldExpired {
        /// Which hold.
        hold: HoldNo,
    },
    /// A hold got a new life.
    HoldExtended {
        /// Which hold.
        hold: HoldNo,
        /// When it runs out now.
        expires_at: Timestamp,
    },
    /// Credits of a debit went back.
    Reversed {
        /// `seq` of the debit or capture.
        entry: u64,
        /// A new lot for what had been overdrawn and repaid since.
        rest: Option<LotSpec>,
    },
    /// What was free in a lot expired.
    LotExpired {
        /// Which lot.
        lot: LotNo,
    },
    /// What was free in a lot was taken away, and the lot ended.
    LotVoided {
        /// Which lot.
        lot: LotNo,
    },
    /// A lot got another expiry.
    LotExpiryChanged {
        /// Which lot.
        lot: LotNo,
        /// The new expiry.
        expires_at: Option<Timestamp>,
    },
    /// A lot that became able to pay repaid the overdraft.
    OverdraftRepaid,
    /// Credits of a payment were taken back, because its money went back.
    ClawedBack {
        /// The payment's lot.
        lot: LotNo,
        /// What had left the lot unspent is taken from the counter-accounts that had it (negative).
        lapsed: Box<[CounterPosting]>,
    },
    /// Credits of a clawback were given back.
    Reinstated {
        /// `seq` of the clawback.
        entry: u64,
        /// The lot that it clawed back.
        lot: LotNo,
        /// What had left the lot unspent goes back to these counter-accounts (positive).
        lapsed: Box<[CounterPosting]>,
        /// A new lot for what had become overdraft and was repaid since.
        rest: Option<LotSpec>,
    },
}

/// The kind of a transaction, as filters and exports name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names of the events they belong to")]
pub enum Kind {
    Open,
    Configure,
    Grant,
    Debit,
    Adjustment,
    Hold,
    Capture,
    Release,
    HoldExpiry,
    HoldExtension,
    Reversal,
    Expiry,
    Void,
    ExpiryChange,
    Repayment,
    Clawback,
    Reinstatement,
}

impl Kind {
    /// Every kind, in the order of their tags.
    pub const ALL: [Kind; 17] = [
        Kind::Open,
        Kind::Configure,
        Kind::Grant,
        Kind::Debit,
        Kind::Adjustment,
        Kind::Hold,
        Kind::Capture,
        Kind::Release,
        Kind::HoldExpiry,
        Kind::HoldExtension,
        Kind::Reversal,
        Kind::Expiry,
        Kind::Void,
        Kind::ExpiryChange,
        Kind::Repayment,
        Kind::Clawback,
        Kind::Reinstatement,
    ];

    /// The tag in stored bytes.
    pub const fn tag(self) -> u8 {
        self as u8
    }

    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Open => "open",
            Kind::Configure => "configure",
            Kind::Grant => "grant",
            Kind::Debit => "debit",
            Kind::Adjustment => "adjustment",
            Kind::Hold => "hold",
            Kind::Capture => "capture",
            Kind::Release => "release",
            Kind::HoldExpiry => "hold_expiry",
            Kind::HoldExtension => "hold_extension",
            Kind::Reversal => "reversal",
            Kind::Expiry => "expiry",
            Kind::Void => "void",
            Kind::ExpiryChange => "expiry_change",
            Kind::Repayment => "repayment",
            Kind::Clawback => "clawback",
            Kind::Reinstatement => "reinstatement",
        }
    }

    /// Whether credit history shows it unasked: it changes the balance.
    pub const fn moves_credits(self) -> bool {
        match self {
            Kind::Grant | Kind::Debit | Kind::Adjustment | Kind::Capture | Kind::Reversal => true,
            Kind::Expiry | Kind::Void | Kind::Clawback | Kind::Reinstatement => true,
            Kind::Open | Kind::Configure | Kind::ExpiryChange | Kind::Repayment => false,
            Kind::Hold | Kind::Release | Kind::HoldExpiry | Kind::HoldExtension => false,
        }
    }
}

impl Event {
    /// Its kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Event::Opened { .. } => Kind::Open,
            Event::Configured { .. } => Kind::Configure,
            Event::Granted(_) => Kind::Grant,
            Event::Debited { .. } => Kind::Debit,
            Event::Adjusted(_) => Kind::Adjustment,
            Event::HoldPlaced { .. } => Kind::Hold,
            Event::HoldCaptured { .. } => Kind::Capture,
            Event::HoldReleased { .. } => Kind::Release,
            Event::HoldExpired { .. } => Kind::HoldExpiry,
            Event::HoldExtended { .. } => Kind::HoldExtension,
            Event::Reversed { .. } => Kind::Reversal,
            Event::LotExpired { .. } => Kind::Expiry,
            Event::LotVoided { .. } => Kind::Void,
            Event::LotExpiryChanged { .. } => Kind::ExpiryChange,
            Event::OverdraftRepaid => Kind::Repayment,
            Event::ClawedBack { .. } => Kind::Clawback,
            Event::Reinstated { .. } => Kind::Reinstatement,
        }
    }

    /// The lot it brings into being, whose number is the transaction's `seq`.
    pub const fn new_lot(&self) -> Option<&LotSpec> {
        match self {
            Event::Granted(lot) | Event::Adjusted(Some(lot)) => Some(lot),
            Event::Reversed { rest, .. } | Event::Reinstated { rest, .. } => rest.as_ref(),
            _ => None,
        }
    }

    /// What it moves on counter-accounts beside [`Transaction::counter`].
    pub fn lapsed(&self) -> &[CounterPosting] {
        match self {
            Event::ClawedBack { lapsed, .. } | Event::Reinstated { lapsed, .. } => lapsed,
            _ => &[],
        }
    }
}

/// One booked movement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// Number within the account, from 1, without gaps.
    pub seq: u64,
    /// When it was booked.
    pub at: Timestamp,
    /// The instant it belongs to: for what the system booked, when it fell due; else `at`.
    pub dated_at: Timestamp,
    /// Idempotency key; the system's own bookings have none.
    pub key: Option<Box<str>>,
    /// Hash of the request the key belongs to.
    pub input: InputHash,
    /// Who asked.
    pub actor: Arc<str>,
    /// What the caller wanted remembered.
    pub memo: Memo,
    /// What happened.
    pub event: Event,
    /// The other side; a clawback may have more ([`Event::lapsed`]).
    pub counter: Counter,
    /// Movements of lots, in the order in which they paid; a reversal goes through it backwards.
    pub postings: Postings,
    /// Movement of the overdraft: positive repays, negative takes.
    pub overdraft: Amount,
    /// Book balance afterwards: Σ remaining of all lots − overdraft.
    pub balance_after: Amount,
    /// The part of `balance_after` in lots that were not effective yet.
    pub pending_after: Amount,
    /// Free credits afterwards, less the overdraft.
    pub available_after: Amount,
    /// Hash of this transaction and, through the previous one, of all before.
    pub hash: Hash,
}

impl Transaction {
    /// What the balance gains: Σ postings + overdraft.
    pub fn amount(&self) -> Amount {
        self.postings.iter().map(|posting| posting.amount).sum::<Amount>() + self.overdraft
    }

    /// What `counter` gives: what the balance gains, and what the other counter-accounts do.
    pub fn given(&self) -> Amount {
        self.amount() + self.event.lapsed().iter().map(|posting| posting.amount).sum::<Amount>()
    }

    /// Movements of counter-accounts: with [`Transaction::amount`] they sum to zero.
    pub fn counter_postings(&self) -> impl Iterator<Item = CounterPosting> {
        let own = CounterPosting { counter: self.counter, amount: -self.given() };
        iter::once(own).chain(self.event.lapsed().iter().copied()).filter(|posting| !posting.amount.is_zero())
    }

    /// Entries that it takes back, each with what it gave for that: an entry is taken back wholly when this sums to zero
    /// with what the entry gave. A reinstatement takes back a clawback, and undoes what that took back of the grant.
    pub fn takes_back(&self) -> impl Iterator<Item = (u64, Amount)> {
        let entries = match self.event {
            Event::Reversed { entry, .. } => [Some(entry), None],
            Event::ClawedBack { lot, .. } => [Some(lot), None],
            Event::Reinstated { entry, lot, .. } => [Some(entry), Some(lot)],
            _ => [None, None],
        };
        entries.into_iter().flatten().map(move |entry| (entry, self.given()))
    }

    /// Its kind.
    pub const fn kind(&self) -> Kind {
        self.event.kind()
    }

    /// The lots it posts to or names, its own new lot included: a state must have the others before it is replayed.
    pub fn lots(&self) -> impl Iterator<Item = LotNo> {
        let named = match self.event {
            Event::LotExpired { lot } | Event::LotVoided { lot } | Event::LotExpiryChanged { lot, .. } => Some(lot),
            Event::ClawedBack { lot, .. } | Event::Reinstated { lot, .. } => Some(lot),
            _ => None,
        };
        self.postings.iter().map(|posting| posting.lot).chain(named)
    }
}

//! One movement, immutable once booked.
//!
//! Every transaction sums to zero: its lot postings, its overdraft posting and the posting of its counter-account,
//! which is by construction the negated sum of the others ([`Transaction::amount`]). Transactions of an account are
//! numbered without gaps and chained by hash (see [`crate::chain`]).

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::{Amount, Hash, HoldNo, InputHash, LotNo, LotSpec, Memo, Part, Timestamp};

/// The other side of a movement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counter {
    /// Nothing moves across the account's border.
    None,
    /// Money that Stripe took.
    #[serde(rename = "clearing:stripe")]
    ClearingStripe,
    /// Money that PayPal took.
    #[serde(rename = "clearing:paypal")]
    ClearingPaypal,
    /// Money that VNPay took.
    #[serde(rename = "clearing:vnpay")]
    ClearingVnpay,
    /// Given away: manual grants, vouchers, plans, adjustments, voids of these.
    Promotion,
    /// Spent on services.
    Usage,
    /// Expired unused.
    Breakage,
    /// Money given back.
    Refund,
    /// Owed to us: top-ups that an operator books without a gateway.
    Receivable,
    /// Balances brought in when an account is set up.
    Opening,
}

impl Counter {
    /// Every counter-account, in the order of their tags.
    pub const ALL: [Counter; 10] = [
        Counter::None,
        Counter::ClearingStripe,
        Counter::ClearingPaypal,
        Counter::ClearingVnpay,
        Counter::Promotion,
        Counter::Usage,
        Counter::Breakage,
        Counter::Refund,
        Counter::Receivable,
        Counter::Opening,
    ];

    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Counter::None => "none",
            Counter::ClearingStripe => "clearing:stripe",
            Counter::ClearingPaypal => "clearing:paypal",
            Counter::ClearingVnpay => "clearing:vnpay",
            Counter::Promotion => "promotion",
            Counter::Usage => "usage",
            Counter::Breakage => "breakage",
            Counter::Refund => "refund",
            Counter::Receivable => "receivable",
            Counter::Opening => "opening",
        }
    }
}

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
}

impl Kind {
    /// Every kind, in the order of their tags.
    pub const ALL: [Kind; 15] = [
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
        }
    }

    /// Whether credit history shows it unasked: it changes the balance.
    pub const fn moves_credits(self) -> bool {
        matches!(
            self,
            Kind::Grant | Kind::Debit | Kind::Adjustment | Kind::Capture | Kind::Reversal | Kind::Expiry | Kind::Void
        )
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
        }
    }

    /// The lot it brings into being, whose number is the transaction's `seq`.
    pub const fn new_lot(&self) -> Option<&LotSpec> {
        match self {
            Event::Granted(lot) | Event::Adjusted(Some(lot)) | Event::Reversed { rest: Some(lot), .. } => Some(lot),
            _ => None,
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
    /// The other side.
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
    /// What the balance gains: Σ postings + overdraft. The counter-account's posting is its negation.
    pub fn amount(&self) -> Amount {
        self.postings.iter().map(|posting| posting.amount).sum::<Amount>() + self.overdraft
    }

    /// Its kind.
    pub const fn kind(&self) -> Kind {
        self.event.kind()
    }

    /// The lots it posts to or changes, its own new lot included: a state must have the others before it is replayed.
    pub fn lots(&self) -> impl Iterator<Item = LotNo> {
        let changed = match self.event {
            Event::LotExpired { lot } | Event::LotVoided { lot } | Event::LotExpiryChanged { lot, .. } => Some(lot),
            _ => None,
        };
        self.postings.iter().map(|posting| posting.lot).chain(changed)
    }
}

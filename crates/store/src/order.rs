//! What the store is asked to do with a command, and what it answers.

use std::sync::Arc;

use ledger::{Account, AccountNo, Amount, Command, Kind, LotKind, Rejection, Timestamp, Transaction, Unit};
use thiserror::Error;

use crate::Statement;

/// Which account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountRef {
    /// By public identifier.
    Id(Arc<str>),
    /// By short number, as ids of entries, lots and holds carry it.
    No(AccountNo),
}

/// Whom a command is for.
#[derive(Clone, Debug)]
pub enum Target {
    /// An account that exists.
    Existing(AccountRef),
    /// An account that the command opens. Its row in `accounts` is among the order's rows.
    New {
        /// Public identifier.
        id: Arc<str>,
        /// Short number, chosen at random below 2^40.
        no: AccountNo,
        /// What it counts in.
        unit: Unit,
    },
}

impl Target {
    /// How the account is found when it exists already.
    pub(crate) fn account(&self) -> AccountRef {
        match self {
            Target::Existing(account) => account.clone(),
            Target::New { id, .. } => AccountRef::Id(id.clone()),
        }
    }
}

/// A command with the rows of its use case. Both happen, or neither.
#[derive(Clone, Debug)]
pub struct Order {
    /// Whom it is for.
    pub target: Target,
    /// What should happen.
    pub command: Command,
    /// Rows written in the same transaction; an unexpected row count refuses the whole order. Not written again when
    /// the command is a repeat.
    pub rows: Vec<Statement>,
}

/// A command that took effect, now or, when `replayed`, before.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// The account's public identifier.
    pub account_id: Arc<str>,
    /// Its short number.
    pub account_no: AccountNo,
    /// What it counts in.
    pub unit: Unit,
    /// The transaction; none for `Op::Settle`.
    pub transaction: Option<Arc<Transaction>>,
    /// The same key had been used before with the same input: this is what it did then.
    pub replayed: bool,
}

/// Why an order did not take effect, or may not have.
#[derive(Debug, Clone, Error)]
pub enum Failure {
    /// No such account.
    #[error("there is no such account")]
    UnknownAccount,
    /// A rule of the ledger refuses it. Nothing changed.
    #[error("{rejection}")]
    Refused {
        /// Which rule.
        rejection: Rejection,
        /// What its amounts count in.
        unit: Unit,
    },
    /// The key belongs to another request. Nothing changed.
    #[error("this idempotency key was used before with another request; use a new key for a new request")]
    KeyReuse,
    /// A row of the use case was not as expected. Nothing changed.
    #[error("something changed at the same time; look again and retry")]
    Conflict,
    /// Too much is waiting. Nothing changed.
    #[error("too many requests are waiting; retry in a moment with the same key")]
    Busy,
    /// The database did not take it. Nothing changed.
    #[error("the database cannot store this now: {0}")]
    NotStored(Arc<str>),
    /// It may have taken effect or not; repeating it with the same key tells.
    #[error("the outcome is unknown; retry with the same key to learn it")]
    Unknown,
    /// The server is stopping. Nothing changed.
    #[error("the server is stopping; retry in a moment with the same key")]
    Stopping,
}

/// The state of an account at an instant.
#[derive(Clone, Debug)]
pub struct AccountView {
    /// Its lots, holds and overdraft.
    pub account: Account,
    /// The instant it is seen at.
    pub as_of: Timestamp,
}

/// Whether an entry still stands: debits are reversed, grants clawed back, clawbacks reinstated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EntryStatus {
    /// As booked.
    Posted,
    /// A part went back.
    PartlyReversed,
    /// All of it went back.
    Reversed,
}

impl EntryStatus {
    /// Every status.
    pub const ALL: [EntryStatus; 3] = [EntryStatus::Posted, EntryStatus::PartlyReversed, EntryStatus::Reversed];

    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            EntryStatus::Posted => "posted",
            EntryStatus::PartlyReversed => "partly_reversed",
            EntryStatus::Reversed => "reversed",
        }
    }

    /// The status of an entry of `amount` of which `reversed` went back: more than `amount` where counter-accounts had a
    /// part in it.
    pub fn of(amount: Amount, reversed: Amount) -> Self {
        let size = |amount: Amount| amount.max(-amount);
        if reversed.is_zero() {
            EntryStatus::Posted
        } else if size(reversed) >= size(amount) {
            EntryStatus::Reversed
        } else {
            EntryStatus::PartlyReversed
        }
    }
}

/// Which entries of an account. Empty lists do not restrict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryFilter {
    /// Kinds; empty: those that move credits.
    pub kinds: Vec<Kind>,
    /// Services, exactly.
    pub services: Vec<String>,
    /// Statuses.
    pub statuses: Vec<EntryStatus>,
    /// Entries that moved a lot of one of these kinds.
    pub lot_kinds: Vec<LotKind>,
    /// Booked at or after.
    pub from: Option<Timestamp>,
    /// Booked before.
    pub to: Option<Timestamp>,
}

/// An entry with what became of it.
#[derive(Clone, Debug)]
pub struct EntryView {
    /// The transaction.
    pub transaction: Transaction,
    /// How much of it went back since: more than zero of a debit, less than zero of a grant.
    pub reversed: Amount,
}

impl EntryView {
    /// Whether it still stands.
    pub fn status(&self) -> EntryStatus {
        EntryStatus::of(self.transaction.amount(), self.reversed)
    }
}

/// What entries add up to. Wider than an amount, so that no history is too long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EntrySum {
    /// How many.
    pub count: u64,
    /// What came in, in ledger units; never negative.
    pub in_units: i128,
    /// What went out, in ledger units; never positive.
    pub out_units: i128,
}

impl EntrySum {
    /// Adds an entry.
    pub(crate) fn add(&mut self, amount_units: i64) {
        let units = i128::from(amount_units);
        self.count += 1;
        self.in_units += units.max(0);
        self.out_units += units.min(0);
    }
}

/// One line of the trial balance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrialLine {
    /// `accounts` for what customers hold, else the name of a counter-account.
    pub name: String,
    /// What it counts in.
    pub unit: Unit,
    /// The sum in ledger units; all lines of a unit sum to zero.
    pub sum_units: i128,
}

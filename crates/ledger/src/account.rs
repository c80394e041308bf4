//! The state of one account: its lots, its holds, its overdraft.
//!
//! Invariants (checked by [`Account::check`]): `0 ≤ held ≤ remaining ≤ allocated` for every lot; a lot's `held` is the
//! sum of what open holds earmark in it; lots stand in burn-down order; overdraft is never negative. Only
//! [`apply`](crate::apply) changes a state. Lots with nothing left may be absent: a store keeps them elsewhere and
//! brings them back with [`Account::insert_lot`] for a command that needs them.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Amount, Hash, Timestamp, Unit, settle};

/// The short number of an account inside one database; its public identifier is [`Account::id`].
pub type AccountNo = u64;
/// A lot's number: the `seq` of the transaction that granted it.
pub type LotNo = u64;
/// A hold's number: the `seq` of the transaction that placed it.
pub type HoldNo = u64;

/// Where a lot comes from; decides its class in the burn-down order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LotKind {
    /// Given by an operator.
    Manual,
    /// Given when the account was set up.
    Setup,
    /// Bought.
    TopUp,
    /// From a redeemed voucher.
    Voucher,
    /// From a plan, for one period.
    Subscription,
}

impl LotKind {
    /// Every kind, in the order of their tags.
    pub const ALL: [LotKind; 5] =
        [LotKind::Manual, LotKind::Setup, LotKind::TopUp, LotKind::Voucher, LotKind::Subscription];

    /// The class rank: plan → voucher → manual and setup → top-up (product rules, section 3). Lower burns first.
    pub const fn default_priority(self) -> i32 {
        match self {
            LotKind::Subscription => 100,
            LotKind::Voucher => 200,
            LotKind::Manual | LotKind::Setup => 300,
            LotKind::TopUp => 400,
        }
    }

    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            LotKind::Manual => "manual",
            LotKind::Setup => "setup",
            LotKind::TopUp => "top_up",
            LotKind::Voucher => "voucher",
            LotKind::Subscription => "subscription",
        }
    }
}

/// Credits granted, with what remains of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lot {
    /// `seq` of the granting transaction.
    pub no: LotNo,
    /// Where it comes from.
    pub kind: LotKind,
    /// Overrides the class rank; lower burns first.
    pub priority: Option<i32>,
    /// What was granted.
    pub allocated: Amount,
    /// What is left, held parts included.
    pub remaining: Amount,
    /// The part of `remaining` that open holds earmark.
    pub held: Amount,
    /// Counts from this instant on.
    pub effective_at: Timestamp,
    /// Stops counting at this instant.
    pub expires_at: Option<Timestamp>,
    /// Services it may pay for; empty means all.
    pub scope: Box<[Box<str>]>,
}

impl Lot {
    /// Place in the burn-down order: class, scoped before unscoped, earliest expiry, oldest, number.
    pub fn burn_down_key(&self) -> (i32, bool, Timestamp, LotNo) {
        let class = self.priority.unwrap_or(self.kind.default_priority());
        (class, self.scope.is_empty(), self.expires_at.unwrap_or(Timestamp::MAX), self.no)
    }

    /// What no hold earmarks.
    pub fn free(&self) -> Amount {
        self.remaining - self.held
    }

    /// Whether the expiry has come.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|expires_at| expires_at <= now)
    }

    /// Whether it counts: effective and not expired.
    pub fn counts(&self, now: Timestamp) -> bool {
        self.effective_at <= now && !self.is_expired(now)
    }

    /// Whether it may pay for `service` (`None`: for anything).
    pub fn covers(&self, service: Option<&str>) -> bool {
        self.scope.is_empty() || service.is_some_and(|service| self.scope.iter().any(|known| **known == *service))
    }

    /// What a reader is told remains at `now`: a held part outlives the expiry of its lot.
    pub fn countable(&self, now: Timestamp) -> Amount {
        if self.is_expired(now) {
            self.held
        } else if self.effective_at <= now {
            self.remaining
        } else {
            Amount::ZERO
        }
    }
}

/// Credits earmarked in lots until captured, released or run out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// `seq` of the transaction that placed it.
    pub no: HoldNo,
    /// Runs out at this instant.
    pub expires_at: Timestamp,
    /// What it is for.
    pub service: Option<Box<str>>,
    /// Earmarked parts in the order they are consumed.
    pub parts: Box<[Part]>,
}

impl Hold {
    /// The sum of its parts.
    pub fn amount(&self) -> Amount {
        self.parts.iter().map(|part| part.amount).sum()
    }
}

/// An amount in a lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Which lot.
    pub lot: LotNo,
    /// How much, never negative.
    pub amount: Amount,
}

/// One account: who pays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Short number inside one database.
    pub no: AccountNo,
    /// Public identifier.
    pub id: Arc<str>,
    /// What it counts in; never changes once anything moved.
    pub unit: Unit,
    /// How far below zero it may go on request.
    pub overdraft_limit: Amount,
    /// How far below zero it is.
    pub overdraft: Amount,
    /// A closed account begins nothing; what was begun may end.
    pub closed: bool,
    /// Number of the last transaction; 0 before the first.
    pub seq: u64,
    /// Hash of the last transaction.
    pub head: Hash,
    /// Time of the last transaction; time never runs backwards in an account.
    pub last_at: Timestamp,
    /// Lots with something left (others may be present), in burn-down order.
    pub lots: Vec<Lot>,
    /// Open holds, oldest first.
    pub holds: Vec<Hold>,
}

impl Account {
    /// An account before its first transaction.
    pub fn new(no: AccountNo, id: Arc<str>, unit: Unit) -> Self {
        Account {
            no,
            id,
            unit,
            overdraft_limit: Amount::ZERO,
            overdraft: Amount::ZERO,
            closed: false,
            seq: 0,
            head: Hash::ZERO,
            last_at: Timestamp::default(),
            lots: Vec::new(),
            holds: Vec::new(),
        }
    }

    /// The account as a reader must see it at `now`: what has fallen due is booked in a copy. The amounts below are told
    /// of it.
    pub fn as_of(&self, now: Timestamp) -> Cow<'_, Account> {
        if self.next_due_at() > now {
            return Cow::Borrowed(self);
        }
        let mut copy = self.clone();
        settle(&mut copy, now);
        Cow::Owned(copy)
    }

    /// What the account has at `now`: lots that count, less the overdraft. Includes held credits.
    pub fn balance(&self, now: Timestamp) -> Amount {
        self.lots.iter().map(|lot| lot.countable(now)).sum::<Amount>() - self.overdraft
    }

    /// Σ remaining of all lots − overdraft: the balance of the books, before due expiries are booked.
    pub fn book_balance(&self) -> Amount {
        self.lots.iter().map(|lot| lot.remaining).sum::<Amount>() - self.overdraft
    }

    /// What open holds earmark at `now`; a hold that has run out earmarks nothing.
    pub fn held(&self, now: Timestamp) -> Amount {
        self.holds.iter().filter(|hold| hold.expires_at > now).map(Hold::amount).sum()
    }

    /// What may be spent on `service` at `now` without overdraft: free parts of lots that count and cover it.
    pub fn spendable(&self, service: Option<&str>, now: Timestamp) -> Amount {
        self.lots.iter().filter(|lot| lot.counts(now) && lot.covers(service)).map(Lot::free).sum()
    }

    /// Balance less held: what an answer calls `available`. Counts scoped lots; negative when overdrawn.
    pub fn available(&self, now: Timestamp) -> Amount {
        self.lots.iter().filter(|lot| lot.counts(now)).map(Lot::free).sum::<Amount>() - self.overdraft
    }

    /// Whether anything may be spent at `now`: free credits, or room below zero.
    pub fn may_spend(&self, now: Timestamp) -> bool {
        !self.closed
            && (self.overdraft < self.overdraft_limit
                || self.lots.iter().any(|lot| lot.counts(now) && lot.free().is_positive()))
    }

    /// The lot with this number, when present.
    pub fn lot(&self, no: LotNo) -> Option<&Lot> {
        self.lots.iter().find(|lot| lot.no == no)
    }

    /// The open hold with this number.
    pub fn hold(&self, no: HoldNo) -> Option<&Hold> {
        self.holds.iter().find(|hold| hold.no == no)
    }

    /// Puts a lot at its place in the burn-down order; an equal number is replaced.
    pub fn insert_lot(&mut self, lot: Lot) {
        self.lots.retain(|known| known.no != lot.no);
        let key = lot.burn_down_key();
        let at = self.lots.partition_point(|known| known.burn_down_key() < key);
        self.lots.insert(at, lot);
    }

    /// Takes out the lots with nothing left, for the store to keep elsewhere.
    pub fn take_spent_lots(&mut self) -> Vec<Lot> {
        let (open, spent) = std::mem::take(&mut self.lots).into_iter().partition(|lot| lot.remaining.is_positive());
        self.lots = open;
        spent
    }

    /// When something falls due next: a lot's expiry with free credits, a hold's end, a repayment. `Timestamp::MAX`
    /// when nothing will.
    pub fn next_due_at(&self) -> Timestamp {
        let expiries = self.lots.iter().filter(|lot| lot.free().is_positive()).filter_map(|lot| lot.expires_at);
        let ends = self.holds.iter().map(|hold| hold.expires_at);
        let repayments = self
            .lots
            .iter()
            .filter(|lot| self.overdraft.is_positive() && lot.scope.is_empty() && lot.free().is_positive())
            .map(|lot| lot.effective_at);
        expiries.chain(ends).chain(repayments).min().unwrap_or(Timestamp::MAX)
    }

    /// Looks for a broken invariant of the state.
    pub fn check(&self) -> Result<(), String> {
        for lot in &self.lots {
            if !(Amount::ZERO <= lot.held && lot.held <= lot.remaining && lot.remaining <= lot.allocated) {
                return Err(format!(
                    "lot {}: 0 ≤ held {:?} ≤ remaining {:?} ≤ allocated {:?} is broken",
                    lot.no, lot.held, lot.remaining, lot.allocated
                ));
            }
            let earmarked: Amount = self
                .holds
                .iter()
                .flat_map(|hold| hold.parts.iter())
                .filter(|part| part.lot == lot.no)
                .map(|part| part.amount)
                .sum();
            if earmarked != lot.held {
                return Err(format!("lot {}: holds earmark {earmarked:?} but held is {:?}", lot.no, lot.held));
            }
        }
        if self.overdraft.is_negative() {
            return Err(format!("overdraft {:?} is negative", self.overdraft));
        }
        if !self.lots.is_sorted_by_key(Lot::burn_down_key) {
            return Err("lots are out of burn-down order".to_owned());
        }
        Ok(())
    }
}

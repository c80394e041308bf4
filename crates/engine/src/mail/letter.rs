//! What letters say: facts, without words. The words are made when a letter is sent, by `documents`.

use std::fmt;

use ledger::{Amount, LotKind, Timestamp, Unit};
use serde::{Deserialize, Serialize};

/// An amount as letters carry it: a decimal, and what it counts in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// A decimal, such as `500000` or `0.25`.
    pub amount: String,
    /// A currency or `CREDIT`.
    pub unit: String,
}

impl Sum {
    /// An amount of a unit.
    pub fn new(unit: Unit, amount: Amount) -> Sum {
        Sum { amount: unit.format_amount(amount), unit: unit.code().to_owned() }
    }

    /// It as the ledger counts; `None` when a hand wrote something else.
    pub fn read(&self) -> Option<(Unit, Amount)> {
        let unit = Unit::parse(&self.unit)?;
        Some((unit, unit.parse_amount(&self.amount).ok()?))
    }
}

/// Credits that stop counting soon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpiringLot {
    /// Where they came from.
    pub kind: LotKind,
    /// What is left of them.
    pub remaining: Sum,
    /// When they stop counting.
    pub expires_at: Timestamp,
}

/// A letter. Adding one means adding its words to `documents`. Its `Debug` form shows the kind only: some hold links that
/// sign in, all are about somebody.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Letter {
    /// An operator tries whether letters arrive.
    Test {
        /// When.
        at: Timestamp,
    },
    /// Somebody asked to sign in by mail.
    SignInLink {
        /// Where to go; secret until it was used.
        url: String,
        /// Until when it works.
        expires_at: Timestamp,
    },
    /// Somebody is asked to join an account.
    Invitation {
        /// Where to go; secret until it was used.
        url: String,
        /// Who asks.
        inviter: String,
        /// `owner`, `billing` or `viewer`.
        role: String,
        /// Until when it works.
        expires_at: Timestamp,
    },
    /// A password was set or changed.
    PasswordChanged {
        /// When.
        at: Timestamp,
    },
    /// A payment brought its credits.
    PaymentSucceeded {
        /// Which.
        payment_id: String,
        /// What was charged.
        charged: Sum,
        /// What was credited.
        credited: Sum,
        /// When the credits stop counting.
        expires_at: Option<Timestamp>,
        /// Whether it was made without the customer present.
        automatic: bool,
    },
    /// A payment ended without money.
    PaymentFailed {
        /// Which.
        payment_id: String,
        /// What was to be charged.
        charge: Sum,
        /// The stable code of the reason.
        reason: Option<String>,
    },
    /// A gateway looks at a payment before it takes it.
    PaymentUnderReview {
        /// Which.
        payment_id: String,
        /// What is to be charged.
        charge: Sum,
    },
    /// Money went back.
    PaymentRefunded {
        /// Of which payment.
        payment_id: String,
        /// How much money.
        refunded: Sum,
        /// How many credits went with it.
        credits: Sum,
    },
    /// What is available fell below the threshold.
    LowBalance {
        /// What is available.
        available: Sum,
        /// What was set.
        threshold: Sum,
    },
    /// Nothing is available any more.
    BalanceDepleted {
        /// What is available: zero or less.
        available: Sum,
    },
    /// The balance has been below zero for a while.
    BalanceNegative {
        /// What is owed.
        owed: Sum,
        /// Since when.
        since: Timestamp,
    },
    /// Credits stop counting soon.
    LotsExpiring {
        /// In so many days at most.
        days: u32,
        /// Which.
        lots: Vec<ExpiringLot>,
    },
    /// A period of a plan began.
    PeriodStarted {
        /// Name of the plan.
        plan: String,
        /// What was granted.
        credited: Sum,
        /// What was charged, if anything was.
        charged: Option<Sum>,
        /// When the period ends.
        ends_at: Timestamp,
        /// Whether another one follows.
        renews: bool,
    },
    /// A renewal or an instalment could not be charged.
    RenewalFailed {
        /// Name of the plan.
        plan: String,
        /// What was to be charged.
        charge: Sum,
        /// When it is tried again; never when `None`.
        next_try_at: Option<Timestamp>,
        /// Until when the plan goes on without it.
        grace_ends_at: Timestamp,
    },
    /// A subscription will change or end.
    PlanChangeScheduled {
        /// Name of the plan that ends.
        from: String,
        /// Name of the plan that follows; none when it just ends.
        to: Option<String>,
        /// When.
        at: Timestamp,
    },
    /// A subscription ended.
    SubscriptionEnded {
        /// Name of the plan.
        plan: String,
        /// `cancelled`, `unpaid` or `replaced`.
        reason: String,
    },
}

impl Letter {
    /// Its kind, as rows and file names carry it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Letter::Test { .. } => "test",
            Letter::SignInLink { .. } => "sign_in_link",
            Letter::Invitation { .. } => "invitation",
            Letter::PasswordChanged { .. } => "password_changed",
            Letter::PaymentSucceeded { .. } => "payment_succeeded",
            Letter::PaymentFailed { .. } => "payment_failed",
            Letter::PaymentUnderReview { .. } => "payment_under_review",
            Letter::PaymentRefunded { .. } => "payment_refunded",
            Letter::LowBalance { .. } => "low_balance",
            Letter::BalanceDepleted { .. } => "balance_depleted",
            Letter::BalanceNegative { .. } => "balance_negative",
            Letter::LotsExpiring { .. } => "lots_expiring",
            Letter::PeriodStarted { .. } => "period_started",
            Letter::RenewalFailed { .. } => "renewal_failed",
            Letter::PlanChangeScheduled { .. } => "plan_change_scheduled",
            Letter::SubscriptionEnded { .. } => "subscription_ended",
        }
    }

    /// Whether it holds a link that lets its reader in: nobody else may read it, and it is not kept.
    pub const fn is_secret(&self) -> bool {
        matches!(self, Letter::SignInLink { .. } | Letter::Invitation { .. })
    }

    /// From when on there is no use in it.
    pub const fn expires_at(&self) -> Option<Timestamp> {
        match self {
            Letter::SignInLink { expires_at, .. } | Letter::Invitation { expires_at, .. } => Some(*expires_at),
            _ => None,
        }
    }
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter").field("kind", &self.kind()).finish_non_exhaustive()
    }
}

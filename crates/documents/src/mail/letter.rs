//! The facts of each letter.

use ledger::{LotKind, Timestamp};

use crate::format::Money;

/// Credits that stop counting soon.
#[derive(Clone, PartialEq)]
pub struct ExpiringLot {
    /// Where they came from.
    pub kind: LotKind,
    /// What is left of them.
    pub remaining: Money,
    /// When they stop counting.
    pub expires_at: Timestamp,
}

/// Why a payment ended without money, as far as a payer can do something about it. Source: the portal's groups of reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The bank or the gateway said no.
    Declined,
    /// The payer cancelled it.
    Cancelled,
    /// Nobody paid in time.
    TimedOut,
    /// The bank is under maintenance.
    Maintenance,
    /// A code or a detail was wrong.
    WrongCode,
    /// The limit of the day.
    Limit,
    /// Not enough money.
    Funds,
    /// Nobody said.
    Other,
}

/// What a letter says. It has no `Debug` form: some hold links that sign in, all are about somebody.
#[derive(Clone, PartialEq)]
pub enum Letter {
    /// Somebody tries whether letters arrive.
    Test {
        /// When.
        at: Timestamp,
    },
    /// Somebody asked to sign in by mail.
    SignInLink {
        /// Where to go.
        url: String,
        /// Until when it works.
        expires_at: Timestamp,
    },
    /// Somebody is asked to join an account.
    Invitation {
        /// Where to go.
        url: String,
        /// Who asks.
        inviter: String,
        /// `owner`, `billing` or `viewer`; another one is shown as it is.
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
        charged: Money,
        /// What was credited.
        credited: Money,
        /// When the credits stop counting.
        expires_at: Option<Timestamp>,
        /// Whether it was made without the customer present.
        automatic: bool,
        /// The number of the receipt that is attached.
        receipt: Option<String>,
    },
    /// A payment ended without money.
    PaymentFailed {
        /// Which.
        payment_id: String,
        /// What was to be charged.
        charge: Money,
        /// Why.
        reason: Reason,
    },
    /// Somebody looks at a payment before its credits come.
    PaymentUnderReview {
        /// Which.
        payment_id: String,
        /// What is to be charged.
        charge: Money,
    },
    /// Money went back.
    PaymentRefunded {
        /// Of which payment.
        payment_id: String,
        /// How much money.
        refunded: Money,
        /// How many credits went with it.
        credits: Money,
    },
    /// What is available fell below the threshold.
    LowBalance {
        /// What is available.
        available: Money,
        /// What was set.
        threshold: Money,
    },
    /// Nothing is available any more.
    BalanceDepleted {
        /// What is available: zero or less.
        available: Money,
    },
    /// The balance has been below zero for a while.
    BalanceNegative {
        /// What is owed.
        owed: Money,
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
        credited: Money,
        /// What was charged, if anything was.
        charged: Option<Money>,
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
        charge: Money,
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
        /// `cancelled`, `unpaid` or `replaced`; nothing is said of another one.
        reason: String,
    },
}

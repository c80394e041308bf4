//! What a node does without being asked.
//!
//! Any number of nodes may run these jobs on one database. Where one node at a time suffices, the others wait for its
//! [`Lease`](crate::lease::Lease); correctness never rests on that. A node that was stopped in the middle of an item and
//! goes on a minute later is a late writer, and does no harm:
//!
//! | job | every | on | why a late writer does no harm |
//! |---|---|---|---|
//! | [`watch`](crate::watch) | 250 ms | each node | it only reads |
//! | last use of keys | sweep | each node | a later time is never replaced by an earlier one |
//! | [`sweep`](crate::sweep) | 30 s, as set | one node | the ledger decides what is due when it books; what is booked is no longer due |
//! | [`topups::reconcile`](crate::topups::reconcile) | 10 s | one node | who moves a payment's next check asks about it; what comes of it names the state that it was decided in, and credits have a key of the gateway's object |
//! | dropping notices and attempts | 10 s | one node | what was old stays old |
//! | [`topups::compare`](crate::topups::compare) | 10 min | one node | what it credits goes the way of a notice; comparing again changes nothing |
//! | [`receipts`](crate::receipts) | 5 s | one node | a payment takes one receipt, a receipt the number after the last one |
//! | [`history`](crate::history) | 10 s at least | one node | a part is made of entries that never change, and written once |
//! | [`vouchers`](crate::vouchers) | 10 s | one node | each grant and void has a key of the code and its place |
//! | [`plans`](crate::plans) | 10 s | one node | every step names the revision that it was decided on; a period's lot has a key of its own |
//! | [`usage`](crate::usage) | 5 s | one node | sums are added where the ones before had ended, or not at all |
//! | [`alerts`](crate::alerts) | 60 s, as set | one node | a level is told under the version that was read, a lot at a step once |
//! | sending [letters](crate::mail), in the crate `mailer` | 2 s | one node | who moves a letter's next try sends it; twice sent it has one Message-ID |
//!
//! Deliberately absent: a scheduler, and jobs that must run at a certain time of day.

use std::time::Duration;

use tokio::task::JoinSet;

use crate::{Engine, alerts, history, plans, receipts, sweep, topups, usage, vouchers, watch};

/// Pause between two rounds of asking gateways about open payments.
const RECONCILE_PAUSE: Duration = Duration::from_secs(10);

/// Pause between two rounds of issuing receipts.
const RECEIPTS_PAUSE: Duration = Duration::from_secs(5);

/// Pause between two looks for long histories, at least.
const HISTORY_PAUSE: Duration = Duration::from_secs(10);

/// Pause between two looks for redemptions to complete or void.
const VOUCHERS_PAUSE: Duration = Duration::from_secs(10);

/// Pause between two looks for subscriptions that are due.
const PLANS_PAUSE: Duration = Duration::from_secs(10);

/// Pause between two looks for usage to roll up.
const USAGE_PAUSE: Duration = Duration::from_secs(5);

/// Pause between two looks for a day to compare with the gateways' lists.
const COMPARE_PAUSE: Duration = Duration::from_secs(600);

/// Starts all of them; they end when the set is dropped.
pub fn spawn(engine: &Engine) -> JoinSet<()> {
    let mut jobs = JoinSet::new();
    jobs.spawn(watch::run(engine.clone()));
    jobs.spawn(sweep::run(engine.clone()));
    jobs.spawn(topups::run(engine.clone(), RECONCILE_PAUSE));
    jobs.spawn(topups::run_comparisons(engine.clone(), COMPARE_PAUSE));
    jobs.spawn(receipts::run(engine.clone(), RECEIPTS_PAUSE));
    jobs.spawn(history::run(engine.clone(), HISTORY_PAUSE));
    jobs.spawn(vouchers::run(engine.clone(), VOUCHERS_PAUSE));
    jobs.spawn(plans::run(engine.clone(), PLANS_PAUSE));
    jobs.spawn(usage::run(engine.clone(), USAGE_PAUSE));
    jobs.spawn(alerts::run(engine.clone()));
    jobs
}

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
//!
//! Deliberately absent: a scheduler, and jobs that must run at a certain time of day.

use std::time::Duration;

use tokio::task::JoinSet;

use crate::{Engine, receipts, sweep, topups, watch};

/// Pause between two rounds of asking gateways about open payments.
const RECONCILE_PAUSE: Duration = Duration::from_secs(10);

/// Pause between two rounds of issuing receipts.
const RECEIPTS_PAUSE: Duration = Duration::from_secs(5);

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
    jobs
}

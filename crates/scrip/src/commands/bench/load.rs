//! The load itself: each connection sends the next request when the last one is answered.
//!
//! Bounded in time, in count and in memory. A request without a definite answer is kept and sent again afterwards with
//! the same key ([`settle`]), so that what was acknowledged is known exactly.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Deserialize;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::bodies::Bodies;
use super::connection::{Call, Connection, Reply, Target};
use super::setup::{accept, definite, is_unknown};
use crate::exit::{Exit, Reason};

/// Most unsettled requests of one connection; beyond it the server counts as away.
const UNKNOWN_MAX: usize = 1_000;
/// A latency above this is recorded as this, in microseconds.
const LATENCY_MAX_US: u64 = 120_000_000;

/// How much load, for how long.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The server.
    pub target: Arc<Target>,
    /// What is sent.
    pub bodies: Bodies,
    /// How many connections.
    pub connections: usize,
    /// Load before measuring.
    pub warmup: Duration,
    /// Load that is measured.
    pub measure: Duration,
    /// Debits per second over all connections; 0 = as many as possible.
    pub rate: u64,
    /// Most debits; 0 = no bound but time.
    pub debits_max: u64,
}

/// What happened.
#[derive(Debug)]
pub struct Tally {
    /// Debits that were answered with 2xx, warm-up included.
    pub acknowledged: u64,
    /// Of these, the ones in the measured time.
    pub measured: u64,
    /// Debits that a rule refused.
    pub refused: u64,
    /// Why the first of them was.
    pub refusal: Option<String>,
    /// Latency of measured requests in microseconds.
    pub latency_us: Histogram<u64>,
    /// Requests whose outcome is open.
    pub unknown: Vec<Call>,
    /// When the last measured answer came, after the warm-up.
    pub elapsed: Duration,
}

impl Tally {
    fn new() -> Result<Self, Exit> {
        let latency_us = Histogram::new_with_bounds(1, LATENCY_MAX_US, 3);
        Ok(Tally {
            acknowledged: 0,
            measured: 0,
            refused: 0,
            refusal: None,
            latency_us: latency_us.map_err(|error| Exit::usage(error.to_string()))?,
            unknown: Vec::new(),
            elapsed: Duration::ZERO,
        })
    }

    fn add(&mut self, other: Tally) {
        self.acknowledged += other.acknowledged;
        self.measured += other.measured;
        self.refused += other.refused;
        self.refusal = self.refusal.take().or(other.refusal);
        // Both have the same bounds, so that adding cannot fail.
        let _same_bounds = self.latency_us.add(other.latency_us);
        self.unknown.extend(other.unknown);
        self.elapsed = self.elapsed.max(other.elapsed);
    }

    /// Counts a definite answer; says how many debits it acknowledged.
    fn count(&mut self, reply: &Reply, batch: usize) -> Result<u64, Exit> {
        if let Err(exit) = accept(reply) {
            let aborts = !matches!(exit.reason, Reason::Refused | Reason::Conflict);
            if aborts {
                return Err(exit);
            }
            self.refused += batch as u64;
            self.refusal.get_or_insert(exit.message);
            return Ok(0);
        }
        let acknowledged = if batch == 1 { 1 } else { self.count_items(reply, batch)? };
        self.acknowledged += acknowledged;
        Ok(acknowledged)
    }

    fn count_items(&mut self, reply: &Reply, batch: usize) -> Result<u64, Exit> {
        let wrong = |why: String| Exit::wrong(format!("the answer to a batch cannot be read: {why}"));
        let answer = serde_json::from_slice::<BatchAnswer>(&reply.body).map_err(|error| wrong(error.to_string()))?;
        if answer.results.len() != batch {
            return Err(wrong(format!("{} results for {batch} items", answer.results.len())));
        }
        let fine = answer.results.iter().filter(|item| Exit::reason_of_status(item.status).is_none()).count();
        self.refused += (batch - fine) as u64;
        if let Some(item) = answer.results.iter().find(|item| Exit::reason_of_status(item.status).is_some()) {
            self.refusal.get_or_insert(format!("{} (HTTP {})", item.code.as_deref().unwrap_or("refused"), item.status));
        }
        Ok(fine as u64)
    }
}

#[derive(Debug, Deserialize)]
struct BatchAnswer {
    results: Vec<ItemAnswer>,
}

#[derive(Debug, Deserialize)]
struct ItemAnswer {
    status: u16,
    #[serde(default)]
    code: Option<String>,
}

/// Whether some item of a batch has no definite answer, so that the whole request must be sent again.
fn has_unknown_items(reply: &Reply, batch: usize) -> bool {
    let answer = || serde_json::from_slice::<BatchAnswer>(&reply.body).ok();
    batch > 1 && answer().is_some_and(|answer| answer.results.iter().any(|item| is_unknown(item.status)))
}

/// Runs the load over all connections.
///
/// Errors: the first answer that no load can change (such as 401), or exit 7 when the server goes away.
pub async fn drive(plan: Plan) -> Result<Tally, Exit> {
    let plan = Arc::new(plan);
    let sent = Arc::new(AtomicU64::new(0));
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for index in 0..plan.connections {
        tasks.spawn(connection(plan.clone(), sent.clone(), start, index));
    }
    let mut total = Tally::new()?;
    while let Some(ended) = tasks.join_next().await {
        total.add(ended.map_err(|error| Exit::unavailable(error.to_string()))??);
    }
    Ok(total)
}

/// When a connection may send its next request, so that all together keep the rate.
struct Pace {
    due: Instant,
    interval: Duration,
}

impl Pace {
    fn new(plan: &Plan, start: Instant, index: usize) -> Option<Self> {
        let debits_per_round = plan.bodies.batch() as u64 * plan.connections as u64;
        let interval_ns = 1_000_000_000_u64.saturating_mul(debits_per_round).checked_div(plan.rate)?;
        let interval = Duration::from_nanos(interval_ns);
        let offset = Duration::from_nanos(interval_ns / plan.connections as u64 * index as u64);
        Some(Pace { due: start + offset, interval })
    }

    /// Waits for its turn. A request that is late because the one before took long counts from when it was due, so that
    /// a stall is not hidden (coordinated omission); a late timer is not the server's fault.
    async fn turn(&mut self) -> Instant {
        let due = self.due;
        self.due += self.interval;
        if Instant::now() >= due {
            return due;
        }
        tokio::time::sleep_until(due).await;
        Instant::now()
    }
}

async fn connection(plan: Arc<Plan>, sent: Arc<AtomicU64>, start: Instant, index: usize) -> Result<Tally, Exit> {
    let batch = plan.bodies.batch();
    let measure_from = start + plan.warmup;
    let end = measure_from + plan.measure;
    let mut pace = Pace::new(&plan, start, index);
    let mut connection = Connection::new(plan.target.clone());
    let mut tally = Tally::new()?;
    for number in 0.. {
        let began = match &mut pace {
            Some(pace) => pace.turn().await,
            None => Instant::now(),
        };
        let before = sent.fetch_add(batch as u64, Ordering::Relaxed);
        if Instant::now() >= end || (plan.debits_max > 0 && before + batch as u64 > plan.debits_max) {
            break;
        }
        let call = plan.bodies.call(index, number);
        match connection.call(call.clone()).await {
            Ok(reply) if !is_unknown(reply.status) && !has_unknown_items(&reply, batch) => {
                let acknowledged = tally.count(&reply, batch)?;
                let now = Instant::now();
                if began >= measure_from {
                    tally.measured += acknowledged;
                    let latency_us = u64::try_from((now - began).as_micros()).unwrap_or(u64::MAX);
                    tally.latency_us.saturating_record(latency_us.max(1));
                    tally.elapsed = now - measure_from;
                }
            }
            away => {
                tally.unknown.push(call);
                if tally.unknown.len() >= UNKNOWN_MAX {
                    let why = away.map_or_else(|lost| lost.0, |reply| format!("HTTP {}", reply.status));
                    return Err(Exit::unavailable(format!("{UNKNOWN_MAX} requests had no answer, the last: {why}")));
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
    Ok(tally)
}

/// Sends again, with the same keys, what had no definite answer; says how many requests that were.
pub async fn settle(plan: &Plan, tally: &mut Tally) -> Result<usize, Exit> {
    let batch = plan.bodies.batch();
    let open = std::mem::take(&mut tally.unknown);
    let mut connection = Connection::new(plan.target.clone());
    for call in &open {
        let mut reply = definite(&mut connection, call).await?;
        for _ in 0..10 {
            if !has_unknown_items(&reply, batch) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
            reply = definite(&mut connection, call).await?;
        }
        if has_unknown_items(&reply, batch) {
            return Err(Exit::unavailable("items of a batch stay without an answer"));
        }
        tally.count(&reply, batch)?;
    }
    Ok(open.len())
}

//! Charges rows in batches over a few connections, each row with its own fixed key.
//!
//! Nothing is remembered here: the server's ledger knows which keys it has charged. Whatever stops a run, running it
//! again charges what is missing and nothing twice.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use hdrhistogram::Histogram;
use ledger::{Amount, Unit};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::trace::{Row, Trace};
use crate::client::{Server, problem};
use crate::exit::{Exit, Reason};
use crate::progress::Progress;

/// Tries of rows that the server had no place for.
const TRIES: u32 = 10;

/// What is charged to whom.
pub struct Job {
    /// The server.
    pub server: Server,
    /// The rows.
    pub trace: Trace,
    /// The account.
    pub account: String,
    /// Its unit.
    pub unit: Unit,
    /// The service's name.
    pub model: String,
    /// Rows of one request.
    pub batch: usize,
}

/// What was charged.
#[derive(Debug)]
pub struct Charged {
    /// Rows charged by this run.
    pub new_rows: u64,
    /// Rows that had been charged before.
    pub known_rows: u64,
    /// Input and output tokens of the rows of this run and of earlier ones.
    pub tokens: [u64; 2],
    /// What this run took.
    pub new_amount: Amount,
    /// What earlier runs took.
    pub known_amount: Amount,
    /// Requests sent.
    pub requests: u64,
    /// Latency of requests in microseconds.
    pub latency_us: Histogram<u64>,
    /// The first refusal, which stopped the run.
    pub stopped: Option<Exit>,
}

impl Charged {
    fn new() -> Result<Self, Exit> {
        let latency_us =
            Histogram::new_with_bounds(1, 600_000_000, 3).map_err(|error| Exit::usage(error.to_string()))?;
        Ok(Charged {
            new_rows: 0,
            known_rows: 0,
            tokens: [0; 2],
            new_amount: Amount::ZERO,
            known_amount: Amount::ZERO,
            requests: 0,
            latency_us,
            stopped: None,
        })
    }

    fn add(&mut self, other: Charged) {
        self.new_rows += other.new_rows;
        self.known_rows += other.known_rows;
        self.tokens = [self.tokens[0] + other.tokens[0], self.tokens[1] + other.tokens[1]];
        self.new_amount += other.new_amount;
        self.known_amount += other.known_amount;
        self.requests += other.requests;
        let _same_bounds = self.latency_us.add(other.latency_us);
        // A refusal explains more than a server that went away.
        let worse = |stopped: &Exit| stopped.reason == Reason::Unavailable;
        if self.stopped.as_ref().is_none_or(worse) && other.stopped.is_some() {
            self.stopped = other.stopped;
        }
    }

    /// Counts one row's 2xx result.
    fn count(&mut self, row: &Row, result: &Value, unit: Unit) -> Result<(), Exit> {
        let text = result.get("amount").and_then(Value::as_str).unwrap_or_default();
        let wrong =
            |why: &dyn std::fmt::Display| Exit::wrong(format!("row {}: the server said {text:?}: {why}", row.number));
        let amount = unit.parse_amount(text).map_err(|error| wrong(&error))?;
        let replayed = result.get("idempotent_replayed") == Some(&Value::Bool(true));
        let (rows, sum) = match replayed {
            true => (&mut self.known_rows, &mut self.known_amount),
            false => (&mut self.new_rows, &mut self.new_amount),
        };
        *sum = sum.checked_add(amount).ok_or_else(|| wrong(&"the total is larger than an account can hold"))?;
        *rows += 1;
        self.tokens = [self.tokens[0] + row.input_tokens, self.tokens[1] + row.output_tokens];
        Ok(())
    }
}

impl Job {
    fn item(&self, row: &Row) -> Value {
        json!({
            "idempotency_key": format!("replay:{}:{}:{}", self.trace.hash, self.model, row.number),
            "account": self.account,
            "service": self.model,
            "meters": {"input_tokens": row.input_tokens, "output_tokens": row.output_tokens},
            "occurred_at": row.occurred_at,
        })
    }

    /// Charges every row.
    pub async fn run(self, connections: usize, quiet: bool) -> Result<Charged, Exit> {
        let progress = Arc::new(Progress::new("rows", self.trace.rows.len() as u64, quiet));
        let (next, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let job = Arc::new(self);
        let mut tasks = JoinSet::new();
        for _ in 0..connections {
            tasks.spawn(job.clone().work(next.clone(), stop.clone(), progress.clone()));
        }
        let mut total = Charged::new()?;
        while let Some(ended) = tasks.join_next().await {
            total.add(ended.map_err(|error| Exit::unavailable(error.to_string()))??);
        }
        Ok(total)
    }

    async fn work(
        self: Arc<Self>,
        next: Arc<AtomicUsize>,
        stop: Arc<AtomicBool>,
        progress: Arc<Progress>,
    ) -> Result<Charged, Exit> {
        let mut charged = Charged::new()?;
        while !stop.load(Ordering::Relaxed) {
            let first = next.fetch_add(self.batch, Ordering::Relaxed);
            let rows = self.trace.rows.get(first..).unwrap_or_default();
            let rows = &rows[..rows.len().min(self.batch)];
            if rows.is_empty() {
                break;
            }
            let before = charged.new_rows + charged.known_rows;
            let ended = self.charge(rows, &mut charged).await;
            progress.add(charged.new_rows + charged.known_rows - before);
            if let Err(exit) = ended {
                stop.store(true, Ordering::Relaxed);
                charged.stopped = Some(exit);
            }
        }
        Ok(charged)
    }

    /// Charges some rows, those again for which the server had no place. Stops at the first refusal, after counting
    /// the neighbours that were charged.
    async fn charge(&self, rows: &[Row], charged: &mut Charged) -> Result<(), Exit> {
        let mut left = rows.iter().collect::<Vec<_>>();
        for attempt in 0..TRIES {
            let results = self.request(&left, charged).await?;
            let mut refused = None;
            let mut again = Vec::new();
            for (row, result) in left.iter().zip(&results) {
                let status = result.get("status").and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok());
                match Exit::reason_of_status(status.unwrap_or(500)) {
                    None => charged.count(row, result, self.unit)?,
                    Some(Reason::Unavailable) => again.push(*row),
                    Some(reason) if refused.is_none() => {
                        refused = Some(refusal(row, reason, status.unwrap_or(500), result))
                    }
                    Some(_) => {}
                }
            }
            if let Some(exit) = refused {
                return Err(exit);
            }
            if again.is_empty() {
                return Ok(());
            }
            left = again;
            tokio::time::sleep(Duration::from_millis(100_u64 << attempt.min(5))).await;
        }
        Err(Exit::unavailable(format!("the server had no place for {} rows", left.len())))
    }

    async fn request(&self, rows: &[&Row], charged: &mut Charged) -> Result<Vec<Value>, Exit> {
        let items = rows.iter().map(|row| self.item(row)).collect::<Vec<_>>();
        let began = Instant::now();
        let answer = self.server.send_patiently("/v1/usage/batch", &json!({ "items": items }), None).await?;
        charged.requests += 1;
        charged.latency_us.saturating_record(u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX).max(1));
        match answer.body.get("results").and_then(Value::as_array) {
            Some(results) if results.len() == rows.len() => Ok(results.clone()),
            _ => Err(Exit::wrong("the server's answer to a batch has not one result for each row")),
        }
    }
}

fn refusal(row: &Row, reason: Reason, status: u16, result: &Value) -> Exit {
    Exit::new(reason, format!("row {}: {}", row.number, problem(status, result, "")))
}

/// Percentiles of requests, in microseconds.
pub fn percentiles(latency_us: &Histogram<u64>) -> BTreeMap<&'static str, u64> {
    [("p50", latency_us.value_at_quantile(0.5)), ("p99", latency_us.value_at_quantile(0.99))].into()
}

//! Before and after: accounts and lots, and the sum of all balances.
//!
//! Re-run safe: ids and idempotency keys are fixed, so what exists is reused. Cost: `1 + lots` round trips per account,
//! over all connections at once.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Uri};
use ledger::Unit;
use serde_json::{Value, json};

use super::bodies::account;
use super::connection::{Call, Connection, Reply, Target};
use crate::client::problem;
use crate::exit::{Exit, Reason};
use crate::progress::Progress;

/// Credits of one lot: enough for thousands of millions of debits.
const LOT_CREDITS: &str = "1000000";
/// Tries of one call while the server is away, 100 ms apart at first.
const TRIES: u32 = 20;

/// What the work of this module needs.
#[derive(Debug, Clone)]
pub struct Crew {
    /// The server.
    pub target: Arc<Target>,
    /// How many connections work at once.
    pub connections: usize,
    /// Show no progress.
    pub quiet: bool,
}

impl Crew {
    /// Makes accounts and lots that are missing. True when all of it was new, so that the balances are known.
    pub async fn prepare(&self, accounts: u64, lots: u64) -> Result<bool, Exit> {
        let fresh = Arc::new(AtomicBool::new(true));
        // An account that is there answers 409, or the same 201 again.
        let note = |exists: Option<u16>| {
            let fresh = fresh.clone();
            move |_, reply: &Reply| {
                let there = exists == Some(reply.status);
                fresh.fetch_and(!there && !reply.replayed, Ordering::Relaxed);
                if there { Ok(()) } else { accept(reply) }
            }
        };
        let open = |index| {
            let id = account(index);
            let body = json!({"id": id, "name": id, "site": "api"});
            post("/v1/accounts", &format!("bench-account-{id}"), &body)
        };
        self.each("accounts", accounts, open, note(Some(409))).await?;
        let grant = move |index| {
            let (id, lot) = (account(index / lots), index % lots);
            let body = json!({"account": id, "amount": LOT_CREDITS, "kind": "manual", "reason": "scrip bench"});
            post("/v1/grants", &format!("bench-grant-{id}-{lot}"), &body)
        };
        self.each("lots", accounts * lots, grant, note(None)).await?;
        Ok(fresh.load(Ordering::Relaxed))
    }

    /// What `accounts` new accounts hold together, in ledger units.
    pub fn granted(accounts: u64, lots: u64) -> Result<i128, Exit> {
        let lot = units(LOT_CREDITS)?;
        Ok(i128::from(accounts) * i128::from(lots) * i128::from(lot))
    }

    /// The sum of all balances, in ledger units of CREDIT.
    pub async fn balances(&self, accounts: u64) -> Result<i128, Exit> {
        let sum = Arc::new(Mutex::new(0_i128));
        let total = sum.clone();
        let read = |index| get(&format!("/v1/accounts/{}/balance", account(index)));
        let add = move |index, reply: &Reply| {
            accept(reply)?;
            let body = serde_json::from_slice::<Value>(&reply.body).unwrap_or_default();
            let text = body.get("balance").and_then(Value::as_str).unwrap_or_default();
            if body.get("unit").and_then(Value::as_str) != Some("CREDIT") {
                return Err(Exit::wrong(format!("{} does not count in CREDIT: use another server", account(index))));
            }
            let units = i128::from(units(text)?);
            *sum.lock().unwrap_or_else(PoisonError::into_inner) += units;
            Ok(())
        };
        self.each("balances", accounts, read, add).await?;
        Ok(*total.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes `count` calls over all connections, each until it has a definite answer.
    async fn each<C, N>(&self, label: &'static str, count: u64, call: C, note: N) -> Result<(), Exit>
    where
        C: Fn(u64) -> Result<Call, Exit> + Send + Sync + 'static,
        N: Fn(u64, &Reply) -> Result<(), Exit> + Send + Sync + 'static,
    {
        let progress = Arc::new(Progress::new(label, count, self.quiet));
        let (next, work) = (Arc::new(AtomicU64::new(0)), Arc::new((call, note)));
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..self.connections {
            let (next, work, progress) = (next.clone(), work.clone(), progress.clone());
            let mut connection = Connection::new(self.target.clone());
            tasks.spawn(async move {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count {
                        return Ok(());
                    }
                    let reply = definite(&mut connection, &work.0(index)?).await?;
                    work.1(index, &reply)?;
                    progress.add(1);
                }
            });
        }
        while let Some(ended) = tasks.join_next().await {
            ended.map_err(|error| Exit::unavailable(error.to_string()))??;
        }
        Ok(())
    }
}

/// Calls until there is an answer that says what happened.
///
/// Errors: exit 7 when the server stays away.
pub async fn definite(connection: &mut Connection, call: &Call) -> Result<Reply, Exit> {
    let mut why = String::new();
    for attempt in 0..TRIES {
        match connection.call(call.clone()).await {
            Ok(reply) if !is_unknown(reply.status) => return Ok(reply),
            Ok(reply) => why = format!("HTTP {}", reply.status),
            Err(lost) => why = lost.0,
        }
        tokio::time::sleep(Duration::from_millis(u64::from(100 * (attempt + 1).min(10)))).await;
    }
    Err(Exit::unavailable(format!("the server stayed away: {why}")))
}

/// Whether a status leaves open what happened, or asks to come back.
pub fn is_unknown(status: u16) -> bool {
    Exit::reason_of_status(status) == Some(Reason::Unavailable)
}

/// An error answer as the end of the command.
pub fn accept(reply: &Reply) -> Result<(), Exit> {
    match Exit::reason_of_status(reply.status) {
        None => Ok(()),
        Some(reason) => {
            let body = serde_json::from_slice(&reply.body).unwrap_or_default();
            Err(Exit::new(reason, problem(reply.status, &body, &String::from_utf8_lossy(&reply.body))))
        }
    }
}

/// Reads credits as ledger units.
pub fn units(text: &str) -> Result<i64, Exit> {
    let amount = Unit::CREDIT.parse_amount(text);
    amount.map(|amount| amount.units()).map_err(|error| Exit::wrong(format!("the server said {text:?}: {error}")))
}

fn post(path: &'static str, key: &str, body: &Value) -> Result<Call, Exit> {
    let key = HeaderValue::from_str(key).map_err(|error| Exit::usage(error.to_string()))?;
    Ok(Call { path: Uri::from_static(path), key: Some(key), body: Bytes::from(body.to_string()) })
}

fn get(path: &str) -> Result<Call, Exit> {
    let path = path.parse().map_err(|error: http::uri::InvalidUri| Exit::usage(error.to_string()))?;
    Ok(Call { path, key: None, body: Bytes::new() })
}

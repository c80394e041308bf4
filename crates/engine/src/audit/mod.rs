//! The audit log: who changed what, when, where from, why.
//!
//! Invariants: a row is written in the transaction of its change ([`write`]); rows form a chain of hashes without gaps,
//! which `scrip verify` follows ([`store::audit_hash`]). A row's number is taken by inserting it, so audited changes
//! happen one after the other, on all nodes: each sees what the one before did, which is what rules such as "the last
//! owner stays" rest on. Moves of credits have the ledger's own chain: of those only a reference is written, afterwards
//! ([`note`]), so that no debit ever waits for this log. Deliberately absent: secrets in `before` and `after`; deleting.
//! Cost: one read and one row more per change; a change at the same instant on another node repeats both.

mod list;

use std::sync::Arc;

use ledger::Timestamp;
use serde_json::Value as Json;
use store::{Failure, Statement, Store, Value, audit_hash, params};
use tokio::sync::Mutex;

use crate::{Call, Engine, Result};

pub use list::{AuditFilter, AuditRecord, list};

/// Tries to get a number while other nodes take them.
const TRIES: usize = 20;

/// A change, as it is remembered.
#[derive(Debug, Clone, Default)]
pub struct Change<'a> {
    /// What was done: `member.invited`, `key.revoked`.
    pub action: &'static str,
    /// The account it belongs to.
    pub account_id: Option<&'a str>,
    /// What was changed: an id.
    pub object: Option<&'a str>,
    /// As it was, without secrets; null when there was nothing.
    pub before: Json,
    /// As it is now, without secrets; null when nothing is left.
    pub after: Json,
    /// Why, in the words of whoever did it.
    pub reason: Option<&'a str>,
}

/// The log of an installation. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Log {
    store: Store,
    /// Held by whoever writes, so that only other nodes can be in the way.
    turn: Arc<Mutex<()>>,
}

impl Log {
    pub(crate) fn new(store: Store) -> Log {
        Log { store, turn: Arc::default() }
    }

    /// As [`write`].
    pub(crate) async fn write(&self, call: &Call, change: &Change<'_>, rows: Vec<Statement>) -> Result<Vec<u64>> {
        let _turn = self.turn.lock().await;
        let mut last = self.last().await?;
        for _ in 0..TRIES {
            let mut all = vec![entry(call, change, self.store.now(), &last)];
            all.extend(rows.iter().cloned());
            match self.store.write(all).await {
                Ok(mut changed) => {
                    changed.remove(0);
                    return Ok(changed);
                }
                Err(Failure::Conflict) => {
                    let newest = self.last().await?;
                    // The number was free: it is one of the other rows that is not as expected.
                    if newest.0 == last.0 {
                        return Err(Failure::Conflict.into());
                    }
                    last = newest;
                }
                Err(failure) => return Err(failure.into()),
            }
        }
        Err(Failure::Busy.into())
    }

    /// As [`note`].
    pub(crate) async fn note(&self, call: &Call, change: &Change<'_>) {
        if let Err(error) = self.write(call, change, Vec::new()).await {
            tracing::error!(%error, action = change.action, object = change.object, "not in the audit log");
        }
    }

    /// Number and hash of the last row; 0 and nothing before the first.
    async fn last(&self) -> Result<(i64, String)> {
        let rows = self.store.query("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1", params![]).await?;
        match rows.first() {
            Some(row) => Ok((row.int(0)?, row.text(1)?.to_owned())),
            None => Ok((0, String::new())),
        }
    }
}

/// Writes the rows of a change and its row in the log in one transaction; says how many rows each statement changed.
///
/// # Errors
/// [`Failure::Conflict`] when a statement does not change the number of rows that it must; what the store answers.
pub async fn write(engine: &Engine, call: &Call, change: &Change<'_>, rows: Vec<Statement>) -> Result<Vec<u64>> {
    engine.audit().write(call, change, rows).await
}

/// Remembers what was done already, such as an order to the ledger; a failure is logged, because the ledger knows it too.
pub async fn note(engine: &Engine, call: &Call, change: &Change<'_>) {
    engine.audit().note(call, change).await;
}

fn entry(call: &Call, change: &Change<'_>, now: Timestamp, last: &(i64, String)) -> Statement {
    const SQL: &str = "INSERT INTO audit (seq, at_us, actor, action, account_id, object, address, user_agent, before, \
         after, reason, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (seq) DO NOTHING";
    let json = |value: &Json| (!value.is_null()).then(|| value.to_string());
    let mut columns: Vec<Value> = params![
        last.0 + 1,
        now.micros(),
        &*call.actor,
        change.action,
        change.account_id,
        change.object,
        call.origin.address.map(|address| address.to_canonical().to_string()),
        call.origin.user_agent(),
        json(&change.before),
        json(&change.after),
        change.reason,
    ];
    let hash = audit_hash(&last.1, &columns);
    columns.push(hash.into());
    Statement::new(SQL, columns).expect_one()
}

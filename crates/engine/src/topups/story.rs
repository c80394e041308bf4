//! The whole story of a payment, for whoever has to explain it: its steps, and the notices that were about it.
//!
//! Reads only. Cost: one round trip each.

use ledger::Timestamp;
use store::params;

use super::payment::Payment;
use crate::{Engine, Error, Result};

/// A step of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// The state that it went to.
    pub state: String,
    /// Why.
    pub reason: Option<String>,
    /// Who or what moved it: `payer`, `purchase`, `notice`, `query`, `refund`, `dispute`.
    pub source: String,
}

/// A notice as it came, without its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeSummary {
    /// The gateway's name for it.
    pub event_id: String,
    /// What happened, the gateway's word.
    pub kind: String,
    /// When it was first received.
    pub received_at: Timestamp,
    /// What came of it; `None` while it could not be acted upon.
    pub outcome: Option<String>,
}

/// Steps of a payment, oldest first.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn steps(engine: &Engine, payment: &Payment) -> Result<Vec<Step>> {
    let sql =
        "SELECT at_us, state, reason, source FROM payment_events WHERE account_id = $1 AND payment_id = $2 ORDER BY id";
    let rows = engine.store().query(sql, params![payment.account_id.as_str(), payment.id.as_str()]).await?;
    rows.iter()
        .map(|row| {
            Ok(Step {
                at: Timestamp::from_micros(row.int(0)?),
                state: row.text(1)?.to_owned(),
                reason: row.optional_text(2)?.map(str::to_owned),
                source: row.text(3)?.to_owned(),
            })
        })
        .collect()
}

/// Notices about a payment that are still kept, oldest first.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn notices(engine: &Engine, payment: &Payment) -> Result<Vec<NoticeSummary>> {
    let sql = "SELECT event_id, kind, received_at_us, outcome FROM gateway_events WHERE payment_id = $1 \
               ORDER BY received_at_us, event_id";
    let rows = engine.store().query(sql, params![payment.id.as_str()]).await?;
    rows.iter()
        .map(|row| {
            Ok(NoticeSummary {
                event_id: row.text(0)?.to_owned(),
                kind: row.text(1)?.to_owned(),
                received_at: Timestamp::from_micros(row.int(2)?),
                outcome: row.optional_text(3)?.map(str::to_owned),
            })
        })
        .collect()
}

/// A notice as it came, byte for byte.
///
/// # Errors
/// [`Error::NotFound`] for one that was not about this payment, or is no longer kept.
pub async fn raw_notice(engine: &Engine, payment: &Payment, event_id: &str) -> Result<Vec<u8>> {
    let sql = "SELECT body FROM gateway_events WHERE gateway = $1 AND event_id = $2 AND payment_id = $3";
    let values = params![payment.gateway.as_str(), event_id, payment.id.as_str()];
    let rows = engine.store().query(sql, values).await?;
    Ok(rows.first().ok_or(Error::NotFound("notice"))?.blob(0)?.to_vec())
}

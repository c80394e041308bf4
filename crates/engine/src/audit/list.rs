//! Reading the audit log.

use ledger::Timestamp;
use store::{Row, params};

use crate::{Engine, Result};

/// Which rows are wanted; what is `None` does not matter.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// By whom: `user:usr_…`.
    pub actor: Option<String>,
    /// What was done; `member` stands for every action that begins with `member.`.
    pub action: Option<String>,
    /// In which account.
    pub account_id: Option<String>,
    /// At or after.
    pub from: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
}

/// A row of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// Its number, from 1.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// In which account.
    pub account_id: Option<String>,
    /// What was changed.
    pub object: Option<String>,
    /// From which address.
    pub address: Option<String>,
    /// With which browser or program.
    pub user_agent: Option<String>,
    /// As it was: JSON.
    pub before: Option<String>,
    /// As it is: JSON.
    pub after: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// The chain's hash, as hexadecimal digits.
    pub hash: String,
}

/// Rows with a number below `before`, newest first, at most `limit`.
///
/// # Errors
/// [`crate::Error::Unavailable`].
pub async fn list(engine: &Engine, filter: &AuditFilter, before: Option<i64>, limit: i64) -> Result<Vec<AuditRecord>> {
    const SQL: &str = "SELECT seq, at_us, actor, action, account_id, object, address, user_agent, before, after, reason, \
         hash FROM audit WHERE seq < $1 AND at_us >= $2 AND at_us < $3 AND ($4 = '' OR actor = $4) \
         AND ($5 = '' OR action = $5 OR substr(action, 1, length($5) + 1) = $5 || '.') \
         AND ($6 = '' OR account_id = $6) ORDER BY seq DESC LIMIT $7";
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let row = params![
        before.unwrap_or(i64::MAX),
        filter.from.map_or(i64::MIN, Timestamp::micros),
        filter.until.map_or(i64::MAX, Timestamp::micros),
        text(&filter.actor),
        text(&filter.action),
        text(&filter.account_id),
        limit,
    ];
    engine.store().query(SQL, row).await?.iter().map(record).collect()
}

fn record(row: &Row) -> Result<AuditRecord> {
    let text = |column: usize| row.optional_text(column).map(|text| text.map(str::to_owned));
    Ok(AuditRecord {
        seq: row.int(0)?,
        at: Timestamp::from_micros(row.int(1)?),
        actor: row.text(2)?.to_owned(),
        action: row.text(3)?.to_owned(),
        account_id: text(4)?,
        object: text(5)?,
        address: text(6)?,
        user_agent: text(7)?,
        before: text(8)?,
        after: text(9)?,
        reason: text(10)?,
        hash: row.text(11)?.to_owned(),
    })
}

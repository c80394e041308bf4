//! What operators see of the daily comparison, and how they resolve what did not match.
//!
//! Resolving moves no money and no credits: it says that somebody looked, and why it is well. Cost: one read or write.

use ledger::{Timestamp, Unit};
use providers::Money;
use store::{Failure, Row, Statement, params};

use super::compare::{Comparison, Unmatched};
use crate::audit::{self, Change};
use crate::ledger_calls::Call;
use crate::{Engine, Error, Result, checks};

/// Longest reason, in characters.
pub const MAX_RESOLUTION_CHARS: usize = 500;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT gateway, side, object_id, day, account_id, payment_id, what, amount_minor, currency, found_at_us, \
             resolved_at_us, resolved_by, resolution FROM unmatched ",
            $rest
        )
    };
}

/// Where a page of a list begins: after the row of this time and name.
pub type After = (i64, String);

/// What did not match, the newest first; `open`: only what is not resolved. At most `limit`.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn unmatched(engine: &Engine, open: bool, after: Option<After>, limit: usize) -> Result<Vec<Unmatched>> {
    let sql = select!(
        "WHERE ($1 = 0 OR resolved_at_us IS NULL) \
         AND (found_at_us < $2 OR (found_at_us = $2 AND gateway || ' ' || side || ' ' || object_id < $3)) \
         ORDER BY found_at_us DESC, gateway || ' ' || side || ' ' || object_id DESC LIMIT $4"
    );
    let (at_us, name) = after.unwrap_or((i64::MAX, String::new()));
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = engine.store().query(sql, params![open, at_us, name, limit]).await?;
    rows.iter().map(read).collect()
}

/// Says that somebody looked at what did not match, and why it is well.
///
/// # Errors
/// [`Error::NotFound`]; code `already_resolved`; a reason that is none.
pub async fn resolve(
    engine: &Engine,
    call: &Call,
    (gateway, side, object_id): (&str, &str, &str),
    reason: &str,
) -> Result<Unmatched> {
    let reason = checks::text("reason", reason.to_owned(), MAX_RESOLUTION_CHARS, false)?;
    let find = async || -> Result<Option<Unmatched>> {
        let sql = select!("WHERE gateway = $1 AND side = $2 AND object_id = $3");
        engine.store().query(sql, params![gateway, side, object_id]).await?.first().map(read).transpose()
    };
    let update = Statement::new(
        "UPDATE unmatched SET resolved_at_us = $1, resolved_by = $2, resolution = $3 \
         WHERE gateway = $4 AND side = $5 AND object_id = $6 AND resolved_at_us IS NULL",
        params![engine.now().micros(), &*call.actor, &*reason, gateway, side, object_id],
    );
    let object = format!("{gateway} {side} {object_id}");
    let change =
        Change { action: "unmatched.resolved", object: Some(&object), reason: Some(&reason), ..Change::default() };
    match audit::write(engine, call, &change, vec![update.expect_one()]).await {
        Ok(_) => find().await?.ok_or(Error::NotFound("unmatched payment")),
        Err(Error::Ledger(Failure::Conflict)) => match find().await? {
            Some(_) => Err(Error::conflict("already_resolved", "it is resolved already; list it to see by whom")),
            None => Err(Error::NotFound("unmatched payment")),
        },
        Err(error) => Err(error),
    }
}

/// Days that were compared, the latest first: those before `before`, at most `limit` of each gateway.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn comparisons(engine: &Engine, before: Option<&str>, limit: usize) -> Result<Vec<Comparison>> {
    // A colon is greater than every digit.
    let sql = "SELECT gateway, day, done_at_us, theirs, ours, healed, unmatched FROM comparisons \
               WHERE day || ' ' || gateway < $1 ORDER BY day || ' ' || gateway DESC LIMIT $2";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = engine.store().query(sql, params![before.unwrap_or(":"), limit]).await?;
    rows.iter().map(Comparison::read).collect()
}

impl Unmatched {
    /// Its name among those found at the same time.
    pub fn name(&self) -> String {
        format!("{} {} {}", self.gateway, self.side, self.object_id)
    }
}

fn read(row: &Row) -> Result<Unmatched> {
    let text = |column| row.optional_text(column).map(|text| text.map(str::to_owned));
    let money = row.optional_int(7)?.zip(row.optional_text(8)?.and_then(Unit::parse));
    Ok(Unmatched {
        gateway: row.text(0)?.to_owned(),
        side: row.text(1)?.to_owned(),
        object_id: row.text(2)?.to_owned(),
        day: row.text(3)?.to_owned(),
        account_id: text(4)?,
        payment_id: text(5)?,
        what: row.text(6)?.to_owned(),
        money: money.map(|(amount_minor, currency)| Money { amount_minor, currency }),
        found_at: Timestamp::from_micros(row.int(9)?),
        resolved_at: row.optional_int(10)?.map(Timestamp::from_micros),
        resolved_by: text(11)?,
        resolution: text(12)?,
    })
}

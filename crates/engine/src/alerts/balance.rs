//! Looking at the balances of accounts that want to be told when they run low.

use futures_util::future::join_all;
use ledger::{AccountNo, Amount, Timestamp, Unit};
use serde_json::json;
use store::{AccountRef, AccountView, Failure, Row, Statement, params};
use tracing::{info, warn};
use uuid::Uuid;

use super::level::{self, Level, Memory, Seen, Step};
use super::preferences::{memory_columns, read_emails, read_memory};
use super::recipients::Addressee;
use super::{AT_ONCE, PAGE};
use crate::lease::{self, Lease};
use crate::mail::{Letter, Sum};
use crate::settings::Language;
use crate::{Engine, Error, Result};

/// An account that wants to be told.
struct Watched {
    addressee: Addressee,
    no: AccountNo,
    unit: Unit,
    threshold: Amount,
    version: i64,
    memory: Memory,
}

/// Looks at every account that wants to be told, unless another node does; says how many levels changed or were told.
///
/// # Errors
/// When the database cannot be read; an account that fails does not disturb the others.
pub async fn look(engine: &Engine) -> Result<usize> {
    let (mut told, mut after) = (0, String::new());
    loop {
        let page = watched_after(engine, &after).await?;
        let Some(last) = page.last() else { return Ok(told) };
        if !lease::hold(engine, Lease::Alerts).await? {
            return Ok(told);
        }
        for some in page.chunks(AT_ONCE) {
            let reads = some.iter().map(|watched| engine.store().account(AccountRef::No(watched.no)));
            for (watched, read) in some.iter().zip(join_all(reads).await) {
                let Some(view) = read? else { continue };
                match tell(engine, watched, &view).await {
                    Ok(true) => told += 1,
                    // Another node was faster, or the account changed its mind: looked at again in the next round.
                    Ok(false) | Err(Error::Ledger(Failure::Conflict)) => {}
                    Err(error) => {
                        warn!(account = watched.addressee.account_id, %error, "an alert failed; it is tried again");
                    }
                }
            }
        }
        after.clone_from(&last.addressee.account_id);
    }
}

async fn watched_after(engine: &Engine, after: &str) -> Result<Vec<Watched>> {
    const SQL: &str = concat!(
        "SELECT s.account_id, a.no, a.unit, a.email, s.emails, s.language, s.threshold_units, s.version, ",
        memory_columns!(),
        " FROM alerts s JOIN accounts a ON a.id = s.account_id WHERE s.low_enabled = 1 AND s.account_id > $1 \
         ORDER BY s.account_id LIMIT $2"
    );
    engine.store().query(SQL, params![after, PAGE]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Watched> {
    let (no, code) = (row.int(1)?, row.text(2)?);
    let broken = |what: String| Error::Unavailable(format!("accounts: a row has the {what}"));
    Ok(Watched {
        addressee: Addressee {
            account_id: row.text(0)?.to_owned(),
            emails: read_emails(row.text(4)?)?,
            email: row.optional_text(3)?.map(str::to_owned),
            language: row.optional_text(5)?.and_then(Language::parse),
        },
        no: AccountNo::try_from(no).map_err(|_| broken(format!("number {no}")))?,
        unit: Unit::parse(code).ok_or_else(|| broken(format!("unit {code}")))?,
        threshold: Amount::from_units(row.int(6)?),
        version: row.int(7)?,
        memory: read_memory(row, 8)?,
    })
}

/// Writes what a look leads to, in one transaction; says whether anything is told.
async fn tell(engine: &Engine, watched: &Watched, view: &AccountView) -> Result<bool> {
    let (account, at) = (&view.account, view.as_of);
    if account.closed {
        return Ok(false);
    }
    let seen = Seen { available: account.available(at), balance: account.balance(at), at };
    let step = level::step(watched.memory, seen, watched.threshold, &engine.settings().alerts);
    if step.memory == watched.memory {
        return Ok(false);
    }
    let mut rows = vec![remember(watched, &step)];
    if let Some(level) = step.event {
        rows.push(event(watched, level, seen));
    }
    if let Some(letter) = step.letter.and_then(|level| letter(watched, level, &step, seen)) {
        rows.extend(watched.addressee.write(engine, &at.micros().to_string(), &letter, at).await?);
    }
    engine.store().write(rows).await?;
    if let Some(level) = step.event {
        info!(account = watched.addressee.account_id, level = level.name(), "balance");
    }
    Ok(step.event.is_some() || step.letter.is_some())
}

/// What is remembered from now on, unless somebody else wrote since.
fn remember(watched: &Watched, step: &Step) -> Statement {
    const SQL: &str = "UPDATE alerts SET version = version + 1, level = $1, told = $2, told_at_us = $3, \
                       depleted_at_us = $4, below_zero_since_us = $5 WHERE account_id = $6 AND version = $7";
    let Memory { level, told, told_at, depleted_at, below_zero_since } = step.memory;
    let row = params![
        level.name(),
        told,
        told_at.map(Timestamp::micros),
        depleted_at.map(Timestamp::micros),
        below_zero_since.map(Timestamp::micros),
        watched.addressee.account_id.as_str(),
        watched.version,
    ];
    Statement::new(SQL, row).expect_one()
}

/// The outbox row of a level.
fn event(watched: &Watched, level: Level, seen: Seen) -> Statement {
    const SQL: &str = "INSERT INTO outbox (account_id, id, topic, body, created_at_us) VALUES ($1, $2, $3, $4, $5)";
    let (account_id, unit) = (watched.addressee.account_id.as_str(), watched.unit);
    let body = json!({
        "account": account_id,
        "level": level.name(),
        "unit": unit.code(),
        "available": unit.format_amount(seen.available),
        "balance": unit.format_amount(seen.balance),
        "threshold": unit.format_amount(watched.threshold),
    });
    let id = format!("msg_{}", Uuid::now_v7().simple());
    let topic = format!("balance.{}", level.name());
    Statement::new(SQL, params![account_id, id, topic, body.to_string(), seen.at.micros()])
}

fn letter(watched: &Watched, level: Level, step: &Step, seen: Seen) -> Option<Letter> {
    let sum = |amount| Sum::new(watched.unit, amount);
    let available = sum(seen.available);
    match level {
        Level::Ok => None,
        Level::Low => Some(Letter::LowBalance { available, threshold: sum(watched.threshold) }),
        Level::Depleted => Some(Letter::BalanceDepleted { available }),
        Level::Negative => {
            let since = step.memory.below_zero_since.unwrap_or(seen.at);
            Some(Letter::BalanceNegative { owed: sum(-seen.balance), since })
        }
    }
}

//! Limits against guessing: how often an account or an address may fail.
//!
//! A try is a row that is written before the code is looked at and removed by the transaction that redeems, so what
//! stays are failures and tries under way. Invariant: whoever writes one holds the rows of its account and its address
//! first, so of a hundred guesses at once, on any nodes, no more than allowed are looked at. That also means that an
//! account cannot redeem more codes at the same instant than it may fail. Cost: two reads by index, and one write before a
//! code is looked at; who is locked out costs the reads alone.

use ledger::Timestamp;
use metrics::counter;
use store::{Failure, Statement, params};
use tracing::{error, warn};
use uuid::Uuid;

use crate::lease::{self, Lease};
use crate::{Engine, Error, Result};

const HOUR_SECONDS: i64 = 3_600;
/// Rows are kept this long.
const KEEP_SECONDS: i64 = 172_800;

/// A try under way.
pub(super) struct Try {
    account_id: String,
    id: String,
}

/// A limit: how many rows of whom within how long.
struct Limit<'a> {
    sql: &'static str,
    subject: &'a str,
    failures: i64,
    window_seconds: i64,
}

fn limits<'a>(engine: &Engine, account_id: &'a str, address: Option<&'a str>) -> [Limit<'a>; 2] {
    const ACCOUNT: &str = "SELECT at_us FROM voucher_tries WHERE account_id = $1 AND at_us > $2 \
                           ORDER BY at_us DESC LIMIT 1 OFFSET $3";
    const ADDRESS: &str = "SELECT at_us FROM voucher_tries WHERE address = $1 AND at_us > $2 \
                           ORDER BY at_us DESC LIMIT 1 OFFSET $3";
    let set = &engine.settings().vouchers;
    let seconds = |seconds: u64| i64::try_from(seconds).unwrap_or(i64::MAX);
    [
        Limit {
            sql: ACCOUNT,
            subject: account_id,
            failures: set.account_failures.into(),
            window_seconds: seconds(set.account_window_seconds),
        },
        Limit {
            sql: ADDRESS,
            subject: address.unwrap_or_default(),
            failures: set.address_failures.into(),
            window_seconds: seconds(set.address_window_seconds),
        },
    ]
}

/// Begins a try.
///
/// # Errors
/// Code `too_many_tries` with the seconds to wait.
pub(super) async fn begin(engine: &Engine, account_id: &str, address: Option<String>) -> Result<Try> {
    const GATE: &str = "INSERT INTO voucher_gates (subject, at_us) VALUES ($1, $2) \
                        ON CONFLICT (subject) DO UPDATE SET at_us = $2";
    const TRY: &str = "INSERT INTO voucher_tries (account_id, id, address, at_us) SELECT $1, $2, $3, $4 \
         WHERE (SELECT count(*) FROM voucher_tries WHERE account_id = $1 AND at_us > $5) < $6 \
         AND (SELECT count(*) FROM voucher_tries WHERE address = $3 AND at_us > $7) < $8";
    let now = engine.now();
    let this = Try { account_id: account_id.to_owned(), id: Uuid::now_v7().simple().to_string() };
    let limits = limits(engine, account_id, address.as_deref());
    if let Some(wait_seconds) = wait_seconds(engine, &limits, now).await? {
        return Err(too_many(wait_seconds));
    }
    let gate = |subject: String| Statement::new(GATE, params![subject, now.micros()]).expect_one();
    // Always the account first, so that nobody waits for somebody who waits for him.
    let mut rows = vec![gate(format!("account:{account_id}"))];
    rows.extend(address.as_ref().map(|address| gate(format!("address:{address}"))));
    let [account_since_us, address_since_us] = [&limits[0], &limits[1]].map(|limit| since(limit, now).micros());
    let row = params![
        account_id,
        this.id.as_str(),
        address.as_deref(),
        now.micros(),
        account_since_us,
        limits[0].failures,
        address_since_us,
        limits[1].failures,
    ];
    rows.push(Statement::new(TRY, row).expect_one());
    match engine.store().write(rows).await {
        Ok(_) => Ok(this),
        // Tries at the same time took what was left.
        Err(Failure::Conflict) => Err(too_many(wait_seconds(engine, &limits, now).await?.unwrap_or(1))),
        Err(failure) => Err(failure.into()),
    }
}

fn since(limit: &Limit<'_>, now: Timestamp) -> Timestamp {
    now.plus_seconds(-limit.window_seconds)
}

/// How long there is no room for another try; `None`: there is.
async fn wait_seconds(engine: &Engine, limits: &[Limit<'_>; 2], now: Timestamp) -> Result<Option<i64>> {
    let mut longest = None;
    for limit in limits {
        // The row that has to grow old before there is room for another one.
        let row = params![limit.subject, since(limit, now).micros(), limit.failures - 1];
        let rows = engine.store().query(limit.sql, row).await?;
        if let Some(row) = rows.first() {
            let free_at = Timestamp::from_micros(row.int(0)?).plus_seconds(limit.window_seconds);
            let left_us = (free_at.micros() - now.micros()).max(1);
            longest = longest.max(Some((left_us - 1) / 1_000_000 + 1));
        }
    }
    Ok(longest)
}

fn too_many(retry_after_seconds: i64) -> Error {
    counter!("scrip_voucher_refusals_total", "reason" => "too_many_tries").increment(1);
    let detail = "too many codes did not work; wait before you try another one".to_owned();
    Error::TooMany { code: "too_many_tries", detail, retry_after_seconds }
}

impl Try {
    /// The row of a try that worked, or that told nobody anything: it no longer counts.
    pub(super) fn ended(&self) -> Statement {
        let sql = "DELETE FROM voucher_tries WHERE account_id = $1 AND id = $2";
        Statement::new(sql, params![self.account_id.as_str(), self.id.as_str()])
    }

    /// Forgets a try that told nobody anything. When that fails, too, it counts until it is old.
    pub(super) async fn release(self, engine: &Engine) {
        if let Err(failure) = engine.store().write(vec![self.ended()]).await {
            warn!(%failure, "a try of a voucher that told nothing counts as failed");
        }
    }
}

/// Counts a failure; from a rate on that looks like guessing on a large scale, the alarm.
pub(super) async fn failed(engine: &Engine, reason: &'static str) -> Result<()> {
    const SQL: &str = "SELECT 1 FROM voucher_tries WHERE at_us > $1 LIMIT 1 OFFSET $2";
    counter!("scrip_voucher_refusals_total", "reason" => reason).increment(1);
    let most = i64::from(engine.settings().vouchers.alarm_failures_per_hour);
    let since_us = engine.now().plus_seconds(-HOUR_SECONDS).micros();
    if !engine.store().query(SQL, params![since_us, most - 1]).await?.is_empty() {
        counter!("scrip_voucher_alarms_total").increment(1);
        error!(failures_per_hour = most, "voucher codes are being guessed: look at who tries, pause campaigns");
    }
    Ok(())
}

/// Drops what is too old to count, unless another node does.
///
/// # Errors
/// When the database cannot be read or written.
pub async fn forget_tries(engine: &Engine) -> Result<()> {
    let before_us = engine.now().plus_seconds(-KEEP_SECONDS).micros();
    let due = "SELECT 1 FROM voucher_gates WHERE at_us < $1 LIMIT 1";
    let none = engine.store().query(due, params![before_us]).await?.is_empty();
    if none || !lease::hold(engine, Lease::Vouchers).await? {
        return Ok(());
    }
    let rows = vec![
        Statement::new("DELETE FROM voucher_tries WHERE at_us < $1", params![before_us]),
        Statement::new("DELETE FROM voucher_gates WHERE at_us < $1", params![before_us]),
    ];
    engine.store().write(rows).await?;
    Ok(())
}

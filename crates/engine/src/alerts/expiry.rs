//! Announcing credits that stop counting soon.
//!
//! Days are those of the site's time zone, and an expiry at midnight belongs to the day before it. A lot is told of when at
//! most so many days are left as `alerts.expiry_days` says, at each of them once; a step before which the lot did not exist
//! yet is skipped, and so is one that a later step has overtaken. One letter a day lists what is due for an account,
//! not before [`MORNING_HOUR`]. Which accounts are worth a look is asked along the index of what falls due.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use ledger::{AccountNo, Lot, Timestamp};
use store::{AccountRef, AccountView, Failure, Row, Statement, params};
use tracing::{info, warn};

use super::preferences::read_emails;
use super::recipients::Addressee;
use super::{AT_ONCE, PAGE};
use crate::lease::{self, Lease};
use crate::mail::{ExpiringLot, Letter, Sum};
use crate::settings::{Language, zone};
use crate::{Engine, Error, Result};

/// Nobody is written to earlier in the day.
const MORNING_HOUR: i8 = 8;
const DAY_SECONDS: i64 = 86_400;
/// Notices are kept this long after the expiry, in seconds.
const KEEP_SECONDS: i64 = 60 * DAY_SECONDS;

/// An account where something falls due.
struct Owner {
    addressee: Addressee,
    no: AccountNo,
    site: String,
}

/// A lot at one of the steps before its expiry.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Due {
    lot: Lot,
    expires_at: Timestamp,
    /// The step.
    days: u32,
    /// What is really left, in days.
    days_left: u32,
}

/// What an account was told already.
#[derive(Default)]
struct Told {
    /// Lot, expiry, step.
    steps: BTreeSet<(i64, i64, i64)>,
    last_day: String,
}

/// Writes to every account whose credits are at a step before their expiry, unless another node does; says to how many.
///
/// # Errors
/// When the database cannot be read; an account that fails does not disturb the others.
pub async fn announce(engine: &Engine) -> Result<usize> {
    let Some(most) = engine.settings().alerts.expiry_days.first().copied() else { return Ok(0) };
    let until = engine.now().plus_seconds((i64::from(most) + 2) * DAY_SECONDS);
    let (mut written, mut after) = (0, -1);
    loop {
        let page = owners_after(engine, until, after).await?;
        let Some(last) = page.last() else { return Ok(written) };
        if !lease::hold(engine, Lease::Alerts).await? {
            return Ok(written);
        }
        for some in page.chunks(AT_ONCE) {
            let reads = some.iter().map(|owner| engine.store().account(AccountRef::No(owner.no)));
            for (owner, read) in some.iter().zip(join_all(reads).await) {
                let Some(view) = read? else { continue };
                match write_to(engine, owner, &view).await {
                    Ok(true) => written += 1,
                    // Another node was faster.
                    Ok(false) | Err(Error::Ledger(Failure::Conflict)) => {}
                    Err(error) => {
                        warn!(account = owner.addressee.account_id, %error, "a notice failed; it is tried again");
                    }
                }
            }
        }
        after = i64::try_from(last.no).unwrap_or(i64::MAX);
    }
}

/// Drops notices of expiries long past, unless another node does.
///
/// # Errors
/// What keeps the database from reading or writing.
pub async fn forget(engine: &Engine) -> Result<()> {
    let before = engine.now().plus_seconds(-KEEP_SECONDS).micros();
    let old = "SELECT 1 FROM expiry_notices WHERE expires_at_us < $1 LIMIT 1";
    let none = engine.store().query(old, params![before]).await?.is_empty();
    if none || !lease::hold(engine, Lease::Alerts).await? {
        return Ok(());
    }
    let drop = "DELETE FROM expiry_notices WHERE expires_at_us < $1";
    engine.store().write(vec![Statement::new(drop, params![before])]).await?;
    Ok(())
}

async fn owners_after(engine: &Engine, until: Timestamp, after: i64) -> Result<Vec<Owner>> {
    const SQL: &str = "SELECT a.id, a.no, a.site, a.email, s.emails, s.language FROM ledger_accounts l \
                       JOIN accounts a ON a.no = l.account_no LEFT JOIN alerts s ON s.account_id = a.id \
                       WHERE l.next_due_at_us <= $1 AND l.account_no > $2 AND coalesce(s.expiry_enabled, 1) = 1 \
                       ORDER BY l.account_no LIMIT $3";
    engine.store().query(SQL, params![until.micros(), after, PAGE]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Owner> {
    let no = row.int(1)?;
    let broken = |_| Error::Unavailable(format!("accounts: a row has the number {no}"));
    Ok(Owner {
        addressee: Addressee {
            account_id: row.text(0)?.to_owned(),
            emails: row.optional_text(4)?.map(read_emails).transpose()?.unwrap_or_default(),
            email: row.optional_text(3)?.map(str::to_owned),
            language: row.optional_text(5)?.and_then(Language::parse),
        },
        no: AccountNo::try_from(no).map_err(broken)?,
        site: row.text(2)?.to_owned(),
    })
}

/// Writes today's letter to an account, if anything is new in it.
async fn write_to(engine: &Engine, owner: &Owner, view: &AccountView) -> Result<bool> {
    let (account, now) = (&view.account, view.as_of);
    let site = engine.settings().sites.get(&owner.site);
    let zone = site.and_then(|site| zone(&site.time_zone)).unwrap_or(TimeZone::UTC);
    let Some(today) = day(now, &zone) else { return Ok(false) };
    if account.closed || !owner.addressee.is_reachable() || is_early(now, &zone) {
        return Ok(false);
    }
    let mut due = due(&account.lots, now, &zone, &engine.settings().alerts.expiry_days);
    if due.is_empty() {
        return Ok(false);
    }
    let told = told(engine, &owner.addressee.account_id, now).await?;
    due.retain(|due| !told.steps.contains(&key(due)));
    let today = today.to_string();
    if due.is_empty() || told.last_day == today {
        return Ok(false);
    }
    let lot = |due: &Due| ExpiringLot {
        kind: due.lot.kind,
        remaining: Sum::new(account.unit, due.lot.remaining),
        expires_at: due.expires_at,
    };
    let days = due.iter().map(|due| due.days_left).max().unwrap_or_default();
    let letter = Letter::LotsExpiring { days, lots: due.iter().map(lot).collect() };
    let mut rows: Vec<Statement> = due.iter().map(|due| noted(&owner.addressee.account_id, due, &today)).collect();
    rows.extend(owner.addressee.write(engine, &today, &letter, now).await?);
    engine.store().write(rows).await?;
    info!(account = owner.addressee.account_id, lots = due.len(), "told that credits expire");
    Ok(true)
}

async fn told(engine: &Engine, account_id: &str, now: Timestamp) -> Result<Told> {
    const SQL: &str = "SELECT lot_no, expires_at_us, days, told_on FROM expiry_notices WHERE account_id = $1 \
                       AND expires_at_us > $2";
    let mut told = Told::default();
    // Of lots that are gone today, too: they may be why somebody was told today.
    let since = now.plus_seconds(-DAY_SECONDS).micros();
    for row in engine.store().query(SQL, params![account_id, since]).await? {
        told.steps.insert((row.int(0)?, row.int(1)?, row.int(2)?));
        told.last_day = told.last_day.max(row.text(3)?.to_owned());
    }
    Ok(told)
}

/// Remembers a step; of two nodes one is told that it is there already.
fn noted(account_id: &str, due: &Due, today: &str) -> Statement {
    const SQL: &str =
        "INSERT INTO expiry_notices (account_id, lot_no, expires_at_us, days, told_on) VALUES ($1, $2, $3, $4, $5)";
    let (lot_no, expires_at_us, days) = key(due);
    Statement::new(SQL, params![account_id, lot_no, expires_at_us, days, today])
}

fn key(due: &Due) -> (i64, i64, i64) {
    (i64::try_from(due.lot.no).unwrap_or(i64::MAX), due.expires_at.micros(), due.days.into())
}

/// Lots with something left that are at a step before their expiry, soonest first. `steps`: days, most first.
fn due(lots: &[Lot], now: Timestamp, zone: &TimeZone, steps: &[u32]) -> Vec<Due> {
    let of_lot = |lot: &Lot| {
        let expires_at = lot.expires_at.filter(|expires_at| now < *expires_at && lot.remaining.is_positive())?;
        let last_day = day(Timestamp::from_micros(expires_at.micros().saturating_sub(1)), zone)?;
        let days_left = between(day(now, zone)?, last_day)?;
        let days_in_all = between(day(lot.effective_at, zone)?, last_day)?;
        let days = steps.iter().copied().filter(|days| *days >= days_left).min()?;
        (days < days_in_all).then(|| Due { lot: lot.clone(), expires_at, days, days_left })
    };
    let mut due: Vec<Due> = lots.iter().filter_map(of_lot).collect();
    due.sort_by_key(|due| (due.expires_at, due.lot.no));
    due
}

fn day(at: Timestamp, zone: &TimeZone) -> Option<Date> {
    Some(jiff::Timestamp::from_microsecond(at.micros()).ok()?.to_zoned(zone.clone()).date())
}

/// Whole days from one day to a later one; `None` when it is not later.
fn between(from: Date, to: Date) -> Option<u32> {
    u32::try_from(from.until(to).ok()?.get_days()).ok()
}

fn is_early(now: Timestamp, zone: &TimeZone) -> bool {
    let at = jiff::Timestamp::from_microsecond(now.micros());
    at.is_ok_and(|at| at.to_zoned(zone.clone()).hour() < MORNING_HOUR)
}

#[cfg(test)]
mod tests {
    use ledger::{Amount, LotKind};

    use super::*;

    fn at(text: &str) -> Timestamp {
        let instant: jiff::Timestamp = text.parse().unwrap();
        Timestamp::from_micros(instant.as_microsecond())
    }

    fn lot(effective: &str, expires: Option<&str>, remaining: i64) -> Lot {
        Lot {
            no: 7,
            kind: LotKind::Voucher,
            priority: None,
            allocated: Amount::from_units(1_000),
            remaining: Amount::from_units(remaining),
            held: Amount::ZERO,
            effective_at: at(effective),
            expires_at: expires.map(at),
            scope: Box::default(),
        }
    }

    #[test]
    fn a_lot_is_at_the_smallest_step_that_covers_what_is_left() {
        let hanoi = zone("Asia/Ho_Chi_Minh").unwrap();
        // Midnight at the end of 30 November in Hanoi.
        let end = Some("2026-11-30T17:00:00Z");
        let new_year = "2026-01-01T00:00:00Z";
        // now, effective, expiry, left, step and days left
        let table = [
            ("2026-10-31T05:00:00Z", new_year, end, 1, Some((30, 30))),
            ("2026-10-30T16:59:59Z", new_year, end, 1, None),
            ("2026-10-30T17:00:00Z", new_year, end, 1, Some((30, 30))),
            ("2026-11-16T05:00:00Z", new_year, end, 1, Some((14, 14))),
            ("2026-11-18T05:00:00Z", new_year, end, 1, Some((14, 12))),
            ("2026-11-29T05:00:00Z", new_year, end, 1, Some((1, 1))),
            ("2026-11-30T05:00:00Z", new_year, end, 1, Some((1, 0))),
            ("2026-11-30T17:00:00Z", new_year, end, 1, None),
            ("2026-11-29T05:00:00Z", new_year, end, 0, None),
            ("2026-11-29T05:00:00Z", new_year, None, 1, None),
            // It began on the very day of the step, or after it.
            ("2026-11-16T05:00:00Z", "2026-11-16T01:00:00Z", end, 1, None),
            ("2026-11-18T05:00:00Z", "2026-11-17T01:00:00Z", end, 1, None),
            ("2026-11-23T05:00:00Z", "2026-11-17T01:00:00Z", end, 1, Some((7, 7))),
            ("2026-11-30T05:00:00Z", "2026-11-29T18:00:00Z", end, 1, None),
            // Not effective yet, and already told of.
            ("2026-11-10T05:00:00Z", "2026-11-15T00:00:00Z", end, 1, None),
            ("2026-11-23T05:00:00Z", "2026-11-22T00:00:00Z", end, 1, Some((7, 7))),
        ];
        for (now, effective, expires, left, expected) in table {
            let lots = [lot(effective, expires, left)];
            let found = due(&lots, at(now), &hanoi, &[30, 14, 7, 1]);
            let found = found.first().map(|due| (due.days, due.days_left));
            assert_eq!(found, expected, "{now}, effective {effective}");
        }
        assert!(due(&[lot(new_year, end, 1)], at("2026-11-29T05:00:00Z"), &hanoi, &[]).is_empty());
    }

    #[test]
    fn nobody_is_written_to_at_night() {
        let tokyo = zone("Asia/Tokyo").unwrap();
        for (now, early) in
            [("2026-11-20T22:59:59Z", true), ("2026-11-20T23:00:00Z", false), ("2026-11-20T14:00:00Z", false)]
        {
            assert_eq!(is_early(at(now), &tokyo), early, "{now}");
        }
    }
}

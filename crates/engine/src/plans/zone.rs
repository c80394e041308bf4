//! Where the days of an account begin and end: its own time zone, or its site's.

use jiff::tz::TimeZone;
use ledger::Timestamp;
use store::{Statement, params};

use crate::accounts::AccountRecord;
use crate::{Engine, Error, Result};

/// The time zone of an account.
#[derive(Clone, Debug)]
pub struct AccountZone {
    /// Its rules.
    pub zone: TimeZone,
    /// Its IANA name, such as `Asia/Tokyo`.
    pub name: String,
    /// It was set for this account; else it is the site's.
    pub is_own: bool,
}

/// The zone of an account. Cost: one read.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn zone_of(engine: &Engine, account: &AccountRecord) -> Result<AccountZone> {
    let sql = "SELECT time_zone FROM account_zones WHERE account_id = $1";
    let rows = engine.store().query(sql, params![&*account.id]).await?;
    let own = rows.first().map(|row| row.text(0)).transpose()?;
    let of_site = || engine.settings().sites.get(&account.site).map(|site| site.time_zone.as_str());
    let name = own.or_else(of_site).unwrap_or("UTC");
    // A name was checked when it was set; one that this build does not know any more is no reason to stop.
    let zone = TimeZone::get(name).unwrap_or(TimeZone::UTC);
    Ok(AccountZone { zone, name: name.to_owned(), is_own: own.is_some() })
}

/// Gives an account a zone of its own, or (`None`) its site's. What has begun ends when it was to end; whatever begins
/// later goes by the new zone.
///
/// # Errors
/// [`Error::Invalid`] for a name that is none, [`Error::NotFound`].
pub async fn set_zone(engine: &Engine, account_id: &str, name: Option<&str>) -> Result<AccountZone> {
    let account = engine.accounts().get(account_id).await?;
    let row = match name {
        None => Statement::new("DELETE FROM account_zones WHERE account_id = $1", params![&*account.id]),
        Some(name) if TimeZone::get(name).is_ok() && name.len() <= 64 => set(&account.id, name, engine.now()),
        Some(_) => return Err(Error::invalid("time_zone", "must be an IANA name such as Asia/Tokyo")),
    };
    engine.store().write(vec![row]).await?;
    zone_of(engine, &account).await
}

fn set(account_id: &str, name: &str, now: Timestamp) -> Statement {
    const SQL: &str = "INSERT INTO account_zones (account_id, time_zone, updated_at_us) VALUES ($1, $2, $3) \
                       ON CONFLICT (account_id) DO UPDATE SET time_zone = $2, updated_at_us = $3";
    Statement::new(SQL, params![account_id, name, now.micros()]).expect_one()
}

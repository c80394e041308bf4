//! Who pays: opening, finding and changing accounts.
//!
//! An account's identifier, short number, unit and site never change, so [`Accounts::locate`] remembers them: the hot
//! path asks the database nothing. The row in `accounts` is written with the first transaction, or not at all.
//! Deliberately absent: billing profiles, deleting (close it instead).

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use ledger::{AccountNo, Amount, Command, InputHash, Memo, Op, Timestamp, Unit};
use rand::RngExt;
use rustc_hash::FxBuildHasher;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use store::{AccountRef, EntryFilter, Failure, Order, Row, Statement, Store, Target, params};

use crate::audit::{Change, Log};
use crate::checks::{self, Metadata};
use crate::ids::ACCOUNT_NO_END;
use crate::ledger_calls::{Call, fingerprint};
use crate::settings::Settings;
use crate::{Error, Result};

/// Accounts remembered at most; beyond it all are forgotten and read again.
const CACHE_ACCOUNTS: usize = 500_000;
/// Tries to find a free short number; one of 2^40 is rarely taken.
const NUMBER_TRIES: usize = 4;

/// What never changes of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// Public identifier.
    pub id: Arc<str>,
    /// Short number.
    pub no: AccountNo,
    /// What it counts in.
    pub unit: Unit,
}

/// An account without its credits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRecord {
    /// Public identifier.
    pub id: Arc<str>,
    /// What it counts in.
    pub unit: Unit,
    /// Where it buys.
    pub site: String,
    /// What people call it.
    pub name: String,
    /// Where documents go.
    pub email: Option<String>,
    /// A JSON object, as text.
    pub metadata: String,
    /// Its customer at Stripe, whose saved cards pay for packs.
    pub stripe_customer: Option<String>,
    /// How far below zero it may go on request.
    pub overdraft_limit: Amount,
    /// A closed account moves nothing.
    pub closed: bool,
    /// When it was opened.
    pub created_at: Timestamp,
}

/// What a new account is to be.
#[derive(Debug, Clone, Default, Serialize)]
pub struct NewAccount {
    /// Chosen by the caller, or generated.
    pub id: Option<String>,
    /// What people call it.
    pub name: String,
    /// Where it buys.
    pub site: String,
    /// What it counts in; may be left out where the site has one unit.
    pub unit: Option<String>,
    /// Where documents go.
    pub email: Option<String>,
    /// How far below zero it may go on request, a decimal in the unit.
    pub overdraft_limit: Option<String>,
    /// A JSON object for the caller's own use.
    pub metadata: Metadata,
}

/// What is to be different about an account. `None` leaves a field as it is.
#[derive(Debug, Clone, Default)]
pub struct AccountChange {
    /// What people call it.
    pub name: Option<String>,
    /// Where documents go; `Some(None)` forgets it.
    pub email: Option<Option<String>>,
    /// Replaces the whole object.
    pub metadata: Option<Metadata>,
    /// How far below zero it may go on request, a decimal in the unit.
    pub overdraft_limit: Option<String>,
    /// Close or reopen.
    pub closed: Option<bool>,
    /// Its customer at Stripe; `Some(None)` forgets it.
    pub stripe_customer: Option<Option<String>>,
    /// Only the unit that it has: another one is refused.
    pub unit: Option<String>,
}

/// The accounts of an installation.
pub struct Accounts {
    store: Store,
    settings: Arc<Settings>,
    audit: Log,
    by_id: RwLock<HashMap<Arc<str>, Located, FxBuildHasher>>,
    by_no: RwLock<HashMap<AccountNo, Located, FxBuildHasher>>,
}

const COLUMNS_BY_ID: &str = "SELECT id, no, unit, site, name, email, metadata, stripe_customer, created_at_us \
                             FROM accounts WHERE id = $1";

impl Accounts {
    pub(crate) fn new(store: Store, settings: Arc<Settings>, audit: Log) -> Accounts {
        Accounts { store, settings, audit, by_id: RwLock::default(), by_no: RwLock::default() }
    }

    /// Number and unit of an account. No query once it is remembered.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Unavailable`].
    pub async fn locate(&self, id: &str) -> Result<Located> {
        let known = self.by_id.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        self.remember(self.store.query("SELECT id, no, unit FROM accounts WHERE id = $1", params![id]).await?)
    }

    /// The same by short number, as ids of entries, lots and holds carry it.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Unavailable`].
    pub async fn locate_no(&self, no: AccountNo) -> Result<Located> {
        let known = self.by_no.read().unwrap_or_else(PoisonError::into_inner).get(&no).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let sql = "SELECT id, no, unit FROM accounts WHERE no = $1";
        self.remember(self.store.query(sql, params![number(no)]).await?)
    }

    fn remember(&self, rows: Vec<Row>) -> Result<Located> {
        let row = rows.first().ok_or(Error::NotFound("account"))?;
        let located = located(row)?;
        let mut by_id = self.by_id.write().unwrap_or_else(PoisonError::into_inner);
        let mut by_no = self.by_no.write().unwrap_or_else(PoisonError::into_inner);
        if by_id.len() >= CACHE_ACCOUNTS {
            by_id.clear();
            by_no.clear();
        }
        by_id.insert(Arc::clone(&located.id), located.clone());
        by_no.insert(located.no, located.clone());
        Ok(located)
    }

    /// Opens an account. A repeat with the same idempotency key answers as the first did; the second part says whether
    /// it is one.
    ///
    /// # Errors
    /// A field out of bounds; [`ledger::Rejection::AlreadyOpen`] when the identifier is taken.
    pub async fn open(&self, call: &Call, new: NewAccount) -> Result<(AccountRecord, bool)> {
        let input = fingerprint("open", &new);
        self.open_with(call, input, new, |_| Ok(None)).await
    }

    /// The same with a row that belongs to the new account and is written with it.
    pub(crate) async fn open_with(
        &self,
        call: &Call,
        input: InputHash,
        new: NewAccount,
        row: impl FnOnce(&AccountRecord) -> Result<Option<Statement>>,
    ) -> Result<(AccountRecord, bool)> {
        let unit = self.unit(&new)?;
        let id = match &new.id {
            Some(id) => id.clone(),
            None => generated_id(call),
        };
        checks::account_id(&id)?;
        let limit = new.overdraft_limit.as_deref().map(|text| checks::amount("overdraft_limit", text, unit));
        let mut record = AccountRecord {
            id: id.into(),
            unit,
            site: new.site,
            name: checks::name("name", new.name)?.into(),
            email: new.email.map(checks::email).transpose()?,
            metadata: checks::metadata(&new.metadata)?.into(),
            stripe_customer: None,
            overdraft_limit: limit.transpose()?.unwrap_or(Amount::ZERO),
            closed: false,
            created_at: self.store.now(),
        };
        let command = Command {
            key: call.key.clone(),
            input,
            actor: Arc::clone(&call.actor),
            memo: Memo::default(),
            op: Op::Open { overdraft_limit: record.overdraft_limit },
        };
        let row = row(&record)?;
        let receipt = self.submit_opening(&record, command, row).await?;
        if receipt.replayed {
            let row = self.row(&record.id).await?;
            record.created_at = Timestamp::from_micros(row.int(8)?);
        }
        Ok((record, receipt.replayed))
    }

    async fn submit_opening(
        &self,
        record: &AccountRecord,
        command: Command,
        also: Option<Statement>,
    ) -> Result<store::Receipt> {
        const INSERT: &str = "INSERT INTO accounts (id, no, unit, site, name, email, metadata, created_at_us) \
                              VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";
        for _ in 0..NUMBER_TRIES {
            let no = rand::rng().random_range(1..ACCOUNT_NO_END);
            let row = params![
                &*record.id,
                number(no),
                record.unit.code(),
                record.site.as_str(),
                record.name.as_str(),
                record.email.as_deref(),
                record.metadata.as_str(),
                record.created_at.micros(),
            ];
            let order = Order {
                target: Target::New { id: Arc::clone(&record.id), no, unit: record.unit },
                command: command.clone(),
                rows: [Statement::new(INSERT, row).expect_one()].into_iter().chain(also.clone()).collect(),
            };
            match self.store.submit(order).await {
                // The number is taken, or the same account is being opened right now.
                Err(Failure::Conflict) => {}
                outcome => return Ok(outcome?),
            }
        }
        Err(Failure::Conflict.into())
    }

    /// The unit of a new account: the site's only one, or the one that was asked for.
    fn unit(&self, new: &NewAccount) -> Result<Unit> {
        let site = self.settings.sites.get(&new.site).filter(|site| site.enabled).ok_or_else(|| {
            let enabled = self.settings.sites.iter().filter(|(_, site)| site.enabled);
            let names: Vec<&str> = enabled.map(|(name, _)| name.as_str()).collect();
            Error::invalid("site", format!("must be one of {}", names.join(", ")))
        })?;
        let codes = || site.units.iter().map(|unit| unit.code()).collect::<Vec<_>>().join(", ");
        match (&new.unit, site.units.as_slice()) {
            (None, [only]) => Ok(*only),
            (None, _) => Err(Error::invalid("unit", format!("must be given at this site: one of {}", codes()))),
            (Some(code), units) => Unit::parse(code)
                .filter(|unit| units.contains(unit))
                .ok_or_else(|| Error::invalid("unit", format!("must be one of {} at this site", codes()))),
        }
    }

    async fn row(&self, id: &str) -> Result<Row> {
        let rows = self.store.query(COLUMNS_BY_ID, params![id]).await?;
        rows.into_iter().next().ok_or(Error::NotFound("account"))
    }

    /// An account.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Unavailable`].
    pub async fn get(&self, id: &str) -> Result<AccountRecord> {
        let row = self.row(id).await?;
        self.with_terms(&row).await
    }

    /// Accounts, newest first, those opened before (`created_at_us`, `id`), at most `limit`.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn list(&self, before: Option<(i64, String)>, limit: i64) -> Result<Vec<AccountRecord>> {
        const SQL: &str = "SELECT id, no, unit, site, name, email, metadata, stripe_customer, created_at_us \
                           FROM accounts WHERE (created_at_us, id) < ($1, $2) \
                           ORDER BY created_at_us DESC, id DESC LIMIT $3";
        let (at_us, id) = before.unwrap_or((i64::MAX, String::new()));
        let rows = self.store.query(SQL, params![at_us, id, limit]).await?;
        let mut records = Vec::with_capacity(rows.len());
        for row in &rows {
            records.push(self.with_terms(row).await?);
        }
        Ok(records)
    }

    /// Changes an account; everything or nothing.
    ///
    /// # Errors
    /// [`Error::NotFound`], a field out of bounds, what the store answers.
    pub async fn change(&self, call: &Call, id: &str, change: AccountChange) -> Result<AccountRecord> {
        const UPDATE: &str = "UPDATE accounts SET name = coalesce($2, name), \
             email = CASE WHEN $3 = 1 THEN $4 ELSE email END, metadata = coalesce($5, metadata), \
             stripe_customer = CASE WHEN $6 = 1 THEN $7 ELSE stripe_customer END WHERE id = $1";
        let account = self.locate(id).await?;
        if let Some(code) = change.unit.filter(|code| *code != account.unit.code()) {
            return Err(self.unit_locked(&account, &code).await?);
        }
        // Which fields, and of personal ones not what they say: the log is never erased.
        let given = [
            ("name", change.name.is_some()),
            ("email", change.email.is_some()),
            ("metadata", change.metadata.is_some()),
            ("stripe_customer_id", change.stripe_customer.is_some()),
        ];
        let fields: Vec<_> = given.into_iter().filter_map(|(field, given)| given.then_some(field)).collect();
        let limit_text = change.overdraft_limit.clone();
        let email = change.email.map(|email| email.map(checks::email).transpose()).transpose()?;
        let customer = change.stripe_customer.map(|id| id.map(stripe_customer).transpose()).transpose()?;
        let row = params![
            id,
            change.name.map(|name| checks::name("name", name)).transpose()?.map(String::from),
            email.is_some(),
            email.flatten(),
            change.metadata.as_ref().map(checks::metadata).transpose()?.map(String::from),
            customer.is_some(),
            customer.flatten(),
        ];
        let rows = vec![Statement::new(UPDATE, row).expect_one()];
        let limit = change.overdraft_limit.map(|text| checks::amount("overdraft_limit", &text, account.unit));
        let limit = limit.transpose()?;
        let fields = json!({"fields": fields, "overdraft_limit": limit_text, "closed": change.closed});
        let noted = Change {
            action: "account.changed",
            account_id: Some(id),
            object: Some(id),
            after: fields,
            ..Change::default()
        };
        if limit.is_none() && change.closed.is_none() {
            self.audit.write(call, &noted, rows).await?;
        } else {
            let op = Op::Configure { overdraft_limit: limit, closed: change.closed };
            let actor = Arc::clone(&call.actor);
            let command = Command { key: None, input: [0; 16], actor, memo: Memo::default(), op };
            let target = Target::Existing(AccountRef::No(account.no));
            self.store.submit(Order { target, command, rows }).await?;
            self.audit.note(call, &noted).await;
        }
        self.get(id).await
    }

    /// Why an account cannot count in another unit: every hash of its entries, from the first on, holds the unit.
    async fn unit_locked(&self, account: &Located, code: &str) -> Result<Error> {
        let unit = account.unit;
        let moved = !self.store.entries(account.no, EntryFilter::default(), None, 1).await?.is_empty();
        let detail = match moved {
            true => format!("credits have moved in {unit}, which locks the unit; open another account to use {code}"),
            false => format!(
                "the unit {unit} was chosen when the account was opened; nothing has moved, so close it and open another \
                 one in {code}"
            ),
        };
        Ok(Error::conflict("unit_locked", detail))
    }

    async fn with_terms(&self, row: &Row) -> Result<AccountRecord> {
        let Located { id, no, unit } = located(row)?;
        let view = self.store.account(AccountRef::No(no)).await?.ok_or(Error::NotFound("account"))?;
        Ok(AccountRecord {
            id,
            unit,
            site: row.text(3)?.to_owned(),
            name: row.text(4)?.to_owned(),
            email: row.optional_text(5)?.map(str::to_owned),
            metadata: row.text(6)?.to_owned(),
            stripe_customer: row.optional_text(7)?.map(str::to_owned),
            overdraft_limit: view.account.overdraft_limit,
            closed: view.account.closed,
            created_at: Timestamp::from_micros(row.int(8)?),
        })
    }
}

/// With an idempotency key the identifier follows from it, so that a repeat finds the account it opened.
fn generated_id(call: &Call) -> String {
    let id = match &call.key {
        None => uuid::Uuid::now_v7(),
        Some(key) => {
            let hash: [u8; 32] = Sha256::digest(["scrip account\0", key].concat()).into();
            let mut bytes = [0; 16];
            bytes.copy_from_slice(&hash[..16]);
            uuid::Builder::from_custom_bytes(bytes).into_uuid()
        }
    };
    format!("acct_{}", id.simple())
}

fn located(row: &Row) -> Result<Located> {
    let (id, no, code) = (row.text(0)?, row.int(1)?, row.text(2)?);
    let broken = |what: &str| Error::Unavailable(format!("accounts: {id} has the {what}"));
    Ok(Located {
        id: id.into(),
        no: AccountNo::try_from(no).map_err(|_| broken(&format!("number {no}")))?,
        unit: Unit::parse(code).ok_or_else(|| broken(&format!("unit {code}")))?,
    })
}

/// Short numbers stay below 2^40, so they fit.
fn number(no: AccountNo) -> i64 {
    i64::try_from(no).unwrap_or(i64::MAX)
}

fn stripe_customer(id: String) -> Result<String> {
    let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if plain && (1..=255).contains(&id.len()) {
        return Ok(id);
    }
    Err(Error::invalid("stripe_customer_id", "must be the id of a Stripe customer, such as cus_123"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_id_follows_from_the_key() {
        let call = |key: Option<&str>| Call { actor: "key:test".into(), key: key.map(Box::from), ..Call::default() };
        assert_eq!(generated_id(&call(Some("k1"))), generated_id(&call(Some("k1"))));
        assert_ne!(generated_id(&call(Some("k1"))), generated_id(&call(Some("k2"))));
        assert_ne!(generated_id(&call(None)), generated_id(&call(None)));
        assert!(checks::account_id(&generated_id(&call(None))).is_ok());
        assert_eq!(generated_id(&call(Some("k1"))).len(), "acct_".len() + 32);
    }
}

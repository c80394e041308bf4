//! API keys: who calls, and what they may do.
//!
//! Only the SHA-256 of a key is stored, found by the public part of its text and compared in constant time; the text is
//! shown once. Valid keys are remembered while [`crate::watch`] vouches for them, so a request costs one hash and one
//! look-up and no SQL; a revocation works at once on this node and within a second on every other. Nothing else about a
//! key ever changes. Deliberately absent: people's sessions (see [`crate::members`]), limits per key.

mod cache;
mod text;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Instant;

use ledger::Timestamp;
use serde_json::json;
use store::{Failure, Row, Statement, Store, params};
use subtle::ConstantTimeEq;

use crate::audit::{Change, Log};
use crate::settings::{Environment, Secret};
use crate::watch::Moment;
use crate::{Call, Error, Result};
use cache::Cache;
use text::{KeyText, Prefix};

/// Revocations that one check names at most; beyond it every key is forgotten.
const REVOKED_KEYS: usize = 1_000;
/// Keys of one account that may be valid at a time.
pub const MAX_LIVE_KEYS: i64 = 100;
/// Longest name of a key, in characters.
pub const MAX_NAME_CHARS: usize = 200;
/// `last_used_at` is written at most this often for a key, in microseconds.
const LAST_USED_STEP_US: i64 = 60_000_000;

/// Something that an account's key may do. Operators' keys may do everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Read the account's balance and entries.
    BalanceRead,
    /// Debit, and charge usage.
    UsageWrite,
    /// Place, capture, release and extend holds.
    HoldWrite,
    /// Buy credits with the saved cards.
    TopupWrite,
    /// Make and revoke keys of the account.
    KeysAdmin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Scope; 5] =
        [Scope::BalanceRead, Scope::UsageWrite, Scope::HoldWrite, Scope::TopupWrite, Scope::KeysAdmin];

    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Scope::BalanceRead => "balance:read",
            Scope::UsageWrite => "usage:write",
            Scope::HoldWrite => "hold:write",
            Scope::TopupWrite => "topup:write",
            Scope::KeysAdmin => "keys:admin",
        }
    }

    /// The scope of a name.
    pub fn parse(name: &str) -> Option<Scope> {
        Scope::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

/// A set of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u8);

impl Scopes {
    /// What a new key may do that names no scopes: everything but managing keys.
    pub fn usual() -> Scopes {
        Scope::ALL.into_iter().filter(|scope| *scope != Scope::KeysAdmin).collect()
    }

    /// Whether the set has this scope.
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u8) != 0
    }

    /// Whether the set has every scope of the other.
    pub const fn contains_all(self, other: Scopes) -> bool {
        self.0 & other.0 == other.0
    }

    /// Its scopes.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.contains(*scope))
    }

    fn to_text(self) -> String {
        self.iter().map(Scope::name).collect::<Vec<_>>().join(" ")
    }

    fn from_text(text: &str) -> Scopes {
        text.split(' ').filter_map(Scope::parse).collect()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Scopes(scopes.into_iter().fold(0, |set, scope| set | 1 << scope as u8))
    }
}

/// A valid key, as a request presents it.
#[derive(Debug)]
pub struct Key {
    /// The public part of its text.
    pub public_id: Box<str>,
    /// Whose key it is; `None`: an operator's, which may do everything.
    pub account: Option<Arc<str>>,
    /// What it may do.
    pub scopes: Scopes,
    /// How the ledger records who asked: `key:<public id>`.
    pub actor: Arc<str>,
    sha256: [u8; 32],
    expires_at: Option<Timestamp>,
    last_used_us: AtomicI64,
    last_written_us: AtomicI64,
}

/// A key as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// The public part of its text.
    pub public_id: String,
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub scopes: Scopes,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops being valid by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
}

/// What a new key is to be.
#[derive(Debug, Clone, Default)]
pub struct NewKey {
    /// What people call it.
    pub name: String,
    /// What it may do; `None`: [`Scopes::usual`].
    pub scopes: Option<Scopes>,
    /// When it stops being valid by itself.
    pub expires_at: Option<Timestamp>,
}

/// The keys of an installation.
pub struct Keys {
    store: Store,
    environment: Environment,
    audit: Log,
    cache: RwLock<Cache>,
}

impl Keys {
    pub(crate) fn new(store: Store, environment: Environment, audit: Log) -> Keys {
        let cache = RwLock::new(Cache::new(Moment::now(&store)));
        Keys { store, environment, audit, cache }
    }

    fn remembered(&self) -> RwLockReadGuard<'_, Cache> {
        self.cache.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn remembered_mut(&self) -> RwLockWriteGuard<'_, Cache> {
        self.cache.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key of this text, when it is valid now.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the key is not remembered and the database cannot be read.
    pub async fn authenticate(&self, token: &str) -> Result<Option<Arc<Key>>> {
        let Some(text) = KeyText::parse(token) else { return Ok(None) };
        let now = Moment::now(&self.store);
        let cached = self.remembered().get(text.public_id(), now);
        let key = match cached {
            Some(key) => key,
            None => match self.read(text.public_id()).await? {
                Some(key) => key,
                None => return Ok(None),
            },
        };
        let matches: bool = key.sha256.ct_eq(&text.sha256()).into();
        if !matches || key.expires_at.is_some_and(|expires_at| expires_at <= now.time) {
            return Ok(None);
        }
        key.last_used_us.fetch_max(now.time.micros(), Ordering::Relaxed);
        Ok(Some(key))
    }

    async fn read(&self, public_id: &str) -> Result<Option<Arc<Key>>> {
        const SQL: &str = "SELECT public_id, key_sha256, account_id, scopes, expires_at_us, last_used_at_us \
                           FROM api_keys WHERE public_id = $1 AND revoked_at_us IS NULL";
        let read = Moment::now(&self.store);
        let rows = self.store.query(SQL, params![public_id]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let key = Arc::new(key_of(row)?);
        self.remembered_mut().insert(Arc::clone(&key), read);
        Ok(Some(key))
    }

    /// Forgets what any node revoked since the last check. Asks nothing when nothing is remembered.
    pub(crate) async fn poll(&self) -> Result<()> {
        const SQL: &str = "SELECT public_id FROM api_keys WHERE revoked_at_us > $1 LIMIT $2";
        let began = Moment::now(&self.store);
        let Some(since_us) = self.remembered().unchecked_since_us(began) else { return Ok(()) };
        let limit = i64::try_from(REVOKED_KEYS + 1).unwrap_or(i64::MAX);
        let rows = self.store.query(SQL, params![since_us, limit]).await?;
        let revoked = rows.iter().map(|row| row.text(0)).collect::<std::result::Result<Vec<_>, _>>()?;
        let named = (revoked.len() <= REVOKED_KEYS).then(|| revoked.into_iter());
        self.remembered_mut().checked(began, named);
        Ok(())
    }

    /// Makes a key of an account. The text is nowhere else: show it once.
    ///
    /// # Errors
    /// `too_many_keys`, a field out of bounds, and what keeps the database from writing.
    pub async fn issue(&self, call: &Call, account: &str, new: NewKey) -> Result<(KeyRecord, String)> {
        const COUNT: &str = "SELECT count(*) FROM api_keys WHERE account_id = $1 AND revoked_at_us IS NULL \
                             AND (expires_at_us IS NULL OR expires_at_us > $2)";
        let now = self.store.now();
        if new.expires_at.is_some_and(|expires_at| expires_at <= now) {
            return Err(Error::invalid("expires_at", "must be later than now"));
        }
        if new.name.chars().count() > MAX_NAME_CHARS || new.name.chars().any(char::is_control) {
            return Err(Error::invalid("name", "must have at most 200 characters, none of them control characters"));
        }
        let rows = self.store.query(COUNT, params![account, now.micros()]).await?;
        if rows.first().map(|row| row.int(0)).transpose()?.unwrap_or(0) >= MAX_LIVE_KEYS {
            let detail = format!("the account has {MAX_LIVE_KEYS} valid keys; revoke one first");
            return Err(Error::conflict("too_many_keys", detail));
        }
        let text = text::generate(Prefix::Account, self.environment);
        let record = self.insert(call, &text, Some(account), new).await?;
        Ok((record, text))
    }

    /// Makes sure that an operator key exists: the given one, or else a new one unless there is any. Answers the text
    /// of a new key, to be shown once.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] when the given key cannot be one or contradicts a stored one.
    pub async fn bootstrap(&self, given: &Secret) -> Result<Option<String>> {
        const COUNT: &str = "SELECT count(*) FROM api_keys WHERE account_id IS NULL AND revoked_at_us IS NULL";
        let operator = |name: &str| NewKey { name: name.to_owned(), ..NewKey::default() };
        let call = Call { actor: "start".into(), ..Call::default() };
        if !given.is_set() {
            let rows = self.store.query(COUNT, params![]).await?;
            if rows.first().map(|row| row.int(0)).transpose()?.unwrap_or(0) > 0 {
                return Ok(None);
            }
            let text = text::generate(Prefix::Operator, self.environment);
            self.insert(&call, &text, None, operator("first start")).await?;
            return Ok(Some(text));
        }
        let parsed = KeyText::parse(given.expose()).filter(|text| text.prefix() == Prefix::Operator);
        let Some(parsed) = parsed else {
            let rule = "bootstrap_operator_key must begin with sk_ and have 12 to 200 visible ASCII characters";
            return Err(Error::Misconfigured(rule.to_owned()));
        };
        match self.insert(&call, given.expose(), None, operator("bootstrap")).await {
            Ok(_) => return Ok(None),
            Err(Error::Ledger(Failure::Conflict)) => {}
            Err(error) => return Err(error),
        }
        let valid = self.read(parsed.public_id()).await?.is_some_and(|key| key.sha256 == parsed.sha256());
        if valid {
            return Ok(None);
        }
        let detail = "bootstrap_operator_key was revoked, or its public part belongs to another key: choose a new one";
        Err(Error::Misconfigured(detail.to_owned()))
    }

    async fn insert(&self, call: &Call, text: &str, account: Option<&str>, new: NewKey) -> Result<KeyRecord> {
        const SQL: &str = "INSERT INTO api_keys \
             (public_id, key_sha256, account_id, name, scopes, created_at_us, expires_at_us) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (public_id) DO NOTHING";
        let parsed = KeyText::parse(text).ok_or_else(|| Error::Misconfigured("not a key".to_owned()))?;
        let record = KeyRecord {
            public_id: parsed.public_id().to_owned(),
            name: new.name,
            scopes: new.scopes.unwrap_or_else(Scopes::usual),
            created_at: self.store.now(),
            expires_at: new.expires_at,
            revoked_at: None,
            last_used_at: None,
        };
        let row = params![
            record.public_id.as_str(),
            hex::encode(parsed.sha256()),
            account,
            record.name.as_str(),
            record.scopes.to_text(),
            record.created_at.micros(),
            record.expires_at.map(Timestamp::micros),
        ];
        let change = Change {
            action: "key.made",
            account_id: account,
            object: Some(&record.public_id),
            after: json!({"name": record.name, "scopes": record.scopes.to_text(), "operator": account.is_none()}),
            ..Change::default()
        };
        self.audit.write(call, &change, vec![Statement::new(SQL, row).expect_one()]).await?;
        Ok(record)
    }

    /// Keys of an account, newest first, those made before (`created_at_us`, `public_id`), at most `limit`.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn list(&self, account: &str, before: Option<(i64, String)>, limit: i64) -> Result<Vec<KeyRecord>> {
        const SQL: &str = "SELECT public_id, name, scopes, created_at_us, expires_at_us, revoked_at_us, last_used_at_us \
             FROM api_keys WHERE account_id = $1 AND (created_at_us, public_id) < ($2, $3) \
             ORDER BY created_at_us DESC, public_id DESC LIMIT $4";
        let (at_us, public_id) = before.unwrap_or((i64::MAX, String::new()));
        let rows = self.store.query(SQL, params![account, at_us, public_id, limit]).await?;
        rows.iter().map(record_of).collect()
    }

    /// Revokes a key of an account, for ever: at once here, within a second on every other node. Again changes nothing.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the account has no such key.
    pub async fn revoke(&self, call: &Call, account: &str, public_id: &str) -> Result<()> {
        const REVOKE: &str = "UPDATE api_keys SET revoked_at_us = $3 \
             WHERE public_id = $1 AND account_id = $2 AND revoked_at_us IS NULL";
        const EXISTS: &str = "SELECT 1 FROM api_keys WHERE public_id = $1 AND account_id = $2";
        let revoke = Statement::new(REVOKE, params![public_id, account, self.store.now().micros()]).expect_one();
        let (account_id, object) = (Some(account), Some(public_id));
        let change = Change { action: "key.revoked", account_id, object, ..Change::default() };
        let outcome = self.audit.write(call, &change, vec![revoke]).await;
        // Also after an unclear outcome: forgetting costs one read, remembering would let a revoked key in.
        self.remembered_mut().forget(public_id, Instant::now());
        match outcome {
            Err(Error::Ledger(Failure::Conflict)) => {
                let known = self.store.query(EXISTS, params![public_id, account]).await?;
                if known.is_empty() { Err(Error::NotFound("key")) } else { Ok(()) }
            }
            outcome => outcome.map(drop),
        }
    }

    /// Writes when keys were last used on this node, each at most once a minute; never earlier than what is written.
    ///
    /// # Errors
    /// What keeps the database from writing; it is written the next time.
    pub async fn write_last_used(&self) -> Result<()> {
        const SQL: &str = "UPDATE api_keys SET last_used_at_us = $2 \
                           WHERE public_id = $1 AND (last_used_at_us IS NULL OR last_used_at_us < $2)";
        let mut used: Vec<(Arc<Key>, i64)> = {
            let cache = self.remembered();
            let stale = |key: &Arc<Key>| {
                let used_us = key.last_used_us.load(Ordering::Relaxed);
                (used_us - key.last_written_us.load(Ordering::Relaxed) >= LAST_USED_STEP_US)
                    .then(|| (Arc::clone(key), used_us))
            };
            cache.iter().filter_map(stale).take(1_000).collect()
        };
        if used.is_empty() {
            return Ok(());
        }
        // In one order on all nodes, so that no two wait for each other.
        used.sort_by(|(one, _), (other, _)| one.public_id.cmp(&other.public_id));
        let row = |(key, used_us): &(Arc<Key>, i64)| Statement::new(SQL, params![key.public_id.as_ref(), *used_us]);
        self.store.write(used.iter().map(row).collect()).await?;
        used.iter().for_each(|(key, used_us)| key.last_written_us.store(*used_us, Ordering::Relaxed));
        Ok(())
    }
}

fn key_of(row: &Row) -> Result<Key> {
    let public_id = row.text(0)?;
    let mut sha256 = [0; 32];
    hex::decode_to_slice(row.text(1)?, &mut sha256)
        .map_err(|_| Error::Unavailable(format!("api_keys: the hash of {public_id} is not a SHA-256")))?;
    let last_used_us = row.optional_int(5)?.unwrap_or(0);
    Ok(Key {
        public_id: public_id.into(),
        account: row.optional_text(2)?.map(Arc::from),
        scopes: Scopes::from_text(row.text(3)?),
        actor: format!("key:{public_id}").into(),
        sha256,
        expires_at: row.optional_int(4)?.map(Timestamp::from_micros),
        last_used_us: AtomicI64::new(last_used_us),
        last_written_us: AtomicI64::new(last_used_us),
    })
}

fn record_of(row: &Row) -> Result<KeyRecord> {
    let at = |column: usize| row.optional_int(column).map(|at_us| at_us.map(Timestamp::from_micros));
    Ok(KeyRecord {
        public_id: row.text(0)?.to_owned(),
        name: row.text(1)?.to_owned(),
        scopes: Scopes::from_text(row.text(2)?),
        created_at: Timestamp::from_micros(row.int(3)?),
        expires_at: at(4)?,
        revoked_at: at(5)?,
        last_used_at: at(6)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_written_and_read() {
        for scope in Scope::ALL {
            assert_eq!(Scope::parse(scope.name()), Some(scope));
            let one: Scopes = [scope].into_iter().collect();
            assert!(one.contains(scope) && Scopes::from_text(&one.to_text()) == one);
            assert_eq!(Scopes::usual().contains(scope), scope != Scope::KeysAdmin);
            assert_eq!(Scopes::usual().contains_all(one), scope != Scope::KeysAdmin);
        }
        assert_eq!(Scopes::usual().to_text(), "balance:read usage:write hold:write topup:write");
        assert_eq!(Scopes::from_text(""), Scopes::default());
        assert_eq!(Scope::parse("balance:write"), None);
    }
}

//! Price books by version.
//!
//! A version never changes; the newest of a unit is in force, within a second of its publication also on the nodes that
//! did not publish it. The book in force is kept here compiled while [`crate::watch`] vouches for it, so rating asks the
//! database nothing. Invariant: a version that merges is made from the one before it, because its number is the next one
//! or it is not stored. Deliberately absent: prices that begin in the future.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};

use ledger::price::{CompiledBook, ImportError, Imported, LitellmImport, PriceBook, import_litellm};
use ledger::{Timestamp, Unit};
use rustc_hash::FxBuildHasher;
use serde_json::json;
use store::{Failure, Row, Statement, Store, params};

use crate::audit::{Change, Log};
use crate::watch::Moment;
use crate::{Call, Error, Result};

/// Tries to be the next version while others publish too.
const PUBLISH_TRIES: usize = 5;

/// A book in force.
#[derive(Debug)]
pub struct BookInForce {
    /// Its version.
    pub version: i64,
    /// Ready for rating.
    pub compiled: CompiledBook,
}

/// A version without its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookRecord {
    /// Its number, counted over all units.
    pub version: i64,
    /// The unit of its prices.
    pub unit: Unit,
    /// How many services it prices.
    pub services: i64,
    /// `api` or `litellm`.
    pub source: String,
    /// Who published it.
    pub actor: String,
    /// When it was published.
    pub created_at: Timestamp,
}

/// What a new version does with the services of the one before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// Keeps those that it does not name.
    #[default]
    Merge,
    /// Drops them.
    Replace,
}

/// A book, and when it was in force for sure.
struct Known {
    book: Arc<BookInForce>,
    checked: Moment,
}

type Books = HashMap<Unit, Known, FxBuildHasher>;

/// The price books of an installation.
pub struct Prices {
    store: Store,
    audit: Log,
    in_force: RwLock<Books>,
    /// Books are large: one is published at a time.
    publishing: tokio::sync::Mutex<()>,
    /// And one that another node published is loaded at a time.
    loading: tokio::sync::Mutex<()>,
}

impl Prices {
    pub(crate) fn new(store: Store, audit: Log) -> Prices {
        let (publishing, loading) = Default::default();
        Prices { store, audit, in_force: RwLock::default(), publishing, loading }
    }

    /// The book in force for a unit.
    ///
    /// # Errors
    /// `no_prices` when the unit has none, [`Error::Unavailable`].
    pub async fn current(&self, unit: Unit) -> Result<Arc<BookInForce>> {
        let now = Moment::now(&self.store);
        if let Some(known) = self.in_force.read().unwrap_or_else(PoisonError::into_inner).get(&unit)
            && known.checked.is_fresh(now)
        {
            return Ok(Arc::clone(&known.book));
        }
        self.check(unit).await?.ok_or_else(|| {
            let detail = format!("there is no price book for {unit}; publish one first");
            Error::conflict("no_prices", detail)
        })
    }

    /// Asks the database which version is in force, and loads the book unless it is here.
    async fn check(&self, unit: Unit) -> Result<Option<Arc<BookInForce>>> {
        const SQL: &str = "SELECT version FROM price_books WHERE unit = $1 ORDER BY version DESC LIMIT 1";
        let began = Moment::now(&self.store);
        let rows = self.store.query(SQL, params![unit.code()]).await?;
        let Some(version) = rows.first().map(|row| row.int(0)).transpose()? else { return Ok(None) };
        if let Some(book) = self.confirm(unit, version, began) {
            return Ok(Some(book));
        }
        let _one_at_a_time = self.loading.lock().await;
        if let Some(book) = self.confirm(unit, version, began) {
            return Ok(Some(book));
        }
        let (record, document) = self.version(version).await?;
        Ok(Some(self.put_in_force(record.version, compile(document).await?, began)))
    }

    /// Checks every book that is remembered; a newer one takes its place.
    pub(crate) async fn poll(&self) -> Result<()> {
        let units: Vec<Unit> = self.in_force.read().unwrap_or_else(PoisonError::into_inner).keys().copied().collect();
        for unit in units {
            self.check(unit).await?;
        }
        Ok(())
    }

    /// Publishes a new version.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the place in the book, [`Failure::Conflict`] when others kept publishing.
    pub async fn publish(
        &self,
        book: PriceBook,
        mode: Mode,
        source: &str,
        call: impl Into<Call>,
    ) -> Result<BookRecord> {
        let call = call.into();
        let _one_at_a_time = self.publishing.lock().await;
        let new = Arc::new(book);
        for _ in 0..PUBLISH_TRIES {
            // The number first: when another node publishes in between, it is taken.
            let version = self.last_version().await? + 1;
            let before = match mode {
                Mode::Merge => self.newest(new.unit).await?.map(|(_, document)| document),
                Mode::Replace => None,
            };
            let (services, document, compiled) = merge(Arc::clone(&new), before).await?;
            let record = BookRecord {
                version,
                unit: new.unit,
                services,
                source: source.to_owned(),
                actor: call.actor.to_string(),
                created_at: self.store.now(),
            };
            let written = Moment::now(&self.store);
            let object = version.to_string();
            let change = Change {
                action: "prices.published",
                object: Some(&object),
                after: json!({"unit": new.unit.code(), "services": services, "source": source}),
                ..Change::default()
            };
            match self.audit.write(&call, &change, vec![insert(&record, document)]).await {
                Ok(_) => {
                    self.put_in_force(version, compiled, written);
                    return Ok(record);
                }
                Err(Error::Ledger(Failure::Conflict)) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Failure::Conflict.into())
    }

    /// Publishes a version made from the LiteLLM price map.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the field of the import, and as [`Prices::publish`].
    pub async fn import(
        &self,
        document: Vec<u8>,
        import: LitellmImport,
        mode: Mode,
        call: impl Into<Call>,
    ) -> Result<(BookRecord, Imported)> {
        let call = call.into();
        let imported = blocking(move || {
            import_litellm(&document, &import).map_err(|error| {
                let param = match &error {
                    ImportError::Unreadable(_) | ImportError::Book(_) => "document",
                    ImportError::MarkUp(_) => "mark_up",
                    ImportError::ExchangeRate(_) => "exchange_rate",
                    ImportError::Per => "per",
                    ImportError::NoSuchModel(_) | ImportError::Nothing(_) => "models",
                };
                Error::Invalid { param: param.into(), code: "invalid_prices", detail: error.to_string() }
            })
        })
        .await?;
        let record = self.publish(imported.book.clone(), mode, "litellm", call).await?;
        Ok((record, imported))
    }

    /// Versions below `before`, newest first, at most `limit`.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn list(&self, before: Option<i64>, limit: i64) -> Result<Vec<BookRecord>> {
        const SQL: &str = "SELECT version, unit, services, source, actor, created_at_us FROM price_books \
                           WHERE version < $1 ORDER BY version DESC LIMIT $2";
        let rows = self.store.query(SQL, params![before.unwrap_or(i64::MAX), limit]).await?;
        rows.iter().map(record_of).collect()
    }

    /// A version with its document as JSON.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Unavailable`].
    pub async fn version(&self, version: i64) -> Result<(BookRecord, String)> {
        const SQL: &str = "SELECT version, unit, services, source, actor, created_at_us, document FROM price_books \
                           WHERE version = $1";
        let rows = self.store.query(SQL, params![version]).await?;
        let row = rows.first().ok_or(Error::NotFound("price book"))?;
        Ok((record_of(row)?, row.text(6)?.to_owned()))
    }

    /// The version in force for a unit with its document as JSON, if there is one.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn newest(&self, unit: Unit) -> Result<Option<(BookRecord, String)>> {
        const SQL: &str = "SELECT version, unit, services, source, actor, created_at_us, document FROM price_books \
                           WHERE unit = $1 ORDER BY version DESC LIMIT 1";
        let rows = self.store.query(SQL, params![unit.code()]).await?;
        rows.first().map(|row| Ok((record_of(row)?, row.text(6)?.to_owned()))).transpose()
    }

    async fn last_version(&self) -> Result<i64> {
        let rows = self.store.query("SELECT coalesce(max(version), 0) FROM price_books", params![]).await?;
        Ok(rows.first().map(|row| row.int(0)).transpose()?.unwrap_or(0))
    }

    /// The remembered book, when it is `version` or a newer one; `version` was in force at `checked`.
    fn confirm(&self, unit: Unit, version: i64, checked: Moment) -> Option<Arc<BookInForce>> {
        confirm(&mut self.in_force_mut(), unit, version, checked)
    }

    /// Never replaces a newer version: a slow reader may come after a publisher.
    fn put_in_force(&self, version: i64, compiled: CompiledBook, checked: Moment) -> Arc<BookInForce> {
        let mut in_force = self.in_force_mut();
        let unit = compiled.unit();
        confirm(&mut in_force, unit, version, checked).unwrap_or_else(|| {
            let book = Arc::new(BookInForce { version, compiled });
            in_force.insert(unit, Known { book: Arc::clone(&book), checked });
            book
        })
    }

    fn in_force_mut(&self) -> RwLockWriteGuard<'_, Books> {
        self.in_force.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn confirm(in_force: &mut Books, unit: Unit, version: i64, checked: Moment) -> Option<Arc<BookInForce>> {
    let known = in_force.get_mut(&unit).filter(|known| known.book.version >= version)?;
    known.checked = known.checked.later(checked);
    Some(Arc::clone(&known.book))
}

fn insert(record: &BookRecord, document: String) -> Statement {
    const SQL: &str = "INSERT INTO price_books (version, unit, services, document, source, actor, created_at_us) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (version) DO NOTHING";
    let row = params![
        record.version,
        record.unit.code(),
        record.services,
        document,
        record.source.as_str(),
        record.actor.as_str(),
        record.created_at.micros(),
    ];
    Statement::new(SQL, row).expect_one()
}

/// The services of `new` over those of the document before it: their number, the new document, and it compiled.
async fn merge(new: Arc<PriceBook>, before: Option<String>) -> Result<(i64, String, CompiledBook)> {
    blocking(move || {
        let mut book = match before {
            Some(document) => PriceBook::parse(document.as_bytes()).map_err(stored)?,
            None => PriceBook { unit: new.unit, services: Default::default() },
        };
        book.services.extend(new.services.iter().map(|(name, prices)| (name.clone(), prices.clone())));
        let compiled = book.compile().map_err(invalid)?;
        let document = serde_json::to_string(&book).map_err(|error| Error::Unavailable(error.to_string()))?;
        Ok((i64::try_from(book.services.len()).unwrap_or(i64::MAX), document, compiled))
    })
    .await
}

async fn compile(document: String) -> Result<CompiledBook> {
    blocking(move || PriceBook::parse(document.as_bytes()).and_then(|book| book.compile()).map_err(stored)).await
}

/// Large documents take milliseconds: off the threads that answer requests.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Unavailable(error.to_string()))?
}

/// A book of a request that breaks a rule.
pub fn invalid(error: ledger::price::BookError) -> Error {
    Error::Invalid { param: error.path.into(), code: "invalid_prices", detail: error.message }
}

fn stored(error: ledger::price::BookError) -> Error {
    Error::Unavailable(format!("price_books: a stored book cannot be read: {error}"))
}

fn record_of(row: &Row) -> Result<BookRecord> {
    let code = row.text(1)?;
    Ok(BookRecord {
        version: row.int(0)?,
        unit: Unit::parse(code).ok_or_else(|| Error::Unavailable(format!("price_books: unknown unit {code}")))?,
        services: row.int(2)?,
        source: row.text(3)?.to_owned(),
        actor: row.text(4)?.to_owned(),
        created_at: Timestamp::from_micros(row.int(5)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book(services: &str) -> PriceBook {
        PriceBook::parse(format!(r#"{{"unit":"USD","services":{{{services}}}}}"#).as_bytes()).unwrap()
    }

    #[tokio::test]
    async fn a_merge_keeps_what_is_not_named() {
        let service =
            |name: &str, price: u8| format!(r#""{name}":{{"meters":{{"requests":{{"price":"{price}","per":1}}}}}}"#);
        let before = serde_json::to_string(&book(&format!("{},{}", service("a", 1), service("b", 2)))).unwrap();
        let new = Arc::new(book(&format!("{},{}", service("b", 3), service("c", 4))));
        let (count, document, _) = merge(Arc::clone(&new), Some(before)).await.unwrap();
        assert_eq!(count, 3);
        let merged = PriceBook::parse(document.as_bytes()).unwrap();
        let prices: Vec<_> = merged
            .services
            .iter()
            .map(|(name, service)| (name.as_str(), service.meters["requests"].price.as_str()))
            .collect();
        assert_eq!(prices, [("a", "1"), ("b", "3"), ("c", "4")]);
        assert_eq!(merge(new, None).await.unwrap().0, 2);
    }
}

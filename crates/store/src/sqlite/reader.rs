//! Reads on connections of their own: history, and states as they were.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use ledger::{Account, AccountNo, Amount, Timestamp, apply};
use rusqlite::{Connection, Row, params};
use rustc_hash::FxHashMap;
use tokio::sync::Semaphore;

use crate::sqlite::question::TailAnswer;
use crate::sqlite::schema;
use crate::sqlite::tail::Gseq;
use crate::sqlite::writer::read_journal;
use crate::{EntryFilter, EntryStatus, EntryView, StoreError};

/// Connections at most; more readers wait.
const CONNECTIONS: usize = 8;

/// A small pool of reading connections.
pub(super) struct Readers {
    path: PathBuf,
    idle: Arc<Mutex<Vec<Connection>>>,
    places: Semaphore,
}

impl Readers {
    pub(super) fn new(path: PathBuf) -> Self {
        Readers { path, idle: Arc::default(), places: Semaphore::new(CONNECTIONS) }
    }

    /// Runs `read` on a connection, off the async threads.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.run_any(move |conn| read(conn).map_err(|error| format!("SQLite: {error}"))).await
    }

    /// The same for reads that fail in other ways too.
    pub(super) async fn run_any<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, String> + Send + 'static,
    ) -> Result<T, StoreError> {
        let _place = self.places.acquire().await.map_err(|error| StoreError(error.to_string()))?;
        let (path, idle) = (self.path.clone(), self.idle.clone());
        let work = move || {
            let known = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let conn = match known {
                Some(conn) => conn,
                None => schema::open_reader(&path)?,
            };
            let answer = read(&conn).map_err(StoreError);
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(conn);
            answer
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| StoreError(format!("a reader failed: {error}")))?
    }
}

/// Which entries are wanted.
pub(super) struct Page {
    pub(super) account: AccountNo,
    pub(super) filter: EntryFilter,
    pub(super) before: u64,
    pub(super) limit: usize,
}

/// Bits of statuses, in the order of [`EntryStatus::ALL`].
const PAGE: &str = "SELECT seq, gseq, amount, reversed FROM entries \
     WHERE account_no = ?1 AND seq < ?2 AND ((1 << kind) & ?3) != 0 AND (?4 = 0 OR (lot_kinds & ?4) != 0) \
     AND at_us >= ?5 AND at_us < ?6 AND (?7 IS NULL OR service IN (SELECT value FROM json_each(?7))) \
     AND ((CASE WHEN reversed = 0 THEN 1 WHEN abs(reversed) >= abs(amount) THEN 4 ELSE 2 END) & ?8) != 0 \
     ORDER BY seq DESC LIMIT ?9";

/// A page: what the writer found in the tail, then the projection up to where the tail began.
pub(super) fn entries(conn: &Connection, page: &Page, tail: TailAnswer) -> rusqlite::Result<Vec<EntryView>> {
    let mut wanted = tail.found;
    let reversals: FxHashMap<u64, Amount> = tail.reversals.into_iter().collect();
    let mut before = page.before.min(tail.projected_seq + 1);
    // A reversal that is not projected changes the status of an entry that is: such filters look again below.
    let exact = page.filter.statuses.is_empty() || reversals.is_empty();
    while wanted.len() < page.limit {
        let want = page.limit - wanted.len();
        let rows = projected_page(conn, page, before, want, exact)?;
        let more = rows.len() == want;
        for (seq, gseq, amount, reversed) in rows {
            before = seq;
            let reversed = reversals.get(&seq).copied().unwrap_or(reversed);
            if exact || page.filter.statuses.contains(&EntryStatus::of(amount, reversed)) {
                wanted.push((gseq, reversed));
            }
        }
        if !more || exact {
            break;
        }
    }
    let mut views = Vec::with_capacity(wanted.len());
    for (gseq, reversed) in wanted {
        if let Some((_, transaction)) = read_journal(conn, gseq)? {
            views.push(EntryView { transaction, reversed });
        }
    }
    Ok(views)
}

fn projected_page(
    conn: &Connection,
    page: &Page,
    before: u64,
    limit: usize,
    by_status: bool,
) -> rusqlite::Result<Vec<(u64, Gseq, Amount, Amount)>> {
    let filter = &page.filter;
    let services = (!filter.services.is_empty()).then(|| serde_json::to_string(&filter.services).unwrap_or_default());
    let statuses = if by_status { filter.status_bits() } else { EntryFilter::default().status_bits() };
    conn.prepare_cached(PAGE)?
        .query_map(
            params![
                page.account as i64,
                i64::try_from(before).unwrap_or(i64::MAX),
                filter.kind_bits(),
                filter.lot_kind_bits(),
                filter.from.map_or(i64::MIN, Timestamp::micros),
                filter.to.map_or(i64::MAX, Timestamp::micros),
                services,
                statuses,
                i64::try_from(limit).unwrap_or(i64::MAX),
            ],
            |row: &Row<'_>| {
                let [seq, gseq] = [row.get::<_, i64>(0)?, row.get::<_, i64>(1)?];
                let amounts = (Amount::from_units(row.get(2)?), Amount::from_units(row.get(3)?));
                Ok((seq as u64, gseq as Gseq, amounts.0, amounts.1))
            },
        )?
        .collect()
}

/// Replays an account's transactions booked up to `at`. Cost grows with their number.
pub(super) fn account_at(
    conn: &Connection,
    present: &Account,
    at: Timestamp,
    tail: TailAnswer,
) -> Result<Account, String> {
    let mut account = Account::new(present.no, present.id.clone(), present.unit);
    let sql = "SELECT gseq FROM entries WHERE account_no = ?1 AND seq <= ?2 AND at_us <= ?3 ORDER BY seq";
    let bounds = params![present.no as i64, tail.projected_seq as i64, at.micros()];
    let wrong = |error: rusqlite::Error| format!("SQLite: {error}");
    let mut statement = conn.prepare_cached(sql).map_err(wrong)?;
    let projected = statement.query_map(bounds, |row| row.get::<_, i64>(0)).map_err(wrong)?;
    let tail = tail.found.into_iter().rev().map(|(gseq, _)| Ok(gseq as i64));
    for gseq in projected.chain(tail) {
        let gseq = gseq.map_err(wrong)?;
        let (_, tx) = read_journal(conn, gseq as Gseq).map_err(wrong)?.ok_or("a journal row is missing")?;
        apply(&mut account, &tx)?;
    }
    Ok(account)
}

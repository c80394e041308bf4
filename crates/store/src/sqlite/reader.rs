//! Reads on connections of their own: history, and states as they were.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use ledger::{Account, AccountNo, Amount, Timestamp, apply};
use rusqlite::{Connection, Row, ToSql, params, params_from_iter};
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
    pub(super) range: Range<u64>,
    pub(super) limit: usize,
}

/// Entries of an account that pass a filter, newest first. Bits of statuses are in the order of [`EntryStatus::ALL`].
macro_rules! entries {
    ($which:literal) => {
        concat!(
            "SELECT seq, gseq, amount, reversed FROM entries WHERE account_no = ?1 AND ((1 << kind) & ?2) != 0 \
             AND (?3 = 0 OR (lot_kinds & ?3) != 0) AND at_us >= ?4 AND at_us < ?5 \
             AND (?6 IS NULL OR service IN (SELECT value FROM json_each(?6))) \
             AND ((CASE WHEN reversed = 0 THEN 1 WHEN abs(reversed) >= abs(amount) THEN 4 ELSE 2 END) & ?7) != 0 AND ",
            $which
        )
    };
}

/// An entry of the projection.
struct Projected {
    seq: u64,
    gseq: Gseq,
    amount: Amount,
    reversed: Amount,
}

/// A page: what the writer found in the tail, then the projection up to where the tail began.
pub(super) fn entries_between(conn: &Connection, page: &Page, tail: TailAnswer) -> rusqlite::Result<Vec<EntryView>> {
    let Page { account, filter, range, limit } = page;
    let mut wanted = tail.found;
    let reversals: FxHashMap<u64, Amount> = tail.reversals.into_iter().collect();
    let mut before = range.end.min(tail.projected_seq + 1);
    // A reversal that is not projected changes the status of an entry that is: such filters look again below.
    let exact = filter.statuses.is_empty() || reversals.is_empty();
    let sql = entries!("seq >= ?8 AND seq < ?9 ORDER BY seq DESC LIMIT ?10");
    while wanted.len() < *limit && range.start < before {
        let want = limit - wanted.len();
        let which: [Box<dyn ToSql>; 3] =
            [bound(range.start), bound(before), Box::new(i64::try_from(want).unwrap_or(i64::MAX))];
        let rows = projected(conn, *account, filter, exact, sql, &which)?;
        let more = rows.len() == want;
        before = rows.last().map_or(before, |row| row.seq);
        wanted.extend(standing(rows, filter, &reversals));
        if !more || exact {
            break;
        }
    }
    views(conn, wanted)
}

/// Those of the entries `seqs`, all projected, that pass a filter.
pub(super) fn entries_of(
    conn: &Connection,
    account: AccountNo,
    filter: &EntryFilter,
    seqs: &[u64],
    tail: TailAnswer,
) -> rusqlite::Result<Vec<EntryView>> {
    let reversals: FxHashMap<u64, Amount> = tail.reversals.into_iter().collect();
    let sql = entries!("seq IN (SELECT value FROM json_each(?8)) ORDER BY seq DESC");
    let which: [Box<dyn ToSql>; 1] = [Box::new(json(seqs))];
    let rows = projected(conn, account, filter, false, sql, &which)?;
    views(conn, standing(rows, filter, &reversals))
}

/// Rows whose status is wanted, with what went back of them as the tail knows it.
fn standing(
    rows: Vec<Projected>,
    filter: &EntryFilter,
    reversals: &FxHashMap<u64, Amount>,
) -> impl Iterator<Item = (Gseq, Amount)> {
    rows.into_iter().filter_map(|row| {
        let reversed = reversals.get(&row.seq).copied().unwrap_or(row.reversed);
        let is_wanted = filter.statuses.is_empty() || filter.statuses.contains(&EntryStatus::of(row.amount, reversed));
        is_wanted.then_some((row.gseq, reversed))
    })
}

fn views(conn: &Connection, wanted: impl IntoIterator<Item = (Gseq, Amount)>) -> rusqlite::Result<Vec<EntryView>> {
    let mut views = Vec::new();
    for (gseq, reversed) in wanted {
        if let Some((_, transaction)) = read_journal(conn, gseq)? {
            views.push(EntryView { transaction, reversed });
        }
    }
    Ok(views)
}

fn bound(number: u64) -> Box<dyn ToSql> {
    Box::new(i64::try_from(number).unwrap_or(i64::MAX))
}

fn json<T: serde::Serialize>(list: &[T]) -> String {
    // Numbers and texts: this cannot fail.
    serde_json::to_string(list).unwrap_or_default()
}

/// Runs one of the texts that [`entries!`] makes; `which` are its parameters from `?8` on.
fn projected(
    conn: &Connection,
    account: AccountNo,
    filter: &EntryFilter,
    by_status: bool,
    sql: &str,
    which: &[Box<dyn ToSql>],
) -> rusqlite::Result<Vec<Projected>> {
    let services = (!filter.services.is_empty()).then(|| json(&filter.services));
    let statuses = if by_status { filter.status_bits() } else { EntryFilter::default().status_bits() };
    let matching: [&dyn ToSql; 7] = [
        &(account as i64),
        &filter.kind_bits(),
        &filter.lot_kind_bits(),
        &filter.from.map_or(i64::MIN, Timestamp::micros),
        &filter.to.map_or(i64::MAX, Timestamp::micros),
        &services,
        &statuses,
    ];
    let params = matching.into_iter().chain(which.iter().map(|param| &**param));
    conn.prepare_cached(sql)?
        .query_map(params_from_iter(params), |row: &Row<'_>| {
            let (seq, gseq) = (row.get::<_, i64>(0)? as u64, row.get::<_, i64>(1)? as Gseq);
            let (amount, reversed) = (Amount::from_units(row.get(2)?), Amount::from_units(row.get(3)?));
            Ok(Projected { seq, gseq, amount, reversed })
        })?
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

//! Proves a database: recomputes every balance, lot and hash from `entries` and compares.
//!
//! Reads one snapshot, so running nodes do not disturb it, and never writes. Goes through the accounts in the order of
//! their numbers and compares, one after the other: every entry without gaps, its hash, its transition, the invariants,
//! its columns; the state at the end, open lots, holds and spent lots; at last keys and totals. A row that belongs to no
//! account is a difference, too. Memory: the state of one account, and its entries that are yet to be reversed. What a
//! damaged index hides is not seen; `amcheck` of PostgreSQL looks for that.

use ledger::{Account, Counter, Hold, Lot, Transaction, Unit};
use rustc_hash::FxHashMap;
use tokio_postgres::Row;

use crate::audit::{AUDIT_PAGE, AuditChain};
use crate::postgres::access::chain;
use crate::postgres::batch::key_hash;
use crate::postgres::cursor::{self, Cursor, Taken};
use crate::postgres::{rows, state};
use crate::verify::{Difference, Proof, Replay, Tally, Totals, add_total};

const ACCOUNTS: &str = "SELECT no, id, unit FROM accounts ORDER BY no";
const STATES: &str = "SELECT account_no, seq, head, last_at_us, overdraft, overdraft_limit, closed, state, balance, \
     next_due_at_us, unit FROM ledger_accounts ORDER BY account_no";
const SPENT: &str = "SELECT account_no, lot_no, lot FROM spent_lots ORDER BY account_no, lot_no";
const ENTRIES: &str = "SELECT account_no, seq, at_us, kind, lot_kinds, service, amount, reversed, key_hash, body \
     FROM entries ORDER BY account_no, seq";
/// Every key is the right one for its entry, so two of one account differ unless they stand twice.
const DOUBLE_KEY: &str = "SELECT account_no FROM entries WHERE key_hash IS NOT NULL GROUP BY account_no, key_hash \
     HAVING count(*) > 1 LIMIT 1";
const TOTALS: &str = "SELECT unit, counter, sum(total)::text FROM counter_totals GROUP BY unit, counter";

/// Rows that are fetched at a time.
const ROWS: usize = 2_000;
/// Transactions between two calls of `progress`.
const STEP: u64 = 8_192;

impl From<tokio_postgres::Error> for Difference {
    fn from(error: tokio_postgres::Error) -> Self {
        Difference::new("database", format!("cannot be read: {}", chain(&error)))
    }
}

struct Verifier<'a> {
    states: Cursor,
    entries: Cursor,
    spent: Cursor,
    tally: Tally,
    totals: Totals,
    progress: &'a mut (dyn FnMut(u64, u64) + Send),
    expected: u64,
}

/// Proves a database. `progress` is told entries done and in all.
pub(crate) async fn verify(url: &str, progress: &mut (dyn FnMut(u64, u64) + Send)) -> Result<Proof, Difference> {
    let snapshot = cursor::snapshot(url).await?;
    let expected = snapshot.query_one("SELECT coalesce(sum(seq), 0)::text FROM ledger_accounts", &[]).await?;
    let mut accounts = Cursor::open(&snapshot, "accounts", ROWS, ACCOUNTS).await?;
    let mut verifier = Verifier {
        states: Cursor::open(&snapshot, "ledger_accounts", ROWS, STATES).await?,
        entries: Cursor::open(&snapshot, "entries", ROWS, ENTRIES).await?,
        spent: Cursor::open(&snapshot, "spent_lots", ROWS, SPENT).await?,
        tally: Tally::default(),
        totals: Totals::new(),
        progress,
        expected: expected.try_get::<_, &str>(0)?.parse().unwrap_or(0),
    };
    while let Some(row) = accounts.next().await? {
        verifier.account(&row).await?;
    }
    verifier.nothing_left().await?;
    if let Some(row) = snapshot.query_opt(DOUBLE_KEY, &[]).await? {
        let place = format!("entries, account number {}", row.try_get::<_, i64>(0)?);
        return Err(Difference::new(place, "has two entries of one key"));
    }
    totals_agree(&snapshot.query(TOTALS, &[]).await?, verifier.totals)?;
    audit(&snapshot).await?;
    Ok(verifier.tally.proof())
}

/// The chain of the audit log.
async fn audit(snapshot: &tokio_postgres::Client) -> Result<(), Difference> {
    let mut log = AuditChain::default();
    let unreadable = |error| Difference::new("audit", error);
    while log.check(&rows::query(snapshot, AUDIT_PAGE, &[log.seq.into()]).await.map_err(unreadable)?)? {}
    Ok(())
}

impl Verifier<'_> {
    /// One account, from its first entry to its state.
    async fn account(&mut self, row: &Row) -> Result<(), Difference> {
        let (no, id): (i64, &str) = (row.try_get(0)?, row.try_get(1)?);
        let place = |table: &str| format!("{table}, account {id}");
        let unit =
            Unit::parse(row.try_get(2)?).ok_or_else(|| Difference::new(place("accounts"), "has no known unit"))?;
        let mut replay = Replay::new(Account::new(no as u64, id.into(), unit));
        let mut reversals = Reversals::default();
        while let Some(row) = take(&mut self.entries, no).await? {
            let tx = entry(&mut replay, &row)?;
            reversals.entry(&tx, row.try_get(7)?);
            add_total(&mut self.totals, unit, &tx);
            self.count(&tx);
        }
        let account = &replay.account;
        if let Some(seq) = reversals.unsettled() {
            let place = format!("{}, transaction {seq}", place("entries"));
            return Err(Difference::new(place, "says another amount was reversed"));
        }
        let Some(row) = take(&mut self.states, no).await? else {
            return Err(Difference::new(place("ledger_accounts"), "is missing"));
        };
        let stored_seq: i64 = row.try_get(1)?;
        if account.seq == 0 || account.seq != stored_seq as u64 {
            let what = format!("end at transaction {}, the account's state stands at {stored_seq}", account.seq);
            return Err(Difference::new(place("entries"), what));
        }
        state_agrees(&row, account, &place)?;
        self.spent_lots_agree(&replay, &place).await?;
        self.tally.account(account);
        Ok(())
    }

    async fn spent_lots_agree(&mut self, replay: &Replay, place: &impl Fn(&str) -> String) -> Result<(), Difference> {
        let mut count = 0;
        while let Some(row) = take(&mut self.spent, replay.account.no as i64).await? {
            count += 1;
            let lot_no: i64 = row.try_get(1)?;
            let differs = |what: String| Difference::new(format!("{}, lot {lot_no}", place("spent_lots")), what);
            let lot = state::read_lot(row.try_get(2)?).map_err(differs)?;
            if lot.no != lot_no as u64 || replay.spent.get(&lot.no) != Some(&lot) {
                return Err(differs("differs from the entries".to_owned()));
            }
        }
        if count != replay.spent.len() {
            return Err(Difference::new(place("spent_lots"), "lacks a lot that was spent"));
        }
        Ok(())
    }

    fn count(&mut self, tx: &Transaction) {
        self.tally.transaction(tx);
        let done = self.tally.transactions();
        if done.is_multiple_of(STEP) {
            (self.progress)(done, self.expected.max(done));
        }
    }

    /// When the accounts are done: what is left belongs to none.
    async fn nothing_left(&mut self) -> Result<(), Difference> {
        for cursor in [&mut self.states, &mut self.entries, &mut self.spent] {
            if take(cursor, i64::MAX).await?.is_some() {
                return Err(stray(cursor, i64::MAX));
            }
        }
        let done = self.tally.transactions();
        (self.progress)(done, done);
        Ok(())
    }
}

async fn take(cursor: &mut Cursor, no: i64) -> Result<Option<Row>, Difference> {
    match cursor.take(no).await? {
        Taken::None => Ok(None),
        Taken::Row(row) => Ok(Some(row)),
        Taken::Stray(found) => Err(stray(cursor, found)),
    }
}

fn stray(cursor: &Cursor, no: i64) -> Difference {
    Difference::new(format!("{}, account number {no}", cursor.name()), "belongs to no account")
}

/// One row of [`ENTRIES`]: hash, transition, invariants, and what is found and filtered by.
fn entry(replay: &mut Replay, row: &Row) -> Result<Transaction, Difference> {
    let expected = replay.account.seq + 1;
    let id = replay.account.id.clone();
    let differs = |what: &str| Difference::new(format!("entries, account {id}, transaction {expected}"), what);
    if row.try_get::<_, i64>(1)? as u64 != expected {
        return Err(differs("is missing"));
    }
    let (tx, lot_kinds) = replay.book(row.try_get(9)?).map_err(|what| differs(&what))?;
    let key = tx.key.as_deref().map(key_hash);
    let columns = [
        ("at_us", row.try_get::<_, i64>(2)? == tx.at.micros()),
        ("kind", row.try_get::<_, i32>(3)? == i32::from(tx.kind().tag())),
        ("lot_kinds", row.try_get::<_, i32>(4)? == i32::from(lot_kinds)),
        ("service", row.try_get::<_, Option<&str>>(5)? == tx.memo.service.as_deref()),
        ("amount", row.try_get::<_, i64>(6)? == tx.amount().units()),
        ("key_hash", row.try_get::<_, Option<&[u8]>>(8)? == key.as_ref().map(|hash| &hash[..])),
    ];
    match wrong(&columns) {
        Some(column) => Err(differs(&format!("{column} is not what its body says"))),
        None => Ok(tx),
    }
}

/// A row of [`STATES`] against the state after the last entry.
fn state_agrees(row: &Row, account: &Account, place: &impl Fn(&str) -> String) -> Result<(), Difference> {
    let differs = |what: &str| Difference::new(place("ledger_accounts"), what);
    let stored = state::read(row, account.id.clone(), account.unit).map_err(|what| differs(&what))?;
    let columns = [
        ("head", stored.head == account.head),
        ("last_at_us", stored.last_at == account.last_at),
        ("overdraft", stored.overdraft == account.overdraft),
        ("overdraft_limit", stored.overdraft_limit == account.overdraft_limit),
        ("closed", stored.closed == account.closed),
        ("balance", row.try_get::<_, i64>(8)? == account.book_balance().units()),
        ("next_due_at_us", row.try_get::<_, Option<i64>>(9)? == state::next_due_at_us(account)),
        ("unit", row.try_get::<_, &str>(10)? == account.unit.code()),
    ];
    if let Some(column) = wrong(&columns) {
        return Err(differs(&format!("{column} differs from the entries")));
    }
    // In their order: open lots burn down in the one in which they stand.
    if let Some(no) = different(&stored.lots, &account.lots, |lot: &Lot| lot.no) {
        return Err(differs(&format!("state differs from the entries in lot {no}")));
    }
    if let Some(no) = different(&stored.holds, &account.holds, |hold: &Hold| hold.no) {
        return Err(differs(&format!("state differs from the entries in hold {no}")));
    }
    Ok(())
}

/// The first column that is not as it should be.
fn wrong(columns: &[(&'static str, bool)]) -> Option<&'static str> {
    columns.iter().find(|(_, same)| !same).map(|(column, _)| *column)
}

/// The number of the first one that is not the same in both.
fn different<T: PartialEq>(stored: &[T], replayed: &[T], no: impl Fn(&T) -> u64) -> Option<u64> {
    let at = (0..stored.len().max(replayed.len())).find(|at| stored.get(*at) != replayed.get(*at))?;
    replayed.get(at).or(stored.get(at)).map(no)
}

/// Entries whose column `reversed` is not yet explained by the reversals that were seen, with what is missing.
#[derive(Default)]
struct Reversals(FxHashMap<u64, i128>);

impl Reversals {
    fn entry(&mut self, tx: &Transaction, reversed_units: i64) {
        self.add(tx.seq, reversed_units.into());
        for (entry, amount) in tx.takes_back() {
            self.add(entry, -i128::from(amount.units()));
        }
    }

    fn add(&mut self, seq: u64, units: i128) {
        if units != 0 {
            let left = self.0.remove(&seq).unwrap_or(0) + units;
            if left != 0 {
                self.0.insert(seq, left);
            }
        }
    }

    fn unsettled(&self) -> Option<u64> {
        self.0.keys().min().copied()
    }
}

fn totals_agree(rows: &[Row], mut totals: Totals) -> Result<(), Difference> {
    for row in rows {
        let (code, counter, sum): (&str, i32, &str) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let place = format!("counter_totals, unit {code}, counter {counter}");
        let known = usize::try_from(counter).is_ok_and(|tag| tag < Counter::ALL.len());
        let (Some(unit), true) = (Unit::parse(code), known) else {
            return Err(Difference::new(place, "is not known"));
        };
        let told = totals.remove(&(unit, counter as u8)).unwrap_or(0);
        if sum.parse() != Ok(told) {
            return Err(Difference::new(place, format!("its shards sum to {sum}, the entries to {told}")));
        }
    }
    match totals.into_iter().find(|(_, total)| *total != 0) {
        Some(((unit, counter), _)) => {
            let place = format!("counter_totals, unit {}, counter {counter}", unit.code());
            Err(Difference::new(place, "is missing"))
        }
        None => Ok(()),
    }
}

//! Proves a database: recomputes every balance, lot and hash from the journal and compares.
//!
//! Reads one snapshot, so a running server does not disturb it, and never writes. Checks, in this order: the file's own
//! structure; the journal without gaps, every hash, every state transition and invariant; each account's projection at
//! the place where it stands; history, keys and totals row by row, and that there are no others. Memory grows with the
//! number of accounts, not of transactions.

use std::path::Path;

use ledger::{Account, AccountNo, Amount, Lot, Transaction};
use rusqlite::{Connection, OptionalExtension, params};
use rustc_hash::FxHashMap;

use crate::audit::{AUDIT_PAGE, AuditChain};
use crate::sqlite::state::{self, Totals, parse_unit};
use crate::sqlite::tail::{Gseq, key_hash};
use crate::sqlite::writer::projected;
use crate::sqlite::{rows, schema};
use crate::verify::{Difference, Proof, Replay, Tally, add_total};

/// An unreadable value stands at a place that the caller knows.
fn unreadable(place: String) -> impl Fn(rusqlite::Error) -> Difference {
    move |error| Difference::new(place.clone(), format!("cannot be read: {error}"))
}

impl From<rusqlite::Error> for Difference {
    fn from(error: rusqlite::Error) -> Self {
        Difference::new("database file", format!("cannot be read: {error}"))
    }
}

/// An account while its journal is replayed.
struct Replayed {
    replay: Replay,
    /// Where its projection stands; 0 when it has none.
    projected_seq: u64,
}

struct Verifier<'a> {
    conn: &'a Connection,
    accounts: FxHashMap<AccountNo, Replayed>,
    /// What was taken back of entries by others that are projected.
    reversed: FxHashMap<(AccountNo, u64), Amount>,
    totals: Totals,
    projected: Gseq,
    tally: Tally,
    /// Rows of the projection that were compared, by table.
    seen_entries: u64,
    seen_keys: u64,
    seen_holds: u64,
    seen_states: u64,
}

/// Proves the database file. `progress` is told journal rows done and in all.
pub(crate) fn verify(path: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<Proof, Difference> {
    let conn = schema::open_reader(path).map_err(|error| Difference::new("database file", error.0))?;
    conn.execute_batch("BEGIN")?;
    let sound: String = conn.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if sound != "ok" {
        return Err(Difference::new("database file", sound));
    }
    let mut verifier = Verifier::new(&conn)?;
    verifier.journal(progress)?;
    verifier.rest()?;
    audit(&conn)?;
    verifier.sum_up()
}

/// The chain of the audit log.
fn audit(conn: &Connection) -> Result<(), Difference> {
    let mut chain = AuditChain::default();
    while chain.check(&rows::query(conn, AUDIT_PAGE, &[chain.seq.into()])?)? {}
    Ok(())
}

impl<'a> Verifier<'a> {
    fn new(conn: &'a Connection) -> Result<Self, Difference> {
        let mut accounts = FxHashMap::default();
        let mut statement = conn.prepare(
            "SELECT a.no, a.id, a.unit, coalesce(l.seq, 0), l.unit FROM accounts a \
             LEFT JOIN ledger_accounts l ON l.account_no = a.no",
        )?;
        let mut found = statement.query([])?;
        while let Some(row) = found.next()? {
            let no = row.get::<_, i64>(0)? as AccountNo;
            let id: String = row.get(1)?;
            let unit: String = row.get(2)?;
            if row.get::<_, Option<String>>(4)?.is_some_and(|projected| projected != unit) {
                return Err(Difference::new(format!("ledger_accounts, account {id}"), "has another unit"));
            }
            let unit = parse_unit(&unit).map_err(unreadable(format!("accounts, account {id}")))?;
            let account = Account::new(no, id.into(), unit);
            let projected_seq = row.get::<_, i64>(3)? as u64;
            accounts.insert(no, Replayed { replay: Replay::new(account), projected_seq });
        }
        Ok(Verifier {
            conn,
            accounts,
            reversed: FxHashMap::default(),
            totals: Totals::new(),
            projected: projected(conn)?,
            tally: Tally::default(),
            seen_entries: 0,
            seen_keys: 0,
            seen_holds: 0,
            seen_states: 0,
        })
    }

    fn journal(&mut self, progress: &mut dyn FnMut(u64, u64)) -> Result<(), Difference> {
        let conn = self.conn;
        let total: i64 = conn.query_row("SELECT coalesce(max(gseq), 0) FROM journal", [], |row| row.get(0))?;
        let mut statement = conn.prepare("SELECT gseq, account_no, body FROM journal ORDER BY gseq")?;
        let mut found = statement.query([])?;
        let mut expected: Gseq = 0;
        while let Some(row) = found.next()? {
            expected += 1;
            let gseq = row.get::<_, i64>(0)? as Gseq;
            if gseq != expected {
                return Err(Difference::new(format!("journal row {expected}"), "is missing"));
            }
            let no = row.get::<_, i64>(1)? as AccountNo;
            self.transaction(
                gseq,
                no,
                row.get_ref(2)?
                    .as_blob()
                    .map_err(rusqlite::Error::from)
                    .map_err(unreadable(format!("journal row {gseq}")))?,
            )?;
            if gseq.is_multiple_of(8192) {
                progress(gseq, total as u64);
            }
        }
        progress(expected, expected);
        if expected < self.projected {
            let what = format!("rows {} to {} are missing", expected + 1, self.projected);
            return Err(Difference::new("journal", what));
        }
        Ok(())
    }

    /// One transaction: hash, transition, invariants, and its rows in the projection.
    fn transaction(&mut self, gseq: Gseq, no: AccountNo, body: &[u8]) -> Result<(), Difference> {
        let Some(replayed) = self.accounts.get_mut(&no) else {
            return Err(Difference::new(format!("journal row {gseq}"), format!("account number {no} is unknown")));
        };
        let account = &replayed.replay.account;
        let (id, unit, seq) = (account.id.clone(), account.unit, account.seq + 1);
        let differs =
            move |what: String| Difference::new(format!("journal row {gseq}, account {id}, transaction {seq}"), what);
        let (tx, kinds) = replayed.replay.book(body).map_err(&differs)?;
        let projected_seq = replayed.projected_seq;
        self.tally.transaction(&tx);
        if gseq <= self.projected {
            if seq > projected_seq {
                return Err(differs("its account's projection stands before it".to_owned()));
            }
            add_total(&mut self.totals, unit, &tx);
        }
        if seq <= projected_seq {
            for (entry, amount) in tx.takes_back() {
                *self.reversed.entry((no, entry)).or_default() += amount;
            }
        }
        self.entry(gseq, no, &tx, kinds, projected_seq)?;
        if seq == projected_seq {
            self.state(no)?;
        }
        Ok(())
    }

    /// Its row in history and among the keys. Rows ahead of the account's projection may be there already.
    fn entry(
        &mut self,
        gseq: Gseq,
        no: AccountNo,
        tx: &Transaction,
        kinds: u8,
        projected_seq: u64,
    ) -> Result<(), Difference> {
        let must = tx.seq <= projected_seq;
        let place = |table: &str| format!("{table}, account number {no}, transaction {}", tx.seq);
        let same = self
            .conn
            .prepare_cached(
                "SELECT gseq = ?3 AND at_us = ?4 AND kind = ?5 AND lot_kinds = ?6 AND service IS ?7 AND amount = ?8 \
                 FROM entries WHERE account_no = ?1 AND seq = ?2",
            )?
            .query_row(
                params![
                    no as i64,
                    tx.seq as i64,
                    gseq as i64,
                    tx.at.micros(),
                    tx.kind().tag(),
                    kinds,
                    tx.memo.service.as_deref(),
                    tx.amount().units()
                ],
                |row| row.get::<_, bool>(0),
            )
            .optional()?;
        match same {
            Some(true) => self.seen_entries += 1,
            Some(false) => return Err(Difference::new(place("entries"), "differs from the journal")),
            None if must => return Err(Difference::new(place("entries"), "is missing")),
            None => {}
        }
        let Some(key) = &tx.key else { return Ok(()) };
        let found = self
            .conn
            .prepare_cached("SELECT 1 FROM entry_keys WHERE account_no = ?1 AND key_hash = ?2 AND gseq = ?3")?
            .exists(params![no as i64, key_hash(no, key), gseq as i64])?;
        match found {
            true => self.seen_keys += 1,
            false if must => return Err(Difference::new(place("entry_keys"), "is missing")),
            false => {}
        }
        Ok(())
    }

    /// The projected state of an account whose replay stands where the projection does.
    fn state(&mut self, no: AccountNo) -> Result<(), Difference> {
        let Some(replayed) = self.accounts.get(&no) else { return Ok(()) };
        let Replay { account, spent } = &replayed.replay;
        let place = |table: &str| format!("{table}, account {}", account.id);
        let next_due_at = account.next_due_at();
        let due = (next_due_at < ledger::Timestamp::MAX).then_some(next_due_at.micros());
        let same: bool = self.conn.query_row(
            "SELECT head = ?2 AND last_at_us = ?3 AND balance = ?4 AND overdraft = ?5 AND overdraft_limit = ?6 \
             AND closed = ?7 AND next_due_at_us IS ?8 FROM ledger_accounts WHERE account_no = ?1",
            params![
                no as i64,
                account.head.0,
                account.last_at.micros(),
                account.book_balance().units(),
                account.overdraft.units(),
                account.overdraft_limit.units(),
                account.closed,
                due
            ],
            |row| row.get(0),
        )?;
        if !same {
            return Err(Difference::new(place("ledger_accounts"), "differs from the journal"));
        }
        let stored: Vec<Lot> = self
            .conn
            .prepare_cached(&format!("{} WHERE account_no = ?1 ORDER BY lot_no", state::LOT))?
            .query_map([no as i64], state::read_lot)?
            .collect::<Result<_, _>>()
            .map_err(unreadable(place("lots")))?;
        let by_number: FxHashMap<u64, &Lot> = stored.iter().map(|lot| (lot.no, lot)).collect();
        if let Some(lot) = account.lots.iter().chain(spent.values()).find(|lot| by_number.get(&lot.no) != Some(lot)) {
            return Err(Difference::new(format!("{}, lot {}", place("lots"), lot.no), "differs from the journal"));
        }
        if stored.len() != account.lots.len() + spent.len() {
            return Err(Difference::new(place("lots"), "has a lot that the journal does not know"));
        }
        let holds = state::load_holds(self.conn, no).map_err(unreadable(place("holds")))?;
        if holds != account.holds {
            return Err(Difference::new(place("holds"), "differs from the journal"));
        }
        self.seen_holds += account.holds.len() as u64;
        self.seen_states += 1;
        Ok(())
    }

    /// What is left when the journal is done: nothing may be in the projection that the journal does not tell.
    fn rest(&mut self) -> Result<(), Difference> {
        self.reversed.retain(|_, amount| !amount.is_zero());
        for ((no, seq), amount) in &self.reversed {
            let stored: Option<i64> = self
                .conn
                .prepare_cached("SELECT reversed FROM entries WHERE account_no = ?1 AND seq = ?2")?
                .query_row([*no as i64, *seq as i64], |row| row.get(0))
                .optional()?;
            if stored != Some(amount.units()) {
                let place = format!("entries, account number {no}, transaction {seq}");
                return Err(Difference::new(place, "says another amount was reversed"));
            }
        }
        let counts = [
            ("entries", "SELECT count(*) FROM entries", self.seen_entries),
            ("entries", "SELECT count(*) FROM entries WHERE reversed != 0", self.reversed.len() as u64),
            ("entry_keys", "SELECT count(*) FROM entry_keys", self.seen_keys),
            ("ledger_accounts", "SELECT count(*) FROM ledger_accounts", self.seen_states),
            ("holds", "SELECT count(*) FROM holds", self.seen_holds),
        ];
        for (table, sql, seen) in counts {
            let count: i64 = self.conn.query_row(sql, [], |row| row.get(0))?;
            if count as u64 != seen {
                let what = format!("has {count} rows, the journal accounts for {seen}");
                return Err(Difference::new(table, what));
            }
        }
        let orphan: Option<i64> = self
            .conn
            .query_row(
                "SELECT account_no FROM lots WHERE account_no NOT IN (SELECT account_no FROM ledger_accounts) LIMIT 1",
                [],
                |row| row.get(0),
            )
            .optional()?;
        if let Some(no) = orphan {
            return Err(Difference::new(format!("lots, account number {no}"), "the journal does not know it"));
        }
        self.totals_agree()
    }

    fn totals_agree(&mut self) -> Result<(), Difference> {
        let stored = state::load_totals(self.conn).map_err(unreadable("counter_totals".to_owned()))?;
        self.totals.retain(|_, total| *total != 0);
        let nonzero: Totals = stored.into_iter().filter(|(_, total)| *total != 0).collect();
        if nonzero != self.totals {
            return Err(Difference::new("counter_totals", "differs from the journal"));
        }
        Ok(())
    }

    fn sum_up(mut self) -> Result<Proof, Difference> {
        let mut accounts: Vec<&Replayed> = self.accounts.values().collect();
        accounts.sort_unstable_by_key(|replayed| replayed.replay.account.no);
        for Replayed { replay: Replay { account, .. }, projected_seq } in accounts {
            if account.seq == 0 {
                return Err(Difference::new(format!("accounts, account {}", account.id), "has no transaction"));
            }
            if *projected_seq > account.seq {
                let what = format!(
                    "its journal ends at transaction {}, the projection stands at {projected_seq}",
                    account.seq
                );
                return Err(Difference::new(format!("journal, account {}", account.id), what));
            }
            self.tally.account(account);
        }
        Ok(self.tally.proof())
    }
}

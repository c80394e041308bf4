//! Account states in the writer's memory, loaded from the projection when first touched.
//!
//! Invariant: the state of an account with rows in the tail is always here, because the projection alone does not give
//! it. Cost of a miss: three point reads.

use std::sync::Arc;

use ledger::{Account, AccountNo, Amount, Event, Hash, Hold, Lot, LotKind, LotNo, Part, Timestamp, Transaction, Unit};
use rusqlite::{Connection, OptionalExtension, Row, params};
use rustc_hash::FxHashMap;
use serde::de::DeserializeOwned;
use smallvec::SmallVec;

use crate::AccountRef;
use crate::sqlite::tail::Gseq;

/// An account and where its projection stands.
#[derive(Clone)]
pub(super) struct Slot {
    pub(super) account: Account,
    /// Its last row in the tail, 0 when all is projected.
    pub(super) head: Gseq,
    /// `seq` its projection stands at.
    pub(super) projected_seq: u64,
    /// Book balance its projection stands at.
    pub(super) projected_balance: Amount,
    /// Whether its projection has holds.
    pub(super) projected_holds: bool,
    /// Lots that differ from their projection.
    pub(super) changed_lots: ChangedLots,
}

/// Which lots of an account changed: a few, or possibly all.
#[derive(Clone)]
pub(super) enum ChangedLots {
    Some(SmallVec<[LotNo; 4]>),
    All,
}

impl Default for ChangedLots {
    fn default() -> Self {
        ChangedLots::Some(SmallVec::new())
    }
}

impl ChangedLots {
    pub(super) fn contains(&self, lot: LotNo) -> bool {
        match self {
            ChangedLots::Some(lots) => lots.contains(&lot),
            ChangedLots::All => true,
        }
    }
}

impl Slot {
    /// An account that is not stored yet.
    pub(super) fn new(account: Account) -> Self {
        Slot {
            account,
            head: 0,
            projected_seq: 0,
            projected_balance: Amount::ZERO,
            projected_holds: false,
            changed_lots: ChangedLots::default(),
        }
    }

    /// Notes what a transaction changed. Debits, which are nearly all, change the lots they post to and nothing else.
    pub(super) fn changed(&mut self, tx: &Transaction) {
        match (&mut self.changed_lots, &tx.event) {
            (ChangedLots::Some(lots), Event::Debited { .. }) => {
                for posting in &tx.postings {
                    if !lots.contains(&posting.lot) {
                        lots.push(posting.lot);
                    }
                }
            }
            (changed, _) => *changed = ChangedLots::All,
        }
    }
}

/// The states in memory.
#[derive(Default)]
pub(super) struct States {
    slots: FxHashMap<AccountNo, Slot>,
    numbers: FxHashMap<Arc<str>, AccountNo>,
}

impl States {
    /// The number of an account, its state loaded; `None` when there is none.
    pub(super) fn find(&mut self, conn: &Connection, account: &AccountRef) -> rusqlite::Result<Option<AccountNo>> {
        let known = match account {
            AccountRef::No(no) => self.slots.contains_key(no).then_some(*no),
            AccountRef::Id(id) => self.numbers.get(id).copied(),
        };
        if known.is_some() {
            return Ok(known);
        }
        let Some((no, id, unit)) = directory(conn, account)? else { return Ok(None) };
        let slot = load(conn, Account::new(no, id.into(), unit))?;
        self.insert(slot);
        Ok(Some(no))
    }

    /// Puts a state in place of any other of the account.
    pub(super) fn insert(&mut self, slot: Slot) {
        self.numbers.insert(slot.account.id.clone(), slot.account.no);
        self.slots.insert(slot.account.no, slot);
    }

    /// Forgets an account.
    pub(super) fn remove(&mut self, no: AccountNo) {
        if let Some(slot) = self.slots.remove(&no) {
            self.numbers.remove(&slot.account.id);
        }
    }

    pub(super) fn get(&self, no: AccountNo) -> Option<&Slot> {
        self.slots.get(&no)
    }

    pub(super) fn get_mut(&mut self, no: AccountNo) -> Option<&mut Slot> {
        self.slots.get_mut(&no)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Slot> {
        self.slots.values()
    }

    /// Forgets projected accounts when there are more than `limit`.
    pub(super) fn shrink(&mut self, limit: usize) {
        if self.slots.len() > limit {
            self.slots.retain(|_, slot| slot.head != 0);
            self.numbers.retain(|_, no| self.slots.contains_key(no));
        }
    }
}

fn directory(conn: &Connection, account: &AccountRef) -> rusqlite::Result<Option<(AccountNo, String, Unit)>> {
    let read = |row: &Row<'_>| {
        let unit: String = row.get(2)?;
        Ok((row.get::<_, i64>(0)? as u64, row.get(1)?, parse_unit(&unit)?))
    };
    match account {
        AccountRef::Id(id) => {
            conn.prepare_cached("SELECT no, id, unit FROM accounts WHERE id = ?1")?.query_row([&**id], read).optional()
        }
        AccountRef::No(no) => conn
            .prepare_cached("SELECT no, id, unit FROM accounts WHERE no = ?1")?
            .query_row([*no as i64], read)
            .optional(),
    }
}

/// Reads the projection of an account.
pub(super) fn load(conn: &Connection, mut account: Account) -> rusqlite::Result<Slot> {
    let no = account.no as i64;
    let found = conn
        .prepare_cached(
            "SELECT seq, head, last_at_us, overdraft, overdraft_limit, closed FROM ledger_accounts WHERE account_no = ?1",
        )?
        .query_row([no], |row| {
            account.seq = row.get::<_, i64>(0)? as u64;
            account.head = Hash(row.get(1)?);
            account.last_at = Timestamp::from_micros(row.get(2)?);
            account.overdraft = Amount::from_units(row.get(3)?);
            account.overdraft_limit = Amount::from_units(row.get(4)?);
            account.closed = row.get(5)?;
            Ok(())
        })
        .optional()?;
    if found.is_some() {
        for lot in
            conn.prepare_cached(&format!("{LOT} WHERE account_no = ?1 AND remaining > 0"))?.query_map([no], read_lot)?
        {
            account.insert_lot(lot?);
        }
        account.holds = load_holds(conn, account.no)?;
    }
    Ok(Slot {
        projected_seq: account.seq,
        projected_balance: account.book_balance(),
        projected_holds: !account.holds.is_empty(),
        account,
        head: 0,
        changed_lots: ChangedLots::default(),
    })
}

/// The open holds of an account, oldest first.
pub(super) fn load_holds(conn: &Connection, no: AccountNo) -> rusqlite::Result<Vec<Hold>> {
    conn.prepare_cached(
        "SELECT hold_no, expires_at_us, service, parts FROM holds WHERE account_no = ?1 ORDER BY hold_no",
    )?
    .query_map([no as i64], read_hold)?
    .collect()
}

/// Brings a lot back that has nothing left and was dropped from memory.
pub(super) fn load_lot(conn: &Connection, account: &mut Account, no: LotNo) -> rusqlite::Result<()> {
    if account.lot(no).is_none() {
        let lot = conn
            .prepare_cached(&format!("{LOT} WHERE account_no = ?1 AND lot_no = ?2"))?
            .query_row([account.no as i64, no as i64], read_lot)
            .optional()?;
        if let Some(lot) = lot {
            account.insert_lot(lot);
        }
    }
    Ok(())
}

pub(super) const LOT: &str = "SELECT lot_no, kind, priority, allocated, remaining, held, effective_at_us, \
     expires_at_us, scope FROM lots";

/// Reads a row of [`LOT`].
pub(super) fn read_lot(row: &Row<'_>) -> rusqlite::Result<Lot> {
    let kind: u8 = row.get(1)?;
    Ok(Lot {
        no: row.get::<_, i64>(0)? as u64,
        kind: *LotKind::ALL.get(usize::from(kind)).ok_or(rusqlite::Error::IntegralValueOutOfRange(1, kind.into()))?,
        priority: row.get(2)?,
        allocated: Amount::from_units(row.get(3)?),
        remaining: Amount::from_units(row.get(4)?),
        held: Amount::from_units(row.get(5)?),
        effective_at: Timestamp::from_micros(row.get(6)?),
        expires_at: row.get::<_, Option<i64>>(7)?.map(Timestamp::from_micros),
        scope: read_json(row, 8)?,
    })
}

/// A damaged list is an error, never an empty one: an empty scope would pay for anything.
fn read_json<T: Default + DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    match row.get_ref(column)?.as_str()? {
        "[]" => Ok(T::default()),
        text => serde_json::from_str(text).map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
        }),
    }
}

/// A scope as the `lots` table keeps it: a JSON list.
pub(super) fn write_scope(scope: &[Box<str>]) -> String {
    serde_json::to_string(scope).unwrap_or_default()
}

fn read_hold(row: &Row<'_>) -> rusqlite::Result<Hold> {
    let parts: Vec<(LotNo, i64)> = read_json(row, 3)?;
    Ok(Hold {
        no: row.get::<_, i64>(0)? as u64,
        expires_at: Timestamp::from_micros(row.get(1)?),
        service: row.get::<_, Option<String>>(2)?.map(Into::into),
        parts: parts.into_iter().map(|(lot, units)| Part { lot, amount: Amount::from_units(units) }).collect(),
    })
}

/// A hold's parts as the `holds` table keeps them: a JSON list of lot and ledger units.
pub(super) fn write_parts(parts: &[Part]) -> String {
    let pairs: Vec<(LotNo, i64)> = parts.iter().map(|part| (part.lot, part.amount.units())).collect();
    serde_json::to_string(&pairs).unwrap_or_default()
}

/// A unit from its stored code.
pub(super) fn parse_unit(code: &str) -> rusqlite::Result<Unit> {
    Unit::parse(code).ok_or_else(|| rusqlite::Error::InvalidParameterName(format!("unknown unit {code:?}")))
}

pub(super) use crate::verify::Totals;

/// Reads the projected totals.
pub(super) fn load_totals(conn: &Connection) -> rusqlite::Result<Totals> {
    conn.prepare("SELECT unit, counter, total FROM counter_totals")?
        .query_map([], |row| {
            let total: String = row.get(2)?;
            let total = total.parse().map_err(|_| rusqlite::Error::InvalidParameterName(format!("total {total:?}")))?;
            Ok(((parse_unit(row.get_ref(0)?.as_str()?)?, row.get(1)?), total))
        })?
        .collect()
}

/// Writes totals in place of those of the same unit and counter-account.
pub(super) fn save_totals(conn: &Connection, totals: &Totals) -> rusqlite::Result<()> {
    let mut statement =
        conn.prepare_cached("INSERT OR REPLACE INTO counter_totals (unit, counter, total) VALUES (?1, ?2, ?3)")?;
    for ((unit, counter), total) in totals {
        statement.execute(params![unit.code(), counter, total.to_string()])?;
    }
    Ok(())
}

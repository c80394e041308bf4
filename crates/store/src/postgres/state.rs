//! An account's state as its row keeps it.

use std::sync::Arc;

use ledger::{Account, AccountNo, Amount, Hash, Hold, Lot, LotKind, LotNo, Part, Timestamp, Unit};
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;

/// Locks the rows of accounts in the order of their numbers, and reads what [`read`] takes.
pub(super) const LOCK: &str = "SELECT account_no, seq, head, last_at_us, overdraft, overdraft_limit, closed, state \
     FROM ledger_accounts WHERE account_no = ANY($1) ORDER BY account_no FOR UPDATE";

/// Reads the same of one account, by its number.
pub(super) const ONE: &str = "SELECT account_no, seq, head, last_at_us, overdraft, overdraft_limit, closed, state \
     FROM ledger_accounts WHERE account_no = $1";

/// Open lots and holds.
#[derive(Serialize, Deserialize)]
struct State {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lots: Vec<StoredLot>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    holds: Vec<StoredHold>,
}

/// A lot; amounts are ledger units.
#[derive(Serialize, Deserialize)]
struct StoredLot {
    no: LotNo,
    kind: LotKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    priority: Option<i32>,
    allocated: i64,
    remaining: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    held: i64,
    effective_at_us: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at_us: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "is_empty")]
    scope: Box<[Box<str>]>,
}

/// A hold; its parts are pairs of lot and ledger units.
#[derive(Serialize, Deserialize)]
struct StoredHold {
    no: u64,
    expires_at_us: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    service: Option<Box<str>>,
    parts: Vec<(LotNo, i64)>,
}

fn is_zero(units: &i64) -> bool {
    *units == 0
}

fn is_empty(scope: &[Box<str>]) -> bool {
    scope.is_empty()
}

impl From<&Lot> for StoredLot {
    fn from(lot: &Lot) -> Self {
        StoredLot {
            no: lot.no,
            kind: lot.kind,
            priority: lot.priority,
            allocated: lot.allocated.units(),
            remaining: lot.remaining.units(),
            held: lot.held.units(),
            effective_at_us: lot.effective_at,
            expires_at_us: lot.expires_at,
            scope: lot.scope.clone(),
        }
    }
}

impl From<StoredLot> for Lot {
    fn from(lot: StoredLot) -> Self {
        Lot {
            no: lot.no,
            kind: lot.kind,
            priority: lot.priority,
            allocated: Amount::from_units(lot.allocated),
            remaining: Amount::from_units(lot.remaining),
            held: Amount::from_units(lot.held),
            effective_at: lot.effective_at_us,
            expires_at: lot.expires_at_us,
            scope: lot.scope,
        }
    }
}

impl From<&Hold> for StoredHold {
    fn from(hold: &Hold) -> Self {
        StoredHold {
            no: hold.no,
            expires_at_us: hold.expires_at,
            service: hold.service.clone(),
            parts: hold.parts.iter().map(|part| (part.lot, part.amount.units())).collect(),
        }
    }
}

impl From<StoredHold> for Hold {
    fn from(hold: StoredHold) -> Self {
        let part = |(lot, units): (LotNo, i64)| Part { lot, amount: Amount::from_units(units) };
        Hold {
            no: hold.no,
            expires_at: hold.expires_at_us,
            service: hold.service,
            parts: hold.parts.into_iter().map(part).collect(),
        }
    }
}

/// A row of [`LOCK`] or [`ONE`] as an account, whose directory entry the caller has.
pub(super) fn read(row: &Row, id: Arc<str>, unit: Unit) -> Result<Account, String> {
    let wrong = |error: tokio_postgres::Error| format!("ledger_accounts, account {id}: {error}");
    let mut account = Account::new(row.try_get::<_, i64>(0).map_err(wrong)? as AccountNo, id.clone(), unit);
    account.seq = row.try_get::<_, i64>(1).map_err(wrong)? as u64;
    account.head = hash(row.try_get(2).map_err(wrong)?)?;
    account.last_at = Timestamp::from_micros(row.try_get(3).map_err(wrong)?);
    account.overdraft = Amount::from_units(row.try_get(4).map_err(wrong)?);
    account.overdraft_limit = Amount::from_units(row.try_get(5).map_err(wrong)?);
    account.closed = row.try_get(6).map_err(wrong)?;
    let state: State = serde_json::from_str(row.try_get(7).map_err(wrong)?)
        .map_err(|error| format!("ledger_accounts, account {id}: state cannot be read: {error}"))?;
    // They were written in burn-down order.
    account.lots = state.lots.into_iter().map(Lot::from).collect();
    account.holds = state.holds.into_iter().map(Hold::from).collect();
    Ok(account)
}

/// A stored hash.
pub(super) fn hash(bytes: &[u8]) -> Result<Hash, String> {
    bytes.try_into().map(Hash).map_err(|_| format!("a hash of {} bytes", bytes.len()))
}

/// Open lots and holds of an account, as the column `state` keeps them.
pub(super) fn write(account: &Account) -> String {
    let state = State {
        lots: account.lots.iter().map(StoredLot::from).collect(),
        holds: account.holds.iter().map(StoredHold::from).collect(),
    };
    // Numbers, texts and lists: this cannot fail.
    serde_json::to_string(&state).unwrap_or_default()
}

/// A lot as the column `lot` of `spent_lots` keeps it.
pub(super) fn write_lot(lot: &Lot) -> String {
    serde_json::to_string(&StoredLot::from(lot)).unwrap_or_default()
}

/// Reads what [`write_lot`] wrote.
pub(super) fn read_lot(text: &str) -> Result<Lot, String> {
    serde_json::from_str::<StoredLot>(text).map(Lot::from).map_err(|error| format!("spent_lots: {error}"))
}

/// When something falls due next, as the column keeps it.
pub(super) fn next_due_at_us(account: &Account) -> Option<i64> {
    let at = account.next_due_at();
    (at < Timestamp::MAX).then_some(at.micros())
}

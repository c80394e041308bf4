//! Reads: states, history, states as they were, sums. All on pooled connections; each read is one statement or one
//! snapshot.

use std::ops::Range;
use std::pin::pin;
use std::sync::Arc;

use futures_util::TryStreamExt;
use ledger::{Account, AccountNo, Amount, Counter, Timestamp, Unit, apply};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, IsolationLevel};

use crate::postgres::access::chain;
use crate::postgres::batch::read_body;
use crate::postgres::state;
use crate::{EntryFilter, EntryView, TrialLine};

/// Entries of an account that pass a filter, newest first.
macro_rules! entries {
    ($which:literal) => {
        concat!(
            "SELECT body, reversed FROM entries WHERE account_no = $1 AND ((1::bigint << kind) & $2) <> 0 \
             AND ($3 = 0 OR (lot_kinds & $3) <> 0) AND at_us >= $4 AND at_us < $5 \
             AND ($6::text[] IS NULL OR service = ANY($6)) \
             AND ((CASE WHEN reversed = 0 THEN 1 WHEN abs(reversed) >= abs(amount) THEN 4 ELSE 2 END)::bigint & $7) <> 0 \
             AND ",
            $which
        )
    };
}

/// The state of an account whose directory entry the caller has.
pub(super) async fn account(
    client: &Client,
    no: AccountNo,
    id: Arc<str>,
    unit: Unit,
) -> Result<Option<Account>, String> {
    let found = client.query_typed(state::ONE, &[(&(no as i64), Type::INT8)]).await.map_err(|error| chain(&error))?;
    found.first().map(|row| state::read(row, id, unit)).transpose()
}

/// Entries with a number in `range`, at most `limit`.
pub(super) async fn entries_between(
    client: &Client,
    account: AccountNo,
    filter: &EntryFilter,
    range: Range<u64>,
    limit: usize,
) -> Result<Vec<EntryView>, String> {
    let bound = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let (first, end, limit) = (bound(range.start), bound(range.end), i64::try_from(limit).unwrap_or(i64::MAX));
    let sql = entries!("seq >= $8 AND seq < $9 ORDER BY seq DESC LIMIT $10");
    entries(client, account, filter, sql, &[(&first, Type::INT8), (&end, Type::INT8), (&limit, Type::INT8)]).await
}

/// Those of the entries `seqs` that pass the filter.
pub(super) async fn entries_of(
    client: &Client,
    account: AccountNo,
    filter: &EntryFilter,
    seqs: &[u64],
) -> Result<Vec<EntryView>, String> {
    let seqs: Vec<i64> = seqs.iter().map(|seq| *seq as i64).collect();
    let sql = entries!("seq = ANY($8) ORDER BY seq DESC");
    entries(client, account, filter, sql, &[(&seqs, Type::INT8_ARRAY)]).await
}

async fn entries(
    client: &Client,
    account: AccountNo,
    filter: &EntryFilter,
    sql: &str,
    which: &[(&(dyn ToSql + Sync), Type)],
) -> Result<Vec<EntryView>, String> {
    let services = (!filter.services.is_empty()).then_some(&filter.services);
    let matching: [(&(dyn ToSql + Sync), Type); 7] = [
        (&(account as i64), Type::INT8),
        (&filter.kind_bits(), Type::INT8),
        (&i32::from(filter.lot_kind_bits()), Type::INT4),
        (&filter.from.map_or(i64::MIN, Timestamp::micros), Type::INT8),
        (&filter.to.map_or(i64::MAX, Timestamp::micros), Type::INT8),
        (&services, Type::TEXT_ARRAY),
        (&filter.status_bits(), Type::INT8),
    ];
    let params = [&matching[..], which].concat();
    let found = client.query_typed(sql, &params).await.map_err(|error| chain(&error))?;
    let view = |row: &tokio_postgres::Row| {
        let transaction = read_body(row.try_get(0).map_err(|error| chain(&error))?)?;
        let reversed = Amount::from_units(row.try_get(1).map_err(|error| chain(&error))?);
        Ok(EntryView { transaction, reversed })
    };
    found.iter().map(view).collect()
}

/// Replays an account's transactions booked up to `at`. Cost grows with their number, memory does not.
pub(super) async fn account_at(client: &Client, mut account: Account, at: Timestamp) -> Result<Account, String> {
    let sql = "SELECT body FROM entries WHERE account_no = $1 AND at_us <= $2 ORDER BY seq";
    let params: [(&(dyn ToSql + Sync), Type); 2] = [(&(account.no as i64), Type::INT8), (&at.micros(), Type::INT8)];
    let rows = client.query_typed_raw(sql, params).await.map_err(|error| chain(&error))?;
    let mut rows = pin!(rows);
    while let Some(row) = rows.try_next().await.map_err(|error| chain(&error))? {
        apply(&mut account, &read_body(row.try_get(0).map_err(|error| chain(&error))?)?)?;
    }
    Ok(account)
}

/// Sums over counter-accounts and over accounts, of one snapshot.
pub(super) async fn trial_balance(client: &mut Client) -> Result<Vec<TrialLine>, tokio_postgres::Error> {
    let snapshot =
        client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true).start().await?;
    let mut lines = Vec::new();
    for row in snapshot.query("SELECT unit, sum(balance)::text FROM ledger_accounts GROUP BY unit", &[]).await? {
        lines.extend(line("accounts", row.try_get(0)?, row.try_get(1)?));
    }
    let counters = "SELECT unit, sum(total)::text, counter FROM counter_totals GROUP BY unit, counter";
    for row in snapshot.query(counters, &[]).await? {
        let counter = usize::try_from(row.try_get::<_, i32>(2)?).ok().and_then(|tag| Counter::ALL.get(tag));
        lines.extend(counter.and_then(|counter| line(counter.name(), row.get(0), row.get(1))));
    }
    snapshot.commit().await?;
    lines.sort_by_key(|line| (line.name != "accounts", line.name.clone(), line.unit));
    Ok(lines)
}

fn line(name: &str, unit: &str, sum: &str) -> Option<TrialLine> {
    Some(TrialLine { name: name.to_owned(), unit: Unit::parse(unit)?, sum_units: sum.parse().ok()? })
}

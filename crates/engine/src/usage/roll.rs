//! Rolling entries up, a block at a time.
//!
//! A block is added in one write that also moves the account's progress from where the block began; when another node
//! was first, that row is not as expected and nothing is written. So no entry is missing and none is counted twice. The
//! write has few statements, however many sums: on PostgreSQL it shares its connection with debits. The job looks at a
//! slice of the accounts in each round and leaves alone who is less than a block behind: reading that little is cheap.
//!
//! Cost of a round: two reads of 20,000 small rows at most; for each block a read of its entries, and one write.

use std::sync::LazyLock;
use std::time::Duration;

use ledger::{AccountNo, Amount, Kind};
use store::{AccountRef, EntryFilter, EntryView, Failure, Statement, Value, params};

use super::tally::Tally;
use crate::lease::{self, Lease};
use crate::{Engine, Error, Result};

/// Entries of one block. Who is less than that behind is left alone.
pub(super) const BLOCK_ENTRIES: u64 = 2_000;
/// Entries that one reading adds up, at most.
pub(super) const TAIL_ENTRIES: u64 = 10_000;
/// Sums written by one statement.
const ROWS: usize = 50;
/// A block ends when it has so many sums, so that its write is short,
const BLOCK_SUMS: usize = 3 * ROWS;
/// or so many quantities of meters.
const BLOCK_QUANTITIES: usize = 6 * ROWS;
/// Accounts looked at in one round of the job.
const SLICE_ACCOUNTS: i64 = 20_000;
/// Blocks of one account in one round, so that it keeps no other waiting and the lease lasts.
const ROUND_BLOCKS: usize = 50;

/// Where the job goes on.
#[derive(Debug, Default)]
pub struct Rounds {
    after_no: i64,
}

/// Rolls up every `pause`, until the task is aborted.
pub async fn run(engine: Engine, pause: Duration) {
    let mut rounds = Rounds::default();
    loop {
        if let Err(error) = roll_due(&engine, &mut rounds).await {
            tracing::warn!(%error, "usage could not be rolled up; it is tried again");
        }
        tokio::time::sleep(pause).await;
    }
}

/// Rolls up the accounts of the next slice that are a block or more behind, unless another node does; says how many
/// blocks.
///
/// # Errors
/// When the database cannot be read or written. An account that fails does not disturb the others.
pub async fn roll_due(engine: &Engine, rounds: &mut Rounds) -> Result<usize> {
    const SLICE: &str = "SELECT max(account_no) FROM \
         (SELECT account_no FROM ledger_accounts WHERE account_no > $1 ORDER BY account_no LIMIT $2) AS slice";
    const BEHIND: &str = "SELECT a.account_no FROM ledger_accounts a \
         LEFT JOIN usage_progress p ON p.account_no = a.account_no \
         WHERE a.account_no > $1 AND a.account_no <= $2 AND a.seq >= $3 AND a.seq - coalesce(p.seq, 0) >= $3 \
         ORDER BY a.account_no";
    let after_no = rounds.after_no;
    let slice = engine.store().query(SLICE, params![after_no, SLICE_ACCOUNTS]).await?;
    let Some(last_no) = slice.first().map(|row| row.optional_int(0)).transpose()?.flatten() else {
        *rounds = Rounds::default();
        return Ok(0);
    };
    let (mut blocks, mut done) = (0, true);
    let behind = params![after_no, last_no, number(BLOCK_ENTRIES)];
    for row in engine.store().query(BEHIND, behind).await? {
        if !lease::hold(engine, Lease::Usage).await? {
            return Ok(blocks);
        }
        let no = row.int(0)?.unsigned_abs();
        match catch_up(engine, no, BLOCK_ENTRIES, ROUND_BLOCKS).await {
            Ok(progress) => {
                blocks += progress.blocks;
                done &= progress.behind() < BLOCK_ENTRIES;
            }
            Err(error) => tracing::warn!(account_no = no, %error, "usage of an account could not be rolled up"),
        }
    }
    if done {
        rounds.after_no = last_no;
    }
    Ok(blocks)
}

/// How far an account is rolled up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Progress {
    /// Entries up to this number are in the sums.
    pub(super) seq: u64,
    /// The last entry that there was.
    pub(super) newest_seq: u64,
    /// Blocks that were rolled up just now.
    pub(super) blocks: usize,
}

impl Progress {
    /// Entries that are not in the sums.
    pub(super) fn behind(self) -> u64 {
        self.newest_seq.saturating_sub(self.seq)
    }
}

/// Rolls an account up until fewer than `behind` entries are left, at most `most` blocks.
pub(super) async fn catch_up(engine: &Engine, no: AccountNo, behind: u64, most: usize) -> Result<Progress> {
    let mut blocks = 0;
    loop {
        let seq = progress(engine, no).await?;
        let newest_seq = engine.store().account(AccountRef::No(no)).await?.map_or(0, |view| view.account.seq);
        let progress = Progress { seq, newest_seq, blocks };
        if progress.behind() < behind || blocks == most {
            return Ok(progress);
        }
        let entries = page(engine, no, seq, newest_seq).await?;
        roll(engine, no, seq, &entries).await?;
        blocks += 1;
    }
}

/// Entries up to this number are in the sums.
pub(super) async fn progress(engine: &Engine, no: AccountNo) -> Result<u64> {
    const SQL: &str = "SELECT seq FROM usage_progress WHERE account_no = $1";
    let rows = engine.store().query(SQL, params![number(no)]).await?;
    Ok(rows.first().map_or(Ok(0), |row| row.int(0))?.unsigned_abs())
}

/// The entries after `seq` up to `newest_seq`, oldest first, at most a block of them.
pub(super) async fn page(engine: &Engine, no: AccountNo, seq: u64, newest_seq: u64) -> Result<Vec<EntryView>> {
    let count = newest_seq.saturating_sub(seq).min(BLOCK_ENTRIES);
    if count == 0 {
        return Ok(Vec::new());
    }
    // Numbers have no gaps, so these are all.
    let every = EntryFilter { kinds: Kind::ALL.to_vec(), ..EntryFilter::default() };
    let limit = usize::try_from(count).unwrap_or(usize::MAX);
    let mut entries = engine.store().entries(no, every, Some(seq + count + 1), limit).await?;
    entries.reverse();
    Ok(entries)
}

/// Adds the entries that follow `seq` to the sums, as many as make one block; nothing when another node was first.
async fn roll(engine: &Engine, no: AccountNo, seq: u64, entries: &[EntryView]) -> Result<()> {
    const BEGIN: &str = "INSERT INTO usage_progress (account_no, seq) VALUES ($1, 0) ON CONFLICT DO NOTHING";
    const MOVE: &str = "UPDATE usage_progress SET seq = $3 WHERE account_no = $1 AND seq = $2";
    let mut tally = Tally::default();
    let mut reached = seq;
    for entry in entries {
        tally.add(&entry.transaction);
        reached = entry.transaction.seq;
        if tally.quarters.len() >= BLOCK_SUMS || tally.meters.len() >= BLOCK_QUANTITIES {
            break;
        }
    }
    let account_no = number(no);
    let mut rows = vec![
        Statement::new(BEGIN, params![account_no]),
        Statement::new(MOVE, params![account_no, number(seq), number(reached)]).expect_one(),
    ];
    rows.extend(sums(account_no, &tally)?);
    match engine.store().write(rows).await {
        Ok(_) => Ok(()),
        // Whoever was first has counted them.
        Err(Failure::Conflict) if progress(engine, no).await? > seq => Ok(()),
        Err(failure) => Err(failure.into()),
    }
}

fn sums(account_no: i64, tally: &Tally) -> Result<Vec<Statement>> {
    let mut quarters = Vec::with_capacity(tally.quarters.len());
    for ((starts_at_us, service), counted) in &tally.quarters {
        let spent = i64::try_from(counted.spent_units).ok().filter(|units| units.abs() <= Amount::MAX.units());
        let spent =
            spent.ok_or_else(|| Error::Unavailable("more usage in 15 minutes than can be counted".to_owned()))?;
        let charged_to_us = counted.charged_to.map_or(0, |at| at.micros());
        quarters.push(params![*starts_at_us, &**service, spent, number(counted.entries), charged_to_us]);
    }
    let meter = |((starts_at_us, service, meter), quantity): (&(i64, Box<str>, Box<str>), &u64)| {
        params![*starts_at_us, &**service, &**meter, number(*quantity)]
    };
    let meters: Vec<Vec<Value>> = tally.meters.iter().map(meter).collect();
    let quarters = quarters.chunks(ROWS).map(|rows| many(&QUARTERS, account_no, rows, params![0, "", 0, 0, 0]));
    let meters = meters.chunks(ROWS).map(|rows| many(&METERS, account_no, rows, params![0, "", "", 0]));
    Ok(quarters.chain(meters).collect())
}

/// Adds to sums of quarters, [`ROWS`] at a time; a row without entries is not written.
static QUARTERS: LazyLock<String> = LazyLock::new(|| {
    let values = places(5);
    format!(
        "INSERT INTO usage_quarters (account_no, starts_at_us, service, spent_units, entries, charged_to_us) \
         SELECT $1, column1, column2, column3, column4, column5 FROM (VALUES {values}) AS block WHERE column4 > 0 \
         ON CONFLICT (account_no, starts_at_us, service) DO UPDATE SET \
         spent_units = usage_quarters.spent_units + excluded.spent_units, \
         entries = usage_quarters.entries + excluded.entries, \
         charged_to_us = CASE WHEN excluded.charged_to_us > usage_quarters.charged_to_us \
         THEN excluded.charged_to_us ELSE usage_quarters.charged_to_us END"
    )
});

/// Adds to quantities of meters, [`ROWS`] at a time, up to what a column holds; a row of nothing is not written.
static METERS: LazyLock<String> = LazyLock::new(|| {
    let values = places(4);
    format!(
        "INSERT INTO usage_meters (account_no, starts_at_us, service, meter, quantity) \
         SELECT $1, column1, column2, column3, column4 FROM (VALUES {values}) AS block WHERE column4 > 0 \
         ON CONFLICT (account_no, starts_at_us, service, meter) DO UPDATE SET \
         quantity = CASE WHEN usage_meters.quantity > {most} - excluded.quantity THEN {most} \
         ELSE usage_meters.quantity + excluded.quantity END",
        most = i64::MAX
    )
});

/// `($2, $3), ($4, $5), …`: [`ROWS`] rows of so many columns.
fn places(columns: usize) -> String {
    let row = |row: usize| {
        let places: Vec<String> = (0..columns).map(|column| format!("${}", 2 + row * columns + column)).collect();
        format!("({})", places.join(", "))
    };
    (0..ROWS).map(row).collect::<Vec<_>>().join(", ")
}

/// A statement of [`ROWS`] rows, filled up with `nothing`.
fn many(sql: &'static LazyLock<String>, account_no: i64, rows: &[Vec<Value>], nothing: Vec<Value>) -> Statement {
    let filling = std::iter::repeat_n(&nothing, ROWS - rows.len());
    let values = rows.iter().chain(filling).flatten().cloned();
    Statement::new(sql.as_str(), std::iter::once(Value::Int(account_no)).chain(values).collect::<Vec<_>>())
}

/// Numbers of accounts and of entries fit; quantities are cut to what a column holds.
pub(super) fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[path = "roll_tests.rs"]
mod tests;

//! One exact look at an account's usage: the sums that are stored, and the entries after them.
//!
//! Sums and entries are read one after the other. When the progress is the same before and after, they belong together;
//! else somebody rolled up meanwhile, and all is read again. Sums of days of equal length are grouped by the database,
//! so a month is one read, and three when clocks change in it.

use std::collections::BTreeMap;
use std::ops::Range;

use ledger::{AccountNo, Timestamp};
use store::{Failure, Row, params};

use super::roll::{TAIL_ENTRIES, catch_up, number, page, progress};
use super::tally::{Counted, Tally};
use crate::{Engine, Result};

/// Blocks that a reader rolls up himself, at most.
const READER_BLOCKS: usize = 25;
/// Looks, when others roll up meanwhile.
const TRIES: usize = 5;

/// What a look found.
#[derive(Debug, Default)]
pub(super) struct Sums {
    /// By day, counted from 0, and service.
    pub(super) days: BTreeMap<(usize, Box<str>), Counted>,
    /// Quantities by service and meter, of the days that were asked for.
    pub(super) meters: BTreeMap<(Box<str>, Box<str>), u128>,
    /// The quarter of the first usage ever.
    pub(super) first_at: Option<Timestamp>,
    /// Whether every entry was looked at; else the newest ones are missing.
    pub(super) is_complete: bool,
}

/// Sums up the days that begin at `starts`, the last of which only ends the day before it, and for the days `metered`
/// the quantities by meter.
pub(super) async fn sums(engine: &Engine, no: AccountNo, starts: &[Timestamp], metered: Range<usize>) -> Result<Sums> {
    for _ in 0..TRIES {
        let reached = catch_up(engine, no, TAIL_ENTRIES, READER_BLOCKS).await?;
        let is_complete = reached.behind() < TAIL_ENTRIES;
        let newest_seq = if is_complete { reached.newest_seq } else { reached.seq };
        let tail = tail(engine, no, reached.seq, newest_seq).await?;
        let mut sums = Sums { is_complete, ..Sums::default() };
        for run in runs(starts) {
            sums.read_quarters(engine, no, &run).await?;
        }
        if !metered.is_empty() {
            sums.read_meters(engine, no, starts[metered.start]..starts[metered.end]).await?;
        }
        sums.read_first(engine, no).await?;
        if progress(engine, no).await? == reached.seq {
            sums.add_tail(&tail, starts, metered);
            return Ok(sums);
        }
    }
    Err(Failure::Busy.into())
}

/// The tally of the entries after `seq`.
async fn tail(engine: &Engine, no: AccountNo, seq: u64, newest_seq: u64) -> Result<Tally> {
    let (mut tally, mut seq) = (Tally::default(), seq);
    loop {
        let entries = page(engine, no, seq, newest_seq).await?;
        let Some(last) = entries.last() else { return Ok(tally) };
        seq = last.transaction.seq;
        entries.iter().for_each(|entry| tally.add(&entry.transaction));
    }
}

impl Sums {
    async fn read_quarters(&mut self, engine: &Engine, no: AccountNo, run: &Run) -> Result<()> {
        // Sums of halves: the whole may be more than 64 bits.
        const SQL: &str = "SELECT (starts_at_us - $2) / $4, service, CAST(sum(spent_units >> 32) AS BIGINT), \
             CAST(sum(spent_units & 4294967295) AS BIGINT), CAST(sum(entries) AS BIGINT), max(charged_to_us) \
             FROM usage_quarters WHERE account_no = $1 AND starts_at_us >= $2 AND starts_at_us < $3 GROUP BY 1, 2";
        let end_us = run.starts_at_us + run.day_us * run.days;
        for row in engine.store().query(SQL, params![number(no), run.starts_at_us, end_us, run.day_us]).await? {
            let charged_to = Some(row.int(5)?).filter(|at_us| *at_us != 0).map(Timestamp::from_micros);
            let entries = row.int(4)?.unsigned_abs();
            let day = run.first_day + usize::try_from(row.int(0)?).unwrap_or_default();
            let counted = Counted { spent_units: whole(&row, 2)?, entries, charged_to };
            self.days.entry((day, row.text(1)?.into())).or_default().add(&counted);
        }
        Ok(())
    }

    async fn read_meters(&mut self, engine: &Engine, no: AccountNo, time: Range<Timestamp>) -> Result<()> {
        const SQL: &str = "SELECT service, meter, CAST(sum(quantity >> 32) AS BIGINT), \
             CAST(sum(quantity & 4294967295) AS BIGINT) FROM usage_meters \
             WHERE account_no = $1 AND starts_at_us >= $2 AND starts_at_us < $3 GROUP BY 1, 2";
        let bounds = params![number(no), time.start.micros(), time.end.micros()];
        for row in engine.store().query(SQL, bounds).await? {
            let key = (row.text(0)?.into(), row.text(1)?.into());
            self.meters.insert(key, whole(&row, 2)?.unsigned_abs());
        }
        Ok(())
    }

    async fn read_first(&mut self, engine: &Engine, no: AccountNo) -> Result<()> {
        const SQL: &str = "SELECT starts_at_us FROM usage_quarters WHERE account_no = $1 ORDER BY starts_at_us LIMIT 1";
        let rows = engine.store().query(SQL, params![number(no)]).await?;
        self.first_at = rows.first().map(|row| row.int(0)).transpose()?.map(Timestamp::from_micros);
        Ok(())
    }

    fn add_tail(&mut self, tail: &Tally, starts: &[Timestamp], metered: Range<usize>) {
        let day_of = |starts_at_us: i64| {
            let day = starts.partition_point(|start| start.micros() <= starts_at_us);
            day.checked_sub(1).filter(|_| day < starts.len())
        };
        for ((starts_at_us, service), counted) in &tail.quarters {
            if let Some(day) = day_of(*starts_at_us) {
                self.days.entry((day, service.clone())).or_default().add(counted);
            }
        }
        for ((starts_at_us, service, meter), quantity) in &tail.meters {
            if day_of(*starts_at_us).is_some_and(|day| metered.contains(&day)) {
                *self.meters.entry((service.clone(), meter.clone())).or_default() += u128::from(*quantity);
            }
        }
        let first = tail.quarters.keys().next().map(|(starts_at_us, _)| Timestamp::from_micros(*starts_at_us));
        self.first_at = self.first_at.into_iter().chain(first).min();
    }
}

/// A sum from its halves.
fn whole(row: &Row, column: usize) -> Result<i128> {
    Ok((i128::from(row.int(column)?) << 32) + i128::from(row.int(column + 1)?))
}

/// Days of equal length, one after the other.
#[derive(Debug, PartialEq, Eq)]
struct Run {
    first_day: usize,
    starts_at_us: i64,
    day_us: i64,
    days: i64,
}

impl Run {
    fn next_day(&self) -> usize {
        self.first_day + usize::try_from(self.days).unwrap_or_default()
    }
}

fn runs(starts: &[Timestamp]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (first_day, day) in starts.windows(2).enumerate() {
        let (starts_at_us, day_us) = (day[0].micros(), day[1].micros() - day[0].micros());
        match runs.last_mut() {
            // A day that a zone skipped has no length and no usage.
            _ if day_us <= 0 => {}
            Some(run) if run.day_us == day_us && run.next_day() == first_day => run.days += 1,
            _ => runs.push(Run { first_day, starts_at_us, day_us, days: 1 }),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_equal_length_are_one_run() {
        let run = |first_day, starts_at_us, day_us, days| Run { first_day, starts_at_us, day_us, days };
        // starts, runs
        let table = [
            (vec![], vec![]),
            (vec![0], vec![]),
            (vec![0, 24], vec![run(0, 0, 24, 1)]),
            (vec![5, 29, 53, 77], vec![run(0, 5, 24, 3)]),
            (vec![0, 24, 47, 71, 95], vec![run(0, 0, 24, 1), run(1, 24, 23, 1), run(2, 47, 24, 2)]),
            (vec![0, 24, 24, 48], vec![run(0, 0, 24, 1), run(2, 24, 24, 1)]),
        ];
        for (starts, expected) in table {
            let starts: Vec<Timestamp> = starts.into_iter().map(Timestamp::from_micros).collect();
            assert_eq!(runs(&starts), expected, "{starts:?}");
        }
    }
}

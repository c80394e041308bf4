//! Exchange rates: dated, with their source, as an operator set or imported them.
//!
//! A rate never changes; a correction is another row. In force for two units is the one with the latest date that has
//! come, in whichever direction it was written, and of the same date the one recorded last. Invariant: a rate that jumps
//! is stored only when somebody confirmed it. Deliberately absent: fetching rates from anywhere, and rates that begin in
//! the future. Cost: one indexed read per pair of units.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use ledger::{Timestamp, Unit};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Row, Statement, params};
use uuid::Uuid;

use super::convert::{Decimal, Rate};
use super::faults::Faults;
use super::text::line;
use crate::audit::{self, Change};
use crate::{Call, Engine, Error, Result};

/// Longest name of a source, in characters.
pub const MAX_SOURCE_CHARS: usize = 100;
/// Most rows of one import.
pub const MAX_IMPORT_ROWS: usize = 1_000;
/// Faults of an import that are told at a time.
const FAULTS_SHOWN: usize = 50;
/// The first line of an import; `source` may be left out there.
pub const IMPORT_COLUMNS: [&str; 5] = ["base", "quote", "rate", "dated_at", "source"];

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT id, base, quote, rate, dated_at_us, source, actor, created_at_us FROM exchange_rates ", $rest)
    };
}

/// A rate as it is quoted and kept with a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatedRate {
    /// What it says.
    #[serde(flatten)]
    pub rate: Rate,
    /// The instant it is of.
    pub dated_at: Timestamp,
    /// Who publishes it.
    pub source: String,
}

/// A stored rate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateRecord {
    /// `rate_…`.
    pub id: String,
    /// What it says.
    pub dated: DatedRate,
    /// Who recorded it.
    pub actor: String,
    /// When it was recorded.
    pub created_at: Timestamp,
}

/// A rate to be set.
#[derive(Debug, Clone)]
pub struct NewRate {
    /// One of this …
    pub base: String,
    /// … is so many of this.
    pub quote: String,
    /// How many, a plain decimal.
    pub rate: String,
    /// The instant it is of; now when left out.
    pub dated_at: Option<Timestamp>,
    /// Who publishes it.
    pub source: String,
}

/// What became of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RatesImported {
    /// Rows that are new.
    pub stored: usize,
    /// Rows that were there already.
    pub unchanged: usize,
}

/// Sets one rate; the same once more changes nothing. `confirmed`: it is right although it jumps.
///
/// # Errors
/// [`Error::Fields`]; code `rate_implausible` when it jumps and nobody confirmed it.
pub async fn set_rate(engine: &Engine, call: &Call, new: &NewRate, confirmed: bool) -> Result<RateRecord> {
    let mut faults = Faults::default();
    let read = read_rate(new, engine.now(), "", &mut faults);
    let rate = faults.finish(read)?;
    if !confirmed {
        check_plausible(engine, std::slice::from_ref(&rate)).await?;
    }
    let change = Change {
        action: "rate.set",
        after: json!({"base": rate.rate.base.code(), "quote": rate.rate.quote.code(), "rate": rate.rate.rate.to_string(),
            "dated_at_us": rate.dated_at.micros(), "source": rate.source, "confirmed": confirmed}),
        ..Change::default()
    };
    audit::write(engine, call, &change, vec![insert(&rate, &call.actor, engine.now())]).await?;
    let sql = select!("WHERE base = $1 AND quote = $2 AND dated_at_us = $3 AND rate = $4 AND source = $5");
    let found = engine.store().query(sql, same(&rate)).await?;
    record(found.first().ok_or(Error::NotFound("rate"))?)
}

/// Sets the rates of a CSV file with the columns [`IMPORT_COLUMNS`]: all of them, or none. A date is an instant
/// (RFC 3339) or a day, which means its beginning in UTC. `source` is for rows that name none.
///
/// # Errors
/// [`Error::Fields`] naming each wrong cell as `csv.row2.rate`, counted without the first line and empty ones; code
/// `rate_implausible`.
pub async fn import_rates(
    engine: &Engine,
    call: &Call,
    csv: &str,
    source: Option<&str>,
    confirmed: bool,
) -> Result<RatesImported> {
    let rates = read_csv(csv, source, engine.now())?;
    if !confirmed {
        check_plausible(engine, &rates).await?;
    }
    let now = engine.now();
    let rows = rates.iter().map(|rate| insert(rate, &call.actor, now)).collect();
    let after = json!({"rows": rates.len(), "source": source, "confirmed": confirmed});
    let changed =
        audit::write(engine, call, &Change { action: "rate.imported", after, ..Change::default() }, rows).await?;
    let stored = changed.iter().filter(|count| **count == 1).count();
    Ok(RatesImported { stored, unchanged: rates.len() - stored })
}

/// Rates, latest date first, those before (`dated_at_us`, `id`), at most `limit`; of these units where they are named.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn list_rates(
    engine: &Engine,
    base: Option<Unit>,
    quote: Option<Unit>,
    before: Option<(i64, String)>,
    limit: i64,
) -> Result<Vec<RateRecord>> {
    let (at_us, id) = before.unwrap_or((i64::MAX, String::new()));
    let sql = select!(
        "WHERE (dated_at_us, id) < ($1, $2) AND ($3 = '' OR base = $3) AND ($4 = '' OR quote = $4) \
         ORDER BY dated_at_us DESC, id DESC LIMIT $5"
    );
    let code = |unit: Option<Unit>| unit.map_or("", Unit::code);
    let rows = engine.store().query(sql, params![at_us, id, code(base), code(quote), limit]).await?;
    rows.iter().map(record).collect()
}

/// The rate in force between two units at an instant, however old it is.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn rate_in_force(engine: &Engine, one: Unit, other: Unit, at: Timestamp) -> Result<Option<RateRecord>> {
    let sql = select!(
        "WHERE ((base = $1 AND quote = $2) OR (base = $2 AND quote = $1)) AND dated_at_us <= $3 \
         ORDER BY dated_at_us DESC, created_at_us DESC, id DESC LIMIT 1"
    );
    let rows = engine.store().query(sql, params![one.code(), other.code(), at.micros()]).await?;
    rows.first().map(record).transpose()
}

/// Of the rates that would be in force, none may jump from the one in force so far.
async fn check_plausible(engine: &Engine, rates: &[DatedRate]) -> Result<()> {
    let mut in_force = BTreeMap::new();
    let percent = engine.settings().billing.rate_change_max_percent;
    for new in rates {
        let (base, quote) = (new.rate.base, new.rate.quote);
        let pair = (base.min(quote), base.max(quote));
        let before = match in_force.entry(pair) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(free) => free.insert(rate_in_force(engine, base, quote, Timestamp::MAX).await?),
        };
        let Some(RateRecord { dated: before, .. }) = before else { continue };
        if new.dated_at >= before.dated_at && new.rate.differs(&before.rate, percent) {
            let detail = format!(
                "1 {base} = {} {quote} differs by more than {percent} % from the rate in force, 1 {} = {} {}; look at it \
                 again, and send it with \"confirm\": true if it is right",
                new.rate.rate, before.rate.base, before.rate.rate, before.rate.quote
            );
            return Err(Error::conflict("rate_implausible", detail));
        }
    }
    Ok(())
}

/// Reads a rate; what is wrong is noted under the field's name after `at`.
fn read_rate(new: &NewRate, now: Timestamp, at: &str, faults: &mut Faults) -> Option<DatedRate> {
    let unit = |code: &str| Unit::parse(code).ok_or_else(|| "must be CREDIT or a currency such as USD".to_owned());
    let base = faults.keep(&format!("{at}base"), unit(&new.base));
    let quote = faults.keep(&format!("{at}quote"), unit(&new.quote));
    let rate = faults.keep(&format!("{at}rate"), Decimal::parse(&new.rate));
    let source = faults.keep(&format!("{at}source"), line(&new.source, MAX_SOURCE_CHARS));
    let dated_at = new.dated_at.unwrap_or(now);
    if dated_at > now {
        faults.push(format!("{at}dated_at"), "must not be in the future");
    }
    let (base, quote) = (base?, quote?);
    if base == quote {
        faults.push(format!("{at}quote"), format!("must be another unit than {base}"));
    }
    Some(DatedRate { rate: Rate { base, quote, rate: rate? }, dated_at, source: source? })
}

fn read_csv(csv: &str, source: Option<&str>, now: Timestamp) -> Result<Vec<DatedRate>> {
    let unreadable = |error: csv::Error| Error::invalid("csv", format!("is not CSV: {error}"));
    let text = csv.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(text.as_bytes());
    let header = reader.headers().map_err(unreadable)?.clone();
    let known = header.iter().eq(IMPORT_COLUMNS) || header.iter().eq(IMPORT_COLUMNS[..4].iter().copied());
    if !known {
        let rule =
            format!("must begin with a line of the columns {} (source may be left out)", IMPORT_COLUMNS.join(","));
        return Err(Error::invalid("csv", rule));
    }
    let (mut rates, mut faults) = (Vec::new(), Faults::default());
    for row in reader.records() {
        if faults.count() >= FAULTS_SHOWN {
            break;
        }
        let row = row.map_err(unreadable)?;
        if rates.len() == MAX_IMPORT_ROWS {
            return Err(Error::invalid("csv", format!("must have at most {MAX_IMPORT_ROWS} rows; send it in parts")));
        }
        let at = format!("csv.row{}.", rates.len() + 1);
        let cell = |column: usize| row.get(column).unwrap_or_default();
        let dated_at = faults.keep(&format!("{at}dated_at"), read_date(cell(3)));
        let source = Some(cell(4)).filter(|text| !text.is_empty()).or(source).unwrap_or_default();
        let new = NewRate {
            base: cell(0).to_owned(),
            quote: cell(1).to_owned(),
            rate: cell(2).to_owned(),
            dated_at,
            source: source.to_owned(),
        };
        rates.push(read_rate(&new, now, &at, &mut faults));
    }
    if rates.is_empty() {
        return Err(Error::invalid("csv", "has no rows"));
    }
    faults.finish(rates.into_iter().collect())
}

/// An instant, or the beginning of a day in UTC.
fn read_date(text: &str) -> std::result::Result<Timestamp, String> {
    let day = || text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    let instant = || {
        let rfc_3339 = text.len() <= 40 && matches!(text.as_bytes().get(10), Some(b'T' | b't')) && !text.contains('[');
        if rfc_3339 { text.parse::<jiff::Timestamp>().ok() } else { None }
    };
    let rule = || "must be a day such as 2026-11-20 or a time such as 2026-11-20T16:00:00Z".to_owned();
    let read = if text.len() == 10 { day() } else { instant() };
    read.map(|instant| Timestamp::from_micros(instant.as_microsecond())).ok_or_else(rule)
}

/// The values by which two rates are the same.
fn same(rate: &DatedRate) -> Vec<store::Value> {
    params![
        rate.rate.base.code(),
        rate.rate.quote.code(),
        rate.dated_at.micros(),
        rate.rate.rate.to_string(),
        rate.source.as_str(),
    ]
}

/// The row of a rate, unless the same is there.
fn insert(rate: &DatedRate, actor: &str, now: Timestamp) -> Statement {
    const SQL: &str = "INSERT INTO exchange_rates (base, quote, dated_at_us, rate, source, id, actor, created_at_us) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
                       ON CONFLICT (base, quote, dated_at_us, rate, source) DO NOTHING";
    let id = format!("rate_{}", Uuid::now_v7().simple());
    Statement::new(SQL, [same(rate), params![id, actor, now.micros()]].concat())
}

fn record(row: &Row) -> Result<RateRecord> {
    let broken = |what: &str| Error::Unavailable(format!("exchange_rates: a row has the {what}"));
    let unit = |code: &str| Unit::parse(code).ok_or_else(|| broken(&format!("unit {code}")));
    let rate = row.text(3)?;
    Ok(RateRecord {
        id: row.text(0)?.to_owned(),
        dated: DatedRate {
            rate: Rate {
                base: unit(row.text(1)?)?,
                quote: unit(row.text(2)?)?,
                rate: Decimal::parse(rate).map_err(|_| broken(&format!("rate {rate}")))?,
            },
            dated_at: Timestamp::from_micros(row.int(4)?),
            source: row.text(5)?.to_owned(),
        },
        actor: row.text(6)?.to_owned(),
        created_at: Timestamp::from_micros(row.int(7)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Noon of 2026-11-20 UTC.
    const NOW: Timestamp = Timestamp::from_micros(1_795_176_000_000_000);

    #[test]
    fn a_file_is_read_row_by_row() {
        let csv = "\u{feff}base, quote, rate, dated_at, source\r\nUSD,VND,25400.50,2026-11-20,State Bank\r\n\
                   EUR,USD,1.08,2026-11-19T15:00:00Z,\r\n\"USD\",JPY, 152.4 ,2026-11-19T16:00:00+09:00,\"A, B\"\r\n";
        let rates = read_csv(csv, Some("ECB"), NOW).unwrap();
        let shown: Vec<String> = rates
            .iter()
            .map(|DatedRate { rate, dated_at, source }| {
                format!("1 {} = {} {} {} {source}", rate.base, rate.rate, rate.quote, dated_at.seconds())
            })
            .collect();
        let expected = [
            "1 USD = 25400.5 VND 1795132800 State Bank",
            "1 EUR = 1.08 USD 1795100400 ECB",
            "1 USD = 152.4 JPY 1795071600 A, B",
        ];
        assert_eq!(shown, expected);
        let four = "base,quote,rate,dated_at\nUSD,VND,1,2026-11-20\n";
        assert_eq!(read_csv(four, Some("me"), NOW).unwrap()[0].source, "me");
    }

    #[test]
    fn every_wrong_cell_is_named() {
        // rows after the header, fields that are wrong
        let table: &[(&str, &[&str])] = &[
            ("USD,VND,1,2026-11-20,x\nUSD,VND,0,2026-11-20,x", &["csv.row2.rate"]),
            ("USD,VND,1", &["csv.row1.dated_at"]),
            ("usd,XXX,1e3,20.11.2026,", &["csv.row1.dated_at", "csv.row1.base", "csv.row1.quote", "csv.row1.rate"]),
            ("USD,USD,1,2026-11-20,x", &["csv.row1.quote"]),
            ("USD,VND,1,2026-11-21,x", &["csv.row1.dated_at"]),
            ("USD,VND,1,2026-02-30,x", &["csv.row1.dated_at"]),
            ("USD,VND,1,2026-11-20T12:00:00+00:00[UTC],x", &["csv.row1.dated_at"]),
            ("\nUSD,VND,-1,2026-11-20,x", &["csv.row1.rate"]),
        ];
        for (rows, wrong) in table {
            let csv = format!("{}\n{rows}\n", IMPORT_COLUMNS.join(","));
            let Err(Error::Fields(errors)) = read_csv(&csv, Some("x"), NOW) else { panic!("{rows}") };
            let params: Vec<&str> = errors.iter().map(|error| error.param.as_str()).collect();
            assert_eq!(params, *wrong, "{rows}");
        }
        let none = read_csv("base,quote,rate,dated_at\nUSD,VND,1,2026-11-20\n", None, NOW);
        assert!(matches!(none, Err(Error::Fields(errors)) if errors[0].param == "csv.row1.source"));
    }

    #[test]
    fn what_is_no_such_file_is_refused_as_a_whole() {
        let many = format!("{}\n{}", IMPORT_COLUMNS.join(","), "USD,VND,1,2026-11-20,x\n".repeat(MAX_IMPORT_ROWS + 1));
        let bad = format!("{}\n{}", IMPORT_COLUMNS.join(","), "USD,VND,x,2026-11-20,x\n".repeat(MAX_IMPORT_ROWS));
        for csv in ["", "base,quote\n", "quote,base,rate,dated_at,source\n", "base,quote,rate,dated_at,source\n", &many]
        {
            assert!(matches!(read_csv(csv, None, NOW), Err(Error::Invalid { .. })), "{csv:.40}");
        }
        let told = read_csv(&bad, None, NOW);
        assert!(matches!(told, Err(Error::Fields(errors)) if errors.len() == FAULTS_SHOWN));
    }
}

//! Proof that numbers have no gaps, for any database, also a running one.

use std::fmt;

use store::{Row, params};

use super::issue::shown;
use crate::{Engine, Result};

/// Something that must not be: a series with a gap, a receipt that its payment does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesFault {
    /// The series.
    pub series: String,
    /// What is wrong with it.
    pub what: String,
}

impl fmt::Display for SeriesFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "receipts {}: {}", self.series, self.what)
    }
}

/// Everything that is wrong with the numbers of receipts; empty when each series is 1, 2, 3 … up to its last number, every
/// receipt stands in a series and shows its own number, and receipts and payments name each other. Cost: three scans.
///
/// # Errors
/// [`crate::Error::Unavailable`].
pub async fn check_numbers(engine: &Engine) -> Result<Vec<SeriesFault>> {
    let mut faults = Vec::new();
    faults.extend(gaps(engine).await?);
    faults.extend(strangers(engine).await?);
    Ok(faults)
}

/// Each statement is one look at the database, so that receipts issued meanwhile do not disturb it.
async fn gaps(engine: &Engine) -> Result<Vec<SeriesFault>> {
    const COUNTS: &str = "SELECT s.series, s.last_number, count(r.number), count(DISTINCT r.number), \
                          coalesce(min(r.number), 1), coalesce(max(r.number), 0) \
                          FROM receipt_series s LEFT JOIN receipts r ON r.series = s.series \
                          GROUP BY s.series, s.last_number ORDER BY s.series";
    let mut faults = Vec::new();
    for row in engine.store().query(COUNTS, params![]).await? {
        let [last, count, distinct, first, highest] = [1, 2, 3, 4, 5].map(|column| row.int(column));
        let (last, count, distinct, first, highest) = (last?, count?, distinct?, first?, highest?);
        if count != last || distinct != last || first != 1 || highest != last {
            let series = row.text(0)?.to_owned();
            let what = format!(
                "the last number is {last}, but there are {count} receipts, {distinct} numbers from {first} to {highest}"
            );
            faults.push(SeriesFault { series, what });
        }
    }
    Ok(faults)
}

/// Receipts outside a series, with another number on their face, or unknown to their payment; payments that name none.
async fn strangers(engine: &Engine) -> Result<Vec<SeriesFault>> {
    const RECEIPTS: &str = "SELECT r.series, r.number, r.id, r.snapshot, s.last_number, p.receipt_id FROM receipts r \
                            LEFT JOIN receipt_series s ON s.series = r.series \
                            LEFT JOIN payments p ON p.account_id = r.account_id AND p.id = r.payment_id";
    const PAYMENTS: &str = "SELECT p.id FROM payments p WHERE p.receipt_id IS NOT NULL AND NOT EXISTS \
                            (SELECT 1 FROM receipts r WHERE r.account_id = p.account_id AND r.id = p.receipt_id)";
    let mut faults = Vec::new();
    for row in engine.store().query(RECEIPTS, params![]).await? {
        if let Some(what) = strange(&row)? {
            faults.push(SeriesFault { series: row.text(0)?.to_owned(), what });
        }
    }
    for row in engine.store().query(PAYMENTS, params![]).await? {
        let what = format!("the payment {} names a receipt that is not there", row.text(0)?);
        faults.push(SeriesFault { series: "of no series".to_owned(), what });
    }
    Ok(faults)
}

fn strange(row: &Row) -> Result<Option<String>> {
    #[derive(serde::Deserialize)]
    struct Face {
        number: String,
    }
    let (number, id) = (row.int(1)?, row.text(2)?);
    let face = serde_json::from_str::<Face>(row.text(3)?).map(|face| face.number).unwrap_or_default();
    Ok(if row.optional_int(4)?.is_none() {
        Some(format!("number {number} belongs to no series"))
    } else if face != shown(row.text(0)?, number) {
        Some(format!("number {number} shows {face:?}"))
    } else if row.optional_text(5)? != Some(id) {
        Some(format!("number {number} is not the receipt of its payment"))
    } else {
        None
    })
}

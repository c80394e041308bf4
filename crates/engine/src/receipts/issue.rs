//! Numbering a receipt and writing it down: both in one transaction, or neither.

use std::collections::HashMap;

use ledger::Timestamp;
use store::{Failure, Row, Statement, Store, params};
use tracing::info;
use uuid::Uuid;

use super::snapshot::{Snapshot, snapshot};
use crate::settings::zone;
use crate::topups::Payment;
use crate::{Engine, Error, Result};

/// How often somebody else may take the number first; each time one more receipt was issued.
const TRIES: usize = 300;

/// The receipt of a payment.
#[derive(Clone, Debug, PartialEq)]
pub struct Receipt {
    /// Whose.
    pub account_id: String,
    /// `rcp_…`.
    pub id: String,
    /// The payment.
    pub payment_id: String,
    /// What its number begins with.
    pub series: String,
    /// Its place in the series, from 1.
    pub number: i64,
    /// What it says.
    pub snapshot: Snapshot,
    /// How often it was issued again.
    pub copies: i64,
}

impl Receipt {
    /// The receipt of a payment, if it was issued.
    pub(super) async fn find(store: &Store, account_id: &str, payment_id: &str) -> Result<Option<Receipt>> {
        const SQL: &str = "SELECT account_id, id, payment_id, series, number, snapshot, copies FROM receipts \
                           WHERE account_id = $1 AND payment_id = $2";
        store.query(SQL, params![account_id, payment_id]).await?.first().map(Receipt::read).transpose()
    }

    fn read(row: &Row) -> Result<Receipt> {
        let id = row.text(1)?;
        // The text itself is personal data.
        let broken = |error: serde_json::Error| Error::Unavailable(format!("the receipt {id} cannot be read: {error}"));
        Ok(Receipt {
            account_id: row.text(0)?.to_owned(),
            id: id.to_owned(),
            payment_id: row.text(2)?.to_owned(),
            series: row.text(3)?.to_owned(),
            number: row.int(4)?,
            snapshot: serde_json::from_str(row.text(5)?).map_err(broken)?,
            copies: row.int(6)?,
        })
    }

    /// The rows of a receipt whose number follows the last one of its series, for a payment that has none.
    fn rows(&self) -> Result<Vec<Statement>> {
        const BEGIN: &str = "INSERT INTO receipt_series (series, last_number) VALUES ($1, 0) ON CONFLICT DO NOTHING";
        const TAKE: &str = "UPDATE receipt_series SET last_number = $2 WHERE series = $1 AND last_number = $2 - 1";
        const WRITE: &str = "INSERT INTO receipts (account_id, id, payment_id, series, number, snapshot, issued_at_us, \
                             copies) VALUES ($1, $2, $3, $4, $5, $6, $7, 0)";
        const NAME: &str =
            "UPDATE payments SET receipt_id = $3 WHERE account_id = $1 AND id = $2 AND receipt_id IS NULL";
        let (account, series) = (self.account_id.as_str(), self.series.as_str());
        let json = serde_json::to_string(&self.snapshot).map_err(|error| Error::Unavailable(error.to_string()))?;
        let issued_at_us = self.snapshot.issued_at.micros();
        let (id, payment) = (self.id.as_str(), self.payment_id.as_str());
        let row = params![account, id, payment, series, self.number, json, issued_at_us];
        Ok(vec![
            Statement::new(BEGIN, params![series]),
            Statement::new(TAKE, params![series, self.number]).expect_one(),
            Statement::new(WRITE, row).expect_one(),
            Statement::new(NAME, params![account, payment, id]).expect_one(),
        ])
    }
}

/// Issues the receipt of a payment, once: whoever comes later gets the same.
///
/// # Errors
/// [`Error::NotFound`] for a payment that brought no credits, or where nobody sells.
pub async fn issue(engine: &Engine, payment: &Payment) -> Result<Receipt> {
    let missing = Error::NotFound("receipt");
    if !payment.state.was_credited() {
        return Err(missing);
    }
    let account = engine.accounts().get(&payment.account_id).await?;
    let seller = engine.settings().receipts.seller(&account.site).ok_or(missing)?;
    let bad_zone = || Error::Misconfigured(format!("receipts.sellers: unknown zone {:?}", seller.zone));
    let books = zone(&seller.zone).ok_or_else(bad_zone)?;
    for _ in 0..TRIES {
        if let Some(issued) = Receipt::find(engine.store(), &payment.account_id, &payment.id).await? {
            return Ok(issued);
        }
        let now = engine.now();
        let series = seller.series_of(&account.site, on_calendar(now).to_zoned(books.clone()).year());
        let number = last_number(engine.store(), &series).await? + 1;
        let receipt = Receipt {
            account_id: payment.account_id.clone(),
            id: format!("rcp_{}", Uuid::now_v7().simple()),
            payment_id: payment.id.clone(),
            number,
            snapshot: snapshot(engine, payment, &account, (seller, &books), shown(&series, number), now),
            series,
            copies: 0,
        };
        match engine.store().write(receipt.rows()?).await {
            Ok(_) => {
                info!(payment = payment.id, receipt = receipt.snapshot.number, "receipt issued");
                return Ok(receipt);
            }
            Err(Failure::Conflict) => {}
            Err(failure) => return Err(failure.into()),
        }
    }
    Err(Failure::Conflict.into())
}

async fn last_number(store: &Store, series: &str) -> Result<i64> {
    let rows = store.query("SELECT last_number FROM receipt_series WHERE series = $1", params![series]).await?;
    Ok(rows.first().map(|row| row.int(0)).transpose()?.unwrap_or(0))
}

/// Numbers of the receipts of an account's payments, by the payments' ids, of those with ids from `first` to `last`.
pub(super) async fn numbers(
    store: &Store,
    account_id: &str,
    first: &str,
    last: &str,
) -> Result<HashMap<String, String>> {
    const SQL: &str = "SELECT payment_id, series, number FROM receipts \
                       WHERE account_id = $1 AND payment_id >= $2 AND payment_id <= $3";
    let rows = store.query(SQL, params![account_id, first, last]).await?;
    rows.iter().map(|row| Ok((row.text(0)?.to_owned(), shown(row.text(1)?, row.int(2)?)))).collect()
}

/// A number as people read it: `R-2026-000124`.
pub(super) fn shown(series: &str, number: i64) -> String {
    format!("{series}-{number:06}")
}

/// An instant as calendars count; those that no calendar reaches are its end.
pub(super) fn on_calendar(at: Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_microsecond(at.micros()).unwrap_or(jiff::Timestamp::MAX)
}

//! Receipts: one for every credited payment, numbered without gaps.
//!
//! A receipt is issued after its payment was settled, by a job ([`run`]) or by whoever asks for it first ([`receipt`]), so
//! that a payment never waits for it. It is a [`Snapshot`]: everything that it says, as it was then. Invariants:
//! * A payment has at most one receipt, and every credited payment of a site with a seller gets one.
//! * Numbers of a series are 1, 2, 3 … in the order of issue: a number is taken by a guarded write in the transaction that
//!   writes its receipt, so one that is undone gives it back ([`check_numbers`] proves it for any database).
//! * A receipt never changes and is never deleted; issued again it has the same number and counts as a copy.
//!
//! The year of a series, and the tax rate in force, are those of the seller's zone: numbers belong to the seller's books.
//! Dates are shown in the buyer's zone, which is that of the country for Japan and Vietnam, else the seller's.
//! Deliberately absent: pages and PDF (the API draws them), mail, credit notes for refunds (a receipt drawn after a refund
//! says how much went back), and electronic invoices, which certified providers issue. Cost: one read when nothing is
//! due; per receipt five reads and one write, and one more of each for everybody who numbers at the same time.

mod issue;
mod numbers;
mod parties;
mod snapshot;
mod tax;

use std::collections::HashMap;
use std::time::Duration;

use store::{Statement, params};
use tracing::warn;

pub use issue::{Receipt, issue};
pub use numbers::{SeriesFault, check_numbers};
pub use parties::paid_with;
pub use snapshot::{Buyer, Issuer, Snapshot, TaxLine};

use crate::lease::{self, Lease};
use crate::topups::{self, Payment};
use crate::{Engine, Error, Result};

/// Payments looked at in one read.
const PAGE: i64 = 100;

/// Issues what is due every `pause`, until the task is aborted.
pub async fn run(engine: Engine, pause: Duration) {
    loop {
        if let Err(error) = issue_due(&engine).await {
            warn!(%error, "receipts could not be issued; it is tried again");
        }
        tokio::time::sleep(pause).await;
    }
}

/// Issues the receipts of all credited payments that have none, unless another node does; says how many.
///
/// # Errors
/// When the database cannot be read or written; a payment that fails does not disturb the others.
pub async fn issue_due(engine: &Engine) -> Result<usize> {
    const SQL: &str = "SELECT id, paid_at_us FROM payments WHERE receipt_id IS NULL AND paid_at_us IS NOT NULL \
                       AND (paid_at_us > $1 OR (paid_at_us = $1 AND id > $2)) ORDER BY paid_at_us, id LIMIT $3";
    if engine.settings().receipts.sellers.is_empty() {
        return Ok(0);
    }
    let (mut issued, mut after) = (0, (i64::MIN, String::new()));
    loop {
        let due = engine.store().query(SQL, params![after.0, after.1.as_str(), PAGE]).await?;
        for row in &due {
            let id = row.text(0)?;
            if !lease::hold(engine, Lease::Receipts).await? {
                return Ok(issued);
            }
            let payment = topups::payment(engine, id).await?;
            match issue(engine, &payment).await {
                Ok(_) => issued += 1,
                // Its site has no seller, and may get one.
                Err(Error::NotFound(_)) => {}
                Err(error) => warn!(payment = id, %error, "its receipt could not be issued; it is tried again"),
            }
        }
        match due.last() {
            Some(last) if due.len() as i64 == PAGE => after = (last.int(1)?, last.text(0)?.to_owned()),
            _ => return Ok(issued),
        }
    }
}

/// The receipt of a payment; it is issued now when nobody did yet.
///
/// # Errors
/// [`Error::NotFound`] for a payment that brought no credits, or where nobody sells.
pub async fn receipt(engine: &Engine, payment: &Payment) -> Result<Receipt> {
    match Receipt::find(engine.store(), &payment.account_id, &payment.id).await? {
        Some(receipt) => Ok(receipt),
        None => issue(engine, payment).await,
    }
}

/// Numbers of the receipts of an account's payments, by the payments' ids; those that were not issued are left out.
///
/// # Errors
/// When the database cannot be read.
pub async fn receipt_numbers(engine: &Engine, payments: &[Payment]) -> Result<HashMap<String, String>> {
    let ids = || payments.iter().map(|payment| payment.id.as_str());
    match (payments.first(), ids().min(), ids().max()) {
        (Some(payment), Some(first), Some(last)) => {
            issue::numbers(engine.store(), &payment.account_id, first, last).await
        }
        _ => Ok(HashMap::new()),
    }
}

/// Issues the receipt of a payment once more: the same, counted as a copy.
///
/// # Errors
/// As [`receipt`].
pub async fn reissue(engine: &Engine, payment: &Payment) -> Result<Receipt> {
    const COUNT: &str = "UPDATE receipts SET copies = copies + 1 WHERE account_id = $1 AND id = $2";
    let receipt = receipt(engine, payment).await?;
    let count = Statement::new(COUNT, params![receipt.account_id.as_str(), receipt.id.as_str()]);
    engine.store().write(vec![count.expect_one()]).await?;
    Ok(Receipt { copies: receipt.copies + 1, ..receipt })
}

//! What a use would cost, and whether the credits cover it: a debit that is decided and not booked.
//!
//! Whether it is covered is asked of the ledger's own rules, on the account as it is now, so the answer is that of a
//! debit at the same instant; nothing is held, so it may be another one a moment later. Cost: the account's state and,
//! unless it is in memory, the price book.

use std::collections::BTreeMap;

use ledger::{Amount, Command, Memo, OnInsufficient, Op, Rejection, decide, price};
use store::Failure;

use crate::accounts::Located;
use crate::{Engine, Error, Result};

/// What a use would cost.
#[derive(Debug, Clone)]
pub struct Preview {
    /// Its price, meter by meter.
    pub charge: price::Charge,
    /// The version of the price book.
    pub price_version: i64,
    /// Whether a debit of it would take all of it.
    pub is_covered: bool,
    /// What may be spent on the service: free credits of lots that cover it and, when the use may overdraw, what is
    /// left of the account's limit.
    pub available: Amount,
    /// How many such uses that covers; `None`: any number, because it costs nothing.
    pub times: Option<u64>,
}

/// Prices a use by the price book in force and weighs it against the credits that may pay for `service`.
///
/// # Errors
/// [`Error::Invalid`] for a service or meter without a price, [`Error::Conflict`] when there are no prices, and
/// whatever a debit would be refused for other than a lack of credits.
pub async fn preview(
    engine: &Engine,
    account: &Located,
    service: &str,
    meters: &BTreeMap<String, u64>,
    on_insufficient: OnInsufficient,
) -> Result<Preview> {
    if meters.is_empty() {
        return Err(Error::invalid("meters", "must name at least one meter"));
    }
    let book = engine.prices().current(account.unit).await?;
    let charge = price::rate(&book.compiled, service, meters).map_err(unpriced)?;
    let view = engine.view(account, None).await?;
    let amount = charge.amount();
    let memo = Memo { service: Some(service.into()), pricing: Some("{}".into()), ..Memo::default() };
    let op = Op::Debit { amount, on_insufficient };
    let command = Command { key: None, input: [0; 16], actor: "preview".into(), memo, op };
    let is_covered = match decide(&view.account, &command, None, view.as_of) {
        Ok(decision) => decision.is_some_and(|decision| {
            let taken = decision.postings.iter().map(|posting| posting.amount).sum::<Amount>() + decision.overdraft;
            -taken == amount
        }),
        Err(Rejection::InsufficientCredits { .. }) => false,
        Err(rejection) => return Err(Failure::Refused { rejection, unit: account.unit }.into()),
    };
    let mut available = view.account.spendable(Some(service), view.as_of);
    if on_insufficient == OnInsufficient::Overdraw {
        available += (view.account.overdraft_limit - view.account.overdraft).max(Amount::ZERO);
    }
    let times = available.units().checked_div(amount.units()).map(i64::unsigned_abs);
    Ok(Preview { charge, price_version: book.version, is_covered, available, times })
}

fn unpriced(error: price::RateError) -> Error {
    let (param, code) = match &error {
        price::RateError::UnknownService { .. } => ("service".to_owned(), "unknown_service"),
        price::RateError::UnknownMeter { meter, .. } => (format!("meters.{meter}"), "unknown_meter"),
        price::RateError::TooLarge { .. } => ("meters".to_owned(), "amount_too_large"),
    };
    Error::Invalid { param: param.into(), code, detail: error.to_string() }
}

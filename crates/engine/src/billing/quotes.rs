//! What a purchase would charge, promised for some minutes.
//!
//! The person enters an amount in the account's unit; the quote says what is charged, at which rate, until when. A quote
//! never changes, and a payment credits exactly what its quote says, however late the confirmation comes. Invariants:
//! the charge is what the gateway can express, and is worth at least the credits. Deliberately absent: reserving
//! anything; a quote may be taken again until it expires. Cost: two or three reads and one write.

use ledger::{Amount, Timestamp, Unit};
use providers::Money;
use store::{Row, Statement, params};
use uuid::Uuid;

use super::convert::{can_charge, coin_minor, convert_up};
use super::options::{Sells, Trade, judge, offers, pack};
use super::rates::{DatedRate, rate_in_force};
use crate::accounts::AccountRecord;
use crate::checks;
use crate::settings::{Method, Site};
use crate::{Engine, Error, Result};

/// How long an expired quote can still be read, in seconds; the account's next quote forgets it.
const KEEP_EXPIRED_SECONDS: i64 = 86_400;
/// Quotes of one account that may be kept at a time.
const MAX_QUOTES: i64 = 1_000;

/// What is to be bought.
#[derive(Debug, Clone, Copy)]
pub struct QuoteRequest<'a> {
    /// How much, a decimal in the account's unit.
    pub amount: &'a str,
    /// How it is to be paid.
    pub method: Method,
    /// In which currency; the method's first one when left out.
    pub currency: Option<Unit>,
}

/// A promise of what a purchase charges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// Whose.
    pub account_id: String,
    /// `quo_…`.
    pub id: String,
    /// How it is paid.
    pub method: Method,
    /// What is credited.
    pub credit: Amount,
    /// What it is credited in.
    pub unit: Unit,
    /// What is charged.
    pub charge: Money,
    /// The exchange rate; `None` when the charge is the amount itself, or the price of a pack.
    pub rate: Option<DatedRate>,
    /// When it was made.
    pub created_at: Timestamp,
    /// It can be taken before this instant.
    pub expires_at: Timestamp,
}

/// Makes a quote.
///
/// # Errors
/// [`Error::Invalid`] for an amount, method or currency that is not offered; the code of
/// [`Unavailable`](super::Unavailable) for a method that does not work now; [`Error::NotFound`].
pub async fn quote(engine: &Engine, account_id: &str, request: QuoteRequest<'_>) -> Result<Quote> {
    let account = engine.accounts().get(account_id).await?;
    let not_offered = || Error::conflict("method_not_offered", "nothing can be bought at the account's site any more");
    let site = engine.settings().sites.get(&account.site).ok_or_else(not_offered)?;
    let credit = read_amount(site, account.unit, request.amount)?;
    let (currency, price) = offered(site, account.unit, credit, &request)?;
    let now = engine.now();
    let needs_rate = price.is_none() && currency != account.unit;
    let rate = if needs_rate { rate_in_force(engine, account.unit, currency, now).await? } else { None };
    let method = request.method;
    let trade = Trade { unit: account.unit, closed: account.closed, method, currency, needs_rate };
    judge(engine.settings(), trade, rate.as_ref(), now)?;
    let rate = rate.map(|record| record.dated);
    let ttl_seconds = i64::try_from(engine.settings().billing.quote_seconds).unwrap_or(i64::MAX);
    let quote = Quote {
        id: format!("quo_{}", Uuid::now_v7().simple()),
        method,
        credit,
        unit: account.unit,
        charge: charge(&account, credit, method, currency, price, rate.as_ref())?,
        account_id: account.id.to_string(),
        rate,
        created_at: now,
        expires_at: now.plus_seconds(ttl_seconds),
    };
    let done = engine.store().write(vec![forget(&quote), insert(&quote)?]).await;
    match done {
        Err(store::Failure::Conflict) => {
            Err(Error::conflict("too_many_quotes", "the account has too many quotes; use one, or come back tomorrow"))
        }
        done => Ok(done.map(|_| quote)?),
    }
}

/// A quote of an account, also an expired one.
///
/// # Errors
/// [`Error::NotFound`] also for another account's quote, [`Error::Unavailable`].
pub async fn find_quote(engine: &Engine, account_id: &str, quote_id: &str) -> Result<Quote> {
    const SQL: &str = "SELECT account_id, id, method, credit_units, unit, charge_minor, currency, rate, created_at_us, \
                       expires_at_us FROM quotes WHERE account_id = $1 AND id = $2";
    let account = engine.accounts().locate(account_id).await?;
    let rows = engine.store().query(SQL, params![&*account.id, quote_id]).await?;
    read(rows.first().ok_or(Error::NotFound("quote"))?)
}

/// The quote that a payment is made from.
///
/// # Errors
/// As [`find_quote`]; code `quote_expired` from its expiry on: a new one has to be made and agreed to.
pub async fn take_quote(engine: &Engine, account_id: &str, quote_id: &str, now: Timestamp) -> Result<Quote> {
    let quote = find_quote(engine, account_id, quote_id).await?;
    if now >= quote.expires_at {
        return Err(Error::conflict("quote_expired", "the quote has expired; make a new one and look at it again"));
    }
    Ok(quote)
}

/// An amount that is sold: a pack, or within the bounds and payable in whole coins.
fn read_amount(site: &Site, unit: Unit, text: &str) -> Result<Amount> {
    let amount = checks::amount("amount", text, unit)?;
    if pack(site, unit, amount).is_some() {
        return Ok(amount);
    }
    let wrong = |detail| Error::Invalid { param: "amount".into(), code: "invalid_amount", detail };
    let Some(bounds) = site.amounts.get(&unit).and_then(|amounts| amounts.bounds(unit)) else {
        let sizes: Vec<String> = site.packs.iter().map(|pack| pack.credits.to_string()).collect();
        return Err(wrong(format!("must be the size of a pack: {}", sizes.join(", "))));
    };
    let shown = |amount| format!("{} {unit}", unit.format_amount(amount));
    if amount < bounds.minimum {
        return Err(wrong(format!("must be at least {}", shown(bounds.minimum))));
    }
    if amount > bounds.maximum {
        return Err(wrong(format!("must be at most {}", shown(bounds.maximum))));
    }
    if unit.from_minor(unit.floor_minor(amount)) != Some(amount) {
        return Err(wrong(format!("must have at most {} decimals", unit.exponent())));
    }
    Ok(amount)
}

/// The currency that is charged, and the price when a pack has one.
fn offered(site: &Site, unit: Unit, credit: Amount, request: &QuoteRequest<'_>) -> Result<(Unit, Option<Amount>)> {
    let pack = pack(site, unit, credit);
    let sells = if pack.is_some() { Sells::Packs } else { Sells::Amounts };
    let mut all = offers(site, unit);
    all.retain(|offer| offer.method == request.method && offer.sells == sells);
    let wrong =
        |param: &'static str, detail| Error::Invalid { param: param.into(), code: "method_not_offered", detail };
    let Some(first) = all.first() else {
        return Err(wrong("method", "is not offered for this amount; see the account's topup-options".to_owned()));
    };
    let currency = request.currency.unwrap_or(first.currency);
    if !all.iter().any(|offer| offer.currency == currency) {
        let codes: Vec<&str> = all.iter().map(|offer| offer.currency.code()).collect();
        return Err(wrong("currency", format!("must be one of {} for this method", codes.join(", "))));
    }
    match pack {
        None => Ok((currency, None)),
        Some(pack) => match pack.price(currency) {
            Some(price) => Ok((currency, Some(price))),
            None => Err(wrong("currency", format!("the pack has no price in {currency}"))),
        },
    }
}

/// What is charged: the price, the amount itself, or its worth in the other currency rounded up.
fn charge(
    account: &AccountRecord,
    credit: Amount,
    method: Method,
    currency: Unit,
    price: Option<Amount>,
    rate: Option<&DatedRate>,
) -> Result<Money> {
    let wrong = |detail: String| Error::Invalid { param: "amount".into(), code: "invalid_amount", detail };
    let exact = price.or((currency == account.unit).then_some(credit));
    let money = match exact {
        Some(amount) => Money::from_amount(amount, currency).ok(),
        None => {
            let ratio = rate.and_then(|dated| dated.rate.ratio(account.unit, currency));
            let coin = coin_minor(method, currency);
            ratio.zip(coin).and_then(|(ratio, coin)| convert_up(credit, account.unit, currency, &ratio, coin))
        }
    };
    money.filter(|money| can_charge(method, *money)).ok_or_else(|| {
        let name = method.name();
        wrong(match exact {
            Some(_) => format!("is finer than {name} can charge in {currency}: use whole {currency}"),
            None => format!("is too large for {name} in {currency}"),
        })
    })
}

/// Removes the account's quotes that expired long ago.
fn forget(quote: &Quote) -> Statement {
    let before = quote.created_at.plus_seconds(-KEEP_EXPIRED_SECONDS);
    Statement::new(
        "DELETE FROM quotes WHERE account_id = $1 AND expires_at_us < $2",
        params![quote.account_id.as_str(), before.micros()],
    )
}

fn insert(quote: &Quote) -> Result<Statement> {
    const SQL: &str = "INSERT INTO quotes (account_id, id, method, credit_units, unit, charge_minor, currency, rate, \
                       created_at_us, expires_at_us) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10 \
                       WHERE (SELECT count(*) FROM quotes WHERE account_id = $1) < $11";
    let json = quote.rate.as_ref().map(serde_json::to_string).transpose();
    let row = params![
        quote.account_id.as_str(),
        quote.id.as_str(),
        quote.method.name(),
        quote.credit.units(),
        quote.unit.code(),
        quote.charge.amount_minor,
        quote.charge.currency.code(),
        json.map_err(|error| Error::Unavailable(error.to_string()))?,
        quote.created_at.micros(),
        quote.expires_at.micros(),
        MAX_QUOTES,
    ];
    Ok(Statement::new(SQL, row).expect_one())
}

fn read(row: &Row) -> Result<Quote> {
    let broken = |what: &str, text: &str| Error::Unavailable(format!("quotes: a row has the {what} {text:?}"));
    let unit = |column| {
        let code: &str = row.text(column)?;
        Unit::parse(code).ok_or_else(|| broken("unit", code))
    };
    let method = row.text(2)?;
    let rate = row.optional_text(7)?.map(|json| serde_json::from_str(json).map_err(|_| broken("rate", json)));
    Ok(Quote {
        account_id: row.text(0)?.to_owned(),
        id: row.text(1)?.to_owned(),
        method: Method::parse(method).ok_or_else(|| broken("method", method))?,
        credit: Amount::from_units(row.int(3)?),
        unit: unit(4)?,
        charge: Money { amount_minor: row.int(5)?, currency: unit(6)? },
        rate: rate.transpose()?,
        created_at: Timestamp::from_micros(row.int(8)?),
        expires_at: Timestamp::from_micros(row.int(9)?),
    })
}

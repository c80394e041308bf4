//! What a payer is told about a payment, as statements for the transaction of what is told.
//!
//! A payment that succeeds, fails or runs out, or that somebody looks into, is told once, and each refund of it. Letters
//! go where documents go: to the address of the billing profile that the payment keeps, else to the account's; without
//! either there is none. Cost: at most two reads by key, none for a payment with a billing profile.

use ledger::{Amount, Timestamp};
use providers::Money;
use store::{Statement, params};

use super::{Envelope, Letter, Sum, enqueue};
use crate::topups::{Payment, Refund, State};
use crate::{Engine, Error, Result};

/// The letter about a payment that was credited just now.
pub(crate) async fn succeeded(
    engine: &Engine,
    payment: &Payment,
    expires_at: Option<Timestamp>,
) -> Result<Option<Statement>> {
    let unit = engine.accounts().locate(&payment.account_id).await?.unit;
    let letter = Letter::PaymentSucceeded {
        payment_id: payment.id.clone(),
        charged: charge(payment.price),
        credited: Sum::new(unit, payment.credit),
        expires_at,
        automatic: payment.details.automatic,
    };
    to_payer(engine, payment, format!("payment_succeeded:{}", payment.id), letter).await
}

/// The letter about a payment that goes to `next`, if somebody waits for it. One that a gateway would not even open is
/// not told of: the payer saw that.
pub(crate) async fn step(
    engine: &Engine,
    payment: &Payment,
    next: State,
    reason: Option<&str>,
) -> Result<Option<Statement>> {
    if next == payment.state {
        return Ok(None);
    }
    let (payment_id, charge) = (payment.id.clone(), charge(payment.price));
    // A saved card is charged while its owner waits for the answer, and its payment has no time to be paid in.
    let was_shown = payment.expires_at.is_some() && payment.state != State::Created;
    let letter = match next {
        State::Failed | State::Expired if was_shown => {
            Letter::PaymentFailed { payment_id, charge, reason: reason.map(str::to_owned) }
        }
        State::UnderReview => Letter::PaymentUnderReview { payment_id, charge },
        _ => return Ok(None),
    };
    to_payer(engine, payment, format!("{}:{}", letter.kind(), payment.id), letter).await
}

/// The letter about money that went back, and the credits that went with it.
pub(crate) async fn refunded(
    engine: &Engine,
    payment: &Payment,
    refund: &Refund,
    credits: Amount,
) -> Result<Option<Statement>> {
    let unit = engine.accounts().locate(&payment.account_id).await?.unit;
    let letter = Letter::PaymentRefunded {
        payment_id: payment.id.clone(),
        refunded: charge(refund.money),
        credits: Sum::new(unit, credits),
    };
    to_payer(engine, payment, format!("payment_refunded:{}", refund.id), letter).await
}

async fn to_payer(engine: &Engine, payment: &Payment, once: String, letter: Letter) -> Result<Option<Statement>> {
    let billed = payment.details.billing.as_ref().map(|billing| billing.profile.recipient_email.clone());
    let recipient = match billed {
        Some(email) => Some(email),
        None => account_email(engine, &payment.account_id).await?,
    };
    let Some(recipient) = recipient else { return Ok(None) };
    let envelope = Envelope {
        once,
        account_id: Some(payment.account_id.clone()),
        recipient,
        language: payment.details.language,
        letter,
    };
    Ok(Some(enqueue(&envelope, engine.now())))
}

/// Where documents of an account go, when it says.
async fn account_email(engine: &Engine, account_id: &str) -> Result<Option<String>> {
    let rows = engine.store().query("SELECT email FROM accounts WHERE id = $1", params![account_id]).await?;
    let row = rows.first().ok_or(Error::NotFound("account"))?;
    Ok(row.optional_text(0)?.map(str::to_owned))
}

fn charge(money: Money) -> Sum {
    Sum::new(money.currency, money.currency.from_minor(money.amount_minor).unwrap_or_default())
}

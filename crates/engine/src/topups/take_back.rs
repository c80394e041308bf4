//! The ledger's side of money that went back: clawing back a payment's credits, and reinstating them.
//!
//! Both are orders with a key of their own, so that each happens once; the rows that tell of them are written in the same
//! transaction. Which entry a clawback made is asked for by submitting it once more: a repeat does nothing and answers as
//! the first did. A payment that brought no credits (it paid for what had been granted before) only has the rows written.
//! Cost: one write each.

use std::sync::Arc;

use ledger::{Amount, Command, Memo, Op, Transaction};
use providers::Money;
use store::{AccountRef, Failure, Order, Receipt, Statement, Target, params};

use super::payment::Payment;
use super::settle::lot_of;
use crate::ledger_calls::fingerprint;
use crate::{Engine, Error, Result};

/// What takes credits back: `refund` or `dispute`, and its id.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cause<'a> {
    pub(super) kind: &'static str,
    pub(super) id: &'a str,
}

/// How much of a payment's credits goes back with `part` of its money, of which `taken_minor` went back before. `None`:
/// all that is left, so that the parts add up.
pub(super) fn share(payment: &Payment, taken_minor: i64, part: Money) -> Option<Amount> {
    payment.credit.share(taken_minor, part.amount_minor, payment.price.amount_minor)
}

/// Takes `amount` of the payment's credits back, with the rows that tell why. What is spent becomes overdraft.
pub(super) async fn claw_back(
    engine: &Engine,
    payment: &Payment,
    cause: Cause<'_>,
    amount: Option<Amount>,
    rows: Vec<Statement>,
) -> Result<()> {
    if payment.credit.is_zero() {
        return Ok(engine.store().write(rows).await.map(drop)?);
    }
    taken(engine, payment, cause, amount, rows).await.map(drop)
}

async fn taken(
    engine: &Engine,
    payment: &Payment,
    cause: Cause<'_>,
    amount: Option<Amount>,
    rows: Vec<Statement>,
) -> Result<Receipt> {
    let lot = lot_of(engine, payment).await?;
    let command = command(payment, cause, "take", amount, Op::ClawBack { lot, amount });
    Ok(engine.store().submit(order(payment, command, rows)).await?)
}

/// Gives back what the clawback of the same cause took, with the rows that tell why.
pub(super) async fn reinstate(
    engine: &Engine,
    payment: &Payment,
    cause: Cause<'_>,
    entry: Option<u64>,
    rows: Vec<Statement>,
) -> Result<()> {
    let Some(entry) = entry else { return Ok(engine.store().write(rows).await.map(drop)?) };
    let command = command(payment, cause, "give", None, Op::Reinstate { entry, amount: None });
    Ok(engine.store().submit(order(payment, command, rows)).await.map(drop)?)
}

/// What a clawback did; `None` for a payment that brought no credits.
///
/// # Errors
/// [`Error::Unavailable`] when there was none; nothing is taken.
pub(super) async fn clawback_of(
    engine: &Engine,
    payment: &Payment,
    cause: Cause<'_>,
    amount: Option<Amount>,
) -> Result<Option<Arc<Transaction>>> {
    if payment.credit.is_zero() {
        return Ok(None);
    }
    let missing = || Error::Unavailable(format!("the {} {} took nothing back", cause.kind, cause.id));
    // Not written for a repeat; for a first time it would fail and nothing would happen.
    let never = Statement::new("UPDATE payments SET id = id WHERE id = ''", params![]).expect_one();
    match taken(engine, payment, cause, amount, vec![never]).await {
        Ok(receipt) => receipt.transaction.map(Some).ok_or_else(missing),
        Err(Error::Ledger(Failure::Conflict)) => Err(missing()),
        Err(error) => Err(error),
    }
}

fn command(payment: &Payment, cause: Cause<'_>, what: &str, amount: Option<Amount>, op: Op) -> Command {
    let Cause { kind, id } = cause;
    let gateway = &payment.gateway;
    Command {
        // A caller's key is visible ASCII, so none can be this one.
        key: Some(format!("§{gateway}:{kind}:{id}:{what}").into()),
        input: fingerprint(what, &(&payment.id, id, amount)),
        actor: Arc::from(format!("gateway:{gateway}")),
        memo: Memo {
            resource: Some(id.into()),
            reference: Some(payment.id.as_str().into()),
            description: Some(kind.into()),
            ..Memo::default()
        },
        op,
    }
}

fn order(payment: &Payment, command: Command, rows: Vec<Statement>) -> Order {
    let account = AccountRef::Id(Arc::from(payment.account_id.as_str()));
    Order { target: Target::Existing(account), command, rows }
}

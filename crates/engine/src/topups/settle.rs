//! The way from news of an intent to a payment's new state, and the one way to credits.
//!
//! Invariants: credits of a payment come from [`settle_succeeded`] alone, whose grant, mark, effect and outbox row are
//! one transaction; whoever comes first wins and everybody else finds it done. Cost: one read and one write per news;
//! when somebody else changed the payment in between, both once more.

use std::sync::Arc;

use ledger::{Command, Counter, LotKind, LotSpec, Memo, Op};
use metrics::counter;
use providers::stripe::Intent;
use store::{AccountRef, Failure, Order, Statement, Target, params};
use tracing::{error, info, warn};

use super::judge::{Verdict, judge};
use super::payment::{Change, Payment, STRIPE};
use super::reconcile::next_check;
use super::state::{Answer, State};
use crate::ledger_calls::fingerprint;
use crate::{Engine, Error, Result};

/// How often somebody else may be faster before we give up; each time the payment moved forward.
const TRIES: usize = 8;

/// What came of news about a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settled {
    /// Credited by this very call.
    Credited,
    /// The payment changed its state.
    Moved(State),
    /// The intent can still be paid, and nobody is paying.
    Dangling,
    /// Nothing new.
    Nothing,
}

/// Takes note of an intent that belongs to this payment.
pub(super) async fn observe(engine: &Engine, account_id: &str, payment_id: &str, intent: &Intent) -> Result<Settled> {
    for _ in 0..TRIES {
        let found = Payment::find(engine.store(), account_id, payment_id).await?;
        let payment = found.ok_or(Error::NotFound("payment"))?;
        let result = match judge(&payment, intent) {
            Verdict::Nothing => return Ok(Settled::Nothing),
            Verdict::Dangling => return Ok(Settled::Dangling),
            Verdict::Credit { late } => settle_succeeded(engine, &payment, intent, late).await,
            Verdict::Review(reason) => review(engine, &payment, intent, reason).await,
            Verdict::Fail(reason) => {
                let change = Change {
                    object_id: Some(intent.id.clone()),
                    answer: Some(Answer::Refused),
                    ..Change::closing(State::Failed, reason.to_owned())
                };
                write(engine, &payment, &change, None).await
            }
            Verdict::Confirm => {
                let change = Change {
                    state: State::Confirming,
                    reason: None,
                    answer: Some(Answer::Processing),
                    object_id: Some(intent.id.clone()),
                    next_check_at: Some(next_check(payment.created_at, engine.now())),
                };
                write(engine, &payment, &change, None).await
            }
        };
        match result {
            Err(Error::Ledger(Failure::Conflict)) => {}
            settled => return settled,
        }
    }
    Err(Error::Ledger(Failure::Conflict))
}

/// Writes a change of a payment that was read just now, and one more row with it.
///
/// # Errors
/// [`Failure::Conflict`] when somebody else was faster: read again.
pub(super) async fn write(
    engine: &Engine,
    payment: &Payment,
    change: &Change,
    also: Option<Statement>,
) -> Result<Settled> {
    let mut rows = payment.change(change, engine.now());
    rows.extend(also);
    engine.store().write(rows).await?;
    if change.state == payment.state {
        return Ok(Settled::Nothing);
    }
    counted(change.state);
    info!(
        payment = payment.id,
        from = payment.state.name(),
        to = change.state.name(),
        reason = change.reason,
        "payment"
    );
    Ok(Settled::Moved(change.state))
}

/// Grants the credits of a paid intent and marks the payment, both or neither. The only way to credits.
async fn settle_succeeded(engine: &Engine, payment: &Payment, intent: &Intent, late: bool) -> Result<Settled> {
    let now = engine.now();
    let change = Change {
        object_id: Some(intent.id.clone()),
        answer: Some(Answer::Paid),
        ..Change::closing(State::Succeeded, late.then(|| "late_success".to_owned()))
    };
    let mut rows = payment.change(&change, now);
    rows.push(Statement::new(
        "INSERT INTO gateway_effects (gateway, object_id, effect, account_id, payment_id, at_us) \
         VALUES ($1, $2, 'credit', $3, $4, $5)",
        params![STRIPE, intent.id.as_str(), payment.account_id.as_str(), payment.id.as_str(), now.micros()],
    ));
    let account = AccountRef::Id(Arc::from(payment.account_id.as_str()));
    let order = Order { target: Target::Existing(account), command: grant(payment, intent), rows };
    match engine.store().submit(order).await {
        Ok(receipt) if receipt.replayed => Ok(Settled::Nothing),
        Ok(_) => {
            counted(State::Succeeded);
            if late {
                alarm("late_success");
                warn!(payment = payment.id, intent = intent.id, "a payment succeeded after it had been given up");
            } else {
                info!(payment = payment.id, intent = intent.id, "payment credited");
            }
            Ok(Settled::Credited)
        }
        Err(Failure::Refused { rejection, .. }) => review(engine, payment, intent, rejection.code()).await,
        Err(Failure::KeyReuse) => review(engine, payment, intent, "credit_key_taken").await,
        Err(failure) => Err(failure.into()),
    }
}

fn grant(payment: &Payment, intent: &Intent) -> Command {
    let lot = LotSpec {
        kind: LotKind::TopUp,
        priority: None,
        allocated: payment.credit,
        effective_at: None,
        expires_at: None,
        scope: Box::default(),
    };
    Command {
        // A caller's key is visible ASCII, so none can be this one.
        key: Some(format!("§stripe:{}:credit", intent.id).into()),
        input: fingerprint("stripe_credit", &(&payment.id, payment.credit)),
        actor: Arc::from("gateway:stripe"),
        memo: Memo {
            resource: Some(intent.id.as_str().into()),
            reference: Some(payment.id.as_str().into()),
            ..Memo::default()
        },
        op: Op::Grant { lot, counter: Counter::ClearingStripe },
    }
}

/// Money was taken that cannot be credited as it is: stop, and call a person.
async fn review(engine: &Engine, payment: &Payment, intent: &Intent, reason: &'static str) -> Result<Settled> {
    alarm(reason);
    error!(
        payment = payment.id,
        intent = intent.id,
        reason,
        "paid, but not as asked: look at it and refund or credit by hand"
    );
    if !payment.state.may_become(State::UnderReview) {
        return Ok(Settled::Nothing);
    }
    let change =
        Change { object_id: Some(intent.id.clone()), ..Change::closing(State::UnderReview, reason.to_owned()) };
    write(engine, payment, &change, None).await
}

fn counted(state: State) {
    counter!("scrip_payments_total", "gateway" => STRIPE, "state" => state.name()).increment(1);
}

/// Something that a person has to look at.
pub(super) fn alarm(reason: &'static str) {
    counter!("scrip_payment_alarms_total", "gateway" => STRIPE, "reason" => reason).increment(1);
}

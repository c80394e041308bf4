//! The way from what was seen at a gateway to a payment's new state, and the one way to credits.
//!
//! Invariants: credits of a payment come from [`settle_succeeded`] alone, whose grant (of a plan's payment that of the
//! period that it pays for, see [`crate::plans`]), mark, effect, outbox row and letter are one transaction; whoever comes first wins and everybody else finds it done. Cost: one read and one write per news;
//! when somebody else changed the payment in between, both once more.

use std::sync::Arc;

use ledger::{Command, Counter, LotKind, LotNo, LotSpec, Memo, Op, Timestamp};
use metrics::counter;
use providers::gateway::Sighting;
use store::{AccountRef, Failure, Order, Statement, Target, params};
use tracing::{error, info, warn};

use super::judge::{Verdict, judge};
use super::payment::{Change, Payment};
use super::reconcile::next_check;
use super::state::{Answer, State};
use super::{brakes, compare};
use crate::ledger_calls::fingerprint;
use crate::plans::{self, Success};
use crate::{Engine, Error, Result, mail};

/// How often somebody else may be faster before we give up; each time the payment moved forward.
const TRIES: usize = 8;

/// What came of news about a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settled {
    /// Credited by this very call.
    Credited,
    /// The payment changed its state.
    Moved(State),
    /// The payer agreed; the money is still to be taken.
    Approved,
    /// It can still be paid, and nobody is paying.
    Dangling,
    /// Nothing new.
    Nothing,
}

/// Takes note of what was seen of this payment. `source`: who told, such as `notice` or `query`.
pub(super) async fn observe(
    engine: &Engine,
    account_id: &str,
    payment_id: &str,
    seen: &Sighting,
    source: &str,
) -> Result<Settled> {
    for _ in 0..TRIES {
        let found = Payment::find(engine.store(), account_id, payment_id).await?;
        let payment = found.ok_or(Error::NotFound("payment"))?;
        let result = match judge(&payment, seen) {
            Verdict::Nothing => return Ok(Settled::Nothing),
            Verdict::Dangling => return Ok(Settled::Dangling),
            Verdict::Complete => return Ok(Settled::Approved),
            Verdict::Credit { late } => settle_succeeded(engine, &payment, seen, late, source).await,
            Verdict::Review(reason) => review(engine, &payment, seen, reason, source).await,
            Verdict::Fail(reason) => {
                let declined = brakes::failed(&payment, seen, &reason, engine.now());
                let change = Change { answer: Some(Answer::Refused), ..Change::closing(State::Failed, reason) };
                write(engine, &payment, &change.of(seen), source, declined).await
            }
            Verdict::GiveUp(reason) => {
                alarm(&payment.gateway, "review_failed");
                write(engine, &payment, &Change::closing(State::UnderReview, reason), source, None).await
            }
            Verdict::Wait(reason) => {
                let change = Change::to(State::UnderReview, reason, soon(engine, &payment));
                write(engine, &payment, &change.of(seen), source, None).await
            }
            Verdict::Confirm => {
                let change = Change::to(State::Confirming, None, soon(engine, &payment));
                let change = Change { answer: Some(Answer::Processing), ..change };
                write(engine, &payment, &change.of(seen), source, None).await
            }
        };
        match result {
            Err(Error::Ledger(Failure::Conflict)) => {}
            settled => return settled,
        }
    }
    Err(Error::Ledger(Failure::Conflict))
}

fn soon(engine: &Engine, payment: &Payment) -> Option<ledger::Timestamp> {
    Some(next_check(payment.created_at, engine.now()))
}

impl Change {
    /// With what is worth keeping of a sighting.
    fn of(self, seen: &Sighting) -> Change {
        Change {
            object_id: Some(seen.object_id.clone()),
            money_id: seen.money_id.clone(),
            instrument: seen.instrument.clone(),
            ..self
        }
    }
}

/// Writes a change of a payment that was read just now, and more rows with it.
///
/// # Errors
/// [`Failure::Conflict`] when somebody else was faster: read again.
pub(super) async fn write(
    engine: &Engine,
    payment: &Payment,
    change: &Change,
    source: &str,
    also: impl IntoIterator<Item = Statement>,
) -> Result<Settled> {
    let mut rows = payment.change(change, source, engine.now());
    rows.extend(also);
    if let (Some(instalment_id), true) = (payment.purpose.instalment_id(), change.state != payment.state) {
        rows.extend(
            plans::payment_ended(engine, payment, instalment_id, change.state, change.reason.as_deref()).await?,
        );
    }
    rows.extend(mail::payments::step(engine, payment, change.state, change.reason.as_deref()).await?);
    engine.store().write(rows).await?;
    if change.state == payment.state {
        return Ok(Settled::Nothing);
    }
    counted(payment, change.state);
    info!(
        payment = payment.id,
        from = payment.state.name(),
        to = change.state.name(),
        reason = change.reason,
        "payment"
    );
    Ok(Settled::Moved(change.state))
}

/// Grants the credits of a paid payment and marks it, both or neither. The only way to credits.
async fn settle_succeeded(
    engine: &Engine,
    payment: &Payment,
    seen: &Sighting,
    late: bool,
    source: &str,
) -> Result<Settled> {
    let now = engine.now();
    let change = Change {
        answer: Some(Answer::Paid),
        ..Change::closing(State::Succeeded, late.then(|| "late_success".to_owned()))
    };
    let mut rows = payment.change(&change.of(seen), source, now);
    rows.push(Statement::new(
        "INSERT INTO gateway_effects (gateway, object_id, effect, account_id, payment_id, at_us) \
         VALUES ($1, $2, 'credit', $3, $4, $5)",
        params![
            payment.gateway.as_str(),
            seen.object_id.as_str(),
            payment.account_id.as_str(),
            payment.id.as_str(),
            now.micros()
        ],
    ));
    rows.extend(brakes::paid(payment, seen, now));
    rows.push(compare::healed(&payment.gateway, &seen.object_id, now));
    let (order, expires_at) = match payment.purpose.instalment_id() {
        None => {
            let expires_at = expires_at(engine, payment, now).await?;
            (Some(grant(payment, &seen.object_id, expires_at)), expires_at)
        }
        Some(instalment_id) => match plans::payment_succeeded(engine, payment, instalment_id).await? {
            Success::Grants(mut order, ends_at) => {
                rows.append(&mut order.rows);
                (Some(*order), Some(ends_at))
            }
            Success::Pays(more) => {
                rows.extend(more);
                (None, None)
            }
            Success::Unexpected(reason) => return review(engine, payment, seen, reason, source).await,
        },
    };
    rows.extend(mail::payments::succeeded(engine, payment, expires_at).await?);
    let done = match order {
        Some(order) => engine.store().submit(Order { rows, ..order }).await.map(|receipt| receipt.replayed),
        // It pays for what was granted before.
        None => engine.store().write(rows).await.map(|_| false),
    };
    match done {
        Ok(true) => Ok(Settled::Nothing),
        Ok(false) => {
            counted(payment, State::Succeeded);
            if late {
                alarm(&payment.gateway, "late_success");
                warn!(payment = payment.id, object = seen.object_id, "a payment succeeded after it had been given up");
            } else {
                info!(payment = payment.id, object = seen.object_id, "payment credited");
            }
            Ok(Settled::Credited)
        }
        Err(Failure::Refused { rejection, .. }) => review(engine, payment, seen, rejection.code(), source).await,
        Err(Failure::KeyReuse) => review(engine, payment, seen, "credit_key_taken", source).await,
        Err(failure) => Err(failure.into()),
    }
}

/// When bought credits expire at the account's site.
async fn expires_at(engine: &Engine, payment: &Payment, now: Timestamp) -> Result<Option<Timestamp>> {
    let account = engine.accounts().get(&payment.account_id).await?;
    Ok(engine.settings().sites.get(&account.site).and_then(|site| site.topup_expires_at(now)))
}

/// The grant of a payment's credits, without the rows that must come with it the first time.
fn grant(payment: &Payment, object_id: &str, expires_at: Option<Timestamp>) -> Order {
    let lot = LotSpec {
        kind: LotKind::TopUp,
        priority: None,
        allocated: payment.credit,
        effective_at: None,
        expires_at,
        scope: Box::default(),
    };
    let gateway = payment.gateway.as_str();
    let command = Command {
        // A caller's key is visible ASCII, so none can be this one.
        key: Some(format!("§{gateway}:{object_id}:credit").into()),
        input: fingerprint(&format!("{gateway}_credit"), &(&payment.id, payment.credit)),
        actor: Arc::from(format!("gateway:{gateway}")),
        memo: Memo { resource: Some(object_id.into()), reference: Some(payment.id.as_str().into()), ..Memo::default() },
        op: Op::Grant { lot, counter: clearing(gateway) },
    };
    let account = AccountRef::Id(Arc::from(payment.account_id.as_str()));
    Order { target: Target::Existing(account), command, rows: Vec::new() }
}

/// The lot of a payment that was credited: what its grant did when it is asked for once more.
///
/// # Errors
/// [`Error::Unavailable`] when it was not credited after all; nothing is granted.
pub(super) async fn lot_of(engine: &Engine, payment: &Payment) -> Result<LotNo> {
    let missing = || Error::Unavailable(format!("the payment {} has no lot", payment.id));
    let object_id = payment.object_id.as_deref().ok_or_else(missing)?;
    // Rows are not written again for a repeat; this one makes sure that there is no first time here.
    let never = Statement::new("UPDATE payments SET id = id WHERE id = ''", params![]).expect_one();
    let granted = match payment.purpose.instalment_id() {
        None => grant(payment, object_id, None),
        Some(instalment_id) => plans::granted(payment, instalment_id).ok_or_else(missing)?,
    };
    match engine.store().submit(Order { rows: vec![never], ..granted }).await {
        Ok(receipt) => receipt.transaction.map(|transaction| transaction.seq).ok_or_else(missing),
        Err(Failure::Conflict) => Err(missing()),
        Err(failure) => Err(failure.into()),
    }
}

/// The counter-account of a gateway's money.
pub(crate) fn clearing(gateway: &str) -> Counter {
    match gateway {
        providers::paypal::NAME => Counter::ClearingPaypal,
        providers::vnpay::NAME => Counter::ClearingVnpay,
        _ => Counter::ClearingStripe,
    }
}

/// Money was taken that cannot be credited as it is: stop, and call a person.
async fn review(
    engine: &Engine,
    payment: &Payment,
    seen: &Sighting,
    reason: &'static str,
    source: &str,
) -> Result<Settled> {
    alarm(&payment.gateway, reason);
    error!(
        payment = payment.id,
        object = seen.object_id,
        reason,
        "paid, but not as asked: look at it and refund or credit by hand"
    );
    if !payment.state.may_become(State::UnderReview) {
        return Ok(Settled::Nothing);
    }
    let change = Change::closing(State::UnderReview, reason.to_owned());
    write(engine, payment, &change.of(seen), source, None).await
}

fn counted(payment: &Payment, state: State) {
    let gateway = payment.gateway.clone();
    counter!("scrip_payments_total", "gateway" => gateway, "state" => state.name()).increment(1);
}

/// Something that a person has to look at.
pub(super) fn alarm(gateway: &str, reason: &'static str) {
    counter!("scrip_payment_alarms_total", "gateway" => gateway.to_owned(), "reason" => reason).increment(1);
}

//! Asking gateways about payments that no notice has settled.
//!
//! Every open payment is asked about 1, 5, 15 and 60 minutes after it began, then hourly (product rules, section 4).
//! What is found goes the same way as a notice. A payment that nobody is making any more is closed at the gateway, which
//! does or refuses it atomically, so that an unknown outcome becomes a definite one; where a gateway cannot close, the
//! payment expires here and is asked about for a day more; late money is still credited and flagged. Nothing is ever
//! charged from here, except that the money of a payer who agreed is taken.
//! One node at a time does it, and several would do no harm: who moves the next check of a payment asks about it, a node
//! that was stopped in between writes against the state that it read, and a late close meets a payment that has ended.
//! Cost: one read when nothing is due; per payment two writes, one to three round trips to the gateway, one write.

use std::time::Duration;

use ledger::Timestamp;
use providers::gateway::{Gateway, Sighting, Trouble};
use store::{Failure, Statement, params};
use tracing::{debug, warn};

use super::brakes;
use super::payment::{Change, Payment};
use super::refund::reconcile_refunds;
use super::settle::{Settled, alarm, observe, write};
use super::state::{Answer, State};
use crate::lease::{self, Lease};
use crate::{Engine, Error, Result};

/// When a payment is asked about, in seconds after it began; afterwards every [`LATER_SECONDS`].
const CHECKS_SECONDS: [i64; 4] = [60, 300, 900, 3_600];
const LATER_SECONDS: i64 = 3_600;
/// Nobody's charge takes this long: afterwards an open object of a payment without an answer is nobody's.
const ABANDONED_AFTER_SECONDS: i64 = 900;
/// Who paid at the last instant may be heard of this much later, in seconds.
const EXPIRY_GRACE_SECONDS: i64 = 300;
/// A payment that its gateway could not close is asked about this long, in seconds: a bank may be late, its notice lost.
const EXPIRED_ASKED_SECONDS: i64 = 86_400;
/// Notices are kept this long: 90 days.
const KEEP_NOTICES_SECONDS: i64 = 90 * 86_400;
/// Payments asked about in one round.
const ROUND: i64 = 100;
/// What is found by asking is noted under this source.
const QUERY: &str = "query";

/// When to ask about a payment next: the first instant of its schedule after `now`.
pub(super) fn next_check(created_at: Timestamp, now: Timestamp) -> Timestamp {
    let at = |seconds: &i64| created_at.plus_seconds(*seconds);
    if let Some(seconds) = CHECKS_SECONDS.iter().find(|seconds| at(seconds) > now) {
        return at(seconds);
    }
    let passed_seconds = (now.seconds() - created_at.seconds()) / LATER_SECONDS;
    created_at.plus_seconds((passed_seconds + 1) * LATER_SECONDS)
}

/// What a round of reconciliation did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Payments asked about.
    pub asked: usize,
    /// Of these, payments that moved.
    pub settled: usize,
    /// Of these, payments that could not be asked about; they come again.
    pub failed: usize,
}

/// Asks about what is due now, once, unless another node does.
///
/// # Errors
/// When the database cannot be read; a payment that fails does not disturb the others.
pub async fn reconcile(engine: &Engine) -> Result<Round> {
    let mut round = Round::default();
    for payment in Payment::due(engine.store(), engine.now(), ROUND).await? {
        if engine.topups().gateway(&payment.gateway).is_none() {
            continue;
        }
        if !lease::hold(engine, Lease::Reconcile).await? {
            break;
        }
        match take(engine, &payment).await {
            Ok(true) => {}
            Ok(false) => continue,
            Err(error) => {
                warn!(payment = payment.id, %error, "the payment cannot be taken for reconciliation");
                round.failed += 1;
                continue;
            }
        }
        round.asked += 1;
        match check(engine, &payment).await {
            Ok(Settled::Credited | Settled::Moved(_)) => round.settled += 1,
            Ok(Settled::Nothing | Settled::Dangling | Settled::Approved) => {}
            Err(error) => {
                warn!(payment = payment.id, %error, "the payment could not be reconciled; it is asked about again");
                round.failed += 1;
            }
        }
    }
    Ok(round)
}

/// Reconciles every `pause`, and drops old notices, until the task is aborted.
pub async fn run(engine: Engine, pause: Duration) {
    loop {
        if let Err(error) = reconcile(&engine).await {
            warn!(%error, "reconciliation failed; it is tried again");
        }
        if let Err(error) = reconcile_refunds(&engine).await {
            warn!(%error, "refunds could not be reconciled; it is tried again");
        }
        if let Err(error) = brakes::forget(&engine).await {
            warn!(%error, "old attempts could not be dropped; it is tried again");
        }
        if let Err(error) = drop_old_notices(&engine).await {
            warn!(%error, "old notices could not be dropped; it is tried again");
        }
        tokio::time::sleep(pause).await;
    }
}

async fn drop_old_notices(engine: &Engine) -> Result<()> {
    let before = engine.now().plus_seconds(-KEEP_NOTICES_SECONDS).micros();
    let due = "SELECT 1 FROM gateway_events WHERE received_at_us < $1 LIMIT 1";
    let none = engine.store().query(due, params![before]).await?.is_empty();
    if none || !lease::hold(engine, Lease::Notices).await? {
        return Ok(());
    }
    let rows = vec![Statement::new("DELETE FROM gateway_events WHERE received_at_us < $1", params![before])];
    engine.store().write(rows).await?;
    Ok(())
}

/// Whether this call may ask about the payment: it moved the next check.
async fn take(engine: &Engine, payment: &Payment) -> Result<bool> {
    let over = payment.state == State::Expired && age_seconds(engine, payment) >= EXPIRED_ASKED_SECONDS;
    let next = (!over).then(|| next_check(payment.created_at, engine.now()));
    match engine.store().write(vec![payment.take_check(next)]).await {
        Ok(_) => Ok(true),
        Err(Failure::Conflict) => Ok(false),
        Err(failure) => Err(failure.into()),
    }
}

/// Asks the gateway about a payment now, whatever its schedule says, and gives the payment as it is then. One that is
/// settled is not asked about.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Unavailable`] when the gateway does not answer.
pub async fn check_now(engine: &Engine, account_id: &str, payment_id: &str) -> Result<Payment> {
    let find = || Payment::find(engine.store(), account_id, payment_id);
    let payment = find().await?.ok_or(Error::NotFound("payment"))?;
    if payment.next_check_at.is_none() {
        return Ok(payment);
    }
    check(engine, &payment).await?;
    find().await?.ok_or(Error::NotFound("payment"))
}

/// The same in a task of its own: whoever waits for an answer does not wait for the gateway.
pub(super) fn check_apart(engine: &Engine, payment: &Payment) {
    let (engine, payment) = (engine.clone(), payment.clone());
    tokio::spawn(async move {
        if let Err(error) = check(&engine, &payment).await {
            warn!(payment = payment.id, %error, "the payment could not be asked about; it is asked about again");
            let _ = engine.store().write(vec![payment.hasten(engine.now())]).await;
        }
    });
}

/// Closes a payment at its gateway, in a task of its own.
pub(super) fn close_apart(engine: &Engine, payment: &Payment) {
    let (engine, payment) = (engine.clone(), payment.clone());
    tokio::spawn(async move {
        let Some(gateway) = engine.topups().gateway(&payment.gateway) else { return };
        if let Err(error) = close(&engine, gateway, &payment).await {
            warn!(payment = payment.id, %error, "the payment could not be closed; it is asked about again");
            let _ = engine.store().write(vec![payment.hasten(engine.now())]).await;
        }
    });
}

/// A payment whose money goes back, as it stands once its success was heard of: notices come in any order.
///
/// # Errors
/// [`Error::Unavailable`] while it is open: the gateway sends its notice again.
pub(super) async fn settled_first(engine: &Engine, payment: Payment) -> Result<Payment> {
    if payment.state.was_credited() {
        return Ok(payment);
    }
    check(engine, &payment).await?;
    let found = Payment::find(engine.store(), &payment.account_id, &payment.id).await?;
    let payment = found.ok_or(Error::NotFound("payment"))?;
    match payment.state.is_open() {
        true => Err(Error::Unavailable(format!("the payment {} is not settled yet", payment.id))),
        false => Ok(payment),
    }
}

/// Asks the gateway about one payment, and acts on the answer.
async fn check(engine: &Engine, payment: &Payment) -> Result<Settled> {
    let gateway = engine.topups().gateway(&payment.gateway);
    let gateway = gateway.ok_or_else(|| Error::Gateway(format!("{} is not configured", payment.gateway)))?;
    let pending = payment.pending();
    let Some(seen) = gateway.look_up(&pending).await.map_err(unanswered)? else {
        return absent(engine, payment).await;
    };
    match observed(engine, payment, &seen).await? {
        Settled::Approved => match gateway.complete(&pending).await.map_err(unanswered)? {
            Some(seen) => observed(engine, payment, &seen).await,
            None => Ok(Settled::Nothing),
        },
        Settled::Dangling if brakes::refused(engine, payment, &seen, None).await? => {
            close(engine, gateway, payment).await
        }
        Settled::Dangling if is_awaited(engine, payment) => Ok(Settled::Nothing),
        Settled::Dangling => close(engine, gateway, payment).await,
        settled => Ok(settled),
    }
}

async fn observed(engine: &Engine, payment: &Payment, seen: &Sighting) -> Result<Settled> {
    observe(engine, &payment.account_id, &payment.id, seen, QUERY).await
}

/// Whether somebody may be about to pay, or to charge.
fn is_awaited(engine: &Engine, payment: &Payment) -> bool {
    match (payment.expires_at, payment.state) {
        (Some(expires_at), _) => engine.now() < expires_at.plus_seconds(EXPIRY_GRACE_SECONDS),
        (None, State::Created) => age_seconds(engine, payment) < ABANDONED_AFTER_SECONDS,
        (None, _) => false,
    }
}

fn age_seconds(engine: &Engine, payment: &Payment) -> i64 {
    engine.now().seconds() - payment.created_at.seconds()
}

/// The gateway does not know the payment.
async fn absent(engine: &Engine, payment: &Payment) -> Result<Settled> {
    if payment.expires_at.is_some() {
        return if is_awaited(engine, payment) { Ok(Settled::Nothing) } else { expire(engine, payment).await };
    }
    // Its object is written down before anything is charged, and one that nobody knows of is never paid, even if it
    // appears: only somebody who is still at work could do that.
    if payment.object_id.is_some() || is_awaited(engine, payment) {
        return Ok(Settled::Nothing);
    }
    let change = Change { answer: Some(Answer::Broken), ..Change::closing(State::Failed, "not_found".to_owned()) };
    write(engine, payment, &change, QUERY, None).await
}

/// Makes sure that nobody pays any more. A payment that was made meanwhile comes back as it is.
async fn close(engine: &Engine, gateway: &dyn Gateway, payment: &Payment) -> Result<Settled> {
    match gateway.close(&payment.pending()).await.map_err(unanswered)? {
        Some(seen) => match observed(engine, payment, &seen).await? {
            // It lets itself be paid as long as it likes.
            Settled::Dangling if payment.expires_at.is_some() => expire(engine, payment).await,
            settled => Ok(settled),
        },
        None if payment.expires_at.is_some() => expire(engine, payment).await,
        None => Ok(Settled::Nothing),
    }
}

async fn expire(engine: &Engine, payment: &Payment) -> Result<Settled> {
    if !payment.state.may_become(State::Expired) {
        return Ok(Settled::Nothing);
    }
    let next_check_at = Some(next_check(payment.created_at, engine.now()));
    let change = Change::to(State::Expired, "abandoned".to_owned(), next_check_at);
    let change = Change { answer: Some(Answer::Refused), ..change };
    write(engine, payment, &change, QUERY, None).await
}

fn unanswered(trouble: Trouble) -> Error {
    if let Trouble::Refused { gateway, ours: true, .. } = &trouble {
        alarm(gateway, "refused_by_gateway");
    }
    debug!(%trouble, "asked in vain");
    Error::Gateway(trouble.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payments_are_asked_about_after_1_5_15_60_minutes_and_then_hourly() {
        let created_at = Timestamp::from_micros(1_795_166_105_123_456);
        // minutes since it began (and a second more or less), minutes of the next check
        let table = [
            (0, 0, 1),
            (1, -1, 1),
            (1, 0, 5),
            (4, 0, 5),
            (5, 0, 15),
            (15, 0, 60),
            (59, 59, 60),
            (60, 0, 120),
            (61, 0, 120),
            (120, 0, 180),
            (60 * 24 * 9, 1, 60 * (24 * 9 + 1)),
        ];
        for (minutes, seconds, next_minutes) in table {
            let now = created_at.plus_seconds(minutes * 60 + seconds);
            let next = next_check(created_at, now);
            assert_eq!(next, created_at.plus_seconds(next_minutes * 60), "{minutes} min {seconds} s");
            assert!(next > now);
        }
    }
}

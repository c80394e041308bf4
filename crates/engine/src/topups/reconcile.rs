//! Asking Stripe about payments that no notice has settled.
//!
//! Every open payment is asked about 1, 5, 15 and 60 minutes after it began, then hourly (product rules, section 4).
//! What is found goes the same way as a notice. An intent that nobody is paying any more is cancelled, which Stripe
//! does or refuses atomically, so that an unknown outcome becomes a definite one. Nothing is ever charged from here.
//! One node at a time does it, and several would do no harm: who moves the next check of a payment asks about it, a node
//! that was stopped in between writes against the state that it read, and a late cancel meets an intent that has ended.
//! Cost: one read when nothing is due; per payment
//! two writes, one to three round trips to Stripe, one write.

use std::time::Duration;

use ledger::Timestamp;
use providers::stripe::{self, Client, Doubt, Intent, Pending, Resolution};
use store::{Failure, Statement, params};
use tracing::{debug, warn};

use super::payment::{Change, Payment, STRIPE};
use super::settle::{Settled, alarm, observe, write};
use super::state::{Answer, State};
use crate::lease::{self, Lease};
use crate::{Engine, Error, Result};

/// When a payment is asked about, in seconds after it began; afterwards every [`LATER_SECONDS`].
const CHECKS_SECONDS: [i64; 4] = [60, 300, 900, 3_600];
const LATER_SECONDS: i64 = 3_600;
/// Stripe keeps an idempotency key this long: until then an intent may still appear that was not to be found.
const ABSENT_AFTER_SECONDS: i64 = 86_400;
/// Nobody's charge takes this long: afterwards an open intent of a payment without an answer is nobody's.
const ABANDONED_AFTER_SECONDS: i64 = 900;
/// Notices are kept this long: 90 days.
const KEEP_NOTICES_SECONDS: i64 = 90 * 86_400;
/// Payments asked about in one round.
const ROUND: i64 = 100;

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
    let Some(gateway) = engine.topups().stripe() else { return Ok(round) };
    for payment in Payment::due(engine.store(), engine.now(), ROUND).await? {
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
        match check(engine, &gateway.client, &payment).await {
            Ok(Settled::Credited | Settled::Moved(_)) => round.settled += 1,
            Ok(Settled::Nothing | Settled::Dangling) => {}
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
    let next = next_check(payment.created_at, engine.now());
    match engine.store().write(vec![payment.take_check(next)]).await {
        Ok(_) => Ok(true),
        Err(Failure::Conflict) => Ok(false),
        Err(failure) => Err(failure.into()),
    }
}

/// Asks Stripe about one payment, and acts on the answer.
async fn check(engine: &Engine, client: &Client, payment: &Payment) -> Result<Settled> {
    let pending = Pending {
        topup_id: payment.id.clone(),
        intent_id: payment.object_id.clone(),
        customer_id: payment.customer_id.clone(),
        created_at_s: payment.created_at.seconds(),
    };
    let age_seconds = engine.now().seconds() - payment.created_at.seconds();
    let found = match stripe::resolve(client, &pending).await.map_err(unanswered)? {
        Resolution::Found(intent) => *intent,
        Resolution::NotFoundYet if age_seconds >= ABSENT_AFTER_SECONDS => {
            let change =
                Change { answer: Some(Answer::Broken), ..Change::closing(State::Failed, "not_found".to_owned()) };
            return write(engine, payment, &change, None).await;
        }
        Resolution::NotFoundYet => return Ok(Settled::Nothing),
    };
    match observe(engine, &payment.account_id, &payment.id, &found).await? {
        Settled::Dangling if payment.state == State::Created && age_seconds < ABANDONED_AFTER_SECONDS => {
            Ok(Settled::Nothing)
        }
        Settled::Dangling => match close(client, &found).await? {
            Some(intent) => observe(engine, &payment.account_id, &payment.id, &intent).await,
            None => Ok(Settled::Nothing),
        },
        settled => Ok(settled),
    }
}

/// Cancels an intent; one that was paid meanwhile comes back as it is.
async fn close(client: &Client, intent: &Intent) -> Result<Option<Intent>> {
    match client.cancel_intent(&intent.id).await {
        Ok(intent) => Ok(Some(intent)),
        Err(stripe::Error::Unknown(doubt)) if doubt.reason == Doubt::UnexpectedState => {
            client.intent(&intent.id).await.map_err(unanswered)
        }
        Err(error) => Err(unanswered(error)),
    }
}

fn unanswered(error: stripe::Error) -> Error {
    if matches!(error, stripe::Error::Invalid(_)) {
        alarm("refused_by_gateway");
    }
    debug!(%error, gateway = STRIPE, "asked in vain");
    Error::Unavailable(error.to_string())
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

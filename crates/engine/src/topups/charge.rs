//! Charging saved cards for a payment that is written down.
//!
//! The intent is created, its id written down, and only then confirmed with one card after the other: whatever happens
//! afterwards, it can be found and closed. The work runs in a task of its own: a caller who hangs up stops nothing. The
//! answer never brings credits. Cost: one call to Stripe and one write, one call per card, one write.

use ledger::Timestamp;
use providers::stripe::{self, Card, CardRefusal, ChargeRequest, Doubt, SavedCardsOutcome};
use store::{Failure, Statement};
use tracing::{error, warn};

use super::brakes;
use super::payment::{Change, Payment};
use super::reconcile::next_check;
use super::settle::{alarm, write};
use super::state::{Answer, State};
use crate::billing::Unavailable;
use crate::{Engine, Error, Result};

/// Who moves a payment here.
pub(super) const SOURCE: &str = "purchase";
/// How often somebody else may change the payment before we give up.
const TRIES: usize = 4;

/// Charges in a task of its own, and gives the payment as it stands then. While its answer is `None` nobody knows whether
/// a card was charged. `unclaim`: what is written, too, when it turns out that there is no card to charge.
///
/// # Errors
/// The outcome could not be recorded; the payment is reconciled.
pub(super) async fn charge_apart(
    engine: &Engine,
    payment: Payment,
    cards: Vec<Card>,
    unclaim: Option<Statement>,
) -> Result<Payment> {
    let (engine, id) = (engine.clone(), payment.id.clone());
    let task = tokio::spawn(async move { charge(&engine, payment, cards, unclaim).await });
    task.await.unwrap_or_else(|failure| {
        error!(payment = id, %failure, "the charge broke off; the payment is reconciled");
        Err(Error::Unavailable(format!("the charge of {id} broke off")))
    })
}

async fn charge(engine: &Engine, payment: Payment, cards: Vec<Card>, unclaim: Option<Statement>) -> Result<Payment> {
    let gateway = engine.topups().stripe().ok_or(Unavailable::GatewayOff)?;
    let request = ChargeRequest {
        customer_id: payment.customer_id.clone(),
        topup_id: payment.id.clone(),
        account_id: payment.account_id.clone(),
        money: payment.price,
        card_ids: cards.iter().map(|card| card.id.clone()).collect(),
    };
    let (payment, outcome) = charge_kept(engine, gateway.client(), payment, &request).await;
    let change = recorded(&payment, &outcome, engine.now());
    let mut also = tries(&payment, &outcome, &cards, engine.now());
    also.extend(unclaim.filter(|_| matches!(change.answer, Some(Answer::NoCustomer | Answer::NoCard))));
    record(engine, payment, change, also).await.inspect_err(|error| {
        error!(%error, "the outcome of a charge could not be recorded; the payment is reconciled");
    })
}

/// Creates the intent, writes its id down, and only then charges: whatever happens afterwards, the intent can be found
/// and closed.
async fn charge_kept(
    engine: &Engine,
    client: &stripe::Client,
    payment: Payment,
    request: &ChargeRequest,
) -> (Payment, SavedCardsOutcome) {
    let intent = match stripe::prepare_charge(client, request).await {
        Ok(intent) => intent,
        Err(outcome) => return (payment, *outcome),
    };
    let next_check_at = payment.next_check_at;
    let change = Change { object_id: Some(intent.id.clone()), ..Change::to(payment.state, None, next_check_at) };
    if let Err(error) = write(engine, &payment, &change, SOURCE, None).await {
        // Not charged: an intent that nobody knows of must not be paid.
        warn!(payment = payment.id, %error, "the intent could not be written down; nothing is charged");
        let reason = Doubt::NotConnected;
        return (payment, SavedCardsOutcome::Unknown { intent_id: None, may_have_charged: false, reason });
    }
    let payment = Payment { object_id: Some(intent.id.clone()), ..payment };
    let outcome = stripe::charge_prepared(client, &intent.id, request).await;
    (payment, outcome)
}

/// What an outcome makes of the payment.
fn recorded(payment: &Payment, outcome: &SavedCardsOutcome, now: Timestamp) -> Change {
    let open = |state, reason: Option<String>, answer, object_id: Option<&String>| Change {
        answer,
        object_id: object_id.cloned(),
        ..Change::to(state, reason, Some(next_check(payment.created_at, now)))
    };
    let failed = |reason: &str, answer, object_id: Option<&String>| Change {
        answer: Some(answer),
        object_id: object_id.cloned(),
        ..Change::closing(State::Failed, reason.to_owned())
    };
    match outcome {
        SavedCardsOutcome::Succeeded { intent } => open(State::Confirming, None, Some(Answer::Paid), Some(&intent.id)),
        SavedCardsOutcome::Processing { intent } => {
            open(State::Confirming, None, Some(Answer::Processing), Some(&intent.id))
        }
        SavedCardsOutcome::AllRefused { intent, wants_authentication, refusals } => {
            let last = refusals.last().map_or("canceled", |refusal| refusal.reason.as_str());
            let reason = if *wants_authentication { "authentication_required" } else { last };
            failed(reason, Answer::Refused, intent.as_ref().map(|intent| &intent.id))
        }
        SavedCardsOutcome::NoCustomer => failed("no_stripe_customer", Answer::NoCustomer, None),
        SavedCardsOutcome::NoPaymentMethod => failed("no_payment_method", Answer::NoCard, None),
        SavedCardsOutcome::Misconfigured { intent_id, error } => {
            alarm(stripe::NAME, "refused_by_gateway");
            error!(payment = payment.id, %error, "Stripe refused the charge itself");
            let code = error.code.as_deref().unwrap_or("refused_by_gateway");
            match intent_id {
                // The intent may still be open: the reconciler closes it.
                Some(id) => open(State::Unknown, Some(code.to_owned()), None, Some(id)),
                None => failed(code, Answer::Broken, None),
            }
        }
        SavedCardsOutcome::Unknown {
            intent_id: None,
            may_have_charged: false,
            reason: reason @ (Doubt::NotConnected | Doubt::Status(429)),
        } => {
            warn!(payment = payment.id, %reason, "Stripe could not be asked to charge");
            failed("gateway_unreachable", Answer::Broken, None)
        }
        SavedCardsOutcome::Unknown { intent_id, reason, .. } => {
            warn!(payment = payment.id, intent = intent_id, %reason, "the outcome of a charge is unknown");
            open(State::Unknown, Some(reason.to_string()), None, intent_id.as_ref())
        }
    }
}

/// What became of the try: the cards that were declined, or nothing when none was asked. What nobody asked for is no try.
fn tries(payment: &Payment, outcome: &SavedCardsOutcome, cards: &[Card], now: Timestamp) -> Vec<Statement> {
    match outcome {
        _ if payment.details.automatic => Vec::new(),
        SavedCardsOutcome::AllRefused { refusals, .. } => {
            let declined = |refusal: &CardRefusal| {
                let card = cards.iter().find(|card| card.id == refusal.card_id);
                let fingerprint = card.and_then(|card| card.fingerprint.as_deref());
                brakes::declined(payment, &refusal.card_id, fingerprint, now)
            };
            let declines = refusals.iter().filter(|refusal| !refusal.wants_authentication).flat_map(declined);
            declines.chain([brakes::released(payment)]).collect()
        }
        SavedCardsOutcome::NoCustomer | SavedCardsOutcome::NoPaymentMethod => vec![brakes::released(payment)],
        _ => Vec::new(),
    }
}

/// Records the outcome; a notice may have settled the payment meanwhile, then only what is new is kept.
async fn record(engine: &Engine, mut payment: Payment, change: Change, also: Vec<Statement>) -> Result<Payment> {
    let (account_id, id) = (payment.account_id.clone(), payment.id.clone());
    for _ in 0..TRIES {
        let stands = payment.state;
        let change = if stands == change.state || stands.may_become(change.state) {
            change.clone()
        } else {
            // It went further than we know.
            let (reason, next_check_at) = (payment.reason.clone(), payment.next_check_at);
            Change { state: stands, reason, next_check_at, ..change.clone() }
        };
        let written = write(engine, &payment, &change, SOURCE, also.iter().cloned()).await;
        let found = Payment::find(engine.store(), &account_id, &id).await?;
        payment = found.ok_or(Error::NotFound("payment"))?;
        match written {
            Err(Error::Ledger(Failure::Conflict)) => {}
            other => return other.map(|_| payment),
        }
    }
    Err(Error::Ledger(Failure::Conflict))
}

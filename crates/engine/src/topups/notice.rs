//! What Stripe tells us by itself.
//!
//! A notice is verified over its raw bytes, stored once, then acted upon; a repeat of one that was acted upon changes
//! nothing, and one that could not be acted upon is refused so that Stripe sends it again. What it says of an intent
//! counts as that intent's state, in whatever order notices come. Only when a notice may be stale (an intent that nobody
//! is paying) is Stripe asked, by the reconciler at its next round. The stored bytes may hold a client secret: they are
//! kept 90 days for disputes and shown to operators only. Cost: two writes and two reads; one more write when it credits.

use metrics::counter;
use providers::stripe::event::{self, Event, Object};
use providers::stripe::{Intent, signature};
use store::{Statement, params};
use tracing::{debug, info, warn};

use super::payment::{Payment, STRIPE};
use super::settle::{Settled, observe};
use super::state::State;
use crate::{Engine, Error, Result};

/// An attempt to charge failed; the intent may still be paid.
const ATTEMPT_FAILED: &str = "payment_intent.payment_failed";

/// Why a notice is not accepted. Stripe sends it again.
#[derive(Debug, Clone, thiserror::Error)]
pub enum NoticeError {
    /// It is not from Stripe, or not a notice.
    #[error("{0}")]
    Refused(String),
    /// It could not be acted upon.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl From<store::Failure> for NoticeError {
    fn from(failure: store::Failure) -> Self {
        NoticeError::Failed(failure.into())
    }
}

/// Takes a notice of Stripe: its raw body and the value of its [`signature::HEADER`].
///
/// # Errors
/// [`NoticeError`]; nothing changed, except that a notice which failed is stored.
pub async fn stripe_notice(
    engine: &Engine,
    body: &[u8],
    signature_header: &str,
) -> std::result::Result<(), NoticeError> {
    let event = verified(engine, body, signature_header).inspect_err(|error| {
        counted("refused");
        warn!(%error, "a notice was refused");
    })?;
    if already_done(engine, &event, body).await? {
        counted("duplicate");
        return Ok(());
    }
    let outcome = act(engine, &event).await?;
    let mark = Statement::new(
        "UPDATE gateway_events SET outcome = $1 WHERE gateway = $2 AND event_id = $3",
        params![outcome, STRIPE, event.id.as_str()],
    );
    engine.store().write(vec![mark]).await?;
    counted(outcome);
    debug!(event = event.id, kind = event.kind, outcome, "notice");
    Ok(())
}

fn verified(engine: &Engine, body: &[u8], header: &str) -> std::result::Result<Event, NoticeError> {
    let refused = |error: &dyn std::fmt::Display| NoticeError::Refused(error.to_string());
    let secrets = engine.topups().stripe().map_or(&[][..], |gateway| &gateway.webhook_secrets);
    let notice = signature::verify(body, header, secrets, engine.now().seconds()).map_err(|error| refused(&error))?;
    event::parse(notice).map_err(|error| refused(&error))
}

/// Stores the notice, unless it is there; says whether it was acted upon before.
async fn already_done(engine: &Engine, event: &Event, body: &[u8]) -> Result<bool> {
    let insert = Statement::new(
        "INSERT INTO gateway_events (gateway, event_id, kind, body, received_at_us) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (gateway, event_id) DO NOTHING",
        params![STRIPE, event.id.as_str(), event.kind.as_str(), body, engine.now().micros()],
    );
    if engine.store().write(vec![insert]).await? == [1] {
        return Ok(false);
    }
    let sql = "SELECT 1 FROM gateway_events WHERE gateway = $1 AND event_id = $2 AND outcome IS NOT NULL";
    Ok(!engine.store().query(sql, params![STRIPE, event.id.as_str()]).await?.is_empty())
}

/// Does what an event asks for; says what that was.
async fn act(engine: &Engine, event: &Event) -> Result<&'static str> {
    let Object::Intent(intent) = &event.object else { return Ok("ignored") };
    let Some(payment) = payment_of(engine, intent).await? else {
        info!(intent = intent.id, kind = event.kind, "a notice is about a payment that is not ours");
        return Ok("not_ours");
    };
    Ok(match observe(engine, &payment.account_id, &payment.id, intent).await? {
        Settled::Credited => "credited",
        Settled::Moved(State::UnderReview) => "under_review",
        Settled::Moved(_) => "moved",
        // While cards are being tried this is no news; afterwards it may be, or may be stale.
        Settled::Dangling if event.kind == ATTEMPT_FAILED && payment.state != State::Created => {
            engine.store().write(vec![payment.hasten(engine.now())]).await?;
            "asked_about"
        }
        Settled::Nothing | Settled::Dangling => "nothing_new",
    })
}

/// By the intent when we know it, else by the reference that we gave it.
async fn payment_of(engine: &Engine, intent: &Intent) -> Result<Option<Payment>> {
    if let Some(payment) = Payment::find_by_object(engine.store(), &intent.id).await? {
        return Ok(Some(payment));
    }
    match (intent.account_id(), intent.topup_id()) {
        (Some(account_id), Some(id)) => Payment::find(engine.store(), account_id, id).await,
        _ => Ok(None),
    }
}

fn counted(outcome: &'static str) {
    counter!("scrip_gateway_notices_total", "gateway" => STRIPE, "outcome" => outcome).increment(1);
}

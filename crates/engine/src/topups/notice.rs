//! What gateways tell by themselves.
//!
//! A notice is verified over its raw bytes, stored once, then acted upon; a repeat of one that was acted upon changes
//! nothing, and one that could not be acted upon is refused so that the gateway sends it again. What it says of a payment
//! counts as its state, in whatever order notices come. Only when a notice may be stale, or says too little, is the
//! gateway asked, by the reconciler at its next round. The stored bytes may hold a client secret: they are kept 90 days
//! for disputes and shown to operators only. Cost: two writes and two reads; one more write when it credits.

use http::HeaderMap;
use ledger::Timestamp;
use metrics::counter;
use providers::gateway::{Gateway, News, Notice, RawNotice, Sighting, Unverified};
use store::{Statement, params};
use tracing::{debug, info, warn};

use super::brakes;
use super::dispute::take_dispute;
use super::payment::Payment;
use super::reconcile::{check_apart, close_apart};
use super::refund::take_refund;
use super::settle::{Settled, observe};
use super::state::State;
use crate::{Engine, Error, Result};

/// After this long every payment was asked about, and what none of them knows is not ours.
const UNHEARD_OF_SECONDS: i64 = 3_900;

/// Why a notice is not accepted. The gateway sends it again.
#[derive(Debug, Clone, thiserror::Error)]
pub enum NoticeError {
    /// It is not from the gateway, or not a notice.
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

/// What came of a notice that was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It changed something.
    New,
    /// It says nothing new, or came before.
    Known,
    /// It is about nothing of ours.
    NotOurs,
    /// The amount is not the one that was asked for.
    WrongAmount,
}

/// Takes a notice of a gateway: its name, the raw body (or query string), the headers of the request.
///
/// # Errors
/// [`NoticeError`]; nothing changed, except that a notice which failed is stored.
pub async fn take_notice(
    engine: &Engine,
    gateway: &str,
    bytes: &[u8],
    headers: &HeaderMap,
) -> std::result::Result<Taken, NoticeError> {
    let found = engine.topups().gateway(gateway);
    let found = found.ok_or_else(|| NoticeError::Refused(format!("{gateway} is not configured")))?;
    let name = found.name();
    let raw = RawNotice { bytes, headers, now_s: engine.now().seconds() };
    let notice = match found.verify(&raw).await {
        Ok(notice) => notice,
        Err(Unverified::Forged(reason)) => {
            counted(name, "refused");
            warn!(gateway, reason, "a notice was refused");
            return Err(NoticeError::Refused(reason));
        }
        Err(Unverified::NotNow(reason)) => {
            counted(name, "not_verified");
            warn!(gateway, reason, "a notice could not be verified now");
            return Err(NoticeError::Failed(Error::Unavailable(reason)));
        }
    };
    if already_done(engine, name, &notice, bytes).await? {
        counted(name, "duplicate");
        return Ok(Taken::Known);
    }
    let (outcome, payment_id) = act(engine, found, &notice).await?;
    let mark = Statement::new(
        "UPDATE gateway_events SET outcome = $1, payment_id = $2 WHERE gateway = $3 AND event_id = $4",
        params![outcome, payment_id, name, notice.event_id.as_str()],
    );
    engine.store().write(vec![mark]).await?;
    counted(name, outcome);
    debug!(gateway, event = notice.event_id, kind = notice.kind, outcome, "notice");
    Ok(match outcome {
        "not_ours" => Taken::NotOurs,
        "wrong_amount" => Taken::WrongAmount,
        "nothing_new" => Taken::Known,
        _ => Taken::New,
    })
}

/// Stores the notice, unless it is there; says whether it was acted upon before.
async fn already_done(engine: &Engine, gateway: &str, notice: &Notice, bytes: &[u8]) -> Result<bool> {
    let insert = Statement::new(
        "INSERT INTO gateway_events (gateway, event_id, kind, body, received_at_us) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (gateway, event_id) DO NOTHING",
        params![gateway, notice.event_id.as_str(), notice.kind.as_str(), bytes, engine.now().micros()],
    );
    if engine.store().write(vec![insert]).await? == [1] {
        return Ok(false);
    }
    let sql = "SELECT 1 FROM gateway_events WHERE gateway = $1 AND event_id = $2 AND outcome IS NOT NULL";
    Ok(!engine.store().query(sql, params![gateway, notice.event_id.as_str()]).await?.is_empty())
}

/// Does what a notice asks for; says what that was, and which payment it was about.
async fn act(engine: &Engine, gateway: &dyn Gateway, notice: &Notice) -> Result<(&'static str, Option<String>)> {
    let (name, kind) = (gateway.name(), notice.kind.as_str());
    match &notice.news {
        News::Payment(seen) => match payment_of(engine, name, seen).await? {
            Some(payment) => Ok((seen_by(engine, &payment, seen, &notice.event_id).await?, Some(payment.id))),
            None => {
                info!(gateway = name, object = seen.object_id, kind, "a notice is about a payment that is not ours");
                Ok(("not_ours", None))
            }
        },
        News::Ask { object_id, money_id, topup_id } => {
            let found = find(engine, name, object_id.as_deref(), money_id.as_deref(), topup_id.as_deref()).await?;
            let Some(payment) = found else { return Ok(("not_ours", None)) };
            check_apart(engine, &payment);
            Ok(("asked_about", Some(payment.id)))
        }
        News::Refund(seen) => {
            let done = take_refund(engine, name, seen).await?;
            heard_in_time(engine, name, notice, &done, seen.payment_object_id.as_deref()).await?;
            Ok(done)
        }
        News::Dispute(seen) => {
            let done = take_dispute(engine, name, seen).await?;
            heard_in_time(engine, name, notice, &done, seen.payment_object_id.as_deref()).await?;
            Ok(done)
        }
        News::Other => Ok(("ignored", None)),
    }
}

/// Sends back what names a movement of money that is not known here, as long as its payment may not have been heard of.
async fn heard_in_time(
    engine: &Engine,
    gateway: &str,
    notice: &Notice,
    (outcome, _): &(&'static str, Option<String>),
    payment_object_id: Option<&str>,
) -> Result<()> {
    if *outcome != "not_ours" || payment_object_id.is_some() {
        return Ok(());
    }
    let sql = "SELECT received_at_us FROM gateway_events WHERE gateway = $1 AND event_id = $2";
    let rows = engine.store().query(sql, params![gateway, notice.event_id.as_str()]).await?;
    let received_at_us = rows.first().map(|row| row.int(0)).transpose()?.unwrap_or_default();
    if engine.now() >= Timestamp::from_micros(received_at_us).plus_seconds(UNHEARD_OF_SECONDS) {
        return Ok(());
    }
    Err(Error::Unavailable("nothing is known of its payment yet".to_owned()))
}

async fn seen_by(engine: &Engine, payment: &Payment, seen: &Sighting, event_id: &str) -> Result<&'static str> {
    Ok(match observe(engine, &payment.account_id, &payment.id, seen, "notice").await? {
        Settled::Credited => "credited",
        Settled::Moved(State::UnderReview) if differs_in_amount(payment, seen) => "wrong_amount",
        Settled::Moved(State::UnderReview) => "under_review",
        Settled::Moved(_) => "moved",
        Settled::Approved => {
            check_apart(engine, payment);
            "asked_about"
        }
        // Declined once too often: nobody tries another card on this page.
        Settled::Dangling if brakes::refused(engine, payment, seen, Some(event_id)).await? => {
            close_apart(engine, payment);
            "closed"
        }
        // While cards are being tried this is no news; afterwards it may be, or may be stale.
        Settled::Dangling if payment.state != State::Created => {
            engine.store().write(vec![payment.hasten(engine.now())]).await?;
            "asked_about"
        }
        Settled::Nothing if !payment.state.was_credited() && differs_in_amount(payment, seen) => "wrong_amount",
        Settled::Nothing | Settled::Dangling => "nothing_new",
    })
}

fn differs_in_amount(payment: &Payment, seen: &Sighting) -> bool {
    seen.asked.is_some_and(|asked| asked != payment.price)
}

/// By the gateway's object when we know it, else by the reference that we gave it.
async fn payment_of(engine: &Engine, gateway: &str, seen: &Sighting) -> Result<Option<Payment>> {
    find(engine, gateway, Some(&seen.object_id), seen.money_id.as_deref(), seen.topup_id.as_deref()).await
}

/// A payment of this gateway by whatever name of it is known.
pub(super) async fn find(
    engine: &Engine,
    gateway: &str,
    object_id: Option<&str>,
    money_id: Option<&str>,
    topup_id: Option<&str>,
) -> Result<Option<Payment>> {
    let store = engine.store();
    if let Some(id) = object_id
        && let Some(payment) = Payment::find_by_object(store, gateway, id).await?
    {
        return Ok(Some(payment));
    }
    if let Some(id) = money_id
        && let Some(payment) = Payment::find_by_money(store, gateway, id).await?
    {
        return Ok(Some(payment));
    }
    let Some(id) = topup_id else { return Ok(None) };
    Ok(Payment::find_by_id(store, id).await?.filter(|payment| payment.gateway == gateway))
}

fn counted(gateway: &'static str, outcome: &'static str) {
    counter!("scrip_gateway_notices_total", "gateway" => gateway, "outcome" => outcome).increment(1);
}

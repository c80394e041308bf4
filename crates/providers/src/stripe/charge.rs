//! A top-up paid from saved cards, with the payer absent.
//!
//! Three steps, so that the caller can write down what it knows in between:
//! 1. [`payable_cards`] looks up what could be charged and touches no card network; then the caller claims its cool-down.
//! 2. [`prepare_charge`] creates the top-up's one intent, unconfirmed. A request that got lost here charged nothing, now
//!    or later: nobody knows the intent's id. The caller keeps the id.
//! 3. [`charge_prepared`] confirms that intent with one card after the other, the next one only after a *definite*
//!    refusal. An intent can be paid once, so this cannot charge twice. It stops at the first answer that is not definite;
//!    the id then leads to the truth, or [`close_intent`] makes it. When every card was refused the intent is cancelled,
//!    so that nothing pays it later.
//!
//! A worker that crashed may begin again at 3 with the id that it kept. Without an id it asks
//! [`resolve`](super::resolve) first once a day has passed (Stripe forgets keys after 24 hours), else it may begin at 2:
//! the same top-up is the same intent. Deliberately absent: credits; cool-down; storage.
//! Cost: two round trips (and one per 100 cards) to look up, one to prepare, one per card to charge, one to cancel.

use super::client::Client;
use super::error::{Doubt, Error, Invalid, InvalidKind, Outcome, Refusal, Unknown};
use super::object::{Card, Intent, IntentStatus};
use super::resolve::close_intent;
use crate::Money;

/// How many cards are tried: card networks penalise repeated attempts.
pub const MAX_CARDS: usize = 5;

/// Why there is nothing to charge. Nothing was sent to the card networks.
#[derive(Debug, Clone, thiserror::Error)]
pub enum NoCards {
    /// The customer does not exist at Stripe, or was deleted.
    #[error("the Stripe customer does not exist: create one and save a card")]
    NoCustomer,
    /// The customer has no saved card.
    #[error("the customer has no saved card: save one first")]
    NoPaymentMethod,
    /// Stripe could not be asked.
    #[error("{0}")]
    Failed(Error),
}

/// A top-up to be paid from saved cards.
#[derive(Debug, Clone)]
pub struct ChargeRequest {
    /// `cus_…`.
    pub customer_id: String,
    /// Our top-up: in the metadata and in every idempotency key. Its money never changes.
    pub topup_id: String,
    /// Our account: in the metadata.
    pub account_id: String,
    /// What is asked.
    pub money: Money,
    /// `pm_…` in the order to try; at most [`MAX_CARDS`] are.
    pub card_ids: Vec<String>,
}

/// Why one card did not pay.
#[derive(Debug, Clone)]
pub struct CardRefusal {
    /// `pm_…`.
    pub card_id: String,
    /// For logs and operators, such as `insufficient_funds`.
    pub reason: String,
    /// For the payer: the same, or `generic_decline`.
    pub public_reason: String,
    /// It would work with the payer present.
    pub wants_authentication: bool,
}

/// What came of the whole attempt.
#[derive(Debug, Clone)]
pub enum SavedCardsOutcome {
    /// Paid; credits follow with the verified notice.
    Succeeded {
        /// The paid intent. Compare its money with the top-up's.
        intent: Intent,
    },
    /// The result comes with a notice.
    Processing {
        /// The intent on its way.
        intent: Intent,
    },
    /// The customer went away meanwhile; nothing was charged.
    NoCustomer,
    /// No card was given; nothing was sent.
    NoPaymentMethod,
    /// Definite: nothing was charged and the intent is cancelled.
    AllRefused {
        /// The cancelled intent.
        intent: Option<Intent>,
        /// At least one card would work with the payer present.
        wants_authentication: bool,
        /// One per card tried, in order.
        refusals: Vec<CardRefusal>,
    },
    /// Nobody knows yet: the top-up stays open, and nothing else may be charged for it.
    Unknown {
        /// The intent, when known; always after [`prepare_charge`].
        intent_id: Option<String>,
        /// False when provably nothing was charged by this call (no connection, 429, or only the creation got lost).
        may_have_charged: bool,
        /// What was odd.
        reason: Doubt,
    },
    /// Definite: nothing was charged, and no card will work until somebody acts.
    Misconfigured {
        /// The intent, when one was made; it may still be open.
        intent_id: Option<String>,
        /// What Stripe refused.
        error: Invalid,
    },
}

/// The cards to try, in order: the default one, then the newest; past their date last, since banks renew cards quietly.
///
/// `now_s` is Unix seconds. At most [`MAX_CARDS`].
pub async fn payable_cards(client: &Client, customer_id: &str, now_s: i64) -> Result<Vec<Card>, NoCards> {
    let customer = client.customer(customer_id).await.map_err(NoCards::Failed)?.ok_or(NoCards::NoCustomer)?;
    let cards = match client.cards(customer_id).await {
        Ok(cards) => cards,
        Err(Error::Invalid(invalid)) if invalid.kind == InvalidKind::NotFound => return Err(NoCards::NoCustomer),
        Err(error) => return Err(NoCards::Failed(error)),
    };
    let cards = in_order(cards, customer.default_card(), now_s);
    if cards.is_empty() { Err(NoCards::NoPaymentMethod) } else { Ok(cards) }
}

/// Default, newest, expired; the list comes newest first and the sort is stable.
fn in_order(mut cards: Vec<Card>, default_card: Option<&str>, now_s: i64) -> Vec<Card> {
    let this_month = jiff::Timestamp::from_second(now_s)
        .map(|now| now.to_zoned(jiff::tz::TimeZone::UTC))
        .map_or((0, 0), |now| (now.year(), i16::from(now.month())));
    cards.sort_by_key(|card| {
        let expired = card.exp_year != 0 && (card.exp_year, card.exp_month) < this_month;
        (default_card != Some(card.id.as_str()), expired)
    });
    cards.truncate(MAX_CARDS);
    cards
}

/// Creates the intent of a top-up without confirming it. Keep its id before [`charge_prepared`].
///
/// # Errors
/// How the attempt ended instead. Nothing was charged; only a reused key ([`Doubt::KeyReused`]) leaves open whether an
/// earlier attempt did.
pub async fn prepare_charge(client: &Client, request: &ChargeRequest) -> Result<Intent, Box<SavedCardsOutcome>> {
    if request.card_ids.is_empty() {
        return Err(Box::new(SavedCardsOutcome::NoPaymentMethod));
    }
    client.create_intent(request).await.map_err(|error| Box::new(not_prepared(error)))
}

fn not_prepared(error: Error) -> SavedCardsOutcome {
    match error {
        Error::Invalid(error) if error.kind == InvalidKind::NotFound && error.param.as_deref() == Some("customer") => {
            SavedCardsOutcome::NoCustomer
        }
        Error::Invalid(error) => SavedCardsOutcome::Misconfigured { intent_id: None, error: *error },
        Error::Refused(refusal) => all_refused(refusal.intent, Vec::new()),
        Error::Unknown(doubt) => {
            let may_have_charged = doubt.reason == Doubt::KeyReused;
            SavedCardsOutcome::Unknown { intent_id: doubt.intent_id, may_have_charged, reason: doubt.reason }
        }
    }
}

/// Charges the cards in order on a prepared intent until one pays, all refuse, or an answer is not definite.
pub async fn charge_prepared(client: &Client, intent_id: &str, request: &ChargeRequest) -> SavedCardsOutcome {
    let mut refusals = Vec::new();
    for (n, card_id) in request.card_ids.iter().take(MAX_CARDS).enumerate() {
        match client.confirm_intent_off_session(intent_id, &request.topup_id, n, card_id).await {
            Outcome::Succeeded(intent) => return SavedCardsOutcome::Succeeded { intent },
            Outcome::Processing(intent) => return SavedCardsOutcome::Processing { intent },
            Outcome::RequiresAction(_) => refusals.push(CardRefusal::authentication(card_id)),
            Outcome::Refused(refusal) => refusals.push(CardRefusal::new(card_id, &refusal)),
            Outcome::Invalid(error) => return misconfigured(client, intent_id, error).await,
            Outcome::Unknown(unknown) => return settle(client, intent_id, unknown, refusals).await,
        }
    }
    close(client, intent_id, refusals).await
}

/// [`prepare_charge`] and [`charge_prepared`] in one, for a caller that keeps nothing in between.
pub async fn charge_saved_cards(client: &Client, request: &ChargeRequest) -> SavedCardsOutcome {
    match prepare_charge(client, request).await {
        Ok(intent) => charge_prepared(client, &intent.id, request).await,
        Err(outcome) => *outcome,
    }
}

impl CardRefusal {
    fn new(card_id: &str, refusal: &Refusal) -> CardRefusal {
        CardRefusal {
            card_id: card_id.to_owned(),
            reason: refusal.decline_code.as_ref().unwrap_or(&refusal.code).clone(),
            public_reason: refusal.public_reason().to_owned(),
            wants_authentication: refusal.wants_authentication(),
        }
    }

    /// The bank asks for the payer without calling it a refusal.
    fn authentication(card_id: &str) -> CardRefusal {
        let code = "authentication_required".to_owned();
        CardRefusal::new(card_id, &Refusal { code, decline_code: None, advice_code: None, intent: None })
    }
}

fn all_refused(intent: Option<Intent>, refusals: Vec<CardRefusal>) -> SavedCardsOutcome {
    let wants_authentication = refusals.iter().any(|refusal| refusal.wants_authentication);
    SavedCardsOutcome::AllRefused { intent, wants_authentication, refusals }
}

fn unknown(intent_id: &str, unknown: Unknown) -> SavedCardsOutcome {
    SavedCardsOutcome::Unknown {
        intent_id: Some(intent_id.to_owned()),
        may_have_charged: unknown.may_have_run,
        reason: unknown.reason,
    }
}

/// All cards refused: cancel the intent. A cancellation that fails because the intent is paid means paid.
async fn close(client: &Client, intent_id: &str, refusals: Vec<CardRefusal>) -> SavedCardsOutcome {
    match close_intent(client, intent_id).await {
        Ok(intent) => by_status(intent, refusals),
        Err(Error::Unknown(doubt)) => unknown(intent_id, *doubt),
        Err(Error::Refused(_) | Error::Invalid(_)) => unknown(intent_id, Unknown::new(Doubt::UnexpectedState)),
    }
}

/// An open question about the intent: its own state may answer it.
///
/// Only for [`Doubt::UnexpectedState`], where Stripe did nothing and says so; after any other doubt the request may still be
/// at work, so a look at the intent would prove nothing.
async fn settle(client: &Client, intent_id: &str, doubt: Unknown, refusals: Vec<CardRefusal>) -> SavedCardsOutcome {
    if doubt.reason != Doubt::UnexpectedState {
        return unknown(intent_id, doubt);
    }
    match client.intent(intent_id).await {
        Ok(Some(intent)) => by_status(intent, refusals),
        _ => unknown(intent_id, doubt),
    }
}

/// What an intent that is asked for nothing any more tells of the whole attempt.
fn by_status(intent: Intent, refusals: Vec<CardRefusal>) -> SavedCardsOutcome {
    match intent.status {
        IntentStatus::Succeeded => SavedCardsOutcome::Succeeded { intent },
        IntentStatus::Processing => SavedCardsOutcome::Processing { intent },
        IntentStatus::Canceled => all_refused(Some(intent), refusals),
        _ => unknown(&intent.id, Unknown::new(Doubt::IntentStatus(intent.status))),
    }
}

/// A refused request charged nothing; the intent is closed as far as that goes.
async fn misconfigured(client: &Client, intent_id: &str, error: Invalid) -> SavedCardsOutcome {
    match close(client, intent_id, Vec::new()).await {
        paid @ (SavedCardsOutcome::Succeeded { .. } | SavedCardsOutcome::Processing { .. }) => paid,
        _ => SavedCardsOutcome::Misconfigured { intent_id: Some(intent_id.to_owned()), error },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-20T12:00:00Z
    const NOW_S: i64 = 1_795_176_000;

    fn card(id: &str, exp_year: i16, exp_month: i16) -> Card {
        serde_json::from_value(serde_json::json!({
            "id": id, "card": {"brand": "visa", "last4": "4242", "exp_year": exp_year, "exp_month": exp_month}
        }))
        .unwrap()
    }

    #[test]
    fn the_default_card_comes_first_and_expired_cards_last() {
        let cards = || vec![card("new", 2030, 1), card("gone", 2026, 10), card("odd", 0, 0), card("old", 2026, 11)];
        let cases = [
            (None, "new odd old gone"),
            (Some("old"), "old new odd gone"),
            (Some("gone"), "gone new odd old"),
            (Some("pm_elsewhere"), "new odd old gone"),
        ];
        for (default_card, expected) in cases {
            let ids: Vec<_> = in_order(cards(), default_card, NOW_S).into_iter().map(|card| card.id).collect();
            assert_eq!(ids.join(" "), expected, "default {default_card:?}");
        }
    }

    #[test]
    fn no_more_than_five_cards_are_tried() {
        let cards = (0..9).map(|n| card(&format!("pm_{n}"), 2030, 1)).collect();
        let ids: Vec<_> = in_order(cards, Some("pm_8"), NOW_S).into_iter().map(|card| card.id).collect();
        assert_eq!(ids, ["pm_8", "pm_0", "pm_1", "pm_2", "pm_3"]);
    }
}

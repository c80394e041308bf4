//! Payments of plans: made here like any other, decided on by [`crate::plans`].
//!
//! A payment of a plan is one more row of the machine of top-ups, so notices, reconciliation, refunds, disputes and the
//! comparison with gateways' lists treat it as one. Only two things differ, and both ask [`crate::plans`]: what its success
//! grants, and what follows when it ends without money. Invariant: whatever is charged holds the account's gate while its
//! payment is written down, so that a renewal and a purchase never charge at the same time.

use std::net::IpAddr;

use ledger::{Amount, Timestamp};
use providers::Money;
use providers::gateway::Gateway;
use providers::stripe::{self, Card, NoCards};
use store::Statement;
use tracing::warn;

use super::begin::{self, Begun, Opening};
use super::brakes::{self, Wanted};
use super::charge;
use super::payment::{Details, Payment, Purpose};
use super::reconcile::next_check;
use super::state::State;
use crate::accounts::AccountRecord;
use crate::billing::Unavailable;
use crate::settings::{Language, Method};
use crate::{Engine, Error, Result};

/// A payment of an instalment that is to be made.
#[derive(Clone, Debug)]
pub(crate) struct Draft<'a> {
    /// Who pays.
    pub(crate) account: &'a AccountRecord,
    /// How.
    pub(crate) method: Method,
    /// What it brings; may be nothing.
    pub(crate) credit: Amount,
    /// What is charged.
    pub(crate) price: Money,
    /// What it pays.
    pub(crate) instalment_id: String,
    /// The caller's key; none for what nobody asked for.
    pub(crate) idempotency_key: Option<&'a str>,
    /// What is shown of it.
    pub(crate) details: Details,
}

impl Draft<'_> {
    /// The payment, not written down yet.
    ///
    /// # Errors
    /// [`Unavailable`], code `no_saved_card`.
    pub(crate) fn payment(self, engine: &Engine) -> Result<Payment> {
        let Draft { account, method, credit, price, instalment_id, idempotency_key, details } = self;
        let now = engine.now();
        let within_seconds = i64::try_from(engine.settings().purchase.pay_within_seconds).unwrap_or(i64::MAX);
        let (gateway, expires_at) = match method {
            Method::SavedCard => (stripe_of(engine)? as &dyn Gateway, None),
            method => (begin::gateway_of(engine, method)?, Some(now.plus_seconds(within_seconds))),
        };
        let customer_id = match (method, account.stripe_customer.as_deref()) {
            (Method::SavedCard, None) => return Err(no_card()),
            (Method::SavedCard | Method::Stripe, Some(customer)) => customer.to_owned(),
            _ => String::new(),
        };
        Ok(Payment {
            account_id: account.id.to_string(),
            id: Payment::new_id(),
            gateway: gateway.name().to_owned(),
            method: method.name().to_owned(),
            state: State::Created,
            reason: None,
            answer: None,
            credit,
            price,
            live: gateway.live(),
            customer_id,
            object_id: None,
            money_id: None,
            idempotency_key: idempotency_key.map(str::to_owned),
            created_at: now,
            updated_at: now,
            next_check_at: Some(next_check(now, now)),
            paid_at: None,
            expires_at,
            refunded_minor: 0,
            disputed_minor: 0,
            details,
            purpose: Purpose::Plan { instalment_id },
        })
    }
}

fn stripe_of(engine: &Engine) -> Result<&stripe::Stripe> {
    if engine.settings().is_switched_off(Method::SavedCard) {
        return Err(Unavailable::KillSwitch.into());
    }
    engine.topups().stripe().ok_or_else(|| Unavailable::GatewayOff.into())
}

fn no_card() -> Error {
    Error::conflict("no_saved_card", "the account has no saved card; save one first, or choose another method")
}

/// The saved cards of an account in the order in which they are charged. Nothing is charged.
///
/// # Errors
/// [`Unavailable`]; code `no_saved_card`; [`Error::Gateway`].
pub(crate) async fn saved_cards(engine: &Engine, account: &AccountRecord) -> Result<Vec<Card>> {
    let stripe = stripe_of(engine)?;
    let customer_id = account.stripe_customer.as_deref().ok_or_else(no_card)?;
    match stripe::payable_cards(stripe.client(), customer_id, engine.now().seconds()).await {
        Ok(cards) => Ok(cards),
        Err(NoCards::NoCustomer | NoCards::NoPaymentMethod) => Err(no_card()),
        Err(NoCards::Failed(error)) => {
            warn!(%error, "the saved cards cannot be looked up");
            Err(Error::Gateway(format!("{error}; nothing was charged")))
        }
    }
}

/// Whether the account may pay now, as for a top-up. `ip`: where the payer's browser is.
///
/// # Errors
/// Codes `too_many_attempts`, `daily_limit_reached`, `dispute_open`.
pub(crate) async fn check_brakes(
    engine: &Engine,
    account: &AccountRecord,
    credit: Amount,
    ip: Option<IpAddr>,
) -> Result<()> {
    match brakes::check(engine, &Wanted { account, credit, address: ip }).await? {
        Some(brake) => Err(brake.into()),
        None => Ok(()),
    }
}

/// The rows that write a payment down, unless something stands in its way by then. What nobody asked for is no try that
/// counts against the account.
pub(crate) fn rows(
    engine: &Engine,
    account: &AccountRecord,
    payment: &Payment,
    ip: Option<IpAddr>,
    now: Timestamp,
) -> Vec<Statement> {
    let mut rows = match payment.details.automatic {
        true => vec![brakes::gate(&payment.account_id, now)],
        false => brakes::claim(engine, &Wanted { account, credit: payment.credit, address: ip }, &payment.id),
    };
    let source = if payment.expires_at.is_some() { begin::SOURCE } else { charge::SOURCE };
    rows.extend([payment.insert(), payment.noted(State::Created, None, source, now)]);
    rows
}

/// Charges a payment that was written down, and gives it as it stands then.
///
/// # Errors
/// The outcome could not be recorded; the payment is reconciled.
pub(crate) async fn charge(engine: &Engine, payment: Payment, cards: Vec<Card>) -> Result<Payment> {
    charge::charge_apart(engine, payment, cards, None).await
}

/// Opens a payment that was written down at its gateway; `again`: it may have been opened before.
///
/// # Errors
/// [`Error::Gateway`]: nothing was charged.
pub(crate) async fn open(
    engine: &Engine,
    payment: Payment,
    language: Language,
    ip: IpAddr,
    save_card: bool,
    again: bool,
) -> Result<Begun> {
    let opening = Opening { language, ip, save_card };
    if again {
        return begin::open_again(engine, payment, opening).await;
    }
    let gateway = engine.topups().gateway(&payment.gateway).ok_or(Unavailable::GatewayOff)?;
    begin::open(engine, gateway, payment, opening, false).await
}

/// The payments of an instalment, newest first.
///
/// # Errors
/// [`Error::Unavailable`].
pub(crate) async fn of_instalment(engine: &Engine, account_id: &str, instalment_id: &str) -> Result<Vec<Payment>> {
    Payment::of_instalment(engine.store(), account_id, instalment_id).await
}

/// The payment that a caller's key began.
///
/// # Errors
/// [`Error::Unavailable`].
pub(crate) async fn by_key(engine: &Engine, account_id: &str, key: &str) -> Result<Option<Payment>> {
    Payment::find_by_key(engine.store(), account_id, key).await
}

/// Where a payer's browser goes in the end, when it may.
///
/// # Errors
/// [`Error::Invalid`].
pub(crate) fn return_url(engine: &Engine, url: Option<&str>) -> Result<Option<String>> {
    url.map(|url| begin::read_return_url(engine, url)).transpose()
}

/// Ends a payment at its gateway that nobody is to pay any more, in a task of its own.
pub(crate) fn close(engine: &Engine, payment: &Payment) {
    super::reconcile::close_apart(engine, payment);
}

impl Payment {
    /// Whether it is not known yet, or for sure, that it took no money.
    pub(crate) fn may_bring_money(&self) -> bool {
        self.state.is_open() || self.state == State::UnderReview
    }

    /// Whether only a person can say what becomes of it.
    pub(crate) fn waits_for_a_person(&self) -> bool {
        self.state == State::UnderReview && self.next_check_at.is_none()
    }
}

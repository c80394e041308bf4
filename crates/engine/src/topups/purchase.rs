//! Buying a pack with a saved card.
//!
//! The order of the checks is the public contract's. Whatever can be refused without asking Stripe to charge is refused
//! before the cool-down is claimed; claiming it and writing the payment down are one transaction, so of a hundred calls
//! at once one charges. From then on the work runs in a task of its own: a caller who hangs up stops nothing. The
//! answer never brings credits. Cost: four reads and those of the [brakes](super::brakes), two calls to Stripe, one
//! write, one call per card, one write.

use ledger::{Amount, Timestamp, Unit};
use providers::Money;
use providers::gateway::Gateway;
use providers::stripe::{self, Card, NoCards, Stripe};
use store::{Failure, Statement, params};
use tracing::warn;

use super::brakes::{self, Brake, DAY_SECONDS, Wanted};
use super::charge::{SOURCE, charge_apart};
use super::payment::{Details, Payment, Purpose, SAVED_CARD};
use super::reconcile::next_check;
use super::state::{Answer, State};
use crate::accounts::AccountRecord;
use crate::settings::{Method, Site};
use crate::{Engine, Error};

/// How often a purchase looks again when another one is faster.
const TRIES: usize = 4;

/// A purchase that went through at the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purchased {
    /// `pi_…`.
    pub intent_id: String,
    /// Whole credits that the confirmation brings.
    pub credits: i64,
    /// The gateway is still at work.
    pub processing: bool,
}

/// Why a purchase did not go through.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Refused {
    /// The account does not exist, or is closed.
    #[error("there is no such account, or it is closed")]
    NoAccount,
    /// No pack has this size.
    #[error("no pack has this number of credits")]
    InvalidCredits,
    /// The account's site sells no packs for saved cards.
    #[error("packs cannot be bought with a saved card here")]
    NotAvailable,
    /// The idempotency key began another purchase.
    #[error("the idempotency key was used with another request")]
    KeyReuse,
    /// The purchase of this idempotency key is still running.
    #[error("the purchase of this idempotency key is still running")]
    InProgress,
    /// It is not known whether an earlier purchase, or this one, took money.
    #[error("it is not known yet whether the card was charged")]
    StatusUnknown,
    /// The last accepted purchase is too recent; or too many were declined, or too much was bought, in the last 24
    /// hours, which is a cool-down of a day: callers wait in the way they know.
    #[error("bought too recently; wait {retry_after_seconds} s")]
    Cooldown {
        /// Whole seconds to wait.
        retry_after_seconds: i64,
        /// The whole pause, in seconds.
        cooldown_seconds: i64,
    },
    /// A payment of the account is disputed.
    #[error("a payment of the account is disputed; nothing can be bought until that is decided")]
    Disputed,
    /// The account has no customer at the gateway.
    #[error("the account has no Stripe customer")]
    NoCustomer,
    /// The customer has no saved card.
    #[error("the customer has no saved card")]
    NoCard,
    /// Every saved card was refused.
    #[error("every saved card was refused")]
    PaymentFailed,
    /// Nothing was charged, and an operator has to act; or the database failed.
    #[error("{0}")]
    Internal(String),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Refused::Internal(error.to_string())
    }
}

impl From<Brake> for Refused {
    fn from(brake: Brake) -> Self {
        match brake {
            Brake::Disputed => Refused::Disputed,
            Brake::Tries { retry_after_seconds } | Brake::Money { retry_after_seconds } => {
                Refused::Cooldown { retry_after_seconds, cooldown_seconds: DAY_SECONDS }
            }
        }
    }
}

impl From<store::Failure> for Refused {
    fn from(failure: store::Failure) -> Self {
        Refused::Internal(failure.to_string())
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Purchase<'a> {
    /// Who buys, from [`buyer`].
    pub buyer: &'a AccountRecord,
    /// The size of the pack, in whole credits.
    pub credits: i64,
    /// Makes a repeat harmless.
    pub idempotency_key: Option<&'a str>,
}

/// Charges the saved cards of an account for a pack.
///
/// # Errors
/// [`Refused`], in the order of the public contract. Only [`Refused::StatusUnknown`] and [`Refused::InProgress`] leave
/// open whether a card was charged.
pub async fn purchase(engine: &Engine, wanted: Purchase<'_>) -> std::result::Result<Purchased, Refused> {
    let Purchase { buyer, credits, idempotency_key } = wanted;
    let (gateway, offer) = available(engine, buyer, credits)?;
    let braked = Wanted { account: buyer, credit: offer.credit, address: None };
    for _ in 0..TRIES {
        // Looked at first, told last: what closes the door may be the first request of this very key.
        let open = check_open(engine, &buyer.id).await;
        if let Some(key) = idempotency_key
            && let Some(earlier) = Payment::find_by_key(engine.store(), &buyer.id, key).await?
        {
            return repeated(&earlier, offer.credit);
        }
        open?;
        if let Some(brake) = brakes::check(engine, &braked).await? {
            return Err(brake.into());
        }
        let customer_id = buyer.stripe_customer.as_deref().ok_or(Refused::NoCustomer)?;
        let cards = cards(gateway, customer_id, engine.now()).await?;
        let now = engine.now();
        let payment = Payment {
            account_id: buyer.id.to_string(),
            id: Payment::new_id(),
            gateway: stripe::NAME.to_owned(),
            method: SAVED_CARD.to_owned(),
            state: State::Created,
            reason: None,
            answer: None,
            credit: offer.credit,
            price: offer.price,
            live: gateway.live(),
            customer_id: customer_id.to_owned(),
            object_id: None,
            money_id: None,
            idempotency_key: idempotency_key.map(str::to_owned),
            created_at: now,
            updated_at: now,
            next_check_at: Some(next_check(now, now)),
            paid_at: None,
            expires_at: None,
            refunded_minor: 0,
            disputed_minor: 0,
            details: Details::default(),
            purpose: Purpose::Topup,
        };
        match engine.store().write(claim(engine, &braked, &payment, now)).await {
            Ok(_) => return charge(engine, payment, cards).await,
            // Somebody else was faster: the reason shows at the next look.
            Err(Failure::Conflict) => {}
            Err(failure) => return Err(failure.into()),
        }
    }
    Err(Refused::Internal("other purchases of this account are always faster".to_owned()))
}

/// The account that buys; a closed one does not.
///
/// # Errors
/// [`Refused::NoAccount`], [`Refused::Internal`].
pub async fn buyer(engine: &Engine, account_id: &str) -> std::result::Result<AccountRecord, Refused> {
    match engine.accounts().get(account_id).await {
        Ok(account) if account.closed => Err(Refused::NoAccount),
        Err(Error::NotFound(_)) => Err(Refused::NoAccount),
        found => Ok(found?),
    }
}

/// What is sold, and for how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Offer {
    credit: Amount,
    price: Money,
}

fn available<'a>(
    engine: &'a Engine,
    buyer: &AccountRecord,
    credits: i64,
) -> std::result::Result<(&'a Stripe, Offer), Refused> {
    let off = engine.settings().is_switched_off(Method::SavedCard);
    let gateway = engine.topups().stripe().filter(|_| !off).ok_or(Refused::NotAvailable)?;
    let site = engine.settings().sites.get(&buyer.site).ok_or(Refused::NotAvailable)?;
    Ok((gateway, offer(site, buyer.unit, credits)?))
}

/// The pack of this size and its price, in the first currency that the site charges saved cards in.
fn offer(site: &Site, unit: Unit, credits: i64) -> std::result::Result<Offer, Refused> {
    let currencies = site.pack_methods.get(&Method::SavedCard).map_or(&[][..], Vec::as_slice);
    if unit != Unit::CREDIT || site.packs.is_empty() || currencies.is_empty() {
        return Err(Refused::NotAvailable);
    }
    let pack = site.pack(credits).ok_or(Refused::InvalidCredits)?;
    let credit = pack.amount().ok_or(Refused::NotAvailable)?;
    let money = |currency: &Unit| Money::from_amount(pack.price(*currency)?, *currency).ok();
    let price = currencies.iter().find_map(money).ok_or(Refused::NotAvailable)?;
    Ok(Offer { credit, price })
}

/// The answer to a key that began a purchase before.
fn repeated(earlier: &Payment, credit: Amount) -> std::result::Result<Purchased, Refused> {
    if earlier.credit != credit {
        return Err(Refused::KeyReuse);
    }
    match earlier.answer {
        None if earlier.state == State::Created => Err(Refused::InProgress),
        None => Err(Refused::StatusUnknown),
        Some(answer) => told(answer, earlier),
    }
}

/// An answer as it was, and will be, given.
fn told(answer: Answer, payment: &Payment) -> std::result::Result<Purchased, Refused> {
    let processing = answer == Answer::Processing;
    match answer {
        Answer::Paid | Answer::Processing => Ok(Purchased {
            intent_id: payment.object_id.clone().unwrap_or_default(),
            credits: Unit::CREDIT.floor_minor(payment.credit),
            processing,
        }),
        Answer::Refused => Err(Refused::PaymentFailed),
        Answer::NoCustomer => Err(Refused::NoCustomer),
        Answer::NoCard => Err(Refused::NoCard),
        Answer::Broken => Err(Refused::Internal("the gateway refused the request".to_owned())),
    }
}

/// Whether the account may begin to buy now: no outcome is unknown, and the cool-down is over.
async fn check_open(engine: &Engine, account_id: &str) -> std::result::Result<(), Refused> {
    let states: Vec<State> =
        Payment::unsettled(engine.store(), account_id).await?.iter().map(|payment| payment.state).collect();
    if states.contains(&State::Unknown) {
        return Err(Refused::StatusUnknown);
    }
    let sql = "SELECT claimed_at_us FROM topup_cooldowns WHERE account_id = $1";
    let rows = engine.store().query(sql, params![account_id]).await.map_err(Error::from)?;
    let cooldown_seconds = cooldown_seconds(engine);
    if let Some(row) = rows.first() {
        let claimed_at = Timestamp::from_micros(row.int(0).map_err(Error::from)?);
        let left_us = claimed_at.plus_seconds(cooldown_seconds).micros() - engine.now().micros();
        if left_us > 0 {
            let retry_after_seconds = (left_us - 1) / 1_000_000 + 1;
            return Err(Refused::Cooldown { retry_after_seconds, cooldown_seconds });
        }
    }
    // Still being charged after a whole cool-down: nobody may charge beside it.
    if states.contains(&State::Created) { Err(Refused::StatusUnknown) } else { Ok(()) }
}

fn cooldown_seconds(engine: &Engine) -> i64 {
    i64::try_from(engine.settings().purchase.cooldown_seconds).unwrap_or(i64::MAX)
}

/// The cards to charge, in order. Nothing is charged yet.
async fn cards(gateway: &Stripe, customer_id: &str, now: Timestamp) -> std::result::Result<Vec<Card>, Refused> {
    match stripe::payable_cards(gateway.client(), customer_id, now.seconds()).await {
        Ok(cards) => Ok(cards),
        Err(NoCards::NoCustomer) => Err(Refused::NoCustomer),
        Err(NoCards::NoPaymentMethod) => Err(Refused::NoCard),
        Err(NoCards::Failed(error)) => {
            warn!(%error, "the saved cards cannot be looked up");
            Err(Refused::Internal(error.to_string()))
        }
    }
}

/// Claims the cool-down and a try, and writes the payment down: all, or nothing when another purchase was faster. In this
/// order: the row of the cool-down makes purchases of one account wait for each other, on whichever node, so that the
/// statements after it see what the one before wrote.
fn claim(engine: &Engine, braked: &Wanted<'_>, payment: &Payment, now: Timestamp) -> Vec<Statement> {
    let free_before = now.plus_seconds(-cooldown_seconds(engine));
    let cooldown = Statement::new(
        "INSERT INTO topup_cooldowns (account_id, claimed_at_us, payment_id) VALUES ($1, $2, $3) \
         ON CONFLICT (account_id) DO UPDATE SET claimed_at_us = $2, payment_id = $3 \
         WHERE topup_cooldowns.claimed_at_us <= $4",
        params![payment.account_id.as_str(), now.micros(), payment.id.as_str(), free_before.micros()],
    );
    let mut rows = vec![cooldown.expect_one()];
    rows.extend(brakes::claim(engine, braked, &payment.id));
    rows.extend([payment.insert(), payment.noted(State::Created, None, SOURCE, now)]);
    rows
}

async fn charge(engine: &Engine, payment: Payment, cards: Vec<Card>) -> std::result::Result<Purchased, Refused> {
    let unclaim = unclaim(&payment);
    match charge_apart(engine, payment, cards, Some(unclaim)).await {
        Ok(payment) => payment.answer.map_or(Err(Refused::StatusUnknown), |answer| told(answer, &payment)),
        Err(_) => Err(Refused::StatusUnknown),
    }
}

/// Gives a cool-down back that led to no charge.
fn unclaim(payment: &Payment) -> Statement {
    Statement::new(
        "DELETE FROM topup_cooldowns WHERE account_id = $1 AND payment_id = $2",
        params![payment.account_id.as_str(), payment.id.as_str()],
    )
}

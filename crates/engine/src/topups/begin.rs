//! Opening a payment that a person makes at a gateway: on its page, or in Stripe's own fields.
//!
//! Everything that can be refused is refused before the payment is written down: profile, quote, consent, method, brakes.
//! The payment, and what was agreed to, are written in one transaction; then the gateway is asked to open it. A request
//! that gets lost there took no money and never will, because nobody can pay what nobody knows of. Cost: five reads and
//! those of the [brakes](super::brakes), one write, one call to the gateway, one write.

use std::net::IpAddr;

use providers::gateway::{Ask, Gateway, Next, Opened, Trouble};
use store::{Failure, Statement};
use tracing::warn;

use super::brakes::{self, Wanted};
use super::gateways::name_of;
use super::payment::{Change, Details, Payment, Purpose};
use super::reconcile::next_check;
use super::settle::{alarm, write};
use super::state::{Answer, State};
use crate::billing::{self, Given, Quote};
use crate::settings::{Environment, Language, Method};
use crate::{Engine, Error, Result};

/// Who moves a payment here.
pub(super) const SOURCE: &str = "payer";
/// Longest `return_url`, in bytes.
const MAX_RETURN_URL_BYTES: usize = 2_000;

/// What a payer asks for.
#[derive(Clone, Copy, Debug)]
pub struct Beginning<'a> {
    /// Who buys.
    pub account_id: &'a str,
    /// What, how and for how much: a quote that has not expired.
    pub quote_id: &'a str,
    /// What the payer agreed to.
    pub consent: Consented<'a>,
    /// The language of the gateway's page and of documents.
    pub language: Language,
    /// Where the payer's browser goes in the end.
    pub return_url: Option<&'a str>,
    /// Makes a repeat harmless.
    pub idempotency_key: &'a str,
    /// Keep the card for later purchases; only where the account has a customer at Stripe.
    pub save_card: bool,
}

/// An agreement as the payer's browser sent it.
#[derive(Clone, Copy, Debug)]
pub struct Consented<'a> {
    /// The hash of the text that was shown.
    pub text_sha256: &'a str,
    /// Where from.
    pub ip: IpAddr,
    /// The browser, as it names itself.
    pub user_agent: &'a str,
}

/// What a gateway is told when a payment is opened, beside the payment itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opening {
    /// The language of the gateway's page.
    pub(super) language: Language,
    /// Where the payer's browser is.
    pub(super) ip: IpAddr,
    /// Keep the card.
    pub(super) save_card: bool,
}

impl Beginning<'_> {
    fn opening(&self) -> Opening {
        Opening { language: self.language, ip: self.consent.ip, save_card: self.save_card }
    }
}

/// A payment that was begun.
#[derive(Clone, Debug)]
pub struct Begun {
    /// The payment as it stands.
    pub payment: Payment,
    /// What the browser does next; `None` when there is nothing to pay any more.
    pub next: Option<Next>,
    /// The same key began it before.
    pub replayed: bool,
}

/// Opens a payment. The same key opens the same payment.
///
/// # Errors
/// Codes `too_many_attempts`, `daily_limit_reached`, `dispute_open`, `profile_missing`, `quote_expired`, `terms_changed`,
/// `method_not_offered`, `payment_status_unknown`,
/// `idempotency_key_reuse`, those of [`billing::Unavailable`]; [`Error::NotFound`]; [`Error::Unavailable`] when the
/// gateway cannot be asked: nothing was charged, and the same key tries again nothing but a new one does.
pub async fn begin(engine: &Engine, wanted: Beginning<'_>) -> Result<Begun> {
    let account = engine.accounts().get(wanted.account_id).await?;
    if let Some(earlier) = Payment::find_by_key(engine.store(), &account.id, wanted.idempotency_key).await? {
        return repeated(engine, earlier, &wanted).await;
    }
    if account.closed {
        return Err(Error::conflict("account_closed", "the account is closed; reopen it first"));
    }
    let return_url = wanted.return_url.map(|url| read_return_url(engine, url)).transpose()?;
    let snapshot = billing::require_profile(engine, &account.id).await?;
    let now = engine.now();
    let quote = billing::take_quote(engine, &account.id, wanted.quote_id, now).await?;
    let gateway = gateway_of(engine, quote.method)?;
    let Consented { text_sha256, ip, user_agent } = wanted.consent;
    let braked = Wanted { account: &account, credit: quote.credit, address: Some(ip) };
    if let Some(brake) = brakes::check(engine, &braked).await? {
        return Err(brake.into());
    }
    let given = Given { text_sha256, language: wanted.language, ip, user_agent };
    let agreed = billing::check_consent(engine, &snapshot, &given)?;
    let details = Details {
        language: wanted.language,
        quote_id: Some(quote.id.clone()),
        rate: quote.rate.clone(),
        billing: Some(snapshot),
        return_url,
        ..Details::default()
    };
    let customer = account.stripe_customer.as_deref().filter(|_| quote.method == Method::Stripe);
    let customer_id = customer.unwrap_or_default().to_owned();
    let payment = new_payment(engine, gateway, &quote, &wanted, customer_id, details);
    let mut rows = brakes::claim(engine, &braked, &payment.id);
    rows.extend([payment.insert(), payment.noted(State::Created, None, SOURCE, now)]);
    rows.extend(agreed.statements(&account.id, &payment.id, now));
    match engine.store().write(rows).await {
        Ok(_) => open(engine, gateway, payment, wanted.opening(), false).await,
        Err(Failure::Conflict) => contested(engine, &wanted, &braked).await,
        Err(failure) => Err(failure.into()),
    }
}

/// Somebody else was faster: with the same key, up to a limit, or with a payment of which nobody knows yet whether it
/// took money.
async fn contested(engine: &Engine, wanted: &Beginning<'_>, braked: &Wanted<'_>) -> Result<Begun> {
    if let Some(earlier) = Payment::find_by_key(engine.store(), wanted.account_id, wanted.idempotency_key).await? {
        return repeated(engine, earlier, wanted).await;
    }
    if let Some(brake) = brakes::check(engine, braked).await? {
        return Err(brake.into());
    }
    Err(Error::conflict(
        "payment_status_unknown",
        "it is not known yet whether an earlier payment took money; wait until it is settled before paying again",
    ))
}

async fn repeated(engine: &Engine, earlier: Payment, wanted: &Beginning<'_>) -> Result<Begun> {
    if earlier.details.quote_id.as_deref() != Some(wanted.quote_id) {
        return Err(store::Failure::KeyReuse.into());
    }
    open_again(engine, earlier, wanted.opening()).await
}

/// A payment that was opened before, or should have been, as long as it can be paid.
pub(super) async fn open_again(engine: &Engine, earlier: Payment, opening: Opening) -> Result<Begun> {
    let payable = matches!(earlier.state, State::Created | State::AwaitingCustomer)
        && earlier.expires_at.is_some_and(|expires_at| engine.now() < expires_at);
    match engine.topups().gateway(&earlier.gateway).filter(|_| payable) {
        Some(gateway) => open(engine, gateway, earlier, opening, true).await,
        None => Ok(Begun { payment: earlier, next: None, replayed: true }),
    }
}

/// The gateway that a person pays at by this method, when it works now.
pub(super) fn gateway_of(engine: &Engine, method: Method) -> Result<&dyn Gateway> {
    let off = || Error::from(billing::Unavailable::GatewayOff);
    if method == Method::SavedCard {
        return Err(Error::Invalid {
            param: "quote".into(),
            code: "method_not_offered",
            detail: "is for a saved card, which is charged without a page: use POST /user/purchase-topup".to_owned(),
        });
    }
    if engine.settings().is_switched_off(method) {
        return Err(billing::Unavailable::KillSwitch.into());
    }
    engine.topups().gateway(name_of(method)).ok_or_else(off)
}

fn new_payment(
    engine: &Engine,
    gateway: &dyn Gateway,
    quote: &Quote,
    wanted: &Beginning<'_>,
    customer_id: String,
    details: Details,
) -> Payment {
    let now = engine.now();
    let within_seconds = i64::try_from(engine.settings().purchase.pay_within_seconds).unwrap_or(i64::MAX);
    Payment {
        account_id: quote.account_id.clone(),
        id: Payment::new_id(),
        gateway: gateway.name().to_owned(),
        method: quote.method.name().to_owned(),
        state: State::Created,
        reason: None,
        answer: None,
        credit: quote.credit,
        price: quote.charge,
        live: gateway.live(),
        customer_id,
        object_id: None,
        money_id: None,
        idempotency_key: Some(wanted.idempotency_key.to_owned()),
        created_at: now,
        updated_at: now,
        next_check_at: Some(next_check(now, now)),
        paid_at: None,
        expires_at: Some(now.plus_seconds(within_seconds)),
        refunded_minor: 0,
        disputed_minor: 0,
        details,
        purpose: Purpose::Topup,
    }
}

/// Asks the gateway, and writes down what it said.
pub(super) async fn open(
    engine: &Engine,
    gateway: &dyn Gateway,
    payment: Payment,
    opening: Opening,
    replayed: bool,
) -> Result<Begun> {
    let ask = ask(engine, &payment, opening);
    match gateway.open(&ask).await {
        Ok(Opened { object_id, next }) => {
            let next_check_at = Some(next_check(payment.created_at, engine.now()));
            let change =
                Change { object_id: Some(object_id), ..Change::to(State::AwaitingCustomer, None, next_check_at) };
            let payment = record(engine, payment, &change, None).await?;
            let payable = matches!(payment.state, State::Created | State::AwaitingCustomer);
            Ok(Begun { payment, next: payable.then_some(next), replayed })
        }
        Err(trouble) => {
            warn!(payment = payment.id, %trouble, "the payment could not be opened; nothing was charged");
            let (code, ours) = match &trouble {
                Trouble::Refused { code, ours, .. } => (code.clone(), *ours),
                Trouble::Unknown { .. } => ("gateway_unreachable".to_owned(), false),
            };
            if ours {
                alarm(gateway.name(), "refused_by_gateway");
            }
            // One that was opened before may have been paid meanwhile.
            if payment.state == State::Created {
                let change = Change { answer: Some(Answer::Broken), ..Change::closing(State::Failed, code) };
                let released = brakes::released(&payment);
                record(engine, payment, &change, Some(released)).await?;
            }
            Err(Error::Gateway(format!("{trouble}; nothing was charged: try again, or use another method")))
        }
    }
}

fn ask(engine: &Engine, payment: &Payment, opening: Opening) -> Ask {
    let returns = |how: &str| {
        let public_url = &engine.settings().public_url;
        format!("{public_url}/topups/{}/{how}", payment.id)
    };
    Ask {
        account_id: payment.account_id.clone(),
        topup_id: payment.id.clone(),
        money: payment.price,
        description: payment.details.plan.clone().unwrap_or_else(|| "Credits".to_owned()),
        customer_id: Some(payment.customer_id.clone()).filter(|id| !id.is_empty()),
        language: opening.language.code().to_owned(),
        return_url: returns("return"),
        cancel_url: returns("cancel"),
        payer_address: opening.ip,
        created_at_s: payment.created_at.seconds(),
        expires_at_s: payment.expires_at.unwrap_or(payment.created_at).seconds(),
        save_card: opening.save_card && !payment.customer_id.is_empty(),
    }
}

/// Writes a change, unless the payment went further meanwhile; gives it as it stands.
async fn record(engine: &Engine, payment: Payment, change: &Change, also: Option<Statement>) -> Result<Payment> {
    if payment.state == change.state || payment.state.may_become(change.state) {
        match write(engine, &payment, change, SOURCE, also).await {
            Ok(_) | Err(Error::Ledger(Failure::Conflict)) => {}
            Err(error) => return Err(error),
        }
    }
    let found = Payment::find(engine.store(), &payment.account_id, &payment.id).await?;
    found.ok_or(Error::NotFound("payment"))
}

/// An address on the web that a browser may be sent to.
pub(super) fn read_return_url(engine: &Engine, url: &str) -> Result<String> {
    let wrong = |detail: &str| Error::invalid("return_url", detail);
    if url.len() > MAX_RETURN_URL_BYTES || url.chars().any(|character| character.is_control() || character == ' ') {
        return Err(wrong("must be a URL of at most 2000 bytes without blanks"));
    }
    let plain = engine.settings().environment == Environment::Test && url.starts_with("http://");
    if !(plain || url.starts_with("https://")) {
        return Err(wrong("must begin with https://"));
    }
    Ok(url.to_owned())
}

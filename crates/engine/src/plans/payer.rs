//! How somebody wants to pay for a plan: by saved card at once, or on a gateway's page.

use std::net::IpAddr;

use ledger::Unit;
use providers::stripe::Card;
use store::Statement;

use super::instalment::Instalment;
use super::plan::Plan;
use crate::accounts::AccountRecord;
use crate::billing::{self, Agreed, BillingSnapshot, Given, Terms};
use crate::settings::{Language, Method};
use crate::topups::instalments::{self, Draft};
use crate::topups::{Begun, Consented, Details, Next, Payment, State};
use crate::{Call, Engine, Error, Result};

/// How a payer wants to pay, and what was agreed to.
#[derive(Clone, Copy, Debug)]
pub struct Payer<'a> {
    /// A saved card, or a gateway's page.
    pub method: Method,
    /// What the payer agreed to.
    pub consent: Consented<'a>,
    /// The language of pages, letters and documents.
    pub language: Language,
    /// Where the payer's browser goes in the end.
    pub return_url: Option<&'a str>,
    /// Keep a card that is given on a page, for renewals (Stripe only).
    pub save_card: bool,
}

/// What has to be known before a payer is asked for money, checked.
pub(super) struct Ready {
    /// The account, a customer at Stripe where a card is to be kept.
    pub(super) account: AccountRecord,
    /// The cards to charge, in order.
    pub(super) cards: Vec<Card>,
    billing: BillingSnapshot,
    agreed: Agreed,
    return_url: Option<String>,
}

/// The currency that a method charges for a plan: the wanted one, or the first that it offers and the plan has a price in.
pub(super) fn currency_of(
    engine: &Engine,
    account: &AccountRecord,
    plan: &Plan,
    method: Method,
    wanted: Option<Unit>,
) -> Result<Unit> {
    let offered = offered(engine, account, method);
    let usable = |unit: &&Unit| plan.terms.prices.contains_key(unit) && wanted.is_none_or(|wanted| wanted == **unit);
    offered.iter().find(usable).copied().ok_or_else(|| Error::Invalid {
        param: "method".into(),
        code: "method_not_offered",
        detail: "cannot pay for this plan here in that currency".to_owned(),
    })
}

/// Currencies in which a method may charge an account, by its site's matrix. A card that is saved at Stripe is charged in
/// whatever Stripe's page charges.
fn offered<'a>(engine: &'a Engine, account: &AccountRecord, method: Method) -> &'a [Unit] {
    let Some(site) = engine.settings().sites.get(&account.site) else { return &[] };
    let of = |method: &Method| {
        let amounts = site.amounts.get(&account.unit).and_then(|amounts| amounts.methods.get(method));
        amounts.or_else(|| site.pack_methods.get(method)).filter(|units| !units.is_empty())
    };
    let found = match method {
        Method::SavedCard => of(&Method::SavedCard).or_else(|| of(&Method::Stripe)),
        method => of(&method),
    };
    found.map_or(&[], Vec::as_slice)
}

/// The text that buyers of a plan agree to: that of purchases, and that it renews itself.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Unavailable`].
pub async fn terms(engine: &Engine, account_id: &str, language: Language) -> Result<Terms> {
    let terms = billing::terms(engine, account_id, language).await?;
    let renewal = renewal(engine, terms.language);
    Ok(terms.and(renewal))
}

fn renewal(engine: &Engine, language: Language) -> &str {
    let texts = &engine.settings().plans.renewal;
    texts.get(&language).or_else(|| texts.get(&Language::En)).map_or("", String::as_str)
}

impl Payer<'_> {
    /// Checks everything that can be refused before something is written down. `due`: whether something is charged now.
    pub(super) async fn ready(&self, engine: &Engine, call: &Call, account: AccountRecord, due: bool) -> Result<Ready> {
        let return_url = instalments::return_url(engine, self.return_url)?;
        let billing = billing::require_profile(engine, &account.id).await?;
        let Consented { text_sha256, ip, user_agent } = self.consent;
        let given = Given { text_sha256, language: self.language, ip, user_agent };
        let agreed = billing::check_consent_to(engine, &billing, &given, |language| renewal(engine, language))?;
        let mut account = account;
        let mut cards = Vec::new();
        match self.method {
            Method::SavedCard => cards = instalments::saved_cards(engine, &account).await?,
            Method::Stripe if due && self.save_card => {
                account = crate::topups::customer(engine, call, account).await?;
            }
            _ => {}
        }
        Ok(Ready { account, cards, billing, agreed, return_url })
    }

    fn ip(&self) -> Option<IpAddr> {
        (self.method != Method::SavedCard).then_some(self.consent.ip)
    }

    /// The payment of an instalment with the rows that write it and what was agreed to down. A purchase of the account
    /// that is not settled refuses them.
    pub(super) async fn payment(
        &self,
        engine: &Engine,
        ready: &Ready,
        instalment: &Instalment,
        plan: &Plan,
        key: &str,
    ) -> Result<(Payment, Vec<Statement>)> {
        let account = &ready.account;
        instalments::check_brakes(engine, account, instalment.credit, self.ip()).await?;
        let draft = Draft {
            account,
            method: self.method,
            credit: instalment.credit,
            price: instalment.amount,
            instalment_id: instalment.id.to_string(),
            idempotency_key: Some(key),
            details: Details {
                language: self.language,
                billing: Some(ready.billing.clone()),
                return_url: ready.return_url.clone(),
                plan: Some(plan.terms.name.clone()),
                ..Details::default()
            },
        };
        let payment = draft.payment(engine)?;
        let now = engine.now();
        let mut rows = instalments::rows(engine, account, &payment, self.ip(), now);
        rows.extend(ready.agreed.statements(&account.id, &payment.id, now));
        Ok((payment, rows))
    }

    /// What was agreed to when nothing is paid yet, under the subscription's id.
    pub(super) fn agreed(&self, engine: &Engine, ready: &Ready, subscription_id: &str) -> Vec<Statement> {
        ready.agreed.statements(&ready.account.id, subscription_id, engine.now())
    }

    /// Charges or opens a payment that was written down.
    ///
    /// # Errors
    /// Code `payment_failed` when every card was refused; [`Error::Gateway`].
    pub(super) async fn pay(&self, engine: &Engine, ready: Ready, payment: Payment) -> Result<Paid> {
        if self.method == Method::SavedCard {
            // Whatever could not be recorded is reconciled; the payment tells.
            let charged = instalments::charge(engine, payment.clone(), ready.cards).await.unwrap_or(payment);
            return Paid::of(Begun { payment: charged, next: None, replayed: false });
        }
        let opened = instalments::open(engine, payment, self.language, self.consent.ip, self.save_card, false).await?;
        Paid::of(opened)
    }

    /// The same once more, for a key that began a payment before.
    pub(super) async fn pay_again(&self, engine: &Engine, payment: Payment) -> Result<Paid> {
        if payment.expires_at.is_none() {
            return Paid::of(Begun { payment, next: None, replayed: true });
        }
        let opened = instalments::open(engine, payment, self.language, self.consent.ip, self.save_card, true).await?;
        Paid::of(opened)
    }
}

/// A payment that was begun.
#[derive(Clone, Debug)]
pub struct Paid {
    /// As it stands.
    pub payment: Payment,
    /// What the payer's browser does next.
    pub next: Option<Next>,
    /// The same key began it before.
    pub replayed: bool,
}

impl Paid {
    fn of(begun: Begun) -> Result<Paid> {
        let Begun { payment, next, replayed } = begun;
        if payment.state == State::Failed && payment.expires_at.is_none() {
            let detail = "no saved card could be charged; use another card, or another method";
            return Err(Error::conflict("payment_failed", detail));
        }
        Ok(Paid { payment, next, replayed })
    }
}

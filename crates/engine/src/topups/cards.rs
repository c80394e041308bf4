//! Cards kept at Stripe, for purchases without the payer: saving one, listing, choosing the default, removing.
//!
//! Card data never comes here: the payer's browser gives it to Stripe with the secret of a setup intent, which also lets
//! the bank authenticate (3-D Secure) before the card is ever charged alone. Deliberately absent: cards anywhere else.
//! Cost: one to three round trips to Stripe each; one write when the account becomes a customer there.

use providers::Secret;
use providers::stripe::{Card, Client, Error as StripeError, InvalidKind, NewCustomer};

use crate::accounts::{AccountChange, AccountRecord};
use crate::billing::Unavailable;
use crate::ledger_calls::{Call, fingerprint};
use crate::{Engine, Error, Result};

/// A card as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedCard {
    /// `pm_…`.
    pub id: String,
    /// `visa` …
    pub brand: String,
    /// Its last four digits.
    pub last4: String,
    /// The last month it is valid in, 1 to 12.
    pub exp_month: i16,
    /// The year of that month.
    pub exp_year: i16,
    /// Charged first.
    pub is_default: bool,
}

/// A card about to be saved.
#[derive(Clone, Debug)]
pub struct Saving {
    /// `seti_…`.
    pub setup_intent_id: String,
    /// For Stripe's own fields in the payer's browser.
    pub client_secret: Secret,
}

/// Begins to save a card; makes the account a customer at Stripe when it is none yet. Without a key each call begins
/// another one.
///
/// # Errors
/// [`Unavailable::GatewayOff`], [`Error::NotFound`], [`Error::Gateway`].
pub async fn begin_saving(engine: &Engine, call: &Call, account_id: &str) -> Result<Saving> {
    let client = client(engine)?;
    let account = engine.accounts().get(account_id).await?;
    let customer_id = match account.stripe_customer.clone() {
        Some(id) => id,
        None => become_customer(engine, call, client, &account).await?,
    };
    let key = call.key.as_deref().map_or_else(|| uuid::Uuid::now_v7().simple().to_string(), str::to_owned);
    // Stripe's keys are no longer than ours, so ours with a name before it is hashed.
    let key = format!("setup:{}", hex::encode(fingerprint("save_card", &(&account.id, key))));
    let intent = client.create_setup_intent(&customer_id, &key).await.map_err(told)?;
    let unreadable = || Error::Gateway("Stripe gave no client secret; try again".to_owned());
    Ok(Saving { setup_intent_id: intent.id, client_secret: intent.client_secret.ok_or_else(unreadable)? })
}

/// The account, a customer at Stripe from now on.
///
/// # Errors
/// [`Unavailable::GatewayOff`], [`Error::Gateway`].
pub(crate) async fn customer(engine: &Engine, call: &Call, account: AccountRecord) -> Result<AccountRecord> {
    if account.stripe_customer.is_some() {
        return Ok(account);
    }
    let customer_id = become_customer(engine, call, client(engine)?, &account).await?;
    Ok(AccountRecord { stripe_customer: Some(customer_id), ..account })
}

async fn become_customer(engine: &Engine, call: &Call, client: &Client, account: &AccountRecord) -> Result<String> {
    let new = NewCustomer {
        account_id: account.id.to_string(),
        email: account.email.clone(),
        name: Some(account.name.clone()),
    };
    let customer = client.create_customer(&new).await.map_err(told)?;
    let change = AccountChange { stripe_customer: Some(Some(customer.id.clone())), ..AccountChange::default() };
    engine.accounts().change(&Call { key: None, ..call.clone() }, &account.id, change).await?;
    Ok(customer.id)
}

/// Saved cards, the default first, then the newest.
///
/// # Errors
/// [`Unavailable::GatewayOff`], [`Error::NotFound`], [`Error::Gateway`].
pub async fn cards(engine: &Engine, account_id: &str) -> Result<Vec<SavedCard>> {
    let client = client(engine)?;
    let account = engine.accounts().get(account_id).await?;
    let Some(customer_id) = account.stripe_customer else { return Ok(Vec::new()) };
    let Some(customer) = client.customer(&customer_id).await.map_err(told)? else { return Ok(Vec::new()) };
    let cards = client.cards(&customer_id).await.map_err(told)?;
    let mut shown: Vec<SavedCard> = cards.into_iter().map(|card| shown(card, customer.default_card())).collect();
    shown.sort_by_key(|card| !card.is_default);
    Ok(shown)
}

fn shown(card: Card, default: Option<&str>) -> SavedCard {
    SavedCard {
        is_default: default == Some(card.id.as_str()),
        id: card.id,
        brand: card.brand,
        last4: card.last4,
        exp_month: card.exp_month,
        exp_year: card.exp_year,
    }
}

/// Makes a saved card the one that is charged first.
///
/// # Errors
/// [`Error::NotFound`] for a card that is not the account's.
pub async fn set_default_card(engine: &Engine, account_id: &str, card_id: &str) -> Result<()> {
    let (client, customer_id) = owned(engine, account_id, card_id).await?;
    client.set_default_card(&customer_id, card_id).await.map_err(told).map(drop)
}

/// Forgets a saved card.
///
/// # Errors
/// [`Error::NotFound`] for a card that is not the account's.
pub async fn remove_card(engine: &Engine, account_id: &str, card_id: &str) -> Result<()> {
    let (client, customer_id) = owned(engine, account_id, card_id).await?;
    client.detach_card(&customer_id, card_id).await.map_err(told)?.map(drop).ok_or(Error::NotFound("card"))
}

/// The account's customer at Stripe, when the card is one of its own.
async fn owned<'a>(engine: &'a Engine, account_id: &str, card_id: &str) -> Result<(&'a Client, String)> {
    let client = client(engine)?;
    let account = engine.accounts().get(account_id).await?;
    let customer_id = account.stripe_customer.ok_or(Error::NotFound("card"))?;
    let cards = client.cards(&customer_id).await.map_err(told)?;
    match cards.iter().any(|card| card.id == card_id) {
        true => Ok((client, customer_id)),
        false => Err(Error::NotFound("card")),
    }
}

fn client(engine: &Engine) -> Result<&Client> {
    engine.topups().stripe().map(|stripe| stripe.client()).ok_or_else(|| Unavailable::GatewayOff.into())
}

fn told(error: StripeError) -> Error {
    match error {
        StripeError::Refused(refusal) => Error::conflict("card_refused", refusal.to_string()),
        StripeError::Invalid(invalid) if invalid.kind == InvalidKind::NotFound => Error::NotFound("card"),
        error => Error::Gateway(format!("{error}; nothing was charged")),
    }
}

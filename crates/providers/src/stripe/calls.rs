//! One method per call to Stripe.
//!
//! POSTs that create or charge carry an idempotency key; those that set a state need none, and a key would do harm:
//! setting A, B, A within a day would replay the first answer without setting anything. Intents are asked for with their
//! latest charge, which tells what they were paid with.

use super::charge::ChargeRequest;
use super::client::Client;
use super::error::{Error, Invalid, InvalidKind, Outcome};
use super::object::{Card, Customer, Intent, Refund, SetupIntent};
use super::transform::{self, NewCustomer, Params};
use crate::gateway::{Ask, RefundAsk};

/// A customer's cards, or the refunds of a payment, fit in far fewer; a list that never ends is an error.
const PAGES_MAX: usize = 50;
/// 50 000 intents: more than a day of a busy shop.
const INTENT_PAGES_MAX: usize = 500;

/// Which intents to list.
#[derive(Debug, Clone, Default)]
pub struct IntentFilter {
    /// Of this customer only.
    pub customer_id: Option<String>,
    /// Created at this Unix second or later.
    pub created_from_s: Option<i64>,
    /// Created before this Unix second.
    pub created_before_s: Option<i64>,
}

/// Customers and their saved cards.
impl Client {
    /// Creates the customer of an account, once: the key is `customer:{account}`.
    pub async fn create_customer(&self, customer: &NewCustomer) -> Result<Customer, Error> {
        let key = format!("customer:{}", customer.account_id);
        self.post("create_customer", "customers".into(), transform::new_customer(customer), Some(&key)).await
    }

    /// The customer; `None` when it does not exist or was deleted.
    pub async fn customer(&self, customer_id: &str) -> Result<Option<Customer>, Error> {
        let path = format!("customers/{}", checked("customer", customer_id)?);
        let customer: Option<Customer> = found(self.get("get_customer", path, Params::new()).await)?;
        Ok(customer.filter(|customer| !customer.deleted))
    }

    /// Makes a saved card the one that is charged first. Stripe refuses a card of another customer.
    pub async fn set_default_card(&self, customer_id: &str, card_id: &str) -> Result<Customer, Error> {
        let path = format!("customers/{}", checked("customer", customer_id)?);
        self.post("set_default_card", path, transform::default_card(card_id), None).await
    }

    /// All saved cards, newest first; an [`InvalidKind::NotFound`] error when the customer is gone.
    pub async fn cards(&self, customer_id: &str) -> Result<Vec<Card>, Error> {
        let path = format!("customers/{}/payment_methods", checked("customer", customer_id)?);
        let params = vec![("type".into(), "card".into())];
        self.list("list_cards", path, params, PAGES_MAX, |card: &Card| &card.id).await
    }

    /// Takes a saved card off its customer, for good; `None` when this customer has no such card. Two round trips,
    /// because Stripe would detach anybody's card.
    pub async fn detach_card(&self, customer_id: &str, card_id: &str) -> Result<Option<Card>, Error> {
        let path = format!("payment_methods/{}/detach", checked("payment_method", card_id)?);
        if self.cards(customer_id).await?.iter().all(|card| card.id != card_id) {
            return Ok(None);
        }
        self.post("detach_card", path, Params::new(), None).await.map(Some)
    }

    /// Begins to save a card; its `client_secret` goes to the payer's page. One key per click.
    pub async fn create_setup_intent(&self, customer_id: &str, idempotency_key: &str) -> Result<SetupIntent, Error> {
        let params = transform::setup(customer_id);
        self.post("create_setup_intent", "setup_intents".into(), params, Some(idempotency_key)).await
    }

    /// Whether a card was saved; `None` when there is no such SetupIntent. Compare its customer before believing it.
    pub async fn setup_intent(&self, setup_intent_id: &str) -> Result<Option<SetupIntent>, Error> {
        let path = format!("setup_intents/{}", checked("setup_intent", setup_intent_id)?);
        found(self.get("get_setup_intent", path, Params::new()).await)
    }
}

/// Payments and refunds.
impl Client {
    /// Creates the intent of a top-up for saved cards, unconfirmed: nothing can be charged by it yet.
    pub async fn create_intent(&self, request: &ChargeRequest) -> Result<Intent, Error> {
        let key = transform::intent_key(&request.topup_id);
        let params = transform::new_intent(request)?;
        self.post("create_intent", "payment_intents".into(), params, Some(&key)).await
    }

    /// Creates the intent of a top-up for a payer on the page, unconfirmed; its `client_secret` goes to that page.
    pub async fn open_intent(&self, ask: &Ask) -> Result<Intent, Error> {
        let key = transform::intent_key(&ask.topup_id);
        let params = transform::open_intent(ask)?;
        self.post("open_intent", "payment_intents".into(), params, Some(&key)).await
    }

    /// Confirms an intent with a saved card, payer absent. `n` is the card's place in the order, from 0.
    pub async fn confirm_intent_off_session(
        &self,
        intent_id: &str,
        topup_id: &str,
        n: usize,
        card_id: &str,
    ) -> Outcome {
        let path = match checked("intent", intent_id) {
            Ok(id) => format!("payment_intents/{id}/confirm"),
            Err(invalid) => return Outcome::Invalid(invalid),
        };
        let key = transform::confirm_key(topup_id, n, card_id);
        self.post("confirm_intent", path, transform::confirm_off_session(card_id), Some(&key)).await.into()
    }

    /// The intent as it is now; `None` when it does not exist.
    pub async fn intent(&self, intent_id: &str) -> Result<Option<Intent>, Error> {
        let path = format!("payment_intents/{}", checked("intent", intent_id)?);
        found(self.get("get_intent", path, expand("latest_charge")).await)
    }

    /// Cancels an unpaid intent. [`Doubt::UnexpectedState`](super::Doubt::UnexpectedState) when it is paid, or cancelled
    /// already.
    pub async fn cancel_intent(&self, intent_id: &str) -> Result<Intent, Error> {
        let path = format!("payment_intents/{}/cancel", checked("intent", intent_id)?);
        self.post("cancel_intent", path, transform::cancel(), None).await
    }

    /// All intents of a filter, newest first.
    pub async fn intents(&self, filter: &IntentFilter) -> Result<Vec<Intent>, Error> {
        let mut params = Params::new();
        params.extend(filter.customer_id.iter().map(|id| ("customer".to_owned(), id.clone())));
        for (name, second) in [("created[gte]", filter.created_from_s), ("created[lt]", filter.created_before_s)] {
            params.extend(second.map(|second| (name.to_owned(), second.to_string())));
        }
        params.extend(expand("data.latest_charge"));
        let path = "payment_intents".into();
        self.list("list_intents", path, params, INTENT_PAGES_MAX, |intent: &Intent| &intent.id).await
    }

    /// Gives money back, once per [`RefundAsk::refund_id`].
    pub async fn create_refund(&self, ask: &RefundAsk) -> Result<Refund, Error> {
        let key = transform::refund_key(&ask.refund_id);
        let params = transform::refund(ask)?;
        self.post("create_refund", "refunds".into(), params, Some(&key)).await
    }

    /// The refund as it is now; `None` when it does not exist.
    pub async fn refund(&self, refund_id: &str) -> Result<Option<Refund>, Error> {
        let path = format!("refunds/{}", checked("refund", refund_id)?);
        found(self.get("get_refund", path, Params::new()).await)
    }

    /// All refunds of a payment, newest first, by its intent or else its charge. One of the two must be known.
    pub async fn refunds_of(&self, intent_id: Option<&str>, charge_id: Option<&str>) -> Result<Vec<Refund>, Error> {
        let params = transform::refunds_of(intent_id, charge_id)?;
        self.list("list_refunds", "refunds".into(), params, PAGES_MAX, |refund: &Refund| &refund.id).await
    }
}

fn expand(path: &str) -> Params {
    vec![("expand[]".into(), path.to_owned())]
}

/// An id as a part of a path: nothing that would lead to another path.
fn checked<'a>(param: &str, id: &'a str) -> Result<&'a str, Invalid> {
    let plain = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if plain { Ok(id) } else { Err(Invalid::not_sent(param, "the id is not one of Stripe's".into())) }
}

/// Not found is an answer, not a failure.
fn found<T>(result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Error::Invalid(invalid)) if invalid.kind == InvalidKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

//! The strings behind the stage: what a test or the demo may do to the fake Stripe besides its API.
//! The same calls over HTTP are in [`control_routes`](super::control_routes).

use serde_json::Value;

use super::cards::{self, Decline};
use super::error::ApiError;
use super::faults::{FaultRule, WebhookFaultRule};
use super::http::Call;
use super::objects::{charging, customers, disputes, payment_methods, refunds, setup_intents};
use super::store::{Store, text};
use super::webhooks::{Delivery, Job, WebhookTarget};
use super::{RequestLog, Stripe};

/// A customer to be made with its cards in one call.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewCustomer {
    /// Shown on the customer.
    pub email: Option<String>,
    /// Shown on the customer.
    pub name: Option<String>,
    /// Shown on the customer.
    pub metadata: serde_json::Map<String, Value>,
    /// Numbers or tokens of test cards, saved in this order. Unlike an attach by the API, cards that
    /// refuse to be saved are saved too, so that every decline can be met off-session.
    pub cards: Vec<String>,
    /// Which of them is the default; none when left out.
    pub default: Option<usize>,
    /// The banks have agreed to off-session use.
    pub set_up: bool,
}

/// What [`Stripe::create_customer`] made.
#[derive(Debug, Clone, serde::Serialize)]
pub struct CreatedCustomer {
    /// `cus_…`.
    pub customer: String,
    /// `pm_…`, in the order of the cards asked for.
    pub payment_methods: Vec<String>,
}

impl Stripe {
    /// Where events go from now on; `None` stops deliveries.
    pub fn set_webhook_target(&self, target: Option<WebhookTarget>) {
        self.lock().target = target;
    }

    /// Makes a customer with saved cards.
    ///
    /// # Errors
    /// 400 for a card that is not in the table.
    pub fn create_customer(&self, new: &NewCustomer) -> Result<CreatedCustomer, ApiError> {
        self.play(|store| {
            if let Some(unknown) = new.cards.iter().find(|card| cards::find(card).is_none()) {
                return Err(ApiError::invalid(format!("{unknown} is no test card.")).param("cards"));
            }
            let mut params = serde_json::json!({ "metadata": new.metadata });
            for (name, value) in [("email", &new.email), ("name", &new.name)] {
                params[name] = serde_json::json!(value);
            }
            let customer = text(&customers::create(store, &Call { id: String::new(), params })?, "id");
            let mut saved = Vec::new();
            for card in new.cards.iter().filter_map(|card| cards::find(card)) {
                let method = payment_methods::resolve(store, card.token, "cards")?;
                let method = text(&payment_methods::put_on_customer(store, method, &customer)?, "id");
                if let Some(card) = store.cards.get_mut(&method) {
                    card.set_up = new.set_up;
                }
                saved.push(method);
            }
            if let Some(default) = new.default.and_then(|position| saved.get(position)) {
                let params = serde_json::json!({ "invoice_settings": { "default_payment_method": default } });
                customers::update(store, &Call { id: customer.clone(), params })?;
            }
            Ok(CreatedCustomer { customer, payment_methods: saved })
        })
    }

    /// Every request to the API so far, oldest first.
    pub fn requests(&self) -> Vec<RequestLog> {
        self.lock().requests.clone()
    }

    /// Forgets the requests logged so far.
    pub fn clear_requests(&self) {
        self.lock().requests.clear();
    }

    /// Any object by id, as the API would show it.
    pub fn object(&self, id: &str) -> Option<Value> {
        self.lock().get(id).cloned()
    }

    /// All objects of a kind (`charge`, `payment_intent`, `refund`, …), oldest first.
    pub fn objects(&self, kind: &str) -> Vec<Value> {
        let mut found: Vec<Value> = self.lock().newest_first(kind).cloned().collect();
        found.reverse();
        found
    }

    /// All events so far, oldest first.
    pub fn events(&self) -> Vec<Value> {
        self.objects("event")
    }

    /// Every attempt to deliver an event, oldest first.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.lock().deliveries.clone()
    }

    /// Delivers an event once more, rightly, whatever was scripted for it.
    ///
    /// # Errors
    /// 404 for an unknown event.
    pub fn redeliver(&self, event: &str) -> Result<(), ApiError> {
        let store = self.lock();
        store.named_by_path("event", event)?;
        store.job(Job::Redeliver(event.to_owned()));
        Ok(())
    }

    /// Scripts a fault of the API.
    pub fn script_fault(&self, rule: FaultRule) {
        self.lock().faults.api.push(rule);
    }

    /// Scripts a fault of webhook deliveries.
    pub fn script_webhook_fault(&self, rule: WebhookFaultRule) {
        self.lock().faults.webhook.push(rule);
    }

    /// Drops all scripted faults.
    pub fn clear_faults(&self) {
        let mut store = self.lock();
        store.faults.api.clear();
        store.faults.webhook.clear();
    }

    /// Lets slow requests run and held notices go.
    pub fn release(&self) {
        self.release_slow();
        self.lock().job(Job::Release);
    }

    /// Ends a `processing` intent: paid, or refused with a decline code (`generic_decline` by default).
    ///
    /// # Errors
    /// 404, or 400 when the intent is not processing.
    pub fn settle_payment_intent(
        &self,
        id: &str,
        succeeded: bool,
        decline_code: Option<&str>,
    ) -> Result<Value, ApiError> {
        let refusal = (!succeeded).then(|| Decline::named(decline_code));
        self.play(|store| charging::settle(store, id, refusal))
    }

    /// Plays the payer in front of the bank's challenge.
    ///
    /// # Errors
    /// 404, or 400 when nothing is being asked.
    pub fn authenticate_payment_intent(&self, id: &str, success: bool) -> Result<Value, ApiError> {
        self.play(|store| charging::authenticate(store, id, success))
    }

    /// The same for the set-up of a card.
    ///
    /// # Errors
    /// 404, or 400 when nothing is being asked.
    pub fn authenticate_setup_intent(&self, id: &str, success: bool) -> Result<Value, ApiError> {
        self.play(|store| setup_intents::authenticate(store, id, success))
    }

    /// Opens a dispute of a paid charge: `charge.dispute.created`; an inquiry moves no money.
    ///
    /// # Errors
    /// 404, or 400 when the charge did not succeed.
    pub fn dispute_charge(
        &self,
        charge: &str,
        amount_minor: Option<i64>,
        reason: &str,
        inquiry: bool,
    ) -> Result<Value, ApiError> {
        self.play(|store| {
            let charge = store.named_by_path("charge", charge)?;
            if charge["status"] != "succeeded" {
                return Err(ApiError::invalid("Only a charge that succeeded can be disputed."));
            }
            Ok(disputes::open(store, charge, amount_minor, reason, inquiry))
        })
    }

    /// Takes the disputed money: `charge.dispute.funds_withdrawn`.
    ///
    /// # Errors
    /// 404, or 400 when the dispute is closed or the money has been taken.
    pub fn withdraw_dispute(&self, dispute: &str) -> Result<Value, ApiError> {
        self.play(|store| {
            let dispute = open_dispute(store, dispute)?;
            if dispute["balance_transactions"].as_array().is_some_and(|moved| !moved.is_empty()) {
                return Err(ApiError::invalid("The money of this dispute has been withdrawn already."));
            }
            Ok(disputes::withdraw(store, dispute))
        })
    }

    /// Sends evidence: the dispute is under review, `charge.dispute.updated`.
    ///
    /// # Errors
    /// 404, or 400 when the dispute is closed.
    pub fn review_dispute(&self, dispute: &str) -> Result<Value, ApiError> {
        self.play(|store| {
            let dispute = open_dispute(store, dispute)?;
            Ok(disputes::submit(store, dispute))
        })
    }

    /// Ends a dispute: `charge.dispute.closed`, and `funds_reinstated` when won after a withdrawal.
    ///
    /// # Errors
    /// 404, or 400 when the dispute is closed.
    pub fn close_dispute(&self, dispute: &str, won: bool) -> Result<Value, ApiError> {
        self.play(|store| {
            let dispute = open_dispute(store, dispute)?;
            Ok(disputes::close(store, dispute, won))
        })
    }

    /// Ends a pending refund, or fails one that had succeeded: `refund.updated`, `refund.failed`.
    ///
    /// # Errors
    /// 404, or 400 when nothing is left to settle.
    pub fn settle_refund(&self, refund: &str, succeeded: bool) -> Result<Value, ApiError> {
        self.play(|store| refunds::settle(store, refund, succeeded))
    }

    /// Sets how far the sandbox's clock is ahead of the machine's, in seconds.
    pub fn set_clock_offset(&self, seconds: i64) {
        self.lock().clock_offset_seconds = seconds;
    }

    /// Forgets all idempotency keys, as happens after their 24 hours.
    pub fn expire_idempotency_keys(&self) {
        self.lock().keys.expire();
    }

    /// Forgets every object, key, rule and log; the webhook target and the clock stay.
    pub fn reset(&self) {
        self.lock().reset();
    }

    /// Runs a change that no API request caused.
    fn play<T>(&self, change: impl FnOnce(&mut Store) -> Result<T, ApiError>) -> Result<T, ApiError> {
        change(&mut self.lock())
    }
}

fn open_dispute(store: &Store, id: &str) -> Result<Value, ApiError> {
    let dispute = store.named_by_path("dispute", id)?;
    if disputes::is_open(&dispute) { Ok(dispute) } else { Err(ApiError::invalid("This dispute is closed.")) }
}

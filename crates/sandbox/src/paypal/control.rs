//! The strings behind the stage: what a test or the demo may do to the fake PayPal besides its API.
//! The same calls over HTTP are in [`control_routes`](super::control_routes).

use serde_json::Value;

use super::error::ApiError;
use super::faults::{FaultRule, WebhookFaultRule};
use super::objects::{captures, disputes, events, orders, payers, refunds};
use super::store::Store;
use super::webhooks::{Delivery, Job, WebhookTarget};
use super::{Fate, NewDispute, PayPal, RequestLog};

/// The payer when none is named.
pub(crate) const PAYER: &str = "payer@sandbox.test";

impl PayPal {
    /// Where events go from now on, instead of all registered webhooks; `None` stops deliveries.
    pub fn set_webhook_target(&self, target: Option<WebhookTarget>) {
        self.lock().set_target(target);
    }

    /// Every request to the API so far, oldest first.
    pub fn requests(&self) -> Vec<RequestLog> {
        self.lock().requests.clone()
    }

    /// Forgets the requests logged so far.
    pub fn clear_requests(&self) {
        self.lock().requests.clear();
    }

    /// All orders, as the API would show them, oldest first; forgotten ones too.
    pub fn orders(&self) -> Vec<Value> {
        let store = self.lock();
        store.orders.iter().map(|order| order.show(&store)).collect()
    }

    /// All captures, as the API would show them, oldest first.
    pub fn captures(&self) -> Vec<Value> {
        let store = self.lock();
        store.captures.iter().map(|capture| capture.show_whole(&store.url)).collect()
    }

    /// All refunds and reversals, as the API would show them, oldest first.
    pub fn refunds(&self) -> Vec<Value> {
        let store = self.lock();
        store.refunds.iter().map(|refund| refund.show(&store)).collect()
    }

    /// All disputes, as the API would show them, oldest first.
    pub fn disputes(&self) -> Vec<Value> {
        let store = self.lock();
        store.disputes.iter().map(|dispute| dispute.show(&store)).collect()
    }

    /// All events so far, oldest first.
    pub fn events(&self) -> Vec<Value> {
        let store = self.lock();
        store.events.iter().map(|event| event.show(&store.url)).collect()
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
        events::named(&store, event)?;
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

    /// Drops all scripted faults and fates.
    pub fn clear_faults(&self) {
        let mut store = self.lock();
        store.faults.api.clear();
        store.faults.webhook.clear();
        store.next_payments.clear();
        store.next_refunds.clear();
    }

    /// Lets slow requests run and held notices go.
    pub fn release(&self) {
        self.release_slow();
        self.lock().job(Job::Release);
    }

    /// What the next capture comes to whose payer did not choose otherwise; several calls queue up.
    ///
    /// # Errors
    /// 400 for a reason that PayPal does not have.
    pub fn next_payment(&self, fate: Fate) -> Result<(), ApiError> {
        fate.check()?;
        self.lock().next_payments.push_back(fate);
        Ok(())
    }

    /// What the next refund comes to; several calls queue up.
    ///
    /// # Errors
    /// 400 for a reason that PayPal does not have.
    pub fn next_refund(&self, fate: Fate) -> Result<(), ApiError> {
        fate.check()?;
        self.lock().next_refunds.push_back(fate);
        Ok(())
    }

    /// Plays the payer who approves an order. Gives back where the browser would go.
    ///
    /// # Errors
    /// 404, or 422 when the order has been captured.
    pub fn approve(&self, order: &str) -> Result<String, ApiError> {
        self.approve_as(order, PAYER, None)
    }

    /// The same as somebody, with what becomes of the capture.
    ///
    /// # Errors
    /// As [`PayPal::approve`]; 400 for a reason that PayPal does not have.
    pub fn approve_as(&self, order: &str, email: &str, fate: Option<Fate>) -> Result<String, ApiError> {
        self.play(|store| payers::approve(store, order, email, fate))
    }

    /// Plays the payer who chooses a card that the bank declines: the capture is refused with `INSTRUMENT_DECLINED`.
    ///
    /// # Errors
    /// As [`PayPal::approve`].
    pub fn decline(&self, order: &str) -> Result<String, ApiError> {
        self.approve_as(order, PAYER, Some(Fate::instrument_declined()))
    }

    /// Plays the payer who cancels. Gives back where the browser would go.
    ///
    /// # Errors
    /// As [`PayPal::approve`].
    pub fn cancel(&self, order: &str) -> Result<String, ApiError> {
        self.play(|store| payers::cancel(store, order))
    }

    /// Ends a pending capture: completed or denied.
    ///
    /// # Errors
    /// 404, or 422 when the capture is not pending.
    pub fn settle_capture(&self, capture: &str, succeeded: bool) -> Result<Value, ApiError> {
        self.play(|store| captures::settle(store, capture, succeeded))
    }

    /// Ends a pending refund, or fails one that had succeeded.
    ///
    /// # Errors
    /// 404, or 422 when nothing is left to settle.
    pub fn settle_refund(&self, refund: &str, succeeded: bool) -> Result<Value, ApiError> {
        self.play(|store| refunds::settle(store, refund, succeeded))
    }

    /// A refund made on PayPal's own site; of what is left with `None`, else in the smallest unit.
    ///
    /// # Errors
    /// As by the API.
    pub fn refund_capture(&self, capture: &str, amount_minor: Option<i64>) -> Result<Value, ApiError> {
        self.play(|store| refunds::refund_outside(store, capture, amount_minor))
    }

    /// PayPal or a bank takes money back: `PAYMENT.CAPTURE.REVERSED`. Amount as for a refund.
    ///
    /// # Errors
    /// 404; 422 when nothing was taken or beyond what is left.
    pub fn reverse_capture(&self, capture: &str, amount_minor: Option<i64>) -> Result<Value, ApiError> {
        self.play(|store| refunds::reverse(store, capture, amount_minor))
    }

    /// Opens a dispute: `CUSTOMER.DISPUTE.CREATED`.
    ///
    /// # Errors
    /// 404; 422 beyond what the capture still has; 400 for a reason or stage that PayPal does not have.
    pub fn dispute_capture(&self, capture: &str, new: &NewDispute) -> Result<Value, ApiError> {
        self.play(|store| disputes::open(store, capture, new))
    }

    /// Moves an open dispute: `CUSTOMER.DISPUTE.UPDATED`.
    ///
    /// # Errors
    /// 404; 422 for a resolved dispute; 400 for a status or stage that PayPal does not have.
    pub fn update_dispute(&self, id: &str, status: Option<&str>, stage: Option<&str>) -> Result<Value, ApiError> {
        self.play(|store| disputes::update(store, id, status, stage))
    }

    /// Ends a dispute with an outcome code such as `RESOLVED_SELLER_FAVOUR`: `CUSTOMER.DISPUTE.RESOLVED`.
    ///
    /// # Errors
    /// As [`PayPal::update_dispute`].
    pub fn resolve_dispute(&self, id: &str, outcome: &str) -> Result<Value, ApiError> {
        self.play(|store| disputes::resolve(store, id, outcome))
    }

    /// The same in one word: won by the shop, or lost.
    ///
    /// # Errors
    /// As [`PayPal::update_dispute`].
    pub fn close_dispute(&self, id: &str, won: bool) -> Result<Value, ApiError> {
        self.resolve_dispute(id, if won { "RESOLVED_SELLER_FAVOUR" } else { "RESOLVED_BUYER_FAVOUR" })
    }

    /// Sets how far the sandbox's clock is ahead of the machine's, in seconds; what falls due by it happens now.
    pub fn set_clock_offset(&self, seconds: i64) {
        let mut store = self.lock();
        store.options.clock_offset_seconds = seconds;
        orders::expire(&mut store);
        store.job(Job::ClockMoved);
    }

    /// Sets how late the transaction search is, in seconds.
    pub fn set_reporting_delay(&self, seconds: i64) {
        self.lock().options.reporting_delay_seconds = seconds;
    }

    /// Forgets all request ids, as happens after their hours or days.
    pub fn expire_request_ids(&self) {
        self.lock().request_ids.expire();
    }

    /// Ends all access tokens.
    pub fn expire_tokens(&self) {
        self.lock().tokens.expire();
    }

    /// Forgets every object, request id, rule and log; webhooks, tokens and the clock stay.
    pub fn reset(&self) {
        self.lock().reset();
    }

    /// Runs a change that no API request caused.
    fn play<T>(&self, change: impl FnOnce(&mut Store) -> Result<T, ApiError>) -> Result<T, ApiError> {
        let mut store = self.lock();
        orders::expire(&mut store);
        change(&mut store)
    }
}

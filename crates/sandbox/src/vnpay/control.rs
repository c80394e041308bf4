//! The strings behind the stage: what a test or the demo may do to the fake VNPay besides its pages and API.
//! The same calls over HTTP are in [`control_routes`](super::control_routes).

use axum::http::StatusCode;

use super::codes::{self, Outcome, PAID};
use super::entry::{self, PageError};
use super::faults::{Fate, FaultRule, Script, WebhookFaultRule};
use super::payment::Payment;
use super::store::Store;
use super::webhooks::{Call, Delivery, Job};
use super::{RequestLog, Vnpay};

/// Why a control call did nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlError {
    /// 404 for what does not exist, 409 for what cannot be done any more, 400 for the rest.
    pub status: StatusCode,
    /// What to do about it.
    pub message: String,
}

impl ControlError {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    fn no_payment(txn_ref: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("No payment {txn_ref}: its address has not been opened."))
    }
}

impl std::fmt::Display for ControlError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ControlError {}

impl Vnpay {
    /// Where notices go from now on; `None` stops them.
    pub fn set_webhook_url(&self, url: Option<String>) {
        self.lock().webhook_url = url;
    }

    /// Opens a payment address as a browser would, without showing a page.
    ///
    /// # Errors
    /// The code of the error page.
    pub fn open(&self, payment_url: &str) -> Result<Payment, PageError> {
        let query = payment_url.split_once('?').map_or(payment_url, |(_, query)| query);
        let mut store = self.lock();
        let txn_ref = entry::open(&mut store, query)?;
        store.payment(&txn_ref).cloned().ok_or(PageError { code: "72", field: None })
    }

    /// A payment by the merchant's number.
    pub fn payment(&self, txn_ref: &str) -> Option<Payment> {
        self.lock().payment(txn_ref).cloned()
    }

    /// All payments, oldest first.
    pub fn payments(&self) -> Vec<Payment> {
        self.lock().payments()
    }

    /// Plays the payer of an open payment at once: it ends with this `vnp_ResponseCode` and a notice is sent.
    ///
    /// # Errors
    /// 400 for a code that is not in the table, 404, 409 when it has ended.
    pub fn pay(&self, txn_ref: &str, code: &str) -> Result<Payment, ControlError> {
        let outcome = outcome(code)?;
        let mut store = self.lock();
        let payment = store.payment(txn_ref).ok_or_else(|| ControlError::no_payment(txn_ref))?;
        if let Some(ended) = payment.response_code {
            let message = format!("Payment {txn_ref} has ended with {ended}; settle it to change that.");
            return Err(ControlError::new(StatusCode::CONFLICT, message));
        }
        end(&mut store, txn_ref, outcome)
    }

    /// Changes the result of a payment that has ended without being paid: ends the review of a 07, or lets a payment
    /// succeed after it ran out. A notice is sent.
    ///
    /// # Errors
    /// 400 for a code that is not in the table, 404, 409 when it is open or paid.
    pub fn settle(&self, txn_ref: &str, code: &str) -> Result<Payment, ControlError> {
        let outcome = outcome(code)?;
        let mut store = self.lock();
        let payment = store.payment(txn_ref).ok_or_else(|| ControlError::no_payment(txn_ref))?;
        if payment.is_open() || payment.transaction_status == PAID {
            let message = format!("Payment {txn_ref} is open or paid: there is nothing to settle.");
            return Err(ControlError::new(StatusCode::CONFLICT, message));
        }
        end(&mut store, txn_ref, outcome)
    }

    /// Ends a refund in work, by VNPay's number of it: sent to the bank (06), or refused (09).
    ///
    /// # Errors
    /// 404, or 409 when it is not in work.
    pub fn settle_refund(&self, transaction_no: u64, succeeded: bool) -> Result<Payment, ControlError> {
        let mut store = self.lock();
        let found = store.payments().into_iter().find_map(|payment| {
            let position = payment.refunds.iter().position(|refund| refund.transaction_no == transaction_no)?;
            Some((payment.txn_ref, position))
        });
        let no_refund = || {
            let message = format!("No refund {transaction_no}: give the vnp_TransactionNo of its answer.");
            ControlError::new(StatusCode::NOT_FOUND, message)
        };
        let (txn_ref, position) = found.ok_or_else(no_refund)?;
        let payment = store.payment_mut(&txn_ref).ok_or_else(no_refund)?;
        let refund = &mut payment.refunds[position];
        if refund.transaction_status != "05" {
            let message = format!("Refund {transaction_no} has ended with {}.", refund.transaction_status);
            return Err(ControlError::new(StatusCode::CONFLICT, message));
        }
        refund.transaction_status = if succeeded { "06" } else { "09" };
        Ok(payment.clone())
    }

    /// Sends the last notice of a payment once more, rightly, whatever was scripted for it.
    ///
    /// # Errors
    /// 404, or 409 while the payment is open.
    pub fn redeliver(&self, txn_ref: &str) -> Result<(), ControlError> {
        let store = self.lock();
        let payment = store.payment(txn_ref).ok_or_else(|| ControlError::no_payment(txn_ref))?;
        if payment.is_open() {
            let message = format!("Payment {txn_ref} is open: there is no notice yet.");
            return Err(ControlError::new(StatusCode::CONFLICT, message));
        }
        let call = Call::new(txn_ref, &payment.told, None, &store.options.hash_secret, store.resets);
        store.job(Job::Redeliver(call));
        Ok(())
    }

    /// Scripts how the next payment ends.
    ///
    /// # Errors
    /// 400 for a code that is not in the table.
    pub fn next_payment(&self, fate: Fate) -> Result<(), ControlError> {
        let outcome = outcome(&fate.code)?;
        self.lock().faults.fates.push(Script { fate, outcome });
        Ok(())
    }

    /// Scripts a fault of the API.
    pub fn script_fault(&self, rule: FaultRule) {
        self.lock().faults.api.push(rule);
    }

    /// Scripts a fault of notices.
    pub fn script_webhook_fault(&self, rule: WebhookFaultRule) {
        self.lock().faults.webhook.push(rule);
    }

    /// Drops all scripted faults and fates.
    pub fn clear_faults(&self) {
        self.lock().faults = super::faults::Faults::default();
    }

    /// Lets slow requests run, and held, delayed and overtaken notices go.
    pub fn release(&self) {
        self.release_slow();
        self.lock().job(Job::Release);
    }

    /// Every opening of an address and every API call so far, oldest first.
    pub fn requests(&self) -> Vec<RequestLog> {
        self.lock().requests.clone()
    }

    /// Forgets the requests logged so far.
    pub fn clear_requests(&self) {
        self.lock().requests.clear();
    }

    /// Every call with a notice and its answer, oldest first.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.lock().deliveries.clone()
    }

    /// Sets how far the sandbox's clock is ahead of the machine's, in seconds. What is due by then happens at once.
    pub fn set_clock_offset(&self, seconds: i64) {
        self.lock().set_clock_offset(seconds);
    }

    /// Now by the sandbox's clock, Unix seconds.
    pub fn now_s(&self) -> i64 {
        self.lock().now_s()
    }

    /// Forgets every payment, request id, rule, log and undelivered notice; the target and the clock stay.
    pub fn reset(&self) {
        self.lock().reset();
    }
}

fn outcome(code: &str) -> Result<&'static Outcome, ControlError> {
    codes::find(code).ok_or_else(|| {
        ControlError::new(StatusCode::BAD_REQUEST, format!("{code} is no result; use one of {}.", codes::all()))
    })
}

/// Ends a payment as its payer would, and gives it as it is then.
fn end(store: &mut Store, txn_ref: &str, outcome: &'static Outcome) -> Result<Payment, ControlError> {
    store.play_payer(txn_ref, outcome);
    store.payment(txn_ref).cloned().ok_or_else(|| ControlError::no_payment(txn_ref))
}

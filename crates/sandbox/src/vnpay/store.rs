//! Everything the fake VNPay remembers, behind the one mutex of [`Vnpay`](super::Vnpay).
//!
//! Invariants: a payment is never forgotten before a reset; whatever ends a payment goes through [`Store::end`], so
//! that a notice is sent for every end; what the clock brings about is booked in the order of its instants before
//! anything else is looked at.
//! Deliberately absent: persistence, and any lock finer than the whole store.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::mpsc::UnboundedSender;

use super::codes::{self, Outcome};
use super::faults::{FaultRule, Faults, Script};
use super::payment::{Payment, Refund};
use super::webhooks::{Call, Delivery, Job};
use super::{RequestLog, VnpayOptions, cards, time};

/// The number before the first payment's.
const FIRST_TRANSACTION_NO: u64 = 14_000_000;

/// The state; see the module head.
pub(crate) struct Store {
    pub options: Arc<VnpayOptions>,
    payments: BTreeMap<String, Payment>,
    /// `vnp_TxnRef` by token.
    tokens: HashMap<String, String>,
    /// When the clock has to do with which payment: Unix seconds and `vnp_TxnRef`.
    agenda: BTreeSet<(i64, String)>,
    /// Request ids used, with their command and day.
    spent_request_ids: HashSet<(String, String, String)>,
    pub faults: Faults,
    pub requests: Vec<RequestLog>,
    pub deliveries: Vec<Delivery>,
    pub webhook_url: Option<String>,
    /// How often all was forgotten.
    pub resets: u64,
    clock_offset_seconds: i64,
    transaction_no: u64,
    rng: StdRng,
    jobs: UnboundedSender<Job>,
}

impl Store {
    pub fn new(options: Arc<VnpayOptions>, jobs: UnboundedSender<Job>) -> Self {
        Self {
            payments: BTreeMap::new(),
            tokens: HashMap::new(),
            agenda: BTreeSet::new(),
            spent_request_ids: HashSet::new(),
            faults: Faults::default(),
            requests: Vec::new(),
            deliveries: Vec::new(),
            webhook_url: options.webhook_url.clone(),
            resets: 0,
            clock_offset_seconds: options.clock_offset_seconds,
            transaction_no: FIRST_TRANSACTION_NO,
            rng: StdRng::seed_from_u64(options.seed.unwrap_or_else(|| rand::rng().random())),
            jobs,
            options,
        }
    }

    /// Forgets every payment, request id, rule, log and undelivered notice; keeps the target, the clock and the
    /// numbers.
    pub fn reset(&mut self) {
        self.payments.clear();
        self.tokens.clear();
        self.agenda.clear();
        self.spent_request_ids.clear();
        self.faults = Faults::default();
        self.requests.clear();
        self.deliveries.clear();
        self.resets += 1;
    }

    /// Unix seconds of the sandbox's clock.
    pub fn now_s(&self) -> i64 {
        self.now_ms().div_euclid(1000)
    }

    /// Unix milliseconds of the sandbox's clock.
    pub fn now_ms(&self) -> i64 {
        jiff::Timestamp::now().as_millisecond().saturating_add(self.clock_offset_seconds.saturating_mul(1000))
    }

    /// Sets how far the clock is ahead of the machine's, and books what is due then.
    pub fn set_clock_offset(&mut self, seconds: i64) {
        self.clock_offset_seconds = seconds;
        self.book_due();
        self.job(Job::Wake);
    }

    /// The next instant at which the clock brings something about, Unix seconds.
    pub fn next_due_s(&self) -> Option<i64> {
        self.agenda.first().map(|(at_s, _)| *at_s)
    }

    /// Books what the clock has brought about: payments that ran out, refunds that reached the bank.
    pub fn book_due(&mut self) {
        let now_s = self.now_s();
        while let Some((at_s, txn_ref)) = self.agenda.first().filter(|(at_s, _)| *at_s <= now_s).cloned() {
            self.agenda.pop_first();
            let Some(payment) = self.payments.get_mut(&txn_ref) else { continue };
            for refund in &mut payment.refunds {
                if refund.transaction_status == "05" && refund.settles_at_s.is_some_and(|due_s| due_s <= at_s) {
                    refund.transaction_status = "06";
                }
            }
            if payment.is_open()
                && payment.expires_at_s <= at_s
                && let Some(expired) = codes::find(codes::EXPIRED)
            {
                self.end_at(&txn_ref, expired, at_s);
            }
        }
    }

    /// A new 32-digit hex name, as VNPay's answers and pages have.
    pub fn name(&mut self) -> String {
        hex::encode(self.rng.random::<[u8; 16]>())
    }

    /// The next number of VNPay's books; they have gaps.
    pub fn next_transaction_no(&mut self) -> u64 {
        self.transaction_no += self.rng.random_range(1..10);
        self.transaction_no
    }

    /// Puts a payment into the books.
    pub fn add(&mut self, payment: Payment) {
        self.tokens.insert(payment.token.clone(), payment.txn_ref.clone());
        self.agenda.insert((payment.expires_at_s, payment.txn_ref.clone()));
        self.payments.insert(payment.txn_ref.clone(), payment);
        self.job(Job::Wake);
    }

    /// A payment by the merchant's number.
    pub fn payment(&self, txn_ref: &str) -> Option<&Payment> {
        self.payments.get(txn_ref)
    }

    /// The same, to be changed; its end goes through [`Store::end`].
    pub fn payment_mut(&mut self, txn_ref: &str) -> Option<&mut Payment> {
        self.payments.get_mut(txn_ref)
    }

    /// The payment of a page.
    pub fn payment_of_page(&mut self, token: &str) -> Option<&mut Payment> {
        self.payments.get_mut(self.tokens.get(token)?)
    }

    /// All payments, in the order in which they were opened.
    pub fn payments(&self) -> Vec<Payment> {
        let mut payments: Vec<Payment> = self.payments.values().cloned().collect();
        payments.sort_by_key(|payment| payment.transaction_no);
        payments
    }

    /// Ends a payment, or changes how it ended, and sends a notice of it.
    pub fn end(&mut self, txn_ref: &str, outcome: &'static Outcome) {
        self.end_at(txn_ref, outcome, self.now_s());
    }

    /// Ends a payment as if its usual payer had come this far; nobody pays by cancelling or walking away.
    pub fn play_payer(&mut self, txn_ref: &str, outcome: &'static Outcome) {
        let came = ![codes::CANCELLED, codes::EXPIRED].contains(&outcome.code);
        if let Some(payment) = self.payments.get_mut(txn_ref).filter(|payment| came && payment.payer.is_none()) {
            payment.payer = Some(cards::usual_of(&payment.offered));
        }
        self.end(txn_ref, outcome);
    }

    fn end_at(&mut self, txn_ref: &str, outcome: &'static Outcome, at_s: i64) {
        let Some(payment) = self.payments.get_mut(txn_ref) else { return };
        payment.end(outcome, at_s, &self.options);
        let told = payment.told.clone();
        if self.webhook_url.is_some() {
            let fault = self.faults.take_webhook(&told, &mut self.rng);
            let call = Call::new(txn_ref, &told, fault.as_ref(), &self.options.hash_secret, self.resets);
            self.job(Job::Deliver(call, fault, self.now_ms()));
        }
    }

    /// Puts a refund into the books of its payment.
    pub fn add_refund(&mut self, txn_ref: &str, refund: Refund) {
        if let Some(due_s) = refund.settles_at_s {
            self.agenda.insert((due_s, txn_ref.to_owned()));
        }
        if let Some(payment) = self.payments.get_mut(txn_ref) {
            payment.refunds.push(refund);
        }
        self.job(Job::Wake);
    }

    /// Uses up a request id; false when it was used before on the same day.
    pub fn spend_request_id(&mut self, command: &str, request_id: &str) -> bool {
        let day = time::day(self.now_s());
        self.spent_request_ids.insert((command.to_owned(), day, request_id.to_owned()))
    }

    /// What is scripted for a call with this command.
    pub fn take_fault(&mut self, command: &str) -> Option<FaultRule> {
        self.faults.take_api(command, &mut self.rng)
    }

    /// What is scripted for a payment.
    pub fn take_fate(&mut self, txn_ref: &str) -> Option<Script> {
        self.faults.take_fate(txn_ref, &mut self.rng)
    }

    /// A job for the delivery task.
    pub fn job(&self, job: Job) {
        // Sending fails only when the delivery task has ended, that is at shutdown.
        let _ = self.jobs.send(job);
    }
}

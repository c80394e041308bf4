//! What a gateway is to the rest of Scrip: one vocabulary for all of them.
//!
//! A gateway turns [`Ask`]s into payments that a person can make, and whatever it knows of them into [`Sighting`]s,
//! [`RefundSighting`]s and [`DisputeSighting`]s. It never decides about credits. Invariants:
//! * A [`Sighting`] comes from a verified notice or from the gateway's answer to our own question, never from a browser.
//! * Every call ends as done, as definitely not done ([`Trouble::Refused`]), or as unknown ([`Trouble::Unknown`]); what
//!   is not understood is unknown.
//! * [`Gateway::verify`] has no default: forgetting it does not compile.
//!
//! Deliberately absent: saved cards, which only Stripe has (see [`crate::stripe`]).

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;

use http::HeaderMap;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Money, Secret};

/// The answer to a question to a gateway.
pub type Reply<'a, T> = Pin<Box<dyn Future<Output = Result<T, Trouble>> + Send + 'a>>;
/// A notice after verification.
pub type Verified<'a> = Pin<Box<dyn Future<Output = Result<Notice, Unverified>> + Send + 'a>>;

/// A payment gateway.
pub trait Gateway: Send + Sync {
    /// `stripe`, `paypal` or `vnpay`: its name in rows, paths and metrics.
    fn name(&self) -> &'static str;

    /// Whether real money moves. Fixed by the keys; notices and objects of the other mode are refused.
    fn live(&self) -> bool;

    /// Opens a payment that a person can make. The same [`Ask`] opens the same payment, however often it is sent.
    fn open<'a>(&'a self, ask: &'a Ask) -> Reply<'a, Opened>;

    /// What became of a payment. `None`: the gateway does not know it (yet), which proves nothing while a request of
    /// ours may still be under way.
    fn look_up<'a>(&'a self, pending: &'a Pending) -> Reply<'a, Option<Sighting>>;

    /// Takes the money of a payment that stands at [`Standing::Approved`]; a gateway that takes it by itself looks it
    /// up. Doing it twice takes it once.
    fn complete<'a>(&'a self, pending: &'a Pending) -> Reply<'a, Option<Sighting>>;

    /// Makes sure that nobody can pay it any more, where the gateway can do that, and says how it ended. `None`: the
    /// gateway does not know it, or lets it run out by itself.
    fn close<'a>(&'a self, pending: &'a Pending) -> Reply<'a, Option<Sighting>>;

    /// Gives money back. The same [`RefundAsk`] gives it back once.
    fn refund<'a>(&'a self, ask: &'a RefundAsk) -> Reply<'a, RefundSighting>;

    /// What became of a refund. `None`: the gateway does not know it (yet).
    fn look_up_refund<'a>(&'a self, ask: &'a RefundAsk) -> Reply<'a, Option<RefundSighting>>;

    /// Whether [`Gateway::list`] works.
    fn can_list(&self) -> bool;

    /// Every payment that the gateway has in `[from_s, to_s)`, by the time it was made, in Unix seconds; for comparing
    /// books. [`Trouble::Refused`] with code `unsupported` where the gateway has no list.
    fn list<'a>(&'a self, from_s: i64, to_s: i64) -> Reply<'a, Vec<Sighting>>;

    /// Checks that a notice is from the gateway, over its raw bytes, before anything of it is believed.
    fn verify<'a>(&'a self, raw: &'a RawNotice<'a>) -> Verified<'a>;
}

/// A payment to be opened.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Whose credits.
    pub account_id: String,
    /// `pay_…`: comes back in every object and notice. The idempotency key of the call is made of it.
    pub topup_id: String,
    /// What is charged.
    pub money: Money,
    /// What it is for, as the payer reads it; plain text, at most 127 characters.
    pub description: String,
    /// The gateway's own customer, where it has one (`cus_…`).
    pub customer_id: Option<String>,
    /// The page language: `en`, `ja` or `vi`.
    pub language: String,
    /// Where the browser returns to, whatever happened. It proves nothing.
    pub return_url: String,
    /// Where the browser returns to when the payer gives up.
    pub cancel_url: String,
    /// Address of the payer's browser.
    pub payer_address: IpAddr,
    /// When the top-up began, Unix seconds.
    pub created_at_s: i64,
    /// When the payer has to be done, Unix seconds.
    pub expires_at_s: i64,
    /// Keep the card for later charges without the payer; only where [`Ask::customer_id`] is known.
    pub save_card: bool,
}

/// A payment that was opened.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The gateway's name for it: `pi_…`, a PayPal order, a `vnp_TxnRef`.
    pub object_id: String,
    /// What the browser does next.
    pub next: Next,
}

/// What the payer's browser does next.
#[derive(Debug, Clone)]
pub enum Next {
    /// Goes to the gateway's page.
    Redirect(String),
    /// Shows Stripe's own fields with this client secret.
    StripeFields(Secret),
}

/// A payment of ours at the gateway.
#[derive(Debug, Clone)]
pub struct Pending {
    /// Whose credits.
    pub account_id: String,
    /// `pay_…`.
    pub topup_id: String,
    /// The gateway's name for it, once known.
    pub object_id: Option<String>,
    /// The gateway's own customer, where it has one.
    pub customer_id: Option<String>,
    /// What was asked for.
    pub money: Money,
    /// When the top-up began, Unix seconds; the first request was sent then or later.
    pub created_at_s: i64,
}

/// A payment as its gateway sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// The gateway's name for the payment: `pi_…`, a PayPal order, a `vnp_TxnRef`.
    pub object_id: String,
    /// What moved the money, which refunds and disputes name: `ch_…`, a PayPal capture, a `vnp_TransactionNo`.
    pub money_id: Option<String>,
    /// Our reference in it: the account.
    pub account_id: Option<String>,
    /// Our reference in it: `pay_…`.
    pub topup_id: Option<String>,
    /// The gateway's own customer, where it has one.
    pub customer_id: Option<String>,
    /// Real money.
    pub live: bool,
    /// What was asked for; `None` when it cannot be read exactly.
    pub asked: Option<Money>,
    /// What was taken, when [`Standing::Paid`]; `None` when nothing was, or it cannot be read exactly.
    pub received: Option<Money>,
    /// Where it stands.
    pub standing: Standing,
    /// What it was paid with, as far as it may be shown.
    pub instrument: Option<Instrument>,
    /// When it was made, Unix seconds.
    pub created_at_s: Option<i64>,
}

/// Where a payment stands at its gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It can be paid, and nobody is paying as far as the gateway knows. With the code of the last refused attempt.
    Payable(Option<String>),
    /// The payer agreed; the money is taken by [`Gateway::complete`].
    Approved,
    /// Under way; the outcome comes by itself. With the gateway's word why it takes time.
    Processing(Option<String>),
    /// Money was taken.
    Paid,
    /// It will never be paid. With a stable code such as `canceled`, `declined`, `vnpay_51`.
    Failed(String),
    /// Money may have been taken, and the gateway looks into it (VNPay 07). With a stable code.
    UnderReview(String),
}

/// What a payment was made with. Holds nothing that could be charged.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Instrument {
    /// `card`, `paypal`, `bank`, `wallet`.
    pub kind: String,
    /// `visa`, `VNBANK`, `NCB` …
    pub brand: Option<String>,
    /// Last digits of a card.
    pub last4: Option<String>,
    /// The gateway's name for the same card whoever uses it; for velocity limits.
    pub fingerprint: Option<String>,
}

/// Money to be given back.
#[derive(Debug, Clone)]
pub struct RefundAsk {
    /// `rf_…`: the idempotency key of the call is made of it.
    pub refund_id: String,
    /// The payment.
    pub payment: Pending,
    /// What moved the money: [`Sighting::money_id`].
    pub money_id: Option<String>,
    /// When the gateway took it, Unix seconds (VNPay asks for it).
    pub paid_at_s: i64,
    /// What is given back, in the currency of the charge.
    pub money: Money,
    /// Whether that is everything that was charged.
    pub whole: bool,
    /// Who asks, as the gateway's books show it; an operator's name or id.
    pub operator: String,
    /// Why, for the gateway's books.
    pub reason: String,
    /// The gateway's name for the refund, once known.
    pub object_id: Option<String>,
    /// It was asked for before, and nobody knows what came of that: a refusal now says nothing about then, unless the
    /// gateway answers a repeat as it answered the first.
    pub may_have_run: bool,
    /// When the refund was asked for, Unix seconds.
    pub created_at_s: i64,
}

/// A refund as its gateway sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundSighting {
    /// The gateway's name for the refund.
    pub object_id: String,
    /// Our reference in it: `rf_…`.
    pub refund_id: Option<String>,
    /// The payment that it belongs to: its [`Sighting::object_id`], where the refund says so.
    pub payment_object_id: Option<String>,
    /// The payment that it belongs to: its [`Sighting::money_id`], where the refund says so.
    pub money_id: Option<String>,
    /// How much.
    pub money: Money,
    /// Where it stands.
    pub standing: RefundStanding,
    /// The gateway took it back by itself (a returned bank transfer, a PayPal reversal).
    pub forced: bool,
}

/// Where a refund stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundStanding {
    /// Accepted; the outcome comes later.
    Pending,
    /// The money is on its way to the payer.
    Succeeded,
    /// Nothing was given back. With a stable code.
    Failed(String),
}

/// A dispute (charge-back, claim) as its gateway sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisputeSighting {
    /// The gateway's name for the dispute.
    pub dispute_id: String,
    /// The payment: its [`Sighting::object_id`], where the dispute says so.
    pub payment_object_id: Option<String>,
    /// The payment: its [`Sighting::money_id`], where the dispute says so.
    pub money_id: Option<String>,
    /// How much is disputed.
    pub money: Money,
    /// Where it stands.
    pub standing: DisputeStanding,
    /// The payer's reason, the gateway's word.
    pub reason: Option<String>,
    /// Until when evidence is accepted, Unix seconds.
    pub due_at_s: Option<i64>,
}

/// Where a dispute stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisputeStanding {
    /// A question only: the money is still ours.
    Inquiry,
    /// The money is gone until it is decided.
    Open,
    /// Decided for us: the money is back.
    Won,
    /// Decided for the payer.
    Lost,
}

/// A notice as it came in.
#[derive(Debug, Clone, Copy)]
pub struct RawNotice<'a> {
    /// The raw body; for a notice without one (VNPay), the raw query string.
    pub bytes: &'a [u8],
    /// The headers of the request.
    pub headers: &'a HeaderMap,
    /// Now, Unix seconds.
    pub now_s: i64,
}

/// A verified notice.
#[derive(Debug, Clone)]
pub struct Notice {
    /// The gateway's name for the notice: the same when it is sent again.
    pub event_id: String,
    /// What happened, the gateway's word.
    pub kind: String,
    /// When, Unix seconds, as far as the notice says.
    pub created_at_s: Option<i64>,
    /// What it means.
    pub news: News,
}

/// What a notice is about.
#[derive(Debug, Clone)]
pub enum News {
    /// A payment.
    Payment(Box<Sighting>),
    /// A payment about which the notice says too little: to be looked up. By the gateway's names and ours.
    Ask {
        /// [`Sighting::object_id`].
        object_id: Option<String>,
        /// [`Sighting::money_id`].
        money_id: Option<String>,
        /// `pay_…`.
        topup_id: Option<String>,
    },
    /// A refund.
    Refund(Box<RefundSighting>),
    /// A dispute.
    Dispute(Box<DisputeSighting>),
    /// Nothing that concerns credits.
    Other,
}

/// Why a call did not return what it should.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Trouble {
    /// The gateway said no: nothing was done. With its stable code, and whether our configuration or request is to
    /// blame instead of the payer.
    #[error("{gateway} refused: {code}{}", .reference.as_ref().map(|id| format!(" (reference {id})")).unwrap_or_default())]
    Refused {
        /// The gateway's name.
        gateway: &'static str,
        /// Its code, such as `card_declined`, `INSTRUMENT_DECLINED`, `vnpay_94`, `unsupported`.
        code: String,
        /// An operator has to act; the payer cannot help it.
        ours: bool,
        /// The gateway's name for the call, for its support.
        reference: Option<String>,
    },
    /// It is not known whether it was done: look it up before anything else.
    #[error("{gateway} leaves open what was done ({reason}): look it up before anything else is charged")]
    Unknown {
        /// The gateway's name.
        gateway: &'static str,
        /// What was odd; a stable text without secrets.
        reason: String,
        /// False when it provably had no effect (no connection, or told to come later).
        may_have_run: bool,
    },
}

impl Trouble {
    /// Whether it is certain that nothing was done.
    pub const fn is_definite(&self) -> bool {
        matches!(self, Trouble::Refused { .. } | Trouble::Unknown { may_have_run: false, .. })
    }
}

/// Why a notice is not believed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unverified {
    /// It is not from the gateway, or not a notice.
    #[error("{0}")]
    Forged(String),
    /// It could not be checked now (a certificate could not be fetched); the gateway should send it again.
    #[error("{0}")]
    NotNow(String),
}

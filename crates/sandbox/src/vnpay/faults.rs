//! Scripted misbehaviour: of the API (timeouts, 5xx, resets, garbage, forged answers), of notices (duplicates,
//! disorder, delay, loss, forgery, falsified contents) and of payers ([`Fate`]).
//!
//! A rule fires `times` times and is gone; with `percent` below 100 the seed decides each time, so that the same seed
//! misbehaves in the same way. "Before" means that nothing was done; "after" that the work was done and only the answer
//! is bad.

use rand::RngExt;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};

use super::codes::Outcome;
use super::sign::Params;

/// What goes wrong with one API call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Nothing is done; the connection is held without an answer, then closed.
    TimeoutBefore,
    /// The work is done; the connection is held without an answer, then closed.
    TimeoutAfter,
    /// Nothing is done; the connection is closed at once.
    CloseBefore,
    /// The work is done; the connection is closed at once.
    CloseAfter,
    /// Nothing is done; the connection is reset at once.
    ResetBefore,
    /// The work is done; the connection is reset at once.
    ResetAfter,
    /// 500 without effect; the request id is not used up.
    ServerErrorBefore,
    /// The work is done; the answer is a 500.
    ServerErrorAfter,
    /// 503 without effect.
    Unavailable,
    /// A signed answer with code 94 (repeated too soon), without effect.
    Repeated,
    /// A signed answer with code 99 (other error), without effect.
    OtherError,
    /// The work is done; the answer is a 200 that is not JSON.
    Unreadable,
    /// The work is done; the answer's checksum is of another secret.
    Forged,
    /// The work is done only after the hold.
    Slow,
}

/// When an API fault fires.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// What goes wrong.
    pub fault: Fault,
    /// Only this command (`querydr`, `refund`); any when left out.
    #[serde(default)]
    pub command: Option<String>,
    /// How often it fires; 1 when left out.
    #[serde(default = "once")]
    pub times: u32,
    /// The share of fitting calls that it strikes; 100 when left out.
    #[serde(default = "always")]
    pub percent: u8,
    /// How long `timeout_*` and `slow` hold the request, in milliseconds; `slow` unless released earlier.
    #[serde(default = "default_hold_ms")]
    pub hold_ms: u64,
}

impl FaultRule {
    /// A rule that fires once, on the next call of any command.
    pub fn once(fault: Fault) -> Self {
        Self { fault, command: None, times: once(), percent: always(), hold_ms: default_hold_ms() }
    }

    /// The same rule for one command.
    pub fn on(mut self, command: &str) -> Self {
        self.command = Some(command.to_owned());
        self
    }
}

/// What goes wrong with a notice (IPN). What the books say and `querydr` answers stays true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum WebhookFault {
    /// Delivered `copies` more times.
    Duplicate {
        /// Deliveries beyond the first.
        copies: u32,
        /// All at the same moment instead of one after the other.
        #[serde(default)]
        at_once: bool,
    },
    /// Delivered only after `behind` later notices were.
    Reorder {
        /// How many later notices overtake it.
        behind: u32,
    },
    /// Delivered after a delay by the sandbox's clock: move that clock by days, and it is late by days.
    Late {
        /// The delay in milliseconds.
        delay_ms: u64,
    },
    /// Delivered when the control call releases it.
    Held,
    /// Delivered when the payer's browser has gone back to the merchant.
    AfterReturn,
    /// Never delivered; `querydr` still tells.
    Never,
    /// Signed with a secret that is not the terminal's.
    Forged,
    /// Rightly signed, then its amount was changed on the way.
    Altered,
    /// Rightly signed, but with another amount.
    WrongAmount {
        /// The amount shown instead, in whole đồng.
        amount_minor: i64,
    },
    /// Rightly signed, but naming a currency, which VNPay's notices never do.
    WrongCurrency {
        /// `vnp_CurrCode`.
        currency: String,
    },
    /// Rightly signed, but of another terminal.
    WrongTerminal {
        /// `vnp_TmnCode`.
        tmn_code: String,
    },
    /// Rightly signed, but with another result; the two codes need not fit together.
    WrongResult {
        /// `vnp_ResponseCode`.
        response_code: String,
        /// `vnp_TransactionStatus`.
        transaction_status: String,
    },
    /// Rightly signed, but of a payment that does not exist.
    UnknownObject,
}

impl WebhookFault {
    /// Changes what the notice says.
    pub(crate) fn falsify(&self, params: &mut Params) {
        let mut set = |name: &str, value: String| drop(params.insert(name.to_owned(), value));
        match self {
            Self::WrongAmount { amount_minor } => set("vnp_Amount", super::payment::wire(*amount_minor)),
            Self::WrongCurrency { currency } => set("vnp_CurrCode", currency.clone()),
            Self::WrongTerminal { tmn_code } => set("vnp_TmnCode", tmn_code.clone()),
            Self::UnknownObject => set("vnp_TxnRef", "NO-SUCH-ORDER".to_owned()),
            Self::WrongResult { response_code, transaction_status } => {
                set("vnp_ResponseCode", response_code.clone());
                set("vnp_TransactionStatus", transaction_status.clone());
            }
            _ => {}
        }
    }
}

/// When a fault of notices fires.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WebhookFaultRule {
    /// What goes wrong.
    #[serde(flatten)]
    pub fault: WebhookFault,
    /// Only notices of this payment; any when left out.
    #[serde(default)]
    pub txn_ref: Option<String>,
    /// Only notices with this `vnp_ResponseCode`; any when left out.
    #[serde(default)]
    pub code: Option<String>,
    /// How often it fires; 1 when left out.
    #[serde(default = "once")]
    pub times: u32,
    /// The share of fitting notices that it strikes; 100 when left out.
    #[serde(default = "always")]
    pub percent: u8,
}

impl WebhookFaultRule {
    /// A rule that fires once, on the next notice.
    pub fn once(fault: WebhookFault) -> Self {
        Self { fault, txn_ref: None, code: None, times: once(), percent: always() }
    }

    fn fits(&self, params: &Params) -> bool {
        let says = |name: &str, wanted: &Option<String>| wanted.is_none() || params.get(name) == wanted.as_ref();
        says("vnp_TxnRef", &self.txn_ref) && says("vnp_ResponseCode", &self.code)
    }
}

/// How the bank answers a coming payment, whichever card the payer uses.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fate {
    /// The `vnp_ResponseCode` it ends with.
    pub code: String,
    /// The payer's part is played too: the browser goes straight back to the merchant.
    #[serde(default)]
    pub at_once: bool,
    /// Only the payment with this `vnp_TxnRef`; any when left out.
    #[serde(default)]
    pub txn_ref: Option<String>,
    /// How many payments; 1 when left out.
    #[serde(default = "once")]
    pub times: u32,
    /// The share of fitting payments that it strikes; 100 when left out.
    #[serde(default = "always")]
    pub percent: u8,
}

impl Fate {
    /// One payment ends with this code once its payer has done everything right.
    pub fn of(code: &str) -> Self {
        Self { code: code.to_owned(), at_once: false, txn_ref: None, times: once(), percent: always() }
    }

    /// The same without a payer: as soon as the page is opened.
    pub fn at_once(mut self) -> Self {
        self.at_once = true;
        self
    }
}

/// A fate that was checked.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    pub fate: Fate,
    pub outcome: &'static Outcome,
}

/// The rules in force, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    pub api: Vec<FaultRule>,
    pub webhook: Vec<WebhookFaultRule>,
    pub fates: Vec<Script>,
}

impl Faults {
    /// The oldest rule that fits and strikes, used up by one.
    pub fn take_api(&mut self, command: &str, dice: &mut StdRng) -> Option<FaultRule> {
        let fits = |rule: &FaultRule| rule.command.as_deref().is_none_or(|wanted| wanted == command);
        let position = self.api.iter().position(|rule| fits(rule) && strikes(rule.percent, dice))?;
        Some(used(&mut self.api, position, |rule| &mut rule.times))
    }

    /// The same for a notice.
    pub fn take_webhook(&mut self, params: &Params, dice: &mut StdRng) -> Option<WebhookFault> {
        let position = self.webhook.iter().position(|rule| rule.fits(params) && strikes(rule.percent, dice))?;
        Some(used(&mut self.webhook, position, |rule| &mut rule.times).fault)
    }

    /// The same for a payment that is opened.
    pub fn take_fate(&mut self, txn_ref: &str, dice: &mut StdRng) -> Option<Script> {
        let fits = |fate: &Fate| fate.txn_ref.as_deref().is_none_or(|wanted| wanted == txn_ref);
        let position = self.fates.iter().position(|script| fits(&script.fate) && strikes(script.fate.percent, dice))?;
        Some(used(&mut self.fates, position, |script| &mut script.fate.times))
    }
}

fn strikes(percent: u8, dice: &mut StdRng) -> bool {
    percent >= 100 || dice.random_range(0..100) < percent
}

fn used<R: Clone>(rules: &mut Vec<R>, position: usize, times: impl Fn(&mut R) -> &mut u32) -> R {
    let left = times(&mut rules[position]);
    *left = left.saturating_sub(1);
    if *left == 0 { rules.remove(position) } else { rules[position].clone() }
}

fn once() -> u32 {
    1
}

fn always() -> u8 {
    100
}

fn default_hold_ms() -> u64 {
    60_000
}

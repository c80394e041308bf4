//! Scripted misbehaviour: of the API (timeouts, 5xx, garbage) and of webhook deliveries
//! (duplicates, disorder, delay, loss, forgery, falsified amounts).
//!
//! A rule fires `times` times and is gone; with `percent` below 100 the seed decides each time, so that the same seed
//! misbehaves in the same way. "Before" means that nothing was done; "after" that the work was done, and is kept under
//! the request id, and only the answer is bad.

use rand::RngExt;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};

use super::webhooks::Forgery;

/// What goes wrong with one API request.
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
    /// 500 without effect.
    ServerErrorBefore,
    /// The work is done, the answer is a 500; a repeat gets the true result.
    ServerErrorAfter,
    /// 503 without effect.
    Unavailable,
    /// 429 `RATE_LIMIT_REACHED` without effect.
    RateLimit,
    /// 409 `PREVIOUS_REQUEST_IN_PROGRESS` without effect.
    Conflict,
    /// The work is done; the answer is a 422 `ORDER_COMPLETION_IN_PROGRESS`. A repeat gets the true result.
    InProgress,
    /// The work is done; the answer is a 200 that is not JSON.
    Unreadable,
    /// The answer is made only after the hold; meanwhile the request id is in use (409).
    Slow,
}

/// When an API fault fires.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FaultRule {
    /// What goes wrong.
    pub fault: Fault,
    /// Only this method (`POST`); any when left out.
    #[serde(default)]
    pub method: Option<String>,
    /// Only paths that begin so (`/v2/checkout/orders`); any when left out.
    #[serde(default)]
    pub path: Option<String>,
    /// Only paths that end so (`/capture`); any when left out.
    #[serde(default)]
    pub path_end: Option<String>,
    /// How often it fires; 1 when left out.
    #[serde(default = "once")]
    pub times: u32,
    /// The share of fitting requests that it strikes; 100 when left out.
    #[serde(default = "always")]
    pub percent: u8,
    /// How long `timeout_*` and `slow` hold the request, in milliseconds, unless released earlier.
    #[serde(default = "default_hold_ms")]
    pub hold_ms: u64,
}

impl FaultRule {
    /// A rule that fires once, on the next request of any kind.
    pub fn once(fault: Fault) -> Self {
        let (times, percent, hold_ms) = (once(), always(), default_hold_ms());
        Self { fault, method: None, path: None, path_end: None, times, percent, hold_ms }
    }

    /// The same rule for one method and one path prefix.
    pub fn on(mut self, method: &str, path: &str) -> Self {
        self.method = Some(method.to_owned());
        self.path = Some(path.to_owned());
        self
    }

    /// The same rule for paths with this end: `/capture`, `/refund`, `/token`.
    pub fn ending(mut self, path_end: &str) -> Self {
        self.path_end = Some(path_end.to_owned());
        self
    }

    fn fits(&self, method: &str, path: &str) -> bool {
        self.method.as_deref().is_none_or(|wanted| wanted == method)
            && self.path.as_deref().is_none_or(|prefix| path.starts_with(prefix))
            && self.path_end.as_deref().is_none_or(|end| path.ends_with(end))
    }
}

/// What goes wrong with the delivery of one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum WebhookFault {
    /// Delivered `copies` more times, each signed afresh.
    Duplicate {
        /// Deliveries beyond the first.
        copies: u32,
    },
    /// Delivered only after `behind` later events were.
    Reorder {
        /// How many later events overtake it.
        behind: u32,
    },
    /// Delivered after a delay on the sandbox's clock: moving that clock by days makes it days late.
    Late {
        /// The delay in milliseconds.
        delay_ms: u64,
    },
    /// Delivered when the control call releases it.
    Held,
    /// Never delivered; the events list still has it.
    Never,
    /// Not signed as PayPal signs.
    Forged {
        /// In which way; with somebody else's key when left out.
        #[serde(default)]
        way: Forgery,
    },
    /// Rightly signed, then changed on the way by one blank.
    Altered,
    /// Rightly signed, but five days ago: a replay.
    Stale,
    /// Rightly signed, but the object's amounts read otherwise.
    WrongAmount {
        /// The amount shown instead, in the smallest unit.
        amount_minor: i64,
    },
    /// Rightly signed, but the object's currency reads otherwise.
    WrongCurrency {
        /// The currency shown instead, upper case.
        currency: String,
    },
    /// Rightly signed, but about an object that nobody knows.
    UnknownObject,
}

/// When a webhook fault fires.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WebhookFaultRule {
    /// What goes wrong.
    #[serde(flatten)]
    pub fault: WebhookFault,
    /// Only events of this type; any when left out.
    #[serde(default)]
    pub event: Option<String>,
    /// Only events about the object with this id; any when left out.
    #[serde(default)]
    pub object: Option<String>,
    /// How often it fires; 1 when left out.
    #[serde(default = "once")]
    pub times: u32,
    /// The share of fitting events that it strikes; 100 when left out.
    #[serde(default = "always")]
    pub percent: u8,
}

impl WebhookFaultRule {
    /// A rule that fires once, on the next event of this type.
    pub fn once(fault: WebhookFault, event: &str) -> Self {
        Self { fault, event: Some(event.to_owned()), object: None, times: once(), percent: always() }
    }

    fn fits(&self, event: &str, object: &str) -> bool {
        self.event.as_deref().is_none_or(|wanted| wanted == event)
            && self.object.as_deref().is_none_or(|wanted| wanted == object)
    }
}

/// The rules in force, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    pub api: Vec<FaultRule>,
    pub webhook: Vec<WebhookFaultRule>,
}

impl Faults {
    /// The oldest rule that fits and strikes, used up by one.
    pub fn take_api(&mut self, method: &str, path: &str, dice: &mut StdRng) -> Option<FaultRule> {
        let position = self.api.iter().position(|rule| rule.fits(method, path) && strikes(rule.percent, dice))?;
        Some(used(&mut self.api, position, |rule| &mut rule.times))
    }

    /// The same for an event of this type about this object.
    pub fn take_webhook(&mut self, event: &str, object: &str, dice: &mut StdRng) -> Option<WebhookFault> {
        let position = self.webhook.iter().position(|rule| rule.fits(event, object) && strikes(rule.percent, dice))?;
        Some(used(&mut self.webhook, position, |rule| &mut rule.times).fault)
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

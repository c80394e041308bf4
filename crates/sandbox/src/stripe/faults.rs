//! Scripted misbehaviour: of the API (timeouts, 5xx, garbage) and of webhook deliveries
//! (duplicates, disorder, delay, loss, forgery, falsified amounts).
//!
//! A rule is set by a control call or by paying with one of the fault cards (see the README of the crate);
//! it fires `times` times and is gone.
//! "Before" means that nothing was done; "after" that the work was done and only the answer is bad.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What goes wrong with one API request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Nothing is done; the connection is held without an answer, then closed.
    TimeoutBefore,
    /// The work is done and stored under the key; the connection is held without an answer, then closed.
    TimeoutAfter,
    /// Nothing is done; the connection is closed at once.
    CloseBefore,
    /// The work is done and stored; the connection is closed at once.
    CloseAfter,
    /// 500 without effect; stored under the key, as every execution that began.
    ServerErrorBefore,
    /// The work is done, the answer is a 500; the 500 is what a repeat gets.
    ServerErrorAfter,
    /// 503 without effect, not stored: a repeat with the same key is executed.
    Unavailable,
    /// 429 `rate_limit` without effect, not stored.
    RateLimit,
    /// 429 `lock_timeout` with `Stripe-Should-Retry: true`, not stored.
    LockTimeout,
    /// 409 `idempotency_key_in_use` without effect, not stored.
    Conflict,
    /// The work is done and stored; the answer is a 200 that is not JSON.
    Unreadable,
    /// The answer is made only after the hold; meanwhile the key is in use (409).
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
    /// Only paths that begin so (`/v1/payment_intents`); any when left out.
    #[serde(default)]
    pub path: Option<String>,
    /// How often it fires; 1 when left out.
    #[serde(default = "once")]
    pub times: u32,
    /// How long `timeout_*` and `slow` hold the request, in milliseconds, unless released earlier.
    #[serde(default = "default_hold_ms")]
    pub hold_ms: u64,
}

impl FaultRule {
    /// A rule that fires once, on the next request of any kind.
    pub fn once(fault: Fault) -> Self {
        Self { fault, method: None, path: None, times: once(), hold_ms: default_hold_ms() }
    }

    /// The same rule for one method and one path prefix.
    pub fn on(mut self, method: &str, path: &str) -> Self {
        self.method = Some(method.to_owned());
        self.path = Some(path.to_owned());
        self
    }

    fn fits(&self, method: &str, path: &str) -> bool {
        self.method.as_deref().is_none_or(|wanted| wanted == method)
            && self.path.as_deref().is_none_or(|prefix| path.starts_with(prefix))
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
    /// Delivered after a delay.
    Late {
        /// The delay in milliseconds.
        delay_ms: u64,
    },
    /// Delivered when the control call releases it.
    Held,
    /// Never delivered; the events list still has it.
    Never,
    /// Signed with a secret that is not the endpoint's.
    Forged,
    /// Rightly signed, then changed on the way by one blank.
    Altered,
    /// Rightly signed, but ten minutes ago: a replay.
    Stale,
    /// Rightly signed, but said to be of live mode.
    LiveMode,
    /// Rightly signed, but the object's amounts read otherwise.
    WrongAmount {
        /// The amount shown instead, in the smallest unit.
        amount_minor: i64,
    },
    /// Rightly signed, but the object's currency reads otherwise.
    WrongCurrency {
        /// The currency shown instead, lower case.
        currency: String,
    },
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
}

impl WebhookFaultRule {
    /// A rule that fires once, on the next event of this type.
    pub fn once(fault: WebhookFault, event: &str) -> Self {
        Self { fault, event: Some(event.to_owned()), object: None, times: once() }
    }

    fn fits(&self, event: &Value) -> bool {
        self.event.as_deref().is_none_or(|wanted| event["type"] == wanted)
            && self.object.as_deref().is_none_or(|wanted| event["data"]["object"]["id"] == wanted)
    }
}

/// The rules in force, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    pub api: Vec<FaultRule>,
    pub webhook: Vec<WebhookFaultRule>,
}

impl Faults {
    /// The oldest rule that fits, used up by one.
    pub fn take_api(&mut self, method: &str, path: &str) -> Option<FaultRule> {
        take(&mut self.api, |rule| rule.fits(method, path), |rule| &mut rule.times)
    }

    /// The oldest rule that fits the event, used up by one.
    pub fn take_webhook(&mut self, event: &Value) -> Option<WebhookFault> {
        take(&mut self.webhook, |rule| rule.fits(event), |rule| &mut rule.times).map(|rule| rule.fault)
    }
}

fn take<R: Clone>(rules: &mut Vec<R>, fits: impl Fn(&R) -> bool, times: impl Fn(&mut R) -> &mut u32) -> Option<R> {
    let position = rules.iter().position(fits)?;
    let left = times(&mut rules[position]);
    *left = left.saturating_sub(1);
    if *left == 0 { Some(rules.remove(position)) } else { Some(rules[position].clone()) }
}

fn once() -> u32 {
    1
}

fn default_hold_ms() -> u64 {
    60_000
}

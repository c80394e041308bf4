//! What an answer of PayPal means: done, definitely not done, or unknown.
//!
//! Pure. Definite are 400, 401, 403, 404 and 422 with PayPal's own error body, whatever the issue is called; everything
//! else settles nothing. Decided by status and issue, never by the text. Deliberately absent: the decision to repeat
//! (`retry`), and texts for payers.

use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use thiserror::Error;

use super::NAME;
use crate::gateway::Trouble;

/// The order has its capture: look at it.
pub(crate) const ORDER_ALREADY_CAPTURED: &str = "ORDER_ALREADY_CAPTURED";
/// More than 10 000 rows in one search.
pub(crate) const RESULTSET_TOO_LARGE: &str = "RESULTSET_TOO_LARGE";
/// A capture of this order is under way, by somebody else.
const ORDER_COMPLETION_IN_PROGRESS: &str = "ORDER_COMPLETION_IN_PROGRESS";
/// Beside `PAYER_…`: what the payer can cure, or has to be told. Every other issue is for an operator.
const FOR_THE_PAYER: [&str; 8] = [
    "COMPLIANCE_VIOLATION",
    "INSTRUMENT_DECLINED",
    "MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED",
    "ORDER_NOT_APPROVED",
    "REDIRECT_PAYER_FOR_ALTERNATE_FUNDING",
    "TRANSACTION_BLOCKED_BY_PAYEE",
    "TRANSACTION_LIMIT_EXCEEDED",
    "TRANSACTION_REFUSED",
];
const CODE_MAX_CHARS: usize = 64;

/// Why a call did not return what it should.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum Failure {
    /// Nothing was done.
    #[error("PayPal refused: {} (HTTP status {})", .0.code, .0.status)]
    Refused(Refusal),
    /// It may have been done.
    #[error("PayPal's answer settles nothing: {}", .0.reason)]
    Unknown(Unknown),
}

/// A definite no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub status: u16,
    /// The issue, else the error's name: `INSTRUMENT_DECLINED`, `INVALID_REQUEST`, `invalid_client`.
    pub code: String,
    /// PayPal's name for the call.
    pub debug_id: Option<String>,
}

/// An answer that settles nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unknown {
    pub reason: Doubt,
    /// False when it provably had no effect.
    pub may_have_run: bool,
    /// How long PayPal wants us to wait.
    pub retry_after_seconds: Option<u64>,
}

/// Why an answer settles nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum Doubt {
    /// No connection was made, so nothing was sent.
    #[error("no connection")]
    NotConnected,
    /// No answer in time.
    #[error("timeout")]
    Timeout,
    /// The connection broke before the answer was complete.
    #[error("connection broke")]
    Interrupted,
    /// A status that settles nothing, or one without PayPal's error body.
    #[error("HTTP status {0}")]
    Status(u16),
    /// A success whose body is not what was asked for.
    #[error("unreadable answer")]
    Unreadable,
    /// Another call is doing it right now.
    #[error("already in progress")]
    InProgress,
    /// Captured, but the order cannot be read.
    #[error("captured, but the order cannot be read")]
    CapturedOutOfSight,
    /// A list that goes on after any sensible number of pages.
    #[error("endless list")]
    Endless,
}

impl Doubt {
    /// Whether the same request under the same id may clear it up.
    pub(crate) fn is_repeatable(&self) -> bool {
        match self {
            Doubt::NotConnected | Doubt::Timeout | Doubt::Interrupted | Doubt::Unreadable | Doubt::InProgress => true,
            Doubt::Status(status) => matches!(status, 409 | 429 | 500..),
            Doubt::CapturedOutOfSight | Doubt::Endless => false,
        }
    }
}

impl Unknown {
    fn new(reason: Doubt) -> Unknown {
        let may_have_run = !matches!(reason, Doubt::NotConnected | Doubt::Status(429));
        Unknown { reason, may_have_run, retry_after_seconds: None }
    }
}

impl From<Doubt> for Failure {
    fn from(reason: Doubt) -> Failure {
        Failure::Unknown(Unknown::new(reason))
    }
}

impl Refusal {
    /// Whether the payer cannot help it.
    fn is_ours(&self) -> bool {
        !self.code.starts_with("PAYER_") && !FOR_THE_PAYER.contains(&self.code.as_str())
    }
}

impl Failure {
    /// A refusal before anything was sent.
    pub(crate) fn not_sent(code: &str) -> Failure {
        Failure::Refused(Refusal { status: 0, code: code.into(), debug_id: None })
    }

    /// The same, of a call that has no effect that matters.
    pub(crate) fn harmless(self) -> Failure {
        match self {
            Failure::Unknown(unknown) => Failure::Unknown(Unknown { may_have_run: false, ..unknown }),
            refused => refused,
        }
    }

    /// Not found.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, Failure::Refused(refusal) if refusal.status == 404)
    }

    /// Refused after PayPal looked at what was asked, not at who asked: the same request id will hear the same.
    pub(crate) fn is_verdict(&self) -> bool {
        matches!(self, Failure::Refused(refusal) if refusal.status == 422)
    }

    /// Refused with this code.
    pub(crate) fn is(&self, code: &str) -> bool {
        matches!(self, Failure::Refused(refusal) if refusal.code == code)
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Trouble {
        match failure {
            Failure::Refused(refusal) => Trouble::Refused {
                gateway: NAME,
                ours: refusal.is_ours(),
                code: refusal.code,
                reference: refusal.debug_id,
            },
            Failure::Unknown(Unknown { reason, may_have_run, .. }) => {
                Trouble::Unknown { gateway: NAME, reason: reason.to_string(), may_have_run }
            }
        }
    }
}

/// Both error shapes: of the API (`name`, `details`) and of the token endpoint (`error`).
#[derive(Deserialize)]
struct WireError {
    name: Option<String>,
    error: Option<String>,
    debug_id: Option<String>,
    #[serde(default)]
    details: Value,
}

impl WireError {
    fn issues(&self) -> impl Iterator<Item = &str> {
        let details = self.details.as_array().map(Vec::as_slice).unwrap_or_default();
        details.iter().filter_map(|detail| detail.get("issue")?.as_str())
    }

    /// The most telling word; some issues of the reporting API are sentences, which are no codes.
    fn code(&self) -> Option<&str> {
        let words = [self.issues().next(), self.name.as_deref(), self.error.as_deref()];
        words.into_iter().flatten().find(|word| is_code(word))
    }
}

fn is_code(word: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    !word.is_empty() && word.len() <= CODE_MAX_CHARS && word.bytes().all(plain)
}

/// Reads an answer as a `T`, or says why it is none.
pub(crate) fn read<T: DeserializeOwned>(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<T, Failure> {
    if status.is_success() {
        return serde_json::from_slice(body).map_err(|_| Doubt::Unreadable.into());
    }
    let status = status.as_u16();
    let undecided = || {
        let unknown = Unknown::new(Doubt::Status(status));
        Failure::Unknown(Unknown { retry_after_seconds: retry_after_seconds(headers), ..unknown })
    };
    if !matches!(status, 400 | 401 | 403 | 404 | 422) {
        return Err(undecided());
    }
    let error: WireError = serde_json::from_slice(body).map_err(|_| undecided())?;
    if error.issues().any(|issue| issue == ORDER_COMPLETION_IN_PROGRESS) {
        return Err(Doubt::InProgress.into());
    }
    let code = error.code().ok_or_else(undecided)?.to_owned();
    let debug_id = debug_id(headers).or(error.debug_id).filter(|id| is_code(id));
    Err(Failure::Refused(Refusal { status, code, debug_id }))
}

fn retry_after_seconds(headers: &HeaderMap) -> Option<u64> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()
}

/// PayPal's name for a call, for its support and for logs.
pub(crate) fn debug_id(headers: &HeaderMap) -> Option<String> {
    headers.get("paypal-debug-id").and_then(|value| value.to_str().ok()).map(str::to_owned)
}

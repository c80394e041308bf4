//! What an answer of Stripe means: done, definitely not done, or unknown.
//!
//! Pure. The table is Stripe's error reference, read pessimistically: only what Stripe documents as *not executed* is
//! definite, everything else is [`Unknown`]: no new key, no other card, find the intent instead. Deliberately absent:
//! the decision to repeat (`retry`), texts for payers (only [`Refusal::public_reason`], which is safe to show).

use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use thiserror::Error;

use super::object::{Intent, IntentStatus};

/// What came of an attempt to charge.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// Money taken. Credits follow with the verified notice, not from here.
    Succeeded(Intent),
    /// Sent; the result comes with a notice.
    Processing(Intent),
    /// Not charged: the bank wants the payer to authenticate.
    RequiresAction(Intent),
    /// Definitely not charged with this card; another may work.
    Refused(Refusal),
    /// Definitely not charged with any card: our bug, our configuration, or something is gone.
    Invalid(Invalid),
    /// May or may not have been charged.
    Unknown(Unknown),
}

/// Why a call did not return what it should.
#[derive(Debug, Clone, Error)]
pub enum Error {
    /// This card was refused; nothing was charged.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// The request was refused as it stands; nothing was done.
    #[error("{0}")]
    Invalid(Box<Invalid>),
    /// It is not known whether it was done.
    #[error("{0}")]
    Unknown(Box<Unknown>),
}

/// A definite refusal of one card.
#[derive(Debug, Clone, Error)]
#[error("the card was refused: {}", .decline_code.as_deref().unwrap_or(.code))]
pub struct Refusal {
    /// Such as `card_declined`, `expired_card`, `authentication_required`.
    pub code: String,
    /// The bank's word, such as `insufficient_funds`; an open list.
    pub decline_code: Option<String>,
    /// `confirm_card_data`, `do_not_try_again`, `try_again_later`: about this same card.
    pub advice_code: Option<String>,
    /// The intent, still open, when one was made.
    pub intent: Option<Intent>,
}

/// A definite refusal of the request itself.
#[derive(Debug, Clone, Error)]
#[error(
    "Stripe refused the request ({}; parameter {}; request {}): {kind}",
    .code.as_deref().unwrap_or("no code"),
    .param.as_deref().unwrap_or("-"),
    .request_id.as_deref().unwrap_or("-")
)]
pub struct Invalid {
    /// What to do about it.
    pub kind: InvalidKind,
    /// Stripe's code, such as `amount_too_small`, `resource_missing`.
    pub code: Option<String>,
    /// The parameter that it concerns.
    pub param: Option<String>,
    /// Stripe's explanation for operators; left out of `Display`, because it may quote what was sent.
    pub message: Option<String>,
    /// Stripe's name for this request.
    pub request_id: Option<String>,
}

/// The kinds of [`Invalid`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidKind {
    /// 401 or 403: the key is wrong, expired, or may not do this.
    #[error("check the secret key and its permissions")]
    Credentials,
    /// 404 or `resource_missing`: the object is gone, or belongs to the other of live and test.
    #[error("the object does not exist for this key")]
    NotFound,
    /// Bad data or our bug: do not repeat unchanged.
    #[error("do not repeat it unchanged")]
    Request,
    /// Refused here, before anything was sent: an amount or an id that has no wire form.
    #[error("it was not sent")]
    NotSent,
}

/// An ambiguous answer.
#[derive(Debug, Clone, Error)]
#[error("Stripe's answer leaves open what was done ({reason}): look the intent up before anything else is charged")]
pub struct Unknown {
    /// What was odd.
    pub reason: Doubt,
    /// The intent, when the answer named it.
    pub intent_id: Option<String>,
    /// False when every attempt provably had no effect (no connection, or 429): then nothing was charged *by this call*.
    pub may_have_run: bool,
}

/// Why an answer is ambiguous.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Doubt {
    /// No connection was made, so nothing was sent.
    #[error("no connection")]
    NotConnected,
    /// No answer in time.
    #[error("timeout")]
    Timeout,
    /// The connection broke before the answer was complete.
    #[error("connection broke")]
    Interrupted,
    /// A status that settles nothing: 3xx, 409, 424, 429, 5xx, or another without Stripe's error body.
    #[error("HTTP status {0}")]
    Status(u16),
    /// A success whose body is not what was asked for.
    #[error("unreadable answer")]
    Unreadable,
    /// A list that goes on after any sensible number of pages.
    #[error("endless list")]
    Endless,
    /// The intent was not in a state for this call; it may be paid already.
    #[error("intent in another state")]
    UnexpectedState,
    /// The same idempotency key with other parameters: the earlier request may have charged. A bug alarm.
    #[error("idempotency key reused")]
    KeyReused,
    /// The intent is in a state that this call cannot lead to.
    #[error("intent is {0}")]
    IntentStatus(IntentStatus),
}

/// Codes that a payer must not see, since they may be a thief. Source: Stripe's advice on decline codes.
const HIDDEN_FROM_PAYERS: [&str; 5] = ["fraudulent", "lost_card", "merchant_blacklist", "pickup_card", "stolen_card"];
const AUTHENTICATION_REQUIRED: &str = "authentication_required";

impl Refusal {
    /// Whether the same payment would work with the payer present; both forms of a bank's soft decline.
    pub fn wants_authentication(&self) -> bool {
        [Some(self.code.as_str()), self.decline_code.as_deref()].contains(&Some(AUTHENTICATION_REQUIRED))
    }

    /// The reason as a payer may see it.
    pub fn public_reason(&self) -> &str {
        public(self.decline_code.as_deref().unwrap_or(&self.code))
    }
}

/// A reason as a payer may see it.
pub(crate) fn public(reason: &str) -> &str {
    if HIDDEN_FROM_PAYERS.contains(&reason) { "generic_decline" } else { reason }
}

impl Invalid {
    /// Refused before sending.
    pub(crate) fn not_sent(param: &str, message: String) -> Invalid {
        let param = Some(param.to_owned());
        Invalid { kind: InvalidKind::NotSent, code: None, param, message: Some(message), request_id: None }
    }
}

impl Unknown {
    /// An attempt without an answer that settles it.
    pub(crate) fn new(reason: Doubt) -> Unknown {
        let harmless = matches!(reason, Doubt::NotConnected | Doubt::Status(429));
        Unknown { reason, intent_id: None, may_have_run: !harmless }
    }

    fn about(reason: Doubt, intent: Option<Intent>) -> Unknown {
        Unknown { intent_id: intent.map(|intent| intent.id), ..Unknown::new(reason) }
    }
}

impl Doubt {
    /// Whether the same request under the same key may clear it up.
    pub(crate) fn is_repeatable(&self) -> bool {
        match self {
            Doubt::NotConnected | Doubt::Timeout | Doubt::Interrupted | Doubt::Unreadable => true,
            Doubt::Status(status) => matches!(status, 409 | 424 | 429 | 500..),
            Doubt::Endless | Doubt::UnexpectedState | Doubt::KeyReused | Doubt::IntentStatus(_) => false,
        }
    }
}

impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Error {
        Error::Invalid(Box::new(invalid))
    }
}

impl From<Unknown> for Error {
    fn from(unknown: Unknown) -> Error {
        Error::Unknown(Box::new(unknown))
    }
}

/// What an answer to a confirming call means.
pub fn classify(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Outcome {
    read::<Intent>(status, headers, body).into()
}

impl From<Result<Intent, Error>> for Outcome {
    fn from(result: Result<Intent, Error>) -> Outcome {
        match result {
            Ok(intent) => intent.into(),
            Err(Error::Refused(refusal)) => Outcome::Refused(*refusal),
            Err(Error::Invalid(invalid)) => Outcome::Invalid(*invalid),
            Err(Error::Unknown(unknown)) => Outcome::Unknown(*unknown),
        }
    }
}

/// After a confirmation a 200 is not yet a payment: the status decides.
impl From<Intent> for Outcome {
    fn from(intent: Intent) -> Outcome {
        match intent.status {
            IntentStatus::Succeeded => Outcome::Succeeded(intent),
            IntentStatus::Processing => Outcome::Processing(intent),
            IntentStatus::RequiresAction => Outcome::RequiresAction(intent),
            IntentStatus::RequiresPaymentMethod | IntentStatus::Canceled => Outcome::Refused(failed(intent)),
            IntentStatus::RequiresConfirmation | IntentStatus::RequiresCapture | IntentStatus::Other(_) => {
                Outcome::Unknown(Unknown::about(Doubt::IntentStatus(intent.status.clone()), Some(intent)))
            }
        }
    }
}

/// The refusal that an open or cancelled intent tells of itself.
fn failed(intent: Intent) -> Refusal {
    let error = intent.last_payment_error.clone();
    let (code, decline_code, advice_code) =
        error.map_or((None, None, None), |error| (error.code, error.decline_code, error.advice_code));
    Refusal { code: code.unwrap_or_else(|| intent.status.to_string()), decline_code, advice_code, intent: Some(intent) }
}

#[derive(Deserialize)]
struct Envelope {
    error: WireError,
}

#[derive(Deserialize)]
struct WireError {
    r#type: Option<String>,
    code: Option<String>,
    decline_code: Option<String>,
    advice_code: Option<String>,
    message: Option<String>,
    param: Option<String>,
    payment_intent: Option<Value>,
}

/// Reads an answer as a `T`, or says why it is none.
pub(crate) fn read<T: DeserializeOwned>(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<T, Error> {
    if status.is_success() {
        return serde_json::from_slice(body).map_err(|_| Unknown::new(Doubt::Unreadable).into());
    }
    let settles_nothing = !status.is_client_error() || matches!(status.as_u16(), 409 | 424 | 429);
    match serde_json::from_slice::<Envelope>(body) {
        Ok(envelope) if !settles_nothing => Err(refused(status, headers, envelope.error)),
        _ => Err(Unknown::new(Doubt::Status(status.as_u16())).into()),
    }
}

/// A 4xx with Stripe's error body.
fn refused(status: StatusCode, headers: &HeaderMap, error: WireError) -> Error {
    let intent: Option<Intent> = error.payment_intent.and_then(|value| serde_json::from_value(value).ok());
    let code = error.code.as_deref().unwrap_or_default();
    // A card that was removed meanwhile, or cannot be used: the next one may work.
    let about_card = error.r#type.as_deref() == Some("card_error") || error.param.as_deref() == Some("payment_method");
    match error.r#type.as_deref() {
        Some("idempotency_error") => Unknown::about(Doubt::KeyReused, intent).into(),
        _ if code == "payment_intent_unexpected_state" => Unknown::about(Doubt::UnexpectedState, intent).into(),
        Some("card_error" | "invalid_request_error") if about_card => match intent {
            // A refusal that comes with a paid intent contradicts itself.
            Some(intent) if !is_unpaid(&intent.status) => {
                Unknown::about(Doubt::IntentStatus(intent.status.clone()), Some(intent)).into()
            }
            intent => Error::Refused(Box::new(Refusal {
                code: error.code.unwrap_or_else(|| "card_error".into()),
                decline_code: error.decline_code,
                advice_code: error.advice_code,
                intent,
            })),
        },
        Some("invalid_request_error") => invalid(status, headers, error.code, error.param, error.message).into(),
        _ if matches!(status.as_u16(), 401 | 403) => {
            invalid(status, headers, error.code, error.param, error.message).into()
        }
        _ => Unknown::about(Doubt::Status(status.as_u16()), intent).into(),
    }
}

fn is_unpaid(status: &IntentStatus) -> bool {
    use IntentStatus::{Canceled, RequiresAction, RequiresConfirmation, RequiresPaymentMethod};
    matches!(status, RequiresPaymentMethod | RequiresConfirmation | RequiresAction | Canceled)
}

fn invalid(
    status: StatusCode,
    headers: &HeaderMap,
    code: Option<String>,
    param: Option<String>,
    message: Option<String>,
) -> Invalid {
    let kind = match status.as_u16() {
        401 | 403 => InvalidKind::Credentials,
        404 => InvalidKind::NotFound,
        // Missing objects that a parameter names, instead of the path, come as 400.
        _ if code.as_deref() == Some("resource_missing") => InvalidKind::NotFound,
        _ => InvalidKind::Request,
    };
    // The message of a refused key may quote the key.
    let message = message.filter(|_| kind != InvalidKind::Credentials);
    Invalid { kind, code, param, message, request_id: request_id(headers) }
}

/// Stripe's name for a request, for support and logs.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<String> {
    headers.get("request-id").and_then(|value| value.to_str().ok()).map(str::to_owned)
}

//! Stripe's objects as far as we read them.
//!
//! Parsed leniently: only `id` and, where a decision hangs on it, `status` must be there; unknown fields and values are
//! fine, because an endpoint's notices keep the shape of the day they were made. Deliberately absent: everything about
//! cards beyond what a person needs to tell them apart.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::amount;
use crate::{AmountError, Money, Secret};

/// A PaymentIntent: one thing to be paid, at most once.
#[derive(Debug, Clone, Deserialize)]
pub struct Intent {
    /// `pi_…`.
    pub id: String,
    /// Where it stands.
    pub status: IntentStatus,
    /// What was asked, in Stripe's unit of `currency`: see [`Intent::asked`].
    #[serde(default, deserialize_with = "or_default")]
    pub amount: i64,
    /// What was taken, in Stripe's unit of `currency`: see [`Intent::received`].
    #[serde(default, deserialize_with = "or_default")]
    pub amount_received: i64,
    /// Lower-case currency code.
    #[serde(default, deserialize_with = "or_default")]
    pub currency: String,
    /// `cus_…`.
    #[serde(default, deserialize_with = "id_of")]
    pub customer: Option<String>,
    /// `pm_…`: the card of the last attempt.
    #[serde(default, deserialize_with = "id_of")]
    pub payment_method: Option<String>,
    /// `ch_…`: the charge of the last attempt.
    #[serde(default, deserialize_with = "id_of")]
    pub latest_charge: Option<String>,
    /// Why the last attempt failed; stays when a later one succeeds.
    pub last_payment_error: Option<PaymentError>,
    /// Why it was cancelled.
    pub cancellation_reason: Option<String>,
    /// Unix seconds.
    #[serde(rename = "created", default, deserialize_with = "or_default")]
    pub created_at_s: i64,
    /// Real money.
    #[serde(default, deserialize_with = "or_default")]
    pub livemode: bool,
    /// Ours: `topup_id`, `account_id`.
    #[serde(default, deserialize_with = "texts")]
    pub metadata: BTreeMap<String, String>,
    /// Lets a browser pay this intent: for the signed-in payer only.
    #[serde(default, deserialize_with = "secret")]
    pub client_secret: Option<Secret>,
}

impl Intent {
    /// The top-up that this intent pays for.
    pub fn topup_id(&self) -> Option<&str> {
        self.metadata.get("topup_id").map(String::as_str)
    }

    /// The account that the top-up belongs to.
    pub fn account_id(&self) -> Option<&str> {
        self.metadata.get("account_id").map(String::as_str)
    }

    /// What was asked. Must equal the top-up's money, or nothing is credited.
    pub fn asked(&self) -> Result<Money, AmountError> {
        amount::from_wire(self.amount, &self.currency)
    }

    /// What was taken; zero until it succeeded.
    pub fn received(&self) -> Result<Money, AmountError> {
        amount::from_wire(self.amount_received, &self.currency)
    }
}

/// Status of an intent. Final: `Succeeded` and `Canceled`; a failed attempt leads back to `RequiresPaymentMethod`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub enum IntentStatus {
    /// No card yet, or the last attempt failed.
    RequiresPaymentMethod,
    /// A card is there, not yet confirmed.
    RequiresConfirmation,
    /// The payer must authenticate.
    RequiresAction,
    /// Sent; the result comes later.
    Processing,
    /// Authorised only; we never ask for this.
    RequiresCapture,
    /// Money taken.
    Succeeded,
    /// Closed without money.
    Canceled,
    /// A status that came after this code.
    Other(String),
}

impl From<String> for IntentStatus {
    fn from(text: String) -> Self {
        match text.as_str() {
            "requires_payment_method" => Self::RequiresPaymentMethod,
            "requires_confirmation" => Self::RequiresConfirmation,
            "requires_action" => Self::RequiresAction,
            "processing" => Self::Processing,
            "requires_capture" => Self::RequiresCapture,
            "succeeded" => Self::Succeeded,
            "canceled" => Self::Canceled,
            _ => Self::Other(text),
        }
    }
}

impl fmt::Display for IntentStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RequiresPaymentMethod => "requires_payment_method",
            Self::RequiresConfirmation => "requires_confirmation",
            Self::RequiresAction => "requires_action",
            Self::Processing => "processing",
            Self::RequiresCapture => "requires_capture",
            Self::Succeeded => "succeeded",
            Self::Canceled => "canceled",
            Self::Other(text) => text,
        })
    }
}

/// Why an attempt on an intent failed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PaymentError {
    /// Such as `card_declined`.
    pub code: Option<String>,
    /// The bank's word, such as `insufficient_funds`; an open list.
    pub decline_code: Option<String>,
    /// `confirm_card_data`, `do_not_try_again`, `try_again_later`.
    pub advice_code: Option<String>,
}

/// A customer: whom saved cards belong to.
#[derive(Debug, Clone, Deserialize)]
pub struct Customer {
    /// `cus_…`.
    pub id: String,
    /// Gone for good; nothing else is filled.
    #[serde(default, deserialize_with = "or_default")]
    pub deleted: bool,
    /// Real money.
    #[serde(default, deserialize_with = "or_default")]
    pub livemode: bool,
    /// Ours: `account_id`.
    #[serde(default, deserialize_with = "texts")]
    pub metadata: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "or_default")]
    invoice_settings: InvoiceSettings,
    #[serde(default, deserialize_with = "id_of")]
    default_source: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct InvoiceSettings {
    #[serde(default, deserialize_with = "id_of")]
    default_payment_method: Option<String>,
}

impl Customer {
    /// The id of the card to charge first. Older accounts keep it in `default_source`. It need not be a card.
    pub fn default_card(&self) -> Option<&str> {
        self.invoice_settings.default_payment_method.as_deref().or(self.default_source.as_deref())
    }
}

/// A saved PaymentMethod: a card as people tell it apart, or another kind (then without brand and digits).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "PaymentMethod")]
pub struct Card {
    /// `pm_…`.
    pub id: String,
    /// The customer it is attached to; `None` once it is detached.
    pub customer: Option<String>,
    /// Such as `visa`; empty for another kind than a card.
    pub brand: String,
    /// The last four digits.
    pub last4: String,
    /// 1–12; 0 when unknown.
    pub exp_month: i16,
    /// Four digits; 0 when unknown.
    pub exp_year: i16,
    /// Same number, same value, within one Stripe account.
    pub fingerprint: Option<String>,
    /// Such as `apple_pay`.
    pub wallet: Option<String>,
}

#[derive(Deserialize)]
struct PaymentMethod {
    id: String,
    #[serde(default, deserialize_with = "id_of")]
    customer: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    card: CardDetails,
}

#[derive(Default, Deserialize)]
struct CardDetails {
    #[serde(default, deserialize_with = "or_default")]
    brand: String,
    #[serde(default, deserialize_with = "or_default")]
    last4: String,
    #[serde(default, deserialize_with = "or_default")]
    exp_month: i16,
    #[serde(default, deserialize_with = "or_default")]
    exp_year: i16,
    fingerprint: Option<String>,
    wallet: Option<Wallet>,
}

#[derive(Deserialize)]
struct Wallet {
    r#type: Option<String>,
}

impl From<PaymentMethod> for Card {
    fn from(PaymentMethod { id, customer, card }: PaymentMethod) -> Self {
        let CardDetails { brand, last4, exp_month, exp_year, fingerprint, wallet } = card;
        let wallet = wallet.and_then(|wallet| wallet.r#type);
        Card { id, customer, brand, last4, exp_month, exp_year, fingerprint, wallet }
    }
}

/// A SetupIntent: saves a card, with the bank's authentication, without charging it.
#[derive(Debug, Clone, Deserialize)]
pub struct SetupIntent {
    /// `seti_…`.
    pub id: String,
    /// As Stripe writes it; `succeeded` means that the card is attached to the customer.
    pub status: String,
    /// `cus_…`.
    #[serde(default, deserialize_with = "id_of")]
    pub customer: Option<String>,
    /// `pm_…`, once there is one.
    #[serde(default, deserialize_with = "id_of")]
    pub payment_method: Option<String>,
    /// Lets a browser save a card to this customer: for the signed-in payer only.
    #[serde(default, deserialize_with = "secret")]
    pub client_secret: Option<Secret>,
}

/// One page of a list, newest first.
#[derive(Debug, Deserialize)]
pub(crate) struct Page<T> {
    pub data: Vec<T>,
    #[serde(default)]
    pub has_more: bool,
}

/// Null reads as absent.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A reference: an id, or the object itself when it was expanded.
fn id_of<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(id) => Some(id),
        Value::Object(mut object) => match object.remove("id") {
            Some(Value::String(id)) => Some(id),
            _ => None,
        },
        _ => None,
    })
}

/// Metadata; what is not a text is not ours.
fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    let entries: Option<BTreeMap<String, Value>> = Option::deserialize(deserializer)?;
    let text = |(key, value)| match value {
        Value::String(text) => Some((key, text)),
        _ => None,
    };
    Ok(entries.unwrap_or_default().into_iter().filter_map(text).collect())
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    let text: Option<String> = Option::deserialize(deserializer)?;
    Ok(text.and_then(|text| Secret::new(text).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intent(json: &str) -> Intent {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn an_intent_is_read_in_its_old_new_and_bare_shapes() {
        let bare = intent(r#"{"id":"pi_1","status":"a_status_of_2030"}"#);
        assert_eq!(bare.status, IntentStatus::Other("a_status_of_2030".into()));
        assert!(bare.asked().is_err(), "no currency, no money");

        let nulls = intent(
            r#"{"id":"pi_1","status":"canceled","amount":null,"currency":null,"customer":null,"metadata":null,
                "last_payment_error":null,"client_secret":null,"created":null,"livemode":null,"new_field":[{}]}"#,
        );
        assert_eq!((nulls.amount, nulls.customer, nulls.livemode), (0, None, false));

        let full = intent(
            r#"{"id":"pi_1","status":"succeeded","amount":500,"amount_received":500,"currency":"ugx","livemode":true,
                "customer":{"id":"cus_1","object":"customer"},"latest_charge":{"id":"ch_1"},"payment_method":"pm_1",
                "created":1795166100,"metadata":{"topup_id":"tu_1","account_id":"ac_1","n":1},
                "last_payment_error":{"type":"card_error","code":"card_declined","decline_code":"lost_card"}}"#,
        );
        assert_eq!((full.customer.as_deref(), full.latest_charge.as_deref()), (Some("cus_1"), Some("ch_1")));
        assert_eq!((full.topup_id(), full.account_id(), full.metadata.len()), (Some("tu_1"), Some("ac_1"), 2));
        assert_eq!(full.received().unwrap().amount_minor, 5);
        assert_eq!(full.last_payment_error.unwrap().decline_code.as_deref(), Some("lost_card"));
    }

    #[test]
    fn every_status_is_written_as_it_is_read() {
        let statuses = "requires_payment_method requires_confirmation requires_action processing requires_capture succeeded \
                        canceled";
        for text in statuses.split(' ') {
            let status = IntentStatus::from(text.to_owned());
            assert_eq!(status.to_string(), text);
            assert!(!matches!(status, IntentStatus::Other(_)), "{text}");
        }
    }

    #[test]
    fn the_default_card_may_be_in_the_old_place() {
        let cases = [
            (r#"{"id":"cus_1"}"#, None),
            (r#"{"id":"cus_1","invoice_settings":null,"default_source":null}"#, None),
            (
                r#"{"id":"cus_1","invoice_settings":{"default_payment_method":"pm_1"},"default_source":"card_9"}"#,
                Some("pm_1"),
            ),
            (r#"{"id":"cus_1","invoice_settings":{"default_payment_method":{"id":"pm_1"}}}"#, Some("pm_1")),
            (
                r#"{"id":"cus_1","invoice_settings":{"default_payment_method":null},"default_source":"card_9"}"#,
                Some("card_9"),
            ),
        ];
        for (json, card) in cases {
            let customer: Customer = serde_json::from_str(json).unwrap();
            assert_eq!(customer.default_card(), card, "{json}");
        }
    }

    #[test]
    fn a_card_keeps_only_what_tells_it_apart() {
        let json = r#"{"id":"pm_1","type":"card","customer":"cus_1","card":{"brand":"visa","last4":"4242","exp_month":8,
            "exp_year":2030,"fingerprint":"f","wallet":{"type":"apple_pay"},"checks":{}}}"#;
        let card: Card = serde_json::from_str(json).unwrap();
        assert_eq!(
            (card.brand.as_str(), card.last4.as_str(), card.exp_month, card.exp_year),
            ("visa", "4242", 8, 2030)
        );
        assert_eq!((card.fingerprint.as_deref(), card.wallet.as_deref()), (Some("f"), Some("apple_pay")));

        let other: Card = serde_json::from_str(r#"{"id":"pm_2","type":"konbini","konbini":{}}"#).unwrap();
        assert_eq!((other.brand.as_str(), other.customer), ("", None));
    }

    #[test]
    fn client_secrets_do_not_show() {
        let intent = intent(r#"{"id":"pi_1","status":"requires_action","client_secret":"pi_1_secret_abc"}"#);
        assert_eq!(intent.client_secret.as_ref().unwrap().expose(), "pi_1_secret_abc");
        assert!(!format!("{intent:?}").contains("secret_abc"));
        let json = r#"{"id":"seti_1","status":"succeeded","client_secret":"seti_1_secret_abc"}"#;
        let setup: SetupIntent = serde_json::from_str(json).unwrap();
        assert!(!format!("{setup:?}").contains("secret_abc"));
    }
}

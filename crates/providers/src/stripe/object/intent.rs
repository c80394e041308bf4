//! PaymentIntents.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use super::charge::{self, Charge};
use super::fields::{id_of, or_default, secret, texts};
use crate::stripe::amount;
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
    /// The charge of the last attempt; in notices its id only.
    #[serde(default, deserialize_with = "charge::referred")]
    pub latest_charge: Option<Charge>,
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

/// Why an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PaymentError {
    /// Such as `card_declined`.
    pub code: Option<String>,
    /// The bank's word, such as `insufficient_funds`; an open list.
    pub decline_code: Option<String>,
    /// `confirm_card_data`, `do_not_try_again`, `try_again_later`.
    pub advice_code: Option<String>,
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
                "last_payment_error":null,"client_secret":null,"created":null,"livemode":null,"latest_charge":null,
                "new_field":[{}]}"#,
        );
        assert_eq!((nulls.amount, nulls.customer, nulls.livemode, nulls.latest_charge), (0, None, false, None));

        let full = intent(
            r#"{"id":"pi_1","status":"succeeded","amount":500,"amount_received":500,"currency":"ugx","livemode":true,
                "customer":{"id":"cus_1","object":"customer"},"latest_charge":{"id":"ch_1"},"payment_method":"pm_1",
                "created":1795166100,"metadata":{"topup_id":"tu_1","account_id":"ac_1","n":1},
                "last_payment_error":{"type":"card_error","code":"card_declined","decline_code":"lost_card"}}"#,
        );
        assert_eq!(full.customer.as_deref(), Some("cus_1"));
        assert_eq!(full.latest_charge.as_ref().map(|charge| charge.id.as_str()), Some("ch_1"));
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
    fn the_client_secret_does_not_show() {
        let intent = intent(r#"{"id":"pi_1","status":"requires_action","client_secret":"pi_1_secret_abc"}"#);
        assert_eq!(intent.client_secret.as_ref().unwrap().expose(), "pi_1_secret_abc");
        assert!(!format!("{intent:?}").contains("secret_abc"));
    }
}

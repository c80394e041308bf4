//! Customers, their saved cards, and the SetupIntents that save them.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::fields::{id_of, or_default, secret, texts};
use super::intent::PaymentError;
use crate::Secret;

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
    /// Why the last attempt failed.
    pub last_setup_error: Option<PaymentError>,
    /// Lets a browser save a card to this customer: for the signed-in payer only.
    #[serde(default, deserialize_with = "secret")]
    pub client_secret: Option<Secret>,
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_setup_intent_is_read_and_its_secret_does_not_show() {
        let json = r#"{"id":"seti_1","status":"requires_payment_method","customer":"cus_1","client_secret":
            "seti_1_secret_abc","last_setup_error":{"code":"setup_intent_authentication_failure"}}"#;
        let setup: SetupIntent = serde_json::from_str(json).unwrap();
        assert!(!format!("{setup:?}").contains("secret_abc"));
        let error = setup.last_setup_error.unwrap();
        assert_eq!(error.code.as_deref(), Some("setup_intent_authentication_failure"));
    }
}

//! Our values as PayPal's request bodies, and our references in its objects. Pure.
//!
//! * `custom_id` is `{topup_id}:{account_id}`, cut at the first colon when read: a top-up's id has none, an account's
//!   may. Should both be longer than PayPal's 127 characters, the top-up's id stands alone. It comes back in captures,
//!   notices and the transaction search, and the payer does not see it.
//! * `invoice_id` is the top-up's id too: as PayPal refuses a second payment of an invoice (unless that is switched off
//!   in the merchant's account), a top-up is not paid twice even through two orders.
//! * A refund carries its own id as `custom_id`. One from PayPal's pages carries the payment's instead, or none.
//! * Request ids are made of our ids, so a crashed worker repeats the same request: `tu:{topup}:create:1`,
//!   `tu:{topup}:capture:{n}`, `rf:{refund}`. `n` grows only after a definite refusal.

use serde_json::{Value, json};

use super::amount;
use super::signature::Transmission;
use crate::gateway::{Ask, RefundAsk};
use crate::{AmountError, Money};

/// PayPal's limit for `custom_id`, `invoice_id` and `description`.
const TEXT_MAX_CHARS: usize = 127;
/// The ids of our refunds begin so.
const REFUND_PREFIX: &str = "rf_";

/// How the merchant is shown.
#[derive(Debug, Clone, Default)]
pub(crate) struct Merchant {
    pub brand_name: Option<String>,
    pub soft_descriptor: Option<String>,
}

/// `POST /v2/checkout/orders`: an order that the payer approves on PayPal's page.
pub(crate) fn create(ask: &Ask, merchant: &Merchant) -> Result<Value, AmountError> {
    let mut unit = json!({
        "reference_id": "default",
        "custom_id": custom_id(&ask.topup_id, &ask.account_id),
        "invoice_id": ask.topup_id,
        "amount": amount_of(ask.money)?,
    });
    let description: String = ask.description.trim().chars().take(TEXT_MAX_CHARS).collect();
    if !description.is_empty() {
        unit["description"] = description.into();
    }
    if let Some(text) = &merchant.soft_descriptor {
        unit["soft_descriptor"] = text.as_str().into();
    }
    let mut page = json!({
        "locale": locale(&ask.language),
        "shipping_preference": "NO_SHIPPING",
        "landing_page": "LOGIN",
        "user_action": "PAY_NOW",
        // Keeps out eChecks, which stay pending for days.
        "payment_method_preference": "IMMEDIATE_PAYMENT_REQUIRED",
        "return_url": ask.return_url,
        "cancel_url": ask.cancel_url,
    });
    if let Some(name) = &merchant.brand_name {
        page["brand_name"] = name.as_str().into();
    }
    Ok(json!({
        "intent": "CAPTURE",
        "purchase_units": [unit],
        "payment_source": {"paypal": {"experience_context": page}},
    }))
}

/// `POST /v2/payments/captures/{id}/refund`. The amount is named also when it is all: a second refund cannot exceed it.
pub(crate) fn refund(ask: &RefundAsk) -> Result<Value, AmountError> {
    Ok(json!({"amount": amount_of(ask.money)?, "custom_id": ask.refund_id}))
}

fn amount_of(money: Money) -> Result<Value, AmountError> {
    let (value, currency_code) = amount::to_wire(money)?;
    Ok(json!({"currency_code": currency_code, "value": value}))
}

/// PayPal's page language.
fn locale(language: &str) -> &'static str {
    match language {
        "ja" => "ja-JP",
        "vi" => "vi-VN",
        _ => "en-US",
    }
}

/// Our references in an order and its captures.
fn custom_id(topup_id: &str, account_id: &str) -> String {
    let both = format!("{topup_id}:{account_id}");
    if both.chars().count() <= TEXT_MAX_CHARS { both } else { topup_id.to_owned() }
}

/// Top-up and account of an object; the invoice stands in where PayPal leaves the custom id out.
pub(crate) fn references(custom_id: Option<&str>, invoice_id: Option<&str>) -> (Option<String>, Option<String>) {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    match custom_id.filter(|text| !text.is_empty()) {
        Some(text) => {
            let (topup_id, account_id) = text.split_once(':').unwrap_or((text, ""));
            (given(topup_id), given(account_id))
        }
        None => (invoice_id.and_then(given), None),
    }
}

/// Our refund's id, in a refund that we asked for.
pub(crate) fn refund_id(custom_id: Option<&str>) -> Option<String> {
    custom_id.filter(|text| text.starts_with(REFUND_PREFIX)).map(str::to_owned)
}

/// `POST /v1/notifications/verify-webhook-signature`. The body of the notice goes in byte by byte, because the
/// signature is over its spelling; `None` when it is not one JSON object, which could smuggle in fields of this
/// question.
pub(crate) fn postback(transmission: &Transmission<'_>, webhook_id: &str, body: &[u8]) -> Option<Vec<u8>> {
    serde_json::from_slice::<serde_json::Map<String, Value>>(body).ok()?;
    let head = json!({
        "auth_algo": "SHA256withRSA",
        "cert_url": transmission.cert_url,
        "transmission_id": transmission.id,
        "transmission_sig": transmission.signature,
        "transmission_time": transmission.time,
        "webhook_id": webhook_id,
    })
    .to_string();
    let open_head = head.strip_suffix('}')?;
    Some([open_head.as_bytes(), br#","webhook_event":"#, body, b"}"].concat())
}

/// Request id of an order.
pub(crate) fn create_key(topup_id: &str) -> String {
    format!("tu:{topup_id}:create:1")
}

/// Request id of the `n`-th attempt to capture, from 1.
pub(crate) fn capture_key(topup_id: &str, n: u32) -> String {
    format!("tu:{topup_id}:capture:{n}")
}

/// Request id of a refund.
pub(crate) fn refund_key(refund_id: &str) -> String {
    format!("rf:{refund_id}")
}

#[cfg(test)]
mod tests {
    use ledger::Unit;

    use super::*;

    fn ask(amount_minor: i64, currency: &str) -> Ask {
        Ask {
            account_id: "team:7".into(),
            topup_id: "pay_1".into(),
            money: Money { amount_minor, currency: Unit::parse(currency).unwrap() },
            description: "Credits".into(),
            customer_id: None,
            language: "ja".into(),
            return_url: "https://example.com/back".into(),
            cancel_url: "https://example.com/cancel".into(),
            payer_address: [127, 0, 0, 1].into(),
            created_at_s: 0,
            expires_at_s: 0,
            save_card: true,
        }
    }

    #[test]
    fn an_order_sends_exactly_this() {
        let merchant = Merchant { brand_name: Some("Acme".into()), soft_descriptor: Some("ACME".into()) };
        let expected = json!({
            "intent": "CAPTURE",
            "purchase_units": [{
                "reference_id": "default", "custom_id": "pay_1:team:7", "invoice_id": "pay_1", "description": "Credits",
                "soft_descriptor": "ACME", "amount": {"currency_code": "JPY", "value": "3000"}
            }],
            "payment_source": {"paypal": {"experience_context": {
                "brand_name": "Acme", "locale": "ja-JP", "shipping_preference": "NO_SHIPPING", "landing_page": "LOGIN",
                "user_action": "PAY_NOW", "payment_method_preference": "IMMEDIATE_PAYMENT_REQUIRED",
                "return_url": "https://example.com/back", "cancel_url": "https://example.com/cancel"
            }}}
        });
        assert_eq!(create(&ask(3_000, "JPY"), &merchant).unwrap(), expected);
    }

    #[test]
    fn texts_keep_to_their_limits_and_absent_ones_are_left_out() {
        let long = Ask { description: "é".repeat(200), language: "fr".into(), ..ask(2_500, "USD") };
        let order = create(&long, &Merchant::default()).unwrap();
        let unit = &order["purchase_units"][0];
        assert_eq!(unit["description"].as_str().unwrap().chars().count(), 127);
        assert!(unit.get("soft_descriptor").is_none());
        let page = &order["payment_source"]["paypal"]["experience_context"];
        assert!(page.get("brand_name").is_none());
        assert_eq!(page["locale"], "en-US");
        let blank = create(&Ask { description: " ".into(), ..long }, &Merchant::default()).unwrap();
        assert!(blank["purchase_units"][0].get("description").is_none());
    }

    #[test]
    fn an_amount_without_wire_form_is_not_sent() {
        let refused = |minor, currency| create(&ask(minor, currency), &Merchant::default()).unwrap_err();
        assert_eq!(refused(500_000, "VND"), AmountError::UnsupportedCurrency);
        assert_eq!(refused(999_950, "HUF"), AmountError::TooPrecise);
        assert_eq!(refused(0, "USD"), AmountError::NotPositive);
    }

    #[test]
    fn references_come_back_as_they_were_sent() {
        for account_id in ["a", "team:7", "x:y:z", &"a".repeat(64)] {
            let sent = custom_id("pay_0193a1b2c3d47e5f8a9b0c1d2e3f4a5b", account_id);
            assert!(sent.len() <= TEXT_MAX_CHARS);
            let read = references(Some(&sent), Some("other"));
            assert_eq!(read, (Some("pay_0193a1b2c3d47e5f8a9b0c1d2e3f4a5b".into()), Some(account_id.into())));
        }
        assert_eq!(custom_id("pay_1", &"a".repeat(122)), "pay_1");
        // custom id, invoice id, top-up, account
        let cases = [
            (Some("tu_1"), None, Some("tu_1"), None),
            (Some("tu_1:"), None, Some("tu_1"), None),
            (Some(":a"), None, None, Some("a")),
            (Some(""), Some("tu_1"), Some("tu_1"), None),
            (None, Some("tu_1"), Some("tu_1"), None),
            (None, Some(""), None, None),
            (None, None, None, None),
        ];
        for (custom_id, invoice_id, topup_id, account_id) in cases {
            let expected = (topup_id.map(str::to_owned), account_id.map(str::to_owned));
            assert_eq!(references(custom_id, invoice_id), expected, "{custom_id:?} {invoice_id:?}");
        }
    }

    #[test]
    fn a_postback_carries_the_body_byte_by_byte() {
        let transmission = Transmission {
            id: "b1c2",
            time: "2026-11-20T09:15:02Z",
            cert_url: "https://api.paypal.com/v1/notifications/certs/CERT-1",
            signature: "AAEC",
            signature_bytes: vec![0, 1, 2],
        };
        let body = br#" {"id" : "WH-1", "n": 25.0, "e": "\u0041"} "#;
        let question = String::from_utf8(postback(&transmission, "1AB", body).unwrap()).unwrap();
        assert!(question.ends_with(r#","webhook_event": {"id" : "WH-1", "n": 25.0, "e": "\u0041"} }"#), "{question}");
        let read: Value = serde_json::from_str(&question).unwrap();
        assert_eq!((read["webhook_id"].as_str(), read["transmission_sig"].as_str()), (Some("1AB"), Some("AAEC")));
        for smuggled in [r#"{},"webhook_id":"2CD""#, r#"{}}{"a":{}"#, "[]", "1", "", "\u{feff}{}"] {
            assert_eq!(postback(&transmission, "1AB", smuggled.as_bytes()), None, "{smuggled}");
        }
    }

    #[test]
    fn only_our_own_refunds_name_ours() {
        let cases = [(Some("rf_1"), Some("rf_1")), (Some("pay_1:team"), None), (Some(""), None), (None, None)];
        for (custom_id, expected) in cases {
            assert_eq!(refund_id(custom_id).as_deref(), expected, "{custom_id:?}");
        }
    }
}

//! Giving money back, and finding out whether it was.

use providers::gateway::{Gateway, RefundAsk, RefundSighting, Trouble};
use serde_json::{Value, json};

use super::support::{
    capture, client, issue, money, order, refund_ask, repeating, script, told_refund, told_trouble, usd,
};
use crate::support::Reply::{Close, Json};

fn refund(status: &str) -> Value {
    json!({
        "id": "1JU", "status": status, "amount": money("10.00"), "custom_id": "rf_1",
        "links": [
            {"href": "https://api-m.paypal.com/v2/payments/refunds/1JU", "rel": "self", "method": "GET"},
            {"href": "https://api-m.paypal.com/v2/payments/captures/3C6", "rel": "up", "method": "GET"}
        ]
    })
}

fn order_with(refunds: Value) -> Value {
    let mut order = order("COMPLETED", json!([capture("PARTIALLY_REFUNDED")]));
    order["purchase_units"][0]["payments"]["refunds"] = refunds;
    order
}

fn told(result: Result<RefundSighting, Trouble>) -> String {
    result.map_or_else(|trouble| told_trouble(&trouble), |seen| told_refund(&seen))
}

#[tokio::test]
async fn a_refund_is_asked_for_once_and_stands_where_paypal_says() {
    let mut bare = refund("COMPLETED");
    bare["links"] = json!(null);
    bare["custom_id"] = json!(null);
    let mut odd = refund("COMPLETED");
    odd["amount"]["value"] = "10.001".into();
    let cases = [
        (refund("COMPLETED"), "succeeded: 1JU(rf_1) of 5O1/3C6 1000 USD"),
        (refund("PENDING"), "pending: 1JU(rf_1) of 5O1/3C6 1000 USD"),
        (refund("FAILED"), "failed failed: 1JU(rf_1) of 5O1/3C6 1000 USD"),
        (refund("CANCELLED"), "failed canceled: 1JU(rf_1) of 5O1/3C6 1000 USD"),
        (refund("A_STATUS_OF_2030"), "pending: 1JU(rf_1) of 5O1/3C6 1000 USD"),
        (bare, "succeeded: 1JU(rf_1) of 5O1/3C6 1000 USD"),
        (odd, "unknown unreadable answer: may have run"),
    ];
    for (answer, expected) in cases {
        let script = script([Close, Json(201, answer.to_string())]).await;
        assert_eq!(told(repeating(&script.url, 1).refund(&refund_ask()).await), expected, "{answer}");
        let asked = &script.asked()[1..];
        assert_eq!(asked.len(), 2);
        for asked in asked {
            assert_eq!(asked.line, "POST /v2/payments/captures/3C6/refund");
            assert_eq!(asked.header("paypal-request-id"), "rf:rf_1");
            let body: Value = serde_json::from_str(&asked.body).unwrap();
            assert_eq!(body, json!({"amount": money("10.00"), "custom_id": "rf_1"}));
        }
    }
}

#[tokio::test]
async fn a_whole_refund_names_its_amount_too() {
    let script = script([Json(201, refund("COMPLETED").to_string())]).await;
    let whole = RefundAsk { whole: true, money: usd(2_500), ..refund_ask() };
    client(&script.url).refund(&whole).await.unwrap();
    let body: Value = serde_json::from_str(&script.asked()[1].body).unwrap();
    assert_eq!(body["amount"], money("25.00"));
}

#[tokio::test]
async fn a_refusal_is_believed_unless_the_refund_is_there() {
    let refused = |code: &str| Json(422, issue(code));
    let missing = || Json(404, issue("INVALID_RESOURCE_ID"));
    let with = |refunds: Value| Json(200, order_with(refunds).to_string());
    let mut foreign = refund("COMPLETED");
    foreign["custom_id"] = "pay_1:team:7".into();
    let cases = [
        (vec![refused("CAPTURE_FULLY_REFUNDED"), with(json!([foreign]))], "refused CAPTURE_FULLY_REFUNDED: …"),
        (vec![refused("CAPTURE_FULLY_REFUNDED"), with(json!([foreign, refund("COMPLETED")]))], "succeeded: …"),
        (vec![refused("REFUND_AMOUNT_EXCEEDED"), with(json!(null))], "refused REFUND_AMOUNT_EXCEEDED: …"),
        (vec![refused("CAPTURE_FULLY_REFUNDED"), Json(500, String::new())], "unknown HTTP status 500: may have run"),
        (vec![refused("REFUND_TIME_LIMIT_EXCEEDED"), missing()], "refused REFUND_TIME_LIMIT_EXCEEDED: …"),
        (
            vec![refused("REFUND_TIME_LIMIT_EXCEEDED"), Json(403, issue("PERMISSION_DENIED"))],
            "refused REFUND_TIME_LIMIT_EXCEEDED: …",
        ),
        (vec![Json(403, issue("PERMISSION_DENIED"))], "refused PERMISSION_DENIED: …"),
        (vec![missing()], "refused INVALID_RESOURCE_ID: …"),
        (vec![Json(500, String::new())], "unknown HTTP status 500: may have run"),
        (vec![Json(429, String::new())], "unknown HTTP status 429: did not run"),
    ];
    for (replies, expected) in cases {
        let script = script(replies.clone()).await;
        let expected = expected
            .replace("succeeded: …", "succeeded: 1JU(rf_1) of 5O1/3C6 1000 USD")
            .replace('…', "for the operator (f1a2)");
        assert_eq!(told(client(&script.url).refund(&refund_ask()).await), expected, "{replies:?}");
        assert_eq!(script.lines().len(), 1 + replies.len(), "{replies:?}");
    }
}

#[tokio::test]
async fn a_refund_finds_its_capture_or_is_not_sent() {
    let unnamed = RefundAsk { money_id: None, ..refund_ask() };
    let paid = Json(200, order("COMPLETED", json!([capture("COMPLETED")])).to_string());
    let replies = script([paid, Json(201, refund("COMPLETED").to_string())]).await;
    assert_eq!(told(client(&replies.url).refund(&unnamed).await), "succeeded: 1JU(rf_1) of 5O1/3C6 1000 USD");
    assert_eq!(replies.lines()[2], "POST /v2/payments/captures/3C6/refund");

    let replies = script([Json(200, order("APPROVED", json!([])).to_string())]).await;
    assert_eq!(told(client(&replies.url).refund(&unnamed).await), "refused no_capture: for the operator (-)");
    let unsupported = usd(1_000);
    let vnd = providers::Money { currency: ledger::Unit::parse("VND").unwrap(), ..unsupported };
    let nobody = client("http://127.0.0.1:1");
    let refused = told(nobody.refund(&RefundAsk { money: vnd, ..refund_ask() }).await);
    assert_eq!(refused, "refused unsupported_currency: for the operator (-)");
}

#[tokio::test]
async fn a_refund_is_looked_up_by_its_id_or_in_its_order() {
    let known = RefundAsk { object_id: Some("1JU".into()), ..refund_ask() };
    let unknown = refund_ask();
    let missing = || Json(404, issue("INVALID_RESOURCE_ID"));
    let found = "succeeded: 1JU(rf_1) of 5O1/3C6 1000 USD";
    let ok = |body: Value| Json(200, body.to_string());
    let mut other = refund("COMPLETED");
    other["custom_id"] = "rf_2".into();
    let cases = [
        (&known, ok(refund("COMPLETED")), "GET /v2/payments/refunds/1JU", Some(found)),
        (&known, missing(), "GET /v2/payments/refunds/1JU", None),
        (&unknown, ok(order_with(json!([other, refund("COMPLETED")]))), "GET /v2/checkout/orders/5O1", Some(found)),
        (&unknown, ok(order_with(json!([other]))), "GET /v2/checkout/orders/5O1", None),
        (&unknown, ok(order_with(json!(null))), "GET /v2/checkout/orders/5O1", None),
        (&unknown, missing(), "GET /v2/checkout/orders/5O1", None),
    ];
    for (ask, reply, line, expected) in cases {
        let script = script([reply.clone()]).await;
        let seen = client(&script.url).look_up_refund(ask).await.unwrap();
        assert_eq!(seen.as_ref().map(told_refund).as_deref(), expected, "{reply:?}");
        assert_eq!(script.lines()[1..], [line]);
    }
}

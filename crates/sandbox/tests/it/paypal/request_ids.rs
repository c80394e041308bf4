//! `PayPal-Request-Id`.

use reqwest::Method;
use sandbox::paypal::faults::{Fault, FaultRule};
use serde_json::{Value, json};

use super::support::{ORDERS, Play, order};

#[tokio::test]
async fn a_repeat_gets_the_first_result() {
    let play = Play::start().await;
    let body = order("JPY", "3000");
    let (first, second) = (play.post_as(ORDERS, &body, "c:1").await, play.post_as(ORDERS, &body, "c:1").await);
    assert_eq!((first.status, second.status), (201, 200));
    assert_eq!(first.body, second.body);
    assert_ne!(first.headers["paypal-debug-id"], second.headers["paypal-debug-id"]);
    let other = play.post_as(ORDERS, &order("JPY", "9999"), "c:1").await;
    assert_eq!(other.body, first.body, "an id that is used again for something else gets the old result");
    let id = first.id();

    let path = format!("{ORDERS}/{id}/capture");
    let refused = play.post_as(&path, &json!({}), "c:1").await;
    assert_eq!((refused.status, refused.issue()), (422, "ORDER_NOT_APPROVED"), "an id belongs to one operation");
    play.sandbox.approve(&id).unwrap();
    assert_eq!(play.post_as(&path, &json!({}), "c:1").await.issue(), "ORDER_NOT_APPROVED", "a refusal is kept, too");
    let (paid, again) = (play.post_as(&path, &json!({}), "k:2").await, play.post_as(&path, &json!({}), "k:2").await);
    assert_eq!((paid.status, again.status, &paid.body), (201, 200, &again.body));

    let capture = &play.sandbox.captures()[0]["id"];
    let path = format!("/v2/payments/captures/{}/refund", capture.as_str().unwrap());
    let part = json!({ "amount": { "currency_code": "JPY", "value": "1000" } });
    let (back, again) = (play.post_as(&path, &part, "rf:1").await, play.post_as(&path, &part, "rf:1").await);
    assert_eq!((back.status, again.status, &back.body), (201, 200, &again.body));
    assert_eq!((play.sandbox.orders().len(), play.sandbox.captures().len(), play.sandbox.refunds().len()), (1, 1, 1));
    let replays: Vec<bool> = play.sandbox.requests().iter().map(|request| request.replayed).collect();
    assert_eq!(replays, [false, false, true, true, false, true, false, true, false, true]);
}

#[tokio::test]
async fn ids_are_forgotten_in_time() {
    let play = Play::start().await;
    let created = play.post_as(ORDERS, &order("JPY", "3000"), "c").await.id();
    let (_, capture) = play.pay().await;
    let refund_path = format!("/v2/payments/captures/{capture}/refund");
    let part = json!({ "amount": { "currency_code": "JPY", "value": "1000" } });
    play.post_as(&refund_path, &part, "rf").await;
    let mut play = play;
    for (hours, same_order, refunds) in [(5, true, 1), (7, false, 1), (44 * 24, false, 1), (46 * 24, false, 2)] {
        play.control(Method::PUT, "/clock", json!({ "offset_seconds": hours * 3600 })).await;
        play.renew_token().await;
        let again = play.post_as(ORDERS, &order("JPY", "3000"), "c").await;
        assert_eq!(again.id() == created, same_order, "{hours} h");
        play.post_as(&refund_path, &part, "rf").await;
        assert_eq!(play.sandbox.refunds().len(), refunds, "{hours} h");
    }
    play.control(Method::POST, "/request_ids/expire", Value::Null).await;
    play.post_as(&refund_path, &part, "rf").await;
    assert_eq!(play.sandbox.refunds().len(), 3);
}

#[tokio::test]
async fn what_was_not_executed_is_not_kept() {
    let play = Play::start().await;
    let body = order("JPY", "3000");
    let mut bad = body.clone();
    bad["intent"] = Value::Null;
    assert_eq!(play.post_as(ORDERS, &bad, "k").await.status, 400);
    for (fault, status) in
        [(Fault::RateLimit, 429), (Fault::Conflict, 409), (Fault::Unavailable, 503), (Fault::ServerErrorBefore, 500)]
    {
        play.sandbox.script_fault(FaultRule::once(fault));
        assert_eq!(play.post_as(ORDERS, &body, "k").await.status, status, "{fault:?}");
    }
    assert_eq!(play.post_as(ORDERS, &body, "k").await.status, 201);
    assert_eq!(play.sandbox.orders().len(), 1);
}

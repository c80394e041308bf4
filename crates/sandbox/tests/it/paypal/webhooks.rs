//! Webhook deliveries: signed, repeated, and scripted to go wrong.

use std::time::Duration;

use reqwest::Method;
use sandbox::paypal::{PayPalOptions, WebhookTarget, sign};
use serde_json::{Value, json};

use super::support::{Play, Target, WEBHOOK_ID};
use crate::support::eventually;

const PAID: &str = "PAYMENT.CAPTURE.COMPLETED";
/// The last event of every captured order.
const DONE: &str = "CHECKOUT.ORDER.COMPLETED";

#[tokio::test]
async fn notices_arrive_signed_and_in_order() {
    let play = Play::start().await;
    let target = Target::start(&play, 0).await;
    let (order, capture) = play.pay().await;
    target.until(DONE, 1).await;
    assert_eq!(target.kinds(), ["CHECKOUT.ORDER.APPROVED", PAID, DONE]);
    for notice in target.received() {
        assert!(notice.is_genuine(&play).await, "{}", notice.kind());
        let (id, time) = (notice.header("paypal-transmission-id"), notice.header("paypal-transmission-time"));
        let expected = sign(WEBHOOK_ID, &id, &time, notice.body.as_bytes());
        assert_eq!((notice.header("paypal-transmission-sig"), id.len()), (expected, 36));
        assert_eq!(notice.header("paypal-auth-algo"), "SHA256withRSA");
    }
    let paid = target.received()[1].event();
    assert_eq!((&paid["resource"]["id"], &paid["resource_type"]), (&json!(capture), &json!("capture")));
    assert_eq!(paid["resource"]["supplementary_data"]["related_ids"]["order_id"], order);
    let path = format!("/v1/notifications/webhooks-events/{}", paid["id"].as_str().unwrap());
    assert_eq!(play.get(&path).await.body, paid);
    let listed =
        play.get(&format!("/v1/notifications/webhooks-events?event_type={PAID}&transaction_id={capture}")).await;
    assert_eq!(listed.body["events"], json!([paid]));

    let certificate = play.client.get(target.received()[0].header("paypal-cert-url")).send().await.unwrap();
    assert!(certificate.text().await.unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
}

#[tokio::test]
async fn webhooks_are_registered_through_the_api() {
    let play = Play::start().await;
    let target = Target::default();
    let url = target.listen().await;
    let path = "/v1/notifications/webhooks";
    let named = |names: &[&str]| names.iter().map(|name| json!({ "name": name })).collect::<Vec<Value>>();
    #[rustfmt::skip]
    let cases = [
        (json!({ "url": "https://shop.example/hook", "event_types": named(&["*"]) }), 400, "INVALID_PARAMETER_SYNTAX"),
        (json!({ "url": url, "event_types": [] }), 400, "MISSING_REQUIRED_PARAMETER"),
        (json!({ "url": url, "event_types": named(&["PAYMENT.SALE.COMPLETED"]) }), 400, "INVALID_PARAMETER_VALUE"),
        (json!({ "url": url, "event_types": named(&[PAID, DONE]) }), 201, ""),
        (json!({ "url": url, "event_types": named(&["*"]) }), 422, "WEBHOOK_URL_ALREADY_EXISTS"),
    ];
    for (body, status, issue) in cases {
        let reply = play.post(path, &body).await;
        assert_eq!((reply.status, reply.issue()), (status, issue), "{body}");
    }
    let listed = play.get(path).await.body["webhooks"][0].clone();
    let own = format!("{path}/{}", listed["id"].as_str().unwrap());
    assert_eq!(play.get(&own).await.body, listed);
    play.pay().await;
    target.until(DONE, 1).await;
    assert_eq!(target.kinds(), [PAID, DONE]);
    let narrower = json!([{ "op": "replace", "path": "/event_types", "value": named(&[DONE]) }]);
    assert_eq!(play.call(Method::PATCH, &own, &narrower).await.body["event_types"], json!(named(&[DONE])));
    play.pay().await;
    target.until(DONE, 2).await;
    assert_eq!(target.count(PAID), 1);
    assert_eq!(play.call(Method::DELETE, &own, &Value::Null).await.status, 204);
    assert_eq!(play.get(&own).await.status, 404);
    let types = play.get("/v1/notifications/webhooks-event-types").await.body;
    assert!(types["event_types"].as_array().unwrap().contains(&json!({ "name": PAID, "status": "ENABLED" })));
}

#[tokio::test]
async fn a_refused_notice_is_repeated_a_few_times() {
    let gaps = [1, 2, 3].map(Duration::from_millis).to_vec();
    let play = Play::with(PayPalOptions { webhook_retry_gaps: gaps, ..PayPalOptions::default() }).await;
    let target = Target::start(&play, 2).await;
    let id = play.order().await;
    play.sandbox.approve(&id).unwrap();
    eventually("taken", || play.sandbox.deliveries().len() == 3).await;
    let attempts: Vec<_> = play.sandbox.deliveries().iter().map(|each| (each.attempt, each.status)).collect();
    assert_eq!(attempts, [(1, Some(500)), (2, Some(500)), (3, Some(200))]);
    let received = target.received();
    assert!(received.windows(2).all(|pair| pair[0].body == pair[1].body), "the same event");
    let signatures: Vec<String> = received.iter().map(|notice| notice.header("paypal-transmission-sig")).collect();
    assert!(signatures[0] != signatures[1] && received[2].is_genuine(&play).await, "signed afresh");

    let gaps = vec![Duration::ZERO; 3];
    let play = Play::with(PayPalOptions { webhook_retry_gaps: gaps, ..PayPalOptions::default() }).await;
    Target::start(&play, 100).await;
    let id = play.order().await;
    play.sandbox.approve(&id).unwrap();
    eventually("given up", || play.sandbox.deliveries().len() == 4).await;
    let nobody = WebhookTarget { url: "http://127.0.0.1:1/".into(), webhook_id: WEBHOOK_ID.into() };
    play.sandbox.set_webhook_target(Some(nobody));
    play.sandbox.redeliver(play.sandbox.events()[0]["id"].as_str().unwrap()).unwrap();
    eventually("nobody there", || play.sandbox.deliveries().len() == 8).await;
    assert!(play.sandbox.deliveries()[4..].iter().all(|each| each.status.is_none()));
}

#[tokio::test]
async fn notices_that_lie() {
    // The rule, how often the notice comes, and what it says: value, currency, id is known, genuine.
    type Said<'a> = (&'a str, &'a str, bool, bool);
    let truth: Said = ("3000", "JPY", true, true);
    let forged: Said = ("3000", "JPY", true, false);
    #[rustfmt::skip]
    let cases: &[(&str, usize, Said)] = &[
        (r#"{"fault":"duplicate","copies":2}"#, 3, truth),
        (r#"{"fault":"late","delay_ms":1}"#, 1, truth),
        (r#"{"fault":"wrong_amount","amount_minor":1}"#, 1, ("1", "JPY", true, true)),
        (r#"{"fault":"wrong_currency","currency":"USD"}"#, 1, ("3000", "USD", true, true)),
        (r#"{"fault":"unknown_object"}"#, 1, ("3000", "JPY", false, true)),
        (r#"{"fault":"stale"}"#, 1, truth),
        (r#"{"fault":"forged"}"#, 1, forged),
        (r#"{"fault":"forged","way":"certificate"}"#, 1, forged),
        (r#"{"fault":"forged","way":"expired_certificate"}"#, 1, forged),
        (r#"{"fault":"forged","way":"certificate_url"}"#, 1, forged),
        (r#"{"fault":"forged","way":"algorithm"}"#, 1, forged),
        (r#"{"fault":"forged","way":"webhook_id"}"#, 1, forged),
        (r#"{"fault":"forged","way":"time"}"#, 1, forged),
        (r#"{"fault":"forged","way":"unsigned"}"#, 1, forged),
    ];
    for (rule, times, said) in cases {
        let play = Play::start().await;
        let target = Target::start(&play, 0).await;
        let mut rule: Value = serde_json::from_str(rule).unwrap();
        rule["event"] = json!(PAID);
        play.control(Method::POST, "/webhook_faults", rule.clone()).await;
        let (_, capture) = play.pay().await;
        target.until(PAID, *times).await;
        // A later event shows that nothing more is on its way.
        play.order().await;
        target.until(DONE, 1).await;
        let notices: Vec<_> = target.received().into_iter().filter(|notice| notice.kind() == PAID).collect();
        assert_eq!(notices.len(), *times, "{rule}");
        for notice in notices {
            let resource = notice.event()["resource"].clone();
            let amount = &resource["amount"];
            let genuine = notice.is_genuine(&play).await;
            let got = (
                amount["value"].as_str().unwrap(),
                amount["currency_code"].as_str().unwrap(),
                resource["id"] == capture,
                genuine,
            );
            assert_eq!(got, *said, "{rule}");
        }
        let shown = play.get(&format!("/v2/payments/captures/{capture}")).await.body;
        assert_eq!(shown["amount"], json!({ "currency_code": "JPY", "value": "3000" }), "the object stays true");
    }
}

#[tokio::test]
async fn an_altered_body_is_not_what_was_signed() {
    let play = Play::start().await;
    let target = Target::start(&play, 0).await;
    play.control(Method::POST, "/webhook_faults", json!({ "fault": "altered", "event": PAID })).await;
    play.control(Method::POST, "/webhook_faults", json!({ "fault": "stale", "event": DONE })).await;
    play.pay().await;
    target.until(DONE, 1).await;
    let (altered, stale) = (&target.received()[1], &target.received()[2]);
    let trimmed = altered.body.strip_suffix(' ').unwrap();
    let signed = |body: &str| {
        sign(
            WEBHOOK_ID,
            &altered.header("paypal-transmission-id"),
            &altered.header("paypal-transmission-time"),
            body.as_bytes(),
        )
    };
    assert_eq!(altered.header("paypal-transmission-sig"), signed(trimmed));
    assert_ne!(altered.header("paypal-transmission-sig"), signed(&altered.body));
    assert!(stale.header("paypal-transmission-time")[..10] < stale.event()["create_time"].as_str().unwrap()[..10]);
}

#[tokio::test]
async fn notices_are_lost_held_late_and_overtaken() {
    let play = Play::start().await;
    let target = Target::start(&play, 0).await;
    let days = 3 * 86_400;
    let cases = [
        ("never", json!({ "fault": "never" })),
        ("held", json!({ "fault": "held" })),
        ("late", json!({ "fault": "late", "delay_ms": i64::from(days) * 1000 })),
        ("overtaken", json!({ "fault": "reorder", "behind": 1 })),
    ];
    for (position, (name, mut rule)) in cases.into_iter().enumerate() {
        let before = target.count(PAID);
        rule["event"] = json!(PAID);
        play.control(Method::POST, "/webhook_faults", rule).await;
        play.pay().await;
        target.until(DONE, position + 1).await;
        match name {
            "never" => {
                play.control(Method::POST, "/release", Value::Null).await;
                play.order().await;
            }
            "held" => {
                assert_eq!(target.count(PAID), before);
                play.control(Method::POST, "/release", Value::Null).await;
                target.until(PAID, before + 1).await;
            }
            "late" => {
                assert_eq!(target.count(PAID), before);
                play.sandbox.set_clock_offset(i64::from(days) + 1);
                target.until(PAID, before + 1).await;
                // Back again, for the token has ended meanwhile.
                play.sandbox.set_clock_offset(0);
                let notice = target.received().pop().unwrap();
                let (made, sent) = (notice.event()["create_time"].clone(), notice.header("paypal-transmission-time"));
                assert!(made.as_str().unwrap()[..10] < sent[..10] && notice.is_genuine(&play).await);
            }
            _ => {
                target.until(PAID, before + 1).await;
                let kinds = target.kinds();
                assert_eq!(kinds[kinds.len() - 2..], [DONE, PAID]);
            }
        }
    }
    assert_eq!((target.count(DONE), target.count(PAID)), (4, 3));
}

#[tokio::test]
async fn an_event_can_be_delivered_again() {
    let play = Play::start().await;
    let target = Target::start(&play, 0).await;
    play.control(Method::POST, "/webhook_faults", json!({ "fault": "forged", "event": PAID })).await;
    play.pay().await;
    target.until(DONE, 1).await;
    let event = target.received()[1].event()["id"].as_str().unwrap().to_owned();
    play.control(Method::POST, &format!("/events/{event}/redeliver"), Value::Null).await;
    target.until(PAID, 2).await;
    let resent = play.post(&format!("/v1/notifications/webhooks-events/{event}/resend"), &json!({})).await;
    assert_eq!(resent.status, 202);
    target.until(PAID, 3).await;
    let notices: Vec<_> = target.received().into_iter().filter(|notice| notice.kind() == PAID).collect();
    let mut genuine = Vec::new();
    for notice in &notices {
        genuine.push(notice.is_genuine(&play).await);
    }
    assert_eq!(genuine, [false, true, true]);
    assert!(notices.windows(2).all(|pair| pair[0].body == pair[1].body));
    assert_eq!(play.try_control(Method::POST, "/events/WH-none/redeliver", Value::Null).await.status, 404);
}

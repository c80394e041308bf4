//! Webhook deliveries: signed, repeated, and scripted to go wrong.

use reqwest::Method;
use sandbox::stripe::StripeOptions;
use serde_json::{Value, json};

use crate::support::{Play, SECRET, Target, eventually, off_session};

const PAID: &str = "payment_intent.succeeded";

async fn pay(play: &Play, card: &str) -> Value {
    let (customer, cards) = play.customer(&[card]);
    play.post("/v1/payment_intents", &off_session(&customer, &cards[0])).await.ok()
}

#[tokio::test]
async fn events_arrive_signed_and_in_order() {
    let play = Play::start().await;
    let target = Target::start(&play, 0).await;
    let (customer, cards) = play.customer(&["pm_card_visa"]);
    let intent = play.post_with_key("/v1/payment_intents", &off_session(&customer, &cards[0]), "topup:1").await.ok();
    target.until(PAID, 1).await;
    let expected = [
        "customer.created",
        "payment_method.attached",
        "customer.updated",
        "payment_intent.created",
        "charge.succeeded",
        PAID,
    ];
    assert_eq!(target.kinds(), expected);
    let received = target.received();
    assert!(received.iter().all(|notice| notice.signed_with(SECRET) && !notice.signed_with("whsec_other")));
    let event = received[5].event();
    let shown = play.get(&format!("/v1/events/{}", event["id"].as_str().unwrap())).await.ok();
    assert_eq!(event["data"]["object"], intent);
    assert_eq!((&event["data"], &event["id"]), (&shown["data"], &shown["id"]));
    assert_eq!((&event["api_version"], &event["livemode"]), (&json!("2026-10-28.endive"), &json!(false)));
    assert_eq!(event["request"]["idempotency_key"], "topup:1");
    assert!(event["request"]["id"].as_str().unwrap().starts_with("req_"));
    assert_eq!(
        received[2].event()["data"]["previous_attributes"]["invoice_settings"]["default_payment_method"],
        Value::Null
    );
}

#[tokio::test]
async fn refusals_and_declines_are_told_too() {
    let play = Play::start().await;
    let target = Target::start(&play, 0).await;
    let (customer, cards) = play.customer(&["4000000000009995", "pm_card_sandboxProcessing", "4000002760003184"]);
    let declined = play.post("/v1/payment_intents", &off_session(&customer, &cards[0])).await;
    let id = declined.body["error"]["payment_intent"]["id"].as_str().unwrap();
    play.post(&format!("/v1/payment_intents/{id}/cancel"), &[]).await.ok();
    play.post("/v1/payment_intents", &off_session(&customer, &cards[1])).await.ok();
    let present: Vec<_> =
        off_session(&customer, &cards[2]).into_iter().filter(|(name, _)| *name != "off_session").collect();
    play.post("/v1/payment_intents", &present).await.ok();
    play.post(&format!("/v1/payment_methods/{}/detach", cards[0]), &[]).await.ok();
    play.delete(&format!("/v1/customers/{customer}")).await.ok();
    target.until("customer.deleted", 1).await;
    let expected = [
        ("payment_intent.payment_failed", 1),
        ("charge.failed", 1),
        ("payment_intent.canceled", 1),
        ("payment_intent.processing", 1),
        ("payment_intent.requires_action", 1),
        ("payment_method.detached", 3),
        (PAID, 0),
    ];
    for (kind, times) in expected {
        assert_eq!(target.count(kind), times, "{kind}");
    }
    let detached = target.received().into_iter().find(|notice| notice.kind() == "payment_method.detached").unwrap();
    assert_eq!(detached.event()["data"]["object"]["customer"], Value::Null);
}

#[tokio::test]
async fn a_refused_notice_is_repeated_a_few_times() {
    let gaps = [1, 2, 3].map(std::time::Duration::from_millis).to_vec();
    let play = Play::with(StripeOptions { webhook_retry_gaps: gaps, ..StripeOptions::default() }).await;
    let target = Target::start(&play, 2).await;
    play.post("/v1/customers", &[]).await.ok();
    eventually("taken", || play.sandbox.deliveries().len() == 3).await;
    let attempts: Vec<_> = play.sandbox.deliveries().iter().map(|each| (each.attempt, each.status)).collect();
    assert_eq!(attempts, [(1, Some(500)), (2, Some(500)), (3, Some(200))]);
    assert_eq!(play.sandbox.events()[0]["pending_webhooks"], 0);
    let bodies: Vec<_> = target.received().into_iter().map(|notice| notice.body).collect();
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "rendered once");

    let play =
        Play::with(StripeOptions { webhook_retry_gaps: vec![Default::default(); 3], ..StripeOptions::default() }).await;
    Target::start(&play, 100).await;
    let failing = play.post("/v1/customers", &[]).await.id();
    eventually("given up", || play.sandbox.deliveries().len() == 4).await;
    let undelivered = play.get("/v1/events?delivery_success=false").await.ok();
    assert_eq!(undelivered["data"][0]["data"]["object"]["id"], json!(failing));
    assert_eq!(play.get("/v1/events?delivery_success=true").await.ok()["data"], json!([]));
}

#[tokio::test]
async fn webhook_faults_by_control_call_and_by_card() {
    type Fits = fn(&[(i64, String, bool)]) -> bool;
    // What the target gets for one payment, as (amount, currency, rightly signed).
    let cases: &[(&str, &str, usize, Fits)] = &[
        (r#"{"fault":"duplicate","copies":2}"#, "", 3, |got| {
            got.iter().all(|(amount, _, signed)| *amount == 3000 && *signed)
        }),
        (r#"{"fault":"late","delay_ms":1}"#, "", 1, |got| got[0].2),
        (r#"{"fault":"wrong_amount","amount_minor":1}"#, "", 1, |got| got[0].0 == 1 && got[0].2),
        (r#"{"fault":"wrong_currency","currency":"usd"}"#, "", 1, |got| got[0].1 == "usd" && got[0].2),
        (r#"{"fault":"forged"}"#, "", 1, |got| got[0].0 == 3000 && !got[0].2),
        (r#"{"fault":"altered"}"#, "", 1, |got| got[0].0 == 3000 && !got[0].2),
        (r#"{"fault":"stale"}"#, "", 1, |got| got[0].0 == 3000 && got[0].2),
        (r#"{"fault":"live_mode"}"#, "", 1, |got| got[0].0 == 3000 && got[0].2),
        ("", "pm_card_sandboxNoticeTwice", 2, |got| got.iter().all(|(.., signed)| *signed)),
        ("", "pm_card_sandboxNoticeDoubleAmount", 1, |got| got[0].0 == 6000 && got[0].2),
        ("", "pm_card_sandboxNoticeOtherCurrency", 1, |got| got[0].1 == "usd" && got[0].2),
        ("", "pm_card_sandboxNoticeForged", 1, |got| !got[0].2),
    ];
    for (rule, card, times, fits) in cases {
        let play = Play::start().await;
        let target = Target::start(&play, 0).await;
        if !rule.is_empty() {
            let mut rule: Value = serde_json::from_str(rule).unwrap();
            rule["event"] = json!(PAID);
            play.control(Method::POST, "/webhook_faults", rule).await.ok();
        }
        let intent = pay(&play, if card.is_empty() { "pm_card_visa" } else { card }).await;
        target.until(PAID, *times).await;
        // A later event shows that nothing more is on its way.
        play.post("/v1/customers", &[("name", "later")]).await.ok();
        target.until("customer.created", 2).await;
        let notices = target.received();
        let paid = notices.iter().filter(|notice| notice.kind() == PAID);
        let got: Vec<_> = paid
            .map(|notice| {
                let object = notice.event()["data"]["object"].clone();
                let currency = object["currency"].as_str().unwrap().to_owned();
                (object["amount_received"].as_i64().unwrap(), currency, notice.signed_with(SECRET))
            })
            .collect();
        assert!(got.len() == *times && fits(&got), "{rule}{card}: {got:?}");
        let shown = play.get(&format!("/v1/payment_intents/{}", intent["id"].as_str().unwrap())).await.ok();
        assert_eq!(
            (&shown["amount_received"], &shown["currency"]),
            (&json!(3000), &json!("jpy")),
            "the object stays true"
        );
    }
}

#[tokio::test]
async fn notices_of_another_time_and_of_live_mode_say_so() {
    let cases = [
        (r#"{"fault":"late","delay_ms":1}"#, 0, false),
        (r#"{"fault":"stale"}"#, 600, false),
        (r#"{"fault":"live_mode"}"#, 0, true),
    ];
    for (rule, age_s, live) in cases {
        let play = Play::start().await;
        let target = Target::start(&play, 0).await;
        let mut rule: Value = serde_json::from_str(rule).unwrap();
        rule["event"] = json!(PAID);
        play.control(Method::POST, "/webhook_faults", rule.clone()).await.ok();
        pay(&play, "pm_card_visa").await;
        target.until(PAID, 1).await;
        let notice = target.received().into_iter().find(|notice| notice.kind() == PAID).unwrap();
        let event = notice.event();
        assert!(notice.signed_with(SECRET), "{rule}");
        // Signed no earlier than the event was made.
        let signed_at_s: i64 = notice.signature.trim_start_matches("t=").split(',').next().unwrap().parse().unwrap();
        let early_s = event["created"].as_i64().unwrap() - signed_at_s;
        assert!(if age_s == 0 { early_s <= 0 } else { early_s > age_s - 60 }, "{rule}: {early_s}");
        assert_eq!((&event["livemode"], &event["data"]["object"]["livemode"]), (&json!(live), &json!(live)), "{rule}");
    }
}

#[tokio::test]
async fn notices_are_lost_held_and_overtaken() {
    let play = Play::start().await;
    let target = Target::start(&play, 0).await;
    for (card, released) in
        [("pm_card_sandboxNoticeNever", 0), ("pm_card_sandboxNoticeHeld", 1), ("pm_card_sandboxNoticeOvertaken", 1)]
    {
        let before = target.count(PAID);
        pay(&play, card).await;
        target.until("charge.succeeded", 1).await;
        if card == "pm_card_sandboxNoticeOvertaken" {
            play.post("/v1/customers", &[("name", "overtakes")]).await.ok();
            target.until(PAID, before + 1).await;
            let kinds = target.kinds();
            assert_eq!(kinds[kinds.len() - 2..], ["customer.created", PAID]);
            continue;
        }
        play.post("/v1/customers", &[("name", card)]).await.ok();
        eventually(card, || target.received().iter().any(|notice| notice.event()["data"]["object"]["name"] == card))
            .await;
        assert_eq!(target.count(PAID), before, "{card}");
        play.control(Method::POST, "/release", json!(null)).await.ok();
        target.until(PAID, before + released).await;
    }
}

#[tokio::test]
async fn an_event_can_be_delivered_again() {
    let play = Play::start().await;
    let target = Target::start(&play, 0).await;
    pay(&play, "pm_card_sandboxNoticeForged").await;
    target.until(PAID, 1).await;
    let listed = play.get(&format!("/v1/events?types[]={PAID}")).await.ok();
    let event = listed["data"][0]["id"].as_str().unwrap();
    play.control(Method::POST, &format!("/events/{event}/redeliver"), json!(null)).await.ok();
    target.until(PAID, 2).await;
    let notices: Vec<_> = target.received().into_iter().filter(|notice| notice.kind() == PAID).collect();
    assert_eq!(notices.iter().map(|notice| notice.signed_with(SECRET)).collect::<Vec<_>>(), [false, true]);
    assert_eq!(notices[0].body, notices[1].body);
    assert_eq!(play.control(Method::POST, "/events/evt_none/redeliver", json!(null)).await.status, 404);
    let all = play.control(Method::GET, "/events", json!(null)).await.ok();
    assert!(all["data"].as_array().unwrap().len() > 3);
    assert_eq!(play.get("/v1/events?type=charge.*").await.ok()["data"].as_array().unwrap().len(), 1);
}

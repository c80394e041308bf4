//! Notices: whatever comes, in whatever order and number, each payment is credited once, and only when it was paid as
//! asked.

use engine::topups::State;
use sandbox::stripe::faults::{Fault, FaultRule, WebhookFault, WebhookFaultRule};
use serde_json::{Value, json};
use store::params;

use super::{Shop, Team, WEBHOOK_SECRET, event, eventually};

const SUCCEEDED: &str = "payment_intent.succeeded";

/// A team with a paid purchase of which no notice has come, and its intent.
async fn paid_in_silence(shop: &Shop) -> (Team, Value) {
    let team = shop.team(&["pm_card_sandboxNoticeNever"]).await;
    let answer = shop.buy(&team).await;
    assert_eq!(answer.status, 200);
    shop.delivered_except(&[SUCCEEDED]).await;
    assert_eq!(shop.standing(&team).await.0, State::Confirming);
    let intent = shop.stripe.object(answer.intent()).unwrap();
    (team, intent)
}

#[tokio::test]
async fn duplicates_credit_once() {
    let shop = Shop::open().await;
    let team = shop.team(&["pm_card_sandboxNoticeTwice"]).await;
    let answer = shop.buy(&team).await;
    shop.delivered().await;
    let twice = async || shop.stripe.deliveries().iter().filter(|delivery| delivery.kind == SUCCEEDED).count() == 2;
    eventually("both copies are delivered", twice).await;
    let succeeded: Vec<Value> = shop.stripe.events().into_iter().filter(|event| event["type"] == SUCCEEDED).collect();
    shop.stripe.redeliver(succeeded[0]["id"].as_str().unwrap()).unwrap();
    // Another event that tells the same fact.
    let intent = shop.stripe.object(answer.intent()).unwrap();
    assert_eq!(shop.notify(&event("evt_again", SUCCEEDED, &intent), WEBHOOK_SECRET).await, 200);
    assert_eq!(shop.notify(&event("evt_again", SUCCEEDED, &intent), WEBHOOK_SECRET).await, 200);
    assert_eq!(shop.credits(&team).await, 10_000);
    assert_eq!((shop.notices("credited").await, shop.notices("nothing_new").await > 0), (1, true));
    let stored = "SELECT count(*) FROM gateway_events WHERE event_id = 'evt_again'";
    assert_eq!(shop.engine.store().query(stored, params![]).await.unwrap()[0].int(0), Ok(1));
    shop.close().await;
}

#[tokio::test]
async fn order_does_not_matter() {
    let shop = Shop::open().await;
    let (team, paid) = paid_in_silence(&shop).await;
    let mut attempt = paid.clone();
    attempt["amount_received"] = json!(0);
    // Newest first; the older ones come after the payment is settled.
    let story = [
        ("succeeded", &paid, State::Succeeded),
        ("processing", &attempt, State::Succeeded),
        ("requires_payment_method", &attempt, State::Succeeded),
        ("requires_action", &attempt, State::Succeeded),
        ("canceled", &attempt, State::Succeeded),
    ];
    for (number, (status, intent, state)) in story.into_iter().enumerate() {
        let mut intent = intent.clone();
        intent["status"] = json!(status);
        let notice = event(&format!("evt_{number}"), "payment_intent.any", &intent);
        assert_eq!(shop.notify(&notice, WEBHOOK_SECRET).await, 200, "{status}");
        assert_eq!(shop.standing(&team).await.0, state, "{status}");
    }
    assert_eq!(shop.credits(&team).await, 10_000);
    shop.close().await;
}

#[tokio::test]
async fn forged_notices_change_nothing() {
    let shop = Shop::open().await;
    let (team, intent) = paid_in_silence(&shop).await;
    let notice = event("evt_forged", SUCCEEDED, &intent);
    let body = notice.to_string();
    let now = shop.engine.now().seconds();
    let good = |at: i64| sandbox::stripe::sign(WEBHOOK_SECRET, at, body.as_bytes());
    let v1 = good(now).split_once(",v1=").unwrap().1.to_owned();
    let cases = [
        sandbox::stripe::sign("whsec_of_somebody_else_0123456789", now, body.as_bytes()),
        sandbox::stripe::sign(WEBHOOK_SECRET, now, b"{}"),
        good(now - 400),
        good(now + 400),
        good(now).to_uppercase(),
        good(now).replace("v1=", "v0="),
        format!("t={now},v1="),
        format!("t={now}"),
        format!("v1={v1}"),
        format!("t={},v1={v1}", now - 1),
        format!("t={now},t={now},v1={v1}"),
        format!("t={now},v1={}", &v1[..63]),
        String::new(),
    ];
    for signature in cases {
        assert_eq!(shop.notify_raw(body.clone(), &signature).await, 400, "{signature}");
    }
    // The same bytes with a newline more, or in other order, are other bytes.
    assert_eq!(shop.notify_raw(format!("{body}\n"), &good(now)).await, 400);
    assert_eq!(shop.notify_raw(serde_json::to_string_pretty(&notice).unwrap(), &good(now)).await, 400);
    let unsigned = shop.http.post(format!("{}/webhooks/stripe", shop.url)).body(body.clone()).send().await.unwrap();
    assert_eq!(unsigned.status(), 400);
    assert_eq!((shop.standing(&team).await.0, shop.credits(&team).await), (State::Confirming, 0));
    let stored = "SELECT count(*) FROM gateway_events WHERE event_id = 'evt_forged'";
    assert_eq!(shop.engine.store().query(stored, params![]).await.unwrap()[0].int(0), Ok(0));
    // And the real one is taken.
    assert_eq!(shop.notify_raw(body.clone(), &good(now)).await, 200);
    assert_eq!(shop.credits(&team).await, 10_000);
    shop.close().await;
}

#[tokio::test]
async fn a_notice_that_somebody_else_signed_is_not_stripes() {
    let shop = Shop::open().await;
    let team = shop.team(&["pm_card_sandboxNoticeForged"]).await;
    shop.buy(&team).await;
    let tried = async || shop.stripe.deliveries().iter().filter(|delivery| delivery.status == Some(400)).count() == 3;
    eventually("the forged notice is refused each time", tried).await;
    assert_eq!((shop.standing(&team).await.0, shop.credits(&team).await), (State::Confirming, 0));
    shop.close().await;
}

#[tokio::test]
async fn every_configured_secret_is_good() {
    let shop = Shop::open_with(|settings| {
        settings.stripe.webhook_secrets.insert(0, engine::settings::Secret::new("whsec_new_0123456789abcdef"));
    })
    .await;
    for (number, secret) in [WEBHOOK_SECRET, "whsec_new_0123456789abcdef"].into_iter().enumerate() {
        let notice = event(&format!("evt_{number}"), "customer.updated", &json!({"id": "cus_1", "object": "customer"}));
        assert_eq!(shop.notify(&notice, secret).await, 200);
    }
    shop.close().await;
}

#[tokio::test]
async fn what_is_not_ours_is_taken_and_changes_nothing() {
    let shop = Shop::open().await;
    let (team, paid) = paid_in_silence(&shop).await;
    let mut foreign = paid.clone();
    foreign["id"] = json!("pi_foreign");
    let mut unmarked = foreign.clone();
    unmarked["metadata"] = json!({});
    foreign["metadata"] = json!({"topup_id": "pay_elsewhere", "account_id": team.id});
    // object, outcome
    let cases = [
        (unmarked, "not_ours"),
        (foreign, "not_ours"),
        (json!({"id": "ch_1", "object": "charge", "amount": 1000}), "ignored"),
        (json!({"id": "x_1", "object": "an_object_of_2030"}), "ignored"),
        (json!({}), "ignored"),
    ];
    for (number, (object, outcome)) in cases.into_iter().enumerate() {
        let before = shop.notices(outcome).await;
        let notice = event(&format!("evt_{number}"), "an.event_of_2030", &object);
        assert_eq!(shop.notify(&notice, WEBHOOK_SECRET).await, 200, "{object}");
        assert_eq!(shop.notices(outcome).await, before + 1, "{object}");
    }
    assert_eq!((shop.standing(&team).await.0, shop.credits(&team).await), (State::Confirming, 0));
    shop.close().await;
}

#[tokio::test]
async fn what_is_no_event_is_refused() {
    let shop = Shop::open().await;
    let cases = [
        json!({"id": "evt_1", "object": "v2.core.event", "type": "v1.thing"}),
        json!({"id": "evt_1", "object": "charge"}),
        json!({"object": "event", "type": "charge.succeeded", "data": {"object": {}}}),
        json!({"id": "evt_1", "object": "event", "data": {"object": {}}}),
        json!([]),
    ];
    for body in cases {
        assert_eq!(shop.notify(&body, WEBHOOK_SECRET).await, 400, "{body}");
    }
    let signature = sandbox::stripe::sign(WEBHOOK_SECRET, shop.engine.now().seconds(), b"not json");
    assert_eq!(shop.notify_raw("not json", &signature).await, 400);
    let big = "x".repeat((256 << 10) + 1);
    let signature = sandbox::stripe::sign(WEBHOOK_SECRET, shop.engine.now().seconds(), big.as_bytes());
    assert_eq!(shop.notify_raw(big, &signature).await, 413);
    shop.close().await;
}

#[tokio::test]
async fn money_that_is_not_what_was_asked_waits_for_a_person() {
    // pointer into the intent, value there, reason
    let cases = [
        ("/amount_received", json!(1), "other_amount"),
        ("/amount", json!(100_000), "other_amount"),
        ("/currency", json!("jpy"), "other_currency"),
        ("/livemode", json!(true), "other_mode"),
        ("/customer", json!("cus_somebody_else"), "other_customer"),
        ("/metadata/topup_id", json!("pay_elsewhere"), "other_reference"),
        ("/metadata/account_id", json!("acct_elsewhere"), "other_reference"),
    ];
    let shop = Shop::open().await;
    for (number, (pointer, value, reason)) in cases.into_iter().enumerate() {
        let (team, paid) = paid_in_silence(&shop).await;
        let mut altered = paid.clone();
        *altered.pointer_mut(pointer).unwrap() = value;
        let notice = event(&format!("evt_{number}"), SUCCEEDED, &altered);
        assert_eq!(shop.notify(&notice, WEBHOOK_SECRET).await, 200, "{pointer}");
        assert_eq!(shop.standing(&team).await, (State::UnderReview, Some(reason.to_owned())), "{pointer}");
        // Even the right notice does not take it from the person.
        assert_eq!(shop.notify(&event(&format!("evt_{number}_right"), SUCCEEDED, &paid), WEBHOOK_SECRET).await, 200);
        shop.wait(60);
        assert_eq!(shop.reconcile().await.settled, 0);
        assert_eq!((shop.standing(&team).await.0, shop.credits(&team).await), (State::UnderReview, 0), "{pointer}");
        assert_eq!(shop.info(&team).await["breakdown"][0]["purchase_kind"], "Pending");
    }
    shop.close().await;
}

#[tokio::test]
async fn falsified_notices_of_the_gateway_credit_nothing() {
    for (card, reason) in [
        ("pm_card_sandboxNoticeDoubleAmount", "other_amount"),
        ("pm_card_sandboxNoticeOtherCurrency", "other_currency"),
    ] {
        let shop = Shop::open().await;
        let team = shop.team(&[card]).await;
        shop.buy(&team).await;
        shop.delivered().await;
        assert_eq!(shop.standing(&team).await, (State::UnderReview, Some(reason.to_owned())));
        assert_eq!(shop.credits(&team).await, 0);
        shop.close().await;
    }
}

#[tokio::test]
async fn a_second_intent_for_one_payment_is_not_credited() {
    let shop = Shop::open().await;
    let team = shop.team(&["pm_card_visa"]).await;
    let answer = shop.buy(&team).await;
    shop.delivered().await;
    let mut second = shop.stripe.object(answer.intent()).unwrap();
    second["id"] = json!("pi_second");
    assert_eq!(shop.notify(&event("evt_second", SUCCEEDED, &second), WEBHOOK_SECRET).await, 200);
    assert_eq!((shop.standing(&team).await.0, shop.credits(&team).await), (State::Succeeded, 10_000));
    shop.close().await;
}

#[tokio::test]
async fn a_late_success_is_credited_and_flagged() {
    let shop = Shop::open().await;
    let team = shop.team(&["pm_card_visa_chargeDeclined"]).await;
    assert_eq!(shop.buy(&team).await.refusal(), (402, "payment_failed"));
    shop.delivered().await;
    // The gateway changes its mind, as it may: a cancelled intent turns out to be paid.
    let payment = shop.payment(&team).await;
    let mut paid = shop.stripe.object(payment.object_id.as_deref().unwrap()).unwrap();
    paid["status"] = json!("succeeded");
    paid["amount_received"] = paid["amount"].clone();
    for number in 0..2 {
        shop.notify(&event(&format!("evt_late_{number}"), SUCCEEDED, &paid), WEBHOOK_SECRET).await;
    }
    assert_eq!(shop.standing(&team).await, (State::Succeeded, Some("late_success".to_owned())));
    assert_eq!(shop.credits(&team).await, 10_000);
    shop.close().await;
}

#[tokio::test]
async fn a_notice_may_come_before_the_answer_to_our_call() {
    let shop = Shop::open().await;
    let team = shop.team(&["pm_card_visa"]).await;
    // The charge is made, its answer is lost; the client asks again under the same key, but the second ask is slow.
    let path = super::CHARGE;
    shop.stripe.script_fault(FaultRule::once(Fault::CloseAfter).on("POST", path));
    shop.stripe.script_fault(FaultRule { hold_ms: 600_000, ..FaultRule::once(Fault::Slow).on("POST", path) });
    let buying = async { shop.buy(&team).await };
    let watching = async {
        eventually("the notice credits", async || shop.credits(&team).await == 10_000).await;
        assert_eq!(shop.standing(&team).await.0, State::Succeeded);
        shop.stripe.release();
    };
    let (answer, ()) = tokio::join!(buying, watching);
    assert_eq!(answer.status, 200);
    assert_eq!((shop.standing(&team).await, shop.charges()), ((State::Succeeded, None), 1));
    shop.delivered().await;
    assert_eq!(shop.credits(&team).await, 10_000);
    shop.close().await;
}

#[tokio::test]
async fn a_notice_for_a_closed_account_waits_for_a_person() {
    let shop = Shop::open().await;
    let (team, paid) = paid_in_silence(&shop).await;
    let call = engine::Call { actor: "test".into(), ..engine::Call::default() };
    let change = engine::accounts::AccountChange { closed: Some(true), ..Default::default() };
    shop.engine.accounts().change(&call, &team.id, change).await.unwrap();
    assert_eq!(shop.notify(&event("evt_1", SUCCEEDED, &paid), WEBHOOK_SECRET).await, 200);
    assert_eq!(shop.standing(&team).await, (State::UnderReview, Some("account_closed".to_owned())));
    shop.close().await;
}

#[tokio::test]
async fn overtaken_and_held_notices_credit_once() {
    let shop = Shop::open().await;
    for fault in [WebhookFault::Reorder { behind: 1 }, WebhookFault::Held, WebhookFault::Late { delay_ms: 1 }] {
        let team = shop.team(&["pm_card_visa"]).await;
        shop.stripe.script_webhook_fault(WebhookFaultRule::once(fault, SUCCEEDED));
        assert_eq!(shop.buy(&team).await.status, 200);
        shop.stripe.release();
        eventually("it is credited", async || shop.credits(&team).await == 10_000).await;
    }
    shop.stripe.release();
    shop.delivered().await;
    assert_eq!(shop.charges(), 3);
    shop.close().await;
}

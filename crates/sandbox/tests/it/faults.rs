//! Scripted misbehaviour of the API, by control call and by card.

use reqwest::Method;
use sandbox::stripe::faults::Fault;
use serde_json::json;

use crate::support::{Play, off_session};

const INTENTS: &str = "/v1/payment_intents";

/// Fault, its card, what the first request gets (`None`: no answer), whether it charged, what a repeat
/// with the same key gets, and the charges there are in the end.
type Case = (Fault, &'static str, Option<u16>, usize, u16, usize);

#[rustfmt::skip]
const CASES: &[Case] = &[
    (Fault::TimeoutBefore, "pm_card_sandboxTimeoutBefore", None, 0, 200, 1),
    (Fault::TimeoutAfter, "pm_card_sandboxTimeoutAfter", None, 1, 200, 1),
    (Fault::CloseBefore, "pm_card_sandboxCloseBefore", None, 0, 200, 1),
    (Fault::CloseAfter, "pm_card_sandboxCloseAfter", None, 1, 200, 1),
    (Fault::ServerErrorBefore, "pm_card_sandboxServerErrorBefore", Some(500), 0, 500, 0),
    (Fault::ServerErrorAfter, "pm_card_sandboxServerErrorAfter", Some(500), 1, 500, 1),
    (Fault::Unavailable, "pm_card_sandboxUnavailable", Some(503), 0, 200, 1),
    (Fault::RateLimit, "pm_card_sandboxRateLimit", Some(429), 0, 200, 1),
    (Fault::LockTimeout, "pm_card_sandboxLockTimeout", Some(429), 0, 200, 1),
    (Fault::Conflict, "pm_card_sandboxConflict", Some(409), 0, 200, 1),
    (Fault::Unreadable, "pm_card_sandboxUnreadable", Some(200), 1, 200, 1),
];

#[tokio::test]
async fn faults_by_control_call() {
    let play = Play::start().await;
    for (fault, _, first, charged, second, in_the_end) in CASES {
        play.control(Method::POST, "/reset", json!(null)).await.ok();
        let (customer, cards) = play.customer(&["pm_card_visa"]);
        let rule = json!({"fault": fault, "method": "POST", "path": INTENTS, "hold_ms": 1});
        play.control(Method::POST, "/faults", rule).await.ok();
        let form = off_session(&customer, &cards[0]);
        assert_eq!(play.get("/v1/customers").await.status, 200, "{fault:?} is for another path");
        let reply = play.try_post(INTENTS, &form, Some("k")).await;
        assert_eq!(reply.as_ref().map(|reply| reply.status), *first, "{fault:?}");
        assert_eq!(reply.is_some_and(|reply| reply.body.is_string()), *fault == Fault::Unreadable, "{fault:?}");
        assert_eq!(play.paid_charges(), *charged, "{fault:?}");
        let repeat = play.post_with_key(INTENTS, &form, "k").await;
        assert_eq!((repeat.status, play.paid_charges()), (*second, *in_the_end), "{fault:?}");
        let retry = if repeat.status == 500 { Some("false") } else { None };
        assert_eq!(repeat.header("stripe-should-retry"), retry, "{fault:?}");
    }
}

#[tokio::test]
async fn faults_by_card_strike_once() {
    let play = Play::start().await;
    for (fault, card, first, charged, ..) in CASES {
        // These hold the connection for the full minute unless a rule says otherwise.
        if matches!(fault, Fault::TimeoutBefore | Fault::TimeoutAfter) {
            continue;
        }
        play.sandbox.reset();
        let (customer, cards) = play.customer(&[card]);
        let form = off_session(&customer, &cards[0]);
        let reply = play.try_post(INTENTS, &form, Some("k1")).await;
        assert_eq!(reply.map(|reply| reply.status), *first, "{card}");
        assert_eq!(play.paid_charges(), *charged, "{card}");
        let next = play.post_with_key(INTENTS, &form, "k2").await.ok();
        assert_eq!((&next["status"], play.paid_charges()), (&json!("succeeded"), charged + 1), "{card}");
    }
}

#[tokio::test]
async fn a_client_that_gives_up_does_not_undo_the_charge() {
    let play = Play::start().await;
    let (customer, cards) = play.customer(&["pm_card_sandboxTimeoutAfter"]);
    let form = off_session(&customer, &cards[0]);
    let request = play.client.post(format!("{}{INTENTS}", play.sandbox.url())).bearer_auth("sk_test_1").form(&form);
    let given_up = request.header("Idempotency-Key", "k").timeout(std::time::Duration::from_millis(200)).send().await;
    assert!(given_up.is_err_and(|error| error.is_timeout()));
    crate::support::eventually("the charge is made", || play.paid_charges() == 1).await;
    let repeat = play.post_with_key(INTENTS, &form, "k").await;
    assert_eq!((repeat.status, repeat.header("idempotent-replayed"), play.paid_charges()), (200, Some("true"), 1));
}

#[tokio::test]
async fn a_rule_strikes_as_often_as_it_says() {
    let play = Play::start().await;
    let rule = json!({"fault": "rate_limit", "times": 3});
    play.control(Method::POST, "/faults", rule.clone()).await.ok();
    for status in [429, 429, 429, 200] {
        let reply = play.get("/v1/customers").await;
        assert_eq!((reply.status, reply.header("retry-after").is_some()), (status, status == 429));
    }
    play.control(Method::POST, "/faults", rule).await.ok();
    play.control(Method::DELETE, "/faults", json!(null)).await.ok();
    assert_eq!(play.get("/v1/customers").await.status, 200);
    assert_eq!(play.control(Method::POST, "/faults", json!({"fault": "nonsense"})).await.status, 422);
}

#[tokio::test]
async fn requests_are_logged_for_counting() {
    let play = Play::start().await;
    let cards =
        json!({"email": "a@example.com", "cards": ["4242 4242 4242 4242", "pm_card_chargeCustomerFail"], "default": 1});
    let made = play.control(Method::POST, "/customers", cards).await.ok();
    let customer = made["customer"].as_str().unwrap();
    let shown = play.get(&format!("/v1/customers/{customer}")).await.ok();
    assert_eq!(shown["invoice_settings"]["default_payment_method"], made["payment_methods"][1]);
    let card = made["payment_methods"][0].as_str().unwrap();
    play.post_with_key(INTENTS, &off_session(customer, card), "topup:1").await.ok();
    let log = play.control(Method::GET, "/requests", json!(null)).await.ok();
    let charge = &log["data"][1];
    assert_eq!((&charge["method"], &charge["path"], &charge["status"]), (&json!("POST"), &json!(INTENTS), &json!(200)));
    assert_eq!(
        (&charge["idempotency_key"], &charge["params"]["metadata"]["topup_id"]),
        (&json!("topup:1"), &json!("tu_1"))
    );
    play.control(Method::DELETE, "/requests", json!(null)).await.ok();
    assert!(play.sandbox.requests().is_empty());
    let unknown = json!({"cards": ["4111111111111111"]});
    assert_eq!(play.control(Method::POST, "/customers", unknown).await.status, 400);
}

#[tokio::test]
async fn the_seed_repeats_the_ids_and_shutdown_closes_the_port() {
    let (first, second) = (Play::start().await, Play::start().await);
    let made = first.customer(&["pm_card_visa"]);
    assert_eq!(made, second.customer(&["pm_card_visa"]));
    let url = first.sandbox.url().to_owned();
    first.sandbox.shutdown().await;
    assert!(first.client.get(url).send().await.is_err());
}

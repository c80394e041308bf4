//! Idempotency keys.

use sandbox::stripe::faults::{Fault, FaultRule};

use crate::support::{Play, eventually, off_session};

const INTENTS: &str = "/v1/payment_intents";

#[tokio::test]
async fn a_repeat_is_answered_from_the_first_time() {
    let play = Play::start().await;
    for (card, status) in [("4242424242424242", 200), ("4000000000009995", 402)] {
        let (customer, cards) = play.customer(&[card]);
        let form = off_session(&customer, &cards[0]);
        let first = play.post_with_key(INTENTS, &form, card).await;
        let second = play.post_with_key(INTENTS, &form, card).await;
        assert_eq!((first.status, second.status), (status, status));
        assert_eq!(first.body, second.body);
        assert_eq!((first.header("idempotent-replayed"), second.header("idempotent-replayed")), (None, Some("true")));
        assert_eq!((first.header("idempotency-key"), second.header("idempotency-key")), (Some(card), Some(card)));
        assert_eq!(second.header("original-request"), first.header("request-id"));
        assert_ne!(second.header("request-id"), first.header("request-id"));
    }
    assert_eq!((play.paid_charges(), play.sandbox.objects("charge").len()), (1, 2));
    let replays: Vec<bool> = play.sandbox.requests().iter().map(|request| request.replayed).collect();
    assert_eq!(replays, [false, true, false, true]);
}

#[tokio::test]
async fn a_key_belongs_to_one_request() {
    let play = Play::start().await;
    let (customer, cards) = play.customer(&["pm_card_visa"]);
    let form = off_session(&customer, &cards[0]);
    let intent = play.post_with_key(INTENTS, &form, "k").await.id();
    let other = [&form[..], &[("description", "another")]].concat();
    for (path, form) in [(INTENTS.to_owned(), other), (format!("{INTENTS}/{intent}/cancel"), vec![])] {
        let reply = play.post_with_key(&path, &form, "k").await;
        assert_eq!((reply.status, reply.error("type")), (400, Some("idempotency_error")), "{path}");
    }
    assert_eq!(play.paid_charges(), 1);
    play.sandbox.expire_idempotency_keys();
    assert_ne!(play.post_with_key(INTENTS, &form, "k").await.id(), intent, "after 24 hours it is a new request");
    let long = "k".repeat(256);
    assert_eq!(play.post_with_key(INTENTS, &form, &long).await.status, 400);
}

#[tokio::test]
async fn what_was_not_executed_is_not_stored() {
    let play = Play::start().await;
    let (customer, cards) = play.customer(&["pm_card_visa"]);
    let form = off_session(&customer, &cards[0]);
    let bad = [&form[..], &[("payment_method_types[]", "card")]].concat();
    assert_eq!(play.post_with_key(INTENTS, &bad, "k").await.error("code"), Some("parameter_unknown"));
    let unsigned = play.client.post(format!("{}{INTENTS}", play.sandbox.url())).header("Idempotency-Key", "k");
    assert_eq!(unsigned.form(&form).send().await.unwrap().status(), 401);
    for (fault, status) in
        [(Fault::RateLimit, 429), (Fault::LockTimeout, 429), (Fault::Conflict, 409), (Fault::Unavailable, 503)]
    {
        play.sandbox.script_fault(FaultRule::once(fault));
        assert_eq!(play.post_with_key(INTENTS, &form, "k").await.status, status, "{fault:?}");
    }
    let reply = play.post_with_key(INTENTS, &form, "k").await;
    assert_eq!((reply.status, reply.header("idempotent-replayed")), (200, None));
    assert_eq!(play.paid_charges(), 1);
}

#[tokio::test]
async fn a_running_key_is_in_use() {
    let play = Play::start().await;
    let (customer, cards) = play.customer(&["pm_card_visa"]);
    let form = off_session(&customer, &cards[0]);
    play.sandbox.script_fault(FaultRule::once(Fault::Slow));
    let first = play.post_with_key(INTENTS, &form, "k");
    let meanwhile = async {
        eventually("the first request is in", || !play.sandbox.requests().is_empty()).await;
        let second = play.post_with_key(INTENTS, &form, "k").await;
        play.sandbox.release();
        second
    };
    let (first, second) = tokio::join!(first, meanwhile);
    assert_eq!((second.status, second.error("code")), (409, Some("idempotency_key_in_use")));
    assert_eq!(second.header("stripe-should-retry"), Some("true"));
    assert_eq!((first.status, play.paid_charges()), (200, 1));
}

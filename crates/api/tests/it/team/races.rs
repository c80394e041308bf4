//! Many at once: one charge, one credit.

use std::collections::BTreeMap;

use engine::topups::State;
use sandbox::stripe::faults::{Fault, FaultRule, WebhookFault, WebhookFaultRule};

use super::wire::Loss;
use super::{CHARGE, Shop, eventually};

const BODY: &str = r#"{"credits":10000}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_purchases_at_once_charge_once() {
    let shop = Shop::open().await;
    let team = shop.team(&["pm_card_visa", "pm_card_mastercard"]).await;
    let answers = futures(100, |_| shop.buy(&team)).await;
    let mut counts = BTreeMap::new();
    for answer in &answers {
        *counts.entry(answer.status).or_insert(0) += 1;
    }
    assert_eq!(counts, BTreeMap::from([(200, 1), (429, 99)]));
    shop.delivered().await;
    assert_eq!((shop.charge_requests(), shop.charges(), shop.credits(&team).await), (1, 1, 10_000));
    assert_eq!(shop.payments(&team).await.len(), 1);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_passed_every_check_before_is_still_too_late() {
    // cool-down in seconds, whether the first one's outcome is known, its answer, the others' answer
    let cases = [
        (60, true, (200, "none"), (429, "purchase_topup_cooldown")),
        (60, false, (503, "payment_status_unknown"), (503, "payment_status_unknown")),
        (0, false, (503, "payment_status_unknown"), (503, "payment_status_unknown")),
    ];
    for (cooldown_seconds, known, first, others) in cases {
        let shop = Shop::open_with(|settings| settings.purchase.cooldown_seconds = cooldown_seconds).await;
        let team = shop.team(&["pm_card_sandboxNoticeNever"]).await;
        let lookups = format!("/v1/customers/{}", team.customer.as_deref().unwrap());
        let slow = FaultRule { hold_ms: 600_000, times: 10, ..FaultRule::once(Fault::Slow).on("GET", &lookups) };
        shop.stripe.script_fault(slow);
        let held = || shop.stripe.requests().iter().filter(|request| request.path == lookups).count();
        let buying = futures(10, |_| shop.buy(&team));
        let overtaking = async {
            eventually("all look up their cards", async || held() == 10).await;
            if !known {
                shop.wire.lose(Loss::Broken);
            }
            assert_eq!(shop.buy(&team).await.refusal(), first);
            shop.wire.lose(Loss::None);
            shop.stripe.release();
        };
        let (answers, ()) = tokio::join!(buying, overtaking);
        for answer in answers {
            assert_eq!(answer.refusal(), others, "{cooldown_seconds} {known}");
        }
        assert_eq!((shop.charges(), shop.payments(&team).await.len()), (1, 1));
        shop.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_idempotency_key_at_once_charges_once() {
    let shop = Shop::open().await;
    let team = shop.team(&["pm_card_visa"]).await;
    let answers = futures(50, |_| shop.purchase(&team.key, BODY, Some("order-1"))).await;
    let paid: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert!(!paid.is_empty());
    for answer in &answers {
        match answer.status {
            200 => assert_eq!(answer.body, paid[0].body),
            _ => assert_eq!(answer.refusal(), (409, "request_in_progress")),
        }
    }
    shop.delivered().await;
    assert_eq!((shop.charges(), shop.credits(&team).await), (1, 10_000));
    assert_eq!(shop.purchase(&team.key, BODY, Some("order-1")).await.body, paid[0].body);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_cooldown_nothing_is_charged_beside_a_running_charge() {
    let shop = Shop::open_with(|settings| settings.purchase.cooldown_seconds = 0).await;
    let team = shop.team(&["pm_card_visa"]).await;
    let slow = FaultRule { hold_ms: 600_000, ..FaultRule::once(Fault::Slow).on("POST", CHARGE) };
    shop.stripe.script_fault(slow);
    let first = async { shop.buy(&team).await };
    let others = async {
        eventually("the charge is running", async || shop.charge_requests() == 1).await;
        let others = futures(20, |_| shop.buy(&team)).await;
        let same_key_later = shop.buy(&team).await;
        shop.stripe.release();
        (others, same_key_later)
    };
    let (first, (others, last)) = tokio::join!(first, others);
    assert_eq!(first.status, 200);
    for answer in others.iter().chain([&last]) {
        assert_eq!(answer.refusal(), (503, "payment_status_unknown"));
    }
    shop.delivered().await;
    assert_eq!((shop.charges(), shop.credits(&team).await), (1, 10_000));
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn notices_and_reconcilers_at_once_credit_once() {
    let shop = Shop::open().await;
    let team = shop.team(&["pm_card_visa"]).await;
    shop.stripe.script_webhook_fault(WebhookFaultRule::once(WebhookFault::Never, "payment_intent.succeeded"));
    let answer = shop.buy(&team).await;
    shop.delivered_except(&["payment_intent.succeeded"]).await;
    shop.wait(60);
    let intent = shop.stripe.object(answer.intent()).unwrap();
    let notices = futures(20, |number| {
        // Half of them are the same event.
        let event = super::event(&format!("evt_{}", number % 10), "payment_intent.succeeded", &intent);
        let shop = &shop;
        async move { shop.notify(&event, super::WEBHOOK_SECRET).await }
    });
    let rounds = futures(10, |_| shop.reconcile());
    let (statuses, rounds) = tokio::join!(notices, rounds);
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    assert!(rounds.iter().map(|round| round.asked).sum::<usize>() <= 1, "{rounds:?}");
    assert_eq!((shop.credits(&team).await, shop.standing(&team).await), (10_000, (State::Succeeded, None)));
    shop.close().await;
}

#[tokio::test]
async fn a_caller_who_hangs_up_stops_nothing() {
    let shop = Shop::open().await;
    // Only the worker goes on to the second card.
    let team = shop.team(&["pm_card_visa_chargeDeclined", "pm_card_visa"]).await;
    let slow = FaultRule { hold_ms: 600_000, ..FaultRule::once(Fault::Slow).on("POST", CHARGE) };
    shop.stripe.script_fault(slow);
    {
        let buying = std::pin::pin!(shop.buy(&team));
        let running = std::pin::pin!(eventually("the charge is running", async || shop.charge_requests() == 1));
        // Whoever is first ends the other: the caller goes away while Stripe is at work.
        tokio::select! {
            answer = buying => panic!("{answer:?}"),
            () = running => {}
        }
    }
    shop.stripe.release();
    eventually("it is credited all the same", async || shop.credits(&team).await == 10_000).await;
    eventually("its outcome is recorded", async || shop.payment(&team).await.answer.is_some()).await;
    shop.delivered().await;
    assert_eq!(shop.charges(), 1);
    shop.close().await;
}

/// Runs `count` futures at the same time.
async fn futures<T, F: Future<Output = T>>(count: usize, make: impl Fn(usize) -> F) -> Vec<T> {
    let mut running: Vec<_> = (0..count).map(|number| Box::pin(make(number))).collect();
    let mut done: Vec<Option<T>> = (0..count).map(|_| None).collect();
    std::future::poll_fn(|context| {
        let mut pending = false;
        for (future, slot) in running.iter_mut().zip(&mut done).filter(|(_, slot)| slot.is_none()) {
            match future.as_mut().poll(context) {
                std::task::Poll::Ready(value) => *slot = Some(value),
                std::task::Poll::Pending => pending = true,
            }
        }
        if pending { std::task::Poll::Pending } else { std::task::Poll::Ready(()) }
    })
    .await;
    done.into_iter().flatten().collect()
}

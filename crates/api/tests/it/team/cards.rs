//! What the saved cards do, and what the buyer is told.

use engine::topups::State;
use sandbox::stripe::faults::{Fault, FaultRule};
use serde_json::json;

use super::{Shop, eventually};

const BAD: &str = "pm_card_visa_chargeDeclined";
const POOR: &str = "pm_card_visa_chargeDeclinedInsufficientFunds";
const SHY: &str = "pm_card_authenticationRequired";
const GOOD: &str = "pm_card_visa";

#[tokio::test]
async fn cards_are_tried_until_one_pays() {
    // cards (the first is the default), status, code, charge requests, paid charges, reason
    type Case<'a> = (&'a [&'a str], u16, &'a str, usize, usize, Option<&'a str>);
    let cases: &[Case<'_>] = &[
        (&[GOOD], 200, "none", 1, 1, None),
        (&[BAD, GOOD], 200, "none", 2, 1, None),
        (&[GOOD, BAD], 200, "none", 1, 1, None),
        (&[BAD, GOOD, POOR], 200, "none", 3, 1, None),
        (&[SHY, GOOD], 200, "none", 2, 1, None),
        (&[BAD], 402, "payment_failed", 1, 0, Some("generic_decline")),
        (&[BAD, POOR], 402, "payment_failed", 2, 0, Some("insufficient_funds")),
        (&[SHY], 402, "payment_failed", 1, 0, Some("authentication_required")),
        (&[SHY, BAD], 402, "payment_failed", 2, 0, Some("authentication_required")),
        (&[BAD; 8], 402, "payment_failed", 5, 0, Some("generic_decline")),
    ];
    let shop = Shop::open().await;
    for (cards, status, code, requests, charges, reason) in cases {
        let (requests_before, charges_before) = (shop.charge_requests(), shop.charges());
        let team = shop.team(cards).await;
        let answer = shop.buy(&team).await;
        assert_eq!(answer.refusal(), (*status, *code), "{cards:?}");
        assert_eq!(shop.charge_requests() - requests_before, *requests, "{cards:?}");
        assert_eq!(shop.charges() - charges_before, *charges, "{cards:?}");
        shop.delivered().await;
        let state = if *charges == 1 { State::Succeeded } else { State::Failed };
        let standing = shop.standing(&team).await;
        assert_eq!((standing.0, standing.1.as_deref()), (state, *reason), "{cards:?}");
        assert_eq!(shop.credits(&team).await, 10_000 * i64::try_from(*charges).unwrap(), "{cards:?}");
        // Refused or not, it was an accepted attempt.
        assert_eq!(shop.buy(&team).await.refusal(), (429, "purchase_topup_cooldown"), "{cards:?}");
    }
    shop.close().await;
}

#[tokio::test]
async fn a_failed_purchase_leaves_no_intent_that_could_be_paid() {
    let shop = Shop::open().await;
    let team = shop.team(&[BAD, SHY]).await;
    assert_eq!(shop.buy(&team).await.refusal(), (402, "payment_failed"));
    let statuses: Vec<_> =
        shop.stripe.objects("payment_intent").iter().map(|intent| intent["status"].clone()).collect();
    assert_eq!(statuses, [json!("canceled")]);
    shop.delivered().await;
    assert_eq!(shop.info(&team).await["breakdown"], json!([]));
    shop.close().await;
}

#[tokio::test]
async fn what_is_processing_answers_202_and_is_credited_when_paid() {
    let shop = Shop::open().await;
    let team = shop.team(&["pm_card_sandboxProcessing"]).await;
    let answer = shop.purchase(&team.key, r#"{"credits":10000}"#, Some("k")).await;
    assert_eq!(answer.status, 202);
    let message = answer.body["message"].clone();
    assert!(message.is_string());
    let expected = json!({
        "success": true, "status": "processing", "payment_intent_id": answer.intent(), "message": message,
        "credits": 10000,
    });
    assert_eq!(answer.body, expected);
    shop.delivered().await;
    assert_eq!(shop.info(&team).await["breakdown"][0]["purchase_kind"], "Pending");
    shop.wait(60);
    assert_eq!(shop.reconcile().await, engine::topups::Round { asked: 1, settled: 0, failed: 0 });

    shop.stripe.settle_payment_intent(answer.intent(), true, None).unwrap();
    shop.delivered().await;
    assert_eq!((shop.credits(&team).await, shop.standing(&team).await.0), (10_000, State::Succeeded));
    // What was said stays said.
    let again = shop.purchase(&team.key, r#"{"credits":10000}"#, Some("k")).await;
    assert_eq!((again.status, &again.body), (202, &answer.body));
    shop.close().await;
}

#[tokio::test]
async fn what_was_processing_may_fail() {
    let shop = Shop::open().await;
    let team = shop.team(&["pm_card_sandboxProcessing"]).await;
    let answer = shop.buy(&team).await;
    shop.stripe.settle_payment_intent(answer.intent(), false, None).unwrap();
    shop.delivered().await;
    // A failed attempt is not final at Stripe, so the notice only makes us ask, at once.
    assert_eq!(shop.standing(&team).await.0, State::Confirming);
    shop.close_dangling().await;
    assert_eq!(shop.standing(&team).await, (State::Failed, Some("canceled".to_owned())));
    assert_eq!(shop.stripe.object(answer.intent()).unwrap()["status"], "canceled");
    shop.delivered().await;
    assert_eq!(shop.info(&team).await["breakdown"], json!([]));
    shop.close().await;
}

#[tokio::test]
async fn what_stripe_refuses_to_charge_at_all_answers_500() {
    let shop = Shop::open_with(|settings| {
        let usd = ledger::Unit::parse("USD").unwrap();
        settings.sites.get_mut("api").unwrap().packs[0].prices.insert(usd, "0.10".to_owned());
    })
    .await;
    let team = shop.team(&[GOOD]).await;
    assert_eq!(shop.buy(&team).await.refusal(), (500, "internal_error"));
    assert_eq!(shop.standing(&team).await, (State::Failed, Some("amount_too_small".to_owned())));
    assert_eq!(shop.charges(), 0);
    shop.close().await;
}

#[tokio::test]
async fn a_card_that_cannot_be_looked_up_charges_nothing() {
    let shop = Shop::open().await;
    let team = shop.team(&[GOOD]).await;
    let rule = FaultRule { times: 3, ..FaultRule::once(Fault::CloseBefore).on("GET", "/v1/customers") };
    shop.stripe.script_fault(rule);
    assert_eq!(shop.buy(&team).await.refusal(), (500, "internal_error"));
    assert_eq!((shop.charge_requests(), shop.payments(&team).await.len()), (0, 0));
    assert_eq!(shop.buy(&team).await.status, 200);
    shop.delivered().await;
    shop.close().await;
}

#[tokio::test]
async fn a_customer_who_vanishes_before_the_charge_consumes_no_cooldown() {
    let shop = Shop::open().await;
    let team = shop.team(&[GOOD]).await;
    let slow = FaultRule { hold_ms: 600_000, ..FaultRule::once(Fault::Slow).on("POST", "/v1/payment_intents") };
    shop.stripe.script_fault(slow);
    let buying = async { shop.buy(&team).await };
    let vanishing = async {
        let asked = || shop.stripe.requests().iter().any(|request| request.path == "/v1/payment_intents");
        eventually("the intent is asked for", async || asked()).await;
        let url = format!("{}/v1/customers/{}", shop.stripe.url(), team.customer.as_deref().unwrap());
        shop.http.delete(url).bearer_auth("sk_test_of_the_tests").send().await.unwrap().error_for_status().unwrap();
        shop.stripe.release();
    };
    let (answer, ()) = tokio::join!(buying, vanishing);
    assert_eq!(answer.refusal(), (400, "no_stripe_customer"));
    assert_eq!(shop.standing(&team).await, (State::Failed, Some("no_stripe_customer".to_owned())));
    // No 429: the attempt did not count.
    assert_eq!(shop.buy(&team).await.refusal(), (400, "no_stripe_customer"));
    assert_eq!(shop.charges(), 0);
    shop.close().await;
}

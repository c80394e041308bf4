//! Outcomes that nobody knows: 503, nothing else is charged, and in the end one answer.

use engine::topups::{Round, State};
use sandbox::stripe::faults::{Fault, FaultRule, WebhookFault, WebhookFaultRule};
use serde_json::json;

use super::wire::Loss;
use super::{CHARGE, Shop, Team, eventually};

/// The client gives up after three attempts; a fault that strikes this often leaves the outcome open.
fn always(fault: Fault) -> FaultRule {
    FaultRule { times: 3, ..FaultRule::once(fault).on("POST", "/v1/payment_intents") }
}

fn no_notice(shop: &Shop) {
    let rule =
        WebhookFaultRule { times: 100, ..WebhookFaultRule::once(WebhookFault::Never, "payment_intent.succeeded") };
    shop.stripe.script_webhook_fault(rule);
}

async fn assert_blocked(shop: &Shop, team: &Team) {
    let requests = shop.charge_requests();
    assert_eq!(shop.buy(team).await.refusal(), (503, "payment_status_unknown"));
    assert_eq!(shop.charge_requests(), requests, "nothing is charged while an outcome is unknown");
}

/// How the answer to a charge that was made gets lost.
#[derive(Debug)]
enum Lost {
    OnTheWire(Loss),
    /// Stripe made the charge and answers with an error, also to repeats.
    Stripe,
}

impl Lost {
    fn begin(&self, shop: &Shop) {
        match self {
            Lost::OnTheWire(loss) => shop.wire.lose(*loss),
            Lost::Stripe => {
                shop.stripe.script_fault(FaultRule::once(Fault::ServerErrorAfter).on("POST", CHARGE));
            }
        }
    }
}

#[tokio::test]
async fn an_unknown_outcome_blocks_until_the_reconciler_finds_it_paid() {
    for lost in [Lost::OnTheWire(Loss::Broken), Lost::OnTheWire(Loss::Silent), Lost::Stripe] {
        // Long enough for every call that is answered, however busy the machine is.
        let shop = Shop::open_with(|settings| settings.stripe.timeout_ms = 3_000).await;
        let team = shop.team(&["pm_card_visa", "pm_card_mastercard"]).await;
        no_notice(&shop);
        lost.begin(&shop);
        let answer = shop.purchase(&team.key, r#"{"credits":10000}"#, Some("k")).await;
        assert_eq!(answer.refusal(), (503, "payment_status_unknown"), "{lost:?}");
        assert_eq!((shop.standing(&team).await.0, shop.charges()), (State::Unknown, 1), "{lost:?}");
        let again = shop.purchase(&team.key, r#"{"credits":10000}"#, Some("k")).await;
        assert_eq!(again.refusal(), (503, "payment_status_unknown"), "{lost:?}");
        assert_blocked(&shop, &team).await;
        shop.wire.lose(Loss::None);

        shop.wait(60);
        assert_blocked(&shop, &team).await;
        assert_eq!(shop.reconcile().await, Round { asked: 1, settled: 1, failed: 0 }, "{lost:?}");
        assert_eq!((shop.credits(&team).await, shop.charges()), (10_000, 1), "{lost:?}");
        // The key tells at last.
        let again = shop.purchase(&team.key, r#"{"credits":10000}"#, Some("k")).await;
        assert_eq!((again.status, &again.body["credits"]), (200, &json!(10000)), "{lost:?}");
        assert_eq!(shop.reconcile().await, Round::default(), "nothing is open");
        assert_eq!(shop.buy(&team).await.status, 200, "and the next may be bought");
        shop.delivered_except(&["payment_intent.succeeded"]).await;
        shop.wait(60);
        assert_eq!(shop.reconcile().await.settled, 1, "{lost:?}");
        assert_eq!((shop.credits(&team).await, shop.charges()), (20_000, 2), "{lost:?}");
        shop.close().await;
    }
}

#[tokio::test]
async fn an_unknown_outcome_is_settled_by_the_notice_too() {
    let shop = Shop::open().await;
    let team = shop.team(&["pm_card_visa"]).await;
    let held = WebhookFaultRule::once(WebhookFault::Held, "payment_intent.succeeded");
    shop.stripe.script_webhook_fault(held);
    shop.wire.lose(Loss::Broken);
    assert_eq!(shop.buy(&team).await.refusal(), (503, "payment_status_unknown"));
    shop.wait(60);
    assert_blocked(&shop, &team).await;
    shop.stripe.release();
    shop.delivered().await;
    assert_eq!(shop.standing(&team).await, (State::Succeeded, None));
    assert_eq!(shop.reconcile().await, Round::default());
    assert_eq!((shop.credits(&team).await, shop.charges()), (10_000, 1));
    shop.close().await;
}

#[tokio::test]
async fn a_broken_answer_that_a_repeat_clears_up_is_not_unknown() {
    for fault in [Fault::CloseAfter, Fault::CloseBefore, Fault::Unreadable, Fault::RateLimit, Fault::Conflict] {
        let shop = Shop::open().await;
        let team = shop.team(&["pm_card_visa"]).await;
        shop.stripe.script_fault(FaultRule::once(fault).on("POST", CHARGE));
        assert_eq!(shop.buy(&team).await.status, 200, "{fault:?}");
        shop.delivered().await;
        assert_eq!((shop.credits(&team).await, shop.charges()), (10_000, 1), "{fault:?}");
        shop.close().await;
    }
}

#[tokio::test]
async fn an_intent_that_nobody_knows_of_is_never_paid() {
    // Stripe keeps an error as the answer to a key, so one is as good as three.
    for (fault, times, reason) in [(Fault::CloseBefore, 3, "not_found"), (Fault::ServerErrorAfter, 1, "canceled")] {
        let shop = Shop::open().await;
        let team = shop.team(&["pm_card_visa"]).await;
        // Whether it was created or not, its id never arrived, so it was not confirmed.
        shop.stripe.script_fault(FaultRule { times, ..always(fault) });
        assert_eq!(shop.buy(&team).await.refusal(), (503, "payment_status_unknown"), "{fault:?}");
        assert_blocked(&shop, &team).await;
        shop.wait(60);
        // Stripe's notice of the new intent may move the check while a round looks at it; then the next round asks.
        eventually("nobody can pay it any more", async || {
            shop.reconcile().await;
            shop.standing(&team).await == (State::Failed, Some(reason.to_owned()))
        })
        .await;
        assert_eq!((shop.charge_requests(), shop.charges()), (0, 0), "{fault:?}");
        shop.close().await;
    }
}

#[tokio::test]
async fn after_a_lost_creation_the_next_purchase_is_paid() {
    let shop = Shop::open().await;
    let team = shop.team(&["pm_card_visa"]).await;
    shop.stripe.script_fault(always(Fault::CloseBefore));
    assert_eq!(shop.buy(&team).await.refusal(), (503, "payment_status_unknown"));
    shop.wait(60);
    assert_eq!(shop.reconcile().await.settled, 1);
    assert_eq!(shop.buy(&team).await.status, 200);
    shop.delivered().await;
    assert_eq!(shop.credits(&team).await, 10_000);
    shop.close().await;
}

#[tokio::test]
async fn an_unknown_second_card_is_cleared_up_by_cancelling() {
    let shop = Shop::open().await;
    let team = shop.team(&["pm_card_visa_chargeDeclined", "pm_card_visa"]).await;
    let confirm = FaultRule { times: 3, ..FaultRule::once(Fault::CloseBefore).on("POST", CHARGE) };
    shop.stripe.script_fault(confirm);
    assert_eq!(shop.buy(&team).await.refusal(), (503, "payment_status_unknown"));
    assert!(shop.payment(&team).await.object_id.is_some());
    shop.wait(60);
    shop.close_dangling().await;
    assert_eq!(shop.standing(&team).await, (State::Failed, Some("canceled".to_owned())));
    assert_eq!(shop.charges(), 0);
    shop.delivered().await;
    assert_eq!(shop.buy(&team).await.status, 200);
    shop.delivered().await;
    shop.close().await;
}

#[tokio::test]
async fn a_gateway_that_was_not_reached_blocks_nothing() {
    let shop = Shop::open().await;
    let team = shop.team(&["pm_card_visa"]).await;
    shop.stripe.script_fault(always(Fault::RateLimit));
    assert_eq!(shop.buy(&team).await.refusal(), (500, "internal_error"));
    assert_eq!(shop.standing(&team).await, (State::Failed, Some("gateway_unreachable".to_owned())));
    shop.wait(60);
    assert_eq!(shop.buy(&team).await.status, 200);
    shop.delivered().await;
    assert_eq!(shop.charges(), 1);
    shop.close().await;
}

#[tokio::test]
async fn paid_without_a_notice_is_credited_by_the_reconciler() {
    let shop = Shop::open().await;
    let team = shop.team(&["pm_card_sandboxNoticeNever"]).await;
    let answer = shop.buy(&team).await;
    assert_eq!(answer.status, 200);
    shop.delivered_except(&["payment_intent.succeeded"]).await;
    assert_eq!((shop.credits(&team).await, shop.standing(&team).await.0), (0, State::Confirming));
    shop.wait(60);
    assert_eq!(shop.reconcile().await, Round { asked: 1, settled: 1, failed: 0 });
    assert_eq!(shop.credits(&team).await, 10_000);
    // The notice that comes after all changes nothing.
    let events = shop.stripe.events();
    let late = events.iter().find(|event| event["type"] == "payment_intent.succeeded").unwrap();
    shop.stripe.redeliver(late["id"].as_str().unwrap()).unwrap();
    shop.delivered().await;
    assert_eq!(shop.credits(&team).await, 10_000);
    shop.close().await;
}

#[tokio::test]
async fn a_gateway_that_does_not_answer_is_asked_again() {
    let shop = Shop::open().await;
    let team = shop.team(&["pm_card_sandboxNoticeNever"]).await;
    shop.buy(&team).await;
    shop.wait(60);
    shop.stripe
        .script_fault(FaultRule { times: 3, ..FaultRule::once(Fault::CloseBefore).on("GET", "/v1/payment_intents") });
    assert_eq!(shop.reconcile().await, Round { asked: 1, settled: 0, failed: 1 });
    shop.wait(240);
    assert_eq!(shop.reconcile().await.settled, 1);
    assert_eq!(shop.credits(&team).await, 10_000);
    shop.close().await;
}

#[tokio::test]
async fn a_running_charge_is_left_alone_for_a_quarter_of_an_hour() {
    let shop = Shop::open().await;
    let team = shop.team(&["pm_card_visa_chargeDeclined", "pm_card_visa"]).await;
    let slow = FaultRule { hold_ms: 600_000, ..FaultRule::once(Fault::Slow).on("POST", CHARGE) };
    shop.stripe.script_fault(slow);
    let buying = async { shop.buy(&team).await };
    let watching = async {
        eventually("the card is being charged", async || shop.charge_requests() == 1).await;
        shop.wait(60);
        // In sight of Stripe's open intent, which another worker is about to pay.
        assert_eq!(shop.reconcile().await, Round { asked: 1, settled: 0, failed: 0 });
        shop.wait(900);
        shop.close_dangling().await;
        assert_eq!(shop.standing(&team).await, (State::Failed, Some("canceled".to_owned())));
        shop.stripe.release();
    };
    let (answer, ()) = tokio::join!(buying, watching);
    // The worker that comes back finds the intent closed: nothing is charged.
    assert_eq!(answer.refusal(), (402, "payment_failed"));
    assert_eq!((shop.standing(&team).await.0, shop.charges()), (State::Failed, 0));
    shop.delivered().await;
    shop.close().await;
}

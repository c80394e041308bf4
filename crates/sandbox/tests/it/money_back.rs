//! Refunds and disputes.

use reqwest::Method;
use serde_json::json;

use crate::support::{Play, Target, off_session};

async fn pay(play: &Play, card: &str) -> (String, String) {
    let (customer, cards) = play.customer(&[card]);
    let intent = play.post("/v1/payment_intents", &off_session(&customer, &cards[0])).await.ok();
    (intent["id"].as_str().unwrap().to_owned(), intent["latest_charge"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn refunds_never_exceed_the_charge() {
    let play = Play::start().await;
    let (intent, charge) = pay(&play, "pm_card_visa").await;
    type Case<'a> = (Vec<(&'a str, &'a str)>, u16, Option<&'a str>, i64, bool);
    let cases: Vec<Case> = vec![
        (vec![("payment_intent", &intent), ("amount", "1000")], 200, None, 1000, false),
        (vec![("charge", &charge), ("amount", "2001")], 400, None, 1000, false),
        (vec![("charge", &charge), ("amount", "0")], 400, Some("parameter_invalid_integer"), 1000, false),
        (vec![("amount", "1")], 400, None, 1000, false),
        (vec![("charge", "ch_none")], 400, Some("resource_missing"), 1000, false),
        (vec![("charge", &charge), ("reason", "fraudulent")], 200, None, 3000, true),
        (vec![("charge", &charge)], 400, Some("charge_already_refunded"), 3000, true),
    ];
    for (form, status, code, refunded_minor, whole) in cases {
        let reply = play.post("/v1/refunds", &form).await;
        assert_eq!((reply.status, reply.error("code")), (status, code), "{form:?} {}", reply.body);
        let shown = play.get(&format!("/v1/charges/{charge}")).await.ok();
        assert_eq!(
            (shown["amount_refunded"].as_i64(), shown["refunded"].as_bool()),
            (Some(refunded_minor), Some(whole)),
            "{form:?}"
        );
    }
    assert_eq!(
        play.get(&format!("/v1/refunds?payment_intent={intent}")).await.ok()["data"].as_array().unwrap().len(),
        2
    );
    assert_eq!(play.get(&format!("/v1/payment_intents/{intent}")).await.ok()["status"], "succeeded");
}

#[tokio::test]
async fn a_refund_can_fail_after_it_had_succeeded() {
    let play = Play::start().await;
    let target = Target::start(&play, 0).await;
    for (card, first) in [("pm_card_visa", "succeeded"), ("pm_card_pendingRefund", "pending")] {
        let (_, charge) = pay(&play, card).await;
        let refund = play.post("/v1/refunds", &[("charge", &charge)]).await.ok();
        assert_eq!(refund["status"], first);
        let path = format!("/refunds/{}/settle", refund["id"].as_str().unwrap());
        if first == "pending" {
            assert_eq!(play.control(Method::POST, &path, json!({"succeeded": true})).await.ok()["status"], "succeeded");
        }
        assert_eq!(play.control(Method::POST, &path, json!({"succeeded": false})).await.ok()["status"], "failed");
        assert_eq!(play.control(Method::POST, &path, json!({"succeeded": false})).await.status, 400);
        assert_eq!(play.get(&format!("/v1/charges/{charge}")).await.ok()["amount_refunded"], 0);
    }
    target.until("refund.failed", 2).await;
    assert_eq!((target.count("refund.updated"), target.count("charge.refund.updated")), (3, 3));
}

#[tokio::test]
async fn dispute_cards_take_the_money_back() {
    let play = Play::start().await;
    let cases = [
        ("4000000000000259", "fraudulent", "needs_response", 1),
        ("4000000000002685", "product_not_received", "needs_response", 1),
        ("4000000000001976", "general", "warning_needs_response", 0),
    ];
    for (card, reason, status, withdrawn) in cases {
        let (intent, charge) = pay(&play, card).await;
        let list = play.get(&format!("/v1/disputes?charge={charge}")).await.ok();
        let dispute = &list["data"][0];
        assert_eq!((dispute["reason"].as_str(), dispute["status"].as_str()), (Some(reason), Some(status)), "{card}");
        assert_eq!((&dispute["amount"], &dispute["payment_intent"]), (&json!(3000), &json!(intent)), "{card}");
        assert_eq!(dispute["balance_transactions"].as_array().unwrap().len(), withdrawn, "{card}");
        let refund = play.post("/v1/refunds", &[("charge", &charge)]).await;
        assert_eq!(refund.error("code"), (withdrawn == 1).then_some("charge_disputed"), "{card}");
    }
    pay(&play, "4000000000005423").await;
    assert_eq!(play.sandbox.objects("radar.early_fraud_warning").len(), 1);
}

#[tokio::test]
async fn disputes_are_played_to_their_end() {
    let play = Play::start().await;
    let target = Target::start(&play, 0).await;
    let review = play.control(Method::POST, "/disputes/dp_none/under_review", json!(null)).await;
    assert_eq!(review.status, 404);
    let (_, charge) = pay(&play, "4000000000000259").await;
    let open = play.get(&format!("/v1/disputes?charge={charge}")).await.ok()["data"][0]["id"].clone();
    let review = format!("/disputes/{}/under_review", open.as_str().unwrap());
    assert_eq!(play.control(Method::POST, &review, json!(null)).await.ok()["status"], "under_review");
    target.until("charge.dispute.updated", 1).await;
    let cases: &[(bool, &[&str], &str, usize)] = &[
        (false, &["funds_withdrawn", "won"], "won", 2),
        (false, &["funds_withdrawn", "lost"], "lost", 1),
        (true, &["won"], "warning_closed", 0),
    ];
    for (inquiry, steps, status, movements) in cases {
        let (_, charge) = pay(&play, "pm_card_visa").await;
        let path = format!("/charges/{charge}/dispute");
        let body = json!({"amount_minor": 500, "inquiry": inquiry});
        let dispute = play.control(Method::POST, &path, body).await.ok()["id"].as_str().unwrap().to_owned();
        for step in *steps {
            play.control(Method::POST, &format!("/disputes/{dispute}/{step}"), json!(null)).await.ok();
            let again = play.control(Method::POST, &format!("/disputes/{dispute}/{step}"), json!(null)).await;
            assert_eq!(again.status, 400, "{step} twice");
        }
        let shown = play.get(&format!("/v1/disputes/{dispute}")).await.ok();
        assert_eq!((shown["status"].as_str(), shown["amount"].as_i64()), (Some(*status), Some(500)));
        assert_eq!(shown["balance_transactions"].as_array().unwrap().len(), *movements, "{status}");
    }
    target.until("charge.dispute.closed", 3).await;
    let kinds = ["charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated"];
    assert_eq!(kinds.map(|kind| target.count(kind)), [4, 3, 1]);
}

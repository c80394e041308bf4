//! Money that goes back: refunds and disputes.

use sandbox::paypal::NewDispute;
use serde_json::{Value, json};
use testkit::{Answer, Shop};

use super::{PAYERS, credited};

async fn refund(shop: &Shop, topup: &str, key: &str, amount: Option<&str>) -> Answer {
    let body = amount.map_or(json!({"reason": "asked for"}), |amount| json!({"amount": amount, "reason": "asked for"}));
    shop.app.operator.keyed(&format!("/v1/payments/{topup}/refunds"), key, body).await
}

async fn state(shop: &Shop, topup: &str) -> String {
    shop.payment(topup).await["state"].as_str().unwrap_or_default().to_owned()
}

async fn spend(shop: &Shop, account: &str, amount: &str) {
    let body = json!({"account": account, "amount": amount, "service": "llm"});
    shop.app.operator.keyed("/v1/debits", "spend", body).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn refunds_add_up_to_the_charge_and_not_beyond() {
    let shop = Shop::open().await;
    for payer in [PAYERS[0], PAYERS[1]] {
        let topup = credited(&shop, payer).await;
        let first = refund(&shop, &topup, "a", Some("20")).await.expect(201);
        assert_eq!((first.str("/state"), first.str("/amount")), ("succeeded", "20"));
        assert_eq!(
            (shop.balance(payer.0).await.as_str(), state(&shop, &topup).await.as_str()),
            ("30", "partly_refunded")
        );
        // The same key again gives nothing more.
        let again = refund(&shop, &topup, "a", Some("20")).await.expect(201);
        assert_eq!(again.str("/id"), first.str("/id"));
        refund(&shop, &topup, "b", Some("30.01")).await.expect(422);
        refund(&shop, &topup, "a", Some("10")).await.expect(422);
        assert_eq!(shop.balance(payer.0).await, "30");
        // All that is left.
        refund(&shop, &topup, "c", None).await.expect(201);
        assert_eq!((shop.balance(payer.0).await.as_str(), state(&shop, &topup).await.as_str()), ("0", "refunded"));
        refund(&shop, &topup, "d", Some("0.01")).await.expect(409);
    }
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_spent_becomes_overdraft() {
    let shop = Shop::open().await;
    let topup = credited(&shop, PAYERS[0]).await;
    spend(&shop, "card", "45").await;
    refund(&shop, &topup, "a", None).await.expect(201);
    assert_eq!(shop.balance("card").await, "-45");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_fails_gives_the_credits_back() {
    let shop = Shop::open().await;
    let topup = credited(&shop, PAYERS[0]).await;
    let given = refund(&shop, &topup, "a", None).await.expect(201);
    assert_eq!(shop.balance("card").await, "0");
    shop.stripe.settle_refund(given.str("/gateway_object"), false).unwrap();
    shop.app.operator.get("/v1/accounts/card").await.expect(200);
    for _ in 0..3_000 {
        if shop.balance("card").await == "50" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let story = shop.payment(&topup).await;
    assert_eq!((shop.balance("card").await.as_str(), &story["refunds"][0]["state"]), ("50", &Value::from("failed")));
    shop.close().await;
}

/// Opens a dispute at the gateway, and says how to end it.
fn dispute(shop: &Shop, gateway: &str) -> String {
    let disputed = match gateway {
        "card" => {
            let charge = shop.stripe.objects("charge")[0]["id"].as_str().unwrap().to_owned();
            let disputed = shop.stripe.dispute_charge(&charge, None, "fraudulent", false).unwrap();
            shop.stripe.withdraw_dispute(disputed["id"].as_str().unwrap()).unwrap();
            disputed
        }
        _ => {
            let capture = shop.paypal.captures()[0]["id"].as_str().unwrap().to_owned();
            let new = NewDispute { stage: "CHARGEBACK".to_owned(), ..NewDispute::default() };
            shop.paypal.dispute_capture(&capture, &new).unwrap()
        }
    };
    let id = disputed["id"].as_str().or(disputed["dispute_id"].as_str());
    id.unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_takes_the_credits_until_it_is_decided() {
    for won in [true, false] {
        let shop = Shop::open().await;
        for payer in [PAYERS[0], PAYERS[1]] {
            let topup = credited(&shop, payer).await;
            let id = dispute(&shop, payer.0);
            shop.until(&topup, "disputed").await;
            assert_eq!(shop.balance(payer.0).await, "0", "{payer:?}");
            refund(&shop, &topup, "a", None).await.expect(409);
            match payer.0 {
                "card" => shop.stripe.close_dispute(&id, won).unwrap(),
                _ => shop.paypal.close_dispute(&id, won).unwrap(),
            };
            let (state, balance) = if won { ("dispute_won", "50") } else { ("dispute_lost", "0") };
            shop.until(&topup, state).await;
            assert_eq!(shop.balance(payer.0).await, balance, "{payer:?}");
        }
        shop.close().await;
    }
}

//! The whole way: quote, consent, the gateway's page, the notice, credits.

use engine::settings::Method;
use sandbox::paypal::Fate;
use testkit::Shop;

use super::{PAYERS, begin, credited, pay, stands};

#[tokio::test(flavor = "multi_thread")]
async fn a_payer_pays_and_is_credited_once() {
    let shop = Shop::open().await;
    for payer in PAYERS {
        let topup = credited(&shop, payer).await;
        assert_eq!(shop.balance(payer.0).await, payer.3);
        let story = shop.payment(&topup).await;
        let steps: Vec<&str> =
            story["steps"].as_array().unwrap().iter().map(|step| step["state"].as_str().unwrap()).collect();
        assert_eq!((steps.first(), steps.last()), (Some(&"created"), Some(&"succeeded")), "{steps:?}");
        // Whoever asks again changes nothing.
        shop.app.operator.post(&format!("/v1/topups/{topup}/check"), serde_json::json!({})).await.expect(200);
        shop.wait(3_700);
        shop.reconcile().await;
        assert_eq!(shop.balance(payer.0).await, payer.3);
    }
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_notice_reconciliation_credits() {
    let shop = Shop::open().await;
    shop.lose_notices();
    for payer in PAYERS {
        let topup = begin(&shop, payer).await;
        pay(&shop, payer.2, &topup).await;
        assert_eq!(stands(&shop.standing(&topup).await).0, "awaiting_customer", "{payer:?}");
        shop.wait(61);
        shop.reconcile().await;
        assert_eq!(stands(&shop.standing(&topup).await), ("succeeded", None), "{payer:?}");
        assert_eq!(shop.balance(payer.0).await, payer.3);
    }
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_return_page_may_be_faster_than_the_notice() {
    let shop = Shop::open().await;
    shop.lose_notices();
    for payer in PAYERS {
        let topup = begin(&shop, payer).await;
        // Coming back proves nothing.
        shop.app.operator.get(&format!("/topups/{topup}/return?vnp_ResponseCode=00&redirect_status=succeeded")).await;
        assert_eq!(shop.balance(payer.0).await, "0", "{payer:?}");
        pay(&shop, payer.2, &topup).await;
        let path = format!("/v1/topups/{topup}/check");
        let checked = shop.app.operator.post(&path, serde_json::json!({})).await.expect(200);
        assert_eq!(stands(&checked.json), ("succeeded", None), "{payer:?}");
        assert_eq!(shop.balance(payer.0).await, payer.3);
    }
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_walks_away_has_paid_nothing() {
    let shop = Shop::open().await;
    let mut topups = Vec::new();
    for payer in PAYERS {
        topups.push(begin(&shop, payer).await);
    }
    // Half an hour to pay, and some minutes for what is on its way.
    shop.wait(3_601);
    shop.reconcile().await;
    for ((account, ..), topup) in PAYERS.iter().zip(&topups) {
        let standing = shop.standing(topup).await;
        assert!(["expired", "failed"].contains(&stands(&standing).0), "{standing}");
        assert_eq!((shop.balance(account).await.as_str(), &standing["status"]), ("0", &"failed".into()));
    }
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decline_is_no_payment() {
    let shop = Shop::open().await;
    let topup = begin(&shop, PAYERS[0]).await;
    shop.pay_with_card(&topup, "pm_card_visa_chargeDeclined").await.expect(402);
    assert_eq!(shop.balance("card").await, "0");
    // Another card on the same page.
    shop.pay_with_card(&topup, "pm_card_visa").await.expect(200);
    shop.until(&topup, "succeeded").await;

    let topup = begin(&shop, PAYERS[1]).await;
    shop.paypal.next_payment(Fate::Refused { issue: "INSTRUMENT_DECLINED".to_owned() }).unwrap();
    pay(&shop, Method::PayPal, &topup).await;
    shop.wait(61);
    shop.reconcile().await;
    assert_eq!(shop.balance("wallet").await, "0");

    let topup = begin(&shop, PAYERS[2]).await;
    shop.vnpay.pay(&topup, "51").unwrap();
    let failed = shop.until(&topup, "failed").await;
    assert_eq!((failed["status"].as_str(), shop.balance("bank").await.as_str()), (Some("failed"), "0"));
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pending_is_credited_when_it_completes() {
    let shop = Shop::open().await;
    let topup = begin(&shop, PAYERS[1]).await;
    shop.paypal.next_payment(Fate::Pending { reason: "ECHECK".to_owned() }).unwrap();
    pay(&shop, Method::PayPal, &topup).await;
    shop.until(&topup, "confirming").await;
    assert_eq!(shop.balance("wallet").await, "0");
    let capture = shop.paypal.captures()[0]["id"].as_str().unwrap().to_owned();
    shop.paypal.settle_capture(&capture, true).unwrap();
    shop.until(&topup, "succeeded").await;
    assert_eq!(shop.balance("wallet").await, "50");

    let topup = begin(&shop, PAYERS[2]).await;
    shop.vnpay.pay(&topup, "07").unwrap();
    shop.until(&topup, "under_review").await;
    assert_eq!(shop.balance("bank").await, "0");
    shop.vnpay.settle(&topup, "00").unwrap();
    shop.wait(3_601);
    shop.reconcile().await;
    shop.until(&topup, "succeeded").await;
    assert_eq!(shop.balance("bank").await, "500000");
    shop.close().await;
}

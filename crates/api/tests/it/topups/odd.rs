//! Other currencies, late money, and calls at once.

use engine::settings::Method;
use testkit::Shop;
use tokio::task::JoinSet;

use super::{PAYERS, begin, pay, stands};

#[tokio::test(flavor = "multi_thread")]
async fn dong_are_paid_in_dollars_and_credited_in_dong() {
    let shop = Shop::open().await;
    shop.payer("a", "VND").await;
    shop.rate("VND", "25417").await;
    let begun = shop.topup("a", Method::PayPal, "500000").await;
    // 500 000 / 25 417 = 19.6718…: up to the next cent.
    assert_eq!((begun.str("/amount"), begun.str("/currency"), begun.str("/credits")), ("19.68", "USD", "500000"));
    let order = shop.paypal.orders()[0].clone();
    assert_eq!(order["purchase_units"][0]["amount"]["value"], "19.68", "{order}");
    // The quote and its rate are long over when the payer agrees.
    shop.wait(1_200);
    shop.rate("VND", "26000").await;
    pay(&shop, Method::PayPal, begun.str("/id")).await;
    shop.until(begun.str("/id"), "succeeded").await;
    assert_eq!(shop.balance("a").await, "500000");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn yen_have_no_decimals_anywhere() {
    let shop = Shop::open().await;
    shop.payer("a", "JPY").await;
    let begun = shop.topup("a", Method::Stripe, "3000").await;
    assert_eq!((begun.str("/amount"), begun.str("/currency"), begun.str("/credits")), ("3000", "JPY", "3000"));
    let intent = shop.stripe.objects("payment_intent")[0].clone();
    assert_eq!((intent["amount"].as_i64(), intent["currency"].as_str()), (Some(3_000), Some("jpy")));
    pay(&shop, Method::Stripe, begun.str("/id")).await;
    shop.until(begun.str("/id"), "succeeded").await;
    assert_eq!(shop.balance("a").await, "3000");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_comes_after_the_expiry_is_credited_and_flagged() {
    let shop = Shop::open().await;
    let topup = begin(&shop, PAYERS[2]).await;
    shop.lose_notices();
    shop.vnpay.pay(&topup, "51").unwrap();
    shop.send_notices();
    shop.wait(3_601);
    shop.reconcile().await;
    assert_eq!(stands(&shop.standing(&topup).await).0, "failed");
    // The bank changes its mind.
    shop.vnpay.settle(&topup, "00").unwrap();
    shop.vnpay.redeliver(&topup).unwrap();
    let late = shop.until(&topup, "succeeded").await;
    assert_eq!(stands(&late), ("succeeded", Some("late_success")));
    assert_eq!(shop.balance("bank").await, "500000");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_is_one_top_up_at_any_concurrency() {
    let shop = Shop::open().await;
    for (account, unit, method, amount) in PAYERS {
        shop.payer(account, unit).await;
        let order = shop.order(account, method, amount).await;
        let mut calls = JoinSet::new();
        for _ in 0..20 {
            let (operator, order) = (shop.app.operator.clone(), order.clone());
            calls.spawn(async move { operator.keyed("/v1/topups", "k", order).await });
        }
        let answers = calls.join_all().await;
        let mut ids: Vec<&str> = answers.iter().filter(|answer| answer.status == 201).map(|a| a.str("/id")).collect();
        let refused: Vec<u16> = answers.iter().map(|answer| answer.status).filter(|status| *status != 201).collect();
        assert!(refused.is_empty(), "{refused:?}");
        ids.dedup();
        assert_eq!(ids.len(), 1, "{account}");
        if method == Method::VnPay {
            shop.vnpay.open(answers[0].str("/next/redirect_url")).unwrap();
        }
        pay(&shop, method, ids[0]).await;
        shop.until(ids[0], "succeeded").await;
        assert_eq!(shop.balance(account).await, amount);
    }
    assert_eq!(shop.stripe.objects("payment_intent").len(), 1);
    assert_eq!(shop.paypal.orders().len(), 1);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_double_click_pays_once() {
    let shop = Shop::open().await;
    for payer in PAYERS {
        let topup = begin(&shop, payer).await;
        pay(&shop, payer.2, &topup).await;
        let again = match payer.2 {
            Method::Stripe => shop.pay_with_card(&topup, "pm_card_visa").await.status == 200,
            Method::PayPal => shop.paypal.approve(&shop.object(&topup).await).is_ok(),
            _ => shop.vnpay.pay(&topup, "00").is_ok(),
        };
        shop.until(&topup, "succeeded").await;
        assert_eq!(shop.balance(payer.0).await, payer.3, "again: {again}");
    }
    let charges = shop.stripe.objects("charge").len();
    assert_eq!((charges, shop.paypal.captures().len(), shop.vnpay.payments().len()), (1, 1, 1));
    shop.close().await;
}

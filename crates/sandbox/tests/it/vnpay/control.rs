//! The strings behind the stage, over HTTP and as calls.

use reqwest::Method;
use sandbox::vnpay::faults::Fate;
use serde_json::{Value, json};

use super::support::{Merchant, Play, verified};
use crate::support::eventually;

#[tokio::test]
async fn control_calls_do_what_they_say_or_say_why_not() {
    let play = Play::start().await;
    play.opened(&Play::order("OPEN"));
    play.ended("PAID", "00");
    play.ended("REVIEW", "07");
    play.call(&Play::refund("r1", "PAID", "03", "10000000")).await;
    let refund = play.sandbox.payment("PAID").unwrap().refunds[0].transaction_no;
    let refund = format!("/refunds/{refund}/settle");
    #[rustfmt::skip]
    let cases: &[(&str, Value, u16, &str)] = &[
        ("/payments/NONE/pay", json!({"code": "00"}), 404, "NONE"),
        ("/payments/OPEN/pay", json!({"code": "03"}), 400, "use one of 00, 07, 09"),
        ("/payments/OPEN/settle", json!({"code": "00"}), 409, "nothing to settle"),
        ("/payments/OPEN/redeliver", json!(null), 409, "no notice yet"),
        ("/payments/OPEN/pay", json!({"code": "65"}), 200, ""),
        ("/payments/OPEN/pay", json!({"code": "00"}), 409, "ended with 65"),
        ("/payments/PAID/settle", json!({"code": "99"}), 409, "nothing to settle"),
        ("/payments/NONE/settle", json!({"code": "00"}), 404, "NONE"),
        ("/payments/NONE/redeliver", json!(null), 404, "NONE"),
        ("/payments/REVIEW/settle", json!({"code": "99"}), 200, ""),
        ("/next_payment", json!({"code": "00", "at_once": true}), 200, ""),
        ("/next_payment", json!({"code": "98"}), 400, "98"),
        ("/refunds/1/settle", json!({"succeeded": true}), 404, "vnp_TransactionNo"),
        (&refund, json!({"succeeded": true}), 200, ""),
        (&refund, json!({"succeeded": false}), 409, "ended with 06"),
        ("/release", json!(null), 200, ""),
    ];
    for (path, body, status, says) in cases {
        let (answered, answer) = play.control(Method::POST, path, body.clone()).await;
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert!(answered == *status && message.contains(says), "{path} {body}: {answered} {answer}");
        assert_eq!(message.is_empty(), *status == 200, "{path} {body}: {answer}");
    }
    let (_, shown) = play.control(Method::GET, "/payments/REVIEW", json!(null)).await;
    assert_eq!((&shown["response_code"], &shown["transaction_status"]), (&json!("99"), &json!("02")));
    let (_, all) = play.control(Method::GET, "/payments", json!(null)).await;
    let orders: Vec<&Value> = all["data"].as_array().unwrap().iter().map(|payment| &payment["txn_ref"]).collect();
    assert_eq!(orders, ["OPEN", "PAID", "REVIEW"], "in the order of their opening");
    assert_eq!(all["data"][1]["refunds"][0]["transaction_status"], "06");
    assert!(!all.to_string().contains("TESTSECRETKEY"));
}

#[tokio::test]
async fn every_code_of_the_table_can_be_played() {
    let play = Play::start().await;
    for code in ["00", "07", "09", "10", "11", "12", "13", "24", "51", "65", "75", "79", "99"] {
        play.ended(code, code);
        let payment = play.sandbox.payment(code).unwrap();
        let told = verified(payment.return_address.unwrap().split_once("tenant=t1&").unwrap().1).unwrap();
        let status = if ["00", "07"].contains(&code) { code } else { "02" };
        assert_eq!((told["vnp_ResponseCode"].as_str(), told["vnp_TransactionStatus"].as_str()), (code, status));
        let number = ["11", "24"].contains(&code).then_some("0");
        assert_eq!(told["vnp_TransactionNo"] == "0", number.is_some(), "{code}");
    }
}

#[tokio::test]
async fn fates_wait_for_the_payer_or_play_it() {
    let play = Play::start().await;
    play.sandbox.next_payment(Fate { txn_ref: Some("TU2".into()), ..Fate::of("51").at_once() }).unwrap();
    play.sandbox.next_payment(Fate::of("75")).unwrap();
    let first = play.get(&play.address(&Play::order("TU1"))).await;
    assert!(first.location.contains("Index.html"), "{}", first.location);
    let second = play.get(&play.address(&Play::order("TU2"))).await;
    let back = play.get(&second.location).await;
    assert!(back.location.contains("vnp_ResponseCode=51"), "straight back: {}", back.location);
    let token = play.sandbox.payment("TU1").unwrap().token;
    play.form(&token, "Method", &[("method", "NCB")]).await;
    let card = [("number", "9704198526191432198"), ("holder", "NGUYEN VAN A"), ("date", "07/15")];
    play.form(&token, "Details", &card).await;
    play.form(&token, "Otp", &[("otp", "123456")]).await;
    assert_eq!(play.sandbox.payment("TU1").unwrap().response_code, Some("75"), "whatever the card");
    assert!(play.sandbox.open(&play.address(&Play::order("TU3"))).unwrap().is_open(), "fates are used up");
}

#[tokio::test]
async fn a_reset_leaves_nothing_but_the_target_and_the_clock() {
    let play = Play::start().await;
    let merchant = Merchant::start(&play, &[]).await;
    play.ended("TU1", "00");
    merchant.until(1).await;
    eventually("logged", || play.sandbox.deliveries().len() == 1).await;
    play.sandbox.next_payment(Fate::of("51").at_once()).unwrap();
    play.control(Method::POST, "/faults", json!({"fault": "unavailable"})).await;
    play.control(Method::POST, "/webhook_faults", json!({"fault": "never"})).await;
    play.control(Method::POST, "/reset", json!(null)).await;
    assert!(play.sandbox.payments().is_empty() && play.sandbox.deliveries().is_empty());
    assert!(play.sandbox.requests().is_empty());
    assert!(play.sandbox.open(&play.address(&Play::order("TU1"))).unwrap().is_open());
    assert_eq!(play.call(&Play::querydr("q1", "TU1")).await["vnp_TransactionStatus"], "01");
    play.sandbox.pay("TU1", "00").unwrap();
    merchant.until(2).await;
}

#[tokio::test]
async fn the_target_and_the_clock_are_set_over_http_and_logs_read_so() {
    let play = Play::start().await;
    let merchant = Merchant::start(&play, &[]).await;
    play.control(Method::PUT, "/webhook", json!(null)).await;
    play.ended("TU1", "00");
    let (status, _) = play.control(Method::PUT, "/clock", json!({"offset_seconds": -1_700_000_000})).await;
    assert!(status == 200 && play.sandbox.now_s() < 1_000_000_000, "long ago");
    play.pass(0);
    assert_eq!(play.control(Method::PUT, "/webhook", json!({"url": "http://127.0.0.1:9/x"})).await.0, 200);
    play.ended("TU2", "00");
    eventually("logged", || !play.sandbox.deliveries().is_empty()).await;
    let (_, deliveries) = play.control(Method::GET, "/deliveries", json!(null)).await;
    assert_eq!((&deliveries["data"][0]["txn_ref"], &deliveries["data"][0]["status"]), (&json!("TU2"), &json!(null)));
    assert!(merchant.received().is_empty());
    play.call(&Play::querydr("q1", "TU2")).await;
    let (_, requests) = play.control(Method::GET, "/requests", json!(null)).await;
    assert_eq!((&requests["data"][0]["code"], &requests["data"][0]["status"]), (&json!("00"), &json!(200)));
    assert_eq!(requests["data"][0]["params"]["vnp_TxnRef"], "TU2");
    play.control(Method::DELETE, "/requests", json!(null)).await;
    assert!(play.sandbox.requests().is_empty());
}

#[tokio::test]
async fn the_seed_repeats_the_numbers_and_shutdown_closes_the_port() {
    let (first, second) = (Play::start().await, Play::start().await);
    assert_eq!(first.opened(&Play::order("TU1")), second.opened(&Play::order("TU1")));
    let number = |play: &Play| play.sandbox.payment("TU1").unwrap().transaction_no;
    assert_eq!(number(&first), number(&second));
    let url = first.sandbox.url().to_owned();
    first.sandbox.shutdown().await;
    assert!(first.client.get(url).send().await.is_err());
}

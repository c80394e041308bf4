//! Notices (IPN): signed, repeated until taken, and scripted to go wrong.

use std::time::Duration;

use reqwest::Method;
use sandbox::vnpay::Params;
use sandbox::vnpay::faults::{WebhookFault, WebhookFaultRule};
use serde_json::json;

use super::support::{Merchant, Play};
use crate::support::eventually;

fn taken(code: &str) -> String {
    format!(r#"{{"RspCode":"{code}","Message":"said {code}"}}"#)
}

#[tokio::test]
async fn a_notice_is_repeated_until_it_is_taken() {
    // What the merchant answers first, and whether that is enough.
    let cases = [
        (200, taken("00"), true),
        (200, taken("02"), true),
        (200, taken("01"), false),
        (200, taken("04"), false),
        (200, taken("97"), false),
        (200, taken("99"), false),
        (200, r#"{"RspCode":0}"#.to_owned(), false),
        (200, "OK".to_owned(), false),
        (500, taken("00"), false),
        (302, taken("00"), false),
    ];
    for (status, body, enough) in cases {
        let play = Play::with(|options| options.webhook_retry_gaps = vec![Duration::ZERO; 9]).await;
        let merchant = Merchant::start(&play, &[(status, &body)]).await;
        play.ended("TU1", "00");
        // A later notice shows that nothing more of the first is on its way.
        merchant.until(if enough { 1 } else { 2 }).await;
        play.ended("TU2", "24");
        eventually("the second", || merchant.orders().contains(&"TU2".to_owned())).await;
        let received = merchant.received();
        assert_eq!(received.len(), if enough { 2 } else { 3 }, "{status} {body}");
        assert!(enough || received[0] == received[1], "a repeat says the same");
        eventually("logged", || play.sandbox.deliveries().len() == received.len()).await;
        let log = play.sandbox.deliveries();
        assert_eq!((log[0].status, log[0].attempt), (Some(status), 1));
        assert_eq!(format!("tenant=t1&{}", log[0].query), received[0]);
        let said = log[0].rsp_code.clone().map(|code| taken(&code));
        assert_eq!(said, body.contains("said").then_some(body), "the answer is logged");
    }
}

#[tokio::test]
async fn there_are_ten_calls_five_minutes_apart_by_the_sandboxs_clock() {
    let minutes = Duration::from_secs(300);
    let play = Play::with(|options| options.webhook_retry_gaps = vec![minutes; 9]).await;
    let refusals: Vec<_> = (0..20).map(|_| (200, r#"{"RspCode":"99"}"#)).collect();
    let merchant = Merchant::start(&play, &refusals).await;
    play.ended("TU1", "00");
    for calls in 1..=10 {
        merchant.until(calls).await;
        eventually("logged", || play.sandbox.deliveries().len() == calls).await;
        play.pass(400 * i64::try_from(calls).unwrap());
    }
    play.pass(1_000_000);
    play.ended_late("TU2", &merchant).await;
    let attempts: Vec<u32> =
        play.sandbox.deliveries().iter().filter(|call| call.txn_ref == "TU1").map(|call| call.attempt).collect();
    assert_eq!(attempts, (1..=10).collect::<Vec<_>>());
}

#[tokio::test]
async fn nobody_hears_anything_without_a_target() {
    let play = Play::start().await;
    play.ended("TU1", "00");
    let merchant = Merchant::start(&play, &[]).await;
    play.ended("TU2", "00");
    merchant.until(1).await;
    assert_eq!(merchant.orders(), ["TU2"]);
    let dead = Play::with(|options| options.webhook_retry_gaps = vec![Duration::ZERO]).await;
    dead.sandbox.set_webhook_url(Some("http://127.0.0.1:9/nobody".to_owned()));
    dead.ended("TU1", "00");
    eventually("given up", || dead.sandbox.deliveries().len() == 2).await;
    assert!(dead.sandbox.deliveries().iter().all(|call| call.status.is_none() && call.rsp_code.is_none()));
}

#[tokio::test]
async fn notices_lie_on_request() {
    type Fits = fn(&Params) -> bool;
    // None: not rightly signed. The books and `querydr` stay true in every case.
    let cases: &[(&str, Option<Fits>)] = &[
        (r#"{"fault":"forged"}"#, None),
        (r#"{"fault":"altered"}"#, None),
        (r#"{"fault":"wrong_amount","amount_minor":1}"#, Some(|told| told["vnp_Amount"] == "100")),
        (r#"{"fault":"wrong_currency","currency":"USD"}"#, Some(|told| told["vnp_CurrCode"] == "USD")),
        (r#"{"fault":"wrong_terminal","tmn_code":"OTHERTMN"}"#, Some(|told| told["vnp_TmnCode"] == "OTHERTMN")),
        (r#"{"fault":"unknown_object"}"#, Some(|told| told["vnp_TxnRef"] == "NO-SUCH-ORDER")),
        (
            r#"{"fault":"wrong_result","response_code":"00","transaction_status":"02"}"#,
            Some(|told| told["vnp_ResponseCode"] == "00" && told["vnp_TransactionStatus"] == "02"),
        ),
        (r#"{"fault":"late","delay_ms":1}"#, Some(|told| told["vnp_Amount"] == "50000000")),
    ];
    let play = Play::start().await;
    let merchant = Merchant::start(&play, &[]).await;
    for (number, (rule, fits)) in cases.iter().enumerate() {
        let txn_ref = format!("TU{number}");
        let rule = serde_json::from_str(rule).unwrap();
        assert_eq!(play.control(Method::POST, "/webhook_faults", rule).await.0, 200);
        play.ended(&txn_ref, "00");
        merchant.until(number + 1).await;
        let told = merchant.notices()[number].clone();
        assert_eq!(told.as_ref().map(|told| fits.unwrap()(told)), fits.map(|_| true), "{number}: {told:?}");
        let answer = play.call(&Play::querydr(&txn_ref, &txn_ref)).await;
        assert_eq!((&answer["vnp_Amount"], &answer["vnp_TransactionStatus"]), (&json!("50000000"), &json!("00")));
    }
}

#[tokio::test]
async fn a_rule_may_be_for_one_payment_or_one_result() {
    let play = Play::start().await;
    let merchant = Merchant::start(&play, &[]).await;
    let never = |rule: WebhookFaultRule| play.sandbox.script_webhook_fault(rule);
    never(WebhookFaultRule { txn_ref: Some("TU2".into()), ..WebhookFaultRule::once(WebhookFault::Never) });
    never(WebhookFaultRule { code: Some("24".into()), times: 2, ..WebhookFaultRule::once(WebhookFault::Never) });
    for (txn_ref, code) in [("TU1", "00"), ("TU2", "00"), ("TU3", "24"), ("TU4", "51"), ("TU5", "24"), ("TU6", "24")] {
        play.ended(txn_ref, code);
    }
    merchant.until(3).await;
    assert_eq!(merchant.orders(), ["TU1", "TU4", "TU6"]);
}

#[tokio::test]
async fn notices_come_twice_one_after_the_other_or_at_once() {
    for at_once in [false, true] {
        let play = Play::start().await;
        let merchant = Merchant::start(&play, &[(200, r#"{"RspCode":"99"}"#), (200, &taken("00"))]).await;
        play.sandbox.script_webhook_fault(WebhookFaultRule::once(WebhookFault::Duplicate { copies: 2, at_once }));
        play.ended("TU1", "00");
        merchant.until(3).await;
        let received = merchant.received();
        assert!(received.iter().all(|query| *query == received[0]), "at once: {at_once}");
    }
    let play = Play::with(|options| options.webhook_retry_gaps = vec![Duration::ZERO; 9]).await;
    let refusals = [(200, r#"{"RspCode":"99"}"#); 2];
    let merchant = Merchant::start(&play, &refusals).await;
    let fault = WebhookFault::Duplicate { copies: 1, at_once: true };
    play.sandbox.script_webhook_fault(WebhookFaultRule::once(fault));
    play.ended("TU1", "00");
    merchant.until(3).await;
    eventually("logged", || play.sandbox.deliveries().len() == 3).await;
    let attempts: Vec<u32> = play.sandbox.deliveries().iter().map(|call| call.attempt).collect();
    assert_eq!(attempts, [1, 1, 2], "repeated when none of them was taken");
}

#[tokio::test]
async fn notices_are_overtaken_held_lost_and_days_late() {
    let play = Play::start().await;
    let merchant = Merchant::start(&play, &[]).await;
    let script = |fault: WebhookFault| play.sandbox.script_webhook_fault(WebhookFaultRule::once(fault));
    let days_ms = 3 * 86_400_000;
    script(WebhookFault::Reorder { behind: 2 });
    play.ended("OVERTAKEN", "00");
    script(WebhookFault::Held);
    play.ended("HELD", "00");
    script(WebhookFault::Never);
    play.ended("NEVER", "00");
    script(WebhookFault::Late { delay_ms: days_ms });
    play.ended("LATE", "00");
    play.ended("FIRST", "00");
    play.ended("SECOND", "00");
    merchant.until(3).await;
    assert_eq!(merchant.orders(), ["FIRST", "SECOND", "OVERTAKEN"]);
    assert_eq!(play.control(Method::POST, "/release", json!(null)).await.0, 200);
    merchant.until(5).await;
    assert_eq!(merchant.orders()[3..], ["HELD", "LATE"], "a release does not wait for the clock");

    script(WebhookFault::Late { delay_ms: days_ms });
    play.ended("DAYS", "00");
    play.pass(2 * 86_400);
    play.ended_late("NEWER", &merchant).await;
    assert_eq!(merchant.orders()[5..], ["NEWER"], "two days are not enough");
    play.pass(3 * 86_400 + 3_600);
    merchant.until(7).await;
    let told = merchant.notices()[6].clone().unwrap();
    assert!(told["vnp_TxnRef"] == "DAYS" && told["vnp_PayDate"].starts_with("20261120"), "{told:?}");
}

#[tokio::test]
async fn the_browser_may_be_back_before_the_notice() {
    let play = Play::start().await;
    let merchant = Merchant::start(&play, &[]).await;
    play.sandbox.script_webhook_fault(WebhookFaultRule {
        txn_ref: Some("TU1".into()),
        ..WebhookFaultRule::once(WebhookFault::AfterReturn)
    });
    play.ended("TU1", "00");
    play.ended("TU2", "00");
    merchant.until(1).await;
    assert_eq!(merchant.orders(), ["TU2"]);
    let token = play.sandbox.payment("TU1").unwrap().token;
    play.get(&format!("{}/paymentv2/Transaction/Return.html?token={token}", play.sandbox.url())).await;
    merchant.until(2).await;
    assert_eq!(merchant.orders(), ["TU2", "TU1"]);
}

#[tokio::test]
async fn a_review_ends_later_and_a_notice_can_be_had_again() {
    let play = Play::start().await;
    let merchant = Merchant::start(&play, &[]).await;
    play.ended("TU1", "07");
    merchant.until(1).await;
    let (status, shown) = play.control(Method::POST, "/payments/TU1/settle", json!({"code": "00"})).await;
    assert_eq!((status, &shown["transaction_status"]), (200, &json!("00")));
    merchant.until(2).await;
    play.control(Method::POST, "/payments/TU1/redeliver", json!(null)).await;
    merchant.until(3).await;
    let codes: Vec<String> =
        merchant.notices().into_iter().map(|told| told.unwrap()["vnp_ResponseCode"].clone()).collect();
    assert_eq!(codes, ["07", "00", "00"]);
    // The bank was slow: paid although the time was over.
    play.ended("TU2", "11");
    play.sandbox.settle("TU2", "00").unwrap();
    merchant.until(5).await;
    let late = merchant.notices()[4].clone().unwrap();
    assert_eq!((late["vnp_ResponseCode"].as_str(), late["vnp_BankCode"].as_str()), ("00", "NCB"));
}

#[tokio::test]
async fn a_reset_forgets_what_was_not_delivered() {
    let play = Play::start().await;
    let merchant = Merchant::start(&play, &[]).await;
    play.sandbox.script_webhook_fault(WebhookFaultRule::once(WebhookFault::Held));
    play.ended("TU1", "00");
    play.sandbox.reset();
    play.sandbox.release();
    play.ended("TU1", "24");
    merchant.until(1).await;
    assert_eq!(merchant.notices()[0].clone().unwrap()["vnp_ResponseCode"], "24");
}

impl Play {
    /// Ends a payment that is made at the present time of the sandbox, and waits for its notice.
    async fn ended_late(&self, txn_ref: &str, merchant: &Merchant) {
        let order = Play::order_with(txn_ref, &[("vnp_ExpireDate", "20361120163000")]);
        self.opened(&order);
        self.sandbox.pay(txn_ref, "00").unwrap();
        eventually(txn_ref, || merchant.orders().contains(&txn_ref.to_owned())).await;
    }
}

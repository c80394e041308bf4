//! Refunds, reversals, disputes, and how the transaction search shows them.

use jiff::Timestamp;
use reqwest::Method;
use sandbox::paypal::{Fate, PayPalOptions};
use serde_json::{Value, json};

use super::support::{Play, Target};

fn yen(value: &str) -> Value {
    json!({ "amount": { "currency_code": "JPY", "value": value } })
}

#[tokio::test]
async fn refunds_never_exceed_the_capture() {
    let play = Play::start().await;
    let target = Target::start(&play, 0).await;
    let (order, capture) = play.pay().await;
    let path = format!("/v2/payments/captures/{capture}");
    let dollars = json!({ "amount": { "currency_code": "USD", "value": "1.00" } });
    #[rustfmt::skip]
    let cases = [
        (yen("1000"), 201, "", "PARTIALLY_REFUNDED"),
        (yen("2001"), 422, "REFUND_AMOUNT_EXCEEDED", "PARTIALLY_REFUNDED"),
        (yen("0"), 422, "CANNOT_BE_ZERO_OR_NEGATIVE", "PARTIALLY_REFUNDED"),
        (yen("1.5"), 422, "DECIMAL_PRECISION", "PARTIALLY_REFUNDED"),
        (dollars, 422, "REFUND_CAPTURE_CURRENCY_MISMATCH", "PARTIALLY_REFUNDED"),
        (json!({ "note_to_payer": "x".repeat(256) }), 400, "INVALID_STRING_LENGTH", "PARTIALLY_REFUNDED"),
        (json!({ "note_to_payer": "Sorry", "invoice_id": "R-1" }), 201, "", "REFUNDED"),
        (json!({}), 422, "CAPTURE_FULLY_REFUNDED", "REFUNDED"),
    ];
    for (body, status, issue, standing) in cases {
        let reply = play.post(&format!("{path}/refund"), &body).await;
        assert_eq!((reply.status, reply.issue()), (status, issue), "{body}");
        assert_eq!(play.get(&path).await.body["status"], standing, "{body}");
    }
    let refunds = play.sandbox.refunds();
    let values: Vec<&Value> = refunds.iter().map(|refund| &refund["amount"]["value"]).collect();
    assert_eq!(values, ["1000", "2000"]);
    let last = &refunds[1];
    assert_eq!((&last["custom_id"], &last["note_to_payer"]), (&json!("tu_1"), &json!("Sorry")));
    assert_eq!(last["seller_payable_breakdown"]["total_refunded_amount"]["value"], "3000");
    let up = last["links"].as_array().unwrap().iter().find(|link| link["rel"] == "up").unwrap();
    assert_eq!(up["href"], format!("{}{path}", play.sandbox.url()));
    let id = last["id"].as_str().unwrap();
    assert_eq!(play.get(&format!("/v2/payments/refunds/{id}")).await.body, *last);
    let shown = play.get(&format!("/v2/checkout/orders/{order}")).await.body;
    assert_eq!(shown["purchase_units"][0]["payments"]["refunds"], json!(refunds));
    target.until("PAYMENT.CAPTURE.REFUNDED", 2).await;
    let told = target.received().pop().unwrap().event();
    assert_eq!((&told["resource"], &told["resource_type"]), (last, &json!("refund")));
}

#[tokio::test]
async fn what_cannot_be_refunded() {
    let play = Play::start().await;
    let cases = [
        (Fate::under_review(), "PENDING_CAPTURE"),
        (Fate::Declined, "REFUND_NOT_ALLOWED"),
        (Fate::Failed, "REFUND_NOT_ALLOWED"),
    ];
    for (fate, issue) in cases {
        play.sandbox.next_payment(fate).unwrap();
        let (_, capture) = play.pay().await;
        let reply = play.post(&format!("/v2/payments/captures/{capture}/refund"), &json!({})).await;
        assert_eq!((reply.status, reply.issue()), (422, issue));
    }
    let (_, capture) = play.pay().await;
    let path = format!("/v2/payments/captures/{capture}/refund");
    play.sandbox.next_refund(Fate::Refused { issue: "REFUND_FAILED_INSUFFICIENT_FUNDS".into() }).unwrap();
    assert_eq!(play.post(&path, &json!({})).await.issue(), "REFUND_FAILED_INSUFFICIENT_FUNDS");
    assert_eq!(play.post("/v2/payments/captures/0ZZ/refund", &json!({})).await.status, 404);
    let mut play = play;
    for (days, issue) in [(181, "REFUND_TIME_LIMIT_EXCEEDED"), (179, "")] {
        play.sandbox.set_clock_offset(days * 86_400);
        play.renew_token().await;
        assert_eq!(play.post(&path, &json!({})).await.issue(), issue, "{days} days");
    }
}

#[tokio::test]
async fn refunds_may_wait_and_fail() {
    let play = Play::start().await;
    let target = Target::start(&play, 0).await;
    let (_, capture) = play.pay().await;
    let path = format!("/v2/payments/captures/{capture}");
    play.control(Method::POST, "/next_refund", json!({ "fate": "pending", "reason": "ECHECK" })).await;
    let refund = play.post(&format!("{path}/refund"), &yen("1000")).await;
    assert_eq!(
        (&refund.body["status"], &refund.body["status_details"]["reason"]),
        (&json!("PENDING"), &json!("ECHECK"))
    );
    assert_eq!(play.post(&format!("{path}/refund"), &yen("2001")).await.issue(), "REFUND_AMOUNT_EXCEEDED");
    let settle = format!("/refunds/{}/settle", refund.id());
    for (succeeded, standing, left) in [(true, "COMPLETED", "PARTIALLY_REFUNDED"), (false, "FAILED", "COMPLETED")] {
        let settled = play.control(Method::POST, &settle, json!({ "succeeded": succeeded })).await;
        assert_eq!((&settled["status"], &play.get(&path).await.body["status"]), (&json!(standing), &json!(left)));
    }
    assert_eq!(play.try_control(Method::POST, &settle, json!({ "succeeded": false })).await.issue(), "NOT_PENDING");
    target.until("PAYMENT.REFUND.FAILED", 1).await;
    assert_eq!(target.kinds()[3..], ["PAYMENT.REFUND.PENDING", "PAYMENT.CAPTURE.REFUNDED", "PAYMENT.REFUND.FAILED"]);
    for (fate, status) in [("failed", "FAILED"), ("declined", "CANCELLED")] {
        play.control(Method::POST, "/next_refund", json!({ "fate": fate })).await;
        assert_eq!(play.post(&format!("{path}/refund"), &json!({})).await.body["status"], status);
        assert_eq!(play.get(&path).await.body["status"], "COMPLETED", "nothing was taken");
    }
}

#[tokio::test]
async fn money_is_taken_from_outside() {
    let play = Play::start().await;
    let target = Target::start(&play, 0).await;
    let (_, capture) = play.pay().await;
    let refund =
        play.control(Method::POST, &format!("/captures/{capture}/refund"), json!({ "amount_minor": 500 })).await;
    let reversal = play.control(Method::POST, &format!("/captures/{capture}/reverse"), Value::Null).await;
    assert_eq!((&refund["amount"]["value"], &reversal["amount"]["value"]), (&json!("500"), &json!("2500")));
    for step in ["refund", "reverse"] {
        let again = play.try_control(Method::POST, &format!("/captures/{capture}/{step}"), Value::Null).await;
        assert_eq!(again.issue(), "CAPTURE_FULLY_REFUNDED", "{step}");
    }
    target.until("PAYMENT.CAPTURE.REVERSED", 1).await;
    let told = target.received().pop().unwrap().event();
    assert_eq!((&told["resource"], &told["resource_type"]), (&reversal, &json!("refund")));
    assert_eq!(play.capture_statuses(), ["REFUNDED"]);
}

#[tokio::test]
async fn disputes_are_played_to_their_end() {
    let play = Play::start().await;
    let target = Target::start(&play, 0).await;
    #[rustfmt::skip]
    let cases = [
        ("won", Value::Null, "RESOLVED_SELLER_FAVOUR", "COMPLETED", ""),
        ("lost", Value::Null, "RESOLVED_BUYER_FAVOUR", "PARTIALLY_REFUNDED", "REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK"),
        ("resolve", json!({ "outcome": "CANCELED_BY_BUYER" }), "CANCELED_BY_BUYER", "COMPLETED", ""),
    ];
    for (step, body, outcome, standing, refusal) in cases {
        let (_, capture) = play.pay().await;
        let new = json!({ "amount_minor": 2000, "reason": "MERCHANDISE_OR_SERVICE_NOT_RECEIVED", "stage": "INQUIRY" });
        let dispute = play.control(Method::POST, &format!("/captures/{capture}/dispute"), new).await;
        assert_eq!((&dispute["status"], &dispute["dispute_life_cycle_stage"]), (&json!("OPEN"), &json!("INQUIRY")));
        let disputed = &dispute["disputed_transactions"][0];
        assert_eq!((&disputed["seller_transaction_id"], &disputed["custom"]), (&json!(capture), &json!("tu_1")));
        let refund = format!("/v2/payments/captures/{capture}/refund");
        assert_eq!(play.post(&refund, &json!({})).await.issue(), "TRANSACTION_DISPUTED");
        let path = format!("/disputes/{}", dispute["dispute_id"].as_str().unwrap());
        let moved = json!({ "stage": "CHARGEBACK", "status": "UNDER_REVIEW" });
        play.control(Method::POST, &format!("{path}/update"), moved).await;
        play.control(Method::POST, &format!("{path}/{step}"), body).await;
        let shown = play.get(&format!("/v1/customer{path}")).await.body;
        assert_eq!(
            (&shown["status"], &shown["dispute_outcome"]["outcome_code"]),
            (&json!("RESOLVED"), &json!(outcome))
        );
        assert_eq!(shown["money_movements"].is_array(), step == "lost", "{step}");
        assert_eq!(play.try_control(Method::POST, &format!("{path}/won"), Value::Null).await.issue(), "NOT_OPEN");
        assert_eq!(play.get(&format!("/v2/payments/captures/{capture}")).await.body["status"], standing, "{step}");
        assert_eq!(play.post(&refund, &json!({})).await.issue(), refusal, "{step}");
    }
    target.until("CUSTOMER.DISPUTE.RESOLVED", 3).await;
    assert_eq!((target.count("CUSTOMER.DISPUTE.CREATED"), target.count("CUSTOMER.DISPUTE.UPDATED")), (3, 3));
    let (_, capture) = play.pay().await;
    for bad in [json!({ "reason": "RAIN" }), json!({ "stage": "LATER" }), json!({ "amount_minor": 3001 })] {
        let reply = play.try_control(Method::POST, &format!("/captures/{capture}/dispute"), bad.clone()).await;
        assert!(reply.status >= 400, "{bad}");
    }
}

#[tokio::test]
async fn disputes_are_listed_and_given_in_to() {
    let play = Play::start().await;
    let mut captures = Vec::new();
    for _ in 0..3 {
        let (_, capture) = play.pay().await;
        play.control(Method::POST, &format!("/captures/{capture}/dispute"), json!({})).await;
        captures.push(capture);
    }
    let first = play.get("/v1/customer/disputes?page_size=2").await;
    let next = first.link("next").unwrap().strip_prefix(play.sandbox.url()).unwrap();
    assert_eq!(first.body["items"].as_array().unwrap().len(), 2);
    let second = play.get(next).await;
    assert_eq!((second.body["items"].as_array().unwrap().len(), second.link("next")), (1, None));
    let one = play.get(&format!("/v1/customer/disputes?disputed_transaction_id={}", captures[1])).await.body;
    let id = one["items"][0]["dispute_id"].as_str().unwrap();
    assert_eq!(one["items"].as_array().unwrap().len(), 1);
    let path = format!("/v1/customer/disputes/{id}");
    assert_eq!(play.post(&format!("{path}/accept-claim"), &json!({ "note": "Fine" })).await.status, 200);
    assert_eq!(play.get(&path).await.body["dispute_outcome"]["outcome_code"], "ACCEPTED");
    let open = play.get("/v1/customer/disputes?dispute_state=REQUIRED_ACTION").await.body;
    assert_eq!(open["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_transaction_search_shows_every_movement() {
    let play = Play::start().await;
    let (order, capture) = play.pay().await;
    play.post(&format!("/v2/payments/captures/{capture}/refund"), &yen("1000")).await;
    play.sandbox.reverse_capture(&capture, Some(500)).unwrap();
    let dispute = play.control(Method::POST, &format!("/captures/{capture}/dispute"), Value::Null).await;
    play.sandbox.close_dispute(dispute["dispute_id"].as_str().unwrap(), false).unwrap();
    play.sandbox.next_payment(Fate::Declined).unwrap();
    play.pay().await;
    play.sandbox.next_payment(Fate::under_review()).unwrap();
    play.pay().await;

    let day = |days: i64| Timestamp::from_second((Timestamp::now().as_second() / 86_400 + days) * 86_400).unwrap();
    let window = format!("start_date={}&end_date={}%2B00:00", day(-1), day(2).to_string().trim_end_matches('Z'));
    let found = play.get(&format!("/v1/reporting/transactions?{window}&fields=all&page_size=500")).await;
    assert_eq!(found.status, 200, "{}", found.body);
    let row = |row: &Value| {
        let info = &row["transaction_info"];
        let text = |field: &str| info[field].as_str().unwrap_or_default().to_owned();
        (
            text("transaction_event_code"),
            info["transaction_amount"]["value"].as_str().unwrap().to_owned(),
            text("transaction_status"),
        )
    };
    let rows: Vec<_> = found.body["transaction_details"].as_array().unwrap().iter().map(row).collect();
    let expected = [
        ("T0006", "3000", "V"),
        ("T0006", "3000", "P"),
        ("T1107", "-1000", "S"),
        ("T1106", "-500", "S"),
        ("T1201", "-1500", "S"),
    ]
    .map(|(code, value, status)| (code.to_owned(), value.to_owned(), status.to_owned()));
    let mut sorted = (rows.clone(), expected.to_vec());
    sorted.0.sort();
    sorted.1.sort();
    assert_eq!(sorted.0, sorted.1);
    let info = &found.body["transaction_details"][0]["transaction_info"];
    assert_eq!((&info["transaction_id"], &info["paypal_reference_id"]), (&json!(capture), &json!(order)));
    assert_eq!((&info["custom_field"], &info["fee_amount"]["value"]), (&json!("tu_1"), &json!("-108")));

    let pages = play.get(&format!("/v1/reporting/transactions?{window}&page_size=2&page=3")).await.body;
    assert_eq!((&pages["total_items"], &pages["total_pages"]), (&json!(5), &json!(3)));
    assert_eq!(pages["transaction_details"].as_array().unwrap().len(), 1);
    let one = play.get(&format!("/v1/reporting/transactions?{window}&transaction_id={capture}")).await.body;
    assert_eq!(one["total_items"], 1);
    let denied = play.get(&format!("/v1/reporting/transactions?{window}&balance_affecting_records_only=N")).await.body;
    assert_eq!(denied["total_items"], 6);
    play.control(Method::PUT, "/reporting", json!({ "delay_seconds": 10_800 })).await;
    assert_eq!(play.get(&format!("/v1/reporting/transactions?{window}")).await.body["total_items"], 0);
    let (from, month, date) = (day(-40), day(-9), &day(-20).to_string()[..10]);
    #[rustfmt::skip]
    let cases = [
        (format!("start_date={from}"), 400),
        (format!("end_date={from}"), 400),
        (format!("start_date={from}&end_date={month}"), 200),
        (format!("start_date={from}&end_date={}", day(-8)), 400),
        (format!("start_date={from}&end_date={}", day(-41)), 400),
        (format!("start_date={}&end_date={}", day(-1200), day(-1190)), 400),
        (format!("start_date={from}&end_date={date}"), 400),
        (format!("start_date={from}&end_date={date}T00:00Z"), 400),
        (format!("start_date={from}&end_date={date}T00:00:00Z"), 200),
        (format!("start_date={from}&end_date={month}&page_size=501"), 400),
        (format!("start_date={from}&end_date={month}&page=0"), 400),
        (format!("start_date={from}&end_date={month}&transaction_id=short"), 400),
    ];
    for (query, status) in cases {
        assert_eq!(play.get(&format!("/v1/reporting/transactions?{query}")).await.status, status, "{query}");
    }
    let play = Play::with(PayPalOptions { transaction_search: false, ..PayPalOptions::default() }).await;
    let refused = play.get(&format!("/v1/reporting/transactions?{window}")).await;
    assert_eq!((refused.status, refused.issue()), (403, "PERMISSION_DENIED"));
}

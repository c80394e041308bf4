//! What becomes of an order once its payer has decided.

use reqwest::Method;
use sandbox::paypal::{Fate, PayPalOptions};
use serde_json::{Value, json};

use super::support::{ORDERS, Play, Target, capture_of, order};

#[tokio::test]
async fn an_approved_order_is_captured_once() {
    let play = Play::start().await;
    let target = Target::start(&play, 0).await;
    let id = play.order().await;
    assert_eq!(play.capture(&id).await.issue(), "ORDER_NOT_APPROVED");
    let back = play.control(Method::POST, &format!("/orders/{id}/approve"), json!({ "email": "a@b.test" })).await;
    let approved = play.get(&format!("{ORDERS}/{id}")).await.body;
    let payer = approved["payer"]["payer_id"].as_str().unwrap();
    assert_eq!(back["location"], format!("http://shop.test/paypal/return?topup=1&token={id}&PayerID={payer}"));
    assert_eq!((&approved["status"], payer.len()), (&json!("APPROVED"), 13));
    assert_eq!(approved["payment_source"]["paypal"]["email_address"], "a@b.test");

    let captured = play.capture(&id).await;
    assert_eq!((captured.status, &captured.body["status"]), (201, &json!("COMPLETED")));
    let capture = capture_of(&captured.body);
    assert_eq!((&capture["status"], &capture["custom_id"]), (&json!("COMPLETED"), &json!("tu_1")));
    assert_eq!(capture["seller_receivable_breakdown"]["net_amount"]["value"], "2892");
    let shown = play.get(&format!("/v2/payments/captures/{}", capture["id"].as_str().unwrap())).await.body;
    assert_eq!(shown["supplementary_data"]["related_ids"]["order_id"], id);
    assert_eq!(shown["amount"], json!({ "currency_code": "JPY", "value": "3000" }));
    assert_eq!((play.capture(&id).await.issue(), play.capture_statuses().len()), ("ORDER_ALREADY_CAPTURED", 1));
    assert_eq!(play.sandbox.approve(&id).unwrap_err().issue_name(), "ORDER_ALREADY_CAPTURED");

    target.until("CHECKOUT.ORDER.COMPLETED", 1).await;
    let kinds = ["CHECKOUT.ORDER.APPROVED", "PAYMENT.CAPTURE.COMPLETED", "CHECKOUT.ORDER.COMPLETED"];
    assert_eq!(target.kinds(), kinds);
    assert_eq!(target.received()[1].event()["resource"], shown);
}

#[tokio::test]
async fn what_a_capture_comes_to() {
    let play = Play::start().await;
    let target = Target::start(&play, 0).await;
    let pending = |reason: &str| json!({ "fate": "pending", "reason": reason });
    #[rustfmt::skip]
    let cases = [
        (json!({ "fate": "complete" }), "COMPLETED", "", "PAYMENT.CAPTURE.COMPLETED"),
        (pending("ECHECK"), "PENDING", "ECHECK", "PAYMENT.CAPTURE.PENDING"),
        (pending("PENDING_REVIEW"), "PENDING", "PENDING_REVIEW", "PAYMENT.CAPTURE.PENDING"),
        (pending("UNILATERAL"), "PENDING", "UNILATERAL", "PAYMENT.CAPTURE.PENDING"),
        (pending("VERIFICATION_REQUIRED"), "PENDING", "VERIFICATION_REQUIRED", "PAYMENT.CAPTURE.PENDING"),
        (json!({ "fate": "declined" }), "DECLINED", "", "PAYMENT.CAPTURE.DECLINED"),
        (json!({ "fate": "failed" }), "FAILED", "", "PAYMENT.CAPTURE.DECLINED"),
    ];
    for (position, (fate, status, reason, event)) in cases.iter().enumerate() {
        let id = play.order().await;
        play.sandbox.approve(&id).unwrap();
        play.control(Method::POST, "/next_payment", fate.clone()).await;
        let captured = play.capture(&id).await;
        assert_eq!((captured.status, &captured.body["status"]), (201, &json!("COMPLETED")), "{fate}");
        let capture = capture_of(&captured.body);
        assert_eq!(capture["status"], *status, "{fate}");
        assert_eq!(capture["status_details"]["reason"].as_str().unwrap_or_default(), *reason, "{fate}");
        assert_eq!(capture["seller_receivable_breakdown"].is_null(), *status != "COMPLETED", "{fate}");
        target.until("CHECKOUT.ORDER.COMPLETED", position + 1).await;
        let told = target.received().into_iter().rev().nth(1).unwrap();
        assert_eq!((told.kind().as_str(), &told.event()["resource"]["status"]), (*event, &json!(status)), "{fate}");
    }
    let unknown = play.try_control(Method::POST, "/next_payment", pending("WEATHER")).await;
    assert_eq!((unknown.status, unknown.issue()), (400, "INVALID_PARAMETER_VALUE"));
}

#[tokio::test]
async fn a_refusal_moves_nothing() {
    let play = Play::start().await;
    #[rustfmt::skip]
    let cases = [
        ("INSTRUMENT_DECLINED", 422, Some("redirect"), "PAYER_ACTION_REQUIRED"),
        ("REDIRECT_PAYER_FOR_ALTERNATE_FUNDING", 422, Some("redirect"), "PAYER_ACTION_REQUIRED"),
        ("PAYER_ACTION_REQUIRED", 422, Some("payer-action"), "PAYER_ACTION_REQUIRED"),
        ("PAYER_CANNOT_PAY", 422, None, "APPROVED"),
        ("TRANSACTION_REFUSED", 422, None, "APPROVED"),
        ("COMPLIANCE_VIOLATION", 422, None, "APPROVED"),
        ("PAYEE_BLOCKED_TRANSACTION", 422, None, "APPROVED"),
        ("CONSENT_NEEDED", 403, None, "APPROVED"),
        ("PERMISSION_DENIED", 403, None, "APPROVED"),
    ];
    for (issue, status, rel, order_status) in cases {
        let id = play.order().await;
        play.sandbox.approve(&id).unwrap();
        play.sandbox.next_payment(Fate::Refused { issue: issue.to_owned() }).unwrap();
        let refused = play.capture(&id).await;
        assert_eq!((refused.status, refused.issue()), (status, issue));
        let page = format!("{}/checkoutnow?token={id}", play.sandbox.url());
        assert_eq!(rel.and_then(|rel| refused.link(rel)), rel.map(|_| page.as_str()), "{issue}");
        assert_eq!(play.get(&format!("{ORDERS}/{id}")).await.body["status"], order_status, "{issue}");
        let again = play.capture(&id).await;
        assert_eq!(again.issue(), if rel.is_some() { "ORDER_NOT_APPROVED" } else { issue });
    }
    assert!(play.capture_statuses().is_empty());
    let id = play.order().await;
    play.control(Method::POST, &format!("/orders/{id}/decline"), Value::Null).await;
    assert_eq!(play.capture(&id).await.issue(), "INSTRUMENT_DECLINED");
    play.sandbox.approve(&id).unwrap();
    assert_eq!((play.capture(&id).await.status, play.capture_statuses()), (201, vec!["COMPLETED".to_owned()]));
}

#[tokio::test]
async fn a_pending_capture_is_settled() {
    let play = Play::start().await;
    let target = Target::start(&play, 0).await;
    for (succeeded, status, event) in
        [(true, "COMPLETED", "PAYMENT.CAPTURE.COMPLETED"), (false, "DECLINED", "PAYMENT.CAPTURE.DENIED")]
    {
        play.sandbox.next_payment(Fate::under_review()).unwrap();
        let (_, capture) = play.pay().await;
        let path = format!("/captures/{capture}/settle");
        let settled = play.control(Method::POST, &path, json!({ "succeeded": succeeded })).await;
        assert_eq!((&settled["status"], &settled["status_details"]), (&json!(status), &Value::Null));
        target.until(event, 1).await;
        assert_eq!(
            play.try_control(Method::POST, &path, json!({ "succeeded": succeeded })).await.issue(),
            "NOT_PENDING"
        );
    }
}

#[tokio::test]
async fn settings_of_the_account() {
    let euros = PayPalOptions { held_currencies: vec!["EUR".to_owned()], ..PayPalOptions::default() };
    let play = Play::with(euros).await;
    play.pay().await;
    assert_eq!(play.capture_statuses(), ["PENDING"]);
    let reason = &play.sandbox.captures()[0]["status_details"]["reason"];
    assert_eq!(reason, "RECEIVING_PREFERENCE_MANDATES_MANUAL_ACTION");

    for unique in [true, false] {
        let play = Play::with(PayPalOptions { unique_invoice_ids: unique, ..PayPalOptions::default() }).await;
        let mut body = order("USD", "25.00");
        body["purchase_units"][0]["invoice_id"] = "TU-2026-1".into();
        let mut answers = Vec::new();
        for fate in [Fate::Declined, Fate::Complete, Fate::Complete] {
            let id = play.post(ORDERS, &body).await.id();
            play.sandbox.approve_as(&id, "a@b.test", Some(fate)).unwrap();
            answers.push(play.capture(&id).await.issue().to_owned());
        }
        assert_eq!(answers, ["", "", if unique { "DUPLICATE_INVOICE_ID" } else { "" }], "only a paid one counts");
    }
}

#[tokio::test]
async fn orders_are_forgotten_in_time() {
    let play = Play::start().await;
    let target = Target::start(&play, 0).await;
    let (waiting, approved) = (play.order().await, play.order().await);
    let (paid, _) = play.pay().await;
    let path = |id: &str| format!("{ORDERS}/{id}");
    play.sandbox.set_clock_offset(3 * 3600 - 60);
    assert_eq!(play.get(&path(&waiting)).await.status, 200);
    play.sandbox.approve(&approved).unwrap();
    play.control(Method::PUT, "/clock", json!({ "offset_seconds": 3 * 3600 + 60 })).await;
    let mut found = Vec::new();
    for id in [&waiting, &approved, &paid] {
        found.push(play.get(&path(id)).await.status);
    }
    assert_eq!(found, [404, 200, 200], "an approval begins a new time");
    assert_eq!(play.sandbox.approve(&waiting).unwrap_err().issue_name(), "INVALID_RESOURCE_ID");
    play.sandbox.set_clock_offset(6 * 3600);
    let reversed = "CHECKOUT.PAYMENT-APPROVAL.REVERSED";
    target.until(reversed, 1).await;
    let told = target.received().into_iter().find(|notice| notice.kind() == reversed).unwrap();
    assert_eq!(told.event()["resource"]["order_id"], approved);
    assert_eq!((play.capture(&approved).await.status, play.get(&path(&paid)).await.status), (404, 200));
    assert_eq!(target.count(reversed), 1);
}

#[tokio::test]
async fn several_units_are_captured_together() {
    let play = Play::start().await;
    let mut body = order("USD", "10.00");
    body["purchase_units"][0]["reference_id"] = "a".into();
    let mut second = body["purchase_units"][0].clone();
    (second["reference_id"], second["amount"]["value"]) = ("b".into(), "5.50".into());
    body["purchase_units"].as_array_mut().unwrap().push(second);
    let id = play.post(ORDERS, &body).await.id();
    play.sandbox.approve(&id).unwrap();
    let captured = play.capture(&id).await.body;
    let values: Vec<&Value> = captured["purchase_units"]
        .as_array()
        .unwrap()
        .iter()
        .map(|unit| &unit["payments"]["captures"][0]["amount"]["value"])
        .collect();
    assert_eq!(values, ["10.00", "5.50"]);
}

//! What a verified notice means.

use providers::gateway::{DisputeSighting, News};
use serde_json::{Value, json};

use super::support::{CertificateServer, Sent, capture, event, issue, money, order, script, told_payment, told_refund};
use crate::support::Reply::{self, Json};

fn or_dash(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or("-")
}

fn told_dispute(seen: &DisputeSighting) -> String {
    format!(
        "{:?}: {} of {}/{} {} {}, {}, until {}",
        seen.standing,
        seen.dispute_id,
        or_dash(&seen.payment_object_id),
        or_dash(&seen.money_id),
        seen.money.amount_minor,
        seen.money.currency.code(),
        or_dash(&seen.reason),
        seen.due_at_s.unwrap_or_default()
    )
}

fn told(news: &News) -> String {
    match news {
        News::Payment(seen) => told_payment(seen),
        News::Ask { object_id, money_id, topup_id } => {
            format!("ask: {}/{} {}", or_dash(object_id), or_dash(money_id), or_dash(topup_id))
        }
        News::Refund(seen) => told_refund(seen),
        News::Dispute(seen) => told_dispute(seen),
        News::Other => "other".into(),
    }
}

/// Hears of an event; PayPal answers these when it is asked.
async fn heard(body: &str, replies: Vec<Reply>) -> (String, Vec<String>) {
    let server = CertificateServer::start().await;
    let script = script(replies).await;
    let told = match Sent::genuine(&server, body).reach(&server.client(&script.url)).await {
        Ok(notice) => told(&notice.news),
        Err(error) => format!("{error:?}"),
    };
    (told, script.lines().into_iter().skip(1).collect())
}

fn refund(status: &str) -> Value {
    json!({
        "id": "1JU", "status": status, "amount": money("10.00"), "custom_id": "rf_1", "invoice_id": "pay_1",
        "links": [
            {"href": "https://api.paypal.com/v2/payments/refunds/1JU", "rel": "self"},
            {"href": "https://api.paypal.com/v2/payments/captures/3C6", "rel": "up"}
        ]
    })
}

/// A dispute about the capture `3C6`, with changes.
fn dispute(changes: Value) -> Value {
    let mut dispute = json!({
        "dispute_id": "PP-D-1", "reason": "UNAUTHORISED", "status": "WAITING_FOR_SELLER_RESPONSE",
        "dispute_life_cycle_stage": "CHARGEBACK", "dispute_amount": money("25.00"),
        "disputed_transactions": [{"buyer_transaction_id": "9ZZ", "seller_transaction_id": "3C6"}],
        "seller_response_due_date": "2026-11-30T09:15:02.000Z"
    });
    dispute.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    dispute
}

#[tokio::test]
async fn payments_are_told_or_asked_about() {
    let without = |field: &str| {
        let mut capture = capture("COMPLETED");
        capture[field] = Value::Null;
        capture
    };
    let waiting = json!({"status_details": {"reason": "PENDING_REVIEW"}});
    let mut pending = capture("PENDING");
    pending.as_object_mut().unwrap().extend(waiting.as_object().unwrap().clone());
    let reversed = json!({"order_id": "5O1", "purchase_units": order("APPROVED", json!([]))["purchase_units"]});
    let approved = "approved: 5O1/- pay_1 of team:7 asked 2500 USD received -";
    let expired = "failed expired: 5O1/- pay_1 of team:7 asked 2500 USD received -";
    let expired_bare = "failed expired: 5O1/- - of - asked - received -";
    let in_review = "processing PENDING_REVIEW: 5O1/3C6 pay_1 of team:7 asked 2500 USD received -";
    let no_account = "paid: 5O1/3C6 pay_1 of - asked 2500 USD received 2500 USD";
    let paid = "paid: 5O1/3C6 pay_1 of team:7 asked 2500 USD received 2500 USD";
    let refused = "failed declined: 5O1/3C6 pay_1 of team:7 asked 2500 USD received -";
    #[rustfmt::skip]
    let cases = [
        ("CHECKOUT.ORDER.APPROVED", order("APPROVED", json!([])), approved),
        ("CHECKOUT.ORDER.APPROVED", json!({"id": "5O1"}), "ask: 5O1/- -"),
        ("CHECKOUT.ORDER.APPROVED", json!({}), "other"),
        ("CHECKOUT.ORDER.COMPLETED", order("COMPLETED", json!([capture("COMPLETED")])), "ask: 5O1/- pay_1"),
        ("CHECKOUT.PAYMENT-APPROVAL.REVERSED", reversed, expired),
        ("CHECKOUT.PAYMENT-APPROVAL.REVERSED", json!({"order_id": "5O1"}), expired_bare),
        ("CHECKOUT.PAYMENT-APPROVAL.REVERSED", json!({}), "other"),
        ("PAYMENT.CAPTURE.COMPLETED", capture("COMPLETED"), paid),
        ("PAYMENT.CAPTURE.COMPLETED", capture("PARTIALLY_REFUNDED"), paid),
        ("PAYMENT.CAPTURE.COMPLETED", capture("DECLINED"), refused),
        ("PAYMENT.CAPTURE.COMPLETED", without("custom_id"), no_account),
        ("PAYMENT.CAPTURE.COMPLETED", without("amount"), "paid: 5O1/3C6 pay_1 of team:7 asked - received -"),
        ("PAYMENT.CAPTURE.COMPLETED", without("supplementary_data"), "ask: -/3C6 pay_1"),
        ("PAYMENT.CAPTURE.COMPLETED", without("status"), "ask: -/3C6 pay_1"),
        ("PAYMENT.CAPTURE.COMPLETED", json!("3C6"), "other"),
        ("PAYMENT.CAPTURE.PENDING", pending, in_review),
        ("PAYMENT.CAPTURE.DENIED", capture("DENIED"), refused),
        ("PAYMENT.CAPTURE.DENIED", capture("DECLINED"), refused),
        ("PAYMENT.CAPTURE.DECLINED", capture("DECLINED"), refused),
        ("VAULT.PAYMENT-TOKEN.CREATED", json!({"id": "8kk"}), "other"),
        ("VAULT.PAYMENT-TOKEN.DELETED", json!({"id": "8kk"}), "other"),
        ("PAYMENT.SALE.COMPLETED", capture("COMPLETED"), "other"),
        ("AN.EVENT.OF-2030", capture("COMPLETED"), "other"),
    ];
    for (kind, resource, expected) in cases {
        let (told, asked) = heard(&event(kind, "capture", resource.clone()), vec![]).await;
        assert_eq!(told, expected, "{kind} {resource}");
        assert_eq!(asked, [""; 0], "{kind}");
    }
}

#[tokio::test]
async fn refunds_are_told_and_their_capture_is_never_guessed() {
    let ours = "1JU(rf_1) of -/3C6 1000 USD";
    let mut from_outside = refund("COMPLETED");
    from_outside["custom_id"] = "pay_1:team:7".into();
    let mut signed = refund("COMPLETED");
    signed["amount"] = money("-10.00");
    #[rustfmt::skip]
    let cases = [
        ("PAYMENT.CAPTURE.REFUNDED", refund("COMPLETED"), format!("succeeded: {ours}")),
        ("PAYMENT.CAPTURE.REFUNDED", from_outside, "succeeded: 1JU(-) of -/3C6 1000 USD".into()),
        ("PAYMENT.CAPTURE.REVERSED", refund("COMPLETED"), format!("succeeded: {ours} forced")),
        ("PAYMENT.CAPTURE.REVERSED", signed, format!("succeeded: {ours} forced")),
        ("PAYMENT.REFUND.PENDING", refund("PENDING"), format!("pending: {ours}")),
        ("PAYMENT.REFUND.FAILED", refund("FAILED"), format!("failed failed: {ours}")),
        ("PAYMENT.REFUND.FAILED", refund("CANCELLED"), format!("failed canceled: {ours}")),
        ("PAYMENT.CAPTURE.REFUNDED", json!({}), "other".into()),
    ];
    for (kind, resource, expected) in cases {
        let (told, asked) = heard(&event(kind, "refund", resource.clone()), vec![]).await;
        assert_eq!(told, expected, "{kind} {resource}");
        assert_eq!(asked, [""; 0], "{kind}");
    }

    let mut bare = refund("COMPLETED");
    bare["links"] = json!([]);
    let answer = |value: Value| vec![Json(200, value.to_string())];
    let missing = vec![Json(404, issue("INVALID_RESOURCE_ID"))];
    let cases = [
        (answer(refund("COMPLETED")), format!("succeeded: {ours} forced")),
        (answer(bare.clone()), "other".into()),
        (missing, "other".into()),
        (vec![Json(500, String::new())], r#"NotNow("PayPal's answer settles nothing: HTTP status 500")"#.into()),
    ];
    for (replies, expected) in cases {
        let (told, asked) = heard(&event("PAYMENT.CAPTURE.REVERSED", "refund", bare.clone()), replies.clone()).await;
        assert_eq!(told, expected, "{replies:?}");
        assert_eq!(asked, ["GET /v2/payments/refunds/1JU"]);
    }
    // Were it the capture itself, its id would be no refund's.
    let (told, asked) = heard(&event("PAYMENT.CAPTURE.REVERSED", "capture", capture("REFUNDED")), vec![]).await;
    assert_eq!((told.as_str(), asked.len()), ("ask: -/3C6 pay_1", 0));
}

#[tokio::test]
async fn a_dispute_stands_where_stage_and_outcome_say() {
    let outcome = |code: &str| json!({"status": "RESOLVED", "dispute_outcome": {"outcome_code": code}});
    let with = |mut changes: Value, more: Value| {
        changes.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        changes
    };
    let partial = json!({
        "status": "RESOLVED",
        "dispute_outcome": {"outcome_code": "RESOLVED_BUYER_FAVOUR", "amount_refunded": money("10.00")}
    });
    let movement = |party: &str, kind: &str, reason: &str, value: &str| {
        let amount = money(value);
        json!({"affected_party": party, "type": kind, "reason": reason, "amount": amount})
    };
    let taken = json!({"money_movements": [movement("SELLER", "DEBIT", "DISPUTE_SETTLEMENT", "25.00")]});
    let given_back = json!({"money_movements": [
        movement("SELLER", "DEBIT", "DISPUTE_SETTLEMENT", "25.00"),
        movement("SELLER", "CREDIT", "DISPUTE_SETTLEMENT", "25.00"),
        movement("SELLER", "DEBIT", "CHARGEBACK_FEE", "20.00"),
        movement("BUYER", "DEBIT", "DISPUTE_SETTLEMENT", "25.00"),
    ]});
    let recovered = json!({"adjudications": [{"type": "RECOVER_FROM_SELLER"}]});
    #[rustfmt::skip]
    let cases = [
        (json!({"dispute_life_cycle_stage": "INQUIRY"}), "Inquiry 2500"),
        (json!({}), "Open 2500"),
        (json!({"dispute_life_cycle_stage": "PRE_ARBITRATION"}), "Open 2500"),
        (json!({"dispute_life_cycle_stage": "ARBITRATION", "status": "UNDER_REVIEW"}), "Open 2500"),
        (json!({"dispute_life_cycle_stage": null}), "Open 2500"),
        (json!({"status": "A_STATUS_OF_2030"}), "Open 2500"),
        (outcome("RESOLVED_BUYER_FAVOUR"), "Lost 2500"),
        (outcome("ACCEPTED"), "Lost 2500"),
        (partial, "Lost 1000"),
        (outcome("RESOLVED_SELLER_FAVOUR"), "Won 2500"),
        (with(outcome("RESOLVED_SELLER_FAVOUR"), json!({"dispute_life_cycle_stage": "INQUIRY"})), "Won 2500"),
        (outcome("CANCELED_BY_BUYER"), "Won 2500"),
        (outcome("DENIED"), "Won 2500"),
        (outcome("RESOLVED_WITH_PAYOUT"), "Won 2500"),
        (with(outcome("RESOLVED_WITH_PAYOUT"), taken.clone()), "Lost 2500"),
        (with(outcome("RESOLVED_WITH_PAYOUT"), given_back), "Won 2500"),
        (with(outcome("RESOLVED_WITH_PAYOUT"), recovered), "Lost 2500"),
        (with(outcome("NONE"), taken), "Lost 2500"),
        (outcome("NONE"), "Won 2500"),
        (json!({"status": "RESOLVED"}), "Won 2500"),
    ];
    for (changes, expected) in cases {
        let resource = dispute(changes.clone());
        for kind in ["CUSTOMER.DISPUTE.CREATED", "CUSTOMER.DISPUTE.UPDATED", "CUSTOMER.DISPUTE.RESOLVED"] {
            let (told, _) = heard(&event(kind, "dispute", resource.clone()), vec![]).await;
            let (standing, minor) = expected.split_once(' ').unwrap();
            let full = format!("{standing}: PP-D-1 of -/3C6 {minor} USD, UNAUTHORISED, until 1796030102");
            assert_eq!(told, full, "{kind} {changes}");
        }
    }
}

#[tokio::test]
async fn what_a_dispute_leaves_out_is_fetched() {
    let open = "Open: PP-D-1 of -/3C6 2500 USD, UNAUTHORISED, until 1796030102";
    let whole = || vec![Json(200, dispute(json!({})).to_string())];
    let bare = json!({"dispute_id": "PP-D-1"});
    let cases = [
        (bare.clone(), whole(), open),
        (dispute(json!({"disputed_transactions": [{"buyer_transaction_id": "9ZZ"}]})), whole(), open),
        (dispute(json!({"dispute_amount": null})), whole(), open),
        (bare.clone(), vec![Json(200, bare.to_string())], "other"),
        (bare.clone(), vec![Json(404, issue("INVALID_RESOURCE_ID"))], "other"),
        (bare.clone(), vec![Json(503, String::new())], r#"NotNow("PayPal's answer settles nothing: HTTP status 503")"#),
    ];
    for (resource, replies, expected) in cases {
        let (told, asked) = heard(&event("CUSTOMER.DISPUTE.CREATED", "dispute", resource.clone()), replies).await;
        assert_eq!(told, expected, "{resource}");
        assert_eq!(asked, ["GET /v1/customer/disputes/PP-D-1"], "{resource}");
    }
    let (told, asked) = heard(&event("CUSTOMER.DISPUTE.CREATED", "dispute", json!({})), vec![]).await;
    assert_eq!((told.as_str(), asked.len()), ("other", 0));
}

#[tokio::test]
async fn a_notice_names_its_event() {
    let server = CertificateServer::start().await;
    let client = server.client("http://127.0.0.1:1");
    let body = event("PAYMENT.CAPTURE.COMPLETED", "capture", capture("COMPLETED"));
    let notice = Sent::genuine(&server, &body).reach(&client).await.unwrap();
    assert_eq!((notice.event_id.as_str(), notice.kind.as_str()), ("WH-1", "PAYMENT.CAPTURE.COMPLETED"));
    assert_eq!(notice.created_at_s, Some(1_795_166_100));
    let News::Payment(seen) = notice.news else { panic!("{notice:?}") };
    assert_eq!((seen.live, seen.created_at_s), (false, Some(1_795_166_100)));
}

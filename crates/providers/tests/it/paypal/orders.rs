//! Opening, looking up and closing a payment.

use providers::gateway::{Ask, Gateway, Next, Opened, Pending, Sighting, Trouble};
use providers::paypal::Verify;
use providers::{Money, paypal};
use serde_json::{Value, json};

use super::support::{
    ask, capture, client, client_with, issue, money, order, pending, repeating, script, told_payment, told_trouble,
};
use crate::support::Reply::{Close, Json};

/// Where the payer is sent, or why not.
fn told(opened: &Result<Opened, Trouble>) -> String {
    match opened {
        Ok(Opened { object_id, next: Next::Redirect(link) }) => format!("{object_id} {link}"),
        Ok(opened) => panic!("{opened:?}"),
        Err(trouble) => told_trouble(trouble),
    }
}

async fn seen(status: u16, body: Value) -> Option<Sighting> {
    let script = script([Json(status, body.to_string())]).await;
    client(&script.url).look_up(&pending()).await.unwrap()
}

#[tokio::test]
async fn an_order_is_made_once_and_leads_the_payer_to_paypal() {
    let open = Json(201, order("PAYER_ACTION_REQUIRED", json!([])).to_string());
    let script = script([Close, open]).await;
    let client = repeating(&script.url, 1);
    assert_eq!((client.name(), client.live(), client.can_list()), ("paypal", false, true));
    let opened = client.open(&ask()).await;
    assert_eq!(told(&opened), "5O1 https://www.sandbox.paypal.com/checkoutnow?token=5O1");
    let asked = &script.asked()[1..];
    assert_eq!(asked.len(), 2);
    for asked in asked {
        assert_eq!(asked.line, "POST /v2/checkout/orders");
        assert_eq!(asked.header("paypal-request-id"), "tu:pay_1:create:1");
        assert_eq!(asked.header("prefer"), "return=representation");
        assert_eq!(asked.header("content-type"), "application/json");
        assert_eq!(asked.header("authorization"), "Bearer A21.hidden");
        let body: Value = serde_json::from_str(&asked.body).unwrap();
        assert_eq!(body["purchase_units"][0]["custom_id"], "pay_1:team:7");
        assert_eq!(body["purchase_units"][0]["amount"], money("25.00"));
    }
}

#[tokio::test]
async fn links_are_taken_by_name_and_only_where_a_payer_may_go() {
    let https = "https://www.sandbox.paypal.com/checkoutnow?token=5O1";
    let unreadable = "unknown unreadable answer: did not run";
    // links, where the payer is sent
    let cases = [
        (json!([{"href": "https://x.example/self", "rel": "self"}, {"href": https, "rel": "payer-action"}]), "5O1 …"),
        (json!([{"href": https, "rel": "approve"}]), "5O1 …"),
        (json!([{"href": "http://127.0.0.1:9/checkoutnow", "rel": "approve"}]), "5O1 http://127.0.0.1:9/checkoutnow"),
        (json!([{"href": "http://www.sandbox.paypal.com/checkoutnow", "rel": "approve"}]), unreadable),
        (json!([{"href": "javascript:alert(1)", "rel": "approve"}]), unreadable),
        (json!([{"href": https, "rel": "self"}]), unreadable),
        (json!([]), unreadable),
        (json!(null), unreadable),
    ];
    for (links, expected) in cases {
        let script = script([Json(201, json!({"id": "5O1", "status": "CREATED", "links": links}).to_string())]).await;
        let opened = client(&script.url).open(&ask()).await;
        assert_eq!(told(&opened), expected.replace('…', https), "{links}");
    }
}

#[tokio::test]
async fn an_order_that_was_not_heard_of_costs_nothing() {
    let cases = [
        (Close, "unknown connection broke: did not run"),
        (Json(500, String::new()), "unknown HTTP status 500: did not run"),
        (Json(422, issue("DECIMAL_PRECISION")), "refused DECIMAL_PRECISION: for the operator (f1a2)"),
    ];
    for (reply, expected) in cases {
        let script = script([reply.clone()]).await;
        assert_eq!(told(&client(&script.url).open(&ask()).await), expected, "{reply:?}");
    }
    let unit = |code| ledger::Unit::parse(code).unwrap();
    let cases = [
        (500_000, "VND", "refused unsupported_currency: for the operator (-)"),
        (999_950, "HUF", "refused amount_too_precise: for the operator (-)"),
        (0, "USD", "refused amount_not_positive: for the operator (-)"),
    ];
    for (amount_minor, currency, expected) in cases {
        let ask = Ask { money: Money { amount_minor, currency: unit(currency) }, ..ask() };
        let nobody = client("http://127.0.0.1:1");
        assert_eq!(told(&nobody.open(&ask).await), expected, "{amount_minor} {currency}: nothing is sent");
    }
}

#[tokio::test]
async fn an_order_stands_where_its_captures_say() {
    let pending = json!({"id": "3C6", "status": "PENDING", "status_details": {"reason": "ECHECK"}});
    let second = |status: &str| {
        let mut second = capture(status);
        second["id"] = "4D7".into();
        second
    };
    // order status, captures, standing and what moved the money
    #[rustfmt::skip]
    let cases = [
        ("CREATED", json!([]), "payable -: -"),
        ("SAVED", json!([]), "payable -: -"),
        ("PAYER_ACTION_REQUIRED", json!([]), "payable -: -"),
        ("PAYER_ACTION_REQUIRED", json!([capture("DECLINED")]), "payable declined: 3C6"),
        ("APPROVED", json!([]), "approved: -"),
        ("APPROVED", json!(null), "approved: -"),
        ("VOIDED", json!([]), "failed voided: -"),
        ("COMPLETED", json!([]), "processing COMPLETED: -"),
        ("A_STATUS_OF_2030", json!([]), "processing A_STATUS_OF_2030: -"),
        ("COMPLETED", json!([capture("COMPLETED")]), "paid: 3C6"),
        ("COMPLETED", json!([capture("PARTIALLY_REFUNDED")]), "paid: 3C6"),
        ("COMPLETED", json!([capture("REFUNDED")]), "paid: 3C6"),
        ("COMPLETED", json!([pending]), "processing ECHECK: 3C6"),
        ("COMPLETED", json!([capture("PENDING")]), "processing PENDING: 3C6"),
        ("COMPLETED", json!([capture("DECLINED")]), "failed declined: 3C6"),
        ("COMPLETED", json!([capture("FAILED")]), "failed failed: 3C6"),
        ("COMPLETED", json!([capture("A_STATUS_OF_2030")]), "processing A_STATUS_OF_2030: 3C6"),
        ("COMPLETED", json!([capture("DECLINED"), second("COMPLETED")]), "paid: 4D7"),
        ("COMPLETED", json!([capture("DECLINED"), second("PENDING")]), "processing PENDING: 4D7"),
        ("COMPLETED", json!([capture("PENDING"), second("COMPLETED")]), "paid: 4D7"),
    ];
    for (status, captures, expected) in cases {
        let seen = seen(200, order(status, captures.clone())).await.unwrap();
        let told = format!("{}: {}", super::support::told(&seen.standing), seen.money_id.as_deref().unwrap_or("-"));
        assert_eq!(told, expected, "{status} {captures}");
        assert_eq!(seen.received.is_some(), expected.starts_with("paid"), "{status} {captures}");
    }
}

#[tokio::test]
async fn a_sighting_names_payment_payer_and_time_and_the_money_that_was_taken() {
    let mut other_amount = capture("COMPLETED");
    other_amount["amount"] = json!({"currency_code": "JPY", "value": "3000"});
    let seen_1 = seen(200, order("COMPLETED", json!([other_amount]))).await.unwrap();
    let expected = "paid: 5O1/3C6 pay_1 of team:7 asked 2500 USD received 3000 JPY";
    assert_eq!(told_payment(&seen_1), expected, "what was taken is the capture's amount, not the order's");
    assert_eq!((seen_1.live, seen_1.created_at_s, seen_1.customer_id), (false, Some(1_795_166_100), None));
    let instrument = seen_1.instrument.unwrap();
    assert_eq!((instrument.kind.as_str(), instrument.fingerprint.as_deref()), ("paypal", Some("QYR5Z8XDVJNXQ")));

    let mut by_card = order("APPROVED", json!([]));
    by_card["payment_source"] = json!({"card": {"brand": "VISA", "last_digits": "1111", "expiry": "2030-01"}});
    let instrument = seen(200, by_card).await.unwrap().instrument.unwrap();
    assert_eq!((instrument.kind.as_str(), instrument.brand.as_deref()), ("card", Some("visa")));
    assert_eq!(instrument.last4.as_deref(), Some("1111"));

    let mut foreign = order("COMPLETED", json!([capture("COMPLETED")]));
    let unit = foreign["purchase_units"][0].clone();
    foreign["purchase_units"] = json!([unit, unit]);
    assert_eq!(seen(200, foreign).await.unwrap().asked, None, "several units are not ours");

    let mut odd = order("APPROVED", json!([]));
    odd["purchase_units"][0]["amount"]["value"] = "25.005".into();
    assert_eq!(seen(200, odd).await.unwrap().asked, None, "never rounded");
}

#[tokio::test]
async fn live_is_what_is_configured() {
    let script = script([Json(200, order("APPROVED", json!([])).to_string())]).await;
    let live = client_with(&script.url, |config| {
        config.live = true;
        config.verify = Verify::Postback;
    });
    assert!(live.live());
    assert!(live.look_up(&pending()).await.unwrap().unwrap().live);
}

#[tokio::test]
async fn a_forgotten_order_is_found_by_its_capture() {
    let missing = || Json(404, issue("INVALID_RESOURCE_ID"));
    let mut by_link = capture("COMPLETED");
    by_link["supplementary_data"] = json!(null);
    let up = |href: &str| json!([{"href": href, "rel": "up", "method": "GET"}]);
    by_link["links"] = up("https://api-m.paypal.com/v2/checkout/orders/5O1");
    let mut nameless = by_link.clone();
    nameless["links"] = up("https://api-m.paypal.com/v2/payments/authorizations/0A1");
    let cases = [
        (capture("COMPLETED"), "paid: 5O1/3C6 pay_1 of team:7 asked 2500 USD received 2500 USD"),
        (by_link, "paid: 5O1/3C6 pay_1 of team:7 asked 2500 USD received 2500 USD"),
        (nameless, "paid: 3C6/3C6 pay_1 of team:7 asked 2500 USD received 2500 USD"),
        (capture("PENDING"), "processing PENDING: 5O1/3C6 pay_1 of team:7 asked 2500 USD received -"),
    ];
    for (capture, expected) in cases {
        let script = script([missing(), Json(200, capture.to_string())]).await;
        let by_capture = Pending { object_id: Some("3C6".into()), ..pending() };
        let seen = client(&script.url).look_up(&by_capture).await.unwrap().unwrap();
        assert_eq!(told_payment(&seen), expected, "{capture}");
        assert_eq!(script.lines()[1..], ["GET /v2/checkout/orders/3C6", "GET /v2/payments/captures/3C6"]);
    }
    let replies = script([missing(), missing()]).await;
    assert_eq!(client(&replies.url).look_up(&pending()).await, Ok(None));
}

#[tokio::test]
async fn without_an_order_there_is_nothing_to_ask() {
    let nobody = client("http://127.0.0.1:1");
    let unopened = Pending { object_id: None, ..pending() };
    assert_eq!(nobody.look_up(&unopened).await, Ok(None));
    assert_eq!(nobody.complete(&unopened).await, Ok(None));
    assert_eq!(nobody.close(&unopened).await, Ok(None));
    for id in ["../../v1/oauth2/token", "5O1/capture", "5O1?x=1", "", "5O1 "] {
        let odd = Pending { object_id: Some(id.into()), ..pending() };
        let trouble = nobody.look_up(&odd).await.unwrap_err();
        assert_eq!(told_trouble(&trouble), "refused malformed_id: for the operator (-)", "{id:?}: nothing is sent");
    }
}

#[tokio::test]
async fn closing_tells_how_it_ended_or_lets_it_run_out() {
    let cases = [
        (order("PAYER_ACTION_REQUIRED", json!([])), None),
        (order("CREATED", json!([])), None),
        (order("APPROVED", json!([])), Some("approved")),
        (order("COMPLETED", json!([capture("COMPLETED")])), Some("paid")),
        (order("COMPLETED", json!([capture("PENDING")])), Some("processing PENDING")),
        (order("VOIDED", json!([])), Some("failed voided")),
    ];
    for (order, expected) in cases {
        let script = script([Json(200, order.to_string())]).await;
        let closed = client(&script.url).close(&pending()).await.unwrap();
        let told = closed.map(|seen| super::support::told(&seen.standing));
        assert_eq!(told.as_deref(), expected, "{order}");
        assert_eq!(script.lines()[1..], ["GET /v2/checkout/orders/5O1"], "nothing is changed at PayPal");
    }
}

#[test]
fn a_client_shows_only_where_it_goes() {
    assert_eq!(format!("{:?}", client("http://127.0.0.1:1")), "Client(http://127.0.0.1:1)");
    assert_eq!(
        (paypal::LIVE_URL, paypal::SANDBOX_URL),
        ("https://api-m.paypal.com", "https://api-m.sandbox.paypal.com")
    );
}

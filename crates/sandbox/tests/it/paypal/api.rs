//! Tokens, orders and their checks.

use reqwest::Method;
use sandbox::paypal::{Credentials, PayPalOptions};
use serde_json::{Value, json};

use super::support::{ORDERS, Play, order};

#[tokio::test]
async fn tokens_are_given_to_the_app_and_end() {
    let credentials = Credentials { client_id: "app".into(), client_secret: "secret".into() };
    assert!(!format!("{credentials:?}").contains("secret\""));
    let options = PayPalOptions { credentials: Some(credentials), token_ttl_seconds: 600, ..PayPalOptions::default() };
    let mut play = Play::with(options).await;
    let cases = [
        ("app", "wrong", "client_credentials", 401, "invalid_client"),
        ("other", "secret", "client_credentials", 401, "invalid_client"),
        ("app", "secret", "password", 400, "unsupported_grant_type"),
        ("app", "secret", "client_credentials", 200, ""),
    ];
    for (id, secret, grant_type, status, error) in cases {
        let reply = play.ask_token(id, secret, grant_type).await;
        assert_eq!((reply.status, reply.body["error"].as_str().unwrap_or_default()), (status, error), "{id} {secret}");
        if status == 200 {
            assert_eq!((&reply.body["token_type"], &reply.body["expires_in"]), (&json!("Bearer"), &json!(600)));
        }
    }
    assert_eq!(play.get("/v1/notifications/webhooks").await.status, 200);
    for end in ["clock", "control"] {
        if end == "clock" {
            play.sandbox.set_clock_offset(601);
        } else {
            play.control(Method::POST, "/tokens/expire", Value::Null).await;
        }
        let reply = play.get("/v1/notifications/webhooks").await;
        assert_eq!((reply.status, reply.body["name"].as_str()), (401, Some("AUTHENTICATION_FAILURE")), "{end}");
        play.renew_token().await;
        assert_eq!(play.get("/v1/notifications/webhooks").await.status, 200);
    }
}

#[tokio::test]
async fn orders_are_shown_briefly_or_whole() {
    let play = Play::start().await;
    let brief = play.try_call(Method::POST, ORDERS, &order("USD", "25"), &[]).await.unwrap();
    assert_eq!((brief.status, &brief.body["status"]), (201, &json!("PAYER_ACTION_REQUIRED")));
    assert!(brief.body["purchase_units"].is_null() && brief.body["links"].is_array());
    let id = brief.id();
    assert!(id.len() == 17 && id.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()), "{id}");
    let page = brief.link("payer-action").unwrap();
    assert_eq!(page, format!("{}/checkoutnow?token={id}", play.sandbox.url()));

    let shown = play.get(&format!("{ORDERS}/{id}")).await;
    let unit = &shown.body["purchase_units"][0];
    assert_eq!((&unit["reference_id"], &unit["custom_id"]), (&json!("default"), &json!("tu_1")));
    assert_eq!(unit["amount"], json!({ "currency_code": "USD", "value": "25.00" }));
    assert!(unit["payments"].is_null() && shown.body["payer"].is_null());

    let mut older = order("USD", "25.00");
    older["application_context"] = older["payment_source"]["paypal"]["experience_context"].take();
    older.as_object_mut().unwrap().remove("payment_source");
    let created = play.post(ORDERS, &older).await;
    assert_eq!(created.body["status"], "CREATED");
    assert!(created.link("approve").is_some() && created.link("capture").is_some());
    let debug_id = created.headers["paypal-debug-id"].to_str().unwrap();
    assert_eq!(play.sandbox.requests().last().unwrap().id, debug_id);
}

#[tokio::test]
async fn orders_that_paypal_refuses() {
    let play = Play::start().await;
    let long = "x".repeat(128);
    let money = |currency: &str, value: &str| json!({ "currency_code": currency, "value": value });
    let unit = |id: Value, amount: Value| json!({ "reference_id": id, "amount": amount });
    let twice = json!([unit(json!("a"), money("USD", "1.00")), unit(json!("a"), money("USD", "1.00"))]);
    let mixed = json!([unit(json!("a"), money("USD", "1.00")), unit(json!("b"), money("JPY", "1"))]);
    let unnamed = json!([unit(Value::Null, money("USD", "1.00")), unit(json!("b"), money("USD", "1.00"))]);
    let mut split = money("USD", "2.00");
    split["breakdown"] = json!({ "item_total": money("USD", "2.00"), "discount": money("USD", "0.50") });
    let on_approval = json!("ORDER_COMPLETE_ON_PAYMENT_APPROVAL");
    let context = "/payment_source/paypal/experience_context";
    #[rustfmt::skip]
    let cases = [
        ("/intent", Value::Null, 400, "MISSING_REQUIRED_PARAMETER"),
        ("/intent", json!("SELL"), 400, "INVALID_PARAMETER_VALUE"),
        ("/intent", json!("AUTHORIZE"), 422, "UNSUPPORTED_INTENT"),
        ("/purchase_units", Value::Null, 400, "MISSING_REQUIRED_PARAMETER"),
        ("/purchase_units", json!([]), 400, "INVALID_ARRAY_MIN_ITEMS"),
        ("/purchase_units", json!(vec![json!({}); 11]), 400, "INVALID_ARRAY_MAX_ITEMS"),
        ("/purchase_units", twice, 422, "DUPLICATE_REFERENCE_ID"),
        ("/purchase_units", mixed, 422, "MULTI_CURRENCY_ORDER"),
        ("/purchase_units", unnamed, 422, "REFERENCE_ID_REQUIRED"),
        ("/purchase_units/0/amount", Value::Null, 400, "MISSING_REQUIRED_PARAMETER"),
        ("/purchase_units/0/amount", split, 422, "AMOUNT_MISMATCH"),
        ("/purchase_units/0/amount/value", json!("3000.5"), 422, "DECIMAL_PRECISION"),
        ("/purchase_units/0/amount/value", json!(3000), 400, "INVALID_PARAMETER_SYNTAX"),
        ("/purchase_units/0/amount/value", json!("0"), 422, "CANNOT_BE_ZERO_OR_NEGATIVE"),
        ("/purchase_units/0/amount/currency_code", json!("VND"), 422, "INVALID_CURRENCY_CODE"),
        ("/purchase_units/0/custom_id", json!(long), 400, "INVALID_STRING_LENGTH"),
        ("/purchase_units/0/invoice_id", json!(""), 400, "INVALID_STRING_LENGTH"),
        ("/processing_instruction", on_approval, 422, "UNSUPPORTED_PROCESSING_INSTRUCTION"),
        ("/payment_source", json!({ "card": {} }), 422, "PAYMENT_SOURCE_CANNOT_BE_USED"),
        ("/payment_source/paypal/vault_id", json!("v1"), 400, "PAYPAL_REQUEST_ID_REQUIRED"),
        ("/application_context", json!({ "locale": "en-US" }), 422, "INCOMPATIBLE_PARAMETER_VALUE"),
        (&format!("{context}/user_action"), json!("PAY"), 400, "INVALID_PARAMETER_VALUE"),
        (&format!("{context}/return_url"), json!("javascript:alert(1)"), 400, "INVALID_PARAMETER_SYNTAX"),
    ];
    for (place, value, status, issue) in cases {
        let mut body = order("JPY", "3000");
        let (parent, name) = place.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[name] = value.clone();
        let reply = play.post(ORDERS, &body).await;
        assert_eq!((reply.status, reply.issue()), (status, issue), "{place} {value}");
        assert_eq!(reply.headers["paypal-debug-id"].to_str().ok(), reply.body["debug_id"].as_str(), "{place}");
    }
    assert!(play.sandbox.orders().is_empty());
}

#[tokio::test]
async fn requests_that_are_no_requests() {
    let play = Play::start().await;
    let url = |path: &str| format!("{}{path}", play.sandbox.url());
    assert_eq!(play.client.get(url(&format!("{ORDERS}/X"))).send().await.unwrap().status(), 401);
    assert_eq!(play.get("/v2/nothing").await.status, 404);
    assert_eq!(play.get(&format!("{ORDERS}/0ZZ00000ZZ000000Z")).await.issue(), "INVALID_RESOURCE_ID");
    let mocked = [("PayPal-Mock-Response", r#"{"mock_application_codes":"INSTRUMENT_DECLINED"}"#)];
    let reply = play.try_call(Method::POST, ORDERS, &order("JPY", "3000"), &mocked).await.unwrap();
    assert_eq!((reply.status, reply.issue()), (422, "INSTRUMENT_DECLINED"));
    let long = "k".repeat(109);
    let reply = play.post_as(ORDERS, &order("JPY", "3000"), &long).await;
    assert_eq!((reply.status, reply.issue()), (400, "INVALID_STRING_LENGTH"));
    let raw = [("text/plain", "{}", 415), ("application/json", "{", 400), ("application/json", "", 400)];
    for (kind, body, status) in raw {
        let request = play.client.post(url(ORDERS)).bearer_auth(play.token()).header("Content-Type", kind).body(body);
        assert_eq!(request.send().await.unwrap().status().as_u16(), status, "{kind} {body}");
    }
    assert!(play.sandbox.orders().is_empty());
}

#[tokio::test]
async fn orders_are_patched_whole_or_not_at_all() {
    let play = Play::start().await;
    let mut body = order("USD", "25.00");
    body.as_object_mut().unwrap().remove("payment_source");
    let id = play.post(ORDERS, &body).await.id();
    let path = format!("{ORDERS}/{id}");
    let at = |field: &str| format!("/purchase_units/@reference_id=='default'/{field}");
    let step = |op: &str, field: &str, value: Value| json!({ "op": op, "path": at(field), "value": value });
    let dollars = |value: &str| json!({ "currency_code": "USD", "value": value });
    let finer = step("replace", "amount", dollars("1.001"));
    #[rustfmt::skip]
    let cases = [
        (json!([step("replace", "amount", dollars("30.00")), step("add", "invoice_id", json!("I-1"))]), 204, ""),
        (json!([step("remove", "description", Value::Null)]), 204, ""),
        (json!([step("add", "custom_id", json!("tu_2")), finer]), 422, "DECIMAL_PRECISION"),
        (json!([step("replace", "items", json!([]))]), 422, "NOT_PATCHABLE"),
        (json!([step("move", "amount", dollars("1.00"))]), 400, "INVALID_PATCH_OPERATION"),
        (json!([step("replace", "custom_id", Value::Null)]), 422, "PATCH_VALUE_REQUIRED"),
        (json!([{ "op": "replace", "path": "/intent", "value": "CAPTURE" }]), 422, "NOT_PATCHABLE"),
        (json!([]), 400, "MISSING_REQUIRED_PARAMETER"),
    ];
    for (body, status, issue) in cases {
        let reply = play.call(Method::PATCH, &path, &body).await;
        assert_eq!((reply.status, reply.issue()), (status, issue), "{body}");
    }
    let unit = play.get(&path).await.body["purchase_units"][0].clone();
    assert_eq!((&unit["amount"]["value"], &unit["invoice_id"]), (&json!("30.00"), &json!("I-1")));
    assert_eq!((&unit["custom_id"], &unit["description"]), (&json!("tu_1"), &Value::Null));
    play.sandbox.approve(&id).unwrap();
    let more = json!([step("replace", "amount", dollars("30.01"))]);
    assert_eq!(play.call(Method::PATCH, &path, &more).await.issue(), "AMOUNT_CHANGE_NOT_ALLOWED");
    play.capture(&id).await;
    assert_eq!(play.call(Method::PATCH, &path, &more).await.issue(), "ORDER_ALREADY_COMPLETED");
}

#[tokio::test]
async fn the_seed_repeats_the_ids_and_shutdown_closes_the_port() {
    let (first, second) = (Play::start().await, Play::start().await);
    assert_eq!(first.pay().await, second.pay().await);
    let url = first.sandbox.url().to_owned();
    first.sandbox.shutdown().await;
    assert!(first.client.get(url).send().await.is_err());
}

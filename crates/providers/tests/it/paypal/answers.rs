//! The central table: what each answer of PayPal to a capture means for the money.

use providers::gateway::Gateway;
use serde_json::json;

use super::support::{
    TOKEN, capture, client, client_with, issue, order, pending, repeating, script, told_payment, told_trouble,
};
use crate::support::Reply::{self, Close, Cut, Hang, Json, With};
use crate::support::Script;

const PAID: &str = "paid: 5O1/3C6 pay_1 of team:7 asked 2500 USD received 2500 USD";

async fn completed(client: &providers::paypal::Client) -> String {
    match client.complete(&pending()).await {
        Ok(Some(seen)) => told_payment(&seen),
        Ok(None) => "not known".into(),
        Err(trouble) => told_trouble(&trouble),
    }
}

#[tokio::test]
async fn every_answer_is_done_definitely_not_done_or_unknown() {
    let operator = |code: &str| format!("refused {code}: for the operator (f1a2)");
    let payer = |code: &str| format!("refused {code}: for the payer (f1a2)");
    let unknown = |reason: &str| format!("unknown {reason}: may have run");
    let named = |name: &str| json!({"name": name, "debug_id": "f1a2"}).to_string();
    let paid = order("COMPLETED", json!([capture("COMPLETED")])).to_string();
    #[rustfmt::skip]
    let cases = [
        (201, paid.clone(), PAID.into()),
        (200, paid.clone(), PAID.into()),
        (201, "{}".into(), unknown("unreadable answer")),
        (201, "<html>".into(), unknown("unreadable answer")),
        (204, String::new(), unknown("unreadable answer")),
        (302, String::new(), unknown("HTTP status 302")),
        (422, issue("INSTRUMENT_DECLINED"), payer("INSTRUMENT_DECLINED")),
        (422, issue("PAYER_ACTION_REQUIRED"), payer("PAYER_ACTION_REQUIRED")),
        (422, issue("REDIRECT_PAYER_FOR_ALTERNATE_FUNDING"), payer("REDIRECT_PAYER_FOR_ALTERNATE_FUNDING")),
        (422, issue("ORDER_NOT_APPROVED"), payer("ORDER_NOT_APPROVED")),
        (422, issue("ORDER_COMPLETION_IN_PROGRESS"), unknown("already in progress")),
        (422, issue("DUPLICATE_INVOICE_ID"), operator("DUPLICATE_INVOICE_ID")),
        (422, issue("PAYER_CANNOT_PAY"), payer("PAYER_CANNOT_PAY")),
        (422, issue("PAYER_ACCOUNT_RESTRICTED"), payer("PAYER_ACCOUNT_RESTRICTED")),
        (422, issue("PAYER_ACCOUNT_LOCKED_OR_CLOSED"), payer("PAYER_ACCOUNT_LOCKED_OR_CLOSED")),
        (422, issue("TRANSACTION_REFUSED"), payer("TRANSACTION_REFUSED")),
        (422, issue("TRANSACTION_BLOCKED_BY_PAYEE"), payer("TRANSACTION_BLOCKED_BY_PAYEE")),
        (422, issue("COMPLIANCE_VIOLATION"), payer("COMPLIANCE_VIOLATION")),
        (422, issue("TRANSACTION_LIMIT_EXCEEDED"), payer("TRANSACTION_LIMIT_EXCEEDED")),
        (422, issue("MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED"), payer("MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED")),
        (422, issue("PAYEE_ACCOUNT_RESTRICTED"), operator("PAYEE_ACCOUNT_RESTRICTED")),
        (422, issue("PAYEE_BLOCKED_TRANSACTION"), operator("PAYEE_BLOCKED_TRANSACTION")),
        (422, issue("TRANSACTION_RECEIVING_LIMIT_EXCEEDED"), operator("TRANSACTION_RECEIVING_LIMIT_EXCEEDED")),
        (422, issue("AN_ISSUE_OF_2030"), operator("AN_ISSUE_OF_2030")),
        (422, issue("an issue that is a sentence"), operator("UNPROCESSABLE_ENTITY")),
        (422, named("UNPROCESSABLE_ENTITY"), operator("UNPROCESSABLE_ENTITY")),
        (422, "{}".into(), unknown("HTTP status 422")),
        (422, "<html>".into(), unknown("HTTP status 422")),
        (400, named("INVALID_REQUEST"), operator("INVALID_REQUEST")),
        (403, issue("PERMISSION_DENIED"), operator("PERMISSION_DENIED")),
        (403, issue("CONSENT_NEEDED"), operator("CONSENT_NEEDED")),
        (403, "<html>blocked by a proxy".into(), unknown("HTTP status 403")),
        (409, named("RESOURCE_CONFLICT"), unknown("HTTP status 409")),
        (415, named("UNSUPPORTED_MEDIA_TYPE"), unknown("HTTP status 415")),
        (429, named("RATE_LIMIT_REACHED"), "unknown HTTP status 429: did not run".into()),
        (500, named("INTERNAL_SERVER_ERROR"), unknown("HTTP status 500")),
        (500, paid.clone(), unknown("HTTP status 500")),
        (502, "<html>".into(), unknown("HTTP status 502")),
        (503, named("SERVICE_UNAVAILABLE"), unknown("HTTP status 503")),
    ];
    for (status, body, expected) in cases {
        let script = script([Json(status, body.clone())]).await;
        assert_eq!(completed(&client(&script.url)).await, expected, "{status} {body}");
        assert_eq!(script.lines()[1..], ["POST /v2/checkout/orders/5O1/capture"]);
    }
}

#[tokio::test]
async fn what_breaks_on_the_way_is_unknown() {
    // the answer, what it means
    let cases = [
        (Close, "unknown connection broke: may have run"),
        (Cut, "unknown connection broke: may have run"),
        (Hang, "unknown timeout: may have run"),
    ];
    for (reply, expected) in cases {
        let script = script([reply.clone()]).await;
        // Long enough for the token even on a busy machine.
        let patience = std::time::Duration::from_secs(3);
        let impatient = client_with(&script.url, |config| config.timeout = patience);
        assert_eq!(completed(&impatient).await, expected, "{reply:?}");
    }
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    assert_eq!(completed(&client(&url)).await, "unknown no connection: did not run");
}

#[tokio::test]
async fn an_order_that_is_captured_already_is_looked_at() {
    let already = || Json(422, issue("ORDER_ALREADY_CAPTURED"));
    let missing = || Json(404, issue("INVALID_RESOURCE_ID"));
    let seen = |status: &str| Json(200, order("COMPLETED", json!([capture(status)])).to_string());
    let cases: [(Vec<Reply>, &str); 5] = [
        (vec![already(), seen("COMPLETED")], PAID),
        (vec![already(), seen("PENDING")], "processing PENDING: 5O1/3C6 pay_1 of team:7 asked 2500 USD received -"),
        (vec![already(), missing(), missing()], "unknown captured, but the order cannot be read: may have run"),
        (vec![already(), Json(500, String::new())], "unknown HTTP status 500: may have run"),
        (vec![missing(), missing(), missing()], "not known"),
    ];
    for (replies, expected) in cases {
        let script = script(replies.clone()).await;
        assert_eq!(completed(&client(&script.url)).await, expected, "{replies:?}");
        assert_eq!(script.lines()[2], "GET /v2/checkout/orders/5O1");
    }
}

#[tokio::test]
async fn a_repeat_has_the_same_request_id_and_does_not_wash_off_a_doubt() {
    let paid = || Json(201, order("COMPLETED", json!([capture("COMPLETED")])).to_string());
    let json = |status: u16| Json(status, issue("SOME_ISSUE"));
    let cases: [(Vec<Reply>, &str); 9] = [
        (vec![json(500), paid()], PAID),
        (vec![Close, json(503), paid()], PAID),
        (vec![json(409), paid()], PAID),
        (vec![Json(422, issue("ORDER_COMPLETION_IN_PROGRESS")), paid()], PAID),
        (vec![json(500), json(500), json(500)], "unknown HTTP status 500: may have run"),
        // The verdict on the request id settles what the first attempt left open …
        (vec![json(500), json(422)], "refused SOME_ISSUE: for the operator (f1a2)"),
        // … what PayPal says before it looks the id up does not.
        (vec![json(500), json(403)], "unknown HTTP status 403: may have run"),
        (vec![Close, json(404)], "unknown HTTP status 404: may have run"),
        (vec![json(429), json(403)], "refused SOME_ISSUE: for the operator (f1a2)"),
    ];
    for (replies, expected) in cases {
        let script = script(replies.clone()).await;
        assert_eq!(completed(&repeating(&script.url, 2)).await, expected, "{replies:?}");
        let asked = &script.asked()[1..];
        assert_eq!(asked.len(), replies.len(), "{replies:?}");
        assert!(asked.iter().all(|asked| asked.header("paypal-request-id") == "tu:pay_1:capture:1"), "{replies:?}");
    }
}

#[tokio::test]
async fn a_refused_token_is_renewed_once() {
    let paid = || Json(201, order("COMPLETED", json!([capture("COMPLETED")])).to_string());
    let unauthorised = || Json(401, r#"{"name":"AUTHENTICATION_FAILURE","debug_id":"f1a2"}"#.into());
    let token = || Json(200, TOKEN.replace("A21.hidden", "A21.second"));

    let replies = script([unauthorised(), token(), paid(), paid()]).await;
    let client_1 = client(&replies.url);
    assert_eq!([completed(&client_1).await, completed(&client_1).await], [PAID, PAID]);
    let asked = replies.asked();
    let bearers: Vec<&str> = asked.iter().map(|asked| asked.header("authorization")).collect();
    assert_eq!(bearers[1..], ["Bearer A21.hidden", bearers[2], "Bearer A21.second", "Bearer A21.second"]);
    assert_eq!([&asked[0].line, &asked[2].line], ["POST /v1/oauth2/token"; 2]);
    assert_eq!(asked[0].body, "grant_type=client_credentials");

    let replies = script([unauthorised(), token(), unauthorised()]).await;
    let refused = "refused AUTHENTICATION_FAILURE: for the operator (f1a2)";
    assert_eq!(completed(&client(&replies.url)).await, refused);
    assert_eq!(replies.lines().len(), 4);
}

#[tokio::test]
async fn without_a_token_nothing_was_done() {
    let invalid = r#"{"error":"invalid_client","error_description":"Client Authentication failed"}"#;
    let cases = [
        (Json(401, invalid.into()), "refused invalid_client: for the operator (-)"),
        (Json(500, String::new()), "unknown HTTP status 500: did not run"),
        (Json(429, String::new()), "unknown HTTP status 429: did not run"),
        (Json(200, "{}".into()), "unknown unreadable answer: did not run"),
        (Json(200, r#"{"access_token":"a\nb","expires_in":9}"#.into()), "unknown unreadable answer: did not run"),
        (Close, "unknown connection broke: did not run"),
    ];
    for (reply, expected) in cases {
        let script = Script::start([reply.clone()]).await;
        assert_eq!(completed(&client(&script.url)).await, expected, "{reply:?}");
        assert_eq!(script.lines(), ["POST /v1/oauth2/token"], "{reply:?}");
    }
}

#[tokio::test]
async fn one_token_serves_everyone_who_waits_for_it() {
    let paid = || Json(201, order("COMPLETED", json!([capture("COMPLETED")])).to_string());
    let script = script((0..4).map(|_| paid())).await;
    let client = client(&script.url);
    let told = tokio::join!(completed(&client), completed(&client), completed(&client), completed(&client));
    assert_eq!([told.0, told.1, told.2, told.3], [PAID; 4]);
    let tokens = script.lines().iter().filter(|line| line.ends_with("/oauth2/token")).count();
    assert_eq!((tokens, script.lines().len()), (1, 5));

    // A failure is shared as well: PayPal limits how often it may be asked.
    let script = Script::start([With(401, "paypal-debug-id", "f9", r#"{"error":"invalid_client"}"#.into())]).await;
    let client = super::support::client(&script.url);
    let told = tokio::join!(completed(&client), completed(&client), completed(&client));
    assert_eq!([told.0, told.1, told.2], ["refused invalid_client: for the operator (f9)"; 3]);
    assert_eq!(script.lines().len(), 1);
}

#[tokio::test]
async fn an_attempt_gets_a_new_request_id_after_a_definite_refusal_only() {
    let paid = order("COMPLETED", json!([capture("COMPLETED")])).to_string();
    let replies = [
        Json(422, issue("INSTRUMENT_DECLINED")),
        Json(500, String::new()),
        Json(403, issue("PERMISSION_DENIED")),
        Json(422, issue("INSTRUMENT_DECLINED")),
        Json(201, paid),
    ];
    let script = script(replies).await;
    let client = client(&script.url);
    for _ in 0..5 {
        completed(&client).await;
    }
    let asked = script.asked();
    let ids: Vec<&str> = asked[1..].iter().map(|asked| asked.header("paypal-request-id")).collect();
    let numbers: Vec<&str> = ids.iter().map(|id| id.strip_prefix("tu:pay_1:capture:").unwrap()).collect();
    assert_eq!(numbers, ["1", "2", "2", "2", "3"]);
}

//! Questions to a scripted server: what is sent, and what is concluded.

use providers::gateway::{Gateway, Sighting, Trouble};
use providers::vnpay::{Client, Config};
use serde_json::{Value, json};

use super::{
    CREATED_AT_S, SECRET, TMN_CODE, TXN_REF, answer, answer_body, client, config, hmac_hex, now_s, pending, standing,
};
use crate::support::Reply::{Close, Cut, Hang, Json, With};
use crate::support::{Reply, Script};

const PAID: &str = "querydr, paid";
const NOT_FOUND: &str = "querydr, not found (most fields absent)";

/// Long enough ago for every page to be over.
const LONG_AGO_S: i64 = 1_500_000_000;

pub(super) fn trouble(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Refused { code, reference, .. } => format!("refused {code} {}", reference.as_deref().unwrap_or("-")),
        Trouble::Unknown { reason, may_have_run, .. } => format!("unknown {may_have_run} {reason}"),
    }
}

fn told(result: Result<Option<Sighting>, Trouble>) -> String {
    match result {
        Ok(None) => "none".into(),
        Err(error) => trouble(&error),
        Ok(Some(seen)) => {
            let asked = seen.asked.map_or("-".into(), |money| money.amount_minor.to_string());
            assert_eq!(seen.received.is_some(), asked != "-" && standing(&seen.standing) == "paid");
            format!("{} {asked} {}", standing(&seen.standing), seen.money_id.as_deref().unwrap_or("-"))
        }
    }
}

async fn look_up(reply: Reply, created_at_s: i64) -> String {
    let script = Script::start([reply]).await;
    told(client(&script.url).look_up(&pending(created_at_s)).await)
}

#[tokio::test]
async fn a_question_is_signed_and_never_the_same() {
    let script = Script::start([answer(PAID, &json!({})), answer(PAID, &json!({}))]).await;
    let client = client(&script.url);
    let seen = client.look_up(&pending(CREATED_AT_S)).await.unwrap().unwrap();
    assert_eq!((seen.object_id.as_str(), seen.topup_id.as_deref(), seen.account_id), (TXN_REF, Some(TXN_REF), None));
    assert_eq!(seen.instrument.unwrap().brand.as_deref(), Some("NCB"));
    client.complete(&pending(CREATED_AT_S)).await.unwrap().unwrap();

    let asked = script.asked();
    let bodies: Vec<Value> = asked.iter().map(|asked| serde_json::from_str(&asked.body).unwrap()).collect();
    assert_eq!((asked[0].line.as_str(), asked[0].header("content-type")), ("POST /api", "application/json"));
    let body = &bodies[0];
    let text = |name: &str| body[format!("vnp_{name}")].as_str().unwrap_or_default().to_owned();
    for (name, value) in [
        ("Version", "2.1.0"),
        ("Command", "querydr"),
        ("TmnCode", TMN_CODE),
        ("TxnRef", TXN_REF),
        ("TransactionDate", "20261120161500"),
        ("IpAddr", "127.0.0.1"),
        ("OrderInfo", "Truy van TU20261120000001"),
    ] {
        assert_eq!(text(name), value, "{name}");
    }
    let order = [
        "RequestId",
        "Version",
        "Command",
        "TmnCode",
        "TxnRef",
        "TransactionDate",
        "CreateDate",
        "IpAddr",
        "OrderInfo",
    ];
    assert_eq!(text("SecureHash"), hmac_hex(&order.map(text).join("|"), SECRET));
    assert_eq!(body.as_object().unwrap().len(), order.len() + 1);
    assert_eq!((text("RequestId").len(), text("CreateDate").len()), (32, 14));
    assert_ne!(bodies[0]["vnp_RequestId"], bodies[1]["vnp_RequestId"]);
}

#[tokio::test]
async fn an_answer_is_what_its_status_says() {
    let cases = [
        (json!({}), "paid 500000 14226112"),
        (json!({"TransactionStatus": "01"}), "payable None 500000 14226112"),
        (json!({"TransactionStatus": "02"}), "failed vnpay_status_02 500000 14226112"),
        (json!({"TransactionStatus": "04"}), "review vnpay_status_04 500000 14226112"),
        (json!({"TransactionStatus": "05"}), "review vnpay_status_05 500000 14226112"),
        (json!({"TransactionStatus": "07"}), "review vnpay_07 500000 14226112"),
        (json!({"TransactionStatus": ""}), "unknown true the answer has no status"),
        (json!({"TransactionType": "03", "Amount": "10000000"}), "review vnpay_refunded - -"),
        (json!({"TransactionType": null}), "paid 500000 14226112"),
        (json!({"TransactionNo": "0"}), "paid 500000 -"),
        (
            json!({"Amount": 50_000_000, "TransactionNo": 14_226_112, "PayDate": 20_261_120_161_742_u64}),
            "paid 500000 14226112",
        ),
        (json!({"Amount": "50000050"}), "paid - 14226112"),
        (json!({"Amount": null}), "paid - 14226112"),
        (json!({"Amount": "40000000"}), "paid 400000 14226112"),
        (json!({"OrderInfo": "ü ₫ \u{1F4B0}"}), "paid 500000 14226112"),
        (json!({"PromotionCode": "VNPAYKM", "PromotionAmount": "1000000"}), "paid 500000 14226112"),
    ];
    for (changes, expected) in cases {
        assert_eq!(look_up(answer(PAID, &changes), CREATED_AT_S).await, expected, "{changes}");
    }
}

#[tokio::test]
async fn a_response_code_is_about_the_request() {
    let reference = "c1a2c3d4e5f60718293a4b5c6d7e8f90";
    // code, first created, outcome
    let cases = [
        ("91", now_s(), "none".to_owned()),
        ("91", LONG_AGO_S, "failed expired 500000 -".to_owned()),
        ("02", LONG_AGO_S, format!("refused vnpay_02 {reference}")),
        ("03", LONG_AGO_S, format!("refused vnpay_03 {reference}")),
        ("97", LONG_AGO_S, format!("refused vnpay_97 {reference}")),
        ("94", LONG_AGO_S, "unknown false vnpay_94".to_owned()),
        ("95", LONG_AGO_S, "unknown true vnpay_95".to_owned()),
        ("99", LONG_AGO_S, "unknown true vnpay_99".to_owned()),
        ("", LONG_AGO_S, "unknown true vnpay_unreadable".to_owned()),
    ];
    for (code, created_at_s, expected) in cases {
        let reply = answer(NOT_FOUND, &json!({"ResponseCode": code}));
        assert_eq!(look_up(reply, created_at_s).await, expected, "{code}");
    }
}

#[tokio::test]
async fn an_answer_that_is_not_surely_ours_settles_nothing() {
    let other = "unknown true the answer is to another request";
    let unsigned = "unknown true the answer has no valid checksum (it claims code";
    let altered = |from: &str, to: &str| Json(200, answer_body(PAID, &json!({})).replace(from, to));
    let mut no_hash: Value = serde_json::from_str(&answer_body(PAID, &json!({}))).unwrap();
    no_hash.as_object_mut().unwrap().remove("vnp_SecureHash");
    let cases = [
        (answer(PAID, &json!({"TmnCode": "TESTTMN2"})), other),
        (answer(PAID, &json!({"TxnRef": "TU20261120000002"})), other),
        (answer(PAID, &json!({"TxnRef": null})), other),
        (answer(PAID, &json!({"Command": "refund"})), other),
        (answer(PAID, &json!({"Message": "a|b"})), "unknown true ambiguous answer"),
        (altered("50000000", "40000000"), unsigned),
        (altered("\"00\"", "\"97\""), unsigned),
        (altered("SecureHash\":\"", "SecureHash\":\"0"), unsigned),
        (Json(200, no_hash.to_string()), unsigned),
        (Json(200, r#"{"vnp_ResponseCode":"97","vnp_Message":"Invalid checksum"}"#.into()), unsigned),
        (Json(200, r#"{"vnp_ResponseCode":91}"#.into()), unsigned),
        (Json(200, "{}".into()), unsigned),
        (Json(200, "[]".into()), "unknown true unreadable answer"),
        (Json(200, "<html>".into()), "unknown true unreadable answer"),
        (Json(200, String::new()), "unknown true unreadable answer"),
        (Json(200, "x".repeat(70_000)), "unknown true unreadable answer"),
        (Json(500, answer_body(PAID, &json!({}))), "unknown true HTTP status 500"),
        (Json(404, "{}".into()), "unknown true HTTP status 404"),
        (Json(429, "{}".into()), "unknown false HTTP status 429"),
        (With(302, "location", "http://127.0.0.1:9/", String::new()), "unknown true HTTP status 302"),
        (Close, "unknown true connection broke"),
        (Cut, "unknown true connection broke"),
    ];
    for (n, (reply, expected)) in cases.into_iter().enumerate() {
        let told = look_up(reply, LONG_AGO_S).await;
        assert!(told.starts_with(expected), "case {n}: {told}");
    }
}

#[tokio::test]
async fn no_answer_is_unknown_and_no_connection_did_nothing() {
    let script = Script::start([Hang]).await;
    let hasty = Client::new(Config { timeout_ms: 50, ..config(&script.url) }).unwrap();
    assert_eq!(told(hasty.look_up(&pending(LONG_AGO_S)).await), "unknown true timeout");

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    assert_eq!(told(client(&url).look_up(&pending(LONG_AGO_S)).await), "unknown false no connection");
}

#[tokio::test]
async fn what_vnpay_has_not_is_not_asked() {
    let script = Script::start([]).await;
    let client = client(&script.url);
    assert_eq!((client.name(), client.live(), client.can_list()), ("vnpay", false, false));
    assert_eq!(told(client.close(&pending(LONG_AGO_S)).await), "none");
    assert_eq!(trouble(&client.list(0, 1).await.unwrap_err()), "refused unsupported -");
    let mut odd = pending(LONG_AGO_S);
    odd.object_id = Some("TU1|00|".into());
    assert_eq!(told(client.look_up(&odd).await), "refused topup_id -");
    assert_eq!(script.lines(), Vec::<String>::new());
}

#[tokio::test]
async fn the_secret_does_not_show() {
    let script = Script::start([Json(200, "{}".into())]).await;
    let client = client(&script.url);
    let error = client.look_up(&pending(LONG_AGO_S)).await.unwrap_err();
    let shown = format!("{client:?} {:?} {error:?} {error} {:?}", config(&script.url), script.asked());
    assert!(!shown.contains(SECRET), "{shown}");
}

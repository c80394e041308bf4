//! Refunds against a scripted server: what is sent, how often, and how one is found again.

use providers::gateway::{Gateway, RefundAsk, RefundSighting, RefundStanding, Trouble};
use serde_json::{Value, json};

use super::calls::trouble;
use super::{SECRET, TMN_CODE, TXN_REF, answer, client, dong, hmac_hex, now_s, refund_ask};
use crate::support::Reply::{Close, Json};
use crate::support::{Reply, Script};

const PART: &str = "refund, part";
const WHOLE: &str = "refund, full";
const RECORD: &str = "querydr, paid";
/// The first 32 hex digits of SHA-256 of `rf_1`.
const REQUEST_ID: &str = "8274b63e0bc3f3b2eefcfd07d84b815a";

/// A day that is not today.
const ANOTHER_DAY_S: i64 = 1_500_000_000;

/// 500 000 ₫ back.
fn whole(created_at_s: i64) -> RefundAsk {
    RefundAsk { money: dong(500_000), whole: true, ..refund_ask(created_at_s) }
}

fn told(seen: &RefundSighting) -> String {
    assert_eq!((seen.refund_id.as_deref(), seen.payment_object_id.as_deref()), (Some("rf_1"), Some(TXN_REF)));
    assert_eq!((seen.money_id.as_deref(), seen.forced), (Some("14226112"), false));
    let standing = match &seen.standing {
        RefundStanding::Pending => "pending".to_owned(),
        RefundStanding::Succeeded => "succeeded".to_owned(),
        RefundStanding::Failed(code) => format!("failed {code}"),
    };
    format!("{standing} {} {}", seen.money.amount_minor, seen.object_id)
}

fn outcome(result: Result<RefundSighting, Trouble>) -> String {
    result.map_or_else(|error| trouble(&error), |seen| told(&seen))
}

async fn refund(ask: &RefundAsk, replies: Vec<Reply>) -> (String, Vec<Value>) {
    let script = Script::start(replies).await;
    let outcome = outcome(client(&script.url).refund(ask).await);
    (outcome, script.asked().iter().map(|asked| serde_json::from_str(&asked.body).unwrap()).collect())
}

fn commands(asked: &[Value]) -> String {
    asked.iter().map(|body| body["vnp_Command"].as_str().unwrap()).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_refund_is_signed_and_carries_a_request_id_of_its_own() {
    let (outcome, asked) = refund(&refund_ask(now_s()), vec![answer(PART, &json!({}))]).await;
    assert_eq!(outcome, "pending 100000 14226113");
    let text = |name: &str| asked[0][format!("vnp_{name}")].as_str().unwrap_or_default().to_owned();
    for (name, value) in [
        ("Version", "2.1.0"),
        ("Command", "refund"),
        ("TmnCode", TMN_CODE),
        ("TransactionType", "03"),
        ("TxnRef", TXN_REF),
        ("Amount", "10000000"),
        ("TransactionNo", "14226112"),
        ("TransactionDate", "20261120161500"),
        ("CreateBy", "Dang Van ops"),
        ("OrderInfo", "Hoan tien rf_1 hoan tien"),
        ("IpAddr", "127.0.0.1"),
        ("RequestId", REQUEST_ID),
    ] {
        assert_eq!(text(name), value, "{name}");
    }
    let order = [
        "RequestId",
        "Version",
        "Command",
        "TmnCode",
        "TransactionType",
        "TxnRef",
        "Amount",
        "TransactionNo",
        "TransactionDate",
        "CreateBy",
        "CreateDate",
        "IpAddr",
        "OrderInfo",
    ];
    assert_eq!(text("SecureHash"), hmac_hex(&order.map(text).join("|"), SECRET));
    assert_eq!(asked[0].as_object().unwrap().len(), order.len() + 1);

    let (outcome, asked) = refund(&whole(now_s()), vec![answer(WHOLE, &json!({}))]).await;
    assert_eq!(outcome, "pending 500000 14226113");
    assert_eq!((&asked[0]["vnp_TransactionType"], &asked[0]["vnp_RequestId"]), (&json!("02"), &json!(REQUEST_ID)));
    let unnumbered = RefundAsk { money_id: None, operator: "｜".into(), ..refund_ask(now_s()) };
    let script = Script::start([answer(PART, &json!({}))]).await;
    client(&script.url).refund(&unnumbered).await.unwrap();
    let body: Value = serde_json::from_str(&script.asked()[0].body).unwrap();
    assert_eq!((&body["vnp_TransactionNo"], &body["vnp_CreateBy"]), (&json!(""), &json!("scrip")));
}

#[tokio::test]
async fn an_answer_to_a_refund_is_definite_or_unknown() {
    let id = "00112233445566778899aabbccddeeff";
    let by_code = |code: &str| answer(PART, &json!({"ResponseCode": code}));
    let cases = [
        (answer(PART, &json!({"TransactionStatus": "00"})), "pending 100000 14226113".to_owned()),
        (answer(PART, &json!({"TransactionStatus": "06"})), "pending 100000 14226113".to_owned()),
        (answer(PART, &json!({"TransactionStatus": null})), "pending 100000 14226113".to_owned()),
        (answer(PART, &json!({"TransactionStatus": "09"})), "failed vnpay_status_09 100000 14226113".to_owned()),
        (answer(PART, &json!({"TransactionNo": "0"})), format!("pending 100000 {REQUEST_ID}")),
        (answer(PART, &json!({"Amount": 10_000_000})), "pending 100000 14226113".to_owned()),
        (answer(PART, &json!({"Amount": "50000000"})), "unknown true the answer is about another amount".to_owned()),
        (answer(PART, &json!({"TxnRef": "TU2"})), "unknown true the answer is to another request".to_owned()),
        (answer(PART, &json!({"Command": "querydr"})), "unknown true the answer is to another request".to_owned()),
        (by_code("02"), format!("refused vnpay_02 {id}")),
        (by_code("03"), format!("refused vnpay_03 {id}")),
        (by_code("91"), format!("refused vnpay_91 {id}")),
        (by_code("95"), format!("refused vnpay_95 {id}")),
        (by_code("97"), format!("refused vnpay_97 {id}")),
        (by_code("94"), "unknown true vnpay_94".to_owned()),
        (by_code("99"), "unknown true vnpay_99".to_owned()),
        (by_code("00000"), "unknown true vnpay_unreadable".to_owned()),
        (Json(503, "{}".into()), "unknown true HTTP status 503".to_owned()),
        (Close, "unknown true connection broke".to_owned()),
    ];
    for (n, (reply, expected)) in cases.into_iter().enumerate() {
        let (outcome, asked) = refund(&refund_ask(now_s()), vec![reply]).await;
        assert_eq!((outcome, commands(&asked).as_str()), (expected, "refund"), "case {n}");
    }
    // A refusal of a repeat says nothing about the request before it.
    for code in ["02", "95", "97"] {
        let again = RefundAsk { may_have_run: true, ..refund_ask(now_s()) };
        let (outcome, _) = refund(&again, vec![by_code(code)]).await;
        assert_eq!(outcome, format!("unknown true vnpay_{code}"));
    }
    // Its checksum covers 13 fields; with the two more of a question it is another text.
    let script = Script::start([answer(RECORD, &json!({"Command": "refund", "Amount": "10000000"}))]).await;
    let error = client(&script.url).refund(&refund_ask(now_s())).await.unwrap_err();
    assert!(trouble(&error).contains("no valid checksum"), "{error}");
}

#[tokio::test]
async fn a_refund_without_wire_form_is_not_sent() {
    let ask = RefundAsk { money: dong(0), ..refund_ask(now_s()) };
    let (outcome, asked) = refund(&ask, vec![]).await;
    assert_eq!((outcome.as_str(), asked.len()), ("refused amount -", 0));
}

/// What a question shows, per kind of refund: ours or not.
fn records() -> Vec<(&'static str, RefundAsk, Value, &'static str)> {
    let part = || refund_ask(ANOTHER_DAY_S);
    let numbered = || RefundAsk { object_id: Some("14226113".into()), ..part() };
    let part_record = |status: &str| {
        json!({"TransactionType": "03", "TransactionStatus": status,
        "Amount": "10000000", "TransactionNo": "14226113"})
    };
    let with = |mut record: Value, name: &str, value: &str| {
        record[name] = value.into();
        record
    };
    let whole_record = json!({"TransactionType": "02", "TransactionStatus": "06", "TransactionNo": "14226113"});
    let payment = |status: &str| json!({"TransactionStatus": status});
    vec![
        ("by number, in work", numbered(), part_record("05"), "pending 100000 14226113"),
        ("by number, done", numbered(), part_record("06"), "succeeded 100000 14226113"),
        ("by number, done", numbered(), part_record("00"), "succeeded 100000 14226113"),
        ("by number, refused", numbered(), part_record("09"), "failed vnpay_status_09 100000 14226113"),
        ("by text", part(), with(part_record("06"), "OrderInfo", "Hoan tien rf_1 x"), "succeeded 100000 14226113"),
        ("another's text", part(), with(part_record("06"), "OrderInfo", "Hoan tien rf_11"), "unclear"),
        ("another part", part(), part_record("06"), "unclear"),
        ("another number", numbered(), with(part_record("06"), "TransactionNo", "14226114"), "unclear"),
        ("another amount", numbered(), with(part_record("06"), "Amount", "20000000"), "unclear"),
        ("the whole", whole(ANOTHER_DAY_S), whole_record.clone(), "succeeded 500000 14226113"),
        ("the whole, asked for a part", part(), whole_record, "unclear"),
        ("the payment in refund, whole", whole(ANOTHER_DAY_S), payment("06"), "succeeded 500000 {id}"),
        ("the payment in refund, part", numbered(), payment("06"), "unclear"),
        ("the payment, untouched", part(), payment("00"), "untouched"),
        ("the payment, failed", part(), payment("02"), "unclear"),
        ("not found", part(), json!({"ResponseCode": "91"}), "unclear"),
    ]
}

#[tokio::test]
async fn a_refund_is_found_where_it_can_be_no_other() {
    for (name, ask, record, expected) in records() {
        let script = Script::start([answer(RECORD, &record)]).await;
        let found = client(&script.url).look_up_refund(&ask).await.unwrap();
        let found = found.map_or("none".to_owned(), |seen| told(&seen));
        let expected = match expected {
            "untouched" | "unclear" => "none".to_owned(),
            found => found.replace("{id}", REQUEST_ID),
        };
        assert_eq!(found, expected, "{name}");
        let asked: Value = serde_json::from_str(&script.asked()[0].body).unwrap();
        assert_eq!(asked["vnp_TransactionNo"].as_str(), ask.object_id.as_deref(), "{name}");
    }
    // Before VNPay told a number, our request id stands in its place and is not sent as one.
    let ask = RefundAsk { object_id: Some(REQUEST_ID.into()), ..whole(ANOTHER_DAY_S) };
    let script = Script::start([answer(RECORD, &json!({}))]).await;
    assert_eq!(client(&script.url).look_up_refund(&ask).await.unwrap(), None);
    assert!(!script.asked()[0].body.contains("vnp_TransactionNo"));
}

#[tokio::test]
async fn a_refund_of_another_day_is_sent_only_if_there_is_none() {
    for (name, ask, record, expected) in records() {
        let numbered = ask.object_id.is_some();
        let sent = answer(PART, &json!({}));
        let (outcome, asked) = refund(&ask, vec![answer(RECORD, &record), sent]).await;
        let (expected, expected_commands) = match expected {
            "untouched" => ("pending 100000 14226113".to_owned(), "querydr refund"),
            "unclear" => ("unknown true it may have been refunded before: see VNPay's portal".to_owned(), "querydr"),
            found => (found.replace("{id}", REQUEST_ID), "querydr"),
        };
        assert_eq!((outcome.as_str(), commands(&asked).as_str()), (expected.as_str(), expected_commands), "{name}");
        // One that VNPay has numbered is asked about on its own day, too.
        let today = RefundAsk { created_at_s: now_s(), ..ask };
        let (_, asked) = refund(&today, vec![answer(RECORD, &record)]).await;
        assert_eq!(commands(&asked), if numbered { "querydr" } else { "refund" }, "{name}");
    }
}

#[tokio::test]
async fn while_the_question_is_open_so_is_the_refund() {
    let cases = [
        (answer(RECORD, &json!({"ResponseCode": "97"})), "unknown true vnpay_97"),
        (answer(RECORD, &json!({"ResponseCode": "94"})), "unknown true vnpay_94"),
        (Json(429, "{}".into()), "unknown true HTTP status 429"),
    ];
    for (reply, expected) in cases {
        let (outcome, asked) = refund(&refund_ask(ANOTHER_DAY_S), vec![reply]).await;
        assert_eq!((outcome.as_str(), commands(&asked).as_str()), (expected, "querydr"));
    }
}

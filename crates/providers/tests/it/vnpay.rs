//! VNPay from outside: vectors, forged notices, calls to a scripted server, the npm package as a referee.
//!
//! Everything is signed here with another encoder and the bare algorithm, so that the crate is not checked by itself.

mod calls;
mod notices;
mod referee;
mod refunds;
mod vectors;

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use ledger::Unit;
use providers::gateway::{Ask, Gateway, News, Notice, Pending, RawNotice, RefundAsk, Sighting, Standing, Unverified};
use providers::vnpay::{Client, Config};
use providers::{Money, Secret};
use reqwest::Url;
use serde_json::{Value, json};

use crate::support::Reply;

const SECRET: &str = "TESTSECRETKEY0123456789ABCDEFGHIJ";
const TMN_CODE: &str = "TESTTMN1";
const TXN_REF: &str = "TU20261120000001";
/// 2026-11-20 16:15:00 in Vietnam.
const CREATED_AT_S: i64 = 1_795_166_100;
/// The signed fields of an answer of `querydr`, in order; `refund` has the first 13.
const ANSWER_ORDER: [&str; 15] = [
    "ResponseId",
    "Command",
    "ResponseCode",
    "Message",
    "TmnCode",
    "TxnRef",
    "Amount",
    "BankCode",
    "PayDate",
    "TransactionNo",
    "TransactionType",
    "TransactionStatus",
    "OrderInfo",
    "PromotionCode",
    "PromotionAmount",
];

fn vectors() -> Value {
    serde_json::from_str(include_str!("../fixtures/vnpay/vectors.json")).unwrap()
}

fn config(url: &str) -> Config {
    rustls::crypto::ring::default_provider().install_default().ok();
    Config { api_url: format!("{url}/api"), ..Config::new(TMN_CODE, Secret::new(SECRET).unwrap(), false) }
}

fn client(url: &str) -> Client {
    Client::new(config(url)).unwrap()
}

/// A client that calls nobody.
fn offline() -> Client {
    client("http://127.0.0.1:9")
}

fn dong(amount_minor: i64) -> Money {
    Money { amount_minor, currency: Unit::parse("VND").unwrap() }
}

/// A change of [`ask`], one row of a table.
type Change = fn(&mut Ask);

/// The payment of the first vector.
fn ask() -> Ask {
    Ask {
        account_id: "acc_1".into(),
        topup_id: TXN_REF.into(),
        money: dong(500_000),
        description: "Nap tien tai khoan TU20261120000001. So tien 500,000 VND".into(),
        customer_id: None,
        language: "vi".into(),
        return_url: "https://billing.example.com/return/vnpay?tenant=t1".into(),
        cancel_url: "https://billing.example.com/cancel".into(),
        payer_address: "203.0.113.7".parse().unwrap(),
        created_at_s: CREATED_AT_S,
        expires_at_s: CREATED_AT_S + 900,
        save_card: false,
    }
}

fn pending(created_at_s: i64) -> Pending {
    Pending {
        account_id: "acc_1".into(),
        topup_id: TXN_REF.into(),
        object_id: Some(TXN_REF.into()),
        customer_id: None,
        money: dong(500_000),
        created_at_s,
    }
}

/// The part refund of the vectors, asked for at this second.
fn refund_ask(created_at_s: i64) -> RefundAsk {
    RefundAsk {
        refund_id: "rf_1".into(),
        payment: pending(CREATED_AT_S),
        money_id: Some("14226112".into()),
        paid_at_s: CREATED_AT_S + 162,
        money: dong(100_000),
        whole: false,
        operator: "Đặng Văn|ops".into(),
        reason: "hoàn tiền".into(),
        object_id: None,
        may_have_run: false,
        created_at_s,
    }
}

fn now_s() -> i64 {
    jiff::Timestamp::now().as_second()
}

fn hmac_hex(text: &str, secret: &str) -> String {
    let mut mac = Hmac::<sha2::Sha512>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

/// The parameters of a paid notice.
fn paid() -> BTreeMap<&'static str, &'static str> {
    BTreeMap::from([
        ("vnp_Amount", "50000000"),
        ("vnp_BankCode", "NCB"),
        ("vnp_BankTranNo", "VNP14226112"),
        ("vnp_CardType", "ATM"),
        ("vnp_OrderInfo", "Nap tien tai khoan"),
        ("vnp_PayDate", "20261120161742"),
        ("vnp_ResponseCode", "00"),
        ("vnp_TmnCode", TMN_CODE),
        ("vnp_TransactionNo", "14226112"),
        ("vnp_TransactionStatus", "00"),
        ("vnp_TxnRef", TXN_REF),
    ])
}

/// The paid notice with other values; an empty one takes a parameter away.
fn changed(changes: &[(&'static str, &'static str)]) -> BTreeMap<&'static str, &'static str> {
    let mut params = paid();
    params.extend(changes.iter().copied());
    params.retain(|_, value| !value.is_empty());
    params
}

/// Form encoding as the URL standard has it.
fn encoded(params: &BTreeMap<&str, &str>) -> String {
    let mut url = Url::parse("http://localhost/").unwrap();
    url.query_pairs_mut().extend_pairs(params);
    url.query().unwrap().to_owned()
}

fn signed(params: &BTreeMap<&str, &str>, secret: &str) -> String {
    let text = encoded(params);
    let hash = hmac_hex(&text, secret);
    format!("{text}&vnp_SecureHash={hash}")
}

async fn verify(client: &Client, query: &[u8]) -> Result<Notice, Unverified> {
    client.verify(&RawNotice { bytes: query, headers: &HeaderMap::new(), now_s: CREATED_AT_S }).await
}

fn payment(notice: Notice) -> Sighting {
    match notice.news {
        News::Payment(sighting) => *sighting,
        news => panic!("not a payment: {news:?}"),
    }
}

fn standing(standing: &Standing) -> String {
    match standing {
        Standing::Paid => "paid".into(),
        Standing::Payable(code) => format!("payable {code:?}"),
        Standing::Failed(code) => format!("failed {code}"),
        Standing::UnderReview(code) => format!("review {code}"),
        other => format!("{other:?}"),
    }
}

/// An answer of the API: one of the vectors with other values (`null` takes a field away), signed again.
fn answer(vector: &str, changes: &Value) -> Reply {
    Reply::Json(200, answer_body(vector, changes))
}

fn answer_body(vector: &str, changes: &Value) -> String {
    let vectors = vectors();
    let calls = vectors["api"].as_array().unwrap();
    let mut answer = calls.iter().find(|call| call["name"] == vector).unwrap()["response"].clone();
    for (name, value) in changes.as_object().unwrap() {
        answer[format!("vnp_{name}")] = value.clone();
    }
    let signed = if vector.starts_with("refund") { 13 } else { 15 };
    let text = |name: &&str| match &answer[format!("vnp_{name}")] {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    };
    let values: Vec<String> = ANSWER_ORDER[..signed].iter().map(text).collect();
    answer["vnp_SecureHash"] = json!(hmac_hex(&values.join("|"), SECRET));
    answer.to_string()
}

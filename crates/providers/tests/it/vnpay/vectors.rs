//! Every vector made with the npm package: links, notices, calls.

use std::net::IpAddr;

use providers::Secret;
use providers::gateway::{Gateway, Next};
use providers::vnpay::api::{self, AnswerError, Command, Fields};
use providers::vnpay::query::{self, Params};
use serde_json::Value;

use super::{Change, SECRET, ask, dong, offline, payment, standing, vectors, verify};

fn secret() -> Secret {
    Secret::new(SECRET).unwrap()
}

fn fields(value: &Value) -> Fields {
    let fields = value.as_object().unwrap().iter();
    fields.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect()
}

#[test]
fn every_link_is_signed_to_the_byte() {
    let vectors = vectors();
    let links = vectors["payment_urls"].as_array().unwrap();
    assert_eq!(links.len(), 7);
    for link in links {
        let params: Params = fields(&link["params"]);
        assert_eq!(query::canonical(&params), link["sign_data"].as_str().unwrap(), "{}", link["name"]);
        let url = format!("https://sandbox.vnpayment.vn/paymentv2/vpcpay.html?{}", query::signed(&params, &secret()));
        assert_eq!(url, link["url"].as_str().unwrap(), "{}", link["name"]);
    }
}

#[tokio::test]
async fn a_payment_is_opened_with_the_same_link() {
    let vectors = vectors();
    // The other three have what is never sent: a bank code, letters that are folded.
    let cases: [(&str, Change); 4] = [
        ("basic", |_| ()),
        ("safe punctuation", |ask| ask.description = "Top-up TU_1.2 : 25 USD".into()),
        ("IPv6 payer", |ask| ask.payer_address = "2001:db8::1".parse::<IpAddr>().unwrap()),
        ("small amount", |ask| {
            ask.money = dong(10_000);
            ask.topup_id = "TU20261120000002".into();
        }),
    ];
    for (name, change) in cases {
        let link = vectors["payment_urls"].as_array().unwrap().iter().find(|link| link["name"] == name).unwrap();
        let mut ask = ask();
        change(&mut ask);
        let opened = offline().open(&ask).await.unwrap();
        assert_eq!(opened.object_id, ask.topup_id);
        let Next::Redirect(url) = opened.next else { panic!("not a link: {:?}", opened.next) };
        assert_eq!(url, link["url"].as_str().unwrap(), "{name}");
    }
}

#[tokio::test]
async fn every_notice_is_read_as_wanted() {
    // name, reference, standing, đồng asked for; or refused
    let success = "TU20261120000001 paid 500000";
    let cases = [
        ("success", success),
        ("success, parameters in another order", success),
        ("success, SecureHashType present", success),
        ("success, upper-case hash", success),
        ("success, own query parameter added", success),
        ("success, empty vnp parameter added", success),
        ("success, space as %20 instead of +", success),
        ("amount changed", "refused"),
        ("hash missing", "refused"),
        ("hash empty", "refused"),
        ("parameter sent twice", "refused"),
        ("payer cancelled", "TU20261120000001 failed canceled 500000"),
        ("suspected fraud", "TU20261120000001 review vnpay_07 500000"),
        ("response 00 but transaction status 02", "TU20261120000001 failed vnpay_status_02 500000"),
        ("signed amount differs from the order", "TU20261120000001 paid 400000"),
        ("unknown order", "TU20261120999999 paid 500000"),
    ];
    let (vectors, client) = (vectors(), offline());
    let notices = vectors["ipn"].as_array().unwrap();
    assert_eq!(notices.len(), cases.len());
    let mut event_ids = Vec::new();
    for (notice, (name, expected)) in notices.iter().zip(cases) {
        assert_eq!(notice["name"], name);
        let told = match verify(&client, notice["query"].as_str().unwrap().as_bytes()).await {
            Err(_) => "refused".to_owned(),
            Ok(notice) => {
                event_ids.push(notice.event_id.clone());
                let seen = payment(notice);
                let asked = seen.asked.unwrap().amount_minor;
                format!("{} {} {asked}", seen.object_id, standing(&seen.standing))
            }
        };
        assert_eq!(told, expected, "{name}");
        assert_eq!(expected == "refused", notice["wanted"].as_str().unwrap().starts_with("97"), "{name}");
    }
    // However the paid notice was written, it is one notice; the other five are others.
    event_ids.dedup();
    assert_eq!(event_ids.len(), 1 + 5);
}

#[test]
fn every_call_is_signed_and_its_answer_verified() {
    let vectors = vectors();
    let calls = vectors["api"].as_array().unwrap();
    assert_eq!(calls.len(), 5);
    for call in calls {
        let name = call["name"].as_str().unwrap();
        let command = if name.starts_with("refund") { Command::Refund } else { Command::QueryDr };
        let sent = fields(&call["request"]);
        let mut unsigned = sent.clone();
        unsigned.remove("vnp_SecureHash");
        assert_eq!(api::signed(command, unsigned, &secret()), sent, "{name}");

        let answer = api::read(command, call["response"].to_string().as_bytes(), &secret()).unwrap();
        assert_eq!(Some(answer.response_code()), call["response"]["vnp_ResponseCode"].as_str(), "{name}");
        for signed in call["response"].as_object().unwrap().keys() {
            let mut altered = call["response"].clone();
            altered[signed] = "1".into();
            let verdict = api::read(command, altered.to_string().as_bytes(), &secret());
            assert!(matches!(verdict, Err(AnswerError::BadChecksum(_))), "{name}: {signed}");
        }
    }
}

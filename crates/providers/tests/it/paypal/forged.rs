//! Notices that nobody sent, or that somebody altered: none is believed.

use providers::gateway::Unverified;
use rustls::SignatureScheme;
use serde_json::json;

use super::support::{
    ATTACKER, CertificateServer, PAYPAL, Sent, Signer, WEBHOOK_ID, capture, client_with, event, script,
};
use crate::support::Reply::Json;

/// The name of a forgery and what it changes in a genuine notice.
type Forgery = (&'static str, fn(&mut Sent, &CertificateServer));

/// Changes the body without signing it.
fn replace(sent: &mut Sent, from: &str, to: &str) {
    let body = String::from_utf8(sent.body.clone()).unwrap();
    assert!(body.contains(from), "{from} is not in {body}");
    sent.body = body.replace(from, to).into_bytes();
}

/// Signs with this key, under this certificate.
fn sign_as(sent: &mut Sent, server: &CertificateServer, signer: &Signer<'_>, certificate: &str) {
    sent.set("paypal-cert-url", server.cert_url(certificate));
    sent.sign(signer, WEBHOOK_ID);
}

/// Signs a message of another form than PayPal's.
fn sign_text(sent: &mut Sent, form: fn(&str, &str, u32) -> String) {
    let (id, time) = (sent.header("paypal-transmission-id"), sent.header("paypal-transmission-time"));
    let signature = PAYPAL.sign(&form(id, time, crc32fast::hash(&sent.body)));
    sent.set("paypal-transmission-sig", signature);
}

fn sent_at(sent: &mut Sent, time: &str) {
    sent.set("paypal-transmission-time", time);
    sent.sign(&PAYPAL, WEBHOOK_ID);
}

fn twice(sent: &mut Sent, name: &'static str) {
    let value = sent.header(name).to_owned();
    sent.headers.push((name, value));
}

#[rustfmt::skip]
const FORGERIES: &[Forgery] = &[
    ("a higher amount", |sent, _| replace(sent, "25.00", "95.00")),
    ("another currency", |sent, _| replace(sent, "USD", "EUR")),
    ("another account", |sent, _| replace(sent, "team:7", "team:8")),
    ("another event", |sent, _| replace(sent, "CAPTURE.COMPLETED", "CAPTURE.REVERSED")),
    ("another status", |sent, _| replace(sent, r#""status":"COMPLETED""#, r#""status":"REFUNDED""#)),
    ("another event id", |sent, _| replace(sent, "WH-1", "WH-2")),
    ("a space added", |sent, _| sent.body.push(b' ')),
    ("serialised anew", |sent, _| replace(sent, ",", ", ")),
    ("cut short", |sent, _| sent.body.truncate(40)),
    ("no body", |sent, _| sent.body.clear()),
    ("another body", |sent, _| sent.body = b"{}".to_vec()),
    ("another transmission id", |sent, _| sent.set("paypal-transmission-id", "b1c2d3e4-0000-4000-8000-000000000002")),
    ("another second", |sent, _| sent.set("paypal-transmission-time", "2026-11-20T09:15:03Z")),
    ("the same time written otherwise", |sent, _| sent.set("paypal-transmission-time", "2026-11-20T09:15:02.000Z")),
    ("signed for another endpoint", |sent, _| sent.sign(&PAYPAL, "9ZZ23456CD789012E")),
    ("signed by the simulator", |sent, _| sent.sign(&PAYPAL, "WEBHOOK_ID")),
    ("signed by somebody else", |sent, _| sent.sign(&ATTACKER, WEBHOOK_ID)),
    ("signed with another padding", |sent, _| {
        sent.sign(&Signer { scheme: SignatureScheme::RSA_PSS_SHA256, ..PAYPAL }, WEBHOOK_ID);
    }),
    ("signed with another hash", |sent, _| {
        sent.sign(&Signer { scheme: SignatureScheme::RSA_PKCS1_SHA512, ..PAYPAL }, WEBHOOK_ID);
    }),
    ("a checksum in hexadecimal", |sent, _| {
        sign_text(sent, |id, time, crc| format!("{id}|{time}|{WEBHOOK_ID}|{crc:x}"));
    }),
    ("a padded checksum", |sent, _| sign_text(sent, |id, time, crc| format!("{id}|{time}|{WEBHOOK_ID}|{crc:012}"))),
    ("no checksum", |sent, _| sign_text(sent, |id, time, _| format!("{id}|{time}|{WEBHOOK_ID}|"))),
    ("a flipped bit", |sent, _| {
        let signature = sent.header("paypal-transmission-sig").to_owned();
        let first = if signature.starts_with('A') { "B" } else { "A" };
        sent.set("paypal-transmission-sig", format!("{first}{}", &signature[1..]));
    }),
    ("half a signature", |sent, _| {
        let half = sent.header("paypal-transmission-sig")[..172].to_owned();
        sent.set("paypal-transmission-sig", half);
    }),
    ("an empty signature", |sent, _| sent.set("paypal-transmission-sig", "")),
    ("a signature that is no base64", |sent, _| sent.set("paypal-transmission-sig", "not base64!")),
    ("no signature", |sent, _| sent.remove("paypal-transmission-sig")),
    ("no transmission id", |sent, _| sent.remove("paypal-transmission-id")),
    ("no time", |sent, _| sent.remove("paypal-transmission-time")),
    ("no certificate", |sent, _| sent.remove("paypal-cert-url")),
    ("no algorithm", |sent, _| sent.remove("paypal-auth-algo")),
    ("two signatures", |sent, _| twice(sent, "paypal-transmission-sig")),
    ("two transmission ids", |sent, _| twice(sent, "paypal-transmission-id")),
    ("two certificates", |sent, _| twice(sent, "paypal-cert-url")),
    ("another algorithm", |sent, _| sent.set("paypal-auth-algo", "SHA1withRSA")),
    ("no algorithm at all", |sent, _| sent.set("paypal-auth-algo", "none")),
    ("sent five days ago", |sent, _| sent_at(sent, "2026-11-15T09:15:02Z")),
    ("sent tomorrow", |sent, _| sent_at(sent, "2026-11-21T09:15:02Z")),
    ("sent at no time", |sent, _| sent_at(sent, "now")),
    ("a certificate that it signed itself", |sent, server| sign_as(sent, server, &ATTACKER, "self-signed")),
    ("a certificate of another owner", |sent, server| sign_as(sent, server, &ATTACKER, "other-owner")),
    ("a certificate of a similar name", |sent, server| sign_as(sent, server, &ATTACKER, "near-owner")),
    ("a certificate that has ended", |sent, server| sign_as(sent, server, &PAYPAL, "expired")),
    ("a certificate of tomorrow", |sent, server| sign_as(sent, server, &PAYPAL, "of-tomorrow")),
    ("a certificate without its chain", |sent, server| sign_as(sent, server, &PAYPAL, "without-intermediate")),
    ("a certificate of the vectors", |sent, server| sign_as(sent, server, &PAYPAL, "vector")),
    ("a certificate that does not exist", |sent, server| sign_as(sent, server, &PAYPAL, "none")),
    ("a certificate without end", |sent, server| sign_as(sent, server, &PAYPAL, "endless")),
    ("a certificate from elsewhere", |sent, server| {
        let port = server.url.rsplit_once(':').unwrap().1;
        sent.set("paypal-cert-url", format!("http://localhost:{port}/v1/notifications/certs/CERT-genuine"));
    }),
    ("a certificate from PayPal's own host, which a test must not call", |sent, _| {
        sent.set("paypal-cert-url", "https://api.paypal.com/v1/notifications/certs/CERT-genuine");
    }),
    ("a certificate from behind the origin", |sent, server| {
        let origin = server.url.trim_start_matches("http://");
        sent.set("paypal-cert-url", format!("http://user@{origin}/v1/notifications/certs/CERT-genuine"));
    }),
    ("a certificate from another path", |sent, server| {
        sent.set("paypal-cert-url", format!("{}/v1/notifications/certs/../certs/CERT-genuine", server.url));
    }),
    ("a certificate with a query", |sent, server| {
        let cert_url = server.cert_url("genuine");
        sent.set("paypal-cert-url", format!("{cert_url}?x=1"));
    }),
    ("a certificate with a fragment", |sent, server| {
        let cert_url = server.cert_url("genuine");
        sent.set("paypal-cert-url", format!("{cert_url}#x"));
    }),
];

#[tokio::test]
async fn no_forged_or_altered_notice_is_believed() {
    let server = CertificateServer::start().await;
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../fixtures/paypal/webhook-vectors.json")).unwrap();
    server.serve("vector", 200, vectors["paypal_webhook"]["certificate_pem"].as_str().unwrap().as_bytes());
    let genuine_pem = include_bytes!("../../fixtures/paypal/genuine.pem");
    server.serve("endless", 200, &[&genuine_pem[..], &[b'\n'; 64 << 10]].concat());
    let client = server.client("http://127.0.0.1:1");

    let genuine = Sent::genuine(&server, &event("PAYMENT.CAPTURE.COMPLETED", "capture", capture("COMPLETED")));
    assert_eq!(genuine.reach(&client).await.unwrap().event_id, "WH-1");
    assert!(FORGERIES.len() >= 30);
    for (name, forge) in FORGERIES {
        let mut sent = genuine.clone();
        forge(&mut sent, &server);
        let result = sent.reach(&client).await;
        assert!(matches!(result, Err(Unverified::Forged(_))), "{name}: {result:?}");
    }
    assert_eq!(genuine.reach(&client).await.unwrap().event_id, "WH-1");
}

#[tokio::test]
async fn what_is_signed_but_is_no_event_is_refused_without_quoting_it() {
    let server = CertificateServer::start().await;
    let client = server.client("http://127.0.0.1:1");
    for body in ["", "{", "[]", "{}", r#"{"id":"WH-1"}"#, r#"{"id":1,"event_type":"hidden"}"#, "hidden"] {
        match Sent::genuine(&server, body).reach(&client).await {
            Err(Unverified::Forged(why)) => {
                assert!(why.starts_with("this is not a PayPal event") && !why.contains("hidden"), "{why}");
            }
            other => panic!("{body}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn by_postback_paypal_decides_over_the_bytes_as_they_came() {
    use providers::paypal::Verify::Postback;
    let server = CertificateServer::start().await;
    let body = r#"{ "id":"WH-1", "event_type":"SOMETHING.ELSE", "n": 25.0, "e": "\u0041" }"#;
    let status = |status: &str| Json(200, json!({"verification_status": status}).to_string());
    let cases = [
        (status("SUCCESS"), "believed"),
        (status("FAILURE"), "forged"),
        (status("success"), "forged"),
        (Json(200, "{}".into()), "not now"),
        (Json(500, String::new()), "not now"),
        (Json(429, String::new()), "not now"),
        (Json(400, r#"{"name":"VALIDATION_ERROR"}"#.into()), "not now"),
    ];
    for (reply, expected) in cases {
        let script = script([reply.clone()]).await;
        let client = client_with(&script.url, |config| config.verify = Postback);
        let mut sent = Sent::genuine(&server, body);
        sent.set("paypal-cert-url", "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1");
        let told = match sent.reach(&client).await {
            Ok(_) => "believed",
            Err(Unverified::Forged(_)) => "forged",
            Err(Unverified::NotNow(_)) => "not now",
        };
        assert_eq!(told, expected, "{reply:?}");
        let asked = &script.asked()[1];
        assert_eq!(asked.line, "POST /v1/notifications/verify-webhook-signature");
        assert!(asked.body.contains(&format!(r#""webhook_event":{body}"#)), "{}", asked.body);
        let question: serde_json::Value = serde_json::from_str(&asked.body).unwrap();
        assert_eq!(question["webhook_id"], WEBHOOK_ID);
        assert_eq!(question["transmission_sig"], sent.header("paypal-transmission-sig"));
    }
    // Without a question: what no headers make genuine is not worth one.
    let nobody = client_with("http://127.0.0.1:1", |config| config.verify = Postback);
    let mut unsigned = Sent::genuine(&server, body);
    unsigned.remove("paypal-transmission-sig");
    assert!(matches!(unsigned.reach(&nobody).await, Err(Unverified::Forged(_))));
    let smuggling = Sent::genuine(&server, r#"{},"webhook_id":"9ZZ""#);
    assert!(matches!(smuggling.reach(&nobody).await, Err(Unverified::Forged(_))));
}

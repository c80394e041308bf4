//! The signature vectors that PayPal's own Python package was run on.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use providers::paypal::certificate::{CertificateError, Chain, Roots, Source};
use providers::paypal::signature::{Transmission, message};
use serde_json::Value;

use super::support::{ROOT, SENT_AT_S};

fn vectors() -> Value {
    let fixture = include_str!("../../fixtures/paypal/webhook-vectors.json");
    serde_json::from_str::<Value>(fixture).unwrap()["paypal_webhook"].take()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn certificate(vectors: &Value) -> Chain {
    Chain::from_pem(text(&vectors["certificate_pem"]).as_bytes()).unwrap()
}

/// The headers of a case, with what it leaves out from the main vector.
fn headers(vectors: &Value, case: &Value) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("paypal-transmission-id", &case["transmission_id"]),
        ("paypal-transmission-time", &case["transmission_time"]),
        ("paypal-transmission-sig", case.get("sig").unwrap_or(&vectors["main"]["sig"])),
        ("paypal-cert-url", &vectors["cert_url_rules"][0]["cert_url"]),
        ("paypal-auth-algo", &vectors["auth_algo"]),
    ] {
        headers.insert(name, text(value).parse().unwrap());
    }
    headers
}

#[test]
fn the_eight_cases_are_decided_like_paypals_own_package() {
    let vectors = vectors();
    let chain = certificate(&vectors);
    let cases = vectors["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 8);
    for case in cases {
        let name = text(&case["name"]);
        let headers = headers(&vectors, case);
        let transmission = Transmission::read(&headers, SENT_AT_S).unwrap();
        let body = case.get("body").unwrap_or(&vectors["main"]["body"]);
        let message = transmission.message(text(&case["webhook_id"]), text(body).as_bytes());
        assert_eq!(message, text(&case["message"]), "{name}");
        let accepted = chain.check_signature(message.as_bytes(), &transmission.signature_bytes).is_ok();
        assert_eq!(accepted, case["paypalrestsdk"] == "accept", "{name}");
    }
}

#[test]
fn any_flipped_bit_of_body_or_signature_is_refused() {
    let vectors = vectors();
    let (main, chain) = (&vectors["main"], certificate(&vectors));
    assert_eq!(crc32fast::hash(text(&main["body"]).as_bytes()), main["crc32"]);
    let mut body = text(&main["body"]).as_bytes().to_vec();
    let mut signature = STANDARD.decode(text(&main["sig"])).unwrap();
    let accepts = |body: &[u8], signature: &[u8]| {
        let [id, time, webhook_id] =
            ["transmission_id", "transmission_time", "webhook_id"].map(|name| text(&main[name]));
        chain.check_signature(message(id, time, webhook_id, body).as_bytes(), signature).is_ok()
    };
    assert!(accepts(&body, &signature));
    for at in 0..body.len() {
        body[at] ^= 1;
        assert!(!accepts(&body, &signature), "byte {at} of the body");
        body[at] ^= 1;
    }
    for at in 0..signature.len() {
        signature[at] ^= 1;
        assert!(!accepts(&body, &signature), "byte {at} of the signature");
        signature[at] ^= 1;
    }
    assert!(accepts(&body, &signature));
}

#[test]
fn checksums_are_decimal_and_unpadded() {
    let vectors = vectors();
    let samples = vectors["crc32_samples"].as_array().unwrap();
    assert_eq!(samples.len(), 7);
    for sample in samples {
        let message = message("i", "t", "w", text(&sample["text"]).as_bytes());
        assert_eq!(message, format!("i|t|w|{}", sample["crc32"]), "{sample}");
    }
}

#[test]
fn certificates_come_from_paypals_hosts_of_the_right_mode_only() {
    let vectors = vectors();
    let rules = vectors["cert_url_rules"].as_array().unwrap();
    assert_eq!(rules.len(), 12);
    for rule in rules {
        let (cert_url, wanted) = (text(&rule["cert_url"]), text(&rule["wanted"]));
        assert_eq!(Source::Live.allows(cert_url), wanted == "accept (live)", "live: {rule}");
        let sandbox = wanted == "accept (sandbox)" || wanted == "reject on a live endpoint: other environment";
        assert_eq!(Source::Sandbox.allows(cert_url), sandbox, "sandbox: {rule}");
        assert!(!Source::Loopback("http://127.0.0.1:4242".into()).allows(cert_url), "loopback: {rule}");
    }
    let good = "https://api.paypal.com/v1/notifications/certs/CERT-360caa42";
    assert!(Source::Live.allows(good));
    for bad in [
        "",
        "https://api.paypal.com/v1/notifications/certs/CERT-",
        "https://api.paypal.com/v1/notifications/certs/CERT-1/2",
        "https://api.paypal.com/v1/notifications/certs/CERT-1%2f",
        "https://api.paypal.com/v1/notifications/certs/CERT-1#x",
        "https://api.paypal.com/v1/notifications/certs/CERT-1\n",
        "https://api.paypal.com/v1/notifications/certs/CERT-é",
        "https://api.paypal.com//v1/notifications/certs/CERT-1",
        "https://api.paypal.com:443/v1/notifications/certs/CERT-1",
        "https://api.paypal.com./v1/notifications/certs/CERT-1",
        "https://api.paypal.com\\@example.net/v1/notifications/certs/CERT-1",
        "https://xapi.paypal.com/v1/notifications/certs/CERT-1",
        "HTTPS://api.paypal.com/v1/notifications/certs/CERT-1",
        " https://api.paypal.com/v1/notifications/certs/CERT-1",
    ] {
        assert!(!Source::Live.allows(bad), "{bad:?}");
    }
    let long = format!("https://api.paypal.com/v1/notifications/certs/CERT-{}", "a".repeat(129));
    assert!(!Source::Live.allows(&long));
}

#[test]
fn nobody_vouches_for_the_vectors_certificate() {
    let vectors = vectors();
    let chain = certificate(&vectors);
    let ours = Roots::from_pem(ROOT.as_bytes()).unwrap();
    assert_eq!(chain.check(&ours, SENT_AT_S), Err(CertificateError::Chain));
    // Even were it trusted itself, it is issued to somebody else.
    let itself = Roots::from_pem(text(&vectors["certificate_pem"]).as_bytes()).unwrap();
    assert!(chain.check(&itself, SENT_AT_S).is_err());
}

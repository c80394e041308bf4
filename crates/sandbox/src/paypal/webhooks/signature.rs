//! How a notice is signed: RSA PKCS#1 v1.5 with SHA-256 over `id|time|webhook id|CRC-32 of the body`.
//!
//! The keys are test keys in `keys/`, known to everybody. The leaf is issued by a test authority of our own
//! ([`TEST_AUTHORITY_PEM`]), which a client must be told to trust. Source: section 6.2 of PayPal's webhook guide, as
//! the package `paypalrestsdk` implements it. Cost: one RSA signature per attempt.

use std::sync::LazyLock;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

/// The certificate of the authority that issued the sandbox's signing certificate, as PEM.
pub const TEST_AUTHORITY_PEM: &str = include_str!("../keys/test-ca.crt.pem");

/// Certificates by the last segment of their address.
const CERTIFICATES: &[(&str, &str)] = &[
    (LEAF, include_str!("../keys/test-leaf.crt.pem")),
    (EXPIRED, include_str!("../keys/test-leaf-expired.crt.pem")),
    (STRANGER, include_str!("../keys/test-stranger.crt.pem")),
];
const LEAF: &str = "CERT-5c419b0e-sandbox-test";
const EXPIRED: &str = "CERT-5c419b0e-sandbox-expired";
const STRANGER: &str = "CERT-5c419b0e-sandbox-stranger";

/// Where certificates are served.
pub(crate) const CERTIFICATES_PATH: &str = "/v1/notifications/certs/";

static LEAF_KEY: LazyLock<RsaKeyPair> = LazyLock::new(|| key(include_bytes!("../keys/test-leaf.pk8")));
static STRANGER_KEY: LazyLock<RsaKeyPair> = LazyLock::new(|| key(include_bytes!("../keys/test-stranger.pk8")));

fn key(pkcs8: &[u8]) -> RsaKeyPair {
    RsaKeyPair::from_pkcs8(pkcs8).expect("the test keys are valid PKCS #8")
}

/// In which way a notice is not signed as PayPal signs. All but `key` and `unsigned` fool a careless check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Forgery {
    /// By somebody else's key, under the address of the genuine certificate.
    #[default]
    Key,
    /// By somebody else's key, with a certificate of the same name that he made himself.
    Certificate,
    /// By the right key, with a certificate that has run out.
    ExpiredCertificate,
    /// Rightly, but the certificate is to be fetched from another host.
    CertificateUrl,
    /// Rightly, but another algorithm is named.
    Algorithm,
    /// Rightly, for another webhook.
    WebhookId,
    /// Rightly; then the time was changed.
    Time,
    /// Not at all: without the headers.
    Unsigned,
}

/// What is signed about a notice besides its body.
#[derive(Debug, Clone)]
pub(crate) struct Transmission {
    pub webhook_id: String,
    pub id: String,
    /// RFC 3339.
    pub time: String,
}

/// The value of `PAYPAL-TRANSMISSION-SIG` for a body, by the genuine key.
pub fn sign(webhook_id: &str, transmission_id: &str, transmission_time: &str, body: &[u8]) -> String {
    sign_with(&LEAF_KEY, &message(webhook_id, transmission_id, transmission_time, body))
}

/// The headers of a notice; `base_url` is where the certificates are.
pub(crate) fn headers(
    base_url: &str,
    transmission: &Transmission,
    body: &[u8],
    forgery: Option<Forgery>,
) -> Vec<(&'static str, String)> {
    let Transmission { webhook_id, id, time } = transmission;
    let webhook_id = if forgery == Some(Forgery::WebhookId) { "9ZZ99999ZZ999999Z" } else { webhook_id };
    let key = match forgery {
        Some(Forgery::Key | Forgery::Certificate) => &STRANGER_KEY,
        _ => &LEAF_KEY,
    };
    let certificate = match forgery {
        Some(Forgery::Certificate) => STRANGER,
        Some(Forgery::ExpiredCertificate) => EXPIRED,
        _ => LEAF,
    };
    let host = if forgery == Some(Forgery::CertificateUrl) { "https://certificates.example" } else { base_url };
    let shown_time = if forgery == Some(Forgery::Time) { "2020-01-01T00:00:00Z" } else { time };
    let algorithm = if forgery == Some(Forgery::Algorithm) { "SHA1withRSA" } else { "SHA256withRSA" };
    if forgery == Some(Forgery::Unsigned) {
        return Vec::new();
    }
    vec![
        ("paypal-transmission-id", id.clone()),
        ("paypal-transmission-time", shown_time.to_owned()),
        ("paypal-transmission-sig", sign_with(key, &message(webhook_id, id, time, body))),
        ("paypal-cert-url", format!("{host}{CERTIFICATES_PATH}{certificate}")),
        ("paypal-auth-algo", algorithm.to_owned()),
        ("paypal-auth-version", "v2".to_owned()),
    ]
}

/// The certificate with this name, as PEM.
pub(crate) fn certificate(name: &str) -> Option<&'static str> {
    CERTIFICATES.iter().find(|(known, _)| *known == name).map(|(_, pem)| *pem)
}

/// Whether the address is the one of the genuine certificate.
pub(crate) fn is_genuine_certificate(base_url: &str, cert_url: &str) -> bool {
    cert_url.strip_prefix(base_url).and_then(|path| path.strip_prefix(CERTIFICATES_PATH)) == Some(LEAF)
}

/// Whether the genuine key made this signature.
pub(crate) fn is_genuine(transmission: &Transmission, body: &[u8], signature: &str) -> bool {
    let Ok(signature) = BASE64_STANDARD.decode(signature) else { return false };
    let message = message(&transmission.webhook_id, &transmission.id, &transmission.time, body);
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, LEAF_KEY.public_key().as_ref())
        .verify(message.as_bytes(), &signature)
        .is_ok()
}

fn message(webhook_id: &str, transmission_id: &str, transmission_time: &str, body: &[u8]) -> String {
    format!("{transmission_id}|{transmission_time}|{webhook_id}|{}", crc32fast::hash(body))
}

fn sign_with(key: &RsaKeyPair, message: &str) -> String {
    let mut signature = vec![0; key.public().modulus_len()];
    // Fails only when the buffer has the wrong length or the system has no randomness.
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature)
        .expect("a buffer of the key's length");
    BASE64_STANDARD.encode(signature)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_agrees_with_the_official_library() {
        // Computed by paypalrestsdk 1.13.3, `WebhookEvent._get_expected_sig`.
        let body = "{\"id\":\"WH-TEST-0001\",\"event_version\":\"1.0\",\"create_time\":\"2026-11-20T09:15:00.000Z\",\
            \"resource_type\":\"capture\",\"resource_version\":\"2.0\",\"event_type\":\"PAYMENT.CAPTURE.COMPLETED\",\
            \"summary\":\"Payment completed for $ 25.0 USD\",\"resource\":{\"id\":\"3C679366HH908993F\",\
            \"status\":\"COMPLETED\",\"amount\":{\"currency_code\":\"USD\",\"value\":\"25.00\"},\"custom_id\":\"tu_1\",\
            \"supplementary_data\":{\"related_ids\":{\"order_id\":\"5O190127TN364715T\"}}}}";
        let id = "b1c2d3e4-0000-4000-8000-000000000001";
        let expected = format!("{id}|2026-11-20T09:15:02Z|1AB23456CD789012E|1309185207");
        assert_eq!(message("1AB23456CD789012E", id, "2026-11-20T09:15:02Z", body.as_bytes()), expected);
        for (text, crc) in [("", 0), ("{}", 2_745_614_147_u32), ("Nạp tiền", 1_712_419_751)] {
            assert_eq!(crc32fast::hash(text.as_bytes()), crc, "{text}");
        }
    }

    #[test]
    fn every_forgery_changes_what_a_check_looks_at() {
        let transmission =
            Transmission { webhook_id: "1AB".into(), id: "t-1".into(), time: "2026-11-20T09:15:02Z".into() };
        let valid = |forgery: Option<Forgery>, body: &[u8]| {
            let headers = headers("http://127.0.0.1:1", &transmission, b"{}", forgery);
            let value = |name: &str| {
                headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone()).unwrap_or_default()
            };
            let shown = Transmission {
                webhook_id: "1AB".into(),
                id: value("paypal-transmission-id"),
                time: value("paypal-transmission-time"),
            };
            is_genuine(&shown, body, &value("paypal-transmission-sig"))
                && is_genuine_certificate("http://127.0.0.1:1", &value("paypal-cert-url"))
                && value("paypal-auth-algo") == "SHA256withRSA"
        };
        assert!(valid(None, b"{}") && !valid(None, b"{} "));
        use Forgery::{Algorithm, Certificate, CertificateUrl, ExpiredCertificate, Key, Time, Unsigned, WebhookId};
        for forgery in [Key, Certificate, ExpiredCertificate, CertificateUrl, Algorithm, WebhookId, Time, Unsigned] {
            assert!(!valid(Some(forgery), b"{}"), "{forgery:?}");
        }
        assert!(certificate("CERT-none").is_none());
    }
}

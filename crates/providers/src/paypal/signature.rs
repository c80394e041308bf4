//! The signature of a notice: five headers over the raw body.
//!
//! Signed is `{transmission id}|{transmission time}|{webhook id}|{CRC-32 of the raw body, decimal}` with RSA (PKCS#1
//! v1.5) and SHA-256, under a certificate that `certificate` fetches and judges. Everything here is checked before the
//! body is read. A CRC is no secure hash: who has seen the headers of a genuine notice can make another body fit them.
//! Therefore they are never logged, and a notice is no older than PayPal repeats it; the books are compared by asking
//! PayPal. Deliberately absent: replay detection (by event id, in the store). Cost: a CRC and one RSA check.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use jiff::Timestamp;
use thiserror::Error;

/// PayPal repeats a notice for three days, perhaps under its first headers; a day more for clocks and queues.
pub const AGE_MAX_SECONDS: i64 = 4 * 24 * 3600;
/// How far a notice may be from the future.
pub const AHEAD_MAX_SECONDS: i64 = 300;
/// The one algorithm that PayPal uses.
const ALGORITHM: &str = "SHA256withRSA";
/// An RSA signature of 8192 bits in base64 has 1368.
const SIGNATURE_MAX_CHARS: usize = 1_400;
const ID_MAX_CHARS: usize = 64;

/// What the headers of a notice say of its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmission<'a> {
    /// `PAYPAL-TRANSMISSION-ID`.
    pub id: &'a str,
    /// `PAYPAL-TRANSMISSION-TIME`, as it is written.
    pub time: &'a str,
    /// `PAYPAL-CERT-URL`. Not yet believed.
    pub cert_url: &'a str,
    /// `PAYPAL-TRANSMISSION-SIG`, as it is written.
    pub signature: &'a str,
    /// The signature itself.
    pub signature_bytes: Vec<u8>,
}

/// Why a notice is refused before its certificate is looked at.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HeaderError {
    /// A header is missing, twice there, or not text.
    #[error("the header {0} must be there exactly once")]
    NotOnce(&'static str),
    /// Another algorithm than PayPal's.
    #[error("the signature algorithm is not SHA256withRSA")]
    Algorithm,
    /// Not an id as PayPal makes them.
    #[error("the transmission id has characters that no id has")]
    BadId,
    /// Not an RFC 3339 time.
    #[error("the transmission time is not a time")]
    BadTime,
    /// Not base64.
    #[error("the signature is not base64")]
    BadSignature,
    /// Older than PayPal repeats: a replay, or our clock is ahead.
    #[error("the notice is older than four days: check this server's clock")]
    TooOld,
    /// From the future: our clock is behind.
    #[error("the notice is more than 300 s ahead: check this server's clock")]
    TooNew,
}

/// The body of a notice whose signature was verified. [`super::event`] reads nothing else, and only verification makes
/// one.
#[derive(Clone, Copy)]
pub(crate) struct VerifiedNotice<'a>(&'a [u8]);

impl<'a> VerifiedNotice<'a> {
    /// For those who just verified it.
    pub(super) fn new(body: &'a [u8]) -> VerifiedNotice<'a> {
        VerifiedNotice(body)
    }

    /// The raw bytes as signed.
    pub(super) fn body(self) -> &'a [u8] {
        self.0
    }
}

impl fmt::Debug for VerifiedNotice<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifiedNotice({} bytes)", self.0.len())
    }
}

impl<'a> Transmission<'a> {
    /// Reads the headers of a notice; `now_s` is the server clock in Unix seconds.
    pub fn read(headers: &'a HeaderMap, now_s: i64) -> Result<Transmission<'a>, HeaderError> {
        if text(headers, "paypal-auth-algo")? != ALGORITHM {
            return Err(HeaderError::Algorithm);
        }
        let id = text(headers, "paypal-transmission-id")?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if id.is_empty() || id.len() > ID_MAX_CHARS || !id.bytes().all(plain) {
            return Err(HeaderError::BadId);
        }
        let time = text(headers, "paypal-transmission-time")?;
        let signed_at: Timestamp = time.parse().map_err(|_| HeaderError::BadTime)?;
        match now_s.saturating_sub(signed_at.as_second()) {
            age_s if age_s > AGE_MAX_SECONDS => return Err(HeaderError::TooOld),
            age_s if age_s < -AHEAD_MAX_SECONDS => return Err(HeaderError::TooNew),
            _ => {}
        }
        let signature = text(headers, "paypal-transmission-sig")?;
        if signature.is_empty() || signature.len() > SIGNATURE_MAX_CHARS {
            return Err(HeaderError::BadSignature);
        }
        let signature_bytes = STANDARD.decode(signature).map_err(|_| HeaderError::BadSignature)?;
        let cert_url = text(headers, "paypal-cert-url")?;
        Ok(Transmission { id, time, cert_url, signature, signature_bytes })
    }

    /// What PayPal signed for this body and endpoint.
    pub fn message(&self, webhook_id: &str, body: &[u8]) -> String {
        message(self.id, self.time, webhook_id, body)
    }
}

/// The signed message: `id|time|webhook id|CRC-32`, the last as a decimal number without padding.
pub fn message(id: &str, time: &str, webhook_id: &str, body: &[u8]) -> String {
    format!("{id}|{time}|{webhook_id}|{}", crc32fast::hash(body))
}

/// The value of a header that stands exactly once: of two, a proxy and we might each believe another.
fn text<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<&'a str, HeaderError> {
    let mut values = headers.get_all(name).iter();
    match (values.next().and_then(|value| value.to_str().ok()), values.next()) {
        (Some(value), None) => Ok(value),
        _ => Err(HeaderError::NotOnce(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_S: i64 = 1_795_166_105;

    fn headers(changes: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("paypal-transmission-id", "b1c2d3e4-0000-4000-8000-000000000001"),
            ("paypal-transmission-time", "2026-11-20T09:15:02Z"),
            ("paypal-transmission-sig", "AAEC"),
            ("paypal-cert-url", "https://api.paypal.com/v1/notifications/certs/CERT-1"),
            ("paypal-auth-algo", "SHA256withRSA"),
            ("paypal-auth-version", "v1"),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        for (name, value) in changes {
            headers.insert(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn the_headers_are_read_as_they_are_written() {
        let headers = headers(&[]);
        let transmission = Transmission::read(&headers, NOW_S).unwrap();
        assert_eq!(transmission.signature_bytes, [0, 1, 2]);
        let message = transmission.message("1AB", b"{}");
        assert_eq!(message, "b1c2d3e4-0000-4000-8000-000000000001|2026-11-20T09:15:02Z|1AB|2745614147");
    }

    #[test]
    fn odd_headers_are_refused_by_name() {
        let (long_id, long_signature) = ("a".repeat(65), "A".repeat(1_404));
        let cases = [
            ("paypal-auth-algo", "SHA1withRSA", HeaderError::Algorithm),
            ("paypal-auth-algo", "sha256withrsa", HeaderError::Algorithm),
            ("paypal-auth-algo", "", HeaderError::Algorithm),
            ("paypal-transmission-id", "", HeaderError::BadId),
            ("paypal-transmission-id", "a|2026-11-20T09:15:02Z", HeaderError::BadId),
            ("paypal-transmission-id", &long_id, HeaderError::BadId),
            ("paypal-transmission-time", "", HeaderError::BadTime),
            ("paypal-transmission-time", "1795166102", HeaderError::BadTime),
            ("paypal-transmission-time", "2026-11-20", HeaderError::BadTime),
            ("paypal-transmission-sig", "", HeaderError::BadSignature),
            ("paypal-transmission-sig", "AAE", HeaderError::BadSignature),
            ("paypal-transmission-sig", "AA-_", HeaderError::BadSignature),
            ("paypal-transmission-sig", &long_signature, HeaderError::BadSignature),
        ];
        for (name, value, expected) in cases {
            let headers = headers(&[(name, value)]);
            assert_eq!(Transmission::read(&headers, NOW_S), Err(expected), "{name}: {value}");
        }
    }

    #[test]
    fn every_header_stands_exactly_once() {
        for name in [
            "paypal-transmission-id",
            "paypal-transmission-time",
            "paypal-transmission-sig",
            "paypal-cert-url",
            "paypal-auth-algo",
        ] {
            let mut missing = headers(&[]);
            let value = missing.remove(name).unwrap();
            assert_eq!(Transmission::read(&missing, NOW_S), Err(HeaderError::NotOnce(name)));
            let mut twice = headers(&[]);
            twice.append(name, value);
            assert_eq!(Transmission::read(&twice, NOW_S), Err(HeaderError::NotOnce(name)));
        }
    }

    #[test]
    fn a_notice_is_neither_older_than_four_days_nor_from_the_future() {
        // signed at 1 795 166 102
        let cases = [
            (1_795_166_102 + 345_600, None),
            (1_795_166_102 + 345_601, Some(HeaderError::TooOld)),
            (1_795_166_102 - 300, None),
            (1_795_166_102 - 301, Some(HeaderError::TooNew)),
        ];
        for (now_s, expected) in cases {
            assert_eq!(Transmission::read(&headers(&[]), now_s).err(), expected, "{now_s}");
        }
    }

    #[test]
    fn a_notice_does_not_show_its_body() {
        assert_eq!(format!("{:?}", VerifiedNotice::new(b"{}")), "VerifiedNotice(2 bytes)");
    }
}

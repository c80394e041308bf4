//! The signature of a notice: `Stripe-Signature: t=<unix>,v1=<hex>[,v1=<hex>…]`.
//!
//! HMAC-SHA-256 over `t + "." + raw body` under the whole secret text, in lower-case hex, compared in constant time with
//! every `v1` under every active secret (a rolled secret stays valid for a day). Stricter than Stripe's own libraries in
//! two points where they differ or are silent: a repeated `t` is refused, and so is a `t` over 300 s ahead.
//! Deliberately absent: replay detection (by event id, in the store). Cost: one HMAC of the body per secret.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};
use thiserror::Error;

use crate::Secret;

/// Name of the header that carries the signature.
pub const HEADER: &str = "stripe-signature";
/// How far `t` may be from now, both ways, in seconds; exactly this far still passes.
pub const TOLERANCE_SECONDS: i64 = 300;

/// The body of a notice that a configured secret signed.
///
/// Only [`verify`] makes one, and [`event::parse`](super::event::parse) reads nothing else:
///
/// ```compile_fail,E0308
/// providers::stripe::event::parse(b"{}".as_slice()).ok();
/// ```
/// ```compile_fail,E0423
/// let forged = providers::stripe::signature::VerifiedNotice(b"{}");
/// ```
#[derive(Clone, Copy)]
pub struct VerifiedNotice<'a>(&'a [u8]);

impl<'a> VerifiedNotice<'a> {
    /// The raw bytes as signed. They may hold a client secret: do not log them.
    pub fn body(self) -> &'a [u8] {
        self.0
    }
}

impl fmt::Debug for VerifiedNotice<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifiedNotice({} bytes)", self.0.len())
    }
}

/// Why a notice is refused. Answer 400: Stripe delivers again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SignatureError {
    /// No secret is configured, so nothing can be verified.
    #[error("no webhook secret is configured: set stripe.webhook_secrets")]
    NoSecret,
    /// `t` is missing or not plain digits.
    #[error("the signature header has no readable timestamp")]
    NoTimestamp,
    /// `t` stands more than once.
    #[error("the signature header has more than one timestamp")]
    RepeatedTimestamp,
    /// No `v1` matches under any secret.
    #[error("no signature matches: check that the webhook secret is the one of this endpoint")]
    NoMatch,
    /// Signed too long ago: a replay, or our clock is ahead.
    #[error("the signature is older than 300 s: check this server's clock")]
    TooOld,
    /// Signed in the future: our clock is behind.
    #[error("the signature is more than 300 s ahead: check this server's clock")]
    TooNew,
}

/// Verifies a notice over its raw body bytes, before any parsing.
///
/// `header` is the value of [`HEADER`], `now_s` the server clock in Unix seconds.
pub fn verify<'a>(
    body: &'a [u8],
    header: &str,
    secrets: &[Secret],
    now_s: i64,
) -> Result<VerifiedNotice<'a>, SignatureError> {
    if secrets.is_empty() {
        return Err(SignatureError::NoSecret);
    }
    let parts = || header.split(',').filter_map(|part| part.split_once('='));
    let mut timestamps = parts().filter(|(name, _)| *name == "t").map(|(_, value)| value);
    let timestamp = timestamps.next().ok_or(SignatureError::NoTimestamp)?;
    if timestamps.next().is_some() {
        return Err(SignatureError::RepeatedTimestamp);
    }
    let signed_at_s = unix_seconds(timestamp).ok_or(SignatureError::NoTimestamp)?;

    let mut matches = Choice::from(0);
    for secret in secrets {
        // Compared as lower-case text, so that upper-case hex fails as it does with the official libraries.
        let expected = sign(body, timestamp, secret);
        for (_, signature) in parts().filter(|(name, _)| *name == "v1") {
            matches |= expected.as_bytes().ct_eq(signature.as_bytes());
        }
    }
    if !bool::from(matches) {
        return Err(SignatureError::NoMatch);
    }
    match now_s.saturating_sub(signed_at_s) {
        age_s if age_s > TOLERANCE_SECONDS => Err(SignatureError::TooOld),
        age_s if age_s < -TOLERANCE_SECONDS => Err(SignatureError::TooNew),
        _ => Ok(VerifiedNotice(body)),
    }
}

/// Lower-case hex of the HMAC; the timestamp is signed as it is written in the header.
fn sign(body: &[u8], timestamp: &str, secret: &Secret) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).expect("HMAC takes a key of any length");
    for part in [timestamp.as_bytes(), b".", body] {
        mac.update(part);
    }
    hex::encode(mac.finalize().into_bytes())
}

/// Digits only: no sign, no blanks.
fn unix_seconds(text: &str) -> Option<i64> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = b"{}";

    fn secrets(texts: &[&str]) -> Vec<Secret> {
        texts.iter().map(|text| Secret::new(*text).unwrap()).collect()
    }

    fn header(t: &str, secret: &str) -> String {
        format!("t={t},v1={}", sign(BODY, t, &Secret::new(secret).unwrap()))
    }

    #[test]
    fn the_clock_may_differ_by_300_seconds_both_ways() {
        let cases = [
            (0, Ok(())),
            (300, Ok(())),
            (301, Err(SignatureError::TooOld)),
            (-300, Ok(())),
            (-301, Err(SignatureError::TooNew)),
        ];
        for (age_s, expected) in cases {
            let verdict = verify(BODY, &header("1000", "whsec_a"), &secrets(&["whsec_a"]), 1_000 + age_s);
            assert_eq!(verdict.map(|_| ()), expected, "age {age_s}");
        }
    }

    #[test]
    fn any_active_secret_may_have_signed() {
        let cases: [(&[&str], Result<(), SignatureError>); 4] = [
            (&["whsec_new", "whsec_old"], Ok(())),
            (&["whsec_old", "whsec_new"], Ok(())),
            (&["whsec_new"], Err(SignatureError::NoMatch)),
            (&[], Err(SignatureError::NoSecret)),
        ];
        for (active, expected) in cases {
            let verdict = verify(BODY, &header("1000", "whsec_old"), &secrets(active), 1_000);
            assert_eq!(verdict.map(|_| ()), expected, "{active:?}");
        }
    }

    #[test]
    fn odd_timestamps_are_refused_even_when_signed() {
        for t in ["", "-1000", "+1000", " 1000", "1000 ", "1e3", "99999999999999999999", "１０００"] {
            let verdict = verify(BODY, &header(t, "whsec_a"), &secrets(&["whsec_a"]), 1_000);
            assert_eq!(verdict.unwrap_err(), SignatureError::NoTimestamp, "{t:?}");
        }
    }

    #[test]
    fn a_notice_does_not_show_its_body() {
        let notice = VerifiedNotice(br#"{"client_secret":"pi_1_secret_x"}"#);
        assert_eq!(format!("{notice:?}"), "VerifiedNotice(33 bytes)");
    }
}

//! HMAC-SHA-512 under the terminal's secret text, in lower-case hex.
//!
//! Compared in constant time and without regard to letter case. Cost: one HMAC of the text.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha512;

use crate::Secret;

/// The checksum of a text, 128 lower-case hex digits.
pub(crate) fn of(text: &str, secret: &Secret) -> String {
    hex::encode(mac(text, secret).finalize().into_bytes())
}

/// Whether a checksum belongs to a text.
pub(crate) fn matches(text: &str, given_hex: &str, secret: &Secret) -> bool {
    hex::decode(given_hex).is_ok_and(|given| mac(text, secret).verify_slice(&given).is_ok())
}

fn mac(text: &str, secret: &Secret) -> Hmac<Sha512> {
    let mut mac = Hmac::new_from_slice(secret.expose().as_bytes()).expect("HMAC takes a key of any length");
    mac.update(text.as_bytes());
    mac
}

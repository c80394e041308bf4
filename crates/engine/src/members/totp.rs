//! Codes that change every 30 seconds (RFC 6238), as authenticator apps show them.
//!
//! Pure: the time and the last step that was used are given. HMAC-SHA-1, six digits, one step of leeway each way; what
//! apps understand without being told. Invariant: of a step no second code is accepted.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::settings::Secret;

/// Length of a shared secret, in bytes. Source: RFC 4226, section 4.
const SECRET_BYTES: usize = 20;
const STEP_SECONDS: i64 = 30;
/// Steps before and after now whose codes count, because clocks differ.
const LEEWAY_STEPS: i64 = 1;
const DIGITS: u32 = 6;

/// The shared secret of a seed under the installation's key.
pub(super) fn secret(key: &Secret, seed: &str) -> [u8; SECRET_BYTES] {
    let mut secret = [0; SECRET_BYTES];
    let derived = <Hmac<Sha256> as KeyInit>::new_from_slice(key.expose().as_bytes())
        .map(|hmac| hmac.chain_update(b"scrip.totp.1").chain_update(seed).finalize().into_bytes());
    if let Ok(derived) = derived {
        secret.copy_from_slice(&derived[..SECRET_BYTES]);
    }
    secret
}

/// The step whose code this is, when it is later than `used_step` and near now.
pub(super) fn step_of(secret: &[u8], code: &str, now_seconds: i64, used_step: i64) -> Option<i64> {
    let this = now_seconds.div_euclid(STEP_SECONDS);
    let code = code.replace(' ', "");
    let is_right = |step: &i64| bool::from(self::code(secret, *step).as_bytes().ct_eq(code.as_bytes()));
    (this - LEEWAY_STEPS..=this + LEEWAY_STEPS).filter(|step| *step > used_step).find(is_right)
}

/// The code of a step.
fn code(secret: &[u8], step: i64) -> String {
    let Ok(hmac) = <Hmac<Sha1> as KeyInit>::new_from_slice(secret) else { return String::new() };
    let digest = hmac.chain_update(step.to_be_bytes()).finalize().into_bytes();
    let at = usize::from(digest[19] & 15);
    let number = u32::from_be_bytes([digest[at] & 0x7f, digest[at + 1], digest[at + 2], digest[at + 3]]);
    format!("{:06}", number % 10_u32.pow(DIGITS))
}

/// The secret as people type it into an app: base 32 (RFC 4648) without padding.
pub(super) fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits = bytes.len() * 8;
    let bit = |at: usize| bytes.get(at / 8).map_or(0, |byte| byte >> (7 - at % 8) & 1);
    let digit = |start: usize| (start..start + 5).fold(0_usize, |value, at| value << 1 | usize::from(bit(at)));
    (0..bits).step_by(5).map(|start| char::from(ALPHABET[digit(start)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B (SHA-1), the last six of its eight digits: seconds, code.
        let table = [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ];
        for (seconds, code) in table {
            let step = seconds / 30;
            assert_eq!(self::code(b"12345678901234567890", step), code, "{seconds}");
            assert_eq!(step_of(b"12345678901234567890", code, seconds, 0), Some(step));
        }
    }

    #[test]
    fn a_code_counts_once_and_near_its_time() {
        let secret = b"12345678901234567890";
        // seconds, last step used, step that is accepted; 081804 is the code of step 37037036
        let table = [
            (1_111_111_109, 0, Some(37_037_036)),
            (1_111_111_109, 37_037_035, Some(37_037_036)),
            (1_111_111_109, 37_037_036, None),
            (1_111_111_109 + 30, 0, Some(37_037_036)),
            (1_111_111_109 - 30, 0, Some(37_037_036)),
            (1_111_111_109 + 61, 0, None),
            (1_111_111_109 - 60, 0, None),
        ];
        for (seconds, used, expected) in table {
            assert_eq!(step_of(secret, "081 804", seconds, used), expected, "{seconds} {used}");
        }
        for code in ["", "081804 1", "81804", "０８１８０４"] {
            assert_eq!(step_of(secret, code, 1_111_111_109, 0), None, "{code:?}");
        }
    }

    #[test]
    fn base_32_is_that_of_the_standard() {
        // RFC 4648, section 10, without padding.
        for (text, written) in [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foobar", "MZXW6YTBOI")] {
            assert_eq!(base32(text.as_bytes()), written, "{text}");
        }
    }

    #[test]
    fn a_secret_follows_from_key_and_seed() {
        let key = Secret::new("k".repeat(32));
        assert_eq!(secret(&key, "seed"), secret(&key, "seed"));
        assert_ne!(secret(&key, "seed"), secret(&key, "other"));
        assert_ne!(secret(&key, "seed"), secret(&Secret::default(), "seed"));
    }
}

//! Random texts that prove something: what is stored of them is their SHA-256.

use rand::distr::{Alphanumeric, SampleString};
use sha2::{Digest, Sha256};

use crate::settings::Secret;

/// 43 characters of 62: 256 bits. Source of the least, 128 bits: OWASP ASVS 7.2.3.
const TOKEN_CHARS: usize = 43;

/// A new token from the system's secure source.
pub(super) fn token() -> Secret {
    Secret::new(Alphanumeric.sample_string(&mut rand::rng(), TOKEN_CHARS))
}

/// Whether a text can be a token at all.
pub(super) fn is_token(text: &str) -> bool {
    text.len() == TOKEN_CHARS && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// What is stored of a token, or of another secret of enough randomness.
pub(super) fn sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

/// The hash of something that is not secret, for a purpose: 32 digits.
pub(super) fn hashed(purpose: &str, text: &str) -> String {
    let digest = Sha256::new().chain_update(purpose).chain_update([0]).chain_update(text).finalize();
    hex::encode(&digest[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_are_known_as_such() {
        let (one, other) = (token(), token());
        assert_ne!(one.expose(), other.expose());
        assert!(is_token(one.expose()));
        for text in ["", "a", &"a".repeat(42), &"a".repeat(44), &format!("{}-", "a".repeat(42))] {
            assert!(!is_token(text), "{text}");
        }
        assert_ne!(hashed("a", "b"), hashed("b", "a"));
    }
}

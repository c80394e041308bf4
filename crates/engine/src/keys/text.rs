//! The text of a key: `<prefix>_<env>_<public id>_<secret>_<checksum>`.
//!
//! `sk` is an operator's, `ck` an account's. The public id has 10 base-62 characters, the secret 27 (160 bits), the
//! checksum is the CRC-32 of all before it in 6, so that scanners of leaked secrets find keys without false alarms. An
//! operator may bring a key of another form that begins with `sk_`; its public id then follows from its SHA-256.

use rand::distr::{Alphanumeric, SampleString};
use sha2::{Digest, Sha256};

use crate::settings::Environment;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const PUBLIC_ID_CHARS: usize = 10;
const SECRET_CHARS: usize = 27;
const CHECKSUM_CHARS: usize = 6;
/// Lengths of an operator's own key.
const GIVEN_CHARS: std::ops::RangeInclusive<usize> = 12..=200;

/// Whose key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prefix {
    Operator,
    Account,
}

impl Prefix {
    const fn text(self) -> &'static str {
        match self {
            Prefix::Operator => "sk",
            Prefix::Account => "ck",
        }
    }
}

/// A new key from the system's secure source.
pub(super) fn generate(prefix: Prefix, environment: Environment) -> String {
    let mut rng = rand::rng();
    let public_id = Alphanumeric.sample_string(&mut rng, PUBLIC_ID_CHARS);
    let secret = Alphanumeric.sample_string(&mut rng, SECRET_CHARS);
    let body = format!("{}_{}_{public_id}_{secret}", prefix.text(), environment.as_str());
    let checksum = checksum(&body);
    body + "_" + &String::from_utf8_lossy(&checksum)
}

/// A text that may be a key.
pub(super) struct KeyText<'a> {
    token: &'a str,
    prefix: Prefix,
    public_id: PublicId<'a>,
}

enum PublicId<'a> {
    Written(&'a str),
    Derived([u8; PUBLIC_ID_CHARS]),
}

impl<'a> KeyText<'a> {
    /// Reads a text; `None` when no stored key can have it.
    pub(super) fn parse(token: &'a str) -> Option<KeyText<'a>> {
        if let Some((prefix, public_id)) = parse_generated(token) {
            return Some(KeyText { token, prefix, public_id: PublicId::Written(public_id) });
        }
        let given = token.starts_with("sk_") && GIVEN_CHARS.contains(&token.len());
        if !given || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        let hash: [u8; 32] = Sha256::digest(token).into();
        let digit = |place: usize| BASE62[usize::from(hash[place]) % BASE62.len()];
        let public_id = PublicId::Derived(std::array::from_fn(digit));
        Some(KeyText { token, prefix: Prefix::Operator, public_id })
    }

    pub(super) fn prefix(&self) -> Prefix {
        self.prefix
    }

    /// The part by which it is found.
    pub(super) fn public_id(&self) -> &str {
        match &self.public_id {
            PublicId::Written(text) => text,
            PublicId::Derived(bytes) => std::str::from_utf8(bytes).unwrap_or_default(),
        }
    }

    /// What is stored of it.
    pub(super) fn sha256(&self) -> [u8; 32] {
        Sha256::digest(self.token).into()
    }
}

fn parse_generated(token: &str) -> Option<(Prefix, &str)> {
    let (body, written) = token.rsplit_once('_')?;
    let mut parts = body.split('_');
    let prefix = match parts.next()? {
        "sk" => Prefix::Operator,
        "ck" => Prefix::Account,
        _ => return None,
    };
    let (environment, public_id, secret) = (parts.next()?, parts.next()?, parts.next()?);
    let base62 =
        |text: &str, chars: usize| text.len() == chars && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let formed = parts.next().is_none()
        && matches!(environment, "live" | "test")
        && base62(public_id, PUBLIC_ID_CHARS)
        && base62(secret, SECRET_CHARS)
        && written.as_bytes() == checksum(body);
    formed.then_some((prefix, public_id))
}

fn checksum(body: &str) -> [u8; CHECKSUM_CHARS] {
    let mut rest = crc32fast::hash(body.as_bytes()) as usize;
    let mut digits = [b'0'; CHECKSUM_CHARS];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[rest % BASE62.len()];
        rest /= BASE62.len();
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_key_is_read() {
        for (prefix, environment, start) in
            [(Prefix::Operator, Environment::Live, "sk_live_"), (Prefix::Account, Environment::Test, "ck_test_")]
        {
            let token = generate(prefix, environment);
            assert!(token.starts_with(start) && token.len() == 8 + 10 + 1 + 27 + 1 + 6, "{token}");
            let text = KeyText::parse(&token).unwrap();
            assert_eq!((text.prefix(), text.public_id()), (prefix, &token[8..18]));
            assert_ne!(generate(prefix, environment), token);
        }
    }

    #[test]
    fn one_changed_character_is_noticed() {
        let token = generate(Prefix::Account, Environment::Live);
        for place in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[place] = if bytes[place] == b'a' { b'b' } else { b'a' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(KeyText::parse(&changed).is_none(), "{changed}");
        }
    }

    #[test]
    fn the_checksum_is_the_crc_in_base_62() {
        // CRC-32 of "123456789" is 0xCBF43926 = 3_421_780_262.
        assert_eq!(&checksum("123456789"), b"3jZRME");
    }

    #[test]
    fn an_operator_may_bring_a_key_of_another_form() {
        let cases = [
            ("sk_demo_1234", true),
            ("sk_demo_123", false),
            ("sk_a b c d e f", false),
            ("sk_ключ_ключ_ключ", false),
            ("pk_demo_123456", false),
            ("ck_demo_123456", false),
            ("", false),
        ];
        for (token, accepted) in cases {
            assert_eq!(KeyText::parse(token).is_some(), accepted, "{token:?}");
        }
        let (one, other) = (KeyText::parse("sk_demo_12345").unwrap(), KeyText::parse("sk_demo_12346").unwrap());
        assert_eq!(one.public_id().len(), PUBLIC_ID_CHARS);
        assert_ne!(one.public_id(), other.public_id());
        assert!(KeyText::parse(&format!("sk_{}", "x".repeat(198))).is_none());
    }
}

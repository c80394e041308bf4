//! The text of a voucher code, and the key that stands between it and the database.
//!
//! A code has ten characters of an alphabet of 32 without look-alikes (no `0 O 1 I`), 50 bits from the system's secure
//! source. Its text is nowhere but in the answer that issues it: rows name it by a keyed hash. Invariant: no `Debug`
//! shows a code or a key. Cost: one read of the stored key a call, one write ever.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use hmac::{Hmac, KeyInit, Mac};
use rand::RngExt;
use sha2::Sha256;
use store::{Statement, params};

use crate::{Engine, Error, Result};

/// Characters of a code.
const CODE_CHARS: usize = 10;
/// Characters at the end by which people know a code again.
const HINT_CHARS: usize = 3;
/// 32 letters and digits that nobody takes for one another.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// Longest text that is read, in bytes.
const MAX_TYPED_BYTES: usize = 200;
/// Bytes of a keyed hash that are kept.
const ID_BYTES: usize = 16;

/// A voucher code.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"***\"")
    }
}

impl Code {
    /// Reads a code as people type it: blanks, hyphens, lower case and full-width characters do not matter.
    ///
    /// # Errors
    /// Code `voucher_malformed`.
    pub fn read(text: &str) -> Result<Code> {
        let skipped = |character: &char| {
            character.is_whitespace() || matches!(character, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30fc}')
        };
        let fold = |character: char| match character {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character),
            other => other,
        };
        let typed = text.chars().map(fold).filter(|character| !skipped(character));
        let code: String = typed.map(|character| character.to_ascii_uppercase()).take(CODE_CHARS + 1).collect();
        let plain = code.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        if text.len() <= MAX_TYPED_BYTES && code.len() == CODE_CHARS && plain {
            return Ok(Code(code));
        }
        Err(Error::Invalid {
            param: "code".into(),
            code: "voucher_malformed",
            detail: "must have 10 letters and digits, such as ABCDE-23456".to_owned(),
        })
    }

    /// A new one.
    pub(super) fn generate() -> Code {
        let mut rng = rand::rng();
        let letter = |_| char::from(ALPHABET[rng.random_range(0..ALPHABET.len())]);
        Code((0..CODE_CHARS).map(letter).collect())
    }

    /// The text, for the one answer that shows it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Its last characters.
    pub(super) fn hint(&self) -> &str {
        &self.0[CODE_CHARS - HINT_CHARS..]
    }
}

/// A code as it may be shown: stars and its last characters.
pub fn masked(hint: &str) -> String {
    "*".repeat(CODE_CHARS - HINT_CHARS) + hint
}

/// The keys of an installation's codes: new codes are under the first one.
pub(super) struct CodeKeys {
    first: Vec<u8>,
    second: Option<Vec<u8>>,
}

impl CodeKeys {
    /// The configured key, then the stored one. Without either, one is made and stored.
    pub(super) async fn load(engine: &Engine) -> Result<CodeKeys> {
        const FIND: &str = "SELECT secret FROM voucher_keys WHERE name = 'codes'";
        const MAKE: &str = "INSERT INTO voucher_keys (name, secret, created_at_us) VALUES ('codes', $1, $2) \
                            ON CONFLICT DO NOTHING";
        let configured = &engine.settings().vouchers.code_key;
        let stored = async || -> Result<Option<Vec<u8>>> {
            let rows = engine.store().query(FIND, params![]).await?;
            rows.first().map(|row| Ok(row.text(0)?.as_bytes().to_vec())).transpose()
        };
        let found = stored().await?;
        if configured.is_set() {
            return Ok(CodeKeys { first: configured.expose().as_bytes().to_vec(), second: found });
        }
        if let Some(first) = found {
            return Ok(CodeKeys { first, second: None });
        }
        let secret = hex::encode(rand::random::<[u8; 32]>());
        engine.store().write(vec![Statement::new(MAKE, params![secret, engine.now().micros()])]).await?;
        // Another node may have been faster.
        let missing = || Error::Unavailable("voucher_keys: the new key is not there".to_owned());
        Ok(CodeKeys { first: stored().await?.ok_or_else(missing)?, second: None })
    }

    /// How rows name a new code.
    pub(super) fn id(&self, code: &Code) -> String {
        keyed(&self.first, "code", code.expose())
    }

    /// How rows may name a code: under either key.
    pub(super) fn ids(&self, code: &Code) -> [String; 2] {
        let second = self.second.as_ref().unwrap_or(&self.first);
        [&self.first, second].map(|key| keyed(key, "code", code.expose()))
    }

    /// An address that is one person's or one network's; `None` for what everybody behind a proxy shares.
    pub(super) fn address(&self, address: IpAddr) -> Option<String> {
        let own = match address.to_canonical() {
            IpAddr::V4(v4) => {
                let shared = v4.is_loopback() || v4.is_private() || v4.is_link_local() || v4.is_unspecified();
                (!shared).then(|| v4.to_string())
            }
            IpAddr::V6(v6) => {
                let local = v6.is_unique_local() || v6.is_unicast_link_local();
                let shared = v6.is_loopback() || local || v6.is_unspecified();
                // A customer has a whole network of 64 bits.
                let network = Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX));
                (!shared).then(|| network.to_string())
            }
        };
        own.map(|text| keyed(&self.first, "address", &text))
    }
}

fn keyed(key: &[u8], kind: &str, text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(kind.as_bytes());
    mac.update(&[0]);
    mac.update(text.as_bytes());
    hex::encode(&mac.finalize().into_bytes()[..ID_BYTES])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let good = [
            "ABCDE23456",
            "abcde23456",
            " abc de-234 56\t",
            "ABCDE–23456",
            "ＡＢＣＤＥ２３４５６",
            "ＡＢＣＤＥ　２３４５６",
            "ABCDEー23456",
        ];
        for text in good {
            assert_eq!(Code::read(text).unwrap().expose(), "ABCDE23456", "{text}");
        }
        let long = " ".repeat(200) + "ABCDE23456";
        for bad in ["", "ABCDE2345", "ABCDE234567", "ABCDE2345é", "ABCDE_23456", "ABCDE2345\0", "ÀBCDE23456", &long] {
            assert!(Code::read(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn codes_have_no_look_alikes_and_do_not_repeat() {
        let mut seen = std::collections::HashSet::new();
        for _ in 0..1_000 {
            let code = Code::generate();
            assert_eq!(Code::read(code.expose()).unwrap(), code);
            assert!(!code.expose().contains(['0', 'O', '1', 'I']), "{}", code.expose());
            assert!(code.expose().ends_with(code.hint()) && code.hint().len() == 3);
            assert!(seen.insert(code.expose().to_owned()));
            assert!(!format!("{code:?}").contains(code.expose()));
        }
        assert_eq!(masked("XYZ"), "*******XYZ");
    }

    #[test]
    fn both_keys_find_a_code() {
        let code = Code::read("ABCDE23456").unwrap();
        let old = CodeKeys { first: b"old".to_vec(), second: None };
        let new = CodeKeys { first: b"new".to_vec(), second: Some(b"old".to_vec()) };
        assert_eq!(old.ids(&code), [old.id(&code), old.id(&code)]);
        assert_eq!(new.ids(&code), [new.id(&code), old.id(&code)]);
        assert_ne!(new.id(&code), old.id(&code));
        assert_eq!(old.id(&code).len(), 2 * ID_BYTES);
    }

    #[test]
    fn an_address_counts_when_it_is_one_persons() {
        let keys = CodeKeys { first: b"key".to_vec(), second: None };
        // two addresses, whether the first counts, whether they count as one
        let table = [
            ("203.0.113.7", "::ffff:203.0.113.7", true, true),
            ("203.0.113.7", "203.0.113.8", true, false),
            ("2001:db8:1:2:3::4", "2001:db8:1:2:ffff::1", true, true),
            ("2001:db8:1:2::4", "2001:db8:1:3::4", true, false),
            ("127.0.0.1", "203.0.113.7", false, false),
            ("10.1.2.3", "203.0.113.7", false, false),
            ("::1", "203.0.113.7", false, false),
            ("fd00::1", "203.0.113.7", false, false),
        ];
        for (one, other, counts, same) in table {
            let [first, second] = [one, other].map(|text| keys.address(text.parse().unwrap()));
            assert_eq!((first.is_some(), first == second), (counts, same), "{one} {other}");
        }
    }
}

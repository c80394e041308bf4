//! Rules of the fields that several requests share. Each answers with the field's value as the ledger keeps it.

use std::collections::BTreeMap;

use ledger::{Amount, AmountError, Unit};
use serde_json::Value;

use crate::{Error, Result};

/// A JSON object for the caller's own use.
pub type Metadata = BTreeMap<String, Value>;

/// Most keys of a metadata object.
pub const MAX_METADATA_KEYS: usize = 50;
/// Longest metadata object, in bytes of JSON.
pub const MAX_METADATA_BYTES: usize = 4_096;
/// Longest description or reason, in characters.
pub const MAX_DESCRIPTION_CHARS: usize = 500;
/// Longest reference, resource, service or name, in characters.
pub const MAX_NAME_CHARS: usize = 200;
/// Most services a lot may be restricted to.
pub const MAX_SCOPE_SERVICES: usize = 50;

/// A text of 1 to `max` characters.
pub(crate) fn text(param: &'static str, value: String, max: usize, controls: bool) -> Result<Box<str>> {
    let long = value.len() > max && value.chars().count() > max;
    if value.is_empty() || long || (!controls && value.chars().any(char::is_control)) {
        let controls = if controls { "" } else { " without control characters" };
        return Err(Error::invalid(param, format!("must have 1 to {max} characters{controls}")));
    }
    // PostgreSQL cannot store it.
    if value.contains('\0') {
        return Err(Error::invalid(param, "must not contain the character U+0000"));
    }
    Ok(value.into_boxed_str())
}

/// A short text on one line.
pub(crate) fn name(param: &'static str, value: String) -> Result<Box<str>> {
    text(param, value, MAX_NAME_CHARS, false)
}

/// An amount of `unit`, of either sign.
pub(crate) fn amount(param: &'static str, value: &str, unit: Unit) -> Result<Amount> {
    unit.parse_amount(value).map_err(|error| {
        let detail = match error {
            AmountError::TooPrecise => format!("{error}: {unit} has {}", unit.ledger_scale()),
            AmountError::Malformed | AmountError::TooLarge => error.to_string(),
        };
        Error::Invalid { param: param.into(), code: "invalid_amount", detail }
    })
}

/// Metadata as JSON text with sorted keys.
pub(crate) fn metadata(value: &Metadata) -> Result<Box<str>> {
    let text = serde_json::to_string(value).map_err(|error| Error::invalid("metadata", error.to_string()))?;
    if value.len() > MAX_METADATA_KEYS || text.len() > MAX_METADATA_BYTES {
        let rule = format!("must have at most {MAX_METADATA_KEYS} keys and {MAX_METADATA_BYTES} bytes of JSON");
        return Err(Error::invalid("metadata", rule));
    }
    Ok(text.into_boxed_str())
}

/// An e-mail address: something before and after the @, no spaces. Whether it exists, only a mail can tell.
pub(crate) fn email(value: String) -> Result<String> {
    let parts = value.rsplit_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && domain.len() >= 3
            && domain.contains('.')
            && !domain.starts_with('.')
            && !domain.ends_with('.')
    });
    let plain = !value.chars().any(|character| character.is_control() || character.is_whitespace());
    if parts && plain && value.len() <= 254 && value.matches('@').count() == 1 {
        return Ok(value);
    }
    Err(Error::invalid("email", "must be an e-mail address, such as name@example.com"))
}

/// An account's public identifier.
pub(crate) fn account_id(value: &str) -> Result<()> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:@-".contains(&byte);
    // Clients read "." and ".." in a path as steps.
    if (1..=64).contains(&value.len()) && value.bytes().all(plain) && value != "." && value != ".." {
        return Ok(());
    }
    Err(Error::invalid("id", "must be 1 to 64 of A-Z a-z 0-9 _ . : @ -"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_ids() {
        let longest = "a".repeat(64);
        for good in ["a", "Team_1.x:y@z-", longest.as_str(), "..."] {
            assert!(account_id(good).is_ok(), "{good}");
        }
        let too_long = "a".repeat(65);
        for bad in ["", ".", "..", "a/b", "a b", "é", "a\n", "a%", too_long.as_str()] {
            assert!(account_id(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn email_addresses() {
        for good in ["a@b.vn", "first.last+tag@sub.example.com", "日本@例え.jp"] {
            assert!(email(good.to_owned()).is_ok(), "{good}");
        }
        for bad in ["", "a", "a@", "@b.vn", "a@b", "a b@c.vn", "a@b.vn\n", "a@@b.vn", "a@.vn", "a@b."] {
            assert!(email(bad.to_owned()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn texts_are_measured_in_characters() {
        assert!(name("service", "é".repeat(200)).is_ok());
        assert!(name("service", "é".repeat(201)).is_err());
        assert!(name("service", String::new()).is_err());
        assert!(name("service", "a\nb".to_owned()).is_err());
        assert!(text("description", "a\nb".to_owned(), MAX_DESCRIPTION_CHARS, true).is_ok());
        assert!(text("description", "a\0b".to_owned(), MAX_DESCRIPTION_CHARS, true).is_err());
    }

    #[test]
    fn metadata_is_bounded() {
        let keys = |count: usize| (0..count).map(|n| (format!("k{n}"), Value::from(n))).collect::<Metadata>();
        assert!(metadata(&keys(50)).is_ok());
        assert!(metadata(&keys(51)).is_err());
        let long = |bytes: usize| Metadata::from([("k".to_owned(), Value::from("x".repeat(bytes)))]);
        assert_eq!(metadata(&long(4_096 - 8)).unwrap().len(), 4_096);
        assert!(metadata(&long(4_096 - 7)).is_err());
    }
}

//! Signed query strings: the link to the page, the notice, the browser's return.
//!
//! Signed is what stands in the query: the parameters named `vnp_…`, without the checksum and the empty ones, sorted by
//! name, form-encoded. To verify, a query is decoded and encoded again, so that order, `%20` for `+` and foreign
//! parameters make no difference; a name that stands twice, or an escape that is none, refuses it.
//! [`VerifiedQuery`] is made by [`verify`] only. Deliberately absent: replay detection (by event id, in the store).

use std::collections::BTreeMap;
use std::fmt;

use sha2::{Digest, Sha256};
use thiserror::Error;

use super::checksum;
use crate::Secret;

/// Names and values, decoded, sorted by name.
pub type Params = BTreeMap<String, String>;

const HASH: &str = "vnp_SecureHash";
const HASH_TYPE: &str = "vnp_SecureHashType";

/// A query that our secret signed.
///
/// Only [`verify`] makes one, and nothing else is read as a notice or a return:
///
/// ```compile_fail,E0423
/// let forged = providers::vnpay::query::VerifiedQuery(Default::default());
/// ```
#[derive(Clone)]
pub struct VerifiedQuery(Params);

/// Why a query is refused. Answer [`IpnAnswer::Forged`](super::IpnAnswer::Forged): VNPay sends its own again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum QueryError {
    /// A `%` without two hex digits, or bytes that are not UTF-8.
    #[error("the query is not percent-encoded UTF-8")]
    Malformed,
    /// Two readers could see two values.
    #[error("a parameter stands twice in the query")]
    Repeated,
    /// `vnp_SecureHash` is missing or empty.
    #[error("the query has no vnp_SecureHash")]
    NoHash,
    /// Signed by somebody else, or changed on the way.
    #[error("the checksum does not match: check that vnpay.hash_secret is the one of this terminal")]
    NoMatch,
}

/// The query with its checksum at the end: what is signed is what is sent.
pub fn signed(params: &Params, secret: &Secret) -> String {
    let text = canonical(params);
    let hash = checksum::of(&text, secret);
    format!("{text}&{HASH}={hash}")
}

/// Verifies a raw query string, as it stood after the `?`.
pub fn verify(raw: &[u8], secret: &Secret) -> Result<VerifiedQuery, QueryError> {
    let mut params = Params::new();
    for pair in raw.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let mut halves = pair.splitn(2, |byte| *byte == b'=').map(decode);
        let name = halves.next().unwrap_or(Ok(String::new()))?;
        let value = halves.next().unwrap_or(Ok(String::new()))?;
        if params.insert(name, value).is_some() {
            return Err(QueryError::Repeated);
        }
    }
    let hash = params.remove(HASH).filter(|hash| !hash.is_empty()).ok_or(QueryError::NoHash)?;
    if !checksum::matches(&canonical(&params), &hash, secret) {
        return Err(QueryError::NoMatch);
    }
    params.retain(|name, value| is_signed(name, value));
    Ok(VerifiedQuery(params))
}

impl VerifiedQuery {
    /// A parameter that was signed; `None` when absent or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// SHA-256 over all that was signed, lower-case hex: the same for the same content, however it was written.
    pub fn fingerprint(&self) -> String {
        hex::encode(Sha256::digest(canonical(&self.0)))
    }
}

impl fmt::Debug for VerifiedQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifiedQuery({} parameters)", self.0.len())
    }
}

/// The text that is signed.
pub fn canonical(params: &Params) -> String {
    let mut text = String::new();
    for (name, value) in params.iter().filter(|(name, value)| is_signed(name, value)) {
        if !text.is_empty() {
            text.push('&');
        }
        encode(&mut text, name);
        text.push('=');
        encode(&mut text, value);
    }
    text
}

fn is_signed(name: &str, value: &str) -> bool {
    name.starts_with("vnp_") && !value.is_empty() && name != HASH && name != HASH_TYPE
}

/// Form encoding of the URL standard: `* - . _`, letters and digits stay, a space is `+`.
fn encode(into: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => into.push(char::from(byte)),
            b' ' => into.push('+'),
            _ => {
                into.push('%');
                into.push_str(&hex::encode_upper([byte]));
            }
        }
    }
}

fn decode(text: &[u8]) -> Result<String, QueryError> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        rest = tail;
        decoded.push(match first {
            b'+' => b' ',
            b'%' => {
                let (digits, after) = tail.split_at_checked(2).ok_or(QueryError::Malformed)?;
                rest = after;
                hex::decode(digits).ok().and_then(|bytes| bytes.first().copied()).ok_or(QueryError::Malformed)?
            }
            other => *other,
        });
    }
    String::from_utf8(decoded).map_err(|_| QueryError::Malformed)
}

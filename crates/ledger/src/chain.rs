//! The hash chain of an account: changing, dropping or reordering a transaction changes every hash after it.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::Unit;

const DOMAIN: &[u8] = b"scrip ledger v1\0";

/// A SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// What the first transaction of an account follows.
    pub const ZERO: Hash = Hash([0; 32]);
}

/// SHA-256(domain ‖ account ‖ unit ‖ seq ‖ canonical bytes ‖ previous hash); every part has a fixed or a stated length.
pub fn link(account_id: &str, unit: Unit, seq: u64, canonical: &[u8], previous: Hash) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(DOMAIN);
    for text in [account_id, unit.code()] {
        hasher.update((text.len() as u64).to_be_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.update(seq.to_be_bytes());
    hasher.update(canonical);
    hasher.update(previous.0);
    Hash(hasher.finalize().into())
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

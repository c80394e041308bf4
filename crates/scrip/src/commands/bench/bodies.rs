//! What is sent: bodies written once, keys written per request.

use std::fmt::Write;

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Uri};

use super::connection::Call;

/// Every debit takes this many credits.
pub const DEBIT: &str = "0.001";

/// Steps between accounts: a prime larger than most numbers of accounts, so that neighbours in time are far apart.
const STRIDE: u64 = 1_000_003;

/// The id of a benchmark account.
pub fn account(index: u64) -> String {
    format!("bench-{index:06}")
}

/// Writes debits. Cheap to clone: the text of all single debits is shared.
#[derive(Debug, Clone)]
pub struct Bodies {
    singles: Bytes,
    width: usize,
    accounts: u64,
    batch: usize,
    run: u32,
}

impl Bodies {
    /// For `accounts` accounts, `batch` debits a request (1 = the plain endpoint) and the number of this run, which
    /// makes its keys differ from those of other runs.
    pub fn new(accounts: u64, batch: usize, run: u32) -> Self {
        let single = |index| {
            let account = account(index);
            format!("{{\"account\":\"{account}\",\"amount\":\"{DEBIT}\",\"service\":\"bench\"}}")
        };
        // All as wide as the longest, so that the place of each is known: spaces after JSON mean nothing.
        let width = single(accounts.saturating_sub(1)).len();
        let mut singles = BytesMut::new();
        if batch == 1 {
            (0..accounts).for_each(|index| singles.extend_from_slice(format!("{:<width$}", single(index)).as_bytes()));
        }
        Bodies { singles: singles.freeze(), width, accounts, batch, run }
    }

    /// How many debits a request carries.
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// The `number`th request of a connection.
    pub fn call(&self, connection: usize, number: u64) -> Call {
        let first = (connection as u64).wrapping_mul(97).wrapping_add(number.wrapping_mul(self.batch as u64));
        let at = |item: u64| first.wrapping_add(item).wrapping_mul(STRIDE) % self.accounts;
        if self.batch == 1 {
            let start = at(0) as usize * self.width;
            let key = format!("bench-{:08x}-{connection}-{number}", self.run);
            return Call {
                path: Uri::from_static("/v1/debits"),
                key: HeaderValue::from_maybe_shared(Bytes::from(key)).ok(),
                body: self.singles.slice(start..start + self.width),
            };
        }
        let mut body = BytesMut::with_capacity(self.batch * 140);
        body.extend_from_slice(b"{\"items\":[");
        for item in 0..self.batch as u64 {
            let comma = if item == 0 { "" } else { "," };
            let (run, index) = (self.run, at(item));
            let _always_fits = write!(
                body,
                "{comma}{{\"idempotency_key\":\"bench-{run:08x}-{connection}-{number}-{item}\",\
                 \"account\":\"bench-{index:06}\",\"amount\":\"{DEBIT}\",\"service\":\"bench\"}}"
            );
        }
        body.extend_from_slice(b"]}");
        Call { path: Uri::from_static("/v1/debits/batch"), key: None, body: body.freeze() }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::Value;

    use super::*;

    #[test]
    fn a_single_debit_is_one_body_and_one_key() {
        let bodies = Bodies::new(1_000_001, 1, 0xabc);
        let call = bodies.call(2, 0);
        let body = serde_json::from_slice::<Value>(&call.body).unwrap();
        assert_eq!(body["amount"], "0.001");
        assert_eq!(body["account"], account(194 * STRIDE % 1_000_001));
        assert_eq!(call.key.unwrap(), "bench-00000abc-2-0");
    }

    #[test]
    fn keys_are_unique_and_accounts_are_spread() {
        let (mut keys, mut accounts) = (HashSet::new(), HashSet::new());
        let bodies = Bodies::new(1_000, 5, 7);
        for connection in 0..8 {
            for number in 0..100 {
                let body = serde_json::from_slice::<Value>(&bodies.call(connection, number).body).unwrap();
                for item in body["items"].as_array().unwrap() {
                    assert!(keys.insert(item["idempotency_key"].as_str().unwrap().to_owned()));
                    accounts.insert(item["account"].as_str().unwrap().to_owned());
                }
            }
        }
        assert_eq!(keys.len(), 8 * 100 * 5);
        assert_eq!(accounts.len(), 1_000, "every account is reached");
    }

    #[test]
    fn one_account_is_hot() {
        for batch in [1, 3] {
            let text = Bodies::new(1, batch, 1).call(5, 9).body;
            assert_eq!(String::from_utf8_lossy(&text).matches("bench-000000\"").count(), batch);
        }
    }
}

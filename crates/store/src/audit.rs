//! The chain of the table `audit`: each row's hash covers the row and the hash before it.
//!
//! Invariants: numbers begin at 1 and have no gaps, so a row that was changed, taken out or put in shows. Whoever cuts
//! off the end leaves a shorter chain that holds: compare its last hash with one that was kept elsewhere. Deliberately
//! absent: what rows mean (see the engine's `audit`). Cost of a check: one SHA-256 a row.

use sha2::{Digest, Sha256};

use crate::verify::Difference;
use crate::{Row, Value};

/// A page of rows after a number, as [`AuditChain::check`] takes them.
pub(crate) const AUDIT_PAGE: &str = "SELECT seq, at_us, actor, action, account_id, object, address, user_agent, before, \
     after, reason, hash FROM audit WHERE seq > $1 ORDER BY seq LIMIT 1000";

/// What is hashed first, so that the bytes mean nothing elsewhere.
const DOMAIN: &[u8] = b"scrip.audit.1";

/// The hash of a row, as hexadecimal digits. `columns`: all of the table but `hash`, in their order; `before`: the hash
/// of the row before, empty for the first.
pub fn audit_hash(before: &str, columns: &[Value]) -> String {
    let mut digest = Sha256::new().chain_update(DOMAIN);
    add(&mut digest, b't', before.as_bytes());
    for column in columns {
        match column {
            Value::Null => add(&mut digest, b'n', &[]),
            Value::Int(number) => add(&mut digest, b'i', &number.to_be_bytes()),
            Value::Text(text) => add(&mut digest, b't', text.as_bytes()),
            Value::Blob(bytes) => add(&mut digest, b'b', bytes),
        }
    }
    hex::encode(digest.finalize())
}

/// A kind, a length and the bytes: no two rows have the same bytes.
fn add(digest: &mut Sha256, kind: u8, bytes: &[u8]) {
    digest.update([kind]);
    digest.update((bytes.len() as u64).to_be_bytes());
    digest.update(bytes);
}

/// How far the chain was followed.
#[derive(Default)]
pub(crate) struct AuditChain {
    /// Number of the last row that was checked; 0 before the first.
    pub(crate) seq: i64,
    hash: String,
}

impl AuditChain {
    /// Follows the chain over the next rows of [`AUDIT_PAGE`]; false when there are none.
    pub(crate) fn check(&mut self, rows: &[Row]) -> Result<bool, Difference> {
        for row in rows {
            let place = format!("audit, row {}", self.seq + 1);
            let differs = |what: &str| Difference::new(place.clone(), what);
            let unreadable = |error: crate::ColumnError| differs(&error.to_string());
            if row.int(0).map_err(unreadable)? != self.seq + 1 {
                return Err(differs("is missing"));
            }
            let (hash, columns) = row.0.split_last().ok_or_else(|| differs("has no columns"))?;
            let expected = audit_hash(&self.hash, columns);
            if *hash != Value::Text(expected.clone()) {
                return Err(differs("its hash does not follow from the row and the one before"));
            }
            self.seq += 1;
            self.hash = expected;
        }
        Ok(!rows.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params;

    fn rows(count: i64) -> Vec<Row> {
        let mut hash = String::new();
        let row = |seq| {
            let mut columns = params![seq, 5, "key:a", "key.made", "a", None::<&str>, "", "b", "c", "d", "e"];
            hash = audit_hash(&hash, &columns);
            columns.push(hash.as_str().into());
            Row(columns)
        };
        (1..=count).map(row).collect()
    }

    #[test]
    fn any_change_is_seen() {
        let good = rows(5);
        assert_eq!(AuditChain::default().check(&good), Ok(true));
        assert_eq!(AuditChain::default().check(&[]), Ok(false));
        type Spoil = fn(&mut Vec<Row>);
        let table: &[(&str, Spoil)] = &[
            ("audit, row 3", |rows| drop(rows.remove(2))),
            ("audit, row 1", |rows| drop(rows.remove(0))),
            ("audit, row 3", |rows| rows.swap(2, 3)),
            ("audit, row 3", |rows| rows[2].0[5] = "".into()),
            ("audit, row 3", |rows| rows[2].0[6] = Value::Null),
            ("audit, row 3", |rows| (rows[2].0[7], rows[2].0[8]) = ("".into(), "bc".into())),
            ("audit, row 3", |rows| rows[2].0[1] = Value::Int(6)),
            ("audit, row 3", |rows| rows[2].0[11] = "0".into()),
            ("audit, row 5", |rows| rows[4].0[0] = Value::Int(6)),
        ];
        for (place, spoil) in table {
            let mut rows = good.clone();
            spoil(&mut rows);
            let found = AuditChain::default().check(&rows).unwrap_err();
            assert_eq!(found.place, *place, "{found}");
        }
    }

    #[test]
    fn the_chain_goes_on_over_pages() {
        let all = rows(5);
        let mut chain = AuditChain::default();
        assert_eq!(chain.check(&all[..2]), Ok(true));
        assert_eq!((chain.check(&all[2..]), chain.seq), (Ok(true), 5));
    }
}

//! Says quickly that an idempotency key has never been projected, which nearly all new keys have not.
//!
//! A Bloom filter over key hashes. It only ever saves a lookup: until the scan at start has told it all projected keys it
//! lets everything through, and when it grows full it does so more and more. All bits of a key are in one cache line.
//! Invariant: every projected key is in it, or it is not complete. Cost: 16 MiB; about two lookups in a hundred are
//! needless at 13 million keys.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use rusqlite::Connection;
use tracing::warn;

use crate::sqlite::schema;
use crate::sqlite::tail::KeyHash;

const WORDS: usize = 1 << 21;
/// Words of a cache line.
const LINE: usize = 8;
const PROBES: usize = 4;

/// A filter; see the module.
pub(super) struct KeyFilter {
    words: Vec<u64>,
    /// What the scan found, once it is done.
    scanned: Arc<OnceLock<Vec<u64>>>,
    complete: bool,
}

impl KeyFilter {
    /// An empty filter that a scan of the projected keys completes in the background. Keys projected from now on must be
    /// told to it.
    pub(super) fn start(path: &Path) -> Self {
        let scanned = Arc::<OnceLock<Vec<u64>>>::default();
        let (path, found) = (path.to_owned(), scanned.clone());
        let scan = move || match schema::open_reader(&path).and_then(|conn| scan(&conn).map_err(schema::from)) {
            Ok(words) => drop(found.set(words)),
            Err(error) => warn!(%error, "keys are looked up without a filter"),
        };
        if let Err(error) = std::thread::Builder::new().name("scrip-key-scan".to_owned()).spawn(scan) {
            warn!(%error, "keys are looked up without a filter");
        }
        KeyFilter { words: vec![0; WORDS], scanned, complete: false }
    }

    /// Adds a key.
    pub(super) fn insert(&mut self, key: KeyHash) {
        set(&mut self.words, key);
    }

    /// Whether the key may have been projected; `false` is certain.
    pub(super) fn may_contain(&mut self, key: KeyHash) -> bool {
        if !self.complete {
            let Some(found) = self.scanned.get() else { return true };
            self.words.iter_mut().zip(found).for_each(|(word, found)| *word |= found);
            self.complete = true;
            self.scanned = Arc::default();
        }
        probes(key).all(|bit| self.words[bit / 64] & (1 << (bit % 64)) != 0)
    }
}

fn scan(conn: &Connection) -> rusqlite::Result<Vec<u64>> {
    let mut words = vec![0; WORDS];
    let mut statement = conn.prepare("SELECT key_hash FROM entry_keys")?;
    let mut keys = statement.query([])?;
    while let Some(row) = keys.next()? {
        set(&mut words, row.get(0)?);
    }
    Ok(words)
}

fn set(words: &mut [u64], key: KeyHash) {
    for bit in probes(key) {
        words[bit / 64] |= 1 << (bit % 64);
    }
}

/// The hash is uniform already: its upper bits choose the line, groups of 9 lower bits the bits in it.
fn probes(key: KeyHash) -> impl Iterator<Item = usize> {
    let key = key as u64 as usize;
    let line = (key >> 40) % (WORDS / LINE) * LINE * 64;
    (0..PROBES).map(move |probe| line + (key >> (9 * probe)) % (LINE * 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_is_never_denied_and_little_else_is_let_through() {
        let mut filter = KeyFilter { words: vec![0; WORDS], scanned: Arc::default(), complete: false };
        let key = |number: i64| crate::sqlite::tail::key_hash(7, &format!("key {number}"));
        assert!(filter.may_contain(key(0)), "not complete: anything may be there");
        filter.scanned.set(vec![0; WORDS]).unwrap();
        (0..100_000).for_each(|number| filter.insert(key(number)));
        assert!((0..100_000).all(|number| filter.may_contain(key(number))));
        let wrong = (100_000..200_000).filter(|number| filter.may_contain(key(*number))).count();
        assert!(wrong < 200, "{wrong} of 100,000 let through");
    }
}

//! Valid keys, remembered. Pure: instants are given, so tests need not wait.
//!
//! Invariant: every key in here was valid at the moment of `checked`, on any node. It holds because a check finds every
//! revocation committed before it began, because a key comes in only when it was read after that, and because what was
//! revoked here shuts out the reads that were under way. Deliberately absent: keys that are not valid.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use rustc_hash::FxBuildHasher;

use super::Key;
use crate::watch::Moment;

/// Keys remembered at most; beyond it all are forgotten and read again.
const CACHE_KEYS: usize = 100_000;
/// A revocation may be committed this long after the time that it is stamped with, in microseconds.
const LOOK_BACK_US: i64 = 60_000_000;

pub(super) struct Cache {
    keys: HashMap<Box<str>, Arc<Key>, FxBuildHasher>,
    /// When the last check that succeeded began, or the first key was read.
    checked: Moment,
    /// What was read before this may have been revoked since, and nobody would notice.
    closed_before: Instant,
}

impl Cache {
    pub(super) fn new(now: Moment) -> Cache {
        Cache { keys: HashMap::default(), checked: now, closed_before: now.at }
    }

    /// A key that was valid within the last second.
    pub(super) fn get(&self, public_id: &str, now: Moment) -> Option<Arc<Key>> {
        if self.checked.is_fresh(now) { self.keys.get(public_id).cloned() } else { None }
    }

    /// Remembers a key, read by a query that began at `read`.
    pub(super) fn insert(&mut self, key: Arc<Key>, read: Moment) {
        if read.at < self.closed_before {
            return;
        }
        if self.keys.len() >= CACHE_KEYS {
            self.keys.clear();
        }
        if self.keys.is_empty() {
            self.checked = read;
            self.closed_before = read.at;
        }
        if let Some(known) = self.keys.get(&key.public_id) {
            key.last_used_us.fetch_max(known.last_used_us.load(Ordering::Relaxed), Ordering::Relaxed);
        }
        self.keys.insert(key.public_id.clone(), key);
    }

    /// Forgets a key that this node revoked; `now` is after the commit.
    pub(super) fn forget(&mut self, public_id: &str, now: Instant) {
        self.keys.remove(public_id);
        self.closed_before = self.closed_before.max(now);
    }

    /// From when on revocations are to be looked for, by a check that begins at `began`, in microseconds; `None` when
    /// nothing is remembered. Goes back to the last check, however long ago: no pause of the process makes a gap.
    pub(super) fn unchecked_since_us(&self, began: Moment) -> Option<i64> {
        let since_us = self.checked.time.min(began.time).micros() - LOOK_BACK_US;
        (!self.keys.is_empty()).then_some(since_us)
    }

    /// A check that began at `began` found these revoked; `None`: more than it can name.
    pub(super) fn checked<'a>(&mut self, began: Moment, revoked: Option<impl Iterator<Item = &'a str>>) {
        match revoked {
            Some(revoked) => revoked.for_each(|public_id| drop(self.keys.remove(public_id))),
            None => self.keys.clear(),
        }
        self.checked = self.checked.later(began);
        self.closed_before = self.closed_before.max(began.at);
    }

    /// Every key in here.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Key>> {
        self.keys.values()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ledger::Timestamp;

    use super::super::Scopes;
    use super::*;

    /// Milliseconds after a start.
    struct Clock(Instant);

    impl Clock {
        fn at(&self, ms: u64) -> Moment {
            let time = Timestamp::from_micros(i64::try_from(ms).unwrap() * 1_000);
            Moment { at: self.0 + Duration::from_millis(ms), time }
        }
    }

    fn key(public_id: &str, last_used_us: i64) -> Arc<Key> {
        Arc::new(Key {
            public_id: public_id.into(),
            account: None,
            scopes: Scopes::default(),
            actor: "key:test".into(),
            sha256: [0; 32],
            expires_at: None,
            last_used_us: last_used_us.into(),
            last_written_us: 0.into(),
        })
    }

    fn revoked<'a>(ids: &'a [&str]) -> Option<impl Iterator<Item = &'a str>> {
        Some(ids.iter().copied())
    }

    #[test]
    fn a_key_is_used_for_900_ms_after_the_last_check_began() {
        let clock = Clock(Instant::now());
        let mut cache = Cache::new(clock.at(0));
        assert_eq!(cache.unchecked_since_us(clock.at(0)), None, "nothing to ask for");
        cache.insert(key("a", 0), clock.at(5_000));
        let known = |cache: &Cache, ms| cache.get("a", clock.at(ms)).is_some();
        assert_eq!([5_899, 5_900].map(|ms| known(&cache, ms)), [true, false], "the first key was its own check");
        assert_eq!(cache.unchecked_since_us(clock.at(6_000)), Some(5_000_000 - LOOK_BACK_US));
        cache.checked(clock.at(6_000), revoked(&[]));
        assert_eq!([6_899, 6_900].map(|ms| known(&cache, ms)), [true, false]);
        // A second key does not vouch for the first.
        cache.insert(key("b", 0), clock.at(7_000));
        assert!(!known(&cache, 7_001));
        // An hour later the next check looks back to the last one.
        assert_eq!(cache.unchecked_since_us(clock.at(3_600_000)), Some(6_000_000 - LOOK_BACK_US));
        cache.checked(clock.at(3_600_000), revoked(&["a", "c"]));
        assert_eq!(["a", "b"].map(|id| cache.get(id, clock.at(3_600_001)).is_some()), [false, true]);
        // A check that began earlier and ended later takes nothing back.
        cache.checked(clock.at(3_599_000), revoked(&[]));
        assert!(cache.get("b", clock.at(3_600_001)).is_some());
        cache.checked(clock.at(3_600_100), None::<std::iter::Empty<&str>>);
        assert_eq!(cache.iter().count(), 0);
    }

    #[test]
    fn what_was_read_before_a_revocation_is_not_remembered_after_it() {
        let clock = Clock(Instant::now());
        // the read began at, then: own revocation at, check began at; whether it is remembered
        let table = [
            (100, None, None, true),
            (100, Some(200), None, false),
            (100, Some(100), None, true),
            (100, None, Some(200), false),
            (200, None, Some(200), true),
            (300, Some(200), Some(250), true),
        ];
        for (read, revocation, check, remembered) in table {
            let mut cache = Cache::new(clock.at(0));
            cache.insert(key("other", 0), clock.at(50));
            if let Some(ms) = revocation {
                cache.forget("a", clock.at(ms).at);
            }
            if let Some(ms) = check {
                cache.checked(clock.at(ms), revoked(&["a"]));
            }
            cache.insert(key("a", 0), clock.at(read));
            assert_eq!(cache.get("a", clock.at(400)).is_some(), remembered, "{read} {revocation:?} {check:?}");
        }
    }

    #[test]
    fn a_key_that_is_read_again_keeps_its_last_use() {
        let clock = Clock(Instant::now());
        let mut cache = Cache::new(clock.at(0));
        for (last_used_us, kept_us) in [(5, 5), (3, 5), (9, 9)] {
            cache.insert(key("a", last_used_us), clock.at(1));
            let known = cache.get("a", clock.at(1)).unwrap();
            assert_eq!(known.last_used_us.load(Ordering::Relaxed), kept_us);
        }
    }
}

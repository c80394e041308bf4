//! Counts the alarms that payments raise, on the thread of one test.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};

/// How often each alarm was raised, by its reason.
#[derive(Default)]
pub(super) struct Alarms(Mutex<BTreeMap<String, Arc<AtomicU64>>>);

impl Alarms {
    /// Those raised since the last time they were taken.
    pub(super) fn take(&self) -> BTreeMap<String, u64> {
        let counted = self.0.lock().unwrap();
        let taken = counted.iter().map(|(reason, count)| (reason.clone(), count.swap(0, Ordering::Relaxed)));
        taken.filter(|(_, count)| *count > 0).collect()
    }
}

impl Recorder for Alarms {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        if key.name() != "scrip_payment_alarms_total" {
            return Counter::noop();
        }
        let reason = key.labels().find(|label| label.key() == "reason").map_or("", |label| label.value());
        let mut counted = self.0.lock().unwrap();
        Counter::from_arc(Arc::clone(counted.entry(reason.to_owned()).or_default()))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

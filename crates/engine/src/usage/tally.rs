//! Adding up entries: what counts as usage, where, and how much of it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use ledger::{Kind, Timestamp, Transaction};
use serde::Deserialize;

/// A quarter of an hour. Since 1972 every offset of a time zone has been a multiple of it: a quarter lies in one day.
pub(super) const QUARTER_US: i64 = 900_000_000;

/// The sum of some entries of one service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Debits and captures less reversals, in ledger units.
    pub spent_units: i128,
    /// How many entries: debits, captures and reversals.
    pub entries: u64,
    /// The latest instant that a debit or capture charged for: when its use happened, if that was said, else when it
    /// was booked. `None` when there are only reversals.
    pub charged_to: Option<Timestamp>,
}

impl Counted {
    /// Adds another sum.
    pub fn add(&mut self, other: &Counted) {
        self.spent_units += other.spent_units;
        self.entries += other.entries;
        self.charged_to = self.charged_to.max(other.charged_to);
    }
}

/// Sums by quarter and service, an empty service for entries that name none; quantities by quarter, service and meter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) quarters: BTreeMap<(i64, Box<str>), Counted>,
    pub(super) meters: BTreeMap<(i64, Box<str>, Box<str>), u64>,
}

/// What the price of an entry tells of its use.
#[derive(Default, Deserialize)]
struct Pricing<'a> {
    occurred_at_us: Option<i64>,
    #[serde(borrow)]
    lines: Vec<PricedMeter<'a>>,
}

#[derive(Deserialize)]
struct PricedMeter<'a> {
    #[serde(borrow)]
    meter: Cow<'a, str>,
    quantity: u64,
}

impl Tally {
    /// Adds an entry; one that is no usage adds nothing.
    pub(super) fn add(&mut self, tx: &Transaction) {
        let charges = match tx.kind() {
            Kind::Debit | Kind::Capture => true,
            Kind::Reversal => false,
            _ => return,
        };
        let quarter_us = tx.at.micros().div_euclid(QUARTER_US) * QUARTER_US;
        let service = tx.memo.service.clone().unwrap_or_default();
        // The engine wrote it; a text that it cannot read tells nothing.
        let pricing = tx.memo.pricing.as_deref().and_then(|json| serde_json::from_str::<Pricing<'_>>(json).ok());
        let pricing = pricing.unwrap_or_default();
        // A caller may be wrong about the time; nothing is charged before it happened.
        let occurred_at = pricing.occurred_at_us.map_or(tx.at, |at_us| Timestamp::from_micros(at_us).min(tx.at));
        for line in pricing.lines.iter().filter(|line| line.quantity > 0) {
            let key = (quarter_us, service.clone(), line.meter.as_ref().into());
            let quantity = self.meters.entry(key).or_default();
            *quantity = quantity.saturating_add(line.quantity);
        }
        let entry = Counted {
            spent_units: -i128::from(tx.amount().units()),
            entries: 1,
            charged_to: charges.then_some(occurred_at),
        };
        self.quarters.entry((quarter_us, service)).or_default().add(&entry);
    }
}

//! Values for tests of pure rules.

use std::collections::BTreeMap;

use ledger::plan::Paying;
use ledger::{Timestamp, Unit};

use super::calendar::Period;
use super::plan::{Plan, PlanTerms};
use super::subscription::Subscription;

/// An instant.
pub(super) fn at(text: &str) -> Timestamp {
    Timestamp::from_micros(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
}

/// A subscription that waits for its first payment.
pub(super) fn subscription() -> Subscription {
    let usd = Unit::parse("USD").unwrap();
    let anchor_date = "2026-01-31".parse().unwrap();
    let blank = Subscription::blank("team", &plan(), Paying::AllUpfront, usd, anchor_date, Timestamp::default());
    Subscription { id: "sub_1".to_owned(), ..blank }
}

/// A plan of one month for 20 dollars.
pub(super) fn plan() -> Plan {
    let unit = Unit::CREDIT;
    Plan {
        id: "SUB_PRO".to_owned(),
        site: "api".to_owned(),
        unit,
        version: 1,
        is_latest: true,
        is_retired: false,
        terms: PlanTerms {
            name: "Pro".to_owned(),
            prices: BTreeMap::from([(Unit::parse("USD").unwrap(), "20".to_owned())]),
            credits: "10000".to_owned(),
            period: Period::MONTHLY,
            term_periods: 1,
            options: vec![Paying::AllUpfront],
            scope: Vec::new(),
            on_demand: None,
        },
        created_at: Timestamp::default(),
    }
}

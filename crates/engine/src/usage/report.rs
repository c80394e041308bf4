//! Usage of an account by day and service.

use std::collections::BTreeMap;

use jiff::civil::Date;
use ledger::Timestamp;

use super::period::Period;
use super::reading::{self, Sums};
use super::tally::Counted;
use crate::accounts::Located;
use crate::{Engine, Result};

/// Most services that a report names one by one.
pub const MAX_TOP: usize = 100;

/// What a report should say.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// Which days.
    pub period: Period,
    /// How many services are named, at most [`MAX_TOP`]; the rest is summed up as others.
    pub top: usize,
    /// Whether the period before is compared with. Doubles the days that are read.
    pub compare: bool,
    /// Whether quantities by meter are told.
    pub meters: bool,
}

/// Usage by day and service.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Which days.
    pub period: Period,
    /// All of it.
    pub total: Counted,
    /// The services on which most was spent, the dearest first.
    pub services: Vec<ServiceUsage>,
    /// All other services, when there are any.
    pub others: Option<OtherUsage>,
    /// Every day of the period.
    pub days: Vec<DayUsage>,
    /// The total of as many days before, when that was asked for.
    pub before: Option<Counted>,
    /// Whether every entry was counted; else the newest are missing, because the account is far behind: ask again.
    pub is_complete: bool,
    /// When it was made.
    pub as_of: Timestamp,
}

/// Usage of one service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceUsage {
    /// Its name; empty: entries that name none.
    pub service: Box<str>,
    /// What was counted in the period.
    pub counted: Counted,
    /// What was spent in as many days before, in ledger units, when that was asked for.
    pub before_units: Option<i128>,
    /// Quantities by meter, of what was priced by a price book, when that was asked for. Reversals do not lessen them.
    pub meters: BTreeMap<Box<str>, u128>,
}

/// Usage of services that are not named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OtherUsage {
    /// How many services.
    pub services: usize,
    /// What was counted in the period.
    pub counted: Counted,
    /// What was spent in as many days before, in ledger units, when that was asked for. Includes services that were not
    /// used since.
    pub before_units: Option<i128>,
}

/// Usage of one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayUsage {
    /// Its date in the zone of the period.
    pub date: Date,
    /// When it begins.
    pub starts_at: Timestamp,
    /// When the next one begins.
    pub ends_at: Timestamp,
    /// All of it.
    pub counted: Counted,
    /// What was spent, in ledger units: for each service of the report, in the same order.
    pub by_service_units: Vec<i128>,
    /// What was spent on all others, in ledger units.
    pub others_units: i128,
}

/// Usage of an account in a period. The sum of its days is what history shows for the same time; see the module's
/// documentation for what counts as usage.
///
/// # Errors
/// What the store answers; [`store::Failure::Busy`] when others kept rolling up.
pub async fn report(engine: &Engine, account: &Located, query: &Query) -> Result<Report> {
    let mut starts = query.period.starts();
    let days = starts.len() - 1;
    let earlier = if query.compare { days } else { 0 };
    if query.compare {
        let before = query.period.before().starts();
        starts.splice(0..0, before[..days].iter().copied());
    }
    let metered = if query.meters { earlier..starts.len() - 1 } else { 0..0 };
    let sums = reading::sums(engine, account.no, &starts, metered).await?;
    let mut report = Report {
        period: query.period.clone(),
        total: Counted::default(),
        services: Vec::new(),
        others: None,
        days: query.days(&starts[earlier..]),
        before: query.compare.then(Counted::default),
        is_complete: sums.is_complete,
        as_of: engine.now(),
    };
    report.name_services(query, &sums, earlier);
    report.share_out(&sums, earlier);
    Ok(report)
}

impl Query {
    /// The days without any usage.
    fn days(&self, starts: &[Timestamp]) -> Vec<DayUsage> {
        let day = |(number, bounds): (i32, &[Timestamp])| DayUsage {
            date: self.period.date(number),
            starts_at: bounds[0],
            ends_at: bounds[1],
            counted: Counted::default(),
            by_service_units: Vec::new(),
            others_units: 0,
        };
        (0..).zip(starts.windows(2)).map(day).collect()
    }
}

impl Report {
    /// Decides which services have a name here, by what was spent on them in the period.
    fn name_services(&mut self, query: &Query, sums: &Sums, earlier: usize) {
        let mut services: BTreeMap<&str, ServiceUsage> = BTreeMap::new();
        for ((day, name), counted) in &sums.days {
            let known = services.entry(name).or_insert_with(|| ServiceUsage {
                service: name.clone(),
                before_units: query.compare.then_some(0),
                ..ServiceUsage::default()
            });
            match &mut known.before_units {
                Some(before_units) if *day < earlier => *before_units += counted.spent_units,
                _ => known.counted.add(counted),
            }
        }
        for ((service, meter), quantity) in &sums.meters {
            if let Some(known) = services.get_mut(&**service) {
                known.meters.insert(meter.clone(), *quantity);
            }
        }
        // Equal ones stay in the order of their names.
        let (mut used, unused): (Vec<_>, Vec<_>) =
            services.into_values().partition(|service| service.counted.entries > 0);
        used.sort_by_key(|service| std::cmp::Reverse(service.counted.spent_units));
        let rest = used.split_off(used.len().min(query.top.min(MAX_TOP)));
        self.services = used;
        let mut others = OtherUsage { services: rest.len(), ..OtherUsage::default() };
        for other in rest.iter().chain(&unused) {
            others.counted.add(&other.counted);
            others.before_units = add(others.before_units, other.before_units);
        }
        self.others = (!(rest.is_empty() && unused.is_empty())).then_some(others);
    }

    /// Fills the days and the totals.
    fn share_out(&mut self, sums: &Sums, earlier: usize) {
        let places: BTreeMap<Box<str>, usize> =
            self.services.iter().enumerate().map(|(place, service)| (service.service.clone(), place)).collect();
        for day in &mut self.days {
            day.by_service_units = vec![0; places.len()];
        }
        for ((day, service), counted) in &sums.days {
            let Some(day) = day.checked_sub(earlier) else {
                if let Some(before) = &mut self.before {
                    before.add(counted);
                }
                continue;
            };
            let Some(day) = self.days.get_mut(day) else { continue };
            self.total.add(counted);
            day.counted.add(counted);
            match places.get(service) {
                Some(place) => day.by_service_units[*place] += counted.spent_units,
                None => day.others_units += counted.spent_units,
            }
        }
    }
}

fn add(one: Option<i128>, other: Option<i128>) -> Option<i128> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one + other),
        (one, other) => one.or(other),
    }
}

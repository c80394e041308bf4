//! When something happens: the instants of a span, in order, drawn from the seed.
//!
//! Customers act once or twice a day, or leave for weeks; a node does its jobs once a day, or sleeps for days; at times
//! nothing happens at all, so that much is overdue at once. Everything likes the ends of days: exactly then, one
//! microsecond before and after. At every end of a day each account is looked at, one microsecond before it and exactly
//! then.

use std::collections::BTreeSet;

use ledger::Timestamp;

use super::calendar::{Day, Zone};
use crate::payments::dice::Dice;

/// What happens; at one instant in this order, so that a look sees all that came before it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Event {
    /// A customer, by place, does something.
    Act(usize),
    /// A node does what it does without being asked, round after round; the first is at this instant.
    Jobs(Timestamp),
    /// The account of a customer, by place, is read.
    Look(usize),
}

/// Rounds of jobs, in seconds after the first: money that is charged in one is heard of in the next, a minute later.
pub(super) const ROUNDS_SECONDS: [i64; 3] = [0, 61, 122];

/// The days that are played: from the first to the one before the last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span(pub(super) Day, pub(super) Day);

/// All that happens to customers in these zones, in order.
pub(super) fn agenda(dice: &mut Dice, span: Span, zones: &[Zone]) -> Vec<(Timestamp, Event)> {
    let mut events = Vec::new();
    let calm: BTreeSet<Day> = pauses(dice, span, 2, 15).collect();
    for (place, zone) in zones.iter().enumerate() {
        let away: BTreeSet<Day> = pauses(dice, span, 3, 25).collect();
        for day in span.0.until(span.1) {
            let end = zone.end(day);
            events.push((moved(end, -1), Event::Look(place)));
            events.push((end, Event::Look(place)));
            let acts = if calm.contains(&day) || away.contains(&day) { 0 } else { 1 + dice.below(3) };
            events.extend((0..acts).map(|_| (instant(dice, *zone, day), Event::Act(place))));
        }
    }
    let asleep: BTreeSet<Day> = pauses(dice, span, 5, 12).collect();
    for day in span.0.until(span.1).filter(|day| !calm.contains(day) && !asleep.contains(day)) {
        let zone = *dice.one(zones);
        let begun_at = instant(dice, zone, day);
        events.extend(ROUNDS_SECONDS.map(|seconds| (begun_at.plus_seconds(seconds), Event::Jobs(begun_at))));
    }
    events.sort_unstable();
    events
}

/// Days of pauses: one begins with this chance a day, and lasts for so many days at most.
fn pauses(dice: &mut Dice, span: Span, percent: u64, most_days: i64) -> impl Iterator<Item = Day> {
    let mut pauses = Vec::new();
    for day in span.0.until(span.1) {
        if dice.percent(percent) {
            pauses.push((day, day.plus_days(1 + dice.part(most_days))));
        }
    }
    pauses.into_iter().flat_map(|(from, until)| from.until(until))
}

/// Some time of the day, often its end.
fn instant(dice: &mut Dice, zone: Zone, day: Day) -> Timestamp {
    let (begin, end) = (zone.begin(day), zone.end(day));
    match dice.below(10) {
        0 => moved(end, -1),
        1 => end,
        2 => moved(end, 1),
        _ => moved(begin, dice.part(end.micros() - begin.micros() - 1)),
    }
}

fn moved(at: Timestamp, micros: i64) -> Timestamp {
    Timestamp::from_micros(at.micros() + micros)
}

//! How a balance is told: as a level, with letters that do not pile up. Pure.
//!
//! | level | when |
//! |---|---|
//! | `ok` | at or above the threshold |
//! | `low` | below it |
//! | `depleted` | zero or less |
//! | `negative` | the balance has been below zero for `alerts.negative_days` without a break |
//!
//! Letters (product rules, section 6): when the balance is seen below the threshold, at most one in `repeat` hours and
//! `max_letters` until it is above again; so an account that switches alerts on while it is low is told at once, and one
//! that stays low is reminded. Apart from that, the first time it is seen with nothing left is told at once, and not again
//! within `repeat` hours; becoming `negative` is told once.

use ledger::{Amount, Timestamp};

use crate::settings::Alerts as Rules;

/// How well an account is off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// At or above the threshold.
    #[default]
    Ok,
    /// Below the threshold.
    Low,
    /// Nothing is available.
    Depleted,
    /// Below zero for a while.
    Negative,
}

impl Level {
    /// Every level, better ones first.
    pub const ALL: [Level; 4] = [Level::Ok, Level::Low, Level::Depleted, Level::Negative];

    /// The name in the database, in JSON and in topics.
    pub const fn name(self) -> &'static str {
        match self {
            Level::Ok => "ok",
            Level::Low => "low",
            Level::Depleted => "depleted",
            Level::Negative => "negative",
        }
    }

    /// The level of a name.
    pub fn parse(name: &str) -> Option<Level> {
        Level::ALL.into_iter().find(|level| level.name() == name)
    }
}

/// What is remembered of an account between two looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// The level that was seen last.
    pub level: Level,
    /// Letters since it was last `ok`.
    pub told: i64,
    /// The last letter about a level.
    pub told_at: Option<Timestamp>,
    /// The last letter that said that nothing is left.
    pub depleted_at: Option<Timestamp>,
    /// Since when the balance has been seen below zero.
    pub below_zero_since: Option<Timestamp>,
}

/// What a look found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What may be spent.
    pub available: Amount,
    /// What is there, held credits included, less the overdraft.
    pub balance: Amount,
    /// When.
    pub at: Timestamp,
}

/// What a look leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// What is remembered from now on.
    pub memory: Memory,
    /// The level, when it changed: an event.
    pub event: Option<Level>,
    /// The level that a letter tells of, if one is written.
    pub letter: Option<Level>,
}

/// Weighs a look against what is remembered.
pub fn step(before: Memory, seen: Seen, threshold: Amount, rules: &Rules) -> Step {
    let below_zero_since = seen.balance.is_negative().then(|| before.below_zero_since.unwrap_or(seen.at));
    let negative_seconds = seconds(rules.negative_days, 86_400);
    let long_below = below_zero_since.is_some_and(|since| has_passed(since, negative_seconds, seen.at));
    let level = match () {
        () if long_below => Level::Negative,
        () if !seen.available.is_positive() => Level::Depleted,
        () if seen.available < threshold => Level::Low,
        () => Level::Ok,
    };
    let mut memory = Memory { level, below_zero_since, ..before };
    if level == Level::Ok {
        memory.told = 0;
    }
    let repeat_seconds = seconds(rules.repeat_hours, 3_600);
    let rested = |last: Option<Timestamp>| last.is_none_or(|last| has_passed(last, repeat_seconds, seen.at));
    let reminded = memory.told < i64::from(rules.max_letters) && rested(before.told_at);
    let worse = level > before.level;
    let writes = match level {
        Level::Ok => false,
        Level::Low => reminded,
        Level::Depleted => reminded || (worse && rested(before.depleted_at)),
        Level::Negative => worse,
    };
    if writes {
        memory.told += 1;
        memory.told_at = Some(seen.at);
        if level == Level::Depleted {
            memory.depleted_at = Some(seen.at);
        }
    }
    Step { memory, event: (level != before.level).then_some(level), letter: writes.then_some(level) }
}

fn seconds(count: u64, each: i64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX).saturating_mul(each)
}

fn has_passed(since: Timestamp, seconds: i64, now: Timestamp) -> bool {
    since.plus_seconds(seconds) <= now
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays looks of (hours since the start, balance) against a threshold of 100; gives events and letters as they come.
    fn play(looks: &[(i64, i64)]) -> Vec<(i64, String)> {
        let (mut memory, mut told) = (Memory::default(), Vec::new());
        for (hours, balance) in looks {
            let at = Timestamp::from_micros(0).plus_seconds(hours * 3_600);
            let amount = Amount::from_units(*balance);
            let seen = Seen { available: amount, balance: amount, at };
            let step = step(memory, seen, Amount::from_units(100), &Rules::default());
            memory = step.memory;
            if let Some(level) = step.event {
                told.push((*hours, format!("event {}", level.name())));
            }
            if let Some(level) = step.letter {
                told.push((*hours, format!("letter {}", level.name())));
            }
        }
        told
    }

    #[test]
    fn letters_follow_the_rules() {
        type Told<'a> = &'a [(i64, &'a str)];
        type Looks<'a> = &'a [(i64, i64)];
        // what it is about, looks, what is told
        let table: &[(&str, Looks, Told)] = &[
            ("at the threshold is not below", &[(0, 101), (1, 100)], &[]),
            ("crossing down", &[(0, 100), (1, 99)], &[(1, "event low"), (1, "letter low")]),
            ("switched on while low", &[(0, 5)], &[(0, "event low"), (0, "letter low")]),
            (
                "reminded each day, three letters in all",
                &[(0, 99), (23, 98), (24, 97), (47, 96), (48, 95), (72, 94), (240, 93)],
                &[(0, "event low"), (0, "letter low"), (24, "letter low"), (48, "letter low")],
            ),
            (
                "above and below again within a day",
                &[(0, 99), (1, 100), (2, 99), (23, 99), (24, 99)],
                &[(0, "event low"), (0, "letter low"), (1, "event ok"), (2, "event low"), (24, "letter low")],
            ),
            (
                "above again counts anew",
                &[(0, 99), (24, 99), (48, 99), (72, 99), (73, 500), (74, 99), (98, 99)],
                &[
                    (0, "event low"),
                    (0, "letter low"),
                    (24, "letter low"),
                    (48, "letter low"),
                    (73, "event ok"),
                    (74, "event low"),
                    (74, "letter low"),
                    (98, "letter low"),
                ],
            ),
            (
                "nothing left is told at once, and not each time",
                &[(0, 99), (1, 0), (2, 1), (3, 0), (26, 0)],
                &[
                    (0, "event low"),
                    (0, "letter low"),
                    (1, "event depleted"),
                    (1, "letter depleted"),
                    (2, "event low"),
                    (3, "event depleted"),
                    (26, "letter depleted"),
                ],
            ),
            (
                "below zero for a week",
                &[(0, -1), (24, -1), (48, -1), (167, -2), (168, -2), (240, -3), (400, -1)],
                &[
                    (0, "event depleted"),
                    (0, "letter depleted"),
                    (24, "letter depleted"),
                    (48, "letter depleted"),
                    (168, "event negative"),
                    (168, "letter negative"),
                ],
            ),
            (
                "a break begins the week anew",
                &[(0, -1), (100, 0), (101, -1), (200, -1), (269, -1)],
                &[
                    (0, "event depleted"),
                    (0, "letter depleted"),
                    (100, "letter depleted"),
                    (200, "letter depleted"),
                    (269, "event negative"),
                    (269, "letter negative"),
                ],
            ),
            (
                "from negative straight to ok",
                &[(0, -1), (168, -1), (169, 100)],
                &[
                    (0, "event depleted"),
                    (0, "letter depleted"),
                    (168, "event negative"),
                    (168, "letter negative"),
                    (169, "event ok"),
                ],
            ),
        ];
        for (about, looks, expected) in table {
            let told = play(looks);
            let told: Vec<(i64, &str)> = told.iter().map(|(hours, text)| (*hours, text.as_str())).collect();
            assert_eq!(told, *expected, "{about}");
        }
    }

    #[test]
    fn held_credits_are_not_available_and_yet_no_debt() {
        let at = Timestamp::from_micros(0);
        let amount = Amount::from_units;
        let seen = Seen { available: amount(0), balance: amount(50), at };
        let found = step(Memory::default(), seen, amount(100), &Rules::default());
        assert_eq!((found.event, found.memory.below_zero_since), (Some(Level::Depleted), None));
    }
}

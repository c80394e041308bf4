//! The courses of subscriptions: which period must end when.
//!
//! A course is told from the grants of the ledger and the calendar alone. Its periods are numbered without gaps. Each ends
//! at the midnight that is counted from the day on which the first one began, unless the subscription had ended in
//! between, or the period would be over by now: then it begins now, and days are counted from today.

use std::collections::BTreeMap;

use engine::Engine;
use ledger::{Event, LotKind, Timestamp, Transaction};
use store::params;

use super::books::{Books, Figures};
use super::calendar::{Day, Zone};
use super::customer::Term;
use super::subscriber::{Length, length};

/// Where a subscription stands.
#[derive(Clone, Copy, Debug)]
struct Course {
    /// The day that periods are counted from, how many of which length have passed when this one ends.
    first: Day,
    length: Length,
    count: i64,
    period: i64,
    starts_at: Timestamp,
    ends_at: Timestamp,
}

/// What a grant of a plan is for: its key names it.
struct Name<'a> {
    subscription_id: &'a str,
    period: i64,
    part: i64,
}

impl Name<'_> {
    fn of(tx: &Transaction) -> Option<Name<'_>> {
        let mut parts = tx.key.as_deref()?.strip_prefix("§plan:")?.split(':');
        let (subscription_id, period, part) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Name { subscription_id, period: period.parse().ok()?, part: part.parse().ok()? })
    }
}

/// The course once its next period has begun at `now`.
fn next(before: Option<Course>, zone: Zone, length: Length, goes_on: bool, now: Timestamp) -> Course {
    let period = before.map_or(1, |course| course.period + 1);
    let course = |first, count, starts_at| {
        let ends_at = zone.begin(length.after(first, count));
        Course { first, length, count, period, starts_at, ends_at }
    };
    let kept = before.filter(|_| goes_on).map(|before| match before.length == length {
        true => course(before.first, before.count + 1, before.ends_at),
        // Periods of another length are counted from the day on which they begin.
        false => course(zone.day(before.ends_at), 1, before.ends_at),
    });
    kept.filter(|kept| now < kept.ends_at).unwrap_or_else(|| course(zone.day(now), 1, now))
}

/// A period: subscription, number, part, when it begins and ends.
type Row = (String, i64, i64, Timestamp, Timestamp);

impl Books<'_> {
    /// Each period of each subscription was granted once, ends when the calendar says, and is written down as it is.
    pub(super) async fn check_courses(&mut self, node: &Engine, figures: &mut Figures) {
        let (seat, wallet) = (self.customer.seat, &self.customer.wallet);
        let mut courses: BTreeMap<&str, Course> = BTreeMap::new();
        let (mut rows, mut faults) = (Vec::new(), Vec::new());
        for tx in &self.history {
            let Event::Granted(lot) = &tx.event else { continue };
            if lot.kind != LotKind::Subscription {
                continue;
            }
            let named = Name::of(tx).zip(tx.memo.resource.as_deref().and_then(length));
            let Some((Name { subscription_id, period, part }, length)) = named else {
                faults.push(format!("{} is of no plan", self.tell(tx)));
                continue;
            };
            let before = courses.get(subscription_id).copied();
            let course = match before {
                // An upgrade ends with the period that it was made in.
                Some(course) if part > 0 => Course { starts_at: tx.at, ..course },
                before => {
                    let ended = wallet.ended.iter().any(|(at, id)| {
                        id == subscription_id && *at <= tx.at && before.is_some_and(|before| before.ends_at <= *at)
                    });
                    next(before, seat.zone, length, !ended, tx.at)
                }
            };
            *figures
                .entry(match () {
                    () if part > 0 => "upgrade",
                    () if period == 1 => "subscribed",
                    () if course.starts_at == tx.at => "counted anew",
                    () => "renewal",
                })
                .or_default() += 1;
            let found = Term { effective_at: lot.effective_at, expires_at: lot.expires_at };
            let expected = Term { effective_at: None, expires_at: Some(course.ends_at) };
            if (period, found) != (course.period, expected) || tx.at >= course.ends_at {
                let (told, found, expected) = (self.tell(tx), found.tell(seat.zone), expected.tell(seat.zone));
                faults.push(format!("{told} grants period {period}: {found}, expected {expected} of {course:?}"));
            }
            rows.push((subscription_id.to_owned(), period, part, course.starts_at, course.ends_at));
            courses.insert(subscription_id, course);
        }
        rows.sort();
        let written = periods(node, seat.id).await;
        let other = rows.iter().zip(&written).find(|(expected, found)| expected != found);
        if rows.len() != written.len() || other.is_some() {
            faults.push(format!("{} periods are written down, expected {}: {other:?}", written.len(), rows.len()));
        }
        faults.into_iter().for_each(|fault| self.fault(fault));
    }
}

/// The periods of an account as they are written down.
async fn periods(node: &Engine, account_id: &str) -> Vec<Row> {
    let sql = "SELECT subscription_id, period, part, starts_at_us, ends_at_us FROM plan_periods WHERE account_id = $1";
    let rows = node.store().query(sql, params![account_id]).await.unwrap();
    let int = |row: &store::Row, column| row.int(column).unwrap();
    let at = |row: &store::Row, column| Timestamp::from_micros(int(row, column));
    let read = |row: &store::Row| (row.text(0).unwrap().to_owned(), int(row, 1), int(row, 2), at(row, 3), at(row, 4));
    let mut rows: Vec<Row> = rows.iter().map(read).collect();
    rows.sort();
    rows
}

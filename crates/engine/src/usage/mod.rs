//! Usage by day and service, how long the credits last, and whether they cover what is planned.
//!
//! Usage is what debits and captures took, less what reversals gave back, each at the instant at which it was booked
//! and under the service that it names. So the days of a report add up to what credit history shows for the same time
//! and the kinds `debit`, `capture` and `reversal`; a day on which more was given back than spent is less than zero.
//!
//! Invariants:
//! * A [`report()`] and a [`forecast()`] are exact: what is rolled up in quarters of an hour, and every entry after
//!   that. When an account is further behind than one reading may cost, `is_complete` says so.
//! * An entry is counted once, on whichever node: sums are written with the number that they reach, if they began where
//!   the ones before had ended.
//! * [`outlook()`] is pure.
//!
//! Deliberately absent: usage by key or resource (the entries have both), sums of what operators adjusted, of refunds
//! and of expiries, a forecast of automatic top-ups.
//!
//! Cost: nothing on the path of a debit. The job adds some microseconds an entry and one write for a block of them. A
//! report of 30 days reads some thousand sums and at most ten thousand entries.

mod forecast;
mod outlook;
mod period;
mod preview;
mod reading;
mod report;
mod roll;
mod tally;

pub use forecast::{Forecast, METHOD, forecast};
pub use outlook::{Burn, HORIZON_DAYS, Outlook, outlook};
pub use period::{MAX_DAYS, Period};
pub use preview::{Preview, preview};
pub use report::{DayUsage, MAX_TOP, OtherUsage, Query, Report, ServiceUsage, report};
pub use roll::{Rounds, roll_due, run};
pub use tally::Counted;

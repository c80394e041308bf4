//! Plans: how a term is paid in instalments, and what an upgrade in the middle of a period costs.
//!
//! A plan is sold by the *period* (a month); a *term* is a number of periods that are agreed to at once. Money counts in
//! the smallest coins of its currency, credits in ledger units. Invariants:
//! * The [`instalments`] of a term add up to its price, whatever is rounded.
//! * An [`upgrade`] costs no more than the difference of the prices and gives no more than the difference of the credits;
//!   later in the period it never costs or gives more.
//!
//! Deliberately absent: calendars and time zones (instants come in), which plans there are, gateways.

mod instalments;
mod upgrade;

pub use instalments::{Instalment, MAX_TERM_PERIODS, Paying, instalments};
pub use upgrade::{Rest, Step, Upgrade, upgrade};

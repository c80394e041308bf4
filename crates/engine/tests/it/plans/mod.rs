//! Plans on two nodes, with a Stripe that is played over HTTP and a clock that is moved by hand.
//!
//! A test is a table: what is done, and how the subscription stands then. [`Club::close`] proves the journal, compares
//! what was granted with what was paid, and the rows of periods with the grants of the ledger.

mod changes;
mod club;
mod money;
mod paying;
mod renewal;
mod tariffs;

pub(crate) use club::{Club, code, day};

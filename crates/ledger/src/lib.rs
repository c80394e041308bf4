//! The pure rules of credits: amounts, lots, holds, burn-down, the hash chain.
//!
//! No I/O, no clock, no randomness, no floats. An [`Account`] is a state; a [`Command`] asks for something; [`decide`]
//! answers with a [`Decision`] or a [`Rejection`] and changes nothing; [`execute`] books what is due, decides, and
//! turns a decision into a [`Transaction`] that [`apply`] can replay on any copy of the state. Credits move nowhere
//! else. The order of burning, the policies and what expires when are told in `docs/ledger.md`.
//!
//! Deliberately absent: who may do what, prices in force, money of gateways, storage.

mod account;
mod amount;
mod apply;
pub mod chain;
mod codec;
mod command;
mod counter;
mod decide;
pub mod plan;
pub mod price;
mod rejection;
mod time;
mod transaction;
mod unit;

pub use account::{Account, AccountNo, Hold, HoldNo, Lot, LotKind, LotNo, Part};
pub use amount::Amount;
pub use apply::{Booked, Executed, apply, execute, settle};
pub use chain::Hash;
pub use codec::{DecodeError, decode, encode};
pub use command::{Command, InputHash, LotSpec, MAX_HOLD_TTL_SECONDS, Memo, OnInsufficient, Op, Overrun};
pub use counter::{Counter, CounterPosting};
pub use decide::{Decision, Reversible, decide};
pub use rejection::Rejection;
pub use time::Timestamp;
pub use transaction::{Event, Kind, Posting, Postings, Transaction};
pub use unit::{AmountError, EXTRA_DECIMALS, Unit};

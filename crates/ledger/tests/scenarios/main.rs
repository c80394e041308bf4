//! The rules of credits as scenarios: the tables that `docs/ledger.md` takes its examples from.

#![allow(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

#[path = "../common/mod.rs"]
mod common;
mod play;

mod amounts;
mod burn_down;
mod clawback;
mod closed;
mod docs;
mod expiry;
mod holds;
mod overdraft;
mod reversal;

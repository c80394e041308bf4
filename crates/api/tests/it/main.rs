//! The API over real HTTP: one binary, a module per subject.
#![allow(clippy::unwrap_used, reason = "a test that finds nothing has failed")]

mod batches;
mod billing;
mod contract;
mod document;
mod errors;
mod history;
mod idempotency;
mod keys;
mod prices;
mod races;
mod receipts;
mod team;
mod topups;

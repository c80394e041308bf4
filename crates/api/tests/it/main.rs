//! The API over real HTTP: one binary, a module per subject.
#![allow(clippy::unwrap_used, reason = "a test that finds nothing has failed")]

mod alerts;
mod batches;
mod billing;
mod contract;
mod document;
mod errors;
mod exports;
mod history;
mod idempotency;
mod keys;
mod mails;
mod members;
mod plans;
mod prices;
mod races;
mod receipts;
mod roles;
mod sign_in;
mod team;
mod topups;
mod usage;
mod vouchers;

//! The API over real HTTP: one binary, a module per subject.

mod batches;
mod contract;
mod document;
mod errors;
mod history;
mod idempotency;
mod keys;
mod prices;
mod races;
mod team;

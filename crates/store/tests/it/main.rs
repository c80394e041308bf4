//! The store against the pure core: whatever is stored, read back, restarted or damaged must agree with it.

#![allow(missing_docs, clippy::unwrap_used)]

mod blocks;
mod clawback;
mod copying;
mod ground;
mod history;
mod memory;
mod tampering;
mod tampering_postgres;
mod truth;
mod upgrade;

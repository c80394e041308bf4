//! The pages as browsers see them.
#![allow(clippy::unwrap_used, reason = "a test that finds nothing has failed")]

mod buying;
mod guarding;
mod reading;
mod signing_in;
mod support;
mod templates;

//! The pages as browsers see them.

mod buying;
mod guarding;
mod reading;
mod signing_in;
mod support;
mod templates;

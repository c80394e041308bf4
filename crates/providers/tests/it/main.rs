//! The crate from outside: vectors, a scripted server for what a gateway may do wrong, the sandbox for what it does right.

// Helpers of tests are tests, which clippy.toml's exception does not see.
#![allow(clippy::unwrap_used)]

mod amounts;
mod answers;
mod calls;
mod charges;
mod notices;
mod paypal;
mod sandbox;
mod secrecy;
mod stripe_forged;
mod stripe_gateway;
mod stripe_localstripe;
mod stripe_referee;
mod support;
mod vnpay;

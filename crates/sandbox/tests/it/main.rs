//! The fake Stripe over real HTTP, as its users meet it.

#![allow(clippy::unwrap_used, reason = "a test helper fails by panicking")]

mod api;
mod cards;
mod faults;
mod idempotency;
mod money_back;
mod paypal;
mod referee;
mod stripe_page;
mod support;
mod vnpay;
mod webhooks;

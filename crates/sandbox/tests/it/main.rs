//! The fake Stripe over real HTTP, as its users meet it.

mod referee;
mod support;

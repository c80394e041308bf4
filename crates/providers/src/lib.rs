//! Payment gateways: for each a client and pure transformers, and nothing else.
//!
//! A gateway module turns our values into its wire form and its answers into ours. It never decides about credits.
//! Invariants:
//! * Money is [`Money`] in ISO minor units; a conversion is exact or fails, it never rounds.
//! * A notice becomes an event only through signature verification: the verified form cannot be made in another way, so
//!   that forgetting to verify does not compile.
//! * Every answer of a gateway is *done*, *definitely not done*, or *unknown*. What is not understood is unknown.
//! * Keys and client secrets are [`Secret`]: they show in no `Debug`, `Display`, error or log line.
//!
//! [`gateway::Gateway`] is what all of them can do. Deliberately absent: storage, jobs and retries over minutes (see
//! `engine`).

pub mod gateway;
mod money;
pub mod paypal;
mod secret;
pub mod stripe;
pub mod vnpay;

pub use money::{AmountError, Money};
pub use secret::{EmptySecret, Secret};

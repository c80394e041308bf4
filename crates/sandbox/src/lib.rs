//! Faithful stand-ins for the payment gateways, over real HTTP.
//!
//! Each gateway is a module that serves its own listener and depends on nothing else of this project:
//! tests and the demo talk to it as they would to the real one.

mod listener;
pub mod paypal;
pub mod stripe;
pub mod vnpay;

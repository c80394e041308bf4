//! The fake VNPay over real HTTP, as its users meet it.

mod api;
mod control;
mod faults;
mod notices;
mod pages;
mod referee;
mod support;

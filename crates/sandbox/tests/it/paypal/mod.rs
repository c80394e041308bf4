//! The fake PayPal over real HTTP, as its users meet it.

mod api;
mod captures;
mod faults;
mod money_back;
mod pages;
mod referee;
mod request_ids;
mod support;
mod webhooks;

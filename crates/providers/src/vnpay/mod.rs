//! VNPay, protocol 2.1.0: a signed link to its page, signed notices (IPN), questions and refunds over its API.
//!
//! One concept per file. Pure: `amount` (đồng × 100), `field` (what its fields can hold), `checksum`, `query` (signed
//! query strings, both ways), `page` (the link), `code` (what its codes mean), `notice` (IPN and return), `api` (the
//! two calls), `refund` (fields, and finding one again). With I/O: `client` (one POST), `gateway` (the use cases).
//!
//! Invariants: `vnp_TxnRef` is the top-up's id, so the same top-up is the same payment; the browser's return credits
//! nothing; an answer whose checksum is wrong is no answer; a refund is taken once within its day by its request id,
//! and on a later day it is sent only after VNPay has shown that there is none. Source of every rule: VNPay's
//! integration pages and demo programs for 2.1.0. Deliberately absent: the bank list, payer and invoice data, saved
//! cards (tokens), protocol 2.0.1 and its weaker checksums.

pub mod amount;
pub mod api;
mod checksum;
mod client;
mod code;
mod config;
mod field;
mod gateway;
mod notice;
mod page;
pub mod query;
mod refund;

pub use client::Client;
pub use code::message_group;
pub use config::{API_URL, API_URL_SANDBOX, Config, ConfigError, PAY_URL, PAY_URL_SANDBOX};
pub use gateway::NAME;
pub use notice::{IpnAnswer, Returned};

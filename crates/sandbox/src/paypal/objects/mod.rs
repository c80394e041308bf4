//! The objects of the API and what can be done to them: one module each.
//!
//! Operations of the API take a [`Call`](super::request::Call); what only control calls or the payer do takes plain
//! arguments. Each change of an object ends with the events that tell of it.

pub(crate) mod captures;
pub(crate) mod disputes;
pub(crate) mod events;
pub(crate) mod order_request;
pub(crate) mod orders;
pub(crate) mod patches;
pub(crate) mod payers;
pub(crate) mod refunds;
pub(crate) mod reporting;
pub(crate) mod webhooks;

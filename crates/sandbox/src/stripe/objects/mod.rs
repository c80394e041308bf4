//! The objects of the API: each file holds the operations on one kind and the changes of its state.

pub(crate) mod charges;
pub(crate) mod charging;
pub(crate) mod customers;
pub(crate) mod disputes;
pub(crate) mod events;
mod lists;
pub(crate) mod payment_intents;
pub(crate) mod payment_methods;
pub(crate) mod refunds;
pub(crate) mod setup_intents;

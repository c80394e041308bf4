//! Requests as orders to the store.

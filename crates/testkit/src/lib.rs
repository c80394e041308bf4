//! What tests share: a running server, actors that carry credentials, a clock that tests move.
//!
//! A [`Shop`] adds the three gateways. A [`TestApp`] is the whole server on a port of its own, with a database of its own, spoken to over real HTTP. Nothing
//! runs in the background, so nothing happens that a test did not ask for. [`TestApp::finish`] proves the books.

mod actor;
mod app;
mod clock;
mod people;
mod shop;

pub use actor::{Actor, Answer};
pub use app::{OPERATOR_KEY, TestApp};
pub use clock::TestClock;
pub use shop::{PAYPAL_WEBHOOK_ID, STRIPE_WEBHOOK_SECRET, Shop};

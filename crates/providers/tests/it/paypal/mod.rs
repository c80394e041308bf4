//! PayPal from outside: scripted answers for what the API may say, real signatures for what a notice may claim.

mod answers;
mod certificates;
mod forged;
mod listing;
mod notices;
mod orders;
mod refunds;
mod sandbox;
mod secrecy;
mod support;
mod vectors;

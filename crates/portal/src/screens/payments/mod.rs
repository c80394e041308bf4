//! Payments: money in, where each one stands, and the way to the gateway.

pub mod card;
pub mod fields;
pub mod hand_off;
mod list;
mod receipt;
pub mod state;
mod status;

use axum::Router;
use axum::routing::{get, post};
use engine::topups::{self, Payment};

use crate::Portal;
use crate::failure::Failure;
use crate::session::Visitor;

pub fn routes() -> Router<Portal> {
    Router::new()
        .route("/payments", get(list::show))
        .route("/payments/returned", get(status::returned))
        .route("/payments/{id}", get(status::show))
        .route("/payments/{id}/check", post(status::check))
        .route("/payments/{id}/pay", get(hand_off::show))
        .route("/payments/{id}/card", get(fields::show))
        .route("/payments/{id}/receipt", get(receipt::original).post(receipt::copy))
}

/// A payment of the visitor's account.
///
/// # Errors
/// [`Failure::NotFound`] also for a payment of another account.
async fn own(visitor: &Visitor, id: &str) -> Result<Payment, Failure> {
    let payment = topups::payment(visitor.engine(), id).await?;
    if payment.account_id == *visitor.account.id { Ok(payment) } else { Err(Failure::NotFound) }
}

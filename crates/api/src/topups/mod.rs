//! Buying credits at a gateway: opening a payment, looking at it, coming back from the gateway's page.
//!
//! An account's own key with `topup:write` opens and sees its own top-ups; what gateways said in detail is the operator's
//! (`/v1/payments`). The way back from a gateway proves nothing: it makes us ask the gateway, and shows what is stored.

mod begin;
mod cards;
mod history;
pub mod payments;
mod receipts;
mod reconciliation;
mod refunds;
mod returned;

pub(crate) use begin::{ConsentBody, TopupAnswer};

use engine::Engine;
use utoipa_axum::router::OpenApiRouter;

/// `/v1/topups…`, `/v1/payments…`, `/topups/{id}/return` and `/topups/{id}/cancel`.
pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .merge(begin::routes())
        .merge(cards::routes())
        .merge(history::routes())
        .merge(payments::routes())
        .merge(receipts::routes())
        .merge(refunds::routes())
        .merge(returned::routes())
        .merge(reconciliation::routes())
}

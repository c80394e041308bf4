//! The screens. Each is a module: routes, a view of texts, a template of its name in `templates/screens/`.

pub mod add_credit;
mod billing;
pub mod errors;
mod history;
mod overview;
mod payments;
mod settings;
mod sign_in;
mod texts;

use axum::Router;

use crate::Portal;
use crate::failure::Failure;

/// The routes of every screen.
pub fn routes() -> Router<Portal> {
    Router::new()
        .merge(overview::routes())
        .merge(add_credit::routes())
        .merge(payments::routes())
        .merge(history::routes())
        .merge(billing::routes())
        .merge(settings::routes())
        .merge(sign_in::routes())
        .merge(texts::routes())
        // An address that is there, but not for this method, is not for people.
        .method_not_allowed_fallback(|| async { Failure::NotFound })
}

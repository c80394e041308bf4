//! Adding credit: an amount and a method, a last look with consent, the hand-over to the gateway.
//!
//! Each step is a page with an address that holds what was chosen, so Back keeps it and a reload harms nothing. Nothing is
//! written before the quote; nothing is charged here.

mod choose;
mod draft;
mod review;

use axum::Router;
use axum::routing::{get, post};

use crate::Portal;
use crate::components::{Mistake, Summary};
use crate::words::Words;

pub fn routes() -> Router<Portal> {
    Router::new()
        .route("/add-credit", get(choose::show).post(choose::take))
        .route("/add-credit/review", get(review::show))
        .route("/add-credit/pay", post(review::pay))
}

/// What is wrong with a form, at its top.
pub fn summary(words: Words, mistakes: &[Mistake]) -> Summary {
    Summary { title: words.count("portal-mistakes", mistakes.len()), mistakes: mistakes.to_vec() }
}

//! The HTTP API: operator API, compatible team endpoints, webhooks in.
//!
//! A route declares what it asks of its caller ([`access`]). A handler asks who calls (extractors of [`auth`]), reads the
//! request ([`request`]), lets the engine do it, and writes the answer ([`reply`]). Errors are [`problem::Problem`]s. A
//! route and its OpenAPI entry are registered together; what all entries have in common is added by [`spec`]. Around
//! everything stands one layer, [`observe`]. Deliberately absent: rules about credits (see the ledger), pages (see the
//! portal).

pub mod access;
mod accounts;
mod alerts;
pub mod auth;
mod balance;
mod batches;
mod billing;
mod cursor;
mod docs;
mod entries;
mod exports;
pub mod fields;
mod grants;
mod health;
mod holds;
mod keys;
mod mails;
mod members;
pub mod observe;
mod plans;
mod prices;
pub mod problem;
pub mod reply;
mod reports;
pub mod request;
mod server;
mod spec;
mod spending;
mod team;
mod topups;
mod usage;
mod vouchers;
mod webhooks;

use axum::Router;
use engine::Engine;
use problem::Problem;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

pub use server::{serve, serve_router};

fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .merge(accounts::routes())
        .merge(keys::routes())
        .merge(balance::routes())
        .merge(entries::routes())
        .merge(exports::routes())
        .merge(grants::routes())
        .merge(spending::routes())
        .merge(batches::routes())
        .merge(holds::routes())
        .merge(prices::routes())
        .merge(billing::routes())
        .merge(reports::routes())
        .merge(team::routes())
        .merge(topups::routes())
        .merge(members::routes())
        .merge(plans::routes())
        .merge(usage::routes())
        .merge(alerts::routes())
        .merge(mails::routes())
        .merge(vouchers::routes())
        .merge(webhooks::routes())
        .merge(health::routes())
        .merge(docs::routes())
}

/// The OpenAPI document of every route.
pub fn document() -> OpenApi {
    let mut document = routes().into_openapi();
    spec::complete(&mut document);
    document
}

/// Every route. Merge pages into it before [`serve_router`], and put [`observe::Observe`] around the whole.
pub fn bare_router(engine: Engine) -> Router {
    let (router, _) = routes().split_for_parts();
    router
        .method_not_allowed_fallback(|| async {
            Problem::new("method_not_allowed", "this path has other methods; the header Allow names them")
        })
        .fallback(|| async { Problem::not_found("path") })
        .with_state(engine)
}

/// Every route, ready to be served.
pub fn router(engine: Engine) -> Router {
    bare_router(engine).layer(observe::Observe::default())
}

//! The web pages of customers.
//!
//! A screen is a module below [`screens`]: its routes, plain views of texts that are formatted already, a template each,
//! and words in `documents/messages`. Around every screen stand [`frame`] (policy, errors), [`session`] (who looks) and
//! [`page`] (navigation); screens are made of [`components`]. Every action is a form that works without scripts; the one
//! script (`assets/app.js`) only saves reloading.
//!
//! Invariants: rules about credits and money are the engine's, none are here; a change is a POST with a token and ends in
//! a redirect; all words come from `documents::messages`, all forms of money and dates from `documents::format`.
//! Deliberately absent: state in this process, script or style inside pages, files from other hosts.
//! Cost of a page: one read for the session, one for its other accounts, one for the balance, and what it shows.

mod assets;
pub mod components;
mod failure;
mod form;
mod frame;
mod guard;
mod language;
mod look;
mod page;
mod reports;
mod screens;
mod session;
mod show;
mod standing;
mod words;

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use engine::Engine;
use tower_http::catch_panic::CatchPanicLayer;

use assets::Assets;
use failure::Failure;
use look::{Logo, Look};
use standing::LastKnown;

/// Longest form or report, in bytes.
const MAX_BODY_BYTES: usize = 64 << 10;

/// What every screen is given. Cheap to clone.
#[derive(Clone)]
pub struct Portal {
    parts: Arc<Parts>,
}

struct Parts {
    engine: Engine,
    assets: Assets,
    look: Arc<Look>,
    last_known: LastKnown,
}

impl Portal {
    fn new(engine: Engine) -> Portal {
        let portal = &engine.settings().portal;
        let logo = Logo::read(&portal.logo_file);
        let has_logo = logo.is_some();
        let assets = Assets::new(&portal.accent, logo);
        let look = Arc::new(Look::new(engine.settings(), &assets, has_logo));
        Portal { parts: Arc::new(Parts { engine, assets, look, last_known: LastKnown::default() }) }
    }

    fn engine(&self) -> &Engine {
        &self.parts.engine
    }

    fn assets(&self) -> &Assets {
        &self.parts.assets
    }

    fn look(&self) -> &Arc<Look> {
        &self.parts.look
    }

    fn last_known(&self) -> &LastKnown {
        &self.parts.last_known
    }
}

/// Every page, and a page for every address that nobody else answers when a browser asks for it. Merge the routes into
/// the API's, and hand what is not found to [`Pages::not_found`]. Cheap to clone.
#[derive(Clone)]
pub struct Pages {
    portal: Portal,
}

impl Pages {
    /// The pages of an installation. Reads the logo; starts nothing.
    pub fn new(engine: Engine) -> Pages {
        Pages { portal: Portal::new(engine) }
    }

    /// The routes.
    pub fn router(&self) -> Router {
        let routes = Router::new()
            .merge(screens::routes())
            .route("/assets/{hash}/{name}", get(assets::serve))
            .route(reports::PATH, post(reports::take));
        self.framed(routes)
    }

    /// Whether a request that found no route is a person's, who wants a page and no JSON.
    pub fn wants_page(request: &Request) -> bool {
        let accept = request.headers().get(axum::http::header::ACCEPT).and_then(|value| value.to_str().ok());
        accept.is_some_and(|accept| accept.contains("text/html"))
    }

    /// The page for an address that there is not.
    pub async fn not_found(&self, request: Request) -> Response {
        let nothing = || async { Failure::NotFound };
        let routes = Router::new().fallback(nothing);
        let mut routes = self.framed(routes);
        match tower::Service::call(&mut routes, request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }

    fn framed(&self, routes: Router<Portal>) -> Router {
        routes
            .layer(CatchPanicLayer::custom(panicked))
            .layer(from_fn_with_state(self.portal.clone(), frame::around))
            .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
            .with_state(self.portal.clone())
    }
}

fn panicked(_: Box<dyn Any + Send>) -> Response {
    Failure::Internal("a screen panicked".to_owned()).into_response()
}

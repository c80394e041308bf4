//! Where the parts are put together: API, hosted page, certificates and control calls on one listener.

use std::io;

use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;

use super::webhooks::signature::{CERTIFICATES_PATH, certificate};
use super::{PayPal, PayPalOptions, control_routes, http, pages};
use crate::listener::{Served, address};

/// A running fake PayPal; derefs to its [`PayPal`]. Dropping it closes every connection.
pub type PayPalSandbox = Served<PayPal>;

/// Everything as a router, to be nested elsewhere. Served by anything but [`serve`], scripted ends of the connection
/// show as a bare 500.
pub fn router(paypal: PayPal) -> Router {
    control_routes::router()
        .merge(pages::router())
        .route(&format!("{CERTIFICATES_PATH}{{name}}"), get(show_certificate))
        .fallback(http::serve)
        .with_state(paypal)
}

/// Serves a new fake PayPal on the listener.
///
/// # Errors
/// When the listener has no address.
pub async fn serve(listener: TcpListener, options: PayPalOptions) -> io::Result<PayPalSandbox> {
    let url = match options.url.clone() {
        Some(url) => url,
        None => address(&listener)?,
    };
    let paypal = PayPal::start(PayPalOptions { url: Some(url), ..options });
    let router = router(paypal.clone());
    Served::start(listener, paypal, router)
}

async fn show_certificate(Path(name): Path<String>) -> Response {
    match certificate(&name) {
        Some(pem) => ([(header::CONTENT_TYPE, "application/x-pem-file")], pem).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

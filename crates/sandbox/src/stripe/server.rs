//! The listening side. An accept loop of its own, because a scripted fault must be able to close a
//! connection without any answer, which a router alone cannot.

use std::convert::Infallible;
use std::io;
use std::ops::Deref;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};
use tower::ServiceExt;

use super::http::{self, CloseConnection};
use super::{Stripe, StripeOptions, control_routes, page};

/// The API, the control calls and the payer's page of a sandbox as a router, to be nested elsewhere. Served by
/// anything but [`serve`], scripted closings of the connection show as a bare 500.
pub fn router(stripe: Stripe) -> Router {
    control_routes::router().merge(page::router()).fallback(http::serve).with_state(stripe)
}

/// A running fake Stripe; derefs to its [`Stripe`]. Dropping it closes every connection.
#[derive(Debug)]
pub struct StripeSandbox {
    stripe: Stripe,
    url: String,
    stop: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<()>>,
}

/// Serves a new fake Stripe on the listener.
///
/// # Errors
/// When the listener has no address.
pub async fn serve(listener: TcpListener, options: StripeOptions) -> io::Result<StripeSandbox> {
    let url = format!("http://{}", listener.local_addr()?);
    let stripe = Stripe::start(options);
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(accept(listener, router(stripe.clone()), stopped));
    Ok(StripeSandbox { stripe, url, stop: Some(stop), task: Some(task) })
}

impl StripeSandbox {
    /// The base address, without a slash at the end: `http://127.0.0.1:43210`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The play itself; the handle can be kept and cloned.
    pub fn state(&self) -> Stripe {
        self.stripe.clone()
    }

    /// Stops listening, closes every connection and waits until both is done.
    pub async fn shutdown(mut self) {
        self.stripe.release_slow();
        self.stop.take();
        if let Some(task) = self.task.take() {
            // Fails only when the task panicked; then it has ended too.
            let _ = task.await;
        }
    }
}

impl Deref for StripeSandbox {
    type Target = Stripe;

    fn deref(&self) -> &Stripe {
        &self.stripe
    }
}

/// Ends when the sender of `stopped` is used or dropped; the connections end with it.
async fn accept(listener: TcpListener, router: Router, mut stopped: oneshot::Receiver<()>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => return,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(converse(stream, router.clone()));
                }
                Err(error) => tracing::warn!(%error, "the sandbox could not accept a connection"),
            },
        }
    }
}

async fn converse(stream: TcpStream, router: Router) {
    let service = service_fn(move |request: Request<Incoming>| {
        let router = router.clone();
        async move { written(router.oneshot(request.map(Body::new)).await) }
    });
    // Ends with an error whenever a fault closes the connection: nothing to report.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// An error instead of a response makes hyper close the connection without writing anything.
fn written(response: Result<Response, Infallible>) -> Result<Response, CloseConnection> {
    let Ok(response) = response;
    match response.extensions().get::<CloseConnection>() {
        Some(close) => Err(*close),
        None => Ok(response),
    }
}

impl std::fmt::Display for CloseConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("scripted: closed without an answer")
    }
}

impl std::error::Error for CloseConnection {}

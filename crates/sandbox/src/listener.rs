//! The listening side of a stand-in: an accept loop of its own, because a scripted fault must be able to end a
//! connection without any answer, which a router alone cannot.
//!
//! A response marked with [`Cut`] is never written. Cost: one task per connection. Absent: TLS, HTTP/2, limits.

use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::ops::Deref;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};
use tower::ServiceExt;

/// How a connection ends instead of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Closed in order.
    Close,
    /// Reset: the other side reads an error.
    Reset,
}

impl Cut {
    /// The response that the accept loop turns into the end of the connection; served otherwise it is a bare 500.
    pub fn response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// A running stand-in; derefs to the play `P`. Dropping it closes every connection.
#[derive(Debug)]
pub struct Served<P> {
    play: P,
    url: String,
    stop: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<()>>,
}

impl<P: Clone> Served<P> {
    /// Serves `router` on the listener until this is dropped.
    ///
    /// # Errors
    /// When the listener has no address.
    pub(crate) fn start(listener: TcpListener, play: P, router: Router) -> io::Result<Self> {
        let url = address(&listener)?;
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(accept(listener, router, stopped));
        Ok(Self { play, url, stop: Some(stop), task: Some(task) })
    }

    /// The base address, without a slash at the end: `http://127.0.0.1:43210`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The play itself; the handle can be kept and cloned.
    pub fn state(&self) -> P {
        self.play.clone()
    }

    /// Stops listening, closes every connection and waits until both is done.
    pub async fn shutdown(mut self) {
        self.stop.take();
        if let Some(task) = self.task.take() {
            // Fails only when the task panicked; then it has ended too.
            let _ = task.await;
        }
    }
}

impl<P> Deref for Served<P> {
    type Target = P;

    fn deref(&self) -> &P {
        &self.play
    }
}

/// The base address of a listener.
///
/// # Errors
/// When it has none.
pub(crate) fn address(listener: &TcpListener) -> io::Result<String> {
    Ok(format!("http://{}", listener.local_addr()?))
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
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let Err(error) = (&mut connection).await else { return };
    if error.source().and_then(|cause| cause.downcast_ref()) == Some(&Cut::Reset) {
        // Fails only when the other side has gone already.
        let _ = connection.into_parts().io.into_inner().set_zero_linger();
    }
}

/// An error instead of a response makes hyper end the connection without writing anything.
fn written(response: Result<Response, Infallible>) -> Result<Response, Cut> {
    let Ok(response) = response;
    match response.extensions().get::<Cut>() {
        Some(cut) => Err(*cut),
        None => Ok(response),
    }
}

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("scripted: ended without an answer")
    }
}

impl Error for Cut {}

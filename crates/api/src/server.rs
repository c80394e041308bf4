//! Listening, and stopping without cutting anybody off.
//!
//! Bounded: connections, the time to send a request's head, and the time to finish after the signal. HTTP/1.1 only; a
//! proxy in front speaks TLS and newer versions.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use engine::Engine;
use http::Request;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower::Service;

/// Connections served at a time; more wait to be accepted.
const MAX_CONNECTIONS: usize = 10_000;
/// Longest time for the head of a request to arrive.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest time for open requests to finish after the signal.
const FINISH_TIMEOUT: Duration = Duration::from_secs(30);
/// Pause after the system refused to accept a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Metrics are folded this often.
const UPKEEP: Duration = Duration::from_secs(5);

/// Serves the API until the signal, then finishes what is open. The background jobs are the caller's to start
/// ([`engine::jobs::spawn`]), and the store the caller's to close.
///
/// # Errors
/// None today; a listener that breaks for good would be one.
pub async fn serve(listener: TcpListener, engine: Engine, signal: impl Future<Output = ()>) -> io::Result<()> {
    serve_router(listener, crate::router(engine), signal).await
}

/// The same for a router that more was merged into.
///
/// # Errors
/// As [`serve`].
pub async fn serve_router(listener: TcpListener, router: Router, signal: impl Future<Output = ()>) -> io::Result<()> {
    let upkeep = tokio::spawn(async {
        loop {
            tokio::time::sleep(UPKEEP).await;
            crate::observe::prometheus().run_upkeep();
        }
    });
    let connections = GracefulShutdown::new();
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut signal = std::pin::pin!(signal);
    loop {
        let stream = tokio::select! {
            accepted = accept(&listener, &permits) => accepted,
            () = &mut signal => break,
        };
        let Some((stream, peer, permit)) = stream else { continue };
        let service = TowerToHyperService::new(Peered { inner: router.clone(), peer });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .serve_connection(TokioIo::new(stream), service);
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            // A connection that breaks is the client's affair.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection ended");
            }
            drop(permit);
        });
    }
    drop(listener);
    if tokio::time::timeout(FINISH_TIMEOUT, connections.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
    upkeep.abort();
    Ok(())
}

/// Tells the service of a connection who is at its other end, as [`ConnectInfo`].
#[derive(Clone)]
struct Peered<S> {
    inner: S,
    peer: SocketAddr,
}

impl<B, S: Service<Request<B>>> Service<Request<B>> for Peered<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        request.extensions_mut().insert(ConnectInfo(self.peer));
        self.inner.call(request)
    }
}

async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let permit = Arc::clone(permits).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            // Answers are small: waiting to fill a packet only delays them.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "no TCP_NODELAY");
            }
            Some((stream, peer, permit))
        }
        Err(error) => {
            tracing::warn!(%error, "could not accept a connection");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

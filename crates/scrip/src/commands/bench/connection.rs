//! One keep-alive connection to the server: as little work per request as HTTP/1.1 allows.
//!
//! Deliberately not the client of the other commands: no pool, no redirects, no TLS, no copies of bodies.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::client::is_loopback;
use crate::exit::Exit;

/// An answer that takes longer is lost: its outcome is unknown.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Which server, and who calls.
#[derive(Debug)]
pub struct Target {
    host: String,
    port: u16,
    authority: HeaderValue,
    bearer: HeaderValue,
}

impl Target {
    /// Reads an `http://HOST:PORT` address; other machines only when `remote` is allowed.
    pub fn new(url: &str, key: &str, remote: bool) -> Result<Arc<Self>, Exit> {
        let bad = |why: &str| Exit::usage(format!("--url {url}: {why}"));
        let uri = url.parse::<Uri>().map_err(|error| bad(&error.to_string()))?;
        if uri.scheme_str() != Some("http") {
            return Err(bad("the load generator speaks plain http://HOST:PORT only"));
        }
        let host = uri.host().ok_or_else(|| bad("names no host"))?;
        if !remote && !is_loopback(host) {
            return Err(bad("is not this machine: add --i-own-this-server when you may load it"));
        }
        let header = |text: String| HeaderValue::try_from(text).map_err(|_| Exit::usage("--key is not a key"));
        Ok(Arc::new(Target {
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port: uri.port_u16().unwrap_or(80),
            authority: header(uri.authority().map(ToString::to_string).unwrap_or_default())?,
            bearer: header(format!("Bearer {key}"))?,
        }))
    }
}

/// A request: path, idempotency key, body (empty for GET).
#[derive(Debug, Clone)]
pub struct Call {
    /// The path; it decides the method together with the body.
    pub path: Uri,
    /// `Idempotency-Key`, when the call needs one.
    pub key: Option<HeaderValue>,
    /// JSON, or nothing for GET.
    pub body: Bytes,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// `Idempotent-Replayed: true`.
    pub replayed: bool,
    /// The body.
    pub body: Bytes,
}

/// No answer: the call may have had its effect, or not.
#[derive(Debug)]
pub struct Lost(pub String);

/// A connection that opens itself again after a loss.
pub struct Connection {
    target: Arc<Target>,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Connection {
    /// Not connected yet.
    pub fn new(target: Arc<Target>) -> Self {
        Connection { target, sender: None }
    }

    /// Sends and waits for the whole answer.
    pub async fn call(&mut self, call: Call) -> Result<Reply, Lost> {
        let answer = timeout(ANSWER_TIMEOUT, self.exchange(call)).await;
        answer.unwrap_or_else(|_| Err(Lost(format!("no answer within {} s", ANSWER_TIMEOUT.as_secs()))))
    }

    async fn exchange(&mut self, call: Call) -> Result<Reply, Lost> {
        let lost = |error: hyper::Error| Lost(error.to_string());
        let request = self.request(call)?;
        // Taken out, so that whatever ends this early (also the time limit) closes the connection.
        let mut sender = match self.sender.take() {
            Some(sender) if !sender.is_closed() => sender,
            _ => connect(&self.target).await?,
        };
        sender.ready().await.map_err(lost)?;
        let response = sender.send_request(request).await.map_err(lost)?;
        let replayed = response.headers().get("idempotent-replayed").is_some_and(|value| value == "true");
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.map_err(lost)?.to_bytes();
        self.sender = Some(sender);
        Ok(Reply { status, replayed, body })
    }

    fn request(&self, call: Call) -> Result<Request<Full<Bytes>>, Lost> {
        let method = if call.body.is_empty() { Method::GET } else { Method::POST };
        let mut request = Request::builder()
            .method(method)
            .uri(call.path)
            .header(header::HOST, self.target.authority.clone())
            .header(header::AUTHORIZATION, self.target.bearer.clone())
            .header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(key) = call.key {
            request = request.header("idempotency-key", key);
        }
        request.body(Full::new(call.body)).map_err(|error| Lost(error.to_string()))
    }
}

async fn connect(target: &Target) -> Result<SendRequest<Full<Bytes>>, Lost> {
    let lost = |error: &dyn std::fmt::Display| Lost(format!("{}:{}: {error}", target.host, target.port));
    let stream = TcpStream::connect((target.host.as_str(), target.port)).await.map_err(|error| lost(&error))?;
    stream.set_nodelay(true).map_err(|error| lost(&error))?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|error| lost(&error))?;
    // It ends with the sender or with the peer; either is seen by the next call.
    tokio::spawn(connection);
    Ok(sender)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loaded_unasked() {
        let table = [
            ("http://127.0.0.1:8080", false, true),
            ("http://[::1]:8080", false, true),
            ("http://localhost", false, true),
            ("http://10.0.0.1:8080", false, false),
            ("http://example.com", false, false),
            ("http://example.com", true, true),
            ("https://127.0.0.1", true, false),
            ("127.0.0.1:8080", true, false),
        ];
        for (url, remote, fine) in table {
            assert_eq!(Target::new(url, "k", remote).is_ok(), fine, "{url}");
        }
    }
}

//! One request and its whole answer, within a limit of bytes.
//!
//! What breaks on the way is told without the library's own text, which may quote the address. Deliberately absent:
//! repeats, tokens.

use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use super::error::{self, Doubt, Failure};

/// A complete answer.
pub(crate) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// The answer as a `T`, or why it is none.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        error::read(self.status, &self.headers, &self.body)
    }
}

/// Sends a request; an answer beyond `max_bytes` is cut off and counts as unreadable.
pub(crate) async fn exchange(request: reqwest::RequestBuilder, max_bytes: usize) -> Result<Answer, Doubt> {
    let mut response = request.send().await.map_err(|error| doubt(&error))?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| doubt(&error))? {
        body.extend_from_slice(&chunk);
        if body.len() > max_bytes {
            return Err(Doubt::Unreadable);
        }
    }
    Ok(Answer { status: response.status(), headers: std::mem::take(response.headers_mut()), body })
}

fn doubt(error: &reqwest::Error) -> Doubt {
    if error.is_connect() || error.is_builder() {
        Doubt::NotConnected
    } else if error.is_timeout() {
        Doubt::Timeout
    } else {
        Doubt::Interrupted
    }
}

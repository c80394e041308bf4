//! The client of one terminal, and its one way to call VNPay: a signed POST.
//!
//! A call is sent once. VNPay has no idempotency keys, so that whatever leaves doubt is [`Trouble::Unknown`] and looked
//! up later. Redirects are not followed. Traced at debug level: command, response code; never bodies. Cost: one round
//! trip per call.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect;

use super::api::{self, Answer, Command, Fields};
use super::config::{self, Config, ConfigError};
use super::gateway::unknown;
use super::notice::{self, Returned};
use super::query::{self, VerifiedQuery};
use crate::gateway::{Trouble, Unverified};

/// Beyond this an answer is cut off and counts as unreadable.
const ANSWER_MAX_BYTES: usize = 64 << 10;

/// A client of one terminal. Cheap to clone; connections are shared.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    pub(super) config: Arc<Config>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({} at {})", self.config.tmn_code, self.config.api_url)
    }
}

impl Client {
    /// Checks the configuration; sends nothing. The process must have installed a rustls crypto provider.
    pub fn new(config: Config) -> Result<Client, ConfigError> {
        let api_url = config.check()?;
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("scrip/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            // The HTTP library must not repeat on its own: a refund would go out twice.
            .retry(reqwest::retry::never())
            .timeout(Duration::from_millis(config.timeout_ms));
        if config::is_loopback(&api_url) {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| ConfigError::Tls(error.without_url().to_string()))?;
        Ok(Client { http, config: Arc::new(config) })
    }

    /// Which payment a browser came back from, by the raw query string of the return. Credits nothing.
    pub fn returned(&self, raw_query: &[u8]) -> Result<Returned, Unverified> {
        notice::returned(&self.verified(raw_query)?, &self.config.tmn_code)
    }

    /// A query that our secret signed.
    pub(crate) fn verified(&self, raw_query: &[u8]) -> Result<VerifiedQuery, Unverified> {
        query::verify(raw_query, &self.config.hash_secret).map_err(|error| Unverified::Forged(error.to_string()))
    }

    /// Signs and sends a request; an answer has the right checksum and is about our terminal.
    pub(crate) async fn call(&self, command: Command, fields: Fields) -> Result<Answer, Trouble> {
        let request = api::signed(command, fields, &self.config.hash_secret);
        let body = self.post(&request).await?;
        let answer =
            api::read(command, &body, &self.config.hash_secret).map_err(|error| unknown(error.to_string(), true))?;
        tracing::debug!(command = command.name(), response_code = answer.response_code(), "vnpay answered");
        // A refused request may be echoed in part; one that was answered names the payment.
        let echoes = |name: &str| match answer.get(name) {
            None => name != "vnp_TxnRef" || answer.response_code() != "00",
            given => given == request.get(name).map(String::as_str),
        };
        if ["vnp_TmnCode", "vnp_TxnRef", "vnp_Command"].into_iter().all(echoes) {
            Ok(answer)
        } else {
            Err(unknown("the answer is to another request", true))
        }
    }

    async fn post(&self, request: &Fields) -> Result<Vec<u8>, Trouble> {
        let sent = self.http.post(&self.config.api_url).json(request).send().await;
        let mut response = sent.map_err(|error| doubt(&error))?;
        match response.status().as_u16() {
            200 => {}
            status => return Err(unknown(format!("HTTP status {status}"), status != 429)),
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| doubt(&error))? {
            body.extend_from_slice(&chunk);
            if body.len() > ANSWER_MAX_BYTES {
                return Err(unknown("unreadable answer", true));
            }
        }
        Ok(body)
    }
}

/// What broke, without the library's own text, which may quote the address.
fn doubt(error: &reqwest::Error) -> Trouble {
    if error.is_connect() || error.is_builder() {
        unknown("no connection", false)
    } else if error.is_timeout() {
        unknown("timeout", true)
    } else {
        unknown("connection broke", true)
    }
}

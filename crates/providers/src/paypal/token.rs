//! The access token that every call carries.
//!
//! Fetched when first needed, kept until shortly before it ends, dropped when a call is refused with 401. Whoever comes
//! while it is being fetched waits for that fetch and shares its outcome, also a failure. PayPal limits how often a
//! token may be asked for, so one per payment would end in refusals. Never logged. Cost: one round trip in about nine
//! hours.

use std::fmt;
use std::time::Duration;

use http::header::HeaderValue;
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::error::{Doubt, Failure};
use super::exchange::{Answer, exchange};
use crate::Secret;

/// A token is not used in its last five minutes, or in its last half when it is shorter than that.
const MARGIN: Duration = Duration::from_secs(300);
const TOKEN_MAX_BYTES: usize = 64 << 10;

/// A token as a header value, which does not show.
#[derive(Clone)]
pub(crate) struct Token {
    pub authorization: HeaderValue,
    renew_at: Instant,
    /// Counts tokens, so that an old one's refusal does not drop a new one.
    serial: u64,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({})", self.serial)
    }
}

/// The token of one app.
pub(crate) struct Tokens {
    client_id: String,
    client_secret: Secret,
    slot: Mutex<Slot>,
}

#[derive(Default)]
struct Slot {
    token: Option<Token>,
    fetched: u64,
    /// The last failure and when it was known.
    failure: Option<(Instant, Failure)>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tokens({})", self.client_id)
    }
}

#[derive(Deserialize)]
struct Wire {
    access_token: String,
    /// Seconds.
    expires_in: u64,
}

impl Tokens {
    pub(crate) fn new(client_id: String, client_secret: Secret) -> Tokens {
        Tokens { client_id, client_secret, slot: Mutex::default() }
    }

    /// The token; fetches one when there is none. A failure here means that the call itself was not made.
    pub(crate) async fn get(&self, http: &reqwest::Client, origin: &str) -> Result<Token, Failure> {
        let asked_at = Instant::now();
        let mut slot = self.slot.lock().await;
        if let Some(token) = slot.token.as_ref().filter(|token| token.renew_at > Instant::now()) {
            return Ok(token.clone());
        }
        if let Some((known_at, failure)) = &slot.failure
            && *known_at > asked_at
        {
            return Err(failure.clone());
        }
        match self.fetch(http, origin, slot.fetched + 1).await {
            Ok(token) => {
                *slot = Slot { token: Some(token.clone()), fetched: token.serial, failure: None };
                Ok(token)
            }
            Err(failure) => {
                let failure = failure.harmless();
                slot.failure = Some((Instant::now(), failure.clone()));
                Err(failure)
            }
        }
    }

    /// Forgets a token that PayPal no longer takes.
    pub(crate) async fn forget(&self, refused: &Token) {
        let mut slot = self.slot.lock().await;
        if slot.token.as_ref().is_some_and(|token| token.serial == refused.serial) {
            slot.token = None;
        }
    }

    async fn fetch(&self, http: &reqwest::Client, origin: &str, serial: u64) -> Result<Token, Failure> {
        let request = http
            .post(format!("{origin}/v1/oauth2/token"))
            .basic_auth(&self.client_id, Some(self.client_secret.expose()))
            .form(&[("grant_type", "client_credentials")]);
        let asked_at = Instant::now();
        read(&exchange(request, TOKEN_MAX_BYTES).await?, asked_at, serial)
    }
}

fn read(answer: &Answer, asked_at: Instant, serial: u64) -> Result<Token, Failure> {
    let wire: Wire = answer.read()?;
    let mut authorization =
        HeaderValue::try_from(format!("Bearer {}", wire.access_token)).map_err(|_| Failure::from(Doubt::Unreadable))?;
    authorization.set_sensitive(true);
    let lifetime = Duration::from_secs(wire.expires_in);
    let renew_at = asked_at.checked_add(lifetime - MARGIN.min(lifetime / 2)).unwrap_or(asked_at);
    Ok(Token { authorization, renew_at, serial })
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, StatusCode};

    use super::*;

    fn token(body: String, asked_at: Instant) -> Token {
        let answer = Answer { status: StatusCode::OK, headers: HeaderMap::new(), body: body.into_bytes() };
        read(&answer, asked_at, 7).unwrap()
    }

    #[test]
    fn a_token_is_renewed_before_it_ends() {
        // lifetime, used for, both in seconds
        for (expires_in, used_s) in [(32_400, 32_100), (600, 300), (400, 200), (2, 1), (0, 0)] {
            let now = Instant::now();
            let token = token(format!(r#"{{"access_token":"A21","expires_in":{expires_in}}}"#), now);
            assert_eq!((token.renew_at - now).as_secs(), used_s, "{expires_in}");
        }
    }

    #[test]
    fn a_token_does_not_show() {
        let token = token(r#"{"access_token":"A21.hidden","expires_in":60}"#.into(), Instant::now());
        assert_eq!(format!("{token:?} {:?}", token.authorization), "Token(7) Sensitive");
        assert_eq!(token.authorization.to_str().unwrap(), "Bearer A21.hidden");
    }
}

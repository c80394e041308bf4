//! Access tokens: `POST /v1/oauth2/token` and what a bearer token is worth.
//!
//! A token ends by the sandbox's clock, or all at once by a control call. Absent: scopes per call, refresh tokens.

use std::collections::HashMap;

use axum::http::StatusCode;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

use super::error::ApiError;
use super::request::{Call, Done};
use super::store::Store;

const SCOPE: &str = "https://uri.paypal.com/services/payments/payment https://uri.paypal.com/services/payments/refund \
    https://uri.paypal.com/services/disputes/read-seller https://uri.paypal.com/services/reporting/search/read \
    https://uri.paypal.com/services/applications/webhooks openid";

/// The REST app's client id and secret.
#[derive(Clone)]
pub struct Credentials {
    /// The client id.
    pub client_id: String,
    /// The secret; never shown.
    pub client_secret: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// The tokens given out, with the seconds when they end.
#[derive(Default)]
pub(crate) struct Tokens(HashMap<String, i64>);

impl Tokens {
    /// # Errors
    /// 401 without a live token.
    pub fn check(&self, authorization: Option<&str>, now_s: i64) -> Result<(), ApiError> {
        let token = authorization.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        match self.0.get(token) {
            Some(expires_at_s) if *expires_at_s > now_s => Ok(()),
            _ => Err(ApiError::bare(StatusCode::UNAUTHORIZED)),
        }
    }

    /// Ends all tokens.
    pub fn expire(&mut self) {
        self.0.clear();
    }
}

/// `POST /v1/oauth2/token`.
pub(crate) fn issue(store: &mut Store, call: &Call) -> Result<Done, ApiError> {
    let sent = call.authorization.as_deref().and_then(|value| value.strip_prefix("Basic ")).and_then(basic);
    let known = sent.filter(|(id, secret)| match &store.options.credentials {
        Some(credentials) => *id == credentials.client_id && *secret == credentials.client_secret,
        None => !id.is_empty() && !secret.is_empty(),
    });
    let Some((client_id, _)) = known else {
        let text = "Client authentication failed: check the client id and the secret.";
        return Err(ApiError::oauth(StatusCode::UNAUTHORIZED, "invalid_client", text));
    };
    if call.body["grant_type"] != "client_credentials" {
        let text = "Send grant_type=client_credentials as a form.";
        return Err(ApiError::oauth(StatusCode::BAD_REQUEST, "unsupported_grant_type", text));
    }
    let (token, nonce) = (format!("A21AA{}", store.letters(92)), store.letters(43));
    let expires_in_s = store.options.token_ttl_seconds;
    let now_s = store.now();
    store.tokens.0.insert(token.clone(), now_s + expires_in_s);
    let app: u32 = client_id.bytes().fold(7, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    Ok(Done::ok(json!({
        "scope": SCOPE, "access_token": token, "token_type": "Bearer", "app_id": format!("APP-{app:017}"),
        "expires_in": expires_in_s, "nonce": format!("{}{nonce}", store.now_text()),
    })))
}

/// User and password of HTTP Basic credentials.
fn basic(encoded: &str) -> Option<(String, String)> {
    let text = String::from_utf8(BASE64_STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

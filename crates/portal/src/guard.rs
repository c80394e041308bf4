//! Against forms of other sites.
//!
//! A change needs all of: the method POST, a request that our own page sent (`Sec-Fetch-Site`, `Origin`), and the token
//! that the page's form carried. The token is a hash of the session's secret under a name of its own: it needs no memory,
//! dies with the session, and tells nothing about the secret. Source: OWASP ASVS 5.0, 3.5.1 to 3.5.3.

use axum::http::{HeaderMap, Method};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::failure::Failure;

/// The field of a form that carries the token.
pub const TOKEN_FIELD: &str = "token";

/// The token of forms that are shown to whoever holds this secret.
pub fn token(secret: &str) -> String {
    let hash = Sha256::new().chain_update("scrip portal form\0").chain_update(secret).finalize();
    hex::encode(&hash[..16])
}

/// Whether a form carried the right token.
pub fn is_token(given: &str, expected: &str) -> bool {
    !expected.is_empty() && given.as_bytes().ct_eq(expected.as_bytes()).into()
}

/// Lets a request pass that changes nothing, or that one of our pages sent.
///
/// # Errors
/// [`Failure::Stale`] for one that another site sent, or that does not say where it comes from.
pub fn check_origin(method: &Method, headers: &HeaderMap, public_url: &str) -> Result<(), Failure> {
    if [Method::GET, Method::HEAD].contains(method) {
        return Ok(());
    }
    if engine::is_own_page(headers, public_url) { Ok(()) } else { Err(Failure::Stale) }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_our_own_pages_change_something() {
        const OURS: &str = "https://pay.example";
        // method, Sec-Fetch-Site, Origin, Host, allowed
        let table = [
            ("GET", "cross-site", "https://evil.example", "pay.example", true),
            ("POST", "same-origin", OURS, "pay.example", true),
            ("POST", "", "", "pay.example", false),
            ("POST", "cross-site", OURS, "pay.example", false),
            ("PUT", "cross-site", "https://evil.example", "pay.example", false),
            ("DELETE", "", "", "pay.example", false),
        ];
        for (method, site, origin, host, allowed) in table {
            let mut headers = HeaderMap::new();
            for (name, value) in [("sec-fetch-site", site), ("origin", origin), ("host", host)] {
                if !value.is_empty() {
                    headers.insert(name, HeaderValue::from_static(value));
                }
            }
            let method: Method = method.parse().unwrap();
            let passed = check_origin(&method, &headers, OURS).is_ok();
            assert_eq!(passed, allowed, "{method} {site} {origin} {host}");
        }
    }

    #[test]
    fn a_token_is_of_one_secret() {
        let [one, other] = ["a", "b"].map(token);
        assert!(is_token(&one, &token("a")) && !is_token(&one, &other));
        assert!(!is_token("", "") && !is_token(&one[1..], &one));
        assert_eq!(one.len(), 32);
    }
}

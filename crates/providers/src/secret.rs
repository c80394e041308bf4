//! A key or a token that must not be seen.
//!
//! Never empty, redacted in `Debug`, without `Display`, wiped from memory when dropped. Deliberately absent: comparison
//! (compare what the secret signs, in constant time) and serialisation.

use std::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

/// A secret text; [`Secret::expose`] is the only way to read it.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

/// A secret was empty or only blanks: with it anyone could sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the secret is empty: set it, or leave the gateway out of the configuration")]
pub struct EmptySecret;

impl Secret {
    /// Keeps a text as it is, without trimming.
    pub fn new(text: impl Into<String>) -> Result<Secret, EmptySecret> {
        let text = Zeroizing::new(text.into());
        if text.trim().is_empty() { Err(EmptySecret) } else { Ok(Secret(text)) }
    }

    /// The text itself: hand it to a signer, a request header or the one person it belongs to, never to a log.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_show() {
        let secret = Secret::new("sk_test_visible").unwrap();
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "Secret(…) Some(Secret(…))");
        assert_eq!(secret.expose(), "sk_test_visible");
    }

    #[test]
    fn an_empty_secret_is_refused() {
        for text in ["", " ", "\n\t"] {
            assert_eq!(Secret::new(text).unwrap_err(), EmptySecret, "{text:?}");
        }
    }
}

//! What browsers send: queries and forms, as names with texts.
//!
//! [`Posted`] is the only way to read a form, and it takes none without the token, so no handler can forget to ask.

use axum::RequestExt;
use axum::extract::{Form, FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;

use crate::Portal;
use crate::failure::Failure;
use crate::guard;

/// Names with texts, in the order in which they came. Unknown names are not looked at.
#[derive(Clone, Debug, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Of texts that are there already.
    pub fn of(pairs: Vec<(String, String)>) -> Fields {
        Fields(pairs)
    }

    /// The first text of a name, without blanks around it; empty when there is none.
    pub fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map(|(_, text)| text.trim()).unwrap_or_default()
    }

    /// The first text of a name, exactly as it was typed.
    pub fn raw(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str()).unwrap_or_default()
    }

    /// The first text of a name, when there is one that is not blank.
    pub fn given(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// Whether the name came at all: a tick, a button.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Fields {
    fn from(pairs: [(&str, &str); N]) -> Fields {
        Fields(pairs.map(|(name, text)| (name.to_owned(), text.to_owned())).into())
    }
}

/// The query of an address.
impl FromRequestParts<Portal> for Fields {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _portal: &Portal) -> Result<Fields, Failure> {
        let query = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        query.map(|Query(pairs)| Fields(pairs)).map_err(|_| Failure::Unreadable)
    }
}

/// Whoever is shown forms.
pub trait HasToken {
    /// The token of the forms that he is shown.
    fn token(&self) -> &str;
}

/// A form that one of our pages sent, with who sent it.
pub struct Posted<W> {
    /// Who.
    pub by: W,
    /// What was filled in.
    pub fields: Fields,
}

impl<W: FromRequestParts<Portal, Rejection = Failure> + HasToken + Send + 'static> FromRequest<Portal> for Posted<W> {
    type Rejection = Failure;

    async fn from_request(mut request: Request, portal: &Portal) -> Result<Posted<W>, Failure> {
        let by = request.extract_parts_with_state::<W, _>(portal).await?;
        let form = Form::<Vec<(String, String)>>::from_request(request, &()).await;
        let Form(pairs) = form.map_err(|_| Failure::Unreadable)?;
        let fields = Fields(pairs);
        if guard::is_token(fields.raw(guard::TOKEN_FIELD), by.token()) {
            Ok(Posted { by, fields })
        } else {
            Err(Failure::Stale)
        }
    }
}

/// An address with a query.
pub fn url<'a>(path: &str, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut url = path.to_owned();
    for (place, (name, text)) in pairs.into_iter().enumerate() {
        url.push(if place == 0 { '?' } else { '&' });
        url.push_str(&encoded(name));
        url.push('=');
        url.push_str(&encoded(text));
    }
    url
}

/// A text as part of a query. Only what never needs an escape stays.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let escape = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_back_as_it_was_written() {
        let pairs = [("from", "2026-11-01"), ("service", "a&b=c #1"), ("q", "Nguyễn")];
        let address = url("/history", pairs);
        assert_eq!(address, "/history?from=2026-11-01&service=a%26b%3Dc%20%231&q=Nguy%E1%BB%85n");
        let Query(read) = Query::<Vec<(String, String)>>::try_from_uri(&address.parse().unwrap()).unwrap();
        assert_eq!(read, pairs.map(|(name, text)| (name.to_owned(), text.to_owned())));
        assert_eq!(url("/history", []), "/history");
    }

    #[test]
    fn blanks_are_nothing() {
        let fields = Fields::from([("a", " x "), ("a", "y"), ("b", "  "), ("c", "")]);
        assert_eq!((fields.text("a"), fields.raw("a"), fields.given("b")), ("x", " x ", None));
        assert!(fields.has("c") && !fields.has("d"));
    }
}

//! Which language a request is answered in.
//!
//! `?lang=` goes before everything and is remembered in a cookie; then that cookie, then the language of who is signed in,
//! then the first that the browser accepts and that is spoken here, then English. Deliberately absent: languages of paths.

use axum::http::{HeaderMap, HeaderValue, Uri, header};
use documents::Language;

/// The cookie that remembers a choice. No secret, so it needs no prefix.
const COOKIE: &str = "scrip-language";
/// A year.
const COOKIE_SECONDS: u32 = 31_536_000;

/// The language that was asked for in the address or before; `None`: no choice was made.
pub fn chosen(headers: &HeaderMap, uri: &Uri) -> Option<Language> {
    asked(uri).or_else(|| cookie(headers, COOKIE).and_then(Language::parse))
}

/// The language asked for in the address.
pub fn asked(uri: &Uri) -> Option<Language> {
    let query = uri.query()?;
    query.split('&').find_map(|pair| pair.strip_prefix("lang=")).and_then(Language::parse)
}

/// The first language that the browser accepts and that is spoken here.
pub fn accepted(headers: &HeaderMap) -> Language {
    let text = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let known = |range: &str| Language::parse(range.split(';').next().unwrap_or_default().trim());
    text.split(',').find_map(known).unwrap_or(Language::En)
}

/// The header that remembers a choice.
pub fn remembered(language: Language, secure: bool) -> Option<HeaderValue> {
    let secure = if secure { "; Secure" } else { "" };
    let cookie = format!("{COOKIE}={language}; Path=/; Max-Age={COOKIE_SECONDS}; SameSite=Lax{secure}");
    HeaderValue::try_from(cookie).ok()
}

/// The value of a cookie.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';'));
    pairs.find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_goes_before_the_cookie_and_that_before_the_browser() {
        // address, cookie, what the browser accepts, language
        let table = [
            ("/", "", "", Language::En),
            ("/", "", "fr-FR, vi;q=0.9, en;q=0.8", Language::Vi),
            ("/", "", "ja-JP", Language::Ja),
            ("/", "", "fr, *;q=0.1", Language::En),
            ("/", "a=b; scrip-language=ja", "vi", Language::Ja),
            ("/", "scrip-language=xx", "vi", Language::Vi),
            ("/?lang=vi", "scrip-language=ja", "en", Language::Vi),
            ("/?a=1&lang=ja", "", "", Language::Ja),
            ("/?lang=xx", "scrip-language=ja", "", Language::Ja),
            ("/?slang=vi", "", "", Language::En),
        ];
        for (address, cookie, accepts, language) in table {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, HeaderValue::from_static(cookie));
            headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(accepts));
            let uri = Uri::from_static(address);
            let found = chosen(&headers, &uri).unwrap_or_else(|| accepted(&headers));
            assert_eq!(found, language, "{address} {cookie:?} {accepts:?}");
        }
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("xscrip=1; scrip-x=2"));
        headers.append(header::COOKIE, HeaderValue::from_static("scrip=3"));
        assert_eq!(cookie(&headers, "scrip"), Some("3"));
        assert_eq!(cookie(&headers, "none"), None);
    }
}

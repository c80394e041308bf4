//! The frame of the page: banner, style, escaping. No scripts.

use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::texts::Texts;

const STYLE: &str = include_str!("page.css");

/// A whole page; `body` is HTML.
pub(super) fn page(status: StatusCode, texts: &Texts, title: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"{language}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{title}</title>\
         <style>{STYLE}</style></head><body><p class=\"banner\">{banner}</p>\
         <main><h1>{title}</h1>{body}</main></body></html>",
        language = texts.language,
        title = escape(title),
        banner = texts.banner,
    );
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, Html(html)).into_response()
}

/// What went wrong, for readers and screen readers; nothing when empty.
pub(super) fn notice(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("<p class=\"notice\" role=\"alert\">{}</p>", escape(text)) }
}

/// Text as HTML, also within an attribute.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

//! The frame of the page: banner, style, escaping. No scripts.

use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::texts::Texts;

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1b2430;--soft:#5b6675;--line:#d5dbe3;--paper:#fff;--ground:#f3f5f8;--main:#1d4f91}\
@media(prefers-color-scheme:dark){:root{--ink:#e8ecf1;--soft:#a3adba;--line:#3a4452;--paper:#1c232d;--ground:#12171e;--main:#7fb0f0}}\
*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--ink);\
font:16px/1.6 system-ui,'Hiragino Sans','Noto Sans JP',sans-serif}\
.banner{margin:0;padding:.5rem 1rem;background:#ffe9a8;color:#3b2f00;text-align:center}\
main{max-width:26rem;margin:2rem auto;padding:1.5rem;background:var(--paper);border:1px solid var(--line);border-radius:.75rem}\
h1{margin:0 0 1rem;font-size:1.25rem}.shop{margin:0}.amount{margin:0;font-size:1.75rem;font-weight:600}\
.hint{margin:.25rem 0 1rem;color:var(--soft);font-size:.9rem;overflow-wrap:anywhere}\
.notice{padding:.5rem .75rem;border-left:4px solid #b3261e;background:var(--ground)}\
label{display:block;margin:.5rem 0 .25rem}input:not([type=radio]){width:100%;padding:.6rem;font:inherit;color:inherit;\
background:var(--paper);border:1px solid var(--soft);border-radius:.4rem}\
fieldset{margin:0 0 1rem;padding:.5rem .75rem;border:1px solid var(--line);border-radius:.4rem}.choice{padding:.35rem 0}\
button{display:block;width:100%;margin:.5rem 0;padding:.65rem;font:inherit;color:var(--ink);background:transparent;\
border:1px solid var(--line);border-radius:.4rem;cursor:pointer}\
button.main{background:var(--main);border-color:var(--main);color:var(--paper);font-weight:600}\
:focus-visible{outline:3px solid var(--main);outline-offset:2px}.out{margin-top:1.5rem}";

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

//! Files that pages load: compiled in, named by what they hold, kept by browsers for a year.
//!
//! One style sheet, one script, the logo. The hash in their address is that of all of them together, the operator's
//! colour and logo included. During an update two versions may answer side by side: an address of the other version gets
//! what is here, but nobody keeps it.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::failure::Failure;
use crate::{Portal, look};

const CSS: [&str; 5] = [
    include_str!("../assets/css/1-tokens.css"),
    include_str!("../assets/css/2-base.css"),
    include_str!("../assets/css/3-components.css"),
    include_str!("../assets/css/4-screens.css"),
    include_str!("../assets/css/5-print.css"),
];
const SCRIPT: &str = include_str!("../assets/app.js");
const CARD_SCRIPT: &str = include_str!("../assets/card.js");
const ICON: &str = include_str!("../assets/icon.svg");

const YEAR: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// What is served below `/assets/`.
pub struct Assets {
    hash: String,
    files: Vec<File>,
}

struct File {
    name: &'static str,
    content_type: &'static str,
    bytes: Bytes,
}

impl Assets {
    /// The files in an operator's colour, with his logo where he has one.
    pub fn new(accent: &str, logo: Option<look::Logo>) -> Assets {
        let css = format!(":root {{ --brand: {accent}; }}\n{}", CSS.concat());
        let file = |name, content_type, bytes: Bytes| File { name, content_type, bytes };
        let mut files = vec![
            file("app.css", "text/css; charset=utf-8", css.into()),
            file("app.js", "text/javascript; charset=utf-8", SCRIPT.into()),
            file("card.js", "text/javascript; charset=utf-8", CARD_SCRIPT.into()),
            file("icon.svg", "image/svg+xml", ICON.replace("#0b6b5d", accent).into()),
        ];
        files.extend(logo.map(|logo| file("logo", logo.content_type, logo.bytes.into())));
        let mut hash = Sha256::new();
        for file in &files {
            hash.update(file.name);
            hash.update(&file.bytes);
        }
        Assets { hash: hex::encode(&hash.finalize()[..8]), files }
    }

    /// The address of a file.
    pub fn url(&self, name: &str) -> String {
        format!("/assets/{}/{name}", self.hash)
    }
}

/// `GET /assets/{hash}/{name}`.
pub async fn serve(
    State(portal): State<Portal>,
    Path((hash, name)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let assets = portal.assets();
    let file = assets.files.iter().find(|file| file.name == name).ok_or(Failure::NotFound)?;
    let content_type = HeaderValue::from_static(file.content_type);
    let kept = if hash == assets.hash { YEAR } else { HeaderValue::from_static("no-store") };
    Ok(([(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, kept)], file.bytes.clone()).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_they_hold_decides_their_address() {
        let [one, same, other] = ["#0b6b5d", "#0b6b5d", "#804000"].map(|accent| Assets::new(accent, None));
        assert_eq!(one.url("app.css"), same.url("app.css"));
        assert_ne!(one.url("app.css"), other.url("app.css"));
        let size: usize = one.files.iter().map(|file| file.bytes.len()).sum();
        assert!(size < 48 << 10, "{size} bytes leave too little of 100 KB to the pages");
    }

    #[test]
    fn nothing_is_loaded_from_elsewhere() {
        for text in CSS.iter().chain([&SCRIPT, &CARD_SCRIPT, &ICON]) {
            let text = text.replace("http://www.w3.org/2000/svg", "");
            assert!(!text.contains("//") || !text.contains("http"), "names another host");
            assert!(!text.contains("@import") && !text.contains("url("), "loads something");
        }
    }

    #[test]
    fn the_script_uses_nothing_that_runs_text() {
        for bad in ["innerHTML", "outerHTML", "insertAdjacentHTML", "eval(", "Function(", "document.write", ".style."] {
            assert!(!SCRIPT.contains(bad) && !CARD_SCRIPT.contains(bad), "{bad}");
        }
        assert!(SCRIPT.lines().count() < 160, "enough is enough");
    }
}

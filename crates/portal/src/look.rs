//! What an operator may change about the looks: name, logo, colour, help, texts of his own.

use std::fs;
use std::path::Path;

use documents::Language;
use engine::settings::{Environment, Settings};

use crate::assets::Assets;
use crate::components::Link;
use crate::form;
use crate::words::{Words, stored};

/// Largest file of a logo, in bytes.
const MAX_LOGO_BYTES: u64 = 64 << 10;

/// The looks of an installation, made once at start.
pub struct Look {
    /// What people call it.
    pub name: String,
    /// The logo's address, where there is one.
    pub logo_url: Option<String>,
    /// The style sheet's address.
    pub css_url: String,
    /// The script's address.
    pub script_url: String,
    /// The address of the picture in the browser's tab.
    pub icon_url: String,
    /// No real money moves here.
    pub is_test: bool,
}

/// A picture for the head of pages.
#[derive(Debug)]
pub struct Logo {
    /// By the ending of its name.
    pub content_type: &'static str,
    /// The file.
    pub bytes: Vec<u8>,
}

impl Logo {
    /// Reads a file; none, with a warning in the log, when it is not there or no picture that pages may show.
    pub fn read(path: &str) -> Option<Logo> {
        if path.is_empty() {
            return None;
        }
        let read = || {
            let ending = Path::new(path).extension().and_then(|ending| ending.to_str()).unwrap_or_default();
            let content_type = match ending.to_ascii_lowercase().as_str() {
                "svg" => "image/svg+xml",
                "png" => "image/png",
                "webp" => "image/webp",
                _ => return Err("must end with .svg, .png or .webp".to_owned()),
            };
            let size_bytes = fs::metadata(path).map_err(|error| error.to_string())?.len();
            if size_bytes > MAX_LOGO_BYTES {
                return Err(format!("has {size_bytes} bytes; at most {MAX_LOGO_BYTES} are shown"));
            }
            fs::read(path).map(|bytes| Logo { content_type, bytes }).map_err(|error| error.to_string())
        };
        read().map_err(|problem| tracing::warn!(path, problem, "portal.logo_file is not shown")).ok()
    }
}

impl Look {
    /// The looks that the settings ask for, with the files at their addresses.
    pub fn new(settings: &Settings, assets: &Assets, has_logo: bool) -> Look {
        Look {
            name: settings.brand.name.clone(),
            logo_url: has_logo.then(|| assets.url("logo")),
            css_url: assets.url("app.css"),
            script_url: assets.url("app.js"),
            icon_url: assets.url("icon.svg"),
            is_test: settings.environment == Environment::Test,
        }
    }
}

/// Where people get help, if anywhere; always at the same place of a page.
pub fn help(settings: &Settings, words: Words) -> Option<Link> {
    let portal = &settings.portal;
    let href = match (portal.help_url.as_str(), portal.help_email.as_str()) {
        ("", "") => return None,
        ("", email) => format!("mailto:{email}"),
        (url, _) => url.to_owned(),
    };
    Some(Link::to(href, words.t("portal-help")))
}

/// Links to the operator's own pages, by name.
pub fn texts(settings: &Settings, language: Language) -> Vec<Link> {
    let portal = &settings.portal;
    let link = |name: &String| Some(Link::to(format!("/legal/{name}"), &portal.text(name, stored(language))?.title));
    portal.texts.keys().filter_map(link).collect()
}

/// Where a problem with something of this name is reported: the same place, with the name in the letter.
pub fn problem(settings: &Settings, words: Words, subject: &str) -> Option<Link> {
    let help = help(settings, words)?;
    let href = match help.href.starts_with("mailto:") {
        true => form::url(&help.href, [("subject", subject)]),
        false => help.href,
    };
    Some(Link::to(href, words.t("portal-problem")))
}

//! The page of whatever went wrong: what happened, what to do, and an id that the operator finds in the log.

use askama::Template;
use axum::response::Response;

use crate::components::{Icon, Link, Tone};
use crate::failure::Failure;
use crate::page::{self, Page, Place, Visit, html};

#[derive(Template)]
#[template(path = "screens/error.html")]
struct View {
    page: Page,
    tone: Tone,
    title: String,
    text: String,
    link: Link,
    id: String,
}

/// The page of a failure.
///
/// # Errors
/// When its template cannot be written.
pub fn page(page: Page, failure: &Failure, visit: &Visit, id: &str) -> Result<Response, Failure> {
    let Visit { words, address, .. } = visit;
    let name = failure.name();
    let tone = match failure {
        Failure::NotFound | Failure::Stale | Failure::NoAccount => Tone::Plain,
        Failure::Forbidden | Failure::Busy { .. } | Failure::Unavailable(_) => Tone::Warn,
        _ => Tone::Bad,
    };
    let text = match failure {
        Failure::Busy { retry_after_seconds } => {
            words.count("portal-error-busy-text", usize::try_from(*retry_after_seconds).unwrap_or_default())
        }
        _ => words.t(&format!("portal-error-{name}-text")),
    };
    let link = match failure {
        Failure::Unavailable(_) => Link::to(address, words.t("portal-error-again")),
        Failure::NoAccount => Link::to(page::sign_in_url("/"), words.t("portal-sign-in")),
        _ => Link::to("/", words.t("portal-error-home")),
    };
    let title = words.t(&format!("portal-error-{name}"));
    html(&View { page, tone, title, text, link, id: id.to_owned() })
}

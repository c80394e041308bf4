//! Around every request for a page: nobody else's forms, headers that keep browsers careful, and a page for everything
//! that went wrong.
//!
//! Invariants: no answer leaves without the policy; an error has a page in the person's language, with an id that stands
//! in the log, too. Deliberately absent: who is signed in, which a page for an error does not need to know.
//! Cost: no reads.

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use uuid::Uuid;

use crate::failure::Failure;
use crate::page::{self, Page, Visit};
use crate::screens::errors;
use crate::words::Words;
use crate::{Portal, guard, language};

/// Names a request in pages, answers and logs. An answer that has one keeps it.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Everything comes from here, nothing runs that is not a file, and text never becomes script.
/// Source: the project's threat model (`docs/assurance.md`).
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'; report-uri /csp-reports; report-to csp";
/// A year, in seconds.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000; includeSubDomains");

/// The policy of a page that needs another one than the others. Travels as a response extension.
#[derive(Clone)]
pub struct OtherPolicy(pub HeaderValue);

/// The layer around the portal's routes.
pub async fn around(State(portal): State<Portal>, request: Request, next: Next) -> Response {
    let (method, uri, headers) = (request.method().clone(), request.uri().clone(), request.headers().clone());
    let settings = portal.engine().settings();
    let mut response = match takes_cookies(uri.path()) {
        true => match guard::check_origin(&method, &headers, &settings.public_url) {
            Ok(()) => next.run(request).await,
            Err(failure) => failure.into_response(),
        },
        false => next.run(request).await,
    };
    if let Some(failure) = response.extensions_mut().remove::<Failure>() {
        let chosen = language::chosen(&headers, &uri).unwrap_or_else(|| language::accepted(&headers));
        let visit = Visit { words: Words { language: chosen }, address: page::address_of(&uri), token: String::new() };
        response = failed(&portal, &visit, &method, failure);
    }
    let secure = settings.public_url.starts_with("https://");
    if let Some(cookie) = language::asked(&uri).and_then(|asked| language::remembered(asked, secure)) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    careful(&mut response, secure);
    response
}

/// Browsers report without cookies and without saying where they come from.
fn takes_cookies(path: &str) -> bool {
    path != crate::reports::PATH
}

fn failed(portal: &Portal, visit: &Visit, method: &Method, failure: Failure) -> Response {
    let id = Uuid::new_v4().simple().to_string().split_off(16);
    match &failure {
        Failure::SignIn { next } => return Redirect::to(&page::sign_in_url(next)).into_response(),
        Failure::Internal(why) => tracing::error!(id, why, "a page cannot be made"),
        Failure::Unavailable(why) => tracing::warn!(id, why, "a page is not available"),
        _ => tracing::debug!(id, %method, address = visit.address, failure = failure.name(), "refused"),
    }
    let shown = Page::new(portal, visit, visit.words.t(&format!("portal-error-{}", failure.name()))).narrow();
    let mut response = errors::page(shown, &failure, visit, &id).unwrap_or_else(|_| failure.status().into_response());
    *response.status_mut() = failure.status();
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::try_from(id) {
        headers.insert(REQUEST_ID, id);
    }
    let retry_after_seconds = match failure {
        Failure::Busy { retry_after_seconds } => Some(retry_after_seconds),
        Failure::Unavailable(_) => Some(5),
        _ => None,
    };
    headers.extend(retry_after_seconds.map(|seconds| (header::RETRY_AFTER, HeaderValue::from(seconds))));
    response
}

fn careful(response: &mut Response, secure: bool) {
    let policy = response.extensions_mut().remove::<OtherPolicy>().map(|OtherPolicy(policy)| policy);
    let fixed = HeaderValue::from_static;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy.unwrap_or(fixed(POLICY)));
    headers.insert(HeaderName::from_static("reporting-endpoints"), fixed("csp=\"/csp-reports\""));
    headers.insert(HeaderName::from_static("cross-origin-opener-policy"), fixed("same-origin"));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), fixed("same-origin"));
    headers.insert(HeaderName::from_static("permissions-policy"), fixed("camera=(), geolocation=(), microphone=()"));
    headers.insert(header::REFERRER_POLICY, fixed("strict-origin-when-cross-origin"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, fixed("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(fixed("no-store"));
    if secure {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
}

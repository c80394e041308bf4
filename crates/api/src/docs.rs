//! The OpenAPI document, and a page for people made from it on the server.
//!
//! The page is plain HTML with one style sheet of our own: no scripts, nothing from other hosts. Everything that comes
//! from the document is escaped.

mod page;

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use engine::Engine;
use http::{StatusCode, header};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::{Access, Needs};

const POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `/openapi.json`, `/docs`, `/docs/style.css`.
pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .routes(routes!(openapi).needs(Access::Public))
        .routes(routes!(docs).needs(Access::Public))
        .routes(routes!(style).needs(Access::Public))
}

/// The document as JSON and as a page, made once.
struct Written {
    json: Bytes,
    html: Bytes,
}

fn written() -> &'static Written {
    static WRITTEN: LazyLock<Written> = LazyLock::new(|| {
        let document = crate::document();
        let json = serde_json::to_vec_pretty(&document).unwrap_or_default();
        let value = serde_json::from_slice(&json).unwrap_or_default();
        Written { html: page::render(&value).into(), json: json.into() }
    });
    &WRITTEN
}

fn file(content_type: &'static str, bytes: Bytes) -> Response {
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "public, max-age=300"),
    ];
    (StatusCode::OK, headers, bytes).into_response()
}

/// This document
#[utoipa::path(get, path = "/openapi.json", tag = "documents",
    responses((status = 200, body = Object, content_type = "application/json", description = "OpenAPI 3.1")))]
async fn openapi() -> Response {
    file("application/json", written().json.clone())
}

/// This document for people
#[utoipa::path(get, path = "/docs", tag = "documents",
    responses((status = 200, body = String, content_type = "text/html", description = "A page")))]
async fn docs() -> Response {
    file("text/html; charset=utf-8", written().html.clone())
}

/// The style of the page for people
#[utoipa::path(get, path = "/docs/style.css", tag = "documents",
    responses((status = 200, body = String, content_type = "text/css", description = "A style sheet")))]
async fn style() -> Response {
    file("text/css; charset=utf-8", Bytes::from_static(include_bytes!("docs/style.css")))
}

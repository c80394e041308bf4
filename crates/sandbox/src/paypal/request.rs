//! What an operation sees of its request, and what it gives back.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::{Form, FromRequest, Query, Request};
use axum::http::{HeaderMap, Method, StatusCode, header};
use serde_json::{Map, Value};

use super::error::ApiError;

/// What is known of a request before execution. Not `Debug`: it carries the authorization.
pub(crate) struct Incoming {
    pub debug_id: String,
    pub method: String,
    pub path: String,
    pub query: BTreeMap<String, String>,
    pub authorization: Option<String>,
    pub request_id: Option<String>,
    /// The issue that `PayPal-Mock-Response` asks for.
    pub mock: Option<String>,
    pub minimal: bool,
    pub raw: Bytes,
    pub body: Result<Value, ApiError>,
}

/// An operation's view of its request.
pub(crate) struct Call {
    /// The id in the path; empty for collections.
    pub id: String,
    pub query: BTreeMap<String, String>,
    /// The JSON body, or the pairs of a form; an empty object when nothing was sent.
    pub body: Value,
    /// The body as it came.
    pub raw: Bytes,
    pub authorization: Option<String>,
    pub has_request_id: bool,
    /// `Prefer: return=minimal`, also by default.
    pub minimal: bool,
}

/// What an operation came to.
pub(crate) struct Done {
    pub status: StatusCode,
    pub body: Value,
}

impl Done {
    /// 200.
    pub fn ok(body: Value) -> Self {
        Self { status: StatusCode::OK, body }
    }

    /// 201.
    pub fn created(body: Value) -> Self {
        Self { status: StatusCode::CREATED, body }
    }

    /// 204, without a body.
    pub fn nothing() -> Self {
        Self { status: StatusCode::NO_CONTENT, body: Value::Null }
    }

    /// Only these fields when the client prefers a minimal answer.
    pub fn preferred(mut self, call: &Call, kept: &[&str]) -> Self {
        if let Some(fields) = self.body.as_object_mut().filter(|_| call.minimal) {
            fields.retain(|name, _| kept.contains(&name.as_str()));
        }
        self
    }
}

/// Reads a request whole.
pub(crate) async fn read(
    debug_id: String,
    method: &Method,
    uri: &axum::http::Uri,
    headers: &HeaderMap,
    raw: Bytes,
) -> Incoming {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mock = header("paypal-mock-response").and_then(|text| {
        let codes: Value = serde_json::from_str(&text).ok()?;
        codes["mock_application_codes"].as_str().map(str::to_owned)
    });
    let query = Query::<BTreeMap<String, String>>::try_from_uri(uri).map(|Query(query)| query).unwrap_or_default();
    Incoming {
        debug_id,
        method: method.to_string(),
        path: uri.path().to_owned(),
        query,
        authorization: header("authorization"),
        request_id: header("paypal-request-id").filter(|_| method == Method::POST),
        mock,
        minimal: !header("prefer").is_some_and(|value| value.contains("return=representation")),
        body: decode(header("content-type").as_deref(), &raw).await,
        raw,
    }
}

async fn decode(content_type: Option<&str>, raw: &Bytes) -> Result<Value, ApiError> {
    let kind = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    match kind {
        "application/x-www-form-urlencoded" => {
            let request = Request::post("/").header(header::CONTENT_TYPE, kind).body(raw.clone().into());
            let malformed = |_| ApiError::bare(StatusCode::BAD_REQUEST);
            let request: Request = request.map_err(|_| ApiError::bare(StatusCode::BAD_REQUEST))?;
            let Form(pairs) = Form::<Vec<(String, String)>>::from_request(request, &()).await.map_err(malformed)?;
            let fields: Map<String, Value> = pairs.into_iter().map(|(name, value)| (name, value.into())).collect();
            Ok(fields.into())
        }
        "application/json" if !raw.is_empty() => {
            serde_json::from_slice(raw).map_err(|_| ApiError::issue("MALFORMED_REQUEST_JSON", "The body is not JSON."))
        }
        "application/json" | "" if raw.is_empty() => Ok(Value::Object(Map::new())),
        _ => Err(ApiError::bare(StatusCode::UNSUPPORTED_MEDIA_TYPE)),
    }
}

//! Writing answers. A repeat gets the same bytes as the first, and a header that says so.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::problem::Problem;

/// Says that an answer repeats an earlier one.
pub const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Enough for most answers, so that writing one allocates once.
const USUAL_BYTES: usize = 512;

/// JSON with a status.
///
/// # Errors
/// 500 when the answer cannot be written, which is a fault of this program.
pub fn json(status: StatusCode, answer: &impl Serialize) -> Result<Response, Problem> {
    let mut bytes = Vec::with_capacity(USUAL_BYTES);
    serde_json::to_writer(&mut bytes, answer).map_err(|error| Problem::internal(&error.to_string()))?;
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

/// The answer of something that a repeat answers again.
///
/// # Errors
/// As [`json`].
pub fn repeatable(status: StatusCode, answer: &impl Serialize, replayed: bool) -> Result<Response, Problem> {
    let mut response = json(status, answer)?;
    if replayed {
        response.headers_mut().insert(IDEMPOTENT_REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

//! Errors as Stripe words them: an HTTP status and the body `{"error":{…}}`.
//!
//! Fields that do not apply are left out of the body, as Stripe does. Cost: one small JSON map.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

/// A refusal in Stripe's own shape; control methods use the same type.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiError {
    /// HTTP status of the answer.
    pub status: StatusCode,
    /// The fields of the `error` object: `type`, `message`, `code`, `param`, …
    pub error: Map<String, Value>,
    /// Value of the header `Stripe-Should-Retry`, left out when `None`.
    pub should_retry: Option<bool>,
}

impl ApiError {
    fn new(status: StatusCode, kind: &str, message: impl Into<String>) -> Self {
        let mut error = Map::new();
        error.insert("type".into(), kind.into());
        error.insert("message".into(), message.into().into());
        Self { status, error, should_retry: None }
    }

    /// 400 `invalid_request_error`: definite, nothing was done.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request_error", message)
    }

    /// 401: the key is missing, malformed, unknown or of the wrong kind.
    pub(crate) fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "invalid_request_error", message)
    }

    /// 404: no such URL.
    pub(crate) fn no_such_url(method: &str, path: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "invalid_request_error",
            format!("Unrecognized request URL ({method}: {path}). Please check the path against the API reference."),
        )
    }

    /// `resource_missing`: 404 for the object that the path names, 400 for one that a parameter names.
    pub(crate) fn missing(status: StatusCode, kind: &str, id: &str, param: &str) -> Self {
        Self::new(status, "invalid_request_error", format!("No such {kind}: '{id}'"))
            .code("resource_missing")
            .param(param)
    }

    /// 402 `card_error`; the fields are those of `last_payment_error`.
    pub(crate) fn card(fields: Map<String, Value>) -> Self {
        Self { status: StatusCode::PAYMENT_REQUIRED, error: fields, should_retry: None }
    }

    /// 400 `idempotency_error`: the key came before with another request.
    pub(crate) fn idempotency(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "idempotency_error", message)
    }

    /// 409 `idempotency_key_in_use`: the first request with the key is still running.
    pub(crate) fn key_in_use() -> Self {
        let mut error = Self::new(
            StatusCode::CONFLICT,
            "invalid_request_error",
            "Another request with this idempotency key is being processed. Try again later.",
        )
        .code("idempotency_key_in_use");
        error.should_retry = Some(true);
        error
    }

    /// 429: never executed. `lock_timeout` may be repeated at once, `rate_limit` only after a pause.
    pub(crate) fn too_many(code: &str) -> Self {
        let mut error = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "invalid_request_error",
            "Too many requests. Slow down and repeat.",
        )
        .code(code);
        error.should_retry = (code == "lock_timeout").then_some(true);
        error
    }

    /// 500 of an execution that began (a repeat only replays it) or 503 of one that never did.
    pub(crate) fn server(status: StatusCode) -> Self {
        let mut error = Self::new(status, "api_error", "Something went wrong on the server side.");
        error.should_retry = Some(status != StatusCode::INTERNAL_SERVER_ERROR);
        error
    }

    /// Adds `code` and the address of its description.
    pub(crate) fn code(self, code: &str) -> Self {
        let page = format!("https://stripe.com/docs/error-codes/{}", code.replace('_', "-"));
        self.with("code", code).with("doc_url", page)
    }

    /// Adds `param`, the name of the parameter at fault in bracket form.
    pub(crate) fn param(self, param: &str) -> Self {
        self.with("param", param)
    }

    /// Adds any other field, such as the whole `payment_intent`.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.error.insert(name.into(), value.into());
        self
    }

    /// The answer's body.
    pub fn body(&self) -> Value {
        json!({ "error": self.error })
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let message = self.error.get("message").and_then(Value::as_str).unwrap_or("no message");
        write!(f, "{}: {message}", self.status)
    }
}

impl std::error::Error for ApiError {}

//! Errors as PayPal words them: an HTTP status, a `name` for it, and `details[]` with the `issue`.
//!
//! The issue decides the status and the name ([`status_of`]); issues that are not in its table are 422, as the great
//! majority is. The token endpoint has a shape of its own. Cost: one small JSON map.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

/// Where an issue's description is found.
const INFORMATION: &str = "https://developer.paypal.com/docs/api/orders/v2/#error-";

/// A refusal in PayPal's own shape; control methods use the same type.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiError {
    /// HTTP status of the answer.
    pub status: StatusCode,
    /// The fields of the body but `debug_id`: `name`, `message`, `details`, `links`; or `error` and
    /// `error_description`.
    pub fields: Map<String, Value>,
}

impl ApiError {
    /// The error of an issue: `UNPROCESSABLE_ENTITY` with `ORDER_NOT_APPROVED` inside, for one.
    pub(crate) fn issue(issue: &str, description: &str) -> Self {
        let mut error = Self::bare(status_of(issue));
        let detail = json!({ "issue": issue, "description": description });
        error.fields.insert("details".into(), json!([detail]));
        error.link(&format!("{INFORMATION}{issue}"), "information_link", "GET")
    }

    /// An error without an issue.
    pub(crate) fn bare(status: StatusCode) -> Self {
        let (name, message) = named(status);
        let fields = [("name", json!(name)), ("message", json!(message)), ("links", json!([]))];
        Self { status, fields: fields.map(|(name, value)| (name.to_owned(), value)).into_iter().collect() }
    }

    /// 400: a required field is not there.
    pub(crate) fn missing(field: &str) -> Self {
        Self::issue("MISSING_REQUIRED_PARAMETER", "A required field is missing.").at(field, &Value::Null)
    }

    /// 404 `INVALID_RESOURCE_ID`: no such object, or one that has been forgotten.
    pub(crate) fn no_such(kind: &str) -> Self {
        Self::issue("INVALID_RESOURCE_ID", &format!("There is no {kind} with this id. Check the id."))
    }

    /// An error of the token endpoint.
    pub(crate) fn oauth(status: StatusCode, error: &str, description: &str) -> Self {
        let fields = [("error", json!(error)), ("error_description", json!(description))];
        Self { status, fields: fields.map(|(name, value)| (name.to_owned(), value)).into_iter().collect() }
    }

    /// Names the field of the body at fault, as a JSON pointer, and what was sent.
    pub(crate) fn at(mut self, field: &str, value: &Value) -> Self {
        let detail = &mut self.fields["details"][0];
        detail["field"] = field.into();
        detail["location"] = "body".into();
        if !value.is_null() {
            detail["value"] = value.as_str().map_or_else(|| value.to_string(), str::to_owned).into();
        }
        self
    }

    /// The same for a part of the query.
    pub(crate) fn in_query(self, name: &str, value: &str) -> Self {
        let mut error = self.at(name, &Value::from(value));
        error.fields["details"][0]["location"] = "query".into();
        error
    }

    /// Adds a link, such as the page where the payer chooses another way to pay (`rel=redirect`).
    pub(crate) fn link(mut self, href: &str, rel: &str, method: &str) -> Self {
        if let Some(links) = self.fields["links"].as_array_mut() {
            links.push(json!({ "href": href, "rel": rel, "method": method }));
        }
        self
    }

    /// The issue, or the error of the token endpoint; empty when there is neither.
    pub fn issue_name(&self) -> &str {
        let issue = self.fields.get("details").and_then(|details| details[0]["issue"].as_str());
        issue.or_else(|| self.fields.get("error")?.as_str()).unwrap_or_default()
    }

    /// The answer's body; `debug_id` is repeated in the header `PayPal-Debug-Id`.
    pub fn body(&self, debug_id: &str) -> Value {
        let mut fields = self.fields.clone();
        if fields.contains_key("name") {
            fields.insert("debug_id".into(), debug_id.into());
        }
        fields.into()
    }
}

/// The HTTP status of an issue, by the lists of PayPal's OpenAPI files.
pub(crate) fn status_of(issue: &str) -> StatusCode {
    match issue {
        "INVALID_ARRAY_MAX_ITEMS"
        | "INVALID_ARRAY_MIN_ITEMS"
        | "INVALID_PARAMETER_SYNTAX"
        | "INVALID_PARAMETER_VALUE"
        | "INVALID_STRING_LENGTH"
        | "MISSING_REQUIRED_PARAMETER"
        | "MALFORMED_REQUEST_JSON"
        | "NOT_SUPPORTED"
        | "PAYPAL_REQUEST_ID_REQUIRED"
        | "FIELD_NOT_PATCHABLE"
        | "INVALID_PATCH_OPERATION" => StatusCode::BAD_REQUEST,
        "INVALID_ACCOUNT_STATUS" => StatusCode::UNAUTHORIZED,
        "PERMISSION_DENIED" | "CONSENT_NEEDED" | "NOT_ENABLED_FOR_CARD_PROCESSING" | "PAYEE_ACCOUNT_NOT_VERIFIED" => {
            StatusCode::FORBIDDEN
        }
        "INVALID_RESOURCE_ID" => StatusCode::NOT_FOUND,
        "PREVIOUS_REQUEST_IN_PROGRESS" => StatusCode::CONFLICT,
        "RATE_LIMIT_REACHED" => StatusCode::TOO_MANY_REQUESTS,
        "INTERNAL_SERVER_ERROR" => StatusCode::INTERNAL_SERVER_ERROR,
        "SERVICE_UNAVAILABLE" => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// The name and message of a status: constants of PayPal's OpenAPI files (Apache-2.0), but for 429.
fn named(status: StatusCode) -> (&'static str, &'static str) {
    match status.as_u16() {
        400 => ("INVALID_REQUEST", "Request is not well-formed, syntactically incorrect, or violates schema."),
        401 => (
            "AUTHENTICATION_FAILURE",
            "Authentication failed due to missing authorization header, or invalid authentication credentials.",
        ),
        403 => ("NOT_AUTHORIZED", "Authorization failed due to insufficient permissions."),
        404 => ("RESOURCE_NOT_FOUND", "The specified resource does not exist."),
        409 => ("RESOURCE_CONFLICT", "The server has detected a conflict while processing this request."),
        415 => ("UNSUPPORTED_MEDIA_TYPE", "The server does not support the request payload's media type."),
        422 => (
            "UNPROCESSABLE_ENTITY",
            "The requested action could not be performed, semantically incorrect, or failed business validation.",
        ),
        429 => ("RATE_LIMIT_REACHED", "Too many requests. Slow down and repeat."),
        503 => ("SERVICE_UNAVAILABLE", "Service Unavailable."),
        _ => ("INTERNAL_SERVER_ERROR", "An internal server error occurred."),
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let detail = self.fields.get("details").and_then(|details| details[0]["description"].as_str());
        let text = detail.or_else(|| self.fields.get("message")?.as_str()).unwrap_or("no message");
        write!(f, "{} {}: {text}", self.status, self.issue_name())
    }
}

impl std::error::Error for ApiError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issue_decides_status_and_name() {
        let cases = [
            ("MISSING_REQUIRED_PARAMETER", 400, "INVALID_REQUEST"),
            ("INVALID_ACCOUNT_STATUS", 401, "AUTHENTICATION_FAILURE"),
            ("CONSENT_NEEDED", 403, "NOT_AUTHORIZED"),
            ("INVALID_RESOURCE_ID", 404, "RESOURCE_NOT_FOUND"),
            ("PREVIOUS_REQUEST_IN_PROGRESS", 409, "RESOURCE_CONFLICT"),
            ("INSTRUMENT_DECLINED", 422, "UNPROCESSABLE_ENTITY"),
            ("SOMETHING_NEW", 422, "UNPROCESSABLE_ENTITY"),
            ("RATE_LIMIT_REACHED", 429, "RATE_LIMIT_REACHED"),
            ("INTERNAL_SERVER_ERROR", 500, "INTERNAL_SERVER_ERROR"),
        ];
        for (issue, status, name) in cases {
            let body = ApiError::issue(issue, "…").body("d1");
            assert_eq!((status_of(issue).as_u16(), body["name"].as_str()), (status, Some(name)), "{issue}");
            assert_eq!((&body["details"][0]["issue"], &body["debug_id"]), (&json!(issue), &json!("d1")));
        }
        let refused = ApiError::oauth(StatusCode::UNAUTHORIZED, "invalid_client", "…");
        assert_eq!(refused.body("d1"), json!({ "error": "invalid_client", "error_description": "…" }));
    }
}

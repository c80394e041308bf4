//! Reading requests: JSON bodies, the idempotency key, path and query. Every refusal is a [`Problem`].
//!
//! Cost: a body is read once and parsed once; only a body that does not fit is parsed again, to name the field.

use std::time::Duration;

use axum::RequestPartsExt;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use bytes::Bytes;
use engine::Engine;
use engine::ids::{IdKind, LocalId};
use http::request::Parts;
use http::{HeaderMap, HeaderName, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::fields::Time;
use crate::problem::Problem;

/// Longest time a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// The header that makes a repeat harmless.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A JSON body.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Engine> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, engine: &Engine) -> Result<Self, Problem> {
        let bytes = json_bytes(request, engine.settings().limits.api_body_bytes).await?;
        parse(&bytes).map(Json)
    }
}

/// A JSON body that may be left out.
pub struct OptionalJson<T>(pub T);

impl<T: DeserializeOwned + Default> FromRequest<Engine> for OptionalJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, engine: &Engine) -> Result<Self, Problem> {
        let empty = hyper::body::Body::size_hint(request.body()).exact() == Some(0);
        if empty {
            return Ok(OptionalJson(T::default()));
        }
        Json::from_request(request, engine).await.map(|Json(body)| OptionalJson(body))
    }
}

/// The bytes of a body that says it is JSON.
///
/// # Errors
/// 415, 413, and 400 for a body that breaks off.
pub async fn json_bytes(request: Request, limit: usize) -> Result<Bytes, Problem> {
    if !is_json(request.headers()) {
        return Err(Problem::new("unsupported_media_type", "send the body as Content-Type: application/json"));
    }
    let too_large = || Problem::new("body_too_large", format!("the body must have at most {limit} bytes"));
    if hyper::body::Body::size_hint(request.body()).lower() > limit as u64 {
        return Err(too_large());
    }
    let collect = Limited::new(request.into_body(), limit).collect();
    match tokio::time::timeout(BODY_TIMEOUT, collect).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(Problem::new("malformed_request", "the body broke off")),
        Err(_) => Err(Problem::new("malformed_request", "the body took too long")),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// Reads JSON.
///
/// # Errors
/// 400 for what is no JSON, 422 with `param` for what is not what the request must be.
pub fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T, Problem> {
    let request = serde_json::from_slice(json).map_err(|error| explain::<T>(json, &error))?;
    // Derived readers would also take an array of the fields in their order.
    if json.trim_ascii_start().first() == Some(&b'[') {
        return Err(not_an_object());
    }
    Ok(request)
}

fn not_an_object() -> Problem {
    Problem::field("body", "must be a JSON object")
}

#[cold]
fn explain<T: DeserializeOwned>(json: &[u8], error: &serde_json::Error) -> Problem {
    if error.classify() != Category::Data {
        return Problem::new("malformed_json", format!("the body is not JSON: {error}"));
    }
    let mut input = serde_json::Deserializer::from_slice(json);
    let Err(error) = serde_path_to_error::deserialize::<_, T>(&mut input) else {
        return Problem::new("malformed_json", format!("the body is not JSON: {error}"));
    };
    let path = error.path().to_string();
    let message = error.into_inner().to_string();
    // The position in the text says less than the path.
    let detail = message.split(" at line ").next().unwrap_or_default().to_owned();
    if path == "." && json.trim_ascii_start().first() != Some(&b'{') {
        return not_an_object();
    }
    let param = match (path.as_str(), named_field(&detail)) {
        (".", Some(field)) => field.to_owned(),
        (path, Some(field)) => format!("{path}.{field}"),
        (".", None) => "body".to_owned(),
        (path, None) => path.to_owned(),
    };
    Problem::field(param, detail)
}

/// The field that a message of serde names when the path stops at the object around it.
fn named_field(message: &str) -> Option<&str> {
    let rest = message.strip_prefix("missing field `").or_else(|| message.strip_prefix("duplicate field `"))?;
    rest.strip_suffix('`')
}

/// The value of the header `Idempotency-Key`.
pub struct IdempotencyKey(pub Box<str>);

impl IdempotencyKey {
    /// Reads a key: 1 to 255 visible ASCII characters.
    ///
    /// # Errors
    /// 422 for anything else.
    pub fn parse(text: &str) -> Result<IdempotencyKey, Problem> {
        if (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(IdempotencyKey(text.into()));
        }
        Err(Problem::new("idempotency_key_invalid", "an idempotency key has 1 to 255 visible ASCII characters"))
    }
}

/// An idempotency key that may be left out.
pub struct OptionalKey(pub Option<IdempotencyKey>);

impl FromRequestParts<Engine> for OptionalKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _engine: &Engine) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(IDEMPOTENCY_KEY) else { return Ok(OptionalKey(None)) };
        let key = IdempotencyKey::parse(value.to_str().unwrap_or_default())?;
        Ok(OptionalKey(Some(key)))
    }
}

impl FromRequestParts<Engine> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, engine: &Engine) -> Result<Self, Problem> {
        let OptionalKey(key) = OptionalKey::from_request_parts(parts, engine).await?;
        key.ok_or_else(|| {
            let detail = "send a header Idempotency-Key with a value of your own, and the same one again to retry";
            Problem::new("idempotency_key_missing", detail)
        })
    }
}

/// The one variable part of a path.
pub struct PathId(pub String);

impl FromRequestParts<Engine> for PathId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _engine: &Engine) -> Result<Self, Problem> {
        let path = parts.extract::<Path<String>>().await;
        path.map(|Path(id)| PathId(id)).map_err(|_| Problem::not_found("thing"))
    }
}

/// The two variable parts of a path.
pub struct PathIds(pub String, pub String);

impl FromRequestParts<Engine> for PathIds {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _engine: &Engine) -> Result<Self, Problem> {
        let path = parts.extract::<Path<(String, String)>>().await;
        path.map(|Path((first, second))| PathIds(first, second)).map_err(|_| Problem::not_found("thing"))
    }
}

impl PathId {
    /// It as the id of an entry, lot or hold.
    ///
    /// # Errors
    /// 404 naming `what`: no such id was ever given out.
    pub fn local(&self, kind: IdKind, what: &str) -> Result<LocalId, Problem> {
        LocalId::parse(kind, &self.0).ok_or_else(|| Problem::not_found(what))
    }
}

/// The query, with only the parameters that a handler knows.
pub struct Params(Vec<(String, String)>);

impl FromRequestParts<Engine> for Params {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _engine: &Engine) -> Result<Self, Problem> {
        let pairs = parts.extract::<Query<Vec<(String, String)>>>().await;
        pairs.map(|Query(pairs)| Params(pairs)).map_err(|error| Problem::field("query", error.to_string()))
    }
}

impl Params {
    /// Refuses what is not among `known`: a misspelt filter must not widen an answer.
    ///
    /// # Errors
    /// 422 naming the parameter.
    pub fn only(&self, known: &[&str]) -> Result<(), Problem> {
        match self.0.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some((name, _)) => {
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                Err(Problem::new("unknown_parameter", format!("the parameters here are: {known}")).at(name.clone()))
            }
        }
    }

    /// A parameter that may be given once.
    ///
    /// # Errors
    /// 422 when it is given twice.
    pub fn one(&self, name: &'static str) -> Result<Option<&str>, Problem> {
        let mut values = self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let first = values.next();
        if values.next().is_some() {
            return Err(Problem::field(name, "must be given once"));
        }
        Ok(first)
    }

    /// A parameter that may be given many times, or once with commas.
    pub fn many(&self, name: &str) -> Vec<&str> {
        let values = self.0.iter().filter(|(known, _)| known == name);
        values.flat_map(|(_, value)| value.split(',')).collect()
    }

    /// The same, each of them one of the named things.
    ///
    /// # Errors
    /// 422 for a value that names none.
    pub fn many_of<T>(&self, name: &'static str, read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, Problem> {
        let values = self.many(name).into_iter();
        values.map(|text| read(text).ok_or_else(|| Problem::field(name, "is not a known value"))).collect()
    }

    /// An instant.
    ///
    /// # Errors
    /// 422 when it is none.
    pub fn time(&self, name: &'static str) -> Result<Option<Time>, Problem> {
        let read = |text| {
            Time::parse(text).ok_or_else(|| {
                // In a query a plus sign stands for a space.
                Problem::field(name, "must be a time such as 2026-01-31T23:59:59Z (write + as %2B)")
            })
        };
        self.one(name)?.map(read).transpose()
    }

    /// Rows of a page: 1 to the configured most, 20 unless told otherwise.
    ///
    /// # Errors
    /// 422 when out of range.
    pub fn limit(&self, engine: &Engine) -> Result<usize, Problem> {
        const USUAL: usize = 20;
        let most = engine.settings().limits.page_size;
        let Some(text) = self.one("limit")? else { return Ok(USUAL.min(most)) };
        let plain = text.len() <= 6 && text.bytes().all(|byte| byte.is_ascii_digit());
        let limit = if plain { text.parse().ok() } else { None };
        limit
            .filter(|limit| (1..=most).contains(limit))
            .ok_or_else(|| Problem::field("limit", format!("must be a whole number from 1 to {most}")))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::fields::AmountText;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only parsed")]
    struct Inner {
        amount: AmountText,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only parsed")]
    struct Outer {
        name: String,
        items: Option<Vec<Inner>>,
    }

    #[test]
    fn what_does_not_fit_is_named() {
        // body, code, param
        let cases = [
            ("", "malformed_json", None),
            ("{", "malformed_json", None),
            ("{\"name\":\"a\"} x", "malformed_json", None),
            ("{'name':1}", "malformed_json", None),
            ("\u{feff}{}", "malformed_json", None),
            ("[]", "invalid_field", Some("body")),
            (r#" ["a", []]"#, "invalid_field", Some("body")),
            ("null", "invalid_field", Some("body")),
            ("{}", "invalid_field", Some("name")),
            (r#"{"name":1}"#, "invalid_field", Some("name")),
            (r#"{"name":null}"#, "invalid_field", Some("name")),
            (r#"{"name":"a","name":"b"}"#, "invalid_field", Some("name")),
            (r#"{"name":"a","balance":1}"#, "invalid_field", Some("balance")),
            (r#"{"name":"a","items":[{"amount":"1"},{"amount":1.5}]}"#, "invalid_field", Some("items[1].amount")),
            (r#"{"name":"a","items":[{}]}"#, "invalid_field", Some("items[0].amount")),
        ];
        for (json, code, param) in cases {
            let problem = parse::<Outer>(json.as_bytes()).map(|_| ()).unwrap_err();
            let body = serde_json::to_value(problem.body(None)).unwrap();
            assert_eq!(body["code"], code, "{json}");
            assert_eq!(body.get("param").and_then(|param| param.as_str()), param, "{json}: {body}");
        }
    }

    #[test]
    fn idempotency_keys_are_visible_ascii() {
        let longest = "k".repeat(255);
        for good in ["1", "~!a-Z", longest.as_str()] {
            assert!(IdempotencyKey::parse(good).is_ok(), "{good}");
        }
        let too_long = "k".repeat(256);
        for bad in ["", "a b", "é", "a\t", too_long.as_str()] {
            assert!(IdempotencyKey::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn many_values_may_be_repeated_or_joined() {
        let pairs = [("service", "a"), ("service", "b,c"), ("limit", "5"), ("limit", "6")];
        let params = Params(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
        assert_eq!(params.many("service"), ["a", "b", "c"]);
        assert!(params.many("kind").is_empty());
        assert!(params.one("limit").is_err());
        assert!(params.only(&["service", "limit"]).is_ok());
        assert!(params.only(&["service"]).is_err());
    }
}

//! What the OpenAPI document says of every operation, in one place: how to call, and what can go wrong.
//!
//! Routes register themselves with their own success; this adds the problems that their shape allows, the header of the
//! request's id, and the security that they do not name themselves. Only paths below `/v1` are touched.

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Components, ContentBuilder, InfoBuilder, ObjectBuilder, OpenApi, Ref, RefOr, Response, Schema};
use utoipa::openapi::{LicenseBuilder, ResponseBuilder, schema::Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use crate::access::{ACCOUNT_KEY, OPERATOR_KEY, SESSION};
use crate::problem::ProblemBody;

/// The idempotency key of a request that moves credits.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "only its description is used")]
pub struct KeyHeader {
    /// A value of your own, the same again to retry: the answer is the same again, and nothing happens twice.
    #[param(rename = "Idempotency-Key", min_length = 1, max_length = 255, pattern = "^[!-~]+$", example = "order-1")]
    key: String,
}

/// The idempotency key of a request that may go without.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "only its description is used")]
pub struct OptionalKeyHeader {
    /// A value of your own, the same again to retry.
    #[param(rename = "Idempotency-Key", min_length = 1, max_length = 255, pattern = "^[!-~]+$", required = false)]
    key: Option<String>,
}

/// Where a page of a list begins and ends.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only its description is used")]
pub struct PageQuery {
    /// Rows of a page, 20 when left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Adds to the document what every operation has in common.
pub fn complete(document: &mut OpenApi) {
    document.info = InfoBuilder::new()
        .title("Scrip")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("Prepaid credits: sell them, keep them, let software spend them."))
        .license(Some(LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build()))
        .build();
    document.servers = None;
    let components = document.components.get_or_insert_with(Components::new);
    components.schemas.insert("Problem".to_owned(), ProblemBody::schema());
    let mut nested = Vec::new();
    <ProblemBody as ToSchema>::schemas(&mut nested);
    components.schemas.extend(nested);
    let bearer = || SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    components.add_security_scheme(OPERATOR_KEY, bearer());
    components.add_security_scheme(ACCOUNT_KEY, bearer());
    let cookie = "After signing in. A change also needs the header X-CSRF-Token with the session's csrf_token.";
    let cookie = ApiKeyValue::with_description("__Host-scrip", cookie);
    components.add_security_scheme(SESSION, SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    for (path, item) in &mut document.paths.paths {
        if path.starts_with("/v1/") {
            let variable = path.contains('{');
            operations(item).for_each(|(posts, operation)| complete_operation(operation, posts, variable));
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (bool, &mut Operation)> {
    let all = [
        (false, &mut item.get),
        (true, &mut item.post),
        (true, &mut item.put),
        (true, &mut item.patch),
        (true, &mut item.delete),
    ];
    all.into_iter().filter_map(|(writes, operation)| operation.as_mut().map(|operation| (writes, operation)))
}

fn complete_operation(operation: &mut Operation, writes: bool, variable: bool) {
    let id =
        HeaderBuilder::new().schema(Some(text())).description(Some("Names the request in the server's logs.")).build();
    for response in operation.responses.responses.values_mut() {
        if let RefOr::T(response) = response {
            response.headers.insert("X-Request-Id".to_owned(), id.clone().into());
        }
    }
    let mut problems = vec![
        (401, "The API key or the session is missing or not valid"),
        (403, "The caller may not do this"),
        (422, "A field or parameter is not as it must be"),
        (500, "Something went wrong here"),
        (503, "The server cannot do this now; retry with the same idempotency key"),
    ];
    if variable || writes {
        problems.push((404, "There is no such thing"));
    }
    if writes {
        problems.push((409, "It contradicts what is there"));
    }
    if operation.request_body.is_some() {
        problems.push((400, "The request cannot be read, or its idempotency key is missing"));
        problems.push((402, "Not enough credits"));
        problems.push((413, "The body is too large"));
        problems.push((415, "The body must be application/json"));
    } else if writes {
        problems.push((400, "The idempotency key is missing"));
    }
    for (status, description) in problems {
        let known = operation.responses.responses.entry(status.to_string());
        known.or_insert_with(|| problem(status, description).into());
    }
}

fn problem(status: u16, description: &str) -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let response = ResponseBuilder::new().description(description).content("application/problem+json", content);
    let response = response.header("X-Request-Id", HeaderBuilder::new().schema(Some(text())).build());
    let response = match status {
        401 => response.header("WWW-Authenticate", HeaderBuilder::new().schema(Some(text())).build()),
        503 => response.header("Retry-After", HeaderBuilder::new().schema(Some(whole())).build()),
        _ => response,
    };
    response.build()
}

fn text() -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).into()
}

fn whole() -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::Integer).into()
}

//! The OpenAPI document is what the server does.

use serde_json::Value;
use testkit::TestApp;

#[tokio::test]
async fn the_document_and_its_page_are_served_without_a_key() {
    let app = TestApp::start().await;
    let stranger = app.operator.with_key(None);
    let document = stranger.get("/openapi.json").await.expect(200);
    assert_eq!((document.header("content-type"), document.str("/openapi")), ("application/json", "3.1.0"));
    let page = stranger.get("/docs").await.expect(200);
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'self'") && !policy.contains("unsafe"), "{policy}");
    assert!(stranger.get("/docs/style.css").await.expect(200).header("content-type").starts_with("text/css"));
    app.finish().await;
}

#[tokio::test]
async fn the_contract_is_in_the_document() {
    let document = serde_json::to_value(api::document()).unwrap();
    let operations = "post /v1/accounts, get /v1/accounts, get /v1/accounts/{id}, patch /v1/accounts/{id}, \
        post /v1/accounts/{id}/keys, get /v1/accounts/{id}/keys, delete /v1/accounts/{id}/keys/{key_id}, \
        get /v1/accounts/{id}/balance, get /v1/accounts/{id}/entries, post /v1/grants, post /v1/lots/{id}/void, \
        post /v1/lots/{id}/expiry, post /v1/debits, post /v1/usage, post /v1/debits/batch, post /v1/usage/batch, \
        post /v1/holds, post /v1/holds/{id}/capture, post /v1/holds/{id}/release, post /v1/holds/{id}/extend, \
        post /v1/debits/{id}/reverse, post /v1/prices, post /v1/prices/import, get /v1/ledger/trial-balance, \
        post /v1/adjustments, get /healthz, get /readyz, get /metrics, get /openapi.json, get /docs, \
        get /user/credits/info, post /user/purchase-topup, post /webhooks/stripe";
    for operation in operations.split(", ") {
        let (method, path) = operation.trim().split_once(' ').unwrap();
        assert!(document["paths"][path][method]["responses"].is_object(), "{operation}");
    }
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap_or_default();
            assert!(!id.is_empty() && operation["summary"].is_string(), "{method} {path}");
        }
    }
}

/// Every `$ref` leads somewhere, and operation ids are unique.
#[test]
fn the_document_holds_together() {
    let document = serde_json::to_value(api::document()).unwrap();
    let mut ids = Vec::new();
    visit(&document, &mut |key, value| match (key, value.as_str()) {
        ("$ref", Some(path)) => {
            let pointer = path.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{path}");
        }
        ("operationId", Some(id)) => ids.push(id.to_owned()),
        _ => {}
    });
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count, "{ids:?}");
}

fn visit(value: &Value, see: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                see(key, value);
                visit(value, see);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| visit(item, see)),
        _ => {}
    }
}

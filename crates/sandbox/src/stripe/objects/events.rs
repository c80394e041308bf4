//! Events as the API lists them.

use serde_json::Value;

use super::lists;
use crate::stripe::error::ApiError;
use crate::stripe::http::Call;
use crate::stripe::store::{Store, text};

/// `GET /v1/events`, with `type`, `types[]`, `created` and `delivery_success`.
pub(crate) fn list(store: &mut Store, call: &Call) -> Result<Value, ApiError> {
    let params = &call.params;
    let types = params["types"].as_array().map(Vec::as_slice).unwrap_or_default();
    if types.len() > 20 {
        return Err(ApiError::invalid("You may filter by at most 20 types.").param("types"));
    }
    let wildcard = |wanted: &Value, kind: &str| {
        let wanted = wanted.as_str().unwrap_or_default();
        wanted.strip_suffix(".*").map_or(wanted == kind, |family| kind.starts_with(family))
    };
    lists::page(store, call, "event", "/v1/events", &[], |event| {
        let kind = text(event, "type");
        (types.is_empty() || types.iter().any(|wanted| wildcard(wanted, &kind)))
            && (params["type"].is_null() || wildcard(&params["type"], &kind))
            && params["delivery_success"].as_bool().is_none_or(|wanted| wanted == (event["pending_webhooks"] == 0))
    })
}

/// `GET /v1/events/{id}`.
pub(crate) fn retrieve(store: &mut Store, call: &Call) -> Result<Value, ApiError> {
    store.named_by_path("event", &call.id)
}

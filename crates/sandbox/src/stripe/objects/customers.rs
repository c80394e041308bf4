//! Customers.

use serde_json::{Map, Value, json};

use super::{lists, payment_methods};
use crate::stripe::error::ApiError;
use crate::stripe::http::Call;
use crate::stripe::store::{Store, assign, merge_metadata, text};

/// Parameters that are stored as they come.
const PLAIN: &[&str] = &[
    "address",
    "balance",
    "business_name",
    "description",
    "email",
    "individual_name",
    "name",
    "phone",
    "preferred_locales",
    "shipping",
    "tax_exempt",
];

/// `POST /v1/customers`.
pub(crate) fn create(store: &mut Store, call: &Call) -> Result<Value, ApiError> {
    let mut customer = store.draft("customer", "cus");
    customer["invoice_prefix"] = store.letters(8).to_ascii_uppercase().into();
    assign(&mut customer, &call.params, PLAIN);
    merge_metadata(&mut customer, &call.params)?;
    let id = text(&customer, "id");
    let card = call.params["payment_method"].as_str();
    let method = card.map(|card| payment_methods::resolve(store, card, "payment_method")).transpose()?;
    if let Some(method) = &method {
        payment_methods::check_savable(store, method)?;
    }
    let default = call.params["invoice_settings"]["default_payment_method"].as_str();
    if default
        .is_some_and(|default| method.as_ref().is_none_or(|method| method["id"] != default && card != Some(default)))
    {
        return Err(not_attached("invoice_settings[default_payment_method]"));
    }
    if let (Some(_), Some(method)) = (default, &method) {
        customer["invoice_settings"]["default_payment_method"] = method["id"].clone();
    }
    store.put(&customer);
    store.emit("customer.created", &customer);
    if let Some(method) = method {
        payment_methods::put_on_customer(store, method, &id)?;
    }
    Ok(customer)
}

/// `GET /v1/customers`, with `email` and `created`.
pub(crate) fn list(store: &mut Store, call: &Call) -> Result<Value, ApiError> {
    lists::page(store, call, "customer", "/v1/customers", &["email"], |customer| customer["deleted"] != true)
}

/// `GET /v1/customers/{id}`; a deleted customer answers `{"deleted":true}`.
pub(crate) fn retrieve(store: &mut Store, call: &Call) -> Result<Value, ApiError> {
    store.named_by_path("customer", &call.id)
}

/// `POST /v1/customers/{id}`.
pub(crate) fn update(store: &mut Store, call: &Call) -> Result<Value, ApiError> {
    let before = live(store, &call.id)?;
    let mut customer = before.clone();
    assign(&mut customer, &call.params, PLAIN);
    merge_metadata(&mut customer, &call.params)?;
    match call.params["invoice_settings"]["default_payment_method"].as_str() {
        None => {}
        Some("") => customer["invoice_settings"]["default_payment_method"] = Value::Null,
        Some(card) => {
            let param = "invoice_settings[default_payment_method]";
            let method = store.named_by_param("payment_method", card, param)?;
            if method["customer"] != customer["id"] {
                return Err(not_attached(param));
            }
            customer["invoice_settings"]["default_payment_method"] = card.into();
        }
    }
    store.put(&customer);
    store.emit_change("customer.updated", &customer, Some(former_values(&before, &customer)));
    Ok(customer)
}

/// `DELETE /v1/customers/{id}`: detaches everything and leaves `{"id","object","deleted":true}`.
pub(crate) fn delete(store: &mut Store, call: &Call) -> Result<Value, ApiError> {
    let customer = live(store, &call.id)?;
    let saved: Vec<Value> =
        store.newest_first("payment_method").filter(|method| method["customer"] == customer["id"]).cloned().collect();
    for method in saved {
        payment_methods::take_off_customer(store, method);
    }
    store.emit("customer.deleted", &customer);
    let rest = json!({ "id": customer["id"], "object": "customer", "deleted": true });
    store.put(&rest);
    Ok(rest)
}

fn live(store: &Store, id: &str) -> Result<Value, ApiError> {
    let customer = store.named_by_path("customer", id)?;
    if customer["deleted"] == true {
        return Err(ApiError::missing(axum::http::StatusCode::NOT_FOUND, "customer", id, "id"));
    }
    Ok(customer)
}

fn not_attached(param: &str) -> ApiError {
    ApiError::invalid("The customer does not have a payment method with this ID. It must be attached to the customer.")
        .code("resource_missing")
        .param(param)
}

/// The fields that differ, with their former values: an event's `previous_attributes`.
pub(crate) fn former_values(before: &Value, after: &Value) -> Map<String, Value> {
    let fields = before.as_object().into_iter().flatten();
    fields
        .filter(|(name, value)| after[name.as_str()] != **value)
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

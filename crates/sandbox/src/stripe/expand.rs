//! `expand[]`: ids replaced by the objects they name, in single objects and in list rows.
//!
//! Paths are checked before execution, so that a wrong one changes nothing.

use serde_json::Value;

use super::error::ApiError;
use super::routes::Route;
use super::store::Store;

/// Deepest path, as at Stripe.
const DEPTH: usize = 4;

/// Kind, field, kind of what stands there: every field that can be expanded or leads to one.
const FIELDS: &[(&str, &str, &str)] = &[
    ("balance_transaction", "source", "source"),
    ("charge", "balance_transaction", "balance_transaction"),
    ("charge", "customer", "customer"),
    ("charge", "payment_intent", "payment_intent"),
    ("customer", "invoice_settings", "invoice_settings"),
    ("dispute", "charge", "charge"),
    ("dispute", "payment_intent", "payment_intent"),
    ("invoice_settings", "default_payment_method", "payment_method"),
    ("payment_intent", "customer", "customer"),
    ("payment_intent", "latest_charge", "charge"),
    ("payment_intent", "payment_method", "payment_method"),
    ("payment_method", "customer", "customer"),
    ("refund", "balance_transaction", "balance_transaction"),
    ("refund", "charge", "charge"),
    ("refund", "payment_intent", "payment_intent"),
    ("setup_intent", "customer", "customer"),
    ("setup_intent", "payment_method", "payment_method"),
];

/// Checks every path of `params["expand"]` against what the route answers.
///
/// # Errors
/// 400 for a path that leads to nothing expandable.
pub(crate) fn check(route: &Route, params: &Value) -> Result<(), ApiError> {
    let (kind, listed) = answered(route);
    for path in paths(params) {
        let mut steps: Vec<&str> = path.split('.').collect();
        let mut fits = steps.len() <= DEPTH;
        if listed {
            fits &= steps.remove(0) == "data";
        }
        let end = steps.iter().try_fold(kind, |kind, step| {
            FIELDS.iter().find(|(owner, field, _)| *owner == kind && field == step).map(|(.., target)| *target)
        });
        if !fits || end.is_none_or(|end| end == kind && steps.is_empty()) {
            return Err(ApiError::invalid(format!("This property cannot be expanded ({path}).")).param("expand"));
        }
    }
    Ok(())
}

/// The kind of object that a route answers, and whether it answers a list of them.
fn answered(route: &Route) -> (&'static str, bool) {
    let mut segments = route.path.trim_start_matches("/v1/").split('/');
    let first = segments.next().unwrap_or_default();
    let last = segments.next_back().unwrap_or(first);
    let collection = if last == "payment_methods" { last } else { first };
    (collection.trim_end_matches('s'), route.method == "GET" && last == collection)
}

/// Expands every path of `params["expand"]`; they were checked before.
pub(crate) fn expand(store: &Store, mut object: Value, params: &Value) -> Value {
    for path in paths(params) {
        follow(store, &mut object, &path.split('.').collect::<Vec<_>>());
    }
    object
}

fn paths(params: &Value) -> impl Iterator<Item = &str> {
    params["expand"].as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn follow(store: &Store, value: &mut Value, steps: &[&str]) {
    if let Value::Array(rows) = value {
        return rows.iter_mut().for_each(|row| follow(store, row, steps));
    }
    let Some((step, rest)) = steps.split_first() else { return };
    let Some(field) = value.get_mut(*step) else { return };
    if let Some(object) = field.as_str().and_then(|id| store.get(id)) {
        *field = object.clone();
    }
    follow(store, field, rest);
}

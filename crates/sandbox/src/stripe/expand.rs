//! `expand[]`: ids replaced by the objects they name, in single objects and in list rows.

use serde_json::Value;

use super::error::ApiError;
use super::store::Store;

/// Deepest path, as at Stripe.
const DEPTH: usize = 4;

/// Expands every path of `params["expand"]`.
///
/// # Errors
/// 400 for a path that leads to nothing expandable.
pub(crate) fn expand(store: &Store, mut object: Value, params: &Value) -> Result<Value, ApiError> {
    for path in params["expand"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let steps: Vec<&str> = path.split('.').collect();
        if steps.len() > DEPTH || !follow(store, &mut object, &steps) {
            return Err(ApiError::invalid(format!("This property cannot be expanded ({path}).")).param("expand"));
        }
    }
    Ok(object)
}

/// False when the path leads to a field that is missing or is no reference.
fn follow(store: &Store, value: &mut Value, steps: &[&str]) -> bool {
    let Some((step, rest)) = steps.split_first() else {
        return true;
    };
    if let Value::Array(rows) = value {
        return rows.iter_mut().all(|row| follow(store, row, steps));
    }
    let Some(field) = value.get_mut(*step) else {
        return false;
    };
    match field {
        Value::Null => true,
        Value::Object(_) | Value::Array(_) if !rest.is_empty() => follow(store, field, rest),
        Value::Object(_) => true,
        Value::String(id) => match store.get(id) {
            Some(object) => {
                *field = object.clone();
                follow(store, field, rest)
            }
            None => false,
        },
        _ => false,
    }
}

//! `PATCH /v2/checkout/orders/{id}`: a JSON Patch of the purchase unit's amount and texts. All steps or none.
//!
//! Absent: every other path; they are refused with `NOT_PATCHABLE`.

use serde_json::Value;

use super::order_request::{self, TEXTS, Unit};
use super::orders::{self, Order, OrderStatus};
use crate::paypal::error::ApiError;
use crate::paypal::request::{Call, Done};
use crate::paypal::store::Store;

/// See the module head.
pub(crate) fn update(store: &mut Store, call: &Call) -> Result<Done, ApiError> {
    let mut order = orders::named(store, &call.id)?;
    match order.status {
        OrderStatus::Created | OrderStatus::Approved => {}
        OrderStatus::Completed => {
            return Err(ApiError::issue("ORDER_ALREADY_COMPLETED", "The order has been captured."));
        }
        OrderStatus::PayerActionRequired => {
            return Err(ApiError::issue("NOT_PATCHABLE", "The order waits for its payer."));
        }
    }
    let steps = call.body.as_array().filter(|steps| !steps.is_empty());
    for step in steps.ok_or_else(|| ApiError::issue("MISSING_REQUIRED_PARAMETER", "Send a list of patches."))? {
        apply(&mut order, step)?;
    }
    let currency = order.units[0].money.currency;
    if order.units.iter().any(|unit| unit.money.currency != currency) {
        return Err(ApiError::issue("MULTI_CURRENCY_ORDER", "All purchase units must have one currency."));
    }
    order.updated_s = store.now();
    store.orders.put(&call.id, order);
    Ok(Done::nothing())
}

fn apply(order: &mut Order, step: &Value) -> Result<(), ApiError> {
    let Some(operation @ ("add" | "replace" | "remove")) = step["op"].as_str() else {
        return Err(ApiError::issue("INVALID_PATCH_OPERATION", "A step adds, replaces or removes."));
    };
    let path = step["path"].as_str().ok_or_else(|| ApiError::issue("PATCH_PATH_REQUIRED", "A step names a path."))?;
    let approved = order.status == OrderStatus::Approved;
    let (unit, field) = aim(order, path)?;
    let sent = &step["value"];
    if sent.is_null() && operation != "remove" {
        return Err(ApiError::issue("PATCH_VALUE_REQUIRED", "The step needs a value.").at(path, sent));
    }
    match (field, TEXTS.iter().find(|(name, _)| *name == field)) {
        ("amount", _) if operation == "replace" => {
            let money = order_request::amount(sent, path)?;
            if approved && money.minor > unit.money.minor {
                return Err(ApiError::issue("AMOUNT_CHANGE_NOT_ALLOWED", "The payer has approved less."));
            }
            unit.money = money;
            unit.sent["amount"] = money.show();
        }
        (_, Some((name, longest))) if *name != "reference_id" => {
            if operation == "remove" {
                if let Some(fields) = unit.sent.as_object_mut() {
                    fields.remove(*name);
                }
                return Ok(());
            }
            order_request::check_text(sent, path, *longest)?;
            unit.sent[*name] = sent.clone();
        }
        _ => return Err(ApiError::issue("NOT_PATCHABLE", "This field cannot be patched.").at(path, &Value::Null)),
    }
    Ok(())
}

/// The unit and the field of `/purchase_units/@reference_id=='default'/custom_id`.
fn aim<'o, 'p>(order: &'o mut Order, path: &'p str) -> Result<(&'o mut Unit, &'p str), ApiError> {
    let rest = path.strip_prefix("/purchase_units/@reference_id=='").and_then(|rest| rest.split_once("'/"));
    let Some((reference_id, field)) = rest else {
        return Err(ApiError::issue("NOT_PATCHABLE", "The sandbox patches fields of purchase units only."));
    };
    let unit = order.units.iter_mut().find(|unit| unit.sent["reference_id"] == reference_id);
    unit.map(|unit| (unit, field))
        .ok_or_else(|| ApiError::issue("REFERENCE_ID_NOT_FOUND", "No purchase unit has this reference_id."))
}

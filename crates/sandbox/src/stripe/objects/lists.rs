//! Lists: newest first, filtered, a page at a time.

use serde_json::{Value, json};

use crate::stripe::error::ApiError;
use crate::stripe::http::Call;
use crate::stripe::store::Store;

/// A page of the objects of `kind` that pass `keep`, the `created` filter and an equality filter for
/// each of `fields` that was sent.
///
/// # Errors
/// 400 for a limit outside 1–100 or a cursor that is not in the list.
pub(crate) fn page(
    store: &Store,
    call: &Call,
    kind: &str,
    url: &str,
    fields: &[&str],
    keep: impl Fn(&Value) -> bool,
) -> Result<Value, ApiError> {
    let params = &call.params;
    let limit = params["limit"].as_u64().unwrap_or(10);
    if params["limit"].is_number() && !(1..=100).contains(&limit) {
        return Err(ApiError::invalid("The limit must be between 1 and 100.").param("limit"));
    }
    let same = |row: &Value| fields.iter().all(|field| params[*field].is_null() || row[*field] == params[*field]);
    let rows: Vec<&Value> = store
        .newest_first(kind)
        .filter(|row| same(row) && created_fits(row, &params["created"]) && keep(row))
        .collect();
    let limit = usize::try_from(limit).unwrap_or(100);
    let place =
        |cursor: &Value, param: &str| match cursor.as_str() {
            None => Ok(None),
            Some(id) => rows.iter().position(|row| row["id"] == id).map(Some).ok_or_else(|| {
                ApiError::invalid(format!("No such {kind}: '{id}'")).code("resource_missing").param(param)
            }),
        };
    let (start, end) = match (
        place(&params["starting_after"], "starting_after")?,
        place(&params["ending_before"], "ending_before")?,
    ) {
        (Some(_), Some(_)) => return Err(ApiError::invalid("Send either starting_after or ending_before.")),
        (Some(after), None) => (after + 1, after + 1 + limit),
        (None, Some(before)) => (before.saturating_sub(limit), before),
        (None, None) => (0, limit),
    };
    let end = end.min(rows.len());
    let has_more = if params["ending_before"].is_string() { start > 0 } else { end < rows.len() };
    Ok(json!({ "object": "list", "url": url, "has_more": has_more, "data": rows[start..end] }))
}

fn created_fits(row: &Value, filter: &Value) -> bool {
    let created = row["created"].as_i64().unwrap_or(0);
    let limit = |name: &str| filter[name].as_i64();
    filter.as_i64().is_none_or(|second| created == second)
        && limit("gt").is_none_or(|second| created > second)
        && limit("gte").is_none_or(|second| created >= second)
        && limit("lt").is_none_or(|second| created < second)
        && limit("lte").is_none_or(|second| created <= second)
}

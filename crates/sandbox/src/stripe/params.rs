//! What a request carries: form pairs with brackets in the names, read into a tree and checked
//! against the field list of the current API version.
//!
//! Invariants: a name that the operation does not know is refused with `parameter_unknown`, so a
//! client that sends a removed parameter (`payment_method_types`) fails here as it would at Stripe;
//! the tree given back is typed (integers, booleans, lists), so operations need no parsing.
//! Absent: parameters that the sandbox would have to ignore are refused, not swallowed.
//! Cost: the field list is parsed once per process.

use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::error::ApiError;

/// The API version that requests are checked against and answers are rendered in.
pub const API_VERSION: &str = "2026-10-28.endive";

static FIELD_LIST: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../data/stripe-parameters.json")).expect("the field list is valid JSON")
});

/// Known to Stripe but without effect here: refusing is honest, ignoring would hide a mistake.
const NOT_PLAYED: &[(&str, Option<&str>)] = &[
    ("application_fee_amount", None),
    ("capture_method", Some("manual")),
    ("cash_balance", None),
    ("confirmation_method", Some("manual")),
    ("confirmation_token", None),
    ("customer_account", None),
    ("flow_directions", None),
    ("hooks", None),
    ("mandate", None),
    ("on_behalf_of", None),
    ("origin", None),
    ("payment_method_data", None),
    ("single_use", None),
    ("source", None),
    ("test_clock", None),
    ("transfer_data", None),
];

/// Reads pairs such as (`metadata[topup_id]`, `tu_1`) and (`expand[]`, `latest_charge`) into a tree.
/// Lists stay objects with the positions as names until [`check`] knows that they are lists.
pub(crate) fn tree(pairs: Vec<(String, String)>) -> Value {
    let mut root = Map::new();
    for (name, text) in pairs {
        let mut steps = name.split('[').map(|step| step.strip_suffix(']').unwrap_or(step));
        let first = steps.next().unwrap_or_default().to_owned();
        insert(&mut root, first, &steps.collect::<Vec<_>>(), text);
    }
    Value::Object(root)
}

fn insert(map: &mut Map<String, Value>, name: String, rest: &[&str], text: String) {
    let name = if name.is_empty() { map.len().to_string() } else { name };
    let Some((next, rest)) = rest.split_first() else {
        map.insert(name, Value::String(text));
        return;
    };
    let slot = map.entry(name).or_insert_with(|| Value::Object(Map::new()));
    if !slot.is_object() {
        *slot = Value::Object(Map::new());
    }
    if let Value::Object(inner) = slot {
        insert(inner, (*next).to_owned(), rest, text);
    }
}

/// Checks a tree against the field list of `operation` (`"POST /v1/refunds"`) and types it.
///
/// # Errors
/// 400 with `parameter_unknown`, `parameter_missing`, `parameter_invalid_integer`,
/// `parameter_invalid_empty` or no code, and `param` in bracket form.
pub(crate) fn check(operation: &str, raw: &Value) -> Result<Value, ApiError> {
    let empty = Map::new();
    let fields = FIELD_LIST["operations"][operation].as_object().unwrap_or(&empty);
    for (name, refused) in NOT_PLAYED {
        let sent = &raw[*name];
        let played = sent.is_null() || refused.is_some_and(|value| sent.as_str() != Some(value));
        if fields.contains_key(*name) && !played {
            return Err(ApiError::invalid(format!("The sandbox does not play `{name}` with this value.")).param(name));
        }
    }
    object(fields, raw, "")
}

fn object(fields: &Map<String, Value>, raw: &Value, path: &str) -> Result<Value, ApiError> {
    let mut typed = Map::new();
    for (name, value) in raw.as_object().into_iter().flatten() {
        let param = join(path, name);
        let kind = fields.get(name).filter(|_| name != "|").ok_or_else(|| {
            ApiError::invalid(format!("Received unknown parameter: {param}")).code("parameter_unknown").param(&param)
        })?;
        typed.insert(name.clone(), one(kind, value, &param)?);
    }
    for (name, kind) in fields {
        let required = kind.as_str().is_some_and(|words| words.starts_with('!'));
        if required && !typed.contains_key(name) {
            let param = join(path, name);
            let message = format!("Missing required param: {param}.");
            return Err(ApiError::invalid(message).code("parameter_missing").param(&param));
        }
    }
    Ok(Value::Object(typed))
}

fn one(kind: &Value, value: &Value, param: &str) -> Result<Value, ApiError> {
    match (kind, value) {
        (Value::String(words), _) => leaf(words.trim_start_matches('!'), value, param),
        (Value::Object(fields), Value::Object(_)) => object(fields, value, param),
        (Value::Object(fields), _) => {
            let instead = fields.get("|").and_then(Value::as_str).unwrap_or("");
            leaf(instead, value, param)
        }
        (Value::Array(items), Value::Object(raw)) => {
            let item = items.first().unwrap_or(&Value::Null);
            let rows = in_order(raw).into_iter();
            rows.map(|(name, row)| one(item, row, &join(param, name))).collect::<Result<_, _>>().map(Value::Array)
        }
        _ => leaf("clear", value, param),
    }
}

/// A value that is written as one text, or a `map` or `list` of texts.
fn leaf(words: &str, value: &Value, param: &str) -> Result<Value, ApiError> {
    let alternatives = || words.split('|').filter(|word| !word.is_empty());
    let Value::String(text) = value else {
        let raw = value.as_object().cloned().unwrap_or_default();
        if alternatives().any(|word| word == "map") && raw.values().all(Value::is_string) {
            return Ok(Value::Object(raw));
        }
        if alternatives().any(|word| word == "list") && raw.values().all(Value::is_string) {
            return Ok(in_order(&raw).into_iter().map(|(_, item)| item.clone()).collect());
        }
        return Err(
            ApiError::invalid(format!("Invalid value for `{param}`: nested parameters do not fit.")).param(param)
        );
    };
    alternatives().find_map(|word| scalar(word, text)).ok_or_else(|| misfit(words, text, param))
}

fn scalar(word: &str, text: &str) -> Option<Value> {
    match word {
        "clear" => text.is_empty().then(|| text.into()),
        "int" => text.parse::<i64>().ok().map(Value::from),
        "bool" => text.parse::<bool>().ok().map(Value::from),
        "str" => (!text.is_empty()).then(|| text.into()),
        _ => word.strip_prefix("enum:")?.split(',').any(|value| value == text).then(|| text.into()),
    }
}

fn misfit(words: &str, text: &str, param: &str) -> ApiError {
    let error = if text.is_empty() {
        let message = format!("You passed an empty string for '{param}', which cannot be unset. Leave it out instead.");
        ApiError::invalid(message).code("parameter_invalid_empty")
    } else if words.contains("int") {
        ApiError::invalid(format!("Invalid integer: {text}")).code("parameter_invalid_integer")
    } else if words.contains("enum:") {
        ApiError::invalid(format!("Invalid {param}: `{text}` is not one of {}", words.replace("enum:", "")))
    } else if words.contains("bool") {
        ApiError::invalid(format!("Invalid boolean: {text}"))
    } else {
        ApiError::invalid(format!("Invalid value for `{param}`: {text}"))
    };
    error.param(param)
}

fn in_order(raw: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut rows: Vec<_> = raw.iter().collect();
    rows.sort_by_key(|(position, _)| position.parse::<usize>().unwrap_or(usize::MAX));
    rows
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}[{name}]") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pairs(body: &[(&str, &str)]) -> Vec<(String, String)> {
        body.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect()
    }

    #[test]
    fn forms_become_typed_trees() {
        let body = [
            ("amount", "500000"),
            ("currency", "vnd"),
            ("confirm", "true"),
            ("off_session", "one_off"),
            ("automatic_payment_methods[enabled]", "true"),
            ("metadata[topup_id]", "tu_1"),
            ("metadata[7]", "digits are a name here"),
            ("expand[1]", "payment_method"),
            ("expand[0]", "latest_charge"),
        ];
        let typed = check("POST /v1/payment_intents", &tree(pairs(&body))).unwrap();
        let expected = json!({
            "amount": 500_000, "currency": "vnd", "confirm": true, "off_session": "one_off",
            "automatic_payment_methods": {"enabled": true},
            "metadata": {"topup_id": "tu_1", "7": "digits are a name here"},
            "expand": ["latest_charge", "payment_method"],
        });
        assert_eq!(typed, expected);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let create = "POST /v1/payment_intents";
        type Case = (&'static str, &'static [(&'static str, &'static str)], Option<&'static str>, &'static str);
        let cases: &[Case] = &[
            (create, &[("payment_method_types[]", "card")], Some("parameter_unknown"), "payment_method_types"),
            (create, &[("metadata[a][b]", "c")], None, "metadata"),
            (create, &[("amount", "9.99")], Some("parameter_invalid_integer"), "amount"),
            (create, &[("amount", "")], Some("parameter_invalid_empty"), "amount"),
            (create, &[("amount", "100")], Some("parameter_missing"), "currency"),
            (create, &[("confirm", "yes")], None, "confirm"),
            (create, &[("setup_future_usage", "always")], None, "setup_future_usage"),
            (
                create,
                &[("automatic_payment_methods[x]", "1")],
                Some("parameter_unknown"),
                "automatic_payment_methods[x]",
            ),
            (create, &[("amount", "9"), ("currency", "usd"), ("capture_method", "manual")], None, "capture_method"),
            ("GET /v1/events", &[("created[after]", "1")], Some("parameter_unknown"), "created[after]"),
            ("POST /v1/payment_intents/{id}/confirm", &[("metadata[a]", "b")], Some("parameter_unknown"), "metadata"),
            ("GET /v1/customers/{id}", &[("|", "int")], Some("parameter_unknown"), "|"),
        ];
        for (operation, body, code, param) in cases {
            let error = check(operation, &tree(pairs(body))).expect_err(param);
            assert_eq!(error.error.get("code").and_then(Value::as_str), *code, "{body:?}");
            assert_eq!(error.error["param"], *param, "{body:?}");
        }
    }

    #[test]
    fn the_field_list_is_of_the_pinned_version() {
        assert_eq!(FIELD_LIST["api_version"], API_VERSION);
    }
}

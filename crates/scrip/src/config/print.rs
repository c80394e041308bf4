//! Effective values with where each came from; secrets never leave.

use serde_json::{Map, json};
use toml::Value;

use super::Entries;
use super::keys::Key;

/// One line per value, valid as TOML: `limits.batch_items = 1000  # default`.
pub fn to_text(entries: &Entries) -> String {
    let lines = entries.iter().map(|(path, entry)| (format!("{path} = {}", shown(path, &entry.value)), &entry.origin));
    let lines = lines.collect::<Vec<_>>();
    let width = lines.iter().map(|(line, _)| line.chars().count()).filter(|width| *width <= 60).max().unwrap_or(0);
    lines.iter().map(|(line, origin)| format!("{line:<width$}  # {origin}\n")).collect()
}

/// `{"limits.batch_items": {"value": 1000, "from": "default"}, …}`.
pub fn to_json(entries: &Entries) -> serde_json::Value {
    let entry = |(path, entry): (&String, &super::Entry)| {
        let value = serde_json::to_value(shown(path, &entry.value)).unwrap_or_default();
        (path.clone(), json!({"value": value, "from": entry.origin.to_string()}))
    };
    serde_json::Value::Object(entries.iter().map(entry).collect::<Map<_, _>>())
}

/// A value as it may be shown.
fn shown(path: &str, value: &Value) -> Value {
    match (Key::find(path), value) {
        (Some((key, _)), value) if key.secret => hidden(value),
        (_, value) => value.clone(),
    }
}

/// Stars for a secret. A database address keeps its place and user and loses its password.
fn hidden(value: &Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(hidden).collect()),
        Value::String(text) if text.is_empty() || text.starts_with("sqlite:") => value.clone(),
        Value::String(text) => Value::String(without_password(text).unwrap_or_else(|| "***".to_owned())),
        _ => Value::String("***".to_owned()),
    }
}

/// `postgres://user:***@host/name`; `None` when the text is no database address.
fn without_password(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://").filter(|(scheme, _)| scheme.starts_with("postgres"))?;
    let place = rest.split('?').next().unwrap_or(rest);
    match place.rsplit_once('@') {
        Some((user, place)) => Some(format!("{scheme}://{}:***@{place}", user.split(':').next().unwrap_or_default())),
        None => Some(format!("{scheme}://{place}")),
    }
}

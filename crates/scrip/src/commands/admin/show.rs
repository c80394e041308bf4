//! Answers of the API as text for people. Unknown fields are shown too, so that a newer server is readable.

use serde_json::Value;

use crate::output;

/// The cell of a value: texts bare, nothing for null, lists joined.
pub fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => items.iter().map(|item| cell(Some(item))).collect::<Vec<_>>().join(", "),
        Some(value) => value.to_string(),
    }
}

/// An object as lines `name  value`; tables of objects (such as lots) follow.
pub fn object(body: &Value) -> String {
    let Some(fields) = body.as_object() else { return cell(Some(body)) };
    let (mut lines, mut tables) = (Vec::new(), Vec::new());
    for (name, value) in fields {
        match value {
            Value::Array(items) if items.iter().any(Value::is_object) => {
                tables.push(format!("\n{name}\n{}", objects(items)));
            }
            Value::Object(below) => {
                lines.extend(below.iter().map(|(below, value)| vec![format!("{name}.{below}"), cell(Some(value))]));
            }
            value => lines.push(vec![name.clone(), cell(Some(value))]),
        }
    }
    let width = lines.iter().map(|line| line[0].chars().count()).max().unwrap_or(0);
    let lines = lines.iter().map(|line| format!("{:<width$}  {}", line[0], line[1]).trim_end().to_owned());
    lines.chain(tables).collect::<Vec<_>>().join("\n")
}

/// Objects as a table of all their plain fields, in the order in which they appear first.
fn objects(items: &[Value]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in items.iter().filter_map(Value::as_object).flat_map(|item| item.keys()) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    columns(items, &names)
}

/// A table of chosen fields. `a.b` reads field `b` of object `a`. Columns of amounts are aligned to the right.
pub fn columns(items: &[Value], names: &[&str]) -> String {
    let read = |item: &Value, name: &str| cell(item.pointer(&format!("/{}", name.replace('.', "/"))));
    let rows = items.iter().map(|item| names.iter().map(|name| read(item, name)).collect()).collect::<Vec<Vec<_>>>();
    let number = |column: &usize| rows.iter().all(|row| row[*column].parse::<f64>().is_ok() || row[*column].is_empty());
    let right = (0..names.len()).filter(number).collect::<Vec<_>>();
    output::table(names, &rows, &right)
}

/// A page of a list: the table, then how to get the next page.
pub fn page(body: &Value, names: &[&str]) -> String {
    let empty = Vec::new();
    let items = body.get("data").and_then(Value::as_array).unwrap_or(&empty);
    let more = match body.get("next_cursor").and_then(Value::as_str) {
        Some(cursor) => format!("\nmore: --cursor {cursor}"),
        None => String::new(),
    };
    match items.is_empty() {
        true => "none".to_owned(),
        false => format!("{}{more}", columns(items, names)),
    }
}

//! The page: operations by tag, schemas, error codes.

use std::fmt::Write;

use serde_json::Value;

use crate::problem::CODES;

/// Writes the page of an OpenAPI document.
pub fn render(document: &Value) -> String {
    let mut page = String::with_capacity(256 << 10);
    let title = text(&document["info"]["title"]);
    let version = text(&document["info"]["version"]);
    let operations = operations(document);
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title} API</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <link rel=\"stylesheet\" href=\"/docs/style.css\"></head><body><nav aria-label=\"Contents\">"
    );
    contents(&mut page, &operations);
    let _ = write!(
        page,
        "</nav><main><h1>{title} API</h1><p>Version {version}. {}",
        text(&document["info"]["description"])
    );
    page.push_str(INTRODUCTION);
    for operation in &operations {
        operation.render(&mut page);
    }
    codes(&mut page);
    schemas(&mut page, document);
    page.push_str("</main></body></html>\n");
    page
}

const INTRODUCTION: &str = " The same as <a href=\"/openapi.json\">OpenAPI</a>.</p>\
    <h2>In short</h2><ul>\
    <li>Send your key as <code>Authorization: Bearer sk_…</code>; an account's own key begins with <code>ck_</code>.</li>\
    <li>Amounts are decimals in strings, in the account's unit: <code>\"0.002233\"</code>.</li>\
    <li>Requests that move credits need a header <code>Idempotency-Key</code>. Repeat a request with the same key and \
    body as often as you like: it happens once, and the answer is the same.</li>\
    <li>Errors are <code>application/problem+json</code>; match on <a href=\"#codes\"><code>code</code></a>.</li>\
    <li>Lists come newest first; pass <code>next_cursor</code> as <code>cursor</code> for the next page.</li></ul>\
    <pre>curl -H 'Authorization: Bearer sk_…' -H 'Idempotency-Key: order-1' \\\n  \
    --json '{\"account\":\"team\",\"amount\":\"0.25\",\"service\":\"search\"}' \\\n  https://your-host/v1/debits</pre>";

struct Operation<'a> {
    method: String,
    path: &'a str,
    value: &'a Value,
}

fn operations(document: &Value) -> Vec<Operation<'_>> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let mut operations: Vec<_> = paths
        .flat_map(|(path, item)| {
            let methods = item.as_object().into_iter().flatten().filter(|(_, value)| value["responses"].is_object());
            methods.map(move |(method, value)| Operation { method: method.to_uppercase(), path, value })
        })
        .collect();
    operations.sort_by_key(|operation| (operation.tag().to_owned(), operation.path.to_owned()));
    operations
}

impl Operation<'_> {
    fn tag(&self) -> &str {
        self.value["tags"][0].as_str().unwrap_or("other")
    }

    fn anchor(&self) -> String {
        escape(&format!("{}{}", self.method.to_lowercase(), self.path.replace(['/', '{', '}'], "-")))
    }

    fn render(&self, page: &mut String) {
        let path = escape(self.path);
        let _ = write!(page, "<section id=\"{}\"><h2>{}</h2>", self.anchor(), text(&self.value["summary"]));
        let _ = write!(page, "<h3><span class=\"method\">{}</span> <code>{path}</code></h3>", self.method);
        let _ = write!(page, "<p>{}</p>", text(&self.value["description"]));
        let keys = self.value["security"].as_array().into_iter().flatten().flat_map(|way| way.as_object()).flatten();
        let keys: Vec<String> = keys
            .map(|(name, scopes)| {
                let scopes =
                    scopes.as_array().into_iter().flatten().map(|scope| format!(" <code>{}</code>", text(scope)));
                escape(&name.replace('_', " ")) + &scopes.collect::<String>()
            })
            .collect();
        if !keys.is_empty() {
            let _ = write!(page, "<p>Key: {}</p>", keys.join(", "));
        }
        self.parameters(page);
        let body = &self.value["requestBody"]["content"]["application/json"]["schema"];
        if !body.is_null() {
            let _ = write!(page, "<p>Body: {}</p>", type_of(body));
        }
        page.push_str("<table><thead><tr><th>Status</th><th>Answer</th><th></th></tr></thead><tbody>");
        for (status, response) in self.value["responses"].as_object().into_iter().flatten() {
            let content = response["content"].as_object().into_iter().flatten().next();
            let answer = content.map(|(_, content)| type_of(&content["schema"])).unwrap_or_default();
            let description = text(&response["description"]);
            let _ = write!(page, "<tr><td>{}</td><td>{answer}</td><td>{description}</td></tr>", escape(status));
        }
        page.push_str("</tbody></table></section>");
    }

    fn parameters(&self, page: &mut String) {
        let parameters: Vec<&Value> = self.value["parameters"].as_array().into_iter().flatten().collect();
        if parameters.is_empty() {
            return;
        }
        page.push_str("<table><thead><tr><th>Parameter</th><th>In</th><th>Type</th><th></th></tr></thead><tbody>");
        for parameter in parameters {
            let required = required(parameter["required"] == true);
            let _ = write!(
                page,
                "<tr><td><code>{}</code> {required}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                text(&parameter["name"]),
                text(&parameter["in"]),
                type_of(&parameter["schema"]),
                text(&parameter["description"]),
            );
        }
        page.push_str("</tbody></table>");
    }
}

fn contents(page: &mut String, operations: &[Operation]) {
    let mut tag = "";
    for operation in operations {
        if operation.tag() != tag {
            tag = operation.tag();
            let _ = write!(page, "<h2>{}</h2>", escape(tag));
        }
        let _ = write!(page, "<a href=\"#{}\">{}</a>", operation.anchor(), text(&operation.value["summary"]));
    }
    page.push_str("<h2>reference</h2><a href=\"#codes\">Error codes</a><a href=\"#schemas\">Schemas</a>");
}

fn codes(page: &mut String) {
    page.push_str("<section id=\"codes\"><h2>Error codes</h2><table><tbody>");
    for row in CODES {
        let _ = write!(
            page,
            "<tr id=\"{0}\"><td><code>{0}</code></td><td>{1}</td><td>{2}</td></tr>",
            row.code,
            row.status,
            escape(row.title)
        );
    }
    page.push_str("</tbody></table></section>");
}

fn schemas(page: &mut String, document: &Value) {
    page.push_str("<section id=\"schemas\"><h2>Schemas</h2>");
    for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        let _ = write!(
            page,
            "<h3 id=\"schema-{0}\"><code>{0}</code></h3><p>{1}</p>",
            escape(name),
            text(&schema["description"])
        );
        page.push_str("<table><tbody>");
        let parts = schema["allOf"].as_array().into_iter().flatten();
        for part in std::iter::once(schema).chain(parts) {
            if part["$ref"].is_string() {
                let _ = write!(page, "<tr><td>all of {}</td><td></td><td></td></tr>", type_of(part));
            }
            properties(page, part);
        }
        page.push_str("</tbody></table>");
    }
    page.push_str("</section>");
}

fn properties(page: &mut String, schema: &Value) {
    let needed: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let _ = write!(
            page,
            "<tr><td><code>{}</code> {}</td><td>{}</td><td>{}</td></tr>",
            escape(name),
            required(needed.contains(&name.as_str())),
            type_of(property),
            text(&property["description"]),
        );
    }
}

fn required(required: bool) -> &'static str {
    if required { "<span class=\"required\">required</span>" } else { "" }
}

/// The type of a schema, with a link where it has a name.
fn type_of(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return format!("<a href=\"#schema-{0}\">{0}</a>", escape(name));
    }
    if let Some(values) = schema["enum"].as_array() {
        let values: Vec<String> = values.iter().map(|value| format!("<code>{}</code>", text(value))).collect();
        return values.join(" | ");
    }
    if let Some(either) = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array()) {
        let either: Vec<String> = either.iter().map(type_of).collect();
        return either.join(" | ");
    }
    if schema["items"].is_object() {
        return format!("[{}]", type_of(&schema["items"]));
    }
    let format = schema["format"].as_str().map(|format| format!(" ({})", escape(format))).unwrap_or_default();
    match &schema["type"] {
        Value::Array(types) => types.iter().map(text).collect::<Vec<_>>().join(" | ") + &format,
        name => text(name) + &format,
    }
}

fn text(value: &Value) -> String {
    escape(value.as_str().unwrap_or_default())
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_comes_from_the_document_is_escaped() {
        let evil = "<script>alert('x')</script>\"";
        let document = json!({"info": {"title": evil, "description": evil}, "paths": {"/<b>": {"get": {
            "summary": evil, "description": evil, "tags": [evil], "security": [{"zq<": ["zx<"]}],
            "parameters": [{"name": evil, "in": evil, "schema": {"type": evil, "format": evil}}],
            "requestBody": {"content": {"application/json": {"schema": {"$ref": "a/<i>"}}}},
            "responses": {"<u>": {"description": evil, "content": {"x": {"schema": {"enum": [evil]}}}}}}}},
            "components": {"schemas": {"<s>": {"description": evil, "properties": {"<p>": {"type": [evil]}}}}}});
        let page = render(&document);
        for tag in ["<script", "<b>", "<i>", "<u>", "<s>", "<p><", "zq<", "zx<<"] {
            assert!(!page.contains(tag), "{tag}");
        }
        assert!(page.contains("&lt;script&gt;"));
    }

    #[test]
    fn the_page_needs_nobody_else() {
        let page = render(&serde_json::to_value(crate::document()).unwrap());
        assert!(page.contains("/v1/debits/batch") && page.contains("idempotency_key_reuse"));
        for foreign in ["<script", "src=", "style=", "href=\"http", "@import"] {
            assert!(!page.contains(foreign), "{foreign}");
        }
    }
}

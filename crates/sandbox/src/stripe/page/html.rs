//! The page as text: one form at a time, everything from outside escaped.

use serde_json::Value;

use super::is_payment;
use super::words::{CARDS, Words};
use crate::stripe::currency;
use crate::stripe::store::text;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:0 auto;padding:1rem;color:#1a1a2e;\
    background:#fafafc}.banner{background:#fff3cd;color:#533f03;padding:.5rem .75rem;border-radius:.4rem;\
    font-size:.875rem}h1,h2{font-size:1.4rem;margin:1.25rem 0 .25rem}label{display:block;margin:.9rem 0 .2rem;\
    font-weight:600}input{width:100%;box-sizing:border-box;font:inherit;padding:.6rem;border:1px solid #767687;\
    border-radius:.4rem}button{width:100%;font:inherit;font-weight:600;padding:.7rem;margin-top:1rem;border:0;\
    border-radius:.4rem;background:#4433bb;color:#fff;cursor:pointer}button.plain{background:#e6e6ef;color:#1a1a2e}\
    .error{color:#a3001b}.leave{display:block;text-align:center;margin-top:1rem}table{width:100%;\
    border-collapse:collapse;font-size:.875rem;margin-top:.5rem}td{padding:.25rem .25rem;border-top:1px solid #ddd}\
    td:first-child{font-family:ui-monospace,monospace;white-space:nowrap}";

/// What one visit shows.
pub(super) struct View<'a> {
    /// The intent or SetupIntent, still open.
    pub object: &'a Value,
    /// Where the form goes.
    pub form: &'a str,
    /// Where somebody goes who walks away.
    pub leave: Option<&'a str>,
    /// Why the last attempt failed, in Stripe's words.
    pub error: Option<&'a str>,
}

/// A page that only says something.
pub(super) fn note(words: &Words, said: &str) -> String {
    whole(words, said, "")
}

/// The card form, or the bank's challenge.
pub(super) fn form(words: &Words, view: &View<'_>) -> String {
    let payment = is_payment(view.object);
    let challenged = view.object["status"] == "requires_action";
    let title = match (challenged, payment) {
        (true, _) => words.bank.to_owned(),
        (false, true) => format!("{} {}", words.pay, amount(view.object)),
        (false, false) => words.save.to_owned(),
    };
    let error = view
        .error
        .filter(|_| !challenged)
        .map(|error| format!("<p class=\"error\" role=\"alert\">{}: {}</p>", escape(words.refused), escape(error)));
    let inputs = if challenged { challenge(words, view) } else { fields(words, payment) };
    let leave = view
        .leave
        .map(|address| format!("<a class=\"leave\" href=\"{}\">{}</a>", escape(address), escape(words.leave)));
    let body = format!(
        "{}<form method=\"post\" action=\"{}\">{inputs}</form>{}{}",
        error.unwrap_or_default(),
        escape(view.form),
        leave.unwrap_or_default(),
        if challenged { String::new() } else { cards(words) },
    );
    whole(words, &title, &body)
}

fn fields(words: &Words, payment: bool) -> String {
    let input = |name: &str, label: &str, value: &str, hint: &str| {
        format!(
            "<label for=\"{name}\">{}</label><input id=\"{name}\" name=\"{name}\" value=\"{value}\" {hint} \
             inputmode=\"numeric\" autocomplete=\"off\" required>",
            escape(label)
        )
    };
    let button = if payment { words.pay } else { words.save };
    format!(
        "{}{}{}<button name=\"act\" value=\"confirm\">{}</button>",
        input("number", words.number, "4242 4242 4242 4242", "maxlength=\"23\""),
        input("expiry", words.expiry, "12/40", "maxlength=\"9\""),
        input("cvc", words.cvc, "123", "maxlength=\"4\""),
        escape(button)
    )
}

fn challenge(words: &Words, view: &View<'_>) -> String {
    let asked = if is_payment(view.object) { amount(view.object) } else { words.save.to_owned() };
    format!(
        "<p>{}</p><p><b>{}</b></p><button name=\"act\" value=\"approve\">{}</button>\
         <button class=\"plain\" name=\"act\" value=\"decline\">{}</button>",
        escape(words.challenge),
        escape(&asked),
        escape(words.approve),
        escape(words.decline)
    )
}

fn cards(words: &Words) -> String {
    let row = |(number, says): &(&str, [&str; 3])| {
        format!("<tr><td>{number}</td><td>{}</td></tr>", escape(says[words.index]))
    };
    let rows: String = CARDS.iter().map(row).collect();
    format!("<h2>{}</h2><table>{rows}</table>", escape(words.test_cards))
}

fn whole(words: &Words, title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"{}\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style><body><p class=\"banner\">{}</p>\
         <main><h1>{title}</h1>{body}</main></body></html>",
        words.language,
        escape(words.banner),
        title = escape(title),
    )
}

fn amount(object: &Value) -> String {
    currency::shown(object["amount"].as_i64().unwrap_or(0), &text(object, "currency"))
}

/// The query that brings a form back to the same visit.
pub(super) fn query(return_url: &str, locale: &str) -> String {
    format!("return_url={}&locale={}", encode(return_url), encode(locale))
}

fn encode(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
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
    use super::*;

    #[test]
    fn nothing_from_outside_becomes_markup_or_another_parameter() {
        assert_eq!(escape(r#"<a href="x">'&"#), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
        assert_eq!(query("http://a/?b=c&d#é", "en"), "return_url=http%3A%2F%2Fa%2F%3Fb%3Dc%26d%23%C3%A9&locale=en");
    }
}

//! The HTML of the pages. Whatever came from outside is escaped where it is written.

use super::texts::{self, Texts};
use crate::vnpay::cards::{self, CVV, HOLDER, Kind, Method, TestCard};
use crate::vnpay::codes::{self, Outcome, PAID, Said};
use crate::vnpay::payment::{Payment, Stage, TRIES};
use crate::vnpay::time;

const STYLE: &str = "\
    body{margin:0;font:16px/1.5 system-ui,sans-serif;color:#1d2733;background:#f3f5f8}\
    .banner{margin:0;background:#fff3cd;color:#5c4400;padding:.6rem 1rem;text-align:center}\
    main{max-width:34rem;margin:1.5rem auto;padding:1.5rem;background:#fff;border:1px solid #d8dee6;border-radius:8px}\
    h1{font-size:1.25rem;margin:0 0 1rem}h2{font-size:1.05rem;margin:1.5rem 0 .5rem}\
    dl{display:grid;grid-template-columns:auto 1fr;gap:.25rem 1rem;margin:0}dt{color:#55616e}\
    dd{margin:0;overflow-wrap:anywhere}\
    label{display:block;margin:.75rem 0}input{display:block;width:100%;box-sizing:border-box;font:inherit;\
    padding:.5rem;border:1px solid #7a8794;border-radius:6px}\
    button,.button{display:block;width:100%;box-sizing:border-box;font:inherit;text-align:center;text-decoration:none;\
    margin:.5rem 0;padding:.6rem;border:1px solid #0b5cad;border-radius:6px;background:#fff;color:#0b5cad;\
    cursor:pointer}\
    .main{background:#0b5cad;color:#fff}.quiet{border-color:transparent;text-decoration:underline}.alert{color:#9c1c1c}\
    table{border-collapse:collapse;width:100%;font-size:.875rem}td,th{text-align:left;padding:.25rem .5rem .25rem 0;\
    border-bottom:1px solid #e6eaef}";

/// Wherever the payer is.
pub(super) fn payment(payment: &Payment) -> String {
    let texts = texts::of(&payment.locale);
    if let Some(outcome) = payment.outcome() {
        return result(texts, payment, outcome);
    }
    let step = match payment.stage {
        Stage::Method => methods(texts, payment),
        Stage::Details(method) if method.kind == Kind::Qr => app(texts, payment),
        Stage::Details(method) => details(texts, payment, method),
        Stage::Otp(card) => otp(texts, payment, card),
    };
    let back = if payment.offered.len() > 1 && !matches!(payment.stage, Stage::Method) {
        form(payment, "Back.html", &button("quiet", texts.back))
    } else {
        String::new()
    };
    let cancel = form(payment, "Cancel.html", &button("quiet", texts.cancel));
    page(texts, texts.title, "", &format!("{}{step}{back}{cancel}", order(texts, payment)))
}

/// The error page, in both languages: nothing is known about who reads it.
pub(super) fn error(code: &str, field: &str) -> String {
    let Said { vi, en } = codes::page_error(code);
    let field = if field.is_empty() { String::new() } else { format!("<p><code>{}</code></p>", escape(field)) };
    let code = escape(code);
    let body = format!("<p lang=\"vi\">{vi}</p><p>{en}</p>{field}<p>Mã / Code: {code}</p>");
    page(texts::of("en"), "VNPAY", "", &body)
}

fn order(texts: &Texts, payment: &Payment) -> String {
    format!(
        "<dl><dt>{}</dt><dd><strong>{}</strong></dd><dt>{}</dt><dd>{}</dd><dt>{}</dt><dd>{}</dd><dt>{}</dt>\
        <dd>{} (GMT+7)</dd></dl>",
        texts.amount,
        money(texts, payment.amount_minor),
        texts.order,
        escape(&payment.order_info),
        texts.reference,
        escape(&payment.txn_ref),
        texts.until,
        time::shown(payment.expires_at_s),
    )
}

fn methods(texts: &Texts, payment: &Payment) -> String {
    let buttons: String = payment
        .offered
        .iter()
        .map(|method| format!("<button name=\"method\" value=\"{}\">{}</button>", method.code, say(texts, method.name)))
        .collect();
    format!("<h2>{}</h2>{}", texts.choose, form(payment, "Method.html", &buttons))
}

fn app(texts: &Texts, payment: &Payment) -> String {
    let buttons = format!(
        "<button class=\"main\" name=\"answer\" value=\"{PAID}\">{}</button>\
        <button name=\"answer\" value=\"{}\">{}</button>",
        texts.app_pays,
        codes::NO_MONEY,
        texts.app_refuses,
    );
    format!("<h2>{}</h2><p>{}</p>{}", texts.app, texts.app_hint, form(payment, "Details.html", &buttons))
}

/// The card form, filled with the card that pays.
fn details(texts: &Texts, payment: &Payment, method: &Method) -> String {
    let card = cards::usual(method);
    let international = method.kind == Kind::International;
    let date = if international { texts.expires } else { texts.issued };
    let mut inputs = input(texts.number, "number", card.number, "inputmode=\"numeric\" autofocus");
    inputs += &input(texts.holder, "holder", HOLDER, "");
    inputs += &input(date, "date", card.date, "placeholder=\"MM/YY\"");
    if international {
        inputs += &input(texts.cvv, "cvv", CVV, "inputmode=\"numeric\"");
    }
    inputs += &button("main", texts.go_on);
    format!(
        "<h2>{}: {}</h2>{}{}{}",
        texts.card,
        say(texts, method.name),
        complaint(texts, payment, texts.card_wrong),
        form(payment, "Details.html", &inputs),
        test_cards(texts, method),
    )
}

fn otp(texts: &Texts, payment: &Payment, card: &TestCard) -> String {
    let inputs = input(texts.otp_label, "otp", "", "autofocus") + &button("main", texts.confirm);
    format!(
        "<h2>{}</h2><p>{} <code>{}</code></p>{}{}",
        texts.otp,
        texts.otp_hint,
        card.otp.unwrap_or_default(),
        complaint(texts, payment, texts.otp_wrong),
        form(payment, "Otp.html", &inputs),
    )
}

fn result(texts: &Texts, payment: &Payment, outcome: &Outcome) -> String {
    let address = format!("Return.html?token={}", payment.token);
    let refresh = format!("<meta http-equiv=\"refresh\" content=\"5;url={address}\">");
    let body = format!(
        "{}<h2 role=\"status\">{}</h2><p>{}: {}</p><p>{}</p><a class=\"button main\" href=\"{address}\">{}</a>",
        order(texts, payment),
        say(texts, outcome.said),
        texts.code,
        outcome.code,
        texts.soon,
        texts.to_merchant,
    );
    page(texts, texts.result, &refresh, &body)
}

fn test_cards(texts: &Texts, method: &Method) -> String {
    let rows: String = cards::taken_by(method)
        .map(|card| {
            let said = codes::find(card.code).map_or("", |outcome| say(texts, outcome.said));
            let otp = card.otp.unwrap_or("–");
            format!(
                "<tr><td>{}</td><td>{}</td><td>{otp}</td><td>{said} ({})</td></tr>",
                card.number, card.date, card.code
            )
        })
        .collect();
    format!(
        "<details><summary>{}</summary><table><tr><th>{}</th><th>MM/YY</th><th>OTP</th><th>{}</th></tr>{rows}</table>\
        </details>",
        texts.test_cards, texts.number, texts.effect,
    )
}

/// What was wrong with the last try, if there was one on this page.
fn complaint(texts: &Texts, payment: &Payment, wrong: &str) -> String {
    if payment.tries_left == TRIES {
        return String::new();
    }
    format!("<p class=\"alert\" role=\"alert\">{wrong} {} {}</p>", texts.tries_left, payment.tries_left)
}

fn form(payment: &Payment, action: &str, inputs: &str) -> String {
    let token = format!("<input type=\"hidden\" name=\"token\" value=\"{}\">", payment.token);
    format!("<form method=\"post\" action=\"{action}\">{token}{inputs}</form>")
}

fn input(label: &str, name: &str, value: &str, more: &str) -> String {
    format!("<label>{label}<input name=\"{name}\" value=\"{value}\" autocomplete=\"off\" required {more}></label>")
}

fn button(class: &str, label: &str) -> String {
    format!("<button class=\"{class}\">{label}</button>")
}

fn page(texts: &Texts, title: &str, head: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\">\
        <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{title}</title>{head}\
        <style>{STYLE}</style></head><body><p class=\"banner\">{}</p><main><h1>{title}</h1>{body}</main></body></html>",
        texts.lang, texts.banner,
    )
}

/// In the language of the page.
fn say(texts: &Texts, said: Said) -> &'static str {
    if texts.lang == "vi" { said.vi } else { said.en }
}

/// `500.000 ₫` or `500,000 VND`.
fn money(texts: &Texts, amount_minor: i64) -> String {
    let digits = amount_minor.to_string();
    let (mark, unit) = if texts.lang == "vi" { ('.', "₫") } else { (',', "VND") };
    let mut shown = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(mark);
        }
        shown.push(digit);
    }
    format!("{shown} {unit}")
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
    fn amounts_are_written_as_their_language_does() {
        let cases =
            [("vn", 500_000, "500.000 ₫"), ("en", 500_000, "500,000 VND"), ("ja", 12_345_678, "12,345,678 VND")];
        for (locale, amount_minor, shown) in cases {
            assert_eq!(money(texts::of(locale), amount_minor), shown);
        }
        assert_eq!(money(texts::of("en"), 999), "999 VND");
    }

    #[test]
    fn what_came_from_outside_is_escaped() {
        let shown = error("<script>", "\"'&");
        assert!(!shown.contains("<script>") && shown.contains("&lt;script&gt;") && shown.contains("&quot;&#39;&amp;"));
    }
}

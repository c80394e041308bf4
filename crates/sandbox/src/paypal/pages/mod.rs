//! The hosted page where a payer decides about an order: log in, choose a source, perhaps type a one-time code.
//!
//! Plain HTML forms without scripts, in English, Japanese or Vietnamese by the order's locale. Any e-mail address and
//! any password will do; nothing but the token and the choice leads anywhere. What was chosen stands in the forms, so
//! that nothing is remembered of a payer who walks away.

mod html;
mod texts;

use axum::Router;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;

use self::html::{escape, page};
use self::texts::{Texts, texts};
use super::control::PAYER;
use super::currency::Money;
use super::objects::orders::{self, Order};
use super::objects::payers::{self, language};
use super::store::Store;
use super::{ApiError, Fate, PayPal};

/// The one-time code that the sandbox's bank takes.
const CODE: &str = "123456";
/// After so many wrong codes the bank refuses the card.
const TRIES: u32 = 3;

/// The page's routes.
pub(crate) fn router() -> Router<PayPal> {
    Router::new().route("/checkoutnow", get(enter).post(decide))
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    token: String,
}

/// What a form sends.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Decision {
    action: String,
    email: String,
    source: String,
    code: String,
}

/// A way to pay.
struct Source {
    name: &'static str,
    label: fn(&Texts) -> &'static str,
    asks_code: bool,
    /// Leaves the capture pending for days: not offered when the shop wants its money at once.
    is_slow: bool,
    /// What it makes of the capture; `None` leaves that to the script.
    fate: fn() -> Option<Fate>,
}

const SOURCES: &[Source] = &[
    Source { name: "balance", label: |texts| texts.balance, asks_code: false, is_slow: false, fate: || None },
    Source { name: "card", label: |texts| texts.card, asks_code: false, is_slow: false, fate: || None },
    Source { name: "card_code", label: |texts| texts.card_code, asks_code: true, is_slow: false, fate: || None },
    Source {
        name: "card_declined",
        label: |texts| texts.card_declined,
        asks_code: false,
        is_slow: false,
        fate: || Some(Fate::instrument_declined()),
    },
    Source {
        name: "bank",
        label: |texts| texts.bank,
        asks_code: false,
        is_slow: true,
        fate: || Some(Fate::Pending { reason: "ECHECK".to_owned() }),
    },
    Source {
        name: "review",
        label: |texts| texts.review,
        asks_code: false,
        is_slow: false,
        fate: || Some(Fate::under_review()),
    },
];

/// What is said of an order about which nothing can be decided.
struct Closed {
    status: StatusCode,
    texts: &'static Texts,
    text: (&'static str, &'static str),
}

/// The page's view of an order.
struct Scene {
    order: Order,
    texts: &'static Texts,
}

async fn enter(State(paypal): State<PayPal>, Query(entry): Query<Entry>) -> Response {
    let mut store = paypal.lock();
    orders::expire(&mut store);
    scene(&store, &entry.token).map_or_else(Closed::page, |scene| scene.log_in())
}

async fn decide(State(paypal): State<PayPal>, Query(entry): Query<Entry>, Form(decision): Form<Decision>) -> Response {
    let mut store = paypal.lock();
    orders::expire(&mut store);
    let scene = match scene(&store, &entry.token) {
        Ok(scene) => scene,
        Err(closed) => return closed.page(),
    };
    let Scene { order, texts } = &scene;
    let source = SOURCES.iter().find(|source| source.name == decision.source);
    let is_known = decision.email.contains('@');
    match (decision.action.as_str(), source) {
        ("cancel", _) => {
            let back = payers::cancel(&store, &order.id);
            leave(back, texts, texts.cancelled)
        }
        ("leave", _) => Closed { status: StatusCode::OK, texts, text: texts.left }.page(),
        ("login", _) if is_known => scene.choose(&decision.email, ""),
        ("pay", Some(source)) if is_known && source.asks_code => scene.ask_code(&decision.email, ""),
        ("pay", Some(source)) if is_known => {
            let back = payers::approve(&mut store, &order.id, &decision.email, (source.fate)());
            leave(back, texts, texts.approved)
        }
        ("code", _) if is_known && decision.code.trim() == CODE => {
            let back = payers::approve(&mut store, &order.id, &decision.email, None);
            leave(back, texts, texts.approved)
        }
        ("code", _) if is_known => scene.count_wrong_code(&mut store, &decision.email),
        _ => scene.log_in(),
    }
}

/// The order of the token, when it can still be decided about.
fn scene(store: &Store, token: &str) -> Result<Scene, Closed> {
    payers::open(store, token).map(|order| Scene { texts: texts(language(&order.context.locale)), order }).map_err(
        |error| {
            let locale = store.orders.get(token).and_then(|order| order.context.locale.clone());
            let texts = texts(language(&locale));
            let text = if error.status == StatusCode::NOT_FOUND { texts.gone } else { texts.paid };
            Closed { status: error.status, texts, text }
        },
    )
}

impl Closed {
    fn page(self) -> Response {
        page(self.status, self.texts, self.text.0, &paragraph(self.text.1))
    }
}

/// Where the payer goes after a decision: to the shop, or to a last page when the shop gave no address.
fn leave(back: Result<String, ApiError>, texts: &Texts, last: (&str, &str)) -> Response {
    match back {
        Ok(url) => match HeaderValue::from_str(&url) {
            Ok(location) if !url.is_empty() => (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
            _ => page(StatusCode::OK, texts, last.0, &paragraph(last.1)),
        },
        Err(error) => page(error.status, texts, texts.gone.0, &paragraph(&error.to_string())),
    }
}

fn paragraph(text: &str) -> String {
    format!("<p>{}</p>", escape(text))
}

impl Scene {
    fn log_in(&self) -> Response {
        let texts = self.texts;
        let body = format!(
            "{head}<form method=\"post\">\
             <label for=\"email\">{email}</label>\
             <input id=\"email\" name=\"email\" type=\"email\" value=\"{PAYER}\" autocomplete=\"off\" required>\
             <label for=\"password\">{password}</label>\
             <input id=\"password\" name=\"password\" type=\"password\" value=\"sandbox\" autocomplete=\"off\">\
             <p class=\"hint\">{hint}</p>\
             <button class=\"main\" name=\"action\" value=\"login\">{log_in}</button></form>{ways_out}",
            head = self.head(),
            email = texts.email,
            password = texts.password,
            hint = texts.any_password,
            log_in = texts.log_in,
            ways_out = self.ways_out(),
        );
        page(StatusCode::OK, texts, texts.log_in_title, &body)
    }

    fn choose(&self, email: &str, notice: &str) -> Response {
        let texts = self.texts;
        let offered = SOURCES.iter().filter(|source| !(source.is_slow && self.order.context.immediate_only));
        let sources: String = offered
            .enumerate()
            .map(|(position, source)| {
                let checked = if position == 0 { " checked" } else { "" };
                let (name, label) = (source.name, (source.label)(texts));
                let radio = format!("<input type=\"radio\" name=\"source\" value=\"{name}\"{checked}>");
                format!("<label class=\"choice\">{radio} {label}</label>")
            })
            .collect();
        let button = if self.order.context.pays_at_once { texts.pay_now } else { texts.continue_to_shop };
        let body = format!(
            "{head}{notice}<form method=\"post\"><input type=\"hidden\" name=\"email\" value=\"{email}\">\
             <p class=\"hint\">{email}</p><fieldset><legend>{legend}</legend>{sources}</fieldset>\
             <button class=\"main\" name=\"action\" value=\"pay\">{button}</button></form>{ways_out}",
            head = self.head(),
            notice = html::notice(notice),
            email = escape(email),
            legend = texts.choose,
            ways_out = self.ways_out(),
        );
        page(StatusCode::OK, texts, texts.choose_title, &body)
    }

    fn ask_code(&self, email: &str, notice: &str) -> Response {
        let texts = self.texts;
        let body = format!(
            "{head}{notice}<form method=\"post\"><input type=\"hidden\" name=\"email\" value=\"{email}\">\
             <label for=\"code\">{label}</label>\
             <input id=\"code\" name=\"code\" inputmode=\"numeric\" autocomplete=\"one-time-code\" required autofocus>\
             <p class=\"hint\">{hint} {CODE}</p>\
             <button class=\"main\" name=\"action\" value=\"code\">{button}</button></form>{ways_out}",
            head = self.head(),
            notice = html::notice(notice),
            email = escape(email),
            label = texts.code,
            hint = texts.code_hint,
            button = texts.confirm,
            ways_out = self.ways_out(),
        );
        page(StatusCode::OK, texts, texts.code_title, &body)
    }

    /// After the third wrong code the bank refuses the card, and another source has to be chosen.
    fn count_wrong_code(&self, store: &mut Store, email: &str) -> Response {
        let Some(order) = store.orders.get_mut(&self.order.id) else { return self.log_in() };
        order.wrong_codes += 1;
        if order.wrong_codes < TRIES {
            return self.ask_code(email, self.texts.wrong_code);
        }
        order.wrong_codes = 0;
        self.choose(email, self.texts.card_refused)
    }

    /// Who is paid, what for and how much.
    fn head(&self) -> String {
        let brand = self.order.context.brand.as_deref().unwrap_or(self.texts.shop);
        let what = self.order.units[0].text("description").unwrap_or_default();
        let minor = self.order.units.iter().map(|unit| unit.money.minor).sum();
        let total = self.order.units[0].money.with(minor);
        format!(
            "<p class=\"shop\">{}</p><p class=\"amount\">{}</p><p class=\"hint\">{}</p>",
            escape(brand),
            amount_text(total, self.texts),
            escape(&what)
        )
    }

    fn ways_out(&self) -> String {
        format!(
            "<form method=\"post\" class=\"out\"><button name=\"action\" value=\"cancel\">{}</button>\
             <button name=\"action\" value=\"leave\">{}</button></form>",
            self.texts.cancel, self.texts.leave
        )
    }
}

/// `1,234.50 USD`, with the language's own separators.
fn amount_text(money: Money, texts: &Texts) -> String {
    let value = money.value();
    let (whole, fraction) = value.split_once('.').map_or((value.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let (thousands, point) = texts.separators;
    let mut text = String::new();
    for (position, digit) in whole.chars().enumerate() {
        if position > 0 && (whole.len() - position) % 3 == 0 {
            text.push(thousands);
        }
        text.push(digit);
    }
    if let Some(fraction) = fraction {
        text.push(point);
        text.push_str(fraction);
    }
    format!("{text} {}", money.currency)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_as_the_language_writes_them() {
        let cases = [
            (123_450, "USD", "en", "1,234.50 USD"),
            (123_450, "USD", "vi", "1.234,50 USD"),
            (3_000, "JPY", "ja", "3,000 JPY"),
            (999_999_999, "EUR", "en", "9,999,999.99 EUR"),
            (50, "USD", "en", "0.50 USD"),
        ];
        for (minor, currency, language, expected) in cases {
            let money = Money::new(minor, currency).unwrap();
            assert_eq!(amount_text(money, texts(language)), expected);
        }
    }
}

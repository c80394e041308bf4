//! The stand-in for Stripe's own fields: a page where a person types a test card and plays their bank.
//!
//! `/pay/{client_secret}?return_url=…&locale=en|ja|vi`, for payments and for the saving of cards. It does what the
//! browser library does with a client secret: confirm with the payer present, show the bank's challenge, and go back to
//! `return_url` with the three parameters that Stripe adds, which prove nothing. Who walks away leaves the intent open.
//! Invariants: no script, so it works wherever a form does; whatever came from outside is escaped; nothing is answered
//! without the whole client secret. Deliberately absent: saved cards, wallets, other methods than cards.

mod html;
mod words;

use axum::Router;
use axum::extract::{Form, Path, Query, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Stripe;
use super::error::ApiError;
use super::http::Call;
use super::objects::{charging, payment_intents, payment_methods, setup_intents};
use super::store::{Store, text};
use html::View;

/// No script and no picture; a form may lead back to wherever the payer came from.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self' http: https:; base-uri 'none'; \
                      frame-ancestors 'none'";

/// The page's only route.
pub(crate) fn router() -> Router<Stripe> {
    Router::new().route("/pay/{client_secret}", get(show).post(act))
}

/// How the payer came.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Visit {
    return_url: String,
    locale: String,
}

/// What the payer does.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Deed {
    act: String,
    number: String,
    expiry: String,
}

async fn show(State(stripe): State<Stripe>, Path(secret): Path<String>, Query(visit): Query<Visit>) -> Response {
    let found = find(&stripe.lock(), &secret);
    answer(&visit, &secret, found, None)
}

async fn act(
    State(stripe): State<Stripe>,
    Path(secret): Path<String>,
    Query(visit): Query<Visit>,
    Form(deed): Form<Deed>,
) -> Response {
    let mut store = stripe.lock();
    let Some(object) = find(&store, &secret) else { return answer(&visit, &secret, None, None) };
    let refused = perform(&mut store, &object, &deed).err();
    let object = find(&store, &secret);
    drop(store);
    answer(&visit, &secret, object, refused)
}

/// The intent or SetupIntent that a client secret opens.
fn find(store: &Store, secret: &str) -> Option<Value> {
    let (id, _) = secret.split_once("_secret_")?;
    store.get(id).filter(|object| object["client_secret"] == secret).cloned()
}

fn perform(store: &mut Store, object: &Value, deed: &Deed) -> Result<Value, ApiError> {
    let id = text(object, "id");
    let payment = is_payment(object);
    match deed.act.as_str() {
        "confirm" => {
            let (month, year) = deed.expiry.split_once('/').unwrap_or_default();
            let number = |text: &str| text.trim().parse::<i64>().unwrap_or(0);
            let card = json!({ "number": deed.number, "exp_month": number(month), "exp_year": number(year) });
            let params = json!({ "type": "card", "card": card });
            let method = payment_methods::create(store, &Call { id: String::new(), params })?;
            // Where the library says it would lead; this page goes there by itself.
            let mut params = json!({ "payment_method": method["id"] });
            if payment {
                params["return_url"] = "https://sandbox.invalid/".into();
            }
            let call = Call { id, params };
            if payment { payment_intents::confirm(store, &call) } else { setup_intents::confirm(store, &call) }
        }
        "approve" | "decline" if payment => charging::authenticate(store, &id, deed.act == "approve"),
        "approve" | "decline" => setup_intents::authenticate(store, &id, deed.act == "approve"),
        _ => Err(ApiError::invalid("The form says confirm, approve or decline.")),
    }
}

fn is_payment(object: &Value) -> bool {
    object["object"] == "payment_intent"
}

/// What Stripe calls the end in `redirect_status`; `None` while the payer still has to act.
fn ending(object: &Value) -> Option<&'static str> {
    match text(object, "status").as_str() {
        "succeeded" => Some("succeeded"),
        "processing" => Some("pending"),
        "canceled" => Some("failed"),
        _ => None,
    }
}

fn answer(visit: &Visit, secret: &str, object: Option<Value>, refused: Option<ApiError>) -> Response {
    let words = words::of(&visit.locale);
    let Some(object) = object else { return page(StatusCode::NOT_FOUND, html::note(words, words.missing)) };
    if !visit.return_url.is_empty() && !is_address(&visit.return_url) {
        let said = "return_url must be an http or https address";
        return page(StatusCode::BAD_REQUEST, html::note(words, said));
    }
    let back = |status| (!visit.return_url.is_empty()).then(|| returning(&visit.return_url, &object, status));
    let last_error = if is_payment(&object) { "last_payment_error" } else { "last_setup_error" };
    match (ending(&object), back(ending(&object).unwrap_or("failed"))) {
        (Some(_), Some(address)) => away(&address),
        (Some(_), None) => page(StatusCode::OK, html::note(words, words.ended(&object))),
        (None, leave) => {
            let said = refused.as_ref().and_then(|error| error.error.get("message")).and_then(Value::as_str);
            let error = said.or(object[last_error]["message"].as_str());
            let form = format!("/pay/{secret}?{}", html::query(&visit.return_url, &visit.locale));
            let view = View { object: &object, form: &form, leave: leave.as_deref(), error };
            page(refused.as_ref().map_or(StatusCode::OK, |error| error.status), html::form(words, &view))
        }
    }
}

/// An address that a browser may be sent to.
fn is_address(url: &str) -> bool {
    let plain = url.bytes().all(|byte| byte.is_ascii_graphic());
    plain && (url.starts_with("http://") || url.starts_with("https://"))
}

/// `return_url` with what Stripe adds to it.
fn returning(return_url: &str, object: &Value, status: &str) -> String {
    let name = text(object, "object");
    let (address, fragment) = return_url.split_once('#').map_or((return_url, None), |(url, rest)| (url, Some(rest)));
    let mark = if address.contains('?') { '&' } else { '?' };
    let (id, secret) = (text(object, "id"), text(object, "client_secret"));
    let added = format!("{mark}{name}={id}&{name}_client_secret={secret}&redirect_status={status}");
    let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
    format!("{address}{added}{fragment}")
}

fn away(address: &str) -> Response {
    // Checked before: printable ASCII.
    let location = HeaderValue::from_str(address).unwrap_or(HeaderValue::from_static("/"));
    guarded((StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response())
}

fn page(status: StatusCode, html: String) -> Response {
    guarded((status, Html(html)).into_response())
}

/// The address holds a client secret: kept by nobody, told to nobody.
fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (HeaderName::from_static("x-robots-tag"), "noindex"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_return_address_keeps_its_own_parameters() {
        let intent = json!({"object": "payment_intent", "id": "pi_1", "client_secret": "pi_1_secret_x"});
        let added = "payment_intent=pi_1&payment_intent_client_secret=pi_1_secret_x&redirect_status=failed";
        let cases = [
            ("http://shop.example/back", format!("http://shop.example/back?{added}")),
            ("http://shop.example/back?a=b", format!("http://shop.example/back?a=b&{added}")),
            ("http://shop.example/back?a=b#c", format!("http://shop.example/back?a=b&{added}#c")),
        ];
        for (return_url, expected) in cases {
            assert_eq!(returning(return_url, &intent, "failed"), expected);
        }
    }

    #[test]
    fn a_browser_is_sent_to_plain_web_addresses_only() {
        for (url, fits) in [
            ("https://shop.example/back", true),
            ("http://127.0.0.1:1/", true),
            ("javascript:alert(1)", false),
            ("//shop.example", false),
            ("https://shop.example/a b", false),
            ("https://shop.example/\r\nx: y", false),
            ("https://shop.example/\u{e9}", false),
        ] {
            assert_eq!(is_address(url), fits, "{url}");
        }
    }
}

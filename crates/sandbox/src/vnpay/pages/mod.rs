//! The hosted pages: what a person meets between the merchant's button and the way back.
//!
//! One page shows wherever the payer is, forms lead on, and every form answers with a redirect to that page, so that
//! reloading and going back do no harm. Plain HTML without scripts, in Vietnamese for `vnp_Locale=vn` and in English
//! for everything else. All addresses are relative, so that the pages work below any path. Wrong data may be typed a
//! few times; then the payment ends with the code for it (10, 13). Nobody has to do anything: a payment that is left
//! alone runs out (11).

mod html;
mod texts;

use std::collections::HashMap;

use axum::Router;
use axum::extract::{Form, Query, RawQuery, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};

use super::cards::{self, APP, Kind, TestCard, Typed};
use super::codes::{self, CANCELLED, IDENTITY_WRONG, NO_MONEY, OTP_WRONG, Outcome};
use super::payment::{Payment, Stage, TRIES};
use super::sign;
use super::store::Store;
use super::webhooks::Job;
use super::{Vnpay, entry, http, time};

/// The path of payment addresses.
pub(crate) const PAY_PATH: &str = "/paymentv2/vpcpay.html";

/// What a form sends.
type Fields = HashMap<String, String>;

/// All pages.
pub(crate) fn router() -> Router<Vnpay> {
    Router::new()
        .route(PAY_PATH, get(enter))
        .route("/paymentv2/Payment/Error.html", get(refused))
        .route("/paymentv2/Transaction/Index.html", get(show))
        .route("/paymentv2/Transaction/Method.html", post(choose))
        .route("/paymentv2/Transaction/Back.html", post(back))
        .route("/paymentv2/Transaction/Details.html", post(details))
        .route("/paymentv2/Transaction/Otp.html", post(otp))
        .route("/paymentv2/Transaction/Cancel.html", post(cancel))
        .route("/paymentv2/Transaction/Return.html", get(go_back))
}

/// The payment address: checked, then on to the page or to the error page.
async fn enter(State(vnpay): State<Vnpay>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let mut store = vnpay.lock();
    let (position, _) = http::log(&mut store, "GET", PAY_PATH, sign::parse(&query).unwrap_or_default());
    let opened = entry::open(&mut store, &query);
    if let Some(entry) = store.requests.get_mut(position) {
        entry.status = Some(StatusCode::FOUND.as_u16());
        entry.code = opened.as_ref().err().map(|error| error.code.to_owned());
    }
    let location = match opened.map(|txn_ref| store.payment(&txn_ref)) {
        Err(error) => format!("Payment/Error.html?{}", error.query()),
        Ok(Some(payment)) if payment.is_open() => format!("Transaction/Index.html?token={}", payment.token),
        Ok(payment) => {
            let token = payment.map(|payment| payment.token.as_str()).unwrap_or_default();
            format!("Transaction/Return.html?token={token}")
        }
    };
    redirect(StatusCode::FOUND, &location)
}

/// The error page.
async fn refused(Query(fields): Query<Fields>) -> Response {
    page(StatusCode::OK, html::error(text(&fields, "code"), text(&fields, "field")))
}

/// Wherever the payer is.
async fn show(State(vnpay): State<Vnpay>, Query(fields): Query<Fields>) -> Response {
    match vnpay.lock().payment_of_page(text(&fields, "token")) {
        Some(payment) => page(StatusCode::OK, html::payment(payment)),
        None => page(StatusCode::NOT_FOUND, html::error("", "")),
    }
}

/// `method`: one of the ways that are offered.
async fn choose(State(vnpay): State<Vnpay>, Form(fields): Form<Fields>) -> Response {
    step(&vnpay, &fields, |_, payment| {
        let chosen = payment.offered.iter().find(|method| method.code == text(&fields, "method")).copied();
        if let (Stage::Method, Some(method)) = (payment.stage, chosen) {
            go_to(payment, Stage::Details(method));
        }
        None
    })
}

/// Back to the choice, where there was one.
async fn back(State(vnpay): State<Vnpay>, Form(fields): Form<Fields>) -> Response {
    step(&vnpay, &fields, |_, payment| {
        if payment.offered.len() > 1 {
            go_to(payment, Stage::Method);
        }
        None
    })
}

/// The card form, or the answer of the app (`answer`: a code).
async fn details(State(vnpay): State<Vnpay>, Form(fields): Form<Fields>) -> Response {
    step(&vnpay, &fields, |today, payment| {
        let Stage::Details(method) = payment.stage else { return None };
        if method.kind == Kind::Qr {
            payment.payer = Some(&APP);
            let code = if text(&fields, "answer") == NO_MONEY { NO_MONEY } else { APP.code };
            return payment.fate.or_else(|| codes::find(code));
        }
        let typed = Typed {
            number: text(&fields, "number"),
            holder: text(&fields, "holder"),
            date: text(&fields, "date"),
            cvv: text(&fields, "cvv"),
        };
        match cards::recognise(method, &typed, today) {
            Some(card) => accept_card(payment, card),
            None => mistype(payment, IDENTITY_WRONG),
        }
    })
}

/// The one-time code, `otp`.
async fn otp(State(vnpay): State<Vnpay>, Form(fields): Form<Fields>) -> Response {
    step(&vnpay, &fields, |_, payment| {
        let Stage::Otp(card) = payment.stage else { return None };
        if card.otp == Some(text(&fields, "otp").trim()) {
            return payment.fate.or_else(|| codes::find(card.code));
        }
        mistype(payment, OTP_WRONG)
    })
}

async fn cancel(State(vnpay): State<Vnpay>, Form(fields): Form<Fields>) -> Response {
    step(&vnpay, &fields, |_, _| codes::find(CANCELLED))
}

/// The way back to the merchant, with the signed result.
async fn go_back(State(vnpay): State<Vnpay>, Query(fields): Query<Fields>) -> Response {
    let mut store = vnpay.lock();
    let ended = store
        .payment_of_page(text(&fields, "token"))
        .and_then(|payment| Some((payment.txn_ref.clone(), payment.return_address.clone()?)));
    let Some((txn_ref, address)) = ended else {
        return redirect(StatusCode::SEE_OTHER, &format!("Index.html?token={}", safe_token(&fields)));
    };
    store.job(Job::Returned(txn_ref));
    redirect(StatusCode::FOUND, &address)
}

/// A step of an open payment; what it gives is how the payment ends. Leads to the page in any case.
fn step(vnpay: &Vnpay, fields: &Fields, act: impl FnOnce(&str, &mut Payment) -> Option<&'static Outcome>) -> Response {
    let mut store = vnpay.lock();
    act_on(&mut store, text(fields, "token"), act);
    redirect(StatusCode::SEE_OTHER, &format!("Index.html?token={}", safe_token(fields)))
}

fn act_on(store: &mut Store, token: &str, act: impl FnOnce(&str, &mut Payment) -> Option<&'static Outcome>) {
    let today = time::day(store.now_s());
    let Some(payment) = store.payment_of_page(token).filter(|payment| payment.is_open()) else { return };
    let ended = act(&today, payment);
    let txn_ref = payment.txn_ref.clone();
    if let Some(outcome) = ended {
        store.end(&txn_ref, outcome);
    }
}

fn accept_card(payment: &mut Payment, card: &'static TestCard) -> Option<&'static Outcome> {
    payment.payer = Some(card);
    let asks = card.otp.is_some() && !(card.at_once && payment.fate.is_none());
    if asks {
        go_to(payment, Stage::Otp(card));
        return None;
    }
    payment.fate.or_else(|| codes::find(card.code))
}

fn go_to(payment: &mut Payment, stage: Stage) {
    payment.stage = stage;
    payment.tries_left = TRIES;
}

/// One try less; the payment ends with this code after the last.
fn mistype(payment: &mut Payment, code: &str) -> Option<&'static Outcome> {
    payment.tries_left = payment.tries_left.saturating_sub(1);
    if payment.tries_left == 0 { codes::find(code) } else { None }
}

fn text<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.get(name).map_or("", String::as_str)
}

/// The token as it may stand in an address: only what a token can be made of.
fn safe_token(fields: &Fields) -> String {
    text(fields, "token").chars().filter(char::is_ascii_hexdigit).collect()
}

fn redirect(status: StatusCode, location: &str) -> Response {
    match HeaderValue::from_str(location) {
        Ok(location) => (status, [(header::LOCATION, location)]).into_response(),
        // The merchant's own address holds something that no header can.
        Err(_) => page(StatusCode::BAD_REQUEST, html::error("03", "vnp_ReturnUrl")),
    }
}

fn page(status: StatusCode, body: String) -> Response {
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ];
    (status, headers, Html(body)).into_response()
}

//! The last look before the gateway: what is paid, what is received, when, until when, and what is agreed to.
//!
//! What has to be shown here is the law's in places (Japan: quantity, price, time and means of payment, delivery,
//! cancellation). The box is never ticked beforehand; the button says what it does and what it costs.

use std::net::{IpAddr, Ipv4Addr};

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use engine::billing::{self, Quote, Terms};
use engine::members::Capability;
use engine::topups::{self, Beginning, Consented};
use uuid::Uuid;

use super::choose::rate_text;
use super::summary;
use crate::components::{Alert, Icon, Mistake, MoneyText, Summary, Tone};
use crate::failure::Failure;
use crate::form::{self, Fields, Posted};
use crate::page::{Page, Place, html};
use crate::session::Visitor;
use crate::words::{spoken, stored};

#[derive(Template)]
#[template(path = "screens/review.html")]
struct View {
    page: Page,
    alert: Option<Alert>,
    summary: Summary,
    pay: MoneyText,
    receive: MoneyText,
    facts: Vec<(String, String)>,
    addressee: String,
    addressee_url: String,
    terms: String,
    /// The language of the terms, which may not be the page's.
    terms_language: &'static str,
    terms_sha256: String,
    agree_error: Option<String>,
    quote: String,
    key: String,
    /// The button: the deed and the amount.
    button: String,
    back: String,
    /// Nothing can be paid with this quote any more: the way to a new one.
    expired: Option<Expired>,
}

/// What a new quote is made from.
struct Expired {
    choice: String,
    method: String,
}

/// `GET /add-credit/review?quote=…`.
pub async fn show(visitor: Visitor, fields: Fields) -> Result<Response, Failure> {
    visitor.must(Capability::TopupWrite)?;
    match billing::find_quote(visitor.engine(), &visitor.account.id, fields.text("quote")).await {
        Ok(quote) => html(&view(&visitor, &quote, None, &[], new_key()).await?),
        Err(engine::Error::NotFound(_)) => Ok(Redirect::to("/add-credit").into_response()),
        Err(error) => Err(error.into()),
    }
}

/// `POST /add-credit/pay`: opens the payment, then leads to the gateway. The key in the form makes a second press harmless.
pub async fn pay(posted: Posted<Visitor>) -> Result<Response, Failure> {
    let Posted { by: visitor, fields } = posted;
    visitor.must(Capability::TopupWrite)?;
    let quote = billing::find_quote(visitor.engine(), &visitor.account.id, fields.text("quote")).await?;
    let key = fields.text("key");
    if !fields.has("agree") {
        let mistake = Mistake { field: "agree".to_owned(), text: visitor.t("portal-agree-missing") };
        let page = html(&view(&visitor, &quote, None, &[mistake], key.to_owned()).await?)?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    let user_agent = visitor.origin.user_agent().unwrap_or_default();
    let return_url = format!("{}/payments/returned", visitor.engine().settings().public_url);
    let beginning = Beginning {
        account_id: &visitor.account.id,
        quote_id: &quote.id,
        consent: Consented {
            text_sha256: fields.text("terms"),
            ip: visitor.origin.address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
            user_agent: &user_agent,
        },
        language: stored(visitor.words.language),
        return_url: Some(&return_url),
        idempotency_key: key,
        save_card: false,
    };
    match topups::begin(visitor.engine(), beginning).await {
        Ok(begun) => Ok(Redirect::to(&format!("/payments/{}/pay", begun.payment.id)).into_response()),
        Err(error) => refused(&visitor, &quote, error).await,
    }
}

/// The page once more, with why it did not happen; nothing was charged.
async fn refused(visitor: &Visitor, quote: &Quote, error: engine::Error) -> Result<Response, Failure> {
    let (status, key) = match &error {
        engine::Error::Conflict { code: "profile_missing", .. } => {
            return Ok(Redirect::to(&form::url("/billing", [("next", "/add-credit")])).into_response());
        }
        engine::Error::Conflict { code, .. } => (StatusCode::CONFLICT, refusal(code)),
        engine::Error::Invalid { code: "terms_changed", .. } => (StatusCode::UNPROCESSABLE_ENTITY, "terms-changed"),
        engine::Error::Invalid { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "method"),
        engine::Error::TooMany { code: "daily_limit_reached", .. } => (StatusCode::TOO_MANY_REQUESTS, "daily-limit"),
        engine::Error::TooMany { .. } => (StatusCode::TOO_MANY_REQUESTS, "too-many"),
        engine::Error::Gateway(_) => (StatusCode::SERVICE_UNAVAILABLE, "gateway"),
        _ => return Err(error.into()),
    };
    tracing::info!(account = %visitor.account.id, quote = quote.id, %error, "a payment was not opened");
    let text = match &error {
        engine::Error::TooMany { retry_after_seconds, .. } => {
            let minutes = usize::try_from((retry_after_seconds + 59) / 60).unwrap_or_default().max(1);
            visitor.words.count(&format!("portal-refused-{key}-text"), minutes)
        }
        _ => visitor.t(&format!("portal-refused-{key}-text")),
    };
    let alert = Alert::new(Tone::Warn, visitor.t(&format!("portal-refused-{key}")), text);
    // The key of a try that failed stands for that try.
    let page = html(&view(visitor, quote, Some(alert), &[], new_key()).await?)?;
    Ok((status, page).into_response())
}

fn refusal(code: &str) -> &'static str {
    match code {
        "quote_expired" => "quote-expired",
        "payment_status_unknown" => "earlier-open",
        "dispute_open" => "dispute",
        "account_closed" => "closed",
        _ => "method",
    }
}

/// Names one try to pay; made when the form is shown.
fn new_key() -> String {
    format!("portal-{}", Uuid::new_v4().simple())
}

async fn view(
    visitor: &Visitor,
    quote: &Quote,
    alert: Option<Alert>,
    mistakes: &[Mistake],
    key: String,
) -> Result<View, Failure> {
    let engine = visitor.engine();
    let terms: Terms = billing::terms(engine, &visitor.account.id, stored(visitor.words.language)).await?;
    let profile = billing::profile(engine, &visitor.account.id).await?;
    let show = visitor.show.beside(quote.charge.currency, quote.unit);
    let pay = show.charge(quote.charge);
    let (choice, method) = chosen(quote);
    let back = form::url("/add-credit", [("choice", choice.as_str()), ("method", method.as_str())]);
    let is_expired = visitor.now >= quote.expires_at;
    Ok(View {
        page: visitor.page(Place::None, visitor.t("portal-review")).narrow(),
        alert: alert.or_else(|| is_expired.then(|| expired(visitor))),
        summary: summary(visitor.words, mistakes),
        button: visitor.words.with("portal-pay", &[("amount", &pay.shown)]),
        receive: show.money(quote.credit, quote.unit),
        facts: facts(visitor, quote),
        addressee: profile.map(|stored| stored.profile.name).unwrap_or_default(),
        addressee_url: form::url("/billing", [("next", back.as_str())]),
        terms_language: spoken(terms.language).code(),
        terms: terms.text,
        terms_sha256: terms.text_sha256,
        agree_error: mistakes.first().map(|mistake| mistake.text.clone()),
        quote: quote.id.clone(),
        key,
        back,
        expired: is_expired.then_some(Expired { choice, method }),
        pay,
    })
}

fn expired(visitor: &Visitor) -> Alert {
    let (title, text) = (visitor.t("portal-refused-quote-expired"), visitor.t("portal-refused-quote-expired-text"));
    Alert::new(Tone::Warn, title, text)
}

/// What the quote was made from, as the form before has it.
fn chosen(quote: &Quote) -> (String, String) {
    (quote.unit.format_amount(quote.credit), format!("{}:{}", quote.method.name(), quote.charge.currency.code()))
}

fn facts(visitor: &Visitor, quote: &Quote) -> Vec<(String, String)> {
    let site = visitor.engine().settings().sites.get(&visitor.account.site);
    let ends = match site.and_then(|site| site.topup_expires_at(visitor.now)) {
        Some(ends) => visitor.words.with("portal-credits-until", &[("date", &visitor.show.last_day(ends))]),
        None => visitor.t("portal-credits-never"),
    };
    let facts = [
        ("portal-payment-method", Some(visitor.t(&format!("portal-method-{}", quote.method.name())))),
        ("portal-fee", Some(visitor.t("portal-fee-none"))),
        ("portal-exchange-rate", quote.rate.as_ref().map(|dated| rate_text(visitor, &visitor.show, dated))),
        ("portal-quote-until", quote.rate.as_ref().map(|_| visitor.show.date_time(quote.expires_at))),
        ("portal-pay-when", Some(visitor.t("portal-pay-when-text"))),
        ("portal-arrives", Some(visitor.t("portal-arrives-text"))),
        ("portal-entry-expires", Some(ends)),
    ];
    facts.into_iter().filter_map(|(key, text)| Some((visitor.t(key), text?))).collect()
}

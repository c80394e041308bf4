//! Where one payment stands: the truth, whether to pay again, and what happens next.
//!
//! The page asks nobody by itself; "check now" asks the gateway. It refreshes while the payment may change by itself, by
//! the script or by a plain reload. After success it closes the loop: what was credited, what there is now, the receipt.

use std::time::Duration;

use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use engine::billing;
use engine::members::Capability;
use engine::topups::{self, Payment, State};

use super::card::{age, method};
use super::state::{Told, reason, told};
use crate::components::{Icon, Link, MoneyText};
use crate::failure::Failure;
use crate::form::{self, Fields, Posted};
use crate::look;
use crate::page::{Page, Place, html};
use crate::session::Visitor;

/// How long a browser waits for the gateway's answer.
const PATIENCE: Duration = Duration::from_secs(8);

#[derive(Template)]
#[template(path = "screens/payment.html")]
struct View {
    page: Page,
    id: String,
    told: Told,
    title: String,
    text: String,
    /// How to go on after a failure.
    advice: Option<String>,
    charge: MoneyText,
    credit: MoneyText,
    facts: Vec<(String, String)>,
    steps: Vec<(String, String)>,
    /// Until when it may be paid, with the instant in Unix seconds.
    payable_until: Option<(String, i64)>,
    mail: Option<String>,
    success: Option<Success>,
    pay: Option<Link>,
    retry: Option<Link>,
    receipt: Option<Link>,
    help: Option<Link>,
}

/// What a successful payment brought.
struct Success {
    total: Option<MoneyText>,
    expires: String,
}

/// `GET /payments/returned?topup=…`: where a gateway's way back ends.
pub async fn returned(fields: Fields) -> Result<Response, Failure> {
    let id = fields.text("topup");
    let plain = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let path = if plain { format!("/payments/{id}") } else { "/payments".to_owned() };
    Ok(Redirect::to(&path).into_response())
}

/// `GET /payments/{id}`.
pub async fn show(visitor: Visitor, Path(id): Path<String>) -> Result<Response, Failure> {
    let payment = super::own(&visitor, &id).await?;
    let steps = topups::steps(visitor.engine(), &payment).await?;
    let steps = steps.into_iter().filter_map(|step| {
        let label = match State::parse(&step.state)? {
            State::Created => visitor.t("portal-payment-began"),
            state => told(state).label(visitor.words),
        };
        Some((label, visitor.show.date_time(step.at)))
    });
    let steps = steps.collect();
    let profile = billing::profile(visitor.engine(), &visitor.account.id).await?;
    let email = profile.map(|stored| stored.profile.recipient_email);
    html(&view(&visitor, &payment, steps, email))
}

/// `POST /payments/{id}/check`: asks the gateway, then shows the page.
pub async fn check(Path(id): Path<String>, posted: Posted<Visitor>) -> Result<Response, Failure> {
    let visitor = posted.by;
    let payment = super::own(&visitor, &id).await?;
    let asked = topups::check_now(visitor.engine(), &payment.account_id, &payment.id);
    // A gateway that is slow or gone changes nothing: the payment is asked about again by itself.
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => tracing::debug!(payment = payment.id, %error, "asked in vain"),
        Err(_) => tracing::debug!(payment = payment.id, "the gateway takes its time"),
    }
    Ok(Redirect::to(&format!("/payments/{id}")).into_response())
}

fn view(visitor: &Visitor, payment: &Payment, steps: Vec<(String, String)>, email: Option<String>) -> View {
    let (told, words, unit) = (told(payment.state), visitor.words, visitor.account.unit);
    let show = visitor.show.beside(payment.price.currency, unit);
    let payer = visitor.may(Capability::TopupWrite);
    let payable = payment.state == State::AwaitingCustomer && payer;
    let again = matches!(payment.state, State::Failed | State::Expired) && payer;
    let title = match payment.state {
        State::Succeeded => {
            words.with("portal-payment-succeeded", &[("amount", &visitor.show.in_sentence(payment.credit, unit))])
        }
        _ => words.t(&format!("portal-payment-{}", told.name)),
    };
    let settings = visitor.engine().settings();
    let has_receipt = payment.state.was_credited() && settings.receipts.seller(&visitor.account.site).is_some();
    let receipt = Link::to(format!("/payments/{}/receipt", payment.id), visitor.t("portal-receipt-download"));
    let until = payment.expires_at.filter(|_| payable);
    View {
        page: visitor.page(Place::Payments, title.clone()),
        id: payment.id.clone(),
        title,
        text: words.t(&format!("portal-payment-{}-text", told.name)),
        advice: reason(payment).map(|group| words.t(&format!("portal-reason-{group}"))),
        charge: show.charge(payment.price),
        credit: show.money(payment.credit, unit),
        facts: facts(visitor, payment),
        steps,
        payable_until: until.map(|until| (visitor.show.date_time(until), until.seconds())),
        mail: email.filter(|_| told.is_moving).map(|email| words.with("portal-payment-mail", &[("email", &email)])),
        success: (payment.state == State::Succeeded).then(|| success(visitor, payment)),
        pay: payable.then(|| Link::to(format!("/payments/{}/pay", payment.id), visitor.t("portal-payment-continue"))),
        retry: again.then(|| Link::to(retry_url(visitor, payment), visitor.t("portal-payment-retry"))),
        receipt: has_receipt.then_some(receipt),
        help: look::problem(settings, words, &words.with("portal-problem-subject", &[("id", &payment.id)])),
        told,
    }
}

/// The form for the same amount and method once more.
pub fn retry_url(visitor: &Visitor, payment: &Payment) -> String {
    let amount = visitor.account.unit.format_amount(payment.credit);
    let method = format!("{}:{}", payment.method, payment.price.currency.code());
    form::url("/add-credit", [("choice", amount.as_str()), ("method", method.as_str())])
}

fn facts(visitor: &Visitor, payment: &Payment) -> Vec<(String, String)> {
    let object = payment.money_id.as_ref().or(payment.object_id.as_ref());
    let began = visitor.show.date_time(payment.created_at);
    let age = age(visitor.words, payment.created_at, visitor.now);
    let back = |minor: i64| {
        let money = topups::Money { amount_minor: minor, currency: payment.price.currency };
        (minor > 0).then(|| visitor.show.charge(money).shown)
    };
    let facts = [
        ("portal-payment-method", Some(method(payment))),
        ("portal-payment-began", Some(format!("{began} · {age}"))),
        ("portal-payment-paid-at", payment.paid_at.map(|at| visitor.show.date_time(at))),
        ("portal-payment-refunded-amount", back(payment.refunded_minor)),
        ("portal-payment-disputed-amount", back(payment.disputed_minor)),
        ("portal-payment-gateway-reference", object.filter(|_| payment.state.was_credited()).cloned()),
    ];
    facts.into_iter().filter_map(|(key, text)| Some((visitor.t(key), text?))).collect()
}

fn success(visitor: &Visitor, payment: &Payment) -> Success {
    let site = visitor.engine().settings().sites.get(&visitor.account.site);
    // As the lot's, which was granted at the same instant.
    let expires_at = site.zip(payment.paid_at).and_then(|(site, paid_at)| site.topup_expires_at(paid_at));
    let expires = match expires_at {
        Some(expires_at) => visitor.words.with("portal-credits-until", &[("date", &visitor.show.last_day(expires_at))]),
        None => visitor.t("portal-credits-never"),
    };
    Success { total: visitor.balance(), expires }
}

//! Payment history: money in, with what became of each payment and its receipt.
//!
//! Cost: one read for a page of payments.

use askama::Template;
use axum::response::Response;
use engine::members::Capability;
use engine::topups::{self, Payment, State};

use super::card::method;
use super::state::{reason, told};
use super::status::retry_url;
use crate::components::{Chip, Empty, Icon, Link, MoneyText, Pager};
use crate::failure::Failure;
use crate::form::{self, Fields};
use crate::page::{Page, Place, html};
use crate::session::Visitor;

/// Payments of a page.
const PAGE_PAYMENTS: usize = 25;

#[derive(Template)]
#[template(path = "screens/payments.html")]
struct View {
    page: Page,
    zone: String,
    lines: Vec<Line>,
    pager: Pager,
    empty: Option<Empty>,
}

/// A payment as the list shows it.
struct Line {
    href: String,
    date: String,
    time: String,
    paid: MoneyText,
    received: Option<MoneyText>,
    method: String,
    status: Chip,
    /// What else is to be said: why it failed, how much went back.
    note: Option<String>,
    recipient: String,
    receipt: Option<String>,
    retry: Option<String>,
}

/// `GET /payments`.
pub async fn show(visitor: Visitor, fields: Fields) -> Result<Response, Failure> {
    let after = fields.given("after");
    let mut found = topups::payments(visitor.engine(), &visitor.account.id, after, PAGE_PAYMENTS + 1).await?;
    let has_older = found.len() > PAGE_PAYMENTS;
    found.truncate(PAGE_PAYMENTS);
    let oldest = found.last().filter(|_| has_older).map(|payment| payment.id.clone());
    let older = oldest.map(|id| Link::to(form::url("/payments", [("after", id.as_str())]), visitor.t("portal-older")));
    let has_seller = visitor.engine().settings().receipts.seller(&visitor.account.site).is_some();
    html(&View {
        page: visitor.page(Place::Payments, visitor.t("portal-nav-payments")),
        zone: visitor.show.zone_name(visitor.now),
        empty: found.is_empty().then(|| empty(&visitor)),
        lines: found.iter().map(|payment| line(&visitor, payment, has_seller)).collect(),
        pager: Pager {
            label: visitor.t("portal-pages"),
            newest: after.map(|_| Link::to("/payments", visitor.t("portal-newest"))),
            older,
        },
    })
}

fn line(visitor: &Visitor, payment: &Payment, has_seller: bool) -> Line {
    let show = visitor.show.beside(payment.price.currency, visitor.account.unit);
    let credited = payment.state.was_credited();
    let again = matches!(payment.state, State::Failed | State::Expired) && visitor.may(Capability::TopupWrite);
    let billed = payment.details.billing.as_ref();
    Line {
        href: format!("/payments/{}", payment.id),
        date: visitor.show.date(payment.created_at),
        time: visitor.show.time(payment.created_at),
        paid: show.charge(payment.price),
        received: credited.then(|| show.money(payment.credit, visitor.account.unit)),
        method: method(payment),
        status: told(payment.state).chip(visitor.words),
        note: note(visitor, payment),
        recipient: billed.map(|billing| billing.profile.recipient_email.clone()).unwrap_or_default(),
        receipt: (credited && has_seller).then(|| format!("/v1/payments/{}/receipt.pdf", payment.id)),
        retry: again.then(|| retry_url(visitor, payment)),
    }
}

fn note(visitor: &Visitor, payment: &Payment) -> Option<String> {
    let refunded = topups::Money { amount_minor: payment.refunded_minor, currency: payment.price.currency };
    let back = (payment.refunded_minor > 0).then(|| {
        let amount = visitor.show.charge(refunded).shown;
        visitor.words.with("portal-payments-refunded", &[("amount", &amount)])
    });
    back.or_else(|| reason(payment).map(|group| visitor.t(&format!("portal-reason-{group}"))))
}

fn empty(visitor: &Visitor) -> Empty {
    let buys = visitor.may(Capability::TopupWrite);
    Empty {
        icon: Icon::Receipt,
        title: visitor.t("portal-payments-empty"),
        text: visitor.t("portal-payments-empty-text"),
        link: buys.then(|| Link::dialog("/add-credit", visitor.t("portal-add-credit"))),
    }
}

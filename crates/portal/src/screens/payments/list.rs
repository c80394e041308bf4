//! Payment history: money in, with what became of each payment and its receipt.
//!
//! Cost: one read for a page of payments.

use askama::Template;
use axum::response::Response;
use engine::members::Capability;
use engine::topups::{self, METHODS, Payment, PaymentFilter, State};

use super::card::method;
use super::state::{reason, told};
use super::status::retry_url;
use crate::components::{Chip, Choice, Control, Empty, Field, Filter, Filters, Icon, Link, MoneyText, Pager};
use crate::failure::Failure;
use crate::form::{self, Fields};
use crate::page::{Page, Place, html};
use crate::screens::range::{self, Range};
use crate::session::Visitor;

/// Payments of a page.
const PAGE_PAYMENTS: usize = 25;
/// What people are told of a state, as the engine names it, with its key.
const STATUSES: [(&str, &str); 3] =
    [("pending", "portal-status-under-way"), ("success", "portal-state-succeeded"), ("failed", "portal-state-failed")];

#[derive(Template)]
#[template(path = "screens/payments.html")]
struct View {
    page: Page,
    zone: String,
    filters: Filters,
    fields: Vec<Field>,
    range: Option<String>,
    presets: Vec<Link>,
    lines: Vec<Line>,
    exports: Vec<Link>,
    pager: Pager,
    empty: Option<Empty>,
}

/// Filters that were understood.
struct Query {
    status: Option<&'static str>,
    method: Option<&'static str>,
    range: Range,
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
    let (query, after) = (Query::read(&visitor, &fields), fields.given("after"));
    let (engine, account_id) = (visitor.engine(), &visitor.account.id);
    let mut found = topups::payments_that(engine, account_id, &query.filter(), after, PAGE_PAYMENTS + 1).await?;
    let has_older = found.len() > PAGE_PAYMENTS;
    found.truncate(PAGE_PAYMENTS);
    let oldest = found.last().filter(|_| has_older).map(|payment| payment.id.as_str());
    let has_seller = engine.settings().receipts.seller(&visitor.account.site).is_some();
    html(&View {
        page: visitor.page(Place::Payments, visitor.t("portal-nav-payments")),
        zone: visitor.show.zone_name(visitor.now),
        filters: query.chips(&visitor),
        fields: query.fields(&visitor),
        range: query.range.text(&visitor),
        presets: range::presets(&visitor, "/payments"),
        empty: found.is_empty().then(|| query.empty(&visitor)),
        exports: query.exports(&visitor),
        pager: Pager {
            label: visitor.t("portal-pages"),
            newest: after.map(|_| Link::to(query.url(None, None), visitor.t("portal-newest"))),
            older: oldest.map(|id| Link::to(query.url(None, Some(id)), visitor.t("portal-older"))),
        },
        lines: found.iter().map(|payment| line(&visitor, payment, has_seller)).collect(),
    })
}

impl Query {
    fn read(visitor: &Visitor, fields: &Fields) -> Query {
        let status = STATUSES.iter().find(|(name, _)| *name == fields.text("status"));
        Query {
            status: status.map(|(name, _)| *name),
            method: METHODS.into_iter().find(|name| *name == fields.text("method")),
            range: Range::read(visitor, fields),
        }
    }

    fn filter(&self) -> PaymentFilter {
        let is_told = |state: &State| self.status == Some(state.shown());
        PaymentFilter {
            states: State::ALL.into_iter().filter(is_told).collect(),
            methods: self.method.map(str::to_owned).into_iter().collect(),
            from: self.range.from,
            to: self.range.to,
        }
    }

    fn texts(&self) -> Vec<(&'static str, String)> {
        let own = [("status", self.status.map(str::to_owned)), ("method", self.method.map(str::to_owned))];
        own.into_iter().chain(self.range.texts()).filter_map(|(name, text)| Some((name, text?))).collect()
    }

    /// The list without one filter, or from below a payment on.
    fn url(&self, without: Option<&str>, after: Option<&str>) -> String {
        let texts = self.texts();
        let pairs = texts.iter().filter(|(name, _)| Some(*name) != without).map(|(name, text)| (*name, text.as_str()));
        form::url("/payments", pairs.chain(after.map(|after| ("after", after))))
    }

    fn chips(&self, visitor: &Visitor) -> Filters {
        let status = STATUSES.iter().find(|(name, _)| Some(*name) == self.status).map(|(_, key)| visitor.t(key));
        let method = self.method.map(|name| visitor.t(&format!("portal-method-{name}")));
        let parts = [("status", status), ("method", method)].into_iter().chain(self.range.parts(visitor));
        let chip =
            |(name, text): (&str, Option<String>)| Some(Filter { text: text?, without: self.url(Some(name), None) });
        Filters {
            label: visitor.t("portal-filters"),
            remove: visitor.t("portal-filter-remove"),
            filters: parts.filter_map(chip).collect(),
            clear: Some(Link::to("/payments", visitor.t("portal-filter-clear"))),
        }
    }

    fn fields(&self, visitor: &Visitor) -> Vec<Field> {
        let all = || Choice::new("", visitor.t("portal-filter-all"));
        let select = |name: &str, label: &str, value: Option<&str>, choices: Vec<Choice>| {
            let control = Control::Select([all()].into_iter().chain(choices).collect());
            Field::new(name, visitor.t(label), control).value(value.unwrap_or_default()).optional("")
        };
        let statuses = STATUSES.iter().map(|(name, key)| Choice::new(*name, visitor.t(key))).collect();
        let methods = METHODS.iter().map(|name| Choice::new(*name, visitor.t(&format!("portal-method-{name}"))));
        let own = [
            select("status", "portal-status", self.status, statuses),
            select("method", "portal-payment-method", self.method, methods.collect()),
        ];
        own.into_iter().chain(self.range.fields(visitor)).collect()
    }

    fn exports(&self, visitor: &Visitor) -> Vec<Link> {
        let own = || [("status", self.status.map(str::to_owned)), ("method", self.method.map(str::to_owned))];
        let filters = || own().into_iter().chain(self.range.instants());
        let files = [("xlsx", "portal-export-excel"), ("csv", "portal-export-csv")];
        let link = |(ending, key): (&str, &str)| {
            Link::to(super::super::export_url(visitor, "payments", ending, filters()), visitor.t(key))
        };
        files.map(link).into()
    }

    fn empty(&self, visitor: &Visitor) -> Empty {
        let buys = visitor.may(Capability::TopupWrite);
        let is_filtered = !self.texts().is_empty();
        let buy = || Link::dialog("/add-credit", visitor.t("portal-add-credit"));
        let key = if is_filtered { "portal-payments-no-match" } else { "portal-payments-empty" };
        Empty {
            icon: Icon::Receipt,
            title: visitor.t(key),
            text: visitor.t(&format!("{key}-text")),
            link: match is_filtered {
                true => Some(Link::to("/payments", visitor.t("portal-filter-clear"))),
                false => buys.then(buy),
            },
        }
    }
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
        receipt: (credited && has_seller).then(|| format!("/payments/{}/receipt", payment.id)),
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

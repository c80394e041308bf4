//! One entry: why the balance changed.
//!
//! Shows the arithmetic of a price, the lots that paid, who asked, and what belongs together.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use engine::ids::{IdKind, LocalId};
use ledger::{Event, Transaction};
use serde::Deserialize;
use store::EntryView;

use super::row::{self, Sources, entry_id};
use crate::components::{Chip, Icon, Link, MoneyText};
use crate::failure::Failure;
use crate::look;
use crate::page::{Page, Place, html};
use crate::session::Visitor;

#[derive(Template)]
#[template(path = "screens/entry.html")]
struct View {
    page: Page,
    id: String,
    title: String,
    status: Option<Chip>,
    amount: MoneyText,
    facts: Vec<(String, String)>,
    links: Vec<(String, Link)>,
    balance: MoneyText,
    pricing: Option<Pricing>,
    lots: Vec<LotLine>,
    help: Option<Link>,
}

/// How a price became the amount.
struct Pricing {
    version: String,
    lines: Vec<MeterLine>,
    exact: String,
}

/// One meter of a price.
struct MeterLine {
    meter: String,
    quantity: String,
    /// As it was charged, when that is another quantity.
    billed: Option<String>,
    price: String,
    amount: String,
}

/// A lot that was moved.
struct LotLine {
    name: String,
    href: String,
    amount: MoneyText,
}

/// The JSON that the ledger keeps of a price; unknown fields are of no interest here.
#[derive(Deserialize)]
struct Arithmetic {
    version: i64,
    exact: String,
    lines: Vec<ArithmeticLine>,
}

#[derive(Deserialize)]
struct ArithmeticLine {
    meter: String,
    quantity: u64,
    billed_quantity: u64,
    price: String,
    per: u64,
    amount_exact: String,
}

/// `GET /history/{id}`.
pub async fn show(visitor: Visitor, Path(id): Path<String>) -> Result<Response, Failure> {
    let local = LocalId::parse(IdKind::Entry, &id).ok_or(Failure::NotFound)?;
    if local.account_no != visitor.located.no {
        return Err(Failure::NotFound);
    }
    let found = visitor.engine().store().entry(visitor.located.no, local.number).await?;
    let entry = found.ok_or(Failure::NotFound)?;
    let mut sources = Sources::of(&visitor);
    let tx = &entry.transaction;
    let mut lots = Vec::new();
    for posting in &tx.postings {
        let kind = sources.kind(posting.lot).await?;
        lots.push(LotLine {
            name: kind.map(|kind| visitor.t(&format!("history-source-{}", kind.name()))).unwrap_or_default(),
            href: format!("/history/{}", entry_id(&visitor, posting.lot)),
            amount: visitor.show.movement(posting.amount, visitor.account.unit),
        });
    }
    html(&view(&visitor, &entry, &id, lots))
}

fn view(visitor: &Visitor, entry: &EntryView, id: &str, lots: Vec<LotLine>) -> View {
    let (tx, unit) = (&entry.transaction, visitor.account.unit);
    let title = row::kind_text(visitor, tx);
    let subject = visitor.words.with("portal-problem-subject", &[("id", id)]);
    View {
        page: visitor.page(Place::History, title.clone()),
        id: id.to_owned(),
        title,
        status: row::status_chip(visitor, entry.status(), row::is_pending(tx, visitor.now)),
        amount: visitor.show.movement(tx.amount(), unit),
        facts: facts(visitor, tx),
        links: links(visitor, tx),
        balance: visitor.show.exact(tx.balance_after - tx.pending_after, unit),
        pricing: tx.memo.pricing.as_deref().and_then(|json| pricing(visitor, json)),
        lots,
        help: look::problem(visitor.engine().settings(), visitor.words, &subject),
    }
}

/// What is known about it, in words.
fn facts(visitor: &Visitor, tx: &Transaction) -> Vec<(String, String)> {
    let memo = &tx.memo;
    let text = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
    let dated = (tx.dated_at != tx.at).then(|| visitor.show.date_time(tx.dated_at));
    let ends = tx.event.new_lot().map(|lot| match lot.expires_at {
        Some(expires_at) => visitor.show.last_day(expires_at),
        None => visitor.t("portal-lot-never"),
    });
    let facts = [
        ("portal-entry-booked", Some(visitor.show.date_time(tx.at))),
        ("portal-entry-dated", dated),
        ("portal-service", text(&memo.service)),
        ("portal-entry-resource", text(&memo.resource).filter(|_| memo.service.is_some())),
        ("portal-description", Some(row::about(tx)).filter(|_| memo.description.is_some() && memo.service.is_none())),
        ("portal-entry-expires", ends),
        ("portal-entry-reference", text(&memo.reference).filter(|reference| !reference.starts_with("pay_"))),
        ("portal-entry-by", Some(actor(visitor, &tx.actor))),
        ("portal-entry-request", tx.key.as_deref().map(str::to_owned).filter(|_| tx.actor.starts_with("key:"))),
    ];
    facts.into_iter().filter_map(|(key, text)| Some((visitor.t(key), text?))).collect()
}

/// Who asked, without naming people of the operator's.
fn actor(visitor: &Visitor, actor: &str) -> String {
    let kind = match actor.split(':').next().unwrap_or_default() {
        "key" => "portal-actor-key",
        "user" => "portal-actor-member",
        "job" => "portal-actor-system",
        "stripe" | "paypal" | "vnpay" | "notice" | "query" | "purchase" => "portal-actor-gateway",
        _ => "portal-actor-operator",
    };
    visitor.t(kind)
}

/// What belongs together with it.
fn links(visitor: &Visitor, tx: &Transaction) -> Vec<(String, Link)> {
    let payment = tx.memo.reference.as_deref().filter(|reference| reference.starts_with("pay_"));
    let earlier = match tx.event {
        Event::Reversed { entry, .. } | Event::Reinstated { entry, .. } => Some(entry),
        Event::ClawedBack { lot, .. } | Event::LotExpired { lot } | Event::LotVoided { lot } => Some(lot),
        Event::HoldCaptured { hold, .. } | Event::HoldReleased { hold } | Event::HoldExpired { hold } => Some(hold),
        _ => None,
    };
    let payment = payment.map(|id| (visitor.t("portal-entry-payment"), Link::to(format!("/payments/{id}"), id)));
    let earlier = earlier.map(|seq| {
        let id = entry_id(visitor, seq);
        (visitor.t("portal-entry-earlier"), Link::to(format!("/history/{id}"), id))
    });
    payment.into_iter().chain(earlier).collect()
}

fn pricing(visitor: &Visitor, json: &str) -> Option<Pricing> {
    let Arithmetic { version, exact, lines } = serde_json::from_str(json).ok()?;
    let (language, unit) = (visitor.words.language, visitor.account.unit.code());
    let number = |number: u64| language.decimal(&number.to_string());
    let line = |line: ArithmeticLine| MeterLine {
        meter: line.meter,
        quantity: number(line.quantity),
        billed: (line.billed_quantity != line.quantity).then(|| number(line.billed_quantity)),
        price: match line.per {
            1 => format!("{} {unit}", language.decimal(&line.price)),
            per => format!("{} {unit} / {}", language.decimal(&line.price), number(per)),
        },
        amount: language.decimal(&line.amount_exact),
    };
    let version = version.to_string();
    Some(Pricing { version, lines: lines.into_iter().map(line).collect(), exact: language.decimal(&exact) })
}

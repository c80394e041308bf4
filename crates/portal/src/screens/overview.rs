//! Overview: am I fine, and what is next?
//!
//! The usage chart, the forecast and the voucher box have their places in the template when they exist.
//! Cost beside the page's own: one read of open payments, one of entries, and one for each lot that they moved.

use askama::Template;
use axum::Router;
use axum::response::Response;
use axum::routing::get;
use engine::members::Capability;
use engine::topups;
use ledger::{Account, Amount, LotKind, Timestamp};
use store::EntryFilter;

use super::history::row::{Line, lines};
use super::payments::card::{self, Card};
use crate::Portal;
use crate::components::{Alert, Chip, Empty, Icon, Link, MoneyText, Tone};
use crate::failure::Failure;
use crate::page::{Page, Place, html};
use crate::session::Visitor;
use crate::standing::{Standing, Word, ends_soon, smallest_purchase};

/// Entries shown.
const LATEST: usize = 5;
/// Lots shown before the others are asked for.
const FIRST_LOTS: usize = 3;
/// Payments under way shown.
const FIRST_PENDING: usize = 2;
/// Length of the bar of parts.
const BAR: i128 = 1_000;
/// Parts of a balance as they are shown, with their classes and words.
const PARTS: [(&str, &str, &[LotKind]); 4] = [
    ("part-1", "portal-part-top-up", &[LotKind::TopUp]),
    ("part-2", "portal-part-voucher", &[LotKind::Voucher]),
    ("part-3", "portal-part-plan", &[LotKind::Subscription]),
    ("part-4", "portal-part-granted", &[LotKind::Manual, LotKind::Setup]),
];

pub fn routes() -> Router<Portal> {
    Router::new().route("/", get(show))
}

#[derive(Template)]
#[template(path = "screens/overview.html")]
struct View {
    page: Page,
    alerts: Vec<Alert>,
    pending: Vec<Card>,
    /// To the payments under way that are not shown.
    more_pending: Option<Link>,
    /// `None`: it cannot be read now.
    balance: Option<Balance>,
    /// What is known of it then.
    unknown: Option<Alert>,
    lots: Vec<LotLine>,
    more_lots: Vec<LotLine>,
    more_lots_text: String,
    entries: Vec<Line>,
    empty: Option<Empty>,
}

/// What an account has, in parts.
struct Balance {
    total: MoneyText,
    as_of: String,
    parts: Vec<Part>,
    /// What stands beside the parts: on hold, below zero, available.
    notes: Vec<(String, MoneyText)>,
}

/// A part of the balance.
struct Part {
    class: &'static str,
    name: String,
    money: MoneyText,
    /// Where it begins in the bar, and how long it is there.
    x: i128,
    width: i128,
}

/// A lot.
struct LotLine {
    name: String,
    scope: String,
    remaining: MoneyText,
    ends: String,
    soon: Option<Chip>,
}

async fn show(visitor: Visitor) -> Result<Response, Failure> {
    let unsettled = topups::unsettled(visitor.engine(), &visitor.account.id).await?;
    let filter = EntryFilter::default();
    let latest = visitor.engine().store().entries(visitor.located.no, filter, None, LATEST).await?;
    let entries = lines(&visitor, latest).await?;
    let mut lots =
        visitor.standing.view().map(|view| lot_lines(&visitor, &view.account, view.as_of)).unwrap_or_default();
    let more_lots = lots.split_off(lots.len().min(FIRST_LOTS));
    let may_buy = visitor.may(Capability::TopupWrite);
    html(&View {
        page: visitor.page(Place::Overview, visitor.t("portal-nav-overview")),
        alerts: alerts(&visitor),
        pending: unsettled.iter().rev().take(FIRST_PENDING).map(|payment| card::card(&visitor, payment)).collect(),
        more_pending: more_pending(&visitor, unsettled.len()),
        balance: visitor.standing.view().map(|view| balance(&visitor, &view.account, view.as_of)),
        unknown: unknown(&visitor),
        more_lots_text: visitor.words.count("portal-lots-more", more_lots.len()),
        lots,
        more_lots,
        empty: entries.is_empty().then(|| empty(&visitor, may_buy)),
        entries,
    })
}

fn more_pending(visitor: &Visitor, all: usize) -> Option<Link> {
    let more = all.checked_sub(FIRST_PENDING).filter(|more| *more > 0)?;
    Some(Link::to("/payments", visitor.words.count("portal-pending-more", more)))
}

fn balance(visitor: &Visitor, account: &Account, as_of: Timestamp) -> Balance {
    let (show, unit) = (&visitor.show, account.unit);
    let of = |kinds: &[LotKind]| {
        let lots = account.lots.iter().filter(|lot| kinds.contains(&lot.kind));
        lots.map(|lot| lot.countable(as_of)).sum::<Amount>()
    };
    let whole: Amount = PARTS.iter().map(|(.., kinds)| of(kinds)).sum();
    let mut x = 0;
    let mut parts = Vec::new();
    for (class, key, kinds) in PARTS {
        let amount = of(kinds);
        // Top-up and voucher are always told; the others where there are any.
        if amount.is_zero() && !["part-1", "part-2"].contains(&class) {
            continue;
        }
        let width = match whole.is_positive() {
            true => i128::from(amount.units()) * BAR / i128::from(whole.units()),
            false => 0,
        };
        parts.push(Part { class, name: visitor.t(key), money: show.money(amount, unit), x, width });
        x += width;
    }
    let held = account.held(as_of);
    let mut notes = Vec::new();
    if account.overdraft.is_positive() {
        notes.push((visitor.t("portal-overdraft"), show.money(-account.overdraft, unit)));
    }
    if held.is_positive() {
        notes.push((visitor.t("portal-held"), show.money(held, unit)));
        notes.push((visitor.t("portal-available"), show.money(account.available(as_of), unit)));
    }
    Balance { total: show.money(account.balance(as_of), unit), as_of: show.date_time(as_of), parts, notes }
}

/// Lots with something left: those that end first, then those that never end, then those that do not count yet.
fn lot_lines(visitor: &Visitor, account: &Account, as_of: Timestamp) -> Vec<LotLine> {
    let mut lots: Vec<_> =
        account.lots.iter().filter(|lot| lot.remaining.is_positive() && !lot.is_expired(as_of)).collect();
    lots.sort_by_key(|lot| (!lot.counts(as_of), lot.expires_at.unwrap_or(Timestamp::MAX), lot.no));
    let line = |lot: &&ledger::Lot| {
        let ends = match lot.expires_at {
            _ if !lot.counts(as_of) => {
                let begins = visitor.show.date(lot.effective_at);
                visitor.words.with("portal-lot-begins", &[("date", &begins)])
            }
            None => visitor.t("portal-lot-never"),
            Some(expires_at) => {
                let (date, away) = (visitor.show.last_day(expires_at), visitor.show.until_last_day(expires_at, as_of));
                visitor.words.with("portal-lot-ends", &[("date", &date), ("away", &away)])
            }
        };
        let services: Vec<String> = lot.scope.iter().map(|service| service.to_string()).collect();
        LotLine {
            name: visitor.t(&format!("history-source-{}", lot.kind.name())),
            scope: visitor.words.list(&services),
            remaining: visitor.show.money(lot.remaining, account.unit),
            ends,
            soon: ends_soon(lot, as_of).then(|| Chip { tone: Tone::Warn, text: visitor.t("portal-balance-expiring") }),
        }
    };
    lots.iter().map(line).collect()
}

/// What has to be said at the top.
fn alerts(visitor: &Visitor) -> Vec<Alert> {
    let Some(view) = visitor.standing.view() else { return Vec::new() };
    let word = visitor.standing.word(smallest_purchase(visitor.engine(), &visitor.account));
    let buy = Link::dialog("/add-credit", visitor.t("portal-add-credit"));
    let mut alerts = Vec::new();
    let told = match word {
        Some(Word::Blocked) if view.account.closed => Some((Tone::Bad, "portal-alert-closed", false)),
        Some(Word::Blocked) if view.account.seq > 1 => Some((Tone::Bad, "portal-alert-blocked", true)),
        Some(Word::Low) => Some((Tone::Warn, "portal-alert-low", true)),
        _ => None,
    };
    if let Some((tone, key, may_mend)) = told {
        let alert = Alert::new(tone, visitor.t(key), visitor.t(&format!("{key}-text")));
        let mends = may_mend && visitor.may(Capability::TopupWrite);
        alerts.push(if mends { alert.with(buy) } else { alert });
    }
    if view.account.overdraft.is_positive() {
        let owed = visitor.show.in_sentence(-view.account.overdraft, visitor.account.unit);
        let text = visitor.words.with("portal-alert-overdraft-text", &[("amount", &owed)]);
        alerts.push(Alert::new(Tone::Warn, visitor.t("portal-alert-overdraft"), text));
    }
    alerts
}

/// What is told when the balance cannot be read: the last one with its time, never a zero.
fn unknown(visitor: &Visitor) -> Option<Alert> {
    let Standing::Unknown(last) = &visitor.standing else { return None };
    let text = match last {
        Some((amount, at)) => {
            let (amount, at) = (visitor.show.in_sentence(*amount, visitor.account.unit), visitor.show.date_time(*at));
            visitor.words.with("portal-balance-last", &[("amount", &amount), ("time", &at)])
        }
        None => visitor.t("portal-balance-unknown-text"),
    };
    Some(
        Alert::new(Tone::Warn, visitor.t("portal-balance-unknown"), text)
            .with(Link::to("/", visitor.t("portal-error-again"))),
    )
}

fn empty(visitor: &Visitor, may_buy: bool) -> Empty {
    Empty {
        icon: Icon::Wallet,
        title: visitor.t("portal-overview-empty"),
        text: visitor.t("portal-overview-empty-text"),
        link: may_buy.then(|| Link::dialog("/add-credit", visitor.t("portal-add-credit"))),
    }
}

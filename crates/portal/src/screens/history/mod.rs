//! Credit history: every movement in one list, with the balance after each.
//!
//! The whole list adds up: what stands in it from the bottom to the top is the balance. A filter changes what is shown,
//! never the balance beside an entry. Cost: one read for a page of entries, one for the totals, one for each lot that was
//! moved or does not count yet.

mod entry;
mod query;
pub mod row;

use askama::Template;
use axum::Router;
use axum::response::Response;
use axum::routing::get;
use engine::topups;
use engine::usage::{self, Period};
use ledger::Amount;
use store::{EntryFilter, EntryStatus};

use super::payments::card::{self, Card};
use super::range;
use crate::Portal;
use crate::components::{Choice, Control, Empty, Field, Filter, Filters, Icon, Link, MoneyText, Pager};
use crate::failure::Failure;
use crate::form::Fields;
use crate::page::{Page, Place, html};
use crate::session::Visitor;
use query::{KINDS, Query, SOURCES};
use row::{Line, lines};

/// Entries of a page.
const PAGE_ENTRIES: usize = 50;
/// Services of so many days can be chosen.
const SERVICE_DAYS: i32 = 90;
/// Most services to choose from.
const MOST_SERVICES: usize = 50;

pub fn routes() -> Router<Portal> {
    Router::new().route("/history", get(show)).route("/history/{id}", get(entry::show))
}

#[derive(Template)]
#[template(path = "screens/history.html")]
struct View {
    page: Page,
    zone: String,
    filters: Filters,
    fields: Vec<Field>,
    range: Option<String>,
    presets: Vec<Link>,
    pending: Vec<Card>,
    lines: Vec<Line>,
    totals: Option<Totals>,
    totals_text: String,
    exports: Vec<Link>,
    pager: Pager,
    empty: Option<Empty>,
}

/// What the filtered entries add up to.
struct Totals {
    gained: MoneyText,
    lost: MoneyText,
    net: MoneyText,
}

async fn show(visitor: Visitor, fields: Fields) -> Result<Response, Failure> {
    let query = Query::read(&visitor, &fields);
    let store = visitor.engine().store();
    let filter = query.filter();
    let mut entries = store.entries(visitor.located.no, filter.clone(), query.before, PAGE_ENTRIES + 1).await?;
    let has_older = entries.len() > PAGE_ENTRIES;
    entries.truncate(PAGE_ENTRIES);
    let oldest = entries.last().map(|entry| entry.transaction.seq);
    let (totals, totals_text) = totals(&visitor, &filter).await?;
    let pending = match query.shows_pending() {
        true => topups::unsettled(visitor.engine(), &visitor.account.id).await?,
        false => Vec::new(),
    };
    let lines = lines(&visitor, entries).await?;
    let is_empty = lines.is_empty() && pending.is_empty();
    html(&View {
        page: visitor.page(Place::History, visitor.t("portal-nav-history")),
        zone: visitor.show.zone_name(visitor.now),
        filters: chips(&visitor, &query),
        fields: filter_fields(&visitor, &query).await?,
        range: query.range.text(&visitor),
        presets: range::presets(&visitor, "/history"),
        pending: pending.iter().map(|payment| card::card(&visitor, payment)).collect(),
        totals: totals.filter(|_| !lines.is_empty()),
        totals_text,
        exports: exports(&visitor, &query),
        pager: pager(&visitor, &query, oldest.filter(|_| has_older)),
        empty: is_empty.then(|| empty(&visitor, &query)),
        lines,
    })
}

/// The sums of all entries that match, and in words how many they are. What does not count yet is not in the sums.
async fn totals(visitor: &Visitor, filter: &EntryFilter) -> Result<(Option<Totals>, String), Failure> {
    let sums = visitor.engine().store().entry_sums(visitor.located.no, filter.clone()).await?;
    let count = sums.values().map(|sum| sum.count).sum::<u64>();
    let pending = pending_units(visitor, filter).await?;
    let gained = sums.values().map(|sum| sum.in_units).sum::<i128>() - pending;
    let lost = sums.values().map(|sum| sum.out_units).sum::<i128>();
    // A sum beyond what an amount can be is told by the file.
    let money = |units: i128| {
        let amount = Amount::from_units(i64::try_from(units).ok()?);
        Some(visitor.show.movement(amount, visitor.account.unit))
    };
    let totals = || Some(Totals { gained: money(gained)?, lost: money(lost)?, net: money(gained + lost)? });
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    Ok((totals(), visitor.words.count("portal-history-count", count)))
}

/// What the entries that match gave in credits that do not count yet.
async fn pending_units(visitor: &Visitor, filter: &EntryFilter) -> Result<i128, Failure> {
    let Some(view) = visitor.standing.view() else { return Ok(0) };
    let mut units = 0;
    for lot in view.account.lots.iter().filter(|lot| lot.effective_at > view.as_of) {
        // A lot has the number of the entry that granted it; the filter says whether that is on the list.
        let store = visitor.engine().store();
        let found = store.entries(visitor.located.no, filter.clone(), Some(lot.no + 1), 1).await?;
        let granted = found.iter().map(|entry| &entry.transaction).find(|tx| tx.seq == lot.no);
        units += granted.map_or(0, |tx| i128::from(tx.amount().units()));
    }
    Ok(units)
}

fn chips(visitor: &Visitor, query: &Query) -> Filters {
    let filters = query.parts(visitor).into_iter().map(|(name, text)| Filter { text, without: query.without(name) });
    Filters {
        label: visitor.t("portal-filters"),
        remove: visitor.t("portal-filter-remove"),
        filters: filters.collect(),
        clear: Some(Link::to("/history", visitor.t("portal-filter-clear"))),
    }
}

async fn filter_fields(visitor: &Visitor, query: &Query) -> Result<Vec<Field>, Failure> {
    let all = || Choice::new("", visitor.t("portal-filter-all"));
    let choices = |names: Vec<(String, String)>| {
        Control::Select(
            [all()].into_iter().chain(names.into_iter().map(|(value, text)| Choice::new(value, text))).collect(),
        )
    };
    let named = |prefix: &str, names: &[&str]| {
        names.iter().map(|name| ((*name).to_owned(), visitor.t(&format!("{prefix}{name}")))).collect()
    };
    let services = services(visitor, query).await?;
    let statuses = EntryStatus::ALL.map(EntryStatus::name);
    let select = |name: &str, label: &str, control: Control| {
        Field::new(name, visitor.t(label), control).value(query.text(name)).optional("")
    };
    let mut fields = vec![
        select("source", "portal-source", choices(named("history-source-", &SOURCES.map(|kind| kind.name())))),
        select("kind", "portal-type", choices(named("history-kind-", &KINDS.map(|kind| kind.name())))),
        select("service", "portal-service", choices(services)),
        select("status", "portal-status", choices(named("history-status-", &statuses))),
    ];
    fields.extend(query.range.fields(visitor));
    Ok(fields)
}

/// Services that were used lately, and the one that is asked for.
async fn services(visitor: &Visitor, query: &Query) -> Result<Vec<(String, String)>, Failure> {
    let period = Period::last_days(visitor.show.locale().zone(), visitor.now, SERVICE_DAYS)?;
    let query_of_usage = usage::Query { period, top: MOST_SERVICES, compare: false, meters: false };
    let report = usage::report(visitor.engine(), &visitor.located, &query_of_usage).await?;
    let mut names: Vec<String> = report.services.iter().map(|used| used.service.to_string()).collect();
    names.push(query.text("service"));
    names.retain(|name| !name.is_empty());
    names.sort();
    names.dedup();
    Ok(names.into_iter().map(|name| (name.clone(), name)).collect())
}

fn exports(visitor: &Visitor, query: &Query) -> Vec<Link> {
    let files = [("xlsx", "portal-export-excel"), ("csv", "portal-export-csv")];
    files.map(|(ending, key)| Link::to(query.export_url(visitor, ending), visitor.t(key))).into()
}

fn pager(visitor: &Visitor, query: &Query, oldest: Option<u64>) -> Pager {
    Pager {
        label: visitor.t("portal-pages"),
        newest: query.before.map(|_| Link::to(query.without("before"), visitor.t("portal-newest"))),
        older: oldest.map(|seq| Link::to(query.at(seq), visitor.t("portal-older"))),
    }
}

fn empty(visitor: &Visitor, query: &Query) -> Empty {
    let (key, link) = match query.is_filtered() {
        true => ("portal-history-no-match", Link::to("/history", visitor.t("portal-filter-clear"))),
        false => ("portal-history-empty", Link::dialog("/add-credit", visitor.t("portal-add-credit"))),
    };
    let text = visitor.t(&format!("{key}-text"));
    Empty { icon: Icon::List, title: visitor.t(key), text, link: Some(link) }
}

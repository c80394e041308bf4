//! Credit history as files.
//!
//! Entries never change and are read from the newest that there was when reading began, so entries that are booked
//! meanwhile do not show. Whether an entry still stands is told as of the moment its page was read.

use std::collections::HashMap;

use axum::extract::State;
use axum::response::Response;
use documents::sheet::history::{self, Chosen, Row, Status};
use documents::sheet::{Balances, Cell, Column, Head, Part, Subject, Totals};
use engine::Engine;
use engine::accounts::Located;
use engine::members::Capability;
use ledger::{Amount, Event, Kind, LotKind, LotNo, Transaction};
use store::{EntryFilter, EntryStatus, EntryView};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::files::{self, PAGE_ROWS, Rows};
use super::{Allowance, FileQuery, OF_FILES};
use crate::access::Needs;
use crate::auth::Caller;
use crate::entries::{self, EntryQuery};
use crate::fields::Id;
use crate::problem::Problem;
use crate::request::{Params, PathId};

/// Lots remembered; beyond it all are forgotten and read again.
const KNOWN_LOTS: usize = 10_000;

pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .routes(routes!(xlsx).needs(Capability::BalanceRead))
        .routes(routes!(csv).needs(Capability::BalanceRead))
}

/// Download entries as a workbook
///
/// Excel's format, newest entry first. A first sheet says whose history it is, what was asked for, and how it adds up.
#[utoipa::path(get, path = "/v1/accounts/{id}/entries.xlsx", operation_id = "export_entries_xlsx", tag = "accounts",
    params(("id" = String, Path), EntryQuery, FileQuery),
    responses((status = 200, description = "The workbook", body = Vec<u8>,
        content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))]
async fn xlsx(
    State(engine): State<Engine>,
    caller: Caller,
    PathId(id): PathId,
    params: Params,
) -> Result<Response, Problem> {
    let (entries, head) = asked(&engine, &caller, &id, &params).await?;
    files::xlsx(entries, head).await
}

/// Download entries as CSV
///
/// RFC 4180 in UTF-8 with a byte order mark, newest entry first, amounts with all their digits. A text that a spreadsheet
/// would take for a formula begins with an apostrophe.
#[utoipa::path(get, path = "/v1/accounts/{id}/entries.csv", operation_id = "export_entries_csv", tag = "accounts",
    params(("id" = String, Path), EntryQuery, FileQuery),
    responses((status = 200, description = "The file", body = String, content_type = "text/csv")))]
async fn csv(
    State(engine): State<Engine>,
    caller: Caller,
    PathId(id): PathId,
    params: Params,
) -> Result<Response, Problem> {
    let (entries, head) = asked(&engine, &caller, &id, &params).await?;
    files::csv(entries, head).await
}

async fn asked(engine: &Engine, caller: &Caller, id: &str, params: &Params) -> Result<(Entries, Head), Problem> {
    let account = super::account(engine, caller, id).await?;
    params.only(&[&entries::FILTERS[..], &OF_FILES].concat())?;
    let filter = entries::filter(params)?;
    let EntryFilter { kinds, services, statuses, lot_kinds: sources, .. } = filter.clone();
    let chosen = Chosen { services, kinds, sources, statuses: statuses.into_iter().map(status).collect() };
    let filters = |language| chosen.filters(language);
    let head = super::head(engine, &account, params, Subject::History, filters).await?;
    Ok((Entries::new(engine.clone(), account, filter), head))
}

const fn status(status: EntryStatus) -> Status {
    match status {
        EntryStatus::Posted => Status::Posted,
        EntryStatus::PartlyReversed => Status::PartlyReversed,
        EntryStatus::Reversed => Status::Reversed,
    }
}

/// The entries of an account that pass a filter, newest first.
struct Entries {
    engine: Engine,
    account: Located,
    filter: EntryFilter,
    /// Only entries with a lower number come next.
    before: Option<u64>,
    ended: bool,
    allowance: Allowance,
    lots: HashMap<LotNo, LotKind>,
    tally: Tally,
}

/// An entry with where the credits came from that it moved.
struct Entry {
    id: String,
    view: EntryView,
    sources: Vec<LotKind>,
}

/// What entries add up to, told newest first.
#[derive(Default)]
struct Tally {
    totals: Totals,
    /// The balance after the newest entry, and the part of it that was not in effect then.
    newest: Option<(Amount, Amount)>,
    /// The balance before the oldest entry.
    oldest: Option<Amount>,
}

impl Tally {
    /// Adds the next older entry.
    fn add(&mut self, tx: &Transaction) {
        self.totals.add(tx.kind(), tx.amount());
        self.newest.get_or_insert((tx.balance_after, tx.pending_after));
        self.oldest = Some(tx.balance_after - tx.amount());
    }
}

impl Rows for Entries {
    type Row = Entry;

    fn columns(head: &Head) -> Vec<Column> {
        history::columns(head)
    }

    fn cells<'a>(entry: &'a Entry, head: &Head) -> Vec<Cell<'a>> {
        let tx = &entry.view.transaction;
        let row = Row {
            booked_at: tx.at,
            service: tx.memo.service.as_deref(),
            sources: &entry.sources,
            overdraft: !tx.overdraft.is_zero(),
            kind: tx.kind(),
            description: tx.memo.description.as_deref(),
            reference: tx.memo.reference.as_deref(),
            status: status(entry.view.status()),
            amount: tx.amount(),
            balance: tx.balance_after,
            id: &entry.id,
        };
        row.cells(head)
    }

    async fn begin(&mut self) -> Result<(), Problem> {
        let store = self.engine.store();
        let any = EntryFilter { kinds: Kind::ALL.to_vec(), ..EntryFilter::default() };
        let newest = store.entries(self.account.no, any, None, 1).await?;
        let newest = newest.first().map_or(0, |view| view.transaction.seq);
        self.before = Some(newest + 1);
        // Numbers have no gaps: few accounts are so busy that their entries need to be counted.
        if newest > self.allowance.0 {
            let sums = store.entry_sums(self.account.no, self.filter.clone()).await?;
            let count: u64 = sums.values().map(|sum| sum.count).sum();
            Allowance(self.allowance.0).take(&self.engine, usize::try_from(count).unwrap_or(usize::MAX))?;
        }
        Ok(())
    }

    async fn next(&mut self) -> Result<Vec<Entry>, Problem> {
        if self.ended {
            return Ok(Vec::new());
        }
        let store = self.engine.store();
        let views = store.entries(self.account.no, self.filter.clone(), self.before, PAGE_ROWS).await?;
        self.ended = views.len() < PAGE_ROWS;
        self.before = views.last().map(|view| view.transaction.seq).or(self.before);
        self.allowance.take(&self.engine, views.len())?;
        let mut entries = Vec::with_capacity(views.len());
        for view in views {
            self.tally.add(&view.transaction);
            let sources = self.sources(&view.transaction).await?;
            entries.push(Entry { id: Id::entry(self.account.no, view.transaction.seq).0.to_string(), view, sources });
        }
        Ok(entries)
    }

    async fn summary(&mut self, head: &Head) -> Result<Vec<Part>, Problem> {
        let around = match (self.tally.newest, self.tally.oldest) {
            (Some(newest), Some(oldest)) => Some((newest, oldest)),
            _ => None,
        };
        let balances = balances(&self.engine, &self.account, &self.filter, around, &self.tally.totals).await?;
        Ok(history::summary(head, &self.tally.totals, balances.as_ref()))
    }
}

impl Entries {
    fn new(engine: Engine, account: Located, filter: EntryFilter) -> Entries {
        let allowance = Allowance::new(&engine);
        let (lots, tally) = (HashMap::new(), Tally::default());
        Entries { engine, account, filter, before: None, ended: false, allowance, lots, tally }
    }

    /// Kinds of the lots that a transaction moves, each once. A clawback is about its lot also when nothing was left.
    async fn sources(&mut self, tx: &Transaction) -> Result<Vec<LotKind>, Problem> {
        if self.lots.len() >= KNOWN_LOTS {
            self.lots.clear();
        }
        if let Some(new) = tx.event.new_lot() {
            self.lots.insert(tx.seq, new.kind);
        }
        let clawed_back = match tx.event {
            Event::ClawedBack { lot, .. } | Event::Reinstated { lot, .. } => Some(lot),
            _ => None,
        };
        let mut sources = Vec::new();
        for lot in tx.postings.iter().map(|posting| posting.lot).chain(clawed_back) {
            let kind = self.lot_kind(lot).await?;
            if !sources.contains(&kind) {
                sources.push(kind);
            }
        }
        Ok(sources)
    }

    async fn lot_kind(&mut self, lot: LotNo) -> Result<LotKind, Problem> {
        if let Some(kind) = self.lots.get(&lot) {
            return Ok(*kind);
        }
        // A lot has the number of the entry that granted it.
        let grant = self.engine.store().entry(self.account.no, lot).await?;
        let kind = grant.and_then(|grant| grant.transaction.event.new_lot().map(|new| new.kind));
        let kind = kind.ok_or_else(|| Problem::internal(&format!("lot {lot} of an account has no grant")))?;
        self.lots.insert(lot, kind);
        Ok(kind)
    }
}

/// Balances around entries that nothing but dates filters. `around`: after the newest entry, with the part that was not
/// in effect, and before the oldest one; `None` when there is no entry.
///
/// # Errors
/// 500 when they and the entries do not add up, what the store answers.
pub(super) async fn balances(
    engine: &Engine,
    account: &Located,
    filter: &EntryFilter,
    around: Option<((Amount, Amount), Amount)>,
    totals: &Totals,
) -> Result<Option<Balances>, Problem> {
    let EntryFilter { kinds, services, statuses, lot_kinds, from, to: _ } = filter;
    if !(kinds.is_empty() && services.is_empty() && statuses.is_empty() && lot_kinds.is_empty()) {
        return Ok(None);
    }
    let balances = match (around, *from) {
        (Some(((closing, pending), opening)), _) => Balances { opening, closing, pending },
        (None, Some(from)) => {
            let earlier = EntryFilter { to: Some(from), ..EntryFilter::default() };
            let last = engine.store().entries(account.no, earlier, None, 1).await?;
            let last = last.first().map(|view| (view.transaction.balance_after, view.transaction.pending_after));
            let (balance, pending) = last.unwrap_or_default();
            Balances { opening: balance, closing: balance, pending }
        }
        (None, None) => Balances { opening: Amount::ZERO, closing: Amount::ZERO, pending: Amount::ZERO },
    };
    if !totals.reconcile(&balances) {
        return Err(Problem::internal(&format!("history of account {} does not add up", account.no)));
    }
    Ok(Some(balances))
}

//! Credit history as a table.

use ledger::{Amount, Kind, LotKind, Timestamp};

use super::{Balances, Cell, Column, Head, Part, Totals, list};
use crate::Language;
use crate::messages::text;

/// Whether an entry still stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// As booked.
    Posted,
    /// A part went back.
    PartlyReversed,
    /// All of it went back.
    Reversed,
}

impl Status {
    /// Every status.
    pub const ALL: [Status; 3] = [Status::Posted, Status::PartlyReversed, Status::Reversed];

    /// The end of its message's key, the name in JSON.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Status::Posted => "posted",
            Status::PartlyReversed => "partly_reversed",
            Status::Reversed => "reversed",
        }
    }
}

/// Which entries. Empty lists do not restrict.
#[derive(Clone, Debug, Default)]
pub struct Chosen {
    /// Services.
    pub services: Vec<String>,
    /// Kinds; empty: all that change the balance.
    pub kinds: Vec<Kind>,
    /// Kinds of the lots that were moved.
    pub sources: Vec<LotKind>,
    /// Statuses.
    pub statuses: Vec<Status>,
}

impl Chosen {
    /// What [`Head::filters`] says.
    pub fn filters(&self, language: Language) -> Vec<(String, String)> {
        let kinds = self.kinds.iter().map(|kind| kind_name(language, *kind));
        let sources = self.sources.iter().map(|source| source_name(language, *source));
        let statuses = self.statuses.iter().map(|status| status_name(language, *status));
        vec![
            (text(language, "history-service"), list(language, self.services.iter().cloned())),
            (text(language, "history-type"), list(language, kinds)),
            (text(language, "history-source"), list(language, sources)),
            (text(language, "history-status"), list(language, statuses)),
        ]
    }
}

/// One entry.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    /// When it was booked.
    pub booked_at: Timestamp,
    /// What the credits were spent on.
    pub service: Option<&'a str>,
    /// Where the credits came from that it moved.
    pub sources: &'a [LotKind],
    /// Whether it moved the balance below zero, or repaid that.
    pub overdraft: bool,
    /// What happened.
    pub kind: Kind,
    /// Text for people.
    pub description: Option<&'a str>,
    /// The caller's reference; of a voucher, its masked code.
    pub reference: Option<&'a str>,
    /// Whether it still stands.
    pub status: Status,
    /// What the balance gained.
    pub amount: Amount,
    /// The book balance afterwards, lots that are not in effect yet included.
    pub balance: Amount,
    /// Its identifier.
    pub id: &'a str,
}

/// The columns.
pub fn columns(head: &Head) -> Vec<Column> {
    vec![
        head.time_column("history-date", 23),
        head.column("history-service", 18),
        head.column("history-source", 18),
        head.column("history-type", 22),
        head.column("history-description", 40),
        head.column("history-reference", 24),
        head.column("history-status", 16),
        head.money_column("history-amount", 20),
        head.money_column("history-balance", 20),
        head.column("history-entry", 24),
    ]
}

impl<'a> Row<'a> {
    /// The cells, in the order of the columns.
    pub fn cells(self, head: &Head) -> Vec<Cell<'a>> {
        let language = head.language();
        let sources = self.sources.iter().map(|source| source_name(language, *source));
        let overdraft = self.overdraft.then(|| text(language, "history-source-overdraft"));
        vec![
            Cell::Time(self.booked_at),
            Cell::text(self.service.unwrap_or_default()),
            Cell::text(list(language, sources.chain(overdraft))),
            Cell::text(kind_name(language, self.kind)),
            Cell::text(self.description.unwrap_or_default()),
            Cell::text(self.reference.unwrap_or_default()),
            Cell::text(status_name(language, self.status)),
            Cell::money(head.unit, self.amount),
            Cell::money(head.unit, self.balance),
            Cell::text(self.id),
        ]
    }
}

/// What the entries add up to; `balances` only for a list that dates alone filter.
pub fn summary(head: &Head, totals: &Totals, balances: Option<&Balances>) -> Vec<Part> {
    let word = |key| text(head.language(), key);
    let titles = ["history-type", "sheet-count", "history-in", "history-out", "history-net"].map(word).into();
    let named = totals.by_kind.iter().map(|(kind, movement)| (kind_name(head.language(), *kind), *movement));
    let all = (word("sheet-total"), totals.all());
    let rows = named.chain([all]).map(|(name, movement)| {
        let sums = [movement.in_units, movement.out_units, movement.net_units()];
        let sums = sums.into_iter().map(|units| Cell::Money(head.unit, units));
        [Cell::text(name), Cell::Count(movement.count)].into_iter().chain(sums).collect()
    });
    let mut parts = vec![Part::Table(titles, rows.collect())];
    if let Some(Balances { opening, closing, pending }) = balances {
        let lines = [("history-opening", *opening), ("history-closing", *closing)];
        let pending = (!pending.is_zero()).then_some(("history-pending", *pending));
        let lines = lines.into_iter().chain(pending);
        parts.push(Part::Lines(lines.map(|(key, amount)| (word(key), Cell::money(head.unit, amount))).collect()));
    }
    let reconciled = if balances.is_some() { "history-note-reconciled" } else { "history-note-filtered" };
    parts.push(Part::Notes(vec![word("history-note-order"), word(reconciled)]));
    parts
}

fn kind_name(language: Language, kind: Kind) -> String {
    text(language, &format!("history-kind-{}", kind.name()))
}

fn source_name(language: Language, source: LotKind) -> String {
    text(language, &format!("history-source-{}", source.name()))
}

fn status_name(language: Language, status: Status) -> String {
    text(language, &format!("history-status-{}", status.name()))
}

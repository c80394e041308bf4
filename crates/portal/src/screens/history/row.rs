//! An entry as a line: what happened, what about, how much.

use std::collections::HashMap;

use engine::ids::{IdKind, LocalId};
use ledger::{Event, Kind, LotKind, LotNo, Timestamp, Transaction};
use store::{EntryStatus, EntryView};

use crate::components::{Chip, MoneyText, Tone};
use crate::failure::Failure;
use crate::session::Visitor;

/// An entry is new for so long, in seconds.
const NEW_SECONDS: i64 = 300;

/// An entry as lists show it.
pub struct Line {
    /// Its own page.
    pub href: String,
    /// The day.
    pub date: String,
    /// The time of the day.
    pub time: String,
    /// What happened.
    pub kind: String,
    /// What it was about: a service, a description.
    pub about: String,
    /// Where the credits came from.
    pub source: String,
    /// Whether it still stands, when that is worth a word.
    pub status: Option<Chip>,
    /// What the balance gained.
    pub amount: MoneyText,
    /// The balance afterwards.
    pub balance: MoneyText,
    /// It does not count yet.
    pub is_pending: bool,
    /// It was booked a moment ago.
    pub is_new: bool,
}

/// The public identifier of an entry of the visitor's account.
pub fn entry_id(visitor: &Visitor, seq: u64) -> String {
    LocalId { kind: IdKind::Entry, account_no: visitor.located.no, number: seq }.to_string()
}

/// Whether an entry granted credits that do not count yet.
pub fn is_pending(tx: &Transaction, now: Timestamp) -> bool {
    tx.event.new_lot().and_then(|lot| lot.effective_at).is_some_and(|effective_at| effective_at > now)
}

/// What happened, in a word: a grant is called by where its credits come from.
pub fn kind_text(visitor: &Visitor, tx: &Transaction) -> String {
    match &tx.event {
        Event::Granted(lot) => visitor.t(&format!("history-source-{}", lot.kind.name())),
        _ => visitor.t(&format!("history-kind-{}", tx.kind().name())),
    }
}

/// What it was about, for people.
pub fn about(tx: &Transaction) -> String {
    let memo = &tx.memo;
    // What these describe is the program's own word for what their kind says.
    let own = matches!(tx.kind(), Kind::Clawback | Kind::Reinstatement);
    let description = memo.description.as_deref().filter(|_| !own);
    [memo.service.as_deref(), description].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// A chip for a status that differs from the usual one.
pub fn status_chip(visitor: &Visitor, status: EntryStatus, is_pending: bool) -> Option<Chip> {
    let text = |key: &str| visitor.t(key);
    match status {
        _ if is_pending => Some(Chip { tone: Tone::Accent, text: text("portal-status-pending") }),
        EntryStatus::Posted => None,
        other => Some(Chip { tone: Tone::Plain, text: text(&format!("history-status-{}", other.name())) }),
    }
}

/// Entries as lines, in the order given.
///
/// # Errors
/// What the store answers.
pub async fn lines(visitor: &Visitor, entries: Vec<EntryView>) -> Result<Vec<Line>, Failure> {
    let mut sources = Sources::of(visitor);
    let mut lines = Vec::with_capacity(entries.len());
    for entry in &entries {
        let source = sources.text(&entry.transaction).await?;
        lines.push(line(visitor, entry, source));
    }
    Ok(lines)
}

fn line(visitor: &Visitor, entry: &EntryView, source: String) -> Line {
    let (tx, show, unit) = (&entry.transaction, &visitor.show, visitor.account.unit);
    let is_pending = is_pending(tx, visitor.now);
    Line {
        href: format!("/history/{}", entry_id(visitor, tx.seq)),
        date: show.date(tx.at),
        time: show.time(tx.at),
        kind: kind_text(visitor, tx),
        about: about(tx),
        source,
        status: status_chip(visitor, entry.status(), is_pending),
        amount: show.movement(tx.amount(), unit),
        balance: show.money(tx.balance_after - tx.pending_after, unit),
        is_pending,
        is_new: visitor.now.micros() - tx.at.micros() < NEW_SECONDS * 1_000_000,
    }
}

/// Where credits came from, lot by lot; each lot is read once.
pub struct Sources<'a> {
    visitor: &'a Visitor,
    known: HashMap<LotNo, Option<LotKind>>,
}

impl<'a> Sources<'a> {
    /// Begins with the lots that have something left.
    pub fn of(visitor: &'a Visitor) -> Sources<'a> {
        let open = visitor.standing.view().map(|view| view.account.lots.as_slice()).unwrap_or_default();
        Sources { visitor, known: open.iter().map(|lot| (lot.no, Some(lot.kind))).collect() }
    }

    /// Where the credits came from that a transaction moved, in words.
    pub async fn text(&mut self, tx: &Transaction) -> Result<String, Failure> {
        let mut names: Vec<String> = Vec::new();
        for lot in tx.lots() {
            if let Some(kind) = self.kind(lot).await? {
                let name = self.visitor.t(&format!("history-source-{}", kind.name()));
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        if !tx.overdraft.is_zero() {
            names.push(self.visitor.t("history-source-overdraft"));
        }
        Ok(self.visitor.words.list(&names))
    }

    /// The kind of a lot. It has the number of the entry that granted it.
    pub async fn kind(&mut self, lot: LotNo) -> Result<Option<LotKind>, Failure> {
        if let Some(kind) = self.known.get(&lot) {
            return Ok(*kind);
        }
        let grant = self.visitor.engine().store().entry(self.visitor.located.no, lot).await?;
        let kind = grant.and_then(|grant| grant.transaction.event.new_lot().map(|new| new.kind));
        self.known.insert(lot, kind);
        Ok(kind)
    }
}

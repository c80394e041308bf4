//! What of the history is shown: filters as an address has them.
//!
//! A text that is no filter counts as none: an old link still opens.

use ledger::{Kind, LotKind};
use store::{EntryFilter, EntryStatus};

use crate::form::{self, Fields};
use crate::screens::range::Range;
use crate::session::Visitor;

/// Kinds that can be chosen: those that change a balance.
pub const KINDS: [Kind; 9] = [
    Kind::Grant,
    Kind::Debit,
    Kind::Capture,
    Kind::Reversal,
    Kind::Adjustment,
    Kind::Expiry,
    Kind::Void,
    Kind::Clawback,
    Kind::Reinstatement,
];
/// Balances that can be chosen, in the order of the overview.
pub const SOURCES: [LotKind; 5] =
    [LotKind::TopUp, LotKind::Voucher, LotKind::Subscription, LotKind::Manual, LotKind::Setup];

/// Filters that were understood.
#[derive(Clone, Debug, Default)]
pub struct Query {
    source: Option<LotKind>,
    kind: Option<Kind>,
    status: Option<EntryStatus>,
    service: Option<String>,
    /// Which days.
    pub range: Range,
    /// Entries below this number.
    pub before: Option<u64>,
}

impl Query {
    /// Reads an address.
    pub fn read(visitor: &Visitor, fields: &Fields) -> Query {
        let find = |name| fields.given(name);
        Query {
            source: find("source").and_then(|name| SOURCES.into_iter().find(|kind| kind.name() == name)),
            kind: find("kind").and_then(|name| KINDS.into_iter().find(|kind| kind.name() == name)),
            status: find("status").and_then(|name| EntryStatus::ALL.into_iter().find(|status| status.name() == name)),
            service: find("service").map(str::to_owned),
            range: Range::read(visitor, fields),
            before: find("before").and_then(|text| text.parse().ok()),
        }
    }

    /// Names and texts of the address, without where its page begins.
    fn texts(&self) -> Vec<(&'static str, String)> {
        let own = [
            ("source", self.source.map(|kind| kind.name().to_owned())),
            ("kind", self.kind.map(|kind| kind.name().to_owned())),
            ("service", self.service.clone()),
            ("status", self.status.map(|status| status.name().to_owned())),
        ];
        own.into_iter().chain(self.range.texts()).filter_map(|(name, text)| Some((name, text?))).collect()
    }

    /// A text of the address; empty when there is none.
    pub fn text(&self, name: &str) -> String {
        self.texts().into_iter().find(|(known, _)| *known == name).map(|(_, text)| text).unwrap_or_default()
    }

    /// As the store takes it.
    pub fn filter(&self) -> EntryFilter {
        EntryFilter {
            kinds: self.kind.into_iter().collect(),
            services: self.service.iter().cloned().collect(),
            statuses: self.status.into_iter().collect(),
            lot_kinds: self.source.into_iter().collect(),
            from: self.range.from,
            to: self.range.to,
        }
    }

    /// Whether anything is left out.
    pub fn is_filtered(&self) -> bool {
        !self.texts().is_empty()
    }

    /// Whether payments under way belong at the top: they will be top-ups.
    pub fn shows_pending(&self) -> bool {
        let allowed = [("source", LotKind::TopUp.name()), ("kind", Kind::Grant.name())];
        self.before.is_none() && self.texts().iter().all(|(name, text)| allowed.contains(&(*name, text.as_str())))
    }

    /// The filters in force in words, with the names that they have in the address.
    pub fn parts(&self, visitor: &Visitor) -> Vec<(&'static str, String)> {
        let words = |prefix: &str, name: &str| visitor.t(&format!("{prefix}{name}"));
        let own = [
            ("source", self.source.map(|kind| words("history-source-", kind.name()))),
            ("kind", self.kind.map(|kind| words("history-kind-", kind.name()))),
            ("service", self.service.clone()),
            ("status", self.status.map(|status| words("history-status-", status.name()))),
        ];
        own.into_iter().chain(self.range.parts(visitor)).filter_map(|(name, text)| Some((name, text?))).collect()
    }

    /// The list without one filter, from its newest entry on.
    pub fn without(&self, name: &str) -> String {
        let texts = self.texts();
        form::url(
            "/history",
            texts.iter().filter(|(known, _)| *known != name).map(|(name, text)| (*name, text.as_str())),
        )
    }

    /// The list from below an entry on.
    pub fn at(&self, before: u64) -> String {
        let (texts, before) = (self.texts(), before.to_string());
        let pairs = texts.iter().map(|(name, text)| (*name, text.as_str()));
        form::url("/history", pairs.chain([("before", before.as_str())]))
    }

    /// The file with the same filters.
    pub fn export_url(&self, visitor: &Visitor, ending: &str) -> String {
        let own = [
            ("balance_type", self.source.map(|kind| kind.name().to_owned())),
            ("kind", self.kind.map(|kind| kind.name().to_owned())),
            ("service", self.service.clone()),
            ("status", self.status.map(|status| status.name().to_owned())),
        ];
        super::super::export_url(visitor, "entries", ending, own.into_iter().chain(self.range.instants()))
    }
}

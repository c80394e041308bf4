//! Redeemed vouchers as a table.

use ledger::{Amount, Timestamp};

use super::{Cell, Column, Head, Part, list};
use crate::Language;
use crate::messages::text;

/// What a voucher is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Something is left of it, and counts.
    Valid,
    /// Its time is over.
    Expired,
    /// It was revoked.
    Revoked,
    /// Nothing is left of it.
    Used,
}

impl Status {
    /// Every status.
    pub const ALL: [Status; 4] = [Status::Valid, Status::Expired, Status::Revoked, Status::Used];

    /// The end of its message's key, the name in JSON.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Status::Valid => "valid",
            Status::Expired => "expired",
            Status::Revoked => "revoked",
            Status::Used => "used",
        }
    }
}

/// What [`Head::filters`] says. `search`: a part of the description or the code.
pub fn filters(
    language: Language,
    statuses: &[Status],
    services: &[String],
    search: Option<&str>,
) -> Vec<(String, String)> {
    let statuses = statuses.iter().map(|status| status_name(language, *status));
    vec![
        (text(language, "vouchers-status"), list(language, statuses)),
        (text(language, "vouchers-products"), list(language, services.iter().cloned())),
        (text(language, "vouchers-search"), search.unwrap_or_default().to_owned()),
    ]
}

/// One voucher.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    /// The code, masked.
    pub code: String,
    /// What its campaign says.
    pub description: &'a str,
    /// When it was redeemed.
    pub added_at: Timestamp,
    /// When its credits begin to count.
    pub effective_at: Timestamp,
    /// When its credits stop counting.
    pub expires_at: Timestamp,
    /// What is left.
    pub remaining: Amount,
    /// What it gave.
    pub total: Amount,
    /// Services that it may pay for; empty: all.
    pub services: Vec<&'a str>,
    /// What it is worth.
    pub status: Status,
    /// Its identifier.
    pub id: &'a str,
}

/// The columns.
pub fn columns(head: &Head) -> Vec<Column> {
    vec![
        head.column("vouchers-code", 16),
        head.column("vouchers-description", 40),
        head.time_column("vouchers-added", 23),
        head.column("vouchers-effective", 23),
        head.column("vouchers-expiry", 14),
        head.money_column("vouchers-remaining", 20),
        head.money_column("vouchers-total", 20),
        head.column("vouchers-products", 30),
        head.column("vouchers-status", 14),
        head.column("vouchers-voucher", 38),
    ]
}

impl<'a> Row<'a> {
    /// The cells, in the order of the columns.
    pub fn cells(self, head: &Head) -> Vec<Cell<'a>> {
        let language = head.language();
        let products = match &self.services[..] {
            [] => text(language, "vouchers-every-product"),
            services => list(language, services.iter().map(|service| (*service).to_owned())),
        };
        vec![
            Cell::text(self.code),
            Cell::text(self.description),
            Cell::Time(self.added_at),
            Cell::Time(self.effective_at),
            Cell::LastDay(self.expires_at),
            Cell::money(head.unit, self.remaining),
            Cell::money(head.unit, self.total),
            Cell::text(products),
            Cell::text(status_name(language, self.status)),
            Cell::text(self.id),
        ]
    }
}

/// What vouchers add up to.
#[derive(Clone, Debug, Default)]
pub struct Sums {
    count: u64,
    remaining_units: i128,
    total_units: i128,
}

impl Sums {
    /// Adds a voucher.
    pub fn add(&mut self, row: &Row<'_>) {
        self.count += 1;
        self.remaining_units += i128::from(row.remaining.units());
        self.total_units += i128::from(row.total.units());
    }

    /// For a workbook.
    pub fn summary(&self, head: &Head) -> Vec<Part> {
        let word = |key| text(head.language(), key);
        let [remaining, total] = ["vouchers-remaining", "vouchers-total"].map(|key| head.money_column(key, 0).title);
        let lines = vec![
            (word("sheet-count"), Cell::Count(self.count)),
            (remaining, Cell::Money(head.unit, self.remaining_units)),
            (total, Cell::Money(head.unit, self.total_units)),
        ];
        vec![Part::Lines(lines), Part::Notes(vec![word("vouchers-note-order")])]
    }
}

fn status_name(language: Language, status: Status) -> String {
    text(language, &format!("vouchers-status-{}", status.name()))
}

//! Payment history as a table.

use std::collections::BTreeMap;

use ledger::{Amount, Timestamp, Unit};

use super::{Cell, Column, Head, Part, list};
use crate::Language;
use crate::messages::text;

/// What people are told of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Paid and credited, also when money went back later.
    Success,
    /// Nobody knows yet.
    Pending,
    /// Nothing was charged.
    Failed,
}

impl Status {
    /// Every status.
    pub const ALL: [Status; 3] = [Status::Success, Status::Pending, Status::Failed];

    /// The end of its message's key, the name in JSON.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Status::Success => "success",
            Status::Pending => "pending",
            Status::Failed => "failed",
        }
    }
}

/// What [`Head::filters`] says.
pub fn filters(language: Language, statuses: &[Status], methods: &[String]) -> Vec<(String, String)> {
    let statuses = statuses.iter().map(|status| status_name(language, *status));
    vec![
        (text(language, "payments-status"), list(language, statuses)),
        (text(language, "payments-method"), list(language, methods.iter().cloned())),
    ]
}

/// One payment.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    /// When it began.
    pub created_at: Timestamp,
    /// What is charged in.
    pub currency: Unit,
    /// What was or is to be charged.
    pub paid: Amount,
    /// What was credited, in the account's unit; nothing of a payment that has not succeeded.
    pub received: Option<Amount>,
    /// What refunds and disputes took, of the charge.
    pub returned: Amount,
    /// What it was paid with, masked.
    pub method: &'a str,
    /// What people are told.
    pub status: Status,
    /// Where its documents go.
    pub recipient_email: Option<&'a str>,
    /// The number of its receipt.
    pub receipt_number: Option<&'a str>,
    /// Its identifier.
    pub id: &'a str,
}

/// The columns.
pub fn columns(head: &Head) -> Vec<Column> {
    vec![
        head.time_column("payments-date", 23),
        head.column("payments-paid", 18),
        head.column("payments-currency", 10),
        head.money_column("payments-received", 20),
        head.column("payments-returned", 20),
        head.column("payments-method", 22),
        head.column("payments-status", 12),
        head.column("payments-recipient", 30),
        head.column("payments-receipt", 18),
        head.column("payments-payment", 38),
    ]
}

impl<'a> Row<'a> {
    /// The cells, in the order of the columns.
    pub fn cells(self, head: &Head) -> Vec<Cell<'a>> {
        let received = self.received.map_or(Cell::text(""), |amount| Cell::money(head.unit, amount));
        vec![
            Cell::Time(self.created_at),
            Cell::money(self.currency, self.paid),
            Cell::text(self.currency.code()),
            received,
            Cell::money(self.currency, self.returned),
            Cell::text(self.method),
            Cell::text(status_name(head.language(), self.status)),
            Cell::text(self.recipient_email.unwrap_or_default()),
            Cell::text(self.receipt_number.unwrap_or_default()),
            Cell::text(self.id),
        ]
    }
}

/// What successful payments add up to.
#[derive(Clone, Debug, Default)]
pub struct Sums {
    /// By currency: how many, what was paid, what went back, in ledger units of the currency.
    paid: BTreeMap<Unit, (u64, i128, i128)>,
    /// What was credited, in ledger units of the account's unit.
    received_units: i128,
}

impl Sums {
    /// Adds a payment; one that has not succeeded adds nothing.
    pub fn add(&mut self, row: &Row<'_>) {
        if row.status == Status::Success {
            let (count, paid, returned) = self.paid.entry(row.currency).or_default();
            *count += 1;
            *paid += i128::from(row.paid.units());
            *returned += i128::from(row.returned.units());
            self.received_units += row.received.map_or(0, |amount| amount.units().into());
        }
    }

    /// For a workbook.
    pub fn summary(&self, head: &Head) -> Vec<Part> {
        let word = |key| text(head.language(), key);
        let titles = ["payments-currency", "sheet-count", "payments-paid", "payments-returned"].map(word).into();
        let rows = self.paid.iter().map(|(currency, (count, paid, returned))| {
            let [paid, returned] = [paid, returned].map(|units| Cell::Money(*currency, *units));
            vec![Cell::text(currency.code()), Cell::Count(*count), paid, returned]
        });
        let received = head.money_column("payments-received", 0).title;
        vec![
            Part::Table(titles, rows.collect()),
            Part::Lines(vec![(received, Cell::Money(head.unit, self.received_units))]),
            Part::Notes(vec![word("payments-note-order"), word("payments-note-paid")]),
        ]
    }
}

fn status_name(language: Language, status: Status) -> String {
    text(language, &format!("payments-status-{}", status.name()))
}

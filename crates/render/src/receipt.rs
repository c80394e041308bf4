//! Receipts as PDF.
//!
//! What is stored is drawn as it was said; only the mark of a copy, and a note when money went back since, are added.

use documents::Locale;
use documents::format::{MoneyFormat, UnknownZone};
use documents::receipt::{self as page, ReceiptLine, render_pdf};
use engine::receipts::{Receipt, Snapshot, TaxLine};
use engine::settings::{Language, Settings};
use engine::topups::Payment;
use ledger::{Amount, Unit};
use thiserror::Error;

use crate::language;

/// A PDF file.
#[derive(Clone, PartialEq, Eq)]
pub struct Pdf {
    /// What to call it: letters, digits, `-`, `_` and `.` only.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// Why there is no PDF: a defect, not a fault of the caller.
#[derive(Debug, Error)]
pub enum RenderError {
    /// An amount that no account can hold.
    #[error("a receipt is about more than an account can hold")]
    TooMuch,
    /// The receipt's zone is not known.
    #[error(transparent)]
    Zone(#[from] UnknownZone),
    /// It cannot be drawn.
    #[error(transparent)]
    Drawing(#[from] page::RenderError),
    /// The thread that drew it ended.
    #[error("the drawing of a receipt did not end: {0}")]
    Lost(#[from] tokio::task::JoinError),
}

/// The receipt of a payment as PDF. `copy`: it is handed out once more, and says so.
///
/// # Errors
/// What keeps it from being drawn.
pub async fn receipt_pdf(
    settings: &Settings,
    payment: &Payment,
    receipt: Receipt,
    copy: bool,
) -> Result<Pdf, RenderError> {
    // Numbers hold letters, digits, - and _ only, so the name needs no quoting.
    let name = format!("receipt-{}{}.pdf", receipt.snapshot.number, if copy { "-copy" } else { "" });
    let drawn = drawing(receipt.snapshot, copy, refund_note(settings, payment)?)?;
    let bytes = tokio::task::spawn_blocking(move || render_pdf(&drawn)).await??;
    Ok(Pdf { name, bytes })
}

fn coins(currency: Unit, minor: i64) -> Result<Amount, RenderError> {
    currency.from_minor(minor).ok_or(RenderError::TooMuch)
}

/// What is added to the notes when money went back since.
fn refund_note(settings: &Settings, payment: &Payment) -> Result<Option<String>, RenderError> {
    let (texts, said_in) = (&settings.receipts.refund_note, payment.details.language);
    let text = texts.get(&said_in).or_else(|| texts.get(&Language::En)).filter(|_| payment.refunded_minor > 0);
    let Some(text) = text else { return Ok(None) };
    let unit = payment.price.currency;
    let money = documents::Money { unit, amount: coins(unit, payment.refunded_minor)? };
    Ok(Some(text.replace("{amount}", &language(said_in).money(money, MoneyFormat::CODE))))
}

/// The page of a snapshot.
fn drawing(said: Snapshot, copy: bool, refund_note: Option<String>) -> Result<page::Receipt, RenderError> {
    let amount = |minor| coins(said.currency, minor);
    let total = amount(said.price_minor)?;
    // The day of the sale, which an invoice must show, may be another one than that of issue.
    let paid_on = Locale::new(language(said.language), &said.zone)?.formal_date(said.paid_at);
    let description = format!("{} ({paid_on})", said.description);
    let tax = |tax: TaxLine| {
        let (base, tax_amount) = (amount(tax.base_minor)?, amount(tax.tax_minor)?);
        Ok(page::TaxLine { name: tax.name, rate_percent: tax.percent, base, amount: tax_amount })
    };
    Ok(page::Receipt {
        number: said.number,
        issued_at: said.issued_at,
        copy,
        language: language(said.language),
        zone: said.zone,
        seller: page::Seller {
            name: said.seller.name,
            address: said.seller.address,
            registration_number: said.seller.registration_number,
            tax_code: said.seller.tax_code,
            contact: said.seller.contact,
        },
        buyer: page::Buyer {
            addressee: said.buyer.name,
            address: said.buyer.address,
            tax_code: said.buyer.tax_code,
            // The page would say that it was sent there, and it may be drawn before that.
            email: None,
        },
        method: said.method,
        references: said.references,
        lines: vec![ReceiptLine { description, quantity: 1, amount: total }],
        taxes: said.taxes.into_iter().map(tax).collect::<Result<_, RenderError>>()?,
        total: documents::Money { unit: said.currency, amount: total },
        credits: Some(page::Credits {
            money: documents::Money { unit: said.unit, amount: said.credit },
            expires_at: said.credit_expires_at,
        }),
        rate: said.rate.map(|dated| page::ExchangeRate {
            from: dated.rate.base,
            to: dated.rate.quote,
            rate: dated.rate.rate.to_string(),
            source: dated.source,
            quoted_at: dated.dated_at,
        }),
        notes: said.notes.into_iter().chain(refund_note).collect(),
    })
}

//! The receipt of a payment: a snapshot, and its PDF.
//!
//! A [`Receipt`] holds everything that the page says, as it was when it was issued, so that it can be stored as JSON and
//! drawn again years later; a re-issue differs by its `copy` mark only. The same snapshot gives the same bytes.
//! What it must say comes from the law of the seller's country: addressee and T-number for Japan, tax code and amount
//! in words for Vietnam, the expiry of prepaid credits for Japan.
//!
//! Deliberately absent: what is true (nothing is added up or checked here), tax rules, numbering, sending.

mod page;

use std::fmt;

use ledger::{Amount, Timestamp, Unit};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::format::{Language, Locale, Money, UnknownZone};
use crate::pdf::{About, write};

/// A receipt as it was issued. Its `Debug` form shows the number only: it holds personal data.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// Its number, unique with the seller.
    pub number: String,
    /// When it was issued; the day shown is the one in `zone`.
    pub issued_at: Timestamp,
    /// Whether it was issued before: marks it COPY / 写し / Bản sao.
    pub copy: bool,
    /// The language of the page.
    pub language: Language,
    /// The IANA name of the account's time zone.
    pub zone: String,
    /// Who received the payment.
    pub seller: Seller,
    /// Who paid.
    pub buyer: Buyer,
    /// The masked payment method, such as `Visa •••• 4242`.
    pub method: String,
    /// Our id and the gateway's, in the order to show them.
    pub references: Vec<String>,
    /// What was paid for.
    pub lines: Vec<ReceiptLine>,
    /// The taxes that `total` includes; none when the sale carries none.
    pub taxes: Vec<TaxLine>,
    /// What was paid, in the currency that was charged. Amounts of lines and taxes are in its unit.
    pub total: Money,
    /// What was credited for it.
    pub credits: Option<Credits>,
    /// The rate, when the currency charged is not the account's.
    pub rate: Option<ExchangeRate>,
    /// Whatever the operator must say; each a paragraph.
    pub notes: Vec<String>,
}

/// Who received the payment.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Seller {
    /// The legal name.
    pub name: String,
    /// The address in the order of its country.
    pub address: Vec<String>,
    /// The Japanese invoice registration number, `T` and 13 digits.
    pub registration_number: Option<String>,
    /// The tax code of other countries.
    pub tax_code: Option<String>,
    /// How to reach the seller about this receipt.
    pub contact: Option<String>,
}

/// Who paid.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Buyer {
    /// The addressee (宛名). In Japanese 様 is added unless it ends with 様 or 御中.
    pub addressee: String,
    /// The address in the order of its country.
    pub address: Vec<String>,
    /// The buyer's tax code.
    pub tax_code: Option<String>,
    /// Where the receipt was sent.
    pub email: Option<String>,
}

/// One thing paid for.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct ReceiptLine {
    /// What it is, in the language of the receipt.
    pub description: String,
    /// How many.
    pub quantity: u64,
    /// For all of them together, taxes included, in the unit of the total.
    pub amount: Amount,
}

/// One tax at one rate, included in the total.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct TaxLine {
    /// Its name, such as `VAT`, `消費税`, `Thuế GTGT`.
    pub name: String,
    /// Its rate in percent, a plain decimal such as `10` or `8.3`.
    pub rate_percent: String,
    /// What it is of, the tax not included.
    pub base: Amount,
    /// The tax.
    pub amount: Amount,
}

/// What was credited.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Credits {
    /// How much.
    pub money: Money,
    /// When it stops counting; the day shown is the last one before. `None` when it never does.
    pub expires_at: Option<Timestamp>,
}

/// The rate of a payment in another currency.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct ExchangeRate {
    /// One of this …
    pub from: Unit,
    /// … is so many …
    pub to: Unit,
    /// … a plain decimal.
    pub rate: String,
    /// Who says so.
    pub source: String,
    /// Since when.
    pub quoted_at: Timestamp,
}

/// Why there is no PDF.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RenderError {
    /// The receipt's zone is not known.
    #[error(transparent)]
    UnknownZone(#[from] UnknownZone),
    /// The PDF library refused the pages: a defect here.
    #[error("receipt {0:?} could not be drawn: report it with its number")]
    Drawing(String),
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receipt").field("number", &self.number).finish_non_exhaustive()
    }
}

/// The receipt as a PDF of A4 pages.
pub fn render_pdf(receipt: &Receipt) -> Result<Vec<u8>, RenderError> {
    let locale = Locale::new(receipt.language, &receipt.zone)?;
    let about = About {
        title: page::title(receipt),
        author: receipt.seller.name.clone(),
        language: receipt.language,
        created: locale.zoned(receipt.issued_at),
    };
    write(&page::compose(receipt, &locale), about).ok_or_else(|| RenderError::Drawing(receipt.number.clone()))
}

//! What a receipt says, as it was when it was issued.
//!
//! Kept as JSON beside its number and drawn again years later; new fields must have a default. Amounts of money are whole
//! coins of the currency that was charged. Personal data: no `Debug` shows more than the number.

use std::fmt;

use jiff::tz::TimeZone;
use ledger::{Amount, Timestamp, Unit};
use serde::{Deserialize, Serialize};

use super::issue::on_calendar;
use super::{parties, tax};
use crate::Engine;
use crate::accounts::AccountRecord;
use crate::billing::{Country, DatedRate};
use crate::settings::{Language, Seller, TaxPoint, in_language};
use crate::topups::Payment;

/// What a receipt says.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Its number as people read it, such as `R-2026-000124`.
    pub number: String,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When the payment brought its credits.
    pub paid_at: Timestamp,
    /// The language of its texts.
    pub language: Language,
    /// The IANA name of the zone in which its dates are shown.
    pub zone: String,
    /// Who sold.
    pub seller: Issuer,
    /// Who paid.
    pub buyer: Buyer,
    /// What was paid with, masked.
    pub method: String,
    /// Our id of the payment and the gateway's.
    pub references: Vec<String>,
    /// What was bought.
    pub description: String,
    /// What was charged, taxes included, in whole coins.
    pub price_minor: i64,
    /// What it was charged in.
    pub currency: Unit,
    /// When the tax arises.
    pub tax_point: TaxPoint,
    /// The taxes that the price includes.
    pub taxes: Vec<TaxLine>,
    /// What was credited.
    pub credit: Amount,
    /// What the account counts in.
    pub unit: Unit,
    /// When the credits stop counting; `None` when they never do.
    pub credit_expires_at: Option<Timestamp>,
    /// The exchange rate, when the currency charged is not the account's unit.
    pub rate: Option<DatedRate>,
    /// Whatever the operator must say; each a paragraph.
    pub notes: Vec<String>,
}

/// Who sold.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Issuer {
    /// The legal name.
    pub name: String,
    /// The address in lines.
    pub address: Vec<String>,
    /// The Japanese invoice registration number.
    pub registration_number: Option<String>,
    /// The tax code of other countries.
    pub tax_code: Option<String>,
    /// How to reach the seller.
    pub contact: Option<String>,
}

/// Who paid.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Buyer {
    /// The addressee: of the billing profile, or the account's name.
    pub name: String,
    /// The address in lines.
    pub address: Vec<String>,
    /// Where the buyer is, when it is known.
    pub country: Option<Country>,
    /// The buyer's tax code.
    pub tax_code: Option<String>,
    /// Where documents go.
    pub email: Option<String>,
}

/// A tax at one rate, included in the price.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaxLine {
    /// What it is called.
    pub name: String,
    /// Its rate, a plain decimal.
    pub percent: String,
    /// What it is of, in whole coins.
    pub base_minor: i64,
    /// How much, in whole coins.
    pub tax_minor: i64,
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").field("number", &self.number).finish_non_exhaustive()
    }
}

/// What the receipt of a credited payment says, issued now. `books`: the zone of the seller's.
pub(super) fn snapshot(
    engine: &Engine,
    payment: &Payment,
    account: &AccountRecord,
    (seller, books): (&Seller, &TimeZone),
    number: String,
    now: Timestamp,
) -> Snapshot {
    let settings = &engine.settings().receipts;
    let details = &payment.details;
    let billed_in = details.billing.as_ref().map(|billing| billing.profile.country);
    let country = billed_in.or_else(|| only_country(engine, &account.site));
    let paid_at = payment.paid_at.unwrap_or(payment.updated_at);
    let day = on_calendar(paid_at).to_zoned(books.clone()).date();
    let (language, price) = (details.language, payment.price);
    let taxation = settings.tax(country);
    let gateway_id = payment.money_id.as_ref().or(payment.object_id.as_ref());
    Snapshot {
        number,
        issued_at: now,
        paid_at,
        language,
        zone: parties::zone_of(country).unwrap_or(&seller.zone).to_owned(),
        seller: Issuer::of(seller),
        buyer: Buyer::of(payment, account, country),
        method: parties::paid_with(&payment.gateway, details.instrument.as_ref()),
        references: [&payment.id].into_iter().chain(gateway_id).cloned().collect(),
        description: in_language(&settings.description, language).cloned().unwrap_or_default(),
        price_minor: price.amount_minor,
        currency: price.currency,
        tax_point: taxation.map(|tax| tax.tax_point).unwrap_or_default(),
        taxes: tax::lines(taxation, price.amount_minor, day, language),
        credit: payment.credit,
        unit: account.unit,
        // As the lot's, which was granted at the same instant.
        credit_expires_at: engine.settings().sites.get(&account.site).and_then(|site| site.topup_expires_at(paid_at)),
        rate: details.rate.clone().filter(|_| price.currency != account.unit),
        notes: settings.notes(country, language).to_vec(),
    }
}

/// The country of a site that has one.
fn only_country(engine: &Engine, site: &str) -> Option<Country> {
    match engine.settings().sites.get(site)?.countries.as_slice() {
        [only] => Country::parse(only),
        _ => None,
    }
}

impl Issuer {
    fn of(seller: &Seller) -> Issuer {
        let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        Issuer {
            name: seller.name.clone(),
            address: seller.address.clone(),
            registration_number: given(&seller.registration_number),
            tax_code: given(&seller.tax_code),
            contact: given(&seller.contact),
        }
    }
}

impl Buyer {
    fn of(payment: &Payment, account: &AccountRecord, country: Option<Country>) -> Buyer {
        match &payment.details.billing {
            Some(billing) => Buyer {
                name: billing.profile.name.clone(),
                address: parties::address(billing),
                country,
                tax_code: billing.profile.tax_code.as_ref().map(|code| code.number.clone()),
                email: Some(billing.profile.recipient_email.clone()),
            },
            None => Buyer {
                name: account.name.clone(),
                address: Vec::new(),
                country,
                tax_code: None,
                email: account.email.clone(),
            },
        }
    }
}

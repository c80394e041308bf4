//! Receipts of payments, as data and as PDF.
//!
//! An operator and the account's own key with `topup:write` see them. Cost of a PDF: some milliseconds of one core, apart
//! from the threads that serve.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use engine::Engine;
use engine::members::Capability;
use engine::receipts::{self, Receipt, Snapshot};
use engine::topups::{self, Payment};
use ledger::{Amount, Unit};
use render::{Pdf, receipt_pdf};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Needs;
use crate::auth::Caller;
use crate::fields::{Money, Time};
use crate::problem::Problem;
use crate::reply;
use crate::request::{Params, PathId};

pub fn routes() -> OpenApiRouter<Engine> {
    OpenApiRouter::new()
        .routes(routes!(get).needs(Capability::TopupRead))
        .routes(routes!(pdf).needs(Capability::TopupRead))
}

/// The receipt of a payment, as it was when it was issued.
#[derive(Serialize, ToSchema)]
struct ReceiptAnswer {
    /// Its identifier.
    #[schema(example = "rcp_0199c0c2f7c27d6fb2b0c1d2e3f40516")]
    id: String,
    /// Its number; numbers of a series have no gaps.
    #[schema(example = "R-2026-000124")]
    number: String,
    /// The payment.
    payment: String,
    /// Whose.
    account: String,
    /// When it was issued.
    issued_at: Time,
    /// When the payment brought its credits.
    paid_at: Time,
    /// How often it was issued again.
    copies: i64,
    /// The language of its texts: `en`, `ja` or `vi`.
    #[schema(example = "vi")]
    language: &'static str,
    /// The time zone in which its dates are shown.
    #[schema(example = "Asia/Ho_Chi_Minh")]
    zone: String,
    /// Who sold.
    seller: ReceiptSeller,
    /// Who paid.
    buyer: ReceiptBuyer,
    /// What was paid with, masked.
    #[schema(example = "Visa •••• 4242")]
    method: String,
    /// Our id of the payment and the gateway's.
    references: Vec<String>,
    /// What was bought.
    description: String,
    /// What was charged, taxes included, in `currency`.
    amount: Money,
    /// What was charged in.
    #[schema(example = "USD")]
    currency: &'static str,
    /// What went back since, in `currency`.
    refunded: Money,
    /// When the tax arises: `top_up` or `usage`.
    #[schema(example = "top_up")]
    tax_point: &'static str,
    /// The taxes that the amount includes.
    taxes: Vec<ReceiptTax>,
    /// What was credited, in `unit`.
    credits: Money,
    /// What the account counts in.
    #[schema(example = "VND")]
    unit: &'static str,
    /// When the credits stop counting; null when they never do.
    #[schema(value_type = Option<Time>)]
    credits_expire_at: Option<Time>,
    /// The exchange rate; null when the charge is the amount itself or the price of a pack.
    rate: Option<ReceiptRate>,
    /// Whatever the seller must say.
    notes: Vec<String>,
}

/// Who sold.
#[derive(Serialize, ToSchema)]
struct ReceiptSeller {
    /// The legal name.
    name: String,
    /// The address in lines.
    address: Vec<String>,
    /// The Japanese invoice registration number.
    registration_number: Option<String>,
    /// The tax code of other countries.
    tax_code: Option<String>,
    /// How to reach the seller.
    contact: Option<String>,
}

/// Who paid.
#[derive(Serialize, ToSchema)]
struct ReceiptBuyer {
    /// The addressee.
    name: String,
    /// The address in lines.
    address: Vec<String>,
    /// ISO 3166 code, when it is known.
    country: Option<&'static str>,
    /// The buyer's tax code.
    tax_code: Option<String>,
    /// Where documents go.
    email: Option<String>,
}

/// A tax at one rate, included in the amount.
#[derive(Serialize, ToSchema)]
struct ReceiptTax {
    /// What it is called.
    #[schema(example = "VAT")]
    name: String,
    /// Its rate in percent.
    #[schema(example = "8")]
    percent: String,
    /// What it is of.
    base: Money,
    /// How much.
    amount: Money,
}

/// The exchange rate of a payment.
#[derive(Serialize, ToSchema)]
struct ReceiptRate {
    /// One of this …
    base: &'static str,
    /// … is so many of this.
    quote: &'static str,
    /// How many.
    #[schema(example = "25400.5")]
    rate: String,
    /// The instant it is of.
    dated_at: Time,
    /// Who publishes it.
    source: String,
}

impl ReceiptAnswer {
    fn of(receipt: Receipt, payment: &Payment) -> Result<ReceiptAnswer, Problem> {
        let Snapshot { seller, buyer, currency, unit, .. } = receipt.snapshot.clone();
        let said = receipt.snapshot;
        let money = |minor| Ok::<_, Problem>(Money { unit: currency, amount: coins(currency, minor)? });
        let tax = |tax: receipts::TaxLine| {
            let (base, amount) = (money(tax.base_minor)?, money(tax.tax_minor)?);
            Ok(ReceiptTax { name: tax.name, percent: tax.percent, base, amount })
        };
        Ok(ReceiptAnswer {
            id: receipt.id,
            number: said.number,
            payment: receipt.payment_id,
            account: receipt.account_id,
            issued_at: Time(said.issued_at),
            paid_at: Time(said.paid_at),
            copies: receipt.copies,
            language: said.language.code(),
            zone: said.zone,
            seller: ReceiptSeller {
                name: seller.name,
                address: seller.address,
                registration_number: seller.registration_number,
                tax_code: seller.tax_code,
                contact: seller.contact,
            },
            buyer: ReceiptBuyer {
                name: buyer.name,
                address: buyer.address,
                country: buyer.country.map(|country| country.code()),
                tax_code: buyer.tax_code,
                email: buyer.email,
            },
            method: said.method,
            references: said.references,
            description: said.description,
            amount: money(said.price_minor)?,
            currency: currency.code(),
            refunded: money(payment.refunded_minor)?,
            tax_point: said.tax_point.name(),
            taxes: said.taxes.into_iter().map(tax).collect::<Result<_, Problem>>()?,
            credits: Money { unit, amount: said.credit },
            unit: unit.code(),
            credits_expire_at: said.credit_expires_at.map(Time),
            rate: said.rate.map(|dated| ReceiptRate {
                base: dated.rate.base.code(),
                quote: dated.rate.quote.code(),
                rate: dated.rate.rate.to_string(),
                dated_at: Time(dated.dated_at),
                source: dated.source,
            }),
            notes: said.notes,
        })
    }
}

fn coins(currency: Unit, minor: i64) -> Result<Amount, Problem> {
    currency.from_minor(minor).ok_or_else(|| Problem::internal("a receipt is about more than an account can hold"))
}

/// Get the receipt of a payment
///
/// What the receipt says, as it was when it was issued: later changes of names or settings do not touch it.
#[utoipa::path(get, path = "/v1/payments/{id}/receipt", operation_id = "get_receipt", tag = "payments",
    params(("id" = String, Path)),
    responses((status = 200, body = ReceiptAnswer, description = "The receipt"),
        (status = 404, description = "No such payment, or it brought no credits, or no seller is set",
            body = crate::problem::ProblemBody, content_type = "application/problem+json")))]
async fn get(
    State(engine): State<Engine>,
    caller: Caller,
    PathId(id): PathId,
    params: Params,
) -> Result<Response, Problem> {
    params.only(&[])?;
    let payment = own(&engine, &caller, &id).await?;
    let receipt = receipts::receipt(&engine, &payment).await?;
    reply::json(StatusCode::OK, &ReceiptAnswer::of(receipt, &payment)?)
}

/// Get the receipt of a payment as PDF
///
/// In the payer's language. With `copy=true` it is issued once more: under the same number, marked as a copy, and counted.
#[utoipa::path(get, path = "/v1/payments/{id}/receipt.pdf", operation_id = "get_receipt_pdf", tag = "payments",
    params(("id" = String, Path), ("copy" = Option<bool>, Query, description = "Mark it as a copy, and count it.")),
    responses((status = 200, description = "The receipt", body = Vec<u8>, content_type = "application/pdf"),
        (status = 404, description = "No such payment, or it brought no credits, or no seller is set",
            body = crate::problem::ProblemBody, content_type = "application/problem+json")))]
async fn pdf(
    State(engine): State<Engine>,
    caller: Caller,
    PathId(id): PathId,
    params: Params,
) -> Result<Response, Problem> {
    params.only(&["copy"])?;
    let copy = match params.one("copy")? {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Problem::field("copy", "must be true or false")),
    };
    let payment = own(&engine, &caller, &id).await?;
    let receipt = match copy {
        true => receipts::reissue(&engine, &payment).await?,
        false => receipts::receipt(&engine, &payment).await?,
    };
    let pdf = receipt_pdf(engine.settings(), &payment, receipt, copy).await;
    let Pdf { name, bytes } = pdf.map_err(|error| Problem::internal(&error.to_string()))?;
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"{name}\""));
    let disposition = disposition.map_err(|error| Problem::internal(&error.to_string()))?;
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/pdf"));
    headers.insert(header::CONTENT_DISPOSITION, disposition);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    Ok(response)
}

async fn own(engine: &Engine, caller: &Caller, id: &str) -> Result<Payment, Problem> {
    let payment = topups::payment(engine, id).await?;
    caller.owns(&payment.account_id, "payment")?;
    Ok(payment)
}

//! The receipt of a payment, as PDF.
//!
//! The first one is the receipt itself, issued now when nobody did yet. Handed out once more on request it is marked as a
//! copy and counted, which is a change and so a form.

use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use engine::members::Capability;
use engine::receipts::{self, Receipt};
use engine::topups::Payment;

use crate::failure::Failure;
use crate::form::Posted;
use crate::session::Visitor;

/// `GET /payments/{id}/receipt`.
pub async fn original(visitor: Visitor, Path(id): Path<String>) -> Result<Response, Failure> {
    visitor.must(Capability::BillingRead)?;
    let payment = super::own(&visitor, &id).await?;
    let receipt = receipts::receipt(visitor.engine(), &payment).await?;
    pdf(&visitor, &payment, receipt, false).await
}

/// `POST /payments/{id}/receipt`: once more, as a copy.
pub async fn copy(Path(id): Path<String>, posted: Posted<Visitor>) -> Result<Response, Failure> {
    let visitor = posted.by;
    visitor.must(Capability::BillingRead)?;
    let payment = super::own(&visitor, &id).await?;
    let receipt = receipts::reissue(visitor.engine(), &payment).await?;
    pdf(&visitor, &payment, receipt, true).await
}

async fn pdf(visitor: &Visitor, payment: &Payment, receipt: Receipt, copy: bool) -> Result<Response, Failure> {
    let drawn = render::receipt_pdf(visitor.engine().settings(), payment, receipt, copy).await;
    let pdf = drawn.map_err(|error| Failure::Internal(error.to_string()))?;
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"{}\"", pdf.name));
    let disposition = disposition.map_err(|error| Failure::Internal(error.to_string()))?;
    let mut response = Response::new(Body::from(pdf.bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/pdf"));
    headers.insert(header::CONTENT_DISPOSITION, disposition);
    Ok(response)
}

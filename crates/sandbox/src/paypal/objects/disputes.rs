//! Disputes: opened, moved and resolved by control calls; looked up, and given in to, by the API.
//!
//! A dispute that the buyer wins takes its amount from the capture. The reversal that PayPal may tell of besides
//! (`PAYMENT.CAPTURE.REVERSED`) is a control call of its own.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::captures::{self, CaptureStatus};
use super::order_request;
use crate::paypal::currency::Money;
use crate::paypal::error::ApiError;
use crate::paypal::request::{Call, Done};
use crate::paypal::store::{Store, link, time_text};

const REASONS: &str = "MERCHANDISE_OR_SERVICE_NOT_RECEIVED MERCHANDISE_OR_SERVICE_NOT_AS_DESCRIBED UNAUTHORISED \
    CREDIT_NOT_PROCESSED DUPLICATE_TRANSACTION INCORRECT_AMOUNT PAYMENT_BY_OTHER_MEANS CANCELED_RECURRING_BILLING \
    PROBLEM_WITH_REMITTANCE OTHER";
const STAGES: &str = "INQUIRY CHARGEBACK PRE_ARBITRATION ARBITRATION";
const STATUSES: &str = "OPEN WAITING_FOR_BUYER_RESPONSE WAITING_FOR_SELLER_RESPONSE UNDER_REVIEW OTHER";
const OUTCOMES: &str = "RESOLVED_BUYER_FAVOUR RESOLVED_SELLER_FAVOUR RESOLVED_WITH_PAYOUT CANCELED_BY_BUYER ACCEPTED \
    DENIED NONE";

/// How long the seller has to answer, in seconds.
const RESPONSE_S: i64 = 10 * 86_400;

/// A dispute to be opened.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewDispute {
    /// In the smallest unit; what is left of the capture when left out.
    pub amount_minor: Option<i64>,
    /// `UNAUTHORISED`, `MERCHANDISE_OR_SERVICE_NOT_RECEIVED`, …
    pub reason: String,
    /// `INQUIRY` or `CHARGEBACK`; later stages are reached by an update.
    pub stage: String,
}

impl Default for NewDispute {
    fn default() -> Self {
        Self { amount_minor: None, reason: "UNAUTHORISED".to_owned(), stage: "CHARGEBACK".to_owned() }
    }
}

/// A dispute.
#[derive(Debug, Clone)]
pub(crate) struct Dispute {
    pub id: String,
    pub capture_id: String,
    pub money: Money,
    pub reason: String,
    pub status: String,
    pub stage: String,
    /// Once it is resolved.
    pub outcome: Option<String>,
    pub created_s: i64,
    pub updated_s: i64,
}

/// `GET /v1/customer/disputes`, newest first, with `disputed_transaction_id`, `dispute_state` and `start_time`.
pub(crate) fn list(store: &mut Store, call: &Call) -> Result<Done, ApiError> {
    let number = |name: &str, default: usize| match call.query.get(name) {
        None => Ok(default),
        Some(text) => text.parse().map_err(|_| syntax(name, text)),
    };
    let (size, start) = (number("page_size", 10)?.clamp(1, 50), number("next_page_token", 0)?);
    let same =
        |name: &str, value: &str| call.query.get(name).is_none_or(|wanted| wanted.split(',').any(|one| one == value));
    let begun =
        |dispute: &Dispute| call.query.get("start_time").is_none_or(|from| *from <= time_text(dispute.created_s));
    let found: Vec<Value> = store
        .disputes
        .iter()
        .rev()
        .filter(|dispute| same("disputed_transaction_id", &dispute.capture_id) && begun(dispute))
        .filter(|dispute| same("dispute_state", dispute.state()))
        .map(|dispute| dispute.show_brief(&store.url))
        .collect();
    let api = format!("{}/v1/customer/disputes", store.url);
    let mut links = vec![link(api.clone(), "self", "GET")];
    if start + size < found.len() {
        let next = format!("{api}?page_size={size}&next_page_token={}", start + size);
        links.push(link(next, "next", "GET"));
    }
    let items: Vec<Value> = found.into_iter().skip(start).take(size).collect();
    Ok(Done::ok(json!({ "items": items, "links": links })))
}

/// `GET /v1/customer/disputes/{id}`.
pub(crate) fn retrieve(store: &mut Store, call: &Call) -> Result<Done, ApiError> {
    let dispute = named(store, &call.id)?;
    Ok(Done::ok(dispute.show(store)))
}

/// `POST /v1/customer/disputes/{id}/accept-claim`.
pub(crate) fn accept(store: &mut Store, call: &Call) -> Result<Done, ApiError> {
    resolve(store, &call.id, "ACCEPTED")?;
    let own = link(format!("{}/v1/customer/disputes/{}", store.url, call.id), "self", "GET");
    Ok(Done::ok(json!({ "links": [own] })))
}

/// Opens a dispute: `CUSTOMER.DISPUTE.CREATED`.
///
/// # Errors
/// 404; 422 for a capture that took no money or less; 400 for words that PayPal does not have.
pub(crate) fn open(store: &mut Store, capture_id: &str, new: &NewDispute) -> Result<Value, ApiError> {
    one_of("reason", &new.reason, REASONS)?;
    one_of("stage", &new.stage, STAGES)?;
    let capture = captures::named(store, capture_id)?;
    let amount_minor = new.amount_minor.unwrap_or(capture.left_minor());
    let paid = matches!(capture.status, CaptureStatus::Completed | CaptureStatus::PartiallyRefunded);
    if !paid || amount_minor < 1 || amount_minor > capture.left_minor() {
        return Err(ApiError::issue("NOT_DISPUTABLE", "Only what a capture took and still has can be disputed."));
    }
    let now_s = store.now();
    let dispute = Dispute {
        id: format!("PP-R-{}-{}", store.letters(3), store.letters(8)),
        capture_id: capture_id.to_owned(),
        money: capture.money.with(amount_minor),
        reason: new.reason.clone(),
        status: if new.stage == "INQUIRY" { "OPEN" } else { "WAITING_FOR_SELLER_RESPONSE" }.to_owned(),
        stage: new.stage.clone(),
        outcome: None,
        created_s: now_s,
        updated_s: now_s,
    };
    Ok(tell(store, dispute, "CUSTOMER.DISPUTE.CREATED"))
}

/// Moves an open dispute: `CUSTOMER.DISPUTE.UPDATED`.
///
/// # Errors
/// 404; 422 for a resolved dispute; 400 for words that PayPal does not have.
pub(crate) fn update(
    store: &mut Store,
    id: &str,
    status: Option<&str>,
    stage: Option<&str>,
) -> Result<Value, ApiError> {
    let mut dispute = unresolved(store, id)?;
    if let Some(status) = status {
        one_of("status", status, STATUSES)?;
        dispute.status = status.to_owned();
    }
    if let Some(stage) = stage {
        one_of("stage", stage, STAGES)?;
        dispute.stage = stage.to_owned();
    }
    dispute.updated_s = store.now();
    Ok(tell(store, dispute, "CUSTOMER.DISPUTE.UPDATED"))
}

/// Ends a dispute: `CUSTOMER.DISPUTE.RESOLVED`. What the buyer wins is taken from the capture.
///
/// # Errors
/// As [`update`]; 422 when less than the amount is left of the capture.
pub(crate) fn resolve(store: &mut Store, id: &str, outcome: &str) -> Result<Value, ApiError> {
    one_of("outcome", outcome, OUTCOMES)?;
    let mut dispute = unresolved(store, id)?;
    dispute.outcome = Some(outcome.to_owned());
    dispute.status = "RESOLVED".to_owned();
    dispute.updated_s = store.now();
    if dispute.has_taken_money() {
        let mut capture = captures::named(store, &dispute.capture_id)?;
        if dispute.money.minor > capture.left_minor() {
            return Err(ApiError::issue("NOT_DISPUTABLE", "Less is left of the capture than the dispute is about."));
        }
        capture.take(dispute.money.minor, dispute.updated_s);
        store.captures.put(&dispute.capture_id, capture);
    }
    Ok(tell(store, dispute, "CUSTOMER.DISPUTE.RESOLVED"))
}

fn tell(store: &mut Store, dispute: Dispute, kind: &str) -> Value {
    let shown = dispute.show(store);
    let id = dispute.id.clone();
    store.disputes.put(&id, dispute);
    store.emit(kind, &id, shown.clone());
    shown
}

fn named(store: &Store, id: &str) -> Result<Dispute, ApiError> {
    store.disputes.get(id).cloned().ok_or_else(|| ApiError::no_such("dispute"))
}

fn unresolved(store: &Store, id: &str) -> Result<Dispute, ApiError> {
    let dispute = named(store, id)?;
    if dispute.is_open() { Ok(dispute) } else { Err(ApiError::issue("NOT_OPEN", "This dispute is resolved.")) }
}

fn one_of(name: &str, value: &str, known: &str) -> Result<(), ApiError> {
    if known.split_whitespace().any(|one| one == value) {
        return Ok(());
    }
    let error = ApiError::issue("INVALID_PARAMETER_VALUE", &format!("The field is one of: {known}."));
    Err(error.at(&format!("/{name}"), &value.into()))
}

fn syntax(name: &str, value: &str) -> ApiError {
    ApiError::issue("INVALID_PARAMETER_SYNTAX", "The parameter cannot be read.").in_query(name, value)
}

impl Dispute {
    /// It can still change.
    pub fn is_open(&self) -> bool {
        self.outcome.is_none()
    }

    /// The buyer got the money from the shop.
    pub fn has_taken_money(&self) -> bool {
        matches!(self.outcome.as_deref(), Some("RESOLVED_BUYER_FAVOUR" | "ACCEPTED"))
    }

    fn state(&self) -> &'static str {
        match self.status.as_str() {
            "RESOLVED" => "RESOLVED",
            "UNDER_REVIEW" => "UNDER_PAYPAL_REVIEW",
            "WAITING_FOR_BUYER_RESPONSE" => "REQUIRED_OTHER_PARTY_ACTION",
            _ if self.stage == "INQUIRY" => "OPEN_INQUIRIES",
            _ => "REQUIRED_ACTION",
        }
    }

    /// The dispute as lists show it.
    fn show_brief(&self, url: &str) -> Value {
        let mut shown = self.show_basics(url);
        shown["dispute_state"] = self.state().into();
        shown
    }

    fn show_basics(&self, url: &str) -> Value {
        let mut shown = json!({
            "dispute_id": self.id, "create_time": time_text(self.created_s), "update_time": time_text(self.updated_s),
            "reason": self.reason, "status": self.status,
            "dispute_amount": self.money.show(), "dispute_life_cycle_stage": self.stage,
            "dispute_channel": "INTERNAL",
            "links": [link(format!("{url}/v1/customer/disputes/{}", self.id), "self", "GET")],
        });
        if self.is_open() {
            shown["seller_response_due_date"] = time_text(self.created_s + RESPONSE_S).into();
        }
        shown
    }

    /// The dispute as it is looked up, and as events carry it.
    pub fn show(&self, store: &Store) -> Value {
        let mut shown = self.show_basics(&store.url);
        let capture = store.captures.get(&self.capture_id);
        let mut disputed = json!({
            "seller_transaction_id": self.capture_id, "buyer": { "name": "Sandbox Payer" },
            "seller": { "merchant_id": order_request::payee()["merchant_id"], "name": "Sandbox Shop" },
        });
        if let Some(capture) = capture {
            disputed["create_time"] = time_text(capture.created_s).into();
            disputed["transaction_status"] = json!(capture.status);
            disputed["gross_amount"] = capture.money.show();
            for (name, text) in [("invoice_number", &capture.invoice_id), ("custom", &capture.custom_id)] {
                if let Some(text) = text {
                    disputed[name] = text.as_str().into();
                }
            }
        }
        shown["disputed_transactions"] = json!([disputed]);
        if let Some(outcome) = &self.outcome {
            shown["dispute_outcome"] = json!({ "outcome_code": outcome });
        }
        if self.has_taken_money() {
            shown["dispute_outcome"]["amount_refunded"] = self.money.show();
            shown["money_movements"] = json!([{
                "affected_party": "SELLER", "amount": self.money.show(), "type": "DEBIT",
                "reason": "DISPUTE_SETTLEMENT", "initiated_time": time_text(self.updated_s),
            }]);
        }
        shown
    }
}

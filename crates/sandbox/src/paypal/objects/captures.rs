//! Captures: the moment when money moves, or does not.
//!
//! Invariants: an order is captured at most once; a paid invoice number is not captured again (a setting of the
//! account, on by default); what is taken back never exceeds the capture. Fees are invented: 3.6 %, rounded down.

use serde::Serialize;
use serde_json::{Value, json};

use super::order_request;
use super::orders::{self, MINIMAL, Order, OrderStatus};
use crate::paypal::currency::Money;
use crate::paypal::error::ApiError;
use crate::paypal::fate::Fate;
use crate::paypal::request::{Call, Done};
use crate::paypal::store::{Store, link, time_text};

/// The fee that breakdowns show, in thousandths of the amount.
const FEE_PER_MILLE: i64 = 36;

/// Issues that send the payer back to the page; the order can be captured after another approval.
const BACK_TO_THE_PAYER: &[(&str, &str)] = &[
    ("INSTRUMENT_DECLINED", "redirect"),
    ("REDIRECT_PAYER_FOR_ALTERNATE_FUNDING", "redirect"),
    ("PAYER_ACTION_REQUIRED", "payer-action"),
];

/// Where a capture stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum CaptureStatus {
    Completed,
    Declined,
    PartiallyRefunded,
    Pending,
    Refunded,
    Failed,
}

/// A capture.
#[derive(Debug, Clone)]
pub(crate) struct Capture {
    pub id: String,
    pub order_id: String,
    /// The place of its purchase unit in the order.
    pub unit: usize,
    pub money: Money,
    pub status: CaptureStatus,
    /// Why it is pending, or was taken back.
    pub reason: Option<String>,
    pub custom_id: Option<String>,
    pub invoice_id: Option<String>,
    pub created_s: i64,
    pub updated_s: i64,
    /// Refunded, reversed or charged back, in the smallest unit.
    pub taken_minor: i64,
}

/// `POST /v2/checkout/orders/{id}/capture`.
pub(crate) fn create(store: &mut Store, call: &Call) -> Result<Done, ApiError> {
    let mut order = orders::named(store, &call.id)?;
    match order.status {
        OrderStatus::Approved => {}
        OrderStatus::Completed => {
            return Err(ApiError::issue("ORDER_ALREADY_CAPTURED", "The order has been captured. Look it up."));
        }
        OrderStatus::Created | OrderStatus::PayerActionRequired => {
            let error = ApiError::issue("ORDER_NOT_APPROVED", "The payer has not approved the order yet.");
            return Err(error.link(&order.page(&store.url), "payer-action", "GET"));
        }
    }
    if store.options.unique_invoice_ids && order.units.iter().any(|unit| is_paid(store, unit.text("invoice_id"))) {
        return Err(ApiError::issue("DUPLICATE_INVOICE_ID", "Another payment with this invoice_id was made."));
    }
    let fate = fate(store, &order);
    if let Fate::Refused { issue } = &fate {
        return Err(refuse(store, order, issue));
    }
    order.status = OrderStatus::Completed;
    order.updated_s = store.now();
    store.orders.put(&order.id, order.clone());
    let captures: Vec<Capture> = (0..order.units.len()).map(|unit| capture(store, &order, unit, &fate)).collect();
    for capture in captures {
        tell(store, &capture);
    }
    let shown = order.show(store);
    store.emit("CHECKOUT.ORDER.COMPLETED", &order.id, shown.clone());
    Ok(Done::created(shown).preferred(call, MINIMAL))
}

/// `GET /v2/payments/captures/{id}`.
pub(crate) fn retrieve(store: &mut Store, call: &Call) -> Result<Done, ApiError> {
    Ok(Done::ok(named(store, &call.id)?.show_whole(&store.url)))
}

/// The capture with this id.
///
/// # Errors
/// 404.
pub(crate) fn named(store: &Store, id: &str) -> Result<Capture, ApiError> {
    store.captures.get(id).cloned().ok_or_else(|| ApiError::no_such("capture"))
}

/// Ends a pending capture: `PAYMENT.CAPTURE.COMPLETED` or `PAYMENT.CAPTURE.DENIED`.
///
/// # Errors
/// 404, or 422 when it is not pending.
pub(crate) fn settle(store: &mut Store, id: &str, succeeded: bool) -> Result<Value, ApiError> {
    let mut capture = named(store, id)?;
    if capture.status != CaptureStatus::Pending {
        return Err(ApiError::issue("NOT_PENDING", "Only a pending capture can be settled."));
    }
    capture.status = if succeeded { CaptureStatus::Completed } else { CaptureStatus::Declined };
    capture.reason = None;
    capture.updated_s = store.now();
    store.captures.put(id, capture.clone());
    let shown = capture.show_whole(&store.url);
    let kind = if succeeded { "PAYMENT.CAPTURE.COMPLETED" } else { "PAYMENT.CAPTURE.DENIED" };
    store.emit(kind, id, shown.clone());
    Ok(shown)
}

/// What the order's capture comes to: the payer's choice, else what is scripted, else the account's settings.
fn fate(store: &mut Store, order: &Order) -> Fate {
    let held = &store.options.held_currencies;
    let currency = order.units[0].money.currency;
    let must_be_accepted = !held.is_empty() && !held.iter().any(|held| held == currency);
    let default = match must_be_accepted {
        true => Fate::Pending { reason: "RECEIVING_PREFERENCE_MANDATES_MANUAL_ACTION".to_owned() },
        false => Fate::Complete,
    };
    order.fate.clone().or_else(|| store.next_payments.pop_front()).unwrap_or(default)
}

/// Nothing moves. The payer may choose another way, or the order stays refused in the same way.
fn refuse(store: &mut Store, mut order: Order, issue: &str) -> ApiError {
    let page = order.page(&store.url);
    let back = BACK_TO_THE_PAYER.iter().find(|(known, _)| *known == issue);
    let error = ApiError::issue(issue, "The payment was refused; no money moved.");
    order.updated_s = store.now();
    if back.is_some() {
        order.status = OrderStatus::PayerActionRequired;
        order.fate = None;
    } else {
        order.fate = Some(Fate::Refused { issue: issue.to_owned() });
    }
    store.orders.put(&order.id.clone(), order);
    back.map_or(error.clone(), |(_, rel)| error.link(&page, rel, "GET"))
}

fn capture(store: &mut Store, order: &Order, unit: usize, fate: &Fate) -> Capture {
    let (status, reason) = match fate {
        Fate::Pending { reason } => (CaptureStatus::Pending, Some(reason.clone())),
        Fate::Declined => (CaptureStatus::Declined, None),
        Fate::Failed => (CaptureStatus::Failed, None),
        Fate::Complete | Fate::Refused { .. } => (CaptureStatus::Completed, None),
    };
    let asked = &order.units[unit];
    let now_s = store.now();
    let capture = Capture {
        id: store.id(),
        order_id: order.id.clone(),
        unit,
        money: asked.money,
        status,
        reason,
        custom_id: asked.text("custom_id"),
        invoice_id: asked.text("invoice_id"),
        created_s: now_s,
        updated_s: now_s,
        taken_minor: 0,
    };
    store.captures.put(&capture.id, capture.clone());
    capture
}

fn tell(store: &mut Store, capture: &Capture) {
    let kind = match capture.status {
        CaptureStatus::Pending => "PAYMENT.CAPTURE.PENDING",
        CaptureStatus::Declined | CaptureStatus::Failed => "PAYMENT.CAPTURE.DECLINED",
        _ => "PAYMENT.CAPTURE.COMPLETED",
    };
    let shown = capture.show_whole(&store.url);
    store.emit(kind, &capture.id, shown);
}

fn is_paid(store: &Store, invoice_id: Option<String>) -> bool {
    invoice_id.is_some() && store.captures.iter().any(|other| other.invoice_id == invoice_id && other.is_paid())
}

impl Capture {
    /// Money moved, or still may.
    fn is_paid(&self) -> bool {
        !matches!(self.status, CaptureStatus::Declined | CaptureStatus::Failed)
    }

    /// What can still be taken back, in the smallest unit.
    pub fn left_minor(&self) -> i64 {
        self.money.minor - self.taken_minor
    }

    /// Takes so much back, or gives it again when negative, and moves the status.
    pub fn take(&mut self, minor: i64, now_s: i64) {
        self.taken_minor += minor;
        self.updated_s = now_s;
        self.status = match self.left_minor() {
            0 => CaptureStatus::Refunded,
            left if left == self.money.minor => CaptureStatus::Completed,
            _ => CaptureStatus::PartiallyRefunded,
        };
    }

    /// The fee, in the smallest unit.
    pub fn fee_minor(&self) -> i64 {
        self.money.minor * FEE_PER_MILLE / 1000
    }

    /// The capture as orders show it.
    pub fn show(&self, url: &str) -> Value {
        let api = format!("{url}/v2/payments/captures/{}", self.id);
        let mut shown = json!({
            "id": self.id, "status": self.status, "amount": self.money.show(), "final_capture": true,
            "disbursement_mode": "INSTANT",
            "seller_protection": { "status": "NOT_ELIGIBLE" },
            "create_time": time_text(self.created_s), "update_time": time_text(self.updated_s),
            "links": [
                link(api.clone(), "self", "GET"), link(format!("{api}/refund"), "refund", "POST"),
                link(format!("{url}/v2/checkout/orders/{}", self.order_id), "up", "GET"),
            ],
        });
        for (name, text) in [("custom_id", &self.custom_id), ("invoice_id", &self.invoice_id)] {
            if let Some(text) = text {
                shown[name] = text.as_str().into();
            }
        }
        if let Some(reason) = &self.reason {
            shown["status_details"] = json!({ "reason": reason });
        }
        if self.is_paid() && self.status != CaptureStatus::Pending {
            let (fee, net) = (self.money.with(self.fee_minor()), self.money.with(self.money.minor - self.fee_minor()));
            shown["seller_receivable_breakdown"] =
                json!({ "gross_amount": self.money.show(), "paypal_fee": fee.show(), "net_amount": net.show() });
        }
        shown
    }

    /// The capture as it is looked up, and as events carry it.
    pub fn show_whole(&self, url: &str) -> Value {
        let mut shown = self.show(url);
        shown["supplementary_data"] = json!({ "related_ids": { "order_id": self.order_id } });
        shown["payee"] = order_request::payee();
        shown
    }
}

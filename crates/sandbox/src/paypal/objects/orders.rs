//! Orders: made by the API, approved by a payer, captured by the API.
//!
//! An order that is not captured in time is forgotten (404); an approved one is told of with
//! `CHECKOUT.PAYMENT-APPROVAL.REVERSED` first. Time is the sandbox's clock and is looked at when a request comes or
//! the clock is moved.

use serde::Serialize;
use serde_json::{Value, json};

use super::order_request::{self, Context, Unit};
use super::payers::Payer;
use crate::paypal::error::ApiError;
use crate::paypal::fate::Fate;
use crate::paypal::request::{Call, Done};
use crate::paypal::store::{Store, link, time_text};

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum OrderStatus {
    Created,
    PayerActionRequired,
    Approved,
    Completed,
}

/// An order and what its answers do not show.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub id: String,
    pub status: OrderStatus,
    pub units: Vec<Unit>,
    /// `payment_source.paypal` was sent.
    pub by_wallet: bool,
    pub context: Context,
    pub payer: Option<Payer>,
    /// What the payer's choice makes of the capture; `None` leaves it to what is scripted.
    pub fate: Option<Fate>,
    /// Wrong one-time codes since a source was chosen.
    pub wrong_codes: u32,
    pub created_s: i64,
    pub updated_s: i64,
    /// When an order that is not captured is forgotten.
    pub expires_at_s: i64,
    /// It was told that the approval has run out.
    pub reversed: bool,
}

/// `POST /v2/checkout/orders`.
pub(crate) fn create(store: &mut Store, call: &Call) -> Result<Done, ApiError> {
    let units = order_request::units(&call.body)?;
    let context = order_request::context(&call.body, call.has_request_id)?;
    let by_wallet = call.body["payment_source"]["paypal"].is_object();
    let now_s = store.now();
    let order = Order {
        id: store.id(),
        status: if by_wallet { OrderStatus::PayerActionRequired } else { OrderStatus::Created },
        units,
        by_wallet,
        context,
        payer: None,
        fate: None,
        wrong_codes: 0,
        created_s: now_s,
        updated_s: now_s,
        expires_at_s: now_s + store.options.approval_ttl_seconds,
        reversed: false,
    };
    store.orders.put(&order.id, order.clone());
    Ok(Done::created(order.show(store)).preferred(call, MINIMAL))
}

/// What a minimal answer shows.
pub(crate) const MINIMAL: &[&str] = &["id", "status", "payment_source", "links"];

/// `GET /v2/checkout/orders/{id}`.
pub(crate) fn retrieve(store: &mut Store, call: &Call) -> Result<Done, ApiError> {
    let order = named(store, &call.id)?;
    Ok(Done::ok(order.show(store)))
}

/// The order with this id.
///
/// # Errors
/// 404 when there is none, or it has been forgotten.
pub(crate) fn named(store: &Store, id: &str) -> Result<Order, ApiError> {
    let now_s = store.now();
    store.orders.get(id).filter(|order| !order.is_forgotten(now_s)).cloned().ok_or_else(|| ApiError::no_such("order"))
}

/// Tells of approvals that have run out.
pub(crate) fn expire(store: &mut Store) {
    let now_s = store.now();
    let due = |order: &&Order| order.status == OrderStatus::Approved && !order.reversed && order.is_forgotten(now_s);
    let due: Vec<Order> = store.orders.iter().filter(due).cloned().collect();
    for mut order in due {
        order.reversed = true;
        let units: Vec<&Value> = order.units.iter().map(|unit| &unit.sent).collect();
        let resource = json!({ "order_id": order.id, "purchase_units": units });
        store.emit("CHECKOUT.PAYMENT-APPROVAL.REVERSED", &order.id, resource);
        store.orders.put(&order.id.clone(), order);
    }
}

impl Order {
    fn is_forgotten(&self, now_s: i64) -> bool {
        self.status != OrderStatus::Completed && now_s >= self.expires_at_s
    }

    /// The hosted page where the payer decides.
    pub fn page(&self, url: &str) -> String {
        format!("{url}/checkoutnow?token={}", self.id)
    }

    /// The complete order as the API answers it.
    pub fn show(&self, store: &Store) -> Value {
        let units: Vec<Value> =
            self.units.iter().enumerate().map(|(place, unit)| self.show_unit(store, place, unit)).collect();
        let mut shown = json!({
            "id": self.id, "intent": "CAPTURE", "status": self.status, "purchase_units": units,
            "create_time": time_text(self.created_s), "links": self.links(&store.url),
        });
        if self.updated_s != self.created_s || self.payer.is_some() {
            shown["update_time"] = time_text(self.updated_s).into();
        }
        if self.by_wallet || self.payer.is_some() {
            shown["payment_source"] = json!({ "paypal": {} });
        }
        if let Some(payer) = &self.payer {
            shown["payment_source"]["paypal"] = payer.show_wallet();
            shown["payer"] = payer.show();
        }
        shown
    }

    fn show_unit(&self, store: &Store, place: usize, unit: &Unit) -> Value {
        let mut shown = unit.sent.clone();
        shown["payee"] = order_request::payee();
        let captures: Vec<_> =
            store.captures.iter().filter(|capture| capture.order_id == self.id && capture.unit == place).collect();
        if captures.is_empty() {
            return shown;
        }
        let refunds: Vec<Value> = store
            .refunds
            .iter()
            .filter(|refund| !refund.reversal && captures.iter().any(|capture| capture.id == refund.capture_id))
            .map(|refund| refund.show(store))
            .collect();
        shown["payments"]["captures"] = captures.iter().map(|capture| capture.show(&store.url)).collect();
        if !refunds.is_empty() {
            shown["payments"]["refunds"] = refunds.into();
        }
        shown
    }

    fn links(&self, url: &str) -> Vec<Value> {
        let api = format!("{url}/v2/checkout/orders/{}", self.id);
        let capture = link(format!("{api}/capture"), "capture", "POST");
        let update = link(api.clone(), "update", "PATCH");
        let mut links = vec![link(api, "self", "GET")];
        match self.status {
            OrderStatus::Created => links.extend([link(self.page(url), "approve", "GET"), update, capture]),
            OrderStatus::PayerActionRequired => links.push(link(self.page(url), "payer-action", "GET")),
            OrderStatus::Approved => links.extend([update, capture]),
            OrderStatus::Completed => {}
        }
        links
    }
}

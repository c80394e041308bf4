//! Events: what a verified notice says. Pure.
//!
//! Delivered at least once and in any order: the state of the object decides, not the name of the event, where the
//! object has one. What a notice does not say is never guessed: it is asked for (`Meaning::Refund`, `Meaning::Dispute`,
//! [`News::Ask`]). Deliberately absent: events of saved PayPal accounts, which nobody makes here.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::object::{Capture, Dispute, Order, PurchaseUnit, Refund, unix_seconds};
use super::signature::VerifiedNotice;
use super::{sighting, transform};
use crate::gateway::{News, Sighting, Standing};

/// One event.
#[derive(Debug, Deserialize)]
pub(crate) struct Event {
    /// `WH-…`: deliveries of the same event share it.
    pub id: String,
    /// Such as `PAYMENT.CAPTURE.COMPLETED`; an open list.
    #[serde(rename = "event_type")]
    pub kind: String,
    create_time: Option<String>,
    resource_type: Option<String>,
    #[serde(default)]
    resource: Value,
}

/// What an event means.
#[derive(Debug)]
pub(crate) enum Meaning {
    /// This.
    News(News),
    /// A refund that does not name its capture: fetch it.
    Refund {
        refund_id: String,
        /// PayPal took the money by itself.
        forced: bool,
    },
    /// A dispute without its capture or amount: fetch it.
    Dispute {
        /// PayPal's name for it.
        dispute_id: String,
    },
}

/// Reads an event. Only a verified notice can be read.
pub(crate) fn parse(notice: VerifiedNotice<'_>) -> Result<Event, String> {
    serde_json::from_slice(notice.body()).map_err(|error| {
        // Only where the text broke: serde's own message may quote the value it stumbled over.
        format!("this is not a PayPal event: {:?} error at line {}", error.classify(), error.line())
    })
}

impl Event {
    /// When it happened, Unix seconds.
    pub(crate) fn created_at_s(&self) -> Option<i64> {
        unix_seconds(self.create_time.as_deref())
    }

    /// What it is about; `live` is the mode of the endpoint.
    pub(crate) fn meaning(&self, live: bool) -> Meaning {
        match self.kind.as_str() {
            "CHECKOUT.ORDER.APPROVED" => Meaning::News(self.order(live)),
            // A completed order is not money.
            "CHECKOUT.ORDER.COMPLETED" => Meaning::News(self.ask_about_order()),
            "CHECKOUT.PAYMENT-APPROVAL.REVERSED" => Meaning::News(self.approval_reversed(live)),
            "PAYMENT.CAPTURE.COMPLETED"
            | "PAYMENT.CAPTURE.PENDING"
            | "PAYMENT.CAPTURE.DENIED"
            | "PAYMENT.CAPTURE.DECLINED" => Meaning::News(self.capture(live)),
            "PAYMENT.CAPTURE.REVERSED" => self.refund(true),
            "PAYMENT.CAPTURE.REFUNDED" | "PAYMENT.REFUND.PENDING" | "PAYMENT.REFUND.FAILED" => self.refund(false),
            "CUSTOMER.DISPUTE.CREATED" | "CUSTOMER.DISPUTE.UPDATED" | "CUSTOMER.DISPUTE.RESOLVED" => self.dispute(),
            _ => Meaning::News(News::Other),
        }
    }

    fn order(&self, live: bool) -> News {
        match self.read::<Order>() {
            Some(order) if !order.purchase_units.is_empty() => {
                News::Payment(Box::new(sighting::of_order(&order, live)))
            }
            _ => self.ask_about_order(),
        }
    }

    fn ask_about_order(&self) -> News {
        let topup_id = self.topup_id(self.resource.pointer("/purchase_units/0"));
        ask(self.text("id"), None, topup_id)
    }

    /// The approval lapsed before the capture: nothing was or will be taken.
    fn approval_reversed(&self, live: bool) -> News {
        let Some(order_id) = self.text("order_id").or_else(|| self.text("id")) else { return News::Other };
        let unit: Option<PurchaseUnit> = self.resource.pointer("/purchase_units/0").and_then(read);
        let (topup_id, account_id) = match &unit {
            Some(unit) => transform::references(unit.custom_id.as_deref(), unit.invoice_id.as_deref()),
            None => (None, None),
        };
        News::Payment(Box::new(Sighting {
            object_id: order_id,
            money_id: None,
            account_id,
            topup_id,
            customer_id: None,
            live,
            asked: unit.and_then(|unit| unit.amount?.money()),
            received: None,
            standing: Standing::Failed("expired".into()),
            instrument: None,
            created_at_s: None,
        }))
    }

    /// A capture that does not name its order is asked about.
    fn capture(&self, live: bool) -> News {
        match self.read::<Capture>() {
            Some(capture) if capture.order_id().is_some() => {
                News::Payment(Box::new(sighting::of_capture(&capture, live)))
            }
            _ => ask(None, self.text("id"), self.topup_id(Some(&self.resource))),
        }
    }

    fn refund(&self, forced: bool) -> Meaning {
        let refund = self.read::<Refund>();
        let told = refund.as_ref().and_then(|refund| sighting::of_refund(refund, forced));
        match (told, refund) {
            (Some(told), _) if told.money_id.is_some() => Meaning::News(News::Refund(Box::new(told))),
            // Should PayPal ever send the capture itself here, its id is no refund's.
            (_, Some(capture)) if self.resource_type.as_deref() == Some("capture") => {
                Meaning::News(ask(None, Some(capture.id), self.topup_id(Some(&self.resource))))
            }
            (_, Some(refund)) => Meaning::Refund { refund_id: refund.id, forced },
            (_, None) => Meaning::News(News::Other),
        }
    }

    fn dispute(&self) -> Meaning {
        match (self.read::<Dispute>().as_ref().and_then(sighting::of_dispute), self.text("dispute_id")) {
            (Some(told), _) => Meaning::News(News::Dispute(Box::new(told))),
            (None, Some(dispute_id)) => Meaning::Dispute { dispute_id },
            (None, None) => Meaning::News(News::Other),
        }
    }

    fn read<T: DeserializeOwned>(&self) -> Option<T> {
        read(&self.resource)
    }

    fn text(&self, field: &str) -> Option<String> {
        self.resource.get(field).and_then(Value::as_str).map(str::to_owned)
    }

    /// The top-up that an object names as ours.
    fn topup_id(&self, object: Option<&Value>) -> Option<String> {
        let text = |field: &str| object?.get(field)?.as_str();
        transform::references(text("custom_id"), text("invoice_id")).0
    }
}

fn read<T: DeserializeOwned>(value: &Value) -> Option<T> {
    T::deserialize(value).ok()
}

/// To be looked up; without any name there is nothing to ask.
pub(crate) fn ask(object_id: Option<String>, money_id: Option<String>, topup_id: Option<String>) -> News {
    match (&object_id, &money_id, &topup_id) {
        (None, None, None) => News::Other,
        _ => News::Ask { object_id, money_id, topup_id },
    }
}

//! PayPal's objects as far as we read them.
//!
//! Parsed leniently: only `id` and, where a decision hangs on it, `status` must be there; unknown fields and values are
//! fine. Amounts stay texts here. Deliberately absent: payers' names, addresses and e-mail addresses, which nobody
//! needs to give credits.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

use super::amount;
use crate::Money;

/// `{"currency_code":"USD","value":"25.00"}`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Amount {
    pub currency_code: String,
    pub value: String,
}

impl Amount {
    /// The money, when it can be read exactly.
    pub(crate) fn money(&self) -> Option<Money> {
        amount::from_wire(&self.value, &self.currency_code).ok()
    }

    /// The money of a movement away from us, which some reports write with a minus.
    pub(crate) fn magnitude(&self) -> Option<Money> {
        let value = self.value.strip_prefix('-').unwrap_or(&self.value);
        amount::from_wire(value, &self.currency_code).ok()
    }
}

/// A link; taken by its `rel`, never built.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Link {
    pub href: String,
    pub rel: String,
}

/// The link with this `rel`.
pub(crate) fn link<'a>(links: &'a [Link], rel: &str) -> Option<&'a str> {
    links.iter().find(|link| link.rel == rel).map(|link| link.href.as_str())
}

/// The id at the end of an address of the collection: `…/captures/3C67…`.
pub(crate) fn id_in<'a>(href: &'a str, collection: &str) -> Option<&'a str> {
    let (before, id) = href.rsplit_once('/')?;
    let plain = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (plain && before.rsplit('/').next() == Some(collection)).then_some(id)
}

/// An order: one thing to be paid, captured at most once.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Order {
    pub id: String,
    /// `CREATED`, `SAVED`, `APPROVED`, `VOIDED`, `COMPLETED`, `PAYER_ACTION_REQUIRED`; an open list.
    #[serde(default, deserialize_with = "or_default")]
    pub status: String,
    #[serde(default, deserialize_with = "or_default")]
    pub purchase_units: Vec<PurchaseUnit>,
    pub payment_source: Option<PaymentSource>,
    pub create_time: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub links: Vec<Link>,
}

/// What an order is for. We make orders of one.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct PurchaseUnit {
    pub custom_id: Option<String>,
    pub invoice_id: Option<String>,
    pub amount: Option<Amount>,
    #[serde(default, deserialize_with = "or_default")]
    pub payments: Payments,
}

/// What was done on a purchase unit.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Payments {
    #[serde(default, deserialize_with = "or_default")]
    pub captures: Vec<Capture>,
    #[serde(default, deserialize_with = "or_default")]
    pub refunds: Vec<Refund>,
}

/// What an order was, or will be, paid with.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct PaymentSource {
    pub paypal: Option<Wallet>,
    pub card: Option<Card>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Wallet {
    /// The payer's PayPal account, by an id that says nothing about the person.
    pub account_id: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Card {
    pub brand: Option<String>,
    pub last_digits: Option<String>,
}

/// A capture: money that moved, or tried to.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Capture {
    pub id: String,
    /// `COMPLETED`, `DECLINED`, `PARTIALLY_REFUNDED`, `PENDING`, `REFUNDED`, `FAILED`; an open list.
    pub status: String,
    pub status_details: Option<StatusDetails>,
    pub amount: Option<Amount>,
    pub custom_id: Option<String>,
    pub invoice_id: Option<String>,
    pub supplementary_data: Option<SupplementaryData>,
    pub create_time: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub links: Vec<Link>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct StatusDetails {
    pub reason: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct SupplementaryData {
    pub related_ids: Option<RelatedIds>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct RelatedIds {
    pub order_id: Option<String>,
}

impl Capture {
    /// Why it waits, or was declined.
    pub(crate) fn reason(&self) -> Option<&str> {
        self.status_details.as_ref()?.reason.as_deref()
    }

    /// The order, where the capture names it.
    pub(crate) fn order_id(&self) -> Option<&str> {
        let related = self.supplementary_data.as_ref().and_then(|data| data.related_ids.as_ref()?.order_id.as_deref());
        related.or_else(|| id_in(link(&self.links, "up")?, "orders"))
    }
}

/// A refund, ours or PayPal's own.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Refund {
    pub id: String,
    /// `CANCELLED`, `FAILED`, `PENDING`, `COMPLETED`; an open list.
    #[serde(default, deserialize_with = "or_default")]
    pub status: String,
    pub amount: Option<Amount>,
    pub custom_id: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub links: Vec<Link>,
}

impl Refund {
    /// The capture that it takes back, where the refund names it.
    pub(crate) fn capture_id(&self) -> Option<&str> {
        id_in(link(&self.links, "up")?, "captures")
    }
}

/// A dispute.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Dispute {
    pub dispute_id: String,
    pub reason: Option<String>,
    /// `OPEN`, `WAITING_FOR_…`, `UNDER_REVIEW`, `RESOLVED`, `OTHER`; an open list.
    #[serde(default, deserialize_with = "or_default")]
    pub status: String,
    /// `INQUIRY`, `CHARGEBACK`, `PRE_ARBITRATION`, `ARBITRATION`.
    pub dispute_life_cycle_stage: Option<String>,
    pub dispute_amount: Option<Amount>,
    pub dispute_outcome: Option<DisputeOutcome>,
    #[serde(default, deserialize_with = "or_default")]
    pub disputed_transactions: Vec<DisputedTransaction>,
    #[serde(default, deserialize_with = "or_default")]
    pub money_movements: Vec<MoneyMovement>,
    #[serde(default, deserialize_with = "or_default")]
    pub adjudications: Vec<Adjudication>,
    pub seller_response_due_date: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct DisputeOutcome {
    pub outcome_code: Option<String>,
    pub amount_refunded: Option<Amount>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct DisputedTransaction {
    /// The capture.
    pub seller_transaction_id: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct MoneyMovement {
    /// `SELLER`, `BUYER`, `PAYMENT_PROCESSOR`.
    pub affected_party: Option<String>,
    /// `DEBIT`, `CREDIT`.
    pub r#type: Option<String>,
    /// `DISPUTE_SETTLEMENT` and fees.
    pub reason: Option<String>,
    pub amount: Option<Amount>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Adjudication {
    /// `DENY_BUYER`, `PAYOUT_TO_BUYER`, `PAYOUT_TO_SELLER`, `RECOVER_FROM_SELLER`.
    pub r#type: Option<String>,
}

/// A page of the transaction search.
#[derive(Debug, Deserialize)]
pub(crate) struct Transactions {
    #[serde(default, deserialize_with = "or_default")]
    pub transaction_details: Vec<TransactionDetail>,
    /// Absent on an empty answer.
    #[serde(default, deserialize_with = "or_default")]
    pub total_pages: u32,
}

#[derive(Debug, Deserialize)]
pub(crate) struct TransactionDetail {
    pub transaction_info: Transaction,
}

/// A movement in PayPal's books: a payment, a refund, a fee, a conversion …
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Transaction {
    /// The capture or refund.
    pub transaction_id: String,
    pub paypal_reference_id: Option<String>,
    /// `ODR`: the reference is an order.
    pub paypal_reference_id_type: Option<String>,
    /// `T0006`: two digits of a group, two of a kind.
    pub transaction_event_code: Option<String>,
    pub transaction_initiation_date: Option<String>,
    pub transaction_amount: Option<Amount>,
    /// `D` denied, `P` pending, `S` done, `V` reversed.
    pub transaction_status: Option<String>,
    pub invoice_id: Option<String>,
    /// The `custom_id`.
    pub custom_field: Option<String>,
}

/// Answer of the postback.
#[derive(Debug, Deserialize)]
pub(crate) struct Verification {
    /// `SUCCESS` or `FAILURE`.
    pub verification_status: String,
}

/// Unix seconds of an RFC 3339 time, also of one with an offset without colon, as the reports have it.
pub(crate) fn unix_seconds(time: Option<&str>) -> Option<i64> {
    Some(time?.parse::<Timestamp>().ok()?.as_second())
}

/// Null reads as absent.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_read_in_their_bare_and_null_shapes() {
        let bare: Order = serde_json::from_str(r#"{"id":"5O1"}"#).unwrap();
        assert!(bare.status.is_empty() && bare.purchase_units.is_empty());
        let nulls: Order = serde_json::from_str(
            r#"{"id":"5O1","status":"A_STATUS_OF_2030","purchase_units":[{"payments":null,"amount":null}],
                "payment_source":{"paypal":{}},"links":null,"new_field":[{}]}"#,
        )
        .unwrap();
        assert!(nulls.purchase_units[0].payments.captures.is_empty());
        assert!(serde_json::from_str::<Order>("{}").is_err(), "an order without an id is none");
        assert!(serde_json::from_str::<Capture>(r#"{"id":"3C6"}"#).is_err(), "a capture without a status is none");
        let dispute: Dispute = serde_json::from_str(r#"{"dispute_id":"PP-D-1"}"#).unwrap();
        assert!(dispute.disputed_transactions.is_empty());
        let empty: Transactions = serde_json::from_str(r#"{"transaction_details":null}"#).unwrap();
        assert_eq!((empty.transaction_details.len(), empty.total_pages), (0, 0));
    }

    #[test]
    fn ids_are_taken_from_links_of_the_right_kind() {
        // address, collection, id
        let cases = [
            ("https://api-m.paypal.com/v2/payments/captures/3C67", "captures", Some("3C67")),
            ("https://api-m.paypal.com/v2/checkout/orders/5O19", "orders", Some("5O19")),
            ("https://api-m.paypal.com/v2/checkout/orders/5O19", "captures", None),
            ("https://api-m.paypal.com/v2/payments/captures/", "captures", None),
            ("https://api-m.paypal.com/v2/payments/captures/3C67/refund", "captures", None),
            ("https://api-m.paypal.com/v2/payments/captures/3C67?x=1", "captures", None),
            ("3C67", "captures", None),
        ];
        for (href, collection, id) in cases {
            assert_eq!(id_in(href, collection), id, "{href}");
        }
    }

    #[test]
    fn times_are_read_with_every_offset_that_paypal_writes() {
        let cases = [
            ("2026-11-20T09:15:02Z", Some(1_795_166_102)),
            ("2026-11-20T09:15:02.000Z", Some(1_795_166_102)),
            ("2026-11-20T16:15:02+07:00", Some(1_795_166_102)),
            ("2026-11-20T09:15:02+0000", Some(1_795_166_102)),
            ("2026-11-20T01:15:02-0800", Some(1_795_166_102)),
            ("2026-11-20", None),
            ("", None),
        ];
        for (time, seconds) in cases {
            assert_eq!(unix_seconds(Some(time)), seconds, "{time}");
        }
        assert_eq!(unix_seconds(None), None);
    }
}

//! PayPal's objects in the words of every gateway. Pure.
//!
//! A payment is named by its order. Where PayPal tells of a capture only (an old notice, the transaction search), the
//! capture's id stands for it; [`look_up`](crate::gateway::Gateway::look_up) takes both. A refunded capture is still a
//! paid one: what was given back comes as refunds and disputes of its own.

use super::NAME;
use super::object::{Capture, Dispute, MoneyMovement, Order, PaymentSource, Refund, Transaction, unix_seconds};
use super::transform;
use crate::gateway::{
    DisputeSighting, DisputeStanding, Instrument, RefundSighting, RefundStanding, Sighting, Standing,
};

/// A payment, from its order.
pub(crate) fn of_order(order: &Order, live: bool) -> Sighting {
    let unit = order.purchase_units.first();
    // Ours have one; the sum of several is not ours to judge.
    let ours = unit.filter(|_| order.purchase_units.len() == 1);
    let captures = unit.map(|unit| unit.payments.captures.as_slice()).unwrap_or_default();
    let capture = captures.iter().min_by_key(|capture| rank(&standing_of_capture(capture)));
    let standing = standing_of_order(&order.status, capture);
    let custom_id = unit.and_then(|unit| unit.custom_id.as_deref());
    let (topup_id, account_id) = transform::references(custom_id, unit.and_then(|unit| unit.invoice_id.as_deref()));
    Sighting {
        object_id: order.id.clone(),
        money_id: capture.map(|capture| capture.id.clone()),
        account_id,
        topup_id,
        customer_id: None,
        live,
        asked: ours.and_then(|unit| unit.amount.as_ref()?.money()),
        received: received(&standing, capture),
        standing,
        instrument: order.payment_source.as_ref().and_then(instrument),
        created_at_s: unix_seconds(order.create_time.as_deref()),
    }
}

/// A payment, from its capture alone. We capture orders whole, so its amount is what was asked.
pub(crate) fn of_capture(capture: &Capture, live: bool) -> Sighting {
    let standing = standing_of_capture(capture);
    let (topup_id, account_id) = transform::references(capture.custom_id.as_deref(), capture.invoice_id.as_deref());
    Sighting {
        object_id: capture.order_id().unwrap_or(&capture.id).to_owned(),
        money_id: Some(capture.id.clone()),
        account_id,
        topup_id,
        customer_id: None,
        live,
        asked: capture.amount.as_ref().and_then(|amount| amount.money()),
        received: received(&standing, Some(capture)),
        standing,
        instrument: None,
        created_at_s: unix_seconds(capture.create_time.as_deref()),
    }
}

/// What a capture took, once it did.
fn received(standing: &Standing, capture: Option<&Capture>) -> Option<crate::Money> {
    match standing {
        Standing::Paid => capture?.amount.as_ref()?.money(),
        _ => None,
    }
}

fn standing_of_order(status: &str, capture: Option<&Capture>) -> Standing {
    match (status, capture.map(standing_of_capture)) {
        // The payer was sent back to choose another way to pay.
        ("PAYER_ACTION_REQUIRED", Some(Standing::Failed(code))) => Standing::Payable(Some(code)),
        (_, Some(standing)) => standing,
        ("APPROVED", None) => Standing::Approved,
        ("CREATED" | "SAVED" | "PAYER_ACTION_REQUIRED", None) => Standing::Payable(None),
        ("VOIDED", None) => Standing::Failed("voided".into()),
        // `COMPLETED` without a capture, or a status of tomorrow: neither money nor its absence.
        (other, None) => Standing::Processing(Some(other.to_owned())),
    }
}

fn standing_of_capture(capture: &Capture) -> Standing {
    match capture.status.as_str() {
        "COMPLETED" | "PARTIALLY_REFUNDED" | "REFUNDED" => Standing::Paid,
        "DECLINED" | "DENIED" => Standing::Failed("declined".into()),
        "FAILED" => Standing::Failed("failed".into()),
        "PENDING" => Standing::Processing(Some(capture.reason().unwrap_or("PENDING").to_owned())),
        other => Standing::Processing(Some(other.to_owned())),
    }
}

/// Money that moved outweighs money on its way, and that a refused attempt.
fn rank(standing: &Standing) -> u8 {
    match standing {
        Standing::Paid => 0,
        Standing::Failed(_) => 2,
        _ => 1,
    }
}

fn instrument(source: &PaymentSource) -> Option<Instrument> {
    match (&source.paypal, &source.card) {
        (Some(wallet), _) => {
            Some(Instrument { kind: NAME.into(), fingerprint: wallet.account_id.clone(), ..Instrument::default() })
        }
        (None, Some(card)) => Some(Instrument {
            kind: "card".into(),
            brand: card.brand.as_ref().map(|brand| brand.to_ascii_lowercase()),
            last4: card.last_digits.clone(),
            fingerprint: None,
        }),
        (None, None) => None,
    }
}

/// A refund; `None` when its amount cannot be read exactly. `forced` when PayPal took the money by itself.
pub(crate) fn of_refund(refund: &Refund, forced: bool) -> Option<RefundSighting> {
    Some(RefundSighting {
        object_id: refund.id.clone(),
        refund_id: transform::refund_id(refund.custom_id.as_deref()),
        payment_object_id: None,
        money_id: refund.capture_id().map(str::to_owned),
        money: refund.amount.as_ref()?.magnitude()?,
        standing: match refund.status.as_str() {
            "COMPLETED" => RefundStanding::Succeeded,
            "FAILED" => RefundStanding::Failed("failed".into()),
            "CANCELLED" => RefundStanding::Failed("canceled".into()),
            _ => RefundStanding::Pending,
        },
        forced,
    })
}

/// A dispute; `None` when it does not say about how much, or about which capture.
pub(crate) fn of_dispute(dispute: &Dispute) -> Option<DisputeSighting> {
    let standing = standing_of_dispute(dispute);
    let outcome = dispute.dispute_outcome.as_ref();
    let lost = outcome.filter(|_| standing == DisputeStanding::Lost);
    // What a lost dispute cost may be less than what was disputed.
    let cost = lost.and_then(|outcome| outcome.amount_refunded.as_ref()?.magnitude());
    let transactions = &dispute.disputed_transactions;
    Some(DisputeSighting {
        dispute_id: dispute.dispute_id.clone(),
        payment_object_id: None,
        money_id: Some(transactions.iter().find_map(|transaction| transaction.seller_transaction_id.clone())?),
        money: cost.filter(|money| money.amount_minor > 0).or_else(|| dispute.dispute_amount.as_ref()?.magnitude())?,
        standing,
        reason: dispute.reason.clone(),
        due_at_s: unix_seconds(dispute.seller_response_due_date.as_deref()),
    })
}

fn standing_of_dispute(dispute: &Dispute) -> DisputeStanding {
    let outcome = dispute.dispute_outcome.as_ref().and_then(|outcome| outcome.outcome_code.as_deref());
    match (dispute.status.as_str(), outcome) {
        ("RESOLVED", Some("RESOLVED_BUYER_FAVOUR" | "ACCEPTED")) => DisputeStanding::Lost,
        ("RESOLVED", Some("RESOLVED_SELLER_FAVOUR" | "CANCELED_BY_BUYER" | "DENIED")) => DisputeStanding::Won,
        // Settled with PayPal's own money, without a word, or in words of tomorrow: what was taken from us decides.
        ("RESOLVED", _) if cost_us_money(dispute) => DisputeStanding::Lost,
        ("RESOLVED", _) => DisputeStanding::Won,
        _ if dispute.dispute_life_cycle_stage.as_deref() == Some("INQUIRY") => DisputeStanding::Inquiry,
        _ => DisputeStanding::Open,
    }
}

/// Whether the settlement, without fees, went at our cost.
fn cost_us_money(dispute: &Dispute) -> bool {
    let is = |text: &Option<String>, word: &str| text.as_deref() == Some(word);
    let signed_minor = |movement: &MoneyMovement| {
        let minor =
            movement.amount.as_ref().and_then(|amount| amount.magnitude()).map_or(0, |money| money.amount_minor);
        if is(&movement.r#type, "DEBIT") { i128::from(minor) } else { -i128::from(minor) }
    };
    let ours = |movement: &&MoneyMovement| {
        is(&movement.affected_party, "SELLER") && is(&movement.reason, "DISPUTE_SETTLEMENT")
    };
    let settled: i128 = dispute.money_movements.iter().filter(ours).map(signed_minor).sum();
    settled > 0 || dispute.adjudications.iter().any(|step| is(&step.r#type, "RECOVER_FROM_SELLER"))
}

/// A payment, from a row of the transaction search; `None` for another movement than a payment to us.
pub(crate) fn of_transaction(row: &Transaction, live: bool) -> Option<Sighting> {
    // Group T00: payments between PayPal accounts, with a minus where we paid. Source: PayPal's list of event codes.
    let is_payment = row.transaction_event_code.as_deref().is_some_and(|code| code.starts_with("T00"));
    let amount = row.transaction_amount.as_ref().filter(|amount| !amount.value.starts_with('-'))?;
    if !is_payment {
        return None;
    }
    let standing = match row.transaction_status.as_deref() {
        Some("S" | "V") => Standing::Paid,
        Some("D") => Standing::Failed("declined".into()),
        Some("P") => Standing::Processing(Some("PENDING".into())),
        other => Standing::Processing(other.map(str::to_owned)),
    };
    let (topup_id, account_id) = transform::references(row.custom_field.as_deref(), row.invoice_id.as_deref());
    let is_order = row.paypal_reference_id_type.as_deref() == Some("ODR");
    let order_id = row.paypal_reference_id.as_ref().filter(|_| is_order);
    Some(Sighting {
        object_id: order_id.unwrap_or(&row.transaction_id).clone(),
        money_id: Some(row.transaction_id.clone()),
        account_id,
        topup_id,
        customer_id: None,
        live,
        asked: amount.money(),
        received: amount.money().filter(|_| standing == Standing::Paid),
        standing,
        instrument: None,
        created_at_s: unix_seconds(row.transaction_initiation_date.as_deref()),
    })
}

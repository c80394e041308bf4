//! Stripe's objects, events and errors in the words of every gateway. Pure.
//!
//! Invariants: an object counts as it is, whatever the event that brought it is called; the two exceptions are the events
//! that tell of disputed money ([`dispute_news`]). What cannot be read exactly becomes a question, never a figure.
//! Reasons are those that a payer may see; the bank's own word stays in the stored notice and in Stripe's books.

use super::error::{self, Error, Invalid, InvalidKind};
use super::event::{Event, Object};
use super::object::{Charge, Dispute, Intent, IntentStatus, PaymentError, Refund};
use crate::AmountError;
use crate::gateway::{DisputeSighting, DisputeStanding, News, RefundSighting, Sighting, Standing, Trouble};

/// Stripe's name in rows, paths and metrics.
pub const NAME: &str = "stripe";

/// An intent as a payment.
impl From<&Intent> for Sighting {
    fn from(intent: &Intent) -> Sighting {
        let standing = standing(intent);
        let paid = standing == Standing::Paid;
        let charge = intent.latest_charge.as_ref().filter(|_| paid);
        Sighting {
            object_id: intent.id.clone(),
            money_id: charge.map(|charge| charge.id.clone()),
            account_id: intent.account_id().map(str::to_owned),
            topup_id: intent.topup_id().map(str::to_owned),
            customer_id: intent.customer.clone(),
            live: intent.livemode,
            asked: intent.asked().ok(),
            received: intent.received().ok().filter(|money| paid && money.amount_minor > 0),
            standing,
            instrument: charge.and_then(|charge| charge.instrument.clone()),
            created_at_s: (intent.created_at_s > 0).then_some(intent.created_at_s),
        }
    }
}

fn standing(intent: &Intent) -> Standing {
    match &intent.status {
        IntentStatus::Succeeded => Standing::Paid,
        IntentStatus::Canceled => Standing::Failed("canceled".into()),
        IntentStatus::Processing => Standing::Processing(None),
        // Nothing is known of it but that it is not final.
        IntentStatus::Other(status) => Standing::Processing(Some(status.clone())),
        // Never asked for; it can be cancelled like an unpaid one.
        IntentStatus::RequiresCapture => Standing::Payable(Some("requires_capture".into())),
        IntentStatus::RequiresPaymentMethod | IntentStatus::RequiresConfirmation | IntentStatus::RequiresAction => {
            Standing::Payable(intent.last_payment_error.as_ref().and_then(reason))
        }
    }
}

fn reason(error: &PaymentError) -> Option<String> {
    error.decline_code.as_deref().or(error.code.as_deref()).map(|reason| error::public(reason).to_owned())
}

/// A refund, unless its amount cannot be read exactly.
impl TryFrom<&Refund> for RefundSighting {
    type Error = AmountError;

    fn try_from(refund: &Refund) -> Result<RefundSighting, AmountError> {
        Ok(RefundSighting {
            object_id: refund.id.clone(),
            refund_id: refund.refund_id().map(str::to_owned),
            payment_object_id: refund.payment_intent.clone(),
            money_id: refund.charge.clone(),
            money: refund.money()?,
            standing: refund.standing(),
            // Somebody asked for every refund, here or in Stripe's dashboard.
            forced: false,
        })
    }
}

/// A dispute, unless its amount cannot be read exactly.
impl TryFrom<&Dispute> for DisputeSighting {
    type Error = AmountError;

    fn try_from(dispute: &Dispute) -> Result<DisputeSighting, AmountError> {
        Ok(DisputeSighting {
            dispute_id: dispute.id.clone(),
            payment_object_id: dispute.payment_intent.clone(),
            money_id: dispute.charge.clone(),
            money: dispute.money()?,
            standing: dispute.standing(),
            reason: dispute.reason.clone(),
            due_at_s: dispute.due_at_s(),
        })
    }
}

/// What an event is about.
pub(crate) fn news(event: &Event) -> News {
    match &event.object {
        Object::Intent(intent) => News::Payment(Box::new(Sighting::from(&**intent))),
        Object::Refund(refund) => refund_news(refund),
        Object::Dispute(dispute) => dispute_news(&event.kind, dispute),
        Object::Charge(charge) if event.kind == "charge.refunded" => refunded_news(charge),
        // Every other news of a charge comes with its intent, too.
        Object::Charge(_) | Object::SetupIntent(_) | Object::PaymentMethod(_) | Object::Customer(_) => News::Other,
        Object::Other { .. } => News::Other,
    }
}

fn refund_news(refund: &Refund) -> News {
    match RefundSighting::try_from(refund) {
        Ok(sighting) => News::Refund(Box::new(sighting)),
        Err(_) => question(refund.payment_intent.clone(), refund.charge.clone(), None),
    }
}

/// `charge.refunded` holds the newest refund in older versions; in current ones `refund.created` tells of it.
fn refunded_news(charge: &Charge) -> News {
    match charge.refunds.first() {
        Some(refund) => refund_news(refund),
        None => {
            let topup_id = charge.metadata.get("topup_id").cloned();
            question(charge.payment_intent.clone(), Some(charge.id.clone()), topup_id)
        }
    }
}

/// The name of the event is believed where the object was rendered before the money moved.
fn dispute_news(kind: &str, dispute: &Dispute) -> News {
    let Ok(mut sighting) = DisputeSighting::try_from(dispute) else {
        return question(dispute.payment_intent.clone(), dispute.charge.clone(), None);
    };
    sighting.standing = match (kind, sighting.standing) {
        ("charge.dispute.funds_withdrawn", DisputeStanding::Inquiry) => DisputeStanding::Open,
        ("charge.dispute.funds_reinstated", DisputeStanding::Open | DisputeStanding::Inquiry) => DisputeStanding::Won,
        (_, standing) => standing,
    };
    News::Dispute(Box::new(sighting))
}

fn question(object_id: Option<String>, money_id: Option<String>, topup_id: Option<String>) -> News {
    News::Ask { object_id, money_id, topup_id }
}

/// An error as a trouble: what is certain stays certain, what is not stays open.
impl From<Error> for Trouble {
    fn from(error: Error) -> Trouble {
        match error {
            Error::Refused(refusal) => Trouble::Refused {
                gateway: NAME,
                code: refusal.public_reason().to_owned(),
                ours: false,
                reference: None,
            },
            Error::Invalid(invalid) => {
                Trouble::Refused { gateway: NAME, code: code(&invalid), ours: true, reference: invalid.request_id }
            }
            Error::Unknown(unknown) => Trouble::Unknown {
                gateway: NAME,
                reason: unknown.reason.to_string(),
                may_have_run: unknown.may_have_run,
            },
        }
    }
}

/// Stripe's code, or a word of ours where it gave none.
fn code(invalid: &Invalid) -> String {
    let parameter = invalid.param.as_deref().unwrap_or("request");
    invalid.code.clone().unwrap_or_else(|| match invalid.kind {
        InvalidKind::Credentials => "bad_credentials".into(),
        InvalidKind::NotFound => "not_found".into(),
        InvalidKind::Request => format!("bad_{parameter}"),
        InvalidKind::NotSent => format!("unsendable_{parameter}"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn intent(value: Value) -> Intent {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn every_status_has_a_standing() {
        use Standing::{Failed, Paid, Payable, Processing};
        let error = |code: &str, decline: Option<&str>| json!({"code": code, "decline_code": decline});
        // status, last error, standing
        let cases = [
            ("requires_payment_method", json!(null), Payable(None)),
            ("requires_payment_method", error("expired_card", None), Payable(Some("expired_card".into()))),
            ("requires_payment_method", error("card_declined", Some("insufficient_funds")), {
                Payable(Some("insufficient_funds".into()))
            }),
            ("requires_payment_method", error("card_declined", Some("stolen_card")), {
                Payable(Some("generic_decline".into()))
            }),
            ("requires_confirmation", json!(null), Payable(None)),
            ("requires_action", json!(null), Payable(None)),
            ("requires_capture", json!(null), Payable(Some("requires_capture".into()))),
            ("processing", json!(null), Processing(None)),
            ("frozen", json!(null), Processing(Some("frozen".into()))),
            ("succeeded", error("card_declined", None), Paid),
            ("canceled", json!(null), Failed("canceled".into())),
        ];
        for (status, error, standing) in cases {
            let intent = intent(json!({"id": "pi_1", "status": status, "last_payment_error": error}));
            assert_eq!(Sighting::from(&intent).standing, standing, "{status} {error}");
        }
    }

    #[test]
    fn money_and_instrument_are_told_of_a_paid_intent_only() {
        let charge = json!({"id": "ch_1", "payment_method_details": {"type": "card", "card": {"last4": "4242"}}});
        // status, amount received, currency, latest charge; money id, minor units asked and received, last digits
        let cases = [
            ("succeeded", 500, "ugx", charge.clone(), (Some("ch_1"), Some(5), Some(5), Some("4242"))),
            ("succeeded", 500, "ugx", json!("ch_1"), (Some("ch_1"), Some(5), Some(5), None)),
            ("succeeded", 550, "ugx", json!("ch_1"), (Some("ch_1"), Some(5), None, None)),
            ("succeeded", 0, "ugx", json!("ch_1"), (Some("ch_1"), Some(5), None, None)),
            ("succeeded", 500, "xxx", json!(null), (None, None, None, None)),
            ("requires_payment_method", 0, "ugx", charge.clone(), (None, Some(5), None, None)),
            ("canceled", 0, "ugx", charge, (None, Some(5), None, None)),
        ];
        for (status, received, currency, latest_charge, expected) in cases {
            let intent = intent(json!({
                "id": "pi_1", "status": status, "amount": 500, "amount_received": received, "currency": currency,
                "latest_charge": latest_charge, "livemode": true, "customer": "cus_1", "created": 7,
                "metadata": {"topup_id": "pay_1", "account_id": "acme"},
            }));
            let seen = Sighting::from(&intent);
            let minor = |money: Option<crate::Money>| money.map(|money| money.amount_minor);
            let last4 = seen.instrument.as_ref().and_then(|instrument| instrument.last4.as_deref());
            let told = (seen.money_id.as_deref(), minor(seen.asked), minor(seen.received), last4);
            assert_eq!(told, expected, "{status} {received} {currency} {latest_charge}");
            let ours = (seen.topup_id.as_deref(), seen.account_id.as_deref(), seen.customer_id.as_deref());
            assert_eq!(ours, (Some("pay_1"), Some("acme"), Some("cus_1")));
            assert_eq!((seen.live, seen.created_at_s, seen.object_id.as_str()), (true, Some(7), "pi_1"));
        }
    }
}

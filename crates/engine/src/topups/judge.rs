//! What a payment intent at Stripe means for our payment. Pure: the one place where news of a gateway is weighed.
//!
//! The intent counts as it is, whoever brought it (a verified notice, the reconciler's own question), and in whatever
//! order. Money that was taken is credited once, even after `failed`, provided that everything about it is what was
//! asked; anything else about taken money goes to a person.

use providers::stripe::{Intent, IntentStatus};

use super::payment::Payment;
use super::state::State;

/// What to do about an intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Credit it. `late`: the payment had been given up before.
    Credit {
        /// It had failed or expired.
        late: bool,
    },
    /// Credit nothing, let a person look.
    Review(&'static str),
    /// Stripe is still at work.
    Confirm,
    /// It will never be paid.
    Fail(&'static str),
    /// It can still be paid, and nobody is paying: to be closed by who may close it.
    Dangling,
    /// Nothing new.
    Nothing,
}

/// Weighs an intent.
pub(super) fn judge(payment: &Payment, intent: &Intent) -> Verdict {
    let open = payment.state.is_open();
    match intent.status {
        IntentStatus::Succeeded => match (payment.state, difference(payment, intent)) {
            (State::UnderReview, _) | (State::Succeeded, None) => Verdict::Nothing,
            (_, Some(what)) => Verdict::Review(what),
            (state, None) => Verdict::Credit { late: !state.is_open() },
        },
        IntentStatus::Processing if payment.state.blocks_charges() => Verdict::Confirm,
        // Another intent that says so says nothing about the one that pays.
        IntentStatus::Canceled if open && !is_another(payment, intent) => Verdict::Fail("canceled"),
        IntentStatus::RequiresPaymentMethod
        | IntentStatus::RequiresConfirmation
        | IntentStatus::RequiresAction
        | IntentStatus::RequiresCapture
            if open =>
        {
            Verdict::Dangling
        }
        _ => Verdict::Nothing,
    }
}

fn is_another(payment: &Payment, intent: &Intent) -> bool {
    payment.object_id.as_ref().is_some_and(|known| *known != intent.id)
}

/// How a paid intent differs from what was asked, as a stable code.
fn difference(payment: &Payment, intent: &Intent) -> Option<&'static str> {
    if is_another(payment, intent) {
        return Some("other_intent");
    }
    if intent.topup_id() != Some(&payment.id) || intent.account_id() != Some(&payment.account_id) {
        return Some("other_reference");
    }
    if intent.livemode != payment.live {
        return Some("other_mode");
    }
    if intent.customer.as_ref() != Some(&payment.customer_id) {
        return Some("other_customer");
    }
    let (Ok(asked), Ok(received)) = (intent.asked(), intent.received()) else { return Some("unreadable_amount") };
    if asked.currency != payment.price.currency {
        return Some("other_currency");
    }
    (asked != payment.price || received != payment.price).then_some("other_amount")
}

#[cfg(test)]
mod tests {
    use ledger::{Amount, Timestamp, Unit};
    use providers::Money;
    use serde_json::json;

    use super::*;

    fn payment(state: State, object_id: Option<&str>) -> Payment {
        Payment {
            account_id: "team".into(),
            id: "pay_1".into(),
            gateway: "stripe".into(),
            method: "saved_card".into(),
            state,
            reason: None,
            answer: None,
            credit: Amount::from_units(10_000_000_000),
            price: Money { amount_minor: 1_000, currency: Unit::parse("USD").unwrap() },
            live: false,
            customer_id: "cus_1".into(),
            object_id: object_id.map(str::to_owned),
            idempotency_key: None,
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
            next_check_at: None,
        }
    }

    fn intent(status: &str) -> serde_json::Value {
        json!({
            "id": "pi_1", "status": status, "amount": 1000, "amount_received": 1000, "currency": "usd",
            "customer": "cus_1", "livemode": false, "metadata": {"topup_id": "pay_1", "account_id": "team"}
        })
    }

    #[test]
    fn every_state_meets_every_status() {
        use State::*;
        use Verdict::*;
        let credit = Credit { late: false };
        let late = Credit { late: true };
        let fail = Fail("canceled");
        // state, verdicts on: succeeded, processing, canceled, requires_payment_method, a status of 2030
        let table = [
            (Created, [credit, Confirm, fail, Dangling, Nothing]),
            (Unknown, [credit, Confirm, fail, Dangling, Nothing]),
            (AwaitingCustomer, [credit, Nothing, fail, Dangling, Nothing]),
            (Confirming, [credit, Nothing, fail, Dangling, Nothing]),
            (Failed, [late, Nothing, Nothing, Nothing, Nothing]),
            (Expired, [late, Nothing, Nothing, Nothing, Nothing]),
            (Succeeded, [Nothing, Nothing, Nothing, Nothing, Nothing]),
            (UnderReview, [Nothing, Nothing, Nothing, Nothing, Nothing]),
        ];
        let statuses = ["succeeded", "processing", "canceled", "requires_payment_method", "frozen"];
        for (state, verdicts) in table {
            for (status, expected) in statuses.into_iter().zip(verdicts) {
                for known in [None, Some("pi_1")] {
                    let intent = serde_json::from_value(intent(status)).unwrap();
                    assert_eq!(judge(&payment(state, known), &intent), expected, "{state:?} {status} {known:?}");
                }
            }
        }
    }

    #[test]
    fn money_that_is_not_what_was_asked_is_not_credited() {
        // pointer into the intent, value there, reason
        let table = [
            ("/amount_received", json!(999), "other_amount"),
            ("/amount_received", json!(0), "other_amount"),
            ("/amount_received", json!(1001), "other_amount"),
            ("/amount", json!(2000), "other_amount"),
            ("/amount", json!(-1), "unreadable_amount"),
            ("/currency", json!("eur"), "other_currency"),
            ("/currency", json!("jpy"), "other_currency"),
            ("/currency", json!(null), "unreadable_amount"),
            ("/customer", json!("cus_2"), "other_customer"),
            ("/customer", json!(null), "other_customer"),
            ("/livemode", json!(true), "other_mode"),
            ("/metadata/topup_id", json!("pay_2"), "other_reference"),
            ("/metadata/account_id", json!("other"), "other_reference"),
            ("/metadata", json!({}), "other_reference"),
            ("/id", json!("pi_2"), "other_intent"),
        ];
        for (pointer, value, reason) in table {
            let mut json = intent("succeeded");
            *json.pointer_mut(pointer).unwrap() = value.clone();
            let intent: Intent = serde_json::from_value(json).unwrap();
            for state in [State::Created, State::Confirming, State::Unknown, State::Failed, State::Succeeded] {
                let verdict = judge(&payment(state, Some("pi_1")), &intent);
                assert_eq!(verdict, Verdict::Review(reason), "{state:?} {pointer} {value}");
            }
        }
    }

    #[test]
    fn another_intent_cannot_close_a_payment() {
        let mut json = intent("canceled");
        json["id"] = json!("pi_2");
        let other: Intent = serde_json::from_value(json).unwrap();
        assert_eq!(judge(&payment(State::Unknown, Some("pi_1")), &other), Verdict::Nothing);
        assert_eq!(judge(&payment(State::Unknown, None), &other), Verdict::Fail("canceled"));
    }
}

//! What a payment at its gateway means for our payment. Pure: the one place where news of a gateway is weighed.
//!
//! What was seen counts as it is, whoever brought it (a verified notice, our own question), and in whatever order. Money
//! that was taken is credited once, even after `failed` or `expired`, provided that everything about it is what was asked;
//! anything else about taken money goes to a person.

use providers::gateway::{Sighting, Standing};

use super::payment::Payment;
use super::state::State;

/// What to do about a payment that was seen at its gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Credit it. `late`: the payment had been given up before.
    Credit {
        /// It had failed or expired.
        late: bool,
    },
    /// Credit nothing, let a person look.
    Review(&'static str),
    /// The gateway itself looks into it; it will tell.
    Wait(String),
    /// The gateway is still at work.
    Confirm,
    /// The payer agreed; the money is to be taken.
    Complete,
    /// It will never be paid.
    Fail(String),
    /// The gateway's own review ended without a payment: a person decides what to tell the payer.
    GiveUp(String),
    /// It can still be paid, and nobody is paying: to be closed by who may close it.
    Dangling,
    /// Nothing new.
    Nothing,
}

/// Weighs what was seen.
pub(super) fn judge(payment: &Payment, seen: &Sighting) -> Verdict {
    // A review of the gateway goes on being asked about; one of ours waits for a person.
    let asked_about = payment.state.is_open() || is_reviewed_by_gateway(payment);
    match &seen.standing {
        Standing::Paid => match (payment.state, difference(payment, seen)) {
            (State::UnderReview, _) if !asked_about => Verdict::Nothing,
            (state, None) if state.was_credited() => Verdict::Nothing,
            (_, Some(what)) => Verdict::Review(what),
            (_, None) => Verdict::Credit { late: !asked_about },
        },
        // Another object that says so says nothing about the one that pays.
        _ if !asked_about || is_another(payment, seen) => Verdict::Nothing,
        Standing::Failed(code) if payment.state.is_open() => Verdict::Fail(code.clone()),
        Standing::Failed(code) => Verdict::GiveUp(code.clone()),
        Standing::UnderReview(code) if payment.state.is_open() => Verdict::Wait(code.clone()),
        Standing::Processing(_) if payment.state.may_become(State::Confirming) => Verdict::Confirm,
        Standing::Approved => Verdict::Complete,
        Standing::Payable(_) => Verdict::Dangling,
        _ => Verdict::Nothing,
    }
}

fn is_reviewed_by_gateway(payment: &Payment) -> bool {
    payment.state == State::UnderReview && payment.next_check_at.is_some()
}

fn is_another(payment: &Payment, seen: &Sighting) -> bool {
    payment.object_id.as_ref().is_some_and(|known| *known != seen.object_id)
}

/// How a paid payment differs from what was asked, as a stable code.
fn difference(payment: &Payment, seen: &Sighting) -> Option<&'static str> {
    if is_another(payment, seen) {
        return Some("other_object");
    }
    // VNPay carries no account; the top-up alone names one.
    let other_account = seen.account_id.as_ref().is_some_and(|account_id| *account_id != payment.account_id);
    if seen.topup_id.as_ref() != Some(&payment.id) || other_account {
        return Some("other_reference");
    }
    if seen.live != payment.live {
        return Some("other_mode");
    }
    if !payment.customer_id.is_empty() && seen.customer_id.as_ref() != Some(&payment.customer_id) {
        return Some("other_customer");
    }
    let (Some(asked), Some(received)) = (seen.asked, seen.received) else { return Some("unreadable_amount") };
    if asked.currency != payment.price.currency {
        return Some("other_currency");
    }
    (asked != payment.price || received != payment.price).then_some("other_amount")
}

#[cfg(test)]
mod tests {
    use ledger::{Amount, Timestamp, Unit};
    use providers::Money;

    use super::*;
    use crate::topups::payment::{Details, Purpose};

    fn usd(amount_minor: i64) -> Money {
        Money { amount_minor, currency: Unit::parse("USD").unwrap() }
    }

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
            price: usd(1_000),
            live: false,
            customer_id: "cus_1".into(),
            object_id: object_id.map(str::to_owned),
            money_id: None,
            idempotency_key: None,
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
            next_check_at: None,
            paid_at: None,
            expires_at: None,
            refunded_minor: 0,
            disputed_minor: 0,
            details: Details::default(),
            purpose: Purpose::Topup,
        }
    }

    fn seen(standing: Standing) -> Sighting {
        Sighting {
            object_id: "pi_1".into(),
            money_id: Some("ch_1".into()),
            account_id: Some("team".into()),
            topup_id: Some("pay_1".into()),
            customer_id: Some("cus_1".into()),
            live: false,
            asked: Some(usd(1_000)),
            received: Some(usd(1_000)),
            standing,
            instrument: None,
            created_at_s: None,
        }
    }

    #[test]
    fn every_state_meets_every_standing() {
        use State::*;
        use Verdict::*;
        let credit = Credit { late: false };
        let late = Credit { late: true };
        let fail = || Fail("canceled".to_owned());
        let wait = || Wait("vnpay_07".to_owned());
        // state, verdicts on: paid, processing, failed, payable, approved, under review
        let table = [
            (Created, [credit.clone(), Confirm, fail(), Dangling, Complete, wait()]),
            (Unknown, [credit.clone(), Confirm, fail(), Dangling, Complete, wait()]),
            (AwaitingCustomer, [credit.clone(), Confirm, fail(), Dangling, Complete, wait()]),
            (Confirming, [credit, Nothing, fail(), Dangling, Complete, wait()]),
            (Failed, [late.clone(), Nothing, Nothing, Nothing, Nothing, Nothing]),
            (Expired, [late, Nothing, Nothing, Nothing, Nothing, Nothing]),
            (Succeeded, [Nothing, Nothing, Nothing, Nothing, Nothing, Nothing]),
            (Refunded, [Nothing, Nothing, Nothing, Nothing, Nothing, Nothing]),
            (Disputed, [Nothing, Nothing, Nothing, Nothing, Nothing, Nothing]),
            (UnderReview, [Nothing, Nothing, Nothing, Nothing, Nothing, Nothing]),
        ];
        let standings = [
            Standing::Paid,
            Standing::Processing(None),
            Standing::Failed("canceled".into()),
            Standing::Payable(None),
            Standing::Approved,
            Standing::UnderReview("vnpay_07".into()),
        ];
        for (state, verdicts) in table {
            for (standing, expected) in standings.iter().zip(verdicts) {
                for known in [None, Some("pi_1")] {
                    let verdict = judge(&payment(state, known), &seen(standing.clone()));
                    assert_eq!(verdict, expected, "{state:?} {standing:?} {known:?}");
                }
            }
        }
    }

    #[test]
    fn a_review_of_the_gateway_ends_with_its_word() {
        let mut reviewed = payment(State::UnderReview, Some("pi_1"));
        reviewed.next_check_at = Some(Timestamp::default());
        assert_eq!(judge(&reviewed, &seen(Standing::Paid)), Verdict::Credit { late: false });
        assert_eq!(judge(&reviewed, &seen(Standing::UnderReview("vnpay_07".into()))), Verdict::Nothing);
        assert_eq!(judge(&reviewed, &seen(Standing::Failed("declined".into()))), Verdict::GiveUp("declined".into()));
        reviewed.next_check_at = None;
        assert_eq!(judge(&reviewed, &seen(Standing::Failed("declined".into()))), Verdict::Nothing, "a person decides");
    }

    #[test]
    fn money_that_is_not_what_was_asked_is_not_credited() {
        type Alter = fn(&mut Sighting);
        // what is different, reason
        let table: [(Alter, &str); 15] = [
            (|seen| seen.received = Some(usd(999)), "other_amount"),
            (|seen| seen.received = Some(usd(0)), "other_amount"),
            (|seen| seen.received = Some(usd(1_001)), "other_amount"),
            (|seen| seen.asked = Some(usd(2_000)), "other_amount"),
            (|seen| seen.asked = None, "unreadable_amount"),
            (|seen| seen.received = None, "unreadable_amount"),
            (|seen| seen.asked = Some(Money { currency: Unit::parse("EUR").unwrap(), ..usd(1_000) }), "other_currency"),
            (
                |seen| seen.received = Some(Money { currency: Unit::parse("JPY").unwrap(), ..usd(1_000) }),
                "other_amount",
            ),
            (|seen| seen.customer_id = Some("cus_2".into()), "other_customer"),
            (|seen| seen.customer_id = None, "other_customer"),
            (|seen| seen.live = true, "other_mode"),
            (|seen| seen.topup_id = Some("pay_2".into()), "other_reference"),
            (|seen| seen.account_id = Some("other".into()), "other_reference"),
            (|seen| seen.topup_id = None, "other_reference"),
            (|seen| seen.object_id = "pi_2".into(), "other_object"),
        ];
        for (number, (alter, reason)) in table.into_iter().enumerate() {
            let mut seen = seen(Standing::Paid);
            alter(&mut seen);
            for state in [State::Created, State::Confirming, State::Unknown, State::Failed] {
                assert_eq!(judge(&payment(state, Some("pi_1")), &seen), Verdict::Review(reason), "{state:?} {number}");
            }
            let settled = judge(&payment(State::Succeeded, Some("pi_1")), &seen);
            assert_eq!(settled, Verdict::Review(reason), "an alarm, {number}");
        }
    }

    #[test]
    fn another_object_cannot_close_a_payment() {
        let mut other = seen(Standing::Failed("canceled".into()));
        other.object_id = "pi_2".into();
        assert_eq!(judge(&payment(State::Unknown, Some("pi_1")), &other), Verdict::Nothing);
        assert_eq!(judge(&payment(State::Unknown, None), &other), Verdict::Fail("canceled".into()));
    }
}

//! Disputes.

use serde::Deserialize;

use super::fields::{id_of, or_default};
use crate::gateway::DisputeStanding;
use crate::stripe::amount;
use crate::{AmountError, Money};

/// A dispute: the payer's bank asks for the money back, or only asks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Dispute {
    /// `dp_…` (older ones `du_…`).
    pub id: String,
    /// In Stripe's unit of `currency`: see [`Dispute::money`].
    #[serde(default, deserialize_with = "or_default")]
    pub amount: i64,
    /// Lower-case currency code.
    #[serde(default, deserialize_with = "or_default")]
    pub currency: String,
    /// `ch_…`: what is disputed.
    #[serde(default, deserialize_with = "id_of")]
    pub charge: Option<String>,
    /// `pi_…`: the payment.
    #[serde(default, deserialize_with = "id_of")]
    pub payment_intent: Option<String>,
    /// As Stripe writes it; an open list: see [`Dispute::standing`].
    #[serde(default, deserialize_with = "or_default")]
    pub status: String,
    /// The payer's reason, such as `fraudulent`.
    pub reason: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    evidence_details: EvidenceDetails,
    balance_transactions: Option<Vec<Movement>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
struct EvidenceDetails {
    due_by: Option<i64>,
}

/// Money that left (less than zero) or came back, in the currency of settlement.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Movement {
    #[serde(default, deserialize_with = "or_default")]
    amount: i64,
}

impl Dispute {
    /// How much is disputed.
    pub fn money(&self) -> Result<Money, AmountError> {
        amount::from_wire(self.amount, &self.currency)
    }

    /// Until when evidence is accepted, Unix seconds.
    pub fn due_at_s(&self) -> Option<i64> {
        self.evidence_details.due_by
    }

    /// Where it stands: who won where that is decided, else whether the money is gone, whatever the status is called.
    pub fn standing(&self) -> DisputeStanding {
        match (self.status.as_str(), self.money_is_gone()) {
            ("won", _) | ("warning_closed" | "prevented", false) => DisputeStanding::Won,
            ("lost", _) | ("warning_closed" | "prevented", true) => DisputeStanding::Lost,
            (_, true) => DisputeStanding::Open,
            (_, false) => DisputeStanding::Inquiry,
        }
    }

    /// Counted, not summed: what comes back may differ by an exchange rate.
    fn money_is_gone(&self) -> bool {
        match &self.balance_transactions {
            Some(movements) => movements.iter().map(|movement| movement.amount.signum()).sum::<i64>() < 0,
            None => !self.status.starts_with("warning_") && self.status != "prevented",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_dispute_stands_where_its_money_is() {
        use DisputeStanding::{Inquiry, Lost, Open, Won};
        const GONE: &[i64] = &[-2_500];
        const BACK: &[i64] = &[-2_500, 2_480];
        const GONE_AGAIN: &[i64] = &[-2_500, 2_480, -2_500];
        // status, standing when: no money moved, it left, it came back, it left again, nothing is said
        let cases = [
            ("warning_needs_response", [Inquiry, Open, Inquiry, Open, Inquiry]),
            ("warning_under_review", [Inquiry, Open, Inquiry, Open, Inquiry]),
            ("warning_closed", [Won, Lost, Won, Lost, Won]),
            ("needs_response", [Inquiry, Open, Inquiry, Open, Open]),
            ("under_review", [Inquiry, Open, Inquiry, Open, Open]),
            ("appeal_needs_response", [Inquiry, Open, Inquiry, Open, Open]),
            ("appeal_under_review", [Inquiry, Open, Inquiry, Open, Open]),
            ("prevented", [Won, Lost, Won, Lost, Won]),
            ("won", [Won, Won, Won, Won, Won]),
            ("lost", [Lost, Lost, Lost, Lost, Lost]),
            ("a_status_of_2030", [Inquiry, Open, Inquiry, Open, Open]),
        ];
        for (status, standings) in cases {
            let moved = [Some(&[][..]), Some(GONE), Some(BACK), Some(GONE_AGAIN), None];
            for (amounts, expected) in moved.into_iter().zip(standings) {
                let rows =
                    amounts.map(|amounts| amounts.iter().map(|amount| json!({"amount": amount})).collect::<Vec<_>>());
                let value = json!({"id": "dp_1", "status": status, "balance_transactions": rows});
                let dispute: Dispute = serde_json::from_value(value).unwrap();
                assert_eq!(dispute.standing(), expected, "{status} {amounts:?}");
            }
        }
    }

    #[test]
    fn a_dispute_is_read_with_its_references() {
        let value = json!({
            "id": "dp_1", "object": "dispute", "amount": 5000, "currency": "jpy", "charge": "ch_1", "payment_intent":
            {"id": "pi_1"}, "status": "needs_response", "reason": "fraudulent", "evidence_details": {"due_by": 7}
        });
        let dispute: Dispute = serde_json::from_value(value).unwrap();
        assert_eq!((dispute.charge.as_deref(), dispute.payment_intent.as_deref()), (Some("ch_1"), Some("pi_1")));
        assert_eq!((dispute.money().unwrap().amount_minor, dispute.due_at_s()), (5_000, Some(7)));
        let bare: Dispute = serde_json::from_value(json!({"id": "dp_1", "evidence_details": null})).unwrap();
        assert_eq!((bare.due_at_s(), bare.money().is_err()), (None, true));
    }
}

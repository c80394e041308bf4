//! Refunds.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::fields::{id_of, or_default, texts};
use crate::gateway::RefundStanding;
use crate::stripe::amount;
use crate::{AmountError, Money};

/// A refund: money on its way back to the payer. It can fail after it had succeeded.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Refund {
    /// `re_…`.
    pub id: String,
    /// In Stripe's unit of `currency`: see [`Refund::money`].
    #[serde(default, deserialize_with = "or_default")]
    pub amount: i64,
    /// Lower-case currency code.
    #[serde(default, deserialize_with = "or_default")]
    pub currency: String,
    /// `ch_…`: what is given back.
    #[serde(default, deserialize_with = "id_of")]
    pub charge: Option<String>,
    /// `pi_…`: the payment.
    #[serde(default, deserialize_with = "id_of")]
    pub payment_intent: Option<String>,
    /// `pending`, `requires_action`, `succeeded`, `failed`, `canceled`: see [`Refund::standing`].
    #[serde(default, deserialize_with = "or_default")]
    pub status: String,
    /// Why it failed, such as `lost_or_stolen_card`.
    pub failure_reason: Option<String>,
    /// Ours: `refund_id`.
    #[serde(default, deserialize_with = "texts")]
    pub metadata: BTreeMap<String, String>,
}

impl Refund {
    /// The refund of ours that this is.
    pub fn refund_id(&self) -> Option<&str> {
        self.metadata.get("refund_id").map(String::as_str)
    }

    /// How much, in the currency of the charge.
    pub fn money(&self) -> Result<Money, AmountError> {
        amount::from_wire(self.amount, &self.currency)
    }

    /// Where it stands. A status that came after this code counts as pending: it settles nothing.
    pub fn standing(&self) -> RefundStanding {
        match self.status.as_str() {
            "succeeded" => RefundStanding::Succeeded,
            "failed" => RefundStanding::Failed(self.failure_reason.clone().unwrap_or_else(|| "failed".into())),
            "canceled" => RefundStanding::Failed("canceled".into()),
            _ => RefundStanding::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_status_is_pending_done_or_failed() {
        use RefundStanding::{Failed, Pending, Succeeded};
        let cases = [
            (json!({}), Pending),
            (json!({"status": null}), Pending),
            (json!({"status": "pending"}), Pending),
            (json!({"status": "requires_action"}), Pending),
            (json!({"status": "a_status_of_2030"}), Pending),
            (json!({"status": "succeeded"}), Succeeded),
            (json!({"status": "failed"}), Failed("failed".into())),
            (json!({"status": "failed", "failure_reason": "expired_or_canceled_card"}), {
                Failed("expired_or_canceled_card".into())
            }),
            (json!({"status": "canceled"}), Failed("canceled".into())),
        ];
        for (mut value, standing) in cases {
            value["id"] = json!("re_1");
            let refund: Refund = serde_json::from_value(value.clone()).unwrap();
            assert_eq!(refund.standing(), standing, "{value}");
        }
    }

    #[test]
    fn the_money_is_converted_like_any_other() {
        // amount, currency, minor units
        let cases = [(200_000, "vnd", Some(200_000)), (500, "ugx", Some(5)), (550, "ugx", None), (-1, "usd", None)];
        for (amount, currency, minor) in cases {
            let value = json!({"id": "re_1", "amount": amount, "currency": currency});
            let refund: Refund = serde_json::from_value(value).unwrap();
            assert_eq!(refund.money().ok().map(|money| money.amount_minor), minor, "{amount} {currency}");
        }
    }
}

//! Every row of the shared amount vectors, at every gateway, both ways.

use ledger::Unit;
use providers::{Money, paypal, stripe, vnpay};
use serde_json::Value;

const VECTORS: &str = include_str!("../fixtures/test-vectors.json");

#[test]
fn every_vector_converts_exactly_or_is_refused() {
    let vectors: Value = serde_json::from_str(VECTORS).unwrap();
    let rows = vectors["amounts"].as_array().unwrap();
    assert_eq!(rows.len(), 20);
    for row in rows {
        let unit = Unit::parse(row["currency"].as_str().unwrap()).unwrap();
        assert_eq!(Some(u64::from(unit.exponent())), row["iso_exponent"].as_u64(), "{row}");
        let money = unit.parse_amount(row["decimal"].as_str().unwrap()).map(|amount| Money::from_amount(amount, unit));
        let money = money.unwrap().ok();

        let at_stripe = money.and_then(|money| stripe::amount::to_wire(money).ok());
        assert_eq!(at_stripe.as_ref().map(|(amount, _)| *amount), row["stripe_amount"].as_i64(), "Stripe: {row}");
        if let Some((amount, currency)) = at_stripe {
            assert_eq!(stripe::amount::from_wire(amount, &currency).ok(), money, "from Stripe: {row}");
        }
        let at_paypal = money.and_then(|money| paypal::amount::to_wire(money).ok());
        assert_eq!(at_paypal.as_ref().map(|(value, _)| value.as_str()), row["paypal_value"].as_str(), "PayPal: {row}");
        if let Some((value, code)) = at_paypal {
            assert_eq!(paypal::amount::from_wire(&value, code).ok(), money, "from PayPal: {row}");
        }
        let at_vnpay = money.and_then(|money| vnpay::amount::to_wire(money).ok());
        assert_eq!(at_vnpay.as_deref(), row["vnpay_vnp_Amount"].as_str(), "VNPay: {row}");
        if let Some(wire) = at_vnpay {
            assert_eq!(vnpay::amount::from_wire(&wire).ok(), money, "from VNPay: {row}");
        }
    }
}

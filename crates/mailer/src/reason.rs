//! What a payer can do about a payment that failed, by the gateways' codes.

use documents::mail::Reason;

/// The group of a stable code. Sources: VNPay's table of response codes, Stripe's decline codes, PayPal's states of
/// captures, and our own codes for payments that ran out.
pub fn reason_of(code: &str) -> Reason {
    match code {
        "canceled" | "cancelled" | "voided" | "vnpay_24" => Reason::Cancelled,
        "abandoned" | "expired" | "not_found" | "vnpay_11" => Reason::TimedOut,
        "issuer_not_available" | "processing_error" | "vnpay_75" => Reason::Maintenance,
        "authentication_required"
        | "incorrect_cvc"
        | "incorrect_number"
        | "incorrect_pin"
        | "invalid_cvc"
        | "invalid_expiry_month"
        | "invalid_expiry_year"
        | "vnpay_10"
        | "vnpay_13"
        | "vnpay_79" => Reason::WrongCode,
        "card_velocity_exceeded" | "withdrawal_count_limit_exceeded" | "vnpay_65" => Reason::Limit,
        "insufficient_funds" | "vnpay_51" => Reason::Funds,
        "card_declined" | "declined" | "do_not_honor" | "expired_card" | "failed" | "fraudulent"
        | "generic_decline" | "lost_card" | "stolen_card" | "vnpay_09" | "vnpay_12" => Reason::Declined,
        _ => Reason::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_fall_into_groups() {
        let table = [
            ("vnpay_24", Reason::Cancelled),
            ("abandoned", Reason::TimedOut),
            ("vnpay_75", Reason::Maintenance),
            ("vnpay_13", Reason::WrongCode),
            ("vnpay_65", Reason::Limit),
            ("insufficient_funds", Reason::Funds),
            ("generic_decline", Reason::Declined),
            ("vnpay_99", Reason::Other),
            ("", Reason::Other),
        ];
        for (code, reason) in table {
            assert_eq!(reason_of(code), reason, "{code}");
        }
    }
}

//! What VNPay's codes mean.
//!
//! A notice has two: the response code (what the payer met) and the transaction status (where the money is). Money
//! counts as paid only if both are `00`; where money may have been taken without that, a person looks into it. A
//! refused `vnp_TxnRef` is used up, so nothing refused stays payable. Source: VNPay's code tables and its C# demo.
//! Deliberately absent: texts for payers, which the portal has for each message group.

use crate::gateway::{RefundStanding, Standing};

/// What a payer is told, for a code such as `51`, `vnpay_51`, `canceled` or `expired`; the portal has a text for each.
pub fn message_group(code: &str) -> &'static str {
    match code.strip_prefix("vnpay_").unwrap_or(code) {
        "00" => "success",
        "07" => "under_review",
        "24" | "canceled" => "canceled",
        "11" | "expired" => "timed_out",
        "51" => "insufficient_funds",
        "65" => "daily_limit",
        "75" => "bank_maintenance",
        "10" | "13" | "79" => "wrong_code",
        "09" => "no_internet_banking",
        "12" => "locked",
        _ => "other",
    }
}

/// The message group of a payment as it stands.
pub(crate) fn group_of(standing: &Standing) -> &'static str {
    match standing {
        Standing::Paid => "success",
        Standing::UnderReview(_) => "under_review",
        Standing::Failed(code) => message_group(code),
        Standing::Payable(_) | Standing::Approved | Standing::Processing(_) => "other",
    }
}

/// Where a payment stands by the two codes of a notice.
pub(crate) fn announced(response_code: &str, status: &str) -> Standing {
    match (response_code, status) {
        ("07", _) => Standing::UnderReview("vnpay_07".into()),
        ("00", status) => by_status(status),
        // Not successful for the payer, and yet the money moved: the codes contradict each other.
        (code, "00") => Standing::UnderReview(named("", code)),
        (_, "04" | "05" | "06" | "07" | "09") => by_status(status),
        ("24", _) => Standing::Failed("canceled".into()),
        (code, _) => Standing::Failed(named("", code)),
    }
}

/// Where a payment stands by its transaction status alone.
pub(crate) fn by_status(status: &str) -> Standing {
    match status {
        "00" => Standing::Paid,
        "01" => Standing::Payable(None),
        "02" => Standing::Failed("vnpay_status_02".into()),
        "07" => Standing::UnderReview("vnpay_07".into()),
        // 04: taken at the bank, not arrived. 05, 06, 09: a refund of a payment. Others: not known, so not dismissed.
        other => Standing::UnderReview(named("status_", other)),
    }
}

/// Where a refund stands by the transaction status of its own record.
pub(crate) fn refund_by_status(status: &str) -> RefundStanding {
    match status {
        "00" | "06" => RefundStanding::Succeeded,
        "02" | "09" => RefundStanding::Failed(named("status_", status)),
        _ => RefundStanding::Pending,
    }
}

/// A stable name for one of VNPay's codes, whatever was in its place.
pub(crate) fn named(prefix: &str, code: &str) -> String {
    let plain = (1..=3).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    format!("vnpay_{prefix}{}", if plain { code } else { "unreadable" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_paid_only_if_both_codes_say_so() {
        // response code, status, standing, code
        let cases = [
            ("00", "00", "paid", ""),
            ("07", "00", "review", "vnpay_07"),
            ("07", "07", "review", "vnpay_07"),
            ("00", "07", "review", "vnpay_07"),
            ("51", "07", "review", "vnpay_07"),
            ("00", "01", "payable", ""),
            ("00", "02", "failed", "vnpay_status_02"),
            ("00", "04", "review", "vnpay_status_04"),
            ("00", "05", "review", "vnpay_status_05"),
            ("00", "06", "review", "vnpay_status_06"),
            ("00", "09", "review", "vnpay_status_09"),
            ("00", "77", "review", "vnpay_status_77"),
            ("00", "", "review", "vnpay_status_unreadable"),
            ("24", "02", "failed", "canceled"),
            ("24", "00", "review", "vnpay_24"),
            ("24", "04", "review", "vnpay_status_04"),
            ("09", "02", "failed", "vnpay_09"),
            ("10", "02", "failed", "vnpay_10"),
            ("11", "02", "failed", "vnpay_11"),
            ("12", "02", "failed", "vnpay_12"),
            ("13", "02", "failed", "vnpay_13"),
            ("51", "02", "failed", "vnpay_51"),
            ("65", "02", "failed", "vnpay_65"),
            ("75", "02", "failed", "vnpay_75"),
            ("79", "02", "failed", "vnpay_79"),
            ("99", "01", "failed", "vnpay_99"),
            ("0", "00", "review", "vnpay_0"),
            ("<b>", "02", "failed", "vnpay_unreadable"),
        ];
        for (response_code, status, expected, code) in cases {
            let standing = announced(response_code, status);
            let (name, told) = match &standing {
                Standing::Paid => ("paid", ""),
                Standing::Payable(None) => ("payable", ""),
                Standing::Failed(code) => ("failed", code.as_str()),
                Standing::UnderReview(code) => ("review", code.as_str()),
                other => panic!("{other:?}"),
            };
            assert_eq!((name, told), (expected, code), "{response_code}/{status}");
        }
    }

    #[test]
    fn every_code_of_the_table_has_its_message_group() {
        let cases = [
            ("00", "success"),
            ("07", "under_review"),
            ("09", "no_internet_banking"),
            ("10", "wrong_code"),
            ("11", "timed_out"),
            ("12", "locked"),
            ("13", "wrong_code"),
            ("24", "canceled"),
            ("51", "insufficient_funds"),
            ("65", "daily_limit"),
            ("75", "bank_maintenance"),
            ("79", "wrong_code"),
            ("99", "other"),
            ("98", "other"),
            ("", "other"),
            ("status_07", "other"),
        ];
        for (code, group) in cases {
            assert_eq!(message_group(code), group, "{code}");
            assert_eq!(message_group(&format!("vnpay_{code}")), group, "vnpay_{code}");
        }
        assert_eq!((message_group("canceled"), message_group("expired")), ("canceled", "timed_out"));
    }

    #[test]
    fn a_refund_stands_by_its_own_status() {
        let failed = |status: &str| RefundStanding::Failed(format!("vnpay_status_{status}"));
        let cases = [
            ("00", RefundStanding::Succeeded),
            ("06", RefundStanding::Succeeded),
            ("05", RefundStanding::Pending),
            ("01", RefundStanding::Pending),
            ("07", RefundStanding::Pending),
            ("", RefundStanding::Pending),
            ("02", failed("02")),
            ("09", failed("09")),
        ];
        for (status, expected) in cases {
            assert_eq!(refund_by_status(status), expected, "{status}");
        }
    }
}

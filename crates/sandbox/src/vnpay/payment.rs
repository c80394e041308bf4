//! A payment as VNPay's books have it, and what is told of it.
//!
//! Invariants: `response_code` is empty exactly while the page can be used; `told` and `return_address` are of the last
//! result; the sum of the refunds that were not refused never exceeds the amount.

use serde::Serialize;

use super::cards::{Method, TestCard};
use super::codes::{self, CANCELLED, EXPIRED, Outcome, PAID, UNDER_REVIEW};
use super::sign::{Params, signed_query};
use super::{VnpayOptions, time};

/// How often a person may mistype a card's data, and a one-time code.
pub(crate) const TRIES: u8 = 3;

/// What VNPay shows for a payment that never got as far as a bank.
const NO_BANK: (&str, &str) = ("VNPAY", "QRCODE");

/// A payment: opened by a signed address, ended by the payer, by the clock or by a control call.
#[derive(Debug, Clone, Serialize)]
pub struct Payment {
    /// The merchant's number, `vnp_TxnRef`.
    pub txn_ref: String,
    /// What is asked for, in whole đồng (`vnp_Amount` is a hundred times as much).
    pub amount_minor: i64,
    /// `vnp_OrderInfo`.
    pub order_info: String,
    /// `vn`, or anything else for English.
    pub locale: String,
    /// The merchant's address to come back to.
    pub return_url: String,
    /// `vnp_CreateDate`, as sent: `querydr` and `refund` have to name it.
    pub create_date: String,
    /// When it runs out, Unix seconds.
    pub expires_at_s: i64,
    /// Names the payment in the addresses of its pages.
    pub token: String,
    /// VNPay's number, `vnp_TransactionNo`.
    pub transaction_no: u64,
    /// How it ended, `vnp_ResponseCode`; `None` while it can be paid.
    pub response_code: Option<&'static str>,
    /// `vnp_TransactionStatus`: `01` while it can be paid.
    pub transaction_status: &'static str,
    /// When it ended, `yyyyMMddHHmmss` in GMT+7.
    pub pay_date: Option<String>,
    /// Where the browser goes when it has ended: the merchant's address with the signed result.
    pub return_address: Option<String>,
    /// Refunds asked for, oldest first.
    pub refunds: Vec<Refund>,
    /// The checksum of the address that opened it: the same address leads to it again.
    #[serde(skip)]
    pub(crate) opened_by: String,
    /// The ways to pay that its address offers; never empty.
    #[serde(skip)]
    pub(crate) offered: Vec<&'static Method>,
    /// Where the payer is.
    #[serde(skip)]
    pub(crate) stage: Stage,
    /// Who paid or tried to.
    #[serde(skip)]
    pub(crate) payer: Option<&'static TestCard>,
    /// How the bank answers, whatever the card: scripted.
    #[serde(skip)]
    pub(crate) fate: Option<&'static Outcome>,
    /// Tries left on the present page.
    #[serde(skip)]
    pub(crate) tries_left: u8,
    /// The parameters of the last notice, unsigned; the same as on the way back.
    #[serde(skip)]
    pub(crate) told: Params,
}

/// Where a payer is; of no meaning once the payment has ended.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stage {
    /// Choosing how to pay.
    Method,
    /// At the card form, or before the app.
    Details(&'static Method),
    /// Asked for the one-time code of this card.
    Otp(&'static TestCard),
}

/// Money given back, or to be given back.
#[derive(Debug, Clone, Serialize)]
pub struct Refund {
    /// The merchant's number of the request.
    pub request_id: String,
    /// VNPay's number of the refund.
    pub transaction_no: u64,
    /// `vnp_TransactionType`: `02` whole, `03` part.
    pub transaction_type: String,
    /// How much, in whole đồng.
    pub amount_minor: i64,
    /// `vnp_TransactionStatus`: `05` in work, `06` sent to the bank, `09` refused.
    pub transaction_status: &'static str,
    /// `vnp_OrderInfo` of the request.
    pub order_info: String,
    /// When it was asked for, `yyyyMMddHHmmss` in GMT+7.
    pub pay_date: String,
    /// When it is sent to the bank by itself, Unix seconds.
    #[serde(skip)]
    pub(crate) settles_at_s: Option<i64>,
}

impl Payment {
    /// Whether the payer can still do something.
    pub fn is_open(&self) -> bool {
        self.response_code.is_none()
    }

    /// What can still be given back, in whole đồng.
    pub(crate) fn refundable_minor(&self) -> i64 {
        let asked = self.refunds.iter().filter(|refund| refund.transaction_status != "09");
        self.amount_minor - asked.map(|refund| refund.amount_minor).sum::<i64>()
    }

    /// Writes down how the payment ended and signs what is told of it.
    pub(crate) fn end(&mut self, outcome: &'static Outcome, at_s: i64, options: &VnpayOptions) {
        self.response_code = Some(outcome.code);
        self.transaction_status = outcome.status;
        self.pay_date = Some(time::gmt7(at_s));
        self.told = self.tell(outcome, &options.tmn_code);
        let query = signed_query(&options.hash_secret, &self.told);
        self.return_address = Some(with_query(&self.return_url, &query));
    }

    /// The parameters of notice and way back. What has no value is left out.
    fn tell(&self, outcome: &Outcome, tmn_code: &str) -> Params {
        let reached_bank = ![CANCELLED, EXPIRED].contains(&outcome.code);
        let moved_money = [PAID, UNDER_REVIEW].contains(&outcome.code);
        let (bank_code, card_type) = self.bank();
        let mut told: Params = [
            ("vnp_TmnCode", tmn_code.to_owned()),
            ("vnp_Amount", wire(self.amount_minor)),
            ("vnp_BankCode", bank_code.to_owned()),
            ("vnp_CardType", card_type.to_owned()),
            ("vnp_OrderInfo", self.order_info.clone()),
            ("vnp_PayDate", self.pay_date.clone().unwrap_or_default()),
            ("vnp_ResponseCode", outcome.code.to_owned()),
            ("vnp_TransactionStatus", outcome.status.to_owned()),
            ("vnp_TransactionNo", if reached_bank { self.transaction_no } else { 0 }.to_string()),
            ("vnp_TxnRef", self.txn_ref.clone()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        if moved_money {
            told.insert("vnp_BankTranNo".to_owned(), format!("VNP{}", self.transaction_no));
        }
        told
    }

    /// `vnp_BankCode` and `vnp_CardType`.
    pub(crate) fn bank(&self) -> (&'static str, &'static str) {
        self.payer.map_or(NO_BANK, |card| (card.bank_code, card.card_type))
    }

    /// What the result page says.
    pub(crate) fn outcome(&self) -> Option<&'static Outcome> {
        self.response_code.and_then(codes::find)
    }
}

/// An amount as VNPay writes it: a hundred times the đồng.
pub(crate) fn wire(amount_minor: i64) -> String {
    format!("{amount_minor}00")
}

/// The đồng of an amount in VNPay's form: 1 to 12 digits, more than nothing, no part of a đồng.
pub(crate) fn from_wire(text: &str) -> Option<i64> {
    let fits = text.len() <= 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    let amount: i64 = fits.then(|| text.parse().ok())??;
    (amount > 0 && amount % 100 == 0).then_some(amount / 100)
}

/// An address with a query behind it, or behind the one that it has.
pub(crate) fn with_query(url: &str, query: &str) -> String {
    format!("{url}{}{query}", if url.contains('?') { '&' } else { '?' })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_hundredths_of_a_dong_without_a_rest() {
        let cases = [
            ("50000000", Some(500_000)),
            ("100", Some(1)),
            ("999999999900", Some(9_999_999_999)),
            ("1000000000000", None),
            ("0", None),
            ("", None),
            ("50", None),
            ("50000050", None),
            ("-100", None),
            ("+100", None),
            ("1e2", None),
            ("100.00", None),
        ];
        for (text, amount_minor) in cases {
            assert_eq!(from_wire(text), amount_minor, "{text}");
            if let Some(amount_minor) = amount_minor {
                assert_eq!(wire(amount_minor), text);
            }
        }
    }

    #[test]
    fn a_query_goes_behind_the_one_that_is_there() {
        assert_eq!(with_query("http://a/b", "c=d"), "http://a/b?c=d");
        assert_eq!(with_query("http://a/b?t=1", "c=d"), "http://a/b?t=1&c=d");
    }
}

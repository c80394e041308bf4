//! What a verified query says: the notice (IPN), and the browser's return; and what a notice is answered with.
//!
//! Both have the same parameters. Only the notice becomes a [`Sighting`]; the return tells which payment to show and no
//! more. Deliberately absent: whether the payment is known and the amount is ours, which decides between the answers
//! (`engine`). VNPay sends a notice up to ten times, five minutes apart, until it reads `00` or `02`.

use super::query::VerifiedQuery;
use super::{amount, code, field};
use crate::gateway::{Instrument, News, Notice, Sighting, Standing, Unverified};

/// Bank codes of international card brands; every other bank code is a Vietnamese bank or wallet.
const CARD_BRANDS: [&str; 7] = ["AMEX", "INTCARD", "JCB", "MASTERCARD", "UPI", "UNIONPAY", "VISA"];
/// `vnp_TransactionNo` when no transaction was made.
const NO_TRANSACTION: &str = "0";

/// Which payment a browser came back from. Proves nothing: show what is stored for it, at most look it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returned {
    /// `pay_…`, which is also the `vnp_TxnRef`.
    pub topup_id: String,
    /// What VNPay told the payer, see [`message_group`](super::message_group).
    pub message_group: &'static str,
}

/// What a notice is answered with: always HTTP 200 and `application/json`. VNPay repeats all but the first two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IpnAnswer {
    /// Noted now, success or failure, and committed.
    Confirmed,
    /// Noted before.
    AlreadyDone,
    /// No payment of ours has this `vnp_TxnRef`.
    NotFound,
    /// The amount is not the one that was asked for.
    WrongAmount,
    /// Checksum or terminal are not ours.
    Forged,
    /// Our own trouble; nothing was noted.
    Failed,
}

impl IpnAnswer {
    /// The exact body.
    pub const fn body(self) -> &'static str {
        match self {
            IpnAnswer::Confirmed => r#"{"RspCode":"00","Message":"Confirm Success"}"#,
            IpnAnswer::AlreadyDone => r#"{"RspCode":"02","Message":"Order already confirmed"}"#,
            IpnAnswer::NotFound => r#"{"RspCode":"01","Message":"Order not found"}"#,
            IpnAnswer::WrongAmount => r#"{"RspCode":"04","Message":"Invalid amount"}"#,
            IpnAnswer::Forged => r#"{"RspCode":"97","Message":"Invalid Checksum"}"#,
            IpnAnswer::Failed => r#"{"RspCode":"99","Message":"Unknown error"}"#,
        }
    }
}

/// Reads a notice for this terminal.
pub(crate) fn read(query: &VerifiedQuery, tmn_code: &str, live: bool) -> Result<Notice, Unverified> {
    let standing = standing(query, tmn_code)?;
    required(query, "vnp_Amount")?;
    let topup_id = required(query, "vnp_TxnRef")?;
    Ok(Notice {
        event_id: format!("ipn_{}", query.fingerprint()),
        kind: "ipn".into(),
        created_at_s: query.get("vnp_PayDate").and_then(field::read_time),
        news: News::Payment(Box::new(sighting(topup_id, |name| query.get(name), standing, live))),
    })
}

/// Reads a return for this terminal.
pub(crate) fn returned(query: &VerifiedQuery, tmn_code: &str) -> Result<Returned, Unverified> {
    let message_group = code::group_of(&standing(query, tmn_code)?);
    Ok(Returned { topup_id: required(query, "vnp_TxnRef")?.to_owned(), message_group })
}

fn standing(query: &VerifiedQuery, tmn_code: &str) -> Result<Standing, Unverified> {
    if required(query, "vnp_TmnCode")? != tmn_code {
        return Err(Unverified::Forged("vnp_TmnCode is another terminal's: check vnpay.tmn_code".into()));
    }
    Ok(code::announced(required(query, "vnp_ResponseCode")?, required(query, "vnp_TransactionStatus")?))
}

fn required<'a>(query: &'a VerifiedQuery, name: &str) -> Result<&'a str, Unverified> {
    query.get(name).ok_or_else(|| Unverified::Forged(format!("{name} is missing: this is not a notice of VNPay")))
}

/// A payment by the fields that notices and answers of the API share.
pub(crate) fn sighting<'a>(
    topup_id: &str,
    get: impl Fn(&str) -> Option<&'a str>,
    standing: Standing,
    live: bool,
) -> Sighting {
    let asked = get("vnp_Amount").and_then(|wire| amount::from_wire(wire).ok());
    Sighting {
        object_id: topup_id.to_owned(),
        money_id: transaction_no(&get).map(str::to_owned),
        account_id: None,
        topup_id: Some(topup_id.to_owned()),
        customer_id: None,
        live,
        asked,
        received: asked.filter(|_| standing == Standing::Paid),
        standing,
        instrument: get("vnp_BankCode").map(|bank_code| instrument(bank_code, get("vnp_CardType"))),
        created_at_s: None,
    }
}

/// VNPay's number of what it did, when it did something.
pub(crate) fn transaction_no<'a>(get: impl Fn(&str) -> Option<&'a str>) -> Option<&'a str> {
    get("vnp_TransactionNo").filter(|number| *number != NO_TRANSACTION)
}

fn instrument(bank_code: &str, card_type: Option<&str>) -> Instrument {
    let kind = match card_type {
        _ if CARD_BRANDS.contains(&bank_code) => "card",
        Some("QRCODE") => "wallet",
        _ => "bank",
    };
    Instrument { kind: kind.into(), brand: Some(bank_code.to_owned()), ..Instrument::default() }
}

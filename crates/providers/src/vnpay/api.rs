//! The two calls of VNPay's API, `querydr` and `refund`: their fields, their checksums, what their answers mean.
//!
//! Pure. Checksums here are over the raw values in a fixed order, joined by `|`: no names, no encoding, nothing between
//! the bars where a value is absent. So a value with a bar in it could be read as two; such an answer is refused.
//! Numbers are signed as they stand in the JSON. An answer whose checksum is wrong is no answer, whatever it says.
//! Deliberately absent: the decision to ask again (`engine`).

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use thiserror::Error;

use super::checksum;
use crate::Secret;

/// Fields of a request or an answer by their names (`vnp_…`), all values as text.
pub type Fields = BTreeMap<String, String>;

const HASH: &str = "vnp_SecureHash";

/// A call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// What became of a payment or a refund.
    QueryDr,
    /// Money back.
    Refund,
}

/// A complete answer with the right checksum.
#[derive(Debug, Clone)]
pub struct Answer(Fields);

/// Why a body is no answer. Nothing of it may be believed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AnswerError {
    /// Not a JSON object of texts and numbers.
    #[error("unreadable answer")]
    Unreadable,
    /// A value has a `|`, so the checksum covers more than one reading.
    #[error("ambiguous answer")]
    Ambiguous,
    /// Missing or wrong. With the response code that the answer claims, for an operator: after `02` or `97` it is the
    /// terminal code or the secret.
    #[error("the answer has no valid checksum (it claims code {0}): check vnpay.tmn_code and vnpay.hash_secret")]
    BadChecksum(String),
}

impl Command {
    /// `vnp_Command`.
    pub const fn name(self) -> &'static str {
        match self {
            Command::QueryDr => "querydr",
            Command::Refund => "refund",
        }
    }

    /// The signed fields of the request, in order.
    const fn request_order(self) -> &'static [&'static str] {
        match self {
            Command::QueryDr => &[
                "vnp_RequestId",
                "vnp_Version",
                "vnp_Command",
                "vnp_TmnCode",
                "vnp_TxnRef",
                "vnp_TransactionDate",
                "vnp_CreateDate",
                "vnp_IpAddr",
                "vnp_OrderInfo",
            ],
            Command::Refund => &[
                "vnp_RequestId",
                "vnp_Version",
                "vnp_Command",
                "vnp_TmnCode",
                "vnp_TransactionType",
                "vnp_TxnRef",
                "vnp_Amount",
                "vnp_TransactionNo",
                "vnp_TransactionDate",
                "vnp_CreateBy",
                "vnp_CreateDate",
                "vnp_IpAddr",
                "vnp_OrderInfo",
            ],
        }
    }

    /// The signed fields of the answer, in order; those of a refund are the first 13.
    fn answer_order(self) -> &'static [&'static str] {
        const FIELDS: [&str; 15] = [
            "vnp_ResponseId",
            "vnp_Command",
            "vnp_ResponseCode",
            "vnp_Message",
            "vnp_TmnCode",
            "vnp_TxnRef",
            "vnp_Amount",
            "vnp_BankCode",
            "vnp_PayDate",
            "vnp_TransactionNo",
            "vnp_TransactionType",
            "vnp_TransactionStatus",
            "vnp_OrderInfo",
            "vnp_PromotionCode",
            "vnp_PromotionAmount",
        ];
        match self {
            Command::QueryDr => &FIELDS,
            Command::Refund => &FIELDS[..13],
        }
    }
}

/// The request with its checksum. The values must be free of `|`.
pub fn signed(command: Command, mut fields: Fields, secret: &Secret) -> Fields {
    let hash = checksum::of(&joined(&fields, command.request_order()), secret);
    fields.insert(HASH.into(), hash);
    fields
}

/// Reads and verifies the body of an answer.
pub fn read(command: Command, body: &[u8], secret: &Secret) -> Result<Answer, AnswerError> {
    let raw: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(body).map_err(|_| AnswerError::Unreadable)?;
    let fields: Fields = raw.into_iter().filter_map(|(name, value)| Some((name, text(&value)?))).collect();
    let order = command.answer_order();
    if order.iter().filter_map(|name| fields.get(*name)).any(|value| value.contains('|')) {
        return Err(AnswerError::Ambiguous);
    }
    let answer = Answer(fields);
    let hash = answer.get(HASH).unwrap_or_default();
    if checksum::matches(&joined(&answer.0, order), hash, secret) {
        Ok(answer)
    } else {
        let claimed = answer.get("vnp_ResponseCode").unwrap_or_default();
        let plain = claimed.len() == 2 && claimed.bytes().all(|byte| byte.is_ascii_digit());
        Err(AnswerError::BadChecksum(if plain { claimed } else { "none" }.to_owned()))
    }
}

impl Answer {
    /// A field; `None` when absent or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// What VNPay says to the request, not to the payment: `00` answered.
    pub fn response_code(&self) -> &str {
        self.get("vnp_ResponseCode").unwrap_or_default()
    }
}

fn joined(fields: &Fields, order: &[&str]) -> String {
    let values: Vec<&str> = order.iter().map(|name| fields.get(*name).map_or("", String::as_str)).collect();
    values.join("|")
}

/// A text or a number as it stands; nothing else can have been signed.
fn text(value: &RawValue) -> Option<String> {
    let raw = value.get();
    match raw.as_bytes().first() {
        Some(b'"') => serde_json::from_str(raw).ok(),
        Some(b'0'..=b'9' | b'-') => Some(raw.to_owned()),
        _ => None,
    }
}

//! The API behind `merchant_webapi/api/transaction`: who may ask, in which form, and the commands.
//!
//! In this order: a readable command, terminal (02), checksum (97), form (03), a request id that is new today (94),
//! then the command. Every answer carries its checksum, except where no terminal is known to sign for. Own choices: a
//! `querydr` without `vnp_TransactionNo` tells of what happened last (the newest refund, else the payment), one with it
//! of exactly that; a number or date that does not belong to the payment is 91.

use std::net::IpAddr;

use serde_json::Value;

use super::cards::HOLDER;
use super::payment::{Payment, Refund, from_wire, wire};
use super::sign::{Params, SECURE_HASH, joined, sign};
use super::store::Store;
use super::{refunds, time};

/// What a command is called and over which fields its checksums go.
pub(crate) struct Command {
    name: &'static str,
    request: &'static [&'static str],
    response: &'static [&'static str],
    done: &'static str,
    run: fn(&mut Store, &Params) -> Result<Params, &'static str>,
}

#[rustfmt::skip]
static COMMANDS: [Command; 2] = [
    Command {
        name: "querydr",
        request: &[
            "vnp_RequestId", "vnp_Version", "vnp_Command", "vnp_TmnCode", "vnp_TxnRef", "vnp_TransactionDate",
            "vnp_CreateDate", "vnp_IpAddr", "vnp_OrderInfo",
        ],
        response: &[
            "vnp_ResponseId", "vnp_Command", "vnp_ResponseCode", "vnp_Message", "vnp_TmnCode", "vnp_TxnRef",
            "vnp_Amount", "vnp_BankCode", "vnp_PayDate", "vnp_TransactionNo", "vnp_TransactionType",
            "vnp_TransactionStatus", "vnp_OrderInfo", "vnp_PromotionCode", "vnp_PromotionAmount",
        ],
        done: "QueryDR Success",
        run: querydr,
    },
    Command {
        name: "refund",
        request: &[
            "vnp_RequestId", "vnp_Version", "vnp_Command", "vnp_TmnCode", "vnp_TransactionType", "vnp_TxnRef",
            "vnp_Amount", "vnp_TransactionNo", "vnp_TransactionDate", "vnp_CreateBy", "vnp_CreateDate", "vnp_IpAddr",
            "vnp_OrderInfo",
        ],
        response: &[
            "vnp_ResponseId", "vnp_Command", "vnp_ResponseCode", "vnp_Message", "vnp_TmnCode", "vnp_TxnRef",
            "vnp_Amount", "vnp_BankCode", "vnp_PayDate", "vnp_TransactionNo", "vnp_TransactionType",
            "vnp_TransactionStatus", "vnp_OrderInfo",
        ],
        done: "Refund success",
        run: refunds::refund,
    },
];

/// The values of a request as texts; `None` when it is no JSON object of texts and numbers.
pub(crate) fn read(body: &[u8]) -> Option<Params> {
    let Value::Object(fields) = serde_json::from_slice(body).ok()? else { return None };
    let text = |value: Value| match value {
        Value::String(text) => Some(text),
        // The npm package sends dates and amounts so; whole numbers keep their text.
        Value::Number(number) => Some(number.to_string()),
        Value::Null => Some(String::new()),
        _ => None,
    };
    fields.into_iter().map(|(name, value)| Some((name, text(value)?))).collect()
}

/// Does what a request asks for and gives the signed answer.
pub(crate) fn execute(store: &mut Store, request: &Params) -> Params {
    let result = admit(store, request).and_then(|command| (command.run)(store, request));
    match result {
        Ok(fields) => answer(store, request, "00", fields),
        Err(code) => answer(store, request, code, Params::new()),
    }
}

/// An answer without effect.
pub(crate) fn refuse(store: &mut Store, request: &Params, code: &str) -> Params {
    answer(store, request, code, Params::new())
}

/// A request's text; empty when it is not there.
pub(crate) fn text<'a>(request: &'a Params, name: &str) -> &'a str {
    request.get(name).map_or("", String::as_str)
}

/// The payment that a request is about, if its number and dates belong together.
///
/// # Errors
/// 91.
pub(crate) fn payment<'a>(store: &'a Store, request: &Params) -> Result<&'a Payment, &'static str> {
    let payment = store.payment(text(request, "vnp_TxnRef"));
    payment.filter(|payment| payment.create_date == text(request, "vnp_TransactionDate")).ok_or("91")
}

/// Fields by name.
pub(crate) fn fields<const N: usize>(fields: [(&str, String); N]) -> Params {
    fields.map(|(name, value)| (name.to_owned(), value)).into()
}

fn admit(store: &mut Store, request: &Params) -> Result<&'static Command, &'static str> {
    let command = command(request).ok_or("03")?;
    if text(request, "vnp_TmnCode") != store.options.tmn_code {
        return Err("02");
    }
    let checksum = sign(&store.options.hash_secret, &joined(command.request, request));
    if !text(request, SECURE_HASH).eq_ignore_ascii_case(&checksum) {
        return Err("97");
    }
    if !command.request.iter().all(|field| well_formed(field, text(request, field))) {
        return Err("03");
    }
    if !store.spend_request_id(command.name, text(request, "vnp_RequestId")) {
        return Err("94");
    }
    Ok(command)
}

fn command(request: &Params) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.name == text(request, "vnp_Command"))
}

/// The form of one field of a request.
fn well_formed(field: &str, value: &str) -> bool {
    let length = value.chars().count();
    let plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    match field {
        "vnp_RequestId" => plain && (1..=32).contains(&length),
        "vnp_Version" => value == "2.1.0",
        "vnp_TxnRef" => plain && (1..=100).contains(&length),
        "vnp_TransactionDate" | "vnp_CreateDate" => time::from_gmt7(value).is_some(),
        "vnp_IpAddr" => (7..=45).contains(&length) && value.parse::<IpAddr>().is_ok(),
        "vnp_OrderInfo" | "vnp_CreateBy" => (1..=255).contains(&length) && !value.contains('|'),
        "vnp_TransactionType" => ["02", "03"].contains(&value),
        "vnp_Amount" => from_wire(value).is_some(),
        "vnp_TransactionNo" => value.bytes().all(|byte| byte.is_ascii_digit()),
        _ => true,
    }
}

/// The answer to a request, signed when there is a terminal to sign for.
fn answer(store: &mut Store, request: &Params, code: &str, mut answer: Params) -> Params {
    let command = command(request);
    answer.append(&mut fields([
        ("vnp_ResponseId", store.name()),
        ("vnp_Command", text(request, "vnp_Command").to_owned()),
        ("vnp_ResponseCode", code.to_owned()),
        ("vnp_Message", message(command, code).to_owned()),
        ("vnp_TmnCode", text(request, "vnp_TmnCode").to_owned()),
        ("vnp_TxnRef", text(request, "vnp_TxnRef").to_owned()),
    ]));
    if let Some(command) = command.filter(|_| code != "02") {
        let checksum = sign(&store.options.hash_secret, &joined(command.response, &answer));
        answer.insert(SECURE_HASH.to_owned(), checksum);
    }
    answer
}

fn message(command: Option<&Command>, code: &str) -> &'static str {
    match code {
        "00" => command.map_or("", |command| command.done),
        "02" => "Invalid_TmnCode",
        "03" => "Invalid_format",
        "04" => "Whole_refund_after_part",
        "91" => "Transaction_not_found",
        "93" => "Invalid_amount",
        "94" => "Request_is_duplicate",
        "95" => "Transaction_not_successful",
        "97" => "Invalid_checksum",
        _ => "Unknown_error",
    }
}

fn querydr(store: &mut Store, request: &Params) -> Result<Params, &'static str> {
    let payment = payment(store, request)?;
    let number = text(request, "vnp_TransactionNo");
    let refund = match number {
        "" | "0" => payment.refunds.last(),
        _ if number == payment.transaction_no.to_string() => None,
        _ => {
            let named = payment.refunds.iter().find(|refund| refund.transaction_no.to_string() == number);
            Some(named.ok_or("91")?)
        }
    };
    Ok(refund.map_or_else(|| tell_payment(payment), |refund| tell_refund(payment, refund)))
}

/// What is said of a payment. The last fields are not signed; VNPay sends them, too.
fn tell_payment(payment: &Payment) -> Params {
    let mut told = fields([
        ("vnp_Amount", wire(payment.amount_minor)),
        ("vnp_BankCode", payment.bank().0.to_owned()),
        ("vnp_PayDate", payment.pay_date.clone().unwrap_or_else(|| payment.create_date.clone())),
        ("vnp_TransactionNo", payment.transaction_no.to_string()),
        ("vnp_TransactionType", "01".to_owned()),
        ("vnp_TransactionStatus", payment.transaction_status.to_owned()),
        ("vnp_OrderInfo", payment.order_info.clone()),
        ("vnp_FeeAmount", "0".to_owned()),
        ("vnp_Trace", "0".to_owned()),
    ]);
    if let Some(card) = payment.payer.filter(|card| !card.number.is_empty()) {
        told.append(&mut fields([
            ("vnp_CardNumber", masked(card.number)),
            ("vnp_CardHolder", HOLDER.to_owned()),
            ("vnp_Issuer", card.bank_code.to_owned()),
        ]));
    }
    told
}

/// What is said of a refund.
pub(crate) fn tell_refund(payment: &Payment, refund: &Refund) -> Params {
    fields([
        ("vnp_Amount", wire(refund.amount_minor)),
        ("vnp_BankCode", payment.bank().0.to_owned()),
        ("vnp_PayDate", refund.pay_date.clone()),
        ("vnp_TransactionNo", refund.transaction_no.to_string()),
        ("vnp_TransactionType", refund.transaction_type.clone()),
        ("vnp_TransactionStatus", refund.transaction_status.to_owned()),
        ("vnp_OrderInfo", refund.order_info.clone()),
    ])
}

/// `970419xxxxxxxxx2198`.
fn masked(number: &str) -> String {
    let hidden = 6..number.len().saturating_sub(4);
    number.chars().enumerate().map(|(at, digit)| if hidden.contains(&at) { 'x' } else { digit }).collect()
}

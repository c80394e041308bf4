//! Transaction search: `GET /v1/reporting/transactions`.
//!
//! Rows are read off captures, refunds, reversals and lost disputes each time. They appear after the delay of the
//! options, as the real ones are up to three hours late. Event codes other than T0006 are from memory. Absent:
//! balances, and the fields of `fields` but `transaction_info` and `payer_info`.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::captures::{Capture, CaptureStatus};
use super::refunds::{Refund, RefundStatus};
use crate::paypal::currency::Money;
use crate::paypal::error::ApiError;
use crate::paypal::request::{Call, Done};
use crate::paypal::store::{Store, link, time_text};

/// Longest window, in seconds.
const WINDOW_S: i64 = 31 * 86_400;
/// How far back the search reaches, in seconds.
const HISTORY_S: i64 = 3 * 366 * 86_400;
const ACCOUNT: &str = "SANDBXSHP2345";

/// One movement of the balance.
struct Row {
    id: String,
    /// Id of the order or capture it belongs to, and which of both.
    reference: (String, &'static str),
    code: &'static str,
    at_s: i64,
    updated_s: i64,
    amount: Money,
    fee_minor: i64,
    status: &'static str,
    custom_id: Option<String>,
    invoice_id: Option<String>,
}

/// See the module head.
pub(crate) fn search(store: &mut Store, call: &Call) -> Result<Done, ApiError> {
    if !store.options.transaction_search {
        return Err(ApiError::issue("PERMISSION_DENIED", "The app lacks the permission Transaction Search."));
    }
    let (from_s, to_s) = window(store, call)?;
    let size = number(call, "page_size", 100, 500)?;
    let page = number(call, "page", 1, i64::from(i32::MAX))?;
    let id_length = call.query.get("transaction_id").map(String::len);
    if id_length.is_some_and(|length| !(17..=19).contains(&length)) {
        return Err(invalid("transaction_id", "A transaction id has 17 to 19 characters.", call));
    }
    let visible_s = store.now() - store.options.reporting_delay_seconds;
    let mut rows: Vec<Row> = rows(store).into_iter().filter(|row| row.at_s <= visible_s).collect();
    rows.retain(|row| from_s <= row.at_s && row.at_s <= to_s && fits(row, call));
    rows.sort_by_key(|row| row.at_s);
    let (total, skipped) = (rows.len(), usize::try_from((page - 1).saturating_mul(size)).unwrap_or(usize::MAX));
    let pages = total.div_ceil(usize::try_from(size).unwrap_or(1));
    let with_payer = call.query.get("fields").is_some_and(|fields| fields.contains("payer_info") || fields == "all");
    let details: Vec<Value> =
        rows.iter().skip(skipped).take(usize::try_from(size).unwrap_or(0)).map(|row| row.show(with_payer)).collect();
    let own = format!("{}/v1/reporting/transactions?page={page}&page_size={size}", store.url);
    Ok(Done::ok(json!({
        "transaction_details": details, "account_number": ACCOUNT, "start_date": time_text(from_s),
        "end_date": time_text(to_s), "last_refreshed_datetime": time_text(visible_s), "page": page,
        "total_items": total, "total_pages": pages, "links": [link(own, "self", "GET")],
    })))
}

fn window(store: &Store, call: &Call) -> Result<(i64, i64), ApiError> {
    let time = |name: &str| {
        let text = call.query.get(name).ok_or_else(|| {
            ApiError::issue("MISSING_REQUIRED_PARAMETER", "Send start_date and end_date.").in_query(name, "")
        })?;
        let wording = "Send RFC 3339 with seconds and zone, such as 2026-11-20T00:00:00Z.";
        // A time without seconds is RFC 9557 enough for the parser, but not for PayPal.
        let time: Timestamp = text.parse().map_err(|_| invalid(name, wording, call))?;
        if text.len() < 20 { Err(invalid(name, wording, call)) } else { Ok(time.as_second()) }
    };
    let (from_s, to_s) = (time("start_date")?, time("end_date")?);
    if to_s < from_s || to_s - from_s > WINDOW_S {
        return Err(invalid("end_date", "The window is at most 31 days long and does not end before it begins.", call));
    }
    if from_s < store.now() - HISTORY_S {
        return Err(invalid("start_date", "The search reaches back three years.", call));
    }
    Ok((from_s, to_s))
}

fn number(call: &Call, name: &str, default: i64, largest: i64) -> Result<i64, ApiError> {
    let Some(text) = call.query.get(name) else { return Ok(default) };
    let number = text.parse().ok().filter(|number| (1..=largest).contains(number));
    number.ok_or_else(|| invalid(name, &format!("Send a number from 1 to {largest}."), call))
}

fn invalid(name: &str, wording: &str, call: &Call) -> ApiError {
    let value = call.query.get(name).map(String::as_str).unwrap_or_default();
    ApiError::issue("INVALID_PARAMETER_VALUE", wording).in_query(name, value)
}

fn fits(row: &Row, call: &Call) -> bool {
    let same = |name: &str, value: &str| call.query.get(name).is_none_or(|wanted| wanted == value);
    same("transaction_id", &row.id)
        && same("transaction_status", row.status)
        && same("transaction_type", row.code)
        && same("transaction_currency", row.amount.currency)
        && (row.status != "D" || call.query.get("balance_affecting_records_only").is_some_and(|only| only == "N"))
}

fn rows(store: &Store) -> Vec<Row> {
    let captures = store.captures.iter().map(captured);
    let refunds = store.refunds.iter().map(taken_back);
    let lost = store.disputes.iter().filter(|dispute| dispute.has_taken_money()).map(|dispute| Row {
        id: format!("{:0>17}", dispute.id.replace('-', "")),
        reference: (dispute.capture_id.clone(), "TXN"),
        code: "T1201",
        at_s: dispute.updated_s,
        updated_s: dispute.updated_s,
        amount: dispute.money.with(-dispute.money.minor),
        fee_minor: 0,
        status: "S",
        custom_id: store.captures.get(&dispute.capture_id).and_then(|capture| capture.custom_id.clone()),
        invoice_id: store.captures.get(&dispute.capture_id).and_then(|capture| capture.invoice_id.clone()),
    });
    captures.chain(refunds).chain(lost).collect()
}

fn captured(capture: &Capture) -> Row {
    let status = match capture.status {
        CaptureStatus::Pending => "P",
        CaptureStatus::Declined | CaptureStatus::Failed => "D",
        CaptureStatus::Refunded => "V",
        CaptureStatus::Completed | CaptureStatus::PartiallyRefunded => "S",
    };
    Row {
        id: capture.id.clone(),
        reference: (capture.order_id.clone(), "ODR"),
        code: "T0006",
        at_s: capture.created_s,
        updated_s: capture.updated_s,
        amount: capture.money,
        fee_minor: if matches!(status, "S" | "V") { -capture.fee_minor() } else { 0 },
        status,
        custom_id: capture.custom_id.clone(),
        invoice_id: capture.invoice_id.clone(),
    }
}

fn taken_back(refund: &Refund) -> Row {
    Row {
        id: refund.id.clone(),
        reference: (refund.capture_id.clone(), "TXN"),
        code: if refund.reversal { "T1106" } else { "T1107" },
        at_s: refund.created_s,
        updated_s: refund.updated_s,
        amount: refund.money.with(-refund.money.minor),
        fee_minor: 0,
        status: match refund.status {
            RefundStatus::Completed => "S",
            RefundStatus::Pending => "P",
            RefundStatus::Failed | RefundStatus::Cancelled => "D",
        },
        custom_id: refund.custom_id.clone(),
        invoice_id: refund.invoice_id.clone(),
    }
}

impl Row {
    fn show(&self, with_payer: bool) -> Value {
        let mut info = json!({
            "paypal_account_id": ACCOUNT, "transaction_id": self.id, "paypal_reference_id": self.reference.0,
            "paypal_reference_id_type": self.reference.1, "transaction_event_code": self.code,
            "transaction_initiation_date": time_text(self.at_s), "transaction_updated_date": time_text(self.updated_s),
            "transaction_amount": self.amount.show(), "transaction_status": self.status,
            "protection_eligibility": "02",
        });
        if self.fee_minor != 0 {
            info["fee_amount"] = self.amount.with(self.fee_minor).show();
        }
        for (name, text) in [("custom_field", &self.custom_id), ("invoice_id", &self.invoice_id)] {
            if let Some(text) = text {
                info[name] = text.as_str().into();
            }
        }
        let mut shown = json!({ "transaction_info": info });
        if with_payer {
            shown["payer_info"] =
                json!({ "payer_status": "Y", "payer_name": { "alternate_full_name": "Sandbox Payer" } });
        }
        shown
    }
}

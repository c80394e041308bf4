//! Refunds: asked for by the API, settled by the clock or by a control call. There is no notice of them.
//!
//! Codes 04 and 93 are from the tables of version 2.0; those of 2.1.0 name none for an amount that is too high.

use super::api::{self, text};
use super::codes::PAID;
use super::payment::{Refund, from_wire};
use super::sign::Params;
use super::store::Store;
use super::time;

/// The command `refund`: accepted (00) means in work, not given back.
///
/// # Errors
/// 91 for no such payment; 95 when it is not paid; 93 for an amount beyond what is left, or a whole refund of another
/// amount; 04 for a whole refund after a part.
pub(crate) fn refund(store: &mut Store, request: &Params) -> Result<Params, &'static str> {
    let payment = api::payment(store, request)?;
    let number = text(request, "vnp_TransactionNo");
    if !["", "0"].contains(&number) && number != payment.transaction_no.to_string() {
        return Err("91");
    }
    if payment.transaction_status != PAID {
        return Err("95");
    }
    let amount_minor = from_wire(text(request, "vnp_Amount")).ok_or("03")?;
    let whole = text(request, "vnp_TransactionType") == "02";
    let left_minor = payment.refundable_minor();
    if whole && (1..payment.amount_minor).contains(&left_minor) {
        return Err("04");
    }
    if amount_minor > left_minor || (whole && amount_minor != payment.amount_minor) {
        return Err("93");
    }
    let (txn_ref, now_s) = (payment.txn_ref.clone(), store.now_s());
    let refund = Refund {
        request_id: text(request, "vnp_RequestId").to_owned(),
        transaction_no: store.next_transaction_no(),
        transaction_type: text(request, "vnp_TransactionType").to_owned(),
        amount_minor,
        transaction_status: "05",
        order_info: text(request, "vnp_OrderInfo").to_owned(),
        pay_date: time::gmt7(now_s),
        settles_at_s: store.options.refund_seconds.map(|seconds| now_s.saturating_add(seconds)),
    };
    store.add_refund(&txn_ref, refund.clone());
    api::payment(store, request).map(|payment| api::tell_refund(payment, &refund))
}

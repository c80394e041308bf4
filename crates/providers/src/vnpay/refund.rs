//! Refunds as fields of VNPay's API, and finding one again among what it shows.
//!
//! Pure. A question is answered with one record: the payment (type 01), a whole refund (02) or a part (03). Which one,
//! where there are several, is not documented, so a record counts as our refund only where it can be no other.

use sha2::{Digest, Sha256};

use super::api::{Answer, Fields};
use super::{amount, code, field, notice};
use crate::AmountError;
use crate::gateway::{RefundAsk, RefundSighting, RefundStanding};

/// `vnp_TransactionType`.
const PAYMENT: &str = "01";
const WHOLE_REFUND: &str = "02";
const PART_REFUND: &str = "03";
/// VNPay's limits.
const REQUEST_ID_CHARS: usize = 32;
const TRANSACTION_NO_MAX_CHARS: usize = 15;
const CREATE_BY_MAX_CHARS: usize = 245;
const ORDER_INFO_MAX_CHARS: usize = 255;

/// What VNPay shows of a refund.
pub(crate) enum Seen {
    /// This refund.
    Refund(Box<RefundSighting>),
    /// The payment, paid and without any refund.
    Untouched,
    /// Something that may or may not be this refund.
    Unclear,
}

/// The request id of a refund: always the same for the same refund, so that VNPay refuses a repeat within the day.
pub(crate) fn request_id(ask: &RefundAsk) -> String {
    let mut id = hex::encode(Sha256::digest(&ask.refund_id));
    id.truncate(REQUEST_ID_CHARS);
    id
}

/// The fields that only refunds have.
pub(crate) fn fields(ask: &RefundAsk) -> Result<Fields, AmountError> {
    let create_by = field::plain(&ask.operator, CREATE_BY_MAX_CHARS);
    let fields = [
        ("vnp_TransactionType", if ask.whole { WHOLE_REFUND } else { PART_REFUND }.to_owned()),
        ("vnp_Amount", amount::to_wire(ask.money)?),
        ("vnp_TransactionNo", ask.money_id.clone().unwrap_or_default()),
        ("vnp_CreateBy", if create_by.is_empty() { "scrip".to_owned() } else { create_by }),
        ("vnp_OrderInfo", order_info(ask)),
    ];
    Ok(fields.map(|(name, value)| (name.to_owned(), value)).into())
}

/// With our id in front, by which it is found again.
fn order_info(ask: &RefundAsk) -> String {
    field::plain(&format!("Hoan tien {} {}", ask.refund_id, ask.reason), ORDER_INFO_MAX_CHARS)
}

/// Whether a refund's name is a number of VNPay's; until it tells one, our request id stands there.
pub(crate) fn is_number(object_id: &str) -> bool {
    object_id.len() <= TRANSACTION_NO_MAX_CHARS && object_id.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a record is the payment itself.
pub(crate) fn is_payment(answer: &Answer) -> bool {
    answer.get("vnp_TransactionType").is_none_or(|kind| kind == PAYMENT)
}

/// Whether an answer names the amount of the refund, as far as it names one.
pub(crate) fn amount_is(answer: &Answer, ask: &RefundAsk) -> bool {
    answer.get("vnp_Amount").is_none_or(|wire| amount::from_wire(wire) == Ok(ask.money))
}

/// What a record says of a refund.
pub(crate) fn seen(topup_id: &str, ask: &RefundAsk, answer: &Answer) -> Seen {
    let status = answer.get("vnp_TransactionStatus").unwrap_or_default();
    let number = notice::transaction_no(|name| answer.get(name));
    if is_payment(answer) {
        return match status {
            "00" => Seen::Untouched,
            // The payment's own record tells of its refund; which one is certain only of a whole one.
            "05" | "06" | "09" if ask.whole && amount_is(answer, ask) => {
                Seen::Refund(Box::new(sighting(topup_id, ask, None, code::refund_by_status(status))))
            }
            _ => Seen::Unclear,
        };
    }
    let by_number = number.is_some() && number == ask.object_id.as_deref();
    let refund_id = field::plain(&ask.refund_id, ORDER_INFO_MAX_CHARS);
    let by_text = answer.get("vnp_OrderInfo").is_some_and(|info| info.split(' ').any(|word| word == refund_id));
    if amount_is(answer, ask) && (by_number || by_text || ask.whole) {
        Seen::Refund(Box::new(sighting(topup_id, ask, number, code::refund_by_status(status))))
    } else {
        Seen::Unclear
    }
}

/// A refund as it stands. `number` is VNPay's for it, where it told one.
pub(crate) fn sighting(
    topup_id: &str,
    ask: &RefundAsk,
    number: Option<&str>,
    standing: RefundStanding,
) -> RefundSighting {
    let known = number.map(str::to_owned).or_else(|| ask.object_id.clone());
    RefundSighting {
        object_id: known.unwrap_or_else(|| request_id(ask)),
        refund_id: Some(ask.refund_id.clone()),
        payment_object_id: Some(topup_id.to_owned()),
        money_id: ask.money_id.clone(),
        money: ask.money,
        standing,
        forced: false,
    }
}

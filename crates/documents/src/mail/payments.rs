//! Letters about payments.

use ledger::Timestamp;

use super::compose::{Block, Content, Writer};
use super::letter::Reason;
use crate::format::Money;

/// What else is said of a payment that succeeded.
#[derive(Clone, Copy)]
pub(super) struct Notes<'a> {
    /// It was made without the customer present.
    pub(super) automatic: bool,
    /// The number of the receipt that is attached.
    pub(super) receipt: Option<&'a str>,
}

/// A payment that brings no credits of its own, such as an instalment of a plan, is thanked for.
pub(super) fn succeeded(
    writer: &Writer<'_>,
    payment_id: &str,
    (paid, credit): (Money, Money),
    expires_at: Option<Timestamp>,
    notes: Notes<'_>,
) -> Content {
    let (charged, lead, brought) = match credit.amount.is_zero() {
        true => (writer.money(paid), writer.say("mail-paid-thanks", &[]), Vec::new()),
        false => {
            let (charged, credited) = writer.both(paid, credit);
            let expiry = expires_at.map_or_else(|| writer.say("mail-expiry-never", &[]), |at| writer.until(at));
            let facts = [writer.fact("mail-label-credits", &credited), writer.fact("mail-label-expiry", expiry)];
            (charged, writer.say("mail-paid-lead", &[("credited", &credited)]), facts.to_vec())
        }
    };
    let reference = writer.fact("mail-label-reference", payment_id);
    let facts = [writer.fact("mail-label-paid", &charged)].into_iter().chain(brought).chain([reference]);
    let automatic = notes.automatic.then(|| Block::Text(writer.say("mail-paid-automatic", &[])));
    let attached = notes.receipt.map(|number| Block::Text(writer.say("mail-paid-receipt", &[("number", number)])));
    writer.content(
        writer.say("mail-paid-subject", &[("charged", &charged)]),
        lead,
        [Block::Facts(facts.collect())].into_iter().chain(automatic).chain(attached).collect(),
    )
}

pub(super) fn failed(writer: &Writer<'_>, payment_id: &str, charge: Money, reason: Reason) -> Content {
    let charge = writer.money(charge);
    let key = match reason {
        Reason::Declined => "mail-reason-declined",
        Reason::Cancelled => "mail-reason-cancelled",
        Reason::TimedOut => "mail-reason-timed-out",
        Reason::Maintenance => "mail-reason-maintenance",
        Reason::WrongCode => "mail-reason-wrong-code",
        Reason::Limit => "mail-reason-limit",
        Reason::Funds => "mail-reason-funds",
        Reason::Other => "mail-reason-other",
    };
    let reference = Block::Facts(vec![writer.fact("mail-label-reference", payment_id)]);
    let blocks = [Block::Text(writer.say(key, &[])), Block::Text(writer.say("mail-failed-late", &[])), reference];
    writer.content(
        writer.say("mail-failed-subject", &[("charge", &charge)]),
        writer.say("mail-failed-lead", &[("charge", &charge)]),
        blocks.into_iter().chain(writer.add_credit()).collect(),
    )
}

pub(super) fn under_review(writer: &Writer<'_>, payment_id: &str, charge: Money) -> Content {
    let charge = writer.money(charge);
    let reference = Block::Facts(vec![writer.fact("mail-label-reference", payment_id)]);
    writer.content(
        writer.say("mail-review-subject", &[("charge", &charge)]),
        writer.say("mail-review-lead", &[("charge", &charge)]),
        vec![Block::Text(writer.say("mail-review-note", &[])), reference],
    )
}

pub(super) fn refunded(writer: &Writer<'_>, payment_id: &str, refunded: Money, credits: Money) -> Content {
    let (refunded, credits) = writer.both(refunded, credits);
    let facts = Block::Facts(vec![
        writer.fact("mail-label-refunded", &refunded),
        writer.fact("mail-label-taken", &credits),
        writer.fact("mail-label-reference", payment_id),
    ]);
    writer.content(
        writer.say("mail-refund-subject", &[("refunded", &refunded)]),
        writer.say("mail-refund-lead", &[("refunded", &refunded)]),
        vec![Block::Text(writer.say("mail-refund-note", &[])), facts],
    )
}
